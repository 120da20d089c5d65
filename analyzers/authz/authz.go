package authz

import (
	"fmt"
	"go/build"
	"go/token"
	"reflect"
	"sort"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/launchgate/launchgate/analyzers/internal/eval"
	"github.com/launchgate/launchgate/analyzers/internal/program"
	"github.com/launchgate/launchgate/analyzers/routes"
	"github.com/launchgate/launchgate/analyzers/rule"
)

// Routes reconstructs the inventory of a program in the pass over its main
// package. Its result is a *Result.
var Routes = &analysis.Analyzer{
	Name:             "routes",
	Doc:              "routes: reconstruct the routes of a program and who can reach them",
	URL:              rule.URL("authz/missing"),
	Run:              runRoutes,
	RunDespiteErrors: true,
	ResultType:       reflect.TypeOf((*Result)(nil)),
	FactTypes:        []analysis.Fact{(*program.Package)(nil)},
}

// Analyzer reports routes that anybody can reach. Its result is a
// *rule.Findings.
var Analyzer = &analysis.Analyzer{
	Name:             "authz",
	Doc:              "authz: report routes without an authorization guard",
	URL:              rule.URL("authz/missing"),
	Run:              run,
	RunDespiteErrors: true,
	ResultType:       rule.ResultType,
	Requires:         []*analysis.Analyzer{Routes},
}

// Result is what the Routes analyzer returns; it is empty but for main packages.
type Result struct {
	inventory routes.Inventory
}

// Inventory returns the program's routes.
func (r *Result) Inventory() []routes.Route { return r.inventory.Routes }

func runRoutes(pass *analysis.Pass) (any, error) {
	if foreign(pass) {
		return &Result{}, nil
	}
	own := program.Build(pass.Fset, pass.Files, pass.Pkg, pass.TypesInfo)
	pass.ExportPackageFact(own)
	res := &Result{}
	if pass.Pkg.Name() != "main" {
		return res, nil
	}
	res.inventory = eval.Run(programOf(pass, own), own.Path)
	for i := range res.inventory.Routes {
		if r := &res.inventory.Routes[i]; r.Access == routes.Public {
			r.Expected = expected(*r)
		}
	}
	return res, nil
}

// foreign reports whether a package is none of the program's own: what it does
// is known as facts about libraries, not read from its code. go vet passes every
// dependency by; Launchgate's own driver does not.
func foreign(pass *analysis.Pass) bool {
	if pass.Module != nil && pass.Module.Version != "" || eval.IsLibrary(pass.Pkg.Path()) {
		return true
	}
	for _, f := range pass.Files {
		return strings.HasPrefix(pass.Fset.File(f.FileStart).Name(), build.Default.GOROOT+"/")
	}
	return false
}

// programOf collects the packages main consists of, dependencies first.
func programOf(pass *analysis.Pass, own *program.Package) []*program.Package {
	byPath := map[string]*program.Package{}
	for _, f := range pass.AllPackageFacts() {
		if p, ok := f.Fact.(*program.Package); ok && p.Path != own.Path {
			byPath[p.Path] = p
		}
	}
	byPath[own.Path] = own
	var paths []string
	for p := range byPath {
		paths = append(paths, p)
	}
	sort.Strings(paths)
	var out []*program.Package
	seen := map[string]bool{}
	var visit func(path string)
	visit = func(path string) {
		p := byPath[path]
		if p == nil || seen[path] {
			return
		}
		seen[path] = true
		for _, im := range p.Imports {
			visit(im)
		}
		out = append(out, p)
	}
	for _, p := range paths {
		visit(p)
	}
	return out
}

func run(pass *analysis.Pass) (any, error) {
	fs := &rule.Findings{}
	res := pass.ResultOf[Routes].(*Result)
	for _, r := range res.inventory.Routes {
		switch r.Access {
		case routes.Public:
			fs.Report(pass, finding(pass, &missing, r))
		case routes.Unresolved:
			fs.Report(pass, finding(pass, &unresolved, r))
		}
	}
	return fs, nil
}

func finding(pass *analysis.Pass, ru *rule.Rule, r routes.Route) rule.Finding {
	f := rule.Finding{Rule: ru, Symbol: enclosing(r.Handler.Func), Key: r.Key(), Routes: []string{r.Key()}, Expected: r.Expected,
		File: r.Registered.File, Line: r.Registered.Line}
	f.Pos = posOf(pass, r.Registered)
	switch {
	case ru == &unresolved:
		f.Message = fmt.Sprintf("%s: whether a guard protects it could not be decided: %s", r.Key(), r.Reason)
	case r.Expected != "":
		f.Message = fmt.Sprintf("%s can be called by anybody, as one would expect of it: %s", r.Key(), r.Expected)
		f.Severity = rule.Info
	default:
		f.Message = fmt.Sprintf("%s can be called by anybody: neither its middleware nor its handler %s refuses a request without an identity", r.Key(), r.Handler.Func)
		if r.Method == "GET" || r.Method == "HEAD" {
			f.Severity = rule.Medium
		}
	}
	f.Evidence = append(f.Evidence, rule.Step{Pos: f.Pos, File: r.Registered.File, Line: r.Registered.Line, Note: "the route is registered here"})
	for _, g := range r.Guards {
		f.Evidence = append(f.Evidence, rule.Step{File: g.Attached.File, Line: g.Attached.Line, Note: fmt.Sprintf("%s applies, but %s", g.Name, g.Why)})
	}
	if r.Handler.File != "" {
		f.Evidence = append(f.Evidence, rule.Step{File: r.Handler.File, Line: r.Handler.Line, Note: "the handler is here"})
	}
	return f
}

// posOf finds a line in the package being analysed; a place in another package
// has no position here.
func posOf(pass *analysis.Pass, p routes.Place) token.Pos {
	for _, f := range pass.Files {
		tf := pass.Fset.File(f.Pos())
		if tf != nil && tf.Name() == p.File && p.Line > 0 && p.Line <= tf.LineCount() {
			return tf.LineStart(p.Line)
		}
	}
	return token.NoPos
}

// enclosing returns the function a handler is written in: literals are numbered
// in order, and a number would change with every literal put in front.
func enclosing(name string) string {
	fn, _, _ := strings.Cut(name, "$")
	return fn
}
