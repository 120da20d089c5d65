package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/launchgate/launchgate/app/checkout"
	"github.com/launchgate/launchgate/app/gh"
	"github.com/launchgate/launchgate/app/jobs"
	"github.com/launchgate/launchgate/app/publish"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan"
	"github.com/launchgate/launchgate/app/store"
)

// Service answers jobs on a server: one method per intent. Its fields are set
// once; Handle may be called concurrently.
type Service struct {
	App       *gh.App
	AppID     int64 // the App's own id: other Apps' check runs are not ours
	Checkouts *checkout.Store
	DB        *store.DB
	Evaluator *Evaluator
	// Key authenticates the markers in our comments.
	Key     []byte
	Rules   []review.Rule
	RuleURL func(review.RuleID) string
	// WebURL is where GitHub's pages are; "" for no links to them.
	WebURL string
	// DetailsURL returns the page of a review; nil for none.
	DetailsURL func(reviewID int64) string
	// Deadline bounds one review, from checkout to verdict.
	Deadline time.Duration
	Log      *slog.Logger
	// Historian looks at whole histories; nil: nobody does.
	Historian *Historian
	// Step, when set, is told each step of each review.
	Step func(t review.Target, step string)
}

// sayGrace bounds what is still said to GitHub after a review's own context has
// ended: that it was superseded, or why it failed.
const sayGrace = 30 * time.Second

// pollCancelled is how often a running review looks whether it is still wanted.
const pollCancelled = 500 * time.Millisecond

// maxCrashes is after how many dead servers a review is given up, in red; the
// queue itself gives the job up a little later.
const maxCrashes = 4

// Handle implements jobs.Handler.
func (s *Service) Handle(ctx context.Context, job jobs.Job) error {
	in := job.Intent
	switch in.Kind {
	case review.IntentNone:
		return nil
	case review.IntentReviewPullRequest:
		return s.reviewPullRequest(ctx, job, in.Repo, in.PullRequest, false)
	case review.IntentClosePullRequest:
		return s.DB.SupersedeOthers(ctx, in.Repo.ID, in.PullRequest, 0, review.CodePullRequestClosed)
	case review.IntentReviewMergeGroup:
		return s.reviewMergeGroup(ctx, job, mergeGroup(in), false)
	case review.IntentCancelMergeGroup:
		return s.DB.CancelHead(ctx, in.Repo.ID, review.KindMergeGroup, in.Head)
	case review.IntentRerun:
		return s.rerun(ctx, job)
	case review.IntentReviewHead:
		return s.reviewHead(ctx, job, false)
	case review.IntentBaseline:
		return errors.Join(s.QueueHistory(ctx, in, job.Delivery), s.reviewBaseline(ctx, job))
	case review.IntentHistory:
		return s.lookAtHistory(ctx, job)
	case review.IntentAddInstallation:
		return errors.Join(s.DB.SaveInstallation(ctx, in.Installation, in.Account, false), s.DB.SaveRepositories(ctx, in.Installation, in.Added), s.queueHistories(ctx, job, in.Added))
	case review.IntentSuspend:
		return s.DB.SaveInstallation(ctx, in.Installation, in.Account, true)
	case review.IntentRemoveInstallation:
		s.App.Forget(in.Installation)
		return s.DB.RemoveInstallation(ctx, in.Installation)
	case review.IntentRepositories:
		return errors.Join(s.DB.SaveRepositories(ctx, in.Installation, in.Added), s.DB.RemoveRepositories(ctx, in.Removed), s.queueHistories(ctx, job, in.Added))
	}
	return &review.Error{Code: review.CodeBadRequest, Op: "answer a delivery of the unknown kind", What: string(in.Kind), Do: "run the same version of Launchgate on every replica"}
}

func (s *Service) step(t review.Target, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	s.Log.Info(text, "repo", t.Repo.FullName(), "pull_request", t.PullRequest, "head", t.Head.Short(), "run", t.Run)
	if s.Step != nil {
		s.Step(t, text)
	}
}

// reviewPullRequest reads the pair back from GitHub, whatever the delivery
// said, and reviews it.
func (s *Service) reviewPullRequest(ctx context.Context, job jobs.Job, repo review.Repo, number int, again bool) error {
	t, err := s.readPair(ctx, job.Intent.Installation, repo, number)
	if err != nil {
		return err
	}
	t.Request = job.Delivery
	return s.review(ctx, job, t, again, func(ctx context.Context) error {
		now, err := s.readPair(ctx, job.Intent.Installation, repo, number)
		if err == nil && (now.Head != t.Head || now.BaseRef != t.BaseRef) {
			err = &review.Error{Code: review.CodeSuperseded, Op: "publish the review of", What: t.Head.Short(), Do: "nothing: the pull request has moved on and is reviewed anew"}
		}
		return err
	})
}

