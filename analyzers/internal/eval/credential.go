package eval

import (
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/program"
)

// A token that stands in the path or the query and that the handler itself
// checks is a credential, though it looks like any other parameter: images and
// downloads are asked for so, where a browser sends no header. What was sent by
// mail, to confirm or reset something, is no identity: it says that a mail
// arrived.

// tokenRefused notes that the outermost function turned a request away, if the
// token in it is not good, in the branch that the refusals since then belong to.
func (m *machine) tokenRefused(n *program.Node, why []string, since int) {
	s := m.sim
	if s.token != nil || s.unsure > 0 || !slices.Contains(why, requestLabel) || !checksToken(n.K[0]) && !slices.Contains(why, verifiedLabel) {
		return
	}
	for _, w := range why {
		switch w {
		case "csrf", "xsrf", "captcha", "recaptcha", "hcaptcha", "turnstile":
			return
		}
	}
	for i := since; i < len(s.refused); i++ {
		if r := s.refused[i]; r.code == 401 || r.code == 403 {
			s.token = &r
			return
		}
	}
}

// checksToken reports whether a condition is whether a token is good, yes or no:
// not what was found by it, as the record that a mail is about.
func checksToken(n *program.Node) bool {
	named := func(n *program.Node) bool {
		ws := nodeWords(n)
		return slices.Contains(ws, "token") || slices.Contains(ws, "tokens")
	}
	switch n.Op {
	case program.Unary:
		return n.S == "!" && checksToken(n.K[0])
	case program.Call:
		return named(n)
	case program.Binary:
		switch n.S {
		case "&&", "||":
			return checksToken(n.K[0]) || checksToken(n.K[1])
		case "==", "!=":
			a, b := n.K[0], n.K[1]
			if a.Op == program.Const || a.Op == program.Nil {
				a, b = b, a
			}
			switch {
			case b.Op == program.Nil, b.Op == program.Const && b.T == "string":
				return false
			case b.Op == program.Const: // of a comparison in constant time
				return a.Op == program.Call && named(a)
			}
			return a.T != "error" && b.T != "error" && named(n)
		}
	}
	return false
}

const (
	// queryTokenLabel marks a token that stands in the query.
	queryTokenLabel = "token of the query"
	// verifiedLabel marks what came of verifying one.
	verifiedLabel = "verified token of the query"
)

// parameterLabels are the labels of a parameter of the request, by the words of
// its name. A token by which another is to be had is no caller's yet.
func parameterLabels(ws []string, query bool) []string {
	if query && slices.Contains(ws, "token") && !slices.ContainsFunc(ws, func(w string) bool { return w == "refresh" || w == "id" || w == "csrf" || w == "xsrf" }) {
		return []string{requestLabel, queryTokenLabel}
	}
	return []string{requestLabel}
}

// verifiesQueryToken reports whether a library's function verifies a signed token
// that stands in the query: as little as one in a header can it be made up.
func verifiesQueryToken(base, fn string, args []value) bool {
	if base != "github.com/golang-jwt/jwt" && base != "github.com/dgrijalva/jwt-go" || fn != "Parse" && fn != "ParseWithClaims" {
		return false
	}
	return slices.ContainsFunc(args, func(a value) bool { return slices.Contains(labels(a), queryTokenLabel) })
}

// labelled is a value, or several, with one more label.
func labelled(v value, label string) value {
	switch x := v.(type) {
	case *unknown:
		u := *x
		u.labels = mergeLabels(u.labels, []string{label})
		return &u
	case tuple:
		out := make(tuple, len(x))
		for i := range x {
			out[i] = labelled(x[i], label)
		}
		return out
	}
	return v
}

// mailed reports whether a path is one that mails lead to.
func mailed(path string) bool {
	for seg := range strings.SplitSeq(strings.ToLower(path), "/") {
		for _, w := range words(seg) {
			switch w {
			case "verify", "verification", "confirm", "confirmation", "activate", "activation", "reset", "forgot", "recover", "recovery", "unsubscribe", "subscribe", "invite", "invitation", "invitations", "magic", "signup", "register":
				return true
			}
		}
	}
	return false
}
