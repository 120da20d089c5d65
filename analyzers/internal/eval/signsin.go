package eval

import (
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/program"
)

// Which handlers make an identity of what callers send, and so ask for none.

// signsIn reports whether a handler is what turns credentials into an identity:
// what it refuses is wrong credentials, not the lack of an identity.
func (m *machine) signsIn(c *closure, path string) bool {
	last := strings.ToLower(strings.TrimSuffix(path, restOfPath))
	last = last[strings.LastIndexByte(last, '/')+1:]
	switch strings.NewReplacer("-", "", "_", "").Replace(last) {
	case "login", "signin", "signup", "register", "registration", "forgotpassword", "forgotpwd", "forgotpw", "resetpassword", "passwordreset", "lostpassword", "setup", "install", "captcha":
		return true
	}
	basic, issues := false, false
	// code, state and passkey: credentials that are there only to sign in, and
	// known: what is called after all of them makes an identity of them.
	code, state, passkey, known := false, false, false, false
	var visit func(n *program.Node, depth int)
	visit = func(n *program.Node, depth int) {
		walk(n, func(n *program.Node) {
			if n.Op != program.Call {
				return
			}
			fun := n.K[0]
			for _, a := range n.K[1:] {
				if a.Op == program.Const && a.T == "string" {
					code, state = code || a.S == "code", state || a.S == "state"
				}
			}
			ws := words(lastName(fun.S))
			if (code && state || passkey) && makesIdentity(ws) {
				known = true
			}
			passkey = passkey || assertsPasskey(lastName(fun.S))
			switch {
			case fun.S == "BasicAuth":
				basic = true
			case slices.ContainsFunc(ws, func(w string) bool { return w == "token" || w == "session" || w == "jwt" || w == "cookie" }) && slices.ContainsFunc(ws, issuing):
				issues = true
			}
			if fn := m.funcs[fun.S]; fn != nil && depth > 0 {
				visit(fn.Body, depth-1)
			} else if fn := m.method(fun.T, fun.S); fn != nil && depth > 0 {
				visit(fn.Body, depth-1)
			}
		})
	}
	visit(c.fn.Body, 1)
	return basic && issues || known
}

// makesIdentity reports whether a function named so gives a caller an identity.
// Setting a cookie alone says nothing: one that is over is deleted that way.
func makesIdentity(ws []string) bool {
	return !slices.Equal(ws, []string{"set", "cookie"}) && slices.ContainsFunc(ws, func(w string) bool { return w == "token" || w == "session" || w == "jwt" || w == "cookie" }) &&
		slices.ContainsFunc(ws, func(w string) bool { return issuing(w) || w == "authenticate" }) &&
		!slices.Contains(ws, "csrf") && !slices.Contains(ws, "xsrf")
}

// assertsPasskey reports whether a function of WebAuthn libraries finds out who
// the caller is; those that take a known user may as well confirm one.
func assertsPasskey(name string) bool {
	switch name {
	case "ValidateDiscoverableLogin", "ValidatePasskeyLogin", "FinishDiscoverableLogin", "FinishPasskeyLogin":
		return true
	}
	return false
}

// issuing: the word names making something.
func issuing(w string) bool {
	switch w {
	case "create", "generate", "issue", "new", "sign", "set", "send", "build", "save", "start", "make", "write":
		return true
	}
	return false
}
