package publish

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/launchgate/launchgate/app/review"
)

// TextOptions say what the terminal can show.
type TextOptions struct {
	Colour bool
	Width  int // columns; 0 means 80
}

func (o TextOptions) width() int {
	if o.Width < 40 {
		return 80
	}
	return min(o.Width, 120)
}

type painter struct{ on bool }

func (p painter) sgr(code, s string) string {
	if !p.on {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}
func (p painter) bold(s string) string  { return p.sgr("1", s) }
func (p painter) faint(s string) string { return p.sgr("2", s) }

// Text writes an outcome for a person at a terminal.
func Text(w io.Writer, o review.Outcome, opt TextOptions) error {
	p := painter{opt.Colour}
	var b strings.Builder
	verdict := map[review.Verdict]string{
		review.Pass: p.sgr("1;32", "PASS"), review.Block: p.sgr("1;31", "BLOCK"), review.CouldNotVerify: p.sgr("1;33", "COULD NOT VERIFY"),
	}[o.Decision.Verdict]
	fmt.Fprintf(&b, "%s  %s\n", verdict, terminal(o.Decision.Title))

	for _, g := range allGaps(o.Receipt) {
		fmt.Fprintf(&b, "\n%s %s\n%s\n", p.sgr("33", "not looked at:"), terminal(g.What), wrap(terminal(g.Why)+". "+terminal(g.Do)+".", "  ", opt.width()))
	}
	if len(o.RouteChanges) > 0 {
		fmt.Fprintf(&b, "\n%s\n", p.bold("Front door"))
		for _, c := range o.RouteChanges {
			r, before, after := c.After, "", ""
			if c.Before != nil {
				before = c.Before.Access.String()
			}
			if c.After != nil {
				after = c.After.Access.String()
			} else {
				r = c.Before
			}
			line := fmt.Sprintf("  %-8s %-6s %s  %s", c.Change, terminal(r.Method), terminal(r.Path), strings.Trim(before+" -> "+after, " ->"))
			if before != "" && after != "" && before != after {
				line = fmt.Sprintf("  %-8s %-6s %s  %s -> %s", c.Change, terminal(r.Method), terminal(r.Path), before, after)
			}
			if len(c.Lost) > 0 {
				line += "  lost " + terminal(strings.Join(c.Lost, ", "))
			}
			b.WriteString(line + "\n")
		}
	}
	blocking := make(map[review.Fingerprint]bool)
	for _, f := range o.Decision.Blocking {
		blocking[f] = true
	}
	existing := 0
	for _, f := range o.Findings {
		if f.Origin == review.Existing && o.Target.Base != "" {
			existing++
			continue
		}
		weight := f.Severity.String()
		if blocking[f.Fingerprint] {
			weight = p.sgr("31", weight+", blocks")
		}
		fmt.Fprintf(&b, "\n%s  %s  %s\n%s\n", p.bold(terminal(where(f.Place))), f.Rule, weight, wrap(terminal(f.Message), "  ", opt.width()))
		if f.Expected != "" {
			b.WriteString(wrap("Probably meant: "+terminal(f.Expected), "  ", opt.width()) + "\n")
		}
		for i, e := range f.Evidence {
			at := ""
			if e.Place.Path != "" {
				at = "  " + where(e.Place)
			}
			fmt.Fprintf(&b, "  %s\n", p.faint(fmt.Sprintf("%d. %s%s", i+1, terminal(e.Note), terminal2(at))))
		}
	}
	if existing > 0 {
		fmt.Fprintf(&b, "\n%s before this change.\n", plural(existing, "finding was there", "findings were there"))
	}
	for _, n := range o.Decision.Notes {
		b.WriteString(wrap(terminal(n), "", opt.width()) + "\n")
	}
	fmt.Fprintf(&b, "\n%s\n", p.bold("Looked at"))
	for _, r := range o.Receipt.Scanners {
		var parts []string
		for _, c := range r.Counts {
			parts = append(parts, fmt.Sprintf("%d of %d %s", c.Looked, c.Expected, terminal(c.Unit)))
		}
		fmt.Fprintf(&b, "  %-10s %s  (%s)\n", terminal(r.Scanner), strings.Join(parts, ", "), r.Wall.Round(10*time.Millisecond))
		for _, n := range r.Notes {
			b.WriteString(p.faint(wrap(terminal(n), "             ", opt.width())) + "\n")
		}
		for _, k := range r.Skipped {
			b.WriteString(p.faint(wrap("left out: "+terminal(k.What)+" ("+terminal(k.Why)+")", "             ", opt.width())) + "\n")
		}
	}
	for _, n := range o.Receipt.Notes {
		b.WriteString(wrap(terminal(n), "  ", opt.width()) + "\n")
	}
	if len(o.Findings) > 0 {
		b.WriteString("\nlaunchgate explain RULE says why and how to mend it.\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// terminal2 is terminal for a part that begins with blanks of ours.
func terminal2(s string) string {
	t := strings.TrimLeft(s, " ")
	return s[:len(s)-len(t)] + terminal(t)
}

// wrap breaks s into lines of at most width columns behind indent. Lines that
// s has stay.
func wrap(s, indent string, width int) string {
	var out []string
	for _, line := range strings.Split(s, "\n") {
		cur := indent
		for _, word := range strings.Fields(line) {
			if cur != indent && utf8.RuneCountInString(cur)+1+utf8.RuneCountInString(word) > width {
				out = append(out, cur)
				cur = indent
			}
			if cur != indent {
				cur += " "
			}
			cur += word
		}
		out = append(out, cur)
	}
	return strings.Join(out, "\n")
}
