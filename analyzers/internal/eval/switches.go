package eval

import (
	"slices"

	"github.com/launchgate/launchgate/analyzers/internal/program"
)

func (m *machine) execSwitch(n *program.Node, f *frame) control {
	var tag value
	if n.K[0].Op != program.Nil {
		tag = m.eval(n.K[0], f)
	}
	return m.cases(n, n.K[1:], f, func(c *program.Node) value {
		var out value = boolean(false, false)
		for _, e := range c.K[:c.N] {
			v := m.eval(e, f)
			if tag != nil {
				v = m.compareCase(n.K[0], e, tag, v)
			}
			ok, val, anon := truth(v)
			if !ok {
				out = eitherCase(out, v, m.nodeWords(e))
				continue
			}
			if val {
				return v
			}
			if anon {
				if _, isU := out.(*unknown); !isU {
					out = v
				}
			}
		}
		return out
	})
}

// compareCase is whether a switch's tag is what a clause names.
func (m *machine) compareCase(tag, e *program.Node, a, b value) value {
	v := m.compare("==", a, b)
	u, ok := v.(*unknown)
	if !ok {
		return v
	}
	if m.weighs(&program.Node{Op: program.Binary, S: "==", K: []*program.Node{tag, e}}, a, b) {
		return m.lacking(u, "==")
	}
	out := *u
	out.def = m.defaulted(&program.Node{Op: program.Binary, S: "=="}, a, b)
	out.set = mergeSettings(settingsOf(a), settingsOf(b))
	return &out
}

// eitherCase is what is known of a clause that applies if one of two conditions does.
func eitherCase(was, v value, ws []string) value {
	u := &unknown{labels: mergeLabels(ws, labels(v)), def: byDefault(v), set: settingsOf(v)}
	if x, ok := was.(*unknown); ok {
		u.set = mergeSettings(x.set, u.set)
		if x.def == nil || x.def.s == "true" || u.def == nil {
			u.def = x.def
		}
	}
	return u
}

// cases runs the clauses of a switch; match says whether a clause applies.
func (m *machine) cases(n *program.Node, cs []*program.Node, f *frame, match func(*program.Node) value) control {
	var pending []pendingCase
	var def *program.Node
	byDefault := false
	all := true
	unsure := false
	ways := m.sim.cross()
	finish := func(body *program.Node, anon bool) control {
		run := func() control {
			if m.sim != nil {
				return m.simBranch(n, body, f, anon && !unsure, nil)
			}
			return m.exec(body, f)
		}
		if !unsure {
			c := run()
			if c == broke {
				return goOn
			}
			return c
		}
		if m.sim != nil {
			m.sim.unsure++
			defer func() { m.sim.unsure-- }()
		}
		c, ch := m.branch(run)
		ways.took(c)
		pending = append(pending, pendingCase{ch, byDefault})
		return c
	}
	var why []string
	var not []condition // the cases that the default is not
	base := len(m.conds)
	anonNo := false
	conclude := func(r control) control {
		ways.join()
		m.mergeAll(pending, why)
		if unsure && (r == goOn || r == broke || !all) {
			return goOn
		}
		return r
	}
	for _, c := range cs {
		if c.N < 0 {
			def = c
			continue
		}
		v := match(c)
		ok, val, anon := truth(v)
		body := c.K[len(c.K)-1]
		if ok && !val {
			anonNo = anonNo || anon
			if anon && m.sim != nil {
				m.spare(body, f)
			}
			continue
		}
		if ok && val && anon && m.sim != nil {
			f.anon = true
		}
		if !ok {
			var w []string
			for _, e := range c.K[:c.N] {
				w = mergeLabels(w, m.nodeWords(e))
			}
			why = mergeLabels(m.nodeWords(n.K[0]), w, why, labels(v))
			unsure = true
			is := caseOf(n.K[0], c, f).weighedBy(v)
			leave := func() { m.conds = m.conds[:base] }
			if m.sim != nil {
				m.sim.push(why, nil)
				leave = m.sim.pop
				if n.Op == program.Switch && configures(n.K[0], v) && isConfigured(n.K[0], v, f) {
					configured := m.sim.configured([]condition{is})
					leave = func() { configured(); m.sim.pop() }
					not = append(not, is.negated())
				}
			} else {
				byDefault = !is.off
				m.conds = append(m.conds, is)
				not = append(not, is.negated())
			}
			r := finish(body, false)
			leave()
			if r == goOn || r == broke || r == continued {
				all = false
			} else {
				m.mayLeave(f, v, 0, 0)
				if m.sim != nil {
					f.why = mergeLabels(f.why, why)
				}
			}
			continue
		}
		return conclude(finish(body, anon))
	}
	if def != nil {
		if anonNo && m.sim != nil {
			f.anon = true
		}
		if m.sim != nil {
			if len(not) > 0 {
				defer m.sim.configured(not)()
			}
			if unsure {
				m.sim.push(why, nil) // what none of the cases is decides it
				defer m.sim.pop()
			}
			return conclude(finish(def.K[len(def.K)-1], anonNo))
		}
		m.conds = append(m.conds, not...)
		byDefault = !slices.ContainsFunc(not, func(c condition) bool { return c.off })
		r := finish(def.K[len(def.K)-1], anonNo)
		m.conds = m.conds[:base]
		return conclude(r)
	}
	ways.took(goOn) // none applies
	ways.join()
	m.mergeAll(pending, why)
	return goOn
}

