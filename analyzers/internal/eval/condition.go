package eval

import (
	"slices"
	"strconv"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/program"
	"github.com/launchgate/launchgate/analyzers/routes"
)

// condition is what something depends on while routes are registered: whether a
// guard is attached, which of two it is, whether a route is there at all.
type condition struct {
	text string
	not  bool
	// off: it does not hold where what is unknown in it has its zero value, as
	// configuration has that nobody wrote.
	off bool
	// unclear: by default it may hold or not; whether something was made, or found.
	unclear bool
	// after: it is that of what follows a return.
	after bool
	// at is where code gives what it depends on a default, set the settings that
	// is.
	at  place
	set []setting
	// of is what it is a value of, where it is one of several: two of them never
	// hold together.
	of string
}

// excludes reports whether two conditions never hold together.
func (c condition) excludes(d condition) bool {
	return c.text == d.text && c.not != d.not || c.of != "" && c.of == d.of && c.text != d.text && !c.not && !d.not
}

// String is the condition with what is known of the settings that it asks for.
func (c condition) String() string { return c.bare() + inBrackets(c.set) }

// bare is the condition alone.
func (c condition) bare() string {
	if !c.not {
		return c.text
	}
	if rest, ok := strings.CutPrefix(c.text, c.of+" is "); ok && c.of != "" {
		return c.of + " is not " + rest
	}
	if strings.Count(c.text, " == ") == 1 && !strings.Contains(c.text, "&&") && !strings.Contains(c.text, "||") {
		return strings.Replace(c.text, " == ", " != ", 1)
	}
	if strings.ContainsRune(c.text, ' ') {
		return "not (" + c.text + ")"
	}
	return "!" + c.text
}

func (c condition) negated() condition {
	c.not, c.off = !c.not, !c.off && !c.unclear
	return c
}

// in reports whether a condition is among others.
func (c condition) in(cs []condition) bool {
	return slices.ContainsFunc(cs, func(d condition) bool { return c.text == d.text && c.not == d.not })
}

// conditionOf is the condition of a branch; what a parameter says is what the
// caller said.
func conditionOf(n *program.Node, f *frame) condition {
	switch {
	case n.Op == program.Unary && n.S == "!":
		return conditionOf(n.K[0], f).negated()
	case n.Op == program.Binary && n.S == "!=" && !asksPresence(n):
		is := *n
		is.S = "=="
		return conditionOf(&is, f).negated()
	case n.Op == program.Local && f != nil && f.call != nil:
		i := slices.IndexFunc(f.fn.Params, func(p program.Param) bool { return p.ID == n.N && n.N != 0 })
		if i >= 0 && i+1 < len(f.call.K) && f.call.N == 0 {
			n = f.call.K[i+1]
			return conditionOf(n, nil)
		}
	}
	unclear := asksPresence(n)
	return condition{text: text(n), off: !unclear && !zeroTruth(n), unclear: unclear}
}

// weighedCondition is the condition of a branch, weighed by what code says of the
// default of what it depends on.
func weighedCondition(n *program.Node, cond value, f *frame) condition {
	return conditionOf(n, f).weighedBy(cond)
}

// weighedBy is the condition with what its value says of its default.
func (c condition) weighedBy(v value) condition {
	c.set = settingsOf(v)
	if d := byDefault(v); d != nil && d.k == 'b' {
		c.off, c.unclear, c.at = d.s != "true", false, d.at
	}
	return c
}

// asksPresence reports whether a condition asks only whether something is there,
// by comparing it with nil or by the second result of a look-up.
func asksPresence(n *program.Node) bool {
	switch n.Op {
	case program.Unary:
		return n.S == "!" && asksPresence(n.K[0])
	case program.Binary:
		return (n.S == "==" || n.S == "!=") && (n.K[0].Op == program.Nil || n.K[1].Op == program.Nil)
	case program.Local:
		return n.S == "ok" || n.S == "found" || n.S == "exists"
	}
	return false
}

