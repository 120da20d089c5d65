package eval

import (
	"maps"
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/program"
)

// callNode evaluates a call. tail says that its result is returned or dropped,
// as the call of the rest of a chain is.
func (m *machine) callNode(n *program.Node, f *frame, tail bool) value {
	fun := n.K[0]
	if fun.Op == program.Global && strings.IndexByte(fun.S, '.') < 0 {
		return m.builtin(fun.S, n, f)
	}
	c := call{n: n, f: f, tail: tail, pos: m.at(n, f)}
	switch fun.Op {
	case program.Method, program.Field:
		recv := m.eval(fun.K[0], f)
		c.args = m.args(n, f)
		c.dynamic = fun.Op == program.Field
		return m.answered(m.heard(recv, c, func() value { return m.callMethod(recv, fun, c) }), recv, c)
	case program.Global:
		c.args = m.args(n, f)
		v := m.global(fun)
		if _, ok := v.(*unknown); ok && fun.T == "" && m.sim == nil {
			return m.external(fun.S, nil, c) // nobody declares it
		}
		return m.answered(m.heard(nil, c, func() value { return m.callValue(v, c) }), nil, c)
	case program.TypeOf:
		return &unknown{t: fun.T}
	}
	v := m.eval(fun, f)
	c.args = m.args(n, f)
	c.dynamic = fun.Op == program.Local
	if fun.Op == program.Local {
		c.name = fun.S
	}
	return m.callValue(v, c)
}

type call struct {
	n       *program.Node
	f       *frame
	args    []value
	tail    bool
	dynamic bool   // through a variable or field
	name    string // of that variable or field
	pos     place
	of      string // the type a library's generic function is instantiated with
}

func (m *machine) args(n *program.Node, f *frame) []value {
	var out []value
	for i, k := range n.K[1:] {
		v := m.eval(k, f)
		if t, ok := v.(tuple); ok {
			out = append(out, t...)
			continue
		}
		if n.N == 1 && i == len(n.K)-2 {
			switch l := v.(type) {
			case *list:
				m.looksAt(l.from)
				out = append(out, l.e...)
			case nilValue:
			default:
				out = append(out, v)
			}
			continue
		}
		out = append(out, v)
	}
	return out
}

func (m *machine) builtin(name string, n *program.Node, f *frame) value {
	switch name {
	case "append":
		args := m.args(n, f)
		if len(args) == 0 {
			return &unknown{}
		}
		switch l := args[0].(type) {
		case *list:
			return &list{t: l.t, e: append(append([]value(nil), l.e...), m.chosenAll(args[1:])...)}
		case nilValue, *unknown, nil:
			return &list{t: n.T, e: append([]value(nil), m.chosenAll(args[1:])...)}
		case absent:
			return &list{t: n.T}
		}
		return args[0]
	case "len", "cap":
		switch x := m.args(n, f)[0].(type) {
		case *list:
			return num(len(x.e))
		case *table:
			return num(len(x.keys))
		case absent:
			return constant{k: 'i', s: "0", anon: true}
		case forged:
			if x.what != found {
				x.what = length
			}
			x.t = "int"
			return x
		case constant:
			if x.k == 's' {
				return constant{k: 'i', s: itoa(len(x.s)), anon: x.anon}
			}
		case nilValue:
			return num(0)
		default:
			if m.sim != nil && m.sim.listed && isSetting(x) {
				return num(1)
			}
			return &unknown{labels: labels(x)}
		}
		return &unknown{}
	case "make":
		t := ""
		if len(n.K) > 1 {
			t = n.K[1].T
		}
		u := t
		if ty := m.types[t]; ty != nil {
			u = ty.Under
		}
		switch {
		case strings.HasPrefix(u, "map["):
			return &table{t: t, e: map[string]value{}}
		case strings.HasPrefix(u, "[]"):
			l := &list{t: t}
			if len(n.K) > 2 {
				if k, ok := asInt(m.eval(n.K[2], f)); ok && k <= maxLoop {
					for range k {
						l.e = append(l.e, m.element(elemType(u)))
					}
				}
			}
			return l
		}
		return &unknown{t: t}
	case "copy":
		args := m.args(n, f)
		if len(args) == 2 && m.sim == nil {
			to, ok1 := args[0].(*list)
			from, ok2 := args[1].(*list)
			if ok1 && ok2 {
				// Where the length was not known the copy is as long as its source.
				if len(to.e) == 0 {
					to.e = append(to.e, from.e...)
				}
				copy(to.e, from.e)
			}
		}
		return &unknown{t: "int"}
	case "new":
		if len(n.K) > 1 {
			return m.zero(n.K[1].T)
		}
	case "panic":
		args := m.args(n, f)
		if m.sim != nil {
			m.sim.panics(m, args, m.at(n, f))
		}
		return stop{}
	case "recover":
		return m.recovers()
	case "string", "error", "int", "int64", "float64", "bool", "byte", "rune", "uint", "uint64", "uint32", "int32":
		if args := m.args(n, f); len(args) > 0 {
			return args[0]
		}
	case "delete":
		if m.sim != nil && len(n.K) > 1 && n.K[1].Op != program.Local {
			m.changes("delete", nil, call{n: n, f: f, args: m.args(n, f), pos: m.at(n, f)})
		}
	default:
		m.args(n, f)
	}
	return &unknown{t: n.T}
}

