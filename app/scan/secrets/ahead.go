package secrets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/launchgate/launchgate/app/review"
)

// What a push brings is a few commits. A git that lists them, one that lists what
// they change and one that shows it take three quarters of their time to start and
// to read the same trees, so here one git does all three. It is told nothing of what it
// will meet: whatever is out of the ordinary, its failure included, makes the walk
// ask one by one, as of many commits.

// ahead is what one git said of the few commits of a walk.
type ahead struct {
	walk    *ownWalk // of the objects, nil when it is git that said it
	list    []commit
	changes []change
	// read are the commits that git showed whole, by id.
	read map[string]readCommit
	// shown: what they add was looked at, too, but for merges of which there is
	// something to show.
	shown   bool
	unshown map[string]bool
	hits    []hit
	files   []named // that git shows no lines of
	// held is what files hold that were shown whole, by path and blob.
	held map[named][]hit
	// edits are what commits do to files, by path and commit; nil when they are too
	// many.
	edits map[named]*edit
}

// aheadAllocLimit bounds what git may allocate at once to show a file; nobody told it
// which files are too large for that. It fails at files of nearly a million lines.
const aheadAllocLimit = "24m"

// lookAhead lists the commits that revs select, with what they change, and with show
// looks at what they add. It returns nil when there are more than a few, or anything
// in the way. It does not say which parents revs exclude: git would show these, too,
// and a push mostly goes on from what was a tip.
func (s *session) lookAhead(ctx context.Context, revs []string, show bool) *ahead {
	args, in := revArgs(revs, "log", "--topo-order", "--reverse", "--max-count="+strconv.Itoa(fewCommits+1), "--stdin", "--format=raw",
		"-r", "--root", "-c", "--raw", "--no-abbrev", "--no-abbrev-commit", "--no-expand-tabs", "--no-color", "--no-relative", "--ignore-submodules=none", "--no-ext-diff", "-O/dev/null",
		"--no-decorate", "--no-notes", "--no-mailmap", "--no-show-signature", "--encoding=none")
	r := s.repo
	if show {
		file, err := attributesFile()
		if err != nil {
			return nil
		}
		defer file.Close()
		r.attributes, r.allocLimit = file, aheadAllocLimit
		args = append(args, patchArgs(false)...)
	} else {
		args = append(args, "--no-renames")
	}
	k := &aheadSink{commitSink: commitSink{s: s, ctx: ctx}, ahead: ahead{shown: show, held: make(map[named][]hit), edits: make(map[named]*edit), read: make(map[string]readCommit), unshown: make(map[string]bool)}}
	err := r.stream(ctx, in, func(rd io.Reader) error {
		k.p = newPatchReader(rd, k, false)
		k.p.other, k.p.merge = k.line, k.merge
		return k.p.run()
	}, args...)
	if err == nil {
		err = k.enough()
	}
	if err != nil || len(k.list) > fewCommits || len(k.changes) > maxListed || k.named > maxListedBytes {
		return nil
	}
	k.ahead.hits, k.ahead.files = k.commitSink.hits, k.commitSink.files
	return &k.ahead
}

// aheadSink takes what git says of the commits ahead.
type aheadSink struct {
	commitSink
	ahead
	p *patchReader
	// listed and patched are how many files of the last commit git listed, and
	// showed.
	listed, patched int
	named           int // bytes of the names of changes
	hunks           int // of edits
}

// commit implements patchSink: commits are in lines of our own form.
func (k *aheadSink) commit(string) error { return errPatch }

func (k *aheadSink) marker(string) error { return errPatch }

func (k *aheadSink) file(f patchFile) error {
	k.patched++
	if k.edits != nil {
		k.edits[named{path: f.path, commit: k.cur}] = &edit{plain: !f.added && f.from == "" && !f.deleted && !f.binary && !f.module && !f.merge}
	}
	return k.commitSink.file(f)
}

// merge notes that git has something to show of a merge.
func (k *aheadSink) merge() error {
	if k.cur == "" {
		return errPatch
	}
	k.unshown[k.cur] = true
	return nil
}

