package secrets

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// in has a repository hold the objects in a pack.
func (o *madeObjects) in(w *work) {
	w.t.Helper()
	pack := filepath.Join(w.dir, ".git/objects/pack/pack-1.pack")
	if err := os.WriteFile(pack, o.pack(), 0o644); err != nil {
		w.t.Fatal(err)
	}
	w.git("index-pack", pack)
}

// folder adds a tree of entries "MODE NAME ID", in git's order.
func (o *madeObjects) folder(entries ...string) string {
	var b strings.Builder
	for _, e := range entries {
		f := strings.Fields(e)
		id, err := hex.DecodeString(f[2])
		if err != nil {
			panic(err)
		}
		b.WriteString(f[0] + " " + f[1] + "\x00" + string(id))
	}
	return o.add("tree", b.String())
}

// madeBy adds a commit of a tree.
func (o *madeObjects) madeBy(tree string, n int, parents ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "tree %s\n", tree)
	for _, p := range parents {
		fmt.Fprintf(&b, "parent %s\n", p)
	}
	fmt.Fprintf(&b, "author A <a@example.com> %d +0000\ncommitter A <a@example.com> %d +0000\n\nno. %d\n", 1000+n, 1000+n, n)
	return o.add("commit", b.String())
}

// Twelve folders are in each other such that there are more than 10^14 paths, none of
// them of a file.
func TestFoldersInEachOtherManyTimesAreNotAllWalked(t *testing.T) {
	w, o := newWork(t), newMadeObjects(false)
	at := o.folder()
	for range 12 {
		var entries []string
		for n := range 16 {
			entries = append(entries, fmt.Sprintf("40000 f%02d %s", n, at))
		}
		at = o.folder(entries...)
	}
	old := o.madeBy(o.folder(), 1)
	tip := o.madeBy(at, 2, old)
	o.in(w)
	s := &session{repo: w.repo(), rules: allRules(), key: testKey}
	if a := s.readAhead(t.Context(), ends{tips: []string{tip}, old: []string{old}}); a != nil {
		t.Errorf("%d changes", len(a.changes))
	}
}

// What two commits differ in is twenty folders deep, each of which is large.
func TestLargeFoldersInEachOtherAreNotAllHeld(t *testing.T) {
	defer func(n int) { maxOwnTrees = n }(maxOwnTrees)
	w, o := newWork(t), newMadeObjects(false)
	side := func(text string) string {
		file := o.add("blob", "same")
		at := o.folder("100644 a " + o.add("blob", text))
		for range 20 {
			at = o.folder("40000 d "+at, fmt.Sprintf("100644 %s %s", strings.Repeat("x", 10<<10), file))
		}
		return at
	}
	old := o.madeBy(side("old"), 1)
	tip := o.madeBy(side("new"), 2, old)
	o.in(w)
	for most, want := range map[int]int{maxOwnTrees: 1, 500 << 10: 1, 300 << 10: -1} {
		maxOwnTrees = most
		s := &session{repo: w.repo(), rules: allRules(), key: testKey}
		got := -1
		if a := s.readAhead(t.Context(), ends{tips: []string{tip}, old: []string{old}}); a != nil {
			got = len(a.changes)
		}
		if got != want {
			t.Errorf("%d bytes of folders at once: %d changes, want %d", most, got, want)
		}
	}
}

// A folder of long names that is in another many times: one that is compared was to be
// of gigabytes before it was known to be too much.
func TestLongNamesOfOneFolderManyTimesAreNotAllKept(t *testing.T) {
	defer func(n int) { maxListedBytes = n }(maxListedBytes)
	maxListedBytes = 100 << 10
	w, o := newWork(t), newMadeObjects(false)
	var files, folders []string
	for n := range 20 {
		files = append(files, fmt.Sprintf("100644 %02d%s %s", n, strings.Repeat("x", 1<<10), o.add("blob", "text")))
	}
	inner := o.folder(files...)
	for n := range 90 {
		folders = append(folders, fmt.Sprintf("40000 %02d %s", n, inner))
	}
	outer := o.folder(folders...)
	o.in(w)
	walk := &ownWalk{s: &session{repo: w.repo()}, trees: make(map[string][]byte)}
	if out, err := walk.compare(nil, "", outer, ""); !errors.Is(err, errManyChanges) || len(out) > 120 {
		t.Errorf("%d changes, %v", len(out), err)
	}
}

func TestNoMoreIsKeptOfAPushThanSomeCommits(t *testing.T) {
	for _, c := range []struct {
		message, commits, want int
	}{{900 << 10, 20, -1}, {900 << 10, 3, 3}, {100, 20, 20}} {
		w, o := newWork(t), newMadeObjects(false)
		tree := o.folder()
		old := o.madeBy(tree, 1)
		tip := old
		for n := range c.commits {
			tip = o.add("commit", fmt.Sprintf("tree %s\nparent %s\nauthor A <a@example.com> %d +0000\ncommitter A <a@example.com> %d +0000\n\n%s", tree, tip, 2000+n, 2000+n, strings.Repeat("word\n", c.message/5)))
		}
		o.in(w)
		s := &session{repo: w.repo(), rules: allRules(), key: testKey}
		got := -1
		if a := s.readAhead(t.Context(), ends{tips: []string{tip}, old: []string{old}}); a != nil {
			got = len(a.list)
		}
		if got != c.want {
			t.Errorf("%d commits of %d bytes: %d are listed, want %d", c.commits, c.message, got, c.want)
		}
	}
}

// git reads names in capitals, too, and writes them as usual: a commit that is known by
// one name is none that is new by the other.
func TestAParentNamedInCapitalsIsNoOtherCommit(t *testing.T) {
	w, o := newWork(t), newMadeObjects(false)
	first := o.madeBy(o.folder("100644 a.env "+o.add("blob", "K="+awsKey()+"\n")), 1)
	old := o.madeBy(o.folder("100644 a.env "+o.add("blob", "K=\n")), 2, first)
	tip := o.madeBy(o.folder("100644 a.env "+o.add("blob", "K="+awsKey2()+"\n")), 3, strings.ToUpper(old))
	o.in(w)
	s := &session{repo: w.repo(), rules: allRules(), key: testKey}
	res, err := s.walk(t.Context(), append([]string{tip}, negated([]string{old})...), ends{tips: []string{tip}, old: []string{old}, fresh: true, new: true}, nil, nil)
	if err != nil || res.scanned != 1 || res.expected != 1 || len(s.found) != 1 {
		t.Errorf("%d of %d commits, %d found, %v", res.scanned, res.expected, len(s.found), err)
	}
}

func TestATagThatNamesItsCommitInCapitalsIsLookedAt(t *testing.T) {
	w := newWork(t)
	base := w.write("x", "x\n").commit("start")
	head := w.write("y", "y\n").commit("more")
	id := w.object("tag", "object "+strings.ToUpper(string(head))+"\ntype commit\ntag t\ntagger A <a@example.com> 1000 +0000\n\nK="+awsKey()+"\n")
	w.git("update-ref", "refs/tags/t", id)
	rep := w.scan(base, head)
	complete(t, rep, 1)
	if len(rep.Head) != 1 {
		t.Errorf("findings %v", rep.Head)
	}
}
