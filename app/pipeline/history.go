package pipeline

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/launchgate/launchgate/app/checkout"
	"github.com/launchgate/launchgate/app/config"
	"github.com/launchgate/launchgate/app/jobs"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan"
)

// Historian looks for secrets in all of a repository's history, in the
// background.
type Historian struct {
	// Look runs the scanner on a request whose mirror holds all branches and
	// tags below checkout.HistoryRefs. A look that runs out of time reports what
	// it has, with a gap of CodeScannerTimeout, and goes on the next time.
	Look func(ctx context.Context, req scan.Request, pol config.Policy, progress scan.Progress) (scan.Report, error)
	// Engine names rules and engine: under another name, everything is looked
	// at anew.
	Engine string
	// Accept queues a job of the server's own.
	Accept func(ctx context.Context, d review.Delivery) (review.Acceptance, error)
}

// noteEvery is how often a look says in the database how far it is.
const noteEvery = time.Second

// QueueHistory asks for a look at a repository's history; why makes the request
// one of its kind, so that the same one is not queued twice.
func (s *Service) QueueHistory(ctx context.Context, in review.Intent, why string) error {
	if s.Historian == nil {
		return nil
	}
	in.Kind = review.IntentHistory
	if err := s.DB.QueueHistory(ctx, in.Installation, in.Repo); err != nil {
		return err
	}
	_, err := s.Historian.Accept(ctx, review.Delivery{GUID: fmt.Sprintf("history-%d-%s", in.Repo.ID, why), Event: "history", Received: s.Evaluator.Now(), Intent: in})
	return err
}

// queueHistories asks for looks at repositories that are new.
func (s *Service) queueHistories(ctx context.Context, job jobs.Job, repos []review.Repo) error {
	var errs error
	for _, r := range repos {
		errs = errors.Join(errs, s.QueueHistory(ctx, review.Intent{Installation: job.Intent.Installation, Repo: r}, job.Delivery))
	}
	return errs
}

// CatchUp asks for a look at the history of every repository that was not looked
// at in full by this engine: after an update that brings rules, and for
// repositories that were there before. It returns how many there are.
func (s *Service) CatchUp(ctx context.Context) (int, error) {
	if s.Historian == nil {
		return 0, nil
	}
	list, err := s.DB.HistoriesToLookAt(ctx, s.Historian.Engine)
	for _, in := range list {
		err = errors.Join(err, s.QueueHistory(ctx, in, fmt.Sprintf("%.12s-%s", s.Historian.Engine, s.Evaluator.Now().UTC().Format("20060102"))))
	}
	return len(list), err
}

// lookAtHistory looks at all branches and tags of a repository and records what
// is to be rotated.
func (s *Service) lookAtHistory(ctx context.Context, job jobs.Job) error {
	in := job.Intent
	if s.Historian == nil {
		return nil
	}
	// A flood of pushes is answered by the last of them, so that it keeps no other
	// repository waiting.
	if later, err := s.DB.LaterHistoryWaits(ctx, in.Repo.ID, job.ID); later || err != nil {
		return err
	}
	before, err := s.DB.BeginHistory(ctx, in.Installation, in.Repo)
	if err != nil {
		return err
	}
	h, err := s.healedHistory(ctx, job)
	if err != nil {
		return s.historyFailed(ctx, job, before.History, err)
	}
	if err := s.DB.EndHistory(ctx, h, s.Historian.Engine); err != nil {
		return err
	}
	s.Log.Info("history looked at", "repo", in.Repo.FullName(), "state", h.State, "secrets", len(h.Rotations))
	if outOfTime(h.Receipt) && commitsLooked(h.Receipt) > commitsLooked(before.Receipt) {
		// The next go takes up where this one stopped.
		return &review.Error{Code: review.CodeScannerTimeout, Op: "look at the history of", What: in.Repo.FullName(), Do: "nothing: it goes on at once", RetryAfter: time.Second}
	}
	return nil
}

// healedHistory looks again if the mirror had lost objects and was renewed: nobody
// else may read what the look misses.
func (s *Service) healedHistory(ctx context.Context, job jobs.Job) (review.History, error) {
	h, read, err := s.history(ctx, job)
	if err != nil || !lacksHistory(review.Outcome{Receipt: review.Receipt{Scanners: []review.ScannerReceipt{h.Receipt}}}, nil) {
		return h, err
	}
	if renewed, err := s.Checkouts.Renew(ctx, job.Intent.Repo.ID, read); err != nil || !renewed {
		return h, err
	}
	s.Log.Warn("the mirror lacked objects; cloning anew", "repo", job.Intent.Repo.FullName())
	h, _, err = s.history(ctx, job)
	return h, err
}

