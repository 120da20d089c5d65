package store_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/store"
	"github.com/launchgate/launchgate/app/store/storetest"
)

func target(head string) review.Target {
	return review.Target{Kind: review.KindPullRequest, Installation: 9, Repo: review.Repo{ID: 7, Owner: "acme", Name: "api", DefaultBranch: "main"},
		PullRequest: 3, Head: review.SHA(strings.Repeat(head, 40)), Base: review.SHA(strings.Repeat("b", 40)), BaseRef: "main", Run: 1}
}

func begin(t *testing.T, db *store.DB, tgt review.Target) store.Review {
	t.Helper()
	r, err := db.BeginReview(t.Context(), tgt)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The newest look at a default branch that came to an end stands for it, whatever
// else is under way or was looked at.
func TestTheNewestBaselineOfEachRepository(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		if list, err := db.Baselines(ctx, 10); err != nil || len(list) != 0 {
			t.Fatalf("of nothing: %+v, %v", list, err)
		}
		if _, err := db.BaselineOf(ctx, 7); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("of no repository: %v", err)
		}
		publish := func(tgt review.Target, service string) {
			t.Helper()
			r := begin(t, db, tgt)
			o := review.Outcome{Target: tgt, DataMap: []review.Recipient{{Service: service}}}
			if err := errors.Join(db.ClaimPublish(ctx, r.ID, r.Attempt), db.FinishReview(ctx, r.ID, r.Attempt, o)); err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * time.Millisecond) // ids sort by time
		}
		baseline := func(head string, repo review.RepoID, name string) review.Target {
			tgt := target(head)
			tgt.Kind, tgt.PullRequest, tgt.Base, tgt.Repo.ID, tgt.Repo.Name = review.KindBaseline, 0, "", repo, name
			return tgt
		}
		publish(baseline("a", 7, "api"), "older")
		publish(baseline("b", 7, "api"), "newer")
		publish(target("c"), "of a pull request")
		publish(baseline("d", 8, "a-first"), "another")
		begin(t, db, baseline("e", 7, "api")) // under way
		list, err := db.Baselines(ctx, 10)
		if err != nil || len(list) != 2 || list[0].Outcome.DataMap[0].Service != "another" || list[1].Outcome.DataMap[0].Service != "newer" {
			t.Errorf("%+v, %v", list, err)
		}
		if list, err := db.Baselines(ctx, 1); err != nil || len(list) != 1 {
			t.Errorf("at most one: %+v, %v", list, err)
		}
		if r, err := db.BaselineOf(ctx, 7); err != nil || r.Outcome.DataMap[0].Service != "newer" {
			t.Errorf("%+v, %v", r, err)
		}
	})
}

func TestAReviewIsPublishedOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		first := begin(t, db, target("a"))
		again := begin(t, db, target("a")) // the job is tried again
		if first.ID != again.ID || again.Attempt != first.Attempt+1 {
			t.Fatalf("second attempt is %+v, first %+v", again, first)
		}
		if err := db.ClaimPublish(ctx, first.ID, first.Attempt); review.CodeOf(err) != review.CodeSuperseded {
			t.Errorf("a paused worker's old attempt may publish: %v", err)
		}
		if err := db.SetCheckRun(ctx, again.ID, again.Attempt, 55); err != nil {
			t.Fatal(err)
		}
		for range 2 { // the same attempt may claim again
			if err := db.ClaimPublish(ctx, again.ID, again.Attempt); err != nil {
				t.Fatal(err)
			}
		}
		o := review.Outcome{Target: target("a"), Decision: review.Decision{Verdict: review.Block, Title: "1 finding"}, Findings: []review.Finding{{Rule: "authz/missing"}}}
		if err := db.FinishReview(ctx, again.ID, again.Attempt, o); err != nil {
			t.Fatal(err)
		}
		if r := begin(t, db, target("a")); r.State != store.ReviewPublished {
			t.Errorf("state after publishing = %s", r.State)
		} else if err := db.ClaimPublish(ctx, r.ID, r.Attempt); err == nil {
			t.Error("a published review may be published again")
		}
		got, err := db.ReviewByCheckRun(ctx, 7, 55)
		if err != nil || got.ID != again.ID || got.Verdict != "block" || got.Title != "1 finding" {
			t.Errorf("by check run: %+v, %v", got, err)
		}
		full, err := db.ReviewByID(ctx, again.ID)
		if err != nil || full.Outcome == nil || len(full.Outcome.Findings) != 1 {
			t.Errorf("by id: %+v, %v", full, err)
		}
		checkRun := func(what string, tgt review.Target, again bool, want int, wantBusy bool) {
			t.Helper()
			if n, busy, err := db.RunFor(ctx, tgt, again); err != nil || n != want || busy != wantBusy {
				t.Errorf("%s: run %d, busy %v, %v; want %d, %v", what, n, busy, err, want, wantBusy)
			}
		}
		checkRun("published and still the latest", target("a"), false, 1, false)
		checkRun("a person asks again", target("a"), true, 2, false)
		other := target("a")
		other.Base, other.Request = review.SHA(strings.Repeat("d", 40)), "g-other"
		begin(t, db, other)
		checkRun("another base was judged since", target("a"), false, 2, false)
		checkRun("the job of the other base is tried again", other, false, 1, false)
		other.Request = "g-third"
		checkRun("somebody else is at it", other, false, 1, true)
	})
}

