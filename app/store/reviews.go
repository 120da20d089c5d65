package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/launchgate/launchgate/app/review"
)

// The states of a review.
const (
	ReviewRunning    = "running"
	ReviewPublishing = "publishing"
	ReviewPublished  = "published"
	ReviewSuperseded = "superseded"
	ReviewFailed     = "failed"
)

// Review is a stored review.
type Review struct {
	ID     int64
	Target review.Target
	State  string
	// Attempt is a fencing token: it grows with every BeginReview, and methods
	// that take it refuse a caller whose attempt is no longer the newest.
	Attempt   int64
	Cancelled review.Code
	CheckRun  int64 // 0: none yet
	Verdict   string
	Title     string
	Code      review.Code
	Reason    string
	// Outcome is set for published reviews by ReviewByID only.
	Outcome  *review.Outcome
	Created  time.Time
	Finished time.Time
}

const reviewColumns = `id, target, state, attempt, cancelled, check_run, verdict, title, code, reason, created_ms, finished_ms`

func scanReview(scan func(...any) error, more ...any) (Review, error) {
	var r Review
	var target, cancelled, code string
	var created, finished int64
	if err := scan(append([]any{&r.ID, &target, &r.State, &r.Attempt, &cancelled, &r.CheckRun, &r.Verdict, &r.Title, &code, &r.Reason, &created, &finished}, more...)...); err != nil {
		return Review{}, err
	}
	if err := json.Unmarshal([]byte(target), &r.Target); err != nil {
		return Review{}, fmt.Errorf("read the target of review %d: %w", r.ID, err)
	}
	r.Cancelled, r.Code = review.Code(cancelled), review.Code(code)
	r.Created, r.Finished = time.UnixMilli(created), time.UnixMilli(finished)
	return r, nil
}

func findReview(ctx context.Context, tx Tx, where string, args ...any) (Review, error) {
	var found []Review
	err := tx.Query(ctx, func(scan func(...any) error) error {
		r, err := scanReview(scan)
		found = append(found, r)
		return err
	}, `SELECT `+reviewColumns+` FROM reviews WHERE `+where+` ORDER BY id DESC LIMIT 1`, args...)
	if err != nil {
		return Review{}, fmt.Errorf("find review: %w", err)
	}
	if len(found) == 0 {
		return Review{}, sql.ErrNoRows
	}
	return found[0], nil
}

// BeginReview makes the review of t, or takes up the one an earlier attempt
// began, and counts an attempt. A review that was published or superseded stays
// so: the caller sees its state and has nothing to do. While the job of another
// delivery is at the review, nothing changes and the error has CodeSuperseded:
// RunFor says so beforehand, but two jobs can ask it at the same time.
func (db *DB) BeginReview(ctx context.Context, t review.Target) (Review, error) {
	var r Review
	err := db.InTx(ctx, func(ctx context.Context, tx Tx) error {
		target, err := json.Marshal(t)
		if err != nil {
			return fmt.Errorf("encode the target: %w", err)
		}
		// The unique key decides between two replicas; the loser reads the
		// winner's row.
		_, err = tx.Exec(ctx, `INSERT INTO reviews (id, repo_id, head, base, run, repo_name, kind, pull_request, installation, target, state, attempt, cancelled, check_run, verdict, title, code, reason, outcome, created_ms, finished_ms)
			VALUES ($11, $1, $2, $3, $4, $5, $6, $7, $8, $9, 'running', 0, '', 0, '', '', '', '', '', $10, 0)
			ON CONFLICT (repo_id, head, base, run) DO NOTHING`,
			int64(t.Repo.ID), string(t.Head), string(t.Base), t.Run, clean(t.Repo.FullName()), t.Kind.String(), t.PullRequest, int64(t.Installation), clean(string(target)), db.now().UnixMilli(), newID(db.now()))
		if err != nil {
			return fmt.Errorf("save review: %w", err)
		}
		// The row is locked first, so that of two jobs the second sees what the
		// first has made of it.
		key := []any{int64(t.Repo.ID), string(t.Head), string(t.Base), t.Run}
		if _, err := tx.Exec(ctx, `UPDATE reviews SET attempt = attempt WHERE repo_id = $1 AND head = $2 AND base = $3 AND run = $4`, key...); err != nil {
			return fmt.Errorf("lock the review: %w", err)
		}
		if r, err = findReview(ctx, tx, `repo_id = $1 AND head = $2 AND base = $3 AND run = $4`, key...); err != nil {
			return err
		}
		if busy, err := db.busy(ctx, tx, r, t.Request); err != nil {
			return err
		} else if busy && r.Attempt > 0 {
			return &review.Error{Code: review.CodeSuperseded, Op: "review", What: t.Head.Short(), Do: "nothing: another delivery has the same commits reviewed already"}
		}
		// A completed check run cannot be opened again (github-facts §1), so
		// what failed goes on without its own. Ended reviews keep the target
		// they were ended with.
		if _, err := tx.Exec(ctx, `UPDATE reviews SET attempt = attempt + 1, check_run = CASE WHEN state = 'failed' THEN 0 ELSE check_run END,
				target = CASE WHEN state IN ('published', 'superseded') THEN target ELSE $5 END,
				state = CASE WHEN state IN ('publishing', 'failed') THEN 'running' ELSE state END
			WHERE repo_id = $1 AND head = $2 AND base = $3 AND run = $4`, append(key, clean(string(target)))...); err != nil {
			return fmt.Errorf("count the attempt: %w", err)
		}
		r, err = findReview(ctx, tx, `repo_id = $1 AND head = $2 AND base = $3 AND run = $4`, key...)
		return err
	})
	return r, err
}

