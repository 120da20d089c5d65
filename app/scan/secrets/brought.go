package secrets

import (
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

	"golang.org/x/sync/errgroup"
)

// brought is a file as a commit brings it.
type brought struct{ blob, path string }

// maxBrought is how many files of one listing are kept to be screened; the commits
// of a listing with more are all shown.
const maxBrought = 1 << 17

// bringing is what the commits of a listing bring.
type bringing struct {
	files []brought
	index map[brought]int32
	by    map[string][]bringsFile
	whole map[string]bool // commits that are shown as a whole in any case
	gone  map[string]bool // commits that take files away
	n     int
}

// bringsFile is a file that a commit brings.
type bringsFile struct {
	n     int32
	added bool // under a name that was free before
}

func newBringing() bringing {
	return bringing{index: make(map[brought]int32), by: make(map[string][]bringsFile), whole: make(map[string]bool), gone: make(map[string]bool)}
}

func (b *bringing) add(c change) {
	switch {
	case c.odd:
		b.whole[c.commit] = true
		return
	case c.gone:
		b.gone[c.commit] = true
		return
	case c.brings == "" || b.full():
		return
	}
	if b.n++; b.full() {
		b.files, b.index, b.by = nil, nil, nil
		return
	}
	f := brought{c.brings, c.path}
	i, known := b.index[f]
	if !known {
		i = int32(len(b.files))
		b.index[f] = i
		b.files = append(b.files, f)
	}
	b.by[c.commit] = append(b.by[c.commit], bringsFile{i, c.added})
}

func (b *bringing) full() bool { return b.n > maxBrought }

// screening is what a session knows about files after screening them.
type screening struct {
	once  sync.Once
	seed  maphash.Seed
	could map[uint64]bool // by blob and path
	paths map[string]pathKind
	mu    sync.Mutex
	idle  []*screener
}

// pathKind is what a file's name alone says.
type pathKind uint8

const (
	plainPath   pathKind = iota
	allowedPath          // a global allowlist leaves it out
	ruledPath            // a rule reports such names
)

func (s *session) pathKind(path string) pathKind {
	sc := &s.screening
	kind, known := sc.paths[path]
	if known {
		return kind
	}
	switch {
	case s.rules.pathAllowed(path):
		kind = allowedPath
	case slices.ContainsFunc(s.rules.filter.rules, func(r ruleFilter) bool { return r.pathOnly && (r.path == nil || r.path.match(path)) }):
		kind = ruledPath
	}
	if len(sc.paths) >= maxBrought {
		clear(sc.paths)
	}
	sc.paths[path] = kind
	return kind
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
	// some are those of which it needs to compare only paths.
	some  map[string]bool
	paths []string
}

func (w showing) shows(id string) bool { return w.whole[id] || w.some[id] }

// toShow screens the files that the commits of todo bring, and says which of the
// commits git must show: in what the others bring, gitleaks could report nothing.
func (s *session) toShow(ctx context.Context, todo []commit, listed []listing) (showing, error) {
	show := showing{whole: make(map[string]bool), some: make(map[string]bool)}
	if len(todo) <= fewCommits || !s.rules.screens() {
		for _, c := range todo {
			show.whole[string(c.id)] = true
		}
		return show, nil
	}
	sc := &s.screening
	sc.once.Do(func() {
		sc.seed, sc.could, sc.paths = maphash.MakeSeed(), make(map[uint64]bool), make(map[string]pathKind)
	})
	if len(sc.could) > maxRemembered {
		clear(sc.could)
	}
	could := make(map[brought]bool)
	var work []brought
	leftOut := blobCounts{binary: make(map[string]bool)}
	for _, l := range listed {
		for _, f := range slices.Backward(l.brings.files) {
			if _, again := could[f]; again {
				continue
			}
			switch s.pathKind(f.path) {
			case allowedPath:
				if !s.plain && leftOutAs(f.path) == "" {
					leftOut.add(named{path: f.path, blob: f.blob})
				}
				continue
			case ruledPath:
				could[f] = true
				continue
			}
			known, before := sc.could[maphash.Comparable(sc.seed, f)]
			could[f] = known
			if !before {
				work = append(work, f)
			}
		}
	}
	s.count(leftOut)
	if err := s.screenAll(ctx, work, could); err != nil {
		return show, err
	}
	paths := make(map[string]bool)
	for _, l := range listed {
		b := &l.brings
		maps.Copy(show.whole, b.whole)
		for id, files := range b.by {
			for _, f := range files {
				file := b.files[f.n]
				switch {
				case !could[file] || show.whole[id]:
				case f.added && (b.gone[id] || l.merges[id]):
					show.whole[id] = true // it may have been renamed
				default:
					show.some[id] = true
					paths[file.path] = true
				}
			}
		}
		if b.full() {
			for _, c := range l.commits {
				show.whole[string(c.id)] = true
			}
		}
	}
	for id := range show.whole {
		delete(show.some, id)
	}
	show.paths = sortedKeys(paths)
	return show, nil
}

