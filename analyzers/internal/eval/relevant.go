package eval

import (
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/program"
)

// What of a program touches routing.

// findRelevant marks the functions that touch routing or call one that does:
// the others are not followed while registering unless they are short.
func (m *machine) findRelevant() {
	users := map[string][]*function{}
	writers := map[string][]*function{} // package variable -> functions that assign it
	reads := map[*function][]string{}
	var todo []*function
	mark := func(f *function) {
		if !f.relevant {
			f.relevant = true
			todo = append(todo, f)
		}
	}
	own := m.ownRouters()
	told := map[string]bool{} // a program has few types and names, and many uses of them
	routing := func(t string) bool {
		is, ok := told[t]
		if !ok {
			is = own[t] || routing(t)
			told[t] = is
		}
		return is
	}
	for _, p := range m.pkgs {
		for _, f := range m.lits[p] {
			if f.Body == nil {
				continue
			}
			touches := false
			for _, q := range append(f.Params, f.Results...) {
				touches = touches || routing(q.Type)
			}
			for _, q := range f.Results {
				touches = touches || m.handlerTable(q.Type)
			}
			seen := map[string]bool{}
			walk(f.Body, func(n *program.Node) {
				if routing(n.T) || (n.Op == program.Global || n.Op == program.Method) && routing(n.S) {
					touches = true
				}
				touches = touches || m.registersForeign(n)
				if n.Op == program.Field {
					if g := variable(n); g != "" {
						reads[f] = append(reads[f], g)
					}
				}
				switch n.Op {
				case program.Global:
					seen[n.S] = true
				case program.Assign:
					if n.S == ":=" || n.S == "var" {
						break
					}
					for _, l := range n.K[:n.N] {
						t := l.T
						for l.Op == program.Index || l.Op == program.Deref {
							l = l.K[0]
							t = l.T
						}
						if g := variable(l); g != "" && tabular(t) {
							writers[g] = append(writers[g], f)
						}
					}
				case program.Method:
					seen[n.T+"."+n.S] = true
					if t := m.types[n.T]; t != nil && t.Interface != nil {
						for _, impl := range m.impls[n.S] {
							seen[impl+"."+n.S] = true
						}
					}
				case program.Field:
					for _, impl := range m.impls[n.S] {
						seen[impl+"."+n.S] = true
					}
				case program.Lit:
					seen[n.S] = true
				}
			})
			for s := range seen {
				users[s] = append(users[s], f)
				if m.inits[s] == nil && m.funcs[s] == nil {
					reads[f] = append(reads[f], s)
				}
			}
			if touches {
				mark(f)
			}
		}
	}
	for len(todo) > 0 {
		f := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, u := range users[f.Name] {
			mark(u)
		}
		// What a variable that routing reads is set to matters too: paths and
		// tables are often filled in by init functions.
		for _, g := range reads[f] {
			for _, w := range writers[g] {
				mark(w)
			}
		}
	}
}

// ownRouters are the types of the program that answer requests from a table of
// functions that they hold, and those that embed one.
func (m *machine) ownRouters() map[string]bool {
	out := map[string]bool{}
	for t, ms := range m.methods {
		if ty := m.types[t]; ty != nil && ms["ServeHTTP"] != nil && slices.ContainsFunc(ty.Fields, func(f program.Param) bool { return m.holdsTable(f.Type, 0) }) {
			out[t] = true
		}
	}
	for more := len(out) > 0; more; {
		more = false
		for name, ty := range m.types {
			if !out[name] && slices.ContainsFunc(ty.Fields, func(f program.Param) bool { return out[f.Type] && slices.Contains(ty.Embedded, f.Name) }) {
				out[name], more = true, true
			}
		}
	}
	return out
}

// holdsTable reports whether a type is that of a table of functions by name, or
// of a tree of them.
func (m *machine) holdsTable(t string, depth int) bool {
	if m.handlerTable(t) {
		return true
	}
	if strings.HasPrefix(t, "map[") {
		e := elemType(t)
		return m.isFunc(e) || m.holdsTable(e, depth)
	}
	row := m.types[t]
	return row != nil && depth < 2 && slices.ContainsFunc(row.Fields, func(f program.Param) bool { return m.holdsTable(f.Type, depth+1) })
}

// handlerTable reports whether a type is that of a table of the program whose
// rows hold functions: one that returns such a table says what is routed where,
// though it touches no router.
func (m *machine) handlerTable(t string) bool {
	if !strings.HasPrefix(t, "[]") && !strings.HasPrefix(t, "map[") {
		return false
	}
	row := m.types[elemType(t)]
	return row != nil && slices.ContainsFunc(row.Fields, func(f program.Param) bool { return m.isFunc(f.Type) || routing(f.Type) })
}

// variable names a package variable or a field of one, "" if an expression is
// neither.
func variable(n *program.Node) string {
	switch {
	case n.Op == program.Global:
		return n.S
	case n.Op == program.Field && n.K[0].Op == program.Global:
		return n.K[0].S + "." + n.S
	}
	return ""
}

// tabular reports whether a variable of a type may hold paths, handlers or
// tables of them.
func tabular(t string) bool {
	return t == "string" || strings.HasPrefix(t, "[]") || strings.HasPrefix(t, "map[") || strings.HasPrefix(t, "func(")
}

func walk(n *program.Node, f func(*program.Node)) {
	if n == nil {
		return
	}
	f(n)
	for _, k := range n.K {
		walk(k, f)
	}
}

// routing reports whether a type or name belongs to a router library.
func routing(t string) bool {
	if t == "" || !strings.ContainsAny(t, "/.") {
		return false
	}
	if strings.Contains(t, "net/http.ServeMux") || strings.Contains(t, "net/http.Handle") || strings.Contains(t, "net/http.Server") ||
		strings.Contains(t, grpcPkg+".NewServer") || strings.Contains(t, grpcPkg+".Server") && !strings.Contains(t, grpcPkg+".ServerO") || strings.Contains(t, "net/http.ListenAndServe") || strings.Contains(t, "net/http.StripPrefix") {
		return true
	}
	t = withoutVersions(t)
	for _, f := range families {
		if f.id == "http" {
			continue
		}
		for _, p := range f.pkgs {
			if strings.Contains(t, p) {
				return true
			}
		}
	}
	return false
}

// withoutVersions is a type's text without the major versions in its import paths,
// as families are named.
func withoutVersions(t string) string {
	for from := 0; ; {
		i := strings.Index(t[from:], "/v")
		if i < 0 {
			return t
		}
		i += from
		end := i + 2
		for end < len(t) && t[end] >= '0' && t[end] <= '9' {
			end++
		}
		from = i + 2
		if end > i+2 && end < len(t) && (t[end] == '/' || t[end] == '.') {
			t, from = t[:i]+t[end:], i
		}
	}
}
