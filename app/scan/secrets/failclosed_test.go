package secrets

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/launchgate/launchgate/app/review"
)

// brokenGit puts a git into the path that misbehaves when its arguments hold a
// word, and is the real one otherwise. In do, $GIT is the real one; diff-tree gets
// six lines and then waits for more. Nothing is read without it.
func brokenGit(t *testing.T, word, do string) {
	t.Helper()
	onlyGit(t)
	otherGit(t, word, do)
}

// onlyGit has all objects read by git.
func onlyGit(t *testing.T) {
	before := readsObjects
	readsObjects = false
	t.Cleanup(func() { readsObjects = before })
}

// otherGit is brokenGit that some objects are read without.
func otherGit(t *testing.T, word, do string) {
	t.Helper()
	real, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\nGIT=%s\ncase \" $* \" in *\" %s \"*) %s ;; esac\nexec $GIT \"$@\"\n", real, word, do)
	if err := os.WriteFile(filepath.Join(dir, "git"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

// A git that dies, is killed, says less than all or says something else must
// never make a clean receipt: gitleaks as a library reports "no leaks" then.
func TestABrokenGitIsAGap(t *testing.T) { bothWays(t, aBrokenGitIsAGap) }

func aBrokenGitIsAGap(t *testing.T) {
	cases := []struct{ name, word, do string }{
		{"diff-tree is killed in mid-answer", "diff-tree --stdin", `head -n 6 | $GIT "$@" | head -c 300; kill -9 $$`},
		{"diff-tree ends early and says it is fine", "diff-tree --stdin", `head -n 6 | $GIT "$@" | head -c 300; exit 0`},
		{"diff-tree says nothing and that it is fine", "diff-tree --stdin", `exit 0`},
		{"the listing is cut off", "--raw", `$GIT "$@" | head -n 3; exit 0`},
		{"rev-list lists fewer than there are", "rev-list --topo-order", `$GIT "$@" | grep -v ^- | tail -n +2; exit 0`},
		{"rev-list lists all but the last", "rev-list --topo-order", `$GIT "$@" | head -n -1; exit 0`},
		{"rev-list leaves one out in the middle", "rev-list --topo-order", `$GIT "$@" | sed 3d; exit 0`},
		{"rev-list lists nothing", "rev-list --topo-order", `exit 0`},
		{"rev-list fails", "rev-list --topo-order", `echo "fatal: bad revision" >&2; exit 128`},
		{"an object is cut off", "--batch-command", `head -n 1 | $GIT "$@" | head -c 50; exit 0`},
		{"objects end after the first", "--batch-command", `head -n 1 | $GIT "$@"; exit 0`},
		{"cat-file is killed in mid-answer", "--batch-command", `head -n 1 | $GIT "$@" | head -c 50; kill -9 $$`},
		{"cat-file does not answer at all", "--batch-command", `exit 0`},
		{"the final diff is cut off", "diff-tree -r -p", `$GIT "$@" | head -c 250; exit 0`},
		{"files end in the middle", "--batch-command", `sed -u 10q | $GIT "$@"; exit 0`},
		{"another file is answered", "--batch-command", `sed -u '10s/.*/contents HEAD:b.txt/' | $GIT "$@"; exit 0`},
		{"a fed cat-file ends in the middle", "cat-file --batch", `$GIT "$@" | head -c 300; exit 0`},
		{"a fed cat-file is killed in mid-answer", "cat-file --batch", `$GIT "$@" | head -c 300; kill -9 $$`},
		{"a fed cat-file answers nothing and does not listen", "cat-file --batch", `exit 0`},
		{"a fed cat-file answers another file", "cat-file --batch", `sed -u '1s/.*/HEAD:b.txt/' | $GIT "$@"; exit 0`},
		{"the listing is of other commits", "--raw", `sed -u 2d | $GIT "$@"; exit 0`},
		{"there is no git", "rev-list", `exit 127`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if maxListed < 6 { // the broken diff-tree is shown all commits at once
				listed, stretch := maxListed, stretchCommits
				maxListed, stretchCommits = 6, 6
				t.Cleanup(func() { maxListed, stretchCommits = listed, stretch })
			}
			switch fed := askedFiles == 0; {
			case strings.HasPrefix(c.word, "cat-file --batch") && !fed, strings.HasPrefix(c.name, "file") && fed:
				t.Skip("files are read by another git")
			case c.name == "another file is answered" && (fewCommits > 0 || fed):
				t.Skip("only screening asks for files")
			}
			w := newWork(t)
			base := w.write("a.txt", "a\n").write("b.txt", "b\n").commit("start")
			for i := range 5 {
				w.write("a.txt", fmt.Sprintf("line %d\n%s\n%s\n", i, strings.Repeat("x", 200), awsKey())).commit("more")
			}
			req := w.request(base, w.head())
			brokenGit(t, c.word, c.do)
			rep, err := New().Scan(context.Background(), req, nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(rep.Receipt.Gaps) == 0 || rep.Receipt.Complete() {
				t.Errorf("a clean receipt: %+v", rep.Receipt)
			}
		})
	}
}

// What is new in a history is asked of one git; whatever that one says, and
// whatever becomes of it, all of it is looked at, or a gap says that it was not.
func TestABrokenGitHidesNothingThatIsNew(t *testing.T) {
	for _, c := range []struct {
		name, word, do string
		gap            bool
	}{
		{"log lists fewer than there are", "log --topo-order", `$GIT "$@" | awk '/^commit /{n++} n!=1'; exit 0`, true},
		{"log lists all but the last", "log --topo-order", `$GIT "$@" | head -n -16; exit 0`, false},
		{"log leaves a commit's line out", "log --topo-order", `$GIT "$@" | sed '0,/^commit /{/^commit /d}'; exit 0`, false},
		{"log leaves a line of a header out", "log --topo-order", `$GIT "$@" | sed '0,/^author /{/^author /d}'; exit 0`, false},
		{"log leaves a parent out", "log --topo-order", `$GIT "$@" | sed '0,/^parent /{/^parent /d}'; exit 0`, true},
		{"log leaves messages out", "log --topo-order", `$GIT "$@" | sed '/^    more/d'; exit 0`, false},
		{"log leaves lines out in the middle", "log --topo-order", `$GIT "$@" | sed 16,18d; exit 0`, false},
		{"log leaves a patch out", "log --topo-order", `$GIT "$@" | sed '/^diff --git/,/^@@/d'; exit 0`, false},
		{"log ends before the last patch", "log --topo-order", `$GIT "$@" | head -n -13; exit 0`, false},
		{"log lists nothing", "log --topo-order", `exit 0`, true},
		{"log ends in mid-line", "log --topo-order", `$GIT "$@" | head -c 300; exit 0`, false},
		{"log prints something else", "log --topo-order", `echo hello; $GIT "$@"; exit 0`, false},
		{"log fails", "log --topo-order", `echo "fatal: bad revision" >&2; exit 128`, false},
		{"log is killed", "log --topo-order", `$GIT "$@" | head -n 3; kill -9 $$`, false},
		{"log and rev-list list nothing", "--topo-order", `exit 0`, true},
		{"log and diff-tree say nothing", "-c", `case " $* " in *" log "*|*" diff-tree "*) exit 0;; esac`, true},
		{"cat-file does not answer, and is not asked", "--batch-command", `exit 0`, false},
		{"cat-file does not answer of a changed file", "--batch-command", `exit 0`, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWork(t)
			cache := t.TempDir()
			w.write("a.txt", "a\n").write("b.txt", "b\n").commit("start")
			if rep := w.history(look{cache: cache}); !rep.Receipt.Complete() {
				t.Fatalf("%+v", rep.Receipt)
			}
			for i := range 5 {
				w.write("a.txt", fmt.Sprintf("line %d\n", i)).write(fmt.Sprintf("b%d.env", i), "K="+awsKey()[:19]+string(rune('A'+i))+"\n").commit("more")
			}
			if strings.HasSuffix(c.name, "changed file") {
				w.write("b4.env", "A=1\nK="+awsKey()[:19]+"E\n").commit("more") // git shows no more than a line of it
			}
			brokenGit(t, c.word, c.do)
			rep, err := w.tryHistory(context.Background(), look{cache: cache})
			if err != nil {
				t.Fatal(err)
			}
			if gap := len(rep.Receipt.Gaps) > 0 || !rep.Receipt.Complete(); gap != c.gap {
				t.Errorf("a gap: %v, want %v: %+v", gap, c.gap, rep.Receipt)
			}
			if !c.gap && len(rep.Rotations) != 5 {
				t.Errorf("found %d of 5: %+v", len(rep.Rotations), rep.Rotations)
			}
		})
	}
}

// git before 2.36 knows no --batch-command: another process answers then, and no
// other failure is taken for that.
func TestAnOldGitIsAskedByAProcessForEachQuestion(t *testing.T) {
	w := newWork(t)
	base := w.write("a.txt", "a\n").commit("start")
	head := w.write("b.env", "K="+awsKey()+"\n").commit("end")
	req := w.request(base, head)
	want, err := New().Scan(context.Background(), req, nil)
	if err != nil || len(want.Head) != 1 {
		t.Fatalf("%+v, %v", want, err)
	}
	for _, c := range []struct {
		name, do string
		complete bool
	}{
		{"does not know the option", `head -n 1 >/dev/null; echo "error: unknown option" >&2; exit 129`, true},
		{"does not know the option and does not read", `exit 129`, true},
		{"fails", `exit 128`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			brokenGit(t, "--batch-command", c.do)
			rep, err := New().Scan(context.Background(), req, nil)
			if err != nil || rep.Receipt.Complete() != c.complete {
				t.Fatalf("%+v, %v", rep.Receipt, err)
			}
			if c.complete && !reflect.DeepEqual(rep.Head, want.Head) {
				t.Errorf("found %+v, not %+v", rep.Head, want.Head)
			}
			if left := childProcesses(t); left != "" {
				t.Errorf("processes left: %s", left)
			}
		})
	}
}

