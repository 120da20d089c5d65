package scan

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/launchgate/launchgate/app/review"
)

// Limits bound one worker. Zero fields are unlimited, except Wall and
// OutputBytes, which take their defaults.
type Limits struct {
	Wall        time.Duration `json:"wall_ns"`      // default 5 minutes
	CPU         time.Duration `json:"cpu_ns"`       // whole seconds
	MemoryBytes int64         `json:"memory_bytes"` // data segment, counts what is really mapped for writing
	FileBytes   int64         `json:"file_bytes"`   // largest file it may write
	OutputBytes int64         `json:"output_bytes"` // largest answer, default 64 MiB
}

func (l Limits) orDefault() Limits {
	if l.Wall == 0 {
		l.Wall = 5 * time.Minute
	}
	if l.OutputBytes == 0 {
		l.OutputBytes = 64 << 20
	}
	return l
}

// Runner starts workers. It may be used concurrently.
type Runner struct {
	// Command starts a worker; the scanner's name is appended.
	Command []string
	// Lean starts, by scanner, a smaller program with that scanner and little
	// more; the scanner's name is appended likewise. It is used for as long as it
	// can be started and says that it is of Build, which is this program's.
	Lean   map[string][]string
	Build  string
	Limits Limits
	// ScratchDir is where each worker gets a folder of its own.
	ScratchDir string
	// Crashed, when set, is told where in our own code a worker crashed:
	// source positions only, because a panic's text can quote what was scanned.
	Crashed func(scanner string, code review.Code, positions []string)

	unfit atomic.Bool // one of Lean is of another build, or is not there
}

// WithLimits returns a runner that differs in its limits only.
func (r *Runner) WithLimits(l Limits) *Runner {
	return &Runner{Command: r.Command, Lean: r.Lean, Build: r.Build, Limits: l, ScratchDir: r.ScratchDir, Crashed: r.Crashed}
}

// Bind returns Run with the scanners fixed.
func (r *Runner) Bind(scanners []Scanner) func(context.Context, Request, map[string]json.RawMessage, Progress) []Report {
	return func(ctx context.Context, req Request, settings map[string]json.RawMessage, progress Progress) []Report {
		return r.Run(ctx, scanners, req, settings, progress)
	}
}

// Run runs every scanner on req, each in a worker process, at the same time,
// and returns one report for each, in the order of scanners. settings holds
// Request.Settings by scanner name. A worker that does not answer properly is a
// report with a gap. When ctx ends, the workers and everything they started are
// killed before Run returns.
func (r *Runner) Run(ctx context.Context, scanners []Scanner, req Request, settings map[string]json.RawMessage, progress Progress) []Report {
	reports := make([]Report, len(scanners))
	var wg sync.WaitGroup
	for i, s := range scanners {
		wg.Go(func() {
			own := req
			own.Settings = settings[s.Name()]
			reports[i] = r.runOne(ctx, s, own, progress)
		})
	}
	wg.Wait()
	return reports
}

func (r *Runner) runOne(ctx context.Context, s Scanner, req Request, progress Progress) Report {
	started := time.Now()
	report, state, next, gap := r.worker(ctx, s, req, progress)
	for tries := 0; next != nil && tries < maxSalvage; tries++ {
		report, state, next, gap = r.worker(ctx, s, *next, progress)
	}
	if gap != nil {
		report = Report{Receipt: review.ScannerReceipt{Gaps: []review.Gap{*gap}}}
	}
	report.Receipt.Scanner = s.Name()
	report.Receipt.Wall = time.Since(started)
	if state != nil {
		report.Receipt.CPU = state.UserTime() + state.SystemTime()
		if usage, ok := state.SysUsage().(*syscall.Rusage); ok && report.Receipt.PeakBytes == 0 {
			report.Receipt.PeakBytes = usage.Maxrss << 10
		}
	}
	return report
}

// maxSalvage bounds how often a worker that died is started again without what
// it died on.
const maxSalvage = 6

