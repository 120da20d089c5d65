package secrets

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/launchgate/launchgate/app/scan"
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
	file := func() (string, []byte) { t.Helper(); return storeData(t, cache) }
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

// storeFile returns the one store below a cache folder, and its lines.
func storeFile(t *testing.T, cache string) (string, [][]byte) {
	t.Helper()
	path, data := storeData(t, cache)
	return path, bytes.SplitAfter(bytes.TrimSuffix(data, []byte("\n")), []byte("\n"))
}

// storeData returns the one store below a cache folder, and what it says.
func storeData(t *testing.T, cache string) (string, []byte) {
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

// TestALineThatIsNotWhereItWasWrittenHidesNothing: each line said that all before it was
// covered, and had a seal of its own, so that one could be taken out of the middle and the
// secrets it listed were forgotten.
func TestALineThatIsNotWhereItWasWrittenHidesNothing(t *testing.T) {
	for _, c := range []struct {
		name  string
		do    func(l [][]byte) [][]byte
		again int // commits that are looked at again
		lost  bool
	}{
		{"the first is gone", func(l [][]byte) [][]byte { return l[1:] }, 5, true},
		{"one in the middle is gone", func(l [][]byte) [][]byte { return append(l[:1:1], l[2:]...) }, 4, true},
		{"two in the middle are gone", func(l [][]byte) [][]byte { return append(l[:1:1], l[3:]...) }, 4, true},
		{"the last is gone", func(l [][]byte) [][]byte { return l[:3] }, 2, false}, // as if it had not been written
		{"one is there twice", func(l [][]byte) [][]byte { return append(l[:2:2], l[1:]...) }, 3, true},
		{"two are exchanged", func(l [][]byte) [][]byte { return [][]byte{l[0], l[2], l[1], l[3]} }, 4, true},
		{"the first comes last", func(l [][]byte) [][]byte { return [][]byte{l[1], l[2], l[3], l[0]} }, 5, true},
		{"an empty line", func(l [][]byte) [][]byte { return [][]byte{l[0], []byte("\n"), l[1], l[2], l[3]} }, 4, true},
		{"zeros at the end", func(l [][]byte) [][]byte { return append(l, make([]byte, 4096)) }, 0, false},
		{"of an earlier version", func(l [][]byte) [][]byte {
			return [][]byte{[]byte(strings.Repeat("0a", sealBytes/2) + ` {"c":[]}` + "\n")}
		}, 5, false},
		{"nothing is left", func([][]byte) [][]byte { return nil }, 5, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWork(t)
			cache := t.TempDir()
			w.write("0.env", "K="+awsKey()+"\n").commit("push")
			for i, secret := range []string{"", githubPAT(), stripeKey(), "none"} {
				if secret != "" {
					w.write(fmt.Sprintf("%d.env", i), "K="+secret+"\n").commit("push")
				}
				if i == 3 {
					w.write("more.txt", "x\n").commit("two commits in the last")
				}
				w.history(look{cache: cache})
			}
			path, lines := storeFile(t, cache)
			if len(lines) != 4 {
				t.Fatalf("%d lines", len(lines))
			}
			lines[3] = append(lines[3], '\n')
			if err := os.WriteFile(path, bytes.Join(c.do(lines), nil), 0o600); err != nil {
				t.Fatal(err)
			}
			for n, again := range []int{c.again, 0} {
				rep := w.history(look{cache: cache})
				if !rep.Receipt.Complete() || rep.Receipt.Counts[0].Looked != again || len(rep.Rotations) != 3 {
					t.Errorf("looked at %+v, found %d, want %d commits and 3 secrets", rep.Receipt.Counts, len(rep.Rotations), again)
				}
				if said := len(rep.Receipt.Warnings) > 0; said != (c.lost && n == 0) {
					t.Errorf("warnings of look %d: %q", n, rep.Receipt.Warnings)
				}
			}
		})
	}
}

