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
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"strconv"
	"strings"

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
	// Fixes are edits of this package's files, the best first. Whoever offers one
	// tries it first.
	Fixes []analysis.SuggestedFix
	// Adds are declarations that mend the finding from elsewhere, such as a
	// method of a type in another package; tried and offered beside a fix.
	Adds []Addition
}

// Addition is a declaration to add behind another.
type Addition struct {
	Message string
	After   *types.TypeName // in this package or another of the module
	Code    string          // as it stands in a file
	Imports []string        // what the code needs imported
}

// Edits are the edits that make an addition to the file that declares After; ok
// is false if that is not this one.
func (a Addition) Edits(file *ast.File) (edits []analysis.TextEdit, ok bool) {
	for _, d := range file.Decls {
		gen, isGen := d.(*ast.GenDecl)
		if !isGen || gen.Tok != token.TYPE {
			continue
		}
		for _, spec := range gen.Specs {
			if ts, isType := spec.(*ast.TypeSpec); isType && ts.Name.Name == a.After.Name() {
				edits = append(edits, analysis.TextEdit{Pos: gen.End(), End: gen.End(), NewText: []byte("\n\n" + a.Code)})
				ok = true
			}
		}
	}
	if !ok {
		return nil, false
	}
	for _, path := range a.Imports {
		if edit, missing := importEdit(file, path); missing {
			edits = append(edits, edit)
		}
	}
	return edits, true
}

// importEdit adds an import in its place among the others of its group.
func importEdit(file *ast.File, path string) (analysis.TextEdit, bool) {
	quoted := strconv.Quote(path)
	for _, im := range file.Imports {
		if im.Path.Value == quoted && im.Name == nil {
			return analysis.TextEdit{}, false
		}
	}
	for _, d := range file.Decls {
		gen, ok := d.(*ast.GenDecl)
		if !ok || gen.Tok != token.IMPORT {
			continue
		}
		first, isSpec := gen.Specs[0].(*ast.ImportSpec)
		if !gen.Lparen.IsValid() || !isSpec {
			return analysis.TextEdit{Pos: gen.End(), End: gen.End(), NewText: []byte("\nimport " + quoted)}, true
		}
		at := first.Pos()
		standard := !strings.Contains(strings.SplitN(path, "/", 2)[0], ".")
		for _, s := range gen.Specs {
			im, isSpec := s.(*ast.ImportSpec)
			if !isSpec || im.Path.Value > quoted || standard && strings.Contains(strings.SplitN(im.Path.Value, "/", 2)[0], ".") {
				break
			}
			at = im.End()
		}
		if at == first.Pos() {
			return analysis.TextEdit{Pos: at, End: at, NewText: []byte(quoted + "\n\t")}, true
		}
		return analysis.TextEdit{Pos: at, End: at, NewText: []byte("\n\t" + quoted)}, true
	}
	return analysis.TextEdit{Pos: file.Name.End(), End: file.Name.End(), NewText: []byte("\n\nimport " + quoted)}, true
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
