package secrets

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/launchgate/launchgate/app/review"
)

// TestOneGitShowsWhatThreeShow has what a few commits bring looked at by one git and
// by several, and wants the same found, at the same places.
func TestOneGitShowsWhatThreeShow(t *testing.T) {
	key := func(n int) string { return "K=" + awsKey()[:19] + string(rune('A'+n%25)) + "\n" }
	wide := func(s string) string {
		var b strings.Builder
		b.WriteString("\xff\xfe")
		for _, u := range utf16.Encode([]rune(s)) {
			b.WriteByte(byte(u))
			b.WriteByte(byte(u >> 8))
		}
		return b.String()
	}
	large := strings.Repeat("let a = b.c(d, 1);\n", (bigFileBytes+1<<20)/19)
	for _, c := range []struct {
		name  string
		do    func(w *work)
		aside bool // it is looked at by several gits after all
	}{
		{"lines here and there", func(w *work) {
			w.write("a.txt", "1\n"+key(1)+"3\n4\n"+key(2)+"6\n7\n8\n"+key(3)).commit("three")
			w.write("a.txt", "1\n"+key(4)+"3\n4\n6\n"+key(5)+"8\n"+key(3)+"no newline").commit("and changes")
		}, false},
		{"a file comes and goes", func(w *work) {
			w.write("b.env", key(1)).commit("comes")
			w.git("rm", "-q", "b.env")
			w.commit("goes")
		}, false},
		{"a file moves and changes", func(w *work) {
			w.write("conf/b.env", strings.Repeat("LINE=1\n", 20)+key(1)).commit("comes")
			w.git("mv", "conf/b.env", "conf/key-"+stripeKey()+".env")
			w.write("conf/key-"+stripeKey()+".env", strings.Repeat("LINE=1\n", 20)+key(1)+key(2)).commit("moves")
		}, false},
		{"files move out of where allowlists leave them out, and into it", func(w *work) {
			long := strings.Repeat("LINE=1\n", 20)
			w.write("node_modules/a.env", long+key(1)).write("vendor/github.com/b.env", long+key(2)).write("c.env", long+key(3)).commit("come")
			w.git("mv", "node_modules/a.env", "a.env")
			w.git("mv", "vendor/github.com/b.env", "b.env")
			w.git("mv", "c.env", "node_modules/c.env")
			w.write("b.env", long+key(2)+key(4)).write("d.env", long+key(3)+key(5)).commit("move")
		}, false},
		{"a file moves into vendor and gets other line ends", func(w *work) {
			long := strings.Repeat("LINE=1\n", 3) + key(1) + "X=22222\nY=333333\nZ=4444\nA=5\nB=66666\n"
			w.write("c.env", long).commit("comes")
			w.git("rm", "-q", "c.env")
			w.write("vendor/github.com/c.env", strings.ReplaceAll(long, "\n", "\r\n")).write("d.env", strings.Replace(long, "66666", "7", 1)).commit("moves")
		}, false},
		{"odd names", func(w *work) {
			w.write("e\tf \"g\" ä.env", key(1)).write("a -> b.env", key(2)).write(" ", key(3)).write("-", key(4)).commit("odd")
			w.git("mv", "e\tf \"g\" ä.env", "h\ti.env")
			w.commit("and moved")
		}, false},
		{"a name with a line break where nothing is looked at", func(w *work) {
			w.write("node_modules/a\nb/.env", key(1)).write("node_modules/c.env", key(2)).commit("hide")
		}, true},
		{"what allowlists leave out", func(w *work) {
			w.write("go.sum", key(1)).write("x/vendor/github.com/a/b.go", key(2)).write("node_modules/x.js", key(3)).write("x.svg", key(4)).write("a/yarn.lock", key(5)).write("vendored/github.com.go", key(6)).commit("vendor")
			w.write("go.sum", key(6)).write("x/vendor/github.com/a/b.go", key(7)).write("a/x.png", key(8)).commit("and again")
		}, false},
		{"a merge with a resolution", func(w *work) {
			w.write("a.txt", "a\nb\nc\n").commit("base")
			w.git("checkout", "-q", "-b", "side")
			w.write("a.txt", "a\nside\nc\n").write("s.env", key(1)).commit("side")
			w.git("checkout", "-q", "main")
			w.write("a.txt", "a\nmain\nc\n").commit("main")
			if _, err := w.try("merge", "-q", "side"); err == nil {
				w.t.Fatal("the merge was meant to conflict")
			}
			w.write("a.txt", "a\n"+key(2)+"c\n").write("new.env", key(3))
			w.git("mv", "s.env", "t.env")
			w.write("t.env", key(1)+key(4)).commit("merge")
		}, false},
		{"binary, UTF-16, CRLF, invalid UTF-8", func(w *work) {
			w.write("a.dat", "\x00\x01"+strings.Repeat("\x00\xff\x13", 3000)).write("key.p12", "\x00\x01\x02").write("wide.env", wide(key(1))).write("crlf.env", "A=1\r\n"+strings.TrimSpace(key(2))+"\r\n").write("bad.env", "\xff\xfe\xfd\n"+key(3)).commit("odd")
		}, false},
		{"a file too large to be shown", func(w *work) {
			w.write("big.sql", large+key(1)).commit("large")
			w.write("big.sql", large+key(2)).write("small.env", key(3)).commit("larger")
		}, false},
		{"a file too large for git to load", func(w *work) {
			if testing.Short() {
				w.t.Skip("it is large")
			}
			w.write("huge.sql", strings.Repeat(large, 6)+key(1)).commit("huge")
		}, true},
		{"links, submodules, modes", func(w *work) {
			if err := os.Symlink("secret-"+githubPAT(), filepath.Join(w.dir, "link")); err != nil {
				w.t.Skip(err)
			}
			w.write("run.sh", key(1)).commit("a file")
			w.git("update-index", "--add", "--cacheinfo", "160000,"+w.git("rev-parse", "HEAD")+",sub")
			w.git("update-index", "--chmod=+x", "run.sh")
			w.git("commit", "-q", "-m", "modes "+slackHook())
			if err := os.Remove(filepath.Join(w.dir, "run.sh")); err != nil {
				w.t.Fatal(err)
			}
			if err := os.Symlink("x", filepath.Join(w.dir, "run.sh")); err != nil {
				w.t.Fatal(err)
			}
			w.commit("a file becomes a link")
		}, false},
		{"nothing, and another beginning", func(w *work) {
			w.git("commit", "-q", "--allow-empty", "-m", "nothing "+githubPAT())
			w.git("checkout", "-q", "--orphan", "other")
			w.write("o.env", key(1)).commit("beginning")
		}, false},
		{"attributes that say binary", func(w *work) {
			w.write("a.env", key(1)).commit("show")
			if err := os.WriteFile(filepath.Join(w.dir, ".git", "info", "attributes"), []byte("*.txt -diff\n"), 0o644); err != nil {
				w.t.Fatal(err)
			}
			w.write("c.txt", key(2)).commit("hide more")
		}, false},
		{"by chance", func(w *work) { byChance(w, rand.New(rand.NewPCG(3, 4))) }, false},
		{"by another chance", func(w *work) { byChance(w, rand.New(rand.NewPCG(5, 6))) }, false},
		{"more than a few", func(w *work) {
			for i := range fewCommits + 1 {
				w.write("a.env", key(i)).commit("one more")
			}
		}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWork(t)
			start := w.write("first", "x\n").write("a.txt", "1\n2\n").commit("start")
			c.do(w)
			tips := strings.Fields(w.git("for-each-ref", "--format=%(objectname)"))
			look := func(ahead bool) *session {
				r := w.repo()
				defer r.close()
				s := &session{repo: r, rules: allRules(), key: testKey}
				old := []string{string(start)}
				res, err := s.walk(t.Context(), append([]string{"--all"}, negated(old)...), ends{tips: tips, old: old, fresh: ahead, new: ahead}, nil, nil)
				if err != nil || res.scanned != res.expected || res.scanned == 0 {
					t.Fatalf("%d of %d commits, %v", res.scanned, res.expected, err)
				}
				return s
			}
			own := look(true)
			onlyGit(t)
			one, several := look(true), look(false)
			if used := one.ahead != nil && one.ahead.shown && !one.compareAll; used == c.aside {
				t.Errorf("looked at by one git: %v", used)
			}
			if used := own.ahead != nil && own.ahead.own(); used == (c.name == "more than a few") {
				t.Errorf("looked at without git: %v", used)
			}
			for name, s := range map[string]*session{"one git": one, "who reads objects": own} {
				if a, b := places(s.found), places(several.found); a != b {
					t.Errorf("%s finds\n%s\nseveral gits find\n%s", name, a, b)
				}
				binary := several.seen.binary
				if c.name == "what allowlists leave out" && s == own {
					binary = s.seen.binary // text is counted, too, when files are screened
				}
				if !reflect.DeepEqual(s.seen.binary, binary) || !reflect.DeepEqual(s.seen.text, several.seen.text) {
					t.Errorf("files without lines: %s %+v, several gits %+v", name, s.seen, several.seen)
				}
			}
		})
	}
}

