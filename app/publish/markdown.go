package publish

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/launchgate/launchgate/app/review"
)

// The bounds of a summary, in bytes. GitHub takes 65,535 characters and counts
// some twice; each section may use what those before it left of its share, so
// that no section starves the receipt.
const (
	maxSummaryBytes  = 60_000
	routesShare      = 14_000
	headlineShare    = 26_000
	dataShare        = 32_000
	findingsShare    = 40_000
	mendShare        = 46_000
	evidenceShare    = 51_000
	maxTitle         = 200 // runes of the line a check shows
	maxCellRunes     = 500
	maxEvidenceSteps = 20
)

// Title returns the one line a check shows, which fits GitHub's list.
func Title(o review.Outcome) string { return plain(o.Decision.Title, maxTitle) }

// Markdown returns the summary of a check: what the change does to the API's
// front door, the verdict and what to do about it, who else receives personal
// data through the change, the findings, and the receipt.
// It is at most 60,000 bytes; what does not fit is cut at a row and counted.
// rules gives the titles of the findings' rules.
func Markdown(o review.Outcome, rules []review.Rule) string { return markdown(o, rules, links{}) }

func markdown(o review.Outcome, rules []review.Rule, to links) string {
	s := &sheet{limit: routesShare}
	frontDoor(s, o)
	s.limit = headlineShare
	headline(s, o)
	s.limit = dataShare
	customerData(s, o)
	s.limit = findingsShare
	found(s, o, rules, to)
	s.limit = maxSummaryBytes
	receipt(s, o)
	return s.String()
}

func headline(s *sheet, o review.Outcome) {
	gaps := allGaps(o)
	blocking := len(o.Decision.Blocking)
	switch o.Decision.Verdict {
	case review.Pass:
		s.write("## Pass\n\n")
		if len(gaps) == 0 {
			s.write("Everything was looked at, and nothing this change brings blocks.\n")
		} else {
			s.write("Nothing this change brings blocks. Some parts were not looked at, which the policy allows; they are listed below.\n")
		}
		return
	case review.Block:
		s.write(fmt.Sprintf("## Blocked\n\n**%s.** Mend %s below, or say on the base branch that %s meant, and push or re-run the check.\n",
			plural(blocking, "finding that this change brings blocks", "findings that this change brings block"),
			choose(blocking, "it", "each"), choose(blocking, "it is", "they are")))
		return
	}
	s.write("## Could not verify\n\nNot everything was looked at, so this is red whatever was found. Once the cause is gone, push or re-run the check.\n\n")
	if len(gaps) == 0 { // the decision knows more than the receipt
		for _, r := range o.Decision.Reasons {
			gaps = append(gaps, review.Gap{What: r})
		}
	}
	s.rows(len(gaps), "- %d more\n", func(i int) string { return "- " + gapText(gaps[i]) + "\n" })
	if blocking > 0 {
		s.write(fmt.Sprintf("\nBesides, **%s**, see below.\n", plural(blocking, "finding blocks", "findings block")))
	}
}

func gapText(g review.Gap) string {
	out := "**" + brief(visible(g.What), 300) + "**"
	if g.Why != "" {
		out += ": " + sentence(g.Why, maxCellRunes)
	}
	if g.Do != "" {
		out += " *What to do:* " + sentence(g.Do, maxCellRunes)
	}
	return out
}

// allGaps lists everything that should have been looked at and was not.
func allGaps(o review.Outcome) []review.Gap {
	r := o.Receipt
	gaps := slices.Clone(r.Gaps)
	if len(r.Scanners) == 0 {
		gaps = append(gaps, review.Gap{Code: review.CodeScannerFailed, What: "scanners", Why: "none ran, so nothing was looked at", Do: "re-run the check; if that does not help, the server's log has the cause"})
	}
	for _, s := range r.Scanners {
		gaps = append(gaps, s.Gaps...)
		for _, c := range s.Counts {
			if c.Short() && len(s.Gaps) == 0 {
				gaps = append(gaps, review.Gap{Code: review.CodeScannerFailed, What: s.Scanner, Why: fmt.Sprintf("%d of %d %s", c.Looked, c.Expected, c.Unit), Do: "re-run the check"})
			}
		}
	}
	return append(gaps, o.Decision.Gaps...)
}

// names joins at most n quoted names as a sentence does.
func names(list []string, n int, quote func(string) string) string {
	var out []string
	list = distinct(list)
	for i, name := range list {
		if i == n {
			out = append(out, fmt.Sprintf("%d more", len(list)-i))
			break
		}
		out = append(out, quote(name))
	}
	if len(out) < 2 {
		return strings.Join(out, "")
	}
	return strings.Join(out[:len(out)-1], ", ") + " and " + out[len(out)-1]
}

