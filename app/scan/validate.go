package scan

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/launchgate/launchgate/app/review"
)

// The most a report may hold. A review with more findings than this is not
// read by anyone; a worker that says more has gone wrong.
const (
	maxFindings = 100_000
	maxRoutes   = 100_000
	maxFlows    = 100_000
	maxLines    = 100_000 // of a receipt
	maxSteps    = 1_000   // of one finding's evidence, or guards of one route
	maxText     = 8 << 10
	maxEdit     = 1 << 20 // bytes one edit of a fix puts in
)

// fit shortens a report to what validate accepts. Hostile source can make names
// and messages of any length; that must cost their ends and not the report.
func fit(rep *Report) {
	short := func(s *string, max int) {
		if len(*s) > max {
			*s = clip(*s, max-len("…"))
		}
	}
	r := &rep.Receipt
	for _, over := range []struct {
		n    int
		what string
	}{{len(rep.Head) - maxFindings, "findings"}, {len(rep.Routes) - maxRoutes, "routes"}} {
		if over.n > 0 {
			r.Gaps = append(r.Gaps, review.Gap{Code: review.CodeScannerFailed, What: fmt.Sprintf("%d more %s", over.n, over.what),
				Why: "there are more than a report may hold", Do: "exclude what makes so many in the policy"})
		}
	}
	rep.Head, rep.Base = rep.Head[:min(len(rep.Head), maxFindings)], rep.Base[:min(len(rep.Base), maxFindings)]
	rep.Routes, rep.BaseRoutes = rep.Routes[:min(len(rep.Routes), maxRoutes)], rep.BaseRoutes[:min(len(rep.BaseRoutes), maxRoutes)]
	for _, fs := range [][]review.Finding{rep.Head, rep.Base} {
		for i := range fs {
			f := &fs[i]
			for _, s := range []*string{&f.Message, &f.Symbol, &f.Key, &f.Expected} {
				short(s, maxText)
			}
			f.Evidence, f.Routes = f.Evidence[:min(len(f.Evidence), maxSteps)], f.Routes[:min(len(f.Routes), maxRoutes)]
			for j := range f.Evidence {
				short(&f.Evidence[j].Note, maxText)
			}
			for j := range f.Routes {
				short(&f.Routes[j], maxText)
			}
			for _, fix := range []**review.Fix{&f.Fix, &f.Alternative} {
				if *fix != nil && !fits(**fix) {
					*fix = nil // nobody applies half a fix
				}
			}
		}
	}
	for _, rs := range [][]review.Route{rep.Routes, rep.BaseRoutes} {
		for i := range rs {
			rt := &rs[i]
			short(&rt.Method, 100)
			for _, s := range []*string{&rt.Path, &rt.Reason, &rt.Expected, &rt.Server} {
				short(s, maxText)
			}
			rt.Guards = rt.Guards[:min(len(rt.Guards), maxSteps)]
			for j := range rt.Guards {
				short(&rt.Guards[j].Name, maxText/3)
				short(&rt.Guards[j].Why, maxText/3)
			}
		}
	}
	for i := range r.Gaps {
		for _, s := range []*string{&r.Gaps[i].What, &r.Gaps[i].Why, &r.Gaps[i].Do} {
			short(s, maxText/3)
		}
	}
	for i := range r.Skipped {
		short(&r.Skipped[i].What, maxText/2)
		short(&r.Skipped[i].Why, maxText/2)
	}
	for i := range r.Warnings {
		short(&r.Warnings[i], maxText)
	}
	for i := range r.Notes {
		short(&r.Notes[i], maxText)
	}
	for i := range r.Parts {
		p := &r.Parts[i]
		for _, s := range []*string{&p.What, &p.State, &p.Why} {
			short(s, maxText/3)
		}
		for j := range p.Details {
			short(&p.Details[j], maxText/3)
		}
	}
}

