package goanalysis_test

import (
	"context"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/types"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/buildssa"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/types/typeutil"
	"golang.org/x/tools/txtar"

	"github.com/launchgate/launchgate/analyzers/rule"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan"
	"github.com/launchgate/launchgate/app/scan/goanalysis"
	"github.com/launchgate/launchgate/app/scan/goanalysis/load"
)

var printRule = rule.Rule{ID: "test/print", Title: "Printing", Severity: rule.Medium, Confidence: rule.Certain}

// printer reports calls of fmt.Println, and of functions that call it, in
// whatever package they are: it needs types, SSA, facts and the result type.
var printer = &analysis.Analyzer{
	Name: "printer", Doc: "reports calls that print", ResultType: rule.ResultType,
	Requires:  []*analysis.Analyzer{inspect.Analyzer, buildssa.Analyzer},
	FactTypes: []analysis.Fact{new(prints)},
	Run: func(pass *analysis.Pass) (any, error) {
		fs := &rule.Findings{}
		_ = pass.ResultOf[buildssa.Analyzer].(*buildssa.SSA)
		for _, f := range pass.Files {
			for _, d := range f.Decls {
				fd, ok := d.(*ast.FuncDecl)
				if !ok {
					continue
				}
				ast.Inspect(fd, func(n ast.Node) bool {
					call, ok := n.(*ast.CallExpr)
					if !ok {
						return true
					}
					fn, _ := typeutil.Callee(pass.TypesInfo, call).(*types.Func)
					if fn == nil || fn.FullName() != "fmt.Println" && !pass.ImportObjectFact(fn, new(prints)) {
						return true
					}
					if own, ok := pass.TypesInfo.Defs[fd.Name].(*types.Func); ok {
						pass.ExportObjectFact(own, new(prints))
					}
					fs.Report(pass, rule.Finding{Rule: &printRule, Pos: call.Pos(), End: call.End(), Message: "prints", Symbol: fd.Name.Name, Key: fn.FullName(),
						Fixes: []analysis.SuggestedFix{{Message: "Remove it", TextEdits: []analysis.TextEdit{{Pos: call.Pos(), End: call.End()}}}}})
					return true
				})
			}
		}
		return fs, nil
	},
}

type prints struct{ Yes bool }

func (*prints) AFact() {}