// sameBlob is a blob with the paths it is brought at.
type sameBlob struct {
	blob  string
	paths []string
}

// maxScreened is how many files are screened by one git.
const maxScreened = 2048

// screenAll screens files on all cores and notes in could what came out.
func (s *session) screenAll(ctx context.Context, files []brought, could map[brought]bool) error {
	// Versions of a file one after the other: they share chunks, and git stores one
	// as what it differs from another by.
	slices.SortStableFunc(files, func(a, b brought) int { return strings.Compare(a.path, b.path) })
	var blobs []sameBlob
	index := make(map[string]int)
	for _, f := range files {
		i, known := index[f.blob]
		if !known {
			i = len(blobs)
			index[f.blob] = i
			blobs = append(blobs, sameBlob{blob: f.blob})
		}
		blobs[i].paths = append(blobs[i].paths, f.path)
	}
	workers := runtime.GOMAXPROCS(0)
	jobs := slices.Collect(slices.Chunk(blobs, max(maxAsked, min(maxScreened, len(blobs)/workers+1))))
	workers = min(workers, len(jobs))
	g, ctx := errgroup.WithContext(ctx)
	turns := newTurns(len(jobs), workers)
	sc := &s.screening
	for i := range workers {
		g.Go(func() error {
			k := sc.take(s.rules)
			defer sc.give(k)
			for n := turns.next(i); n >= 0; n = turns.next(i) {
				out, err := s.screenSome(ctx, k, jobs[n])
				if err != nil {
					return err
				}
				sc.mu.Lock()
				for _, f := range out {
					could[f] = true
				}
				sc.mu.Unlock()
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for _, f := range files {
		sc.could[maphash.Comparable(sc.seed, f)] = could[f]
	}
	return nil
}

// errLarge is a file that is too large to be screened.
var errLarge = errors.New("a file that is too large to be screened")

// screenSome screens some files and returns those in which gitleaks could report
// something.
func (s *session) screenSome(ctx context.Context, k *screener, blobs []sameBlob) (out []brought, err error) {
	for len(blobs) > 0 {
		var at int
		out, at, err = s.screenUpTo(ctx, k, blobs, out)
		if !errors.Is(err, errLarge) {
			return out, err
		}
		for _, path := range blobs[at].paths {
			out = append(out, brought{blobs[at].blob, path})
		}
		blobs = blobs[at+1:]
	}
	return out, nil
}

// screenUpTo is screenSome up to a file that is too large.
func (s *session) screenUpTo(ctx context.Context, k *screener, blobs []sameBlob, out []brought) (_ []brought, at int, err error) {
	ids := make([]string, len(blobs))
	for i, b := range blobs {
		ids[i] = b.blob
	}
	err = s.repo.contents(ctx, ids, func(i int, o objectInfo, body io.Reader) error {
		at = i
		if o.kind != "blob" || o.id != blobs[i].blob {
			return fmt.Errorf("git answered %s %s for file %s", o.kind, o.id, blobs[i].blob)
		}
		if o.size > bigFileBytes {
			return errLarge
		}
		k.buf = slices.Grow(k.buf[:0], int(o.size))[:o.size]
		if _, err := io.ReadFull(body, k.buf); err != nil {
			return fmt.Errorf("git cat-file ended in mid-object: %w", err)
		}
		s.bytes.Add(o.size)
		for _, path := range blobs[i].paths {
			if k.could(ctx, k.buf, path) {
				out = append(out, brought{blobs[i].blob, path})
			}
		}
		return ctx.Err()
	})
	return out, at, err
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
