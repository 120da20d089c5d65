// Command secretsbench compares the secrets scanner with the gitleaks command on
// real histories: CPU and wall time in interleaved runs, peak memory, and
// whether both report the same findings, fingerprint for fingerprint.
//
//	go install github.com/zricethezav/gitleaks/v8
//	go run ./cmd/secretsbench -rounds 3 DIR...
//	go run ./cmd/secretsbench -cases
//	go run ./cmd/secretsbench -scaling -rounds 5 DIR...
//	make build && go run ./cmd/secretsbench -push dist/launchgate -rounds 3 DIR...
//
// Each DIR is a git repository. Both are told to use the default rules and look
// at all refs. CPU is that of the process and of the git processes it waited
// for.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/launchgate/launchgate/app/scan/secrets"
)

func main() {
	gitleaks := flag.String("gitleaks", "gitleaks", "the gitleaks command to compare with")
	rounds := flag.Int("rounds", 3, "how many times each is run, in turns; the median counts")
	cores := flag.Int("cores", 0, "how many cores ours may use (0: all)")
	hard := flag.Bool("cases", false, "instead, show side by side what both say of histories that are hard to get right")
	scaling := flag.Bool("scaling", false, "instead, compare ours on one core with ours on two, in turns; run it when nothing else runs")
	pushWith := flag.String("push", "", "instead, compare what this launchgate binary needs for a push with what it needs for the whole history, and with what the gitleaks command needs for that if it is there; the least counts")
	places := flag.Int("places", 9, "with -push, how many pushes of each history")
	scan := flag.Bool("scan", false, "internal: scan the one directory and print fingerprints")
	flag.Parse()
	if *scan {
		os.Exit(child(flag.Arg(0)))
	}
	if *hard {
		if err := showCases(*gitleaks); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "usage: secretsbench [-gitleaks PATH] [-rounds N] DIR...")
		os.Exit(64)
	}
	if *scaling {
		if err := showScaling(flag.Args(), *rounds); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if *pushWith != "" {
		if err := showPush(*pushWith, *gitleaks, flag.Args(), *places, *rounds); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	same := true
	fmt.Printf("| history | commits | looked at MB | findings | same | gitleaks CPU s | ours CPU s | ratio | gitleaks wall s | ours wall s | ratio | gitleaks MB | ours MB |\n")
	fmt.Printf("|---|---|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, dir := range flag.Args() {
		ok, err := compare(*gitleaks, dir, *rounds, *cores)
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", dir, err)
		}
		same = same && ok && err == nil
	}
	if !same {
		os.Exit(1)
	}
}

// child is one scan of ours in a process of its own.
func child(dir string) int {
	debug.SetGCPercent(400) // as workers do
	res, err := secrets.PlainHistory(context.Background(), dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	if err := json.NewEncoder(os.Stdout).Encode(res); err != nil {
		return 2
	}
	return 0
}

// cost is what one run used. Memory is the largest single process.
type cost struct {
	cpu, wall time.Duration
	peak      int64
}

func run(cmd *exec.Cmd) (cost, []byte, error) { return runAs((*exec.Cmd).Start, cmd) }

// runAs is run for a command that start starts.
func runAs(start func(*exec.Cmd) error, cmd *exec.Cmd) (cost, []byte, error) {
	var out bytes.Buffer
	cmd.Stdout = &out
	began := time.Now()
	err := start(cmd)
	if err != nil {
		return cost{}, nil, err
	}
	err = cmd.Wait()
	c := cost{wall: time.Since(began)}
	if ru, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		// wait4 counts the children the process itself waited for.
		c.cpu = time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
		c.peak = ru.Maxrss * 1024
	}
	return c, out.Bytes(), err
}

