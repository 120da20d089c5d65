package publish

import (
	"time"

	"github.com/launchgate/launchgate/app/review"
)

func sampleRules() []review.Rule {
	return []review.Rule{
		{ID: "authz/missing", Title: "Route without a guard", Severity: review.SeverityHigh, Confidence: review.ConfidenceHigh, Row: 1,
			What: "A route that nothing in its chain can refuse.", Why: "Anybody on the network can call it.",
			Bad: "r.POST(\"/users\", create)\n", Good: "r.POST(\"/users\", auth, create)\n", Fix: "Put the route into a group that has a guard.",
			Suppress: "List the route under `public_routes` in `.github/launchgate.yml` on the base branch.", References: []string{"https://cwe.mitre.org/data/definitions/862.html"}, Since: "0.1.0"},
		{ID: "logs/pii", Title: "Personal data in a log", Severity: review.SeverityMedium, Confidence: review.ConfidenceMedium, Row: 8,
			What: "A value that names a person reaches a log call.", Why: "Logs are read by more people than any database.",
			Fix: "Log the user's id.", Suppress: "List a redactor under `logs` in `.github/launchgate.yml` on the base branch.", Since: "0.1.0"},
		{ID: "secrets/aws-access-token", Title: "AWS access token", Severity: review.SeverityCritical, Confidence: review.ConfidenceHigh, Row: 7,
			What: "An access key in a commit.", Why: "Whoever can read the repository can use it.", Fix: "Revoke it, then take it out.", Since: "0.1.0"},
	}
}

