package goanalysis_test

import (
	"context"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/go/analysis"

	"github.com/launchgate/launchgate/analyzers"
	"github.com/launchgate/launchgate/analyzers/rule"
	"github.com/launchgate/launchgate/app/scan"
	"github.com/launchgate/launchgate/app/scan/goanalysis"
	"github.com/launchgate/launchgate/app/scan/inert"
	"github.com/launchgate/launchgate/app/scan/secrets"
)

// fragile kills its process on packages called boom (endless recursion) and
// hog (more memory than the worker may have).
var fragile = &analysis.Analyzer{
	Name: "fragile", Doc: "dies on some packages", ResultType: rule.ResultType,
	Run: func(pass *analysis.Pass) (any, error) {
		switch pass.Pkg.Name() {
		case "boom":
			return recurse(nil), nil
		case "hog":
			var keep [][]byte
			for {
				b := make([]byte, 64<<20)
				for i := range b {
					b[i] = 1
				}
				keep = append(keep, b)
				_ = keep
			}
		case "panics":
			panic("on purpose")
		}
		return &rule.Findings{}, nil
	},
}

// recurse never ends. Its argument keeps the frames from being reused.
func recurse(x []int) *rule.Findings {
	f := recurse(append(x, len(x)))
	f.List = append(f.List, rule.Finding{Message: "unreachable"})
	return f
}

func crashScanner() goanalysis.Scanner {
	return goanalysis.Scanner{Suite: []*analysis.Analyzer{printer, fragile}, RuleSet: []rule.Rule{printRule}}
}

// wholeSuite is what a review runs, and printer to tell that a package was
// analysed.
func wholeSuite() goanalysis.Scanner {
	return goanalysis.Scanner{Suite: append(analyzers.All(), printer), RuleSet: append(analyzers.Rules(), printRule)}
}

// TestWorkerProcess is the worker when the test runs itself as one; its first
// argument names the suite.
func TestWorkerProcess(t *testing.T) {
	if flag.NArg() == 0 || flag.Arg(flag.NArg()-1) != "code" {
		t.Skip("only as a worker")
	}
	suite := crashScanner()
	if flag.Arg(0) == "whole" {
		suite = wholeSuite()
	}
	os.Exit(scan.WorkerMain(context.Background(), "code", []scan.Scanner{suite}, inert.Make, secrets.NewRedactor(), os.Stdin, os.Stdout))
}

func TestACrashCostsOnePackage(t *testing.T) {
	dir := checkout(t, `
-- go.mod --
module example.com/m
go 1.24
-- a/a.go --
package a

import "fmt"

func A() { fmt.Println() }
-- boom/boom.go --
package boom
-- hog/hog.go --
package hog
-- panics/p.go --
package panics
-- z/z.go --
package z

import "fmt"

func Z() { fmt.Println() }
`)
	rep := inWorker(t, dir, goanalysis.Settings{})
	if len(rep.Head) != 2 {
		t.Errorf("%d findings, want those of packages a and z: %+v", len(rep.Head), rep.Receipt)
	}
	gaps := map[string]string{}
	for _, g := range rep.Receipt.Gaps {
		gaps[strings.TrimPrefix(g.What, "package example.com/m/")] = g.Why
	}
	if len(gaps) != 3 || !strings.Contains(gaps["boom"], "died") || !strings.Contains(gaps["hog"], "died") || !strings.Contains(gaps["panics"], "panicked") {
		t.Errorf("gaps %v, want boom, hog and panics", gaps)
	}
}

// inWorker scans a folder in a real worker process with the analyzers that die.
func inWorker(t *testing.T, dir string, set goanalysis.Settings) scan.Report {
	t.Helper()
	return inWorkerOf(t, "crash", crashScanner(), dir, set, scan.Limits{Wall: time.Minute, MemoryBytes: 768 << 20})
}

func inWorkerOf(t *testing.T, suite string, s goanalysis.Scanner, dir string, set goanalysis.Settings, limits scan.Limits) scan.Report {
	t.Helper()
	raw, err := json.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	r := scan.Runner{
		Command:    []string{os.Args[0], "-test.run=^TestWorkerProcess$", "--", suite},
		Limits:     limits,
		ScratchDir: t.TempDir(),
	}
	return r.Run(context.Background(), []scan.Scanner{s}, scan.Request{HeadDir: dir}, map[string]json.RawMessage{"code": raw}, nil)[0]
}

func TestEndlessTypeCheckingCostsOnePackage(t *testing.T) {
	dir := checkout(t, twoPackages)
	write(t, dir, "t/t.go", "package t\n"+doubling("type t0 struct{ a int }\n", "type t$i struct{ a, b t$p }\n", 60)+"var x, y t60\nvar z = x == y\n")
	write(t, dir, "g/g.go", "package g\ntype p[A, B any] struct { a A; b B }\n"+doubling("type t0[A any] = p[A, A]\n", "type t$i[A any] = p[t$p[A], t$p[A]]\n", 40)+"var x t40[int]\n")
	rep := inWorker(t, dir, goanalysis.Settings{PackageSeconds: 1})
	if len(rep.Head) != 3 {
		t.Errorf("%d findings, want the 3 of the sound packages: %+v", len(rep.Head), rep.Receipt)
	}
	if len(rep.Receipt.Gaps) != 2 {
		t.Errorf("gaps %+v, want packages t and g", rep.Receipt.Gaps)
	}
	for _, g := range rep.Receipt.Gaps {
		if !strings.Contains(g.Why, "took longer than 1s") {
			t.Errorf("gap %+v", g)
		}
	}
}