// readPair reads what a pull request asks to merge into what, right now.
func (s *Service) readPair(ctx context.Context, inst review.InstallationID, repo review.Repo, number int) (review.Target, error) {
	client, err := s.App.Client(inst)
	if err != nil {
		return review.Target{}, err
	}
	pr, err := gh.ReadPullRequest(ctx, client, repo, number)
	if err != nil {
		return review.Target{}, err
	}
	if !pr.Open {
		return review.Target{}, &review.Error{Code: review.CodePullRequestClosed, Op: "review pull request", What: fmt.Sprintf("%s#%d", repo.FullName(), number), Do: "nothing: it was closed"}
	}
	t := pr.Target
	t.Kind, t.Installation = review.KindPullRequest, inst
	judge := pr.StackBase
	if judge == "" && t.BaseRef != t.Repo.DefaultBranch && t.Repo.DefaultBranch != "" {
		protected, err := gh.BranchProtected(ctx, client, t.Repo, t.BaseRef)
		if err != nil {
			return review.Target{}, err
		}
		if !protected {
			judge = t.Repo.DefaultBranch
		}
	}
	if judge != "" && judge != t.BaseRef {
		if t.JudgeBase, err = gh.BranchTip(ctx, client, t.Repo, judge); err != nil {
			return review.Target{}, err
		}
	}
	// From here on the branch is a name that is shown and kept. It is also fetched, but
	// so are the commits by themselves.
	s.Evaluator.redact(ctx, &struct{ Ref *string }{&t.BaseRef})
	return t, nil
}

func mergeGroup(in review.Intent) review.Target {
	return review.Target{Kind: review.KindMergeGroup, Installation: in.Installation, Repo: in.Repo, Head: in.Head, HeadRef: in.HeadRef,
		Base: in.Base, BaseRef: strings.TrimPrefix(in.BaseRef, "refs/heads/")}
}

// reviewMergeGroup reviews the head of a merge queue's group against its base.
// Both commits are named by the event and never change (github-facts §2).
func (s *Service) reviewMergeGroup(ctx context.Context, job jobs.Job, t review.Target, again bool) error {
	t.Request = job.Delivery
	return s.review(ctx, job, t, again, func(context.Context) error { return nil })
}

// rerun reviews again what a check run was about.
func (s *Service) rerun(ctx context.Context, job jobs.Job) error {
	in := job.Intent
	if in.CheckRun == 0 { // "re-run all" names the commit only
		return s.reviewHead(ctx, job, true)
	}
	row, err := s.DB.ReviewByCheckRun(ctx, in.Repo.ID, in.CheckRun)
	if errors.Is(err, store.ErrNotFound) {
		return s.reviewHead(ctx, job, true)
	}
	if err != nil {
		return err
	}
	if row.Target.Kind == review.KindMergeGroup {
		t := row.Target
		t.MergeBase, t.Installation = "", in.Installation
		return s.reviewMergeGroup(ctx, job, t, true)
	}
	return s.reviewPullRequest(ctx, job, in.Repo, row.Target.PullRequest, true)
}

// reviewHead reviews every open pull request whose head a suite is about.
func (s *Service) reviewHead(ctx context.Context, job jobs.Job, again bool) error {
	client, err := s.App.Client(job.Intent.Installation)
	if err != nil {
		return err
	}
	prs, err := gh.PullRequestsForCommit(ctx, client, job.Intent.Repo, job.Intent.Head)
	if err != nil {
		return err
	}
	var errs error
	for _, pr := range prs {
		errs = errors.Join(errs, s.reviewPullRequest(ctx, job, job.Intent.Repo, pr.Target.PullRequest, again))
	}
	return errs
}

// reviewBaseline looks at the default branch by itself and keeps the outcome;
// nothing is posted.
func (s *Service) reviewBaseline(ctx context.Context, job jobs.Job) error {
	in := job.Intent
	t := review.Target{Kind: review.KindBaseline, Installation: in.Installation, Repo: in.Repo, Head: in.Head,
		HeadRef: "refs/heads/" + in.Repo.DefaultBranch, BaseRef: in.Repo.DefaultBranch, Request: job.Delivery}
	return s.review(ctx, job, t, false, func(context.Context) error { return nil })
}