// stale is how long an unfinished review is believed to have somebody at it when
// the delivery that asked for it is no longer known.
const stale = 24 * time.Hour

// busy reports whether the unfinished review r is in the hands of the job of a
// delivery other than request. A delivery that has ended has no job: what it
// left behind is free to be taken up, or the commit would wait for ever.
func (db *DB) busy(ctx context.Context, tx Tx, r Review, request string) (bool, error) {
	if r.Cancelled != "" || r.State != ReviewRunning && r.State != ReviewPublishing || r.Target.Request == request {
		return false, nil
	}
	d, known, err := FindDelivery(ctx, tx, r.Target.Request)
	if err != nil {
		return false, err
	}
	if known {
		return d.State == DeliveryQueued, nil
	}
	return db.now().Sub(r.Created) < stale, nil
}

// RunFor numbers the run of t: the one t.Request began, else the newest run of
// the pair as long as it is under way (busy: somebody else is at it) or its
// verdict is the latest the head commit got, else the next number. A verdict
// that is no longer the latest must be published anew, because a check belongs
// to the commit and not to the pair. again asks for a new run in any case.
func (db *DB) RunFor(ctx context.Context, t review.Target, again bool) (run int, busy bool, err error) {
	err = db.InTx(ctx, func(ctx context.Context, tx Tx) error {
		run, busy = 1, false
		var rows []Review
		err := tx.Query(ctx, func(scan func(...any) error) error {
			r, err := scanReview(scan)
			rows = append(rows, r)
			return err
		}, `SELECT `+reviewColumns+` FROM reviews WHERE repo_id = $1 AND head = $2 ORDER BY id DESC`, int64(t.Repo.ID), string(t.Head))
		if err != nil {
			return fmt.Errorf("read the runs of %s: %w", t.Head.Short(), err)
		}
		newest := -1 // of the pair
		for i, r := range rows {
			if r.Target.Base != t.Base {
				continue
			}
			if t.Request != "" && r.Target.Request == t.Request {
				run = r.Target.Run
				return nil
			}
			if newest < 0 {
				newest = i
			}
		}
		if newest < 0 {
			return nil
		}
		r := rows[newest]
		run = r.Target.Run + 1
		switch {
		case again:
		case r.Cancelled == "" && (r.State == ReviewRunning || r.State == ReviewPublishing):
			run = r.Target.Run
			busy, err = db.busy(ctx, tx, r, t.Request)
			return err
		case r.State == ReviewPublished && newest == 0:
			run = r.Target.Run
		}
		return nil
	})
	return run, busy, err
}

// SetCheckRun notes the check run of a review.
func (db *DB) SetCheckRun(ctx context.Context, id, attempt, checkRun int64) error {
	return db.fenced(ctx, id, attempt, `check_run = $3`, checkRun)
}

// ClaimPublish takes the right to publish a review. It fails with the code of
// the cancellation, or CodeSuperseded, when the review was cancelled, published
// or taken over by a newer attempt. The same attempt may claim again.
func (db *DB) ClaimPublish(ctx context.Context, id, attempt int64) error {
	return db.InTx(ctx, func(ctx context.Context, tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE reviews SET state = 'publishing' WHERE id = $1 AND attempt = $2 AND cancelled = '' AND state IN ('running', 'publishing')`, id, attempt)
		if err != nil || n == 1 {
			return err
		}
		return lost(ctx, tx, id)
	})
}

// lost says why a fenced statement touched no row.
func lost(ctx context.Context, tx Tx, id int64) error {
	r, err := findReview(ctx, tx, `id = $1`, id)
	if errors.Is(err, sql.ErrNoRows) {
		return &review.Error{Code: review.CodeInternal, Op: "find review", What: fmt.Sprint(id), Do: "ask for a re-run"}
	}
	if err != nil {
		return err
	}
	code := review.CodeSuperseded
	if r.Cancelled != "" {
		code = r.Cancelled
	}
	return &review.Error{Code: code, Op: "go on with review", What: fmt.Sprint(id), Do: "nothing: another attempt or a newer review has taken over"}
}

// fenced updates a review that the attempt still owns.
func (db *DB) fenced(ctx context.Context, id, attempt int64, set string, args ...any) error {
	return db.InTx(ctx, func(ctx context.Context, tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE reviews SET `+set+` WHERE id = $1 AND attempt = $2 AND state IN ('running', 'publishing')`, append([]any{id, attempt}, args...)...)
		if err != nil || n == 1 {
			return err
		}
		return lost(ctx, tx, id)
	})
}

