package eval

import (
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/program"
)

// Conditions, and which way a request goes.

// truth is what is known about a condition.
func truth(v value) (known, val, anon bool) {
	switch x := v.(type) {
	case constant:
		if x.k == 'b' {
			return true, x.s == "true", x.anon
		}
	case absent:
		return true, false, true
	}
	return false, false, false
}

func (m *machine) execIf(n *program.Node, f *frame) control {
	var c1, c2 control
	cond := m.eval(n.K[0], f)
	var els *program.Node
	if len(n.K) > 2 {
		els = n.K[2]
	}
	if ok, val, anon := truth(cond); ok {
		body, skipped := n.K[1], els
		if !val {
			body, skipped = els, n.K[1]
		}
		return m.execDecided(n, body, skipped, anon, f)
	}
	why := mergeLabels(m.nodeWords(n.K[0]), labels(cond))
	first := m.sim == nil && !weighedCondition(n.K[0], cond, f).off
	var by []setting
	if m.sim == nil {
		by = settingsOf(cond)
	}
	if m.sim != nil {
		if d := byDefault(cond); d != nil {
			m.sim.reach(d.at.file, int(d.at.line), int(d.at.line))
		}
		m.sim.push(why, n.K[0])
		defer m.sim.pop()
	} else {
		base := len(m.conds)
		m.conds = append(m.conds, weighedCondition(n.K[0], cond, f))
		defer func() {
			left := m.leaves(n, cond, f, c1, c2)
			m.conds = append(m.conds[:base], left...)
		}()
	}
	run := func(b *program.Node) func() control {
		return func() control {
			if b == nil {
				return goOn
			}
			defer m.unsureFrom()()
			if m.sim != nil {
				return m.simUndecided(n, b, cond, why, f)
			}
			return m.exec(b, f)
		}
	}
	var one, two outcome
	if m.sim != nil {
		m.sim.unsure++
		one = m.sim.fork()
	}
	handedOn, refused, wrote := 0, 0, 0
	if m.sim != nil {
		handedOn, refused, wrote = len(m.sim.passed), len(m.sim.refused), m.sim.wrote
	}
	var ch1, ch2 []change
	inner := len(m.conds)
	ways := m.sim.cross()
	c1, ch1 = m.branch(run(n.K[1]))
	ways.took(c1)
	if m.sim == nil {
		m.conds = m.conds[:inner]
		m.conds[inner-1] = m.conds[inner-1].negated()
	}
	if m.sim != nil {
		two = m.sim.fork()
	}
	c2, ch2 = m.branch(run(els))
	ways.took(c2)
	ways.join()
	if m.sim != nil {
		m.sim.unsure--
		m.sim.meet(one, two)
	}
	m.checks(n, why, f, c1 == returned || c2 == returned)
	switch {
	case jumps(c1) && c2 == goOn || jumps(c2) && c1 == goOn:
		// What a branch that leaves the loop did holds after the loop.
		f.skips = f.skips || m.sim != nil && (c1 == continued || c2 == continued)
		m.merge(ch1, ch2, why, first, by...)
	case c1 != goOn && c2 != goOn:
		m.merge(ch1, ch2, why, first, by...)
		if c1 == c2 || c2 == stopped {
			return c1
		}
		return c2
	case c1 != goOn:
		m.apply(ch2)
		m.mayLeave(f, cond, canFail, refused)
		if m.sim != nil && !f.top && tellsKinds(n.K[0]) {
			f.partial = true
		}
		if c1 != stopped {
			f.why = mergeLabels(f.why, why)
		}
		if m.sim != nil && c1 == returned && len(m.sim.passed) == handedOn {
			m.answersItself(n, f, refused, wrote)
		}
		if m.sim != nil && f.top && c1 == returned && len(m.sim.passed) == handedOn && !m.sim.asksPartially(n.K[0]) {
			m.sim.turn(m.nodeWords(n.K[0]), m.at(n, f), refused)
			m.tokenRefused(n, why, refused)
		}
	case c2 != goOn:
		m.apply(ch1)
		m.mayLeave(f, cond, canHold, refused)
		if c2 != stopped {
			f.why = mergeLabels(f.why, why)
		}
	default:
		m.merge(ch1, ch2, why, first, by...)
	}
	if m.sim == nil && (c1 == returned) != (c2 == returned) && !f.fn.relevant {
		return goOn
	}
	return goOn
}

