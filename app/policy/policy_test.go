package policy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/launchgate/launchgate/app/config"
	"github.com/launchgate/launchgate/app/policy"
	"github.com/launchgate/launchgate/app/review"
)

var now = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func finding(rule review.RuleID, sev review.Severity, conf review.Confidence, origin review.Origin) review.Finding {
	return review.Finding{Rule: rule, Severity: sev, Confidence: conf, Origin: origin, Fingerprint: "f1",
		Place: review.Place{Path: "api/users.go", Line: 7}, Routes: []string{"POST /users/:id"}}
}

func complete() review.Receipt {
	return review.Receipt{Scanners: []review.ScannerReceipt{{Scanner: "code", Counts: []review.Count{{Unit: "packages", Looked: 3, Expected: 3}}}}}
}

func TestVerdict(t *testing.T) {
	bad := finding("authz/missing", review.SeverityHigh, review.ConfidenceHigh, review.Introduced)
	gap := complete()
	gap.Scanners[0].Gaps = []review.Gap{{Code: review.CodeScannerFailed, What: "code", Why: "the worker crashed"}}
	short := complete()
	short.Scanners[0].Counts[0].Looked = 2
	tagged := complete()
	tagged.Scanners[0].Gaps = []review.Gap{{Code: review.CodeTagNotSet, What: "routes_ee.go", Why: "it is built only with the tag ee"}}
	tests := []struct {
		name     string
		policy   string
		findings []review.Finding
		receipt  review.Receipt
		want     review.Verdict
		title    string // a part of it
		shown    int
	}{
		{name: "nothing found, everything looked at", receipt: complete(), want: review.Pass, title: "Nothing that blocks"},
		{name: "no scanner ran", want: review.CouldNotVerify, title: "no scanner ran"},
		{name: "a gap", receipt: gap, want: review.CouldNotVerify, title: "the worker crashed"},
		{name: "a count that falls short", receipt: short, want: review.CouldNotVerify, title: "2 of 3 packages"},
		{name: "a gap and a blocking finding", receipt: gap, findings: []review.Finding{bad}, want: review.CouldNotVerify, title: "1 finding blocks", shown: 1},
		{name: "introduced, severe and sure", receipt: complete(), findings: []review.Finding{bad}, want: review.Block, title: "1 introduced finding blocks", shown: 1},
		{name: "existing", receipt: complete(), findings: []review.Finding{finding("authz/missing", review.SeverityHigh, review.ConfidenceHigh, review.Existing)}, want: review.Pass, title: "was there before", shown: 1},
		{name: "unknown severity blocks", receipt: complete(), findings: []review.Finding{finding("x/y", review.SeverityUnknown, review.ConfidenceUnknown, review.Introduced)}, want: review.Block, shown: 1},
		{name: "below the severity threshold", receipt: complete(), findings: []review.Finding{finding("x/y", review.SeverityLow, review.ConfidenceHigh, review.Introduced)}, want: review.Pass, title: "below the threshold", shown: 1},
		{name: "below the confidence threshold", receipt: complete(), findings: []review.Finding{finding("x/y", review.SeverityHigh, review.ConfidenceLow, review.Introduced)}, want: review.Pass, shown: 1},
		{name: "rule off", policy: "version: 1\nrules: {authz/missing: {off: true}}", receipt: complete(), findings: []review.Finding{bad}, want: review.Pass},
		{name: "rule advisory", policy: "version: 1\nrules: {authz/missing: {advisory: true}}", receipt: complete(), findings: []review.Finding{bad}, want: review.Pass, shown: 1},
		{name: "severity lowered", policy: "version: 1\nrules: {authz/missing: {severity: low}}", receipt: complete(), findings: []review.Finding{bad}, want: review.Pass, shown: 1},
		{name: "path excluded", policy: "version: 1\nexclude: ['api/**']", receipt: complete(), findings: []review.Finding{bad}, want: review.Pass},
		{name: "a secret in an excluded path still blocks", policy: "version: 1\nexclude: ['api/**']", receipt: complete(),
			findings: []review.Finding{finding("secrets/aws-access-token", review.SeverityCritical, review.ConfidenceHigh, review.Introduced)}, want: review.Block, shown: 1},
		{name: "in the ledger, whatever the parameter's name", policy: "version: 1\npublic_routes: [{method: POST, path: '/users/{user}', why: sign-up, owner: web}]",
			receipt: complete(), findings: []review.Finding{bad}, want: review.Pass, shown: 1},
		{name: "the ledger names another method", policy: "version: 1\npublic_routes: [{method: GET, path: '/users/{user}', why: sign-up, owner: web}]",
			receipt: complete(), findings: []review.Finding{bad}, want: review.Block, shown: 1},
		{name: "in the ledger, though it lost a guard", policy: "version: 1\npublic_routes: [{method: POST, path: '/users/:id', why: sign-up, owner: web}]", receipt: complete(),
			findings: []review.Finding{finding("authz/lost-guard", review.SeverityHigh, review.ConfidenceHigh, review.Introduced)}, want: review.Pass, shown: 1},
		{name: "a route nobody can tell about, brought by the change", receipt: complete(),
			findings: []review.Finding{finding("authz/unresolved", review.SeverityInfo, review.ConfidenceLow, review.Introduced)}, want: review.CouldNotVerify, title: "POST /users/:id", shown: 1},
		{name: "a route nobody can tell about, there before", receipt: complete(),
			findings: []review.Finding{finding("authz/unresolved", review.SeverityInfo, review.ConfidenceLow, review.Existing)}, want: review.Pass, shown: 1},
		{name: "a route nobody can tell about, which the policy only wants to see", policy: "version: 1\nrules: {authz/unresolved: {advisory: true}}", receipt: complete(),
			findings: []review.Finding{finding("authz/unresolved", review.SeverityInfo, review.ConfidenceLow, review.Introduced)}, want: review.Pass, shown: 1},
		{name: "a route nobody can tell about, meant to be public", policy: "version: 1\npublic_routes: [{path: '/users/{id}', why: sign-up, owner: web}]", receipt: complete(),
			findings: []review.Finding{finding("authz/unresolved", review.SeverityInfo, review.ConfidenceLow, review.Introduced)}, want: review.Pass, shown: 1},
		{name: "fewer routes resolved than there are is judged route by route",
			receipt: review.Receipt{Scanners: []review.ScannerReceipt{{Scanner: "code", Counts: []review.Count{{Unit: "routes resolved", Looked: 3, Expected: 4, Judged: true}}}}}, want: review.Pass},
		{name: "suppressed", policy: "version: 1\nsuppressions: [{fingerprint: f1, reason: meant, owner: web, expires: 2026-11-24}]",
			receipt: complete(), findings: []review.Finding{bad}, want: review.Pass},
		{name: "suppression expired yesterday", policy: "version: 1\nsuppressions: [{fingerprint: f1, reason: meant, owner: web, expires: 2026-11-23}]",
			receipt: complete(), findings: []review.Finding{bad}, want: review.Block, shown: 1},
		{name: "routes under a tag that is not set", receipt: tagged, want: review.CouldNotVerify, title: "routes_ee.go"},
		{name: "the policy accepts a file under a tag", policy: "version: 1\nallow_unverified: ['routes_ee.go']", receipt: tagged, want: review.Pass},
		{name: "the policy accepts an untyped package", policy: "version: 1\nallow_unverified: ['gen/**']",
			receipt: review.Receipt{Scanners: []review.ScannerReceipt{{Scanner: "code", Gaps: []review.Gap{{Code: review.CodePackageNotTyped, What: "gen/pb"}}}}}, want: review.Pass},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			pol := config.DefaultPolicy()
			if tt.policy != "" {
				var err error
				if pol, err = config.ParsePolicy("launchgate.yml", []byte(tt.policy)); err != nil {
					t.Fatal(err)
				}
			}
			shown, d := policy.Decide(tt.findings, tt.receipt, pol, now)
			if d.Verdict != tt.want || !strings.Contains(d.Title, tt.title) || len(shown) != tt.shown {
				t.Errorf("verdict %q, title %q, %d shown; want %q, %q, %d", d.Verdict, d.Title, len(shown), tt.want, tt.title, tt.shown)
			}
		})
	}
}

