package goanalysis

import (
	"context"
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/launchgate/launchgate/analyzers/authz"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan"
	"github.com/launchgate/launchgate/app/scan/goanalysis/declstore"
	"github.com/launchgate/launchgate/app/scan/goanalysis/driver"
	"github.com/launchgate/launchgate/app/scan/goanalysis/load"
	"github.com/launchgate/launchgate/app/scan/goanalysis/modzip"
	"github.com/launchgate/launchgate/app/scan/goanalysis/stddecl"
)

// look is one request's way of looking at trees.
type look struct {
	Scanner
	req   scan.Request
	set   Settings
	store *declstore.Store
	// recs are the records of each set of lists that analyzers were told.
	recs     *recordSets
	progress scan.Progress
}

// sight is what was seen of one tree.
type sight struct {
	Findings []review.Finding
	Routes   []review.Route
	Data     []review.DataFlow
	Receipt  review.ScannerReceipt
}

// tree returns what there is to see in a checkout. What an earlier look at the
// same packages found is reused package by package, not by tree: the same tree
// can be seen better once its dependencies are at hand.
func (l look) tree(ctx context.Context, dir, prefix string) (*sight, error) {
	skip := maps.Clone(l.set.Skip)
	if skip == nil {
		skip = map[string]string{}
	}
	for range maxStuck {
		s, stuck, err := l.once(ctx, dir, prefix, skip)
		if stuck != "" {
			skip[stuck] = "it took longer than " + l.set.packageTime().String() + " to type or analyse; the rest was looked at without it"
			continue
		}
		return s, err
	}
	return nil, &review.Error{Code: review.CodeScannerTimeout, Op: "analyse the Go code", What: "several packages never end",
		Do: "exclude them in the policy"}
}

// How much the heap may grow, in percent of what is alive, before it is
// collected. Dependencies' syntax is short-lived while loading, so that a late
// collection costs memory there; the analyzers allocate much more than they
// keep, and at 50 % collecting took two fifths of the time of a route inventory.
// So they get as much as there is room for below heapGoal, which only a large
// program's own data exceeds. The worker's memory limit holds in any case.
const (
	gcLoading = 100
	gcMost    = 300
	heapGoal  = 280 << 20
)

// gcAnalysing returns the percentage for the analyzers, by what loading left.
func gcAnalysing() int {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	if live[0].Value.Kind() != metrics.KindUint64 || live[0].Value.Uint64() == 0 {
		return gcMost // nothing was collected yet: the heap is small
	}
	alive := int64(live[0].Value.Uint64())
	return int(min(max((heapGoal-alive)*100/alive, gcLoading), gcMost))
}

// maxStuck bounds how many packages may be given up for taking too long.
const maxStuck = 4

// once looks at a checkout. If a package takes too long it is named and the
// attempt abandoned: a type checker cannot be stopped, so its goroutine goes on
// until the worker process, which exists for this one scan, ends.
func (l look) once(ctx context.Context, dir, prefix string, skip map[string]string) (s *sight, stuck string, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	m := newMarks(l.set.packageTime())
	type result struct {
		s   *sight
		err error
	}
	done := make(chan result, 1)
	go func() {
		s, err := l.run(ctx, dir, prefix, skip, m)
		done <- result{s, err}
	}()
	tick := time.NewTicker(max(l.set.packageTime()/20, 10*time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case r := <-done:
			return r.s, "", r.err
		case <-tick.C:
			if pkg := m.late(); pkg != "" {
				return nil, pkg, nil
			}
			if ctx.Err() != nil {
				// The loader and the driver stop after the package under work.
				select {
				case <-done:
				case <-time.After(2 * time.Second):
				}
				return nil, "", failure(ctx, "analyse the Go code", ctx.Err())
			}
		}
	}
}

