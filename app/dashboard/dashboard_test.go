package dashboard_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/launchgate/launchgate/app/dashboard"
	"github.com/launchgate/launchgate/app/review"
)

var now = time.Date(2026, 11, 24, 15, 0, 0, 0, time.UTC)

// memory is a Reader of a few reviews.
type memory struct {
	reviews    []dashboard.Review
	deliveries []dashboard.Delivery
	histories  []dashboard.History
	baselines  []dashboard.Review
	err        error
	asked      int // the limit of the last list
}

func (m *memory) Reviews(_ context.Context, limit int) ([]dashboard.Review, error) {
	m.asked = limit
	return m.reviews, m.err
}

func (m *memory) Review(_ context.Context, id int64) (dashboard.Review, error) {
	for _, r := range m.reviews {
		if r.ID == id {
			return r, m.err
		}
	}
	return dashboard.Review{}, errors.Join(dashboard.ErrNotFound, m.err)
}

func (m *memory) Deliveries(context.Context, int) ([]dashboard.Delivery, error) {
	return m.deliveries, m.err
}

func (m *memory) Histories(context.Context) ([]dashboard.History, error) { return m.histories, m.err }

func (m *memory) History(_ context.Context, id review.RepoID) (dashboard.History, error) {
	for _, h := range m.histories {
		if h.Repo.ID == id {
			return h, m.err
		}
	}
	return dashboard.History{}, errors.Join(dashboard.ErrNotFound, m.err)
}

func (m *memory) Baselines(context.Context, int) ([]dashboard.Review, error) {
	return m.baselines, m.err
}

func (m *memory) Baseline(_ context.Context, id review.RepoID) (dashboard.Review, error) {
	for _, b := range m.baselines {
		if b.Target.Repo.ID == id {
			return b, m.err
		}
	}
	return dashboard.Review{}, errors.Join(dashboard.ErrNotFound, m.err)
}

func sha(digit string) review.SHA { return review.SHA(strings.Repeat(digit, 40)) }

