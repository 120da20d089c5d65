package eval

import (
	"go/token"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/program"
)

// keepsZero reports whether a field that a literal leaves out keeps its zero
// value: nothing in the program sets it but what was followed, which are methods
// that hand their receiver back, as builders have them, functions that are options
// of a constructor and what a function does to a variable of its own; and no
// library is handed a value of the type, which might fill in what is exported.
func (m *machine) keepsZero(t string, f program.Param) bool {
	if m.setFields == nil {
		m.findSetFields()
	}
	if m.setFields[t+"."+f.Name] || m.setFields["."+f.Name] {
		return false
	}
	return !token.IsExported(f.Name) || !m.handedOut[t]
}

// findSetFields finds the fields that the program sets and the types of its own
// that it hands to libraries.
func (m *machine) findSetFields() {
	m.setFields, m.handedOut = map[string]bool{}, map[string]bool{}
	for _, p := range m.pkgs {
		for _, fn := range m.lits[p] {
			builds := fn.Recv != nil && len(fn.Results) == 1 && fn.Results[0].Type == fn.Recv.Type
			sets := func(on *program.Node) bool { // followed wherever it was called
				for on.Op == program.Field && builds {
					on = on.K[0] // what the builder is made of
				}
				return on.Op == program.Local && (builds && on.N == fn.Recv.ID || isOption(fn) && on.N == fn.Params[0].ID || ownStructure(fn, on.N))
			}
			walk(fn.Body, func(n *program.Node) {
				switch n.Op {
				case program.Assign:
					if n.S == ":=" || n.S == "var" {
						return
					}
					for _, l := range n.K[:n.N] {
						if l.Op != program.Field {
							continue
						}
						if on := l.K[0]; !sets(on) {
							m.setFields[bareType(on.T)+"."+l.S] = true
						}
					}
				case program.Addr:
					if k := n.K[0]; k.Op == program.Field {
						m.setFields[bareType(k.K[0].T)+"."+k.S] = true
					}
				case program.Call:
					fun := n.K[0]
					if fun.Op == program.Local { // what it is was followed where that is known
						return
					}
					if fun.Op == program.Global && (m.funcs[fun.S] != nil || m.isOwn(pkgOf(fun.S))) || fun.Op == program.Method && m.method(fun.T, fun.S) != nil {
						return
					}
					for _, a := range n.K[1:] {
						if a.Op == program.Addr {
							a = a.K[0]
						}
						if t := bareType(a.T); m.types[t] != nil {
							m.handedOut[t] = true
						}
					}
				}
			})
		}
	}
}

func bareType(t string) string { return strings.TrimLeft(t, "*") }

// isOption reports whether a function literal is an option of a constructor: it
// does something to the one thing it is given, and hands nothing back but an error.
func isOption(fn *function) bool {
	return fn.Literal && len(fn.Params) == 1 && fn.Params[0].Ptr && fn.Params[0].ID != 0 &&
		(len(fn.Results) == 0 || len(fn.Results) == 1 && fn.Results[0].Type == "error")
}

// ownStructure reports whether a variable is one of the function's own that holds
// a structure, not what points to one, which it hands to nobody to change.
func ownStructure(fn *function, id int32) bool {
	if id == 0 {
		return false
	}
	made, shared := false, false
	walk(fn.Body, func(n *program.Node) {
		switch n.Op {
		case program.Assign:
			if n.S == ":=" && len(n.K) == 2 && n.K[0].Op == program.Local && n.K[0].N == id {
				made = n.K[1].Op == program.Composite
			}
		case program.Addr:
			shared = shared || n.K[0].Op == program.Local && n.K[0].N == id
		}
	})
	return made && !shared
}
