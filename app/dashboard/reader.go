package dashboard

import (
	"context"
	"errors"
	"time"

	"github.com/launchgate/launchgate/app/review"
)

// ErrNotFound is Reader's answer to a review that is not there.
var ErrNotFound = errors.New("not found")

// Reader is what the pages are made from. Its methods are called concurrently;
// their errors are logged and never shown.
type Reader interface {
	// Reviews returns the newest reviews, newest first, at most limit. Their
	// Outcome is not needed.
	Reviews(ctx context.Context, limit int) ([]Review, error)
	// Review returns one review with its Outcome, or ErrNotFound.
	Review(ctx context.Context, id int64) (Review, error)
	// Deliveries returns the newest deliveries, newest first, at most limit.
	Deliveries(ctx context.Context, limit int) ([]Delivery, error)
	// Histories returns what is known of the history of every repository, by
	// name, without rotations.
	Histories(ctx context.Context) ([]History, error)
	// History returns what is known of one repository's history, with what is
	// to be rotated, or ErrNotFound.
	History(ctx context.Context, id review.RepoID) (History, error)
	// Baselines returns the newest published review of the default branch of
	// each repository, with its Outcome, by name, at most limit.
	Baselines(ctx context.Context, limit int) ([]Review, error)
	// Baseline returns that of one repository, or ErrNotFound.
	Baseline(ctx context.Context, id review.RepoID) (Review, error)
}

// History is what a repository's history holds, as the pages show it.
type History struct {
	review.History
	Secrets, Open int
}

// State says where a review or a delivery stands.
type State string

// The states. A review is Running, Published, Superseded or Failed; a delivery
// Queued, Done or Failed.
const (
	Running    State = "running"
	Published  State = "published"
	Superseded State = "superseded"
	Failed     State = "failed"
	Queued     State = "queued"
	Done       State = "done"
)

// Review is one review as the pages show it.
type Review struct {
	ID       int64
	Target   review.Target
	State    State
	Attempt  int64
	Verdict  review.Verdict // counts for Published only
	Title    string
	Code     review.Code // why it ended early, with Reason for people
	Reason   string
	Outcome  *review.Outcome // set by Reader.Review for Published
	Created  time.Time
	Finished time.Time // zero: not yet
}

// Delivery is one delivery as the pages show it.
type Delivery struct {
	review.Delivery
	State    State
	Reason   string
	Finished time.Time // zero: not yet
}
