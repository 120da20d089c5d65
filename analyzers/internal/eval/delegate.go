package eval

import "github.com/launchgate/launchgate/analyzers/internal/program"

// mayDelegate reports whether a function, or one it calls, may hand a request on
// to a handler it holds: whether it makes a call through a value with a part of
// the request. Most handlers do not, and need not be run to see what they wrap.
func (m *machine) mayDelegate(fn *function) bool {
	if m.delegating == nil {
		m.delegating = m.findDelegating()
	}
	return m.delegating[fn]
}

func (m *machine) findDelegating() map[*function]bool {
	callers := map[*function][]*function{}
	yes := map[*function]bool{}
	var todo []*function
	mark := func(f *function) {
		if !yes[f] {
			yes[f] = true
			todo = append(todo, f)
		}
	}
	for _, p := range m.pkgs {
		for _, f := range m.lits[p] {
			walk(f.Body, func(n *program.Node) {
				switch n.Op {
				case program.Lit:
					callers[m.lits[p][n.N]] = append(callers[m.lits[p][n.N]], f)
				case program.Call:
					m.delegation(f, n, callers, mark)
				}
			})
		}
	}
	for len(todo) > 0 {
		f := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, c := range callers[f] {
			mark(c)
		}
	}
	return yes
}

// delegation looks at one call: it is through a value, or of known functions.
func (m *machine) delegation(f *function, n *program.Node, callers map[*function][]*function, mark func(*function)) {
	fun := n.K[0]
	switch fun.Op {
	case program.Global:
		if fn := m.funcs[fun.S]; fn != nil {
			callers[fn] = append(callers[fn], f)
			return
		}
		if !m.isOwn(pkgOf(fun.S)) {
			return // a library's function
		}
	case program.Method:
		if fn := m.method(fun.T, fun.S); fn != nil {
			callers[fn] = append(callers[fn], f)
			return
		}
		if t := m.types[fun.T]; t != nil && t.Interface != nil {
			for _, impl := range m.impls[fun.S] {
				if fn := m.method(impl, fun.S); fn != nil {
					callers[fn] = append(callers[fn], f)
				}
			}
		}
		if fun.S != "ServeHTTP" && fun.S != "Serve" {
			return
		}
	}
	for _, a := range n.K[1:] {
		for a.Op == program.Addr || a.Op == program.Deref {
			a = a.K[0]
		}
		switch a.Op {
		case program.Local, program.Field, program.Call, program.Index, program.Assert, program.Composite:
			k := requestKind(a.T)
			if a.T == "" && a.Op == program.Local || k != "" && (k != "ctx" || a.Op == program.Call) || m.ownContext(a.T) {
				mark(f)
				return
			}
		}
	}
}
