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
// mostly with the same few arguments, and many programs put their parts together
// in several ways.

// closureKey tells functions with different behaviour apart.
type closureKey struct {
	fn             *function
	captured, recv string
	t              string
}

// keys tells values apart.
type keys struct {
	m *machine
	// alike: routers that are made at the same place are one like the other, as
	// they are for what a function refuses; they are not for where it leads.
	alike    bool
	captures map[capture]string
	objects  map[*object]string
	contents map[string]string
	numbers  map[any]string // of values that only themselves are like
	depth    int
}

func newKeys(m *machine, alike bool) *keys {
	return &keys{m: m, alike: alike, captures: map[capture]string{}, objects: map[*object]string{}, contents: map[string]string{}, numbers: map[any]string{}}
}

type capture struct {
	fn  *function
	env *env
}

func (k *keys) of(c *closure) closureKey {
	key := closureKey{fn: c.fn, captured: k.captured(c), t: c.t}
	if c.recv != nil {
		var b strings.Builder
		k.write(&b, c.recv)
		key.recv = b.String()
	}
	return key
}

// captured names what a function literal sees of the variables around it.
func (k *keys) captured(c *closure) string {
	if c.env == nil {
		return ""
	}
	key := capture{c.fn, c.env}
	if s, ok := k.captures[key]; ok {
		return s
	}
	k.captures[key] = k.number(c.env) // for a function that captures itself
	var b strings.Builder
	for _, id := range k.m.locals(c.fn) {
		if v, where := c.env.get(id); where != nil {
			b.WriteString(strconv.Itoa(int(id)))
			b.WriteByte('=')
			k.write(&b, v)
			b.WriteByte(';')
		}
	}
	k.captures[key] = k.short(b.String())
	return k.captures[key]
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

// How much of a value goes into what tells it apart; a value with more in it is
// like itself only.
const (
	maxKeyDepth = 40
	maxKeyWidth = 64
)

// write writes what tells a value from others: what is in it, if it was made
// while registering and so does not change any more, else which of all it is.
func (k *keys) write(b *strings.Builder, v value) {
	if k.depth >= maxKeyDepth {
		b.WriteString(k.number(v))
		return
	}
	k.depth++
	defer func() { k.depth-- }()
	each := func(vs []value) {
		for _, v := range vs {
			k.write(b, v)
			b.WriteByte(',')
		}
	}
	quoted := func(s string) { b.WriteString(strconv.Quote(s)) }
	switch x := v.(type) {
	case nil:
		b.WriteByte('_')
	case *closure:
		b.WriteByte('f')
		b.WriteString(k.number(x.fn))
		b.WriteString(k.captured(x))
		quoted(x.t)
		k.write(b, x.recv)
	case *unknown:
		b.WriteByte('u')
		for _, s := range []string{x.t, strings.Join(x.labels, " "), x.part, x.begins, x.from} {
			quoted(s)
		}
		fmt.Fprint(b, x.sent, x.free, x.carried, x.ofPath, x.ofHeader)
		if x.def != nil {
			k.write(b, x.def.constant)
		}
		for _, s := range x.set {
			quoted(s.String())
		}
		if x.rest != nil {
			b.WriteString(k.number(x.rest))
		}
	case constant:
		b.WriteByte(x.k)
		quoted(x.s)
		b.WriteString(strconv.FormatBool(x.anon))
	case *list:
		if len(x.e) > maxKeyWidth {
			b.WriteString(k.number(v))
			return
		}
		b.WriteByte('l')
		quoted(x.t)
		each(x.e)
	case *table:
		if len(x.keys) > maxKeyWidth || slices.ContainsFunc(x.keys, func(v value) bool { return keyOf(v) == "" }) {
			b.WriteString(k.number(v))
			return
		}
		b.WriteByte('m')
		quoted(x.t)
		for _, key := range x.keys {
			k.write(b, key)
			b.WriteByte(':')
			k.write(b, x.e[keyOf(key)])
		}
	case *external:
		b.WriteByte('e')
		quoted(x.name)
		quoted(x.t)
		b.WriteString(strconv.FormatBool(x.called))
		k.write(b, x.recv)
		each(x.args)
	case fieldArg:
		quoted(x.name)
		k.write(b, x.v)
	case *wrapped:
		b.WriteByte('w')
		quoted(x.strip)
		k.write(b, x.mw)
		k.write(b, x.inner)
	case tuple:
		b.WriteByte('t')
		each(x)
	case union:
		b.WriteByte('o')
		each(x)
	case *router:
		if k.alike {
			fmt.Fprintf(b, "r%q%v%q", x.t, x.pos, x.name)
			return
		}
		b.WriteString(k.number(v))
	case *object:
		b.WriteString(k.object(x))
	default:
		b.WriteString(k.number(v))
	}
}

// object names an object by what is in it.
func (k *keys) object(o *object) string {
	if s, ok := k.objects[o]; ok {
		return s
	}
	k.objects[o] = k.number(o)
	if o.sim != nil || len(o.f) > maxKeyWidth {
		return k.objects[o]
	}
	names := make([]string, 0, len(o.f))
	for name := range o.f {
		names = append(names, name)
	}
	slices.Sort(names)
	var b strings.Builder
	fmt.Fprintf(&b, "%s%v", o.t, o.literal)
	for _, name := range names {
		b.WriteString(";" + name + "=")
		k.write(&b, o.f[name])
	}
	k.objects[o] = k.short(b.String())
	return k.objects[o]
}

// short stands for a text that tells something apart.
func (k *keys) short(s string) string {
	if len(s) < 12 {
		return "(" + s + ")"
	}
	name, ok := k.contents[s]
	if !ok {
		name = "$" + strconv.Itoa(len(k.contents))
		k.contents[s] = name
	}
	return name
}

// number is which of all values this is.
func (k *keys) number(v any) string {
	switch v.(type) {
	case tuple, union, fieldArg: // not comparable: none is like another
		v = new(int8)
	}
	n, ok := k.numbers[v]
	if !ok {
		n = "#" + strconv.Itoa(len(k.numbers))
		k.numbers[v] = n
	}
	return n
}