// hunk implements patchSink. A file that a commit adds is shown whole, so that it need
// not be read to know what stands in it.
func (k *aheadSink) hunk(h patchHunk) error {
	if k.hunks++; k.hunks > maxEditHunks {
		k.edits = nil
	}
	if e := k.edits[named{path: k.f.path, commit: k.cur}]; e != nil {
		e.hunks = append(e.hunks, h.edit)
	}
	before := len(k.commitSink.hits)
	if err := k.commitSink.hunk(h); err != nil {
		return err
	}
	if f := k.f; f.added && f.from == "" && !f.deleted && !f.merge && !f.module && !k.whole && !k.s.rules.byCommit {
		held := slices.Clone(k.commitSink.hits[before:])
		for i := range held {
			h := &held[i]
			h.Where, h.Commit, h.Ignored = inTree, "", k.s.rules.ignored(h.Path, h.Rule, h.Line, "")
		}
		k.held[named{path: f.path, blob: f.blob}] = held
	}
	return nil
}

// line takes a line that says a commit, or what one changes.
func (k *aheadSink) line(line string) error {
	if line[0] == ':' {
		changes, err := rawLines(line)
		if err != nil {
			return err
		}
		k.listed++
		if hidden(line) {
			k.unshown[k.cur] = true
		}
		for _, c := range changes {
			k.named += len(c.path)
			if c.commit = k.cur; len(k.changes) <= maxListed && k.named <= maxListedBytes {
				k.changes = append(k.changes, c)
			}
		}
		return nil
	}
	name, begins := strings.CutPrefix(line, "commit ")
	if !begins {
		return errPatch
	}
	if err := k.enough(); err != nil {
		return err
	}
	id, err := review.ParseSHA(name)
	if err != nil {
		return fmt.Errorf("git log: %w", err)
	}
	o, err := k.p.rawCommit()
	if err != nil {
		return err
	}
	k.cur, k.listed, k.patched = name, 0, 0
	c := commit{id: id, parents: o.parents}
	k.list = append(k.list, c)
	if message, ok := o.verified(name); ok {
		k.read[name] = readCommit{dates: o.dates, hits: k.s.hits(k.ctx, text{content: message, commit: name, line: 1}, inMessage)}
	}
	return k.ctx.Err()
}

// hidden reports whether a line of a listing is of a merge of which git may show too
// little or nothing: of a file that moves from the same name in all parents, and of
// more parents than it keeps apart.
func hidden(line string) bool {
	meta, _, _ := strings.Cut(line, "\t")
	parents := len(meta) - len(strings.TrimLeft(meta, ":"))
	letters := meta[strings.LastIndexByte(meta, ' ')+1:]
	return parents > 1 && (strings.Contains(letters, "R") || parents > maxShownParents)
}

// enough fails when git showed fewer files of the last commit than it listed. Of a
// merge it lists some that it shows nothing of.
func (k *aheadSink) enough() error {
	if n := len(k.list); k.shown && n > 0 && len(k.list[n-1].parents) <= 1 && k.patched < k.listed {
		return errors.New("git showed fewer files than it listed")
	}
	return nil
}

// rawLines is rawLine for a listing with renames: a renamed file is one that is gone
// and one that is new.
func rawLines(line string) ([]change, error) {
	meta, names, _ := strings.Cut(line, "\t")
	from, to, two := strings.Cut(names, "\t")
	w := strings.Fields(meta)
	if !two {
		// Of a merge, only the letters say that a name is new to one parent.
		if n := len(w) - 1; n > 4 {
			w[n] = strings.ReplaceAll(w[n], "R", "A")
			line = strings.Join(w, " ") + "\t" + names
		}
		c, err := rawLine(line)
		return []change{c}, err
	}
	if len(w) != 5 {
		return nil, fmt.Errorf("%w: a renamed file in a listing", errPatch)
	}
	none, nothing := "000000", strings.Repeat("0", len(w[3]))
	old, err := rawLine(strings.Join([]string{w[0], none, w[2], nothing, "D"}, " ") + "\t" + from)
	if err != nil {
		return nil, err
	}
	c, err := rawLine(strings.Join([]string{":" + none, w[1], nothing, w[3], "A"}, " ") + "\t" + to)
	return []change{old, c}, err
}

