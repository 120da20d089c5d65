package scan_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan"
	"github.com/launchgate/launchgate/app/scan/inert"
)

// misbehaving is a scanner whose Settings say what goes wrong in its worker.
type misbehaving struct{}

func (misbehaving) Name() string         { return "test" }
func (misbehaving) RunsPrograms() bool   { return true }
func (misbehaving) Rules() []review.Rule { return []review.Rule{{ID: "test/rule"}} }

func (misbehaving) Scan(_ context.Context, req scan.Request, progress scan.Progress) (scan.Report, error) {
	var how string
	if err := json.Unmarshal(req.Settings, &how); err != nil {
		return scan.Report{}, err
	}
	rep := scan.Report{Head: []review.Finding{{Rule: "test/rule", Severity: review.SeverityHigh, Place: review.Place{Path: "a.go", Line: 1}}}}
	how, arg, _ := strings.Cut(how, " ")
	switch how {
	case "answer":
		progress(scan.Event{Stage: "working", Done: 1, Total: 2, Unit: "files"})
	case "quote":
		fix := func(s string) *review.Fix {
			return &review.Fix{Title: "t", Proved: true, Edits: []review.Edit{{Path: "a.go", StartLine: 1, EndLine: 1, New: s}}}
		}
		f := &rep.Head[0]
		f.Message, f.Key, f.Fix, f.Alternative = "says hunter2", "hunter2", fix("x = 1\n"), fix("x = \"hunter2\"\n")
		f.Place.Path, f.Evidence = "hunter2/a.go", []review.Step{{Note: "hunter2", Place: review.Place{Path: "hunter2"}}}
		rep.Routes = []review.Route{{Method: "GET", Path: "/hunter2", Guards: []review.Guard{{Name: "hunter2"}}}}
		rep.Receipt.Notes = []string{"hunter2"}
		rep.Receipt.Gaps = []review.Gap{{Code: review.CodeFileUnreadable, What: "hunter2", Why: "hunter2", Do: "hunter2"}}
	case "fail":
		return scan.Report{}, &review.Error{Code: review.CodeScannerFailed, Op: "read hunter2", What: "hunter2", Do: "not hunter2", Err: errors.New("hunter2")}
	case "panic":
		panic("the secret is hunter2\nhunter2.go:7\ngoroutine 7 hunter2\nhunter2.go:8")
	case "hang":
		select {}
	case "overflow":
		var f func(int) int
		f = func(n int) int { return f(n+1) + 1 }
		f(0)
	case "memory":
		var keep [][]byte
		for {
			b := make([]byte, 1<<24)
			for i := range b {
				b[i] = 1
			}
			keep = append(keep, b)
		}
	case "spin":
		for i := 0; ; i++ {
			_ = i
		}
	case "exit":
		os.Exit(0)
	case "exit3":
		os.Exit(3)
	case "junk":
		fmt.Println(`{"report": 7}`)
		os.Exit(0)
	case "flood":
		for {
			fmt.Println(`{"event":{"scanner":"x","stage":"` + strings.Repeat("x", 1<<16) + `","done":0,"total":0}}`)
		}
	case "fork":
		cmd := exec.Command("/bin/sleep", "300")
		cmd.Stdout = os.Stdout
		if err := cmd.Start(); err != nil {
			return scan.Report{}, err
		}
		rep.Receipt.Notes = []string{fmt.Sprint(cmd.Process.Pid)}
	case "env":
		rep.Receipt.Notes = os.Environ()
	case "network":
		_, err := net.DialTimeout("tcp", arg, time.Second)
		rep.Receipt.Notes = []string{fmt.Sprint(err)}
	case "files":
		_, err := os.ReadFile(arg)
		werr := os.WriteFile(filepath.Join(filepath.Dir(arg), "planted"), nil, 0o600)
		rep.Receipt.Notes = []string{fmt.Sprint(err), fmt.Sprint(werr)}
	case "cores":
		before := runtime.GOMAXPROCS(0)
		scan.AllCores()
		rep.Receipt.Notes = []string{fmt.Sprint(before, " ", runtime.GOMAXPROCS(0))}
	case "escape":
		rep.Head[0].Place.Path = "../../etc/passwd"
	case "rule":
		rep.Head[0].Rule = "other/rule"
	case "severity":
		rep.Head[0].Severity = 99
	case "route":
		rep.Routes = []review.Route{{Method: "GET", Path: "/", Guards: []review.Guard{{Name: "x", File: "/etc/passwd"}}}}
	case "notes":
		// Past what an honest worker does to its report before it sends it.
		fmt.Println(`{"report":{"receipt":{"notes":["` + strings.Repeat("hunter2", 10_000) + `"]}}}`)
		os.Exit(0)
	case "long":
		rep.Receipt.Notes = []string{strings.Repeat("x", 100_000)}
	case "error":
		return rep, &review.Error{Code: review.CodeHistoryIncomplete, Op: "count", What: "commits", Do: "fetch", Err: errors.New("hunter2")}
	}
	return rep, nil
}

