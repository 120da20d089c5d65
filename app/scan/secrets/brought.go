package secrets

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// screening is what a session knows about files after screening them.
type screening struct {
	once  sync.Once
	seed  maphash.Seed
	known map[uint64]screened // by path and blob
	mu    sync.Mutex
	idle  []*screener
	// holds are what files hold that were looked at as a whole, by path and blob.
	holds map[named][]hit
}

// hold notes what a file holds. It is not to be called concurrently.
func (sc *screening) hold(f named, hits []hit) {
	if sc.holds == nil {
		sc.holds = make(map[named][]hit)
	}
	if len(sc.holds) < maxHits {
		sc.holds[f] = hits
	}
}

// pathKind is what a file's name alone says.
type pathKind uint8

const (
	plainPath   pathKind = iota
	allowedPath          // a global allowlist leaves it out
	ruledPath            // a rule reports such names
)

// pathKinds says it of many files, on all cores.
func (s *session) pathKinds(paths []string) []pathKind {
	kinds := make([]pathKind, len(paths))
	var all sync.WaitGroup
	for part := range slices.Chunk(kinds, len(kinds)/runtime.GOMAXPROCS(0)+1) {
		names := paths[:len(part)]
		paths = paths[len(part):]
		all.Go(func() {
			for i, path := range names {
				switch {
				case s.rules.pathAllowed(path):
					part[i] = allowedPath
				case s.rules.filter.reportsName(path):
					part[i] = ruledPath
				}
			}
		})
	}
	all.Wait()
	return kinds
}

// fewCommits is how many commits are shown without screening: git compares those of
// a push in less time than it takes to make ready what almost matches somewhere in
// their files is judged with.
var fewCommits = 64

// showing says which commits git must show.
type showing struct {
	// whole are those of which it must compare all files: whether a file was
	// renamed depends on the others.
	whole map[string]bool
	// open are those of them of which it must compare even what leftOutPaths leave
	// out: what it takes for moved depends on that.
	open map[string]bool
	// some are those of which it needs to compare only paths.
	some  map[string]bool
	paths map[int32]bool
	// only are the pathspecs for paths; nil: they are too many.
	only []string
	// added are the bytes of the files that a commit adds and that may hold
	// something.
	added map[string]int
}

func (w showing) shows(id string) bool { return w.whole[id] || w.some[id] }

// compares reports whether git compares the files of a path when it shows a commit.
func (w showing) compares(id string, path int32) bool {
	return w.whole[id] || w.some[id] && (w.only == nil || w.paths[path])
}

// toShow screens the files that the commits of a listing bring, and says which of
// the commits git must show: in what the others bring, gitleaks could report nothing.
func (s *session) toShow(ctx context.Context, l *listing) (showing, error) {
	show := showing{whole: make(map[string]bool), open: make(map[string]bool), some: make(map[string]bool), paths: make(map[int32]bool), added: make(map[string]int)}
	if len(l.commits) <= fewCommits && !s.ahead.own() || l.full || !s.rules.screens() {
		for n, c := range l.commits {
			show.whole[string(c.id)] = true
			if l.mayMove(n, nil) {
				show.open[string(c.id)] = true
			}
		}
		return show, nil
	}
	could, err := s.screen(ctx, l)
	if err != nil {
		return show, err
	}
	for n, c := range l.commits {
		id, by := string(c.id), l.by[n]
		if by.odd {
			show.whole[id] = true
		}
		for _, k := range l.changes[by.from:by.to] {
			if k.added && k.brings >= 0 && could[k.brings] {
				show.added[id] += int(l.sizes[l.files[k.brings].blob])
			}
			switch {
			case k.brings < 0 || !could[k.brings] || show.whole[id]:
			case k.added && (by.gone || l.merges[id]):
				show.whole[id] = true // it may have been renamed
			default:
				show.some[id] = true
				show.paths[k.path] = true
			}
		}
		if show.whole[id] {
			delete(show.some, id)
			show.open[id] = l.mayMove(n, could)
		}
	}
	var paths []string
	for n := range show.paths {
		paths = append(paths, l.paths.list[n])
	}
	slices.Sort(paths)
	show.only = onlyPaths(paths)
	return show, nil
}

