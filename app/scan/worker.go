package scan

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/landlock-lsm/go-landlock/landlock"
	llsys "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"

	"github.com/launchgate/launchgate/app/lategc"
	"github.com/launchgate/launchgate/app/objects"
	"github.com/launchgate/launchgate/app/review"
)

// envelope is what a worker reads on its standard input.
type envelope struct {
	// Build is that of the runner, set for a Runner.Lean. It is said first: of another
	// build, a worker may not understand the rest.
	Build string `json:"build,omitempty"`

	Limits  Limits      `json:"limits"`
	Scratch string      `json:"scratch"`
	Request wireRequest `json:"request"`
	// NoNetwork says whether the runner could put the worker into a network
	// namespace of its own, "" for yes, else why not.
	NoNetwork string `json:"no_network,omitempty"`
}

// message is one line a worker writes on its standard output: any number of
// events, then exactly one report or failure.
type message struct {
	Event   *Event      `json:"event,omitempty"`
	Report  *wireReport `json:"report,omitempty"`
	Failure *failure    `json:"failure,omitempty"`
}

// failure is a *review.Error without its cause: causes can quote code.
type failure struct {
	Code review.Code `json:"code"`
	Op   string      `json:"op"`
	What string      `json:"what"`
	Do   string      `json:"do"`
}

// The exit statuses of a worker.
const (
	workerDone  = 0
	workerUsage = 64
	workerStale = 65 // a lean worker of another build
	workerIO    = 74
)

// WorkerMain is the whole life of a worker process: read one envelope from
// stdin, put up the walls, run the named scanner, write one answer to stdout.
// It is called by "launchgate worker NAME" only, because the walls cannot be
// taken down again. inert is inert.Make, or nil in a program all of whose scanners
// are ProgramRunners. All that is answered has been through redactor.
func WorkerMain(ctx context.Context, name string, scanners []Scanner, inert func() string, redactor Redactor, stdin io.Reader, stdout io.Writer) int {
	return workerMain(ctx, "", name, scanners, inert, redactor, stdin, stdout)
}

// LeanWorkerMain is WorkerMain for a program of its own (Runner.Lean), which
// refuses to work for a runner of another build: their ideas of a request, or of
// what a scanner finds, may differ.
func LeanWorkerMain(ctx context.Context, build, name string, scanners []Scanner, inert func() string, redactor Redactor, stdin io.Reader, stdout io.Writer) int {
	return workerMain(ctx, build, name, scanners, inert, redactor, stdin, stdout)
}

func workerMain(ctx context.Context, build, name string, scanners []Scanner, inert func() string, redactor Redactor, stdin io.Reader, stdout io.Writer) int {
	var scanner Scanner
	for _, s := range scanners {
		if s.Name() == name {
			scanner = s
		}
	}
	if scanner == nil {
		fmt.Fprintf(os.Stderr, "launchgate worker: there is no scanner %q\n", name)
		return workerUsage
	}
	if runsPrograms(scanner) {
		inert = nil
	} else if inert == nil {
		fmt.Fprintf(os.Stderr, "launchgate worker: nothing here keeps the scanner %q from executing programs\n", name)
		return workerUsage
	}
	var env envelope
	err := json.NewDecoder(stdin).Decode(&env)
	if env.Build != "" && env.Build != build {
		return workerStale
	}
	var req Request
	if err == nil {
		req, err = env.Request.unpack()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "launchgate worker: standard input holds no request")
		return workerUsage
	}
	// Opened before the walls stand; nil where there is no /proc.
	status, _ := os.Open("/proc/self/status")
	protections := confine(env, inert)
	isWorker.Store(true)
	lategc.Collect()
	if f, ok := scanner.(Frugal); !ok || !f.StartsOnOneCore() {
		AllCores()
	}

	out := &lineWriter{enc: json.NewEncoder(stdout)}
	progress := func(e Event) {
		e.Scanner = name
		out.write(message{Event: &e})
	}
	report, err := scanner.Scan(ctx, req, progress)
	if err == nil {
		err = RedactReport(ctx, redactor, name, quotable(scanner, req), &report)
	}
	if err != nil {
		f := redactFailure(ctx, redactor, name, quotable(scanner, req), err)
		out.write(message{Failure: &f})
	} else {
		report.Receipt.Protections = append(report.Receipt.Protections, protections...)
		report.Receipt.PeakBytes = highWater(status)
		fit(&report)
		out.report(&report)
	}
	if out.err != nil {
		return workerIO
	}
	return workerDone
}

// isWorker: this process is a worker, which a Runner starts on one core.
var isWorker atomic.Bool

// AllCores lets a worker use all the cores it may. Elsewhere it does nothing.
func AllCores() {
	if isWorker.Load() {
		runtime.SetDefaultGOMAXPROCS()
	}
}

// KeepWithin has a worker's collector work harder where it would hold more than so
// many bytes. Elsewhere it does nothing.
func KeepWithin(bytes int64) {
	if isWorker.Load() && bytes < debug.SetMemoryLimit(-1) {
		debug.SetMemoryLimit(bytes)
	}
}

// highWater returns the largest resident set of this process, in bytes, or 0. The
// kernel's ru_maxrss is of no use: a process inherits that of the program that
// executed it, here the server's.
func highWater(status *os.File) int64 {
	if status == nil {
		return 0
	}
	for s := bufio.NewScanner(status); s.Scan(); {
		var kib int64
		if n, _ := fmt.Sscanf(s.Text(), "VmHWM: %d kB", &kib); n == 1 {
			return kib << 10
		}
	}
	return 0
}

// lineWriter writes one JSON value per line, from any goroutine.
type lineWriter struct {
	mu  sync.Mutex
	enc *json.Encoder
	err error
}