// element is what a new list holds.
func (m *machine) element(t string) value {
	switch t {
	case "string", "bool", "int":
		return m.zero(t)
	}
	return &unknown{t: t}
}

func (m *machine) callValue(v value, c call) value {
	if m.sim == nil && c.tail {
		m.handsToUnknown(v, c)
	}
	switch x := v.(type) {
	case *closure:
		if w := m.perhapsAround(x, c); w != nil {
			return w
		}
		if m.sim != nil && !m.sim.inline && c.dynamic && (m.delegates(x, c) || m.sim.picks(x) && m.takesRequest(c.args)) {
			return m.sim.pass(m, x, c)
		}
		if m.sim != nil && m.sim.inline && c.dynamic && len(m.sim.inlined) < 10 && m.takesRequest(c.args) {
			m.sim.inlined = append(m.sim.inlined, x.fn)
		}
		return m.callFunc(x, c)
	case *external:
		if x.recv != nil && !x.called {
			_, _, name := split(x.name)
			return m.callMethod(x.recv, &program.Node{Op: program.Method, S: lastName(name), T: strings.TrimSuffix(x.name, "."+lastName(name)), K: []*program.Node{{}}}, c)
		}
		if m.sim != nil && c.dynamic && m.delegates(x, c) {
			return m.sim.pass(m, x, c)
		}
		if x.called {
			return m.applyExternal(x, c)
		}
		c.of = x.of
		return m.external(x.name, nil, c)
	case *yields:
		return x.turn(c.args)
	case next:
		if m.sim == nil {
			return tuple{} // of what changes an operation before it is added
		}
		return m.sim.pass(m, x, c)
	case *router: // as the function that it is served by
		if m.sim != nil && m.takesRequest(c.args) {
			return m.sim.pass(m, x, c)
		}
	case *wrapped:
		if m.sim != nil {
			return m.through(x, c)
		}
	case union:
		var out value
		for _, y := range x {
			var v value
			if cl, ok := y.(*closure); ok && m.sim == nil {
				v = m.chosenUnder(m.callFunc(cl, c), m.only[cl])
			} else {
				v = m.callValue(y, c)
			}
			out = join(out, v, nil, m.sim == nil)
		}
		return out
	case *unknown:
		if m.sim != nil {
			m.sim.strayed = m.sim.strayed || c.dynamic && m.takesRequest(c.args)
			if c.dynamic && (isNextName(c.name) && m.takesRequest(c.args)) {
				return m.sim.pass(m, x, c)
			}
			return m.external(strings.Join(append([]string{"unknown."}, c.name), ""), nil, c)
		}
		for _, a := range c.args {
			if o, ok := a.(*object); ok {
				o.touched = true
			}
		}
		return m.external("", nil, c)
	case absent:
		return m.anonResult(c)
	case typeRef:
		if len(c.args) > 0 {
			return c.args[0]
		}
	}
	return m.unknownResult(c, nil)
}

