package secrets

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/launchgate/launchgate/app/review"
)

// TestAFileThatAPushMakesBinaryIsLookedAtAsOne: its text became that of a binary file
// when lines before a NUL went. Nothing is added, but git shows no lines of it any more:
// as UTF-16 it is read as a whole, and otherwise it is counted.
func TestAFileThatAPushMakesBinaryIsLookedAtAsOne(t *testing.T) {
	long := strings.Repeat("let a = b.c(d, 1);\n", 500)
	for _, c := range []struct{ name, before, after string }{
		{"no text", long + "K=" + awsKey() + "\n\x00\n", "K=" + awsKey() + "\n\x00\n"},
		{"UTF-16", "\xff\xfe\n" + long + wide("\nK=" + awsKey() + "\n")[3:], wide("\nK=" + awsKey() + "\n")},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWork(t)
			cache := t.TempDir()
			w.write("a.dat", c.before).commit("start")
			w.history(look{cache: cache})
			w.write("a.dat", c.after).commit("push")
			got, want := w.history(look{cache: cache}), w.history(look{cache: t.TempDir()})
			if !reflect.DeepEqual(got.Receipt.Skipped, want.Receipt.Skipped) || !reflect.DeepEqual(got.Rotations, want.Rotations) {
				t.Errorf("after the push\n%+v\n%+v\nof everything\n%+v\n%+v", got.Receipt.Skipped, got.Rotations, want.Receipt.Skipped, want.Rotations)
			}
		})
	}
}

// treeObject has git write a folder with entries "MODE NAME ID".
func (w *work) treeObject(entries ...string) string {
	w.t.Helper()
	var b strings.Builder
	for _, e := range entries {
		f := strings.Fields(e)
		id, err := hex.DecodeString(f[2])
		if err != nil {
			w.t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s %s\x00%s", f[0], f[1], id)
	}
	return w.object("tree", b.String())
}

// commitOf commits a tree on the branch.
func (w *work) commitOf(tree string) review.SHA {
	w.t.Helper()
	id := w.git("commit-tree", "-p", "HEAD", "-m", "push", tree)
	w.git("update-ref", "refs/heads/main", id)
	return review.SHA(id)
}

// TestFoldersWithoutEndOrFilesStopWithTheLook: ten folders in each of ten folders and so
// on, all the same and without a file, are a push of a few hundred bytes. Nothing that
// reads them may go on when the look is stopped.
func TestFoldersWithoutEndOrFilesStopWithTheLook(t *testing.T) {
	w := newWork(t)
	cache := t.TempDir()
	w.write("a.txt", "a\n").commit("start")
	w.history(look{cache: cache})
	tree := w.object("tree", "")
	for range 12 {
		entries := make([]string, 10)
		for i := range entries {
			entries[i] = fmt.Sprintf("40000 %d %s", i, tree)
		}
		tree = w.treeObject(entries...)
	}
	w.commitOf(tree)
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errors.New("enough"))
	defer cancel()
	ended := make(chan bool, 1)
	go func() {
		rep, err := w.tryHistory(ctx, look{cache: cache})
		ended <- err != nil || !rep.Receipt.Complete()
	}()
	select {
	case stopped := <-ended:
		if !stopped {
			t.Error("it says that all was looked at")
		}
	case <-time.After(30 * time.Second):
		t.Fatal("it goes on")
	}
}

// TestAParentInCapitalsIsNoOtherCommit: git takes it for the same, and so the parents of a
// commit are not those that it is written with.
func TestAParentInCapitalsIsNoOtherCommit(t *testing.T) {
	w := newWork(t)
	cache := t.TempDir()
	w.write("a.env", "K="+awsKey()+"\n").commit("start")
	head := w.write("b.env", "b\n").commit("more")
	w.git("repack", "-q", "-a", "-d")
	w.history(look{cache: cache})
	by := "A <a@example.com> 1767322000 +0000"
	id := w.object("commit", fmt.Sprintf("tree %s\nparent %s\nauthor %s\ncommitter %s\n\npush\n", w.git("rev-parse", "HEAD^{tree}"), strings.ToUpper(string(head)), by, by))
	w.git("update-ref", "refs/heads/main", id)
	got, want := w.history(look{cache: cache}), w.history(look{cache: t.TempDir()})
	if !reflect.DeepEqual(got.Receipt.Gaps, want.Receipt.Gaps) {
		t.Errorf("after the push\n%+v\nof everything\n%+v", got.Receipt, want.Receipt)
	}
	if n := got.Receipt.Counts[0].Expected; n != 1 {
		t.Errorf("%d commits are new, want 1", n)
	}
}

