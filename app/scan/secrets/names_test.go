package secrets

import (
	"testing"
)

// TestAFileOfANameThatIsNoUTF8IsIgnoredLaterToo: its name was kept as JSON has it, which
// is another.
func TestAFileOfANameThatIsNoUTF8IsIgnoredLaterToo(t *testing.T) {
	w := newWork(t)
	name := "caf\xe9.env"
	w.write(ignorePath, name+":aws-access-token:1\n").commit("ignore")
	w.write(name, "K="+awsKey()+"\nS="+stripeKey()+"\n").commit("bring it")
	cache := t.TempDir()
	for what, dir := range map[string]string{"at once": "", "first": cache} {
		if h := w.history(look{cache: dir}); len(h.Rotations) != 1 || !h.Rotations[0].InHead || h.Rotations[0].Path != name {
			t.Errorf("%s: %+v", what, h.Rotations)
		}
	}
	w.write("other.txt", "x\n").commit("more")
	if h := w.history(look{cache: cache}); len(h.Rotations) != 1 || !h.Rotations[0].InHead || h.Rotations[0].Path != name {
		t.Errorf("later: %+v", h.Rotations)
	}
}
