package review

import "time"

// IntentKind says what a delivery asks for.
type IntentKind string

// The intents. Everything GitHub sends that asks for nothing is IntentNone.
const (
	IntentNone               IntentKind = "none"
	IntentReviewPullRequest  IntentKind = "review_pull_request"
	IntentClosePullRequest   IntentKind = "close_pull_request"
	IntentReviewMergeGroup   IntentKind = "review_merge_group"
	IntentCancelMergeGroup   IntentKind = "cancel_merge_group"
	IntentRerun              IntentKind = "rerun"       // a person asked for a new run of a check
	IntentReviewHead         IntentKind = "review_head" // a suite asks for the check of a head SHA
	IntentBaseline           IntentKind = "baseline"    // the default branch moved
	IntentAddInstallation    IntentKind = "add_installation"
	IntentRemoveInstallation IntentKind = "remove_installation"
	IntentSuspend            IntentKind = "suspend_installation"
	IntentRepositories       IntentKind = "repositories" // repositories added to or removed from an installation
	IntentHistory            IntentKind = "history"      // look for secrets in all of a repository's history: after a push, or when the server wants it
)

// Intent is the little of a delivery that matters afterwards. SHAs in it are
// hints: deliveries arrive late and out of order, so the pair that is reviewed
// is read back from GitHub (github-facts §3).
type Intent struct {
	Kind         IntentKind     `json:"kind"`
	Installation InstallationID `json:"installation,omitempty"`
	Account      string         `json:"account,omitempty"`
	Repo         Repo           `json:"repo"`
	PullRequest  int            `json:"pull_request,omitempty"`
	Head         SHA            `json:"head,omitempty"`
	HeadRef      string         `json:"head_ref,omitempty"`
	Base         SHA            `json:"base,omitempty"`
	BaseRef      string         `json:"base_ref,omitempty"`
	CheckRun     int64          `json:"check_run,omitempty"`   // run whose re-run was asked for
	ExternalID   string         `json:"external_id,omitempty"` // our id in that run
	Added        []Repo         `json:"added,omitempty"`
	Removed      []Repo         `json:"removed,omitempty"`
	// Note says, for IntentNone, why nothing is done; it is the body of the
	// 2xx answer.
	Note string `json:"note,omitempty"`
}

// Delivery is one webhook request whose signature was verified. GUID is
// X-GitHub-Delivery; a redelivery repeats it.
type Delivery struct {
	GUID     string    `json:"guid"`
	Event    string    `json:"event"`
	Action   string    `json:"action"`
	Received time.Time `json:"received"`
	Intent   Intent    `json:"intent"`
}

// Acceptance is what became of a delivery.
type Acceptance int

// The acceptances.
const (
	Queued         Acceptance = iota // stored, job enqueued, in one transaction
	AlreadyQueued                    // same GUID, not completed yet: queued again or still under way
	AlreadyDone                      // same GUID, completed: nothing to do
	NothingToQueue                   // stored for the record; asks for nothing
)

var acceptanceNames = []string{"queued", "already queued", "already done", "nothing to do"}

func (a Acceptance) String() string { return enumString(acceptanceNames, int(a), "acceptance") }
