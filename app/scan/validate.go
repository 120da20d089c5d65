package scan

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/launchgate/launchgate/app/review"
)

// The most a report may hold. A review with more findings than this is not
// read by anyone; a worker that says more has gone wrong.
const (
	maxFindings = 100_000
	maxRoutes   = 100_000
	maxLines    = 100_000 // of a receipt
	maxSteps    = 1_000   // of one finding's evidence, or guards of one route
	maxText     = 8 << 10
)

// validate checks a worker's report as untrusted input: rules are the
// scanner's own, places are plain paths inside the repository, enums are
// defined, texts are bounded. Control characters are escaped where texts leave.
func validate(rep Report, s Scanner) error {
	rules := make(map[review.RuleID]bool)
	for _, r := range s.Rules() {
		rules[r.ID] = true
	}
	if len(rep.Head) > maxFindings || len(rep.Base) > maxFindings || len(rep.Routes) > maxRoutes || len(rep.BaseRoutes) > maxRoutes {
		return errors.New("it reports more than can be")
	}
	for _, f := range slices.Concat(rep.Head, rep.Base) {
		if !rules[f.Rule] {
			return fmt.Errorf("rule %.60q is not one of the scanner's", f.Rule)
		}
		if err := validFinding(f); err != nil {
			return fmt.Errorf("finding of %s: %w", f.Rule, err)
		}
	}
	for _, r := range slices.Concat(rep.Routes, rep.BaseRoutes) {
		if err := validRoute(r); err != nil {
			return fmt.Errorf("route: %w", err)
		}
	}
	return validReceipt(rep.Receipt)
}

func validReceipt(r review.ScannerReceipt) error {
	if len(r.Gaps)+len(r.Skipped)+len(r.Notes)+len(r.Protections)+len(r.Counts) > maxLines {
		return errors.New("its receipt has more lines than can be")
	}
	for _, g := range r.Gaps {
		if g.Code == "" || len(g.Code) > 100 || len(g.What)+len(g.Why)+len(g.Do) > maxText {
			return errors.New("a gap has no code or too much text")
		}
	}
	for _, s := range r.Skipped {
		if len(s.What)+len(s.Why) > maxText {
			return errors.New("what was left out has too much text")
		}
	}
	for _, n := range slices.Concat(r.Notes, r.Protections) {
		if len(n) > maxText {
			return errors.New("a note is too long")
		}
	}
	for _, c := range r.Counts {
		if c.Looked < 0 || c.Expected < 0 || c.Unit == "" || len(c.Unit) > 100 {
			return errors.New("a count makes no sense")
		}
	}
	return nil
}

func validRoute(r review.Route) error {
	if _, err := r.Access.MarshalText(); err != nil {
		return err
	}
	if len(r.Method) > 100 || len(r.Path) > maxText || len(r.Reason) > maxText || len(r.Expected) > maxText || len(r.Server) > maxText || len(r.Guards) > maxSteps {
		return errors.New("a text is too long")
	}
	files := []string{r.Handler.File, r.Registered.File}
	for _, g := range r.Guards {
		if len(g.Name)+len(g.Kind)+len(g.Why) > maxText {
			return errors.New("a guard's text is too long")
		}
		files = append(files, g.File)
	}
	for _, f := range files {
		if !plainPath(f) {
			return errors.New("a place is not a path inside the repository")
		}
	}
	return nil
}

func validFinding(f review.Finding) error {
	if _, err := f.Severity.MarshalText(); err != nil {
		return err
	}
	if _, err := f.Confidence.MarshalText(); err != nil {
		return err
	}
	if len(f.Message) > maxText || len(f.Symbol) > maxText || len(f.Key) > maxText || len(f.Expected) > maxText {
		return errors.New("a text is too long")
	}
	if len(f.Evidence) > maxSteps || len(f.Routes) > maxRoutes || len(f.Fingerprint) > maxText {
		return errors.New("it says more than can be")
	}
	for _, r := range f.Routes {
		if len(r) > maxText {
			return errors.New("a route's text is too long")
		}
	}
	places := []review.Place{f.Place}
	for _, e := range f.Evidence {
		if len(e.Note) > maxText {
			return errors.New("a step's note is too long")
		}
		places = append(places, e.Place)
	}
	if f.Fix != nil {
		if len(f.Fix.Title) > maxText || len(f.Fix.Edits) > maxSteps {
			return errors.New("a fix says more than can be")
		}
		for _, e := range f.Fix.Edits {
			if len(e.New) > 1<<20 || e.StartLine < 1 || e.EndLine < e.StartLine-1 {
				return errors.New("an edit has no range")
			}
			places = append(places, review.Place{Path: e.Path, Line: e.StartLine})
		}
	}
	for _, p := range places {
		if !plainPath(p.Path) || p.Line < 0 || p.EndLine < 0 {
			return errors.New("a place is not a path inside the repository")
		}
		if p.Commit != "" {
			if _, err := review.ParseSHA(string(p.Commit)); err != nil {
				return fmt.Errorf("place: %w", err)
			}
		}
	}
	return nil
}

// plainPath accepts "" (no place) and clean relative slash paths.
func plainPath(p string) bool {
	return p == "" || len(p) < 4096 && !path.IsAbs(p) && path.Clean(p) == p && p != ".." && !strings.HasPrefix(p, "../") && !strings.Contains(p, "\x00")
}
