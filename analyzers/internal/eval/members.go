package eval

import (
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/program"
)

// Fields and methods, and which of several an interface may be.

func (m *machine) field(x value, n *program.Node) value {
	switch o := x.(type) {
	case *object:
		return m.partOfCaller(m.objectField(o, n), n)
	case *unknown:
		if m.sim == nil {
			if ob := m.instanceOf(o.t); ob != nil {
				return m.field(ob, n)
			}
		}
		if fn := m.method(o.t, n.S); fn != nil {
			return &closure{fn: fn, recv: x}
		}
		if m.sim != nil && (n.S == "PeerCertificates" || n.S == "VerifiedChains") {
			return m.identity(n.T, words(n.S)) // of the connection's TLS
		}
		t := n.T
		if t == "" {
			t = m.fieldType(o.t, n.S)
		}
		v := &unknown{t: t, labels: mergeLabels(words(n.S), o.labels), shown: o.shown, told: o.each && tellsWhich(words(n.S))}
		v.def, v.set = m.taggedField(o.t, n.S)
		return m.partOfCaller(v, n)
	case absent:
		if n.T == "error" || n.S == "Error" {
			return failure{anon: true}
		}
		if n.T == "bool" || n.S == "Valid" {
			return boolean(false, true)
		}
		return absent{t: n.T}
	case forged:
		o.t = n.T
		if n.T == "error" || n.S == "Error" && n.T == "" {
			return nilValue{}
		}
		if n.T == "bool" || n.S == "Valid" {
			u := &unknown{t: "bool", labels: words(n.S)}
			if o.what != credential {
				u.free = canFail | canHold
			}
			return u
		}
		return o
	case request:
		return m.requestField(o, n)
	case *router:
		if n.S == "Router" && o.fam.id == mvcID && len(o.parents) > 0 {
			return o.parents[0].to
		}
		if n.S == "Handler" && o.fam.id == "fasthttp" {
			return x // what it is served by
		}
		if n.S == "Middleware" && o.fam.id == buffaloID {
			return x // its stack
		}
		if n.S == "RouterGroup" || n.S == "Router" || n.S == "Engine" || routerType(n.T) == o.fam {
			return x // the embedded part that routes
		}
		return &external{name: o.t + "." + n.S, recv: x}
	case *external:
		if o.called {
			for i, a := range o.args {
				if kv, ok := a.(fieldArg); ok && kv.name == n.S {
					return o.args[i].(fieldArg).v
				}
			}
			// A method's value, where nothing is known of its type.
			if pkg := pkgOf(o.name); n.T == "" && guardLibrary(pkg) {
				return &external{name: pkg + ".T." + n.S, recv: x, pos: o.pos}
			}
		}
		t := o.t
		if t == "" {
			t = o.of
		}
		v := &unknown{t: n.T, labels: words(n.S)}
		v.def, v.set = m.taggedField(t, n.S)
		return v
	case union:
		var out value
		for _, y := range o {
			out = join(out, m.field(y, n), nil, m.sim == nil)
		}
		return out
	case failure:
		if o.code >= 100 && (strings.Contains(n.S, "Code") || strings.Contains(n.S, "Status")) && n.T != "string" {
			return num(o.code)
		}
		return &unknown{t: n.T, labels: words(n.S)}
	case *wrapped, *closure:
		if n.S == "ServeHTTP" {
			return x
		}
	}
	return &unknown{t: n.T, labels: words(n.S)}
}

// objectField is a field or a method of an object.
func (m *machine) objectField(o *object, n *program.Node) value {
	if v, ok := o.f[n.S]; ok && v != nil {
		return v
	}
	if t := m.types[o.t]; t != nil {
		for _, fl := range t.Fields {
			if fl.Name == n.S {
				return m.unset(o, fl)
			}
		}
		for _, e := range t.Embedded {
			if in := o.f[e]; in != nil {
				v := m.field(in, n)
				if !isUnknown(v) || slices.Contains(labels(v), identityLabel) {
					return v
				}
			}
		}
	}
	if fn := m.method(o.t, n.S); fn != nil {
		return &closure{fn: fn, recv: o}
	}
	if o.ofCaller {
		return &unknown{t: n.T, labels: mergeLabels(words(n.S), []string{identityLabel})}
	}
	return &unknown{t: n.T, labels: words(n.S)}
}

// fieldArg is a field of a literal of a library's type.
type fieldArg struct {
	name string
	v    value
}

func (m *machine) fieldType(t, name string) string {
	if ty := m.types[t]; ty != nil {
		for _, f := range ty.Fields {
			if f.Name == name {
				return f.Type
			}
		}
	}
	return ""
}

// method finds a method of a type, through embedded fields.
func (m *machine) method(t, name string) *function {
	if i := strings.IndexByte(t, '['); i > 0 {
		t = t[:i]
	}
	return m.methodIn(t, name, 0)
}

func (m *machine) methodIn(t, name string, depth int) *function {
	if fn := m.methods[t][name]; fn != nil {
		return fn
	}
	ty := m.types[t]
	if ty == nil || depth > 6 {
		return nil
	}
	for _, e := range ty.Embedded {
		for _, f := range ty.Fields {
			if f.Name == e {
				if fn := m.methodIn(f.Type, name, depth+1); fn != nil {
					return fn
				}
			}
		}
	}
	return nil
}