// frugal says that it starts on one core.
type frugal struct{ misbehaving }

func (frugal) Name() string          { return "frugal" }
func (frugal) StartsOnOneCore() bool { return true }

func TestAFrugalScannerStartsOnOneCore(t *testing.T) {
	runtime.SetDefaultGOMAXPROCS() // a test may have been told otherwise
	all := fmt.Sprint(runtime.GOMAXPROCS(0))
	for _, c := range []struct {
		scanner scan.Scanner
		want    string
	}{{frugal{}, "1 " + all}, {misbehaving{}, all + " " + all}} {
		rep := runScanner(t, c.scanner, "cores", scan.Limits{})
		if len(rep.Receipt.Notes) != 1 || rep.Receipt.Notes[0] != c.want {
			t.Errorf("%s: cores before and after AllCores: %v, want %s", c.scanner.Name(), rep.Receipt.Notes, c.want)
		}
	}
}

// harmless misbehaves too, but says that it starts no programs.
type harmless struct{ misbehaving }

func (harmless) Name() string       { return "harmless" }
func (harmless) RunsPrograms() bool { return false }

func (i harmless) Scan(ctx context.Context, req scan.Request, progress scan.Progress) (scan.Report, error) {
	var how string
	if err := json.Unmarshal(req.Settings, &how); err != nil {
		return scan.Report{}, err
	}
	how, arg, _ := strings.Cut(how, " ")
	var err error
	switch how {
	case "execute":
		if err = exec.Command(arg).Run(); arg == "memory" {
			_, err = unix.MemfdCreate("x", 0)
		}
	case "socket":
		_, err = unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM, 0)
	case "read":
		_, err = os.ReadFile(arg)
	default:
		return i.misbehaving.Scan(ctx, req, progress)
	}
	return scan.Report{Receipt: review.ScannerReceipt{Notes: []string{fmt.Sprint(err)}}}, nil
}

func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "worker" {
		os.Exit(scan.WorkerMain(context.Background(), os.Args[2], []scan.Scanner{misbehaving{}, harmless{}, frugal{}}, inert.Make, marks{}, os.Stdin, os.Stdout))
	}
	if len(os.Args) > 2 && os.Args[1] == "lean" {
		os.Exit(scan.LeanWorkerMain(context.Background(), "this build", os.Args[2], []scan.Scanner{lean{}, harmless{}}, nil, marks{}, os.Stdin, os.Stdout))
	}
	os.Exit(m.Run())
}

func run(t *testing.T, how string, limits scan.Limits) scan.Report {
	t.Helper()
	return runScanner(t, misbehaving{}, how, limits)
}

func runScanner(t *testing.T, s scan.Scanner, how string, limits scan.Limits) scan.Report {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r := scan.Runner{Command: []string{exe, "worker"}, Limits: limits, ScratchDir: t.TempDir(),
		Crashed: func(_ string, _ review.Code, positions []string) {
			if strings.Contains(strings.Join(positions, " "), "hunter2") {
				t.Errorf("positions quote the panic's text: %q", positions)
			}
		}}
	settings, err := json.Marshal(how)
	if err != nil {
		t.Fatal(err)
	}
	reports := r.Run(t.Context(), []scan.Scanner{s}, scan.Request{}, map[string]json.RawMessage{s.Name(): settings}, nil)
	if len(reports) != 1 || reports[0].Receipt.Scanner != s.Name() {
		t.Fatalf("reports = %+v", reports)
	}
	return reports[0]
}

