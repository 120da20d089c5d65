package secrets

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/launchgate/launchgate/app/objects"
	"github.com/launchgate/launchgate/app/review"
)

// The few commits of a push can be listed, with what they change, without any git: from
// the objects themselves, each of which is what its name says. Mostly gitleaks could
// report nothing in the files that they bring, which is known without comparing them,
// and then no git is started at all. As in lookAhead, whatever is out of the ordinary
// leaves the walk to git.

// Bounds of what is read to list the commits of a push.
const (
	maxOwnCommits = 512
	maxOwnParents = 16
	maxOwnCommit  = 1 << 20
	maxOwnHistory = 16 << 20 // of all commits
	maxOwnTags    = 1 << 10
	maxOwnPath    = 16 << 10
	// Of large folders git knows sooner what differs.
	maxOwnTree = 1 << 20
	// maxOwnEntries is of how many entries of folders it is looked whether they differ.
	// Folders may be many times in others, so that a few objects are any number of them.
	maxOwnEntries = 1 << 17
)

// maxOwnTrees is how many bytes of trees are kept, and at most as many are being compared:
// of a folder in a folder, and so on, all are at once.
var maxOwnTrees = 32 << 20

// readAhead lists the commits that e is about, with what they change, from the objects of
// the repository. It returns nil when there are more than a few, or anything in the way.
func (s *session) readAhead(ctx context.Context, e ends) *ahead {
	if !s.rules.screens() || s.repo.shallow() {
		return nil // git has to show all of them, or says what is cut off
	}
	w := &ownWalk{s: s, commits: make(map[string]*ownCommit), trees: make(map[string][]byte)}
	list, ok := w.list(e)
	if !ok {
		return nil
	}
	a := &ahead{walk: w, read: make(map[string]readCommit)}
	named := 0
	for _, c := range list {
		changes, ok := w.changes(c)
		if !ok || ctx.Err() != nil {
			return nil
		}
		for _, change := range changes {
			named += len(change.path)
		}
		if len(a.changes)+len(changes) > maxListed || named > maxListedBytes {
			return nil
		}
		a.changes = append(a.changes, changes...)
		a.list = append(a.list, commit{id: review.SHA(c.id), parents: c.header.parents})
		a.read[c.id] = readCommit{dates: c.header.dates, hits: s.hits(ctx, text{content: c.message, commit: c.id, line: 1}, inMessage)}
	}
	if s.largeOften(a.changes) {
		return nil
	}
	return a
}

// oftenChanged is how often a large file is changed until git is to show it at once: it
// would have to read it again and again to say how many lines it has, and to show it.
const oftenChanged = 3

// largeOften reports whether some changes are often of a file that is not read here.
func (s *session) largeOften(changes []change) bool {
	times := make(map[string]int)
	return slices.ContainsFunc(changes, func(c change) bool {
		if c.blob == "" {
			return false
		}
		if times[c.path]++; times[c.path] != oftenChanged {
			return false
		}
		o, ok := s.repo.own.Info(c.blob)
		return ok && o.Size > maxOwnBytes
	})
}

// shallow reports whether the repository may say that some of its commits have no
// parents.
func (r repo) shallow() bool {
	_, err := os.Lstat(filepath.Join(r.dir, "shallow"))
	return !errors.Is(err, fs.ErrNotExist)
}

// ownWalk lists commits from objects.
type ownWalk struct {
	s       *session
	commits map[string]*ownCommit // that were read
	trees   map[string][]byte
	history int // bytes of commits
	kept    int // bytes of trees
	held    int // bytes of those that are being compared
	named   int // bytes of the names of what differs in them
	entries int // that were compared
}

// ownCommit is a commit as it is.
type ownCommit struct {
	id      string
	header  commitHeader
	message []byte
}

// when is when a commit was made, in seconds, 0 when that is not known.
func (c *ownCommit) when() int64 {
	if c.header.dates.committed.IsZero() {
		return 0
	}
	return c.header.dates.committed.Unix()
}

// commit reads a commit that is as git writes them.
func (w *ownWalk) commit(id string) (*ownCommit, bool) {
	if c, known := w.commits[id]; known {
		return c, true
	}
	if len(w.commits) == maxOwnCommits {
		return nil, false
	}
	o, ok := w.s.repo.own.Read(id, maxOwnCommit)
	if !ok || o.Kind != objects.Commit {
		return nil, false
	}
	if w.history += len(o.Data); w.history > maxOwnHistory {
		return nil, false
	}
	c := &ownCommit{id: id}
	c.header, c.message = parseCommit(o.Data)
	if ok = isName(c.header.tree, id) && len(c.header.parents) <= maxOwnParents && !slices.ContainsFunc(c.header.parents, func(p string) bool { return !isName(p, id) }); ok {
		w.commits[id] = c
	}
	return c, ok
}

