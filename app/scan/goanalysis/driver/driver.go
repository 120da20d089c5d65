package driver

import (
	"context"
	"errors"
	"fmt"
	"go/types"
	"reflect"
	"runtime/debug"
	"strings"
	"sync"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/buildssa"

	"github.com/launchgate/launchgate/app/scan/goanalysis/load"
)

// Options say what to run.
type Options struct {
	Analyzers []*analysis.Analyzer
	Workers   int // 0: two
	// Progress is told how many packages are analysed; it must not block.
	Progress func(done, total int)
	// Restore returns the facts, as Analysed.Facts made them, of a package whose
	// results are reused.
	Restore func(p *load.Package) []byte
	// Working is told which package a slot works on ("" when done).
	Working func(slot int, pkg string)
}

// Analysed is what became of one package.
type Analysed struct {
	Package *load.Package
	// Results of the analyzers asked for; those of mere prerequisites are
	// dropped as soon as the package is done.
	Results     map[*analysis.Analyzer]any
	Diagnostics map[*analysis.Analyzer][]analysis.Diagnostic
	// Failed names analyzers that did not run to their end, and why.
	Failed map[*analysis.Analyzer]string
	// SSAFuncs of SSAOf functions were built as SSA; SSANote says why not all.
	SSAFuncs, SSAOf int
	SSANote         string
	// Bounds says where an analyzer met one of its bounds and looked no further:
	// what the method Bounds of its result returns.
	Bounds []string
	// Missing says what the result of an analyzer lacks that ought to be complete:
	// what its method Missing returns.
	Missing []string

	why []string // prerequisites that failed
	d   *driver
}

// Again runs the same analyzers on another version of the package, with the
// facts of the packages it imports.
func (a *Analysed) Again(ctx context.Context, p *load.Package) *Analysed {
	return a.d.analyse(ctx, p)
}

