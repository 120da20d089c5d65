package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/store"
)

// Job is one delivery to answer.
type Job struct {
	ID       int64
	Attempt  int    // 1 the first time
	Last     bool   // no further attempt follows
	Crashes  int    // workers that died at this delivery before; after five it is given up
	Delivery string // GUID
	Intent   review.Intent
}

// Handler answers jobs. A nil error ends the job. A *review.Error decides by
// its code: superseded and the like end it quietly, what cannot be helped by
// trying again ends it as failed, RetryAfter puts it off without counting an
// attempt; everything else is tried again with back-off. Handlers may be called
// concurrently and must stop when ctx ends; context.Cause says why.
type Handler interface {
	Handle(ctx context.Context, job Job) error
}

// Config tunes a Queue. Zero fields take the default.
type Config struct {
	Workers     int           // jobs at the same time in this process; default 2
	RepoSlots   int           // jobs at the same time for one repository, over all processes; default 2
	MaxAttempts int           // default 8
	LeaseTime   time.Duration // how long a silent worker is believed; default 6 s
	Log         *slog.Logger
}

func (c Config) orDefault() Config {
	if c.Workers == 0 {
		c.Workers = 2
	}
	if c.RepoSlots == 0 {
		c.RepoSlots = 2
	}
	if c.MaxAttempts == 0 {
		c.MaxAttempts = 8
	}
	if c.LeaseTime == 0 {
		c.LeaseTime = 6 * time.Second
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// Queue accepts deliveries and works on them. Its methods may be called
// concurrently.
type Queue struct {
	db       *store.DB
	cfg      Config
	handler  Handler
	river    engine
	holder   string
	inHand   sync.Map // ids of the jobs this process works on
	stopping atomic.Bool
	stop     context.CancelFunc
	reaped   chan struct{}
}

// New prepares a queue on a migrated database (see Migrate). A nil handler
// makes a queue that accepts only.
func New(db *store.DB, cfg Config, handler Handler) (*Queue, error) {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	q := &Queue{db: db, cfg: cfg.orDefault(), handler: handler, holder: fmt.Sprintf("%s/%d/%s", host, os.Getpid(), uuid.NewString())}
	if q.river, err = newEngine(db, q); err != nil {
		return nil, fmt.Errorf("prepare the queue: %w", err)
	}
	return q, nil
}

// Accept stores a delivery and queues its job in one transaction. A delivery
// that was completed, or whose job is still to be done, is not queued twice; one
// that failed is queued again. A new head of a pull request stops the reviews of
// its older ones.
func (q *Queue) Accept(ctx context.Context, d review.Delivery) (review.Acceptance, error) {
	result := review.Queued
	err := q.db.InTx(ctx, func(ctx context.Context, tx store.Tx) error {
		if err := takeTurns(ctx, tx, "delivery "+d.GUID); err != nil {
			return err
		}
		known, ok, err := store.FindDelivery(ctx, tx, d.GUID)
		if err != nil {
			return err
		}
		switch {
		case ok && known.State == store.DeliveryDone:
			result = review.AlreadyDone
			return nil
		case ok && known.State == store.DeliveryQueued:
			live, err := jobIsLive(ctx, tx, known.JobID)
			if err != nil || live {
				result = review.AlreadyQueued
				return err
			}
		}
		row := store.Delivery{Delivery: d, State: store.DeliveryQueued}
		if d.Intent.Kind == review.IntentNone {
			result = review.NothingToQueue
			row.State, row.Reason = store.DeliveryDone, d.Intent.Note
			return store.SaveDelivery(ctx, tx, row)
		}
		result = review.Queued
		if d.Intent.Kind == review.IntentReviewPullRequest && d.Intent.Head != "" {
			if err := store.SupersedeOlder(ctx, tx, d.Intent.Repo.ID, d.Intent.PullRequest, d.Intent.Head); err != nil {
				return err
			}
		}
		if row.JobID, err = q.river.insert(ctx, tx, args{GUID: d.GUID, Intent: d.Intent}, q.cfg.MaxAttempts); err != nil {
			return fmt.Errorf("queue the job: %w", err)
		}
		return store.SaveDelivery(ctx, tx, row)
	})
	return result, err
}

// Start begins to work on jobs.
func (q *Queue) Start(ctx context.Context) error {
	if q.handler == nil {
		return errors.New("this queue has no handler")
	}
	// River's own context must outlive the signal that asks us to stop, or it
	// would drop jobs instead of finishing them.
	if q.stop != nil {
		return errors.New("this queue was started before")
	}
	ctx, q.stop = context.WithCancel(context.WithoutCancel(ctx))
	if err := q.river.start(ctx); err != nil {
		q.stop()
		q.stop = nil
		return fmt.Errorf("start the queue: %w", err)
	}
	q.reaped = make(chan struct{})
	go func() {
		defer close(q.reaped)
		q.reap(ctx)
	}()
	return nil
}

// Stop lets running jobs finish until ctx ends; then they are stopped and
// queued again. It fails when a handler does not stop within 10 s; its job is
// then taken up again when the lease runs out. Without Start it does nothing.
func (q *Queue) Stop(ctx context.Context) error {
	if q.stop == nil {
		return nil
	}
	err := q.river.stop(ctx)
	if err != nil {
		q.stopping.Store(true)
		hard, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		err = q.river.stopAndCancel(hard)
	}
	q.stop()
	<-q.reaped
	return err
}

// args is what River keeps of a job.
type args struct {
	GUID    string        `json:"guid"`
	Intent  review.Intent `json:"intent"`
	Tries   int           `json:"tries,omitempty"`   // attempts of jobs this one replaces
	Crashes int           `json:"crashes,omitempty"` // workers that died at them
}

// Kind implements river.JobArgs.
func (args) Kind() string { return "delivery" }

// quickQueue has workers of its own, so that what takes no time, and what stops
// reviews, does not wait for them.
const quickQueue = "quick"

// historyQueue has one worker: whole histories are looked at one after the other,
// in the background, and no review waits for them.
const historyQueue = "history"

// quick tells intents that only write a few rows.
func quick(k review.IntentKind) bool {
	switch k {
	case review.IntentClosePullRequest, review.IntentCancelMergeGroup, review.IntentAddInstallation, review.IntentRemoveInstallation,
		review.IntentSuspend, review.IntentRepositories:
		return true
	}
	return false
}

// worker adapts Handler to River.
type worker struct {
	river.WorkerDefaults[args]
	q *Queue
}

// NextRetry implements back-off: 2 s, 4 s, 8 s … up to 2 minutes.
func (w *worker) NextRetry(job *river.Job[args]) time.Time {
	return time.Now().Add(min(2*time.Minute, time.Second<<min(job.Args.Tries+job.Attempt, 7)))
}

// Work implements river.Worker.
func (w *worker) Work(ctx context.Context, rj *river.Job[args]) error {
	q := w.q
	q.inHand.Store(rj.ID, true)
	defer q.inHand.Delete(rj.ID)
	job := Job{ID: rj.ID, Attempt: rj.Args.Tries + rj.Attempt, Last: rj.Attempt >= rj.MaxAttempts, Crashes: rj.Args.Crashes, Delivery: rj.Args.GUID, Intent: rj.Args.Intent}
	ctx, lease, err := q.acquire(ctx, job)
	switch {
	case errors.Is(err, errReplaced):
		return nil
	case errors.Is(err, errNoSlot):
		return river.JobSnooze(time.Second)
	case err != nil:
		// The database's trouble is not the job's and costs it no attempt.
		q.cfg.Log.Warn("a job could not be taken", "guid", job.Delivery, "error", err)
		return river.JobSnooze(time.Second)
	}
	defer lease.stop(nil)
	err = q.protected(ctx, job)
	lease.rest()
	return q.settle(ctx, job, err)
}

// protected calls the handler and turns a panic into an error: one job's crash
// is not the server's.
func (q *Queue) protected(ctx context.Context, job Job) (err error) {
	defer func() {
		if p := recover(); p != nil {
			// Only the runtime's own panics are known to quote nothing.
			what, ok := p.(runtime.Error)
			text := fmt.Sprintf("%T", p)
			if ok {
				text = what.Error()
			}
			q.cfg.Log.Error("a job panicked", "guid", job.Delivery, "kind", job.Intent.Kind, "panic", text, "stack", string(debug.Stack()))
			err = &review.Error{Code: review.CodeInternal, Op: "answer the delivery", Do: "the server's log says where it crashed"}
		}
	}()
	return q.handler.Handle(ctx, job)
}

// settle decides what becomes of a job, records it with its delivery and
// returns what River is to do. ctx is the handler's, with its cause.
func (q *Queue) settle(ctx context.Context, job Job, err error) error {
	state, reason, answer := q.judge(ctx, job, err)
	// What is recorded must be recorded even when the job was stopped.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	rerr := q.record(ctx, job, state, reason)
	switch {
	case errors.Is(rerr, errLeaseLost):
		// Another worker has the job now, and says what came of it; River has
		// ended this one.
		q.cfg.Log.Warn("a job was taken over by another worker", "guid", job.Delivery, "job", job.ID)
		return nil
	case rerr != nil:
		q.cfg.Log.Warn("the end of a job could not be recorded; it is done again", "guid", job.Delivery, "error", rerr)
		return river.JobSnooze(time.Second)
	}
	return answer
}

// judge maps a handler's error to the delivery's state ("" leaves it queued), a
// readable reason and River's answer.
func (q *Queue) judge(ctx context.Context, job Job, err error) (state, reason string, answer error) {
	if err == nil {
		return store.DeliveryDone, "", nil
	}
	var e *review.Error
	public := "something went wrong inside Launchgate; the server's log has the cause"
	if errors.As(err, &e) {
		public = e.Public()
	}
	code := review.CodeOf(err)
	switch {
	case q.stopping.Load() || errors.Is(context.Cause(ctx), errLeaseLost):
		return "", "", river.JobSnooze(0)
	case code == review.CodeSuperseded || code == review.CodeCancelled || code == review.CodePullRequestClosed:
		return store.DeliveryDone, public, nil
	case e != nil && (e.RetryAfter > 0 || code == review.CodeRateLimited):
		return "", "put off: " + public, river.JobSnooze(max(e.RetryAfter, time.Second))
	case !review.Retryable(err) || job.Last:
		q.cfg.Log.Error("a delivery failed", "guid", job.Delivery, "kind", job.Intent.Kind, "attempt", job.Attempt, "error", err)
		return store.DeliveryFailed, public, river.JobCancel(errors.New(public))
	}
	q.cfg.Log.Warn("a delivery is tried again", "guid", job.Delivery, "kind", job.Intent.Kind, "attempt", job.Attempt, "error", err)
	// River stores the text: no internal cause.
	return "", "tried again soon: " + public, errors.New(public)
}
