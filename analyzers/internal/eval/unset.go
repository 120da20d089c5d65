package eval

import (
	"go/token"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/program"
)

// keepsZero reports whether a field that a literal leaves out keeps its zero
// value: nothing in the program sets it but methods that hand their receiver back,
// as builders have them, which were followed; and no library is handed a value of
// the type, which might fill in what is exported.
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
						on := l.K[0]
						if !(builds && on.Op == program.Local && on.N == fn.Recv.ID) {
							m.setFields[bareType(on.T)+"."+l.S] = true
						}
					}
				case program.Addr:
					if k := n.K[0]; k.Op == program.Field {
						m.setFields[bareType(k.K[0].T)+"."+k.S] = true
					}
				case program.Call:
					fun := n.K[0]
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
