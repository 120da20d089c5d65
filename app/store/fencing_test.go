package store_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/store"
	"github.com/launchgate/launchgate/app/store/storetest"
)

func save(t *testing.T, db *store.DB, guid, state string) {
	t.Helper()
	err := db.InTx(t.Context(), func(ctx context.Context, tx store.Tx) error {
		return store.SaveDelivery(ctx, tx, store.Delivery{Delivery: review.Delivery{GUID: guid, Received: time.Now()}, State: state})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func askedBy(guid string) review.Target {
	t := target("a")
	t.Request = guid
	return t
}

// GitHub sends pull_request and check_suite for one push: both deliveries' jobs
// can ask RunFor before either has begun.
func TestTwoDeliveriesOfOnePushBeginOneReview(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		save(t, db, "push", store.DeliveryQueued)
		save(t, db, "suite", store.DeliveryQueued)
		first := begin(t, db, askedBy("push"))
		if _, err := db.BeginReview(t.Context(), askedBy("suite")); review.CodeOf(err) != review.CodeSuperseded {
			t.Fatalf("the second delivery began the review, too: %v", err)
		}
		if err := db.ClaimPublish(t.Context(), first.ID, first.Attempt); err != nil {
			t.Errorf("the first one lost it: %v", err)
		}
	})
}

func TestAReviewLeftBehindByAnEndedDeliveryIsTakenUp(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		save(t, db, "push", store.DeliveryQueued)
		save(t, db, "suite", store.DeliveryQueued)
		left := begin(t, db, askedBy("push"))
		if err := db.EndDelivery(ctx, "push", store.DeliveryFailed, "its workers died"); err != nil {
			t.Fatal(err)
		}
		if run, busy, err := db.RunFor(ctx, askedBy("suite"), false); err != nil || run != 1 || busy {
			t.Fatalf("run %d, busy %v, %v: nobody will ever finish this commit's check", run, busy, err)
		}
		taken := begin(t, db, askedBy("suite"))
		if taken.ID != left.ID || taken.Attempt != left.Attempt+1 || taken.Target.Request != "suite" {
			t.Errorf("taken up as %+v", taken)
		}
		if err := db.SetCheckRun(ctx, left.ID, left.Attempt, 1); review.CodeOf(err) != review.CodeSuperseded {
			t.Errorf("the old attempt may still speak: %v", err)
		}
	})
}

func TestOneOfManyAttemptsPublishes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		var wg sync.WaitGroup
		var mu sync.Mutex
		published := 0
		for range 8 {
			wg.Go(func() {
				ctx := context.Background()
				r, err := db.BeginReview(ctx, target("a"))
				if err == nil && r.State == store.ReviewRunning {
					if err = db.ClaimPublish(ctx, r.ID, r.Attempt); err == nil {
						err = db.FinishReview(ctx, r.ID, r.Attempt, review.Outcome{Target: target("a")})
					}
					if err == nil {
						mu.Lock()
						published++
						mu.Unlock()
					}
				}
				if err != nil && review.CodeOf(err) != review.CodeSuperseded {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if published != 1 {
			t.Errorf("%d attempts published, want one", published)
		}
	})
}

func TestFinishingNeedsAClaimAndMayBeRepeated(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		r := begin(t, db, target("a"))
		o := review.Outcome{Target: target("a"), Decision: review.Decision{Verdict: review.Pass, Title: "ok"}}
		if err := db.FinishReview(ctx, r.ID, r.Attempt, o); err == nil {
			t.Error("a verdict was recorded that nobody had claimed")
		}
		if err := db.ClaimPublish(ctx, r.ID, r.Attempt); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := db.FinishReview(ctx, r.ID, r.Attempt, o); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestAFailedReviewGoesOnWithoutItsCompletedCheckRun(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := begin(t, db, target("a"))
		err := errors.Join(db.SetCheckRun(t.Context(), r.ID, r.Attempt, 55), db.FailReview(t.Context(), r.ID, r.Attempt, &review.Error{Code: review.CodeCheckout, Op: "fetch"}))
		if err != nil {
			t.Fatal(err)
		}
		if r := begin(t, db, target("a")); r.CheckRun != 0 || r.State != store.ReviewRunning {
			t.Errorf("begun again as %+v", r)
		}
	})
}

func TestANewHeadStopsTheOlderAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		old := begin(t, db, target("a"))
		other := target("a")
		other.PullRequest, other.Base = 4, other.Head
		untouched := begin(t, db, other)
		supersede := func(head string) {
			t.Helper()
			err := db.InTx(ctx, func(ctx context.Context, tx store.Tx) error {
				return store.SupersedeOlder(ctx, tx, 7, 3, target(head).Head)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		supersede("a")
		if code, err := db.Cancelled(ctx, old.ID, old.Attempt); err != nil || code != "" {
			t.Errorf("a delivery for the same head stopped the review: %q, %v", code, err)
		}
		supersede("c")
		if code, err := db.Cancelled(ctx, old.ID, old.Attempt); err != nil || code != review.CodeSuperseded {
			t.Errorf("the old review goes on: %q, %v", code, err)
		}
		if code, err := db.Cancelled(ctx, untouched.ID, untouched.Attempt); err != nil || code != "" {
			t.Errorf("another pull request's review was stopped: %q, %v", code, err)
		}
	})
}

