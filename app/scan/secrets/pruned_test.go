package secrets

import "testing"

// TestAPrunedHeadIsNoGap: after a forced push, git may throw away the commit of which
// is known what stands in it, and those that brought secrets.
func TestAPrunedHeadIsNoGap(t *testing.T) {
	w := newWork(t)
	w.write("a.env", "K="+awsKey()+"\n").commit("start")
	w.git("checkout", "-q", "-b", "old")
	w.write("b.env", "S="+stripeKey()+"\n").commit("old")
	cache := t.TempDir()
	w.history(look{cache: cache})
	w.git("checkout", "-q", "main")
	w.write("c.env", "H="+slackHook()+"\n").commit("new")
	w.git("branch", "-q", "-D", "old")
	w.git("reflog", "expire", "--expire=now", "--all")
	w.git("gc", "-q", "--prune=now")
	rep := w.history(look{cache: cache})
	if !rep.Receipt.Complete() || len(rep.Rotations) != 3 {
		t.Fatalf("%+v", rep)
	}
	for _, r := range rep.Rotations {
		if want := r.Rule != "secrets/stripe-access-token"; r.InHead != want {
			t.Errorf("%s is in HEAD: %v", r.Rule, r.InHead)
		}
	}
}
