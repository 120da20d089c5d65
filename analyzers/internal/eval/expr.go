package eval

import (
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/program"
)

// evalStmt evaluates an expression whose value is thrown away.
func (m *machine) evalStmt(n *program.Node, f *frame) value {
	if n.Op == program.Call {
		return m.callNode(n, f, true)
	}
	return m.eval(n, f)
}

// evalTail evaluates what a return statement returns.
func (m *machine) evalTail(n *program.Node, f *frame) value {
	if n.Op == program.Call {
		return m.callNode(n, f, true)
	}
	return m.eval(n, f)
}

func (m *machine) eval(n *program.Node, f *frame) value {
	if n == nil || m.spent() {
		return &unknown{}
	}
	switch n.Op {
	case program.Const:
		switch n.T {
		case "string":
			if m.sim != nil && len(n.K) > 0 && n.K[0].T != "" && strings.HasPrefix(n.S, "/") {
				m.sim.reach(n.K[0].T, int(n.K[0].Line), int(n.K[0].Line)) // a path of a list of exceptions, for one
			}
			return constant{k: 's', s: n.S}
		case "int":
			return constant{k: 'i', s: n.S}
		case "bool":
			return constant{k: 'b', s: n.S}
		}
		return &unknown{t: n.T}
	case program.Nil:
		return nilValue{}
	case program.Local:
		v, _ := f.env.get(n.N)
		if v == nil {
			return &unknown{t: n.T, labels: words(n.S)}
		}
		return v
	case program.Global:
		return m.global(n)
	case program.Lit:
		c := &closure{fn: m.lits[f.fn.pkg][n.N], env: f.env, at: f.at}
		if m.sim == nil && c.fn.relevant {
			m.kept = append(m.kept, c)
		}
		return c
	case program.Field:
		return m.named(m.field(m.eval(n.K[0], f), n), n)
	case program.Method:
		return m.methodValue(m.eval(n.K[0], f), n)
	case program.Call:
		return m.callNode(n, f, false)
	case program.Composite:
		return m.composite(n, f)
	case program.Index:
		return m.index(n, f)
	case program.SliceOf:
		return m.slice(n, f)
	case program.Addr, program.Deref:
		return m.eval(n.K[0], f)
	case program.Unary:
		x := m.eval(n.K[0], f)
		switch n.S {
		case "!":
			if ok, v, anon := truth(x); ok {
				return boolean(!v, anon)
			}
			u := &unknown{t: "bool", labels: labels(x), free: freeOf(x).negated(), set: settingsOf(x)}
			if d := byDefault(x); d != nil && d.k == 'b' {
				u.def = boolPreset(d.s != "true", d.at)
			}
			if y, ok := x.(*unknown); ok && y.rest != nil {
				u.rest = &program.Node{Op: program.Unary, S: "!", K: []*program.Node{y.rest}, Line: n.Line}
			}
			return u
		case "<-":
			if m.sim != nil { // what another goroutine found out
				return &unknown{t: n.T, labels: []string{derivedLabel}}
			}
			return &unknown{t: n.T}
		case "-":
			if c, ok := x.(constant); ok {
				if i, ok := asInt(c); ok {
					c.s = itoa(-i)
					return c
				}
			}
		}
		return x
	case program.Binary:
		return m.binaryNode(n, f)
	case program.Assert:
		x := m.eval(n.K[0], f)
		if u, ok := x.(*unknown); ok {
			if m.sim == nil && m.types[n.T] != nil && m.types[n.T].Interface == nil && m.types[n.T].Under == "" {
				return m.instance(n.T)
			}
			return m.asserted(u, n)
		}
		if f, ok := x.(forged); ok {
			f.t = n.T
			return f
		}
		if _, ok := x.(absent); ok {
			if n.N == 0 && n.T != "" {
				m.sim.dies(m, m.at(n, f))
			}
			return absent{t: n.T}
		}
		if ex, ok := x.(*external); ok && ex.t == "" {
			ex.t = n.T
		}
		return x
	case program.Conv:
		if len(n.K) == 0 {
			return &unknown{t: n.T}
		}
		x := m.eval(n.K[0], f)
		if c, ok := x.(*closure); ok && n.T != "" {
			d := *c
			d.t = n.T
			return &d
		}
		return x
	case program.TypeOf:
		return typeRef{n.T}
	}
	return &unknown{}
}

