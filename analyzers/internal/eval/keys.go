package eval

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/program"
)

// What a function does to requests is found out once for all of its values that
// have captured the same: a guard is made anew for every route that asks for it,
// mostly with the same few arguments.

// closureKey tells functions with different behaviour apart.
type closureKey struct {
	fn       *function
	captured string
	recv     value
	t        string
}

func (m *machine) keyOfClosure(c *closure) closureKey {
	k := closureKey{fn: c.fn, captured: m.captured(c), t: c.t}
	switch r := c.recv.(type) {
	case *closure:
		k.recv = m.keyOfClosure(r)
	case tuple, union, nil:
	default:
		k.recv = r
	}
	return k
}

type capture struct {
	fn  *function
	env *env
}

// captured names what a function literal sees of the variables around it.
func (m *machine) captured(c *closure) string {
	if c.env == nil {
		return ""
	}
	key := capture{c.fn, c.env}
	if s, ok := m.captures[key]; ok {
		return s
	}
	if m.captures == nil {
		m.captures = map[capture]string{}
	}
	var b strings.Builder
	m.writeNumber(&b, c.env)
	m.captures[key] = b.String() // for a function that captures itself
	if m.capturing >= maxIdentityDepth {
		return m.captures[key]
	}
	m.capturing++
	defer func() { m.capturing-- }()
	b.Reset()
	for _, id := range m.locals(c.fn) {
		if v, where := c.env.get(id); where != nil {
			b.WriteString(strconv.Itoa(int(id)))
			b.WriteByte('=')
			m.writeIdentity(&b, v, 0)
			b.WriteByte(';')
		}
	}
	m.captures[key] = b.String()
	return m.captures[key]
}

// locals are the variables that a function and the literals in it use.
func (m *machine) locals(fn *function) []int32 {
	if fn.locals != nil {
		return fn.locals
	}
	ids := []int32{}
	var visit func(n *program.Node)
	visit = func(n *program.Node) {
		walk(n, func(n *program.Node) {
			switch n.Op {
			case program.Local:
				ids = append(ids, n.N)
			case program.Lit:
				visit(m.lits[fn.pkg][n.N].Body)
			}
		})
	}
	visit(fn.Body)
	slices.Sort(ids)
	fn.locals = slices.Compact(ids)
	return fn.locals
}

// How much of a value its identity goes into; what is beyond counts as itself.
const (
	maxIdentityDepth = 4
	maxIdentityWidth = 16
)

// writeIdentity writes what tells a value from others: what is in it where that
// does not change any more, else which of all values it is.
func (m *machine) writeIdentity(b *strings.Builder, v value, depth int) {
	each := func(vs []value) {
		for _, v := range vs {
			m.writeIdentity(b, v, depth+1)
			b.WriteByte(',')
		}
	}
	quoted := func(s string) { b.WriteString(strconv.Quote(s)) }
	if depth <= maxIdentityDepth {
		switch x := v.(type) {
		case *closure:
			k := m.keyOfClosure(x)
			b.WriteByte('f')
			m.writeNumber(b, x.fn)
			b.WriteString("{" + k.captured + "}" + k.t)
			m.writeIdentity(b, x.recv, depth+1)
			return
		case *unknown:
			b.WriteByte('u')
			quoted(x.t)
			quoted(strings.Join(x.labels, " "))
			quoted(x.part)
			quoted(x.begins)
			quoted(x.from)
			fmt.Fprint(b, x.sent, x.free, x.carried, x.ofPath)
			return
		case *list:
			if len(x.e) <= maxIdentityWidth {
				b.WriteByte('l')
				quoted(x.t)
				each(x.e)
				return
			}
		case *external:
			if len(x.args) <= maxIdentityWidth {
				b.WriteByte('e')
				quoted(x.name)
				b.WriteString(strconv.FormatBool(x.called))
				m.writeIdentity(b, x.recv, depth+1)
				each(x.args)
				return
			}
		case fieldArg:
			quoted(x.name)
			m.writeIdentity(b, x.v, depth+1)
			return
		case *wrapped:
			b.WriteByte('w')
			quoted(x.strip)
			m.writeIdentity(b, x.mw, depth+1)
			m.writeIdentity(b, x.inner, depth+1)
			return
		case tuple:
			b.WriteByte('t')
			each(x)
			return
		case union:
			b.WriteByte('o')
			each(x)
			return
		case constant:
			b.WriteByte(x.k)
			quoted(x.s)
			b.WriteString(strconv.FormatBool(x.anon))
			return
		}
	}
	m.writeNumber(b, v)
}

// writeNumber writes which of all values this is.
func (m *machine) writeNumber(b *strings.Builder, v any) {
	switch v.(type) {
	case tuple, union, fieldArg: // not comparable: none is like another
		m.numbered++
		b.WriteString("#" + strconv.Itoa(m.numbered))
		return
	}
	if m.numbers == nil {
		m.numbers = map[any]int{}
	}
	n, ok := m.numbers[v]
	if !ok {
		m.numbered++
		n = m.numbered
		m.numbers[v] = n
	}
	b.WriteString("#" + strconv.Itoa(n))
}
