package secrets

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
)

// listing is what some commits change, without the contents. Names and ids are kept
// once and go by numbers: a history has many times more changes than files.
type listing struct {
	commits []commit // ancestors first
	at      map[string]int
	merges  map[string]bool
	added   []named         // files whose names are new
	leftOut map[string]bool // of leftOutPaths, those that leave a path out
	breaks  bool            // a name has a line break
	config  bool            // one of configFiles changes

	// full: there are more changes than are kept, and what follows is not there.
	full    bool
	named   int // bytes of the changes' names
	paths   numbered
	blobs   numbered
	files   []brought
	index   map[brought]int32 // files, each once
	by      []commitChanges   // by commit
	changes []listedChange
	sides   []int32 // of blobs, see listedChange
	// bringing is what brings each file, nil when nobody asks.
	bringing [][]bringing
	sizes    []int32 // of blobs that were read and are not too large to be compared, plus one
}

// numbered are strings by number, each once.
type numbered struct {
	list []string
	num  map[string]int32
}

func (n *numbered) of(s string) int32 {
	i, known := n.num[s]
	if !known {
		if n.num == nil {
			n.num = make(map[string]int32)
		}
		s = strings.Clone(s) // else it keeps the line it is from
		i = int32(len(n.list))
		n.num[s] = i
		n.list = append(n.list, s)
	}
	return i
}

// brought is a file as commits bring it.
type brought struct{ path, blob int32 }

// commitChanges is what a commit changes.
type commitChanges struct {
	from, to int32 // in changes
	odd      bool  // something becomes neither file nor link nor nothing
	gone     bool  // it takes files away
	leftOut  bool  // some that it takes away or adds are left out by leftOutPaths
}

// listedChange is a change as a listing keeps it.
type listedChange struct {
	path     int32
	blob     int32 // what the file is afterwards, -1 for what is no regular file any more
	brings   int32 // the file it brings, -1 for none
	added    bool  // under a name that was free before
	from, to int32 // in sides: the regular files on all sides of it
}

// maxListed is how many changes a listing keeps, maxListedBytes how much of their names.
var maxListed, maxListedBytes = 1 << 17, 32 << 20

func newListing(todo []commit) *listing {
	l := &listing{commits: todo, at: make(map[string]int, len(todo)), merges: make(map[string]bool), leftOut: make(map[string]bool), index: make(map[brought]int32), by: make([]commitChanges, len(todo))}
	for i, c := range todo {
		l.at[string(c.id)] = i
		if len(c.parents) > 1 {
			l.merges[string(c.id)] = true
		}
	}
	return l
}

// note notes what is known of a change's name alone.
func (l *listing) note(c change) {
	l.breaks = l.breaks || strings.Contains(c.path, "\n")
	l.config = l.config || isConfig(c.path)
	if p := leftOutAs(c.path); p != "" {
		l.leftOut[p] = true
	}
}

func (by *commitChanges) note(c change) {
	by.odd, by.gone = by.odd || c.odd, by.gone || c.gone
	by.leftOut = by.leftOut || (c.gone || c.added) && leftOutAs(c.path) != ""
}

// mayMove reports whether the nth commit may move files from or to where leftOutPaths
// leave them out, so that git must see those to tell what became of the others: of
// those that it adds and that could hold something; nil: all. What a merge moves is
// not followed, so that all of it counts as new.
func (l *listing) mayMove(n int, could []bool) bool {
	by := l.by[n]
	if !by.gone || !by.leftOut || len(l.commits[n].parents) > 1 {
		return false
	}
	return l.full || slices.ContainsFunc(l.changes[by.from:by.to], func(k listedChange) bool {
		return k.added && k.brings >= 0 && (could == nil || could[k.brings]) && leftOutAs(l.paths.list[k.path]) == ""
	})
}