func TestAWorkerThatFailsIsAGap(t *testing.T) {
	tests := []struct {
		how    string
		limits scan.Limits
		want   review.Code
	}{
		{"panic", scan.Limits{}, review.CodeScannerFailed},
		{"overflow", scan.Limits{}, review.CodeScannerFailed},
		{"hang", scan.Limits{Wall: 300 * time.Millisecond}, review.CodeScannerTimeout},
		{"memory", scan.Limits{MemoryBytes: 256 << 20}, review.CodeScannerMemory},
		{"spin", scan.Limits{CPU: time.Second, Wall: time.Minute}, review.CodeScannerTimeout},
		{"exit", scan.Limits{}, review.CodeScannerFailed},
		{"exit3", scan.Limits{}, review.CodeScannerFailed},
		{"junk", scan.Limits{}, review.CodeScannerFailed},
		{"flood", scan.Limits{OutputBytes: 1 << 20}, review.CodeScannerFailed},
		{"escape", scan.Limits{}, review.CodeScannerFailed},
		{"rule", scan.Limits{}, review.CodeScannerFailed},
		{"severity", scan.Limits{}, review.CodeScannerFailed},
		{"route", scan.Limits{}, review.CodeScannerFailed},
		{"notes", scan.Limits{}, review.CodeScannerFailed},
		{"error", scan.Limits{}, review.CodeHistoryIncomplete},
	}
	for _, tt := range tests {
		t.Run(tt.how, func(t *testing.T) {
			rep := run(t, tt.how, tt.limits)
			if len(rep.Receipt.Gaps) != 1 || rep.Receipt.Gaps[0].Code != tt.want || rep.Receipt.Gaps[0].Do == "" {
				t.Errorf("gaps = %+v, want one with code %s and something to do", rep.Receipt.Gaps, tt.want)
			}
			if len(rep.Head) != 0 || rep.Receipt.Complete() {
				t.Errorf("a failed worker left findings or a complete receipt: %+v", rep)
			}
			if text := fmt.Sprintf("%+v", rep); strings.Contains(text, "hunter2") {
				t.Errorf("the report quotes what the worker said: %s", text)
			}
		})
	}
}

func TestAWorkerThatAnswers(t *testing.T) {
	rep := run(t, "answer", scan.Limits{MemoryBytes: 512 << 20, CPU: time.Minute})
	if len(rep.Head) != 1 || len(rep.Receipt.Gaps) != 0 || rep.Receipt.PeakBytes == 0 || len(rep.Receipt.Protections) == 0 {
		t.Errorf("report = %+v", rep)
	}
	// What is not limited is not said to be.
	said := strings.Join(rep.Receipt.Protections, "; ")
	if !strings.Contains(said, "limits on memory, CPU time, open files") || strings.Contains(said, "file size") {
		t.Errorf("protections = %q", said)
	}
}

// Hostile source can make a message of any length; it costs the message's end.
func TestALongMessageCostsNoReport(t *testing.T) {
	rep := run(t, "long", scan.Limits{})
	if len(rep.Head) != 1 || len(rep.Receipt.Gaps) != 0 || len(rep.Receipt.Notes) != 1 {
		t.Fatalf("%d findings, gaps %+v, %d notes", len(rep.Head), rep.Receipt.Gaps, len(rep.Receipt.Notes))
	}
	if n := rep.Receipt.Notes[0]; len(n) > 10_000 || !strings.HasSuffix(n, "…") {
		t.Errorf("a note of %d bytes", len(n))
	}
}

func TestAWorkersEnvironmentIsEmpty(t *testing.T) {
	t.Setenv("LAUNCHGATE_WEBHOOK_SECRET", "hunter2")
	for _, kv := range run(t, "env", scan.Limits{}).Receipt.Notes {
		switch name, _, _ := strings.Cut(kv, "="); name {
		case "PATH", "HOME", "TMPDIR", "LC_ALL", "GOTRACEBACK", "GOGC", "GOMAXPROCS", "PWD":
		default:
			t.Errorf("the worker sees %s", name)
		}
	}
}

