package eval

import "github.com/launchgate/launchgate/analyzers/routes"

// Libraries' guards that a program calls itself, inside a function of its own.

// through sends a simulated request through a library's middleware around a
// handler. Where it is known what the middleware does, it decides who reaches the
// handler; else the handler is the rest of the chain.
func (m *machine) through(w *wrapped, c call) value {
	s := m.sim
	x, ok := w.mw.(*external)
	if !ok {
		return s.pass(m, w, c)
	}
	pkg, typ, name := split(x.name)
	if factOf(pkg, typ, name) == nil {
		return s.pass(m, w, c)
	}
	v := m.judgeLibrary(x, s.path, s.method)
	s.usedPath = s.usedPath || v.usedPath
	if guards := v.kind == routes.KindAuth || v.kind == routes.KindRole; guards && s.anonymous {
		r := refusal{code: 401, unsure: s.unsure > 0, anon: true, why: []string{"auth"}, pos: c.pos, text: libraryName(x.name)}
		s.refused = append(s.refused, r)
		m.turnsAway(r.code, c.pos)
		s.decide(r)
		return tuple{}
	}
	if v.kind == routes.KindRole {
		s.refused = append(s.refused, refusal{code: 403, unsure: true, why: []string{"role"}, pos: c.pos, text: libraryName(x.name)})
	}
	if inner, ok := w.inner.(*closure); ok {
		return m.callFunc(inner, call{n: c.n, f: c.f, args: m.argumentsFor(inner.fn), pos: c.pos})
	}
	return s.pass(m, w.inner, c)
}
