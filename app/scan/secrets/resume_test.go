package secrets

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan"
)

// gitsStarted has every git noted that a scanner starts. It returns the subcommands
// since the last call.
func gitsStarted(t *testing.T) func() []string {
	t.Helper()
	log := filepath.Join(t.TempDir(), "started")
	otherGit(t, "-c", `for a in "$@"; do case "$skip$a" in yes*) skip= ;; -c) skip=yes ;; *) echo "$a" >> `+log+`; break ;; esac; done; exec $GIT "$@"`)
	return func() []string {
		data, err := os.ReadFile(log)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		_ = os.Remove(log)
		return strings.Fields(string(data))
	}
}

// pushes are what a repository is pushed after a look at all of it.
var pushes = []struct {
	name string
	do   func(w *work)
}{
	{"a line of commits", func(w *work) {
		w.write("a.env", "K="+awsKey()+"\n").commit("one")
		w.write("b.txt", "b\n").commit("two")
	}},
	{"a merge of what went on from an older commit", func(w *work) {
		w.git("checkout", "-q", "-b", "side", "HEAD~1")
		w.write("s.env", "K="+githubPAT()+"\n").commit("side")
		w.git("checkout", "-q", "main")
		w.git("merge", "-q", "--no-ff", "-m", "merge", "side")
	}},
	{"a merge with a resolution", func(w *work) {
		w.git("checkout", "-q", "-b", "side", "HEAD~1")
		w.write("a.txt", "side\n").commit("side")
		w.git("checkout", "-q", "main")
		w.write("a.txt", "main\n").commit("main")
		w.try("merge", "-q", "side")
		w.write("a.txt", "K="+stripeKey()+"\n").write("other.txt", "x\n").commit("merge")
	}},
	{"two branches", func(w *work) {
		w.git("checkout", "-q", "-b", "side", "HEAD~1")
		w.write("s.env", "K="+githubPAT()+"\n").commit("side")
		w.git("checkout", "-q", "main")
		w.write("m.txt", "m\n").commit("main")
	}},
	{"a branch that goes on from nowhere", func(w *work) {
		w.git("checkout", "-q", "--orphan", "other")
		w.write("o.env", "K="+githubPAT()+"\n").commit("other")
		w.git("checkout", "-q", "main")
	}},
	{"a configuration", func(w *work) {
		w.write(configPath, "[extend]\nuseDefault=true\n[[rules]]\nid='acme'\nregex='''ACME-[a-z0-9]{16}'''\n").commit("configure")
		w.write("c.txt", "ACME-0123456789abcdef\n").write("a.env", "K="+awsKey()+"\n").commit("use")
	}},
	{"a configuration that comes with a merge", func(w *work) {
		w.git("checkout", "-q", "-b", "side", "HEAD~1")
		w.write(configPath, "[extend]\nuseDefault=true\n[[rules]]\nid='acme'\nregex='''ACME-[a-z0-9]{16}'''\n").commit("configure")
		w.git("checkout", "-q", "main")
		w.git("merge", "-q", "--no-ff", "-m", "merge", "side")
		w.write("c.txt", "ACME-0123456789abcdef\n").commit("use")
	}},
	{"a configuration that only a merge has", func(w *work) {
		w.git("checkout", "-q", "-b", "side", "HEAD~1")
		w.write("s.txt", "ACME-0123456789abcdef\n").commit("side")
		w.git("checkout", "-q", "main")
		w.git("merge", "-q", "--no-ff", "--no-commit", "side")
		w.write(configPath, "[extend]\nuseDefault=true\n[[rules]]\nid='acme'\nregex='''ACME-[a-z0-9]{16}'''\n").commit("merge")
	}},
	{"a list of what is no secret", func(w *work) {
		w.write("a.env", "K="+awsKey()+"\n").write(ignorePath, "a.env:aws-access-token:1\n").commit("ignore")
	}},
	{"a configuration that comes and goes", func(w *work) {
		w.write(configPath, "[[allowlists]]\npaths=['''.*''']\n").commit("allow all")
		w.write("a.env", "K="+awsKey()+"\n").commit("hide")
		w.git("rm", "-q", configPath)
		w.commit("and go")
	}},
	{"a tag", func(w *work) {
		w.write("a.txt", "new\n").commit("new")
		w.git("tag", "-a", "-m", "hook "+slackHook(), "v1")
	}},
}

// TestAPushIsLookedAtAsAWholeHistoryIs has what is found after a push, by going on
// where the last look ended, compared with what a first look at everything finds.
func TestAPushIsLookedAtAsAWholeHistoryIs(t *testing.T) {
	const byGit = "git" // reads all objects
	for _, c := range pushes {
		for _, before := range []string{"", configPath, ignorePath, byGit} {
			name := c.name
			switch {
			case before == byGit:
				name += ", by git"
			case before != "":
				name += ", where there once was a " + before
			}
			t.Run(name, func(t *testing.T) {
				if before == byGit {
					onlyGit(t)
				}
				w := newWork(t)
				w.write("a.txt", "a\n").commit("start")
				if before != "" && before != byGit {
					w.write(before, "# nothing\n").commit("say something")
					w.git("rm", "-q", before)
				}
				w.write("old.txt", "K="+awsKey2()+"\n").commit("old")
				w.write("old.txt", "x\n").commit("older commits, of which one may fork")
				cache := t.TempDir()
				w.history(look{cache: cache})
				c.do(w)
				got := w.history(look{cache: cache})
				want := w.history(look{cache: t.TempDir()})
				for _, rep := range []*scan.Report{&got, &want} {
					for i := range rep.Rotations {
						rep.Rotations[i].Places = 0 // a file's name counts once in each look
					}
				}
				by := func(a, b review.Rotation) int { return strings.Compare(a.Key, b.Key) }
				slices.SortFunc(got.Rotations, by)
				slices.SortFunc(want.Rotations, by)
				if !reflect.DeepEqual(got.Rotations, want.Rotations) || !reflect.DeepEqual(got.Receipt.Warnings, want.Receipt.Warnings) {
					t.Errorf("after the push\n%+v\nof everything\n%+v", got, want)
				}
				if again := w.history(look{cache: cache}); again.Receipt.Counts[0].Expected != 0 {
					t.Errorf("commits are looked at again: %+v", again.Receipt.Counts)
				}
			})
		}
	}
}