// runGitleaks has the gitleaks command look at a history. The report on disk is redacted,
// so that it holds no secret.
func runGitleaks(gitleaks, config, report, dir string, more ...string) (cost, error) {
	args := []string{"git", "--no-banner", "--log-level=error", "--exit-code=0", "--redact", "--config", config,
		"--gitleaks-ignore-path", filepath.Dir(config), "--report-format=json", "--report-path", report}
	c, _, err := run(exec.Command(gitleaks, append(append(args, more...), dir)...))
	if err != nil {
		return c, fmt.Errorf("gitleaks: %w", err)
	}
	return c, nil
}

// defaultConfig writes a configuration that is gitleaks' own into a folder.
func defaultConfig(dir string) (path string, err error) {
	path = filepath.Join(dir, "default.toml")
	return path, os.WriteFile(path, []byte("[extend]\nuseDefault = true\n"), 0o600)
}

func compare(gitleaks, dir string, rounds, cores int) (bool, error) {
	self, err := os.Executable()
	if err != nil {
		return false, err
	}
	tmp, err := os.MkdirTemp("", "secretsbench-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(tmp)
	config, err := defaultConfig(tmp)
	if err != nil {
		return false, err
	}
	report := filepath.Join(tmp, "report.json")
	var theirs, ours []cost
	var their []string
	var our secrets.PlainResult
	for range rounds {
		c, err := runGitleaks(gitleaks, config, report, dir)
		if err != nil {
			return false, err
		}
		theirs = append(theirs, c)
		if their, err = fingerprints(report); err != nil {
			return false, err
		}
		cmd := exec.Command(self, "-scan", dir)
		if cores > 0 {
			cmd.Env = append(os.Environ(), "GOMAXPROCS="+strconv.Itoa(cores))
		}
		cmd.Stderr = os.Stderr
		c, out, err := run(cmd)
		if err != nil {
			return false, fmt.Errorf("ours: %w", err)
		}
		ours = append(ours, c)
		if err := json.Unmarshal(out, &our); err != nil {
			return false, err
		}
		runtime.GC()
	}
	same := strings.Join(their, "\n") == strings.Join(our.Fingerprints, "\n")
	t, o := median(theirs), median(ours)
	fmt.Printf("| %s | %d | %.1f | %d | %v | %.2f | %.2f | %.3f | %.2f | %.2f | %.3f | %d | %d |\n",
		filepath.Base(strings.TrimSuffix(dir, "/")), our.Commits, float64(our.Bytes)/1e6, len(our.Fingerprints), same,
		t.cpu.Seconds(), o.cpu.Seconds(), o.cpu.Seconds()/t.cpu.Seconds(), t.wall.Seconds(), o.wall.Seconds(), o.wall.Seconds()/t.wall.Seconds(), t.peak>>20, o.peak>>20)
	if !same {
		differ("only gitleaks", their, our.Fingerprints)
		differ("only ours", our.Fingerprints, their)
	}
	return same, nil
}

func fingerprints(path string) ([]string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var list []struct{ Fingerprint string }
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, err
	}
	out := make([]string, 0, len(list))
	for _, f := range list {
		out = append(out, f.Fingerprint)
	}
	sort.Strings(out)
	return out, nil
}

func differ(what string, a, b []string) {
	count := make(map[string]int)
	for _, s := range b {
		count[s]++
	}
	n := 0
	for _, s := range a {
		if count[s]--; count[s] < 0 {
			if n++; n <= 10 {
				fmt.Printf("  %s: %s\n", what, s)
			}
		}
	}
	if n > 10 {
		fmt.Printf("  %s: %d in all\n", what, n)
	}
}

func median(cs []cost) cost {
	var m cost
	pick := func(less func(a, b cost) bool) cost {
		sort.Slice(cs, func(i, j int) bool { return less(cs[i], cs[j]) })
		return cs[len(cs)/2]
	}
	m.wall = pick(func(a, b cost) bool { return a.wall < b.wall }).wall
	m.peak = pick(func(a, b cost) bool { return a.peak < b.peak }).peak
	m.cpu = pick(func(a, b cost) bool { return a.cpu < b.cpu }).cpu
	return m
}