// sample is what a small organisation sees on an ordinary day.
func sample() *memory {
	api := review.Repo{ID: 1, Owner: "agora", Name: "api", DefaultBranch: "main"}
	web := review.Repo{ID: 2, Owner: "agora", Name: "storefront", DefaultBranch: "main"}
	pr := func(repo review.Repo, n int, digit string) review.Target {
		return review.Target{Kind: review.KindPullRequest, Repo: repo, PullRequest: n, Head: sha(digit), Base: sha("b"), BaseRef: "main", MergeBase: sha("c"), Run: 1}
	}
	complete := review.ScannerReceipt{Scanner: "code", Version: "1", Counts: []review.Count{{Unit: "packages typed", Looked: 41, Expected: 41}, {Unit: "files parsed", Looked: 212, Expected: 212}},
		Skipped: []review.Skip{{What: "docs/logo.go", Why: "build tag ignore"}}, Protections: []string{"no network", "memory at most 2 GiB"}, Wall: 2300 * time.Millisecond, CPU: 4100 * time.Millisecond, PeakBytes: 212 << 20}
	secrets := review.ScannerReceipt{Scanner: "secrets", Counts: []review.Count{{Unit: "commits", Looked: 3, Expected: 3}}, Wall: 400 * time.Millisecond, CPU: 300 * time.Millisecond, PeakBytes: 60 << 20}
	ready := review.ScannerReceipt{Scanner: "readiness", Counts: []review.Count{{Unit: "configuration files", Looked: 6, Expected: 6}}, Wall: 100 * time.Millisecond}

	blocked := dashboard.Review{ID: 4, Target: pr(api, 7, "a"), State: dashboard.Published, Attempt: 1, Verdict: review.Block, Title: "2 introduced findings block", Created: now.Add(-4 * time.Minute), Finished: now.Add(-4*time.Minute + 6200*time.Millisecond),
		Outcome: &review.Outcome{Target: pr(api, 7, "a"),
			Decision: review.Decision{Verdict: review.Block, Title: "2 introduced findings block", Blocking: []review.Fingerprint{"f1", "f2"}, Reasons: []string{"2 introduced findings block"}, Notes: []string{"1 finding is suppressed by @agora/platform: sample credentials of the local stack"}},
			Findings: []review.Finding{
				{Rule: "authz/missing", Severity: review.SeverityHigh, Confidence: review.ConfidenceHigh, Place: review.Place{Path: "internal/http/router.go", Line: 42}, Message: "POST /admin/users reaches adminCreateUser without any guard: everybody who can send a request can call it.",
					Routes: []string{"POST /admin/users"}, Evidence: []review.Step{{Place: review.Place{Path: "internal/http/router.go", Line: 42}, Note: "the route is registered on a group that has no middleware"}, {Place: review.Place{Path: "internal/http/admin.go", Line: 12}, Note: "the handler does not look at who asks"}}, Fingerprint: "f1"},
				{Rule: "log/secret", Severity: review.SeverityHigh, Confidence: review.ConfidenceHigh, Place: review.Place{Path: "internal/account/login.go", Line: 88}, Message: "The password of a request is written to the log.", Fingerprint: "f2"},
				{Rule: "log/pii", Severity: review.SeverityLow, Confidence: review.ConfidenceMedium, Place: review.Place{Path: "internal/account/signup.go", Line: 31}, Message: "An e-mail address is written to the log.", Fingerprint: "f3"},
				{Rule: "cors/reflect", Severity: review.SeverityMedium, Confidence: review.ConfidenceHigh, Place: review.Place{Path: "internal/http/cors.go", Line: 9}, Message: "Any origin may send credentials.", Origin: review.Existing, Fingerprint: "f4"},
			},
			RouteChanges: []review.RouteChange{
				{Change: "added", After: &review.Route{Method: "POST", Path: "/admin/users", Access: review.Public}},
				{Change: "changed", Before: &review.Route{Method: "GET", Path: "/orders/:id", Access: review.Role}, After: &review.Route{Method: "GET", Path: "/orders/:id", Access: review.Authenticated}, Lost: []string{"RequireOrg"}},
				{Change: "removed", Before: &review.Route{Method: "GET", Path: "/debug/vars", Access: review.Public}},
			},
			DataChanges: []review.DataChange{
				{Change: "added", Service: "OpenAI", Category: "ai", Class: "contact", What: []string{"email"}, Places: []review.DataPlace{{FileLine: review.FileLine{File: "internal/assist/ask.go", Line: 31}, Call: "http.NewRequest", Func: "Ask"}}, NewService: true},
				{Change: "removed", Service: "Mailgun", Category: "e-mail", Class: "contact", What: []string{"email"}},
			},
			Receipt: review.Receipt{Scanners: []review.ScannerReceipt{complete, secrets, ready}}}}

	main := func(repo review.Repo, id int64, digit string, o review.Outcome) dashboard.Review {
		t := review.Target{Kind: review.KindBaseline, Repo: repo, Head: sha(digit), BaseRef: "main"}
		o.Target = t
		return dashboard.Review{ID: id, Target: t, State: dashboard.Published, Verdict: review.Pass, Outcome: &o, Created: now.Add(-time.Hour), Finished: now.Add(-time.Hour + 5*time.Second)}
	}
	at := func(file string, line int, call, fn string) review.DataPlace {
		return review.DataPlace{FileLine: review.FileLine{File: file, Line: line}, Call: call, Func: fn}
	}
	mapped := main(api, 8, "b", review.Outcome{Receipt: review.Receipt{Scanners: []review.ScannerReceipt{complete, secrets, ready}}, DataMap: []review.Recipient{
		{Service: "Stripe", Category: "payment", Via: []string{"github.com/stripe/stripe-go"}, Receives: []review.Received{
			{Class: "contact", What: []string{"email", "postal address"}, Places: []review.DataPlace{at("internal/billing/customer.go", 40, "CustomerParams.Email", "(*Billing).Create"), at("internal/billing/customer.go", 44, "AddressParams.Line1", "(*Billing).Create")}},
			{Class: "identity", What: []string{"name"}, Places: []review.DataPlace{at("internal/billing/customer.go", 41, "CustomerParams.Name", "(*Billing).Create")}},
		}},
		{Service: "SendGrid", Category: "e-mail", Via: []string{"api.sendgrid.com"}, Receives: []review.Received{{Class: "contact", What: []string{"email"}, Places: []review.DataPlace{at("internal/mail/send.go", 12, "http.Post", "Send")}}}},
		{Service: "Sentry", Category: "error tracking", Via: []string{"github.com/getsentry/sentry-go"}, Used: []review.FileLine{{File: "cmd/api/main.go", Line: 30}}},
	}})

	partly := complete
	partly.Counts = []review.Count{{Unit: "packages typed", Looked: 40, Expected: 41}}
	partly.Gaps = []review.Gap{{Code: review.CodePackageNotTyped, What: "internal/legacy/billing", Why: "its dependency example.com/ledger v1.4.0 could not be had", Do: "vendor it, or let the store be filled with: launchgate store fill"}}
	unsure := dashboard.Review{ID: 3, Target: pr(web, 112, "d"), State: dashboard.Published, Attempt: 2, Verdict: review.CouldNotVerify, Title: "Could not verify: code: internal/legacy/billing: its dependency could not be had", Created: now.Add(-95 * time.Minute), Finished: now.Add(-94 * time.Minute),
		Outcome: &review.Outcome{Target: pr(web, 112, "d"), Decision: review.Decision{Verdict: review.CouldNotVerify, Reasons: []string{"code: internal/legacy/billing: its dependency example.com/ledger v1.4.0 could not be had"}}, Receipt: review.Receipt{Scanners: []review.ScannerReceipt{partly, secrets, ready}}}}

	unmapped := main(web, 9, "d", review.Outcome{Receipt: review.Receipt{Scanners: []review.ScannerReceipt{partly, secrets, ready}}})
	group := review.Target{Kind: review.KindMergeGroup, Repo: api, Head: sha("e"), Base: sha("b"), BaseRef: "main", Run: 1}
	return &memory{
		reviews: []dashboard.Review{
			{ID: 5, Target: pr(web, 113, "f"), State: dashboard.Running, Attempt: 1, Created: now.Add(-3 * time.Second)},
			blocked, unsure,
			{ID: 2, Target: group, State: dashboard.Published, Verdict: review.Pass, Title: "Nothing that blocks", Created: now.Add(-26 * time.Hour), Finished: now.Add(-26*time.Hour + 4*time.Second), Outcome: &review.Outcome{}},
			{ID: 1, Target: pr(api, 6, "9"), State: dashboard.Superseded, Code: review.CodeSuperseded, Reason: "go on with the review of 9999999 (superseded): nothing: it is no longer wanted", Created: now.Add(-49 * time.Hour), Finished: now.Add(-49 * time.Hour)},
			{ID: 6, Target: pr(web, 90, "8"), State: dashboard.Failed, Code: review.CodePermission, Reason: "create the check run of agora/storefront (permission_missing): accept the permission checks: write on the App's installation page", Created: now.Add(-72 * time.Hour), Finished: now.Add(-72 * time.Hour)},
		},
		histories: []dashboard.History{
			{History: review.History{Repo: api, State: review.HistoryDone, Head: sha("b"), Finished: now.Add(-time.Hour), Receipt: review.ScannerReceipt{Scanner: "secrets", Counts: []review.Count{{Unit: "commits", Looked: 812, Expected: 812}}},
				Rotations: []review.Rotation{
					{Key: strings.Repeat("ab", 32), Rule: "secrets/aws-access-token", Severity: review.SeverityCritical, Provider: "Amazon Web Services", Where: "https://console.aws.amazon.com/iam", Steps: "Create a second access key, then delete the old one.",
						Commit: sha("7"), Path: "deploy/prod.env", Line: 3, Authored: now.Add(-400 * 24 * time.Hour), Places: 2},
					{Key: strings.Repeat("cd", 32), Rule: "secrets/generic-api-key", Severity: review.SeverityHigh, Provider: "unknown issuer", Steps: "Find out what accepts it.", Commit: sha("6"), Tag: "v1.0", InHead: true, Places: 1, State: review.FalsePositive, Reason: "a test key", Decided: now.Add(-48 * time.Hour)},
				}}, Secrets: 2, Open: 1},
			{History: review.History{Repo: web, State: review.HistoryRunning, Started: now.Add(-10 * time.Second), Progress: review.HistoryProgress{Commits: 50, Ahead: 200, Total: 1000, Bytes: 3_400_000, Findings: 7, At: now}}},
			{History: review.History{Repo: review.Repo{ID: 3, Owner: "agora", Name: "old"}, State: review.HistoryIncomplete, Receipt: review.ScannerReceipt{Scanner: "secrets", Counts: []review.Count{{Unit: "commits", Looked: 3, Expected: 9}},
				Gaps: []review.Gap{{What: "commits", Why: "git could not read all of the history", Do: "fetch the repository again"}}}}},
			{History: review.History{Repo: review.Repo{ID: 4, Owner: "agora", Name: "empty"}, State: review.HistoryDone, Receipt: review.ScannerReceipt{Scanner: "secrets", Notes: []string{"The repository is empty."}}}},
		},
		baselines: []dashboard.Review{mapped, unmapped},
		deliveries: []dashboard.Delivery{
			{Delivery: review.Delivery{GUID: "72d3162e-cc78-11e3-81ab-4c9367dc0958", Event: "pull_request", Action: "synchronize", Received: now.Add(-2 * time.Second), Intent: review.Intent{Kind: review.IntentReviewPullRequest, Repo: web, PullRequest: 113, Head: sha("f")}}, State: dashboard.Queued},
			{Delivery: review.Delivery{GUID: "82d3162e-cc78-11e3-81ab-4c9367dc0958", Event: "pull_request", Action: "opened", Received: now.Add(-4 * time.Minute), Intent: review.Intent{Kind: review.IntentReviewPullRequest, Repo: api, PullRequest: 7, Head: sha("a")}}, State: dashboard.Done},
			{Delivery: review.Delivery{GUID: "92d3162e-cc78-11e3-81ab-4c9367dc0958", Event: "check_run", Action: "rerequested", Received: now.Add(-time.Hour), Intent: review.Intent{Kind: review.IntentRerun, Repo: web, Head: sha("8")}}, State: dashboard.Failed, Reason: "create the check run of agora/storefront (permission_missing): accept the permission checks: write on the App's installation page"},
			{Delivery: review.Delivery{GUID: "a2d3162e-cc78-11e3-81ab-4c9367dc0958", Event: "ping", Received: now.Add(-72 * time.Hour), Intent: review.Intent{Kind: review.IntentNone, Note: "GitHub reached Launchgate"}}, State: dashboard.Done, Reason: "GitHub reached Launchgate"},
		},
	}
}

