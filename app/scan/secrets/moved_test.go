package secrets

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

// walked returns "where rule path:line" of what a walk of all of a repository finds, as
// "gitleaks git" looks at it when plain.
func (w *work) walked(plain bool) []string {
	w.t.Helper()
	r := w.repo()
	s := &session{repo: r, rules: allRules(), key: testKey, plain: plain}
	res, err := s.walk(w.t.Context(), []string{"--all"}, ends{}, nil, nil)
	if err != nil || res.scanned != res.expected {
		w.t.Fatalf("%d of %d commits, %v", res.scanned, res.expected, err)
	}
	var out []string
	for _, h := range s.found {
		out = append(out, string(h.Where)+" "+h.Rule+" "+h.Path+":"+itoa(h.Line))
	}
	return sorted(out)
}

// TestAFileThatLeavesNodeModulesIsNewAsAWhole: where it was, an allowlist left it out.
// gitleaks follows the rename and sees the changed lines only; so it was with us when
// one git showed a push, and not when several showed a history.
func TestAFileThatLeavesNodeModulesIsNewAsAWhole(t *testing.T) {
	bothWays(t, func(t *testing.T) {
		w := newWork(t)
		long := strings.Repeat("a line\n", 20)
		w.write("node_modules/a/conf.env", long+"K="+awsKey()+"\n").write("go.sum", long+"S="+stripeKey()+"\n").commit("hidden")
		w.git("mv", "node_modules/a/conf.env", "conf.env")
		w.git("mv", "go.sum", "sum.env")
		w.write("sum.env", long+"S="+stripeKey()+"\nT="+githubPAT()+"\n").commit("no longer")
		for plain, want := range map[bool][]string{
			true:  {"patch github-pat sum.env:22"},
			false: {"moved aws-access-token conf.env:21", "moved github-pat sum.env:22", "moved stripe-access-token sum.env:21"},
		} {
			if got := w.walked(plain); !slices.Equal(got, want) {
				t.Errorf("plain %v: %q, want %q", plain, got, want)
			}
		}
	})
}

// TestAFileThatMovesIntoVendorIsNotTakenForAnother: without the vendored file to see,
// git took a file that is like it for where it went, and showed its changed lines only.
func TestAFileThatMovesIntoVendorIsNotTakenForAnother(t *testing.T) {
	bothWays(t, func(t *testing.T) {
		w := newWork(t)
		long := strings.Repeat("a line\n", 20)
		w.write("conf.env", long+"K="+awsKey()+"\n").commit("start")
		w.git("rm", "-q", "conf.env")
		w.write("vendor/github.com/conf.env", long+"K="+awsKey()+"\n").write("other.env", long+"K="+awsKey()+"\nL=1\n").commit("a copy, and vendored")
		want := []string{"patch aws-access-token conf.env:21", "patch aws-access-token other.env:21"}
		for _, plain := range []bool{true, false} {
			if got := w.walked(plain); !slices.Equal(got, want) {
				t.Errorf("plain %v: %q, want %q", plain, got, want)
			}
		}
	})
}

// TestAUTF16FileIsLookedAtUnderEveryName: that an allowlist leaves out the name it came
// under first says nothing of the next.
func TestAUTF16FileIsLookedAtUnderEveryName(t *testing.T) {
	bothWays(t, func(t *testing.T) {
		var wide bytes.Buffer
		wide.WriteString("\xff\xfe")
		for _, c := range utf16.Encode([]rune("A=1\nK=" + awsKey() + "\n")) {
			wide.Write([]byte{byte(c), byte(c >> 8)})
		}
		w := newWork(t)
		w.write("logo.png", wide.String()).commit("a picture")
		w.write("conf.env", wide.String()).commit("and no picture")
		w.write("copy.env", wide.String()).commit("and a copy")
		want := []string{"blob aws-access-token conf.env:2", "blob aws-access-token copy.env:2"}
		if got := w.walked(false); !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	})
}

// TestANameWithALineBreakIsLookedAtInAReviewOfKnownCommits: dots of allowlists match
// no line break, and commits that are known are not listed.
func TestANameWithALineBreakIsLookedAtInAReviewOfKnownCommits(t *testing.T) {
	w := newWork(t)
	base := w.write("a.txt", "x\n").commit("start")
	head := w.write("b.env", "K="+awsKey()+"\n").write("node_modules/n\nl.env", "K="+awsKey()+"\n").commit("odd")
	cache := t.TempDir()
	for range 2 {
		req := w.request(base, head)
		req.CacheDir = cache
		rep, err := New().Scan(t.Context(), req, nil)
		if err != nil {
			t.Fatal(err)
		}
		complete(t, rep, 1)
		want(t, rep.Head, "secrets/aws-access-token b.env:1", "secrets/aws-access-token node_modules/n\nl.env:1")
	}
}

