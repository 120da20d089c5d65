package publish

import (
	"fmt"
	"io"
	"strings"

	"golang.org/x/text/width"

	"github.com/launchgate/launchgate/app/review"
)

// maxTextSteps is how much evidence a terminal shows of one finding; JSON has
// all.
const maxTextSteps = 12

// TextOptions say what the terminal can show.
type TextOptions struct {
	Colour bool
	Width  int // columns; 0 means 80
	// Rules say how to mend what was found.
	Rules []review.Rule
}

func (o TextOptions) width() int {
	if o.Width < 40 {
		return 80
	}
	return min(o.Width, 120)
}

type painter struct{ on bool }

func (p painter) sgr(code, s string) string {
	if !p.on || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}
func (p painter) bold(s string) string  { return p.sgr("1", s) }
func (p painter) faint(s string) string { return p.sgr("2", s) }
func (p painter) red(s string) string   { return p.sgr("31", s) }

// page is text on its way to a terminal.
type page struct {
	strings.Builder
	painter
	width int
}

// line writes s wrapped behind indent.
func (p *page) line(indent, s string) { p.WriteString(wrap(s, indent, p.width) + "\n") }

// faintly is line in the background. Each line is painted for itself: a pager
// forgets a colour at the line's end.
func (p *page) faintly(indent, s string) {
	for l := range strings.Lines(wrap(s, indent, p.width) + "\n") {
		p.WriteString(p.faint(strings.TrimSuffix(l, "\n")) + "\n")
	}
}

func (p *page) heading(s string) { p.WriteString("\n" + p.bold(s) + "\n") }

// Text writes an outcome for a person at a terminal.
func Text(w io.Writer, o review.Outcome, opt TextOptions) error {
	p := &page{painter: painter{opt.Colour}, width: opt.width()}
	verdict := map[review.Verdict]string{
		review.Pass: p.sgr("1;32", "PASS"), review.Block: p.sgr("1;31", "BLOCK"), review.CouldNotVerify: p.sgr("1;33", "COULD NOT VERIFY"),
	}[o.Decision.Verdict]
	fmt.Fprintf(p, "%s  %s\n", verdict, terminal(strings.TrimPrefix(o.Decision.Title, "Could not verify: ")))

	for _, g := range allGaps(o) {
		fmt.Fprintf(p, "\n%s %s\n", p.sgr("33", "not looked at:"), terminal(visible(g.What)))
		p.line("  ", full(g.Why))
		if g.Do != "" {
			p.line("  ", "What to do: "+full(g.Do))
		}
	}
	p.routes(o)
	p.customerData(o)
	p.findings(o)
	p.mend(o, opt.Rules)
	p.looked(o)
	if len(o.Findings) > 0 {
		p.WriteString("\nlaunchgate explain RULE says why and how to mend it.\n")
	}
	_, err := io.WriteString(w, p.String())
	return err
}

func (p *page) routes(o review.Outcome) {
	if len(o.RouteChanges) == 0 {
		return
	}
	p.heading("Front door")
	p.changes(o.RouteChanges, "  ")
}

