package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"sync"
	"testing"
	"time"

	"github.com/launchgate/launchgate/app/jobs"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/store"
)

// BenchmarkAccept measures how long a delivery takes to be accepted on SQLite:
// at 100 a second, the same while the queue works them off, and as fast as it
// goes. The one that is worked off also says how long a delivery waits for its
// handler.
func BenchmarkAccept(b *testing.B) {
	for _, c := range []struct {
		name    string
		pause   time.Duration
		working bool
	}{{"100-a-second", 10 * time.Millisecond, false}, {"100-a-second-while-working", 10 * time.Millisecond, true}, {"flat-out", 0, false}} {
		b.Run(c.name, func(b *testing.B) {
			db, err := store.Open(b.Context(), store.Config{Path: b.TempDir() + "/bench.db"})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { db.Close() })
			if err := errors.Join(db.Migrate(b.Context()), jobs.Migrate(b.Context(), db)); err != nil {
				b.Fatal(err)
			}
			var mu sync.Mutex
			accepted := make(map[string]time.Time)
			var took, waited []time.Duration
			var h jobs.Handler
			if c.working {
				h = handler(func(_ context.Context, j jobs.Job) error {
					mu.Lock()
					defer mu.Unlock()
					waited = append(waited, time.Since(accepted[j.Delivery]))
					return nil
				})
			}
			q, err := jobs.New(db, jobs.Config{Workers: 4}, h)
			if err != nil {
				b.Fatal(err)
			}
			if c.working {
				if err := q.Start(b.Context()); err != nil {
					b.Fatal(err)
				}
				defer q.Stop(context.Background())
			}
			next := time.Now()
			for i := 0; b.Loop(); i++ {
				time.Sleep(time.Until(next))
				next = next.Add(c.pause)
				guid, began := fmt.Sprint("g", i), time.Now()
				mu.Lock()
				accepted[guid] = began
				mu.Unlock()
				if _, err := q.Accept(b.Context(), delivery(guid, review.RepoID(i%50+1))); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(began))
			}
			quantiles(b, "", took)
			mu.Lock()
			defer mu.Unlock()
			quantiles(b, "waited-", waited)
		})
	}
}

func quantiles(b *testing.B, what string, d []time.Duration) {
	if len(d) == 0 {
		return
	}
	sort.Slice(d, func(i, j int) bool { return d[i] < d[j] })
	for name, i := range map[string]int{"p50-ms": len(d) / 2, "p99-ms": len(d) * 99 / 100} {
		b.ReportMetric(float64(d[i].Microseconds())/1000, what+name)
	}
}