func lastName(s string) string { return s[strings.LastIndexByte(s, '.')+1:] }

// applyExternal calls what a library function returned: a middleware applied to
// a handler.
func (m *machine) applyExternal(x *external, c call) value {
	for _, a := range c.args {
		if _, ok := a.(next); ok {
			return &wrapped{mw: x, inner: a, pos: c.pos}
		}
		if handlerLike(a) || m.servesHTTP(a) {
			return &wrapped{mw: x, inner: a, pos: c.pos}
		}
	}
	if m.sim != nil {
		return m.external(x.name, nil, c)
	}
	return m.unknownResult(c, nil)
}

func (m *machine) servesHTTP(v value) bool {
	o, ok := v.(*object)
	return ok && m.method(o.t, "ServeHTTP") != nil
}

func (m *machine) callMethod(recv value, fun *program.Node, c call) value {
	c.name = fun.S
	switch x := recv.(type) {
	case union:
		var out value
		for _, y := range x {
			out = join(out, m.callMethod(y, fun, c), nil, m.sim == nil)
		}
		return out
	case *router:
		if m.sim != nil {
			switch fun.S {
			case "ServeHTTP":
				m.sim.again = m.sim.rewritten
				return m.sim.pass(m, x, c)
			case "HandleContext": // gin
				m.sim.again = m.sim.rewritten
			}
			return m.unknownResult(c, nil)
		}
		return m.routerOp(x, fun.S, c)
	case *rpcServer:
		if m.sim == nil {
			return m.rpcOp(x, fun.S, c)
		}
	case *added:
		if m.sim == nil {
			return m.addedOp(x, fun.S, c)
		}
	case *ruleBuilder:
		if m.sim != nil {
			return m.unknownResult(c, nil)
		}
		return m.ruleOp(x, fun.S, c)
	case request:
		if fn := m.method(fun.T, fun.S); fn != nil && m.isOwn(pkgOf(fun.T)) {
			return m.callFunc(&closure{fn: fn, recv: recv}, c)
		}
		if m.sim != nil {
			return m.requestMethod(x, fun, c)
		}
		return m.unknownResult(c, nil)
	case next:
		if m.sim == nil {
			return tuple{}
		}
		return m.sim.pass(m, x, c)
	case *object:
		if x.t == chainType {
			return m.chainOp(x, fun.S, c)
		}
		if fn := m.method(x.t, fun.S); fn != nil {
			d := m.descend(x, fn)
			if m.sim != nil && !m.sim.inline && m.sim.picks(x) && m.takesRequest(c.args) {
				return m.sim.pass(m, &closure{fn: fn, recv: d}, c)
			}
			return m.callFunc(&closure{fn: fn, recv: d}, c)
		}
		if v, ok := x.f[fun.S]; ok && v != nil {
			c.dynamic = true
			return m.callValue(v, c)
		}
		if v := m.embeddedFor(x, fun); v != nil {
			return m.callMethod(v, fun, c)
		}
	case *closure:
		if fn := m.method(x.t, fun.S); fn != nil {
			return m.callFunc(&closure{fn: fn, recv: recv}, c)
		}
		if fun.S == "ServeHTTP" || fun.S == "Serve" {
			c.dynamic = true
			return m.callValue(x, c)
		}
	case *wrapped:
		if m.sim != nil {
			return m.through(x, c)
		}
	case *external:
		if m.sim != nil && fun.S == "ServeHTTP" && m.takesRequest(c.args) {
			return m.sim.pass(m, x, c)
		}
	case *list, *table, constant:
		if t := typeOf(recv); t != "" {
			if fn := m.method(t, fun.S); fn != nil {
				return m.callFunc(&closure{fn: fn, recv: recv}, c)
			}
		}
	}
	if fn := m.method(fun.T, fun.S); fn != nil {
		if u, ok := recv.(*unknown); ok {
			if ob := m.standIn(u, m.concrete(u.t, fun.T)); ob != nil {
				recv = ob
			}
		}
		return m.callFunc(&closure{fn: fn, recv: recv}, c)
	}
	if m.sim != nil && isUnknown(recv) && (c.dynamic || fun.S == "ServeHTTP") && m.takesRequest(c.args) && !m.madeByLibrary(fun.K[0]) {
		m.sim.strayed = true
	}
	t := fun.T
	if f, ok := recv.(forged); ok && t == "" {
		t = f.t
	}
	if u, ok := recv.(*unknown); ok && (u.t != "" && t == "") {
		t = u.t
		if fn := m.method(t, fun.S); fn != nil {
			if ob := m.standIn(u, t); ob != nil {
				recv = ob
			}
			return m.callFunc(&closure{fn: fn, recv: recv}, c)
		}
	}
	if isUnknown(recv) || isNil(recv) {
		if fns := m.implementations(t, fun.S, recv); len(fns) > 0 {
			if m.sim == nil || len(fns) <= 2 {
				var out value
				for i, fn := range fns {
					cl := &closure{fn: fn, recv: m.receiverOf(recv, fn)}
					var v value
					if m.sim != nil && len(fns) > 1 {
						m.sim.unsure++
						v = m.callFunc(cl, c)
						m.sim.unsure--
					} else {
						v = m.callFunc(cl, c)
					}
					if i == 0 {
						out = v
					} else {
						out = joinReturns(out, v, func() []string { return nil }, m.sim == nil)
					}
				}
				return out
			}
		}
		if m.sim == nil {
			if f := routerType(t); f != nil {
				return m.routerOp(m.strayRouter(f, t, recv, fun.K[0], c), fun.S, c)
			}
		}
	}
	// A field of function type, or a library's method.
	if _, ok := recv.(absent); ok && m.sim != nil {
		switch fun.S {
		case "IsEmpty", "IsNil", "IsZero":
			return boolean(true, true)
		}
		return m.anonResult(c)
	}
	if x, ok := recv.(*external); ok && m.sim == nil && x.t == "" && (fun.T == "" || m.types[fun.T] != nil) {
		if v := m.withMethod(x, fun.S); v != nil {
			return m.callMethod(v, fun, c)
		}
	}
	if x, ok := recv.(*external); ok && fun.T == "" {
		if t = x.t; t == "" {
			t = pkgOf(x.name) + ".T"
		}
	}
	return m.external(t+"."+fun.S, recv, c)
}

