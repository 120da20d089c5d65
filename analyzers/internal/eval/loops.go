package eval

import (
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/program"
)

// scope opens a scope for one turn of a loop, so that closures made in it keep
// its variables; the result closes it.
func (f *frame) scope() func() {
	outer := f.env
	f.env = &env{vars: map[int32]value{}, parent: outer}
	return func() { f.env = outer }
}

// makesClosures reports whether code has function literals.
func makesClosures(n *program.Node) bool {
	found := false
	walk(n, func(n *program.Node) { found = found || n.Op == program.Lit })
	return found
}

// cutShort notes that a loop that counts is not followed to its end, if it has
// registered something.
func (m *machine) cutShort(since int, n *program.Node, f *frame) {
	if m.sim == nil && m.seq > since {
		m.lacks("the loop of more than " + itoa(maxLoop) + " turns at " + m.at(n, f).String() + " was not followed to its end")
	}
}

const maxNotes = 20

// lacks notes something that the inventory lacks.
func (m *machine) lacks(s string) {
	if len(m.notes) < maxNotes && !slices.Contains(m.notes, s) {
		m.notes = append(m.notes, s)
	}
}

func (m *machine) execFor(n *program.Node, f *frame) control {
	scoped := makesClosures(n.K[1])
	defer m.keepConditions()()
	since := m.seq
	for i := 0; ; i++ {
		if i == maxLoop {
			m.cutShort(since, n, f)
			break
		}
		if n.K[0].Op != program.Nil {
			ok, val, _ := truth(m.eval(n.K[0], f))
			if !ok {
				return m.once(n.K[1], f)
			}
			if !val {
				return goOn
			}
		} else if i > 0 {
			return goOn
		}
		leave := func() {}
		if scoped {
			leave = f.scope()
		}
		c := m.exec(n.K[1], f)
		leave()
		switch c {
		case broke:
			return goOn
		case returned, stopped:
			return c
		}
		if m.spent() {
			return goOn
		}
		m.exec(n.K[2], f)
	}
	return goOn
}

// onlyIf says that what is done with an element happens only if the element is there;
// the result ends it.
func (m *machine) onlyIf(v value) func() {
	n := len(m.conds)
	if v == nil || !comparableValue(v) || len(m.only[v]) == 0 {
		return func() {}
	}
	m.conds = distinctConditions(m.conds, m.only[v])
	unsure := m.unsureFrom()
	return func() {
		unsure()
		m.conds = m.conds[:min(n, len(m.conds))]
	}
}

// once runs a loop body whose number of runs is not known.
func (m *machine) once(body *program.Node, f *frame) control {
	c := m.maybe(f, nil, func() control { return m.exec(body, f) })
	if c == stopped {
		return goOn
	}
	return goOn
}