// execDecided runs the branch that is known to be taken; anon says that it is
// because the request is anonymous, so that what follows depends on that where
// the other branch would have left.
func (m *machine) execDecided(n, body, skipped *program.Node, anon bool, f *frame) control {
	if m.sim == nil {
		return m.exec(body, f)
	}
	was := f.anon
	f.anon = f.anon || anon
	c := m.simBranch(n, body, f, anon, nil)
	if c == goOn && ends(skipped) {
		f.left = f.left || anon
	} else if c == goOn {
		// What follows would have run anyway.
		f.anon = was || f.left
		if anon {
			m.unassigned(skipped, f)
		}
	}
	if c == goOn && anon {
		m.spare(skipped, f)
		f.gone = f.gone || returns(skipped)
	}
	return c
}

// simUndecided runs a branch that a request may take or not, under what the
// condition says of it: how likely it is, whether a switch leads to it and
// whether the caller can choose it.
func (m *machine) simUndecided(n, b *program.Node, cond value, why []string, f *frame) control {
	s, then := m.sim, b == n.K[1]
	byDefault := truthByDefault(cond, n.K[0]) == then
	said := byDefaultSaid(cond)
	rest, chosen := undecided(cond, n.K[0]), freeOf(cond)
	var counts []*int
	if then && tellsKinds(n.K[0]) {
		counts = append(counts, &s.kinds)
	}
	if then && isSwitch(n.K[0]) && !(said && byDefault) || !byDefault && configures(n.K[0], cond) {
		counts = append(counts, &s.switches)
	}
	if then && (isOff(rest) && !(said && !byDefault) || said && byDefault && rest.Op == program.Field) && configures(rest, cond) {
		counts = append(counts, &s.offs)
	}
	if then && chosen&canFail != 0 || !then && chosen&canHold != 0 {
		counts = append(counts, &s.avoids)
	}
	if then && chosen&canHold != 0 || !then && chosen&canFail != 0 {
		counts = append(counts, &s.grants)
	}
	under := len(s.under)
	if configures(rest, cond) && isConfigured(rest, cond, f) {
		is := conditionOf(rest, f).weighedBy(cond)
		if !then {
			is = is.negated()
		}
		s.under = append(s.under, is)
	}
	s.defaults = append(s.defaults, byDefault)
	s.unlikely = append(s.unlikely, !byDefault && !slices.Contains(why, requestLabel) && !slices.Contains(why, recordLabel))
	s.marks = append(s.marks, len(s.refused))
	for _, count := range counts {
		*count++
	}
	defer func() {
		s.defaults = s.defaults[:len(s.defaults)-1]
		s.unlikely = s.unlikely[:len(s.unlikely)-1]
		s.marks = s.marks[:len(s.marks)-1]
		s.under = s.under[:under]
		for _, count := range counts {
			*count--
		}
	}()
	return m.simBranch(n, b, f, false, why)
}

// unassigned marks what code that is not run, because the request is anonymous,
// would have assigned: that it has kept its value is due to that.
func (m *machine) unassigned(skipped *program.Node, f *frame) {
	walk(skipped, func(n *program.Node) {
		if n.Op != program.Assign || n.S != "=" {
			return
		}
		for _, l := range n.K[:n.N] {
			if l.Op != program.Local || l.T == "error" || strings.HasPrefix(l.S, "err") {
				continue
			}
			switch v, _ := f.env.get(l.N); v.(type) {
			case constant, nilValue:
				m.set(f.env, l.N, taint(v))
			}
		}
	})
}

// jumps reports whether control goes on elsewhere in the same function.
func jumps(c control) bool { return c == broke || c == continued }

// ends reports whether a block cannot run through to its end.
func ends(n *program.Node) bool {
	if n == nil {
		return false
	}
	switch n.Op {
	case program.Return:
		return true
	case program.Block:
		return len(n.K) > 0 && ends(n.K[len(n.K)-1])
	case program.If:
		return len(n.K) > 2 && ends(n.K[1]) && ends(n.K[2])
	}
	return false
}

// returns reports whether a branch may return something.
func returns(n *program.Node) bool {
	found := false
	walk(n, func(k *program.Node) { found = found || k.Op == program.Return && len(k.K) > 0 })
	return found
}