// TestABinaryFileThatAMergeMakesASubmoduleIsNoGap: git says of both that they are
// binary, and the submodule's commit is in another repository.
func TestABinaryFileThatAMergeMakesASubmoduleIsNoGap(t *testing.T) {
	bothWays(t, func(t *testing.T) {
		w := newWork(t)
		base := w.write("a.txt", "1\n").commit("start")
		w.git("checkout", "-q", "-b", "side")
		w.write("a.txt", "2\n").commit("side")
		w.git("checkout", "-q", "main")
		w.write("lib", "\x00\x01\x02").commit("binary")
		w.git("merge", "-q", "--no-commit", "--no-ff", "side")
		w.git("rm", "-q", "-f", "lib")
		w.git("update-index", "--add", "--cacheinfo", "160000,"+strings.Repeat("cd", 20)+",lib")
		w.git("commit", "-q", "-m", "merge")
		complete(t, w.scan(base, w.head()), 3)
		if h := w.history(look{}); !h.Receipt.Complete() {
			t.Errorf("%+v", h.Receipt)
		}
	})
}

// TestAFileIsReportedForItsNameWheneverItChanges: gitleaks does so even where lines are
// only taken away.
func TestAFileIsReportedForItsNameWheneverItChanges(t *testing.T) {
	bothWays(t, func(t *testing.T) {
		w := newWork(t)
		w.write("k.p12", "1\n2\n3\n").commit("comes")
		w.write("k.p12", "1\n3\n").commit("changes")
		want := []string{"patch pkcs12-file k.p12:0", "patch pkcs12-file k.p12:0"}
		for _, plain := range []bool{true, false} {
			if got := w.walked(plain); !slices.Equal(got, want) {
				t.Errorf("plain %v: %q, want %q", plain, got, want)
			}
		}
	})
}

// TestAMergeThatMovesAFileHidesNothing: what an allowlist left out under its old name
// is new under another, though every parent has all of its lines.
func TestAMergeThatMovesAFileHidesNothing(t *testing.T) {
	bothWays(t, aMergeThatMovesAFileHidesNothing)
}

func aMergeThatMovesAFileHidesNothing(t *testing.T) {
	content := strings.Repeat("LINE=1\n", 20) + "K=" + awsKey() + "\n"
	for _, c := range []struct{ name, config, old string }{
		{"out of node_modules", "", "node_modules/a.env"},
		{"out of a folder that the repository allows", "[extend]\nuseDefault=true\n[[allowlists]]\npaths=['''^testdata/''']\n", "testdata/a.env"},
	} {
		for _, more := range []string{"", "more\n"} {
			t.Run(c.name+more, func(t *testing.T) {
				w := newWork(t)
				if c.config != "" {
					w.write(configPath, c.config)
				}
				w.write(c.old, content).commit("start")
				cache := t.TempDir()
				if rep := w.history(look{cache: cache}); !rep.Receipt.Complete() || len(rep.Rotations) != 0 {
					t.Fatalf("%+v", rep)
				}
				w.git("checkout", "-q", "-b", "side")
				w.write("s.txt", "s\n").commit("side")
				w.git("checkout", "-q", "main")
				w.write("m.txt", "m\n").commit("main")
				w.git("merge", "-q", "--no-ff", "--no-commit", "side")
				w.git("mv", c.old, "a.env")
				w.write("a.env", content+more).commit("merge")
				for name, cache := range map[string]string{"a push": cache, "all": t.TempDir()} {
					if rep := w.history(look{cache: cache}); !rep.Receipt.Complete() || len(rep.Rotations) != 1 {
						t.Errorf("%s: %+v", name, rep)
					}
				}
			})
		}
	}
}

// TestAFileThatIsRenamedForARuleIsNewToIt: a rule about files of some names was not
// asked of it under another.
func TestAFileThatIsRenamedForARuleIsNewToIt(t *testing.T) {
	bothWays(t, func(t *testing.T) {
		w := newWork(t)
		long := strings.Repeat("# a line\n", 20)
		w.write("notes", long+"db.example.com:5432:prod:joe:"+"kX9"+"vQ2mZ7pLwT4\n").commit("start")
		w.git("mv", "notes", ".pgpass")
		w.commit("rename")
		for plain, want := range map[bool][]string{true: nil, false: {"moved pgpass-password .pgpass:21"}} {
			if got := w.walked(plain); !slices.Equal(got, want) {
				t.Errorf("plain %v: %q, want %q", plain, got, want)
			}
		}
	})
}