func pkgOf(t string) string { p, _, _ := split(t); return p }

// concrete prefers the more exact of two type names.
func (m *machine) concrete(a, b string) string {
	if ty := m.types[a]; ty != nil && ty.Interface == nil {
		return a
	}
	return b
}

// embeddedFor finds the embedded value of an object that has a method.
func (m *machine) embeddedFor(o *object, fun *program.Node) value {
	ty := m.types[o.t]
	if ty == nil {
		return nil
	}
	for _, e := range ty.Embedded {
		switch in := o.f[e].(type) {
		case *router:
			if _, ok := in.fam.verbs[fun.S]; ok || fun.S == "ServeHTTP" {
				return in
			}
		case *object:
			if m.method(in.t, fun.S) != nil || m.embeddedFor(in, fun) != nil {
				return in
			}
		case *external, request:
			return in
		}
	}
	return nil
}

// callFunc calls a function of the program.
func (m *machine) callFunc(cl *closure, c call) value {
	fn := cl.fn
	if fn.Body == nil || m.depth >= maxCalls || m.onStack[fn] >= maxRecur {
		if m.sim != nil {
			return m.external(fn.Name, cl.recv, c)
		}
		return m.unknownResult(c, fn)
	}
	if m.sim == nil && !fn.relevant {
		if fn.size > 120 || fn.spent > maxAside {
			return m.unknownResult(c, fn)
		}
		since := m.steps
		defer func() { fn.spent += m.steps - since }()
	}
	if m.sim != nil && fn.size > 40 && !m.interesting(cl, c.args) && !m.matches(fn, c.args) {
		m.changes(fn.Name, cl.recv, c)
		m.filled(fn.Name, nil, c)
		return m.unknownResult(c, fn)
	}
	if m.sim != nil && m.takesRequest(c.args) {
		for _, a := range c.args {
			if code, ok := asInt(a); ok && (code == 401 || code == 403) {
				m.sim.refuse(m, code, c.pos, lastName(fn.Name))
			}
		}
	}
	if m.sim != nil && !fn.Literal && len(m.sim.calls) < 100 && m.takesRequest(c.args) {
		m.sim.calls = append(m.sim.calls, called{fn, len(m.stack)})
	}
	if m.sim != nil && slices.ContainsFunc(c.args, isForbidden) {
		m.sim.denies(c.pos)
	}
	m.reached[fn] = true
	f := &frame{fn: fn, env: &env{vars: map[int32]value{}, parent: cl.env}, outer: cl.env}
	m.bind(f, cl, c.args)
	return m.run(f, c)
}