// zeroTruth is what a condition is if everything unknown in it has its zero
// value, as configuration has by default.
func zeroTruth(n *program.Node) bool {
	switch n.Op {
	case program.Unary:
		if n.S == "!" {
			return !zeroTruth(n.K[0])
		}
	case program.Binary:
		switch n.S {
		case "&&":
			return zeroTruth(n.K[0]) && zeroTruth(n.K[1])
		case "||":
			return zeroTruth(n.K[0]) || zeroTruth(n.K[1])
		case "==", "!=":
			zero := func(k *program.Node) bool {
				return isZero(k)
			}
			return (zero(n.K[0]) || zero(n.K[1])) == (n.S == "==")
		}
	case program.Const:
		return n.S == "true"
	}
	return false
}

// tellsKinds reports whether a condition tells kinds of credentials apart by how
// they begin.
func tellsKinds(n *program.Node) bool {
	found := false
	walk(n, func(n *program.Node) {
		if n.Op == program.Call && n.K[0].S == "strings.HasPrefix" && len(n.K) == 3 {
			found = found || hasIdentity(nodeWords(n.K[1]))
		}
	})
	return found
}

// asksPartially reports whether a condition asks a function that concerns one
// kind of credentials only.
func (s *simulation) asksPartially(n *program.Node) bool {
	if len(s.partials) == 0 {
		return false
	}
	found := false
	walk(n, func(n *program.Node) {
		found = found || n.Op == program.Call && slices.Contains(s.partials, lastName(n.K[0].S))
	})
	return found
}

// isSwitch reports whether a condition is a field alone, which is off by
// default, or that a field of what is no identity is set.
func isSwitch(n *program.Node) bool {
	switch n.Op {
	case program.Field:
		return true
	case program.Binary:
		if n.S == "!=" && n.K[0].Op == program.Field && (n.K[1].Op == program.Const && (n.K[1].S == "" || n.K[1].S == "0")) {
			return !hasIdentity(nodeWords(n.K[0].K[0]))
		}
		return n.S == "&&" && (isSwitch(n.K[0]) || isSwitch(n.K[1])) || n.S == "||" && isSwitch(n.K[0]) && isSwitch(n.K[1])
	}
	return false
}

// isOff reports whether a condition is that a field which is off by default is off.
func isOff(n *program.Node) bool {
	return n.Op == program.Unary && n.S == "!" && n.K[0].Op == program.Field
}

// isConfigured reports whether what a condition asks for is set when the program
// starts: it was made of settings, or is a field of what a function was made with,
// or a variable of the package.
func isConfigured(n *program.Node, cond value, f *frame) bool {
	if slices.ContainsFunc(settingsOf(cond), func(s setting) bool { return s.name != "" }) {
		return true
	}
	fields, other := false, false
	var visit func(n *program.Node)
	visit = func(n *program.Node) {
		switch n.Op {
		case program.Unary, program.Binary, program.Deref:
			for _, k := range n.K {
				visit(k)
			}
		case program.Const, program.Nil:
		case program.Field:
			for n.Op == program.Field || n.Op == program.Deref || n.Op == program.Addr {
				n = n.K[0]
			}
			given := n.Op == program.Global || n.Op == program.Local && f.given(n.N)
			fields, other = fields || given, other || !given
		case program.Global:
			fields = true
		case program.Local:
			given := f.given(n.N)
			fields, other = fields || given, other || !given
		default:
			other = true
		}
	}
	visit(n)
	return fields && !other
}

// given reports whether a variable is one that a function sees of what made it, or
// its receiver.
func (f *frame) given(id int32) bool {
	if f.fn.Recv != nil && f.fn.Recv.ID == id {
		return true
	}
	_, seen := f.outer.get(id)
	own := false
	for e := f.env; e != nil && e != f.outer; e = e.parent {
		_, here := e.vars[id]
		own = own || here
	}
	return seen != nil && !own
}

// configures reports whether an undecided condition has nothing to do with the
// request, so that configuration decides it.
func configures(n *program.Node, cond value) bool {
	u, ok := cond.(*unknown)
	return ok && !asksPresence(n) && !slices.ContainsFunc(u.labels, func(l string) bool {
		return l == requestLabel || l == identityLabel || l == derivedLabel || l == recordLabel
	})
}
