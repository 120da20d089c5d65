package secrets

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/launchgate/launchgate/app/review"
)

// object has git write an object as it is given.
func (w *work) object(kind, data string) string {
	w.t.Helper()
	cmd := exec.Command("git", "--git-dir", filepath.Join(w.dir, ".git"), "hash-object", "-t", kind, "-w", "--stdin", "--literally")
	cmd.Stdin = strings.NewReader(data)
	out, err := cmd.CombinedOutput()
	if err != nil {
		w.t.Fatalf("git hash-object: %v\n%s", err, out)
	}
	return strings.TrimSpace(string(out))
}

// TestADateThatCannotBeIsNoGap: because of one commit of the year 10000 with a secret, nothing of
// its history could be kept or told, whoever looked at it and however often.
func TestADateThatCannotBeIsNoGap(t *testing.T) {
	for _, c := range []struct{ date, want string }{
		{"1767322000 +0000", "2026-01-02"},
		{"0 +0000", "1970-01-01"},
		{"253402300799 +0000", "9999-12-31"},
		{"253402300800 +0000", ""},
		{"9223372036854775807 +0000", ""},
		{"99999999999999999999 +0000", ""},
		{"-62167219201 +0000", ""},
		{"-1 +0000", ""}, // git, too, takes it for none
		{"now", ""},
		{"", ""},
	} {
		t.Run(c.date, func(t *testing.T) {
			w := newWork(t)
			w.write("a.env", "K="+awsKey()+"\n").commit("start")
			by := "A <a@example.com> " + c.date
			id := w.object("commit", fmt.Sprintf("tree %s\nauthor %s\ncommitter %s\n\nuse %s\n", w.git("rev-parse", "HEAD^{tree}"), by, by, stripeKey()))
			w.git("update-ref", "refs/heads/main", id)
			tag := w.object("tag", fmt.Sprintf("object %s\ntype commit\ntag v1\ntagger %s\n\nhook %s\n", id, by, slackHook()))
			w.git("update-ref", "refs/tags/v1", tag)
			w.git("update-ref", "refs/tags/v0", w.object("tag", fmt.Sprintf("object %s\ntype commit\ntag v0\n\npat %s\n", id, githubPAT())))
			cache := t.TempDir()
			for range 2 {
				h := w.history(look{cache: cache})
				if !h.Receipt.Complete() || len(h.Rotations) != 4 {
					t.Fatalf("%+v\n%+v", h.Rotations, h.Receipt)
				}
				for _, r := range h.Rotations {
					got, want := "", c.want
					if r.Rule == "secrets/github-pat" {
						want = "" // nobody says when the tag was made
					}
					if !r.Authored.IsZero() {
						got = r.Authored.Format("2006-01-02")
					}
					if got != want {
						t.Errorf("%s was written %q, want %q", r.Rule, got, want)
					}
				}
			}
			if rep := w.scan("", review.SHA(id)); !rep.Receipt.Complete() {
				t.Errorf("%+v", rep.Receipt)
			}
		})
	}
}

// TestOfCommitsOfOneSecondTheFirstIsTheSame whatever was looked at first: that of two
// branches depended on it. What a commit goes back to is before it.
func TestOfCommitsOfOneSecondTheFirstIsTheSame(t *testing.T) {
	w := newWork(t)
	start := w.write("x", "x\n").commit("start")
	chain := func(n int) []review.SHA {
		w.git("checkout", "-q", "-b", fmt.Sprint("chain", n), string(start))
		var ids []review.SHA
		for i := range 3 {
			ids = append(ids, w.write(fmt.Sprintf("%d-%d.env", n, i), "K="+awsKey()+"\n").commit(fmt.Sprint("key of ", n, i)))
		}
		return ids
	}
	chains := [][]review.SHA{chain(0), chain(1), chain(2)}
	first := min(chains[0][0], chains[1][0], chains[2][0])
	if lowest := slices.Min(slices.Concat(chains...)); lowest == first {
		t.Fatal("the lowest name of all is that of a chain's first commit: choose other messages")
	}
	for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 2, 0}} {
		cache := t.TempDir()
		for i := range order {
			for n := range chains {
				w.try("update-ref", "-d", fmt.Sprint("refs/heads/chain", n))
			}
			for _, n := range order[:i+1] {
				w.git("update-ref", fmt.Sprint("refs/heads/chain", n), string(chains[n][2]))
			}
			w.git("checkout", "-q", "-f", "--detach", string(chains[order[i]][2]))
			h := w.history(look{cache: cache})
			if len(h.Rotations) != 1 || h.Rotations[0].Places != 3*(i+1) || i == len(order)-1 && (h.Rotations[0].Commit != first || h.Rotations[0].Line != 1 || !strings.HasSuffix(h.Rotations[0].Path, "-0.env")) {
				t.Errorf("%v: %+v, want commit %s", order[:i+1], h.Rotations, first)
			}
		}
	}
}

// TestAPushIsNotLookedAtWhereDatesGoBackwards: of commits that are older than those that
// they come after, git does not know that a branch which was looked at reaches the latter. It
// counted more commits than there were to look at, and a push was a gap for ever.
func TestAPushIsNotLookedAtWhereDatesGoBackwards(t *testing.T) {
	w := newWork(t)
	w.write("a.env", "K="+awsKey()+"\n").commit("start")
	tree := w.git("rev-parse", "HEAD^{tree}")
	next := func(parent string, date int) string {
		by := fmt.Sprintf("A <a@example.com> %d +0000", date)
		return w.object("commit", fmt.Sprintf("tree %s\nparent %s\nauthor %s\ncommitter %s\n\nnext\n", tree, parent, by, by))
	}
	at, side := w.git("rev-parse", "HEAD"), ""
	for n := range 4 {
		side, at = at, next(at, firstDate+10000+n)
	}
	from := at
	for n := range 20 {
		at = next(at, 1000000-n)
	}
	w.git("update-ref", "refs/heads/main", at)
	cache := t.TempDir()
	if rep := w.history(look{cache: cache}); !rep.Receipt.Complete() {
		t.Fatalf("%+v", rep.Receipt)
	}
	w.git("update-ref", "refs/heads/push", next(from, firstDate+20000))
	w.git("update-ref", "refs/heads/old", side)
	if rep := w.history(look{cache: cache}); !rep.Receipt.Complete() || len(rep.Rotations) != 1 || rep.Rotations[0].Places != 1 {
		t.Errorf("%+v\n%+v", rep.Receipt, rep.Rotations)
	}
}
