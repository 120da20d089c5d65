package eval

import (
	"maps"
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/importpath"
	"github.com/launchgate/launchgate/analyzers/internal/program"
)

// Who the caller is, as guards keep it in the request: what was found by what callers
// identify themselves with, and by nothing else that the request names, is about the
// caller, whatever its type, its key and its fields are called. What is kept for
// everybody is not, nor is what was found by what the path or the body names, though
// only known callers get there.

// keep notes that the request gets a value under a key.
func (s *simulation) keep(key string, v value) {
	s.setting(key, v)
	if s.unsure == 0 {
		s.put(key, v)
	}
	if s.anonymous || s.forging || !tellsCaller(v) {
		return
	}
	if s.known == nil {
		s.known = map[string]value{}
	}
	if was := s.known[key]; s.unsure > 0 || was != nil && was != v {
		v = &unknown{t: typeOf(v), labels: []string{identityLabel}, shown: isShown(v)} // or nothing
	}
	s.known[key] = v
}

// knows is what a middleware keeps of callers it knows that it keeps of nobody else.
func (t *trial) knows() map[string]value {
	var out map[string]value
	for k, v := range t.there.known {
		if _, both := t.anon.keys[k]; both {
			continue
		}
		if out == nil {
			out = map[string]value{}
		}
		out[k] = v
	}
	return out
}

// carryKnown adds to what known callers' requests carry for what comes later in the
// chain, and returns all of it.
func (m *machine) carryKnown(known map[string]value) map[string]value {
	if len(known) > 0 {
		m.known = overlaid(m.known, known)
	}
	return m.known
}

// share adds to the keys under which everybody's request carries something, and
// returns all of them.
func (m *machine) share(keys map[string]bool) map[string]bool {
	more := false
	for k := range keys {
		more = more || !m.shared[k]
	}
	if more {
		m.shared = overlaid(m.shared, keys)
	}
	return m.shared
}

// keptOfCaller is what a known caller's request carries under a key, of a type, where
// ws are the words of the key.
func (m *machine) keptOfCaller(key, t string, ws []string) value {
	var v value
	switch x := m.known[key].(type) {
	case *object:
		v = m.sim.own(x)
	case *unknown:
		u := &unknown{t: typeOf(x), labels: mergeLabels(ws, []string{identityLabel}), told: !x.shown && asksStanding(ws)}
		if ts := tupleTypes(t); len(ts) > 0 && (u.t == "" || ts[0] == "bool") {
			u.t = ts[0]
		}
		v = u
		if u.told && u.t == "bool" {
			v = m.lacking(u, "")
		}
	default:
		return m.identity(t, ws)
	}
	if len(tupleTypes(t)) == 2 {
		return tuple{v, boolean(true, false)}
	}
	return v
}

// own is a copy of an object that another simulation made, for this one to change.
func (s *simulation) own(o *object) *object {
	c := *o
	c.sim, c.f = s, maps.Clone(o.f)
	if c.f == nil {
		c.f = map[string]value{}
	}
	return &c
}

// maxKept is how deep structures are looked into for who is calling.
const maxKept = 3

// tellsCaller reports whether a value says who the caller is, or holds what does.
func tellsCaller(v value) bool { return tellsCallerIn(v, 0) }

func tellsCallerIn(v value, depth int) bool {
	switch x := v.(type) {
	case *unknown:
		return slices.Contains(x.labels, identityLabel)
	case *object:
		if x.ofCaller {
			return true
		}
		if depth == maxKept {
			return false
		}
		for _, f := range x.f {
			if tellsCallerIn(f, depth+1) {
				return true
			}
		}
	}
	return false
}

// ofRecord reports whether a value was found by what the request names, and by nothing
// that says who is calling.
func ofRecord(v value) bool {
	switch x := v.(type) {
	case *unknown:
		return slices.Contains(x.labels, requestLabel) && !slices.Contains(x.labels, identityLabel)
	case *object:
		return x.found
	}
	return false
}

func isShown(v value) bool { u, ok := v.(*unknown); return ok && u.shown }

// shape tells apart what says who the caller is by what in it does.
func shape(v value, depth int) string {
	o, ok := v.(*object)
	if !ok {
		if isShown(v) {
			return "shown"
		}
		return typeOf(v)
	}
	var b strings.Builder
	b.WriteString(o.t)
	if o.ofCaller {
		b.WriteByte('!')
	}
	if depth == maxKept {
		return b.String()
	}
	for _, name := range slices.Sorted(maps.Keys(o.f)) {
		if tellsCallerIn(o.f[name], depth+1) {
			b.WriteString(";" + name + "=" + shape(o.f[name], depth+1))
		}
	}
	return b.String()
}

