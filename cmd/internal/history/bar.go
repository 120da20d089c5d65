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
		var drawn time.Time
		var left pace
		for e := range b.lines {
			if e.Total == 0 {
				continue // nothing is new
			}
			now := time.Now()
			text := barText(e, left.left(e, now))
			if now.Sub(drawn) >= every || rewrite && e.Done == e.Total {
				drawn = now
				if rewrite {
					fmt.Fprintf(w, "\r\x1b[K%s", text)
				} else {
					fmt.Fprintln(w, text)
				}
			}
		}
		if rewrite && !drawn.IsZero() {
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

// pace tells from a scan's own pace how long it still takes. What an earlier
// scan did before it was stopped does not count.
type pace struct {
	begun time.Time
	first int
}

// left returns 0 while it is not known.
func (p *pace) left(e scan.Event, now time.Time) time.Duration {
	if p.begun.IsZero() {
		p.begun, p.first = now, e.Done
	}
	done := e.Done - p.first
	if done <= 0 || e.Done >= e.Total {
		return 0
	}
	return time.Duration(float64(now.Sub(p.begun)) * float64(e.Total-e.Done) / float64(done))
}

func barText(e scan.Event, left time.Duration) string {
	const cells = 24
	full := 0
	if e.Total > 0 {
		full = min(cells*e.Done/e.Total, cells)
	}
	s := fmt.Sprintf("[%s%s] %d of %d commits, %.1f MB, %d findings", strings.Repeat("#", full), strings.Repeat(".", cells-full), e.Done, e.Total, float64(e.Bytes)/1e6, e.Found)
	if left > 0 {
		s += fmt.Sprintf(", %s left", left.Round(time.Second))
	}
	return s
}
