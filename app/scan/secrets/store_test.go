package secrets

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestAStoreGrowsByALineForEachPush and is written anew before it is long; whatever
// happens to its last line, what it says is so.
func TestAStoreGrowsByALineForEachPush(t *testing.T) {
	maxLines = 4
	t.Cleanup(func() { maxLines = 64 })
	w := newWork(t)
	cache := t.TempDir()
	w.write("a.txt", "a\n").commit("start")
	w.history(look{cache: cache})
	file := func() (string, []byte) {
		t.Helper()
		files, err := filepath.Glob(filepath.Join(cache, "*", "*", "*.log"))
		if err != nil || len(files) != 1 {
			t.Fatalf("%v, %v", files, err)
		}
		data, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		return files[0], data
	}
	look := func(new, all, secrets int) {
		t.Helper()
		rep := w.history(look{cache: cache})
		if c := rep.Receipt.Counts[0]; c.Looked != new || c.Expected != new || len(rep.Rotations) != secrets {
			t.Fatalf("%+v, %d secrets; want %d new commits, %d secrets", rep.Receipt, len(rep.Rotations), new, secrets)
		}
		st, err := openStore(cache, w.repo(), allRules(), testKey)
		if err != nil || st.covered != all || len(st.done) != 0 {
			t.Fatalf("the store says %d commits are covered, %d done, want %d, 0; %v", st.covered, len(st.done), all, err)
		}
	}
	path, before := file()
	w.write("b.env", "K="+awsKey()+"\n").commit("push")
	look(1, 2, 1)
	_, after := file()
	if !bytes.HasPrefix(after, before) || bytes.Count(after, []byte("\n")) != 2 {
		t.Errorf("%d lines, not one more than what was there", bytes.Count(after, []byte("\n")))
	}
	look(0, 2, 1)
	if _, again := file(); !bytes.Equal(again, after) {
		t.Error("a look that found nothing new wrote something")
	}
	for i := range 2 * maxLines {
		w.write("c.txt", fmt.Sprintf("line %d\n", i)).commit("push")
		look(1, 3+i, 1)
		if _, data := file(); bytes.Count(data, []byte("\n")) > maxLines {
			t.Fatalf("after %d pushes it has %d lines", i+2, bytes.Count(data, []byte("\n")))
		}
	}
	// A line that was not written to its end counts for nothing, and spoils no other.
	w.write("d.env", "K="+githubPAT()+"\n").commit("torn")
	look(1, 3+2*maxLines, 2)
	_, data := file()
	if err := os.WriteFile(path, data[:len(data)-20], 0o600); err != nil {
		t.Fatal(err)
	}
	look(1, 3+2*maxLines, 2)
	look(0, 3+2*maxLines, 2)
	w.noLeak(slurp(t, cache))
}

// TestADamagedLineHidesNothing: the lines after it say that all is covered, and what
// was found is in it.
func TestADamagedLineHidesNothing(t *testing.T) {
	for damaged := range 3 {
		t.Run(fmt.Sprint(damaged), func(t *testing.T) {
			w := newWork(t)
			cache := t.TempDir()
			for i, secret := range []string{awsKey(), githubPAT(), stripeKey()} {
				w.write(fmt.Sprintf("%d.env", i), "K="+secret+"\n").commit("push")
				w.history(look{cache: cache})
			}
			files, err := filepath.Glob(filepath.Join(cache, "*", "*", "*.log"))
			if err != nil || len(files) != 1 {
				t.Fatalf("%v, %v", files, err)
			}
			data, err := os.ReadFile(files[0])
			if err != nil {
				t.Fatal(err)
			}
			lines := bytes.SplitAfter(data, []byte("\n"))
			lines[damaged][len(lines[damaged])/2] ^= 1
			if err := os.WriteFile(files[0], bytes.Join(lines, nil), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, again := range []int{3 - damaged, 0} {
				if rep := w.history(look{cache: cache}); !rep.Receipt.Complete() || rep.Receipt.Counts[0].Looked != again || len(rep.Rotations) != 3 {
					t.Errorf("looked at %+v, found %d, want %d commits and 3 secrets", rep.Receipt.Counts, len(rep.Rotations), again)
				}
			}
		})
	}
}