func handler(m *memory) http.Handler {
	return dashboard.New(dashboard.Config{Reader: m, GitHubURL: "https://github.example", Now: func() time.Time { return now },
		Rules: []review.Rule{{ID: "authz/missing", Title: "Route without a guard", Why: "Anybody can call it.", Fix: "Put it behind the guard of its neighbours."}}})
}

func get(h http.Handler, target string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", target, nil)
	r.Host = "localhost:8080"
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestPagesAnswerWhyIsThisBlocked(t *testing.T) {
	h := handler(sample())
	tests := []struct {
		name, target string
		code         int
		want         []string
	}{
		{"list", "/", 200, []string{"Blocked", "agora/api", `href="https://github.example/agora/api/pull/7"`, "2 introduced findings block", "4 minutes ago", "6.2s", `href="/reviews/4"`, "Under way", "merge queue", `http-equiv="refresh"`}},
		{"list of one repository", "/?repo=STORE", 200, []string{"agora/storefront", "#113"}},
		{"filter that fits nothing", "/?repo=nowhere", 200, []string{"No recent review of a repository with “nowhere”"}},
		{"blocked", "/reviews/4", 200, []string{"2 introduced findings block", "POST /admin/users reaches adminCreateUser", "Route without a guard", "Put it behind the guard of its neighbours.",
			`href="https://github.example/agora/api/blob/` + string(sha("a")) + `/internal/http/router.go#L42"`, "RequireOrg", "<b>41</b> of 41 packages typed", "There before", "is suppressed by", "f1", "no network"}},
		{"could not verify says what to do", "/reviews/3", 200, []string{"Could not verify", "internal/legacy/billing", "vendor it, or let the store be filled", "<b>40</b> of 41 packages typed", "incomplete", "(attempt 2)"}},
		{"failed", "/reviews/6", 200, []string{"ended before it could look", "accept the permission checks: write"}},
		{"superseded", "/reviews/1", 200, []string{"Something newer took its place"}},
		{"no such review", "/reviews/77", 404, []string{"There is no such review"}},
		{"no number", "/reviews/x", 404, []string{"There is no such review"}},
		{"deliveries", "/deliveries", 200, []string{"pull_request.synchronize", "Queued", "Review pull request #7 at aaaaaaa", "Failed", "accept the permission", "Nothing to do", "72d3162e"}},
		{"histories", "/secrets", 200, []string{"1 to rotate", `href="/secrets/1"`, "Looking", `<progress value="250" max="1000">`, "50 of 1000 commits, 3.4 MB, 7 findings, about 30s left", "Could not verify", "3 of 9 commits", `http-equiv="refresh"`}},
		{"what to rotate", "/secrets/1", 200, []string{"2 secrets in history, 1 open", "To take that back", "launchgate secrets mark cdcdcdcdcdcdcdcd open", "if it is no secret", `<h3><span class="badge bad">open</span> <span class="badge bad">critical</span> secrets/aws-access-token`, "Issued by Amazon Web Services", "Amazon Web Services", "secrets/aws-access-token", "deploy/prod.env:3", "2025-10-20", "only in history", "seen 2 times", "Create a second access key", `href="https://console.aws.amazon.com/iam"`,
			`href="https://github.example/agora/api/commit/` + string(sha("7")), "false-positive", "a test key", "still in HEAD", "in the message of tag v1.0", "launchgate secrets mark abababababababab rotated", "<b>812</b> of 812 commits"}},
		{"an empty repository's history", "/secrets/4", 200, []string{"Nothing open", "The repository is empty."}},
		{"an incomplete history", "/secrets/3", 200, []string{"Could not verify", "git could not read all of the history", "fetch the repository again", "<b>3</b> of 9 commits"}},
		{"no such history", "/secrets/77", 404, []string{"Nothing is known of this repository"}},
		{"what a change does to customer data", "/reviews/4", 200, []string{"Customer data this changes", "new recipient", "OpenAI", "internal/assist/ask.go:31", "removed", "Mailgun"}},
		{"customer data", "/data", 200, []string{"Row 18", `href="/data/1"`, "Mapped", "contact, identity", "Unknown", "nothing personal was seen", "not all code was looked at"}},
		{"who receives customer data", "/data/1", 200, []string{"Stripe", "github.com/stripe/stripe-go", "email, postal address", `rowspan="2"`, `href="https://github.example/agora/api/blob/` + string(sha("b")) + `/internal/billing/customer.go#L40"`,
			"CustomerParams.Email in (*Billing).Create", "Used, and nothing personal was seen to go there", "Sentry", "cmd/api/main.go:30", `href="/reviews/8"`}},
		{"a map of code that was not all looked at", "/data/2", 200, []string{"Unknown", "What this code sends is not on the map", "internal/legacy/billing", "No service of others was seen"}},
		{"no such map", "/data/77", 404, []string{"Nothing is known of this repository"}},
		{"style", "/style.css", 200, []string{"prefers-color-scheme: dark"}},
		{"nowhere", "/nowhere", 404, []string{"There is no such page"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := get(h, tt.target)
			if w.Code != tt.code {
				t.Errorf("status %d, want %d", w.Code, tt.code)
			}
			for _, want := range tt.want {
				if !strings.Contains(w.Body.String(), want) {
					t.Errorf("page lacks %q:\n%s", want, w.Body)
				}
			}
		})
	}
	if body := get(h, "/?repo=STORE").Body.String(); strings.Contains(body, "agora/api") {
		t.Error("the filter lets other repositories through")
	}
	if body := get(h, "/reviews/4").Body.String(); strings.Contains(body, `http-equiv="refresh"`) {
		t.Error("a finished review is loaded again and again")
	}
}

func TestEmptyPagesSayWhatToDo(t *testing.T) {
	h := handler(&memory{})
	for target, want := range map[string]string{"/": "Open a pull request", "/deliveries": "Check the webhook address", "/secrets": "when the App is installed there", "/data": "after each push to its default branch"} {
		if w := get(h, target); w.Code != 200 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s", target, w.Code, w.Body)
		}
	}
}