func (l look) run(ctx context.Context, dir, prefix string, skip map[string]string, m *marks) (*sight, error) {
	event := func(stage string) func(done, total int) {
		return func(done, total int) {
			l.progress(scan.Event{Scanner: "code", Stage: prefix + stage, Done: done, Total: total, Unit: "packages"})
		}
	}
	opt := load.Options{
		Dir:      dir,
		Platform: load.Platform{GOOS: l.set.GOOS, GOARCH: l.set.GOARCH, Tags: l.set.Tags},
		Limits:   l.set.Limits,
		Embedded: stddecl.Library{},
		Skip:     skip,
		Progress: event("typing"),
		Working:  m.working("typing"),
	}
	if l.set.Serial {
		opt.Workers = 1
	}
	switch l.set.sources(l.req) {
	case SourcesVendor:
		opt.Embedded = stddecl.StandardOnly{}
	case SourcesCache:
		if l.set.ModuleCache != "" {
			opt.Modules = append(opt.Modules, load.ModuleCache{Dir: l.set.ModuleCache})
		}
		fallthrough
	case SourcesStore, SourcesProxy:
		if l.store != nil {
			opt.Store = l.store
			opt.Modules = append(opt.Modules, modzip.Dir{Path: filepath.Join(l.req.CacheDir, "modules")})
		}
	}
	lists := configuration(dir)
	recs := l.recordsWith(lists)
	opt.Reuse = recs.has
	debug.SetGCPercent(gcLoading)
	repo, err := load.Load(ctx, opt)
	if err != nil {
		return nil, failure(ctx, "load the Go code", err)
	}
	debug.SetGCPercent(gcAnalysing())
	analysed, err := driver.Run(ctx, repo, driver.Options{Analyzers: l.suite(l.set, lists), Workers: opt.Workers, Progress: event("scanning"),
		Working: m.working("scanning"), Restore: recs.facts})
	if err != nil {
		return nil, failure(ctx, "analyse the Go code", err)
	}
	reused := 0
	for _, a := range analysed {
		if rec := recs.get(a.Package.Key); a.Package.Reused && rec != nil {
			rec.fill(a)
			reused++
		}
	}
	out := &sight{Receipt: receipt(repo, analysed)}
	if reused > 0 {
		out.Receipt.Notes = append(out.Receipt.Notes, fmt.Sprintf("results of an earlier look were reused for %s that did not change", plural(reused, "package")))
	}
	c := converter{repo: repo}
	left := budget{maxProofs, maxProving}
	if prefix != "" {
		left = budget{} // nobody is offered a fix of the merge base
	}
	var tries []*try
	for _, a := range analysed {
		if a.Package.Reused && recs.get(a.Package.Key) != nil {
			continue
		}
		t := &try{of: a, all: true}
		t.found, t.offers = c.findings(a)
		tries = append(tries, t)
	}
	touched := nearnessTo(l.req.Diff)
	for _, n := range near {
		for _, t := range tries {
			t.all = c.prove(ctx, t.of, t.found, t.offers, func(f review.Finding) bool { return touched.of(f) == n }, &left) && t.all
		}
	}
	for _, a := range analysed {
		if rec := recs.get(a.Package.Key); a.Package.Reused && rec != nil {
			out.Findings, out.Routes, out.Data = append(out.Findings, rec.Findings...), append(out.Routes, rec.Routes...), append(out.Data, rec.Data...)
			continue
		}
		t := tries[0]
		tries = tries[1:]
		inventory, data := routes(a), c.data(a)
		if t.all {
			recs.keep(a, t.found, inventory, data)
		}
		out.Findings, out.Routes, out.Data = append(out.Findings, t.found...), append(out.Routes, inventory...), append(out.Data, data...)
	}
	sort.SliceStable(out.Findings, func(i, j int) bool {
		a, b := out.Findings[i], out.Findings[j]
		if a.Place.Path != b.Place.Path {
			return a.Place.Path < b.Place.Path
		}
		if a.Place.Line != b.Place.Line {
			return a.Place.Line < b.Place.Line
		}
		if a.Rule != b.Rule {
			return a.Rule < b.Rule
		}
		return a.Severity > b.Severity // the worst speaks for what was found elsewhere
	})
	out.Findings = slices.CompactFunc(out.Findings, sameElsewhere)
	return out, nil
}

// try is a package that was analysed, with what may mend its findings.
type try struct {
	of     *driver.Analysed
	found  []review.Finding
	offers []offer
	all    bool // every fix that could be proved was tried
}

// sameElsewhere reports whether two packages found the same thing in a third:
// such findings have a line but no column.
func sameElsewhere(a, b review.Finding) bool {
	return a.Place.Column == 0 && a.Place == b.Place && a.Rule == b.Rule && a.Symbol == b.Symbol && a.Key == b.Key
}

// recordsWith returns the records of looks at trees whose configuration lists the
// same paths.
func (l look) recordsWith(lists []authz.List) *records {
	k := digest(lists)
	l.recs.mu.Lock()
	defer l.recs.mu.Unlock()
	if l.recs.by == nil {
		l.recs.by = map[string]*records{}
	}
	if l.recs.by[k] == nil {
		l.recs.by[k] = newRecords(l.store, l.names(lists))
	}
	return l.recs.by[k]
}

type recordSets struct {
	mu sync.Mutex
	by map[string]*records // digest of the lists -> records
}

// names lists the analyzers and what is declared to them, so that different
// suites keep their results apart.
func (l look) names(lists []authz.List) string {
	var names []string
	for _, a := range l.suite(l.set, lists) {
		names = append(names, a.Name)
	}
	for _, g := range l.set.Guards {
		names = append(names, fmt.Sprintf("guard %q %v", g.Name, g.Role))
	}
	if own, err := json.Marshal(l.set.Privacy); err == nil && string(own) != "{}" {
		names = append(names, "privacy "+string(own))
	}
	if d := digest(lists); d != "" {
		names = append(names, "lists "+d)
	}
	return strings.Join(names, ",")
}

// suiteVersion identifies this program: results are only as good as the code
// that made them. It is empty if the program cannot read itself; then no results
// are kept.
var suiteVersion = sync.OnceValue(func() string {
	exe, err := os.Executable()
	if err != nil {
		return ""
	}
	f, err := os.Open(exe)
	if err != nil {
		return ""
	}
	defer f.Close()
	// The linker's build id is a hash of what went into the program. A build can
	// leave it out (-buildid=); then the program itself is hashed, which takes a
	// tenth of a second.
	if file, err := elf.NewFile(f); err == nil {
		if s := file.Section(".note.go.buildid"); s != nil {
			if id, err := s.Data(); err == nil && len(id) > 64 {
				return "build id " + hex.EncodeToString(id)
			}
		}
	}
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(f, 0, math.MaxInt64)); err != nil {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil))
})