// configured enters a branch that configuration leads to; the result leaves it.
func (s *simulation) configured(under []condition) func() {
	n := len(s.under)
	off := slices.ContainsFunc(under, func(c condition) bool { return c.off })
	s.under = append(s.under, under...)
	s.defaults = append(s.defaults, !off)
	s.unlikely = append(s.unlikely, off)
	s.marks = append(s.marks, len(s.refused))
	if off {
		s.switches++
	}
	return func() {
		s.under = s.under[:n]
		s.defaults = s.defaults[:len(s.defaults)-1]
		s.unlikely = s.unlikely[:len(s.unlikely)-1]
		s.marks = s.marks[:len(s.marks)-1]
		if off {
			s.switches--
		}
	}
}

// pendingCase is what a clause that may have run changed.
type pendingCase struct {
	changes   []change
	byDefault bool // it is the one that runs where nobody configured anything
}

func (m *machine) mergeAll(pending []pendingCase, why []string) {
	for _, p := range pending {
		m.merge(p.changes, nil, why, p.byDefault)
	}
}

func (m *machine) execTypeSwitch(n *program.Node, f *frame) control {
	x := m.eval(n.K[0], f)
	t := typeOf(x)
	exact := false
	if o, ok := x.(*object); ok && m.types[o.t] != nil {
		exact = true
	}
	return m.cases(n, n.K[2:], f, func(c *program.Node) value {
		if c.Line != 0 {
			m.declare(f.env, c.Line, x)
		}
		var out value = boolean(false, false)
		for _, e := range c.K[:c.N] {
			switch {
			case e.Op == program.Nil:
				if isNil(x) {
					return boolean(true, false)
				}
				if _, ok := x.(absent); ok {
					return boolean(true, true)
				}
			case e.T != "" && e.T == t && t != "":
				return boolean(true, false)
			case exact && m.types[e.T] != nil && m.types[e.T].Interface == nil:
			default:
				if _, ok := x.(absent); ok {
					continue
				}
				if _, ok := x.(failure); ok && m.sim != nil {
					out = &unknown{}
					continue
				}
				out = &unknown{}
			}
		}
		if _, ok := x.(absent); ok && c.N > 0 {
			if v, ok := out.(constant); ok && v.s == "false" {
				return boolean(false, true)
			}
		}
		return out
	})
}