// TestTheStoreOfAnotherRepositoryCountsForNothing: what that holds was listed here, too.
func TestTheStoreOfAnotherRepositoryCountsForNothing(t *testing.T) {
	other, theirs := newWork(t), t.TempDir()
	other.write("a.env", "K="+awsKey()+"\n").commit("start")
	other.history(look{cache: theirs})
	w, cache := newWork(t), t.TempDir()
	w.write("b.env", "K="+githubPAT()+"\n").commit("start")
	w.history(look{cache: cache})
	_, lines := storeFile(t, theirs)
	path, _ := storeFile(t, cache)
	if err := os.WriteFile(path, append(lines[0], '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
	if rep := w.history(look{cache: cache}); rep.Receipt.Counts[0].Looked != 1 || len(rep.Rotations) != 1 || rep.Rotations[0].Rule != "secrets/github-pat" {
		t.Errorf("%+v", rep)
	}
}

// TestAStoreThatIsLostDuringALookIsWrittenAnew: what batches of commits had held was read
// back from the file, and where that was gone, all was said to be covered and nothing found.
func TestAStoreThatIsLostDuringALookIsWrittenAnew(t *testing.T) {
	bothWays(t, func(t *testing.T) {
		for _, before := range []int{0, 1} { // looks
			w := newWork(t)
			cache := t.TempDir()
			w.write("0.env", "K="+awsKey()+"\n").commit("push")
			for range before {
				w.history(look{cache: cache})
			}
			w.git("checkout", "-q", "--orphan", "other")
			w.git("rm", "-rfq", ".")
			for i := range 3 {
				w.write("a.env", fmt.Sprintf("%d\nK=%s\n", i, githubPAT())).commit("push")
			}
			want := 2
			if before > 0 { // that is in no branch any more
				w.git("branch", "-q", "-D", "main")
			}
			w.history(look{cache: cache, progress: func(e scan.Event) {
				if e.Done == e.Total {
					_ = os.RemoveAll(filepath.Join(cache, Name))
				}
			}})
			for range 2 {
				if rep := w.history(look{cache: cache}); !rep.Receipt.Complete() || len(rep.Rotations) != want || rep.Receipt.Counts[0].Looked != 0 {
					t.Errorf("%d looks before: found %d, want %d: %+v", before, len(rep.Rotations), want, rep.Receipt)
				}
			}
		}
	})
}

// TestAStoreThatCannotBeWrittenIsNoGap: all was looked at, and that git could not read
// the history, as it was said, was not so.
func TestAStoreThatCannotBeWrittenIsNoGap(t *testing.T) {
	bothWays(t, func(t *testing.T) {
		w := newWork(t)
		cache := t.TempDir()
		base := w.write("a.env", "K="+awsKey()+"\n").commit("start")
		st, err := openStore(cache, w.repo(), allRules(), testKey)
		if err != nil {
			t.Fatal(err)
		}
		lock := st.path + ".lock"
		if err := os.MkdirAll(lock, 0o700); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			rep := w.history(look{cache: cache})
			if !rep.Receipt.Complete() || len(rep.Rotations) != 1 || rep.Receipt.Counts[0].Looked != 1 || len(rep.Receipt.Warnings) != 1 || strings.Contains(rep.Receipt.Warnings[0], cache) {
				t.Errorf("%+v", rep)
			}
		}
		req := w.request(base, w.write("b.env", "K="+githubPAT()+"\n").commit("change"))
		req.CacheDir = cache
		rep, err := New().Scan(t.Context(), req, nil)
		if err != nil || !rep.Receipt.Complete() || len(rep.Head) != 1 || len(rep.Receipt.Warnings) != 1 {
			t.Errorf("%+v, %v", rep, err)
		}
		if err := os.Remove(lock); err != nil {
			t.Fatal(err)
		}
		w.history(look{cache: cache})
		// Where nothing is new, nothing is to be written.
		if err = os.Remove(lock); err == nil {
			err = os.Mkdir(lock, 0o700)
		}
		if rep := w.history(look{cache: cache}); err != nil || len(rep.Receipt.Warnings) != 0 || len(rep.Rotations) != 2 {
			t.Errorf("%+v, %v", rep, err)
		}
		// That the store cannot be read is not known to be harmless.
		if err = os.Rename(st.path, st.path+".moved"); err == nil {
			err = os.Mkdir(st.path, 0o700)
		}
		if err != nil {
			t.Fatal(err)
		}
		if rep := w.history(look{cache: cache}); rep.Receipt.Complete() || len(rep.Receipt.Gaps) != 1 || !strings.Contains(rep.Receipt.Gaps[0].Do, "cache folder") {
			t.Errorf("%+v", rep.Receipt)
		}
	})
}
