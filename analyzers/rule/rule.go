// Package rule is the small language between an analyzer and whoever runs it:
// a rule's documentation as data, and findings that carry more than
// analysis.Diagnostic can (severity, confidence, identity, evidence).
//
// An analyzer calls Report for each finding and returns the *Findings it filled
// as its result. Under go vet and golangci-lint only the diagnostics are seen;
// Launchgate's own driver reads the result instead. The package imports
// go/analysis and nothing of app.
package rule

import (
	"go/token"
	"reflect"

	"golang.org/x/tools/go/analysis"
)

// Severity is one of info, low, medium, high, critical.
type Severity string

// The severities, in rising order.
const (
	Info     Severity = "info"
	Low      Severity = "low"
	Medium   Severity = "medium"
	High     Severity = "high"
	Critical Severity = "critical"
)

// Confidence is one of low, medium, high (named apart from the severities).
type Confidence string

// The confidences, in rising order.
const (
	Unsure  Confidence = "low"
	Likely  Confidence = "medium"
	Certain Confidence = "high"
)

// Rule is one kind of finding with its documentation as data. All texts are
// Markdown written by us; code fields are Go source without fences.
type Rule struct {
	ID         string // family/name, never changed once released
	Title      string // one line, sentence case, no full stop
	Severity   Severity
	Confidence Confidence
	Row        int    // row of the launch checklist, 1 to 19
	What       string // what is reported
	Why        string // what can go wrong, and for whom
	Bad        string // code that is reported
	Good       string // the same code, mended
	Fix        string // how to mend it
	Suppress   string // how to say it is meant
	References []string
	Since      string // version that brought the rule
}

// Step is one piece of evidence in reading order. Pos may be NoPos for a step
// in another package; then File and Line say where (relative to the module
// root or as in the file set, slash-separated).
type Step struct {
	Pos  token.Pos
	File string
	Line int
	Note string // one plain-text sentence
}

// Finding is what an analyzer reports.
type Finding struct {
	Rule     *Rule
	Pos, End token.Pos
	// File and Line say where if Pos is NoPos because the place is in another
	// package than the one being analysed; as in Step.
	File       string
	Line       int
	Message    string     // plain text, what and why here, names quoted with %q or backticks never needed
	Severity   Severity   // empty: the rule's
	Confidence Confidence // empty: the rule's
	// Symbol is the enclosing function or type, Key the finding's identity
	// within it in terms of meaning ("POST /users"); both survive line moves.
	// Neither may quote a literal that could be a secret.
	Symbol, Key string
	Evidence    []Step
	Routes      []string
	Expected    string // built-in reason why this is probably meant
	Fixes       []analysis.SuggestedFix
}

// Findings is the result type of every analyzer of the suite. It is filled by
// one pass, on one goroutine.
type Findings struct {
	List []Finding
	// Met names what was not followed to its end because a bound of the analyzer
	// was met.
	Met []string
}

// Bounds returns what was not followed to its end; the receipt repeats it.
func (fs *Findings) Bounds() []string {
	if fs == nil {
		return nil
	}
	return fs.Met
}

// ResultType is the ResultType of every analyzer whose result is *Findings.
var ResultType = reflect.TypeOf((*Findings)(nil))

// Report records f and reports it as a diagnostic of pass.
func (fs *Findings) Report(pass *analysis.Pass, f Finding) {
	if f.Severity == "" {
		f.Severity = f.Rule.Severity
	}
	if f.Confidence == "" {
		f.Confidence = f.Rule.Confidence
	}
	fs.List = append(fs.List, f)
	d := analysis.Diagnostic{
		Pos: f.Pos, End: f.End, Category: f.Rule.ID, Message: f.Rule.ID + ": " + f.Message,
		URL: URL(f.Rule.ID), SuggestedFixes: f.Fixes,
	}
	for _, s := range f.Evidence {
		if s.Pos.IsValid() {
			if !f.Pos.IsValid() { // the place is in another package: the last one here
				d.Pos, d.End = s.Pos, token.NoPos
			}
			d.Related = append(d.Related, analysis.RelatedInformation{Pos: s.Pos, Message: s.Note})
		}
	}
	pass.Report(d)
}

// URL returns the address of a rule's documentation page.
func URL(id string) string {
	return "https://github.com/launchgate/launchgate/blob/main/docs/rules/" + id + ".md"
}
