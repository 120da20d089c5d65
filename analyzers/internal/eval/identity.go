package eval

import (
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/program"
)

// Where a caller's identity is read, and the words that name one.

// strongIdentity reports whether the name of a form field or parameter can only
// be that of an identity: others may be a user's name or the token of a mail.
func strongIdentity(ws []string) bool {
	has := func(w string) bool { return slices.Contains(ws, w) }
	return has("jwt") || has("apikey") || has("bearer") || has("session") ||
		(has("access") || has("auth")) && (has("token") || has("key")) || has("api") && (has("key") || has("token"))
}

// identityWord: the word names something only a known caller has.
func identityWord(w string) bool {
	switch w {
	case "auth", "authorization", "authenticate", "authenticated", "authentication", "authn", "authz", "authorize", "authorized", "authorizer", "token", "tokens", "jwt", "bearer", "session", "sessions", "sess", "sid",
		"user", "users", "uid", "userid", "username", "account", "claims", "claim", "identity", "principal", "login", "logged", "loggedin", "cookie", "credential", "credentials",
		"apikey", "secret", "subject", "admin", "role", "roles", "owner", "caller", "viewer", "member", "actor", "me", "perm", "perms", "permission", "permissions", "signature", "passport", "accesstoken", "signin":
		return true
	}
	return false
}

// hasIdentity reports whether words name an identity. A token against forged
// requests is none: everybody gets one.
func hasIdentity(ws []string) bool {
	return slices.ContainsFunc(ws, identityWord) && !slices.Contains(ws, "csrf") && !slices.Contains(ws, "xsrf")
}

// presentsIdentity reports whether a header or parameter of a name is what
// callers identify themselves by; there, unlike in code, a key is one.
func presentsIdentity(ws []string) bool { return hasIdentity(ws) || slices.Contains(ws, "key") }

// harmlessHeader: the header is no identity.
func harmlessHeader(s string) bool {
	switch strings.ToLower(s) {
	case "content-type", "accept", "origin", "user-agent", "host", "range", "referer", "accept-language", "accept-encoding", "if-none-match", "if-modified-since", "content-length", "connection", "upgrade",
		"x-forwarded-for", "x-real-ip", "x-forwarded-proto", "x-forwarded-host", "x-request-id", "x-requested-with", "access-control-request-method", "access-control-request-headers", "x-http-method-override", "cf-connecting-ip":
		return true
	}
	return false
}

// header is the value of a request header.
func (m *machine) header(k value, node *program.Node, t string) value {
	name, ok := asString(k)
	ws := words(name)
	if !ok {
		ws = mergeLabels(labels(k), m.nodeWords(node))
	}
	if ok && harmlessHeader(name) {
		return &unknown{t: "string", labels: []string{requestLabel}, sent: harmless}
	}
	if presentsIdentity(ws) && !(m.sim.signing && signedHeader(ws)) {
		return m.presented(t, ws, "the header", k)
	}
	return &unknown{t: "string", labels: []string{requestLabel}, sent: parameter, ofHeader: !slices.Contains(ws, "csrf") && !slices.Contains(ws, "xsrf")}
}

// provesSecret reports whether a stranger fails where two values are compared in
// constant time: one is a header that nobody has to send who is not asked for a
// secret, whatever it is called, and the other is the program's.
func (m *machine) provesSecret(a, b value) bool {
	h, ok := a.(*unknown)
	if !ok || !h.ofHeader || !m.sim.anonymous {
		return false
	}
	own, ok := b.(*unknown)
	return !ok || own.sent == notSent && !own.ofHeader
}

// presented is what callers send themselves to say who they are, in a part of the
// request under a name.
func (m *machine) presented(t string, ws []string, in string, name value) value {
	m.sim.asks = true
	if m.sim.forging {
		if s, ok := asString(name); ok {
			in += " " + s
		} else {
			in += " " + strings.Join(firstN(ws, 3), " ")
		}
		return m.asForger(t, ws, in)
	}
	v := m.identity(t, ws)
	show(v)
	return v
}

// show marks what callers present themselves.
func show(v value) {
	switch x := v.(type) {
	case *unknown:
		x.shown = true
	case tuple:
		for _, e := range x {
			show(e)
		}
	}
}

// identity is what is read where a caller's identity would be.
func (m *machine) identity(t string, ws []string) value {
	m.sim.met = true
	if m.sim.anonymous {
		return m.absentOf(t)
	}
	return knownIdentity(t, ws)
}

// knownIdentity is what is read where the identity of a known caller is.
func knownIdentity(t string, ws []string) value {
	ls := mergeLabels(ws, []string{identityLabel})
	ts := tupleTypes(t)
	if len(ts) > 1 {
		out := tuple{}
		for _, x := range ts {
			out = append(out, &unknown{t: x, labels: ls})
		}
		return out
	}
	return &unknown{t: t, labels: ls}
}

func (m *machine) absentOf(t string) value {
	ts := tupleTypes(t)
	one := func(t string) value {
		switch t {
		case "error":
			return failure{anon: true}
		case "bool":
			return boolean(false, true)
		case "int":
			return constant{k: 'i', s: "0", anon: true}
		}
		return absent{t: t}
	}
	return eachResult(ts, one)
}

func (m *machine) anonResult(c call) value { return m.absentOf(resultType(c)) }

// recodes is what a function makes of a header that writes it in another way, or
// hashes it: as much of a secret as it was.
func (m *machine) recodes(pkg string, c call) (value, bool) {
	switch pkg {
	case "encoding/hex", "encoding/base64", "crypto/sha256", "crypto/sha512", "crypto/sha1", "crypto/md5", "crypto/sha3":
	default:
		return nil, false
	}
	i := slices.IndexFunc(c.args, func(a value) bool { u, ok := a.(*unknown); return ok && u.ofHeader })
	if i < 0 {
		return nil, false
	}
	of := c.args[i].(*unknown)
	same := func(v value) value {
		u, ok := v.(*unknown)
		if !ok {
			return v
		}
		w := *u
		w.labels, w.sent, w.ofHeader = of.labels, of.sent, true
		return &w
	}
	switch v := m.unknownResult(c, nil).(type) {
	case tuple:
		if len(v) > 0 {
			v[0] = same(v[0])
		}
		return v, true
	default:
		return same(v), true
	}
}
