package secrets

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/launchgate/launchgate/app/review"
)

// bigFileBytes is the size from which git treats a blob as binary instead of
// loading it to compute a diff (core.bigFileThreshold); such blobs are streamed
// through the scanner instead. It bounds git's memory and ours.
const bigFileBytes = 12 << 20

// killGrace is how long a cancelled git may take to let go of its pipes.
const killGrace = 2 * time.Second

// repo runs git on one repository. Nothing in the repository's own
// configuration, attributes, replacement refs, grafts or hooks changes what it
// reads, and nothing is fetched.
type repo struct {
	dir string // absolute
}

func openRepo(dir string) (repo, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return repo{}, fmt.Errorf("resolve the repository's path: %w", err)
	}
	if _, err := os.Stat(filepath.Join(abs, "objects")); err != nil {
		if fi, e := os.Stat(filepath.Join(abs, ".git", "objects")); e == nil && fi.IsDir() {
			return repo{dir: filepath.Join(abs, ".git")}, nil
		}
		return repo{}, fmt.Errorf("open the repository: %w", err)
	}
	return repo{dir: abs}, nil
}

// command prepares git with args in its own process group, which is killed as
// a whole when ctx ends.
func (r repo) command(ctx context.Context, args ...string) *exec.Cmd {
	fixed := []string{
		"-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "core.attributesFile=/dev/null",
		"-c", "core.bare=true", "-c", "core.quotePath=true", "-c", "core.bigFileThreshold=" + strconv.Itoa(bigFileBytes),
		"-c", "safe.directory=" + r.dir, "-c", "protocol.allow=never",
		"-c", "diff.suppressBlankEmpty=false", "-c", "diff.algorithm=default", "-c", "color.ui=false",
		"-c", "diff.indentHeuristic=true", "-c", "gc.auto=0", "-c", "advice.graftFileDeprecated=false",
	}
	cmd := exec.CommandContext(ctx, "git", append(fixed, args...)...)
	// Not the caller's environment: it may hold tokens, and GIT_* variables
	// would change what git reads. The empty tree as the source of attributes
	// keeps a .gitattributes from hiding files as "binary" (git 2.41 and later;
	// older ones read none in a bare repository).
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "HOME=/nonexistent", "GIT_DIR=" + r.dir,
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_ATTR_NOSYSTEM=1",
		"GIT_NO_REPLACE_OBJECTS=1", "GIT_GRAFT_FILE=/dev/null", "GIT_NO_LAZY_FETCH=1",
		"GIT_ALLOW_PROTOCOL=none", "GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0",
		"GIT_ATTR_SOURCE=4b825dc642cb6eb9a060e54bf8d69288fbee4904",
		// glibc would map and unmap memory for every larger file, which is a
		// tenth of git's time.
		"MALLOC_MMAP_THRESHOLD_=67108864", "MALLOC_TRIM_THRESHOLD_=268435456", "MALLOC_TOP_PAD_=16777216",
	}
	cmd.Dir = r.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error {
		err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		if errors.Is(err, syscall.ESRCH) {
			return os.ErrProcessDone
		}
		return err
	}
	cmd.WaitDelay = killGrace
	return cmd
}

// gitError is a failed git, with the first line it complained with. Git quotes
// object and path names there, never file contents.
type gitError struct {
	op     string
	err    error
	stderr string
}

func (e *gitError) Error() string {
	if e.stderr == "" {
		return fmt.Sprintf("git %s: %v", e.op, e.err)
	}
	return fmt.Sprintf("git %s: %v: %s", e.op, e.err, e.stderr)
}

func (e *gitError) Unwrap() error { return e.err }

// tailBuffer keeps the first bytes written to it and drops the rest.
type tailBuffer struct {
	buf bytes.Buffer
}