func (m *machine) methodValue(x value, n *program.Node) value {
	switch o := x.(type) {
	case *object:
		if fn := m.method(o.t, n.S); fn != nil {
			return m.chosenUnder(&closure{fn: fn, recv: m.descend(o, fn)}, m.only[o])
		}
	case *closure:
		if fn := m.method(o.t, n.S); fn != nil {
			return &closure{fn: fn, recv: x}
		}
		if n.S == "ServeHTTP" {
			return x
		}
	case *wrapped:
		if n.S == "ServeHTTP" {
			return x
		}
	case *router, request, *ruleBuilder:
		return &external{name: n.T + "." + n.S, recv: x}
	case union:
		var out value
		for _, y := range o {
			out = join(out, m.methodValue(y, n), nil, m.sim == nil)
		}
		return out
	}
	if fn := m.method(n.T, n.S); fn != nil {
		if m.sim == nil {
			if ob := m.instanceOf(n.T); ob != nil && isUnknown(x) {
				x = ob
			}
		}
		return &closure{fn: fn, recv: x}
	}
	if fns := m.implementations(n.T, n.S, x); len(fns) > 0 {
		var out value
		for _, fn := range fns {
			out = join(out, &closure{fn: fn, recv: m.receiver(fn)}, nil, true)
		}
		return out
	}
	return &external{name: n.T + "." + n.S, recv: x}
}

// descend finds the embedded value a promoted method belongs to.
func (m *machine) descend(o *object, fn *function) value {
	cur := o
	for range 6 {
		if fn.Recv == nil || strings.HasPrefix(fn.Name, cur.t+".") {
			return cur
		}
		ty := m.types[cur.t]
		if ty == nil {
			return cur
		}
		var nextObj *object
		for _, e := range ty.Embedded {
			if in, ok := cur.f[e].(*object); ok {
				if m.method(in.t, fn.Name[strings.LastIndexByte(fn.Name, '.')+1:]) == fn {
					nextObj = in
				}
			}
		}
		if nextObj == nil {
			return cur
		}
		cur = nextObj
	}
	return cur
}

// instanceOf returns the value to use where one of a struct type is needed but
// unknown: the last one the program constructed.
func (m *machine) instanceOf(t string) value {
	if t == "" {
		return nil
	}
	ty := m.types[t]
	if ty == nil || ty.Interface != nil || ty.Under != "" {
		return nil
	}
	return m.instance(t)
}

// standIn is the instance to call a method on where its receiver is unknown. What
// a request carries is none that the program made beforehand: the only one it
// makes may be the one that stands for nobody.
func (m *machine) standIn(u *unknown, t string) value {
	if m.sim != nil && (u.carried || slices.Contains(u.labels, identityLabel)) {
		return nil
	}
	return m.instanceOf(t)
}

func (m *machine) instance(t string) value {
	if vs := m.made[t]; len(vs) > 0 {
		return vs[len(vs)-1]
	}
	if m.sim != nil {
		return nil
	}
	return m.newObject(t)
}

// receiverOf is what a method is called on that an interface may be: who is calling
// is none that the program made beforehand.
func (m *machine) receiverOf(v value, fn *function) value {
	if u, ok := v.(*unknown); ok && m.sim != nil && fn.Recv != nil && slices.Contains(u.labels, identityLabel) {
		return u.typed(fn.Recv.Type)
	}
	return m.receiver(fn)
}

func (m *machine) receiver(fn *function) value {
	if fn.Recv == nil {
		return nil
	}
	t := fn.Name[:strings.LastIndexByte(fn.Name, '.')]
	if v := m.instanceOf(t); v != nil {
		return v
	}
	return &unknown{t: t}
}

// implementations are the methods an interface call may reach.
func (m *machine) implementations(t, name string, x value) []*function {
	ty := m.types[t]
	if ty == nil || ty.Interface == nil {
		if t != "" && !strings.HasPrefix(t, "interface") {
			return nil
		}
		if t == "" {
			return nil
		}
	}
	if ty == nil {
		return nil
	}
	var out []*function
	for _, impl := range m.impls[name] {
		if !m.implements(impl, ty) {
			continue
		}
		if standsForTests(impl) {
			continue
		}
		out = append(out, m.method(impl, name))
		if len(out) > maxDispatch {
			break
		}
	}
	// Those the program constructs come first.
	if len(out) > 1 {
		var made []*function
		for _, fn := range out {
			if len(m.made[fn.Name[:strings.LastIndexByte(fn.Name, '.')]]) > 0 {
				made = append(made, fn)
			}
		}
		if len(made) > 0 {
			out = made
		}
	}
	return out
}

// implementers are the values that a list whose elements are of an interface of
// the program may hold: one of each type that implements it.
func (m *machine) implementers(t string) []value {
	ty := m.types[t]
	if ty == nil || len(ty.Interface) == 0 || slices.Contains(ty.Interface, "") {
		return nil
	}
	var out []value
	for _, impl := range m.impls[ty.Interface[0]] {
		if len(out) >= maxImplementers {
			break
		}
		if ty := m.types[impl]; ty == nil || ty.Interface != nil || standsForTests(impl) {
			continue
		}
		if slices.ContainsFunc(ty.Interface, func(need string) bool { return m.method(impl, need) == nil && !m.promotes(impl) }) {
			continue
		}
		if v := m.instanceOf(impl); v != nil {
			out = append(out, v)
		}
	}
	return out
}

// maxImplementers bounds the types tried for the elements of one list.
const maxImplementers = 100

// promotes reports whether a type may have any method, as it embeds a type that is
// not the program's.
func (m *machine) promotes(t string) bool {
	ty := m.types[t]
	return ty != nil && slices.ContainsFunc(ty.Embedded, func(e string) bool {
		return slices.ContainsFunc(ty.Fields, func(f program.Param) bool { return f.Name == e && m.types[f.Type] == nil })
	})
}

// standsForTests reports whether a type is named as one that replaces another in
// tests.
func standsForTests(t string) bool {
	low := strings.ToLower(lastPart(t))
	return strings.Contains(low, "mock") || strings.Contains(low, "fake") || strings.Contains(low, "stub")
}
