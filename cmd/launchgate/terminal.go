package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/launchgate/launchgate/app/scan"
	"github.com/launchgate/launchgate/cmd/internal/cli"
)

// wantsColour follows https://no-color.org and common sense: colour only on a
// terminal that can show it.
func wantsColour(w io.Writer) bool {
	return cli.IsTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// progressLine shows how far each scanner is: one line that is rewritten on a
// terminal, one plain line for each new stage otherwise. Its methods may be
// called from several goroutines.
type progressLine struct {
	w        io.Writer
	rewrite  bool
	interval time.Duration
	mu       sync.Mutex
	order    []string
	last     map[string]scan.Event
	drawn    time.Time
	shown    bool
}

func newProgressLine(w io.Writer) *progressLine {
	return &progressLine{w: w, rewrite: cli.IsTerminal(w) && os.Getenv("TERM") != "dumb", interval: 100 * time.Millisecond, last: make(map[string]scan.Event)}
}

// stage prints one line that stays.
func (p *progressLine) stage(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	fmt.Fprintf(p.w, format+"\n", args...)
}

// event notes how far a scanner is.
func (p *progressLine) event(e scan.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before, known := p.last[e.Scanner]
	if !known {
		p.order = append(p.order, e.Scanner)
	}
	p.last[e.Scanner] = e
	if !p.rewrite {
		if !known || before.Stage != e.Stage {
			fmt.Fprintln(p.w, eventText(e))
		}
		return
	}
	if now := time.Now(); now.Sub(p.drawn) >= p.interval {
		p.drawn = now
		p.draw()
	}
}

func (p *progressLine) draw() {
	var parts []string
	for _, name := range p.order {
		parts = append(parts, eventText(p.last[name]))
	}
	line := strings.Join(parts, "  |  ")
	if max := cli.Width(p.w) - 1; len(line) > max {
		line = line[:max]
	}
	fmt.Fprintf(p.w, "\r\x1b[2K%s", line)
	p.shown = true
}

// clear takes the rewritten line away. The caller holds p.mu.
func (p *progressLine) clear() {
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[2K")
		p.shown = false
	}
}

// finish leaves the terminal clean.
func (p *progressLine) finish() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
}

func eventText(e scan.Event) string {
	s := e.Scanner + ": " + e.Stage
	switch {
	case e.Total > 0:
		s += fmt.Sprintf(" %d/%d %s", e.Done, e.Total, e.Unit)
	case e.Done > 0:
		s += fmt.Sprintf(" %d %s", e.Done, e.Unit)
	}
	return strings.TrimSpace(s)
}
