// Command loadbench measures the loader on checkouts: how much is typed and at
// what cost, from sources, with a warm store and with embedded declarations
// only, and how far its types agree with go/packages. Its output is Markdown.
//
//	loadbench -modcache ~/go/pkg/mod DIR…          typing and cost
//	loadbench -modcache ~/go/pkg/mod -agree DIR…   agreement with go/packages
//	                                               (built with -tags agree)
//
// Every measurement is a process of its own, so that CPU time and memory are
// that one's alone.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"runtime/pprof"
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

// measurement is what one process found out about one checkout.
type measurement struct {
	Packages, Full    int
	Exprs, ExprsTyped int
	Funcs, FuncsTyped int
	SSA               int
	Lines             int
	CPU, Wall         time.Duration
	PeakMB            int64
	Agreement         *agreement
}

type options struct {
	modcache, store string
	embedded, agree bool
	verbose         bool
}

// agreement says how many sampled expressions have the same type here and in
// go/packages.
type agreement struct {
	Packages, Compared, Same int
	Untyped                  int      // no type here
	Diff                     []string // a few that are typed otherwise
}

// compare is set in builds with the tag "agree".
var compare func(dir string, ours *load.Result) (*agreement, error)

func main() {
	var o options
	flag.StringVar(&o.modcache, "modcache", "", "module cache to take dependencies' sources from")
	flag.StringVar(&o.store, "store", "", "declaration store to use")
	flag.BoolVar(&o.embedded, "embedded", true, "use the embedded declarations of well-known modules")
	flag.BoolVar(&o.agree, "agree", false, "compare types with go/packages")
	flag.BoolVar(&o.verbose, "v", false, "print errors")
	profile := flag.String("cpuprofile", "", "with -one: write a CPU profile to this file")
	one := flag.Bool("one", false, "measure one checkout in this process and print JSON")
	flag.Parse()
	if *profile != "" {
		f, err := os.Create(*profile)
		if err == nil {
			err = pprof.StartCPUProfile(f)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "loadbench:", err)
			os.Exit(1)
		}
		defer f.Close()
		defer pprof.StopCPUProfile()
	}
	if err := run(o, *one, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "loadbench:", err)
		os.Exit(1)
	}
}

func run(o options, one bool, dirs []string) error {
	if one {
		m, err := measure(o, dirs[0])
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(m)
	}
	if o.agree {
		if compare == nil {
			return errors.New("build with -tags agree to compare with go/packages")
		}
		return agreeTable(o, dirs)
	}
	return typingTable(o, dirs)
}