// checkout lays out a txtar archive as a folder.
func checkout(t *testing.T, archive string) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range txtar.Parse([]byte(archive)).Files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func scanDir(t *testing.T, dir string, set goanalysis.Settings) scan.Report {
	t.Helper()
	raw, _ := json.Marshal(set)
	s := goanalysis.Scanner{Suite: []*analysis.Analyzer{printer}, RuleSet: []rule.Rule{printRule}}
	rep, err := s.Scan(context.Background(), scan.Request{HeadDir: dir, Settings: raw}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

const twoPackages = `
-- go.mod --
module example.com/shop
go 1.24
-- a/a.go --
package a

import (
	"fmt"
	"example.com/shop/b"
	"github.com/unknown/dep"
)

func Direct() {
	fmt.Println("x")
}

func Through(c *dep.Client) {
	b.Say()
	c.Do(1, 2).Or("three")
}
-- b/b.go --
package b

import "fmt"

//line /etc/passwd:1
func Say() {
	fmt.Println("y")
}
`

func TestFindingsCrossPackagesAndKeepTheFilesOwnLines(t *testing.T) {
	rep := scanDir(t, checkout(t, twoPackages), goanalysis.Settings{})
	var got []string
	for _, f := range rep.Head {
		got = append(got, f.Place.Path+" "+f.Symbol+" "+f.Key)
		if f.Place.Line == 0 || f.Fix == nil || len(f.Fix.Edits) != 1 {
			t.Errorf("finding without line or fix: %+v", f)
		}
	}
	want := []string{
		"a/a.go Direct fmt.Println",
		"a/a.go Through example.com/shop/b.Say",
		"b/b.go Say fmt.Println",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("findings %q, want %q", got, want)
	}
	if l := rep.Head[2].Place.Line; l != 7 {
		t.Errorf("line %d of b.go, want 7: //line must not move it", l)
	}
	// Removing the call leaves "fmt" unused in b.go and "b" unused in a.go, so
	// these fixes do not compile; a.go cannot be proved for its missing import.
	for _, f := range rep.Head {
		if f.Fix.Proved {
			t.Errorf("%s: a fix that does not compile is called proved", f.Symbol)
		}
	}
	if e := rep.Head[2].Fix.Edits[0]; e.StartLine != 7 || e.EndLine != 7 || strings.TrimSpace(e.New) != "" {
		t.Errorf("edit %+v", e)
	}
	if !rep.Receipt.Complete() {
		t.Errorf("a missing dependency alone must not be a gap: %+v", rep.Receipt)
	}
	if notes := strings.Join(rep.Receipt.Notes, "\n"); !strings.Contains(notes, "github.com/unknown/dep") {
		t.Errorf("the receipt does not name the missing dependency:\n%s", notes)
	}
	want2 := []review.Part{{What: "package example.com/shop/a", State: "typed in part", Why: "missing dependency github.com/unknown/dep",
		Details: []string{"Through (a/a.go:13): missing dependency github.com/unknown/dep"}}}
	if !reflect.DeepEqual(rep.Receipt.Parts, want2) {
		t.Errorf("parts %+v, want %+v", rep.Receipt.Parts, want2)
	}
}

func TestOneBrokenPackageOfThree(t *testing.T) {
	rep := scanDir(t, checkout(t, twoPackages+`
-- c/c.go --
package c

func Broken( {
`), goanalysis.Settings{})
	if len(rep.Head) != 3 {
		t.Errorf("%d findings, want the 3 of the sound packages", len(rep.Head))
	}
	if len(rep.Receipt.Gaps) != 1 || rep.Receipt.Gaps[0].Code != review.CodePackageNotTyped || !strings.Contains(rep.Receipt.Gaps[0].Why, "c/c.go:3") {
		t.Errorf("gaps %+v", rep.Receipt.Gaps)
	}
}

func TestTheReceiptSaysWhyAPackageIsTypedInPart(t *testing.T) {
	rep := scanDir(t, checkout(t, `
-- go.mod --
module example.com/m
go 1.99
-- future/f.go --
package future

func F() int { return fromTheFuture(1) }
func G() int { return 1 }
-- user/u.go --
package user

import "example.com/m/future"

func U() int { return future.F() }
-- old/go.mod --
module example.com/old
go 1.15
-- old/o.go --
package old

func H[T any](x T) {}
`), goanalysis.Settings{})
	want := []review.Part{
		{What: "package example.com/m/future", State: "typed in part",
			Why:     "future/f.go:3: undefined: fromTheFuture; go.mod asks for go1.99, newer than the go1.26 this build knows",
			Details: []string{"F (future/f.go:3): future/f.go:3: undefined: fromTheFuture"}},
		{What: "package example.com/old", State: "not typed", Why: "old/o.go:3: type parameter requires go1.18 or later",
			Details: []string{"H (old/o.go:3): old/o.go:3: type parameter requires go1.18 or later"}},
	}
	if !reflect.DeepEqual(rep.Receipt.Parts, want) {
		t.Errorf("parts\n%+v\nwant\n%+v", rep.Receipt.Parts, want)
	}
	notes := strings.Join(rep.Receipt.Notes, "\n")
	for _, n := range []string{"module example.com/m (.): 1 of 2 packages typed in full", "module example.com/old (old): 0 of 1 packages typed in full"} {
		if !strings.Contains(notes, n) {
			t.Errorf("the receipt does not say %q:\n%s", n, notes)
		}
	}
}

func TestNoGo(t *testing.T) {
	rep := scanDir(t, checkout(t, "-- README.md --\nhello\n"), goanalysis.Settings{})
	if !rep.Receipt.Complete() || len(rep.Head) != 0 || !strings.Contains(strings.Join(rep.Receipt.Notes, " "), "no Go module") {
		t.Errorf("%+v", rep.Receipt)
	}
}

func TestAFixIsProvedByTryingIt(t *testing.T) {
	rep := scanDir(t, checkout(t, `
-- go.mod --
module example.com/m
go 1.24
-- a.go --
package m

import "fmt"

func F() {
	fmt.Println("x")
}

var _ = fmt.Sprint
`), goanalysis.Settings{})
	if len(rep.Head) != 1 || rep.Head[0].Fix == nil || !rep.Head[0].Fix.Proved {
		t.Errorf("findings %+v, want one with a proved fix", rep.Head)
	}
}

// TestTheMergeBaseIsNotWorkedOutAgain: an ordinary review meets a base that an
// earlier one has seen, and types and analyses the head only.
func TestTheMergeBaseIsNotWorkedOutAgain(t *testing.T) {
	const program = `
-- go.mod --
module example.com/m
go 1.24
-- main.go --
package main

import "net/http"

func auth(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer let-me-in" {
			w.WriteHeader(401)
			return
		}
		next(w, r)
	}
}

func serve(http.ResponseWriter, *http.Request) {}

func main() {
	http.HandleFunc("GET /a", auth(serve))
	http.HandleFunc("GET /same", auth(serve))
	http.ListenAndServe(":1", nil)
}
`
	cache := t.TempDir()
	base, head := checkout(t, program), checkout(t, strings.Replace(program, "GET /a", "GET /b", 1))
	scanned := func(req scan.Request) (scan.Report, map[string]int) {
		var mu sync.Mutex // events come from several goroutines
		stages := map[string]int{}
		req.CacheDir, req.FingerprintKey = cache, make([]byte, 32)
		rep, err := goanalysis.Scanner{}.Scan(context.Background(), req, func(e scan.Event) {
			mu.Lock()
			defer mu.Unlock()
			stages[e.Stage]++
		})
		if err != nil {
			t.Fatal(err)
		}
		return rep, stages
	}
	scanned(scan.Request{HeadDir: base})
	rep, stages := scanned(scan.Request{HeadDir: head, BaseDir: base, MergeBase: review.SHA(strings.Repeat("1", 40))})
	if stages["typing"] == 0 || stages["merge base: typing"] != 0 {
		t.Errorf("stages %v, want the head typed and the merge base not", stages)
	}
	var got []string
	for _, r := range append(rep.Routes, rep.BaseRoutes...) {
		got = append(got, fmt.Sprintf("%s traced: %v", r.Path, len(r.Guards) == 1 && r.Guards[0].Attached.Line > 0))
	}
	want := []string{"/b traced: true", "/same traced: false", "/a traced: true", "/same traced: false"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("routes %q, want %q: what tells why a route changed is kept of those that did", got, want)
	}
}

func TestOnlyWhatChangedIsAnalysedAgain(t *testing.T) {
	cache := t.TempDir()
	dir := checkout(t, twoPackages+`
-- alone/alone.go --
package alone

import "fmt"

func Alone() { fmt.Println() }
`)
	scanCached := func(cache string) scan.Report {
		s := goanalysis.Scanner{Suite: []*analysis.Analyzer{printer}, RuleSet: []rule.Rule{printRule}}
		rep, err := s.Scan(context.Background(), scan.Request{HeadDir: dir, CacheDir: cache, FingerprintKey: make([]byte, 32)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return rep
	}
	reused := func(rep scan.Report) string {
		for _, n := range rep.Receipt.Notes {
			if strings.Contains(n, "reused") {
				return n
			}
		}
		return ""
	}
	if n := reused(scanCached(cache)); n != "" {
		t.Fatalf("the first look says %q", n)
	}
	if n := reused(scanCached(cache)); !strings.Contains(n, "3 packages") {
		t.Errorf("an unchanged tree: %q, want all 3 reused", n)
	}
	// a imports b: b's fact must come out of the cache for a's new look.
	a := filepath.Join(dir, "a", "a.go")
	src, err := os.ReadFile(a)
	if err != nil {
		t.Fatal(err)
	}
	must(t, os.WriteFile(a, append(src, "\nfunc More() { b.Say() }\n"...), 0o644))
	got := scanCached(cache)
	if n := reused(got); !strings.Contains(n, "2 packages") {
		t.Errorf("after a change of a: %q, want b and alone reused", n)
	}
	want := scanCached(t.TempDir())
	if !reflect.DeepEqual(got.Head, want.Head) || len(got.Head) != 5 {
		t.Errorf("with cache %d findings, without %d, want 5 and the same:\n%+v\n%+v", len(got.Head), len(want.Head), got.Head, want.Head)
	}
	// A change of b reaches a, which imports it.
	b := filepath.Join(dir, "b", "b.go")
	src, err = os.ReadFile(b)
	if err != nil {
		t.Fatal(err)
	}
	must(t, os.WriteFile(b, []byte(strings.Replace(string(src), `fmt.Println("y")`, `_ = fmt.Sprint("y")`, 1)), 0o644))
	got = scanCached(cache)
	if n := reused(got); !strings.Contains(n, "1 package ") || len(got.Head) != 2 {
		t.Errorf("after a change of b: %q and %d findings, want alone reused and 2", n, len(got.Head))
	}
}

func TestMergeBaseReusesTheHeadsPackages(t *testing.T) {
	head, base := checkout(t, twoPackages), checkout(t, twoPackages)
	write(t, head, "new/new.go", "package new\n\nimport \"fmt\"\n\nfunc New() { fmt.Println() }\n")
	s := goanalysis.Scanner{Suite: []*analysis.Analyzer{printer}, RuleSet: []rule.Rule{printRule}}
	rep, err := s.Scan(context.Background(), scan.Request{HeadDir: head, BaseDir: base, MergeBase: "1111111111111111111111111111111111111111"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(rep.Head) != 4 || len(rep.Base) != 3 {
		t.Errorf("%d findings at the head and %d at the base, want 4 and 3", len(rep.Head), len(rep.Base))
	}
	if !reflect.DeepEqual(rep.Base, rep.Head[:3]) {
		t.Errorf("the same packages give other findings at the base:\n%+v\n%+v", rep.Base, rep.Head[:3])
	}
}

func TestLimitsAreConfigurableAndSaid(t *testing.T) {
	dir := checkout(t, "-- go.mod --\nmodule example.com/m\ngo 1.24\n-- a.go --\npackage m\n\nvar X = \"a longer file than is allowed here\"\n-- b.go --\npackage m\n")
	rep := scanDir(t, dir, goanalysis.Settings{Limits: load.Limits{FileBytes: 30}})
	if rep.Receipt.Complete() || !strings.Contains(receiptText(rep), "larger than 30 bytes") {
		t.Errorf("receipt %s", receiptText(rep))
	}
	many := t.TempDir()
	write(t, many, "go.mod", "module example.com/m\n\ngo 1.24\n")
	for i := range 300 {
		write(t, many, fmt.Sprintf("p%d/p.go", i), "package p(\n")
	}
	rep = scanDir(t, many, goanalysis.Settings{})
	if n := len(rep.Receipt.Gaps); n != 101 || !strings.Contains(rep.Receipt.Gaps[100].What, "200 more") {
		t.Errorf("%d gaps, want 100 and the count of the others: %+v", n, rep.Receipt.Gaps[n-1])
	}
}
