// Package zerolog has the shape of github.com/rs/zerolog, as far as the cases
// need it.
package zerolog

type Event struct{}

func (e *Event) Str(key, val string) *Event { return e }
func (e *Event) Msg(msg string)             {}