// TestALongLineOfAPushIsNotJudgedTwice: a bundle of megabytes in one line was judged to
// know whether git must show it, which took four times as long as to look at what it shows.
func TestALongLineOfAPushIsNotJudgedTwice(t *testing.T) {
	bytes, around, file := hastyBytes, hastyAround, hastyFile
	hastyBytes, hastyAround, hastyFile = 40_000, 20_000, 20_000
	defer func() { hastyBytes, hastyAround, hastyFile = bytes, around, file }()
	const almost = `api_key="aaaaaaaaaaaaaaaaaaa1";` // but for its entropy
	line, lines := strings.Repeat(almost, 1000), strings.Repeat(almost+"\n", 1000)
	nowhere := func([]byte) ([]interval, bool) { return nil, false }
	end := func(content []byte) ([]interval, bool) { return []interval{{len(content) - 2, len(content)}}, true }
	for _, c := range []struct {
		name, content string
		hasty         bool
		shown         func([]byte) ([]interval, bool)
		want          screened
		judged        bool
	}{
		{"one of many commits", line, false, nowhere, silent, true},
		{"new", line, true, nowhere, mayHold, false},
		{"changed", line, true, func(content []byte) ([]interval, bool) { return []interval{{0, len(content)}}, true }, mayHold, false},
		{"beside what changed", lines + "x\n", true, end, silentHere, false},
		{"short", line[:20*len(almost)], true, nowhere, silent, true},
	} {
		k := newScreener(defaultRules())
		if c.hasty {
			left := hastyBytes
			k.left = &left
		}
		content := []byte(c.content)
		if got := k.screen(t.Context(), content, "dist/app.js", func() ([]interval, bool) { return c.shown(content) }); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
		if judged := len(k.judged) > 0; judged != c.judged {
			t.Errorf("%s: it was judged %v, want %v", c.name, judged, c.judged)
		}
	}
}

// TestALargeFileThatIsChangedOftenIsReadOnce by one git: it was read to be screened, to
// count its lines, and to be shown.
func TestALargeFileThatIsChangedOftenIsReadOnce(t *testing.T) {
	w := newWork(t)
	cache := t.TempDir()
	large := strings.Repeat("token = e.token\n", maxOwnBytes/16)
	w.write("a.js", large).commit("start")
	w.history(look{cache: cache})
	for n := range oftenChanged {
		w.write("a.js", large+fmt.Sprintln(n)).commit("change")
	}
	started := gitsStarted(t)
	if rep := w.history(look{cache: cache}); !rep.Receipt.Complete() || rep.Receipt.Counts[0].Looked != oftenChanged {
		t.Errorf("%+v", rep.Receipt)
	}
	if got := strings.Join(started(), " "); got != "log" {
		t.Errorf("it took %q, want one git", got)
	}
}

// TestAFolderOfManyFilesIsLeftToGit, which knows sooner what differs in it.
func TestAFolderOfManyFilesIsLeftToGit(t *testing.T) {
	w := newWork(t)
	cache := t.TempDir()
	blob := w.object("blob", "x\n")
	entries := make([]string, 20_000)
	for i := range entries {
		entries[i] = fmt.Sprintf("100644 a_name_of_some_length_%06d %s", i, blob)
	}
	w.write("a.txt", "a\n").commit("start")
	w.commitOf(w.treeObject(entries...))
	w.history(look{cache: cache})
	w.commitOf(w.treeObject(append(entries, "100644 z "+w.object("blob", "K="+awsKey()+"\n"))...))
	started := gitsStarted(t)
	if rep := w.history(look{cache: cache}); !rep.Receipt.Complete() || len(rep.Rotations) != 1 {
		t.Errorf("%+v", rep)
	}
	if got := strings.Join(started(), " "); !strings.HasPrefix(got, "log") {
		t.Errorf("it took %q", got)
	}
}