// worker runs one process. It returns a report or a gap, never both; with a gap
// it may return the request to try next.
func (r *Runner) worker(ctx context.Context, s Scanner, req Request, progress Progress) (Report, *os.ProcessState, *Request, *review.Gap) {
	fail := func(code review.Code, why, do string) *review.Gap {
		return &review.Gap{Code: code, What: s.Name(), Why: why, Do: do}
	}
	limits := r.Limits.orDefault()
	ctx, cancel := context.WithTimeout(ctx, limits.Wall)
	defer cancel()
	scratch, err := os.MkdirTemp(r.ScratchDir, "worker-")
	if err != nil {
		return Report{}, nil, nil, fail(review.CodeScannerFailed, "its scratch folder could not be made", "check that the data directory is writable and has room")
	}
	defer os.RemoveAll(scratch)

	wire, err := packRequest(req)
	if err != nil {
		return Report{}, nil, nil, fail(review.CodeScannerFailed, "its request could not be written", "report this to the maintainers of Launchgate")
	}
	env := envelope{Limits: limits, Scratch: scratch, Request: wire}
	command := r.Command
	if lean := r.Lean[s.Name()]; len(lean) > 0 && !r.unfit.Load() {
		command, env.Build = lean, r.Build
	}
	p, err := r.start(ctx, command, s.Name(), scratch, &env)
	if errors.Is(err, fs.ErrNotExist) && env.Build != "" {
		r.unfit.Store(true)
		return r.worker(ctx, s, req, progress)
	}
	if err != nil {
		return Report{}, nil, nil, fail(review.CodeScannerFailed, "its process could not be started", "check that the server may start processes and has memory left")
	}
	report, failed, readErr := readAnswer(p.stdout, limits.OutputBytes, s.Name(), progress)
	if readErr != nil && !errors.Is(readErr, errNoAnswer) {
		// The process may have ended by itself in the meantime.
		_ = killGroup(p.cmd)
	}
	<-p.ended
	waitErr := p.err
	p.stdout.Close()
	state := p.cmd.ProcessState
	if env.Build != "" && state.ExitCode() == workerStale && errors.Is(readErr, errNoAnswer) {
		r.unfit.Store(true)
		return r.worker(ctx, s, req, progress)
	}

	if cause := context.Cause(ctx); cause != nil {
		if errors.Is(cause, context.DeadlineExceeded) {
			return Report{}, state, nil, fail(review.CodeScannerTimeout, fmt.Sprintf("it did not finish within %s", limits.Wall), "raise limits.worker_wall, or exclude what makes the repository so slow")
		}
		return Report{}, state, nil, fail(review.CodeCancelled, "the review was stopped", "nothing: a newer review takes its place")
	}
	if waitErr != nil && (readErr == nil || errors.Is(readErr, errNoAnswer)) {
		code, why, do := diagnose(state, p.stderr.String(), limits)
		if r.Crashed != nil {
			r.Crashed(s.Name(), code, positions(p.stderr.String()))
		}
		return Report{}, state, salvage(s, scratch, req), fail(code, why, do)
	}
	switch {
	case readErr != nil:
		return Report{}, state, nil, fail(review.CodeScannerFailed, readErr.Error(), "report this to the maintainers of Launchgate")
	case failed != nil:
		return Report{}, state, nil, fail(failed.Code, clip(strings.TrimSpace(failed.Op+" "+failed.What), 500), clip(failed.Do, 500))
	}
	if err := validate(report, s); err != nil {
		return Report{}, state, nil, fail(review.CodeScannerFailed, "its answer is not valid: "+err.Error(), "report this to the maintainers of Launchgate")
	}
	return report, state, nil, nil
}

// salvage asks a scanner whether to try again without something.
func salvage(s Scanner, scratch string, req Request) *Request {
	if sv, ok := s.(Salvager); ok {
		if next, ok := sv.Salvage(scratch, req); ok {
			return &next
		}
	}
	return nil
}

// process is one running worker.
type process struct {
	cmd    *exec.Cmd
	stdout *os.File
	stderr *tail
	// ended is closed when the process and its group are gone; err is set then.
	ended chan struct{}
	err   error
}