func (m *machine) execRange(n *program.Node, f *frame) control {
	x := m.eval(n.K[2], f)
	bind := func(node *program.Node, v value) {
		if node.Op != program.Nil {
			m.assignTo(node, v, f)
		}
	}
	scoped := makesClosures(n.K[3])
	defer m.keepConditions()()
	run := func(k, v value) (control, bool) {
		if scoped {
			defer f.scope()()
		}
		bind(n.K[0], k)
		bind(n.K[1], v)
		if m.sim == nil {
			defer m.row(x, k, v)()
			defer m.onlyIf(v)()
		}
		c := m.exec(n.K[3], f)
		return c, c == broke || c == returned || c == stopped
	}
	switch l := x.(type) {
	case *list:
		m.looksAt(l.from)
		if p := m.picked(l); p != nil {
			l = &list{t: l.t}
			if p.row != nil {
				l.e = []value{p.row}
			}
		}
		return m.goThrough(l, 0, f, run)
	case *table:
		keys := l.keys
		if p := m.picked(l); p != nil {
			keys = nil
			if p.row != nil {
				keys = []value{p.key}
			}
		}
		for _, k := range keys {
			if m.spent() {
				break
			}
			if c, end := run(k, l.e[keyOf(k)]); end {
				if c == broke {
					return goOn
				}
				return c
			}
		}
		return goOn
	case constant:
		if k, ok := asInt(l); ok && l.k == 'i' {
			since := m.seq
			if k > maxLoop {
				defer func() { m.cutShort(since, n, f) }()
			}
			for i := 0; i < k && i < maxLoop; i++ {
				if c, end := run(num(i), nil); end {
					if c == broke {
						return goOn
					}
					return c
				}
			}
			return goOn
		}
	case absent:
		if m.sim != nil {
			m.spare(n.K[3], f)
		}
		return goOn
	case forged:
		if c, end := run(num(0), forgedPart(l, elemType(l.t), nil)); end && c != broke {
			return c
		}
		return goOn
	case nilValue:
		return goOn
	case *closure:
		if m.sim == nil {
			y := &yields{run: run}
			if m.callFunc(l, call{n: &program.Node{}, f: f, pos: m.at(n, f), args: []value{y}}); y.ran {
				return goOn
			}
		}
	case union:
		for _, y := range l {
			if ll, ok := y.(*list); ok {
				for i, e := range ll.e {
					run(num(i), e)
				}
			}
		}
		return goOn
	}
	et := elemType(typeOf(x))
	if m.sim == nil {
		// A list that a container for dependencies puts together holds what
		// implements its element type.
		if vs := m.implementers(et); len(vs) > 0 && f.fn.relevant {
			for _, e := range vs {
				m.maybe(f, nil, func() control { c, _ := run(&unknown{t: "int"}, e); return c })
			}
			return goOn
		}
	}
	from, given := "", false
	if u, ok := x.(*unknown); ok {
		from, given = u.from, u.carried
	}
	k, v := value(&unknown{}), value(&unknown{t: et, labels: labels(x), from: from, carried: given, each: m.several(n.K[2], x), shown: isShown(x)})
	if m.sim != nil && m.sim.listed && isSetting(x) {
		if strings.HasPrefix(typeOf(x), "map[") {
			k, v = v, k
		}
		if c, _ := run(k, v); c == returned || c == stopped {
			return c
		}
		return goOn
	}
	if strings.HasPrefix(typeOf(x), "chan ") {
		k, v = v, k
	}
	m.maybe(f, nil, func() control { c, _ := run(k, v); return c })
	return goOn
}

// goThrough runs a loop's body for the elements of a list from one of them on.
func (m *machine) goThrough(l *list, from int, f *frame, run func(k, v value) (control, bool)) control {
	for i := from; i < len(l.e); i++ {
		if m.spent() {
			return goOn
		}
		k, e := num(i), l.e[i]
		switch l.order {
		case singly:
			k, e = e, nil
		case backwards:
			k = num(len(l.e) - 1 - i)
		}
		was := f.skips
		f.skips = false
		c, end := run(k, e)
		skips := f.skips
		f.skips = was
		switch {
		case !end:
		case c == broke:
			return goOn
		case c == returned && skips:
			// The request may be none that this element is for: then the next is asked.
			m.maybe(f, nil, func() control { return m.goThrough(l, i+1, f, run) })
			return c
		default:
			return c
		}
	}
	return goOn
}

func elemType(t string) string {
	switch {
	case strings.HasPrefix(t, "[]"):
		return strings.TrimPrefix(t[2:], "*")
	case strings.HasPrefix(t, "map["):
		depth := 0
		for i := 4; i < len(t); i++ {
			switch t[i] {
			case '[':
				depth++
			case ']':
				if depth == 0 {
					return strings.TrimPrefix(t[i+1:], "*")
				}
				depth--
			}
		}
	case strings.HasPrefix(t, "chan "):
		return strings.TrimPrefix(t[5:], "*")
	}
	return ""
}

// yields is what an iterator function is given to call for each turn of a loop.
type yields struct {
	run func(k, v value) (control, bool)
	ran bool
}

// turn runs the loop's body once; its result is whether to go on.
func (y *yields) turn(args []value) value {
	y.ran = true
	var k, v value
	if len(args) > 0 {
		k = args[0]
	}
	if len(args) > 1 {
		v = args[1]
	}
	_, end := y.run(k, v)
	return boolean(!end, false)
}
