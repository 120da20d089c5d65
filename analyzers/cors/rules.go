package cors

import "github.com/launchgate/launchgate/analyzers/rule"

var references = []string{
	"https://developer.mozilla.org/docs/Web/HTTP/Guides/CORS",
	"https://cheatsheetseries.owasp.org/cheatsheets/HTML5_Security_Cheat_Sheet.html#cross-origin-resource-sharing",
	"https://cwe.mitre.org/data/definitions/942.html",
}

var anyOrigin = rule.Rule{
	ID: "cors/any-origin", Title: "Any origin may read responses", Severity: rule.Medium, Confidence: rule.Certain, Row: 9,
	What: "The API answers `Access-Control-Allow-Origin: *`, by configuration or by hand, or by a library's default.",
	Why:  "Every web page a member visits can call the API from the member's network and read the answer. Without credentials that is what anybody could read anyway, except behind a firewall, a VPN or an address list.",
	Bad:  "r.Use(cors.Default())", Good: "r.Use(cors.New(cors.Config{AllowOrigins: []string{\"https://app.example.com\"}}))",
	Fix:        "List the origins of your own front ends. A public, unauthenticated API can stay open: say so with a suppression.",
	Suppress:   "Suppress the finding in `.github/launchgate.yml` on the base branch by its fingerprint, with reason, owner and expiry.",
	References: references, Since: "0.1.0",
}

var reflected = rule.Rule{
	ID: "cors/reflected-origin", Title: "Any origin may act as the signed-in user", Severity: rule.High, Confidence: rule.Certain, Row: 9,
	What:       "The API allows whatever origin asks (a function that always says yes, or the Origin header sent back unchecked) together with credentials.",
	Why:        "Any web page a signed-in member visits can call every endpoint as that member and read the answers: account takeover by a link.",
	Bad:        "cors.Config{AllowOriginFunc: func(string) bool { return true }, AllowCredentials: true}",
	Good:       "cors.Config{AllowOrigins: []string{\"https://app.example.com\"}, AllowCredentials: true}",
	Fix:        "List the origins of your own front ends. If they are many, compare the whole origin with a list; never with a prefix, a suffix without its dot, or Contains.",
	Suppress:   "Suppress the finding in `.github/launchgate.yml` on the base branch by its fingerprint, with reason, owner and expiry.",
	References: references, Since: "0.1.0",
}

// Rules are the rules this analyzer reports.
func Rules() []rule.Rule { return []rule.Rule{anyOrigin, reflected} }