// history fetches and looks; read is when it began to look.
func (s *Service) history(ctx context.Context, job jobs.Job) (h review.History, read time.Time, err error) {
	in := job.Intent
	h = review.History{Repo: in.Repo, State: review.HistoryDone}
	if job.Crashes >= maxCrashes {
		return h, read, &review.Error{Code: review.CodeTooLarge, Op: "look at the history of", What: in.Repo.FullName(),
			Do: fmt.Sprintf("the server died %d times on it: look in its log, raise its memory", job.Crashes)}
	}
	repo, head, err := s.Checkouts.FetchHistory(ctx, s.remote(in.Installation, in.Repo))
	if err != nil {
		return h, read, err
	}
	h.Head = head
	if head == "" {
		h.Receipt = review.ScannerReceipt{Scanner: "secrets", Notes: []string{"The repository is empty."}}
		return h, read, nil
	}
	var notes review.Outcome
	pol := s.Evaluator.readPolicy(ctx, repo, head, &notes)
	read = time.Now() // against the files' times
	note := newNotice(s, in.Repo.ID)
	rep, err := s.Historian.Look(ctx, scan.Request{Kind: review.KindBaseline, GitDir: repo.GitDir(), Head: head,
		FingerprintKey: s.Evaluator.FingerprintKey, CacheDir: s.Evaluator.CacheDir}, pol, note.event)
	h.Progress = note.stop()
	if cause := context.Cause(ctx); cause != nil {
		return h, read, cause
	}
	if err != nil {
		return h, read, err
	}
	h.Receipt, h.Rotations = rep.Receipt, rep.Rotations
	s.Evaluator.redact(ctx, &notes.Receipt)
	h.Receipt.Notes = append(h.Receipt.Notes, notes.Receipt.Notes...)
	if !h.Receipt.Complete() {
		h.State = review.HistoryIncomplete
	}
	return h, read, nil
}

// historyFailed records why nothing could be looked at, when nobody will try
// again.
func (s *Service) historyFailed(ctx context.Context, job jobs.Job, before review.History, err error) error {
	var e *review.Error
	if !errors.As(err, &e) && ctx.Err() != nil {
		return err // the server stops, or the lease was lost
	}
	if e == nil {
		e = &review.Error{Code: review.CodeInternal, Op: "look at the history", Do: "the server's log has the cause", Err: err}
	}
	if e.RetryAfter > 0 || review.Retryable(e) && !job.Last {
		return err
	}
	h := before
	h.Repo, h.State = job.Intent.Repo, review.HistoryIncomplete
	h.Receipt = review.ScannerReceipt{Scanner: "secrets", Gaps: []review.Gap{{Code: e.Code, What: "history", Why: e.Op + " " + e.What, Do: e.Do}}}
	return errors.Join(err, s.DB.EndHistory(context.WithoutCancel(ctx), h, ""))
}

func outOfTime(r review.ScannerReceipt) bool {
	for _, g := range r.Gaps {
		if g.Code == review.CodeScannerTimeout {
			return true
		}
	}
	return false
}

func commitsLooked(r review.ScannerReceipt) int {
	for _, c := range r.Counts {
		if c.Unit == "commits" && c.Looked != c.Expected {
			return c.Looked
		}
	}
	return 0
}

func (s *Service) remote(inst review.InstallationID, repo review.Repo) checkout.Remote {
	return checkout.Remote{ID: repo.ID, URL: s.App.CloneURL(repo), Token: func(ctx context.Context) (string, error) {
		return s.App.CloneToken(ctx, inst, repo.ID)
	}}
}

// notice writes now and then how far a look is, without holding it up.
type notice struct {
	mu   sync.Mutex
	last review.HistoryProgress
	end  chan struct{}
	done sync.WaitGroup
}

func newNotice(s *Service, repo review.RepoID) *notice {
	n := &notice{end: make(chan struct{})}
	n.done.Go(func() {
		tick := time.NewTicker(noteEvery)
		defer tick.Stop()
		var said time.Time
		for {
			select {
			case <-n.end:
				return
			case <-tick.C:
			}
			n.mu.Lock()
			p := n.last
			n.mu.Unlock()
			if p.At.After(said) {
				said = p.At
				if err := s.DB.NoteHistory(context.Background(), repo, p); err != nil {
					s.Log.Warn("the progress of a history could not be noted", "error", err)
				}
			}
		}
	})
	return n
}

func (n *notice) event(e scan.Event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.last = review.HistoryProgress{Commits: e.Done, Total: e.Total, Ahead: e.Ahead, Bytes: e.Bytes, Findings: e.Found, At: time.Now()}
}

func (n *notice) stop() review.HistoryProgress {
	close(n.end)
	n.done.Wait()
	return n.last
}
