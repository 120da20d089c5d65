package gin

import (
	"io"
	"net/http"
)

type H map[string]any
type Context struct {
	Request *http.Request
	Writer  http.ResponseWriter
}

var DefaultWriter io.Writer

func (*Context) GetHeader(key string) string                   { return "" }
func (*Context) PostForm(key string) string                    { return "" }
func (*Context) Query(key string) string                       { return "" }
func (*Context) Param(key string) string                       { return "" }
func (*Context) Cookie(name string) (string, error)            { return "", nil }
func (*Context) ShouldBindJSON(obj any) error                  { return nil }
func (*Context) GetString(key string) string                   { return "" }
func (*Context) Set(key string, value any)                     {}
func (*Context) MustGet(key string) any                        { return nil }
func (*Context) Get(key string) (any, bool)                    { return nil, false }
func (*Context) JSON(code int, obj any)                        {}
func (*Context) String(code int, format string, values ...any) {}
func (*Context) GetRawData() ([]byte, error)                   { return nil, nil }
func (*Context) ClientIP() string                              { return "" }
func (*Context) FullPath() string                              { return "" }
