package eval

import (
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/program"
)

func (m *machine) binaryNode(n *program.Node, f *frame) value {
	a := m.eval(n.K[0], f)
	if n.S == "&&" || n.S == "||" {
		stopAt := n.S == "||"
		ok, v, anon := truth(a)
		if ok && v == stopAt {
			return boolean(v, anon)
		}
		if m.sim != nil && readsNil(n) {
			// It has this value, or the request ends in a panic.
			if ok && anon {
				m.sim.dies(m, m.at(n, f))
			}
			return boolean(stopAt, false)
		}
		b := m.eval(n.K[1], f)
		ok2, v2, anon2 := truth(b)
		switch {
		case ok && ok2:
			return boolean(v2, anon || anon2)
		case ok2 && v2 == stopAt:
			return boolean(v2, anon2)
		}
		u := &unknown{t: "bool", labels: mergeLabels(m.nodeWords(n.K[0]), m.nodeWords(n.K[1]), labels(a), labels(b)), def: m.defaulted(n, a, b), set: mergeSettings(settingsOf(a), settingsOf(b))}
		switch {
		case ok:
			u.free, u.rest = freeOf(b), undecided(b, n.K[1])
		case ok2:
			u.free, u.rest = freeOf(a), undecided(a, n.K[0])
		case n.S == "&&":
			u.free = conjunction(freeOf(a), freeOf(b))
		default:
			u.free = disjunction(freeOf(a), freeOf(b))
		}
		if x, y := undecided(a, n.K[0]), undecided(b, n.K[1]); u.rest == nil && (x != n.K[0] || y != n.K[1]) {
			u.rest = &program.Node{Op: program.Binary, S: n.S, K: []*program.Node{x, y}, Line: n.Line}
		}
		return u
	}
	b := m.eval(n.K[1], f)
	v := m.binary(n.S, a, b)
	if u, ok := v.(*unknown); ok {
		out := &unknown{t: u.t, labels: mergeLabels(m.nodeWords(n), u.labels), free: u.free, begins: u.begins, def: m.defaulted(n, a, b), set: mergeSettings(settingsOf(a), settingsOf(b))}
		switch {
		case m.weighs(n, a, b):
			return m.lacking(out, callerFirst(n, a))
		case m.relates(n, a, b):
			return m.unrelated(out, n.S)
		}
		return out
	}
	return v
}

// readsNil reports whether a condition reads a field of what it has just found to
// be nil: x == nil && x.f, x != nil || x.f.
func readsNil(n *program.Node) bool {
	test := n.K[0]
	if test.Op != program.Binary || test.S != map[string]string{"&&": "==", "||": "!="}[n.S] {
		return false
	}
	x := test.K[0]
	if x.Op == program.Nil {
		x = test.K[1]
	} else if test.K[1].Op != program.Nil {
		return false
	}
	found := false
	walk(n.K[1], func(k *program.Node) {
		found = found || k.Op == program.Field && x.Op == program.Local && k.K[0].Op == program.Local && k.K[0].N == x.N
	})
	return found
}

func (m *machine) binary(op string, a, b value) value {
	switch op {
	case "==", "!=":
		return m.compare(op, a, b)
	case "+":
		if m.sim == nil {
			a, b = asSet(a), asSet(b)
		}
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
		if f, ok := a.(forged); ok && (ok2 || isForged(b)) {
			return f
		}
		if f, ok := b.(forged); ok && ok1 {
			return f
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
		if isForged(a) || isForged(b) {
			return forgedOrder(op, a, b)
		}
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
		if op == "&" && (xa == 1 && x == 0 || ya == 1 && y == 0) {
			return num(0) // whatever the other is
		}
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

// asSet is what a text is where nobody configured it, if code says.
func asSet(v value) value {
	if u, ok := v.(*unknown); ok && u.def != nil && u.def.k == 's' {
		return u.def.constant
	}
	return v
}

// undecided is what of a condition is not decided.
func undecided(v value, n *program.Node) *program.Node {
	if u, ok := v.(*unknown); ok && u.rest != nil {
		return u.rest
	}
	return n
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
		// What is there under conditions is there where they hold.
		if x, ok := a.(*external); ok && isNil(b) && handlerLike(x) && len(m.only[x]) > 0 {
			return boolean(op == "!=", false)
		}
	}
	if isForged(a) || isForged(b) {
		return m.forgedCompare(op, a, b)
	}
	eq, ok, anon := equal(a, b)
	if !ok && m.isThere(a, b) {
		return boolean(op == "!=", false)
	}
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
		case *object:
			return false, true, x.anon && x.literal
		case *closure, *router, *list, *table, request, next, *wrapped:
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
