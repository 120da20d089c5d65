// Package client is what a program needs that has a worker look for secrets: what it may
// ask, what may be answered, and what its user decided about the answers. It never
// imports the scanner, which takes gitleaks and all that comes with it a millisecond and
// a half to start.
package client

import (
	"context"
	_ "embed"
	"strings"

	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan"
)

// Name is the scanner's name.
const Name = "secrets"

// Settings is the secrets scanner's part of server configuration and base
// policy.
type Settings struct {
	// ForbidInlineAllow makes "gitleaks:allow" on a line of no effect.
	ForbidInlineAllow bool `json:"forbid_inline_allow,omitempty"`
	// History asks for a look at the whole history and a list of what to
	// rotate, instead of findings.
	History *HistorySettings `json:"history,omitempty"`
}

// HistorySettings ask for a look at the whole history instead of one change.
// Commits that were looked at under the same rules are not looked at again. It
// can be stopped at any time and goes on where it stopped.
type HistorySettings struct {
	// Refs are the beginnings of the names of the refs to look at, "refs/x"
	// for all below it; none: all refs. The request's head is always among
	// them, and its tree says what still stands.
	Refs []string `json:"refs,omitempty"`
	// SinceLast reports only what is new since the last complete look under
	// the same rules, if what that reported reached anybody: Told is its Report.Mark.
	SinceLast bool   `json:"since_last,omitempty"`
	Told      string `json:"told,omitempty"`
	// Seconds, when positive, is how long commits are looked at before what
	// was found so far is reported, with a gap that says so.
	Seconds int `json:"seconds,omitempty"`
}

// ruleIDs are the rules that the scanner can report, one a line: a test of package
// secrets compares them.
//
//go:embed rules.txt
var ruleIDs string

// Scanner stands for the scanner where only workers look.
type Scanner struct{}

// Name implements scan.Scanner.
func (Scanner) Name() string { return Name }

// Rules lists every rule that can be reported, by its id alone.
func (Scanner) Rules() []review.Rule {
	var rules []review.Rule
	for id := range strings.Lines(ruleIDs) {
		rules = append(rules, review.Rule{ID: review.RuleID(strings.TrimSuffix(id, "\n"))})
	}
	return rules
}

// Scan does not look: that is for a worker.
func (Scanner) Scan(context.Context, scan.Request, scan.Progress) (scan.Report, error) {
	return scan.Report{}, &review.Error{Code: review.CodeScannerFailed, Op: "look for secrets", What: "outside of a worker", Do: "report this to the maintainers of Launchgate"}
}
