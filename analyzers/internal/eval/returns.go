package eval

import (
	"slices"

	"github.com/launchgate/launchgate/analyzers/internal/program"
)

func (m *machine) execReturn(n *program.Node, f *frame) {
	var v value
	switch len(n.K) {
	case 0:
		if len(f.named) > 0 && f.named[0].ID != 0 {
			t := tuple{}
			for _, p := range f.named {
				x, _ := f.env.get(p.ID)
				t = append(t, x)
			}
			v = t
			if len(t) == 1 {
				v = t[0]
			}
		} else {
			v = nilValue{}
		}
	case 1:
		if m.sim != nil {
			v = m.evalTail(n.K[0], f)
		} else {
			v = m.eval(n.K[0], f)
		}
	default:
		t := make(tuple, len(n.K))
		for i, k := range n.K {
			t[i] = m.eval(k, f)
		}
		v = t
	}
	if m.sim != nil {
		v = m.asFailure(m.statusAsFailure(v, n, f.fn))
	} else {
		v = m.chosen(v)
	}
	if f.anon || f.left && m.sim.plain {
		v = taint(v)
	}
	if (f.anon || f.gone) && nobody(v) && len(f.fn.Results) == 1 && f.fn.Results[0].Type != "error" {
		v = absent{t: f.fn.Results[0].Type} // where known callers are a number, a name or somebody
	}
	if m.sim != nil && f.top {
		m.sim.returns(m, f, v, m.at(n, f))
		m.sim.leavesOpen(m, m.at(n, f))
	}
	m.leavesFunction(f, m.at(n, f))
	if s := m.sim; s != nil && s.anonymous && !f.top && f.defaults <= len(s.defaults) && slices.Contains(s.unlikely[f.defaults:], true) {
		// What configuration and failures may add counts only if nothing else
		// is returned.
		if f.alt == nil {
			f.alt = v
		} else {
			f.alt = joinReturns(f.alt, v, func() []string { return f.why }, false)
		}
		f.why = mergeLabels(f.why, s.whyNow())
		return
	}
	if !f.has {
		f.rets, f.has, f.usual = v, true, m.sim == nil && m.byDefaultHere(f)
		if m.sim == nil {
			f.asked = mergeSettings(f.asked, settingsAsked(m.conds[min(f.under, len(m.conds)):]))
		}
		if m.sim != nil && m.sim.unsure > m.sim.base(f) {
			// Another return may follow; remember why.
			f.why = mergeLabels(f.why, m.sim.whyNow())
		}
		return
	}
	if m.sim == nil {
		f.asked = mergeSettings(f.asked, settingsAsked(m.conds[min(f.under, len(m.conds)):]))
	}
	if m.sim == nil && !f.usual && m.byDefaultHere(f) {
		f.usual = true
		f.rets = joinReturns(v, f.rets, func() []string { return nil }, true)
		return
	}
	f.rets = joinReturns(f.rets, v, func() []string { return mergeLabels(f.why, m.whyNow()) }, m.sim == nil)
}

// byDefaultHere reports whether what a function does now is what it does where
// nobody configured anything.
func (m *machine) byDefaultHere(f *frame) bool {
	return !slices.ContainsFunc(m.conds[min(f.under, len(m.conds)):], func(c condition) bool { return c.off || c.unclear })
}

// asFailure turns the program's own errors, returned as the last value, into
// failures; a field that looks like an HTTP status is one.
func (m *machine) asFailure(v value) value {
	t, isTuple := v.(tuple)
	last := v
	if isTuple {
		if len(t) == 0 {
			return v
		}
		last = t[len(t)-1]
	}
	o, ok := last.(*object)
	if !ok {
		return v
	}
	if !m.isError(o.t) {
		return v // a method of that name alone makes no error
	}
	fa := failure{name: lastPart(o.t), anon: m.anonNow(), t: o.t, of: o}
	for _, f := range o.f {
		if code, ok := asInt(f); ok && code >= 300 && code < 600 && (fa.code == 0 || code < fa.code) {
			fa.code = code // fields come in any order
		}
	}
	if !isTuple {
		return fa
	}
	out := slices.Clone(t)
	out[len(out)-1] = fa
	return out
}

// statusAsFailure is what a function returns whose error is a number of a type of its
// own: the status that it stands for.
func (m *machine) statusAsFailure(v value, n *program.Node, fn *function) value {
	if k := len(fn.Results); k == 0 || fn.Results[k-1].Type != "error" || len(n.K) == 0 {
		return v
	}
	t := n.K[len(n.K)-1].T
	if !m.isError(t) {
		t = ""
	}
	failed := func(v value) (failure, bool) {
		c, ok := v.(constant)
		code, isInt := asInt(v)
		return failure{code: code, anon: c.anon || m.anonNow(), t: t}, ok && isInt && code >= 300 && code < 600
	}
	switch x := v.(type) {
	case constant:
		if fa, ok := failed(x); ok {
			return fa
		}
	case tuple:
		if fa, ok := failed(x[len(x)-1]); ok {
			out := slices.Clone(x)
			out[len(out)-1] = fa
			return out
		}
	}
	return v
}

func (m *machine) whyNow() []string {
	if m.sim == nil {
		return nil
	}
	return m.sim.whyNow()
}

func joinReturns(a, b value, why func() []string, inform bool) value {
	x, ok1 := a.(tuple)
	y, ok2 := b.(tuple)
	if ok1 && ok2 && len(x) == len(y) {
		out := make(tuple, len(x))
		for i := range x {
			out[i] = joinFor(x[i], y[i], why, inform)
		}
		return out
	}
	return joinFor(a, b, why, inform)
}

// nobody reports whether a value is what stands in place of the number or name of
// a known caller, or of what is known of one.
func nobody(v value) bool {
	if c, ok := v.(constant); ok {
		return c.k == 'i' && c.s == "0" || c.k == 's' && c.s == ""
	}
	_, ok := v.(nilValue)
	return ok
}

// taint marks values as due to the request being anonymous.
func taint(v value) value {
	switch x := v.(type) {
	case constant:
		x.anon = true
		return x
	case nilValue:
		return absent{}
	case failure:
		x.anon = true
		return x
	case tuple:
		out := make(tuple, len(x))
		for i := range x {
			out[i] = taint(x[i])
		}
		// A nil error beside values does not mean failure.
		if len(x) > 1 {
			if isNil(x[len(x)-1]) {
				out[len(x)-1] = nilValue{}
			}
		}
		return out
	}
	return v
}
