package secrets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
)

// How commits are shown. Merges are shown apart: the combined format needs context,
// since git 2.39 prints impossible hunk headers for it with -U0.
const merges, some, open, allKinds = 1, 2, 4, 8

// showJob is some commits that are shown together.
type showJob struct {
	kind  int
	batch []commit
	big   []named // files of the batch's one commit that git must not load
}

// patches looks at what commits changed, on all cores: each worker feeds batches to
// gits of its own.
func (s *session) patches(ctx context.Context, todo []commit, show showing, big map[string][]named, res *walkResult, done func([]commit)) error {
	if len(todo) == 0 {
		return nil
	}
	only := show.only
	if only == nil {
		only = s.pathspecs(nil)
	}
	specs := [allKinds][]string{0: s.pathspecs(nil), merges: s.pathspecs(nil), some: only, some | merges: only, open: s.allPaths(nil)}
	jobs := showJobs(todo, show, big)
	workers := min(runtime.GOMAXPROCS(0), len(jobs))
	g, ctx := errgroup.WithContext(ctx)
	turns := newTurns(len(jobs), workers)
	for i := range workers {
		g.Go(func() (err error) {
			var git [allKinds]*diffTree
			defer func() {
				for _, d := range git {
					if d != nil {
						err = d.stop(err)
					}
				}
			}()
			for n := turns.next(i); n >= 0; n = turns.next(i) {
				j := jobs[n]
				switch {
				case len(j.batch[0].parents) > maxShownParents:
					err = s.wholeFiles(ctx, res, j.batch[0])
				case j.big != nil:
					err = s.withoutBig(ctx, j.kind&merges != 0, j.kind&open != 0, res, j.batch, j.big)
				default:
					if git[j.kind] == nil {
						if git[j.kind], err = s.startDiffTree(ctx, j.kind&merges != 0, specs[j.kind]); err != nil {
							return err
						}
					}
					err = git[j.kind].batch(ctx, s, res, j.batch)
				}
				if err != nil {
					return err
				}
				if done != nil {
					done(j.batch)
				}
				s.scanned.Add(int64(len(j.batch)))
				s.report()
			}
			return nil
		})
	}
	return g.Wait()
}

// showJobs puts together what is shown together. What takes long comes first: last, it
// would keep one core busy and the others waiting.
func showJobs(todo []commit, show showing, big map[string][]named) []showJob {
	var kinds [allKinds][]commit
	var large, heavy []showJob
	for _, c := range todo {
		k := 0
		if len(c.parents) > 1 {
			k = merges
		}
		if show.open[string(c.id)] {
			k |= open
		}
		if files := big[string(c.id)]; files != nil || len(c.parents) > maxShownParents {
			large = append(large, showJob{k, []commit{c}, files})
			continue
		}
		if show.some[string(c.id)] {
			k |= some
		}
		if show.added[string(c.id)] > heavyBytes {
			heavy = append(heavy, showJob{k, []commit{c}, nil})
			continue
		}
		kinds[k] = append(kinds[k], c)
	}
	slices.SortStableFunc(heavy, func(a, b showJob) int {
		return show.added[string(b.batch[0].id)] - show.added[string(a.batch[0].id)]
	})
	jobs := append(large, heavy...)
	for k, list := range slices.Backward(kinds[:]) {
		for batch := range slices.Chunk(list, shownAtOnce(k, len(list))) {
			jobs = append(jobs, showJob{k, batch, nil})
		}
	}
	return jobs
}

// heavyBytes is how much a commit adds to be looked at by itself.
const heavyBytes = 256 << 10

// shownAtOnce is how many of n commits of a kind one git is asked to show at a time:
// fewer than it could take when they are few, so that all cores are done at the
// same time. One that moves what is left out may be as large as all others together.
func shownAtOnce(kind, n int) int {
	if kind&open != 0 {
		return 1
	}
	return min(batchCommits, max(8, n/(4*runtime.GOMAXPROCS(0))+1))
}

// turns hands out jobs in order, each worker its own stretch of them:
// neighbouring commits share objects, which one git then unpacks once. A worker
// that is done takes jobs from the end of the longest stretch left.
type turns struct {
	mu   sync.Mutex
	left []interval // by worker
}

