package secrets

import (
	"testing"
	"time"
)

// TestAKillCostFourThousandCommitsHoweverSlowTheyWere: what a stretch brings up is kept
// and shown at its end.
func TestAKillCostFourThousandCommitsHoweverSlowTheyWere(t *testing.T) {
	for _, c := range []struct {
		n    int
		took time.Duration
		want int
	}{
		{1024, 100 * time.Millisecond, 4096},
		{1024, 0, 4096},
		{1024, 6 * time.Second, 512},
		{4096, 3 * time.Second, 4096},
		{4096, 24 * time.Second, 512},
		{1024, time.Hour, batchCommits},
		{0, time.Second, batchCommits},
	} {
		if got := stretchSize(c.n, c.took); got != c.want {
			t.Errorf("after %d commits in %s: %d, want %d", c.n, c.took, got, c.want)
		}
	}
}
