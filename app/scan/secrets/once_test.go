package secrets

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/launchgate/launchgate/app/review"
)

// shownCommits has git note which commits it is asked to show the changes of: of a
// few, all that are looked at. It returns those since the last call.
func shownCommits(t *testing.T) func() []string {
	t.Helper()
	log := filepath.Join(t.TempDir(), "shown")
	brokenGit(t, "diff-tree --stdin", `tee -a `+log+` | $GIT "$@"; exit`)
	return func() []string {
		data, err := os.ReadFile(log)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		_ = os.Remove(log)
		var ids []string
		for _, line := range strings.Fields(string(data)) {
			if len(line) == 40 && !slices.Contains(ids, line) {
				ids = append(ids, line)
			}
		}
		return ids
	}
}

// TestNoCommitIsScannedTwice: not for having held something, not in another pull
// request, not in a look at the whole history, not on a branch that comes back.
func TestNoCommitIsScannedTwice(t *testing.T) {
	w := newWork(t)
	shown := shownCommits(t)
	cache := t.TempDir()
	change := func(base, head review.SHA) []review.Finding {
		t.Helper()
		req := w.request(base, head)
		req.CacheDir = cache
		rep, err := New().Scan(context.Background(), req, nil)
		if err != nil || !rep.Receipt.Complete() {
			t.Fatalf("%+v, %v", rep.Receipt, err)
		}
		w.noLeak(rep)
		return rep.Head
	}
	looked := func(what string, n int) {
		t.Helper()
		if ids := shown(); len(ids) != n {
			t.Errorf("%s: git was asked for %d commits, want %d", what, len(ids), n)
		}
	}

	base := w.write("a.go", "package a\n").commit("start")
	w.git("checkout", "-q", "-b", "side")
	w.write("keys/a.env", "K="+awsKey()+"\n").commit("stays")
	w.write("b.env", "K="+githubPAT()+"\n").commit("comes " + slackHook())
	w.git("rm", "-q", "b.env")
	head := w.commit("goes")
	first := show(change(base, head))
	looked("a pull request", 3)
	if len(first) != 3 {
		t.Fatalf("%v", first)
	}
	head = w.write("c.go", "package a\n").commit("more")
	want(t, change(base, head), first...)
	looked("another push to it", 1)

	w.git("checkout", "-q", "main")
	h := w.history(look{cache: cache})
	looked("the history", 1)
	if len(h.Rotations) != 3 || !h.Receipt.Complete() {
		t.Errorf("%+v", h)
	}
	w.history(look{cache: cache})
	looked("the history again", 0)
	tip := w.git("rev-parse", "side")
	w.git("branch", "-q", "-D", "side")
	if h := w.history(look{cache: cache}); len(h.Rotations) != 3 {
		t.Errorf("a deleted branch takes secrets back: %+v", h.Rotations)
	}
	w.git("branch", "side", tip)
	if h := w.history(look{cache: cache}); len(h.Rotations) != 3 || h.Receipt.Counts[0].Expected != 0 {
		t.Errorf("%+v", h)
	}
	looked("a branch that came back", 0)

	// What history covered, a pull request does not scan again.
	w.git("checkout", "-q", "side")
	head = w.write("d.go", "package a\n").commit("more still")
	want(t, change(base, head), first...)
	looked("a pull request of commits that history covered", 1)
}