// screen says of each file of a listing whether gitleaks could report something in
// what git shows of it.
func (s *session) screen(ctx context.Context, l *listing) ([]bool, error) {
	sc := &s.screening
	sc.once.Do(func() { sc.seed, sc.known = maphash.MakeSeed(), make(map[uint64]screened) })
	if len(sc.known) > maxRemembered {
		clear(sc.known)
	}
	what := make([]screened, len(l.files))
	var work []int32
	leftOut := blobCounts{binary: make(map[string]bool)}
	kinds := s.pathKinds(l.paths.list)
	for i, f := range l.files {
		switch kinds[f.path] {
		case allowedPath:
			what[i] = silent
			if path := l.paths.list[f.path]; !s.plain && leftOutAs(path) == "" {
				leftOut.add(named{path: path, blob: l.blobs.list[f.blob]})
			}
			continue
		case ruledPath:
			continue
		}
		// What git shows of a file in other commits may be other lines of it.
		if known, before := sc.known[sc.hash(l.paths.list[f.path], l.blobs.list[f.blob])]; before && known != silentHere {
			what[i] = known
			continue
		}
		work = append(work, int32(i))
	}
	s.count(leftOut)
	if err := s.screenAll(ctx, l, l.versions(work), what); err != nil {
		return nil, err
	}
	for _, i := range work {
		f := l.files[i]
		sc.known[sc.hash(l.paths.list[f.path], l.blobs.list[f.blob])] = what[i]
	}
	could := make([]bool, len(what))
	for i := range what {
		could[i] = what[i] == mayHold
	}
	return could, nil
}

func (sc *screening) hash(path, blob string) uint64 {
	return maphash.Comparable(sc.seed, [2]string{path, blob})
}

// any reports whether any file was screened.
func (sc *screening) any() bool { return len(sc.known) > 0 }

// silent reports whether a file is known to hold nothing that gitleaks could report.
func (sc *screening) silent(path, blob string) bool {
	if !sc.any() {
		return false
	}
	return sc.known[sc.hash(path, blob)] == silent
}

// sameBlob is a blob with the files that have its content.
type sameBlob struct {
	blob  int32
	files []int32
}

// versions puts files in order: versions of a file one after the other, for they
// share chunks, and the newest first, for git keeps an old one as its difference to
// a newer one.
func (l *listing) versions(files []int32) []sameBlob {
	names := make([]int32, len(l.paths.list))
	for i := range names {
		names[i] = int32(i)
	}
	slices.SortFunc(names, func(a, b int32) int { return strings.Compare(l.paths.list[a], l.paths.list[b]) })
	rank := make([]int32, len(names))
	for i, n := range names {
		rank[n] = int32(i)
	}
	since := make([]int32, len(l.files)) // the first commit with it
	for n := range slices.Backward(l.by) {
		for _, k := range l.changes[l.by[n].from:l.by[n].to] {
			if k.brings >= 0 {
				since[k.brings] = int32(n)
			}
		}
	}
	slices.SortFunc(files, func(a, b int32) int {
		return cmp.Or(cmp.Compare(rank[l.files[a].path], rank[l.files[b].path]), cmp.Compare(since[b], since[a]), cmp.Compare(a, b))
	})
	out := make([]sameBlob, 0, len(files))
	at := make([]int32, len(l.blobs.list)) // in out, from 1 on
	for _, f := range files {
		blob := l.files[f].blob
		if at[blob] == 0 {
			out = append(out, sameBlob{blob: blob})
			at[blob] = int32(len(out))
		}
		out[at[blob]-1].files = append(out[at[blob]-1].files, f)
	}
	return out
}

// screenedFiles is how many files are handed out at a time to be screened: so few
// that all cores are done at the same time.
const screenedFiles = 128

// askedFiles is up to how many files are read by the gits that are there already.
var askedFiles = 2 * maxAsked

// screenShare is about how much of the work on a history is screening.
const screenShare = 0.7