func TestStaleLedger(t *testing.T) {
	pol, err := config.ParsePolicy("launchgate.yml", []byte(`version: 1
public_routes:
  - {method: POST, path: /login, why: people sign in here, owner: web}
  - {path: "/files/{name}", why: shared links, owner: web}
  - {method: GET, path: /gone, why: it was here, owner: web}
`))
	if err != nil {
		t.Fatal(err)
	}
	got := policy.StaleLedger(pol, []review.Route{{Method: "*", Path: "/login"}, {Method: "GET", Path: "/files/:id"}, {Method: "POST", Path: "/gone"}})
	if len(got) != 1 || !strings.Contains(got[0], "GET /gone (web) matches no route") {
		t.Errorf("%q", got)
	}
}

func TestWarningsStandBesideTheVerdict(t *testing.T) {
	receipt := review.Receipt{Scanners: []review.ScannerReceipt{{Scanner: "secrets", Counts: []review.Count{{Unit: "commits", Looked: 1, Expected: 1}},
		Warnings: []string{".gitleaks.toml:5: the regular expression is refused"}}}}
	_, d := policy.Decide(nil, receipt, config.DefaultPolicy(), time.Unix(1700000000, 0))
	if d.Verdict != review.Pass || len(d.Notes) != 1 || d.Notes[0] != receipt.Scanners[0].Warnings[0] {
		t.Errorf("%s with the notes %q", d.Verdict, d.Notes)
	}
}
