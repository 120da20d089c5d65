package eval

import (
	"slices"
	"strconv"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/program"
)

func (m *machine) assign(n *program.Node, f *frame) {
	nl := int(n.N)
	lhs, rhs := n.K[:nl], n.K[nl:]
	switch {
	case n.S == "var":
		for _, l := range lhs {
			m.declareNode(l, m.zero(n.T), f)
		}
	case n.S != "=" && n.S != ":=":
		a, b := m.eval(lhs[0], f), m.eval(rhs[0], f)
		m.assignTo(lhs[0], m.binary(strings.TrimSuffix(n.S, "="), a, b), f)
	case len(rhs) == 1 && nl > 1:
		vs := m.spread(rhs[0], nl, lhs, f)
		for i, l := range lhs {
			m.store(l, vs[i], n.S, f)
		}
	default:
		vs := make([]value, len(rhs))
		for i, r := range rhs {
			vs[i] = m.eval(r, f)
			if l := lhs[min(i, nl-1)]; m.sim != nil && r.Op == program.Call && l.Op == program.Local && l.T == "" {
				vs[i] = untyped(vs[i], l.S)
			}
		}
		for i, l := range lhs {
			if i < len(vs) {
				m.store(l, vs[i], n.S, f)
			}
		}
	}
}

func (m *machine) store(l *program.Node, v value, op string, f *frame) {
	if m.sim == nil {
		v = m.chosen(v)
	}
	if t, ok := v.(tuple); ok {
		if len(t) == 0 {
			v = nilValue{}
		} else {
			v = t[0]
		}
	}
	if op == ":=" {
		m.declareNode(l, v, f)
		return
	}
	m.assignTo(l, v, f)
}

func (m *machine) declareNode(l *program.Node, v value, f *frame) {
	if l.Op == program.Local {
		if u, ok := v.(*unknown); ok && u.t == "" && l.T != "" {
			v = u.typed(l.T)
		}
		if _, where := f.env.get(l.N); where != nil && where != f.env {
			m.set(f.env, l.N, v)
			return
		}
		m.declare(f.env, l.N, v)
		return
	}
	m.assignTo(l, v, f)
}

// spread evaluates one expression for several left sides.
func (m *machine) spread(r *program.Node, n int, lhs []*program.Node, f *frame) []value {
	out := make([]value, n)
	v := m.eval(r, f)
	if t, ok := v.(tuple); ok {
		copy(out, t)
		for i := len(t); i < n; i++ {
			out[i] = &unknown{}
		}
		if x, ok := out[n-1].(absent); ok && x.t == "" && lhs[n-1].T == "" {
			out[n-1] = unnamedAbsent(lhs[n-1], false)
		}
		if _, ok := out[n-1].(forged); ok && n == len(t) && lhs[n-1].Op == program.Local && lhs[n-1].T == "" {
			out[n-1] = untyped(out[n-1], lhs[n-1].S)
		}
		return out
	}
	commaOK := r.Op == program.Index || r.Op == program.Assert || r.Op == program.Unary
	out[0] = v
	for i := 1; i < n; i++ {
		last := i == n-1
		name := ""
		if lhs[i].Op == program.Local {
			name = lhs[i].S
		}
		if has, ok := m.hasKey(r, f); ok {
			out[i] = boolean(has, false)
			continue
		}
		if o, ok := v.(*object); ok && r.Op == program.Assert && o.t != "" && (o.t == r.T || m.types[r.T] != nil && m.types[r.T].Interface != nil && m.implements(o.t, m.types[r.T])) {
			out[i] = boolean(true, false)
			continue
		}
		if fa, ok := v.(failure); ok && r.Op == program.Assert {
			out[i] = boolean(true, fa.anon)
			if fa.t != "" && fa.t == r.T {
				continue
			}
			if !strings.Contains(r.T, "Error") && !strings.Contains(r.T, "error") {
				out[i] = &unknown{}
			}
			continue
		}
		switch x := v.(type) {
		case forged:
			out[i] = boolean(true, false)
			if !commaOK && lhs[i].T != "bool" && name != "ok" {
				out[i] = nilValue{}
			}
		case absent:
			out[i] = absent{}
			if last {
				out[i] = unnamedAbsent(lhs[i], commaOK)
			}
		case failure:
			out[i] = x
		default:
			switch {
			case commaOK && m.sim == nil && !isUnknown(v) && !isNil(v):
				out[i] = boolean(true, false)
			case commaOK && isNil(v):
				out[i] = boolean(false, false)
			case r.Op == program.Assert && m.handedCaller(v):
				out[i] = boolean(true, false)
			case r.Op == program.Index && isMember(r.T) && m.weighing() && standsFor(m.eval(r.K[1], f)) && aboutCaller(r, v):
				out[i] = m.lacking(&unknown{t: "bool", labels: labels(v)}, "")
			case m.sim == nil && (lhs[i].T == "error" || strings.HasPrefix(name, "err")):
				out[i] = nilValue{}
			default:
				out[i] = &unknown{t: lhs[i].T, labels: labels(v)}
			}
		}
	}
	return out
}

