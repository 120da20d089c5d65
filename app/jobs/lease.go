package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/store"
)

var (
	errNoSlot    = errors.New("every slot of the repository is taken")
	errReplaced  = errors.New("the delivery has ended or has another job now")
	errLeaseLost = errors.New("the lease was lost: another worker has the job")
)

// maxCrashes bounds how many workers one delivery may bring down: what kills
// its worker every time would otherwise do so for ever.
const maxCrashes = 5

// How long ended deliveries and the outcomes of reviews are kept, and how often
// that is looked after.
const (
	keepDeliveries = 30 * 24 * time.Hour
	keepOutcomes   = 180 * 24 * time.Hour
	pruneEvery     = time.Hour
)

// lease says that this process works on a job. It lives in the database and is
// renewed four times within its time.
type lease struct {
	q    *Queue
	job  int64
	stop context.CancelCauseFunc
	done sync.WaitGroup
	end  chan struct{}
}

// clock returns the time leases are counted in, in milliseconds: PostgreSQL's
// own, since the clocks of replicas differ; on SQLite, which has one host, ours.
func clock(ctx context.Context, tx store.Tx) (now int64, err error) {
	if tx.PGX() == nil {
		return time.Now().UnixMilli(), nil
	}
	err = tx.QueryRow(ctx, []any{&now}, `SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)`)
	return now, err
}

// takeTurns makes transactions that name the same thing come one after the
// other. SQLite's do so anyway.
func takeTurns(ctx context.Context, tx store.Tx, thing string) error {
	if tx.PGX() == nil {
		return nil
	}
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, thing); err != nil {
		return fmt.Errorf("wait for my turn: %w", err)
	}
	return nil
}

// acquire takes the lease of a job, if the repository has a slot free, and
// returns a context that ends when the lease is lost. It fails with errReplaced
// when the job is no longer the one that is to answer its delivery.
func (q *Queue) acquire(ctx context.Context, job Job) (context.Context, *lease, error) {
	err := q.db.InTx(ctx, func(ctx context.Context, tx store.Tx) error {
		repo := int64(job.Intent.Repo.ID)
		slots := repo != 0 && !quick(job.Intent.Kind) && job.Intent.Kind != review.IntentHistory
		if slots {
			if err := takeTurns(ctx, tx, fmt.Sprint("slots of ", repo)); err != nil {
				return err
			}
		}
		// The row stays locked until the lease stands, so that a reaper either
		// sees the lease or has replaced the job before.
		n, err := tx.Exec(ctx, `UPDATE deliveries SET job_id = job_id WHERE guid = $1 AND job_id = $2 AND state = 'queued'`, job.Delivery, job.ID)
		if err != nil {
			return err
		}
		if n == 0 {
			return errReplaced
		}
		now, err := clock(ctx, tx)
		if err != nil {
			return err
		}
		if slots {
			var others int64
			if err := tx.QueryRow(ctx, []any{&others}, `SELECT COUNT(*) FROM leases WHERE repo_id = $1 AND job_id <> $2 AND until_ms > $3`, repo, job.ID, now); err != nil {
				return fmt.Errorf("count the slots: %w", err)
			}
			if others >= int64(q.cfg.RepoSlots) {
				return errNoSlot
			}
		} else {
			repo = 0 // takes no slot
		}
		n, err = tx.Exec(ctx, `INSERT INTO leases (job_id, repo_id, holder, until_ms) VALUES ($1, $2, $3, $4)
			ON CONFLICT (job_id) DO UPDATE SET holder = excluded.holder, until_ms = excluded.until_ms WHERE leases.holder = excluded.holder OR leases.until_ms < $5`,
			job.ID, repo, q.holder, now+q.cfg.LeaseTime.Milliseconds(), now)
		if err == nil && n == 0 {
			err = errNoSlot // another worker still holds this very job
		}
		return err
	})
	if err != nil {
		for _, known := range []error{errNoSlot, errReplaced} {
			if errors.Is(err, known) {
				return nil, nil, known
			}
		}
		return nil, nil, fmt.Errorf("take the lease: %w", err)
	}
	ctx, stop := context.WithCancelCause(ctx)
	l := &lease{q: q, job: job.ID, stop: stop, end: make(chan struct{})}
	l.done.Go(l.beat)
	return ctx, l, nil
}

