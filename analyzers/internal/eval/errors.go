package eval

import (
	"slices"

	"github.com/launchgate/launchgate/analyzers/internal/program"
)

// What kind of error one is: where a program maps its own errors to answers, in
// one place for all handlers, the answer depends on that.

// asks answers errors.As and errors.Is, as far as it is known what the error is.
func (m *machine) asksError(name string, c call) (value, bool) {
	if len(c.args) != 2 {
		return nil, false
	}
	err := c.args[0]
	if o, ok := err.(*object); ok && name == "errors.As" && m.isError(o.t) {
		err = failure{name: lastPart(o.t), t: o.t, of: o}
	}
	fa, ok := err.(failure)
	if !ok {
		if isNil(err) {
			return boolean(false, false), true
		}
		return nil, false
	}
	if fb, ok := c.args[1].(failure); ok && name == "errors.Is" && fa.name != "" && fb.name != "" {
		return boolean(fa.name == fb.name, fa.anon), true
	}
	if name == "errors.As" && c.n != nil && c.f != nil && len(c.n.K) == 3 {
		if to := c.n.K[2]; to.Op == program.Addr && to.K[0].Op == program.Local {
			known, is := m.isOfType(fa, to.K[0].T)
			if is {
				m.assignTo(to.K[0], fa.inside(), c.f)
			}
			if known {
				return boolean(is, fa.anon), true
			}
		}
	}
	return &unknown{t: "bool", labels: mergeLabels(words(fa.name), []string{identityLabel}, m.argWords(c))}, true
}

// isOfType reports whether an error is of a type, and whether that is known. One
// that holds others may be any of them.
func (m *machine) isOfType(fa failure, t string) (known, is bool) {
	switch {
	case fa.t == "" || t == "":
		return false, false
	case fa.t == t:
		return true, true
	}
	ty, own := m.types[t], m.types[fa.t]
	if ty == nil || ty.Interface != nil || own == nil || m.method(fa.t, "Unwrap") != nil || m.method(fa.t, "As") != nil {
		return false, false
	}
	return !slices.ContainsFunc(own.Fields, func(p program.Param) bool { return p.Type == "error" && p.Name == "error" }), false
}

// inside is an error taken for what it is of its type.
func (fa failure) inside() value {
	switch {
	case fa.of != nil:
		return fa.of
	case fa.t != "" && fa.code > 0:
		return num(fa.code) // of a type that is a number
	}
	return fa
}

// isError reports whether a type of the program is that of an error.
func (m *machine) isError(t string) bool {
	fn := m.method(t, "Error")
	return fn != nil && len(fn.Params) == 0
}
