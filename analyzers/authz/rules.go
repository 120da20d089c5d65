package authz

import (
	"strings"

	"github.com/launchgate/launchgate/analyzers/rule"
)

var missing = rule.Rule{
	ID: "authz/missing", Title: "Route without an authorization guard", Severity: rule.High, Confidence: rule.Likely, Row: 1,
	What:     "A route is registered with a chain of middleware in which nothing can refuse a request, and its handler does not refuse one either.",
	Why:      "Anybody who knows or guesses the path can call it, without an account.",
	Bad:      "r.GET(\"/export/members\", exportMembers)",
	Good:     "admin := r.Group(\"/admin\", RequireMember(), RequireAdmin())\nadmin.GET(\"/export/members\", exportMembers)",
	Fix:      "Register the route on a group that has the guard, or put the guard in front of the handler. In gin, `Use` protects only routes registered after it.",
	Suppress: "If everybody may call it, add it to the public-route ledger: `public_routes` in `.github/launchgate.yml` on the base branch, with why and owner.",
	References: []string{
		"https://owasp.org/API-Security/editions/2023/en/0xa5-broken-function-level-authorization/",
		"https://cwe.mitre.org/data/definitions/862.html",
	},
	Since: "0.1.0",
}

// Rules are the rules this analyzer reports.
func Rules() []rule.Rule { return []rule.Rule{missing} }

// expected returns why a path is usually meant to be public, "" for no reason.
func expected(path string) string {
	for _, e := range []struct {
		reason string
		words  string
	}{
		{"people sign in or up here", "login signin sign-in signup sign-up register logout signout refresh token oauth oauth2 callback sso saml password forgot reset verify verify-email magic-link otp auth"},
		{"monitoring asks it", "health healthz live livez ready readyz ping status version metrics"},
		{"static files", "static assets public favicon.ico robots.txt sitemap.xml css js img images fonts"},
		{"documentation", "docs swagger openapi openapi.json openapi.yaml redoc"},
		{"a standard place for public facts", ".well-known"},
		{"an incoming webhook, which must verify a signature", "webhook webhooks hook hooks"},
	} {
		words := strings.Fields(e.words)
		for _, seg := range strings.Split(strings.ToLower(path), "/") {
			for _, w := range words {
				if seg == w {
					return e.reason
				}
			}
		}
	}
	if path == "/" {
		return "the front page"
	}
	return ""
}
