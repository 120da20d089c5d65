package main

import (
	"fmt"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/launchgate/launchgate/app/config"
	"github.com/launchgate/launchgate/app/jobs"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/store"
)

// TestPagesShowWhatTheStoreHolds reads the dashboard from a real database.
func TestPagesShowWhatTheStoreHolds(t *testing.T) {
	ctx := t.Context()
	db, err := openDatabase(ctx, store.Config{Path: filepath.Join(t.TempDir(), "lg.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	queue, err := jobs.New(db, jobs.Config{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	repo := review.Repo{ID: 1, Owner: "acme", Name: "api", DefaultBranch: "main"}
	if _, err := queue.Accept(ctx, review.Delivery{GUID: "g-1", Event: "pull_request", Action: "opened", Received: time.Now(), Intent: review.Intent{Kind: review.IntentReviewPullRequest, Installation: 5, Repo: repo, PullRequest: 7}}); err != nil {
		t.Fatal(err)
	}
	sha := func(c string) review.SHA { return review.SHA(strings.Repeat(c, 40)) }
	target := review.Target{Kind: review.KindPullRequest, Installation: 5, Repo: repo, PullRequest: 7, Head: sha("a"), Base: sha("b"), BaseRef: "main", Run: 1}
	row, err := db.BeginReview(ctx, target)
	if err != nil {
		t.Fatal(err)
	}
	cfg := config.DefaultServer()
	page := func(path string) string {
		h := pages(cfg, db, slog.New(slog.DiscardHandler))
		if h == nil {
			return "no dashboard"
		}
		r := httptest.NewRequest("GET", path, nil)
		r.Host = "localhost"
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return fmt.Sprintf("%d %s", w.Code, w.Body)
	}
	if got := page("/"); got != "no dashboard" {
		t.Errorf("switched off, it is %s", got)
	}
	cfg.Dashboard.Enabled = true
	own := fmt.Sprintf("/reviews/%d", row.ID)
	if got := page(own); !strings.HasPrefix(got, "200") || !strings.Contains(got, "Under way") || strings.Contains(got, "1970") {
		t.Errorf("a running review: %s", got)
	}
	if err := db.ClaimPublish(ctx, row.ID, row.Attempt); err != nil {
		t.Fatal(err)
	}
	out := review.Outcome{Target: target, Decision: review.Decision{Verdict: review.Block, Title: "1 introduced finding blocks", Blocking: []review.Fingerprint{"f"}},
		Findings: []review.Finding{{Rule: "authz/missing", Severity: review.SeverityHigh, Fingerprint: "f", Place: review.Place{Path: "a.go", Line: 3}, Message: "GET /x has no guard"}}}
	if err := db.FinishReview(ctx, row.ID, row.Attempt, out); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"/": "1 introduced finding blocks", own: "GET /x has no guard", "/deliveries": "Review pull request #7", "/reviews/1": "404 "} {
		if got := page(path); !strings.Contains(got, want) {
			t.Errorf("%s lacks %q: %s", path, want, got)
		}
	}
}
