package eval

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/program"
)

// evalStmt evaluates an expression whose value is thrown away.
func (m *machine) evalStmt(n *program.Node, f *frame) value {
	if m.sim != nil && n.Op == program.Call {
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
			return &unknown{t: "bool", labels: labels(x), free: freeOf(x).negated()}
		case "<-":
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
			return &unknown{t: n.T, labels: mergeLabels(u.labels, words(lastPart(n.T))), carried: u.carried}
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
		return v
	}
	pkg, _, name := split(n.S)
	if v := libraryGlobal(pkg, name); v != nil {
		return v
	}
	if f := known(pkg); f != nil && n.S == "net/http.DefaultServeMux" {
		return m.defaultMux()
	}
	if m.isOwn(pkg) {
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

func (m *machine) field(x value, n *program.Node) value {
	switch o := x.(type) {
	case *object:
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
					if !isUnknown(v) {
						return v
					}
				}
			}
		}
		if fn := m.method(o.t, n.S); fn != nil {
			return &closure{fn: fn, recv: x}
		}
		return &unknown{t: n.T, labels: words(n.S)}
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
		return &unknown{t: t, labels: mergeLabels(words(n.S), o.labels)}
	case absent:
		if n.T == "error" || n.S == "Error" {
			return failure{anon: true}
		}
		if n.T == "bool" || n.S == "Valid" {
			return boolean(false, true)
		}
		return absent{t: n.T}
	case request:
		return m.requestField(o, n)
	case *router:
		if n.S == "RouterGroup" || n.S == "Router" || routerType(n.T) == o.fam {
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
		return &unknown{t: n.T, labels: words(n.S)}
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
			return &closure{fn: fn, recv: m.descend(o, fn)}
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

func (m *machine) composite(n *program.Node, f *frame) value {
	t := n.T
	switch {
	case strings.HasPrefix(t, "[") && !strings.HasPrefix(t, "[]") && strings.Contains(t, "]"), strings.HasPrefix(t, "[]"):
		l := &list{t: t}
		for _, k := range n.K {
			if k.Op == program.KV {
				k = k.K[1]
			}
			m.hint(k, elemType(t))
			l.e = append(l.e, m.eval(k, f))
		}
		return l
	case strings.HasPrefix(t, "map["), m.types[t] != nil && strings.HasPrefix(m.types[t].Under, "map["):
		tb := &table{t: t, e: map[string]value{}}
		for _, k := range n.K {
			if k.Op == program.KV {
				m.hint(k.K[1], elemType(t))
				tb.put(m.eval(k.K[0], f), m.eval(k.K[1], f))
			}
		}
		return tb
	case m.types[t] != nil && strings.HasPrefix(m.types[t].Under, "[]"):
		l := &list{t: t}
		for _, k := range n.K {
			if k.Op == program.KV {
				k = k.K[1]
			}
			m.hint(k, elemType(m.types[t].Under))
			l.e = append(l.e, m.eval(k, f))
		}
		return l
	}
	gt := t
	if i := strings.IndexByte(gt, '['); i > 0 {
		gt = gt[:i]
	}
	if m.types[gt] != nil || strings.HasPrefix(t, "struct{") || t == "" {
		o := m.newObject(gt)
		o.literal = true
		if ty := m.types[gt]; ty != nil {
			i := 0
			for _, k := range n.K {
				if k.Op != program.KV && i < len(ty.Fields) {
					o.f[ty.Fields[i].Name] = m.eval(k, f)
				}
				i++
			}
		}
		for _, k := range n.K {
			if k.Op == program.KV {
				if k.K[0].Op == program.Const {
					v := m.eval(k.K[1], f)
					o.f[k.K[0].S] = v
					if m.sim != nil && isForbidden(v) {
						m.sim.denies(m.at(k, f))
					}
				}
			}
		}
		return o
	}
	if fam := routerType(t); fam != nil {
		r := m.newRouter(fam, t, m.at(n, f))
		return r
	}
	if fa, ok := m.failureLiteral(n, f); ok {
		return fa
	}
	ex := &external{name: t, t: t, called: true, pos: m.at(n, f)}
	for _, k := range n.K {
		if k.Op == program.KV {
			v := m.eval(k.K[1], f)
			if k.K[0].Op == program.Const {
				ex.args = append(ex.args, fieldArg{k.K[0].S, v})
				if m.sim == nil {
					m.literalField(t, k.K[0].S, v)
				}
			}
		} else {
			ex.args = append(ex.args, m.eval(k, f))
		}
	}
	return ex
}

// hint gives an untyped literal in a list or map the list's element type.
func (m *machine) hint(n *program.Node, t string) {
	if n.Op == program.Composite && n.T == "" {
		n.T = t
	}
}

// literalField looks at a field of a library's struct: a server's handler, or a
// function that will be called some time.
func (m *machine) literalField(t, name string, v value) {
	if t == "net/http.Server" && name == "Handler" {
		m.serve(v)
		return
	}
	if c, ok := v.(*closure); ok && c.fn.relevant {
		m.queue = append(m.queue, queued{v: v})
	}
}

// slice evaluates x[low:high]. Of what is known, bounds that are not leave all.
func (m *machine) slice(n *program.Node, f *frame) value {
	x := m.eval(n.K[0], f)
	if len(n.K) < 3 {
		return x
	}
	bound := func(k *program.Node, unset int) (int, bool) {
		if k.Op == program.Nil {
			return unset, true
		}
		return asInt(m.eval(k, f))
	}
	switch o := x.(type) {
	case constant:
		if o.k != 's' || o.anon {
			return x
		}
		low, ok1 := bound(n.K[1], 0)
		high, ok2 := bound(n.K[2], len(o.s))
		if !ok1 || !ok2 {
			return &unknown{t: "string", labels: labels(x), ofPath: m.ofPath(x)}
		}
		if 0 <= low && low <= high && high <= len(o.s) {
			o.s = o.s[low:high]
			return o
		}
	case *list:
		low, ok1 := bound(n.K[1], 0)
		high, ok2 := bound(n.K[2], len(o.e))
		if ok1 && ok2 && 0 <= low && low <= high && high <= len(o.e) {
			return &list{t: o.t, e: o.e[low:high]}
		}
	}
	return x
}

func (m *machine) index(n *program.Node, f *frame) value {
	x := m.eval(n.K[0], f)
	if c, ok := x.(*closure); ok {
		return c // instantiation of a generic function
	}
	k := m.eval(n.K[1], f)
	switch o := x.(type) {
	case *list:
		if i, ok := asInt(k); ok {
			if i >= 0 && i < len(o.e) {
				return o.e[i]
			}
			return &unknown{t: n.T}
		}
		if m.sim == nil && len(o.e) > 0 && len(o.e) <= maxUnion {
			var out value
			for _, e := range o.e {
				out = join(out, e, nil, true)
			}
			return out
		}
		return &unknown{t: n.T}
	case *table:
		if m.sim != nil && o.from != "" && !slices.Contains(m.sim.read, o.from) {
			m.sim.read = append(m.sim.read, o.from)
		}
		if key := keyOf(k); key != "" {
			if v, ok := o.e[key]; ok {
				return v
			}
			complete := true
			for _, kk := range o.keys {
				complete = complete && keyOf(kk) != ""
			}
			if complete && len(o.keys) > 0 {
				return nilOf(n.T)
			}
			return &unknown{t: n.T}
		}
		if _, ok := k.(absent); ok {
			return absent{t: n.T}
		}
		for _, kk := range o.keys {
			m.compared(k, kk, false)
		}
		return &unknown{t: n.T, labels: labels(k)}
	case absent:
		return absent{t: n.T}
	case request:
		if o.kind == "hdr" {
			return m.header(k, n.K[1], n.T)
		}
		if o.kind == "session" && m.sim != nil {
			return m.identity(n.T, mergeLabels(labels(k), m.nodeWords(n.K[1]), []string{"session"}))
		}
		if o.kind == "vars" && m.sim != nil {
			return m.param(k, n.T)
		}
	case *unknown:
		if _, ok := k.(absent); ok && m.sim != nil {
			return absent{t: n.T}
		}
		if m.lists(k, o) && n.T == "bool" {
			return boolean(true, false)
		}
		return &unknown{t: n.T, labels: mergeLabels(m.nodeWords(n.K[1]), o.labels, labels(k)), from: o.from}
	}
	if _, ok := k.(absent); ok {
		return absent{t: n.T}
	}
	return &unknown{t: n.T, labels: labels(x)}
}

func nilOf(t string) value {
	switch t {
	case "string":
		return str("")
	case "bool":
		return boolean(false, false)
	case "int":
		return num(0)
	}
	return nilValue{}
}

func (m *machine) binaryNode(n *program.Node, f *frame) value {
	a := m.eval(n.K[0], f)
	if n.S == "&&" || n.S == "||" {
		stopAt := n.S == "||"
		ok, v, anon := truth(a)
		if ok && v == stopAt {
			return boolean(v, anon)
		}
		b := m.eval(n.K[1], f)
		ok2, v2, anon2 := truth(b)
		switch {
		case ok && ok2:
			return boolean(v2, anon || anon2)
		case ok2 && v2 == stopAt:
			return boolean(v2, anon2)
		}
		u := &unknown{t: "bool", labels: mergeLabels(m.nodeWords(n.K[0]), m.nodeWords(n.K[1]), labels(a), labels(b))}
		switch {
		case ok:
			u.free = freeOf(b)
		case ok2:
			u.free = freeOf(a)
		case n.S == "&&":
			u.free = conjunction(freeOf(a), freeOf(b))
		default:
			u.free = disjunction(freeOf(a), freeOf(b))
		}
		return u
	}
	b := m.eval(n.K[1], f)
	v := m.binary(n.S, a, b)
	if u, ok := v.(*unknown); ok {
		return &unknown{t: u.t, labels: mergeLabels(m.nodeWords(n), u.labels), free: u.free, begins: u.begins}
	}
	return v
}

func (m *machine) binary(op string, a, b value) value {
	switch op {
	case "==", "!=":
		return m.compare(op, a, b)
	case "+":
		x, ok1 := asString(a)
		y, ok2 := asString(b)
		if ok1 && ok2 {
			return str(x + y)
		}
		if i, ok := asInt(a); ok {
			if j, ok := asInt(b); ok {
				return num(i + j)
			}
		}
		_, ab := a.(absent)
		_, bb := b.(absent)
		if ab || bb {
			return absent{t: "string"}
		}
		if u, ok := a.(union); ok && ok2 {
			var out value
			for _, e := range u {
				out = join(out, m.binary("+", e, b), nil, true)
			}
			return out
		}
		if m.sim != nil && ok1 && redirectsToLogin(words(x)) {
			return &unknown{t: "string", labels: mergeLabels(words(x), labels(b))}
		}
		if m.sim != nil && ok1 && len(x) > 1 && strings.HasPrefix(x, "/") && strings.HasSuffix(x, "/") {
			return &unknown{t: "string", labels: mergeLabels(labels(a), labels(b)), begins: x}
		}
		if ok1 || ok2 {
			// Keep what is known of a path: the unknown part is a placeholder.
			if m.sim == nil {
				if ok2 && strings.HasPrefix(y, "/") && !ok1 {
					return str(y)
				}
				if ok1 && strings.HasPrefix(x, "/") {
					return str(x)
				}
				if ok1 && x != "" {
					return str(x)
				}
				return str(y)
			}
		}
	case "<", ">", "<=", ">=":
		x, xa := number(a)
		y, ya := number(b)
		if xa != 0 && ya != 0 {
			var r bool
			switch op {
			case "<":
				r = x < y
			case ">":
				r = x > y
			case "<=":
				r = x <= y
			case ">=":
				r = x >= y
			}
			return boolean(r, xa == 2 || ya == 2)
		}
	case "-", "*", "/", "%", "&", "|", "^", "&^", "<<", ">>":
		x, xa := number(a)
		y, ya := number(b)
		if xa == 1 && ya == 1 {
			switch {
			case op == "&":
				return num(x & y)
			case op == "|":
				return num(x | y)
			case op == "^":
				return num(x ^ y)
			case op == "&^":
				return num(x &^ y)
			case op == "<<" && 0 <= y && y < 63:
				return num(x << y)
			case op == ">>" && 0 <= y && y < 63:
				return num(x >> y)
			case op == "-":
				return num(x - y)
			case op == "*":
				return num(x * y)
			case op == "/" && y != 0:
				return num(x / y)
			case op == "%" && y != 0:
				return num(x % y)
			}
		}
	}
	_, ab := a.(absent)
	_, bb := b.(absent)
	if ab || bb {
		return absent{}
	}
	return &unknown{labels: mergeLabels(labels(a), labels(b))}
}

// number returns an integer and 0 (unknown), 1 (known) or 2 (known because the
// request is anonymous).
func number(v value) (int, int) {
	switch x := v.(type) {
	case constant:
		n, ok := asInt(x)
		if !ok {
			return 0, 0
		}
		if x.anon {
			return n, 2
		}
		return n, 1
	case absent:
		return 0, 2
	}
	return 0, 0
}

func (m *machine) compare(op string, a, b value) value {
	if m.sim == nil { // while registering nothing fails
		if _, f := a.(failure); f && isNil(b) {
			a = nilValue{}
		}
	}
	eq, ok, anon := equal(a, b)
	if !ok {
		if m.lists(a, b) || m.lists(b, a) {
			return boolean(op == "==", false)
		}
		m.compared(a, b, false)
		m.compared(b, a, false)
		can := freedom(a, b)
		if op == "!=" {
			can = can.negated()
		}
		return &unknown{t: "bool", labels: mergeLabels(labels(a), labels(b)), free: can}
	}
	return boolean(eq == (op == "=="), anon)
}

func equal(a, b value) (eq, ok, anon bool) {
	if _, isA := b.(absent); isA {
		if _, both := a.(absent); !both {
			a, b = b, a
		}
	}
	if isNil(b) || isNil(a) {
		o := a
		if isNil(a) {
			o = b
		}
		switch x := o.(type) {
		case nilValue:
			return true, true, false
		case absent:
			return true, true, true
		case failure:
			return false, true, x.anon
		case *object, *closure, *router, *list, *table, request, next, *wrapped:
			return false, true, false
		case constant:
			return false, true, false
		}
		return false, false, false
	}
	switch x := a.(type) {
	case constant:
		if y, ok := b.(constant); ok && x.k == y.k {
			return x.s == y.s, true, x.anon || y.anon
		}
	case absent:
		switch y := b.(type) {
		case constant:
			return y.s == "" || y.s == "0" || y.s == "false", true, true
		case *external, *object:
			return false, true, true
		case *unknown:
			// Comparing nothing with a secret that is set.
			return false, true, true
		}
	case *object:
		if x == b {
			return true, true, false
		}
	case failure:
		if y, ok := b.(failure); ok && x.name != "" && y.name != "" {
			return x.name == y.name, true, x.anon || y.anon
		}
	}
	return false, false, false
}

// nodeWords is the function of that name, remembering what it found.
func (m *machine) nodeWords(n *program.Node) []string {
	ws, ok := m.wordsOf[n]
	if !ok {
		if ws = nodeWords(n); m.wordsOf == nil {
			m.wordsOf = map[*program.Node][]string{}
		}
		m.wordsOf[n] = ws
	}
	return ws
}

// nodeWords are the words of the names in an expression.
func nodeWords(n *program.Node) []string {
	var out []string
	depth := 0
	var visit func(n *program.Node)
	visit = func(n *program.Node) {
		if n == nil || depth > 12 || len(out) > maxLabels {
			return
		}
		depth++
		defer func() { depth-- }()
		switch n.Op {
		case program.Local, program.Field, program.Method:
			out = mergeLabels(out, words(n.S))
		case program.Global:
			_, t, name := split(n.S)
			out = mergeLabels(out, words(t), words(name))
		case program.Const:
			if n.T == "string" && len(n.S) < 40 && !strings.HasPrefix(n.S, "/") {
				out = mergeLabels(out, words(n.S))
			}
		case program.Lit, program.Composite:
			if n.Op == program.Composite {
				out = mergeLabels(out, words(lastPart(n.T)))
			}
			return
		}
		for _, k := range n.K {
			visit(k)
		}
	}
	visit(n)
	return out
}

// text writes an expression roughly as source, for reasons shown to people.
func text(n *program.Node) string {
	s := render(n, 0)
	if len(s) > 90 {
		s = s[:87] + "..."
	}
	return s
}

func render(n *program.Node, d int) string {
	if n == nil || d > 8 {
		return "…"
	}
	k := func(i int) string {
		if i < len(n.K) {
			return render(n.K[i], d+1)
		}
		return ""
	}
	switch n.Op {
	case program.Const:
		if n.T == "string" {
			if len(n.S) > 30 {
				return "\"…\""
			}
			return strconv.Quote(n.S)
		}
		return n.S
	case program.Nil:
		return "nil"
	case program.Local:
		return n.S
	case program.Global:
		p := lastPart(n.S)
		return p
	case program.Field, program.Method:
		return k(0) + "." + n.S
	case program.Call:
		var args []string
		for _, a := range n.K[1:] {
			args = append(args, render(a, d+2))
		}
		return k(0) + "(" + strings.Join(args, ", ") + ")"
	case program.Unary:
		return n.S + k(0)
	case program.Binary:
		return k(0) + " " + n.S + " " + k(1)
	case program.Index:
		return k(0) + "[" + k(1) + "]"
	case program.Addr, program.Deref, program.Assert, program.Conv, program.SliceOf:
		return k(0)
	}
	return "…"
}

// pure evaluates functions on strings that decide about paths.
func (m *machine) pure(name string, args []value) (value, bool) {
	anon := false
	for _, a := range args {
		if _, ok := a.(absent); ok {
			anon = true
		}
	}
	s := make([]string, len(args))
	all := true
	for i, a := range args {
		switch x := a.(type) {
		case constant:
			s[i] = x.s
		case absent:
		default:
			all = false
		}
	}
	if len(args) == 0 {
		return nil, false
	}
	switch name {
	case "strings.HasPrefix", "strings.HasSuffix", "strings.Contains", "strings.EqualFold":
		if len(args) != 2 {
			return nil, false
		}
		if !all {
			if anon && !isUnknown(args[1]) {
				return boolean(false, true), true
			}
			if name == "strings.HasPrefix" || name == "strings.EqualFold" {
				m.compared(args[0], args[1], name == "strings.HasPrefix")
			}
			if m.lists(args[0], args[1]) {
				return boolean(true, false), true
			}
			if can := freedom(args[0], args[1]); m.sim != nil && can != 0 {
				return &unknown{t: "bool", labels: mergeLabels(words(name[8:]), labels(args[0]), labels(args[1])), free: can}, true
			}
			return nil, false
		}
		var r bool
		switch name[8:] {
		case "HasPrefix":
			r = strings.HasPrefix(s[0], s[1])
		case "HasSuffix":
			r = strings.HasSuffix(s[0], s[1])
		case "Contains":
			r = strings.Contains(s[0], s[1])
		case "EqualFold":
			r = strings.EqualFold(s[0], s[1])
		}
		return boolean(r, anon), true
	case "strings.ToLower", "strings.ToUpper", "strings.TrimSpace", "strings.TrimPrefix", "strings.TrimSuffix", "strings.TrimRight", "strings.TrimLeft", "strings.Trim", "path.Clean", "strings.ReplaceAll", "strings.Replace":
		if _, ok := args[0].(absent); ok {
			return absent{t: "string"}, true
		}
		if u, ok := args[0].(*unknown); ok {
			return &unknown{t: "string", labels: u.labels, part: u.part, sent: u.sent}, true
		}
		if !all || anon {
			return nil, false
		}
		switch name {
		case "strings.ToLower":
			return str(strings.ToLower(s[0])), true
		case "strings.ToUpper":
			return str(strings.ToUpper(s[0])), true
		case "strings.TrimSpace":
			return str(strings.TrimSpace(s[0])), true
		case "strings.TrimPrefix":
			return str(strings.TrimPrefix(s[0], s[1])), true
		case "strings.TrimSuffix":
			return str(strings.TrimSuffix(s[0], s[1])), true
		case "strings.TrimRight":
			return str(strings.TrimRight(s[0], s[1])), true
		case "strings.TrimLeft":
			return str(strings.TrimLeft(s[0], s[1])), true
		case "strings.Trim":
			return str(strings.Trim(s[0], s[1])), true
		case "path.Clean":
			return str(path.Clean(s[0])), true
		case "strings.ReplaceAll":
			return str(strings.ReplaceAll(s[0], s[1], s[2])), true
		case "strings.Replace":
			if n, ok := asInt(args[3]); ok {
				return str(strings.Replace(s[0], s[1], s[2], n)), true
			}
		}
	case "strings.Map", "strings.TrimFunc":
		v := args[0]
		if name == "strings.Map" {
			v = args[len(args)-1]
		}
		if x, ok := asString(v); ok && x == "" {
			return v, true
		}
	case "path.Join", "net/url.JoinPath", "path/filepath.Join":
		var parts []string
		for _, a := range args {
			if x, ok := asString(a); ok {
				parts = append(parts, x)
			} else if l, ok := a.(*list); ok {
				parts = append(parts, stringsOf(l)...)
			}
		}
		if len(parts) > 0 {
			return str(path.Join(parts...)), true
		}
	case "strings.Join":
		if l, ok := args[0].(*list); ok && len(args) == 2 {
			return str(strings.Join(stringsOf(l), s[1])), true
		}
	case "strings.Split", "strings.Fields":
		if _, ok := args[0].(absent); ok {
			return absent{t: "[]string"}, true
		}
		if all && !anon && len(args) == 2 {
			l := &list{t: "[]string"}
			for _, p := range strings.Split(s[0], s[1]) {
				l.e = append(l.e, str(p))
			}
			return l, true
		}
	case "fmt.Sprintf":
		format, ok := asString(args[0])
		if !ok {
			return nil, false
		}
		if anon && m.sim != nil {
			return absent{t: "string"}, true
		}
		return str(sprintf(format, args[1:])), true
	case "slices.Contains":
		if len(args) == 2 {
			if m.lists(args[1], args[0]) {
				return boolean(true, false), true
			}
			if _, ok := args[1].(absent); ok {
				return boolean(false, true), true
			}
			if l, ok := args[0].(*list); ok {
				if m.sim != nil && l.from != "" && !slices.Contains(m.sim.read, l.from) {
					m.sim.read = append(m.sim.read, l.from)
				}
				for _, e := range l.e {
					if eq, ok, _ := equal(e, args[1]); ok && eq {
						return boolean(true, false), true
					} else if !ok {
						return nil, false
					}
				}
				return boolean(false, false), true
			}
		}
	case "errors.New", "fmt.Errorf", "github.com/pkg/errors.New", "github.com/pkg/errors.Errorf", "github.com/pkg/errors.Wrap":
		fa := failure{anon: anon}
		for _, a := range args {
			if x, ok := a.(failure); ok {
				fa.anon, fa.code = fa.anon || x.anon, x.code
				fa.name = x.name
			}
		}
		if fa.name == "" && len(s) > 0 && len(s[0]) < 60 {
			fa.name = s[0]
		}
		return fa, true
	}
	return nil, false
}

// sprintf formats with the arguments that are known.
func sprintf(format string, args []value) string {
	var b strings.Builder
	i := 0
	for j := 0; j < len(format); j++ {
		if format[j] != '%' || j+1 >= len(format) {
			b.WriteByte(format[j])
			continue
		}
		j++
		for j < len(format)-1 && strings.IndexByte("+-# 0123456789.", format[j]) >= 0 {
			j++
		}
		if format[j] == '%' {
			b.WriteByte('%')
			continue
		}
		if i < len(args) {
			if ss := stringsOf(args[i]); len(ss) > 0 {
				b.WriteString(ss[0])
			} else if n, ok := asInt(args[i]); ok {
				fmt.Fprint(&b, n)
			}
		}
		i++
	}
	return b.String()
}