func TestANewerReviewStopsTheOlder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		old, newer := begin(t, db, target("a")), begin(t, db, target("c"))
		if err := db.SupersedeOthers(ctx, 7, 3, newer.ID, review.CodeSuperseded); err != nil {
			t.Fatal(err)
		}
		if code, err := db.Cancelled(ctx, old.ID, old.Attempt); err != nil || code != review.CodeSuperseded {
			t.Errorf("old review: %q, %v", code, err)
		}
		if code, err := db.Cancelled(ctx, newer.ID, newer.Attempt); err != nil || code != "" {
			t.Errorf("newer review: %q, %v", code, err)
		}
		if err := db.ClaimPublish(ctx, old.ID, old.Attempt); review.CodeOf(err) != review.CodeSuperseded {
			t.Errorf("a superseded review may publish: %v", err)
		}
		if err := db.FailReview(ctx, old.ID, old.Attempt, &review.Error{Code: review.CodeSuperseded, Op: "review"}); err != nil {
			t.Fatal(err)
		}
		if r := begin(t, db, target("a")); r.State != store.ReviewSuperseded {
			t.Errorf("state = %s", r.State)
		}
	})
}

func TestReplicasBeginOneReview(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		var wg sync.WaitGroup
		ids := make([]int64, 8)
		for i := range ids {
			wg.Go(func() {
				if r, err := db.BeginReview(context.Background(), target("a")); err == nil {
					ids[i] = r.ID
				} else {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for _, id := range ids {
			if id != ids[0] || id == 0 {
				t.Errorf("ids = %v, want one", ids)
			}
		}
	})
}

func TestDeliveries(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		d := store.Delivery{Delivery: review.Delivery{GUID: "g1", Event: "pull_request", Action: "opened", Received: time.UnixMilli(1000),
			Intent: review.Intent{Kind: review.IntentReviewPullRequest, PullRequest: 3, Repo: review.Repo{ID: 7}}}, State: store.DeliveryQueued, JobID: 5}
		err := db.InTx(ctx, func(ctx context.Context, tx store.Tx) error { return store.SaveDelivery(ctx, tx, d) })
		if err != nil {
			t.Fatal(err)
		}
		if err := db.EndDelivery(ctx, "g1", store.DeliveryFailed, "the installation is suspended"); err != nil {
			t.Fatal(err)
		}
		list, err := db.RecentDeliveries(ctx, 10)
		if err != nil || len(list) != 1 || list[0].Reason == "" || list[0].Intent.PullRequest != 3 || list[0].State != store.DeliveryFailed {
			t.Errorf("recent = %+v, %v", list, err)
		}
	})
}

func TestARolledBackTransactionLeavesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		boom := &review.Error{Code: review.CodeInternal, Op: "boom"}
		err := db.InTx(t.Context(), func(ctx context.Context, tx store.Tx) error {
			if err := store.SaveDelivery(ctx, tx, store.Delivery{Delivery: review.Delivery{GUID: "g"}}); err != nil {
				return err
			}
			return boom
		})
		if !errors.Is(err, boom) {
			t.Fatal(err)
		}
		if list, err := db.RecentDeliveries(t.Context(), 10); err != nil || len(list) != 0 {
			t.Errorf("recent = %+v, %v", list, err)
		}
	})
}

func TestInstallationsAndSettings(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		for range 2 {
			if err := errors.Join(db.SaveInstallation(ctx, 9, "acme", false), db.SaveRepositories(ctx, 9, []review.Repo{{ID: 7, Owner: "acme", Name: "api"}, {ID: 8, Owner: "acme", Name: "web", Private: true}})); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.RemoveRepositories(ctx, []review.Repo{{ID: 7}}); err != nil {
			t.Fatal(err)
		}
		if repos, err := db.Repositories(ctx, 9); err != nil || len(repos) != 1 || !repos[0].Private {
			t.Errorf("repositories = %+v, %v", repos, err)
		}
		if err := db.RemoveInstallation(ctx, 9); err != nil {
			t.Fatal(err)
		}
		if repos, err := db.Repositories(ctx, 9); err != nil || len(repos) != 0 {
			t.Errorf("after removal: %+v, %v", repos, err)
		}
		n := 0
		for range 2 {
			if v, err := db.Setting(ctx, "key", func() string { n++; return "made" }); err != nil || v != "made" {
				t.Errorf("setting = %q, %v", v, err)
			}
		}
		if n != 1 {
			t.Errorf("the value was made %d times", n)
		}
		if _, err := db.ReviewByID(ctx, 1); !errors.Is(err, sql.ErrNoRows) {
			t.Errorf("no such review: %v", err)
		}
	})
}

func TestOpenRefusesNonsenseWithoutQuotingIt(t *testing.T) {
	for name, cfg := range map[string]store.Config{
		"nothing": {}, "both": {Path: "x", PostgresDSN: "postgres://u:hunter2@localhost/db"}, "malformed": {PostgresDSN: "postgres://u:hunter2@%zz"},
	} {
		_, err := store.Open(t.Context(), cfg)
		if review.CodeOf(err) != review.CodeBadConfig || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