// caseOf is the condition of one clause of a switch.
func caseOf(tag, clause *program.Node, f *frame) condition {
	if tag.Op == program.Nil && clause.N == 1 {
		return conditionOf(clause.K[0], f)
	}
	c := condition{off: true}
	var is []string
	for _, e := range clause.K[:clause.N] {
		if e.Op == program.TypeOf {
			is = append(is, e.T)
			continue
		}
		is = append(is, text(e))
		if tag.Op == program.Nil {
			c.off = c.off && !zeroTruth(e)
		} else {
			c.off = c.off && !isZero(e)
		}
	}
	c.text = strings.Join(is, " or ")
	if tag.Op != program.Nil {
		c.of = text(tag)
		c.text = c.of + " is " + c.text
	}
	return c
}

func isZero(n *program.Node) bool {
	return n.Op == program.Nil || n.Op == program.Const && (n.S == "" || n.T != "string" && (n.S == "0" || n.S == "false"))
}

// leaves is what holds for what follows an undecided condition one of whose
// branches returned. That registering failed is no such thing: then there is no
// server.
func (m *machine) leaves(n *program.Node, cond value, f *frame, c1, c2 control) []condition {
	if m.sim != nil || (c1 == returned) == (c2 == returned) || c1 != goOn && c2 != goOn {
		return nil
	}
	left := weighedCondition(n.K[0], cond, f)
	body := n.K[1]
	if c1 == returned {
		left = left.negated()
	} else if len(n.K) > 2 {
		body = n.K[2]
	}
	if fails(body) {
		return nil
	}
	left.after = true
	return []condition{left}
}

// fails reports whether a block ends by returning an error.
func fails(n *program.Node) bool {
	for n != nil && n.Op == program.Block && len(n.K) > 0 {
		n = n.K[len(n.K)-1]
	}
	if n == nil || n.Op != program.Return || len(n.K) == 0 {
		return false
	}
	last := n.K[len(n.K)-1]
	return last.T == "error" || last.Op == program.Local && strings.HasPrefix(last.S, "err") ||
		last.Op == program.Call && (last.K[0].S == "errors.New" || last.K[0].S == "fmt.Errorf")
}

// keepConditions restores the conditions that hold now, when its result is called.
func (m *machine) keepConditions() func() {
	n := len(m.conds)
	return func() { m.conds = m.conds[:min(n, len(m.conds))] }
}

// chosen marks a middleware that a function returns, or a variable gets, under
// conditions. The mark is the copy's own: what else holds the middleware is not
// bound to them.
func (m *machine) chosen(v value) value {
	return m.chosenUnder(v, m.conds)
}

func (m *machine) chosenUnder(v value, conds []condition) value {
	if len(conds) == 0 {
		return v
	}
	var out value
	switch x := v.(type) {
	case tuple:
		if len(x) > 0 {
			y := slices.Clone(x)
			y[0] = m.chosenUnder(x[0], conds)
			return y
		}
		return v
	case *closure:
		y := *x
		out = &y
	case *wrapped:
		y := *x
		out = &y
	case *external:
		if !handlerLike(x) && !(x.called && x.t == "") { // without its type it may well be one
			return v
		}
		y := *x
		out = &y
	case *object:
		// One that is made there and then is what is bound, no copy of it: others
		// will know it by its place.
		if m.sim != nil || x.born < m.unsureSince || x.born == packageLevel || x.t == chainType {
			return v
		}
		out = x
	default:
		return v
	}
	if m.only == nil {
		m.only = map[value][]condition{}
	}
	m.only[out] = distinctConditions(m.only[v], conds)
	return out
}

func (m *machine) chosenAll(vs []value) []value {
	if len(m.conds) == 0 {
		return vs
	}
	out := make([]value, len(vs))
	for i, v := range vs {
		out[i] = m.chosen(v)
	}
	return out
}

