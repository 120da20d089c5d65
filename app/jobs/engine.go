package jobs

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/store"
)

// engine hides that River's client is typed by its transaction.
type engine interface {
	insert(ctx context.Context, tx store.Tx, a args, maxAttempts int) (int64, error)
	start(ctx context.Context) error
	stop(ctx context.Context) error
	stopAndCancel(ctx context.Context) error
}

// Migrate brings River's tables up to date. It may be called by several replicas
// at once.
func Migrate(ctx context.Context, db *store.DB) error {
	if db.Pool() == nil {
		err := migrate(ctx, riversqlite.New(db.SQLite()))
		for range 3 {
			// Of two processes at it, the later one fails and finds it done.
			if err == nil {
				break
			}
			err = migrate(ctx, riversqlite.New(db.SQLite()))
		}
		return err
	}
	lock, err := db.Pool().Acquire(ctx)
	if err != nil {
		return fmt.Errorf("lock the queue's schema: %w", err)
	}
	defer lock.Release()
	if _, err := lock.Exec(ctx, "SELECT pg_advisory_lock(7214905332)"); err != nil {
		return fmt.Errorf("lock the queue's schema: %w", err)
	}
	defer func() {
		// The lock goes with the session at the latest.
		_, _ = lock.Exec(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock(7214905332)")
	}()
	return migrate(ctx, riverpgxv5.New(db.Pool()))
}

func migrate[TTx any](ctx context.Context, driver riverdriver.Driver[TTx]) error {
	m, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("read the queue's migrations: %w", err)
	}
	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate the queue: %w", err)
	}
	return nil
}

func newEngine(db *store.DB, q *Queue) (engine, error) {
	if db.Pool() != nil {
		return newClient(riverpgxv5.New(db.Pool()), q, func(tx store.Tx) pgx.Tx { return tx.PGX() })
	}
	return newClient(riversqlite.New(db.SQLite()), q, func(tx store.Tx) *sql.Tx { return tx.SQL() })
}

type client[TTx any] struct {
	river *river.Client[TTx]
	tx    func(store.Tx) TTx
}

func newClient[TTx any](driver riverdriver.Driver[TTx], q *Queue, tx func(store.Tx) TTx) (engine, error) {
	cfg := &river.Config{
		Logger: slog.New(onlyWarnings{q.cfg.Log.Handler()}),
		// Reviews have deadlines of their own, and leases tell a dead worker;
		// River must neither time jobs out nor rescue living ones.
		JobTimeout:           -1,
		RescueStuckJobsAfter: 7 * 24 * time.Hour,
		FetchCooldown:        10 * time.Millisecond,
		FetchPollInterval:    100 * time.Millisecond,
	}
	if q.handler != nil {
		workers := river.NewWorkers()
		if err := river.AddWorkerSafely(workers, &worker{q: q}); err != nil {
			return nil, err
		}
		cfg.Workers = workers
		cfg.Queues = map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: q.cfg.Workers}, quickQueue: {MaxWorkers: 2}, historyQueue: {MaxWorkers: 1}}
	}
	c, err := river.NewClient(driver, cfg)
	if err != nil {
		return nil, err
	}
	return &client[TTx]{c, tx}, nil
}

func (c *client[TTx]) insert(ctx context.Context, tx store.Tx, a args, maxAttempts int) (int64, error) {
	opts := river.InsertOpts{MaxAttempts: maxAttempts, Queue: river.QueueDefault, Priority: 1}
	switch {
	case quick(a.Intent.Kind):
		opts.Queue = quickQueue
	case a.Intent.Kind == review.IntentHistory:
		opts.Queue = historyQueue
	case a.Intent.Kind == review.IntentBaseline:
		opts.Priority = 2 // nobody waits for it
	}
	res, err := c.river.InsertTx(ctx, c.tx(tx), a, &opts)
	if err != nil {
		return 0, err
	}
	return res.Job.ID, nil
}

func (c *client[TTx]) start(ctx context.Context) error         { return c.river.Start(ctx) }
func (c *client[TTx]) stop(ctx context.Context) error          { return c.river.Stop(ctx) }
func (c *client[TTx]) stopAndCancel(ctx context.Context) error { return c.river.StopAndCancel(ctx) }

// onlyWarnings drops River's chatter.
type onlyWarnings struct{ slog.Handler }

func (h onlyWarnings) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && h.Handler.Enabled(ctx, l)
}