func newTurns(jobs, workers int) *turns {
	t := &turns{left: make([]interval, workers)}
	for i := range t.left {
		t.left[i] = interval{i * jobs / workers, (i + 1) * jobs / workers}
	}
	return t
}

// next returns the next job of a worker, -1 when all are handed out.
func (t *turns) next(worker int) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	if own := &t.left[worker]; own.from < own.to {
		own.from++
		return own.from - 1
	}
	longest := &t.left[0]
	for i := range t.left {
		if l := &t.left[i]; l.to-l.from > longest.to-longest.from {
			longest = l
		}
	}
	if longest.from == longest.to {
		return -1
	}
	longest.to--
	return longest.to
}

// withoutBig looks at one commit with large files: git shows the others, these
// are streamed.
func (s *session) withoutBig(ctx context.Context, merge, open bool, res *walkResult, batch []commit, big []named) error {
	leave, err := exclude(big)
	if err != nil {
		return err
	}
	specs := s.pathspecs(leave)
	if open {
		specs = s.allPaths(leave)
	}
	d, err := s.startDiffTree(ctx, merge, specs)
	if err != nil {
		return err
	}
	if err := d.stop(d.batch(ctx, s, res, batch)); err != nil || s.plain {
		return err
	}
	return s.lookAtBlobs(ctx, res, big)
}

// wholeFiles looks at the files that a commit changes as a whole.
func (s *session) wholeFiles(ctx context.Context, res *walkResult, c commit) error {
	var files []named
	err := s.listed(ctx, idsOf([]commit{c}), append(slices.Clone(rawArgs), "--stdin"), func(c change) { files = append(files, c.named) })
	if err != nil {
		return err
	}
	return s.lookAtBlobs(ctx, res, files)
}

// diffTree is a running "git diff-tree --stdin".
type diffTree struct {
	cmd       *exec.Cmd
	cancel    context.CancelFunc
	stdin     io.WriteCloser
	stdout    io.Reader
	complaint tailBuffer
	reader    *patchReader
	sink      *commitSink
	n         int
}

// patchArgs make git print what the walker reads: every line a commit adds, no
// context, names and lines as they are. Renames are followed as the gitleaks
// command does, so that the same lines count as added. -c shows of a merge what
// differs from every parent: conflict resolutions and what a merge smuggles in;
// what it takes from one parent was looked at there. Of a merge, renames are not
// followed: git does not say from where, and an allowlist may have left all lines out
// under the old name. -D spares git the content of deleted files.
func patchArgs(merges bool) []string {
	shape, renames := "-U0", "-M"
	if merges {
		shape, renames = "-U1", "--no-renames"
	}
	return []string{"-r", "--root", "-c", "-p", shape, renames, "-D", "--always", "--full-index", "--no-ext-diff", "--no-textconv",
		"--no-color", "--src-prefix=a/", "--dst-prefix=b/", "--inter-hunk-context=0", "--no-relative", "--submodule=short", "--ignore-submodules=none"}
}

// maxShownParents is of how many parents git surely shows what a merge has that they
// have not: it notes for each line, in the 64 bits of a word, which of them lack it.
const maxShownParents = 60

// startDiffTree starts a git that shows commits, as far as pathspecs go.
func (s *session) startDiffTree(ctx context.Context, merges bool, pathspecs []string) (*diffTree, error) {
	ctx, cancel := context.WithCancel(ctx)
	d := &diffTree{cancel: cancel}
	args := append([]string{"diff-tree", "--stdin"}, patchArgs(merges)...)
	args = append(append(args, "--"), pathspecs...)
	d.cmd = s.repo.command(ctx, args...)
	d.cmd.Stderr = &d.complaint
	var err error
	if d.stdin, err = d.cmd.StdinPipe(); err == nil {
		d.stdout, err = d.cmd.StdoutPipe()
	}
	if err == nil {
		widen(d.stdout)
		err = d.cmd.Start()
	}
	if err != nil {
		cancel()
		return nil, fmt.Errorf("start git diff-tree: %w", err)
	}
	d.sink = &commitSink{s: s}
	d.reader = newPatchReader(d.stdout, d.sink, false)
	return d, nil
}