// perhapsAround is a handler with a middleware around it that is there under
// conditions: with it where they hold, and without it where they do not.
func (m *machine) perhapsAround(mw *closure, c call) value {
	conds := m.only[mw]
	if m.sim != nil || len(conds) == 0 || len(c.args) != 1 || len(mw.fn.Params) != 1 || !isNextType(mw.fn.Params[0].Type) {
		return nil
	}
	h := c.args[0]
	if !handlerLike(h) && !m.servesHTTP(h) {
		return nil
	}
	around := m.chosenUnder(m.callFunc(mw, c), conds)
	if !handlerLike(around) || same(around, h) {
		return around
	}
	if slices.ContainsFunc(conds, func(c condition) bool { return c.off }) {
		return join(h, around, nil, true)
	}
	return join(around, h, nil, true)
}

// choice is one of the middleware that a value may be.
type choice struct {
	v     value
	conds []condition
}

// choices takes a middleware apart that is one of several, where it is known
// what decides which.
func (m *machine) choices(v value) []choice {
	switch x := v.(type) {
	case *closure, *external, *wrapped:
		return []choice{{v, m.only[x]}}
	case union:
		var out []choice
		known := false
		for _, e := range x {
			c := choice{v: e}
			switch e.(type) {
			case *closure, *external, *wrapped:
				c.conds = m.only[e]
			}
			known = known || len(c.conds) > 0
			out = append(out, c)
		}
		if !known {
			break
		}
		for i := range out {
			if len(out[i].conds) > 0 {
				continue
			}
			for _, other := range out {
				if len(other.conds) == 1 {
					out[i].conds = append(out[i].conds, other.conds[0].negated())
				}
			}
		}
		return out
	}
	return []choice{{v: v}}
}

func distinctConditions(css ...[]condition) []condition {
	var out []condition
	for _, cs := range css {
		for _, c := range cs {
			if !c.in(out) {
				out = append(out, c)
			}
		}
	}
	return out
}

// allBare is allOf without what is known of the settings.
func allBare(cs []condition) string { return joined(cs, condition.bare) }

func allOf(cs []condition) string { return joined(cs, condition.String) }

func joined(cs []condition, write func(condition) string) string {
	var out []string
	for _, c := range cs {
		s := write(c)
		if len(cs) > 1 && strings.Contains(c.bare(), " || ") && !strings.HasPrefix(s, "not (") {
			s = "(" + c.bare() + ")" + strings.TrimPrefix(s, c.bare())
		}
		out = append(out, s)
	}
	return strings.Join(out, " and ")
}

// registeredIf says of a route under which conditions it is registered.
func registeredIf(rt *routes.Route, all []condition) {
	cs := worth(all)
	rt.If, rt.Settings, rt.Defaults = allBare(cs), settingsText(cs), nil
	rt.Off = slices.ContainsFunc(cs, func(c condition) bool { return c.off })
	for _, c := range cs {
		if p := c.at.public(); c.at.line > 0 && !slices.Contains(rt.Defaults, p) {
			rt.Defaults = append(rt.Defaults, p)
		}
	}
}

// worthSaying lists the conditions of a route: that a program did not end before,
// as for showing its version, is none.
func worthSaying(cs []condition) string { return allOf(worth(cs)) }

func worth(cs []condition) []condition {
	return slices.DeleteFunc(slices.Clone(cs), func(c condition) bool { return c.after && !c.off })
}

// maxConditions bounds the conditions that are weighed against each other.
const maxConditions = 8

// weighConditions decides what guards are worth that apply under conditions
// only: nothing, if by default they do not, unless between them they always do.
// It returns what to say about them.
func weighConditions(guards []routes.Guard, conds [][]condition) []string {
	guarding := func(i int) bool { return guards[i].Kind == routes.KindAuth || guards[i].Kind == routes.KindRole }
	var atoms []string
	for i, cs := range conds {
		for _, c := range cs {
			if guarding(i) && !slices.Contains(atoms, c.text) {
				atoms = append(atoms, c.text)
			}
		}
		if guarding(i) {
			guards[i].Reached = reachedBy(guards[i].Reached, cs)
		}
	}
	if len(atoms) == 0 {
		return nil
	}
	if len(atoms) <= maxConditions && always(guards, conds, atoms, guarding) {
		// A role is only asked for where some guard always does.
		role := func(i int) bool { return guards[i].Kind == routes.KindRole }
		if !always(guards, conds, atoms, role) {
			for i, cs := range conds {
				if role(i) && slices.ContainsFunc(cs, func(c condition) bool { return c.off }) {
					guards[i].Kind = routes.KindAuth
					guards[i].Why += ", only if " + allOf(cs)
				}
			}
		}
		return nil
	}
	var said []string
	for i, cs := range conds {
		if !guarding(i) || len(cs) == 0 {
			continue
		}
		said = append(said, "the guard "+guardLabel(guards[i])+" applies only if "+allOf(cs))
		if j := slices.IndexFunc(cs, func(c condition) bool { return c.off }); j >= 0 {
			guards[i].Kind, guards[i].Switched, guards[i].Why = routes.KindOptional, true, "applies only if "+allOf(cs)+", which by default is not so"
		}
	}
	return said
}

