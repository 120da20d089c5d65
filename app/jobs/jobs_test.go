package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/launchgate/launchgate/app/jobs"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/store"
	"github.com/launchgate/launchgate/app/store/storetest"
)

type handler func(ctx context.Context, job jobs.Job) error

func (h handler) Handle(ctx context.Context, job jobs.Job) error { return h(ctx, job) }

func delivery(guid string, repo review.RepoID) review.Delivery {
	return review.Delivery{GUID: guid, Event: "pull_request", Action: "opened", Received: time.Now(),
		Intent: review.Intent{Kind: review.IntentReviewPullRequest, PullRequest: 1, Repo: review.Repo{ID: repo, Owner: "acme", Name: "api"}}}
}

func start(t *testing.T, db *store.DB, cfg jobs.Config, h handler) *jobs.Queue {
	t.Helper()
	if err := jobs.Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if cfg.LeaseTime == 0 {
		cfg.LeaseTime = 2 * time.Second
	}
	q, err := jobs.New(db, cfg, h)
	if err != nil {
		t.Fatal(err)
	}
	if err := q.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
		defer cancel()
		if err := q.Stop(ctx); err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("stop: %v", err)
		}
	})
	return q
}

func accept(t *testing.T, q *jobs.Queue, d review.Delivery) review.Acceptance {
	t.Helper()
	a, err := q.Accept(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// ended waits for a delivery to end and returns its state and reason.
func ended(t *testing.T, db *store.DB, guid string) (string, string) {
	t.Helper()
	for range 600 {
		list, err := db.RecentDeliveries(t.Context(), 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range list {
			if d.GUID == guid && d.State != store.DeliveryQueued {
				return d.State, d.Reason
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("delivery %s did not end within 30 s", guid)
	return "", ""
}

func TestDuplicatesAreNotQueuedTwice(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		var ran atomic.Int32
		release := make(chan struct{})
		q := start(t, db, jobs.Config{}, func(context.Context, jobs.Job) error {
			if ran.Add(1) == 1 {
				<-release
			}
			return nil
		})
		if got := accept(t, q, delivery("g", 7)); got != review.Queued {
			t.Errorf("first: %s", got)
		}
		if got := accept(t, q, delivery("g", 7)); got != review.AlreadyQueued {
			t.Errorf("while it is to be done: %s", got)
		}
		close(release)
		ended(t, db, "g")
		if got := accept(t, q, delivery("g", 7)); got != review.AlreadyDone {
			t.Errorf("after it was done: %s", got)
		}
		none := delivery("n", 7)
		none.Intent = review.Intent{Kind: review.IntentNone, Note: "labels do not matter"}
		if got := accept(t, q, none); got != review.NothingToQueue {
			t.Errorf("asks for nothing: %s", got)
		}
		if n := ran.Load(); n != 1 {
			t.Errorf("the handler ran %d times, want once", n)
		}
	})
}

func TestHowAJobEnds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		var mu sync.Mutex
		attempts := make(map[string][]int)
		q := start(t, db, jobs.Config{Workers: 4, RepoSlots: 10}, func(_ context.Context, j jobs.Job) error {
			mu.Lock()
			attempts[j.Delivery] = append(attempts[j.Delivery], j.Attempt)
			n := len(attempts[j.Delivery])
			mu.Unlock()
			switch {
			case j.Delivery == "final":
				return &review.Error{Code: review.CodeSuspended, Op: "review", What: "acme/api", Do: "unsuspend the installation"}
			case j.Delivery == "superseded":
				return &review.Error{Code: review.CodeSuperseded, Op: "review"}
			case j.Delivery == "flaky" && n == 1:
				return errors.New("connection reset, password=hunter2")
			case j.Delivery == "limited" && n == 1:
				return &review.Error{Code: review.CodeRateLimited, Op: "ask GitHub", RetryAfter: time.Second}
			case j.Delivery == "panics":
				if j.Attempt < 2 {
					panic("boom")
				}
			}
			return nil
		})
		want := map[string]string{"final": store.DeliveryFailed, "superseded": store.DeliveryDone, "flaky": store.DeliveryDone, "limited": store.DeliveryDone, "panics": store.DeliveryDone}
		for guid := range want {
			accept(t, q, delivery(guid, 7))
		}
		for guid, state := range want {
			got, reason := ended(t, db, guid)
			if got != state {
				t.Errorf("%s ended %s (%s), want %s", guid, got, reason, state)
			}
			if guid == "final" && !strings.Contains(reason, "unsuspend") {
				t.Errorf("reason %q does not say what to do", reason)
			}
		}
		mu.Lock()
		defer mu.Unlock()
		if got := fmt.Sprint(attempts["limited"]); got != "[1 1]" {
			t.Errorf("attempts of the rate-limited job = %s: a limit must not cost an attempt", got)
		}
		if got := fmt.Sprint(attempts["flaky"]); got != "[1 2]" {
			t.Errorf("attempts of the flaky job = %s", got)
		}
	})
}

func TestARepositoryHasItsSlots(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		var now, most, other atomic.Int32
		q := start(t, db, jobs.Config{Workers: 6, RepoSlots: 1}, func(_ context.Context, j jobs.Job) error {
			if j.Intent.Repo.ID == 8 {
				other.Add(1)
				return nil
			}
			if n := now.Add(1); n > most.Load() {
				most.Store(n)
			}
			time.Sleep(100 * time.Millisecond)
			now.Add(-1)
			return nil
		})
		for i := range 3 {
			accept(t, q, delivery(fmt.Sprint("g", i), 7))
		}
		accept(t, q, delivery("other", 8))
		for _, g := range []string{"g0", "g1", "g2", "other"} {
			ended(t, db, g)
		}
		if most.Load() != 1 || other.Load() != 1 {
			t.Errorf("%d jobs of one repository at once, want 1; the other repository's ran %d times", most.Load(), other.Load())
		}
	})
}