func (m *machine) bind(f *frame, cl *closure, args []value) {
	fn := cl.fn
	if fn.Recv != nil {
		recv := cl.recv
		if recv == nil && len(args) > 0 { // method expression
			recv, args = args[0], args[1:]
		}
		f.env.vars[fn.Recv.ID] = m.passed(fn, *fn.Recv, recv)
	}
	for i, p := range fn.Params {
		if fn.Variadic && i == len(fn.Params)-1 {
			rest := &list{t: p.Type}
			if i < len(args) {
				if len(args) == i+1 {
					if u, ok := args[i].(*unknown); ok && strings.HasPrefix(u.t, "[]") {
						f.env.vars[p.ID] = u
						continue
					}
				}
				rest.e = append(rest.e, args[i:]...)
			}
			f.env.vars[p.ID] = rest
			continue
		}
		var v value
		if i < len(args) {
			v = args[i]
		}
		if v == nil {
			v = &unknown{t: p.Type, labels: words(p.Name)}
		} else if u, ok := v.(*unknown); ok && u.t == "" {
			u = u.typed(p.Type)
			u.labels = mergeLabels(words(p.Name), u.labels)
			v = u
		}
		if p.ID != 0 {
			f.env.vars[p.ID] = m.passed(fn, p, v)
		}
	}
	for _, r := range fn.Results {
		if r.ID != 0 && r.Name != "_" {
			f.env.vars[r.ID] = m.zeroOf(r)
		}
	}
	if len(fn.Results) > 0 && fn.Results[0].ID != 0 {
		f.named = fn.Results
	}
}

// passed is what a function gets of an argument: of a struct that it is given by
// value and changes, a copy.
func (m *machine) passed(fn *function, p program.Param, v value) value {
	o, ok := v.(*object)
	if !ok || p.Ptr || o.t != p.Type || !fn.changes(p.ID) {
		return v
	}
	c := *o
	c.f = maps.Clone(o.f)
	if c.f == nil {
		c.f = map[string]value{}
	}
	c.born = m.steps
	if m.sim != nil {
		c.sim, c.unsure = m.sim, m.sim.unsure
	}
	return &c
}

// changes reports whether a function sets fields of one of its variables.
func (fn *function) changes(id int32) bool {
	if fn.changed == nil {
		fn.changed = map[int32]bool{}
		walk(fn.Body, func(n *program.Node) {
			if n.Op != program.Assign || n.S == ":=" || n.S == "var" {
				return
			}
			for _, l := range n.K[:n.N] {
				if l.Op == program.Field && l.K[0].Op == program.Local {
					fn.changed[l.K[0].N] = true
				}
			}
		})
	}
	return fn.changed[id]
}