// unnamedAbsent is what the last result of a call is of which an anonymous
// request gets nothing, where its type is not known: by what it is assigned to.
func unnamedAbsent(l *program.Node, commaOK bool) value {
	name := ""
	if l.Op == program.Local {
		name = l.S
	}
	switch {
	case !commaOK && (strings.Contains(strings.ToLower(name), "err") || l.T == "error"):
		return failure{anon: true}
	case commaOK || name == "ok" || l.T == "bool":
		return boolean(false, true)
	}
	return absent{}
}

// untyped is the last of several results whose types are not known, by what the
// program calls it.
func untyped(v value, name string) value {
	isErr, isOK := strings.HasPrefix(name, "err"), name == "ok" || name == "found" || name == "exists"
	switch x := v.(type) {
	case absent:
		if x.t == "" && isErr {
			return failure{anon: true}
		} else if x.t == "" && isOK {
			return boolean(false, true)
		}
	case forged:
		if x.t == "" && isErr {
			return nilValue{}
		} else if x.t == "" && isOK {
			return boolean(true, false)
		}
	}
	return v
}

// hasKey says whether a map holds a key, where both are known.
func (m *machine) hasKey(r *program.Node, f *frame) (has, known bool) {
	if r.Op != program.Index {
		return false, false
	}
	x := m.eval(r.K[0], f)
	if q, ok := x.(request); ok && q.kind == "vars" {
		return true, true // the path matched
	}
	t, ok := x.(*table)
	if !ok {
		return false, false
	}
	key := keyOf(m.eval(r.K[1], f))
	if key == "" {
		return true, m.sim != nil && m.pickOf(t) != nil
	}
	if _, has = t.e[key]; has {
		return true, true
	}
	for _, k := range t.keys {
		if keyOf(k) == "" {
			return false, false
		}
	}
	return false, len(t.keys) > 0
}

func (m *machine) assignTo(l *program.Node, v value, f *frame) {
	switch l.Op {
	case program.Local:
		if u, ok := v.(*unknown); ok && u.t == "" && l.T != "" {
			v = u.typed(l.T)
		}
		m.set(f.env, l.N, v)
	case program.Global:
		if m.sim == nil {
			if isUnknown(v) && !isUnknown(m.globals[l.S]) {
				return
			}
			m.globals[l.S] = v
		}
	case program.Field:
		x := m.eval(l.K[0], f)
		switch o := x.(type) {
		case request:
			if m.sim != nil && o.kind == "url" && l.S == "Path" && m.sim.unsure == 0 {
				m.sim.rewritten, _ = asString(v)
				if u, ok := v.(*unknown); ok {
					m.sim.rewritten = u.begins
				}
			}
		case *object:
			if m.sim != nil && m.sim.frozen(o) {
				return
			}
			if m.sim != nil {
				if _, ok := o.f[l.S]; !ok {
					o.f[l.S] = m.field(o, l) // what it is, should the branch be undone
				}
				m.note(change{o: o, name: l.S})
				m.sim.written++
			}
			if m.sim == nil {
				var set bool
				if v, set = m.registered(o, l.S, v); !set {
					return
				}
			}
			o.f[l.S] = v
		case *external:
			// A field of a library's value: remember it with its arguments.
			if m.sim == nil && o.called {
				o.args = append(o.args, v)
				if c, ok := v.(*router); ok && strings.HasPrefix(o.t, "net/http.Server") {
					m.serve(c, m.at(l, f))
				} else if strings.HasPrefix(o.t, "net/http.Server") && l.S == "Handler" {
					m.serve(v, m.at(l, f))
				}
			}
		case *unknown:
			if o.t == "net/http.Server" && l.S == "Handler" && m.sim == nil {
				m.serve(v, m.at(l, f))
				return
			}
			// Give a value of a known struct type a body to hold the field.
			if m.types[o.t] != nil {
				ob := &object{t: o.t, f: map[string]value{l.S: v}}
				m.heldBy(ob, l.K[0], f)
				m.assignTo(l.K[0], ob, f)
			}
		}
	case program.Index:
		x := m.eval(l.K[0], f)
		k := m.eval(l.K[1], f)
		switch o := x.(type) {
		case *table:
			if m.sim == nil {
				o.put(k, v)
				if key := keyOf(k); key != "" && (handlerLike(v) || m.servesHTTP(v)) {
					if o.puts == nil {
						o.puts = map[string][]place{}
					}
					o.puts[key] = append([]place{m.at(l, f)}, m.via()...)
				}
			}
		case *list:
			if i, ok := asInt(k); ok && m.sim == nil && i >= 0 && i < len(o.e) {
				o.e[i] = v
			}
		}
	case program.Deref:
		if m.sim == nil {
			// What a pointer to a list points to is the same for all who have it.
			old, ok1 := m.eval(l.K[0], f).(*list)
			l, ok2 := v.(*list)
			if ok1 && ok2 {
				old.e = l.e
				return
			}
		}
		m.assignTo(l.K[0], v, f)
	case program.Addr:
		m.assignTo(l.K[0], v, f)
	}
}

