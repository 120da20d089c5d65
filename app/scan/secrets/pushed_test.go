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
