package sinks

import "fmt"

// Describe writes what the tests compare of a guessed call.
func Describe(s Sink) string {
	if s.Format >= 0 {
		return fmt.Sprintf("%s %d %s", s.Style, s.Format, s.args)
	}
	return fmt.Sprintf("%s -1 %s", s.Style, s.args)
}