func (m *machine) run(f *frame, c call) value {
	m.depth++
	m.onStack[f.fn]++
	m.stack = append(m.stack, f)
	f.at, f.call = c.pos, c.n
	if m.sim != nil && f.fn.Recv != nil {
		// What an object does that was made for an anonymous request is due to that.
		if o, ok := f.env.vars[f.fn.Recv.ID].(*object); ok && o.anon && o.literal && o.sim == m.sim {
			f.anon = true
		}
	}
	if m.sim != nil {
		m.sim.reach(f.fn.File, int(f.fn.Line), int(f.fn.EndLine))
		m.sim.ran = append(m.sim.ran, f.fn)
	}
	var base int
	if m.sim != nil {
		base = m.sim.unsure
		m.sim.bases = append(m.sim.bases, base)
		f.defaults = len(m.sim.defaults)
	}
	f.under = len(m.conds)
	done := m.keepConditions()
	ctl := m.exec(f.fn.Body, f)
	done()
	ctl = m.runDeferred(f, ctl)
	m.came(f, ctl)
	if m.sim != nil {
		m.sim.bases = m.sim.bases[:len(m.sim.bases)-1]
		m.sim.unsure = base
	}
	if f.partial {
		m.sim.partials = append(m.sim.partials, lastName(f.fn.Name))
	}
	m.stack = m.stack[:len(m.stack)-1]
	m.onStack[f.fn]--
	m.depth--
	if !f.has && f.alt != nil {
		f.rets, f.has = f.alt, true
	}
	if !f.has {
		if ctl == stopped {
			return stop{}
		}
		if len(f.fn.Results) > 0 {
			return m.unknownResult(c, f.fn)
		}
		return tuple{}
	}
	if m.sim == nil {
		f.rets = decidedBy(succeed(f.fn, f.rets), f.asked)
	}
	if v, ok := f.rets.(*unknown); ok && v.t == "" && len(f.fn.Results) == 1 {
		r := v.typed(f.fn.Results[0].Type)
		r.labels = mergeLabels(words(lastName(f.fn.Name)), v.labels)
		return r
	}
	if len(f.why) > 0 && m.sim != nil {
		switch v := f.rets.(type) {
		case *unknown:
			return &unknown{t: v.t, labels: mergeLabels(words(lastName(f.fn.Name)), v.labels, f.why), part: v.part, begins: v.begins}
		}
	}
	return f.rets
}

// succeed takes the errors out of what a function returns: while registering
// nothing fails.
func succeed(fn *function, v value) value {
	n := len(fn.Results)
	if n < 2 || fn.Results[n-1].Type != "error" {
		return v
	}
	if t, ok := v.(tuple); ok && len(t) == n {
		out := slices.Clone(t)
		out[n-1] = nilValue{}
		return out
	}
	return v
}

// unknownResult is what a call returns that is not followed.
func (m *machine) unknownResult(c call, fn *function) value {
	var types []string
	name := c.name
	if fn != nil {
		for _, r := range fn.Results {
			types = append(types, r.Type)
		}
		name = lastName(fn.Name)
	} else if c.n != nil {
		types = tupleTypes(c.n.T)
		if name == "" && len(c.n.K) > 0 {
			k := c.n.K[0]
			name = lastPart(k.S)
		}
	}
	ls := words(name)
	for _, a := range c.args {
		ls = mergeLabels(ls, labels(a))
	}
	if m.sim != nil && m.takesRequest(c.args) {
		ls = mergeLabels(ls, []string{derivedLabel})
	}
	one := func(t string) value {
		if t == "error" && m.sim == nil {
			return nilValue{}
		}
		if t == "bool" && m.sim != nil && !m.takesRequest(c.args) && slices.ContainsFunc(c.args, func(a value) bool { return m.lists(a, &unknown{labels: ls}) }) {
			return boolean(true, false)
		}
		return &unknown{t: t, labels: ls}
	}
	return eachResult(types, one)
}