// TestAPushTakesNoGit where no secrets were ever found, and none are new; and few where
// its objects are not read without one.
func TestAPushTakesNoGit(t *testing.T) {
	side := func(w *work) {
		w.git("checkout", "-q", "-b", "side", "HEAD~1")
		w.write("side.txt", "s\n").write("b.txt", "side\n").commit("side")
		w.git("checkout", "-q", "main")
	}
	for _, c := range []struct {
		name string
		do   func(w *work)
		want string
	}{
		{"a line of commits", func(w *work) {
			w.write("a.txt", "one\n").commit("one")
			w.write("b.txt", "two\n").commit("two")
		}, "log"},
		{"two branches, and one without a beginning", func(w *work) {
			side(w)
			w.write("a.txt", "main\n").commit("main")
			w.git("checkout", "-q", "--orphan", "other")
			w.write("o.txt", "o\n").commit("other")
			w.git("checkout", "-q", "main")
		}, "log"},
		{"a merge of what went on from an older commit", func(w *work) {
			side(w)
			w.git("merge", "-q", "--no-ff", "-m", "merge", "side")
		}, "log"},
		{"a merge with a resolution", func(w *work) {
			side(w)
			w.write("b.txt", "main\n").commit("main")
			w.try("merge", "-q", "side")
			w.write("b.txt", "both\n").commit("merge")
		}, "log cat-file diff-tree"}, // how large its files are, and what it changes
		{"nothing", func(*work) {}, "cat-file"}, // whether all is there still
	} {
		for _, reads := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, objects are read: %v", c.name, reads), func(t *testing.T) {
				want := ""
				if !reads {
					want = c.want
					onlyGit(t)
				}
				w := newWork(t)
				w.write("a.txt", "a\n").commit("start")
				w.write("a.txt", "b\n").commit("more")
				cache := t.TempDir()
				w.history(look{cache: cache})
				c.do(w)
				started := gitsStarted(t)
				if rep := w.history(look{cache: cache}); !rep.Receipt.Complete() {
					t.Fatalf("%+v", rep.Receipt)
				}
				if got := strings.Join(started(), " "); got != want {
					t.Errorf("it took %q, want %q", got, want)
				}
			})
		}
	}
}

// TestAPushThatIsCutOffIsAGap: a commit whose parents a shallow clone hides hides what
// came before it.
func TestAPushThatIsCutOffIsAGap(t *testing.T) {
	w := newWork(t)
	cache := t.TempDir()
	w.write("a.txt", "a\n").commit("start")
	if rep := w.history(look{cache: cache}); !rep.Receipt.Complete() {
		t.Fatalf("%+v", rep.Receipt)
	}
	w.git("checkout", "-q", "--orphan", "other")
	w.write("o.env", "K="+awsKey()+"\n").commit("hidden")
	cut := w.write("o.env", "x\n").commit("the clone begins here")
	w.write("p.txt", "x\n").commit("tip")
	shallow := filepath.Join(w.dir, ".git", "shallow")
	if err := os.WriteFile(shallow, []byte(cut+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if rep := w.history(look{cache: cache}); rep.Receipt.Complete() || len(rep.Receipt.Gaps) != 1 || !strings.Contains(rep.Receipt.Gaps[0].Why, cut.Short()) {
			t.Errorf("the receipt of a history that is cut off: %+v", rep.Receipt)
		}
	}
	if err := os.Remove(shallow); err != nil {
		t.Fatal(err)
	}
	if rep := w.history(look{cache: cache}); !rep.Receipt.Complete() || len(rep.Rotations) != 1 {
		t.Errorf("of the whole history: %+v", rep)
	}
}

// TestAPushIsLookedAtBesideAnotherWorktree, whose HEAD is at a commit of its own: git
// counted it, and the push had one commit too few.
func TestAPushIsLookedAtBesideAnotherWorktree(t *testing.T) {
	w := newWork(t)
	cache := t.TempDir()
	w.write("a.txt", "a\n").commit("start")
	linked := filepath.Join(t.TempDir(), "linked")
	w.git("worktree", "add", "-q", "--detach", linked)
	w.git("-C", linked, "commit", "-q", "--allow-empty", "-m", "its own")
	w.history(look{cache: cache})
	w.write("b.env", "K="+awsKey()+"\n").commit("push")
	w.git("tag", "-a", "-m", "hook "+slackHook(), "v1")
	if rep := w.history(look{cache: cache}); !rep.Receipt.Complete() || rep.Receipt.Counts[0].Looked != 1 || len(rep.Rotations) != 2 {
		t.Errorf("%+v", rep)
	}
}