func TestErrorsAreLoggedAndNotShown(t *testing.T) {
	var log bytes.Buffer
	h := dashboard.New(dashboard.Config{Reader: &memory{err: errors.New("dial 10.0.0.7: refused")}, Log: slog.New(slog.NewTextHandler(&log, nil))})
	for _, target := range []string{"/", "/deliveries", "/secrets", "/data"} {
		log.Reset()
		if w := get(h, target); w.Code != 503 || strings.Contains(w.Body.String(), "10.0.0.7") || !strings.Contains(log.String(), "10.0.0.7") {
			t.Errorf("%s: %d %s; log %s", target, w.Code, w.Body, log.String())
		}
	}
}

// TestHostileTextStaysText puts markup, scripts, addresses, direction overrides
// and length into every text that comes from a repository.
func TestHostileTextStaysText(t *testing.T) {
	const evil = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>javascript:alert(1)\u202egnp.exe\x1b[2J"
	long := strings.Repeat("A", 100_000)
	repo := review.Repo{ID: 1, Owner: evil, Name: evil, DefaultBranch: evil}
	target := review.Target{Kind: review.KindPullRequest, Repo: repo, PullRequest: 7, Head: sha("a"), Base: sha("b"), JudgeBase: sha("c"), BaseRef: evil}
	place := review.Place{Path: "../../" + evil, Line: 3}
	route := &review.Route{Method: evil, Path: evil}
	m := &memory{
		reviews: []dashboard.Review{{ID: 1, Target: target, State: dashboard.Published, Title: evil + long, Reason: evil, Created: now, Finished: now, Outcome: &review.Outcome{Target: target,
			Decision:     review.Decision{Reasons: []string{evil}, Notes: []string{evil}, Blocking: []review.Fingerprint{evil}},
			Findings:     []review.Finding{{Rule: evil, Place: place, Message: evil + long, Routes: []string{evil}, Expected: evil, Evidence: []review.Step{{Place: place, Note: evil}}, Fingerprint: evil}},
			RouteChanges: []review.RouteChange{{Change: evil, Before: route, After: route, Lost: []string{evil}, Gained: []string{evil}}},
			Receipt: review.Receipt{Notes: []string{evil}, Gaps: []review.Gap{{What: evil, Why: evil, Do: evil}}, Scanners: []review.ScannerReceipt{{Scanner: evil, Version: evil,
				Counts: []review.Count{{Unit: evil}}, Skipped: []review.Skip{{What: evil, Why: evil}}, Notes: []string{evil}, Protections: []string{evil}}}}}},
			{ID: 2, Target: target, State: dashboard.Failed, Reason: evil}},
		histories: []dashboard.History{{History: review.History{Repo: repo, State: review.HistoryDone, Receipt: review.ScannerReceipt{Scanner: evil, Notes: []string{evil}, Gaps: []review.Gap{{What: evil, Why: evil, Do: evil}}, Counts: []review.Count{{Unit: evil}}},
			Rotations: []review.Rotation{{Key: evil, Rule: evil, Provider: evil, Where: "https://" + evil, Steps: evil, Path: "../" + evil, Reason: evil + long, Commit: sha("a")}, {Where: "javascript:alert(1)"}}}}},
		deliveries: []dashboard.Delivery{{Delivery: review.Delivery{GUID: evil, Event: evil, Action: evil, Intent: review.Intent{Repo: repo, Note: evil}}, Reason: evil}},
	}
	h := handler(m)
	for _, target := range []string{"/", "/reviews/1", "/reviews/2", "/deliveries", "/secrets", "/secrets/1", "/?repo=" + "%22%3E%3Cscript%3Ealert(1)%3C/script%3E"} {
		w := get(h, target)
		body := w.Body.String()
		if w.Code != 200 {
			t.Errorf("%s: status %d", target, w.Code)
		}
		for _, bad := range []string{"<script", "<img", "\u202e", "\x1b", `href="javascript`, "\"'>"} {
			if strings.Contains(body, bad) {
				t.Errorf("%s: page holds %q", target, bad)
			}
		}
		if len(body) > 60_000 {
			t.Errorf("%s: %d bytes; a long text must be cut", target, len(body))
		}
		if csp := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'; style-src 'self'") {
			t.Errorf("%s: Content-Security-Policy %q", target, csp)
		}
	}
}