// review takes a target from a row in the store to a published verdict. still
// is asked right before publishing whether the target is still what it was.
func (s *Service) review(ctx context.Context, job jobs.Job, t review.Target, again bool, still func(context.Context) error) error {
	run, busy, err := s.DB.RunFor(ctx, t, again)
	if err != nil || busy {
		return err // busy: that job publishes the same pair's verdict
	}
	t.Run = run
	row, err := s.DB.BeginReview(ctx, t)
	if err != nil {
		return err
	}
	if row.State != store.ReviewRunning {
		return nil
	}
	say, err := s.voice(t, row)
	if err != nil {
		return err
	}
	if t.PullRequest > 0 {
		if err := s.DB.SupersedeOthers(ctx, t.Repo.ID, t.PullRequest, row.ID, review.CodeSuperseded); err != nil {
			return err
		}
	}
	if err := say.begin(ctx); err != nil {
		return s.failed(ctx, job, say, err)
	}
	if job.Crashes >= maxCrashes {
		return s.failed(ctx, job, say, &review.Error{Code: review.CodeTooLarge, Op: "review", What: t.Head.Short(),
			Do: fmt.Sprintf("the server died %d times on this review: look in its log, raise its memory, then ask for a re-run", job.Crashes)})
	}
	s.step(t, "in progress")

	watched, stop := s.watch(ctx, row)
	defer stop()
	out, err := s.look(watched, t)
	if err == nil {
		err = still(watched)
	}
	if err == nil {
		err = s.DB.ClaimPublish(watched, row.ID, row.Attempt)
	}
	if err == nil {
		stop() // from here on the verdict goes out, wanted or not
		s.step(t, "publishing")
		err = say.complete(ctx, out)
	}
	if err == nil {
		err = s.DB.FinishReview(ctx, row.ID, row.Attempt, out)
	}
	if err != nil {
		return s.failed(ctx, job, say, err)
	}
	s.step(t, "published: %s", out.Decision.Verdict)
	return nil
}

// look checks a target out and evaluates it, under the review's deadline.
func (s *Service) look(ctx context.Context, t review.Target) (review.Outcome, error) {
	tooLong := &review.Error{Code: review.CodeDeadlineExceeded, Op: "finish the review", What: "within " + s.Deadline.String(),
		Do: "raise limits.review_time, or exclude what makes the repository so slow"}
	ctx, cancel := context.WithTimeoutCause(ctx, s.Deadline, tooLong)
	defer cancel()
	began := time.Now() // against the files' times, so never a test's clock
	out, err := s.evaluate(ctx, t)
	if !lacksHistory(out, err) {
		return out, err
	}
	renewed, rerr := s.Checkouts.Renew(ctx, t.Repo.ID, began)
	if rerr != nil {
		return out, errors.Join(err, rerr)
	}
	if !renewed {
		return out, err
	}
	s.Log.Warn("the mirror lacked objects; cloning anew", "repo", t.Repo.FullName())
	return s.evaluate(ctx, t)
}

// lacksHistory reports whether something could not be read because the mirror
// lacks it.
func lacksHistory(out review.Outcome, err error) bool {
	if err != nil {
		return review.CodeOf(err) == review.CodeHistoryIncomplete
	}
	lacks := func(g review.Gap) bool { return g.Code == review.CodeHistoryIncomplete }
	return slices.ContainsFunc(out.Receipt.Gaps, lacks) || slices.ContainsFunc(out.Receipt.Scanners, func(r review.ScannerReceipt) bool {
		return slices.ContainsFunc(r.Gaps, lacks)
	})
}

// evaluate brings a target's commits into the mirror and evaluates them.
func (s *Service) evaluate(ctx context.Context, t review.Target) (review.Outcome, error) {
	remote := s.remote(t.Installation, t.Repo)
	refs := []string{t.HeadRef}
	commits := []review.SHA{t.Head}
	if t.Base != "" {
		// git allows neither in a name: such a one was redacted and is only shown.
		if !strings.ContainsAny(t.BaseRef, "[ ") {
			refs = append(refs, "refs/heads/"+t.BaseRef)
		}
		commits = append(commits, t.Base)
	}
	if t.JudgeBase != "" {
		commits = append(commits, t.JudgeBase)
	}
	// Refs may have moved or gone since the pair was read; commits do not.
	repo, err := s.Checkouts.Fetch(ctx, remote, refs)
	var missing []string
	for _, c := range commits {
		if err != nil || !repo.Has(ctx, c) {
			missing = append(missing, string(c))
		}
	}
	if len(missing) > 0 && (err == nil || review.CodeOf(err) == review.CodeCheckout) {
		repo, err = s.Checkouts.Fetch(ctx, remote, missing)
	}
	if err == nil {
		// Annotated tags on the commits under review are looked at, too.
		_, err = s.Checkouts.FetchTags(ctx, remote)
	}
	if err != nil {
		return review.Outcome{}, err
	}
	s.step(t, "cloned")
	return s.Evaluator.Evaluate(ctx, repo, t, observer{s, t})
}