// eachResult is what a call returns, by the types of its results: one value, or a
// tuple. Where none is known there is one of no known type.
func eachResult(types []string, one func(t string) value) value {
	switch len(types) {
	case 0:
		return one("")
	case 1:
		return one(types[0])
	}
	out := tuple{}
	for _, t := range types {
		out = append(out, one(t))
	}
	return out
}

// tupleTypes splits the text of a tuple type.
func tupleTypes(t string) []string {
	if t == "" || t == "()" {
		return nil
	}
	if t[0] != '(' {
		return []string{t}
	}
	t = t[1 : len(t)-1]
	var out []string
	depth, start := 0, 0
	for i := 0; i < len(t); i++ {
		switch t[i] {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth--
		case ',':
			if depth == 0 {
				out = append(out, strings.TrimPrefix(strings.TrimSpace(t[start:i]), "*"))
				start = i + 1
			}
		}
	}
	return append(out, strings.TrimPrefix(strings.TrimSpace(t[start:]), "*"))
}

// external stands for a function outside the program; what it returns is known to
// be made of the settings it read or was given.
func (m *machine) external(name string, recv value, c call) value {
	return m.madeOf(m.outside(name, recv, c), name, c.args)
}

// outside carries out what is known of a function outside the program.
func (m *machine) outside(name string, recv value, c call) value {
	if v, ok := m.forgedCall(name, recv, c); ok {
		return v
	}
	if strings.HasPrefix(name, "regexp.Regexp.") && m.sim != nil && slices.ContainsFunc(c.args, m.isPath) {
		m.sim.carved = true // which paths match is not reckoned out
	}
	if strings.HasPrefix(name, "regexp.Regexp.Match") && m.sim != nil {
		if v, ok := matches(recv, c.args); ok {
			return v
		}
	}
	if v, ok := m.sequence(name, c.args); ok {
		return v
	}
	if v, ok := m.pure(name, c.args); ok {
		return v
	}
	if v := m.setByKey(name, c); v != nil {
		return v
	}
	if v := m.settingRead(name, c); v != nil {
		return v
	}
	if m.sim != nil {
		m.changes(name, recv, c)
		m.writesFound(name, recv, c)
		return m.simExternal(name, recv, c)
	}
	if v, ok := m.library(name, recv, c); ok {
		return v
	}
	if fa, ok := statusError(name, c.args); ok {
		return fa
	}
	if decodes(name) {
		by := m.fillerOf(name, c.args)
		for _, a := range c.args {
			m.fill(a, by, nil, 0)
		}
	}
	// Callbacks are called once, with what their parameters' types tell.
	defer m.unsureFrom()()
	known := len(m.records)
	above := m.belowForeign(name, c)
	for _, a := range c.args {
		if cl, ok := a.(*closure); ok && cl.fn.relevant && m.reachedTimes(cl) < 2 && !strings.Contains(resultType(c), "Handler") {
			if !m.isHandler(cl) {
				m.callFunc(cl, call{n: &program.Node{}, f: c.f, pos: c.pos, args: m.guess(cl)})
			}
		}
	}
	above()
	if bundle := len(m.records) > known; !m.foreign(name, recv, c, bundle) && !bundle {
		m.routes(name, recv, c.args, c.pos)
	}
	rt := resultType(c)
	if len(c.args) > 0 && (strings.Contains(rt, "Handler") || rt == "" || strings.Contains(rt, "http.Handler")) {
		for _, a := range c.args {
			if _, isR := a.(*router); isR || handlerLike(a) && (rt != "" || isWrapper(name)) || m.servesHTTP(a) {
				if strings.Contains(rt, "func(next") || strings.HasPrefix(rt, "func(net/http.Handler)") {
					break
				}
				return &wrapped{mw: &external{name: name, recv: recv, args: c.args, pos: c.pos}, inner: a, pos: c.pos}
			}
		}
	}
	if v := m.handedBack(rt, append(slices.Clone(c.args), given(recv)...)); v != nil {
		return v
	}
	ex := &external{name: name, recv: recv, args: c.args, called: true, pos: c.pos, t: rt, of: c.of}
	if ts := tupleTypes(rt); len(ts) > 1 {
		out := tuple{}
		for i, t := range ts {
			switch {
			case i == 0:
				ex.t = t
				out = append(out, ex)
			case t == "error":
				out = append(out, m.parseError(name, c))
			default:
				out = append(out, &unknown{t: t, labels: words(lastPart(name))})
			}
		}
		return out
	}
	switch rt {
	case "bool", "int", "string", "error":
		if rt == "error" {
			return nilValue{}
		}
		ls := words(lastPart(name))
		for _, a := range c.args {
			ls = mergeLabels(ls, labels(a))
		}
		return &unknown{t: rt, labels: ls}
	}
	return ex
}

