package goanalysis

import (
	"context"
	"encoding/json"
	"fmt"
	"sort"
	"syscall"
	"time"

	"golang.org/x/tools/go/analysis"

	"github.com/launchgate/launchgate/analyzers"
	"github.com/launchgate/launchgate/analyzers/rule"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan"
	"github.com/launchgate/launchgate/app/scan/goanalysis/driver"
	"github.com/launchgate/launchgate/app/scan/goanalysis/load"
	"github.com/launchgate/launchgate/app/scan/goanalysis/stddecl"
)

// Settings are the scanner's part of configuration and policy, as JSON in
// scan.Request.Settings. The zero value is safe: nothing outside the checkout
// is read.
type Settings struct {
	GOOS   string   `json:"goos,omitempty"`   // default linux
	GOARCH string   `json:"goarch,omitempty"` // default amd64
	Tags   []string `json:"tags,omitempty"`   // extra build tags
	// ModuleCache is a module cache of the go command to read dependencies
	// from, as plain files. For the CLI; a server leaves it empty.
	ModuleCache string `json:"module_cache,omitempty"`
}

// Scanner implements scan.Scanner for Go code. The zero value runs the whole
// suite.
type Scanner struct {
	// Suite replaces the analyzers and RuleSet the rules, for tests.
	Suite   []*analysis.Analyzer
	RuleSet []rule.Rule
}

var _ scan.Scanner = Scanner{}

// Name implements scan.Scanner.
func (Scanner) Name() string { return "code" }

func (s Scanner) suite() []*analysis.Analyzer {
	if s.Suite != nil {
		return s.Suite
	}
	return analyzers.All()
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
	var set Settings
	if len(req.Settings) > 0 {
		if err := json.Unmarshal(req.Settings, &set); err != nil {
			return scan.Report{}, &review.Error{Code: review.CodeBadConfig, Op: "read the settings of the code scanner", Err: err}
		}
	}
	if progress == nil {
		progress = func(scan.Event) {}
	}
	head, err := s.look(ctx, req.HeadDir, set, progress, "")
	if err != nil {
		return scan.Report{}, err
	}
	rep := scan.Report{Head: head.findings, Routes: head.routes, Receipt: head.receipt}
	if req.BaseDir != "" && !req.MergeBase.IsZero() {
		base, err := s.look(ctx, req.BaseDir, set, progress, "merge base: ")
		if err != nil {
			return scan.Report{}, err
		}
		rep.Base, rep.BaseRoutes = base.findings, base.routes
		// What could not be read at the base is said but is no gap: a finding
		// there would only have made one of the head's "existing".
		for _, g := range base.receipt.Gaps {
			rep.Receipt.Notes = append(rep.Receipt.Notes, "merge base: "+g.What+": "+g.Why)
		}
	}
	rep.Receipt.Scanner = s.Name()
	rep.Receipt.Wall, rep.Receipt.CPU, rep.Receipt.PeakBytes = time.Since(start), cpuTime()-cpu, peak()
	return rep, nil
}

// sight is what was seen of one tree.
type sight struct {
	findings []review.Finding
	routes   []review.Route
	receipt  review.ScannerReceipt
}

// look loads and analyses one tree.
func (s Scanner) look(ctx context.Context, dir string, set Settings, progress scan.Progress, prefix string) (*sight, error) {
	event := func(stage string) func(done, total int) {
		return func(done, total int) {
			progress(scan.Event{Scanner: "code", Stage: prefix + stage, Done: done, Total: total, Unit: "packages"})
		}
	}
	opt := load.Options{
		Dir:      dir,
		Platform: load.Platform{GOOS: set.GOOS, GOARCH: set.GOARCH, Tags: set.Tags},
		Embedded: stddecl.Library{},
		Progress: event("typing"),
	}
	if set.ModuleCache != "" {
		opt.Modules = append(opt.Modules, load.ModuleCache{Dir: set.ModuleCache})
	}
	repo, err := load.Load(ctx, opt)
	if err != nil {
		return nil, failure(ctx, "load the Go code", err)
	}
	analysed, err := driver.Run(ctx, repo, driver.Options{Analyzers: s.suite(), Progress: event("scanning")})
	if err != nil {
		return nil, failure(ctx, "analyse the Go code", err)
	}
	out := &sight{receipt: receipt(repo, analysed)}
	c := converter{repo: repo}
	for _, a := range analysed {
		out.findings = append(out.findings, c.findings(a)...)
		out.routes = append(out.routes, routes(a)...)
	}
	sort.SliceStable(out.findings, func(i, j int) bool {
		a, b := out.findings[i], out.findings[j]
		if a.Place.Path != b.Place.Path {
			return a.Place.Path < b.Place.Path
		}
		if a.Place.Line != b.Place.Line {
			return a.Place.Line < b.Place.Line
		}
		return a.Rule < b.Rule
	})
	return out, nil
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
	return int64(ru.Maxrss) << 10
}

// plural writes "1 package", "2 packages".
func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}
