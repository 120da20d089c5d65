package authz

import (
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/routes"
)

// reason is why a public route is probably meant to be.
type reason struct {
	text string
	// last are words the path may end in, anywhere words that may stand anywhere
	// in it.
	last, anywhere []string
	// reads: only for GET and HEAD. plain: not below a parameter, so that
	// /users/:id/status is no status page.
	reads, plain bool
}

var reasons = []reason{
	{text: "health check", last: []string{"health", "healthz", "healthcheck", "health-check", "live", "livez", "liveness", "ready", "readyz", "readiness", "ping", "alive", "heartbeat"}, reads: true, plain: true},
	{text: "metrics (see that the network keeps strangers away)", last: []string{"metrics"}, reads: true, plain: true},
	{text: "sign-in or sign-up", plain: true, last: []string{"login", "signin", "sign-in", "signup", "sign-up", "register", "registration", "logout", "signout", "sign-out", "captcha", "refresh_token", "refresh-token"}},
	{text: "password reset or confirmation by e-mail", last: []string{"forgot", "forgot-password", "forgot_password", "reset-password", "reset_password", "password-reset", "verify-email", "verify_email", "confirm-email", "unsubscribe"}},
	{text: "OAuth or single sign-on", anywhere: []string{"oauth", "oauth2", "sso", "saml", "oidc", ".well-known"}},
	{text: "documentation", anywhere: documentation, last: []string{"docs", "openapi"}, reads: true, plain: true},
	{text: "static files", anywhere: []string{"static", "assets"}, last: []string{"favicon.ico", "robots.txt", "manifest.json", "site.webmanifest", "sitemap.xml", "opensearch.xml", "humans.txt", "ads.txt"}, reads: true},
	{text: "version", last: []string{"version"}, reads: true, plain: true},
}

// documentation are the path words of pages that show an API.
var documentation = []string{"swagger", "redoc", "apidocs"}

// webhooks are the path words of addresses that other services call.
var webhooks = []string{"webhook", "webhooks", "hook", "hooks", "ipn"}

// keptFiles are the path words of files that a program makes or keeps: no part of
// its pages, though the same library serves them.
var keptFiles = []string{"backup", "backups", "dump", "dumps", "export", "exports", "invoice", "invoices", "log", "logs", "private", "internal", "secret", "secrets"}

// pages are the path words of what browsers load.
var pages = []string{"static", "assets", "public", "css", "js", "img", "images", "fonts", "icons", "favicon", "swagger", "ui", "web", "dist", "www"}

const (
	signedWebhook = "webhook that verifies its signature"
	staticFiles   = "static files"
)

// expected returns the built-in reason why a public route is probably meant. Its
// handler may check the signature of a message: of whatever kind, or as the
// library of a service that sends webhooks does.
// Words about a sign-in count only where nothing administrative stands in the
// path: /admin/login is a door, /admin/users/register is not.
func expected(r routes.Route, signed, ofService bool) string {
	if r.Files != "" {
		if servesPages(r) {
			return staticFiles
		}
		return ""
	}
	if r.Method == "OPTIONS" {
		return "CORS preflight"
	}
	segs := segments(r.Path)
	if slices.ContainsFunc(segs, func(s string) bool { return slices.Contains(webhooks, s) }) {
		if signed {
			return signedWebhook
		}
		return ""
	}
	if ofService {
		return signedWebhook // whatever its address
	}
	last := ""
	for _, s := range segs {
		if !isParameter(s) {
			last = s
		}
	}
	reads := r.Method == "GET" || r.Method == "HEAD" || r.Method == "*"
	params := slices.ContainsFunc(segs, isParameter)
	if len(segs) > 0 && slices.Contains(documentation, segs[0]) && reads {
		return "documentation" // of whatever part of the program
	}
	if len(segs) > 0 && adminWord(strings.Join(segs[:len(segs)-1], "/")) && len(segs) > 2 {
		return ""
	}
	if !params && passkeySignIn(segs, last) {
		return "sign-in or sign-up"
	}
	for _, x := range reasons {
		if x.reads && !reads || x.plain && params && !isRest(segs) {
			continue
		}
		if slices.Contains(x.last, last) || slices.ContainsFunc(segs, func(s string) bool { return slices.Contains(x.anywhere, s) }) {
			return x.text
		}
	}
	return ""
}

// servesPages reports whether a route that serves files serves those of pages: by
// where they are, or else by what the path is called. The root is where pages are.
func servesPages(r routes.Route) bool {
	ws := wordsOf(r.Path)
	if slices.ContainsFunc(ws, func(w string) bool { return slices.Contains(keptFiles, w) }) {
		return false
	}
	if r.Files == routes.FilesPublic || slices.ContainsFunc(ws, func(w string) bool { return slices.Contains(pages, w) }) {
		return true
	}
	segs := segments(r.Path)
	return r.Files == routes.FilesUnknown && (len(segs) == 0 || len(segs) == 1 && isParameter(segs[0]))
}

// passkeySignIn reports whether a path is a step of a sign-in with a passkey. The
// steps of adding one to an account are none: that takes a login.
func passkeySignIn(segs []string, last string) bool {
	has := func(ss ...string) bool {
		return slices.ContainsFunc(segs, func(s string) bool { return slices.Contains(ss, s) })
	}
	if !has("webauthn", "passkey", "passkeys", "fido2") || has("register", "registration", "attestation", "settings", "credentials") {
		return false
	}
	switch last {
	case "options", "challenge", "begin", "start", "finish", "complete", "verify", "login", "assertion", "authenticate":
		return true
	}
	return false
}

// segments are the elements of a path in lower case, without the endings of
// documents.
func segments(path string) []string {
	var out []string
	for s := range strings.SplitSeq(strings.ToLower(path), "/") {
		if s = strings.TrimSuffix(strings.TrimSuffix(s, ".yaml"), ".html"); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func isParameter(s string) bool { return strings.ContainsAny(s[:1], ":*{<") }

// isRest reports whether the only parameter is the rest of the path.
func isRest(segs []string) bool {
	for i, s := range segs {
		if isParameter(s) && (i < len(segs)-1 || s[0] != '*' && !strings.HasSuffix(s, "...}")) {
			return false
		}
	}
	return true
}

// adminWord reports whether a path or name speaks of administration.
func adminWord(s string) bool {
	for _, w := range wordsOf(s) {
		switch w {
		case "admin", "admins", "administrator", "administration", "superuser", "superadmin", "sysadmin", "backoffice", "staff":
			return true
		}
	}
	return false
}

// wordsOf takes a path or a Go name apart into lower-case words.
func wordsOf(s string) []string {
	var out []string
	var cur []rune
	flush := func() {
		if len(cur) > 0 {
			out = append(out, strings.ToLower(string(cur)))
			cur = cur[:0]
		}
	}
	prev := ' '
	for _, r := range s {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
		if !letter || 'A' <= r && r <= 'Z' && 'a' <= prev && prev <= 'z' {
			flush()
		}
		if letter {
			cur = append(cur, r)
		}
		prev = r
	}
	flush()
	return out
}
