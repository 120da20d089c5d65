package jobs_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/launchgate/launchgate/app/jobs"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/store"
	"github.com/launchgate/launchgate/app/store/storetest"
)

// The rows are put into the state a kill leaves them in at each point of a
// job's life.
func TestKillsBetweenTwoSteps(t *testing.T) {
	for _, c := range []struct {
		name     string
		left     []string
		wantRuns int32
	}{
		{"fetched by River, no lease yet", []string{`UPDATE river_job SET state = 'running', attempt = 1`}, 1},
		{"recorded as done, River not told", []string{`UPDATE river_job SET state = 'running', attempt = 1`, `UPDATE deliveries SET state = 'done'`}, 0},
		{"recorded as done, River tries again", []string{`UPDATE deliveries SET state = 'done'`}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *store.DB) {
				if err := jobs.Migrate(t.Context(), db); err != nil {
					t.Fatal(err)
				}
				accept(t, acceptOnly(t, db), delivery("g", 7))
				for _, query := range c.left {
					execute(t, db, query)
				}
				var runs atomic.Int32
				start(t, db, jobs.Config{LeaseTime: 400 * time.Millisecond}, func(context.Context, jobs.Job) error {
					runs.Add(1)
					return nil
				})
				wait(t, "nothing to be left to do", func() bool {
					return column[int64](t, db, `SELECT COUNT(*) FROM river_job WHERE state NOT IN ('completed', 'cancelled')`) == 0
				})
				if state, reason := ended(t, db, "g"); state != store.DeliveryDone || runs.Load() != c.wantRuns {
					t.Errorf("ended %s (%s) after %d runs, want %d", state, reason, runs.Load(), c.wantRuns)
				}
			})
		})
	}
}

func TestDeliveryAndJobAreStoredTogetherOrNotAtAll(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		if err := jobs.Migrate(t.Context(), db); err != nil {
			t.Fatal(err)
		}
		q := acceptOnly(t, db)
		accept(t, q, delivery("g1", 7))
		// The delivery is written after the job; make that fail.
		execute(t, db, `CREATE UNIQUE INDEX boom ON deliveries (event)`)
		if _, err := q.Accept(t.Context(), delivery("g2", 7)); review.CodeOf(err) != review.CodeStorageUnavailable {
			t.Errorf("accept says %v", err)
		}
		if n := column[int64](t, db, `SELECT COUNT(*) FROM river_job`); n != 1 {
			t.Errorf("%d jobs, want 1: a job without its delivery was queued", n)
		}
		execute(t, db, `DROP INDEX boom`)
		if got := accept(t, q, delivery("g2", 7)); got != review.Queued {
			t.Errorf("GitHub's next try: %s", got)
		}
	})
}

func TestOneDeliverySentManyTimesAtOnceIsQueuedOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		if err := jobs.Migrate(t.Context(), db); err != nil {
			t.Fatal(err)
		}
		q := acceptOnly(t, db)
		var queued, already atomic.Int32
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				a, err := q.Accept(context.Background(), delivery("g", 7))
				switch {
				case err != nil:
					t.Error(err)
				case a == review.Queued:
					queued.Add(1)
				case a == review.AlreadyQueued:
					already.Add(1)
				}
			})
		}
		wg.Wait()
		if n := column[int64](t, db, `SELECT COUNT(*) FROM river_job`); n != 1 || queued.Load() != 1 || already.Load() != 7 {
			t.Errorf("%d jobs, %d times queued, %d times already", n, queued.Load(), already.Load())
		}
	})
}

func TestAFailedDeliveryIsQueuedAgainWhenRedelivered(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		var broken atomic.Bool
		broken.Store(true)
		q := start(t, db, jobs.Config{}, func(context.Context, jobs.Job) error {
			if broken.Load() {
				return &review.Error{Code: review.CodePermission, Op: "read", Do: "grant checks: write"}
			}
			return nil
		})
		accept(t, q, delivery("g", 7))
		if state, _ := ended(t, db, "g"); state != store.DeliveryFailed {
			t.Fatalf("ended %s", state)
		}
		broken.Store(false)
		accept(t, q, delivery("g", 7))
		wait(t, "the redelivery to succeed", func() bool {
			return column[string](t, db, `SELECT state FROM deliveries`) == store.DeliveryDone
		})
	})
}

