package authz

import (
	"strings"

	"github.com/launchgate/launchgate/analyzers/routes"
)

// reasons are why a public route is probably meant to be: the first whose word
// is an element of the path, or part of the handler's name, counts.
var reasons = []struct {
	reason string
	words  []string
}{
	{"health check", []string{"health", "healthz", "healthcheck", "live", "livez", "liveness", "ready", "readyz", "readiness", "ping", "alive", "heartbeat"}},
	{"sign-in or sign-up", []string{"login", "signin", "sign-in", "signup", "sign-up", "register", "registration", "logout", "signout", "captcha", "refresh", "refresh_token", "refresh-token", "mfa", "2fa"}},
	{"password reset or confirmation by e-mail", []string{"forgot", "forgot-password", "reset", "reset-password", "verify-email", "activate", "activation", "confirm", "unsubscribe"}},
	{"OAuth or single sign-on", []string{"oauth", "oauth2", "sso", "saml", "oidc", "callback", ".well-known"}},
	{"documentation", []string{"docs", "doc", "swagger", "openapi", "redoc", "apidocs"}},
	{"static files", []string{"static", "assets", "favicon.ico", "robots.txt", "css", "js", "img", "images", "fonts", "manifest.json", "sitemap.xml", "public"}},
	{"webhook (verify its signature)", []string{"webhook", "webhooks", "hooks"}},
	{"version or status", []string{"version", "status", "info"}},
}

// expected returns the built-in reason why a public route is probably meant.
func expected(r routes.Route) string {
	if r.Handler.Func == "static files" {
		return "static files"
	}
	if r.Method == "OPTIONS" {
		return "CORS preflight"
	}
	for seg := range strings.SplitSeq(strings.ToLower(r.Path), "/") {
		seg = strings.TrimSuffix(strings.TrimSuffix(seg, ".json"), ".yaml")
		for _, x := range reasons {
			for _, w := range x.words {
				if seg == w {
					return x.reason
				}
			}
		}
	}
	low := strings.ToLower(r.Handler.Func)
	for _, w := range []string{"login", "signin", "signup", "healthcheck"} {
		if strings.Contains(low, w) {
			return "sign-in or sign-up"
		}
	}
	return ""
}