// attributesFile makes a file of attributes by which git does not compare what
// leftOutPaths leave out. It is in memory only: to make one in a folder and to remove
// it takes as long as to list ten commits.
func attributesFile() (*os.File, error) {
	var b strings.Builder
	for _, p := range leftOutPaths {
		if strings.HasSuffix(p, "/") {
			p = "**/" + p + "**"
		}
		b.WriteString(p + " -diff\n")
	}
	fd, err := unix.MemfdCreate("attributes", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make a file in memory: %w", err)
	}
	f := os.NewFile(uintptr(fd), "attributes")
	if _, err := f.WriteString(b.String()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// line returns the commits that lead from one to another, each with the one before as
// its only parent: then what they change is all that the two trees differ in. It
// reports false when there is no such line among the commits ahead.
func (a *ahead) line(from, to review.SHA) (map[string]bool, bool) {
	parents := make(map[review.SHA][]string, len(a.list))
	for _, c := range a.list {
		parents[c.id] = c.parents
	}
	on := make(map[string]bool)
	for at := to; at != from; {
		of := parents[at]
		if len(of) != 1 || on[string(at)] {
			return nil, false
		}
		on[string(at)] = true
		at = review.SHA(of[0])
	}
	return on, true
}

// own reports whether the commits were read without git.
func (a *ahead) own() bool { return a != nil && a.walk != nil }

// between calls visit for each path that the trees of two commits with a line between
// them may differ in, in the order of names, with what the last commit that changes it
// makes of it; of commits that were read without git, for those that they do differ in. It
// reports false when there is no such line, or it could not be read.
func (a *ahead) between(from, to review.SHA, visit func(change)) bool {
	if a.own() {
		changes, ok := a.walk.between(string(from), string(to))
		for _, c := range changes {
			visit(c)
		}
		return ok
	}
	on, ok := a.line(from, to)
	if !ok {
		return false
	}
	by := make(map[string]change)
	for _, c := range a.changes {
		if !on[c.commit] {
			continue
		}
		// That a name was given up says nothing when the same commit gives it anew.
		if before, again := by[c.path]; !again || before.commit != c.commit || !c.gone {
			by[c.path] = c
		}
	}
	for _, path := range sortedKeys(by) {
		visit(by[path])
	}
	return true
}

// configures reports whether one of the commits changes one of configFiles.
func (a *ahead) configures() bool {
	return slices.ContainsFunc(a.changes, func(c change) bool { return isConfig(c.path) })
}

// toShowAgain says which of the commits that were shown with their list must be shown
// by themselves: merges of which there is something to show, and commits that may move
// files to or from where they are left out: git was told that those are binary, and
// takes files for moved that differ in line ends only when they are text.
func (s *session) toShowAgain(l *listing) showing {
	show := showing{whole: maps.Clone(s.ahead.unshown), open: make(map[string]bool)}
	for n, c := range l.commits {
		if l.mayMove(n, nil) {
			show.whole[string(c.id)], show.open[string(c.id)] = true, true
		}
	}
	return show
}

// addAhead adds what was found ahead in todo, and looks at files that git showed no
// lines of.
func (s *session) addAhead(ctx context.Context, todo []commit, res *walkResult) error {
	among := setOf(todo)
	var hits []hit
	for _, h := range s.ahead.hits {
		if among[h.Commit] {
			hits = append(hits, h)
		}
	}
	s.add(res, hits)
	var files []named
	for _, f := range s.ahead.files {
		if among[f.commit] {
			files = append(files, f)
		}
	}
	return s.lookAtBlobs(ctx, res, files)
}

func setOf(list []commit) map[string]bool {
	out := make(map[string]bool, len(list))
	for _, c := range list {
		out[string(c.id)] = true
	}
	return out
}
