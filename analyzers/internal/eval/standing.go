package eval

import (
	"fmt"
	"slices"

	"github.com/launchgate/launchgate/analyzers/internal/program"
	"github.com/launchgate/launchgate/analyzers/routes"
)

// Whether a route is for some only of the callers that are known. A third request is
// sent, of a plain caller: known, and with no role, permission or membership, so that
// whatever the program compares with what such a caller is turns out against it. Who
// certainly refuses that asks for more than being known, however many calls away the
// refusal is decided and whatever it is called on its way to the answer.
//
// Whose a record is, a handler asks of everybody: a plain caller may call it for what
// is its own. A guard before the handler that asks for it keeps others out of a part
// of the program, as one that asks for a role does.

// relatedLabel marks what is so or not for whom a record or the request names.
const relatedLabel = "related"

// soughtLabel marks what a library was asked for by who is calling and by what the
// request names, both: a membership, for one.
const soughtLabel = "sought by both"

// lacking is what asking for something that only some known callers have results in;
// op compares the caller with it, "" takes it from a set or from the caller itself.
func (m *machine) lacking(v value, op string) value {
	u, ok := v.(*unknown)
	if !ok {
		return v
	}
	m.sim.weighs = true
	if !m.sim.plain {
		return weighed(u)
	}
	return without(u.t, op)
}

// without is the result of a comparison, or what is found, for somebody who has
// nothing of what is asked for.
func without(t, op string) value {
	switch op {
	case "==", ">", ">=":
		return boolean(false, true)
	case "!=", "<", "<=":
		return boolean(true, true)
	case "&":
		return constant{k: 'i', s: "0", anon: true}
	}
	switch t {
	case "bool":
		return boolean(false, true)
	case "int":
		return constant{k: 'i', s: "0", anon: true}
	}
	return absent{t: t}
}

// isThere reports whether a comparison with nil asks whether a plain caller is known,
// which it is.
func (m *machine) isThere(a, b value) bool {
	if m.sim == nil || !m.sim.plain || !isNil(a) && !isNil(b) {
		return false
	}
	if isNil(a) {
		a = b
	}
	u, ok := a.(*unknown)
	return ok && u.t != "" && u.t != "error" && slices.Contains(u.labels, identityLabel)
}

// handedCaller reports whether a value is what the request carries of a plain caller,
// which is there as that of any known one is. What only some are given, it may lack.
func (m *machine) handedCaller(v value) bool {
	u, ok := v.(*unknown)
	return ok && m.sim != nil && m.sim.plain && slices.Contains(u.labels, identityLabel) && !slices.ContainsFunc(u.labels, roleWord)
}

// callerFirst is the operator of a comparison as if the caller stood on its left.
func callerFirst(n *program.Node, a value) string {
	if aboutCaller(n.K[0], a) {
		return n.S
	}
	switch n.S {
	case "<":
		return ">"
	case ">":
		return "<"
	case "<=":
		return ">="
	case ">=":
		return "<="
	}
	return n.S
}

// unrelated is what comparing the caller with whom a record or the request names
// results in.
func (m *machine) unrelated(v value, op string) value {
	u, ok := v.(*unknown)
	if !ok || !m.sim.middleware {
		return labelled(v, relatedLabel)
	}
	m.sim.weighs = true
	if !m.sim.plain {
		return labelled(weighed(u), relatedLabel)
	}
	return without(u.t, op)
}

// relates reports whether a comparison is one of something about a known caller
// with something about what the request is for.
func (m *machine) relates(n *program.Node, a, b value) bool {
	if !m.weighing() || n.S != "==" && n.S != "!=" {
		return false
	}
	if typedIn(a) && !isAsked(b) || typedIn(b) && !isAsked(a) {
		return false // whether what is typed in is what the program expects
	}
	return m.namesCaller(n.K[0], a) && isAbout(n.K[1], b) || m.namesCaller(n.K[1], b) && isAbout(n.K[0], a)
}

// typedIn reports whether a value is the user or the password of basic authentication.
func typedIn(v value) bool {
	ls := labels(v)
	return slices.Contains(ls, identityLabel) && slices.Contains(ls, "basic")
}

// isAsked reports whether a value is of the request, or of what was found by it.
func isAsked(v value) bool {
	ls := labels(v)
	return slices.Contains(ls, requestLabel) || slices.Contains(ls, recordLabel)
}

