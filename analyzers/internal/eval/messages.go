package eval

import (
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/program"
	"github.com/launchgate/launchgate/analyzers/routes"
)

// A handler that checks the signature of a message itself, with a secret of the
// program's own: as where a service's library does (see VerifiesMessage), who passes
// is another service that was given the secret, and no caller. The route stays one
// that anybody may call, and is meant to be.
//
// To find out, a request of nobody is sent whose signature is good. It is a message's
// if it is a code (HMAC) over the body under a key that does not depend on who sends
// it, compared with a header. If nothing turns that request away, nothing else was
// asked for.

const (
	// bodyLabel marks the body of a signed request.
	bodyLabel = "body of the message"
	// macLabel marks a code under a secret of the program's own.
	macLabel = "code of the message"
	// checkedLabel marks what a service's library makes of a message whose signature
	// it checks.
	checkedLabel = "checked by a library"
)

// signsMessage reports whether a handler turns away nobody but those who did not
// sign what they send with the one secret that it is checked with.
func (m *machine) signsMessage(c *closure, path, method string) bool {
	if method != "POST" && method != "PUT" {
		return false
	}
	s := m.simulate(c, &simulation{anonymous: true, signing: true, path: path, method: method})
	return s.signed && s.overBody && s.blocked == nil && (s.final == nil || !s.final.anon)
}

// checks notes that a handler is left early for what a library says of a message's
// signature.
func (m *machine) checks(n *program.Node, why []string, f *frame, left bool) {
	if s := m.sim; s != nil && f.top && left && s.checked.line == 0 && slices.Contains(why, checkedLabel) {
		s.checked = m.at(n, f)
	}
}

// verifiesMessage makes the verdict on a handler that leaves the check to a library
// one on the signature.
func (v *verdict) verifiesMessage(anon *simulation, method string) {
	if anon.checked.line == 0 || v.kind != routes.KindOther || method != "POST" && method != "PUT" {
		return
	}
	v.message, v.usedPath, v.kind, v.refused = true, true, routes.KindSignature, anon.checked
	v.why = "the handler has a library check that a service signed what is sent, at " + anon.checked.String() + ": who knows the secret is that service, no caller"
}

// signedHeader is a header of a request whose signature is good: whatever it is called,
// it may be where that stands, unless callers say there who they are.
func signedHeader(ws []string) bool {
	return !strongIdentity(ws) && !slices.ContainsFunc(ws, func(w string) bool {
		switch w {
		case "authorization", "cookie", "token", "session", "user":
			return true
		}
		return false
	})
}

// ofMessage adds to what a part of a signed request is that it is its body.
func (m *machine) ofMessage(v value) value {
	if m.sim == nil || !m.sim.signing {
		return v
	}
	return labelled(v, bodyLabel)
}

// signature is what the standard library makes of a signed message on the way to its
// code, and how that is compared.
func (m *machine) signature(name string, recv value, c call) (value, bool) {
	s := m.sim
	if !s.signing {
		return nil, false
	}
	has := func(v value, l string) bool { return slices.Contains(labels(v), l) }
	switch name {
	case "crypto/hmac.New":
		if len(c.args) == 2 && !ofCaller(c.args[1]) {
			return labelled(m.unknownResult(c, nil), macLabel), true
		}
		return nil, false
	case "crypto/hmac.Equal", "crypto/subtle.ConstantTimeCompare", "bytes.Equal":
		if len(c.args) != 2 {
			return nil, false
		}
		a, b := c.args[0], c.args[1]
		if has(b, macLabel) {
			a, b = b, a
		}
		if !has(a, macLabel) || has(b, macLabel) || !ofHeader(b) {
			return nil, false
		}
		s.signed = true
		if name == "crypto/subtle.ConstantTimeCompare" {
			return num(1), true
		}
		return boolean(true, false), true
	}
	all := append([]value{recv}, c.args...)
	if !slices.ContainsFunc(all, func(v value) bool { return has(v, macLabel) }) {
		return nil, false
	}
	s.overBody = s.overBody || slices.ContainsFunc(c.args, func(v value) bool { return has(v, bodyLabel) })
	if strings.HasSuffix(name, ".Sum") {
		return labelled(m.unknownResult(c, nil), macLabel), true
	}
	return nil, false
}

// ofCaller reports whether a value depends on what a request carries, as a key does
// that is looked up for who sends it.
func ofCaller(v value) bool {
	return slices.ContainsFunc(labels(v), func(l string) bool {
		return l == requestLabel || l == derivedLabel || l == identityLabel || l == recordLabel
	})
}

// ofHeader reports whether a value is a header of the request, or made of one.
func ofHeader(v value) bool {
	u, ok := v.(*unknown)
	return ok && (u.ofHeader || slices.Contains(u.labels, requestLabel))
}