// handedBack is what a library's generic function returns that returns a type of
// the program: the library can make none, so it is one of those it was given.
func (m *machine) handedBack(t string, args []value) value {
	ty := m.types[t]
	if ty == nil {
		return nil
	}
	var out value
	for _, a := range args {
		o, ok := a.(*object)
		if !ok || o.t != t && (ty.Interface == nil || !m.implements(o.t, ty)) {
			continue
		}
		out = join(out, o, nil, true)
	}
	return out
}

// withMethod are those of the values a library was given that have a method
// routing depends on: where it is not known what the library makes of them, it
// may well be one of them.
func (m *machine) withMethod(x *external, name string) value {
	var out value
	for _, a := range given(x) {
		if o, ok := a.(*object); ok {
			if fn := m.method(o.t, name); fn != nil && fn.relevant {
				out = join(out, o, nil, true)
			}
		}
	}
	return out
}

// given are the values a library's value was made with, and those before it in
// a chain of calls.
func given(v value) []value {
	var out []value
	for range 4 {
		x, ok := v.(*external)
		if !ok || !x.called {
			break
		}
		out = append(out, x.args...)
		v = x.recv
	}
	return out
}

// implements reports whether a type has an interface's methods.
func (m *machine) implements(t string, ty *program.Type) bool {
	return !slices.ContainsFunc(ty.Interface, func(name string) bool { return name != "" && m.method(t, name) == nil })
}

func isWrapper(name string) bool {
	return strings.Contains(name, "Handler") || strings.Contains(name, "Wrap") || strings.Contains(name, "nosurf")
}

func resultType(c call) string {
	if c.n == nil {
		return ""
	}
	return strings.TrimPrefix(c.n.T, "*")
}

func (m *machine) reachedTimes(c *closure) int {
	if m.reached[c.fn] {
		return 2
	}
	return 0
}

// isHandler reports whether a function looks like one that answers requests.
func (m *machine) isHandler(c *closure) bool {
	for _, p := range c.fn.Params {
		if requestKind(p.Type) != "" {
			return true
		}
	}
	return false
}

// guess makes arguments for a function nobody is seen to call.
func (m *machine) guess(c *closure) []value {
	var out []value
	for _, p := range c.fn.Params {
		var v value = &unknown{t: p.Type, labels: words(p.Name)}
		if in := m.parameters(p.Type); in != nil {
			v = in
		} else if in := m.provide(p.Type); in != nil {
			v = in
		} else if ob := m.made[p.Type]; len(ob) > 0 {
			v = ob[len(ob)-1]
		} else if f := routerType(p.Type); f != nil {
			v = m.strayRouter(f, p.Type, v, nil, call{pos: place{c.fn.File, c.fn.Line}})
		}
		out = append(out, v)
	}
	return out
}
