package publish

import (
	"fmt"
	"strings"
	"time"

	"github.com/launchgate/launchgate/app/review"
)

// maxSummaryBytes keeps a summary below GitHub's 65,535 characters with room
// for characters that it counts twice.
const maxSummaryBytes = 60_000

// Title returns the one line a check shows, which fits GitHub's list.
func Title(o review.Outcome) string { return plain(o.Decision.Title, 200) }

// Markdown returns the summary of a check: the verdict, what the change does to
// the API's front door, the findings, and the receipt. It is at most 60,000
// bytes; what does not fit is cut at a row and counted.
func Markdown(o review.Outcome, rules []review.Rule) string {
	s := &sheet{limit: maxSummaryBytes - 6000} // the receipt always fits
	titles := make(map[review.RuleID]string)
	for _, r := range rules {
		titles[r.ID] = r.Title
	}
	s.write(headline(o))
	routes(s, o)
	blocking := make(map[review.Fingerprint]bool)
	for _, f := range o.Decision.Blocking {
		blocking[f] = true
	}
	introduced := o.Introduced()
	if len(introduced) > 0 {
		s.write("\n### Findings this change brings\n\n")
		s.table("| | rule | where | what |\n| --- | --- | --- | --- |\n", len(introduced), func(i int) string {
			f := introduced[i]
			mark := f.Severity.String()
			if blocking[f.Fingerprint] {
				mark = "**" + mark + "**, blocks"
			}
			message := text(f.Message)
			if f.Expected != "" {
				message += " *Expected: " + text(f.Expected) + ".*"
			}
			return fmt.Sprintf("| %s | %s | %s | %s |\n", mark, cell(string(f.Rule)), cell(where(f.Place)), message)
		})
		evidence(s, introduced)
	}
	if n := len(o.Findings) - len(introduced); n > 0 {
		s.write(fmt.Sprintf("\n%s before this change and %s not count against it.\n", plural(n, "finding was there", "findings were there"), plural2(n, "does", "do")))
	}
	for _, note := range o.Decision.Notes {
		s.write("\n" + sentence(text(note)) + "\n")
	}
	s.limit = maxSummaryBytes
	receipt(s, o)
	return s.String()
}

func headline(o review.Outcome) string {
	var b strings.Builder
	switch o.Decision.Verdict {
	case review.Pass:
		b.WriteString("## Pass\n\nEverything was looked at, and nothing this change brings blocks.\n")
	case review.Block:
		fmt.Fprintf(&b, "## Blocked\n\n%s. Mend or explain each below, and push.\n", text(o.Decision.Title))
	default:
		b.WriteString("## Could not verify\n\nNot everything was looked at, so this is red even where nothing was found.\n\n")
		for _, g := range allGaps(o.Receipt) {
			fmt.Fprintf(&b, "- **%s**: %s. *What to do:* %s.\n", text(g.What), unstop(text(g.Why)), unstop(text(g.Do)))
		}
		if len(o.Decision.Blocking) > 0 {
			fmt.Fprintf(&b, "\nBesides, %s.\n", plural(len(o.Decision.Blocking), "finding blocks", "findings block"))
		}
	}
	return b.String()
}

func allGaps(r review.Receipt) []review.Gap {
	gaps := append([]review.Gap{}, r.Gaps...)
	for _, s := range r.Scanners {
		gaps = append(gaps, s.Gaps...)
		for _, c := range s.Counts {
			if c.Looked != c.Expected && len(s.Gaps) == 0 {
				gaps = append(gaps, review.Gap{What: s.Scanner, Why: fmt.Sprintf("%d of %d %s", c.Looked, c.Expected, c.Unit), Do: "ask for a re-run"})
			}
		}
	}
	return gaps
}

// routes writes what the change does to the API's front door.
func routes(s *sheet, o review.Outcome) {
	if len(o.Routes) == 0 && len(o.RouteChanges) == 0 {
		return
	}
	var public, unresolved int
	var lost []string
	for _, c := range o.RouteChanges {
		switch {
		case c.Change == "added" && c.After.Access == review.Public:
			public++
		case c.After != nil && c.After.Access == review.Unresolved:
			unresolved++
		}
		if c.Change == "changed" && len(c.Lost) > 0 && len(lost) < 3 {
			lost = append(lost, fmt.Sprintf("%s lost %s", code(c.After.Method+" "+c.After.Path), codes(c.Lost)))
		}
	}
	var parts []string
	if public > 0 {
		parts = append(parts, "**+"+plural(public, "public route", "public routes")+"**")
	}
	parts = append(parts, lost...)
	if unresolved > 0 {
		parts = append(parts, fmt.Sprintf("%d unresolved", unresolved))
	}
	s.write("\n### Front door\n\n")
	if len(o.RouteChanges) == 0 {
		s.write("No route and no guard changes. ")
	} else {
		if len(parts) == 0 {
			parts = []string{plural(len(o.RouteChanges), "route changes", "routes change") + ", none opens"}
		}
		s.write(strings.Join(parts, ", ") + ".\n\n")
		s.table("| | route | before | after | guards |\n| --- | --- | --- | --- | --- |\n", len(o.RouteChanges), func(i int) string {
			return routeRow(o.RouteChanges[i])
		})
		s.write("\n")
	}
	counts := make(map[review.Access]int)
	for _, r := range o.Routes {
		counts[r.Access]++
	}
	s.write(fmt.Sprintf("%s in all: %d public, %d authenticated, %d role, %d unresolved.\n", plural(len(o.Routes), "route", "routes"),
		counts[review.Public], counts[review.Authenticated], counts[review.Role], counts[review.Unresolved]))
}

