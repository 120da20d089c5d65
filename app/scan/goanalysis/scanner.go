package goanalysis

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime/debug"
	"slices"
	"syscall"
	"time"

	"golang.org/x/tools/go/analysis"

	"github.com/launchgate/launchgate/analyzers"
	"github.com/launchgate/launchgate/analyzers/authz"
	"github.com/launchgate/launchgate/analyzers/rule"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan"
	"github.com/launchgate/launchgate/app/scan/goanalysis/declstore"
)

// Scanner implements scan.Scanner for Go code. The zero value runs the whole
// suite.
type Scanner struct {
	// Suite replaces the analyzers and RuleSet the rules, for tests.
	Suite   []*analysis.Analyzer
	RuleSet []rule.Rule
	// RoutesOnly leaves out what only findings and the data map need, for who
	// asks for the inventory alone.
	RoutesOnly bool
}

var _ scan.Scanner = Scanner{}

// Name implements scan.Scanner.
func (Scanner) Name() string { return "code" }

func (s Scanner) suite(set Settings, lists []authz.List) []*analysis.Analyzer {
	if s.Suite != nil {
		return s.Suite
	}
	opt := analyzers.Options{Privacy: set.Privacy, Lists: lists}
	for _, g := range set.Guards {
		opt.Guards = append(opt.Guards, authz.Guard{Name: g.Name, Role: g.Role})
	}
	if s.RoutesOnly {
		return analyzers.Inventory(opt)
	}
	return analyzers.Suite(opt)
}

// Rules implements scan.Scanner.
func (s Scanner) Rules() []review.Rule {
	set := s.RuleSet
	if set == nil {
		set = analyzers.Rules()
	}
	out := make([]review.Rule, len(set))
	for i, r := range set {
		out[i] = review.Rule{
			ID: review.RuleID(r.ID), Title: r.Title, Severity: severity(r.Severity), Confidence: confidence(r.Confidence),
			Row: r.Row, What: r.What, Why: r.Why, Bad: r.Bad, Good: r.Good, Fix: r.Fix, Suppress: r.Suppress,
			References: r.References, Since: r.Since,
		}
	}
	return out
}

// Scan implements scan.Scanner.
func (s Scanner) Scan(ctx context.Context, req scan.Request, progress scan.Progress) (scan.Report, error) {
	start, cpu := time.Now(), cpuTime()
	set, err := readSettings(req.Settings)
	if err != nil {
		return scan.Report{}, err
	}
	if progress == nil {
		progress = func(scan.Event) {}
	}
	defer debug.SetGCPercent(debug.SetGCPercent(gcLoading))
	// The depth limits keep honest recursion far below this; what is not
	// honest should end before it has used up the worker's memory.
	defer debug.SetMaxStack(debug.SetMaxStack(256 << 20))
	var store *declstore.Store
	var notes []string
	if req.CacheDir != "" {
		if store, err = declstore.OpenSealed(filepath.Join(req.CacheDir, "code"), req.FingerprintKey); err != nil {
			notes = append(notes, "the cache cannot be used, so everything is worked out afresh")
		}
		defer store.Close()
	}
	l := look{Scanner: s, req: req, set: set, store: store, recs: &recordSets{}, progress: progress}
	head, err := l.tree(ctx, req.HeadDir, "")
	if err != nil {
		return scan.Report{}, err
	}
	head.Routes = distinct(head.Routes)
	rep := scan.Report{Head: head.Findings, Routes: head.Routes, Data: head.Data, Receipt: head.Receipt}
	if len(head.Routes) > 0 {
		c := review.Count{Unit: "routes resolved", Expected: len(head.Routes), Judged: true}
		for _, r := range head.Routes {
			if r.Access != review.Unresolved {
				c.Looked++
			}
		}
		rep.Receipt.Counts = append(rep.Receipt.Counts, c)
	}
	if req.BaseDir != "" && !req.MergeBase.IsZero() {
		base, err := l.tree(ctx, req.BaseDir, "merge base: ")
		if err != nil {
			return scan.Report{}, err
		}
		rep.Base, rep.BaseRoutes, rep.BaseData = base.Findings, distinct(base.Routes), base.Data
		// What could not be read at the base is said but is no gap: a finding
		// there would only have made one of the head's "existing".
		// Nor is what no build of it had before: it is no work of this change.
		before := func(g review.Gap) bool {
			return g.Code == review.CodeTagNotSet && slices.Contains(base.Receipt.Gaps, g)
		}
		for _, g := range rep.Receipt.Gaps {
			if before(g) {
				notes = append(notes, "not looked at, as before: "+g.What+": "+g.Why)
			}
		}
		rep.Receipt.Gaps = slices.DeleteFunc(rep.Receipt.Gaps, before)
		for _, g := range base.Receipt.Gaps {
			if g.Code == review.CodeTagNotSet {
				continue
			}
			notes = append(notes, "merge base: "+g.What+": "+g.Why)
		}
	}
	if req.Kind == review.KindBaseline || rep.BaseRoutes != nil {
		rep.Routes, rep.BaseRoutes = traced(rep.Routes, rep.BaseRoutes)
	}
	rep.Receipt.Notes = append(rep.Receipt.Notes, notes...)
	rep.Receipt.Scanner = s.Name()
	rep.Receipt.Wall, rep.Receipt.CPU, rep.Receipt.PeakBytes = time.Since(start), cpuTime()-cpu, peak()
	return rep, nil
}

// traced leaves the traces of routes out that are the same at the head and the
// merge base: they only serve to find what changed a route, and are most of an
// inventory's size.
func traced(head, base []review.Route) ([]review.Route, []review.Route) {
	known := map[string]bool{}
	for _, r := range base {
		known[r.Signature()] = true
	}
	both := map[string]bool{}
	for _, r := range head {
		if s := r.Signature(); known[s] || base == nil {
			both[s] = true
		}
	}
	// A route that exists once more with other guards is compared with the one
	// that stayed.
	changed := map[string]bool{}
	for _, r := range slices.Concat(head, base) {
		if !both[r.Signature()] {
			changed[r.Key()] = true
		}
	}
	bare := func(rs []review.Route) []review.Route {
		out := rs[:0:0]
		for _, r := range rs {
			if both[r.Signature()] && !changed[r.Key()] {
				r = r.Bare()
			}
			out = append(out, r)
		}
		return out
	}
	return bare(head), bare(base)
}

// distinct leaves out what several programs of one repository have in common:
// each shows the routes of the packages it shares with others.
func distinct(rs []review.Route) []review.Route {
	type identity struct {
		server, method, path, handler string
		access                        review.Access
		at                            review.FileLine
	}
	seen := map[identity]bool{}
	out := rs[:0:0]
	for _, r := range rs {
		k := identity{r.Server, r.Method, r.Path, r.Handler.Func, r.Access, r.Registered}
		if !seen[k] {
			seen[k] = true
			out = append(out, r)
		}
	}
	return out
}

func failure(ctx context.Context, op string, err error) error {
	code := review.CodeScannerFailed
	switch ctx.Err() {
	case context.Canceled:
		code = review.CodeCancelled
	case context.DeadlineExceeded:
		code = review.CodeScannerTimeout
	}
	return &review.Error{Code: code, Op: op, Do: "run the review again; if it fails again, report it with the server's log", Err: err}
}

func cpuTime() time.Duration {
	var ru syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &ru) != nil {
		return 0
	}
	return time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
}

// peak returns the process's largest resident set so far, in bytes.
func peak() int64 {
	var ru syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &ru) != nil {
		return 0
	}
	return ru.Maxrss << 10
}

// plural writes "1 package", "2 packages".
func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}