// child measures a checkout in a process of its own.
func child(o options, dir string, extra ...string) (measurement, error) {
	args := append([]string{"-one"}, extra...)
	cmd := exec.Command(os.Args[0], append(args, dir)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	var m measurement
	if err == nil {
		err = json.Unmarshal(out, &m)
	}
	if err != nil {
		return m, fmt.Errorf("%s: %w", dir, err)
	}
	return m, nil
}

func typingTable(o options, dirs []string) error {
	fmt.Println("| application | kLOC | packages | exprs typed, modules at hand | functions | CPU s | peak MB | warm store CPU s | peak MB | exprs typed, embedded only | functions | CPU s |")
	fmt.Println("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
	var sumE, sumF float64
	good := 0
	for _, dir := range dirs {
		full, err := child(o, dir, "-modcache", o.modcache)
		if err != nil {
			return err
		}
		store, err := os.MkdirTemp("", "loadbench")
		if err != nil {
			return err
		}
		defer os.RemoveAll(store)
		if _, err := child(o, dir, "-modcache", o.modcache, "-store", store); err != nil {
			return err
		}
		warm, err := child(o, dir, "-store", store, "-embedded=false")
		if err != nil {
			return err
		}
		emb, err := child(o, dir)
		if err != nil {
			return err
		}
		fmt.Printf("| %s | %.1f | %d | %.2f %% | %.2f %% | %.2f | %d | %.2f | %d | %.2f %% | %.2f %% | %.2f |\n", filepath.Base(dir), float64(full.Lines)/1000, full.Packages,
			pct(full.ExprsTyped, full.Exprs), pct(full.FuncsTyped, full.Funcs), full.CPU.Seconds(), full.PeakMB,
			warm.CPU.Seconds(), warm.PeakMB, pct(emb.ExprsTyped, emb.Exprs), pct(emb.FuncsTyped, emb.Funcs), emb.CPU.Seconds())
		sumE, sumF = sumE+pct(emb.ExprsTyped, emb.Exprs), sumF+pct(emb.FuncsTyped, emb.Funcs)
		if pct(full.ExprsTyped, full.Exprs) >= 99.5 {
			good++
		}
	}
	n := float64(max(len(dirs), 1))
	fmt.Printf("\nWith modules at hand %d of %d applications have at least 99.5 %% of their expressions typed.\nWith embedded declarations only the averages are %.2f %% of expressions and %.2f %% of functions.\n", good, len(dirs), sumE/n, sumF/n)
	return nil
}

func agreeTable(o options, dirs []string) error {
	fmt.Println("| application | packages compared | expressions compared | same type | untyped here | typed otherwise | such as |")
	fmt.Println("| --- | --- | --- | --- | --- | --- | --- |")
	for _, dir := range dirs {
		m, err := child(o, dir, "-agree", "-modcache", o.modcache)
		if err != nil {
			fmt.Printf("| %s | could not be compared: %v |||\n", filepath.Base(dir), err)
			continue
		}
		a := m.Agreement
		fmt.Printf("| %s | %d of %d | %d | %.4f %% | %d | %d | %s |\n", filepath.Base(dir), a.Packages, m.Packages, a.Compared, pct(a.Same, a.Compared),
			a.Untyped, a.Compared-a.Same-a.Untyped, strings.Join(a.Diff, "; "))
	}
	return nil
}

func measure(o options, dir string) (*measurement, error) {
	debug.SetGCPercent(50) // as the scanner does
	start := time.Now()
	opt := load.Options{Dir: dir, Embedded: stddecl.Library{}}
	if !o.embedded {
		opt.Embedded = stddecl.StandardOnly{}
	}
	if o.modcache != "" {
		opt.Modules = []load.ModuleSource{load.ModuleCache{Dir: o.modcache}}
	}
	if o.store != "" {
		s, err := declstore.Open(o.store)
		if err != nil {
			return nil, err
		}
		defer s.Close()
		opt.Store = s
	}
	r, err := load.Load(context.Background(), opt)
	if err != nil {
		return nil, err
	}
	an, err := driver.Run(context.Background(), r, driver.Options{Analyzers: []*analysis.Analyzer{buildssa.Analyzer}})
	if err != nil {
		return nil, err
	}
	m := &measurement{Packages: len(r.Packages)}
	for _, a := range an {
		m.SSA += a.SSAFuncs
	}
	for _, p := range r.Packages {
		m.Exprs, m.ExprsTyped = m.Exprs+p.Typed.Exprs, m.ExprsTyped+p.Typed.ExprsTyped
		m.Funcs, m.FuncsTyped = m.Funcs+p.Typed.Funcs, m.FuncsTyped+p.Typed.FuncsTyped
		if p.Typed.Full() {
			m.Full++
		}
		for _, f := range p.Files {
			m.Lines += strings.Count(string(f.Source), "\n")
		}
		if o.verbose {
			for i, e := range p.Errors {
				if i < 5 {
					fmt.Fprintln(os.Stderr, "  ", p.PkgPath, e.Kind, e)
				}
			}
		}
	}
	for _, d := range r.Deps {
		if o.verbose && (d.Errors > 0 || d.Origin == load.FromUse) {
			fmt.Fprintln(os.Stderr, "   dep", d.Path, d.Module.Version, d.Origin, d.Errors, d.First)
		}
	}
	var ru syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &ru); err != nil {
		return nil, err
	}
	m.CPU, m.Wall, m.PeakMB = time.Duration(ru.Utime.Nano()+ru.Stime.Nano()), time.Since(start), ru.Maxrss>>10
	if o.agree {
		m.Agreement, err = compare(dir, r)
	}
	return m, err
}

func pct(a, b int) float64 {
	if b == 0 {
		return 100
	}
	return 100 * float64(a) / float64(b)
}