// fillers says by what a function fills in what it is given.
type fillers struct {
	// request: something of the request, or of what was found by it; caller: by who
	// is calling, and nothing that the request names.
	request, caller bool
}

func (m *machine) fillersOf(name string, recv value, c call) fillers {
	if m.sim == nil {
		return fillers{}
	}
	var by fillers
	if m.sim.anonymous || m.sim.forging || m.sim.signing {
		by.request = askedFor(recv) || slices.ContainsFunc(c.args, askedFor)
		return by
	}
	named := false
	for i := -1; i < len(c.args); i++ {
		v := recv
		if i >= 0 {
			v = c.args[i]
		}
		by.request = by.request || askedFor(v)
		switch x := v.(type) {
		case *unknown:
			by.caller = by.caller || slices.Contains(x.labels, identityLabel)
			named = named || slices.ContainsFunc(x.labels, func(l string) bool { return l == requestLabel || l == recordLabel || l == soughtLabel })
		case *external, *list, *table:
			var in asking
			in.look(v, 0)
			by.caller, named = by.caller || in.caller, named || in.named
		}
	}
	if base := importpath.Unversioned(pkgOf(name)); isAuthPackage(base) && !isSessionPackage(base) {
		by.caller, named = by.caller || by.request, false // what callers present, wherever that is
	}
	by.caller = by.caller && !named
	by.request = by.request && !by.caller
	return by
}

// labels are those of what is filled in.
func (by fillers) labels(ws []string) []string {
	switch {
	case by.caller:
		return mergeLabels(ws, []string{identityLabel})
	case by.request:
		return mergeLabels(ws, []string{recordLabel})
	}
	return ws
}

// askedBy marks what a library returns that is asked by conditions which it made of
// what callers identify themselves with, or of what the request names.
func (m *machine) askedBy(v value, args []value) value {
	if m.sim.anonymous || m.sim.forging {
		return v
	}
	var by asking
	for _, a := range args {
		switch a.(type) {
		case *external, *list, *table:
			by.look(a, 0)
		}
	}
	if by.caller {
		v = labelled(v, identityLabel)
		if by.named {
			v = labelled(v, requestLabel)
		}
	}
	return v
}

// rewrites is what a function on texts makes of something about the caller, or of what
// callers present: as much as it was, in pieces or otherwise written.
func (m *machine) rewrites(pkg string, c call) (value, bool) {
	if pkg != "strings" && pkg != "bytes" && pkg != "slices" || len(c.args) == 0 {
		return nil, false
	}
	of, ok := c.args[0].(*unknown)
	if !ok || !of.told && !of.shown {
		return nil, false
	}
	one := func(v value) value {
		u, ok := v.(*unknown)
		if !ok || u.t == "bool" || u.t == "int" {
			return v
		}
		w := *u
		w.told, w.shown = of.told, of.shown
		return &w
	}
	v := m.unknownResult(c, nil)
	if t, ok := v.(tuple); ok {
		for i := range t {
			t[i] = one(t[i])
		}
		return t, true
	}
	return one(v), true
}

// asserted is something of which the type is asserted.
func (m *machine) asserted(u *unknown, n *program.Node) value {
	v := &unknown{t: n.T, labels: mergeLabels(u.labels, words(lastPart(n.T))), carried: u.carried, told: u.told, shown: u.shown}
	if v.told && v.t == "bool" && m.weighing() {
		return m.lacking(v, "")
	}
	return v
}

// several reports whether a value is a list of what a known caller has.
func (m *machine) several(n *program.Node, v value) bool {
	return m.weighing() && aboutCaller(n, v)
}

// tellsWhich reports whether a field of one of several things that a caller has, or a
// variable for one, is named as what tells which it is.
func tellsWhich(ws []string) bool {
	if len(ws) == 0 {
		return false
	}
	switch ws[len(ws)-1] {
	case "code", "name", "key", "kind", "type", "value", "slug", "label", "title":
		return asksStanding(ws[:len(ws)-1])
	}
	return false
}

// isMember reports whether a map to values of a type is a set, or one of ranks: whether
// something is in it is what is asked. Claims are there for everybody.
func isMember(t string) bool { return t == "struct{}" || t == "bool" || t == "int" }

// partOfCaller is a field, or what is under a key of a map, of which nothing is known:
// of a yes or no about who is calling, what plain callers lack.
func (m *machine) partOfCaller(v value, n *program.Node) value {
	u, ok := v.(*unknown)
	switch {
	case !ok || u.told && u.t != "bool" || !m.weighing() || !aboutCaller(n, u):
		return v
	case u.t == "bool":
		return m.lacking(u, "")
	}
	w := *u
	w.told = true
	return &w
}