// screenAll screens files on all cores and notes in what what came out. A git with
// each of them reads ahead.
func (s *session) screenAll(ctx context.Context, l *listing, blobs []sameBlob, what []screened) error {
	l.sizes = make([]int32, len(l.blobs.list))
	jobs := slices.Collect(slices.Chunk(blobs, screenedFiles))
	workers := min(runtime.GOMAXPROCS(0), len(jobs))
	turns := newTurns(len(jobs), workers)
	hasty := s.ahead.own()
	if hasty {
		l.noteBringing()
	}
	var done atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for i := range workers {
		g.Go(func() error {
			k := s.screening.take(s.rules)
			defer s.screening.give(k)
			if k.left = nil; hasty {
				left := hastyBytes
				k.left = &left
			}
			w := screenWorker{s: s, k: k, l: l, jobs: jobs, what: what, turn: func() int { return turns.next(i) }}
			w.done = func() { // there is something to show long before a commit is done with
				s.screened.Store(int64(float64(len(l.commits)) * screenShare * float64(done.Add(1)) / float64(len(jobs))))
				s.report()
			}
			if len(blobs) > askedFiles {
				return w.feed(ctx)
			}
			return w.ask(ctx)
		})
	}
	return g.Wait()
}

// screenWorker screens files with one screener.
type screenWorker struct {
	s     *session
	k     *screener
	l     *listing
	jobs  [][]sameBlob // what is screened is taken away from the front
	what  []screened
	turn  func() int
	done  func() // is called after each job
	again []int  // jobs that a git was asked for in vain
}

// errLarge is a file that is too large to be screened.
var errLarge = errors.New("a file that is too large to be screened")

// feed has a git of its own read ahead. One that comes to a large file, which it
// would send as a whole, is ended.
func (w *screenWorker) feed(ctx context.Context) error {
	question := func(n int) string {
		var b strings.Builder
		for _, f := range w.jobs[n] {
			b.WriteString(w.l.blobs.list[f.blob])
			b.WriteByte('\n')
		}
		return b.String()
	}
	read := func(n int, br *bufio.Reader) error {
		err := readContents(br, len(w.jobs[n]), w.visit(ctx, n))
		w.done()
		return err
	}
	for {
		unread, err := w.s.repo.feed(ctx, w.take, question, read, "cat-file", askContents.mode(), "--buffer")
		if !errors.Is(err, errLarge) {
			return err
		}
		w.again = append(unread, w.again...)
	}
}

func (w *screenWorker) take() int {
	for len(w.again) > 0 {
		n := w.again[0]
		w.again = w.again[1:]
		if len(w.jobs[n]) > 0 {
			return n
		}
	}
	return w.turn()
}

// ask has the gits that are there already read few files.
func (w *screenWorker) ask(ctx context.Context) error {
	for n := w.turn(); n >= 0; n = w.turn() {
		for len(w.jobs[n]) > 0 {
			ids := make([]string, len(w.jobs[n]))
			for i, f := range w.jobs[n] {
				ids[i] = w.l.blobs.list[f.blob]
			}
			r := w.s.repo
			r.leaveLarge = w.k.left != nil
			if err := r.contents(ctx, ids, w.visit(ctx, n)); err != nil && !errors.Is(err, errLarge) {
				return err
			}
		}
	}
	return nil
}

// visit returns what screens the files of a job, one after the other.
func (w *screenWorker) visit(ctx context.Context, n int) func(int, objectInfo, io.Reader) error {
	return func(_ int, o objectInfo, body io.Reader) error {
		f := w.jobs[n][0]
		if id := w.l.blobs.list[f.blob]; o.kind != "blob" || o.id != id {
			return fmt.Errorf("git answered %s %s for file %s", o.kind, o.id, id)
		}
		w.jobs[n] = w.jobs[n][1:]
		k := w.k
		if o.size > bigFileBytes || k.left != nil && o.size > maxOwnBytes {
			return errLarge // what is not known of it stays so
		}
		var content []byte
		if own, ok := body.(*ownBody); ok {
			content = own.data
		} else {
			k.buf = slices.Grow(k.buf[:0], int(o.size))[:o.size]
			if _, err := io.ReadFull(body, k.buf); err != nil {
				return fmt.Errorf("git cat-file ended in mid-object: %w", err)
			}
			content = k.buf
		}
		w.s.bytes.Add(o.size)
		if hasManyLines(content) {
			return ctx.Err() // it is looked at as a large one
		}
		w.l.sizes[f.blob] = int32(o.size) + 1
		for _, i := range f.files {
			w.what[i] = k.screen(ctx, content, w.l.paths.list[w.l.files[i].path], func() ([]interval, bool) { return w.s.shownOf(w.l, i, content) })
		}
		return ctx.Err()
	}
}

