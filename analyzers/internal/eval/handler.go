package eval

import (
	"slices"

	"github.com/launchgate/launchgate/analyzers/routes"
)

// What a handler itself asks of its callers.

// judgeHandler looks for a check inside a handler; guarded says that strangers do
// not reach it.
func (m *machine) judgeHandler(c *closure, path, method string, guarded bool) verdict {
	key := verdictKey{c: m.alike.of(c), handler: true, guarded: guarded, ctx: m.ctxKey(), given: m.givenKey()}
	if v, ok := m.verdicts[key]; ok && !v.usedPath {
		return v
	}
	key.path, key.method = path, method
	if v, ok := m.verdicts[key]; ok {
		return v
	}
	anon := m.simulate(c, &simulation{anonymous: true, path: path, method: method})
	v := verdict{kind: routes.KindOther, usedPath: anon.usedPath, pos: place{c.fn.File, c.fn.Line}, reached: anon.reached, again: anon.again}
	b := anon.blocked
	if b == nil && !anon.wentOn && anon.final != nil && anon.final.anon {
		b = anon.final
	}
	var there *simulation
	if b != nil || guarded && (anon.met || m.isHanded()) {
		there = m.simulate(c, &simulation{path: path, method: method})
	}
	var barred *refusal
	if there != nil && there.weighs {
		barred = m.simulate(c, &simulation{plain: true, path: path, method: method}).bars(there)
	}
	if b != nil && b.code == 300 && slices.ContainsFunc(there.refused, func(r refusal) bool { return r.code == 300 && !r.unsure }) {
		b = nil // everybody is sent on
	}
	if b != nil && !m.asksSignIn(c, b, anon, path, method) {
		b = nil
	}
	v.message = b != nil && !guarded && m.signsMessage(c, path, method)
	if v.message {
		v.kind, v.refused, v.usedPath = routes.KindSignature, b.pos, true
		v.why = "the handler checks that what is sent is signed with a secret of the program's own, at " + b.pos.String() + ": who knows it is another service, no caller"
	} else if b != nil {
		v.kind, v.refused = routes.KindAuth, b.pos
		v.why = "the handler refuses an anonymous request at " + b.pos.String() + describe(b)
		if why := m.asksMore(there, barred); why != "" {
			v.kind = routes.KindRole
			v.why += "; asks for " + why
		}
		if there.asks || anon.asks || len(m.forged) > 0 {
			send := func(wary bool) *simulation {
				return m.simulate(c, &simulation{forging: true, wary: wary, path: path, method: method})
			}
			if forger := send(false); len(forger.looked) > 0 && forger.answers() {
				wary := func() *simulation { return send(true) }
				if b.code != 401 && b.code != 403 && b.code != 302 {
					wary = nil // a field that is missing is not who is missing
				}
				v.believes(forger, wary)
			}
		}
		if anon.act != "" {
			v.kind = routes.KindUnresolved
			v.why = "calls " + anon.act + " at " + anon.acted.String() + " with what the caller names, and only then refuses, at " + b.pos.String()
		}
	} else if r := anon.token; r != nil {
		v.usedPath = true
		if !mailed(path) {
			v.kind, v.refused = routes.KindAuth, r.pos
			v.why = "the handler refuses requests whose token is not good, at " + r.pos.String() + describe(r)
		}
	}
	if v.kind == routes.KindOther && barred != nil {
		v.kind, v.refused, v.usedPath = routes.KindRole, barred.pos, v.usedPath || there.usedPath
		v.why = "the handler asks for more than being known at " + barred.pos.String() + describe(barred)
	}
	m.asksKnownInside(c, &v, anon, path, method)
	if !guarded {
		v.verifiesMessage(anon, method)
	}
	m.verdicts[key] = v
	if !v.usedPath {
		m.verdicts[verdictKey{c: key.c, handler: true, guarded: guarded, ctx: key.ctx, given: key.given}] = v
	}
	return v
}