func (m *machine) global(n *program.Node) value {
	if fn := m.funcs[n.S]; fn != nil {
		return &closure{fn: fn}
	}
	if node := m.inits[n.S]; m.sim != nil && node != nil {
		m.sim.reach(node.T, int(node.Line), lastLine(node))
	}
	m.initGlobal(n.S)
	if v, ok := m.globals[n.S]; ok {
		if m.sim != nil && isBool(v) && m.turned(n.S) {
			// Whoever comes while it is on passes as well.
			return &unknown{t: "bool", labels: words(lastName(n.S)), free: canFail | canHold}
		}
		return v
	}
	pkg, _, name := split(n.S)
	if v := libraryGlobal(pkg, name); v != nil {
		return v
	}
	if f := known(pkg); f != nil {
		switch {
		case n.S == "net/http.DefaultServeMux":
			return m.defaultMux()
		case f.id == beegoID && name == "GlobalControllerRouter":
			return m.commentsOf(f)
		case f.id == beegoID && (name == "BeeApp" || name == "BeegoApp"):
			return m.beegoApp(f, call{})
		}
	}
	if m.isOwn(pkg) {
		if n.T == "" && m.inits[n.S] == nil {
			// Nobody declares it, or not in a file that is there: its name is all
			// there is to know.
			return &unknown{labels: words(name)}
		}
		m.making++
		v := m.zero(n.T)
		m.making--
		m.globals[n.S] = v
		return v
	}
	ex := &external{name: n.S, t: n.T}
	if len(n.K) > 0 {
		ex.of = strings.TrimPrefix(n.K[0].T, "*")
	}
	return ex
}

// turned reports whether a package variable is assigned while the program serves:
// by a function that gets a request.
func (m *machine) turned(name string) bool {
	if m.turns == nil {
		m.turns = map[string]bool{}
		for _, p := range m.pkgs {
			for _, f := range m.lits[p] {
				if !slices.ContainsFunc(f.Params, func(p program.Param) bool { return requestKind(p.Type) != "" }) {
					continue
				}
				walk(f.Body, func(n *program.Node) {
					if n.Op != program.Assign || n.S == ":=" || n.S == "var" {
						return
					}
					for _, l := range n.K[:n.N] {
						if l.Op == program.Global {
							m.turns[l.S] = true
						}
					}
				})
			}
		}
	}
	return m.turns[name]
}

func (m *machine) isOwn(pkg string) bool { _, ok := m.byPkg[pkg]; return ok }

// initGlobal evaluates a package variable's initialiser when it is first read.
func (m *machine) initGlobal(name string) {
	node := m.inits[name]
	if node == nil || m.initing[node] {
		return
	}
	m.initing[node] = true
	sim, log, conds := m.sim, m.log, m.conds
	m.sim, m.log, m.conds = nil, nil, nil
	pkg := m.initPkg[node]
	f := &frame{fn: &function{Func: &program.Func{Name: pkg.Path + ".init", File: node.T}, pkg: pkg}, env: &env{vars: map[int32]value{}}}
	cp := *node
	cp.S = "="
	m.making++
	m.assign(&cp, f)
	m.making--
	m.sim, m.log, m.conds = sim, log, conds
	for i := range int(node.N) {
		g := node.K[i].S
		if fa, ok := m.globals[g].(failure); ok && fa.name == "" {
			fa.name = lastPart(g)
			m.globals[g] = fa
		}
	}
}