func (w *lineWriter) write(m any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = w.enc.Encode(m)
	}
}

// report writes a report.
func (w *lineWriter) report(rep *Report) {
	line, err := packReport(rep)
	if err != nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.err = err
		return
	}
	w.write(message{Report: &line})
}

// confine puts limits and walls around this process and says which stand.
// inert is nil for a scanner that starts programs of the system.
func confine(env envelope, inert func() string) []string {
	var said, limited []string
	limit := func(what int, name string, n, grace uint64) {
		if n == 0 {
			return
		}
		if err := unix.Setrlimit(what, &unix.Rlimit{Cur: n, Max: n + grace}); err != nil {
			said = append(said, "no limit on "+name+": "+err.Error())
			return
		}
		limited = append(limited, name)
	}
	l := env.Limits
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		said = append(said, "core dumps are not switched off: "+err.Error())
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		said = append(said, "other processes of this user may look into the worker: "+err.Error())
	}
	limit(unix.RLIMIT_DATA, "memory", uint64(max(l.MemoryBytes, 0)), 0)
	// The second between the limits is for saying SIGXCPU before the kernel kills.
	limit(unix.RLIMIT_CPU, "CPU time", uint64(l.CPU.Seconds()), 1)
	limit(unix.RLIMIT_FSIZE, "file size", uint64(max(l.FileBytes, 0)), 0)
	limit(unix.RLIMIT_NOFILE, "open files", 4096, 0)
	if l.MemoryBytes > 0 {
		// Let the collector work harder before the kernel says no.
		debug.SetMemoryLimit(l.MemoryBytes / 10 * 8)
	}
	said = append(said, "own process, empty environment, limits on "+strings.Join(limited, ", "))

	if env.NoNetwork == "" {
		said = append(said, "no network")
	} else {
		said = append(said, "network not cut off: "+env.NoNetwork)
	}
	said = append(said, landlocked(env, inert == nil))
	if inert != nil {
		said = append(said, inert())
	}
	return said
}

// landlocked lets the process read what its request names, write to its scratch
// folder and the cache and, if it starts programs, run those of the system, as
// far as the kernel can.
func landlocked(env envelope, programs bool) string {
	r := env.Request
	read := existing(r.GitDir, r.HeadDir, r.BaseDir)
	read = append(read, alternates(r.GitDir)...)
	read = append(read, existing(r.ReadDirs...)...)
	write := existing(env.Scratch, r.CacheDir)
	var rules []landlock.Rule
	said := "file system limited to the review"
	if programs {
		// The last says whether the C library may use huge pages, which it asks there.
		system := existing("/usr", "/bin", "/lib", "/lib64", "/etc", "/proc", "/opt", "/sys/kernel/mm/transparent_hugepage")
		if exe, err := os.Executable(); err == nil {
			system = append(system, filepath.Dir(exe))
		}
		rules = append(rules, landlock.RODirs(append(system, read...)...), landlock.RWDirs(append(write, existing("/dev")...)...))
	} else {
		// Without the right to execute: this process has nothing to start.
		rules = append(rules, landlock.PathAccess(llsys.AccessFSReadFile|llsys.AccessFSReadDir, read...),
			landlock.PathAccess(writeOnly, write...), landlock.PathAccess(llsys.AccessFSReadFile, "/dev/null", "/dev/urandom").IgnoreIfMissing())
		// Results are kept under a hash of the program that made them.
		if exe, err := os.Executable(); err == nil {
			rules = append(rules, landlock.PathAccess(llsys.AccessFSReadFile, exe))
		}
		said += ", without anything to execute"
	}
	if err := landlock.V5.RestrictPaths(rules...); err == nil {
		return said + " (Landlock)"
	}
	if err := landlock.V5.BestEffort().RestrictPaths(rules...); err != nil {
		return "file system not limited: " + err.Error()
	}
	switch abi, err := llsys.LandlockGetABIVersion(); {
	case err != nil || abi < 1:
		return "file system not limited: this kernel has no Landlock, or it is switched off"
	case abi < 3:
		return fmt.Sprintf("%s but for truncating files and device controls (Landlock, version %d of 5)", said, abi)
	default:
		return fmt.Sprintf("%s but for device controls (Landlock, version %d of 5)", said, abi)
	}
}

// writeOnly is what a worker that starts no programs may do in its own folders:
// everything but execute and make devices, pipes, sockets and links.
const writeOnly = llsys.AccessFSReadFile | llsys.AccessFSReadDir | llsys.AccessFSWriteFile | llsys.AccessFSTruncate |
	llsys.AccessFSMakeReg | llsys.AccessFSMakeDir | llsys.AccessFSRemoveFile | llsys.AccessFSRemoveDir

// alternates returns the folders outside a git directory that hold its objects.
func alternates(gitDir string) []string {
	var dirs []string
	if b, err := os.ReadFile(filepath.Join(gitDir, "commondir")); err == nil {
		common := string(trimNewline(b))
		if !filepath.IsAbs(common) {
			common = filepath.Join(gitDir, common)
		}
		dirs = append(dirs, existing(common)...)
		gitDir = common
	}
	return append(dirs, existing(objects.Folders(filepath.Join(gitDir, "objects"))[1:]...)...)
}

func trimNewline(b []byte) []byte {
	for len(b) > 0 && (b[len(b)-1] == '\n' || b[len(b)-1] == '\r') {
		b = b[:len(b)-1]
	}
	return b
}

func existing(dirs ...string) []string {
	var out []string
	for _, d := range dirs {
		if d == "" {
			continue
		}
		if info, err := os.Stat(d); err == nil && info.IsDir() {
			out = append(out, d)
		}
	}
	return out
}