// bigFiles returns by commit the files that are too large for a diff: git would load
// an added one as a whole only to say that it is binary.
func (s *session) bigFiles(ctx context.Context, shown []commit, show showing, l *listing) (map[string][]named, error) {
	if len(shown) == 0 {
		return nil, nil
	}
	if l.full {
		return s.bigFilesOf(ctx, shown)
	}
	each := func(visit func(id string, k listedChange)) {
		for _, c := range shown {
			id := string(c.id)
			n, listed := l.at[id]
			if !listed {
				continue // a merge, which plain scans do not compare
			}
			for _, k := range l.changes[l.by[n].from:l.by[n].to] {
				if show.compares(id, k.path) {
					visit(id, k)
				}
			}
		}
	}
	var ask []string
	asked := make(map[int32]bool)
	each(func(_ string, k listedChange) {
		for _, blob := range l.sides[k.from:k.to] {
			if !asked[blob] && (l.sizes == nil || l.sizes[blob] == 0) {
				asked[blob] = true
				ask = append(ask, l.blobs.list[blob])
			}
		}
	})
	slices.Sort(ask)
	large, err := s.repo.tooLarge(ctx, ask)
	if err != nil || len(large) == 0 {
		return nil, err
	}
	big := make(map[string][]named)
	each(func(id string, k listedChange) {
		if slices.ContainsFunc(l.sides[k.from:k.to], func(blob int32) bool { return large[l.blobs.list[blob]] }) {
			f := named{path: l.paths.list[k.path], commit: id}
			if k.blob >= 0 {
				f.blob = l.blobs.list[k.blob]
			}
			big[id] = append(big[id], f)
		}
	})
	return big, nil
}

// bigFilesOf is bigFiles for commits of which not all changes are kept.
func (s *session) bigFilesOf(ctx context.Context, shown []commit) (map[string][]named, error) {
	files, err := s.tooLargeAmong(ctx, func(visit func(change)) error {
		return s.listed(ctx, idsOf(shown), append(slices.Clone(rawArgs), "--stdin"), visit)
	})
	big := make(map[string][]named)
	for _, f := range files {
		big[f.commit] = append(big[f.commit], f)
	}
	return big, err
}

// tooLargeAmong returns the files of some changes, which may be any number, that have
// too large a side. each lists the changes and is called twice if there are any.
func (s *session) tooLargeAmong(ctx context.Context, each func(visit func(change)) error) ([]named, error) {
	large := make(map[string]bool)
	var ids []string
	var failed error
	ask := func() {
		more, err := s.repo.tooLarge(ctx, ids)
		failed = firstOf(failed, err)
		maps.Copy(large, more)
		ids = ids[:0]
	}
	err := each(func(c change) {
		if ids = append(ids, c.sides...); len(ids) >= maxAsked {
			ask()
		}
	})
	if ask(); err != nil || failed != nil || len(large) == 0 {
		return nil, firstOf(err, failed)
	}
	var files []named
	err = each(func(c change) {
		if slices.ContainsFunc(c.sides, func(id string) bool { return large[id] }) {
			files = append(files, c.named)
		}
	})
	return files, err
}

func (sc *screening) take(rules *ruleSet) *screener {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	if n := len(sc.idle); n > 0 {
		k := sc.idle[n-1]
		sc.idle = sc.idle[:n-1]
		return k
	}
	return newScreener(rules)
}

func (sc *screening) give(k *screener) {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	sc.idle = append(sc.idle, k)
}
