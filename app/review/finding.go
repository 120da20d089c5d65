package review

// Place is a position in a repository. Lines and columns are 1-based; zero
// means unknown. Path is slash-separated and relative to the repository's root.
type Place struct {
	Path      string `json:"path"`
	Line      int    `json:"line,omitempty"`
	EndLine   int    `json:"end_line,omitempty"`
	Column    int    `json:"column,omitempty"`
	EndColumn int    `json:"end_column,omitempty"`
	Side      Side   `json:"side"`
	// Commit is set for what lives in history: the commit that brought it.
	Commit SHA `json:"commit,omitempty"`
}

// Step is one piece of a finding's evidence, in the order a reader follows it.
type Step struct {
	Place Place  `json:"place"`
	Note  string `json:"note"` // one plain-text sentence; may quote untrusted names
}

// Edit replaces whole lines StartLine..EndLine (1-based, inclusive) of Path at
// the head by New, which ends in a newline unless it deletes the lines.
type Edit struct {
	Path      string `json:"path"`
	StartLine int    `json:"start_line"`
	EndLine   int    `json:"end_line"`
	New       string `json:"new"`
}

// Fix is a change that removes the finding. Only a proved fix (the patched
// package type-checks and the finding is gone) is offered as a one-click
// suggestion.
type Fix struct {
	Title  string `json:"title"`
	Edits  []Edit `json:"edits"`
	Proved bool   `json:"proved"`
}

// Finding is one thing a scanner reports. Every text in it may quote names from
// the pull request and is escaped where it leaves the system; no text in it may
// hold a secret, a part of one or an unkeyed hash of one.
type Finding struct {
	Rule       RuleID     `json:"rule"`
	Severity   Severity   `json:"severity"`
	Confidence Confidence `json:"confidence"`
	Scanner    string     `json:"scanner"`
	Place      Place      `json:"place"`
	Message    string     `json:"message"`
	// Symbol is the enclosing function, type or route, part of the identity.
	Symbol string `json:"symbol,omitempty"`
	// Key is what makes two findings of one rule in one symbol different, in
	// terms of meaning ("POST /users", "log.Printf user.Email"), never a
	// position and never a literal from the source that could be a secret.
	// Scanners of secrets put a keyed HMAC here.
	Key      string   `json:"key,omitempty"`
	Evidence []Step   `json:"evidence,omitempty"`
	Routes   []string `json:"routes,omitempty"` // "POST /users": what the finding exposes
	Expected string   `json:"expected,omitempty"`
	Fix      *Fix     `json:"fix,omitempty"`
	// Alternative is another proved way, elsewhere in the code: a method of the
	// type that is logged rather than a change of the call that logs it.
	Alternative *Fix        `json:"alternative,omitempty"`
	Fingerprint Fingerprint `json:"fingerprint,omitempty"`
	Origin      Origin      `json:"origin"`
}

// Rule is one kind of finding with its documentation as data: it feeds
// "launchgate explain", details links, SARIF help and docs/rules.
type Rule struct {
	ID         RuleID     `json:"id"`
	Title      string     `json:"title"`
	Severity   Severity   `json:"severity"`
	Confidence Confidence `json:"confidence"`
	Row        int        `json:"row"`      // row of the launch checklist, 1 to 19
	What       string     `json:"what"`     // what is reported
	Why        string     `json:"why"`      // what can go wrong
	Bad        string     `json:"bad"`      // code that is reported
	Good       string     `json:"good"`     // the same, mended
	Fix        string     `json:"fix"`      // how to mend it
	Suppress   string     `json:"suppress"` // how to say it is meant
	References []string   `json:"references,omitempty"`
	Since      string     `json:"since"`
}