func (t *tailBuffer) Write(p []byte) (int, error) {
	if room := 4096 - t.buf.Len(); room > 0 {
		t.buf.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

// firstLine returns the line that says why git gave up.
func (t *tailBuffer) firstLine() string {
	lines := strings.Split(strings.TrimSpace(t.buf.String()), "\n")
	for _, line := range lines {
		if strings.HasPrefix(line, "fatal:") {
			return line
		}
	}
	return lines[0]
}

// output runs git to its end and returns what it printed, at most limit bytes.
func (r repo) output(ctx context.Context, limit int64, stdin io.Reader, args ...string) ([]byte, error) {
	var out []byte
	err := r.stream(ctx, stdin, func(rd io.Reader) error {
		var err error
		out, err = io.ReadAll(io.LimitReader(rd, limit+1))
		if err == nil && int64(len(out)) > limit {
			return fmt.Errorf("git %s printed more than %d bytes", args[0], limit)
		}
		return err
	}, args...)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// stream runs git and hands its output to read. It returns read's error, else
// git's. When it returns, git is gone.
func (r repo) stream(ctx context.Context, stdin io.Reader, read func(io.Reader) error, args ...string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := r.command(ctx, args...)
	var complaint tailBuffer
	cmd.Stderr, cmd.Stdin = &complaint, stdin
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("git %s: %w", args[0], err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start git %s: %w", args[0], err)
	}
	readErr := read(stdout)
	if readErr != nil {
		cancel()
	}
	waitErr := cmd.Wait()
	switch {
	case context.Cause(ctx) != nil && readErr == nil:
		return fmt.Errorf("git %s: %w", args[0], context.Cause(ctx))
	case waitErr != nil && (readErr == nil || complaint.firstLine() != ""):
		return &gitError{op: args[0], err: waitErr, stderr: complaint.firstLine()}
	case readErr != nil:
		return readErr
	}
	return nil
}

// count returns how many commits revs select, counted by git itself and apart
// from the walk, so that a walk that ends early is noticed.
func (r repo) count(ctx context.Context, revs []string) (int, error) {
	args, in := revArgs(revs, "rev-list", "--count", "--stdin")
	out, err := r.output(ctx, 64, in, args...)
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(out)))
	if err != nil {
		return 0, fmt.Errorf("git rev-list --count printed no number: %w", err)
	}
	return n, nil
}

// commit is one commit of a walk.
type commit struct {
	id      review.SHA
	parents []string
}

// commits lists what revs select, ancestors first.
func (r repo) commits(ctx context.Context, revs []string) ([]commit, error) {
	var list []commit
	args, in := revArgs(revs, "rev-list", "--topo-order", "--reverse", "--parents", "--stdin")
	err := r.stream(ctx, in, func(rd io.Reader) error {
		sc := bufio.NewScanner(rd)
		sc.Buffer(make([]byte, 64<<10), 4<<20)
		for sc.Scan() {
			ids := strings.Fields(sc.Text())
			if len(ids) == 0 {
				continue
			}
			id, err := review.ParseSHA(ids[0])
			if err != nil {
				return fmt.Errorf("git rev-list: %w", err)
			}
			list = append(list, commit{id: id, parents: ids[1:]})
		}
		return sc.Err()
	}, args...)
	return list, err
}

// revArgs puts options among revs (--all) on the command line and object names,
// of which there may be many, on standard input.
func revArgs(revs []string, args ...string) ([]string, io.Reader) {
	var ids []string
	for _, rev := range revs {
		if strings.HasPrefix(rev, "--") {
			args = append(args, rev)
		} else {
			ids = append(ids, rev)
		}
	}
	return args, revsInput(ids)
}

func revsInput(revs []string) io.Reader { return strings.NewReader(strings.Join(revs, "\n") + "\n") }

// readFile returns the blob at path of a commit's tree, nil when there is none.
func (r repo) readFile(ctx context.Context, at review.SHA, path string, limit int64) ([]byte, error) {
	files, err := r.readFiles(ctx, at, limit, path)
	return files[path], err
}

// readFiles is readFile for several paths.
func (r repo) readFiles(ctx context.Context, at review.SHA, limit int64, paths ...string) (map[string][]byte, error) {
	out, err := r.output(ctx, 1<<20, nil, append([]string{"--literal-pathspecs", "ls-tree", "-z", "--full-tree", string(at), "--"}, paths...)...)
	if err != nil {
		return nil, err
	}
	files := make(map[string][]byte)
	for _, entry := range strings.Split(string(out), "\x00") {
		meta, path, ok := strings.Cut(entry, "\t")
		f := strings.Fields(meta)
		if !ok || len(f) != 3 || f[1] != "blob" || f[0] == "120000" {
			continue
		}
		if files[path], err = r.output(ctx, limit, nil, "cat-file", "blob", f[2]); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// object is one answer of cat-file --batch.
type object struct {
	id, kind string
	data     []byte
}

// objects reads the named objects, in order. It fails when one is missing,
// corrupt or larger than limit.
func (r repo) objects(ctx context.Context, ids []string, limit int64, visit func(object) error) error {
	if len(ids) == 0 {
		return nil
	}
	seen := 0
	err := r.stream(ctx, revsInput(ids), func(rd io.Reader) error {
		br := bufio.NewReaderSize(rd, 128<<10)
		for {
			head, err := br.ReadString('\n')
			if errors.Is(err, io.EOF) && head == "" {
				break
			}
			if err != nil {
				return fmt.Errorf("git cat-file ended in mid-answer: %w", err)
			}
			f := strings.Fields(head)
			if len(f) != 3 {
				return fmt.Errorf("git cat-file: object %s", strings.TrimSpace(head))
			}
			size, err := strconv.ParseInt(f[2], 10, 64)
			if err != nil {
				return fmt.Errorf("git cat-file: size of %s: %w", f[0], err)
			}
			if size > limit {
				return fmt.Errorf("git cat-file: %s has %d bytes, more than %d", f[0], size, limit)
			}
			data := make([]byte, size+1)
			if _, err := io.ReadFull(br, data); err != nil {
				return fmt.Errorf("git cat-file ended in mid-object: %w", err)
			}
			seen++
			if err := visit(object{id: f[0], kind: f[1], data: data[:size]}); err != nil {
				return err
			}
		}
		return nil
	}, "cat-file", "--batch", "--buffer")
	if err == nil && seen != len(ids) {
		return fmt.Errorf("git cat-file answered for %d of %d objects", seen, len(ids))
	}
	return err
}

// larger returns those of the named objects that have more than limit bytes.
// What is missing is not among them: who reads it notices.
func (r repo) larger(ctx context.Context, ids []string, limit int64) (map[string]bool, error) {
	out := make(map[string]bool)
	if len(ids) == 0 {
		return out, nil
	}
	err := r.stream(ctx, revsInput(ids), func(rd io.Reader) error {
		sc := bufio.NewScanner(rd)
		for sc.Scan() {
			id, size, _ := strings.Cut(sc.Text(), " ")
			if n, err := strconv.ParseInt(size, 10, 64); err == nil && n > limit {
				out[id] = true
			}
		}
		return sc.Err()
	}, "cat-file", "--batch-check=%(objectname) %(objectsize)", "--buffer")
	return out, err
}

// largeFiles returns the files of a commit's tree with more than limit bytes.
func (r repo) largeFiles(ctx context.Context, at review.SHA, limit int64) ([]named, error) {
	var out []named
	err := r.stream(ctx, nil, func(rd io.Reader) error {
		br := bufio.NewReaderSize(rd, 128<<10)
		for {
			line, err := br.ReadString(0)
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			meta, path, ok := strings.Cut(line[:len(line)-1], "\t")
			f := strings.Fields(meta)
			if !ok || len(f) != 4 {
				return fmt.Errorf("git ls-tree: an entry of %d fields", len(f))
			}
			if n, err := strconv.ParseInt(f[3], 10, 64); err == nil && n > limit {
				out = append(out, named{path: path, blob: f[2], commit: string(at)})
			}
		}
	}, "ls-tree", "-r", "-l", "-z", "--full-tree", string(at))
	return out, err
}

// grep returns "<commit>:<path>" with NULs between for every file of the tree
// that holds one of the patterns, one a line. The patterns are fixed strings. git
// loads files as a whole, so large ones are in leave.
func (r repo) grep(ctx context.Context, at review.SHA, patterns string, leave []string) ([]byte, error) {
	args := []string{"grep", "-l", "-z", "-a", "-F", "--no-textconv", "--threads=1", "--no-color", "-f", "-", string(at), "--", "."}
	out, err := r.output(ctx, 16<<20, strings.NewReader(patterns), append(args, leave...)...)
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 1 {
		return nil, nil // nothing found
	}
	return out, err
}

// paths returns those of paths that are files of a commit's tree.
func (r repo) paths(ctx context.Context, at review.SHA, paths []string) ([]string, error) {
	if len(paths) == 0 {
		return nil, nil
	}
	out, err := r.output(ctx, 64<<20, nil, append([]string{"--literal-pathspecs", "ls-tree", "-r", "-z", "--name-only", "--full-tree", string(at), "--"}, paths...)...)
	if err != nil {
		return nil, err
	}
	if len(out) == 0 {
		return nil, nil
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00"), nil
}
