package echo

type Logger interface {
	Infof(format string, args ...any)
	Info(i ...any)
	Errorj(j map[string]any)
}
type Context interface {
	FormValue(name string) string
	QueryParam(name string) string
	Param(name string) string
	Bind(i any) error
	Logger() Logger
	JSON(code int, i any) error
	Get(key string) any
}