// isName reports whether a text names an object as git does, and of the same length as
// another: by hand, one may be written in capitals.
func isName(text, other string) bool {
	_, err := review.ParseSHA(text)
	return err == nil && len(text) == len(other)
}

// list lists the commits that tips reach and nothing old does, ancestors first.
func (w *ownWalk) list(e ends) ([]*ownCommit, bool) {
	if len(e.old) > maxOwnCommits {
		return nil, false // all of them are to be read
	}
	old := make(map[string]bool, len(e.old))
	for _, id := range e.old {
		old[id] = true
	}
	found := make(map[string]*ownCommit)
	var all []*ownCommit
	todo := without(e.tips, e.old)
	slices.Reverse(todo) // git lists the first of two of the same time first
	for len(todo) > 0 {
		id := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if old[id] || e.recent[id] || found[id] != nil {
			continue
		}
		c, ok := w.commit(id)
		if !ok || len(all) == fewCommits {
			return nil, false
		}
		found[id], all = c, append(all, c)
		todo = append(todo, c.header.parents...)
	}
	if !w.allNew(e.old, all, found) {
		return nil, false
	}
	return inOrder(all, found), true
}

// allNew reports whether nothing old reaches any of some commits, as far as their dates
// tell, by which git goes, too: none that is older than all of them is looked at. It also
// reads what is old, so that it is there.
func (w *ownWalk) allNew(old []string, all []*ownCommit, found map[string]*ownCommit) bool {
	if len(all) == 0 {
		_, there := w.s.repo.ownInfos(old)
		return there
	}
	since := all[0].when()
	for _, c := range all {
		since = min(since, c.when())
	}
	seen, tags := make(map[string]bool), 0
	todo := slices.Clone(old)
	for len(todo) > 0 {
		id := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if found[id] != nil {
			return false
		}
		if seen[id] {
			continue
		}
		seen[id] = true
		c, ok := w.commit(id)
		if !ok {
			o, read := w.s.repo.own.Read(id, maxOwnCommit)
			if tags++; !read || o.Kind != objects.Tag || tags > maxOwnTags {
				return false
			}
			t, _ := parseTag(object{id: id, kind: o.Kind, data: o.Data})
			todo = append(todo, t.object)
			continue
		}
		if c.when() >= since {
			todo = append(todo, c.header.parents...)
		}
	}
	return true
}

// inOrder sorts commits as "git rev-list --topo-order --reverse" does.
func inOrder(all []*ownCommit, found map[string]*ownCommit) []*ownCommit {
	children := make(map[string]int, len(all))
	for _, c := range all {
		for _, p := range c.header.parents {
			children[p]++
		}
	}
	slices.SortStableFunc(all, func(a, b *ownCommit) int { return int(min(1, max(-1, b.when()-a.when()))) })
	var next []*ownCommit // the last is the next
	for _, c := range slices.Backward(all) {
		if children[c.id] == 0 {
			next = append(next, c)
		}
	}
	out := make([]*ownCommit, 0, len(all))
	for len(next) > 0 {
		c := next[len(next)-1]
		next, out = next[:len(next)-1], append(out, c)
		for _, p := range c.header.parents {
			if children[p]--; children[p] == 0 && found[p] != nil {
				next = append(next, found[p])
			}
		}
	}
	slices.Reverse(out)
	return out
}

// ownEntry is what a folder holds under one name. Its id is as the folder has it, in
// bytes, and no entry's is none.
type ownEntry struct{ mode, name, id []byte }

func (e ownEntry) there() bool { return e.id != nil }

func (e ownEntry) folder() bool { return string(e.mode) == modeFolder }

// compare compares what two entries are sorted by: a folder's name ends in a slash.
func (e ownEntry) compare(f ownEntry) int {
	n := min(len(e.name), len(f.name))
	if c := bytes.Compare(e.name[:n], f.name[:n]); c != 0 {
		return c
	}
	return cmp.Compare(e.end(n), f.end(n))
}

// end returns what follows the first n bytes of a name.
func (e ownEntry) end(n int) int {
	switch {
	case n < len(e.name):
		return int(e.name[n])
	case e.folder():
		return '/'
	}
	return -1
}

// side returns what the entry is to a change.
func (e ownEntry) side() side {
	if !e.there() {
		return side{}
	}
	mode := string(e.mode)
	if mode == "100664" { // as git wrote it once, and takes it for
		mode = "100644"
	}
	return side{mode: mode, id: hex.EncodeToString(e.id)}
}

// ownTree reads a folder's entries one after the other.
type ownTree struct {
	rest []byte
	size int // of an id
	at   ownEntry
}

// errOdd is an object that is not as git writes them.
var errOdd = errors.New("an object that git would not write")

