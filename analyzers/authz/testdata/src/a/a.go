package main

import (
	"crypto/hmac"
	"net/http"

	"github.com/gin-gonic/gin"
)

func show(c *gin.Context)   { c.JSON(200, nil) }
func remove(c *gin.Context) { c.Status(204) }

func requireMember() gin.HandlerFunc {
	return func(c *gin.Context) {
		if c.GetHeader("Authorization") != "Bearer let-me-in" {
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
	flawed()
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
	api.GET("/early", show) // want "authz/order: GET /api/early can be called by anybody: it is registered before requireMember"
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
		if r.Header.Get("Authorization") != "Bearer let-me-in" {
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

// anyToken asks for a token, and no more.
func anyToken(c *gin.Context) { // want "authz/unverified: anyToken refuses who sends nothing, but nothing checks whether what is sent is true: whoever makes up the header Authorization passes; POST /believed has no better guard"
	if c.GetHeader("Authorization") == "" {
		c.AbortWithStatus(http.StatusUnauthorized)
	}
}

func believed(r *gin.Engine) {
	r.POST("/believed", anyToken, show)
}

// members asks who is calling, and refuses strangers if it has to.
func members(required bool) gin.HandlerFunc {
	return func(c *gin.Context) {
		if c.GetHeader("Authorization") != "Bearer let-me-in" {
			if required {
				c.AbortWithStatus(http.StatusUnauthorized)
			}
			return
		}
		c.Set("member", true)
	}
}

func inSteps(r *gin.Engine) {
	g := r.Group("/steps")
	g.POST("/join", show) // want "authz/order: POST /steps/join can be called by anybody: it is registered before members"
	g.Use(members(false))
	g.GET("/news", show) // want "authz/optional-guard: GET /steps/news can be called by anybody: its guard members"
	g.Use(members(true))
	g.POST("/news", show)
}

// claims to guard and forgets that gin goes on unless it is told to stop.
func forgetsToAbort(c *gin.Context) {
	if c.GetHeader("Authorization") != "Bearer let-me-in" {
		c.JSON(http.StatusUnauthorized, nil) // want "authz/abort-missing: POST /a/abort can be called by anybody: its guard forgetsToAbort answers 401 at .*a.go:[0-9]+ but does not abort"
		return
	}
	c.Next()
}

// greets whom it knows and refuses bad tokens, not strangers.
func greets(c *gin.Context) {
	if token := c.GetHeader("Authorization"); token != "" {
		if !good(token) {
			c.AbortWithStatus(401)
			return
		}
	}
	c.Next()
}

func good(string) bool { return len(known) > 0 }

var known []string

func requireRole(name string) gin.HandlerFunc {
	return func(c *gin.Context) {
		if c.GetString("role") != name {
			c.AbortWithStatus(http.StatusForbidden)
			return
		}
		c.Next()
	}
}

func flawed() {
	r := gin.New()
	inSteps(r)
	believed(r)
	r.POST("/a/abort", forgetsToAbort, show)
	r.POST("/a/optional", greets, show) // want "authz/optional-guard: POST /a/optional can be called by anybody: its guard greets"

	api := r.Group("/api/v1", requireMember())
	api.GET("/me", show)
	api.DELETE("/admin/members/:id", remove) // want "authz/role-missing: DELETE /api/v1/admin/members/:id looks like administration"
	api.DELETE("/admin/posts/:id", requireRole("admin"), remove)
	// A login of their own is a check of its own.
	r.Group("/backoffice", gin.BasicAuth(nil)).GET("/orders", show)

	team := r.Group("/team")
	team.GET("/a", requireMember(), show)
	team.GET("/b", requireMember(), show)
	team.GET("/c", requireMember(), show)
	team.GET("/d", requireMember(), show)
	team.GET("/e", show) // want "GET /team/e can be called by anybody: .*; 4 of 4 routes under /team go through requireMember, this one does not"

	hooks := r.Group("/hooks")
	hooks.POST("/signed", signedHook)  // want "POST /hooks/signed can be called by anybody, as one would expect of it: webhook that verifies its signature"
	hooks.POST("/unsigned", remove)    // want "POST /hooks/unsigned can be called by anybody: neither"
	r.POST("/users/:id/refresh", show) // want "POST /users/:id/refresh can be called by anybody: neither"
	r.GET("/opensearch.xml", show)     // want "GET /opensearch.xml can be called by anybody, as one would expect of it: static files"
	r.POST("/login", show)             // want "POST /login can be called by anybody, as one would expect"
}

func signedHook(c *gin.Context) { store(c, verifyBody(c)) }

func verifyBody(c *gin.Context) bool { return hmac.Equal(nil, []byte(c.GetHeader("X-Hub"))) }

func store(*gin.Context, bool) {}
