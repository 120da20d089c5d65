// Package cors has the shape of github.com/rs/cors.
package cors

type Options struct {
	AllowedOrigins   []string
	AllowOriginFunc  func(origin string) bool
	AllowedMethods   []string
	AllowCredentials bool
}

type Cors struct{}

func New(Options) *Cors { return nil }
func Default() *Cors    { return nil }
func AllowAll() *Cors   { return nil }