// Run analyses every package of a repository. It returns an error only if the
// analyzers themselves are inconsistent or ctx ended.
func Run(ctx context.Context, repo *load.Result, opt Options) ([]*Analysed, error) {
	if err := analysis.Validate(opt.Analyzers); err != nil {
		return nil, fmt.Errorf("analyzers: %w", err)
	}
	if opt.Workers <= 0 {
		opt.Workers = 2
	}
	d := &driver{opt: opt, repo: repo, schedule: topological(opt.Analyzers), facts: newFacts(),
		roots: map[*analysis.Analyzer]bool{}}
	for _, a := range opt.Analyzers {
		d.roots[a] = true
	}
	index := map[*load.Package]int{}
	for i, p := range repo.Packages {
		index[p] = i
	}
	out := make([]*Analysed, len(repo.Packages))
	waiting := make([]int, len(out))
	users := make([][]int, len(out))
	ready := make(chan int, len(out)+1)
	for i, p := range repo.Packages {
		for _, dep := range p.Imports {
			if j, ok := index[dep]; ok && j != i {
				waiting[i]++
				users[j] = append(users[j], i)
			}
		}
		if waiting[i] == 0 {
			ready <- i
		}
	}
	left := len(out)
	if left == 0 {
		return nil, ctx.Err()
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for slot := range opt.Workers {
		wg.Go(func() {
			for i := range ready {
				if ctx.Err() == nil {
					if opt.Working != nil {
						opt.Working(slot, repo.Packages[i].Dir)
					}
					out[i] = d.analyse(ctx, repo.Packages[i])
					if opt.Working != nil {
						opt.Working(slot, "")
					}
				}
				mu.Lock()
				for _, u := range users[i] {
					if waiting[u]--; waiting[u] == 0 {
						ready <- u
					}
				}
				if left--; left == 0 {
					close(ready)
				}
				done := len(out) - left
				mu.Unlock()
				if opt.Progress != nil {
					opt.Progress(done, len(out))
				}
			}
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return out, nil
}

type driver struct {
	opt      Options
	repo     *load.Result
	schedule []*analysis.Analyzer // prerequisites first
	roots    map[*analysis.Analyzer]bool
	facts    *facts
}

// topological lists analyzers with their prerequisites before them.
func topological(as []*analysis.Analyzer) []*analysis.Analyzer {
	seen := map[*analysis.Analyzer]bool{}
	var out []*analysis.Analyzer
	var visit func(a *analysis.Analyzer)
	visit = func(a *analysis.Analyzer) {
		if seen[a] {
			return
		}
		seen[a] = true
		for _, r := range a.Requires {
			visit(r)
		}
		out = append(out, a)
	}
	for _, a := range as {
		visit(a)
	}
	return out
}

// analyse runs the whole schedule on one package.
func (d *driver) analyse(ctx context.Context, p *load.Package) *Analysed {
	r := &Analysed{Package: p, Results: map[*analysis.Analyzer]any{}, Diagnostics: map[*analysis.Analyzer][]analysis.Diagnostic{},
		Failed: map[*analysis.Analyzer]string{}, d: d}
	if p.Reused {
		if p.Types != nil && d.opt.Restore != nil {
			d.restore(p, d.opt.Restore(p))
		}
		return r
	}
	for _, e := range p.Errors {
		if e.Kind == "crash" {
			return r // left out on purpose: a worker died on it before
		}
	}
	results := map[*analysis.Analyzer]any{}
	for _, a := range d.schedule {
		if ctx.Err() != nil {
			return r
		}
		if why := d.blocked(a, results); why != "" {
			d.failed(r, a, why)
			continue
		}
		res, err := d.run(a, p, r, results)
		if err != nil {
			d.failed(r, a, err.Error())
			continue
		}
		results[a] = res
		if b, ok := res.(interface{ Bounds() []string }); ok {
			r.Bounds = append(r.Bounds, b.Bounds()...)
		}
		if b, ok := res.(interface{ Missing() []string }); ok {
			r.Missing = append(r.Missing, b.Missing()...)
		}
		if d.roots[a] {
			r.Results[a] = res
		}
	}
	return r
}

// failed records that an analyzer did not finish. Only those asked for count;
// a failed prerequisite shows in whoever needs it.
func (d *driver) failed(r *Analysed, a *analysis.Analyzer, why string) {
	if d.roots[a] {
		r.Failed[a] = why
	} else {
		r.why = append(r.why, a.Name+": "+why)
	}
}

func (d *driver) blocked(a *analysis.Analyzer, results map[*analysis.Analyzer]any) string {
	if a == buildssa.Analyzer {
		return "" // it needs ctrlflow only to be more precise
	}
	for _, req := range a.Requires {
		if _, ok := results[req]; !ok {
			return "needs " + req.Name + ", which failed"
		}
	}
	return ""
}

// run makes the pass and calls one analyzer; a panic becomes its error.
func (d *driver) run(a *analysis.Analyzer, p *load.Package, r *Analysed, results map[*analysis.Analyzer]any) (res any, err error) {
	defer func() {
		if x := recover(); x != nil {
			err = fmt.Errorf("%s panicked: %v at %s", a.Name, x, panicSite(debug.Stack()))
		}
	}()
	inputs := map[*analysis.Analyzer]any{}
	for _, req := range a.Requires {
		inputs[req] = results[req]
	}
	own := d.facts.open(a, p)
	pass := &analysis.Pass{
		Analyzer:   a,
		Fset:       d.repo.Fset,
		Files:      p.Syntax(),
		Pkg:        p.Types,
		TypesInfo:  p.Info,
		TypesSizes: d.repo.Sizes,
		TypeErrors: typeErrors(p),
		ResultOf:   inputs,
		Report: func(diag analysis.Diagnostic) {
			r.Diagnostics[a] = append(r.Diagnostics[a], diag)
		},
		ReadFile:          p.ReadFile,
		ImportObjectFact:  d.facts.importObject(own),
		ExportObjectFact:  own.exportObject,
		ImportPackageFact: d.facts.importPackage(own),
		ExportPackageFact: own.exportPackage,
		AllObjectFacts:    func() []analysis.ObjectFact { return d.facts.allObjects(own) },
		AllPackageFacts:   func() []analysis.PackageFact { return d.facts.allPackages(own) },
	}
	if p.Module != nil {
		pass.Module = &analysis.Module{Path: p.Module.Path, GoVersion: p.Module.GoVersion}
	}
	if a == buildssa.Analyzer {
		res, err = buildSSA(pass, p, r)
	} else {
		res, err = a.Run(pass)
	}
	if err != nil {
		return nil, err
	}
	if a.ResultType != nil && reflect.TypeOf(res) != a.ResultType {
		return nil, fmt.Errorf("%s returned a %T, want %s", a.Name, res, a.ResultType)
	}
	if err := own.seal(); err != nil {
		return nil, err
	}
	return res, nil
}

func typeErrors(p *load.Package) []types.Error {
	var out []types.Error
	for _, e := range p.Errors {
		if e.Kind == "type" {
			out = append(out, types.Error{Msg: e.String()})
		}
	}
	return out
}

// panicSite names the first frame of a stack below the panic itself.
func panicSite(stack []byte) string {
	lines := strings.Split(string(stack), "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, "panic(") && i+3 < len(lines) {
			for j := i + 2; j < len(lines); j += 2 {
				if !strings.HasPrefix(lines[j], "runtime.") && lines[j] != "" {
					name, _, _ := strings.Cut(lines[j], "(")
					return name
				}
			}
		}
	}
	return "unknown"
}

var errSealed = errors.New("facts cannot be exported after the pass")