// namesCaller reports whether an expression says which one of many the caller is.
func (m *machine) namesCaller(n *program.Node, v value) bool {
	if aboutCaller(n, v) {
		return true
	}
	u, ok := v.(*unknown)
	return ok && n.Op == program.Local && slices.Contains(u.labels, identityLabel) && asksStanding(words(n.S)) && !isSecret(u.labels) && !isCredential(u.labels)
}

// isAbout reports whether an expression is something of a record or of the path that
// says whose it is. What callers say in a query or a body is what they ask for.
func isAbout(n *program.Node, v value) bool {
	u, ok := v.(*unknown)
	if !ok || u.sent != notSent || slices.Contains(u.labels, identityLabel) || isSecret(u.labels) {
		return false
	}
	switch n.Op {
	case program.Field, program.Local:
		return asksStanding(words(n.S))
	case program.Call, program.Index:
		return asksStanding(nodeWords(n))
	case program.Deref, program.Conv:
		return len(n.K) > 0 && isAbout(n.K[0], v)
	}
	return false
}

// isCredential reports whether words name what callers show, not who they are.
func isCredential(ws []string) bool {
	return slices.ContainsFunc(ws, func(w string) bool {
		switch w {
		case "key", "keys", "apikey", "token", "tokens", "bearer", "authorization", "credential", "credentials", "cookie":
			return true
		}
		return false
	})
}

// isSecret reports whether words name something that is known to whom it concerns.
func isSecret(ws []string) bool {
	return slices.ContainsFunc(ws, func(w string) bool {
		switch w {
		case "secret", "password", "passwd", "hash", "hmac", "mac", "signature", "sig", "checksum", "digest", "nonce", "csrf", "otp", "code":
			return true
		}
		return false
	})
}

// sought marks what a library returns that looks something up for a middleware by
// who is calling and by what the request names. Whether a plain caller finds nothing
// or a count of none is for the query to say.
func (m *machine) sought(v, recv value, c call) value {
	if !m.weighing() || !m.sim.middleware {
		return v
	}
	var by asking
	for _, a := range append([]value{recv}, c.args...) {
		by.look(a, 0)
	}
	if !by.caller || !by.named {
		return v
	}
	return labelled(v, soughtLabel)
}

// asking says by what a library is asked for something.
type asking struct{ caller, named bool }

func (by *asking) look(v value, depth int) {
	if depth > 3 {
		return
	}
	switch x := v.(type) {
	case *unknown:
		both := slices.Contains(x.labels, soughtLabel)
		by.caller = by.caller || both || slices.Contains(x.labels, identityLabel)
		by.named = by.named || both || slices.Contains(x.labels, requestLabel) && x.sent == notSent
	case fieldArg:
		by.look(x.v, depth)
	case *external:
		for _, a := range x.args {
			by.look(a, depth+1)
		}
	case *table:
		for _, e := range x.e {
			by.look(e, depth+1)
		}
	case *list:
		for _, e := range x.e {
			by.look(e, depth+1)
		}
	}
}

// heard makes a call and notes that it answers a request with an error that its
// caller gets for being nobody, or nobody special, where nothing says with what status.
func (m *machine) heard(recv value, c call, run func() value) value {
	s := m.sim
	if s == nil || !s.anonymous && !s.plain {
		return run()
	}
	i := slices.IndexFunc(c.args, func(v value) bool { fa, ok := v.(failure); return ok && fa.anon })
	if _, said := firstInt(c.args); i < 0 || said || !m.answers(recv) && !slices.ContainsFunc(c.args, m.answers) {
		return run()
	}
	before := len(s.refused)
	v := run()
	if len(s.refused) == before && before < 60 {
		r := refusal{code: max(c.args[i].(failure).code, 1), unsure: s.unsure > 0, anon: true, why: m.whyHere(), pos: c.pos, text: "answers with an error", asked: s.asked(), partial: m.partly()}
		s.refused = append(s.refused, r)
		s.decide(r)
	}
	return v
}

// answers reports whether a value is what a request is answered by.
func (m *machine) answers(v value) bool {
	if r, ok := v.(request); ok {
		return r.kind == "w" || r.kind == "c"
	}
	return m.holdsRequest(v)
}

