package secrets

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestABranchThatPointsAtNothingReadableIsAGap: git warns of a ref whose file is damaged
// and goes on without it, so that what was pushed to it counted as looked at.
func TestABranchThatPointsAtNothingReadableIsAGap(t *testing.T) {
	for _, c := range []struct {
		name, ref, content string
		gap, reviewGap     bool
	}{
		{"an empty file", "refs/heads/side", "", true, false},
		{"a file of zeros", "refs/heads/side", strings.Repeat("\x00", 41), true, false},
		{"half a name", "refs/heads/side", "0123456789\n", true, false},
		{"no object's name", "refs/heads/side", strings.Repeat("0", 40) + "\n", true, false},
		{"a tag", "refs/tags/v1", "", true, true},
		{"the name of a branch that is gone", "refs/remotes/origin/HEAD", "ref: refs/remotes/origin/gone\n", false, false},
		{"no newline", "refs/heads/side", "HEAD", false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWork(t)
			cache := t.TempDir()
			base := w.write("a.txt", "a\n").commit("start")
			w.history(look{cache: cache})
			head := w.write("a.txt", "b\n").commit("more")
			w.history(look{cache: cache})
			path := filepath.Join(w.dir, ".git", c.ref)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(strings.Replace(c.content, "HEAD", string(head), 1)), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, cache := range []string{cache, t.TempDir(), ""} {
				rep := w.history(look{cache: cache})
				if gap := !rep.Receipt.Complete() && len(rep.Receipt.Gaps) == 1 && strings.Contains(rep.Receipt.Gaps[0].Why, c.ref); gap != c.gap {
					t.Errorf("%+v, want a gap that names it: %v", rep.Receipt, c.gap)
				}
			}
			if rep := w.scan(base, head); rep.Receipt.Complete() == c.reviewGap {
				t.Errorf("of a change: %+v, want a gap: %v", rep.Receipt, c.reviewGap)
			}
		})
	}
}

// TestAFileThatGrepCannotReadIsAGap: git says so and goes on, and the secret was said to
// be in history only, from then on.
func TestAFileThatGrepCannotReadIsAGap(t *testing.T) {
	w := newWork(t)
	cache := t.TempDir()
	w.write("a.txt", "a\n").write("conf/b.env", "K="+awsKey()+"\n").commit("start")
	id := w.git("rev-parse", "HEAD:a.txt")
	brokenGit(t, "grep", `mv `+w.objectPath(id)+` `+w.dir+`/hidden; $GIT "$@"; rc=$?; mv `+w.dir+`/hidden `+w.objectPath(id)+`; exit $rc`)
	rep := w.history(look{cache: cache})
	if rep.Receipt.Complete() || len(rep.Receipt.Gaps) != 1 || !strings.Contains(rep.Receipt.Gaps[0].Why, id) {
		t.Errorf("%+v", rep.Receipt)
	}
}

// TestWhatGitComplainsAboutHoldsNoSecret: it quotes the names of branches and files.
func TestWhatGitComplainsAboutHoldsNoSecret(t *testing.T) {
	w := newWork(t)
	w.write("a.txt", "a\n").commit("start")
	path := filepath.Join(w.dir, ".git", "refs", "heads", githubPAT())
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if rep := w.history(look{}); rep.Receipt.Complete() || !strings.Contains(rep.Receipt.Gaps[0].Why, "refs/heads/"+redacted) {
		t.Errorf("%+v", rep.Receipt)
	}
}

// TestADamagedCommitGraphHidesNothing: git believes what such a file says of the parents
// of commits, and of a branch that had been looked at it said that a new commit was one.
func TestADamagedCommitGraphHidesNothing(t *testing.T) {
	w := newWork(t)
	cache := t.TempDir()
	old := string(w.write("a.txt", "a\n").commit("start"))
	w.history(look{cache: cache})
	w.write("b.env", "K="+awsKey()+"\n").commit("push")
	w.write("b.env", "x\n")
	head := string(w.commit("and away"))
	w.git("commit-graph", "write", "--reachable")
	path := filepath.Join(w.dir, ".git", "objects", "info", "commit-graph")
	g, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// See gitformat-commit-graph(5): a table of chunks, the one of names, the one of commits.
	chunks := make(map[string]uint64)
	for i := range int(g[6]) {
		entry := g[8+12*i:]
		chunks[string(entry[:4])] = binary.BigEndian.Uint64(entry[4:12])
	}
	at := func(id string) (n int) {
		ids := strings.Fields(w.git("rev-list", "--all"))
		for _, other := range ids {
			if other < id {
				n++
			}
		}
		return n
	}
	binary.BigEndian.PutUint32(g[int(chunks["CDAT"])+36*at(old)+20:], uint32(at(head)))
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, g, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := w.git("rev-list", head, "^"+old); got != "" {
		t.Fatalf("git does not believe the file: %s", got)
	}
	if rep := w.history(look{cache: cache}); !rep.Receipt.Complete() || len(rep.Rotations) != 1 {
		t.Errorf("%+v", rep)
	}
}

// TestRefsMayMoveDuringALook: git was asked by name, twice, so that a branch that came
// meanwhile was a history that cannot be read, and one that went counted as looked at.
func TestRefsMayMoveDuringALook(t *testing.T) {
	for _, c := range []struct{ name, do string }{
		{"a branch goes", `$GIT update-ref -d refs/heads/side`},
		{"a branch comes", `case " $* " in *" --topo-order "*) sleep 0.2; $GIT update-ref refs/heads/new refs/heads/later^0; sleep 0.2;; esac`},
		{"a branch is forced back", `$GIT update-ref refs/heads/side refs/heads/main`},
	} {
		for _, before := range []bool{false, true} {
			t.Run(c.name, func(t *testing.T) {
				w := newWork(t)
				cache := t.TempDir()
				w.write("a.txt", "a\n").commit("start")
				if before {
					w.history(look{cache: cache})
				}
				w.git("checkout", "-q", "-b", "side")
				side := w.write("s.env", "K="+awsKey()+"\n").commit("side")
				w.git("checkout", "-q", "main")
				w.write("m.env", "K="+githubPAT()+"\n").commit("main")
				t.Run("meanwhile", func(t *testing.T) {
					brokenGit(t, "--topo-order", strings.ReplaceAll(c.do, "refs/heads/later", string(side))+" 2>/dev/null")
					if rep := w.history(look{cache: cache}); !rep.Receipt.Complete() || len(rep.Rotations) != 2 {
						t.Errorf("%+v", rep)
					}
				})
				w.git("branch", "-f", "side", string(side))
				if rep := w.history(look{cache: cache}); !rep.Receipt.Complete() || len(rep.Rotations) != 2 {
					t.Errorf("afterwards: %+v", rep)
				}
			})
		}
	}
}
