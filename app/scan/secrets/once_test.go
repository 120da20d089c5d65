package secrets

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan"
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

// TestScansWithAMemorySayTheSame changes a repository at random, and compares
// scans that remember earlier ones with scans that do not.
func TestScansWithAMemorySayTheSame(t *testing.T) {
	seeds := 3
	if testing.Short() {
		seeds = 1
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { sameWithMemory(t, rand.New(rand.NewPCG(1, uint64(seed)))) })
	}
}

func sameWithMemory(t *testing.T, rnd *rand.Rand) {
	w := newWork(t)
	secrets := []string{awsKey(), awsKey2(), githubPAT(), stripeKey(), slackHook(), "a word", "another"}
	names := []string{"a.env", "conf/b.env", "c.txt", "deploy/d.yml", "dump-" + stripeKey() + ".txt", "e\tf.env"}
	pick := func(list []string) string { return list[rnd.IntN(len(list))] }
	content := func() string {
		var b strings.Builder
		for range 1 + rnd.IntN(4) {
			fmt.Fprintf(&b, "K%d=%s\n", rnd.IntN(3), pick(secrets))
		}
		return b.String()
	}
	cache := t.TempDir()
	base := w.write("x", "1\n").commit("start")
	compare := func(step string, ask func(cache string) (scan.Report, error)) {
		t.Helper()
		var answers [2]string
		for i, dir := range []string{cache, ""} {
			rep, err := ask(dir)
			if err != nil || !rep.Receipt.Complete() {
				t.Fatalf("%s: %+v, %v", step, rep.Receipt, err)
			}
			w.noLeak(rep)
			b, err := json.MarshalIndent([]any{rep.Head, rep.Base, rep.Rotations}, "", " ")
			if err != nil {
				t.Fatal(err)
			}
			answers[i] = string(b)
		}
		if answers[0] != answers[1] {
			t.Fatalf("%s: with a memory\n%s\nwithout\n%s\n%s", step, answers[0], answers[1], w.git("log", "--graph", "--stat", "--oneline", "--all"))
		}
	}
	for n := range 8 {
		step := ""
		for range 1 + rnd.IntN(3) {
			switch rnd.IntN(6) {
			case 0, 1:
				step += " write"
				w.write(pick(names), content())
			case 2:
				step += " remove"
				if files := w.git("ls-files", "-z", "*.env"); files != "" {
					w.git("rm", "-q", "-f", "--ignore-unmatch", strings.Split(files, "\x00")[0])
				}
			case 3:
				step += " rename"
				if files := w.git("ls-files", "-z", "*.env"); files != "" {
					w.try("mv", "-f", strings.Split(files, "\x00")[0], fmt.Sprintf("moved%d.env", n))
				}
			case 4:
				step += " branch"
				w.git("checkout", "-q", "-B", pick([]string{"p", "q"}))
			case 5:
				step += " merge"
				if _, err := w.try("merge", "-q", "-m", "merge", pick([]string{"main", "p", "q"})); err != nil {
					w.write("x", content())
				}
			}
			head := w.commit(pick([]string{"m", "use " + awsKey2()}))
			if rnd.IntN(2) == 0 {
				compare("change"+step, func(dir string) (scan.Report, error) {
					req := w.request(base, head)
					req.CacheDir = dir
					return New().Scan(context.Background(), req, nil)
				})
			}
		}
		if rnd.IntN(3) == 0 {
			w.git("checkout", "-q", "-B", "main")
		}
		compare("history"+step, func(dir string) (scan.Report, error) { return w.tryHistory(context.Background(), look{cache: dir}) })
	}
	w.noLeak(slurp(t, cache))
}
