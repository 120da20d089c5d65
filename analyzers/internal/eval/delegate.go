package eval

import (
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/program"
)

// mayDelegate reports whether a function, or one it calls, may hand a request on
// to a handler it holds, or take requests apart by method, path or parameter:
// whether it makes a call through a value with a part of the request, or
// compares one. Most handlers do neither, and need not be run to see what they
// wrap.
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
	told := m.findTold()
	for _, p := range m.pkgs {
		for _, f := range m.lits[p] {
			if told[f] || dispatches(f.Body) {
				mark(f)
			}
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

// findTold finds the functions that read a parameter of the path through another
// function and tell requests apart by it, themselves or in one they call.
func (m *machine) findTold() map[*function]bool {
	reads, chooses := map[*function]bool{}, map[*function]bool{}
	for _, p := range m.pkgs {
		for _, f := range m.lits[p] {
			reads[f], chooses[f] = readsNamed(f), choosesByName(f.Body)
		}
	}
	told := map[*function]bool{}
	for _, p := range m.pkgs {
		for _, f := range m.lits[p] {
			asks, tells := false, chooses[f]
			walk(f.Body, func(n *program.Node) {
				if n.Op != program.Call {
					return
				}
				fn := m.funcs[n.K[0].S]
				if n.K[0].Op == program.Method {
					fn = m.method(n.K[0].T, n.K[0].S)
				}
				if fn == nil {
					return
				}
				constant := slices.ContainsFunc(n.K[1:], func(k *program.Node) bool { return k.Op == program.Const && k.T == "string" })
				asks = asks || reads[fn] && constant
				tells = tells || chooses[fn]
			})
			if asks && tells {
				told[f] = true
			}
		}
	}
	return told
}

// readsNamed reports whether a function reads the parameter of the path that it
// is told the name of.
func readsNamed(f *function) bool {
	named := func(n *program.Node) bool {
		return n.Op == program.Local && slices.ContainsFunc(f.Params, func(p program.Param) bool { return p.ID == n.N && p.Type == "string" })
	}
	found, vars := false, false
	walk(f.Body, func(n *program.Node) {
		switch {
		case n.Op == program.Global && known(pkgOf(n.S)) != nil && strings.HasSuffix(n.S, ".Vars"):
			vars = true
		case n.Op == program.Index:
			found = found || vars && named(n.K[1])
		case n.Op == program.Call && len(n.K) > 1 && named(n.K[len(n.K)-1]):
			switch k := n.K[0]; k.Op {
			case program.Method:
				found = found || isParamMethod(k.S)
			case program.Global:
				found = found || known(pkgOf(k.S)) != nil && strings.HasSuffix(k.S, ".URLParam")
			}
		}
	})
	return found
}

// choosesByName reports whether code calls one function or another by what a
// string is.
func choosesByName(body *program.Node) bool {
	found := false
	walk(body, func(n *program.Node) {
		if n.Op != program.Switch || n.K[0].Op != program.Local || found {
			return
		}
		names := 0
		for _, c := range n.K[1:] {
			for _, e := range c.K[:max(c.N, 0)] {
				if e.Op == program.Const && e.T == "string" {
					names++
				}
			}
		}
		found = names > 1
	})
	return found
}

func isParamMethod(name string) bool {
	switch name {
	case "Param", "Params", "PathValue", "URLParam", "Var":
		return true
	}
	return false
}

// delegation looks at one call with a part of the request: it is through a
// value, or of known functions.
func (m *machine) delegation(f *function, n *program.Node, callers map[*function][]*function, mark func(*function)) {
	fun := n.K[0]
	carries := slices.ContainsFunc(n.K[1:], m.carriesRequest)
	if !carries && (fun.Op == program.Method || fun.Op == program.Field) {
		carries = m.carriesRequest(fun.K[0])
	}
	if !carries {
		return
	}
	add := func(fn *function) {
		if fn != nil {
			callers[fn] = append(callers[fn], f)
		}
	}
	switch fun.Op {
	case program.Global:
		if fn := m.funcs[fun.S]; fn != nil {
			add(fn)
			return
		}
		if !m.isOwn(pkgOf(fun.S)) {
			return // a library's function
		}
	case program.Method:
		if fn := m.method(fun.T, fun.S); fn != nil {
			add(fn)
			return
		}
		if t := m.types[fun.T]; t != nil && t.Interface != nil {
			for _, impl := range m.impls[fun.S] {
				add(m.method(impl, fun.S))
			}
		}
		if fun.S != "ServeHTTP" && fun.S != "Serve" {
			return
		}
	}
	mark(f)
}

// carriesRequest reports whether an expression is a part of the request or holds
// one, by its type. A bare context counts only as it is taken from the request.
func (m *machine) carriesRequest(n *program.Node) bool {
	for n.Op == program.Addr || n.Op == program.Deref {
		n = n.K[0]
	}
	switch n.Op {
	case program.Local, program.Field, program.Call, program.Index, program.Assert, program.Composite:
	default:
		return false
	}
	k := requestKind(n.T)
	switch {
	case k == "ctx":
		return n.Op == program.Call
	case k != "":
		return true
	case n.T == "":
		return n.Op == program.Local && requestName(n.S)
	case m.ownContext(n.T):
		return true
	}
	if t := m.types[n.T]; t != nil {
		return slices.ContainsFunc(t.Fields, func(p program.Param) bool {
			k := requestKind(p.Type)
			return k != "" && k != "ctx"
		})
	}
	return false
}

// dispatches reports whether code looks as if it told requests apart.
func dispatches(body *program.Node) bool {
	part, params, compared := false, false, 0
	walk(body, func(n *program.Node) {
		switch n.Op {
		case program.Field:
			part = part || (n.S == "Method" || n.S == "Path" || n.S == "RequestURI") && (n.K[0].T == "net/http.Request" || n.K[0].T == "net/url.URL" || n.K[0].T == "" && n.S != "Path")
		case program.Method:
			switch n.S {
			case "Method", "Path", "OriginalURL", "FullPath", "EscapedPath":
				part = part || known(pkgOf(n.T)) != nil || strings.HasPrefix(n.T, "net/") || requestKind(n.T) != ""
			default:
				params = params || isParamMethod(n.S)
			}
		case program.Global:
			params = params || known(pkgOf(n.S)) != nil && (strings.HasSuffix(n.S, ".URLParam") || strings.HasSuffix(n.S, ".Vars"))
			if n.S == "strings.HasPrefix" || n.S == "strings.TrimPrefix" || n.S == "strings.CutPrefix" || n.S == "strings.Split" {
				compared++
			}
		case program.Switch:
			if n.K[0].Op != program.Nil {
				compared += 2
			}
		case program.Binary:
			if n.S == "==" && (n.K[0].Op == program.Const && n.K[0].T == "string" || n.K[1].Op == program.Const && n.K[1].T == "string") {
				compared++
			}
		}
	})
	return compared > 0 && part || compared > 1 && params
}

// requestName: parts of a request are called so where their types are not known.
func requestName(s string) bool {
	switch s {
	case "w", "r", "c", "ctx", "rw", "req", "res", "resp", "writer", "request", "context", "e", "rq", "wr":
		return true
	}
	return false
}
