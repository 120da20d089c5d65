// Command declared has guards whose decision is made elsewhere, so that nothing
// in the code says that they refuse.
package main

import "github.com/gin-gonic/gin"

func show(c *gin.Context) { c.JSON(200, nil) }

func askGateway(c *gin.Context) { remote(c) }

type gateway struct{}

func (gateway) Staff(c *gin.Context) { remote(c) }

func remote(*gin.Context) {}

func mustOwn(c *gin.Context) bool { remote(c); return true }

func update(c *gin.Context) {
	prepare(c)
	c.JSON(200, nil)
}

func prepare(c *gin.Context) { mustOwn(c) }

func main() {
	r := gin.New()
	r.POST("/plain", show) // want "POST /plain can be called by anybody"
	r.POST("/asked", askGateway, show)
	r.POST("/updated", update)
	r.POST("/admin/users", gateway{}.Staff, show)
	r.POST("/admin/posts", askGateway, show) // want "authz/role-missing: POST /admin/posts"
	// Another function whose name ends like a declared one is no guard.
	r.POST("/other", dontAskGateway, show) // want "POST /other can be called by anybody"
}

func dontAskGateway(c *gin.Context) { remote(c) }