func TestATimeLimitIsAGapThatSaysSo(t *testing.T) {
	w := newWork(t)
	base := w.write("a.txt", "a\n").commit("start")
	head := w.write("b.env", "K="+awsKey()+"\n").commit("end")
	req := w.request(base, head)
	history := w.request("", head)
	history.Settings = []byte(`{"history":{"seconds":1}}`)
	brokenGit(t, "diff-tree --stdin", "sleep 60")
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	rep, err := New().Scan(ctx, req, nil)
	if err != nil || len(rep.Receipt.Gaps) != 1 || rep.Receipt.Gaps[0].Code != review.CodeScannerTimeout {
		t.Errorf("a change: %+v, %v", rep.Receipt, err)
	}
	rep, err = New().Scan(context.Background(), history, nil)
	if err != nil || len(rep.Receipt.Gaps) != 1 || rep.Receipt.Gaps[0].Code != review.CodeScannerTimeout || rep.Receipt.Complete() {
		t.Errorf("a history: %+v, %v", rep.Receipt, err)
	}
	if left := childProcesses(t); left != "" {
		t.Errorf("processes left: %s", left)
	}
}

// TestAGapSaysWhichObjectIsMissing: "could not read all" leaves nothing to do but
// fetch again, and of a partial clone that does not help.
func TestAGapSaysWhichObjectIsMissing(t *testing.T) { bothWays(t, aGapSaysWhichObjectIsMissing) }

