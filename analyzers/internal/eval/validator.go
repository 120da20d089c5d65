package eval

import (
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/program"
	"github.com/launchgate/launchgate/analyzers/routes"
)

// Validators of requests against an OpenAPI description ask a function of the
// program for each security requirement of the operation. The description itself
// is data; what it requires of an operation is also in the code generated from
// it, which puts the scopes of each scheme into the context before the handler.

// requirement is what the generated code says an operation requires.
type requirement struct {
	named  bool // a scheme of credentials
	scopes bool // of which some are named
}

// requirementOf finds what the code around a handler that was generated for one
// operation puts into the context: under "Scheme.Scopes", a list.
func requirementOf(p peeled) requirement {
	var out requirement
	look := func(c *closure) {
		walk(c.fn.Body, func(n *program.Node) {
			if n.Op != program.Call || len(n.K) < 3 {
				return
			}
			for i, a := range n.K[1 : len(n.K)-1] {
				if a.Op == program.Const && strings.HasSuffix(a.S, ".Scopes") && n.K[i+2].Op == program.Composite {
					out.named, out.scopes = true, out.scopes || len(n.K[i+2].K) > 0
				}
			}
		})
	}
	for _, l := range p.layers {
		if l.applied != nil {
			look(l.applied)
		}
	}
	if c, ok := p.core.(*closure); ok {
		look(c)
	}
	return out
}

// judgeValidator judges a library's validator; ok is false if the middleware is
// none that authenticates.
func (m *machine) judgeValidator(x *external, v *verdict) bool {
	if !strings.HasPrefix(lastName(x.name), "OapiRequestValidator") {
		return false
	}
	fn, ok := m.setting(x, "AuthenticationFunc", 0).(*closure)
	if !ok {
		return false
	}
	name := shortName(fn.fn.Name)
	v.usedPath = true // verdicts differ from route to route
	s := m.simulate(fn, &simulation{anonymous: true, middleware: true})
	switch {
	case isNil(s.returned):
		v.why = "asks " + name + ", which refuses nobody"
	case !m.required.named:
		v.kind, v.why = routes.KindOptional, "asks "+name+" for what the description requires of an operation: of this one nothing"
	case m.required.scopes:
		v.kind, v.why = routes.KindRole, "asks "+name+" for the scopes that the description requires of this operation"
	default:
		v.kind, v.why = routes.KindAuth, "asks "+name+" for the credentials that the description requires of this operation"
	}
	return true
}
