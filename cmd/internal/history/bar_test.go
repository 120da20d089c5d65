package history

import (
	"strings"
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
		if _, got := p.left(scan.Event{Done: s.done, Total: 1000}, now.Add(s.after)); got != s.want {
			t.Errorf("at %d after %s: %s left, want %s", s.done, s.after, got, s.want)
		}
	}
}

// On a terminal of 60 columns the bar broke into two lines, of which the first stayed
// at each step.
func TestTheBarFitsTheTerminal(t *testing.T) {
	e := scan.Event{Done: 500, Total: 1000, Bytes: 12_300_000, Found: 1}
	for width, want := range map[int]string{
		0:  "[############............] 500 of 1000 commits, 12.3 MB, 1 finding, 1m1s left",
		79: "[############............] 500 of 1000 commits, 12.3 MB, 1 finding, 1m1s left",
		62: "[####.....] 500 of 1000 commits, 12.3 MB, 1 finding, 1m1s left",
		60: "500 of 1000 commits, 12.3 MB, 1 finding, 1m1s left",
		45: "500 of 1000 commits, 1 finding, 1m1s left",
		32: "500 of 1000 commits, 1m1s left",
		20: "500 of 1000 commits",
		7:  "500 of ",
	} {
		if got := barText(e, 500, 61*time.Second, width); got != want {
			t.Errorf("%d columns: %q, want %q", width, got, want)
		}
	}
	if got := barText(scan.Event{Done: 1, Total: 9, Found: 2}, 1, time.Millisecond, 0); !strings.HasSuffix(got, "2 findings, 1s left") {
		t.Errorf("%q", got)
	}
}

// While the files of the first thousands of commits were screened, half of the time on
// a history of large files, the bar stood at 0 and no time was told.
func TestTheBarMovesBeforeACommitIsDoneWith(t *testing.T) {
	var p pace
	now := time.Unix(1000, 0)
	p.left(scan.Event{Total: 1000}, now)
	at, left := p.left(scan.Event{Total: 1000, Ahead: 250}, now.Add(10*time.Second))
	if at != 250 || left != 30*time.Second {
		t.Errorf("at %d, %s left; want 250 and 30s", at, left)
	}
	if at, _ = p.left(scan.Event{Total: 1000, Done: 100}, now.Add(11*time.Second)); at != 250 {
		t.Errorf("the bar went back to %d", at)
	}
	if at, left = p.left(scan.Event{Total: 1000, Done: 1000, Ahead: 5}, now.Add(12*time.Second)); at != 1000 || left != 0 {
		t.Errorf("at the end: %d, %s left", at, left)
	}
}