// add adds all changes of one commit.
func (l *listing) add(id string, changes []change, names bool) error {
	for _, c := range changes {
		l.named += len(c.path)
	}
	if l.full || len(l.changes)+len(changes) > maxListed || l.named > maxListedBytes {
		return errManyChanges
	}
	by := &l.by[l.at[id]]
	by.from = int32(len(l.changes))
	for _, c := range changes {
		l.note(c)
		k := listedChange{path: l.paths.of(c.path), blob: -1, brings: -1, added: c.added, from: int32(len(l.sides))}
		for _, blob := range c.sides {
			l.sides = append(l.sides, l.blobs.of(blob))
		}
		k.to = int32(len(l.sides))
		if c.blob != "" {
			k.blob = l.blobs.of(c.blob)
		}
		by.note(c)
		if c.brings != "" {
			f := brought{k.path, l.blobs.of(c.brings)}
			i, known := l.index[f]
			if !known {
				i = int32(len(l.files))
				l.index[f] = i
				l.files = append(l.files, f)
			}
			k.brings = i
		}
		l.changes = append(l.changes, k)
		if c.added && names {
			l.added = append(l.added, named{path: l.paths.list[k.path], commit: id})
		}
	}
	by.to = int32(len(l.changes))
	return nil
}

// addAhead adds what was listed with the commits themselves.
func (l *listing) addAhead(changes []change, names bool) error {
	by := make([][]change, len(l.commits))
	for _, c := range changes {
		if n, wanted := l.at[c.commit]; wanted {
			by[n] = append(by[n], c)
		}
	}
	for n, changes := range by {
		if err := l.add(string(l.commits[n].id), changes, names); err != nil {
			return err
		}
	}
	return nil
}

// listedAtOnce is how many commits git is asked to list at a time.
const listedAtOnce = 256

// listing has git list what commits change, on all cores. Of one commit with more
// changes than are kept it looks at the names right away; for several of them
// errManyChanges is returned.
func (s *session) listing(ctx context.Context, todo []commit, res *walkResult) (*listing, error) {
	l := newListing(todo)
	if s.ahead != nil && len(s.ahead.changes) <= maxListed {
		return l, l.addAhead(s.ahead.changes, !s.plain)
	}
	jobs := slices.Collect(slices.Chunk(todo, listedAtOnce))
	workers := min(runtime.GOMAXPROCS(0), len(jobs))
	turns := newTurns(len(jobs), workers)
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	for i := range workers {
		g.Go(func() error {
			question := func(n int) string {
				return strings.Join(idsOf(jobs[n]), "\n") + "\n" + markerPrefix + strconv.Itoa(n) + "\n"
			}
			_, err := s.repo.feed(ctx, func() int { return turns.next(i) }, question, func(n int, br *bufio.Reader) error {
				var changes []change // of one commit
				named := 0           // bytes of their names
				err := readListing(br, jobs[n], markerPrefix+strconv.Itoa(n), func(c change) error {
					named += len(c.path)
					if !l.full && len(changes) < maxListed && named <= maxListedBytes {
						changes = append(changes, c)
						return nil
					}
					if len(todo) > 1 {
						return errManyChanges
					}
					for _, c := range append(changes, c) {
						s.lookAtLate(ctx, l, c, res)
					}
					l.full, changes = true, nil
					return ctx.Err()
				}, func(id string) (err error) {
					mu.Lock()
					defer mu.Unlock()
					if !l.full {
						err = l.add(id, changes, !s.plain)
					}
					changes, named = changes[:0], 0
					return err
				})
				return err
			}, append(slices.Clone(rawArgs), "--stdin")...)
			return err
		})
	}
	return l, g.Wait()
}

// lookAtLate looks at the name of a file that a commit with many others brings.
func (s *session) lookAtLate(ctx context.Context, l *listing, c change, res *walkResult) {
	l.by[0].note(c) // there is no other
	if l.note(c); c.added && !s.plain {
		s.lookAtName(ctx, res, c.path, c.commit)
	}
}

// errManyChanges is a listing of more changes than are kept.
var errManyChanges = errors.New("more changes than are kept")

// readListing reads what git lists of commits up to the end marker. It calls visit
// for each path, and ended after each commit.
func readListing(br *bufio.Reader, want []commit, end string, visit func(change) error, ended func(id string) error) error {
	seen := 0
	for {
		line, err := br.ReadString('\n')
		if err != nil {
			return fmt.Errorf("git listed the files of %d of %d commits: %w", seen, len(want), err)
		}
		line = line[:len(line)-1]
		if strings.HasPrefix(line, ":") {
			c, err := rawLine(line)
			if err != nil {
				return err
			}
			if seen == 0 {
				return fmt.Errorf("%w: a listing of no commit", errPatch)
			}
			c.commit = string(want[seen-1].id)
			if err := visit(c); err != nil {
				return err
			}
			continue
		}
		if seen > 0 {
			if err := ended(string(want[seen-1].id)); err != nil {
				return err
			}
		}
		switch {
		case line == end && seen != len(want):
			return fmt.Errorf("git listed the files of %d of %d commits", seen, len(want))
		case line == end:
			return nil
		case seen == len(want) || line != string(want[seen].id):
			return fmt.Errorf("%w: a listing of another commit", errPatch)
		}
		seen++
	}
}