// sample is a pull request to a small community API as a developer meets it.
func sample() review.Outcome {
	const head, base = review.SHA("1111111111111111111111111111111111111111"), review.SHA("2222222222222222222222222222222222222222")
	route := func(method, path string, a review.Access, guards ...string) *review.Route {
		r := &review.Route{Method: method, Path: path, Access: a}
		for _, g := range guards {
			r.Guards = append(r.Guards, review.Guard{Name: g, Kind: "authentication"})
		}
		return r
	}
	export := route("GET", "/members/export", review.Unresolved, "m.Wrap")
	export.Reason = "the guard is chosen at run time"
	health := route("GET", "/health", review.Public)
	health.Expected = "health check"
	o := review.Outcome{
		Target: review.Target{Kind: review.KindPullRequest, Repo: review.Repo{ID: 7, Owner: "acme", Name: "community"}, PullRequest: 12,
			Head: head, HeadRef: "refs/pull/12/head", Base: base, BaseRef: "main", MergeBase: base, Run: 1},
		Decision: review.Decision{Verdict: review.Block, Title: "2 introduced findings block", Blocking: []review.Fingerprint{"aa01", "aa02"},
			Reasons: []string{"2 introduced findings block"}, Notes: []string{"1 finding is suppressed by ops@acme.example: test data"}},
		Findings: []review.Finding{
			{Rule: "secrets/aws-access-token", Severity: review.SeverityCritical, Confidence: review.ConfidenceHigh, Scanner: "secrets",
				Place: review.Place{Path: "config/dev.env", Line: 3, Commit: "3333333333333333333333333333333333333333"}, Message: "AWS access token in commit 3333333, deleted since; it stays in history", Fingerprint: "aa01"},
			{Rule: "authz/missing", Severity: review.SeverityHigh, Confidence: review.ConfidenceHigh, Scanner: "code", Symbol: "main.routes",
				Place: review.Place{Path: "api/routes.go", Line: 21, EndLine: 21, Column: 2, EndColumn: 40}, Message: "POST /admin/users is registered outside the group that has RequireAdmin",
				Evidence: []review.Step{
					{Place: review.Place{Path: "api/routes.go", Line: 21}, Note: "POST /admin/users is registered on the engine"},
					{Place: review.Place{Path: "api/admin.go", Line: 8}, Note: "createUser writes to the database"},
				},
				Routes: []string{"POST /admin/users"}, Fingerprint: "aa02",
				Fix: &review.Fix{Title: "Register it on the admin group", Proved: true, Edits: []review.Edit{{Path: "api/routes.go", StartLine: 21, EndLine: 21, New: "\tadmin.POST(\"/users\", createUser)\n"}}}},
			{Rule: "logs/pii", Severity: review.SeverityMedium, Confidence: review.ConfidenceMedium, Scanner: "code",
				Place: review.Place{Path: "api/members.go", Line: 40}, Message: "user.Email reaches log.Printf", Fingerprint: "aa03", Expected: "the logger redacts it"},
			{Rule: "logs/pii", Severity: review.SeverityMedium, Confidence: review.ConfidenceMedium, Scanner: "code", Origin: review.Existing,
				Place: review.Place{Path: "api/old.go", Line: 4}, Message: "user.Phone reaches log.Printf", Fingerprint: "aa04"},
		},
		Routes: []review.Route{*route("POST", "/admin/users", review.Public), *health, *export, *route("GET", "/members", review.Authenticated, "RequireUser")},
		RouteChanges: []review.RouteChange{
			{Change: "changed", Before: route("POST", "/admin/users", review.Role, "RequireUser", "RequireAdmin"), After: route("POST", "/admin/users", review.Public), Lost: []string{"RequireUser", "RequireAdmin"}},
			{Change: "added", After: health},
			{Change: "added", After: export},
			{Change: "moved", Before: route("GET", "/me", review.Authenticated, "RequireUser"), After: route("GET", "/members/me", review.Authenticated, "RequireUser")},
			{Change: "changed", Before: route("GET", "/members", review.Authenticated, "Auth"), After: route("GET", "/members", review.Authenticated, "RequireUser"), Lost: []string{"Auth"}, Gained: []string{"RequireUser"}},
			{Change: "removed", Before: route("DELETE", "/old", review.Authenticated, "RequireUser")},
		},
		DataMap: []review.Recipient{
			{Service: "Stripe", Category: "payment", Via: []string{"github.com/stripe/stripe-go/v82"}, Receives: []review.Received{{Class: "contact", What: []string{"email"}, Places: []review.DataPlace{{FileLine: review.FileLine{File: "api/pay.go", Line: 30}}}}}},
			{Service: "OpenAI", Category: "ai", Via: []string{"api.openai.com"}, Receives: []review.Received{{Class: "contact", What: []string{"email"}, Places: []review.DataPlace{{FileLine: review.FileLine{File: "api/assist.go", Line: 14}, Call: "http.NewRequest", Func: "draft"}}}}},
		},
		DataChanges: []review.DataChange{
			{Change: "added", Service: "OpenAI", Category: "ai", Class: "contact", What: []string{"email"}, NewService: true, Places: []review.DataPlace{{FileLine: review.FileLine{File: "api/assist.go", Line: 14}, Call: "http.NewRequest", Func: "draft"}}},
			{Change: "added", Service: "Stripe", Category: "payment", Class: "identity", What: []string{"first name", "last name"}, Places: []review.DataPlace{{FileLine: review.FileLine{File: "api/pay.go", Line: 31}}}},
			{Change: "removed", Service: "Mailgun", Category: "e-mail", Class: "contact", What: []string{"email"}},
		},
		Receipt: review.Receipt{
			Scanners: []review.ScannerReceipt{
				{Scanner: "secrets", Version: "gitleaks 8.30.1", Counts: []review.Count{{Unit: "commits", Looked: 3, Expected: 3}, {Unit: "files of the final diff", Looked: 5, Expected: 5}}, Wall: 312 * time.Millisecond, Protections: []string{"landlock", "no network namespace: not permitted"}},
				{Scanner: "code", Counts: []review.Count{{Unit: "packages typed", Looked: 12, Expected: 12}, {Unit: "routes resolved", Looked: 3, Expected: 4, Judged: true}}, Skipped: []review.Skip{{What: "api/gen.go", Why: "generated"}}, Wall: 1234 * time.Millisecond, Notes: []string{"2 dependencies were read from their declarations"}, Protections: []string{"landlock"}},
			},
		},
		Diff: review.Diff{Files: []review.FileDiff{
			{Path: "api/routes.go", OldPath: "api/routes.go", Status: review.FileModified, Hunks: []review.Hunk{{OldStart: 18, NewStart: 18, Ops: "   -+   "}}},
			{Path: "api/members.go", OldPath: "api/members.go", Status: review.FileModified, Hunks: []review.Hunk{{OldStart: 37, NewStart: 37, Ops: "   +   "}}},
		}},
		Started: clock, Finished: clock.Add(1700 * time.Millisecond),
	}
	return o
}

// unverified is the same with a package that could not be typed.
func unverified() review.Outcome {
	o := sample()
	o.Receipt.Scanners[1].Counts[0].Looked = 11
	o.Receipt.Scanners[1].Gaps = []review.Gap{{Code: review.CodePackageNotTyped, What: "internal/billing", Why: "it imports a module that go.sum does not name", Do: "run go mod tidy and commit go.sum"}}
	o.Decision.Verdict = review.CouldNotVerify
	o.Decision.Title = "Could not verify: code: internal/billing: it imports a module that go.sum does not name; besides, 2 findings block"
	o.Decision.Reasons = []string{"code: internal/billing: it imports a module that go.sum does not name", "2 introduced findings block"}
	return o
}

// clean is a pull request that brings nothing.
func clean() review.Outcome {
	o := sample()
	o.Findings, o.RouteChanges, o.DataChanges = o.Findings[3:], nil, nil
	o.Decision = review.Decision{Verdict: review.Pass, Title: "Nothing that blocks, 1 finding was there before", Reasons: []string{"Everything was looked at and nothing introduced blocks."}}
	return o
}
