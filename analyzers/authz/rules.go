package authz

import "github.com/launchgate/launchgate/analyzers/rule"

var references = []string{
	"https://owasp.org/API-Security/editions/2023/en/0xa5-broken-function-level-authorization/",
	"https://cheatsheetseries.owasp.org/cheatsheets/Authorization_Cheat_Sheet.html",
	"https://cwe.mitre.org/data/definitions/862.html",
}

const suppress = "Add the route to the public-route ledger in `.github/launchgate.yml`, with why and owner, or suppress the finding by its fingerprint, with reason, owner and expiry."

var missing = rule.Rule{
	ID: "authz/missing", Title: "Anybody can call this route", Severity: rule.High, Confidence: rule.Likely, Row: 1,
	What: "A route whose middleware and handler never refuse a request for lack of an identity.",
	Why:  "Whoever finds the address can read or change what it serves, without an account.",
	Bad:  "r.POST(\"/orders/:id/refund\", refund)", Good: "r.Group(\"/\", requireUser).POST(\"/orders/:id/refund\", refund)",
	Fix:      "Register the route in a group that has your authentication middleware, before the middleware's Use is out of reach, or check the caller at the top of the handler.",
	Suppress: suppress, References: references, Since: "0.1.0",
}

var unresolved = rule.Rule{
	ID: "authz/unresolved", Title: "Who can call this route could not be decided", Severity: rule.Info, Confidence: rule.Unsure, Row: 1,
	What: "A route whose guards could not be followed, with the reason.",
	Why:  "It may be open. It is never counted as safe.",
	Bad:  "r.Use(plugins.Load(\"auth\"))", Good: "r.Use(auth.Require(sessions))",
	Fix:      "Make the guard a function the code names, or name it under `guards` in the policy.",
	Suppress: suppress, References: references, Since: "0.1.0",
}

// Rules are the rules this package reports.
func Rules() []rule.Rule { return []rule.Rule{missing, unresolved} }
