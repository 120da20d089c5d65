package eval

import (
	"slices"
	"strconv"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/program"
)

// Literals, and parts of what they made.

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
				key := m.eval(k.K[0], f)
				tb.put(key, m.eval(k.K[1], f))
				if name := keyOf(key); name != "" && m.sim == nil {
					if tb.at == nil {
						tb.at = map[string]place{}
					}
					tb.at[name] = m.at(k, f)
				}
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
		o.literal, o.at = true, m.at(n, f)
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
					if k.K[1].Op == program.Const && k.K[1].T == "bool" && m.sim == nil {
						if o.switches == nil {
							o.switches = map[string]place{}
						}
						o.switches[k.K[0].S] = m.at(k, f)
					}
					if m.sim != nil && isForbidden(v) {
						m.sim.denies(m.at(k, f))
					}
				}
			}
		}
		if m.sim == nil && m.handlerIn(o) != nil {
			o.via = m.via()
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
	if m.sim == nil {
		m.destination(n, f)
	}
	ex := &external{name: t, t: t, called: true, pos: m.at(n, f)}
	for _, k := range n.K {
		if k.Op == program.KV {
			v := m.eval(k.K[1], f)
			if k.K[0].Op == program.Const {
				ex.args = append(ex.args, fieldArg{k.K[0].S, v})
				if m.sim == nil {
					m.literalField(t, k.K[0].S, v, m.at(k, f))
				}
			}
		} else {
			ex.args = append(ex.args, m.eval(k, f))
		}
	}
	return ex
}

// keyed is what a table of handlers or middleware holds under a key that somebody
// configures: one of them each under the condition that it is that key, the one
// that it is by default first.
func (m *machine) keyed(t *table, n *program.Node, k value) value {
	if m.sim != nil || len(t.keys) == 0 || len(t.keys) > maxUnion {
		return nil
	}
	def := byDefault(k)
	var out value
	for _, key := range t.keys {
		c, ok := key.(constant)
		v := t.e[keyOf(key)]
		if !ok || !handlerLike(v) {
			return nil
		}
		is := condition{of: text(n.K[1]), off: true, set: settingsOf(k)}
		is.text = is.of + " is " + c.text()
		if def != nil {
			is.off, is.at = def.constant != c, def.at
		}
		v = m.chosenUnder(v, []condition{is})
		if is.off {
			out = join(out, v, nil, true)
		} else {
			out = join(v, out, nil, true)
		}
	}
	return out
}

// hint gives an untyped literal in a list or map the list's element type.
func (m *machine) hint(n *program.Node, t string) {
	if n.Op == program.Composite && n.T == "" {
		n.T = t
	}
}

// literalField looks at a field of a library's struct: a server's handler, or a
// function that will be called some time.
func (m *machine) literalField(t, name string, v value, at place) {
	if (t == "net/http.Server" || t == fasthttpPkg+".Server" || m.beyond(pkgOf(t)) && strings.Contains(lastName(t), "Server")) && name == "Handler" {
		m.serve(v, at)
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
	if f, ok := x.(forged); ok {
		f.head = f.head || n.K[1].Op == program.Nil && n.K[2].Op != program.Nil
		return f
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
	case constant:
		if i, ok := asInt(k); ok && o.k == 's' && i >= 0 && i < len(o.s) {
			return constant{k: 'i', s: strconv.Itoa(int(o.s[i]))} // a byte
		}
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
		m.looksAt(o.from)
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
		if f, ok := k.(forged); ok {
			return m.foundBy(f, n.T)
		}
		for _, kk := range o.keys {
			m.compared(k, kk, false)
		}
		m.lookedUp(k, o)
		if p := m.picked(o); p != nil {
			return p.row
		}
		if v := m.keyed(o, n, k); v != nil {
			return v
		}
		v := &unknown{t: n.T, labels: labels(k)}
		if m.weighing() && len(o.keys) > 0 && aboutCaller(n.K[1], k) {
			return m.lacking(v, "")
		}
		return v
	case absent:
		return absent{t: n.T}
	case forged:
		return forgedPart(o, n.T, k)
	case request:
		if o.kind == "hdr" {
			return m.header(k, n.K[1], n.T)
		}
		if o.kind == "session" && m.sim != nil {
			return m.ofSession(n.T, mergeLabels(labels(k), m.nodeWords(n.K[1])), k, n.K[1])
		}
		if o.kind == "vars" && m.sim != nil {
			return m.param(k, n.T)
		}
	case *unknown:
		return m.partOfUnknown(o, k, n)
	}
	if _, ok := k.(absent); ok {
		return absent{t: n.T}
	}
	return &unknown{t: n.T, labels: labels(x)}
}

// partOfUnknown is what a list or map of which nothing is known holds under a key.
func (m *machine) partOfUnknown(o *unknown, k value, n *program.Node) value {
	if _, ok := k.(absent); ok && m.sim != nil {
		return absent{t: n.T}
	}
	if f, ok := k.(forged); ok {
		return m.foundBy(f, n.T)
	}
	if m.lists(k, o) && n.T == "bool" {
		return boolean(true, false)
	}
	v := &unknown{t: n.T, labels: mergeLabels(m.nodeWords(n.K[1]), o.labels, labels(k)), from: o.from}
	if m.weighing() && m.namesCaller(n.K[1], k) && !slices.Contains(o.labels, identityLabel) {
		return m.unrelated(v, "") // a record's own set
	}
	if standsFor(k) {
		return m.partOfCaller(v, n)
	}
	return v
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