func TestWhatAWorkerStartsDiesWithIt(t *testing.T) {
	rep := run(t, "fork", scan.Limits{Wall: time.Minute})
	if len(rep.Receipt.Notes) != 1 {
		t.Fatalf("report = %+v", rep)
	}
	var pid int
	if _, err := fmt.Sscan(rep.Receipt.Notes[0], &pid); err != nil {
		t.Fatal(err)
	}
	// The kernel may take a moment to bury a killed process.
	for range 100 {
		if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("process %d outlives its worker", pid)
	_ = syscall.Kill(pid, syscall.SIGKILL)
}

func TestAWorkerReachesNoNetwork(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var accepted atomic.Bool
	go func() {
		if c, err := l.Accept(); err == nil {
			accepted.Store(true)
			c.Close()
		}
	}()
	rep := run(t, "network "+l.Addr().String(), scan.Limits{})
	protections := strings.Join(rep.Receipt.Protections, "; ")
	if said := strings.Contains(protections, "no network"); said == accepted.Load() {
		t.Errorf("connected: %v, the receipt says %q", accepted.Load(), protections)
	}
}

func TestAWorkerSeesOnlyItsFiles(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "private-key.pem")
	if err := os.WriteFile(secret, []byte("hunter2"), 0o600); err != nil {
		t.Fatal(err)
	}
	rep := run(t, "files "+secret, scan.Limits{})
	walled := strings.Contains(strings.Join(rep.Receipt.Protections, ";"), "file system limited to the review")
	read := rep.Receipt.Notes[0] == "<nil>"
	_, err := os.Stat(filepath.Join(dir, "planted"))
	if walled && (read || err == nil) {
		t.Errorf("the receipt says the file system is limited, but the worker read: %v, wrote: %v", read, err == nil)
	}
}

// A scanner that says it starts no programs cannot, whatever was made of it; or
// the receipt does not say so.
func TestAWorkerExecutesNothing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "private-key.pem")
	if err := os.WriteFile(file, []byte("hunter2"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ how, wall string }{
		{"execute /bin/true", "no program can be executed"},
		{"execute memory", "no program can be executed"},
		{"socket", "no socket opened"},
		{"read " + file, "file system limited to the review"},
		{"read /etc/passwd", "file system limited to the review"},
	} {
		t.Run(tt.how, func(t *testing.T) {
			rep := runScanner(t, harmless{}, tt.how, scan.Limits{})
			if len(rep.Receipt.Notes) != 1 {
				t.Fatalf("receipt %+v", rep.Receipt)
			}
			protections := strings.Join(rep.Receipt.Protections, "; ")
			if stands, done := strings.Contains(protections, tt.wall), rep.Receipt.Notes[0] == "<nil>"; stands == done {
				t.Errorf("done: %v (%s), but the receipt says %q", done, rep.Receipt.Notes[0], protections)
			}
		})
	}
}

// A program that has no wall for a scanner that starts no programs does not run it.
func TestAScannerIsNotRunWithoutItsWall(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r := scan.Runner{Command: []string{exe, "lean"}, ScratchDir: t.TempDir()}
	rep := r.Run(t.Context(), []scan.Scanner{harmless{}}, scan.Request{}, map[string]json.RawMessage{"harmless": []byte(`"answer"`)}, nil)[0]
	if len(rep.Receipt.Gaps) != 1 || rep.Receipt.Gaps[0].Code != review.CodeScannerFailed || len(rep.Head) > 0 {
		t.Errorf("it ran: %+v", rep)
	}
}

func TestAStoppedReviewStopsItsWorker(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(200*time.Millisecond, func() { cancel(&review.Error{Code: review.CodeSuperseded, Op: "review"}) })
	r := scan.Runner{Command: []string{exe, "worker"}, ScratchDir: t.TempDir()}
	reports := r.Run(ctx, []scan.Scanner{misbehaving{}}, scan.Request{}, map[string]json.RawMessage{"test": []byte(`"hang"`)}, nil)
	if len(reports[0].Receipt.Gaps) != 1 || reports[0].Receipt.Gaps[0].Code != review.CodeCancelled {
		t.Errorf("gaps = %+v, want one with code %s", reports[0].Receipt.Gaps, review.CodeCancelled)
	}
}