func routeRow(c review.RouteChange) string {
	r := c.After
	if r == nil {
		r = c.Before
	}
	access := func(r *review.Route) string {
		if r == nil {
			return ""
		}
		return r.Access.String()
	}
	var guards []string
	for _, g := range r.Guards {
		guards = append(guards, g.Name)
	}
	chain := "none"
	if len(guards) > 0 {
		chain = strings.ReplaceAll(codes(guards), "|", `\|`)
	}
	if len(c.Lost) > 0 {
		chain += ", lost " + strings.ReplaceAll(codes(c.Lost), "|", `\|`)
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s |\n", c.Change, cell(r.Method+" "+r.Path), access(c.Before), access(c.After), chain)
}

func codes(names []string) string {
	var out []string
	for i, n := range names {
		if i == 6 {
			out = append(out, fmt.Sprintf("%d more", len(names)-i))
			break
		}
		out = append(out, code(n))
	}
	return strings.Join(out, ", ")
}

// evidence writes the paths of the findings that have one.
func evidence(s *sheet, fs []review.Finding) {
	shown := 0
	for _, f := range fs {
		if len(f.Evidence) == 0 {
			continue
		}
		var b strings.Builder
		if shown == 0 {
			b.WriteString("\n<details><summary>Evidence</summary>\n\n")
		}
		fmt.Fprintf(&b, "%s at %s\n\n", code(string(f.Rule)), code(where(f.Place)))
		b.WriteString(steps(f.Evidence))
		b.WriteString("\n")
		if !s.fits(b.String() + "</details>\n") {
			break
		}
		s.write(b.String())
		shown++
	}
	if shown > 0 {
		s.write("</details>\n")
	}
}

func steps(list []review.Step) string {
	var b strings.Builder
	for i, e := range list {
		if i == 20 {
			fmt.Fprintf(&b, "%d. %d more steps\n", i+1, len(list)-i)
			break
		}
		at := ""
		if e.Place.Path != "" {
			at = " (" + code(where(e.Place)) + ")"
		}
		fmt.Fprintf(&b, "%d. %s%s\n", i+1, text(e.Note), at)
	}
	return b.String()
}

func receipt(s *sheet, o review.Outcome) {
	s.write("\n### What was looked at\n\n")
	s.table("| scanner | looked at | left out | time |\n| --- | --- | --- | --- |\n", len(o.Receipt.Scanners), func(i int) string {
		r := o.Receipt.Scanners[i]
		var counts, skipped []string
		for _, c := range r.Counts {
			counts = append(counts, fmt.Sprintf("%d of %d %s", c.Looked, c.Expected, text(c.Unit)))
		}
		for j, k := range r.Skipped {
			if j == 3 {
				skipped = append(skipped, fmt.Sprintf("%d more", len(r.Skipped)-j))
				break
			}
			skipped = append(skipped, text(k.What)+" ("+text(k.Why)+")")
		}
		return fmt.Sprintf("| %s | %s | %s | %s |\n", text(r.Scanner), strings.Join(counts, "<br>"), strings.Join(skipped, "<br>"), r.Wall.Round(10*time.Millisecond))
	})
	notes := append([]string{}, o.Receipt.Notes...)
	for _, r := range o.Receipt.Scanners {
		for _, n := range r.Notes {
			notes = append(notes, r.Scanner+": "+n)
		}
	}
	for i, n := range notes {
		line := "\n- " + sentence(text(n))
		if i == 20 || !s.fits(line) {
			s.write(fmt.Sprintf("\n- %d more notes", len(notes)-i))
			break
		}
		s.write(line)
	}
	t := o.Target
	s.write(fmt.Sprintf("\n\nHead %s", code(t.Head.Short())))
	if t.MergeBase != "" {
		s.write(fmt.Sprintf(" against %s, merge base %s", code(t.BaseRef), code(t.MergeBase.Short())))
	}
	s.write(fmt.Sprintf(", %s.\n", o.Finished.Sub(o.Started).Round(10*time.Millisecond)))
}

// where writes a place as path:line, with the commit for what lives in history.
func where(p review.Place) string {
	s := p.Path
	if p.Line > 0 {
		s += fmt.Sprintf(":%d", p.Line)
	}
	if p.Commit != "" {
		s += " in commit " + p.Commit.Short()
	}
	if p.Side == review.Left {
		s += " (deleted line)"
	}
	return s
}

// sheet is a text with a limit.
type sheet struct {
	strings.Builder
	limit int
}

func (s *sheet) fits(part string) bool { return s.Len()+len(part) <= s.limit }
func (s *sheet) write(part string) {
	if s.fits(part) {
		s.WriteString(part)
	}
}

// table writes as many rows as fit and then says how many are missing.
func (s *sheet) table(head string, rows int, row func(int) string) {
	const rest = "\n%d more rows are left out here.\n"
	if rows == 0 || !s.fits(head+rest) {
		return
	}
	s.WriteString(head)
	for i := range rows {
		r := row(i)
		if !s.fits(r + rest) {
			fmt.Fprintf(s, rest, rows-i)
			return
		}
		s.WriteString(r)
	}
}

func sentence(s string) string { return unstop(s) + "." }

// unstop takes a full stop (escaped or not) off the end.
func unstop(s string) string { return strings.TrimSuffix(strings.TrimSuffix(s, "."), `\`) }

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func plural2(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
