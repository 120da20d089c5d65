package publish

import (
	"fmt"
	"strings"

	"github.com/launchgate/launchgate/app/review"
)

// sayData puts what a change does to the customer data map into one sentence,
// names through quote: who receives what now, then who no longer does.
func sayData(changes []review.DataChange, quote func(string) string) string {
	const named = 4
	var parts []string
	for i, c := range changes {
		if i == named && len(changes) > named+1 {
			parts = append(parts, plural(len(changes)-i, "more change", "more changes"))
			break
		}
		what := "personal data"
		if c.Class != "" {
			what = dataText(c.Class, c.What, quote)
		}
		switch {
		case c.Change == "added" && c.Class == "":
			parts = append(parts, quote(c.Service)+" is used now, and nothing personal was seen to go there")
		case c.Change == "added":
			parts = append(parts, what+" now "+choose(len(c.What), "goes", "go")+" to "+quote(c.Service))
		case c.Class == "":
			parts = append(parts, quote(c.Service)+" is used no longer")
		default:
			parts = append(parts, what+" no longer "+choose(len(c.What), "goes", "go")+" to "+quote(c.Service))
		}
	}
	return capital(strings.Join(parts, "; "))
}

// dataText names the data of one class: "email and phone number".
func dataText(class string, what []string, quote func(string) string) string {
	if len(what) == 0 {
		return quote(class) + " data"
	}
	return names(what, 5, quote)
}

// capital begins s as a sentence begins, unless it begins with a quoted name.
func capital(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// customerData writes what the change does to the customer data map. A baseline
// has nothing to compare with and shows the map.
func customerData(s *sheet, o review.Outcome) {
	title := "\n### Customer data\n\n"
	if len(o.DataChanges) > 0 {
		s.write(title + "**" + sayData(o.DataChanges, func(s string) string { return brief(s, 100) }) + ".**\n\n")
		s.table("| change | recipient | receives | where |\n| --- | --- | --- | --- |\n", len(o.DataChanges), func(i int) string {
			c := o.DataChanges[i]
			change := brief(c.Change, 20)
			if c.Change == "added" && c.NewService {
				change = "**new recipient**"
			}
			what := "nothing personal was seen"
			if c.Class != "" {
				what = brief(c.Class, 40) + ": " + inCell(codes(c.What, 8))
			}
			return fmt.Sprintf("| %s | %s (%s) | %s | %s |\n", change, cell(c.Service), brief(c.Category, 40), what, inCell(placesText(c.Places)))
		})
	}
	receive := 0
	for _, r := range o.DataMap {
		if len(r.Receives) > 0 {
			receive++
		}
	}
	if o.Target.Base == "" && receive > 0 {
		s.write(title)
		s.table("| recipient | receives | where |\n| --- | --- | --- |\n", receive, func(i int) string {
			r := o.DataMap[i] // those that receive the most come first
			var what []string
			var at []review.DataPlace
			for _, x := range r.Receives {
				what = append(what, brief(x.Class, 40)+": "+inCell(codes(x.What, 8)))
				at = append(at, x.Places...)
			}
			return fmt.Sprintf("| %s (%s) | %s | %s |\n", cell(r.Service), brief(r.Category, 40), strings.Join(what, "; "), inCell(placesText(at)))
		})
	}
	if len(o.DataChanges) > 0 && receive > 0 {
		s.write(fmt.Sprintf("\n%s personal data in all; `launchgate datamap` lists them.\n", plural(receive, "service of others receives", "services of others receive")))
	}
}

func placesText(list []review.DataPlace) string {
	var out []string
	seen := make(map[string]bool)
	for _, p := range list {
		at := where(review.Place{Path: p.File, Line: p.Line})
		if !seen[at] {
			seen[at] = true
			out = append(out, at)
		}
	}
	if len(out) == 0 {
		return ""
	}
	return codes(out, 4)
}

// customerData is the same for a terminal.
func (p *page) customerData(o review.Outcome) {
	if len(o.DataChanges) == 0 {
		return
	}
	p.heading("Customer data")
	p.line("  ", sayData(o.DataChanges, terminal)+".")
	for _, c := range o.DataChanges {
		what := "nothing personal was seen"
		if c.Class != "" {
			what = terminal(c.Class) + ": " + names(c.What, 8, terminal)
		}
		change := terminal(c.Change)
		if c.Change == "added" && c.NewService && c.Class != "" {
			change = p.red("new recipient")
		}
		p.line("  ", fmt.Sprintf("%s  %s (%s)  %s", change, terminal(c.Service), terminal(c.Category), what))
		for i, at := range c.Places {
			if i == 4 {
				p.faintly("    ", plural(len(c.Places)-i, "more place", "more places"))
				break
			}
			p.faintly("    ", terminal(where(review.Place{Path: at.File, Line: at.Line})))
		}
	}
}
