// Command loadbench measures the loader on checkouts: how much is typed, at
// what cost.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/buildssa"

	"github.com/launchgate/launchgate/app/scan/goanalysis/declstore"
	"github.com/launchgate/launchgate/app/scan/goanalysis/driver"
	"github.com/launchgate/launchgate/app/scan/goanalysis/load"
	"github.com/launchgate/launchgate/app/scan/goanalysis/stddecl"
)

func main() {
	cache := flag.String("modcache", "", "module cache to take dependencies' sources from")
	storeDir := flag.String("store", "", "declaration store to use")
	withSSA := flag.Bool("ssa", false, "build SSA too")
	verbose := flag.Bool("v", false, "print errors")
	flag.Parse()
	for _, dir := range flag.Args() {
		before, start := cpu(), time.Now()
		opt := load.Options{Dir: dir, Embedded: stddecl.Library{}}
		if *cache != "" {
			opt.Modules = []load.ModuleSource{load.ModuleCache{Dir: *cache}}
		}
		if *storeDir != "" {
			s, err := declstore.Open(*storeDir)
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			opt.Store = s
		}
		r, err := load.Load(context.Background(), opt)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if *withSSA {
			an, err := driver.Run(context.Background(), r, driver.Options{Analyzers: []*analysis.Analyzer{buildssa.Analyzer}})
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			n, of := 0, 0
			for _, a := range an {
				n, of = n+a.SSAFuncs, of+a.SSAOf
				if *verbose && a.SSANote != "" || strings.Contains(a.SSANote, "could not") || len(a.Failed) > 0 {
					fmt.Println("   ssa", a.Package.PkgPath, a.SSANote, a.Failed)
				}
			}
			fmt.Printf("ssa %d/%d ", n, of)
		}
		used := cpu() - before
		var t load.Typedness
		full := 0
		for _, p := range r.Packages {
			t.Exprs += p.Typed.Exprs
			t.ExprsTyped += p.Typed.ExprsTyped
			t.Funcs += p.Typed.Funcs
			t.FuncsTyped += p.Typed.FuncsTyped
			if p.Typed.Full() {
				full++
			}
			if *verbose {
				for i, e := range p.Errors {
					if i < 5 {
						fmt.Println("  ", p.PkgPath, e.Kind, e)
					}
				}
			}
		}
		origins := map[load.Origin]int{}
		for _, d := range r.Deps {
			origins[d.Origin]++
			if *verbose && (d.Errors > 0 || d.Origin == load.FromUse) {
				fmt.Println("   dep", d.Path, d.Module.Version, d.Origin, d.Errors, d.First)
			}
		}
		var ru syscall.Rusage
		syscall.Getrusage(syscall.RUSAGE_SELF, &ru)
		fmt.Printf("%-45s pkgs %d/%d exprs %d %.2f%% funcs %d %.2f%% cpu %.2fs wall %.2fs peak %dMB unread %d skipped %d excluded %d deps %v\n", dir, full, len(r.Packages),
			t.Exprs, pct(t.ExprsTyped, t.Exprs), t.Funcs, pct(t.FuncsTyped, t.Funcs), used.Seconds(), time.Since(start).Seconds(), ru.Maxrss>>10, len(r.Unread), len(r.Skipped), len(r.Excluded), origins)
		runtime.GC()
	}
}

func pct(a, b int) float64 {
	if b == 0 {
		return 100
	}
	return 100 * float64(a) / float64(b)
}

func cpu() time.Duration {
	var ru syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &ru)
	return time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
}
