package eval

import (
	"slices"

	"github.com/launchgate/launchgate/analyzers/internal/program"
)

// What a guard asks of callers it knows. Whatever the words: one that compares
// something about the caller with what the program says, or looks it up in a set
// of the program's, asks for more than being known.

// weighedLabel marks what is so or not for what a known caller is.
const weighedLabel = "weighed"

// weighing reports whether known callers are told apart at all: those nobody
// knows are all alike.
func (m *machine) weighing() bool { return m.sim != nil && (!m.sim.anonymous || m.sim.inside) }

// weighed adds the mark to what comparing or looking up something about the
// caller results in.
func weighed(v value) value {
	u, ok := v.(*unknown)
	if !ok {
		return v
	}
	w := *u
	w.labels = mergeLabels([]string{weighedLabel}, u.labels)
	return &w
}

// aboutCaller reports whether an expression is something about the caller: a
// part of the identity, not the credential that was sent.
func aboutCaller(n *program.Node, v value) bool {
	u, ok := v.(*unknown)
	if !ok || u.shown || !slices.Contains(u.labels, identityLabel) {
		return false
	}
	for n.Op == program.Conv && len(n.K) > 0 || n.Op == program.Deref || n.Op == program.Assert {
		n = n.K[0]
	}
	switch n.Op {
	case program.Field:
		return u.told || asksStanding(words(n.S))
	case program.Index: // a claim; a piece of what was sent is none
		return n.K[1].Op != program.Const || n.K[1].T == "string" && asksStanding(nodeWords(n.K[1]))
	case program.Call: // a getter, or of what a guard keeps
		k := n.K[0]
		if u.told {
			return true
		}
		return len(n.K) == 1 && (k.Op == program.Method || k.Op == program.Field) && asksStanding(words(k.S))
	case program.Local: // what an earlier guard put into the request, or a record says of the caller
		if u.told || u.each {
			return asksStanding(words(n.S)) || u.each && tellsWhich(words(n.S))
		}
		if slices.Contains(u.labels, relatedLabel) && u.t != "bool" && asksStanding(words(n.S)) {
			return true
		}
		return u.carried && asksStanding(words(n.S)) && asksStanding(u.labels[:min(1, len(u.labels))])
	}
	return false
}

// answered is the result of a call that asks something about a known caller: of
// what a getter of the identity returns, that it is of it; of a yes or no, that
// the caller is weighed.
func (m *machine) answered(v, recv value, c call) value {
	if !m.weighing() || c.n == nil {
		return v
	}
	of, known := recv.(*unknown)
	known = known && slices.Contains(of.labels, identityLabel)
	if known && len(c.args) == 0 {
		switch x := v.(type) {
		case *unknown:
			if !slices.Contains(x.labels, identityLabel) {
				return partFrom(x, of)
			}
		case tuple:
			for i, e := range x {
				if u, ok := e.(*unknown); ok && u.t != "error" && u.t != "bool" && !slices.Contains(u.labels, identityLabel) {
					x[i] = partFrom(u, of)
				}
			}
			return x
		}
	}
	ts := tupleTypes(resultType(c))
	if len(ts) == 0 || ts[0] != "bool" || !asksStanding(m.nodeWords(c.n)) {
		return v
	}
	// Has the caller what the program says? Belongs what the path names to it?
	said, named := false, false
	for i, a := range c.args {
		if i+1 >= len(c.n.K) {
			break
		}
		said = said || standsFor(a)
		known = known || aboutCaller(c.n.K[i+1], a)
		if u, ok := a.(*unknown); ok {
			named = named || slices.Contains(u.labels, requestLabel) && !slices.Contains(u.labels, identityLabel)
		}
	}
	said = said && !named
	if !known || !said && !(named && m.sim.middleware) {
		return v
	}
	mark := m.lacking
	if !said {
		mark = m.unrelated
	}
	switch x := v.(type) {
	case *unknown:
		return mark(x, "")
	case tuple:
		if len(x) == 2 {
			return tuple{mark(x[0], ""), x[1]}
		}
	}
	return v
}

// partFrom is what a method of something about the caller returned.
func partFrom(u, of *unknown) *unknown {
	w := *u
	w.labels = mergeLabels(u.labels, of.labels)
	w.carried = of.carried
	return &w
}

// standsFor reports whether a value is one of those a program names to compare
// with, rather than none or another unknown.
func standsFor(v value) bool {
	switch x := v.(type) {
	case constant:
		return x.s != "" && (x.k == 's' && asksStanding(words(x.s)) || x.k == 'i' && x.s != "0")
	case *external:
		return !x.called && x.t != "error"
	case *list: // one of them
		return len(x.e) > 0 && standsFor(x.e[0])
	case union:
		return len(x) > 0 && standsFor(x[0])
	}
	return false
}

// weighs reports whether a comparison is one of something about the caller with
// what the program says.
func (m *machine) weighs(n *program.Node, a, b value) bool {
	if !m.weighing() || isSentinel(n) {
		return false
	}
	switch n.S {
	case "==", "!=", "<", ">", "<=", ">=", "&":
		return aboutCaller(n.K[0], a) && standsFor(b) || aboutCaller(n.K[1], b) && standsFor(a)
	}
	return false
}

// asksStanding reports whether words name what a caller is, as opposed to the
// state of the account or the kind of the credential.
func asksStanding(ws []string) bool {
	return !slices.ContainsFunc(ws, func(w string) bool {
		switch w {
		case "state", "status", "active", "activated", "inactive", "enabled", "disabled", "blocked", "block", "banned", "ban", "verified", "confirmed", "deleted", "locked", "lock", "suspended", "expired", "expires", "expiry", "exp", "valid", "invalid",
			"revoked", "frozen", "approved", "pending", "type", "typ", "iss", "issuer", "aud", "audience", "alg", "method", "use", "purpose", "access", "refresh", "bearer", "basic", "token", "jwt", "cookie", "apikey", "scheme", "value", "raw", "secret", "header", "authorization", "signature",
			"mfa", "2fa", "totp", "otp", "factor", "version", "nonce", "csrf", "email", "password", "passwd", "pwd", "hash", "length", "ip", "name", "err", "error", "code", "ok", "found", "exists", "setup", "new", "initialized", "must", "changed", "anonymous", "guest":
			return true
		}
		return false
	})
}

// standing is the word of what a refusal weighs, if it weighs the caller.
func (r *refusal) standing() string {
	if !r.weighed {
		return ""
	}
	for _, w := range r.why {
		switch w {
		case weighedLabel, soughtLabel, recordLabel, identityLabel, requestLabel, derivedLabel:
			continue
		}
		return w
	}
	return "what the caller is"
}

// weighedHere reports whether what is being run depends on what a known caller is:
// the nearest condition, or else one that let others return before.
func (m *machine) weighedHere() bool {
	if k := len(m.sim.whys); k > 0 {
		r := m.sim.whys[k-1]
		// What made an error may be one of many things.
		return slices.Contains(r.own, weighedLabel) && !(r.cond != nil && asksPresence(r.cond) && r.cond.Op == program.Binary)
	}
	return slices.Contains(m.whyHere(), weighedLabel)
}