// PostgreSQL refuses NUL and invalid UTF-8; both can stand in a file's name or
// in a string literal.
func TestHostileTextDoesNotKeepAVerdictFromBeingRecorded(t *testing.T) {
	const hostile = "a\x00b\xff\xfe'); DROP TABLE reviews; --"
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		r := begin(t, db, target("a"))
		if err := db.ClaimPublish(ctx, r.ID, r.Attempt); err != nil {
			t.Fatal(err)
		}
		o := review.Outcome{Target: target("a"), Decision: review.Decision{Title: hostile}, Findings: []review.Finding{{Message: hostile, Place: review.Place{Path: hostile}}}}
		if err := db.FinishReview(ctx, r.ID, r.Attempt, o); err != nil {
			t.Fatal(err)
		}
		got, err := db.ReviewByID(ctx, r.ID)
		if err != nil || !strings.Contains(got.Title, "DROP TABLE") || len(got.Outcome.Findings) != 1 {
			t.Errorf("read back %+v, %v", got, err)
		}
		failing := begin(t, db, target("c"))
		if err := db.FailReview(ctx, failing.ID, failing.Attempt, &review.Error{Code: review.CodeCheckout, Op: "read", What: hostile}); err != nil {
			t.Error(err)
		}
		if err := db.EndDelivery(ctx, "none", store.DeliveryFailed, hostile); err != nil {
			t.Error(err)
		}
	})
}

func TestNothingSecretReachesARow(t *testing.T) {
	secret := strings.Join([]string{"hunter", "2", "-row"}, "")
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		r := begin(t, db, target("a"))
		if err := db.ClaimPublish(ctx, r.ID, r.Attempt); err != nil {
			t.Fatal(err)
		}
		o := review.Outcome{Target: target("a"), Findings: []review.Finding{{Rule: "secrets/aws", Key: secret, Fix: &review.Fix{Edits: []review.Edit{{New: secret}}}, Alternative: &review.Fix{Edits: []review.Edit{{New: secret}}}}}}
		if err := db.FinishReview(ctx, r.ID, r.Attempt, o); err != nil {
			t.Fatal(err)
		}
		var outcome string
		err := db.InTx(ctx, func(ctx context.Context, tx store.Tx) error {
			return tx.QueryRow(ctx, []any{&outcome}, `SELECT outcome FROM reviews WHERE id = $1`, r.ID)
		})
		if err != nil || !strings.Contains(outcome, "secrets/aws") || strings.Contains(outcome, secret) {
			t.Errorf("the row holds %s, %v", outcome, err)
		}
		if o.Findings[0].Key == "" {
			t.Error("the caller's outcome was changed")
		}
	})
}

func TestOldRowsAreForgottenButNotThatAVerdictWasPublished(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		save(t, db, "open", store.DeliveryQueued)
		save(t, db, "ended", store.DeliveryDone)
		r := begin(t, db, target("a"))
		err := errors.Join(db.ClaimPublish(ctx, r.ID, r.Attempt), db.FinishReview(ctx, r.ID, r.Attempt, review.Outcome{Target: target("a")}))
		if err != nil {
			t.Fatal(err)
		}
		later := time.Now().Add(time.Hour)
		if err := db.Prune(ctx, later, later); err != nil {
			t.Fatal(err)
		}
		list, err := db.RecentDeliveries(ctx, 10)
		if err != nil || len(list) != 1 || list[0].GUID != "open" {
			t.Errorf("deliveries left: %+v, %v", list, err)
		}
		got, err := db.ReviewByID(ctx, r.ID)
		if err != nil || got.Outcome != nil || got.State != store.ReviewPublished {
			t.Errorf("review left: %+v, %v", got, err)
		}
	})
}

func TestReplicasMigrateOneDatabaseAtOnce(t *testing.T) {
	for name, config := range storetest.Configs(t) {
		t.Run(name, func(t *testing.T) {
			cfg := config(t)
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					db, err := store.Open(context.Background(), cfg)
					if err != nil {
						t.Error(err)
						return
					}
					if err := errors.Join(db.Migrate(context.Background()), db.Close()); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
		})
	}
}

func TestTheDatabaseFileIsTheServersAlone(t *testing.T) {
	cfg := storetest.SQLite(t)
	db, err := store.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{cfg.Path, cfg.Path + "-wal"} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("%s has mode %o", path, mode)
		}
	}
}
