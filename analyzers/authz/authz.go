package authz

import (
	"fmt"
	"go/token"
	"reflect"
	"slices"
	"sort"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/launchgate/launchgate/analyzers/internal/eval"
	"github.com/launchgate/launchgate/analyzers/internal/importpath"
	"github.com/launchgate/launchgate/analyzers/internal/program"
	"github.com/launchgate/launchgate/analyzers/routes"
	"github.com/launchgate/launchgate/analyzers/rule"
)

// Routes reconstructs the inventory of a program in the pass over its main
// package; its result is a *Result. Analyzer reports what is wrong with it; its
// result is a *rule.Findings.
var Routes, Analyzer = New(Options{})

// Options say what the analyzers cannot see in the code.
type Options struct {
	// Guards are functions that are declared to be guards, by name.
	Guards []Guard
	// Lists are lists of paths in the configuration files beside the code.
	Lists []List
}

// List is a list of paths that a configuration file holds, or one of its switches.
type List = eval.List

// IsMode reports whether a text is a word as modes are called by; of the texts of
// configuration files the analyzers are told no others.
func IsMode(s string) bool { return eval.IsMode(s) }

// New returns the two analyzers for a program about which something is known
// that its code does not say.
func New(opt Options) (inventory, findings *analysis.Analyzer) {
	inventory = &analysis.Analyzer{
		Name:             "routes",
		Doc:              "routes: reconstruct the routes of a program and who can reach them",
		URL:              rule.URL("authz/missing"),
		Run:              func(pass *analysis.Pass) (any, error) { return runRoutes(pass, opt) },
		RunDespiteErrors: true,
		ResultType:       reflect.TypeOf((*Result)(nil)),
		FactTypes:        []analysis.Fact{(*program.Package)(nil)},
	}
	findings = &analysis.Analyzer{
		Name:             "authz",
		Doc:              "authz: report routes without an authorization guard",
		URL:              rule.URL("authz/missing"),
		RunDespiteErrors: true,
		ResultType:       rule.ResultType,
		Requires:         []*analysis.Analyzer{inventory},
	}
	findings.Run = func(pass *analysis.Pass) (any, error) {
		return run(pass, pass.ResultOf[inventory].(*Result).inventory)
	}
	return inventory, findings
}

// Result is what the Routes analyzer returns; it is empty but for main packages.
type Result struct {
	inventory routes.Inventory
}

// Registers reports whether code that imports some packages registers a route where
// it calls a method of this name with a path, as far as its syntax can tell.
func Registers(imports []string, method string) bool { return eval.Registers(imports, method) }

// RouterVerbs says what is known of the methods of a library's router, group or
// route: what each does when it is called, in package eval's words. It is nil of a
// type that is none.
func RouterVerbs(pkg, typ string) map[string]string { return eval.Verbs(pkg, typ) }

// Inventory returns the program's routes.
func (r *Result) Inventory() []routes.Route { return r.inventory.Routes }

// Missing says what the inventory lacks.
func (r *Result) Missing() []string { return r.inventory.Notes }

