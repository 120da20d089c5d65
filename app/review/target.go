package review

import "time"

// Repo names a repository. Owner and Name come from GitHub and may change.
type Repo struct {
	ID            RepoID `json:"id"`
	Owner         string `json:"owner"`
	Name          string `json:"name"`
	DefaultBranch string `json:"default_branch"`
	Private       bool   `json:"private"`
}

// FullName returns owner/name.
func (r Repo) FullName() string { return r.Owner + "/" + r.Name }

// Target is what is reviewed: one head commit against one base.
type Target struct {
	Kind         Kind           `json:"kind"`
	Installation InstallationID `json:"installation"`
	Repo         Repo           `json:"repo"`
	PullRequest  int            `json:"pull_request,omitempty"` // number; 0 for merge groups and baselines
	Head         SHA            `json:"head"`
	HeadRef      string         `json:"head_ref"` // ref to fetch from the base repository: refs/pull/7/head
	Base         SHA            `json:"base"`     // tip of the base branch when the pair was read
	BaseRef      string         `json:"base_ref"` // branch name, without refs/heads/
	MergeBase    SHA            `json:"merge_base,omitempty"`
	// JudgeBase, when set, is the commit to judge against instead of Base: a
	// check belongs to a commit, so a pull request into an unprotected branch
	// must not turn a commit green that the default branch would accept
	// (github-facts §1). The diff that is commented on stays that of Base.
	JudgeBase SHA  `json:"judge_base,omitempty"`
	Fork      bool `json:"fork"`
	Draft     bool `json:"draft,omitempty"`
	// Run counts the requests to review the same pair: 1, then one more for
	// each re-run. (Repo, Head, Base, Run) never has two published verdicts.
	Run int `json:"run"`
	// Request names what asked for this run, a delivery's GUID: a job that is
	// tried again goes on with the run it began.
	Request string `json:"request,omitempty"`
}

// RouteChange is one difference between the inventories of merge base and head.
type RouteChange struct {
	Change string `json:"change"` // added, removed, changed (other guards), moved (another path, same guards)
	Before *Route `json:"before,omitempty"`
	After  *Route `json:"after,omitempty"`
	// Lost and Gained name the guards that the change took away or brought.
	Lost   []string `json:"lost,omitempty"`
	Gained []string `json:"gained,omitempty"`
}

// Bare returns the change with bare routes.
func (c RouteChange) Bare() RouteChange {
	for _, r := range []**Route{&c.Before, &c.After} {
		if *r != nil {
			bare := (*r).Bare()
			*r = &bare
		}
	}
	return c
}

// Decision is what the policy makes of findings and receipt.
type Decision struct {
	Verdict  Verdict       `json:"verdict"`
	Title    string        `json:"title"`    // one line, safe to show
	Blocking []Fingerprint `json:"blocking"` // which findings block
	Reasons  []string      `json:"reasons"`  // why the verdict is what it is
	// Gaps are findings that say "this could not be decided" about something that
	// the change brings; like the receipt's they make the verdict CouldNotVerify.
	Gaps  []Gap    `json:"gaps,omitempty"`
	Notes []string `json:"notes,omitempty"`
}

// Outcome is everything a review ends in; publishers turn it into a check run,
// comments, text, JSON or SARIF.
type Outcome struct {
	Target       Target        `json:"target"`
	Decision     Decision      `json:"decision"`
	Findings     []Finding     `json:"findings"` // introduced first, by severity, path, line
	Receipt      Receipt       `json:"receipt"`
	Routes       []Route       `json:"routes,omitempty"`
	RouteChanges []RouteChange `json:"route_changes,omitempty"`
	// DataMap is who receives which personal data, DataChanges how that differs
	// from the merge base.
	DataMap     []Recipient  `json:"data_map,omitempty"`
	DataChanges []DataChange `json:"data_changes,omitempty"`
	Diff        Diff         `json:"-"`
	Started     time.Time    `json:"started"`
	Finished    time.Time    `json:"finished"`
}

// Introduced returns the findings the change brought, in order.
func (o Outcome) Introduced() []Finding {
	var fs []Finding
	for _, f := range o.Findings {
		if f.Origin == Introduced {
			fs = append(fs, f)
		}
	}
	return fs
}