// FinishReview records the outcome of a review that was claimed and published.
// The same attempt may do so again: a commit whose answer got lost is no reason
// to publish twice.
func (db *DB) FinishReview(ctx context.Context, id, attempt int64, o review.Outcome) error {
	outcome, err := json.Marshal(withoutSource(o))
	if err != nil {
		return fmt.Errorf("encode the outcome: %w", err)
	}
	target, err := json.Marshal(o.Target)
	if err != nil {
		return fmt.Errorf("encode the target: %w", err)
	}
	return db.InTx(ctx, func(ctx context.Context, tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE reviews SET state = 'published', verdict = $3, title = $4, outcome = $5, target = $6, code = '', reason = '', finished_ms = $7
			WHERE id = $1 AND attempt = $2 AND state IN ('publishing', 'published')`,
			id, attempt, o.Decision.Verdict.String(), clean(o.Decision.Title), clean(string(outcome)), clean(string(target)), db.now().UnixMilli())
		if err != nil || n == 1 {
			return err
		}
		return lost(ctx, tx, id)
	})
}

// withoutSource returns o without what could carry a secret into a row: a
// finding's Key is, for secrets, a hash of one, and the edits of a fix quote
// the source around it.
func withoutSource(o review.Outcome) review.Outcome {
	findings := make([]review.Finding, len(o.Findings))
	for i, f := range o.Findings {
		f.Key, f.Fix, f.Alternative = "", nil, nil
		findings[i] = f
	}
	o.Findings = findings
	return o
}

// FailReview records why a review ended without an outcome.
func (db *DB) FailReview(ctx context.Context, id, attempt int64, e *review.Error) error {
	state := ReviewFailed
	if e.Code == review.CodeSuperseded || e.Code == review.CodeCancelled || e.Code == review.CodePullRequestClosed {
		state = ReviewSuperseded
	}
	return db.fenced(ctx, id, attempt, `state = $3, code = $4, reason = $5, verdict = $6, finished_ms = $7`,
		state, string(e.Code), clean(e.Public()), review.CouldNotVerify.String(), db.now().UnixMilli())
}

// SupersedeOthers asks every unfinished review of a pull request but one to
// stop, with code as the reason. Running ones see it within a second.
func (db *DB) SupersedeOthers(ctx context.Context, repo review.RepoID, pullRequest int, except int64, code review.Code) error {
	return db.InTx(ctx, func(ctx context.Context, tx Tx) error {
		_, err := tx.Exec(ctx, `UPDATE reviews SET cancelled = $1 WHERE repo_id = $2 AND pull_request = $3 AND id <> $4 AND state IN ('running', 'publishing') AND cancelled = ''`,
			string(code), int64(repo), pullRequest, except)
		return err
	})
}

// SupersedeOlder asks the running reviews of a pull request that are about
// another commit than head to stop. It is called with the delivery that brings
// head, so that an outdated review makes room for the new one instead of being
// waited for. A late delivery may name an old head; the review it queues reads
// the pull request back and starts the current one anew.
func SupersedeOlder(ctx context.Context, tx Tx, repo review.RepoID, pullRequest int, head review.SHA) error {
	_, err := tx.Exec(ctx, `UPDATE reviews SET cancelled = $1 WHERE repo_id = $2 AND pull_request = $3 AND kind = $4 AND head <> $5 AND state = 'running' AND cancelled = ''`,
		string(review.CodeSuperseded), int64(repo), pullRequest, review.KindPullRequest.String(), string(head))
	if err != nil {
		return fmt.Errorf("supersede older reviews: %w", err)
	}
	return nil
}

// CancelHead asks the unfinished reviews of a head commit of one kind to stop.
func (db *DB) CancelHead(ctx context.Context, repo review.RepoID, kind review.Kind, head review.SHA) error {
	return db.InTx(ctx, func(ctx context.Context, tx Tx) error {
		_, err := tx.Exec(ctx, `UPDATE reviews SET cancelled = $1 WHERE repo_id = $2 AND kind = $3 AND head = $4 AND state IN ('running', 'publishing')`,
			string(review.CodeCancelled), int64(repo), kind.String(), string(head))
		return err
	})
}

// Cancelled returns the code of a review's cancellation, "" for none, and
// CodeSuperseded when a newer attempt owns it.
func (db *DB) Cancelled(ctx context.Context, id, attempt int64) (review.Code, error) {
	var code string
	var newest int64
	err := db.InTx(ctx, func(ctx context.Context, tx Tx) error {
		return tx.QueryRow(ctx, []any{&code, &newest}, `SELECT cancelled, attempt FROM reviews WHERE id = $1`, id)
	})
	if err == nil && code == "" && newest != attempt {
		code = string(review.CodeSuperseded)
	}
	return review.Code(code), err
}

// ReviewByCheckRun returns the review a check run belongs to; sql.ErrNoRows if
// it is none of ours.
func (db *DB) ReviewByCheckRun(ctx context.Context, repo review.RepoID, checkRun int64) (r Review, err error) {
	err = db.InTx(ctx, func(ctx context.Context, tx Tx) error {
		r, err = findReview(ctx, tx, `repo_id = $1 AND check_run = $2`, int64(repo), checkRun)
		return err
	})
	return r, err
}

// ReviewByID returns a review with its outcome; sql.ErrNoRows if there is none.
func (db *DB) ReviewByID(ctx context.Context, id int64) (r Review, err error) {
	err = db.InTx(ctx, func(ctx context.Context, tx Tx) error {
		if r, err = findReview(ctx, tx, `id = $1`, id); err != nil {
			return err
		}
		var outcome string
		if err := tx.QueryRow(ctx, []any{&outcome}, `SELECT outcome FROM reviews WHERE id = $1`, id); err != nil || outcome == "" {
			return err
		}
		r.Outcome = new(review.Outcome)
		return json.Unmarshal([]byte(outcome), r.Outcome)
	})
	return r, err
}

// RecentReviews returns the newest reviews, at most limit, without outcomes.
func (db *DB) RecentReviews(ctx context.Context, limit int) ([]Review, error) {
	var out []Review
	err := db.InTx(ctx, func(ctx context.Context, tx Tx) error {
		return tx.Query(ctx, func(scan func(...any) error) error {
			r, err := scanReview(scan)
			out = append(out, r)
			return err
		}, `SELECT `+reviewColumns+` FROM reviews ORDER BY id DESC LIMIT $1`, limit)
	})
	return out, err
}

// Baselines returns, with their outcomes, the newest published reviews of the
// default branches of all repositories, by name, at most limit.
func (db *DB) Baselines(ctx context.Context, limit int) ([]Review, error) {
	return db.baselines(ctx, `ORDER BY repo_name, id LIMIT $3`, limit)
}

// BaselineOf returns the newest published review of a repository's default
// branch with its outcome, or ErrNotFound.
func (db *DB) BaselineOf(ctx context.Context, repo review.RepoID) (Review, error) {
	list, err := db.baselines(ctx, `AND repo_id = $3`, int64(repo))
	if err == nil && len(list) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Review{}, err
	}
	return list[0], nil
}

func (db *DB) baselines(ctx context.Context, which string, arg any) ([]Review, error) {
	var out []Review
	err := db.InTx(ctx, func(ctx context.Context, tx Tx) error {
		out = nil
		err := tx.Query(ctx, func(scan func(...any) error) error {
			r, err := scanReview(scan)
			out = append(out, r)
			return err
		}, `SELECT `+reviewColumns+` FROM reviews WHERE kind = $1 AND state = $2 AND outcome <> ''
			AND NOT EXISTS (SELECT 1 FROM reviews n WHERE n.repo_id = reviews.repo_id AND n.kind = $1 AND n.state = $2 AND n.outcome <> '' AND n.id > reviews.id) `+which,
			review.KindBaseline.String(), string(ReviewPublished), arg)
		if err != nil {
			return err
		}
		for i := range out {
			var outcome string
			if err := tx.QueryRow(ctx, []any{&outcome}, `SELECT outcome FROM reviews WHERE id = $1`, out[i].ID); err != nil {
				return err
			}
			out[i].Outcome = new(review.Outcome)
			if err := json.Unmarshal([]byte(outcome), out[i].Outcome); err != nil {
				return fmt.Errorf("read the outcome of review %d: %w", out[i].ID, err)
			}
		}
		return nil
	})
	return out, err
}

// newID makes an id that no other replica makes and that sorts by time: the
// milliseconds, then 20 random bits.
func newID(now time.Time) int64 { return now.UnixMilli()<<20 | rand.Int64N(1<<20) }