func places(hs []hit) string {
	var lines []string
	for _, h := range hs {
		lines = append(lines, fmt.Sprintf("%s %s %q %s:%d-%d %s %s %d", h.Rule, h.Where, h.Path, review.SHA(h.Commit).Short(), h.Line, h.EndLine, h.Key[:8], h.Date, h.Order))
	}
	return strings.Join(sorted(lines), "\n")
}

// byChance makes commits that change, move and remove files, and merges.
func byChance(w *work, rnd *rand.Rand) {
	names := []string{"a.env", "conf/b.env", "c.txt", "deploy/d.yml"}
	secrets := []string{awsKey(), awsKey2(), githubPAT(), stripeKey(), "word", "another"}
	pick := func(list []string) string { return list[rnd.IntN(len(list))] }
	for n := range 30 {
		var b strings.Builder
		for range 1 + rnd.IntN(12) {
			fmt.Fprintf(&b, "K%d=%s\n", rnd.IntN(3), pick(secrets))
		}
		switch rnd.IntN(5) {
		case 0, 1, 2:
			w.write(pick(names), b.String())
		case 3:
			if files := w.git("ls-files", "*.env"); files != "" {
				w.try("mv", "-f", strings.Fields(files)[0], fmt.Sprintf("moved%d.env", n))
			}
		case 4:
			w.git("checkout", "-q", "-B", pick([]string{"p", "q"}))
			if _, err := w.try("merge", "-q", "-m", "merge", "main"); err != nil {
				w.write("first", b.String())
			}
		}
		w.commit(pick([]string{"m", "use " + awsKey2()}))
	}
}

