// Package lazyregexp compiles a regular expression when it is first used.
// Package-level expressions that are compiled at once cost every start of the
// program, that of a command that lives 20 ms as well, whether it uses them or not.
//
// It imports the standard library only.
package lazyregexp

import (
	"regexp"
	"sync"
)

// New returns what compiles expr once. It panics there if expr is not one.
func New(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