func runRoutes(pass *analysis.Pass, opt Options) (any, error) {
	if foreign(pass) {
		return &Result{}, nil
	}
	own := program.Build(pass.Fset, pass.Files, pass.Pkg, pass.TypesInfo)
	pass.ExportPackageFact(own)
	res := &Result{}
	if pass.Pkg.Name() != "main" {
		return res, nil
	}
	pkgs := programOf(pass, own)
	res.inventory = eval.Run(pkgs, own.Path, opt.Lists)
	c := newCalls(pkgs)
	for i := range res.inventory.Routes {
		r := &res.inventory.Routes[i]
		declare(r, opt.Guards, c)
		if r.Access == routes.Public {
			r.Expected = expected(*r, r.Signed || c.any(r.Handler, signatureCheck), r.Signed || c.any(r.Handler, eval.VerifiesMessage))
			if r.Expected == "" {
				r.Expected = c.unharmful(*r)
			}
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
	return len(pass.Files) > 0 && importpath.Standard(pass.Pkg.Path(), pass.Fset.File(pass.Files[0].FileStart).Name())
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

func run(pass *analysis.Pass, inv routes.Inventory) (any, error) {
	fs := &rule.Findings{}
	group := newSiblings(inv.Routes)
	logins, roles := map[string]bool{}, false
	for _, r := range inv.Routes {
		roles = roles || r.Access == routes.Role
		for _, g := range r.Guards {
			if g.Kind == routes.KindAuth && !administrative(r) {
				logins[g.Name] = true
			}
		}
	}
	credulous(pass, fs, inv.Routes)
	for _, r := range inv.Routes {
		f := finding(pass, r)
		switch r.Access {
		case routes.Public:
			open(pass, &f, r, group)
		case routes.Unresolved:
			f.Rule = &unresolved
			f.Message = fmt.Sprintf("%s: whether a guard protects it could not be decided: %s", r.Key(), r.Reason)
		case routes.Authenticated:
			if !lowRole(&f, r, group, logins, roles) {
				continue
			}
		default:
			continue
		}
		fs.Report(pass, f)
	}
	return fs, nil
}

// credulous reports the guards that take whatever is sent for true, each with the
// routes that have no better one.
func credulous(pass *analysis.Pass, fs *rule.Findings, all []routes.Route) {
	found := map[routes.Symbol]*rule.Finding{}
	var order []routes.Symbol
	for _, r := range all {
		if slices.ContainsFunc(r.Guards, func(g routes.Guard) bool {
			return (g.Kind == routes.KindAuth || g.Kind == routes.KindRole) && !g.Believes
		}) {
			continue
		}
		for _, g := range r.Guards {
			if !g.Believes || g.File == "" {
				continue
			}
			s := symbol(g)
			f := found[s]
			if f == nil {
				at := routes.Place{File: g.File, Line: g.Line}
				f = &rule.Finding{Rule: &unverified, Symbol: enclosing(g.Name), Key: g.Name, File: at.File, Line: at.Line, Pos: posOf(pass, at), Message: s.Label() + " " + g.Why}
				f.Evidence = append(f.Evidence, rule.Step{Pos: f.Pos, File: at.File, Line: at.Line, Note: "the guard is here"})
				if g.Refused.File != "" {
					f.Evidence = append(f.Evidence, rule.Step{File: g.Refused.File, Line: g.Refused.Line, Note: "who sends nothing is refused here"})
				}
				found[s], order = f, append(order, s)
			}
			if !slices.Contains(f.Routes, r.Key()) {
				f.Routes = append(f.Routes, r.Key())
			}
		}
	}
	for _, s := range order {
		f := found[s]
		if n := len(f.Routes); n > 1 {
			f.Message += fmt.Sprintf("; %d routes have no better guard", n)
		} else {
			f.Message += "; " + f.Routes[0] + " has no better guard"
		}
		fs.Report(pass, *f)
	}
}

// finding is what findings about a route have in common.
func finding(pass *analysis.Pass, r routes.Route) rule.Finding {
	f := rule.Finding{Symbol: enclosing(r.Handler.Func), Key: r.Key(), Routes: []string{r.Key()}, Expected: r.Expected,
		File: r.Registered.File, Line: r.Registered.Line, Pos: posOf(pass, r.Registered)}
	f.Evidence = append(f.Evidence, rule.Step{Pos: f.Pos, File: r.Registered.File, Line: r.Registered.Line, Note: "the route is registered here"})
	for _, g := range r.Guards {
		f.Evidence = append(f.Evidence, rule.Step{File: g.Attached.File, Line: g.Attached.Line, Note: fmt.Sprintf("%s applies: %s", g.Name, g.Why)})
	}
	if r.Handler.File != "" {
		f.Evidence = append(f.Evidence, rule.Step{File: r.Handler.File, Line: r.Handler.Line, Note: "the handler is here"})
	}
	return f
}

// open says why anybody can call a route: the guard that comes too late, that
// does not abort or that lets strangers pass, or that there is none.
func open(pass *analysis.Pass, f *rule.Finding, r routes.Route, group *siblings) {
	f.Rule = &missing
	reads := r.Method == "GET" || r.Method == "HEAD"
	if reads {
		f.Severity = rule.Medium
	}
	late, milder := lateGuard(r)
	what := fmt.Sprintf("neither its middleware nor its handler %s refuses a request without an identity", r.Handler.Label())
	if flaw := guardWith(r, func(g routes.Guard) bool { return g.Flaw == routes.FlawAbort }); flaw != nil {
		f.Rule, f.Severity = &abortMissing, ""
		// What is wrong is in the guard, not where the route is registered.
		f.File, f.Line, f.Pos = flaw.FlawAt.File, flaw.FlawAt.Line, posOf(pass, flaw.FlawAt)
		what = fmt.Sprintf("its guard %s %s", label(*flaw), flaw.Why)
		f.Evidence = append(f.Evidence, rule.Step{File: flaw.FlawAt.File, Line: flaw.FlawAt.Line, Note: "the answer is written here, and does not end the request"})
	} else if late != nil {
		f.Rule = &order
		what = fmt.Sprintf("it is registered before %s is put on its router", label(*late))
		if late.Attached == r.Registered {
			what = fmt.Sprintf("%s is given after the handler %s and runs when that has answered", label(*late), r.Handler.Label())
		}
		f.Evidence = append(f.Evidence, rule.Step{File: late.Attached.File, Line: late.Attached.Line, Note: fmt.Sprintf("%s is attached here, too late for this route", label(*late))})
	} else if opt := guardWith(r, func(g routes.Guard) bool {
		return g.Kind == routes.KindOptional || milder != nil && g.Name == milder.Name
	}); opt != nil {
		f.Rule = &optionalGuard
		if reads {
			// A guard that greets strangers on a page to read is chosen on purpose;
			// one that was strict before is a lost guard.
			f.Severity = rule.Low
		}
		what = fmt.Sprintf("its guard %s %s", opt.Name, opt.Why)
	}
	if r.Expected != "" {
		f.Rule, f.Severity = &missing, rule.Info
		f.Message = fmt.Sprintf("%s can be called by anybody, as one would expect of it: %s", r.Key(), r.Expected)
		return
	}
	f.Message = fmt.Sprintf("%s can be called by anybody: %s", r.Key(), what)
	if c, ok := group.habit(r, false); ok {
		f.Severity = ""
		f.Message += "; " + c.String()
		f.Evidence = append(f.Evidence, rule.Step{File: c.guard.Attached.File, Line: c.guard.Attached.Line, Note: fmt.Sprintf("%s guards the other routes under %s", c.guard.Name, c.prefix)})
	}
}

// lateGuard is a guard that comes too late for a route. One that the route has in a
// milder form, which lets strangers pass, is none: somebody chose that for it, and
// the strict one for the rest.
func lateGuard(r routes.Route) (late, milder *routes.Guard) {
	for i := range r.Late {
		l := &r.Late[i]
		g := guardWith(r, func(g routes.Guard) bool { return g.Name == l.Name && g.File == l.File && g.Line == l.Line })
		if g == nil {
			return l, nil
		}
		milder = g
	}
	return nil, milder
}

// symbol is the function that a guard is.
func symbol(g routes.Guard) routes.Symbol {
	return routes.Symbol{Func: g.Name, File: g.File, Line: g.Line, Literal: g.Literal}
}

// label is what a guard is called where people read.
func label(g routes.Guard) string { return symbol(g).Label() }

func guardWith(r routes.Route, is func(routes.Guard) bool) *routes.Guard {
	if i := slices.IndexFunc(r.Guards, is); i >= 0 {
		return &r.Guards[i]
	}
	return nil
}

// administrative reports whether a route says of itself that it is for staff.
func administrative(r routes.Route) bool { return adminWord(r.Path) || adminWord(r.Handler.Func) }

// lowRole reports a route that asks for a login where one would expect a role:
// because it says so itself, or because all its siblings do. logins are the
// guards that ordinary routes use: one that only administration uses is its own
// check already.
func lowRole(f *rule.Finding, r routes.Route, group *siblings, logins map[string]bool, roles bool) bool {
	f.Rule = &roleMissing
	login, ordinary := "", false
	for _, g := range r.Guards {
		if g.Kind == routes.KindAuth {
			login, ordinary = g.Name, ordinary || logins[g.Name]
		}
	}
	if !ordinary || login == r.Handler.Func {
		return false
	}
	admin := administrative(r)
	c, habit := group.habit(r, true)
	reads := r.Method == "GET" || r.Method == "HEAD"
	switch {
	case admin && habit, habit && c.with == c.of && !reads:
		f.Message = fmt.Sprintf("%s asks for a login (%s), not for a role: %s", r.Key(), login, c)
		f.Evidence = append(f.Evidence, rule.Step{File: c.guard.Attached.File, Line: c.guard.Attached.Line, Note: fmt.Sprintf("%s checks the role for the other routes under %s", c.guard.Name, c.prefix)})
	case admin:
		f.Message = fmt.Sprintf("%s looks like administration, and any caller who passes %s may use it: no role or permission is checked", r.Key(), login)
	default:
		return false
	}
	// Where no route of the program checks a role, a login may be all there is.
	if !admin || !roles {
		f.Confidence = rule.Unsure
	}
	return true
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
