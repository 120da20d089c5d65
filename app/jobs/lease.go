package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/launchgate/launchgate/app/store"
)

var (
	errNoSlot    = errors.New("every slot of the repository is taken")
	errLeaseLost = errors.New("the lease was lost: another worker has the job")
)

// lease says that this process works on a job. It lives in the database and is
// renewed three times within its time.
type lease struct {
	q    *Queue
	job  int64
	stop context.CancelCauseFunc
	done sync.WaitGroup
	end  chan struct{}
}

// acquire takes the lease of a job, if the repository has a slot free, and
// returns a context that ends when the lease is lost.
func (q *Queue) acquire(ctx context.Context, job Job) (context.Context, *lease, error) {
	err := q.db.InTx(ctx, func(ctx context.Context, tx store.Tx) error {
		now := time.Now().UnixMilli()
		if repo := job.Intent.Repo.ID; repo != 0 {
			// SQLite's transactions already take turns; PostgreSQL's take turns
			// for one repository here, so that two cannot both see a free slot.
			if tx.PGX() != nil {
				if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(repo)); err != nil {
					return fmt.Errorf("lock the slots: %w", err)
				}
			}
			var others int64
			if err := tx.QueryRow(ctx, []any{&others}, `SELECT COUNT(*) FROM leases WHERE repo_id = $1 AND job_id <> $2 AND until_ms > $3`, int64(repo), job.ID, now); err != nil {
				return fmt.Errorf("count the slots: %w", err)
			}
			if others >= int64(q.cfg.RepoSlots) {
				return errNoSlot
			}
		}
		_, err := tx.Exec(ctx, `INSERT INTO leases (job_id, repo_id, holder, until_ms) VALUES ($1, $2, $3, $4)
			ON CONFLICT (job_id) DO UPDATE SET holder = excluded.holder, until_ms = excluded.until_ms`,
			job.ID, int64(job.Intent.Repo.ID), q.holder, now+q.cfg.LeaseTime.Milliseconds())
		return err
	})
	if err != nil {
		if errors.Is(err, errNoSlot) {
			return nil, nil, errNoSlot
		}
		return nil, nil, fmt.Errorf("take the lease: %w", err)
	}
	ctx, stop := context.WithCancelCause(ctx)
	l := &lease{q: q, job: job.ID, stop: stop, end: make(chan struct{})}
	l.done.Go(l.beat)
	return ctx, l, nil
}

// beat renews the lease until it is released or lost. A database that does not
// answer for the lease's whole time counts as lost: another worker may have
// taken the job by then.
func (l *lease) beat() {
	every := l.q.cfg.LeaseTime / 4
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	renewed := time.Now()
	for {
		select {
		case <-l.end:
			return
		case <-ticker.C:
		}
		var n int64
		ctx, cancel := context.WithTimeout(context.Background(), l.q.cfg.LeaseTime)
		err := l.q.db.InTx(ctx, func(ctx context.Context, tx store.Tx) (err error) {
			n, err = tx.Exec(ctx, `UPDATE leases SET until_ms = $1 WHERE job_id = $2 AND holder = $3`, time.Now().Add(l.q.cfg.LeaseTime).UnixMilli(), l.job, l.q.holder)
			return err
		})
		cancel()
		switch {
		case err == nil && n == 1:
			renewed = time.Now()
		case err == nil, time.Since(renewed) > l.q.cfg.LeaseTime:
			l.stop(errLeaseLost)
			return
		}
	}
}

func (l *lease) release() {
	close(l.end)
	l.done.Wait()
	l.stop(nil)
	err := l.q.db.InTx(context.Background(), func(ctx context.Context, tx store.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM leases WHERE job_id = $1 AND holder = $2`, l.job, l.q.holder)
		return err
	})
	if err != nil {
		l.q.cfg.Log.Warn("a lease could not be released and will run out", "job", l.job, "error", err)
	}
}

// reap puts jobs back whose worker has died: those with a lease that ran out,
// and those River believes running that have had no lease for a whole lease
// time (killed between fetching and leasing).
func (q *Queue) reap(ctx context.Context) {
	ticker := time.NewTicker(q.cfg.LeaseTime / 4)
	defer ticker.Stop()
	leaseless := make(map[int64]time.Time)
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := q.reapOnce(ctx, leaseless); err != nil && ctx.Err() == nil {
			q.cfg.Log.Warn("looking for jobs of dead workers failed", "error", err)
		}
	}
}

func (q *Queue) reapOnce(ctx context.Context, leaseless map[int64]time.Time) error {
	return q.db.InTx(ctx, func(ctx context.Context, tx store.Tx) error {
		now := time.Now()
		var dead []int64
		collect := func(into *[]int64) func(func(...any) error) error {
			return func(scan func(...any) error) error {
				var id int64
				err := scan(&id)
				*into = append(*into, id)
				return err
			}
		}
		if err := tx.Query(ctx, collect(&dead), `SELECT job_id FROM leases WHERE until_ms < $1`, now.UnixMilli()); err != nil {
			return err
		}
		var bare []int64
		if err := tx.Query(ctx, collect(&bare), `SELECT id FROM river_job WHERE state = 'running' AND id NOT IN (SELECT job_id FROM leases)`); err != nil {
			return err
		}
		still := make(map[int64]bool)
		for _, id := range bare {
			still[id] = true
			if first, ok := leaseless[id]; !ok {
				leaseless[id] = now
			} else if now.Sub(first) > q.cfg.LeaseTime {
				dead = append(dead, id)
			}
		}
		for id := range leaseless {
			if !still[id] {
				delete(leaseless, id)
			}
		}
		for _, id := range dead {
			// The killed attempt does not count: the job did nothing wrong.
			n, err := tx.Exec(ctx, `UPDATE river_job SET state = 'available', attempt = attempt - 1 WHERE id = $1 AND state = 'running' AND attempt > 0`, id)
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `DELETE FROM leases WHERE job_id = $1`, id); err != nil {
				return err
			}
			delete(leaseless, id)
			if n > 0 {
				q.cfg.Log.Warn("a worker died; its job is taken up again", "job", id)
			}
		}
		return nil
	})
}

// jobIsLive reports whether River still has work to do on a job.
func jobIsLive(ctx context.Context, tx store.Tx, id int64) (bool, error) {
	var state string
	err := tx.QueryRow(ctx, []any{&state}, `SELECT CAST(state AS TEXT) FROM river_job WHERE id = $1`, id)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look up the job: %w", err)
	}
	switch state {
	case "available", "pending", "retryable", "running", "scheduled":
		return true, nil
	}
	return false, nil
}