func aGapSaysWhichObjectIsMissing(t *testing.T) {
	w := newWork(t)
	w.write("a.txt", "a\n").commit("start")
	w.write("b.txt", "b\n").commit("more")
	id := w.git("rev-parse", "HEAD:b.txt")
	w.remove(id)
	rep := w.history(look{})
	if len(rep.Receipt.Gaps) != 1 || rep.Receipt.Complete() || !strings.Contains(rep.Receipt.Gaps[0].Why, id) {
		t.Errorf("%+v", rep.Receipt)
	}
}

// TestAPartialCloneIsNotFetchedAgainButClonedWithoutAFilter: fetching again, which is
// what was advised, brings nothing that the filter leaves out.
func TestAPartialCloneIsNotFetchedAgainButClonedWithoutAFilter(t *testing.T) {
	from := newWork(t)
	from.write("a.txt", "a\n").commit("start")
	from.git("config", "uploadpack.allowFilter", "true")
	w := newWork(t)
	w.git("remote", "add", "origin", "file://"+from.dir)
	w.git("-c", "protocol.file.allow=always", "fetch", "-q", "--filter=blob:none", "origin")
	w.git("update-ref", "refs/heads/main", "refs/remotes/origin/main")
	rep := w.history(look{})
	if len(rep.Receipt.Gaps) != 1 || rep.Receipt.Complete() || !strings.Contains(rep.Receipt.Gaps[0].Do, "clone") {
		t.Errorf("%+v", rep.Receipt)
	}
}

// TestACommitTooLargeToBeReadIsNamed: the receipt told the user to fetch the repository
// again and to run git fsck on it.
func TestACommitTooLargeToBeReadIsNamed(t *testing.T) {
	w := newWork(t)
	base := w.write("x", "x\n").commit("start")
	const who = "author A <a@example.com> 1767323045 +0000\ncommitter A <a@example.com> 1767323045 +0000\n"
	head := w.rawCommit([]string{string(base)}, who, strings.Repeat("m\n", bigFileBytes/2+1))
	rep := w.scan(base, head)
	if len(rep.Receipt.Gaps) != 1 || rep.Receipt.Gaps[0].Code != review.CodeTooLarge || rep.Receipt.Gaps[0].Why != "commit "+string(head)+" has more than 12 MiB" {
		t.Errorf("gaps %+v", rep.Receipt.Gaps)
	}
}
