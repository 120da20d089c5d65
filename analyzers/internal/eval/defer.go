package eval

import "github.com/launchgate/launchgate/analyzers/internal/program"

// deferral is a call that runs when its function ends.
type deferral struct {
	call *program.Node
	f    *frame // whose variables it sees
	env  *env
	// unsure is how many undecided branches deep it was deferred.
	unsure int
	whys   []reason
}

func (m *machine) deferral(n *program.Node, f *frame) deferral {
	d := deferral{call: n, f: f, env: f.env}
	if m.sim != nil {
		d.unsure = m.sim.unsure
		d.whys = append(d.whys, m.sim.whys...)
	}
	return d
}

// runDeferred runs what a function deferred, the last first: a guard's check
// there comes after the handler, and what recovers from a panic may let the
// request go on. It returns how the function ends then.
func (m *machine) runDeferred(f *frame, ctl control) control {
	if len(f.defers) == 0 {
		return ctl
	}
	f.panicking = ctl == stopped
	defer m.results(f)()
	ds := f.defers
	f.defers = nil
	inner := f.env
	for i := len(ds) - 1; i >= 0; i-- {
		d := ds[i]
		f.env = d.env
		if s := m.sim; s != nil {
			unsure, whys := s.unsure, s.whys
			s.unsure, s.whys = max(s.unsure, d.unsure), d.whys
			m.eval(d.call, f)
			s.unsure, s.whys = unsure, whys
		} else {
			m.eval(d.call, f)
		}
	}
	f.env = inner
	if ctl == stopped && !f.panicking {
		return returned
	}
	return ctl
}

// results lets deferred functions see and change what a function returns by the
// names of its results; what they made of it is returned when the result is called.
func (m *machine) results(f *frame) func() {
	if m.sim == nil || !f.has || len(f.named) == 0 || f.named[0].ID == 0 {
		return func() {}
	}
	rets, ok := f.rets.(tuple)
	if !ok {
		rets = tuple{f.rets}
	}
	if len(rets) != len(f.named) {
		return func() {}
	}
	for i, p := range f.named {
		f.env.vars[p.ID] = rets[i]
	}
	env := f.env
	return func() {
		out := make(tuple, len(f.named))
		for i, p := range f.named {
			out[i] = env.vars[p.ID]
		}
		if f.rets = out; len(out) == 1 {
			f.rets = out[0]
		}
	}
}

// recovers is recover(): it ends the panic of the function that deferred what
// calls it.
func (m *machine) recovers() value {
	if m.sim == nil || len(m.stack) < 2 {
		return nilValue{}
	}
	f := m.stack[len(m.stack)-2]
	if !f.panicking {
		return nilValue{}
	}
	f.panicking = false
	m.sim.dead, m.sim.topAnon = false, false
	return failure{name: "panic", anon: m.sim.anonymous}
}