// bars finds the refusal that a plain caller certainly meets in a handler, nil if
// there is none; there is how others fare.
func (s *simulation) bars(there *simulation) *refusal {
	b := s.blocked
	if b == nil && !s.wentOn && s.final != nil && s.final.anon {
		b = s.final
	}
	switch {
	case b == nil || b.partial || there.endsIn(b) || there.certainly(b):
		return nil
	case b.code == 300 && !slices.ContainsFunc(there.refused, func(r refusal) bool { return r.code == 300 && r.pos != b.pos }):
		return b // where others are not sent elsewhere
	case b.keepsOut():
		return b
	}
	return nil
}

// endsIn reports whether known callers, whatever they are, are sent elsewhere by the
// very redirect that r is, as at the end of a sign-in: that keeps nobody out.
func (s *simulation) endsIn(r *refusal) bool {
	if r.code < 300 || r.code > 399 {
		return false
	}
	return slices.ContainsFunc(s.refused, func(o refusal) bool { return o.pos == r.pos && !o.weighed && !o.sought })
}

// certainly reports whether every known caller meets the refusal that r is.
func (s *simulation) certainly(r *refusal) bool {
	return slices.ContainsFunc(s.refused, func(o refusal) bool { return o.pos == r.pos && !o.unsure && !o.weighed && !o.sought })
}

// refusesSome finds the refusal of a known caller for having what the program names, as
// one who may only read, nil if there is none.
func (s *simulation) refusesSome() *refusal {
	for i := range s.refused {
		r := &s.refused[i]
		if r.weighed && r.unsure && !r.anon && !r.partial && r.code == 403 && !slices.Contains(r.why, relatedLabel) {
			return r
		}
	}
	return nil
}

// keepsOut reports whether an answer may be one to somebody who has no right to ask.
func (r *refusal) keepsOut() bool {
	switch r.code {
	case 0, 1, 302, 401, 403, 404:
		return true
	}
	return false
}

// plainly sends the request of a plain caller through a middleware.
func (m *machine) plainly(t *trial, path, method string, wrapper bool) {
	if !t.there.weighs {
		return
	}
	p := &trial{c: t.c, gin: t.gin, name: t.name, there: t.there}
	p.anon = m.simulate(t.c, &simulation{plain: true, middleware: true, inline: !wrapper, path: path, method: method, ends: endsByAnswering(t.c), handsOn: t.gin})
	p.handedOn()
	p.turnedAway()
	r := p.because
	if r == nil && p.anon.topAnon {
		r = &refusal{pos: p.anon.topPos}
	}
	switch {
	case r == nil || r.partial || !r.keepsOut():
	case !p.sure && p.granted == nil && !p.open:
		t.barred = r
	case p.sure && !t.gin && p.because != nil && !r.unsure:
		t.lets = r
	}
}

// weighsPlain is what a guard asks by how plain callers fare.
func (t *trial) weighsPlain(v *verdict) {
	switch {
	case t.lets != nil && v.kind == routes.KindAuth:
		t.role, v.flaw, v.flawAt = "", routes.FlawAbort, t.lets.pos
		v.why += fmt.Sprintf("; answers %d at %s and hands the request on all the same", t.lets.code, t.lets.pos)
	case t.role == "" && t.barred != nil && v.kind == routes.KindAuth:
		t.role, t.roleWhy = "more", "more than being known at "+t.barred.pos.String()+describe(t.barred)
	}
}

// ofNobody reports whether a refusal may well be that of somebody who is not known,
// or of a request that is wrong or fails whoever sends it.
func (r *refusal) ofNobody() bool {
	return !r.keepsOut() || r.code == 404 || r.code == 401 && r.asked != nil && asksPresence(r.asked)
}

// soughtHere reports whether the nearest condition of what is being run is whether
// something was found by who is calling and by what the request names, or is of it.
func (m *machine) soughtHere() bool {
	if !m.weighing() || !m.sim.middleware || len(m.sim.whys) == 0 {
		return false
	}
	r := m.sim.whys[len(m.sim.whys)-1]
	// What made an error may be one of many things.
	fails := r.cond != nil && asksPresence(r.cond) && r.cond.Op == program.Binary
	return slices.Contains(r.own, soughtLabel) || slices.Contains(r.own, relatedLabel) && !fails
}

// returnsError reports whether a function returns an error last.
func (f *frame) returnsError() bool {
	rs := f.fn.Results
	return len(rs) > 0 && rs[len(rs)-1].Type == "error"
}