// observer passes an evaluation's steps on.
type observer struct {
	s *Service
	t review.Target
}

func (o observer) Stage(name string) {
	if name == "scan" {
		o.s.step(o.t, "scanning")
	}
}
func (observer) Scanned(scan.Event) {}

// watch ends the returned context when the review is no longer wanted: the
// cause carries the code.
func (s *Service) watch(ctx context.Context, row store.Review) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		tick := time.NewTicker(pollCancelled)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			// A database that does not answer is asked again; publishing is
			// fenced by it anyway.
			if code, err := s.DB.Cancelled(ctx, row.ID, row.Attempt); err == nil && code != "" {
				cancel(&review.Error{Code: code, Op: "go on with the review of", What: row.Target.Head.Short(), Do: "nothing: it is no longer wanted"})
				return
			}
		}
	}()
	return ctx, func() { cancel(nil) }
}

// failed decides what is said on GitHub when a review ends without a verdict.
// A review that will be tried again leaves its check in progress; one that will
// not ends it, red.
func (s *Service) failed(ctx context.Context, job jobs.Job, say *voice, err error) error {
	var e *review.Error
	if !errors.As(err, &e) {
		if ctx.Err() != nil {
			return err // the server stops, or the lease was lost
		}
		e = &review.Error{Code: review.CodeInternal, Op: "review", What: say.t.Head.Short(), Do: "ask for a re-run; the server's log has the cause", Err: err}
	}
	gone := e.Code == review.CodeSuperseded || e.Code == review.CodeCancelled || e.Code == review.CodePullRequestClosed
	if !gone && (e.RetryAfter > 0 || review.Retryable(e) && !job.Last && e.Code != review.CodeDeadlineExceeded) {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sayGrace)
	defer cancel()
	// The row decides whether this attempt may still speak: after a take-over
	// the check run belongs to another attempt.
	if ferr := s.DB.FailReview(ctx, say.row.ID, say.row.Attempt, e); ferr != nil {
		if review.CodeOf(ferr) == review.CodeSuperseded || review.CodeOf(ferr) == review.CodeCancelled {
			return err
		}
		return errors.Join(err, ferr)
	}
	if gone {
		s.step(say.t, "stopped: %s", e.Code)
		return errors.Join(err, say.supersede(ctx))
	}
	s.step(say.t, "failed: %s", e.Public())
	if serr := say.fail(ctx, e); serr != nil {
		return errors.Join(err, serr)
	}
	if e.Code == review.CodeDeadlineExceeded {
		// Said in red. Trying the same again would take as long again, so the
		// job ends with a code that is final.
		return &review.Error{Code: review.CodeTooLarge, Op: e.Op, What: e.What, Do: e.Do, Err: err}
	}
	return err
}

// voice says things about one review on GitHub, and nothing about a baseline.
type voice struct {
	s      *Service
	t      review.Target
	row    store.Review
	github *publish.GitHub
	run    int64
}

func (s *Service) voice(t review.Target, row store.Review) (*voice, error) {
	v := &voice{s: s, t: t, row: row, run: row.CheckRun}
	if t.Kind == review.KindBaseline {
		return v, nil
	}
	client, err := s.App.Client(t.Installation)
	if err != nil {
		return nil, err
	}
	v.github = &publish.GitHub{AppID: s.AppID, Checks: client.Checks, Pulls: client.PullRequests, MapError: gh.MapError, Key: s.Key, Rules: s.Rules, RuleURL: s.RuleURL, WebURL: s.WebURL, Now: s.Evaluator.Now}
	return v, nil
}

func (v *voice) begin(ctx context.Context) (err error) {
	if v.github == nil || v.run != 0 {
		return nil
	}
	details := ""
	if v.s.DetailsURL != nil {
		details = v.s.DetailsURL(v.row.ID)
	}
	if v.run, err = v.github.Begin(ctx, v.t, v.row.ID, details); err != nil {
		return err
	}
	return v.s.DB.SetCheckRun(ctx, v.row.ID, v.row.Attempt, v.run)
}

func (v *voice) complete(ctx context.Context, o review.Outcome) error {
	if v.github == nil {
		return nil
	}
	return v.github.Complete(ctx, o, v.run)
}

func (v *voice) fail(ctx context.Context, e *review.Error) error {
	if v.github == nil || v.run == 0 {
		return nil
	}
	return v.github.Fail(ctx, v.t, v.run, e)
}

func (v *voice) supersede(ctx context.Context) error {
	if v.github == nil || v.run == 0 {
		return nil
	}
	return v.github.Supersede(ctx, v.t, v.run)
}
