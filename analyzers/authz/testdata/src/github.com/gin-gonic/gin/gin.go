// Package gin has the shape of github.com/gin-gonic/gin, as far as the cases
// need it.
package gin

type Context struct{}

func (*Context) AbortWithStatus(code int)           {}
func (*Context) JSON(code int, obj any)             {}
func (*Context) Abort()                             {}
func (*Context) Next()                              {}
func (*Context) Status(code int)                    {}
func (*Context) GetHeader(name string) string       { return "" }
func (*Context) Redirect(code int, location string) {}

type HandlerFunc func(*Context)

type RouterGroup struct{}

func (*RouterGroup) Use(...HandlerFunc) IRoutes                    { return nil }
func (*RouterGroup) GET(string, ...HandlerFunc) IRoutes            { return nil }
func (*RouterGroup) POST(string, ...HandlerFunc) IRoutes           { return nil }
func (*RouterGroup) DELETE(string, ...HandlerFunc) IRoutes         { return nil }
func (*RouterGroup) Handle(string, string, ...HandlerFunc) IRoutes { return nil }
func (*RouterGroup) Group(string, ...HandlerFunc) *RouterGroup     { return nil }

type IRoutes interface {
	Use(...HandlerFunc) IRoutes
	GET(string, ...HandlerFunc) IRoutes
}

type Engine struct{ RouterGroup }

func New() *Engine                                     { return nil }
func Default() *Engine                                 { return nil }
func Recovery() HandlerFunc                            { return nil }
func BasicAuth(accounts map[string]string) HandlerFunc { return nil }