// beat renews the lease until it ends or is lost. A database that does not
// answer for the lease's whole time counts as lost: another worker may have
// taken the job by then.
func (l *lease) beat() {
	ticker := time.NewTicker(l.q.cfg.LeaseTime / 4)
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
		err := l.q.db.InTx(ctx, func(ctx context.Context, tx store.Tx) error {
			now, err := clock(ctx, tx)
			if err != nil {
				return err
			}
			n, err = tx.Exec(ctx, `UPDATE leases SET until_ms = $1 WHERE job_id = $2 AND holder = $3`, now+l.q.cfg.LeaseTime.Milliseconds(), l.job, l.q.holder)
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

// rest stops the heartbeat; the lease itself goes with what is recorded.
func (l *lease) rest() {
	close(l.end)
	l.done.Wait()
}

// record writes what came of a job and gives its lease back, in one
// transaction, unless the lease was lost meanwhile: then nothing is written and
// the error is errLeaseLost. An empty state leaves the delivery queued.
func (q *Queue) record(ctx context.Context, job Job, state, reason string) error {
	return q.db.InTx(ctx, func(ctx context.Context, tx store.Tx) error {
		finished := time.Now().UnixMilli()
		if state == "" {
			state, finished = store.DeliveryQueued, 0
		}
		n, err := store.EndDeliveryOf(ctx, tx, job.Delivery, job.ID, state, reason, finished)
		if err != nil {
			return err
		}
		held, err := tx.Exec(ctx, `DELETE FROM leases WHERE job_id = $1 AND holder = $2`, job.ID, q.holder)
		if err == nil && (n == 0 || held == 0) {
			err = errLeaseLost
		}
		return err
	})
}

// reap gives the jobs of dead workers to living ones and forgets old rows,
// until ctx ends.
func (q *Queue) reap(ctx context.Context) {
	ticker := time.NewTicker(q.cfg.LeaseTime / 4)
	defer ticker.Stop()
	leaseless := make(map[int64]time.Time)
	var pruned time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := q.reapOnce(ctx, leaseless); err != nil && ctx.Err() == nil {
			q.cfg.Log.Warn("looking for jobs of dead workers failed", "error", err)
		}
		if now := time.Now(); now.Sub(pruned) > pruneEvery {
			pruned = now
			if err := q.db.Prune(ctx, now.Add(-keepDeliveries), now.Add(-keepOutcomes)); err != nil && ctx.Err() == nil {
				q.cfg.Log.Warn("forgetting old rows failed", "error", err)
			}
		}
	}
}

// reapOnce looks for jobs whose lease ran out, and for those River believes
// running that have had no lease for a whole lease time (their worker was killed
// between fetching and leasing, or between recording and telling River). It
// remembers the latter in leaseless. Jobs this process has in hand are never
// dead, however late their heartbeat: it is the one to judge.
func (q *Queue) reapOnce(ctx context.Context, leaseless map[int64]time.Time) error {
	var dead []int64
	err := q.db.InTx(ctx, func(ctx context.Context, tx store.Tx) error {
		now, err := clock(ctx, tx)
		if err != nil {
			return err
		}
		var expired, bare []int64
		if expired, err = ids(ctx, tx, `SELECT job_id FROM leases WHERE until_ms < $1`, now); err != nil {
			return err
		}
		if bare, err = ids(ctx, tx, `SELECT id FROM river_job WHERE state = 'running' AND kind = 'delivery' AND id NOT IN (SELECT job_id FROM leases)`); err != nil {
			return err
		}
		dead = expired
		still := make(map[int64]bool)
		for _, id := range bare {
			still[id] = true
			if first, ok := leaseless[id]; !ok {
				leaseless[id] = time.Now()
			} else if time.Since(first) > q.cfg.LeaseTime {
				dead = append(dead, id)
			}
		}
		for id := range leaseless {
			if !still[id] {
				delete(leaseless, id)
			}
		}
		return nil
	})
	for _, id := range dead {
		if _, mine := q.inHand.Load(id); mine {
			continue
		}
		// One transaction each: reapers of several replicas must not hold one
		// job's rows while they wait for another's.
		err = errors.Join(err, q.bury(ctx, id))
	}
	return err
}

func ids(ctx context.Context, tx store.Tx, query string, args ...any) (list []int64, err error) {
	err = tx.Query(ctx, func(scan func(...any) error) error {
		var id int64
		err := scan(&id)
		list = append(list, id)
		return err
	}, query, args...)
	return list, err
}

// bury ends the job of a dead worker and queues a new one for its delivery. The
// job is never given back to River as it is: a worker that was only paused would
// wake and tell River how its attempt ended, in the middle of the next.
func (q *Queue) bury(ctx context.Context, id int64) error {
	return q.db.InTx(ctx, func(ctx context.Context, tx store.Tx) error {
		var guid string
		var tries, crashes int64
		err := tx.QueryRow(ctx, []any{&guid, &tries, &crashes}, `UPDATE deliveries SET job_id = job_id WHERE job_id = $1 AND state = 'queued' RETURNING guid, tries, crashes`, id)
		open := err == nil
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		// Somebody may have renewed or taken the lease since it was looked at.
		now, err := clock(ctx, tx)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM leases WHERE job_id = $1 AND until_ms < $2`, id, now); err != nil {
			return err
		}
		var alive int64
		if err := tx.QueryRow(ctx, []any{&alive}, `SELECT COUNT(*) FROM leases WHERE job_id = $1`, id); err != nil || alive > 0 {
			return err
		}
		var attempt, max int64
		err = tx.QueryRow(ctx, []any{&attempt, &max}, `UPDATE river_job SET state = 'cancelled', finalized_at = CURRENT_TIMESTAMP WHERE id = $1 AND state = 'running' RETURNING attempt, max_attempts`, id)
		if errors.Is(err, sql.ErrNoRows) || err == nil && !open {
			return nil
		}
		if err != nil {
			return err
		}
		crashes++
		q.cfg.Log.Warn("a worker died; its job is taken up again", "guid", guid, "job", id, "crashes", crashes)
		if crashes > maxCrashes {
			_, err := store.EndDeliveryOf(ctx, tx, guid, id, store.DeliveryFailed,
				fmt.Sprintf("%d workers died while they answered this delivery: look for memory limits and kills in the system's log, then redeliver it", crashes), time.Now().UnixMilli())
			return err
		}
		d, _, err := store.FindDelivery(ctx, tx, guid)
		if err != nil {
			return err
		}
		// The attempt that was killed does not count: crashes have a bound of
		// their own.
		tries += attempt - 1
		next, err := q.river.insert(ctx, tx, args{GUID: guid, Intent: d.Intent, Tries: int(tries), Crashes: int(crashes)}, int(max-attempt+1))
		if err != nil {
			return fmt.Errorf("queue the job again: %w", err)
		}
		_, err = tx.Exec(ctx, `UPDATE deliveries SET job_id = $1, tries = $2, crashes = $3 WHERE guid = $4`, next, tries, crashes, guid)
		return err
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