// batch has git show the commits of batch and looks at them, and at the files
// they bring. git echoes a marker after them, so an answer is complete or an
// error.
func (d *diffTree) batch(ctx context.Context, s *session, res *walkResult, batch []commit) error {
	d.n++
	marker := markerPrefix + strconv.Itoa(d.n)
	var in strings.Builder
	// Newest first: git keeps an old file as its difference to a newer one.
	batch = slices.Clone(batch)
	slices.Reverse(batch)
	for _, c := range batch {
		in.WriteString(string(c.id))
		in.WriteByte('\n')
	}
	in.WriteString(marker + "\n")
	k := d.sink
	*k = commitSink{s: s, ctx: ctx, want: batch, end: marker}
	// A batch fits into a pipe's buffer (64 KiB), so this cannot block while
	// git waits for us to read.
	if _, err := io.WriteString(d.stdin, in.String()); err != nil {
		return fmt.Errorf("talk to git diff-tree: %w", err)
	}
	err := d.reader.run()
	s.add(res, k.hits)
	switch {
	case err != nil:
		return err
	case !k.closed:
		return errors.New("git diff-tree ended early")
	case k.seen != len(batch):
		return fmt.Errorf("git diff-tree showed %d of %d commits", k.seen, len(batch))
	}
	slices.Reverse(k.files)
	return s.lookAtBlobs(ctx, res, k.files)
}

// stop ends git and returns err, or what git complained about.
func (d *diffTree) stop(err error) error {
	d.stdin.Close()
	if err != nil {
		d.cancel()
	}
	waitErr := d.cmd.Wait()
	d.cancel()
	return afterGit("diff-tree", &d.complaint, err, waitErr)
}

// commitSink looks at the patches of a batch of commits.
type commitSink struct {
	s      *session
	ctx    context.Context
	want   []commit
	end    string
	closed bool
	seen   int
	cur    string
	f      patchFile
	whole  bool // the file is looked at as a whole
	hits   []hit
	files  []named
}

func (k *commitSink) commit(id string) error {
	if k.seen >= len(k.want) || string(k.want[k.seen].id) != id {
		return fmt.Errorf("%w: a commit that was not asked for", errPatch)
	}
	k.seen++
	k.cur = id
	return k.ctx.Err()
}

func (k *commitSink) file(f patchFile) error {
	k.f, k.whole = f, false
	if f.deleted || f.module || f.same || k.s.plain || leftOutFile(f.path) {
		return nil
	}
	// What an allowlist left out under its old name is new under this one, all of it, as
	// it is to a rule about files of this name; if it is left out again, whether it is
	// binary may not have been looked at.
	hidden := f.from != "" && (k.s.rules.pathAllowed(f.from) || k.s.rules.filter.newlyRuled(f.from, f.path))
	k.whole = hidden && !k.s.rules.pathAllowed(f.path)
	if f.binary && !hidden || k.whole {
		k.files = append(k.files, named{path: f.path, commit: k.cur, blob: f.blob, moved: k.whole})
	}
	return nil
}

func (k *commitSink) hunk(h patchHunk) error {
	if k.f.deleted || k.whole || k.f.merge && k.s.plain {
		return nil
	}
	// A rule about names reports a file wherever it changes, lines taken away included.
	if len(h.added) == 0 && (k.f.merge || !k.s.rules.filter.reportsName(k.f.path)) {
		return nil
	}
	k.s.bytes.Add(int64(len(h.added)))
	w := inPatch
	if k.f.merge {
		w = inMerge
	}
	k.hits = k.s.gather(k.hits, k.s.hits(k.ctx, text{content: h.added, path: k.f.path, commit: k.cur, line: h.newStart}, w))
	return k.ctx.Err()
}

func (k *commitSink) marker(line string) error {
	if line != k.end {
		return fmt.Errorf("%w: an unexpected marker", errPatch)
	}
	k.closed = true
	return errStop
}