// TestALineOfCommitsSaysWhatItChangesInAll has what commits one after the other
// change, as one git shows it, compared with what the two ends of them differ in.
func TestALineOfCommitsSaysWhatItChangesInAll(t *testing.T) {
	w := newWork(t)
	long := strings.Repeat("a line\n", 30)
	start := w.write("a.txt", "1\n").write("b.txt", long).write("c.txt", "3\n").write("d/e.txt", "4\n").commit("start")
	w.write("a.txt", "2\n").write("new.txt", "new\n").commit("change")
	w.git("mv", "b.txt", "moved.txt")
	w.write("moved.txt", long+"and more\n").write("c.txt", "passing\n").commit("move")
	w.git("mv", "moved.txt", "b.txt")
	w.git("rm", "-q", "d/e.txt")
	w.write("moved.txt", "another\n").write("c.txt", "3\n").commit("move back")
	if err := os.Remove(filepath.Join(w.dir, "new.txt")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("a.txt", filepath.Join(w.dir, "new.txt")); err != nil {
		t.Skip(err)
	}
	end := w.commit("a file becomes a link")

	r := w.repo()
	defer r.close()
	s := &session{repo: r, rules: allRules(), key: testKey}
	changes := func(from, to review.SHA) map[string]string {
		out := make(map[string]string)
		if err := s.changedSince(t.Context(), from, to, func(c change) { out[c.path] = strings.Trim(c.blob, "0") }); err != nil {
			t.Fatal(err)
		}
		return out
	}
	want := changes(start, end)
	if len(want) != 5 {
		t.Fatalf("git lists %v", want)
	}
	if s.ahead = s.lookAhead(t.Context(), []string{string(end), "^" + string(start)}, true); !s.leads(start, end) {
		t.Fatalf("commits one after the other are none: %+v", s.ahead)
	}
	got := changes(start, end)
	if _, again := got["c.txt"]; !again {
		t.Error("a file that changed and changed back is not among those that may differ")
	}
	delete(got, "c.txt")
	if !reflect.DeepEqual(got, want) {
		t.Errorf("a line of commits changes\n%v\nits ends differ in\n%v", got, want)
	}
	git := s.ahead
	s.ahead = s.readAhead(t.Context(), ends{tips: []string{string(end)}, old: []string{string(start)}})
	if got := changes(start, end); !s.ahead.own() || !reflect.DeepEqual(got, want) {
		t.Errorf("by the objects the ends differ in\n%v\nby git in\n%v", got, want)
	}
	s.ahead = git
	if s.leads(end, start) || s.leads(end, review.SHA(strings.Repeat("a", 40))) {
		t.Error("they lead where they do not")
	}

	w.git("checkout", "-q", "-b", "side", string(start))
	w.write("side.txt", "x\n").commit("side")
	w.git("merge", "-q", "-m", "merge", string(end))
	if s.ahead = s.lookAhead(t.Context(), []string{"HEAD", "^" + string(start)}, true); s.ahead == nil || s.leads(start, review.SHA(w.git("rev-parse", "HEAD"))) {
		t.Error("a merge is taken for a line of commits")
	}
}

// TestWhatIsKnownOfAnAddedFileIsWhatStandsInIt: a file that git showed as a whole is
// not read again, and any other is.
func TestWhatIsKnownOfAnAddedFileIsWhatStandsInIt(t *testing.T) {
	w := newWork(t)
	lines := strings.Repeat("let a = b.c(d, 1);\n", 20)
	start := w.write("old.go", lines+"key := \""+awsKey()+"\"\n").write("m.go", "x\n").commit("start")
	w.write("one.env", "A=1\r\nK="+awsKey()+"\r\n").write("two.go", lines+"t := \""+githubPAT()+"\" // "+allowMark+"\n"+"k := \""+awsKey2()+"\"").write("empty", "").
		write("bin", "\x00K="+awsKey()).write("m.go", "x\nK="+awsKey()+"\n").write("more.env", "K="+awsKey()+"\n").commit("add")
	w.git("mv", "old.go", "new.go")
	w.write("new.go", lines+"key := \""+awsKey()+"\"\n// more\n").write("more.env", "K="+awsKey()+"\nS="+stripeKey()+"\n").commit("move and change")

	r := w.repo()
	defer r.close()
	told := &session{repo: r, rules: allRules(), key: testKey}
	if told.ahead = told.lookAhead(t.Context(), []string{"HEAD", "^" + string(start)}, true); told.ahead == nil {
		t.Fatal("these are too many or out of the ordinary")
	}
	var files []named
	err := r.eachFile(t.Context(), w.head(), false, nil, func(f treeFile) { files = append(files, f.named) })
	if err != nil {
		t.Fatal(err)
	}
	var known []string
	for _, f := range files {
		if _, ok := told.holds(f); ok {
			known = append(known, f.path)
		}
	}
	if want := []string{"one.env", "two.go"}; !reflect.DeepEqual(known, want) {
		t.Errorf("what stands in %v is known, want %v", known, want)
	}
	for _, f := range files {
		standing := func(s *session) (out []hit) {
			if err := s.lookAtFiles(t.Context(), []named{f}, nil, func(h hit) { out = append(out, h) }); err != nil {
				t.Fatal(err)
			}
			return out
		}
		if got, want := standing(told), standing(&session{repo: r, rules: allRules(), key: testKey}); !reflect.DeepEqual(got, want) {
			t.Errorf("in %s stands\n%+v, as was told\n%+v", f.path, want, got)
		}
	}
}

// TestASecretThatAMergeBringsBackStands: no commit adds its line anew.
func TestASecretThatAMergeBringsBackStands(t *testing.T) {
	w := newWork(t)
	cache := t.TempDir()
	old := w.write("a.env", "A=1\nK="+awsKey()+"\n").commit("start")
	w.write("a.env", "A=1\n").commit("take it away")
	inHead := func() bool {
		t.Helper()
		rep := w.history(look{cache: cache})
		if len(rep.Rotations) != 1 {
			t.Fatalf("%+v", rep.Rotations)
		}
		return rep.Rotations[0].InHead
	}
	if inHead() {
		t.Fatal("it stands where it does not")
	}
	w.git("checkout", "-q", "-b", "side", string(old))
	w.write("b.txt", "x\n").commit("side")
	w.git("checkout", "-q", "main")
	w.git("merge", "-q", "--no-commit", "--no-ff", "side")
	w.git("checkout", "-q", "side", "--", "a.env")
	w.git("commit", "-q", "-m", "merge")
	if !inHead() {
		t.Error("a secret that a merge brought back is said to be only in history")
	}
	w.write("a.env", "A=1\nB=2\n").commit("take it away again")
	if inHead() {
		t.Error("a secret that was taken away again is said to stand")
	}
	w.git("rm", "-q", "a.env")
	w.write("c.env", "K="+awsKey()+"\n").commit("elsewhere")
	w.git("mv", "c.env", "d.env")
	w.commit("and elsewhere")
	if !inHead() {
		t.Error("a secret that moved is said to be only in history")
	}
}
