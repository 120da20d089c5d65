package history

import (
	"testing"
	"time"

	"github.com/launchgate/launchgate/app/scan"
)

// The time that is left is told from this scan's own pace: a scan that was
// stopped and goes on at nine of ten is not nearly done because of it.
func TestTimeLeft(t *testing.T) {
	var p pace
	now := time.Unix(1000, 0)
	steps := []struct {
		after time.Duration
		done  int
		want  time.Duration
	}{{0, 900, 0}, {10 * time.Second, 910, 90 * time.Second}, {20 * time.Second, 950, 20 * time.Second}, {40 * time.Second, 1000, 0}}
	for _, s := range steps {
		if got := p.left(scan.Event{Done: s.done, Total: 1000}, now.Add(s.after)); got != s.want {
			t.Errorf("at %d after %s: %s left, want %s", s.done, s.after, got, s.want)
		}
	}
	if got, want := barText(scan.Event{Done: 500, Total: 1000, Bytes: 12_300_000, Found: 4}, 61*time.Second), "[############............] 500 of 1000 commits, 12.3 MB, 4 findings, 1m1s left"; got != want {
		t.Errorf("bar: %q, want %q", got, want)
	}
}