// start starts a worker in its own process group and, where the kernel lets it,
// without a network, and feeds it its envelope.
func (r *Runner) start(ctx context.Context, command []string, name, scratch string, env *envelope) (*process, error) {
	var errs error
	for _, attr := range isolations() {
		if attr.Cloneflags == 0 {
			env.NoNetwork = "the kernel does not let this user make a network namespace"
		}
		input, err := json.Marshal(env)
		if err != nil {
			return nil, fmt.Errorf("encode the request: %w", err)
		}
		cmd := exec.CommandContext(ctx, command[0], append(slices.Clone(command[1:]), name)...)
		cmd.Env = WorkerEnv(scratch)
		cmd.Dir = scratch
		cmd.Stdin = bytes.NewReader(input)
		cmd.SysProcAttr = attr
		cmd.Cancel = func() error { return killGroup(cmd) }
		cmd.WaitDelay = 2 * time.Second
		p := &process{cmd: cmd, stderr: new(tail), ended: make(chan struct{})}
		cmd.Stderr = p.stderr
		var write *os.File
		if p.stdout, write, err = os.Pipe(); err != nil {
			return nil, fmt.Errorf("make a pipe: %w", err)
		}
		cmd.Stdout = write
		err = StartWorker(cmd)
		write.Close()
		if err == nil {
			go p.wait()
			return p, nil
		}
		p.stdout.Close()
		errs = errors.Join(errs, err)
	}
	return nil, errs
}

// timerSlack is how late a worker's timers may be, in nanoseconds. The runtime of a Go
// program looks after itself every 20 microseconds at first, in a thread that sleeps
// between, which is a tenth of what a short look costs. The kernel puts such sleeps
// together when it is told that a little later will do; nothing in a worker is to happen
// to the millisecond.
const timerSlack = 2_000_000

// StartWorker starts a worker's process.
func StartWorker(cmd *exec.Cmd) error {
	// A process begins with the slack of the thread that starts it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if unix.Prctl(unix.PR_SET_TIMERSLACK, timerSlack, 0, 0, 0) == nil {
		defer func() { _ = unix.Prctl(unix.PR_SET_TIMERSLACK, 0, 0, 0, 0) }() // what it was at its beginning
	}
	return cmd.Start()
}

// WorkerEnv is all the environment that a worker with this scratch folder gets.
func WorkerEnv(scratch string) []string {
	return []string{"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=" + scratch, "TMPDIR=" + scratch, "LC_ALL=C", "GOTRACEBACK=single",
		"GOMAXPROCS=1", // see AllCores
		// A worker lives for a moment; at Go's usual pace it would spend a fifth of
		// that moment collecting the garbage of its own start.
		"GOGC=400"}
}

// isolations returns what to ask of the kernel, the best first.
func isolations() []*syscall.SysProcAttr {
	plain := func() *syscall.SysProcAttr {
		return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	}
	net := plain()
	net.Cloneflags = syscall.CLONE_NEWNET
	if os.Geteuid() != 0 {
		net.Cloneflags |= syscall.CLONE_NEWUSER
		net.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Geteuid(), HostID: os.Geteuid(), Size: 1}}
		net.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getegid(), HostID: os.Getegid(), Size: 1}}
	}
	return []*syscall.SysProcAttr{net, plain()}
}

// killGroup kills a worker and everything it started.
func killGroup(cmd *exec.Cmd) error {
	err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	if errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}

// wait waits for the worker, kills what it left behind, and gives a reader of
// its output a moment to drain the pipe: a child that escaped the group could
// hold it open for ever.
func (p *process) wait() {
	defer close(p.ended)
	p.err = p.cmd.Wait()
	if err := killGroup(p.cmd); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.err = errors.Join(p.err, fmt.Errorf("kill what the worker left behind: %w", err))
	}
	if err := p.stdout.SetReadDeadline(time.Now().Add(2 * time.Second)); err != nil {
		p.err = errors.Join(p.err, fmt.Errorf("bound the reading of the worker's output: %w", err))
	}
}

var errNoAnswer = errors.New("it ended without an answer")

