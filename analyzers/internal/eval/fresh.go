package eval

import (
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/program"
)

// What a simulated request makes itself is known down to the fields nobody set:
// they have their zero value, until something that may fill them in has had it.

// unset is a field of an object that nobody was seen to set.
func (m *machine) unset(o *object, f program.Param) value {
	if o.literal && m.isFunc(f.Type) {
		return nilValue{} // no file or environment fills in functions
	}
	if r, ok := o.f["Controller"].(request); ok && r.kind == "c" && m.sim != nil && hasIdentity(words(f.Name)) {
		return m.identity(f.Type, words(f.Name)) // of a controller, whose Prepare finds out who is calling
	}
	if m.sim != nil && o.literal && !o.fresh && !o.touched && o.born != packageLevel && !f.Ptr && m.keepsZero(o.t, f) {
		if v := m.zero(f.Type); !isUnknown(v) {
			return v
		}
	}
	if o.ofCaller && m.sim != nil {
		return &unknown{t: f.Type, labels: mergeLabels(words(f.Name), []string{identityLabel})}
	}
	if o.found && m.sim != nil && o.sim == m.sim {
		return &unknown{t: f.Type, labels: mergeLabels(words(f.Name), []string{recordLabel})} // no setting's
	}
	if !o.fresh || m.sim == nil {
		def, set := m.taggedField(o.t, f.Name)
		return &unknown{t: f.Type, labels: words(f.Name), def: def, set: set}
	}
	var v value = nilValue{}
	if !f.Ptr {
		v = m.zero(f.Type)
	}
	if x, ok := v.(*object); ok {
		x.anon = o.anon
		o.f[f.Name] = x
	}
	if o.anon {
		return taint(v)
	}
	return v
}

// isFunc reports whether a type is that of functions or of lists of them.
func (m *machine) isFunc(t string) bool {
	t = strings.TrimPrefix(t, "[]")
	if ty := m.types[t]; ty != nil {
		t = ty.Under
	}
	return strings.HasPrefix(t, "func(")
}

// spare marks what code would have assigned that an anonymous request did not
// come through: that it still has its old value is due to that.
func (m *machine) spare(body *program.Node, f *frame) {
	walk(body, func(n *program.Node) {
		if n.Op != program.Assign || n.S == ":=" || n.S == "var" {
			return
		}
		for _, l := range n.K[:n.N] {
			switch l.Op {
			case program.Local:
				if v, _ := f.env.get(l.N); v != nil {
					if w := spared(v); w != nil {
						m.set(f.env, l.N, w)
					}
				}
			case program.Field:
				if l.K[0].Op != program.Local {
					continue
				}
				if o, ok := m.eval(l.K[0], f).(*object); ok && !m.sim.frozen(o) && o.fresh {
					if w := spared(m.field(o, l)); w != nil {
						m.note(change{o: o, name: l.S})
						o.f[l.S] = w
					}
				}
			}
		}
	})
}

// spared is a value as it is because the request is anonymous, nil if that says
// nothing.
func spared(v value) value {
	switch x := v.(type) {
	case constant:
		x.anon = true
		return x
	case nilValue:
		return absent{}
	}
	return nil
}

// filled makes what a function that is not followed may fill in unknown.
func (m *machine) filled(name string, recv value, c call) {
	if readsOnly(lastName(name)) {
		return
	}
	by := m.fillersOf(name, recv, c)
	stale := func(o *object) {
		if o.fresh && m.sim != nil {
			m.sim.written++
		}
		o.fresh = false
		o.found = o.found || by.request
		o.ofCaller = !o.found && (o.ofCaller || by.caller)
	}
	for _, a := range c.args {
		switch x := a.(type) {
		case *object:
			stale(x)
		case *closure:
			// It may be called, and fill in what it sees.
			for e, depth := x.env, 0; e != nil && depth < 3; e, depth = e.parent, depth+1 {
				for _, v := range e.vars {
					if o, ok := v.(*object); ok {
						stale(o)
					}
				}
			}
		}
	}
	if c.n == nil || c.f == nil || len(c.n.K) == 0 {
		return
	}
	for _, k := range c.n.K[1:] {
		if k.Op == program.Addr && k.K[0].Op == program.Field && m.sim != nil {
			m.filledField(k.K[0], by, c.f)
		}
		if k.Op != program.Addr || k.K[0].Op != program.Local {
			continue
		}
		v, _ := c.f.env.get(k.K[0].N)
		switch v.(type) {
		case nilValue, constant, *list, *table:
			u := &unknown{t: k.K[0].T, labels: words(k.K[0].S)}
			if by.caller || by.request && m.sim.signing {
				u.told = by.caller && asksStanding(u.labels)
				u.labels = by.labels(u.labels)
			}
			m.assignTo(k.K[0], u, c.f)
			if m.sim != nil {
				m.sim.written++
			}
		}
	}
}

// filledField makes one field of a structure unknown that a function may fill in.
func (m *machine) filledField(n *program.Node, by fillers, f *frame) {
	on := n.K[0]
	for on.Op == program.Field {
		on = on.K[0]
	}
	if on.Op != program.Local {
		return
	}
	o, ok := m.eval(n.K[0], f).(*object)
	if !ok || m.sim.frozen(o) {
		return
	}
	m.note(change{o: o, name: n.S})
	o.f[n.S] = &unknown{t: n.T, labels: by.labels(words(n.S))}
	o.ofCaller = o.ofCaller || by.caller && !o.found
	m.sim.written++
}

// askedFor reports whether a value is of the request, so that what is looked up by
// it is what the caller asks for.
func askedFor(v value) bool {
	switch x := v.(type) {
	case request:
		return x.kind != "ctx"
	case *unknown:
		return slices.Contains(x.labels, requestLabel) || slices.Contains(x.labels, recordLabel)
	}
	return false
}

// fillsIn: a method of the request that reads its body or parameters into what
// it is given.
func fillsIn(name string) bool {
	for _, s := range []string{"Bind", "ShouldBind", "MustBind", "BodyParser", "QueryParser", "ParamsParser", "ReadJSON", "ReadForm", "ReadBody", "ReadQuery", "Decode"} {
		if strings.HasPrefix(name, s) {
			return true
		}
	}
	return false
}

// readsOnly: by its name a function keeps, sends or shows what it is given.
func readsOnly(name string) bool {
	ws := words(name)
	if len(ws) == 0 {
		return false
	}
	switch ws[0] {
	case "create", "insert", "save", "store", "put", "add", "update", "upsert", "delete", "remove", "set", "with", "wrap", "new", "append",
		"log", "print", "println", "printf", "sprint", "sprintf", "sprintln", "fprintf", "fprint", "fprintln", "error", "errorf", "info", "infof", "warn", "warnf", "debug", "debugf", "trace",
		"marshal", "encode", "json", "xml", "html", "string", "write", "send", "render", "respond", "publish", "notify", "emit", "track", "audit",
		"is", "as", "has", "equal", "validate", "struct", "check", "sign", "hash", "verify", "any":
		return !strings.HasPrefix(name, "WriteTo")
	}
	return false
}