func TestManyFindingsAreCut(t *testing.T) {
	m := sample()
	o := m.reviews[1].Outcome
	for i := range 1000 {
		o.Findings = append(o.Findings, review.Finding{Rule: "log/pii", Fingerprint: review.Fingerprint(fmt.Sprint("x", i)), Message: "m"})
	}
	if body := get(handler(m), "/reviews/4").Body.String(); !strings.Contains(body, "801 more") {
		t.Error("the page does not say how many findings it leaves out")
	}
}

// TestOnlyByItsOwnName keeps a hostile page from pointing its own name at a
// loopback address and reading along.
func TestOnlyByItsOwnName(t *testing.T) {
	tests := []struct {
		host  string
		hosts []string
		code  int
	}{
		{"localhost:8080", nil, 200}, {"127.0.0.1:8080", nil, 200}, {"[::1]:8080", nil, 200}, {"127.0.0.1", nil, 200},
		{"evil.example", nil, 421}, {"localhost.evil.example:80", nil, 421}, {"", nil, 421}, {"10.0.0.7:8080", nil, 421},
		{"launchgate.example:443", []string{"launchgate.example"}, 200}, {"LAUNCHGATE.example", []string{"launchgate.example"}, 200}, {"evil.example", []string{"launchgate.example"}, 421},
		{"evil.example", []string{"*"}, 200},
	}
	for _, tt := range tests {
		h := dashboard.New(dashboard.Config{Reader: &memory{}, Hosts: tt.hosts})
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = tt.host
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != tt.code {
			t.Errorf("Host %q with %v: %d, want %d", tt.host, tt.hosts, w.Code, tt.code)
		}
	}
}

func TestPagesAreOnlyRead(t *testing.T) {
	r := httptest.NewRequest("POST", "/", nil)
	r.Host = "localhost"
	w := httptest.NewRecorder()
	handler(sample()).ServeHTTP(w, r)
	if w.Code != 405 || w.Header().Get("Allow") == "" {
		t.Errorf("POST: %d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
}
