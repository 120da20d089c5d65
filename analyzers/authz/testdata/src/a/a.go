package main

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

func show(c *gin.Context)   { c.JSON(200, nil) }
func remove(c *gin.Context) { c.Status(204) }

func requireMember() gin.HandlerFunc {
	return func(c *gin.Context) {
		if c.GetHeader("Authorization") == "" {
			deny(c)
			return
		}
		c.Next()
	}
}

func deny(c *gin.Context) {
	c.AbortWithStatus(http.StatusUnauthorized)
}

func requestLog() gin.HandlerFunc { return func(c *gin.Context) { c.Next() } }

// authenticate sets who is calling and lets everybody through.
func authenticate(c *gin.Context) { c.Next() }

func checksItself(c *gin.Context) {
	if c.GetHeader("X-Key") != "k" {
		c.AbortWithStatus(403)
		return
	}
}

func main() {
	routes()
	muxes()
}

func routes() {
	r := gin.New()
	r.Use(gin.Recovery(), requestLog())
	r.GET("/members", show) // want "authz/missing: GET /members can be called by anybody"
	r.GET("/healthz", show) // want "authz/missing: GET /healthz"
	r.GET("/guarded", requireMember(), show)
	r.DELETE("/self", checksItself)
	r.GET("/lit", func(c *gin.Context) { c.JSON(200, nil) }) // want "authz/missing: GET /lit"
	r.GET("/who", authenticate, show)                        // want "authz/missing: GET /who"
	r.Handle("POST", "/handle", show)                        // want "authz/missing: POST /handle"

	api := r.Group("/api")
	api.GET("/early", show) // want "authz/missing: GET /api/early"
	api.Use(requireMember())
	api.GET("/late", show)
	deep := api.Group("/deep")
	deep.DELETE("/x", remove)

	admin := r.Group("/admin", gin.BasicAuth(nil))
	admin.DELETE("/members/:id", remove)
	r.Group("/chained").Use(requireMember()).GET("/x", show)
	r.Group("/plain").GET("/x", show) // want "authz/missing: GET /plain/x"
}

func registerOn(g *gin.RouterGroup) {
	g.GET("/unknown-chain", show)
}

func passed(mw ...gin.HandlerFunc) {
	r := gin.Default()
	r.Use(mw...)
	r.GET("/x", show)
}

func list(w http.ResponseWriter, r *http.Request) {}

func auth(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "" {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func logged(next http.Handler) http.Handler { return next }

func muxes() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /members", list) // want "authz/missing: GET /members"
	mux.Handle("/members/{id}", auth(http.HandlerFunc(list)))
	mux.Handle("/logged", logged(auth(http.HandlerFunc(list))))
	mux.Handle("/open", logged(http.HandlerFunc(list))) // want "authz/missing: . /open"
	mux.HandleFunc("POST example.com/login", list)      // want "authz/missing: POST /login"
	http.HandleFunc("/default", list)                   // want "authz/missing: . /default"

	inner := http.NewServeMux()
	inner.HandleFunc("/inner", list)
	mux.Handle("/in/", auth(inner))
}
