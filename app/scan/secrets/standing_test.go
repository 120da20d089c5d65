package secrets

import (
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan"
)

// TestWhetherASecretStandsDoesNotDependOnWhenItIsAsked looks at a history at once and
// commit by commit. git grep does not find what is encoded, short or in UTF-16, nor a
// file that a rule reports for its name.
func TestWhetherASecretStandsDoesNotDependOnWhenItIsAsked(t *testing.T) {
	bothWays(t, whetherASecretStandsDoesNotDependOnWhenItIsAsked)
}

func whetherASecretStandsDoesNotDependOnWhenItIsAsked(t *testing.T) {
	token := "api_token = \"q9Zx2Wv5Rk7Lm3Tp4Hn8\""
	for name, c := range map[string]struct{ path, text, moved string }{
		"in plain sight":    {"a.env", "K=" + awsKey() + "\n", "b.env"},
		"encoded":           {"a.env", "x: " + base64.StdEncoding.EncodeToString([]byte(token)) + "\n", "b.env"},
		"encoded twice":     {"a.env", "x: " + base64.StdEncoding.EncodeToString([]byte(encoded(token))) + "\n", "b.env"},
		"in UTF-16":         {"a.env", "\xff\xfe" + strings.Join(strings.Split("K="+awsKey()+"\n", ""), "\x00") + "\x00", "b.env"},
		"a file by name":    {"k.p12", "x\n", ""},
		"a binary by name":  {"k.p12", "\x00\x01", ""},
		"in a name":         {"key-of-" + awsKey() + ".txt", "x\n", awsKey() + ".txt"},
		"in a link":         {"link", "/srv/" + awsKey() + "/x", "moved"},
		"of several places": {"a.env", "K=" + awsKey() + "\nx: " + base64.StdEncoding.EncodeToString([]byte("key "+awsKey()+" of AWS")) + "\n", "b.env"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWork(t)
			cache := t.TempDir()
			stands := func(want bool) {
				t.Helper()
				for how, dir := range map[string]string{"after each": cache, "at once": ""} {
					rep := w.history(look{cache: dir})
					if len(rep.Rotations) == 0 {
						t.Fatalf("%s: nothing is found", how)
					}
					for _, r := range rep.Rotations {
						if r.InHead != want {
							t.Errorf("%s: %s in %s is in HEAD: %v", how, r.Rule, r.Path, r.InHead)
						}
					}
				}
			}
			write := func() *work {
				if name != "in a link" {
					return w.write(c.path, c.text)
				}
				if err := os.Symlink(c.text, filepath.Join(w.dir, c.path)); err != nil {
					t.Fatal(err)
				}
				return w
			}
			w.write("big.txt", strings.Repeat("a line\n", 10))
			for i := range 7 { // so that most of the tree is known to hold nothing
				w.write(fmt.Sprintf("%d.txt", i), "a line\n")
			}
			write().commit("comes")
			stands(true)
			w.write("c.txt", "x\n").commit("more")
			stands(true)
			if c.moved != "" {
				w.git("mv", c.path, c.moved)
				w.commit("moves")
				stands(true)
				w.git("mv", c.moved, c.path)
				w.commit("moves back")
			}
			w.git("rm", "-q", c.path)
			w.commit("goes")
			stands(false)
			write().commit("comes back")
			stands(true)
		})
	}
}

// TestWhatIsMissingHidesNoSecretThatStands: of a history that is not all there, what
// was found is still told from what only history holds.
func TestWhatIsMissingHidesNoSecretThatStands(t *testing.T) {
	bothWays(t, func(t *testing.T) {
		w := newWork(t)
		for i := range 8 {
			w.write(fmt.Sprintf("%d.txt", i), "a line\n")
		}
		w.write("a.env", "K="+awsKey()+"\n").commit("comes")
		w.write("b.txt", "missing\n").commit("more")
		w.remove(w.git("rev-parse", "HEAD:b.txt"))
		rep := w.history(look{})
		if len(rep.Receipt.Gaps) == 0 {
			t.Error("nothing is said to be missing")
		}
		if len(rep.Rotations) != 0 && !rep.Rotations[0].InHead {
			t.Errorf("%+v", rep.Rotations)
		}
	})
}

// TestTheOriginalOfACopiedCommitCameFirst: a cherry-pick keeps the author's date, and
// which branch git lists first says nothing.
func TestTheOriginalOfACopiedCommitCameFirst(t *testing.T) {
	commit := func(w *work, path string, second int) review.SHA {
		w.write(path, "K="+awsKey()+"\n").git("add", "-A")
		cmd := exec.Command("git", "commit", "-q", "-m", "add a key")
		cmd.Dir = w.dir
		cmd.Env = append(os.Environ(), "HOME=/nonexistent", "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=A", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=A", "GIT_COMMITTER_EMAIL=a@example.com",
			"GIT_AUTHOR_DATE=2026-01-02T03:04:05Z", fmt.Sprintf("GIT_COMMITTER_DATE=2026-01-02T03:05:%02dZ", second))
		if out, err := cmd.CombinedOutput(); err != nil {
			w.t.Fatalf("%v: %s", err, out)
		}
		return w.head()
	}
	for _, first := range []string{"a", "z"} {
		w := newWork(t)
		cache := t.TempDir()
		start := w.write("x", "1\n").commit("start")
		w.git("checkout", "-q", "-b", first)
		original := commit(w, first+".env", 1)
		w.history(look{cache: cache})
		w.git("checkout", "-q", "-b", "m", string(start))
		commit(w, "m.env", 2)
		for how, dir := range map[string]string{"after each": cache, "at once": ""} {
			if rep := w.history(look{cache: dir}); len(rep.Rotations) != 1 || rep.Rotations[0].Commit != original || rep.Rotations[0].Places != 2 {
				t.Errorf("%s: %+v, want commit %s", how, rep.Rotations, original)
			}
		}
	}
}