func (p *page) findings(o review.Outcome) {
	blocking := blockingSet(o)
	existing := 0
	for _, f := range o.Findings {
		if f.Origin == review.Existing && o.Target.Base != "" {
			existing++
			continue
		}
		weight := f.Severity.String()
		if blocking[f.Fingerprint] {
			weight = p.red(weight + ", blocks")
		}
		fmt.Fprintf(p, "\n%s  %s  %s\n", p.bold(terminal(where(f.Place))), terminal(string(f.Rule)), weight)
		p.line("  ", full(f.Message))
		if f.Expected != "" {
			p.line("  ", "Probably meant: "+full(f.Expected))
		}
		if len(f.Routes) > 3 { // fewer stand in the message
			p.line("  ", "Routes: "+names(f.Routes, maxRoutes, terminal)+".")
		}
		for i, e := range f.Evidence {
			if i == maxTextSteps {
				p.faintly("  ", plural(len(f.Evidence)-i, "more step", "more steps"))
				break
			}
			at := ""
			if e.Place.Path != "" {
				at = " (" + terminal(where(e.Place)) + ")"
			}
			p.faintly("  ", fmt.Sprintf("%d. %s%s", i+1, terminal(e.Note), at))
		}
		if f.Fix != nil && f.Fix.Proved {
			p.line("  ", "Fix: "+full(f.Fix.Title))
		}
		if f.Alternative != nil && f.Alternative.Proved {
			p.line("  ", "Or: "+full(f.Alternative.Title))
		}
	}
	if existing > 0 {
		fmt.Fprintf(p, "\n%s before this change and %s not count against it.\n", plural(existing, "finding was there", "findings were there"), choose(existing, "does", "do"))
	}
	for i, n := range o.Decision.Notes {
		if i == 0 {
			p.WriteString("\n")
		}
		p.line("", full(n))
	}
}

// mend says once for each rule how to mend what was found.
func (p *page) mend(o review.Outcome, rules []review.Rule) {
	found := make(map[review.RuleID]bool)
	for _, f := range o.Findings {
		if f.Origin != review.Existing || o.Target.Base == "" {
			found[f.Rule] = found[f.Rule] || f.Fix == nil || !f.Fix.Proved
		}
	}
	said := false
	for _, r := range rules {
		if !found[r.ID] || r.Fix == "" {
			continue
		}
		if !said {
			p.heading("How to mend it")
		}
		said = true
		p.line("  ", fmt.Sprintf("%s: %s", terminal(string(r.ID)), full(r.Fix)))
	}
}

func (p *page) looked(o review.Outcome) {
	p.heading("Looked at")
	for _, r := range o.Receipt.Scanners {
		var parts []string
		for _, c := range r.Counts {
			parts = append(parts, fmt.Sprintf("%d of %d %s", c.Looked, c.Expected, terminal(c.Unit)))
		}
		fmt.Fprintf(p, "  %-10s %s (%s)\n", terminal(r.Scanner), strings.Join(parts, ", "), short(r.Wall))
		for _, n := range r.Notes {
			p.faintly("             ", full(n))
		}
		for i, k := range r.Skipped {
			if i == 10 {
				p.faintly("             ", plural(len(r.Skipped)-i, "more was left out", "more were left out"))
				break
			}
			p.faintly("             ", "left out: "+terminal(visible(k.What))+" ("+terminal(k.Why)+")")
		}
	}
	for _, n := range o.Receipt.Notes {
		p.line("  ", full(n))
	}
}

// full is terminal text with a full stop.
func full(s string) string {
	s = strings.TrimRight(terminal(s), ". ")
	if s == "" || strings.HasSuffix(s, "!") || strings.HasSuffix(s, "?") || strings.HasSuffix(s, "…") {
		return s
	}
	return s + "."
}

// columns is how wide a terminal shows s, which has no escape sequences.
func columns(s string) int {
	n := 0
	for _, r := range s {
		switch width.LookupRune(r).Kind() {
		case width.EastAsianWide, width.EastAsianFullwidth:
			n += 2
		default:
			if !isMark(r) {
				n++
			}
		}
	}
	return n
}

// wrap breaks s into lines of at most width columns behind indent. Lines that
// s has stay, and a word is never broken, so that paths can be copied.
func wrap(s, indent string, width int) string {
	var out []string
	for line := range strings.SplitSeq(s, "\n") {
		cur, used := indent, columns(indent)
		for word := range strings.FieldsSeq(line) {
			n := columns(word)
			if cur != indent && used+1+n > width {
				out = append(out, cur)
				cur, used = indent, columns(indent)
			}
			if cur != indent {
				cur += " "
				used++
			}
			cur += word
			used += n
		}
		out = append(out, cur)
	}
	return strings.Join(out, "\n")
}
