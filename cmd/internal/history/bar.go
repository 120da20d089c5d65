package history

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/launchgate/launchgate/app/scan"
	"github.com/launchgate/launchgate/cmd/internal/cli"
)

// bar shows how far a scan is, on one line of a terminal, or as a plain
// line now and then.
type bar struct {
	w     io.Writer
	lines chan scan.Event
	done  chan struct{}
}

func newBar(w io.Writer) *bar {
	b := &bar{w: w, lines: make(chan scan.Event, 1), done: make(chan struct{})}
	rewrite := cli.IsTerminal(w) && os.Getenv("TERM") != "dumb"
	every := 10 * time.Second
	if rewrite {
		every = 200 * time.Millisecond
	}
	go func() {
		defer close(b.done)
		drawn, shown := time.Now(), false // of what is soon done nothing needs to be shown
		var left pace
		for e := range b.lines {
			if e.Total == 0 {
				continue // nothing is new
			}
			now := time.Now()
			at, rest := left.left(e, now)
			if now.Sub(drawn) >= every || rewrite && e.Done == e.Total {
				drawn, shown = now, true
				if rewrite {
					fmt.Fprintf(w, "\r\x1b[K%s", barText(e, at, rest, cli.Width(w)-1))
				} else {
					fmt.Fprintln(w, barText(e, at, rest, 0))
				}
			}
		}
		if rewrite && shown {
			fmt.Fprint(w, "\r\x1b[K")
		}
	}()
	return b
}

// show never blocks: when the screen is slower than the scan, steps are left
// out.
func (b *bar) show(e scan.Event) {
	select {
	case b.lines <- e:
	default:
	}
}

func (b *bar) finish() {
	close(b.lines)
	<-b.done
}

// pace tells from a scan's own pace how far it is and how long it still takes. What an
// earlier scan did before it was stopped does not count.
type pace struct {
	begun     time.Time
	first, at int
}

// left returns how far the scan is, and 0 while it is not known how long it takes.
func (p *pace) left(e scan.Event, now time.Time) (at int, left time.Duration) {
	if p.begun.IsZero() {
		p.begun, p.first = now, e.Done
	}
	p.at = min(max(p.at, e.Done+e.Ahead), e.Total) // a bar that goes back is not believed
	done := p.at - p.first
	if done <= 0 || p.at >= e.Total {
		return p.at, 0
	}
	return p.at, time.Duration(float64(now.Sub(p.begun)) * float64(e.Total-p.at) / float64(done))
}

// A bar of fewer cells than minCells shows nothing that the numbers do not.
const minCells, maxCells = 8, 24

// barText is one line of at most width columns; 0: of any length. What matters least
// is left out first.
func barText(e scan.Event, at int, left time.Duration, width int) string {
	commits := fmt.Sprintf("%d of %d commits", e.Done, e.Total)
	bytes := fmt.Sprintf(", %.1f MB", float64(e.Bytes)/1e6)
	found := fmt.Sprintf(", %d findings", e.Found)
	if e.Found == 1 {
		found = ", 1 finding"
	}
	rest := ""
	if left > 0 {
		rest = fmt.Sprintf(", %s left", max(left, time.Second).Round(time.Second))
	}
	line := commits + bytes + found + rest
	cells := maxCells
	if width > 0 {
		cells = min(maxCells, width-len(line)-len("[] "))
	}
	if cells >= minCells && e.Total > 0 {
		full := min(cells*at/e.Total, cells)
		return "[" + strings.Repeat("#", full) + strings.Repeat(".", cells-full) + "] " + line
	}
	for _, shorter := range []string{commits + found + rest, commits + rest, commits} {
		if width <= 0 || len(line) <= width {
			return line
		}
		line = shorter
	}
	return line[:min(len(line), max(width, 0))]
}