// TestADeletedTagTakesNothingBack: what its message said was copied all the same.
func TestADeletedTagTakesNothingBack(t *testing.T) {
	w := newWork(t)
	w.write("x", "1\n").commit("start")
	w.git("tag", "-a", "-m", "hook "+slackHook(), "inner")
	w.git("tag", "-a", "-m", "key "+awsKey(), "outer", "inner")
	cache := t.TempDir()
	look1 := func(what string, n int) scan.Report {
		t.Helper()
		rep := w.history(look{cache: cache})
		if len(rep.Rotations) != n {
			t.Errorf("%s: %+v", what, rep.Rotations)
		}
		for _, r := range rep.Rotations {
			if r.Places != 1 {
				t.Errorf("%s: %d places of %s", what, r.Places, r.Rule)
			}
		}
		return rep
	}
	look1("with its tags", 2)
	look1("again", 2)
	w.git("tag", "-d", "outer")
	look1("one is deleted", 2)
	w.write("x", "2\n").commit("more")
	w.git("tag", "-d", "inner")
	look1("all are deleted", 2)
	w.noLeak(slurp(t, cache))
}

// TestTheFirstPlaceOfASecretIsTheSameLater: files are put in order by their names as
// they may be kept, without the secrets in them.
func TestTheFirstPlaceOfASecretIsTheSameLater(t *testing.T) {
	w := newWork(t)
	w.write("a.env", "K="+awsKey()+"\n").write(githubPAT()+".env", "K="+awsKey()+"\n").commit("two places")
	cache := t.TempDir()
	for range 2 {
		for _, r := range w.history(look{cache: cache}).Rotations {
			if r.Rule == "secrets/aws-access-token" && r.Path != redacted+".env" {
				t.Errorf("the first place is %s", r.Path)
			}
		}
		w.write("b.txt", "x\n").commit("more")
	}
}

// TestASecretInAFileOfThatNameIsLookedForElsewhere: it is no file reported for its name.
func TestASecretInAFileOfThatNameIsLookedForElsewhere(t *testing.T) {
	w := newWork(t)
	w.write(awsKey(), "x\n\n"+awsKey()+"\n").write("b.env", "K="+awsKey()+"\n").commit("two files")
	w.git("rm", "-q", awsKey())
	w.commit("one goes")
	for _, r := range w.history(look{}).Rotations {
		if !r.InHead {
			t.Errorf("%+v is said to be only in history", r)
		}
	}
}

// TestASecretOfAMessageStandsInAFile that no commit brings as a whole: it was said to be
// in history only.
func TestASecretOfAMessageStandsInAFile(t *testing.T) {
	end := "-----END RSA PRIVATE" + " KEY-----\n"
	begin := "-----BEGIN RSA PRIVATE" + " KEY-----\nMIIEowIBAAKCAQEAx7Kq3vR8mZ1pL5tYw2" + "nB9cXeJd4GhF6sUoQaTiWzPyMkEvRb8N\nq3vR8mZ1pL5tYw2nB9cXeJd4GhF6sUoQaTiWzPyMkEvRb8Nx7Kq\n"
	for name, tell := range map[string]func(w *work){
		"of a commit": func(w *work) { w.git("commit", "-q", "--allow-empty", "-m", "use\n\n"+begin+end) },
		"of a tag":    func(w *work) { w.git("tag", "-a", "-m", "use\n\n"+begin+end, "v1") },
		"of a file":   func(w *work) { w.write("x", "x\n").write("keys/"+begin+end+"x", "x\n").commit("name") },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWork(t)
			cache := t.TempDir()
			stands := func(want bool) {
				t.Helper()
				for how, dir := range map[string]string{"after each": cache, "at once": ""} {
					if rep := w.history(look{cache: dir}); len(rep.Rotations) != 1 || rep.Rotations[0].InHead != want {
						t.Errorf("%s: %+v", how, rep.Rotations)
					}
				}
			}
			w.write("key.txt", begin).commit("begins")
			tell(w)
			if name == "of a file" {
				w.git("rm", "-q", "-r", "keys")
				w.commit("no such name")
			}
			stands(false)
			w.write("key.txt", begin+end).commit("ends")
			stands(true)
			w.write("other.txt", "x\n").commit("more")
			stands(true)
			w.git("rm", "-q", "key.txt")
			w.commit("goes")
			stands(false)
		})
	}
}