// TestAKilledWorkersJobIsTakenUpAgain kills a real process with SIGKILL in the
// middle of a job.
func TestAKilledWorkersJobIsTakenUpAgain(t *testing.T) {
	for name, config := range storetest.Configs(t) {
		t.Run(name, func(t *testing.T) {
			cfg := config(t)
			db, err := store.Open(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { db.Close() }) // after the queue has stopped
			if err := errors.Join(db.Migrate(t.Context()), jobs.Migrate(t.Context(), db)); err != nil {
				t.Fatal(err)
			}
			accepting, err := jobs.New(db, jobs.Config{}, nil)
			if err != nil {
				t.Fatal(err)
			}
			accept(t, accepting, delivery("g", 7))

			victim := spawn(t, cfg, "hang", "")
			victim.hear("working g")
			if err := victim.cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = victim.cmd.Wait()

			var attempt atomic.Int32
			start(t, db, jobs.Config{}, func(_ context.Context, j jobs.Job) error {
				attempt.Store(int32(j.Attempt))
				return nil
			})
			if state, reason := ended(t, db, "g"); state != store.DeliveryDone {
				t.Errorf("ended %s: %s", state, reason)
			}
			if attempt.Load() != 1 {
				t.Errorf("attempt %d, want 1: the kill must not count", attempt.Load())
			}
		})
	}
}

func TestStopPutsUnfinishedJobsBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		if err := jobs.Migrate(t.Context(), db); err != nil {
			t.Fatal(err)
		}
		began := make(chan struct{})
		q, err := jobs.New(db, jobs.Config{}, handler(func(ctx context.Context, _ jobs.Job) error {
			close(began)
			<-ctx.Done()
			return context.Cause(ctx)
		}))
		if err != nil {
			t.Fatal(err)
		}
		if err := q.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		accept(t, q, delivery("g", 7))
		<-began
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if err := q.Stop(ctx); err != nil {
			t.Errorf("stop: %v", err)
		}
		start(t, db, jobs.Config{}, func(context.Context, jobs.Job) error { return nil })
		if state, reason := ended(t, db, "g"); state != store.DeliveryDone {
			t.Errorf("ended %s: %s", state, reason)
		}
	})
}