// distinct are the names of a list, each once.
func distinct(list []string) []string {
	var out []string
	for _, name := range list {
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

func codes(list []string, n int) string { return names(list, n, code) }

// receipt writes what was looked at, what was left out on purpose, what was
// missed, and behind which walls.
func receipt(s *sheet, o review.Outcome) {
	s.write("\n### What was looked at\n\n")
	s.table("| scanner | looked at | left out | time |\n| --- | --- | --- | --- |\n", len(o.Receipt.Scanners), func(i int) string {
		r := o.Receipt.Scanners[i]
		var counts, skipped []string
		for j, c := range r.Counts {
			if j == 20 {
				counts = append(counts, fmt.Sprintf("%d more", len(r.Counts)-j))
				break
			}
			count := fmt.Sprintf("%d of %d %s", c.Looked, c.Expected, brief(c.Unit, 60))
			if c.Short() {
				count = "**" + count + "**"
			}
			counts = append(counts, count)
		}
		for j, k := range r.Skipped {
			if j == 3 {
				skipped = append(skipped, fmt.Sprintf("%d more", len(r.Skipped)-j))
				break
			}
			skipped = append(skipped, brief(visible(k.What), 120)+" ("+brief(k.Why, 120)+")")
		}
		return fmt.Sprintf("| %s | %s | %s | %s |\n", brief(strings.TrimSpace(r.Scanner+" "+r.Version), 60), strings.Join(counts, ", "), strings.Join(skipped, "; "), short(r.Wall))
	})
	const end = 2500 // bytes for the last line
	s.limit -= end + 3000
	if gaps := allGaps(o); len(gaps) > 0 && o.Decision.Verdict != review.CouldNotVerify {
		s.write("\nNot looked at:\n\n")
		s.rows(len(gaps), "- %d more\n", func(i int) string { return "- " + gapText(gaps[i]) + "\n" })
	}
	notes := slices.Clone(o.Receipt.Notes)
	var walls []string
	for _, r := range o.Receipt.Scanners {
		for _, n := range r.Notes {
			notes = append(notes, r.Scanner+": "+n)
		}
		for _, p := range r.Protections {
			if p = brief(p, 120); !slices.Contains(walls, p) {
				walls = append(walls, p)
			}
		}
	}
	if len(notes) > 0 {
		s.write("\n")
		s.rows(len(notes), "- %d more notes\n", func(i int) string { return "- " + sentence(notes[i], maxCellRunes) + "\n" })
	}
	s.limit += 3000
	for n := 12; n > 0 && len(walls) > 0; n-- {
		if line := "\nThe scanners ran behind: " + names(walls, n, func(w string) string { return w }) + ".\n"; s.fits(line) {
			s.WriteString(line)
			break
		}
	}
	s.limit += end
	t := o.Target
	last := "\nHead " + code(t.Head.Short())
	if t.MergeBase != "" {
		last += fmt.Sprintf(" against %s, merge base %s", code(t.BaseRef), code(t.MergeBase.Short()))
	}
	s.write(fmt.Sprintf("%s, %s in all.\n", last, short(o.Finished.Sub(o.Started))))
}

// short writes a duration as a reader wants it.
func short(d time.Duration) string {
	if d < 10*time.Second {
		return d.Round(10 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

// sheet is a text with a limit.
type sheet struct {
	strings.Builder
	limit int
}

func (s *sheet) fits(part string) bool { return s.Len()+len(part) <= s.limit }

// write writes a short text of ours; the shares leave room for it.
func (s *sheet) write(part string) {
	if s.fits(part) {
		s.WriteString(part)
	}
}

// rows writes as many rows as fit, and then rest with how many are missing.
func (s *sheet) rows(n int, rest string, row func(int) string) {
	for i := range n {
		r := row(i)
		left := fmt.Sprintf(rest, n-i)
		if !s.fits(r + left) { // even where it is the last: then there is room to say so
			s.write(left)
			return
		}
		s.WriteString(r)
	}
}

// table is rows below a head. The line that counts what is missing stands
// below the table.
func (s *sheet) table(head string, n int, row func(int) string) {
	const rest = "\n%d more rows are left out here.\n"
	if n == 0 || !s.fits(head+rest) {
		return
	}
	s.WriteString(head)
	s.rows(n, rest, row)
}

// sentence is text of at most max runes with one full stop at its end.
func sentence(s string, max int) string {
	s = strings.TrimRight(plain(s, max), ". ")
	switch last, _ := utf8.DecodeLastRuneInString(s); {
	case s == "" || strings.ContainsRune("!?…", last):
		return escaped(s)
	case isDigit(last):
		return escaped(s) + `\.` // "1." begins a list
	}
	return escaped(s) + "."
}

func plural(n int, one, many string) string { return fmt.Sprintf("%d %s", n, choose(n, one, many)) }

func choose(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