// readAnswer reads lines until the answer, a report or a failure. The worker has read
// hostile input, so nothing of what it says is trusted: what it says and what that takes
// to read are bounded, and whatever follows the answer is not read.
func readAnswer(r io.Reader, max int64, scanner string, progress Progress) (Report, *failure, error) {
	objects := &objectCounter{r: &io.LimitedReader{R: r, N: max}}
	dec := json.NewDecoder(objects)
	dec.DisallowUnknownFields()
	malformed := fmt.Errorf("its answer is malformed or larger than %d MiB", max>>20)
	for {
		objects.n = 0 // those of events are gone
		var m message
		if err := dec.Decode(&m); err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, os.ErrDeadlineExceeded) {
				return Report{}, nil, errNoAnswer
			}
			if errors.Is(err, errManyObjects) {
				return Report{}, nil, errManyObjects
			}
			return Report{}, nil, malformed
		}
		switch {
		case m.Event != nil && m.Report == nil && m.Failure == nil:
			if progress != nil {
				e := *m.Event
				e.Scanner, e.Stage, e.Unit = scanner, clip(e.Stage, 80), clip(e.Unit, 40)
				progress(e)
			}
		case (m.Report == nil) == (m.Failure == nil):
			return Report{}, nil, errors.New("it answered neither a report nor a failure")
		case m.Failure != nil:
			return Report{}, m.Failure, nil
		default:
			report, err := m.Report.unpack()
			if err != nil {
				return Report{}, nil, malformed
			}
			return report, nil, nil
		}
	}
}

// diagnose says in words how a worker ended that did not end well.
func diagnose(state *os.ProcessState, stderr string, l Limits) (code review.Code, why, do string) {
	status, _ := state.Sys().(syscall.WaitStatus)
	switch {
	case strings.Contains(stderr, "out of memory") || strings.Contains(stderr, "cannot allocate memory"):
		return review.CodeScannerMemory, fmt.Sprintf("it needed more than %d MiB of memory", l.MemoryBytes>>20), "raise limits.worker_memory, or exclude generated files"
	case strings.Contains(stderr, "SIGXCPU") || status.Signaled() && status.Signal() == syscall.SIGXCPU || overCPU(state, l):
		return review.CodeScannerTimeout, fmt.Sprintf("it used more than %s of CPU time", l.CPU), "raise limits.worker_cpu, or exclude what makes the repository so slow"
	case strings.Contains(stderr, "stack overflow") || strings.Contains(stderr, "stack exceeds"):
		return review.CodeScannerFailed, "it ran out of stack on deeply nested source", "exclude the file, or report this to the maintainers of Launchgate"
	case strings.Contains(stderr, "panic:"):
		return review.CodeScannerFailed, "it crashed", "report this to the maintainers of Launchgate; the server's log says where"
	case status.Signaled():
		return review.CodeScannerKilled, "it was killed (" + status.Signal().String() + ")", "look whether the machine ran out of memory, then ask for a re-run"
	}
	return review.CodeScannerFailed, fmt.Sprintf("it ended with status %d", state.ExitCode()), "report this to the maintainers of Launchgate"
}

func overCPU(state *os.ProcessState, l Limits) bool {
	// The kernel counts for its limit and for its report on different clocks.
	return l.CPU > 0 && state.UserTime()+state.SystemTime() >= l.CPU-l.CPU/20
}

var position = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?m)^\t([^\s:]+\.go:\d+)`) })

var trace = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?m)^goroutine \d+ `) })

// positions returns the source positions of a Go crash, the only part of it
// that cannot quote what was scanned. What a panic says comes before the first
// goroutine; Go sets its further lines off with a tab, as it does positions.
func positions(stderr string) []string {
	begins := trace().FindStringIndex(stderr)
	if begins == nil {
		return nil
	}
	stderr = stderr[begins[0]:]
	var out []string
	for _, m := range position().FindAllStringSubmatch(stderr, 20) {
		out = append(out, m[1])
	}
	return out
}

// tail keeps the beginning and the end of what is written to it: a Go crash
// says why first and where last. It is used by one goroutine.
type tail struct{ head, last []byte }

const tailBytes = 32 << 10

func (t *tail) Write(p []byte) (int, error) {
	n := len(p)
	if room := tailBytes - len(t.head); room > 0 {
		k := min(room, len(p))
		t.head, p = append(t.head, p[:k]...), p[k:]
	}
	if t.last = append(t.last, p...); len(t.last) > tailBytes {
		t.last = t.last[len(t.last)-tailBytes:]
	}
	return n, nil
}

func (t *tail) String() string { return string(t.head) + string(t.last) }

func clip(s string, n int) string {
	if len(s) > n {
		return strings.ToValidUTF8(s[:n], "") + "…"
	}
	return s
}
