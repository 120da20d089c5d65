package secrets

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	pathpkg "path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/launchgate/launchgate/app/objects"
	"github.com/launchgate/launchgate/app/review"
)

// bigFileBytes is the size from which git treats a blob as binary instead of
// loading it to compute a diff (core.bigFileThreshold); such blobs are streamed
// through the scanner instead, as are those with more than maxComparedLines. It bounds
// git's memory and ours.
const bigFileBytes = 12 << 20

// killGrace is how long a cancelled git may take to let go of its pipes.
const killGrace = 2 * time.Second

// repo runs git on one repository. Nothing in the repository's own
// configuration, attributes, replacement refs, grafts or hooks changes what it
// reads, and nothing is fetched.
type repo struct {
	dir string // absolute
	// own reads objects from the repository's files.
	own *objects.Store
	// asked are the running gits that answer what is in an object that own does not.
	asked *askedGits
	// emptyTree is the name of a tree without files: git knows it without having it, and
	// one of the other kind of names is none to it.
	emptyTree string
	// workTree is a folder without files of names that a tree has, where the configuration
	// says another, which git would go to, or of which the repository's folder is a part;
	// "" where it says none.
	workTree string
	// attributes is a file of attributes, nil for none.
	attributes *os.File
	// allocLimit is the most that git may allocate at once, "" for any amount.
	allocLimit string
	// complaint, if set, takes what git complains about.
	complaint *tailBuffer
	// leaveLarge: of few objects, those of more than maxOwnBytes are not wanted. They come
	// without a body.
	leaveLarge bool
}

// openRepo opens the repository in dir. Its processes end with ctx, or by close.
func openRepo(ctx context.Context, dir string) (repo, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return repo{}, fmt.Errorf("resolve the repository's path: %w", err)
	}
	if _, err := os.Stat(filepath.Join(abs, "objects")); err != nil {
		if fi, e := os.Stat(filepath.Join(abs, ".git", "objects")); e == nil && fi.IsDir() {
			return newRepo(ctx, filepath.Join(abs, ".git")), nil
		}
		return repo{}, fmt.Errorf("open the repository: %w", err)
	}
	return newRepo(ctx, abs), nil
}

// familiar says what must be known of a repository's configuration before git is asked.
func (r repo) familiar() repo {
	r.emptyTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
	config, _ := os.ReadFile(filepath.Join(r.dir, "config")) // without one, git says what is wrong
	for line := range strings.Lines(strings.ToLower(string(config))) {
		key, value, _ := strings.Cut(line, "=")
		key = strings.TrimSpace(key)
		switch {
		case strings.HasSuffix(key, "objectformat") && strings.Trim(value, " \t\r\n\"") == "sha256":
			r.emptyTree = "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321"
		case strings.HasSuffix(key, "worktree"):
			r.workTree = filepath.Join(r.dir, "objects")
		}
	}
	return r
}

// command prepares git with args in its own process group, which is killed as
// a whole when ctx ends.
func (r repo) command(ctx context.Context, args ...string) *exec.Cmd {
	attributes, handed := "/dev/null", []*os.File(nil)
	if r.attributes != nil {
		attributes, handed = "/proc/self/fd/3", []*os.File{r.attributes} // the first that is handed on
	}
	fixed := []string{
		"-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "core.attributesFile=" + attributes, "-c", "core.ignoreCase=false",
		"-c", "core.bare=true", "-c", "core.quotePath=true", "-c", "core.bigFileThreshold=" + strconv.Itoa(bigFileBytes),
		// A commit graph is a copy of what commits say of their parents that git
		// believes without a look at its checksum: a damaged one hides commits.
		"-c", "core.commitGraph=false",
		"-c", "safe.directory=" + r.dir, "-c", "protocol.allow=never",
		"-c", "diff.suppressBlankEmpty=false", "-c", "diff.algorithm=default", "-c", "color.ui=false",
		"-c", "diff.indentHeuristic=true", "-c", "diff.renameLimit=1000", "-c", "gc.auto=0", "-c", "advice.graftFileDeprecated=false",
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
		"GIT_ATTR_SOURCE=" + r.emptyTree,
		// glibc would map and unmap memory for every larger file, which is a
		// tenth of git's time; in pages of usual size, another.
		"GLIBC_TUNABLES=glibc.malloc.hugetlb=1", "MALLOC_MMAP_THRESHOLD_=67108864", "MALLOC_TRIM_THRESHOLD_=268435456", "MALLOC_TOP_PAD_=16777216",
	}
	if r.allocLimit != "" {
		cmd.Env = append(cmd.Env, "GIT_ALLOC_LIMIT="+r.allocLimit)
	}
	if r.workTree != "" {
		cmd.Env = append(cmd.Env, "GIT_WORK_TREE="+r.workTree)
	}
	cmd.Dir, cmd.ExtraFiles = r.dir, handed
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
	buf   bytes.Buffer
	limit int // 0: 4 KiB
}

