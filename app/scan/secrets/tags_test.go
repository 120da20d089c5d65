package secrets

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/launchgate/launchgate/app/review"
)

// TestAChainOfTagsIsLookedAt: of a tag of a tag, and so on, more than sixteen deep, a
// change that brings its commit looked at none, and its receipt was complete.
func TestAChainOfTagsIsLookedAt(t *testing.T) {
	w := newWork(t)
	base := w.write("x", "x\n").commit("start")
	head := w.write("y", "y\n").commit("more")
	w.git("tag", "-a", "-m", "K="+awsKey(), "t0")
	for n := 1; n <= 20; n++ {
		w.git("tag", "-a", "-m", "more", fmt.Sprintf("t%d", n), fmt.Sprintf("t%d", n-1))
		if n != 10 {
			w.git("tag", "-d", fmt.Sprintf("t%d", n-1))
		}
	}
	rep := w.scan(base, head)
	complete(t, rep, 1)
	if len(rep.Head) != 1 || !strings.Contains(rep.Head[0].Message, "in the message of a tag on commit "+head.Short()) {
		t.Errorf("findings %v", rep.Head)
	}
	if i := slices.IndexFunc(rep.Receipt.Counts, func(c review.Count) bool { return c.Unit == "annotated tags" }); i < 0 || rep.Receipt.Counts[i].Looked != 21 {
		t.Errorf("counts %v", rep.Receipt.Counts)
	}
	rep = w.scan(head, w.write("z", "z\n").commit("one that no tag leads to"))
	want(t, rep.Head)
}