func fits(f review.Fix) bool {
	if len(f.Title) > maxText || len(f.Edits) > maxSteps {
		return false
	}
	for _, e := range f.Edits {
		if len(e.New) > maxEdit {
			return false
		}
	}
	return true
}

// validate checks a worker's report as untrusted input: rules are the
// scanner's own, places are plain paths inside the repository, enums are
// defined, texts are bounded. Control characters are escaped where texts leave.
func validate(rep Report, s Scanner) error {
	// Most reports have no findings, and a scanner may have hundreds of rules.
	rules := sync.OnceValue(func() map[review.RuleID]bool {
		known := make(map[review.RuleID]bool)
		for _, r := range s.Rules() {
			known[r.ID] = true
		}
		return known
	})
	if len(rep.Head) > maxFindings || len(rep.Base) > maxFindings || len(rep.Routes) > maxRoutes || len(rep.BaseRoutes) > maxRoutes ||
		len(rep.Data) > maxFlows || len(rep.BaseData) > maxFlows {
		return errors.New("it reports more than can be")
	}
	for _, f := range slices.Concat(rep.Head, rep.Base) {
		if !rules()[f.Rule] {
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
	if len(rep.Rotations) > maxFindings {
		return errors.New("it reports more than can be")
	}
	if len(rep.Mark) > 64 || strings.Trim(rep.Mark, "0123456789abcdef") != "" {
		return errors.New("the mark of a look is none")
	}
	for _, r := range rep.Rotations {
		if !rules()[r.Rule] {
			return fmt.Errorf("rule %.60q is not one of the scanner's", r.Rule)
		}
		if err := validRotation(r); err != nil {
			return fmt.Errorf("rotation of %s: %w", r.Rule, err)
		}
	}
	for _, d := range slices.Concat(rep.Data, rep.BaseData) {
		if d.Service == "" || len(d.Service)+len(d.Category)+len(d.Via)+len(d.Class)+len(d.What)+len(d.Call)+len(d.Func) > maxText || !plainPath(d.File) || d.Line < 0 {
			return errors.New("a line of the data map names no service, has too much text or a place that is not a path inside the repository")
		}
	}
	return validReceipt(rep.Receipt)
}

// The expressions are made when they are first needed: no worker needs them, and each
// push starts one.

// linkForm is an address that ends no cell of a table and no link.
var linkForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^https://[A-Za-z0-9./_?=&%#~:@+-]+$`) })

func validRotation(r review.Rotation) error {
	if !keyForm().MatchString(r.Key) {
		return errors.New("its key is no keyed fingerprint")
	}
	if _, err := r.Severity.MarshalText(); err != nil {
		return err
	}
	if r.State != review.Open || r.Reason != "" || r.By != "" {
		return errors.New("a worker decides nothing about a secret")
	}
	if len(r.Provider)+len(r.Where)+len(r.Steps)+len(r.Entropy) > maxText || r.Line < 0 || r.Places < 1 {
		return errors.New("it says more than can be")
	}
	if r.Where != "" && !linkForm().MatchString(r.Where) {
		return errors.New("its link is none")
	}
	if !plainPath(r.Path) {
		return errors.New("a place is not a path inside the repository")
	}
	if r.Commit != "" {
		if _, err := review.ParseSHA(string(r.Commit)); err != nil {
			return fmt.Errorf("commit: %w", err)
		}
	}
	return nil
}

var keyForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9a-f]{64}$`) })

func validReceipt(r review.ScannerReceipt) error {
	if len(r.Gaps)+len(r.Skipped)+len(r.Notes)+len(r.Warnings)+len(r.Protections)+len(r.Counts) > maxLines {
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
	for _, n := range slices.Concat(r.Notes, r.Warnings, r.Protections) {
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
	for _, fix := range []*review.Fix{f.Fix, f.Alternative} {
		if fix == nil {
			continue
		}
		if !fits(*fix) {
			return errors.New("a fix says more than can be")
		}
		for _, e := range fix.Edits {
			if e.StartLine < 1 || e.EndLine < e.StartLine-1 {
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