// guardLabel is what a guard is called where people read.
func guardLabel(g routes.Guard) string {
	return routes.Symbol{Func: g.Name, File: g.File, Line: g.Line, Literal: g.Literal}.Label()
}

// always reports whether some guard applies whatever the conditions are.
func always(guards []routes.Guard, conds [][]condition, atoms []string, guarding func(int) bool) bool {
	for holds := range 1 << len(atoms) {
		covered := false
		for i, cs := range conds {
			covered = covered || guarding(i) && !slices.ContainsFunc(cs, func(c condition) bool {
				return (holds>>slices.Index(atoms, c.text)&1 == 1) == c.not
			})
		}
		if !covered {
			return false
		}
	}
	return true
}

// judgeOneOf judges a middleware that is one of several, where nothing says
// which: it is worth what the weakest of them is.
func (m *machine) judgeOneOf(x union, path, method string, depth int) verdict {
	var vs []verdict
	var conds [][]condition
	var open, shut *verdict
	var opens, shuts []condition
	for _, y := range x {
		if isNil(y) {
			continue
		}
		var v verdict
		switch z := y.(type) {
		case next:
			v = verdict{kind: routes.KindOther, why: "hands every request on"}
		case *closure:
			if depth == 0 || m.isHandler(z) {
				v = m.judgeLayers(z, path, method, depth+1)
				break
			}
			v = m.judgeMiddleware(z, path, method, depth+1)
		default:
			v = m.judgeMiddleware(y, path, method, depth+1)
		}
		vs = append(vs, v)
		switch y.(type) {
		case *closure, *external, *wrapped:
			conds = append(conds, m.only[y])
		default:
			conds = append(conds, nil)
		}
	}
	for i := range vs {
		if k := vs[i].kind; k == routes.KindAuth || k == routes.KindRole {
			if shut == nil || k == routes.KindAuth {
				shut, shuts = &vs[i], conds[i]
			}
		} else if open == nil {
			open, opens = &vs[i], conds[i]
		}
	}
	switch {
	case shut == nil:
		var out verdict
		for _, v := range vs {
			out = stronger(out, v)
		}
		return out
	case open == nil:
		return *shut
	}
	v := *shut
	isOff := func(c condition) bool { return c.off }
	switch {
	case slices.ContainsFunc(shuts, isOff), len(shuts) == 0 && len(opens) > 0 && !slices.ContainsFunc(opens, isOff):
		v.kind, v.switched = routes.KindOptional, true
		v.switchedOff(allOf(append(shuts, negatedAll(opens, shuts)...)))
		return v
	case len(shuts) > 0 || len(opens) > 0:
		v.say("guards only if " + allOf(append(shuts, negatedAll(opens, shuts)...)))
		return v
	}
	v.kind = routes.KindUnresolved
	v.why = "one of " + strconv.Itoa(len(vs)) + " applies, and nothing says which: " + shut.name + " " + shut.why + ", " + open.name + " " + open.why
	return v
}

// negatedAll is the opposite of the conditions of the other choice, where those of
// this one are not known.
func negatedAll(cs, known []condition) []condition {
	if len(known) > 0 {
		return nil
	}
	var out []condition
	for _, c := range cs {
		out = append(out, c.negated())
	}
	return out
}
