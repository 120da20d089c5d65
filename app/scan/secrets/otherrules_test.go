package secrets

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/launchgate/launchgate/app/scan"
)

// underOlderRules makes what a look at all of a repository remembered what one under the
// rules of an older version would have.
func (w *work) underOlderRules(cache string) {
	w.t.Helper()
	st, err := openStore(cache, w.repo(), allRules(), testKey)
	if err != nil || len(st.tips) == 0 {
		w.t.Fatalf("%+v, %v", st, err)
	}
	older := &store{path: filepath.Join(cache, Name, strings.Repeat("0", 32), filepath.Base(st.path)), key: testKey}
	line := storeLine{Tips: st.tips, N: st.covered, At: st.at, Held: sortedKeys(st.held)}
	for _, id := range line.Held {
		line.Hits = append(line.Hits, st.hits[id]...)
	}
	err = older.locked(func() error { return older.rewrite(line) })
	if err == nil {
		err = os.Remove(st.path)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// TestAnUpdateForgetsNoSecretThatAForcedPushTookAway: under new rules all that refs reach
// is looked at anew, and what they reached before was known to the old rules' store only.
func TestAnUpdateForgetsNoSecretThatAForcedPushTookAway(t *testing.T) {
	for _, c := range []struct {
		name    string
		update  func(w *work, cache, lost string) // after the forced push, that took the file lost away
		reaches bool                              // the repository still holds what was pushed away
		want    int
	}{
		{"another version", func(w *work, cache, lost string) { w.underOlderRules(cache) }, true, 4},
		{"another version, and a collected repository", func(w *work, cache, lost string) {
			w.git("reflog", "expire", "--expire=now", "--all")
			w.git("gc", "-q", "--prune=now")
			w.underOlderRules(cache)
		}, false, 4},
		{"another version, and half of it is gone", func(w *work, cache, lost string) {
			w.git("reflog", "expire", "--expire=now", "--all")
			w.remove(lost)
			w.underOlderRules(cache)
		}, false, 4},
		{"a configuration", func(w *work, _, _ string) {
			w.write(configPath, "[extend]\nuseDefault=true\n[[rules]]\nid='acme'\nregex='''ACME-[a-z0-9]{16}'''\n").commit("configure")
		}, true, 4},
		{"a configuration that allows one", func(w *work, _, _ string) {
			w.write(configPath, "[extend]\nuseDefault=true\n[[allowlists]]\npaths=['''^side''']\n").commit("configure")
		}, true, 3},
		{"a configuration, and a collected repository", func(w *work, _, _ string) {
			w.write(configPath, "[extend]\nuseDefault=true\n[[allowlists]]\nregexes=['''not in here''']\n").commit("configure")
			w.git("reflog", "expire", "--expire=now", "--all")
			w.git("gc", "-q", "--prune=now")
		}, false, 2}, // nobody can tell what the new rules would say of the others
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWork(t)
			cache := t.TempDir()
			w.write("a.env", "K="+awsKey()+"\n").commit("start")
			w.git("checkout", "-q", "-b", "side")
			w.write("side.env", "K="+githubPAT()+"\n").commit("side")
			w.git("tag", "-a", "-m", "hook "+slackHook(), "v1")
			lost := w.git("rev-parse", "HEAD:side.env")
			w.git("checkout", "-q", "main")
			w.write("b.env", "K="+stripeKey()+"\n").commit("main")
			w.history(look{cache: cache})
			w.git("branch", "-q", "-D", "side")
			w.git("tag", "-d", "v1")
			if rep := w.history(look{cache: cache}); len(rep.Rotations) != 4 {
				t.Fatalf("before: %+v", rep)
			}
			c.update(w, cache, lost)
			var reps []scan.Report
			for range 2 {
				rep := w.history(look{cache: cache})
				if !rep.Receipt.Complete() || len(rep.Rotations) != c.want {
					t.Errorf("found %d, want %d: %+v", len(rep.Rotations), c.want, rep)
				}
				reps = append(reps, rep)
			}
			if said := strings.Contains(fmt.Sprint(reps[0].Receipt.Notes), "no branch or tag"); said != c.reaches {
				t.Errorf("notes: %q", reps[0].Receipt.Notes)
			}
			if c := reps[1].Receipt.Counts[0]; c.Expected != 0 {
				t.Errorf("commits are looked at again: %+v", c)
			}
			w.noLeak(slurp(t, cache))
		})
	}
}