// heldBy makes a structure that a literal holds by value, and leaves out, what the
// literal is.
func (m *machine) heldBy(ob *object, at *program.Node, f *frame) {
	if at.Op != program.Field || m.sim != nil {
		return
	}
	in, ok := m.eval(at.K[0], f).(*object)
	if !ok || !in.literal {
		return
	}
	if ty := m.types[in.t]; ty != nil && slices.ContainsFunc(ty.Fields, func(p program.Param) bool { return p.Name == at.S && !p.Ptr && p.Type == ob.t }) {
		ob.literal, ob.born, ob.touched = true, in.born, in.touched
	}
}

// registered is what a field of an object holds after it is set while routes are
// registered; false if it stays as it is.
func (m *machine) registered(o *object, name string, v value) (value, bool) {
	old, ok := o.f[name]
	if w := m.setUnless(o, name, old, v); w != nil {
		return w, true
	}
	if isUnknown(v) && byDefault(v) == nil && !isUnknown(old) {
		d := knownBool(old, o.switches[name])
		if d == nil {
			return nil, false
		}
		if len(m.conds) > 0 { // else it is as it was
			v = &unknown{t: "bool", labels: words(name), def: d, set: settingsOf(v)}
		}
	}
	if ok && len(m.conds) > 0 && isNil(v) && !isNil(old) {
		return nil, false
	}
	if (o.born < m.unsureSince || o.born == packageLevel) && isBool(v) && (!ok || !same(old, v)) {
		d := knownBool(old, o.switches[name])
		if old != nil && d == nil {
			d = byDefault(old)
		}
		v = &unknown{t: "bool", labels: words(name), def: d} // set, perhaps
	}
	return v, true
}

// setUnless is a switch that keeps what it is by default where what sets it does
// not run by default, nil if that is not so: a variable of the environment that
// takes precedence, for one.
func (m *machine) setUnless(o *object, name string, old, v value) value {
	n := len(m.conds)
	if n == 0 || !m.conds[n-1].off || o.born >= m.unsureSince || o.born == packageLevel {
		return nil
	}
	isSwitch := isBool(v)
	if u, ok := v.(*unknown); ok {
		isSwitch = u.t == "bool" || len(u.set) > 0 && u.t != "string"
	}
	d := knownBool(old, o.switches[name])
	if u, ok := old.(*unknown); ok && d == nil {
		d = u.def
	}
	if old == nil && o.literal {
		d = boolPreset(false, place{})
	}
	if !isSwitch || d == nil || d.k != 'b' {
		return nil
	}
	set := mergeSettings(settingsOf(old), settingsOf(v))
	set = mergeSettings(set, m.conds[n-1].set)
	set = slices.DeleteFunc(slices.Clone(set), func(s setting) bool { return s.name == "" })
	p := *d
	if len(set) == 1 {
		set[0].def, set[0].file = &p.constant, p.file
	}
	return &unknown{t: "bool", labels: words(name), def: &p, set: set}
}

func isBool(v value) bool { c, ok := v.(constant); return ok && c.k == 'b' }

// decodes reports whether a library's function fills in what it is given.
func decodes(name string) bool {
	switch w := strings.ToLower(lastName(name)); {
	case strings.Contains(w, "unmarshal"), strings.Contains(w, "decode"), strings.Contains(w, "parse"), strings.Contains(w, "load"), strings.HasPrefix(w, "read"),
		w == "process", w == "mapto", w == "scan", w == "unpack", w == "boolvar", w == "flag", w == "bind", w == "populate", w == "strictmapto", w == "mustload":
		return true
	}
	return false
}

func keyOf(v value) string {
	if c, ok := v.(constant); ok {
		return string(c.k) + c.s
	}
	return ""
}

func (t *table) put(k, v value) {
	key := keyOf(k)
	if key == "" {
		key = "?" + strconv.Itoa(len(t.keys))
	}
	if _, ok := t.e[key]; !ok {
		t.keys = append(t.keys, k)
	}
	t.e[key] = v
}