func (t *tailBuffer) Write(p []byte) (int, error) {
	if room := cmp.Or(t.limit, 4096) - t.buf.Len(); room > 0 {
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

// afterGit is the error of a git that has ended, if any: err is what was wrong with
// what it said, waitErr how it ended. What it complained about is only said with one of
// them: git warns of things that are none of ours.
func afterGit(op string, complaint *tailBuffer, err, waitErr error) error {
	line := complaint.firstLine()
	if waitErr == nil && err == nil || err != nil && line == "" {
		return err
	}
	return &gitError{op: op, err: errors.Join(err, waitErr), stderr: line}
}

// output runs git to its end and returns what it printed, at most limit bytes.
func (r repo) output(ctx context.Context, limit int64, stdin io.Reader, args ...string) ([]byte, error) {
	var out []byte
	err := r.stream(ctx, stdin, func(rd io.Reader) error {
		var err error
		out, err = io.ReadAll(io.LimitReader(rd, limit+1))
		if err == nil && int64(len(out)) > limit {
			return &overLimit{what: "what git " + args[0] + " says", limit: limit}
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
	complaint := r.complaint
	if complaint == nil {
		complaint = new(tailBuffer)
	}
	cmd.Stderr, cmd.Stdin = complaint, stdin
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("git %s: %w", args[0], err)
	}
	widen(stdout)
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

// pipeBytes is how far git may be ahead of us. With a pipe's usual 64 KiB, less than
// many a file, git and we take turns instead of working at the same time, and each
// turn costs both a switch.
const pipeBytes = 512 << 10

// widen makes a pipe hold more. A system that refuses leaves it as it was.
func widen(pipe io.Reader) {
	f, ok := pipe.(*os.File)
	if !ok {
		return
	}
	if raw, err := f.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { _, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, pipeBytes) })
	}
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
	list, _, err := r.commitsAndEdge(ctx, revs)
	return list, err
}

// commitsAndEdge is commits; with --boundary among revs also those parents of
// them that revs exclude.
func (r repo) commitsAndEdge(ctx context.Context, revs []string) (list []commit, edge map[string]bool, err error) {
	edge = make(map[string]bool)
	args, in := revArgs(revs, "rev-list", "--topo-order", "--reverse", "--parents", "--stdin")
	err = r.stream(ctx, in, func(rd io.Reader) error {
		sc := bufio.NewScanner(rd)
		sc.Buffer(make([]byte, 64<<10), 4<<20)
		for sc.Scan() {
			line, outside := strings.CutPrefix(sc.Text(), "-")
			ids := strings.Fields(line)
			if len(ids) == 0 {
				continue
			}
			id, err := review.ParseSHA(ids[0])
			if err != nil {
				return fmt.Errorf("git rev-list: %w", err)
			}
			if outside {
				edge[ids[0]] = true
				continue
			}
			list = append(list, commit{id: id, parents: ids[1:]})
		}
		return sc.Err()
	}, args...)
	return list, edge, err
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

// readFile returns the regular file at path of a commit's tree, nil when there is
// none.
func (r repo) readFile(ctx context.Context, at review.SHA, path string, limit int64) ([]byte, error) {
	files, err := r.readFiles(ctx, at, limit, path)
	return files[path], err
}

// readFiles is readFile for several paths.
func (r repo) readFiles(ctx context.Context, at review.SHA, limit int64, paths ...string) (map[string][]byte, error) {
	trees := map[string]string{".": string(at) + "^{tree}"} // by folder
	blobs := make(map[string]string)
	for depth := 0; len(trees) > 0; depth++ {
		folders := sortedKeys(trees)
		names := make([]string, len(folders))
		for i, f := range folders {
			names[i] = trees[f]
		}
		trees = make(map[string]string)
		i := 0
		err := r.objects(ctx, names, 64<<20, func(o object) error {
			folder := folders[i]
			i++
			if o.kind != "tree" {
				return fmt.Errorf("git answered %s %s for a folder", o.kind, o.id)
			}
			entries, err := treeEntries(o)
			for _, p := range paths {
				parts := strings.Split(p, "/")
				if len(parts) <= depth || pathpkg.Dir(pathpkg.Join(parts[:depth+1]...)) != folder {
					continue
				}
				e, ok := entries[parts[depth]]
				switch last := depth == len(parts)-1; {
				case ok && last && strings.HasPrefix(e.mode, "100"):
					blobs[p] = e.id
				case ok && !last && e.mode == modeFolder:
					trees[pathpkg.Join(parts[:depth+1]...)] = e.id
				}
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	files := make(map[string][]byte)
	wanted := sortedKeys(blobs)
	ids := make([]string, len(wanted))
	for i, p := range wanted {
		ids[i] = blobs[p]
	}
	err := r.contents(ctx, ids, func(i int, o objectInfo, body io.Reader) error {
		if o.size > limit {
			return fmt.Errorf("%s of the base has more than %d bytes", wanted[i], limit)
		}
		data, err := io.ReadAll(body)
		files[wanted[i]] = data
		return err
	})
	return files, err
}

// treeEntry is what a folder holds under one name.
type treeEntry struct{ mode, id string }

// treeEntries reads a tree object: "MODE NAME" NUL and the bytes of an id, again
// and again. Ids are as long as the tree's own.
func treeEntries(o object) (map[string]treeEntry, error) {
	out := make(map[string]treeEntry)
	for data := o.data; len(data) > 0; {
		e, rest, ok := cutEntry(data, len(o.id)/2)
		if !ok {
			return nil, fmt.Errorf("git answered a folder that is none, %s", o.id)
		}
		out[string(e.name)] = treeEntry{string(e.mode), hex.EncodeToString(e.id)}
		data = rest
	}
	return out, nil
}

// cutEntry reads the first entry of a tree object, whose ids have size bytes.
func cutEntry(data []byte, size int) (e ownEntry, rest []byte, ok bool) {
	head, rest, ended := bytes.Cut(data, []byte{0})
	mode, name, named := bytes.Cut(head, []byte(" "))
	if !ended || !named || len(rest) < size {
		return e, nil, false
	}
	return ownEntry{mode: mode, name: name, id: rest[:size]}, rest[size:], true
}

// objectInfo is how an answer of cat-file --batch begins.
type objectInfo struct {
	id, kind string
	size     int64
}

// contents reads the named objects, in order, and calls visit for each; what
// visit leaves of body is skipped. It fails when one is missing or corrupt.
func (r repo) contents(ctx context.Context, names []string, visit func(i int, o objectInfo, body io.Reader) error) error {
	if len(names) == 0 {
		return nil
	}
	if len(names) <= maxAsked {
		return r.fewContents(ctx, names, visit)
	}
	return r.stream(ctx, revsInput(names), func(rd io.Reader) error { return readContents(bufio.NewReaderSize(rd, 256<<10), len(names), visit) }, "cat-file", askContents.mode(), "--buffer")
}

// fewContents is contents for so few that no git is started for them: those of usual size
// are read here, others by the gits that are asked.
func (r repo) fewContents(ctx context.Context, names []string, visit func(i int, o objectInfo, body io.Reader) error) error {
	buf := ownBuffers.Get().(*[]byte)
	defer ownBuffers.Put(buf)
	for at := 0; at < len(names); {
		if o, ok := r.own.ReadTo(*buf, names[at], maxOwnBytes); ok {
			if cap(o.Data) > cap(*buf) && !o.Shared {
				*buf = o.Data
			}
			if err := firstOf(context.Cause(ctx), visit(at, objectInfo{names[at], o.Kind, int64(len(o.Data))}, &ownBody{bytes.NewReader(o.Data), o.Data})); err != nil {
				return err
			}
			at++
			continue
		}
		if large, ok := r.tooLargeHere(names[at]); ok {
			if err := visit(at, objectInfo{names[at], large.Kind, large.Size}, nil); err != nil {
				return err
			}
			at++
			continue
		}
		// git is asked for all that are left: mostly there are more that are not read here.
		first := at
		at = len(names)
		err := r.asked.ask(ctx, r, askContents, names[first:], func(br *bufio.Reader) error {
			return readContents(br, len(names)-first, func(i int, o objectInfo, body io.Reader) error { return visit(first+i, o, body) })
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// tooLargeHere returns what is said of an object that is not wanted.
func (r repo) tooLargeHere(id string) (objects.Info, bool) {
	if !r.leaveLarge {
		return objects.Info{}, false
	}
	o, ok := r.own.Info(id)
	return o, ok && o.Size > maxOwnBytes
}

// ownBody is an object that was read here. Its data is the caller's only for a moment.
type ownBody struct {
	*bytes.Reader
	data []byte
}

// ownBuffers are for objects that are read here, one after the other.
var ownBuffers = sync.Pool{New: func() any {
	buf := make([]byte, 0, roomyBytes)
	return &buf
}}

// roomyBytes is how large the memory is at first that is for one file after the other: of
// memory that grew with them, all that it was before would be new, too, and for each new
// page the kernel is asked; of what is never used, none is there.
const roomyBytes = 1 << 20

// maxOwnBytes is how large an object may be that is read here, as a whole. More are read
// by git, in parts.
const maxOwnBytes = 4 << 20

// readContents reads so many answers of cat-file --batch.
func readContents(br *bufio.Reader, n int, visit func(i int, o objectInfo, body io.Reader) error) error {
	for i := range n {
		head, err := br.ReadString('\n')
		if err != nil {
			return fmt.Errorf("git cat-file answered for %d of %d objects: %w", i, n, io.ErrUnexpectedEOF)
		}
		f := strings.Fields(head)
		if len(f) == 2 && f[1] == "missing" {
			return &missingObject{name: f[0]}
		}
		if len(f) != 3 {
			return fmt.Errorf("git cat-file: object %s", strings.TrimSpace(head))
		}
		o := objectInfo{id: f[0], kind: f[1]}
		if o.size, err = strconv.ParseInt(f[2], 10, 64); err != nil {
			return fmt.Errorf("git cat-file: size of %s: %w", f[0], err)
		}
		body := &io.LimitedReader{R: br, N: o.size}
		if err := visit(i, o, body); err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, body); err != nil {
			return fmt.Errorf("git cat-file ended in mid-object: %w", err)
		}
		if body.N != 0 {
			return fmt.Errorf("git cat-file ended in mid-object: %w", io.ErrUnexpectedEOF)
		}
		if _, err := br.Discard(1); err != nil {
			return fmt.Errorf("git cat-file ended in mid-answer: %w", err)
		}
	}
	return nil
}

// overLimit is something larger than is read, which is not the repository's fault.
type overLimit struct {
	what  string
	limit int64
}

func (e *overLimit) Error() string {
	return fmt.Sprintf("%s has more than %d MiB", e.what, e.limit>>20)
}

// object is a whole object.
type object struct {
	id, kind string
	data     []byte
}

// missingObject is one that the repository names and does not hold.
type missingObject struct{ name string }

func (e *missingObject) Error() string {
	return fmt.Sprintf("the repository does not hold object %s, which its history names", e.name)
}

// objects reads the named objects whole, in order. It fails when one is missing,
// corrupt or larger than limit.
func (r repo) objects(ctx context.Context, ids []string, limit int64, visit func(object) error) error {
	return r.contents(ctx, ids, func(_ int, o objectInfo, body io.Reader) error {
		if o.size > limit {
			return &overLimit{what: o.kind + " " + o.id, limit: limit}
		}
		data := make([]byte, o.size)
		if _, err := io.ReadFull(body, data); err != nil {
			return fmt.Errorf("git cat-file ended in mid-object: %w", err)
		}
		return visit(object{id: o.id, kind: o.kind, data: data})
	})
}

// maxComparedLines is how many lines a file may have that git compares: git keeps up
// to 150 bytes for each, and takes ten seconds for two files of a million that differ.
var maxComparedLines = 500_000

// hasManyLines reports whether a file has more than maxComparedLines.
func hasManyLines(content []byte) bool {
	return len(content) > maxComparedLines && bytes.Count(content, []byte("\n")) > maxComparedLines
}

// tooLarge returns those of some blobs that git must not compare: they have more than
// bigFileBytes, or more than maxComparedLines. What is missing is not among them: who
// reads it notices.
func (r repo) tooLarge(ctx context.Context, ids []string) (map[string]bool, error) {
	out := make(map[string]bool)
	var count []string
	err := r.infos(ctx, ids, func(o objectInfo) {
		switch {
		case o.size > bigFileBytes:
			out[o.id] = true
		case o.size > int64(maxComparedLines):
			count = append(count, o.id)
		}
	})
	if err != nil {
		return nil, err
	}
	buf := make([]byte, 32<<10)
	return out, r.contents(ctx, count, func(_ int, o objectInfo, body io.Reader) error {
		lines := 0
		for {
			n, err := body.Read(buf)
			lines += bytes.Count(buf[:n], []byte("\n"))
			if lines > maxComparedLines {
				out[o.id] = true
			}
			if errors.Is(err, io.EOF) {
				return ctx.Err()
			}
			if err != nil {
				return err
			}
		}
	})
}

// present returns those of ids that the repository holds.
func (r repo) present(ctx context.Context, ids []string) ([]string, error) {
	var have []string
	err := r.infos(ctx, ids, func(o objectInfo) { have = append(have, o.id) })
	return have, err
}

// infos calls visit for each of the named objects that is there, in order.
func (r repo) infos(ctx context.Context, ids []string, visit func(objectInfo)) error {
	if len(ids) == 0 {
		return nil
	}
	read := func(br *bufio.Reader) error {
		for i := range ids {
			line, err := br.ReadString('\n')
			if err != nil {
				return fmt.Errorf("git cat-file answered for %d of %d objects: %w", i, len(ids), io.ErrUnexpectedEOF)
			}
			f := strings.Fields(line)
			if len(f) != 3 {
				continue // missing
			}
			n, err := strconv.ParseInt(f[2], 10, 64)
			if err != nil {
				return fmt.Errorf("git cat-file: size of %s: %w", f[0], err)
			}
			visit(objectInfo{f[0], f[1], n})
		}
		return nil
	}
	if len(ids) <= maxAsked {
		if said, ok := r.ownInfos(ids); ok {
			for _, o := range said {
				visit(o)
			}
			return nil
		}
		return r.asked.ask(ctx, r, askInfo, ids, read)
	}
	return r.stream(ctx, revsInput(ids), func(rd io.Reader) error { return read(bufio.NewReader(rd)) }, "cat-file", askInfo.mode(), "--buffer")
}

// ownInfos is infos for objects all of which are found here.
func (r repo) ownInfos(ids []string) ([]objectInfo, bool) {
	said := make([]objectInfo, len(ids))
	for i, id := range ids {
		o, ok := r.own.Info(id)
		if !ok {
			return nil, false
		}
		said[i] = objectInfo{id, o.Kind, o.Size}
	}
	return said, true
}

// grep returns "<commit>:<path>" with NULs between for every file of the tree
// that holds one of the patterns, one a line. The patterns are fixed strings. git
// loads files as a whole, so large ones are in leave. With an error, it says what is known.
func (r repo) grep(ctx context.Context, at review.SHA, patterns string, leave []string) ([]byte, error) {
	args := []string{"grep", "-l", "-z", "-a", "-F", "--no-textconv", "--threads=1", "--no-color", "-f", "-", string(at), "--", "."}
	var complaint tailBuffer
	r.complaint = &complaint
	out, err := r.output(ctx, 16<<20, strings.NewReader(patterns), append(args, leave...)...)
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 1 {
		out, err = nil, nil // nothing found
	}
	// It goes on past files that it cannot read, and ends as if it had searched them.
	for line := range strings.Lines(complaint.buf.String()) {
		if err == nil && strings.HasPrefix(line, "error:") {
			return out, &gitError{op: "grep", err: errors.New("a file was not searched"), stderr: strings.TrimSpace(line)}
		}
	}
	if err == nil && len(out) > 0 && out[len(out)-1] != 0 {
		return nil, errors.New("git grep ended in mid-name")
	}
	return out, err
}

// modeFolder is the mode of a folder, as folders have it.
const modeFolder = "40000"

// modeLink is the mode of a symbolic link: what it leads to is its text.
const modeLink = "120000"

// files returns those of paths that are regular files or symbolic links of a commit's tree.
func (r repo) files(ctx context.Context, at review.SHA, paths []string) ([]named, error) {
	var out []named
	for len(paths) > 0 {
		n, size := 0, 0 // so many that they fit on a command line, whatever they are called
		for ; n < len(paths) && n < 500 && (n == 0 || size+len(paths[n]) < maxExcluded); n++ {
			size += len(paths[n]) + 1
		}
		if err := r.eachFile(ctx, at, false, paths[:n], func(f treeFile) { out = append(out, f.named) }); err != nil {
			return nil, err
		}
		paths = paths[n:]
	}
	return out, nil
}

// treeFile is a regular file or a symbolic link of a tree.
type treeFile struct {
	named
	link bool
	size int64 // in bytes, if it was asked for; -1 when it cannot be told
}

// eachFile calls visit for the regular files and symbolic links of a commit's tree at
// or below paths; none: all. With sizes, git looks for each of them how large it is.
func (r repo) eachFile(ctx context.Context, at review.SHA, sizes bool, paths []string, visit func(treeFile)) error {
	args, fields := []string{"--literal-pathspecs", "ls-tree", "-r", "-z", "--full-tree"}, 3
	if sizes {
		args, fields = append(args, "-l"), 4
	}
	return r.stream(ctx, nil, func(rd io.Reader) error {
		br := bufio.NewReaderSize(rd, 128<<10)
		for {
			entry, err := br.ReadString(0)
			if errors.Is(err, io.EOF) && entry == "" {
				return nil
			}
			if err != nil {
				return fmt.Errorf("git ls-tree: %w", err)
			}
			meta, path, ok := strings.Cut(entry[:len(entry)-1], "\t")
			f := strings.Fields(meta)
			if !ok || len(f) != fields {
				return fmt.Errorf("git ls-tree: an entry of %d fields", len(f))
			}
			file := treeFile{named: named{path: path, blob: f[2], commit: string(at)}, link: f[0] == modeLink}
			if !file.link && !strings.HasPrefix(f[0], "100") {
				continue
			}
			if sizes {
				if file.size, err = strconv.ParseInt(f[3], 10, 64); err != nil {
					file.size = -1 // git does not hold the file; who reads it says so
				}
			}
			visit(file)
		}
	}, append(append(args, string(at), "--"), paths...)...)
}