func idsOf(list []commit) []string {
	ids := make([]string, len(list))
	for i, c := range list {
		ids[i] = string(c.id)
	}
	return ids
}

// lookAtListing looks at the names of new files. One with a line break makes git
// compare everything: allowlists, whose dots match no line break, do not leave it
// out.
func (s *session) lookAtListing(ctx context.Context, l *listing, res *walkResult) {
	s.compareAll, s.configures = s.compareAll || l.breaks, s.configures || l.config
	for p := range l.leftOut {
		s.noteLeftOut(p)
	}
	for _, f := range l.added {
		s.lookAtName(ctx, res, f.path, f.commit)
	}
	l.added = nil
}

// rawArgs make git list what commits change without looking into files.
var rawArgs = []string{"diff-tree", "-r", "--root", "-c", "--raw", "--no-renames", "--no-abbrev", "--always", "--no-color", "--no-relative", "--ignore-submodules=none"}

// treeArgs are the same for two trees.
var treeArgs = slices.DeleteFunc(slices.Clone(rawArgs), func(a string) bool { return a == "--root" || a == "-c" || a == "--always" })

// listed runs git with args, whose output is a raw listing for each of ids in
// turn, and calls visit for each path with the files on all sides of the change.
func (s *session) listed(ctx context.Context, ids, args []string, visit func(change)) error {
	seen, cur := 0, ""
	err := s.repo.stream(ctx, revsInput(ids), func(rd io.Reader) error {
		br := bufio.NewReaderSize(rd, 256<<10)
		for {
			line, err := br.ReadString('\n')
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			line = line[:len(line)-1]
			if !strings.HasPrefix(line, ":") {
				seen, cur = seen+1, line
				continue
			}
			c, err := rawLine(line)
			if err != nil {
				return err
			}
			c.commit = cur
			visit(c)
		}
	}, args...)
	if err == nil && seen != len(ids) {
		return fmt.Errorf("git listed the files of %d of %d commits", seen, len(ids))
	}
	return err
}

// change is a line of a listing. Its blob is "" for what is no regular file any more.
type change struct {
	named
	sides  []string // the regular files on all sides
	added  bool
	brings string // the blob of a file or link, if it was not the same on every side before
	gone   bool   // it becomes nothing
	odd    bool   // it becomes neither file nor link nor nothing
}

// rawLine reads ":MODE MODE ID ID STATUS<tab>PATH", for a merge with one more
// mode and id for each further parent.
func rawLine(line string) (c change, err error) {
	meta, name, ok := strings.Cut(line, "\t")
	w := strings.Fields(strings.TrimLeft(meta, ":"))
	n := len(w) / 2 // modes, and ids
	if !ok || len(w) < 5 || len(w)%2 == 0 {
		return c, fmt.Errorf("%w: a line of a listing", errPatch)
	}
	if c.path, err = patchName(name, 0); err != nil {
		return c, err
	}
	before := make([]side, n-1)
	for i := range before {
		before[i] = side{w[i], w[n+i]}
	}
	c = changeOf(c.named, before, side{w[n-1], w[2*n-1]})
	c.added = strings.Contains(w[2*n], "A")
	return c, nil
}

// side is what is under a name before or after a change. Its mode is "" or only zeros
// for nothing.
type side struct{ mode, id string }

func (s side) file() bool { return strings.HasPrefix(s.mode, "100") }

func (s side) nothing() bool { return s.mode == "" || s.mode == "000000" }

// changeOf returns the change of a name from what it is in each parent.
func changeOf(f named, before []side, after side) change {
	c := change{named: f}
	for _, b := range before {
		if b.file() {
			c.sides = append(c.sides, b.id)
		}
		c.added = c.added || b.nothing()
	}
	if after.file() {
		c.sides, c.blob = append(c.sides, after.id), after.id
	}
	switch {
	case after.file() || after.mode == modeLink:
		for _, b := range before {
			if b.id != after.id || b.file() != after.file() {
				c.brings = after.id // else it only became executable, or no longer
			}
		}
	case after.nothing():
		c.gone = true
	default:
		c.odd = true
	}
	return c
}