// lean is the scanner of the lean worker, which says that it is one.
type lean struct{ misbehaving }

func (lean) Scan(context.Context, scan.Request, scan.Progress) (scan.Report, error) {
	return scan.Report{Receipt: review.ScannerReceipt{Notes: []string{"lean"}}}, nil
}

func TestALeanWorkerIsUsedIfItIsOfTheSameBuild(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		lean  []string
		build string
		want  string
	}{
		{"of this build", []string{exe, "lean"}, "this build", "lean"},
		{"of another build", []string{exe, "lean"}, "another build", "[]"},
		{"not there", []string{exe + "-worker"}, "this build", "[]"},
		{"none", nil, "", "[]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := (&scan.Runner{Command: []string{exe, "worker"}, Lean: map[string][]string{"test": c.lean}, Build: c.build, ScratchDir: t.TempDir()}).WithLimits(scan.Limits{Wall: time.Minute})
			for range 2 {
				rep := r.Run(t.Context(), []scan.Scanner{misbehaving{}}, scan.Request{}, map[string]json.RawMessage{"test": []byte(`"answer"`)}, nil)[0]
				if len(rep.Receipt.Gaps) > 0 || !strings.Contains(fmt.Sprint(rep.Receipt.Notes), c.want) {
					t.Errorf("notes %v, gaps %v", rep.Receipt.Notes, rep.Receipt.Gaps)
				}
			}
		})
	}
}

// marks is a redactor for which one word is a secret.
type marks struct{}

func (marks) Redact(_ context.Context, _ string, req scan.Request, texts []*string) error {
	if string(req.FingerprintKey) == "cannot redact" {
		return errors.New("the secret is hunter2")
	}
	for _, t := range texts {
		*t = strings.ReplaceAll(*t, "hunter2", "[secret]")
	}
	return nil
}

// TestWhatAWorkerAnswersIsRedacted: whatever part of an answer quotes a secret, and a
// fix that would write one down is none.
func TestWhatAWorkerAnswersIsRedacted(t *testing.T) {
	for _, c := range []struct{ how, key, says string }{
		{"quote", "", "says [secret]"},
		{"fail", "", "read [secret] [secret]"},
		{"quote", "cannot redact", "take the secrets out"},
		{"fail", "cannot redact", "take the secrets out"},
	} {
		exe, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		r := scan.Runner{Command: []string{exe, "worker"}, ScratchDir: t.TempDir()}
		rep := r.Run(t.Context(), []scan.Scanner{misbehaving{}}, scan.Request{FingerprintKey: []byte(c.key)}, map[string]json.RawMessage{"test": json.RawMessage(strconv.Quote(c.how))}, nil)[0]
		said, err := json.Marshal(rep)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(said), "hunter2") || !strings.Contains(string(said), c.says) {
			t.Errorf("%s with %q: %s", c.how, c.key, said)
		}
		if c.how != "quote" || c.key != "" {
			if rep.Receipt.Complete() {
				t.Errorf("%s with %q is complete", c.how, c.key)
			}
			continue
		}
		if f := rep.Head[0]; f.Fix == nil || f.Alternative != nil || rep.Routes[0].Path != "/[secret]" || f.Place.Path != "[secret]/a.go" {
			t.Errorf("got %+v, %+v", f, rep.Routes)
		}
	}
}

// A worker's timers may be late, and nobody else's.
func TestAWorkerSleepsPatiently(t *testing.T) {
	slack := func(start func(*exec.Cmd) error) string {
		cmd := exec.Command("/bin/cat", "/proc/self/timerslack_ns")
		var out bytes.Buffer
		cmd.Stdout = &out
		if err := start(cmd); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Skip("this kernel does not say: ", err)
		}
		return strings.TrimSpace(out.String())
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before := slack((*exec.Cmd).Start)
	if got := slack(scan.StartWorker); got != "2000000" {
		t.Errorf("a worker's timers may be late by %s ns", got)
	}
	if after := slack((*exec.Cmd).Start); after != before {
		t.Errorf("others' may by %s ns, and by %s before", after, before)
	}
}