// A push while the old head is being reviewed by the only worker: the old
// review stops, and the new one need not wait for its end.
func TestANewHeadNeedNotWaitForTheOldReview(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		began := make(chan string, 2)
		q := start(t, db, jobs.Config{Workers: 1, RepoSlots: 1}, func(ctx context.Context, j jobs.Job) error {
			r, err := db.BeginReview(ctx, review.Target{Repo: j.Intent.Repo, PullRequest: j.Intent.PullRequest, Head: j.Intent.Head, Run: 1, Request: j.Delivery})
			if err != nil {
				return err
			}
			began <- j.Delivery
			if j.Delivery == "new" {
				return nil
			}
			for { // as the pipeline watches
				code, err := db.Cancelled(ctx, r.ID, r.Attempt)
				if err != nil {
					return err
				}
				if code != "" {
					return &review.Error{Code: code, Op: "review"}
				}
				time.Sleep(10 * time.Millisecond)
			}
		})
		old, fresh := delivery("old", 7), delivery("new", 7)
		old.Intent.Head, fresh.Intent.Head = "aaaa", "cccc"
		accept(t, q, old)
		<-began
		accept(t, q, fresh)
		if state, reason := ended(t, db, "old"); state != store.DeliveryDone {
			t.Errorf("old ended %s: %s", state, reason)
		}
		if state, reason := ended(t, db, "new"); state != store.DeliveryDone {
			t.Errorf("new ended %s: %s", state, reason)
		}
	})
}

// Closing a pull request stops its reviews: it must not wait for them.
func TestQuickJobsDoNotWaitForReviews(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		closed := make(chan struct{})
		q := start(t, db, jobs.Config{Workers: 1, RepoSlots: 1}, func(_ context.Context, j jobs.Job) error {
			if j.Intent.Kind == review.IntentClosePullRequest {
				close(closed)
				return nil
			}
			<-closed
			return nil
		})
		accept(t, q, delivery("review", 7))
		wait(t, "the review to run", func() bool { return column[int64](t, db, `SELECT COUNT(*) FROM leases`) == 1 })
		shut := delivery("close", 7)
		shut.Intent.Kind = review.IntentClosePullRequest
		accept(t, q, shut)
		ended(t, db, "review")
	})
}

func TestAttemptsAreBoundedAndTheLastOneIsTold(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		var seen []string
		q := start(t, db, jobs.Config{MaxAttempts: 2}, func(_ context.Context, j jobs.Job) error {
			seen = append(seen, fmt.Sprint(j.Attempt, j.Last))
			return &review.Error{Code: review.CodeGitHubUnavailable, Op: "ask GitHub", Do: "wait"}
		})
		accept(t, q, delivery("g", 7))
		state, reason := ended(t, db, "g")
		if state != store.DeliveryFailed || reason == "" || fmt.Sprint(seen) != "[1 false 2 true]" {
			t.Errorf("ended %s (%s) after %v", state, reason, seen)
		}
	})
}

func TestStopWithoutStart(t *testing.T) {
	db := openMigrated(t, storetest.SQLite(t))
	if err := acceptOnly(t, db).Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestReplicasMigrateTheQueueAtOnce(t *testing.T) {
	for name, config := range storetest.Configs(t) {
		t.Run(name, func(t *testing.T) {
			cfg := config(t)
			var wg sync.WaitGroup
			for range 3 {
				wg.Go(func() {
					db, err := store.Open(context.Background(), cfg)
					if err != nil {
						t.Error(err)
						return
					}
					defer db.Close()
					if err := jobs.Migrate(context.Background(), db); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
		})
	}
}