// next goes on to the next entry, or to none at the end.
func (t *ownTree) next() error {
	before := t.at
	if t.at = (ownEntry{}); len(t.rest) == 0 {
		return nil
	}
	at, rest, ok := cutEntry(t.rest, t.size)
	if !ok || len(at.name) == 0 || bytes.IndexByte(at.name, '/') >= 0 {
		return errOdd
	}
	switch string(at.mode) {
	case modeFolder, "100644", "100755", "100664", modeLink, moduleMode:
	default:
		return errOdd
	}
	t.at, t.rest = at, rest
	if before.there() && before.compare(t.at) >= 0 {
		return errOdd
	}
	return nil
}

// tree opens a folder.
func (w *ownWalk) tree(id string) (*ownTree, error) {
	t := &ownTree{size: len(id) / 2}
	if id == "" || id == w.s.repo.emptyTree {
		return t, nil
	}
	data, known := w.trees[id]
	if !known {
		o, ok := w.s.repo.own.Read(id, maxOwnTree)
		if !ok || o.Kind != objects.Tree {
			return nil, errOdd
		}
		data = o.Data
		if w.kept += len(data); w.kept > maxOwnTrees {
			clear(w.trees)
			w.kept = len(data)
		}
		w.trees[id] = data
	}
	t.rest = data
	return t, t.next()
}

// differs is a path that two trees differ in; a side without a mode is not there.
type differs struct {
	path          string
	before, after side
}

// compare appends to out what two folders differ in, in the order of paths.
func (w *ownWalk) compare(out []differs, before, after, prefix string) ([]differs, error) {
	if before == after {
		return out, nil
	}
	a, err := w.tree(before)
	if err != nil {
		return out, err
	}
	b, err := w.tree(after)
	if err != nil {
		return out, err
	}
	held := len(a.rest) + len(b.rest)
	w.held += held
	defer func() { w.held -= held }()
	if w.held > maxOwnTrees {
		return out, errManyChanges
	}
	for a.at.there() || b.at.there() {
		var from, to ownEntry
		var order int
		switch {
		case !a.at.there():
			order = 1
		case !b.at.there():
			order = -1
		default:
			order = a.at.compare(b.at)
		}
		if order <= 0 {
			from = a.at
			if err := a.next(); err != nil {
				return out, err
			}
		}
		if order >= 0 {
			to = b.at
			if err := b.next(); err != nil {
				return out, err
			}
		}
		if w.entries++; w.entries > maxOwnEntries {
			return out, errManyChanges
		}
		if bytes.Equal(from.id, to.id) && bytes.Equal(from.mode, to.mode) {
			continue
		}
		name := prefix + string(from.name)
		if order > 0 {
			name = prefix + string(to.name)
		}
		if len(out) > maxListed || len(name) > maxOwnPath {
			return out, errManyChanges
		}
		if !from.folder() && !to.folder() {
			if d := (differs{name, from.side(), to.side()}); d.before != d.after {
				out = append(out, d)
			}
			if w.named += len(name); w.named > maxListedBytes {
				return out, errManyChanges
			}
			continue
		}
		if out, err = w.compare(out, hex.EncodeToString(from.id), hex.EncodeToString(to.id), name+"/"); err != nil {
			return out, err
		}
	}
	return out, nil
}

// between lists what the trees of two commits differ in.
func (w *ownWalk) between(from, to string) ([]change, bool) {
	a, ok := w.commit(from)
	b, ok2 := w.commit(to)
	if !ok || !ok2 {
		return nil, false
	}
	w.named = 0
	differ, err := w.compare(nil, a.header.tree, b.header.tree, "")
	if err != nil {
		return nil, false
	}
	out := make([]change, len(differ))
	for i, d := range differ {
		out[i] = changeOf(named{path: d.path}, []side{d.before}, d.after)
	}
	return out, true
}

// changes lists what a commit changes: of a merge, what it has that no parent has, as
// "git diff-tree -c" does.
func (w *ownWalk) changes(c *ownCommit) ([]change, bool) {
	parents := c.header.parents
	if len(parents) == 0 {
		parents = []string{""}
	}
	w.named = 0
	var out []change
	var by [][]differs
	for _, p := range parents {
		tree := ""
		if p != "" {
			parent, ok := w.commit(p)
			if !ok {
				return nil, false
			}
			tree = parent.header.tree
		}
		d, err := w.compare(nil, tree, c.header.tree, "")
		if err != nil {
			return nil, false
		}
		by = append(by, d)
	}
	at := make([]int, len(by))
	for _, d := range by[0] {
		before := []side{d.before}
		for i := 1; i < len(by); i++ {
			// All are in the order of their paths.
			for at[i] < len(by[i]) && by[i][at[i]].path < d.path {
				at[i]++
			}
			if at[i] < len(by[i]) && by[i][at[i]].path == d.path {
				before = append(before, by[i][at[i]].before)
			}
		}
		if len(before) == len(by) {
			out = append(out, changeOf(named{path: d.path, commit: c.id}, before, d.after))
		}
	}
	return out, true
}
