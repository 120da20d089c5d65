package publish

import (
	"fmt"
	"slices"
	"strings"

	"github.com/launchgate/launchgate/app/review"
)

// shownRows is how many route changes stand open; the rest is folded away.
const shownRows = 12

// door sums up what a change does to the routes.
type door struct {
	public, expected, opened, closed, unresolved, removed int
	lost                                                  []lostBy
}

// lostBy are routes that lost the same guards.
type lostBy struct {
	guards []string
	routes []string
}

func newDoor(changes []review.RouteChange) door {
	var d door
	for _, c := range changes {
		if c.After == nil {
			d.removed++
			continue
		}
		lost := lostGuards(c)
		switch {
		case c.After.Access == review.Unresolved && (c.Before == nil || c.Before.Access != review.Unresolved):
			d.unresolved++
		case c.After.Access == review.Public && c.Before == nil && c.After.Expected != "":
			d.expected++
		case c.After.Access == review.Public && c.Before == nil:
			d.public++
		case c.After.Access == review.Public && c.Before.Access != review.Public && len(lost) == 0:
			d.opened++
		case c.Before != nil && closedness[c.After.Access] > closedness[c.Before.Access]:
			d.closed++
		}
		if len(lost) == 0 {
			continue
		}
		i := slices.IndexFunc(d.lost, func(l lostBy) bool { return slices.Equal(l.guards, lost) })
		if i < 0 {
			d.lost, i = append(d.lost, lostBy{guards: lost}), len(d.lost)
		}
		d.lost[i].routes = append(d.lost[i].routes, c.After.Key())
	}
	return d
}

// closedness orders access from open to closed.
var closedness = map[review.Access]int{review.Role: 3, review.Authenticated: 2, review.Unresolved: 1}

// lostGuards are the guards that a change took away; one that another took the
// place of is no loss.
func lostGuards(c review.RouteChange) []string {
	if c.Before == nil || c.After == nil || len(c.Lost) == 0 {
		return nil
	}
	if closedness[c.After.Access] >= closedness[c.Before.Access] && len(c.Gained) >= len(c.Lost) && (verified(c.After) || !verified(c.Before)) {
		return nil
	}
	return c.Lost
}

// verified reports whether a guard of the route looks into what it is sent.
func verified(r *review.Route) bool {
	return slices.ContainsFunc(r.Guards, func(g review.Guard) bool { return g.Refuses() && !g.Believes })
}

// say puts the sum into one sentence, names through quote.
func (d door) say(changes int, quote func(string) string) string {
	const named = 3
	var parts []string
	if n := d.public + d.expected; n > 0 {
		part := "+" + plural(n, "public route", "public routes")
		if d.expected > 0 {
			part += fmt.Sprintf(" (%d as one would expect)", d.expected)
		}
		parts = append(parts, part)
	}
	for i, l := range d.lost {
		if i == named {
			n := 0
			for _, m := range d.lost[i:] {
				n += len(m.routes)
			}
			parts = append(parts, plural(n, "more route lost a guard", "more routes lost guards"))
			break
		}
		who := quote(l.routes[0])
		if len(l.routes) > 1 {
			who = fmt.Sprintf("%d routes", len(l.routes))
		}
		parts = append(parts, who+" lost "+names(l.guards, 3, quote))
	}
	if d.opened > 0 {
		parts = append(parts, plural(d.opened, "route became public", "routes became public"))
	}
	if d.closed > 0 {
		parts = append(parts, plural(d.closed, "route asks for more than before", "routes ask for more than before"))
	}
	if d.unresolved > 0 {
		parts = append(parts, fmt.Sprintf("%d unresolved", d.unresolved))
	}
	if len(parts) == 0 {
		return plural(changes, "route changes", "routes change") + ", none opens"
	}
	return strings.Join(parts, ", ")
}

// frontDoor writes what the change does to the API's front door, and how many
// routes of each kind there are.
func frontDoor(s *sheet, o review.Outcome) {
	if len(o.Routes) == 0 && len(o.RouteChanges) == 0 {
		return
	}
	totals := RouteTotals(o.Routes) + ".\n\n"
	if len(o.RouteChanges) > 0 {
		s.limit -= len(totals) // whatever is left out of the table
		changes(s, o.RouteChanges)
		s.limit += len(totals)
	} else if o.Target.Base != "" {
		s.write("No route and no guard changes. ")
	}
	s.write(totals)
}

// changes writes the sum of some changes and a row for each, but for those that
// gained the same guards.
func changes(s *sheet, list []review.RouteChange) {
	const head = "| change | route | access | guards |\n| --- | --- | --- | --- |\n"
	s.write("**" + newDoor(list).say(len(list), code) + ".**\n\n")
	all := rowsOf(list)
	open := min(len(all), shownRows)
	s.table(head, open, func(i int) string { return all[i].markdown() })
	s.write("\n")
	if rest := all[open:]; len(rest) > 0 {
		n := 0
		for _, r := range rest {
			n += len(r)
		}
		before, end := fmt.Sprintf("<details><summary>%s</summary>\n\n", plural(n, "more change", "more changes")), "\n</details>\n\n"
		if !s.fits(before + head + rest[0].markdown() + end + "\n9999 more rows are left out here.\n") {
			s.write(plural(n, "more change is", "more changes are") + " left out here.\n\n")
			return
		}
		s.WriteString(before)
		s.limit -= len(end)
		s.table(head, len(rest), func(i int) string { return rest[i].markdown() })
		s.limit += len(end)
		s.WriteString(end)
	}
}

// row is one change, or several that gained the same guards, perhaps in the place of
// others.
type row []review.RouteChange

// alike is how many changes that gained the same make one row.
const alike = 3

// rowsOf puts together what gained the same guards: whoever adds a guard to a group
// does one thing, not one for each of its routes.
func rowsOf(list []review.RouteChange) []row {
	key := func(c review.RouteChange) string {
		if c.Before == nil || c.After == nil || len(lostGuards(c)) > 0 || len(c.Gained) == 0 || c.Before.Path != c.After.Path || closedness[c.After.Access] < closedness[c.Before.Access] {
			return ""
		}
		return strings.Join(slices.Concat([]string{c.Before.Access.String(), c.After.Access.String(), c.After.Reason}, c.Gained, []string{""}, c.Lost), "\x00")
	}
	count := make(map[string]int)
	for _, c := range list {
		count[key(c)]++
	}
	at := make(map[string]int) // where a row of several stands
	var out []row
	for _, c := range list {
		k := key(c)
		if k == "" || count[k] < alike {
			out = append(out, row{c})
			continue
		}
		if i, ok := at[k]; ok {
			out[i] = append(out[i], c)
			continue
		}
		at[k] = len(out)
		out = append(out, row{c})
	}
	return out
}

func (r row) markdown() string {
	if len(r) == 1 {
		return routeRow(r[0])
	}
	c := r[0]
	guards := "gained " + inCell(codes(c.Gained, 6))
	if len(c.Lost) > 0 {
		guards = "lost " + inCell(codes(c.Lost, 6)) + "; " + guards
	}
	if c.After.Reason != "" {
		guards += " (" + brief(c.After.Reason, 200) + ")"
	}
	return fmt.Sprintf("| %s | %d routes: %s | %s | %s |\n", brief(c.Change, 20), len(r), r.routes(cell), accessOf(c), guards)
}

// routes names the first of a row's routes.
func (r row) routes(quote func(string) string) string {
	const named = 3
	var parts []string
	for i, c := range r {
		if i == named {
			parts = append(parts, fmt.Sprintf("%d more", len(r)-i))
			break
		}
		parts = append(parts, quote(c.After.Key()))
	}
	return strings.Join(parts, ", ")
}

// accessOf says who could call a route, and who can now.
func accessOf(c review.RouteChange) string {
	r := c.After
	if r == nil {
		r = c.Before
	}
	switch {
	case c.Before != nil && c.After != nil && c.Before.Access != c.After.Access:
		return fmt.Sprintf("%s → **%s**", c.Before.Access, c.After.Access)
	case c.Before == nil && r.Access == review.Public:
		return "**public**"
	}
	return r.Access.String()
}

// RouteTotals counts routes by who can call them: "7 routes: 2 public, ...".
func RouteTotals(routes []review.Route) string {
	counts := make(map[review.Access]int)
	expected := 0
	for _, r := range routes {
		counts[r.Access]++
		if r.Access == review.Public && r.Expected != "" {
			expected++
		}
	}
	public := fmt.Sprintf("%d public", counts[review.Public])
	if expected > 0 {
		public += fmt.Sprintf(" (%d as one would expect)", expected)
	}
	return fmt.Sprintf("%s in all: %s, %d authenticated, %d with a role, %d unresolved", plural(len(routes), "route", "routes"),
		public, counts[review.Authenticated], counts[review.Role], counts[review.Unresolved])
}

// RouteChangesMarkdown writes changes of routes as the check's summary does.
func RouteChangesMarkdown(list []review.RouteChange) string {
	s := &sheet{limit: maxSummaryBytes}
	if len(list) == 0 {
		return "No route and no guard changes.\n"
	}
	changes(s, list)
	return strings.TrimSuffix(s.String(), "\n")
}

func routeRow(c review.RouteChange) string {
	r := c.After
	if r == nil {
		r = c.Before
	}
	if r == nil {
		return fmt.Sprintf("| %s | | | |\n", brief(c.Change, 20))
	}
	guards := "none"
	if chain := chainOf(*r, cell); len(chain) > 0 {
		guards = strings.Join(chain, " → ")
	}
	if len(c.Lost) > 0 {
		guards += "; lost " + inCell(codes(c.Lost, 6))
	}
	if len(c.Gained) > 0 {
		guards += "; gained " + inCell(codes(c.Gained, 6))
	}
	if r.Reason != "" {
		guards += " (" + brief(r.Reason, 200) + ")"
	} else if r.Expected != "" {
		guards += " (expected: " + brief(r.Expected, 200) + ")"
	}
	route := cell(r.Key())
	if c.Before != nil && c.After != nil && c.Before.Path != c.After.Path {
		route += ", was " + cell(c.Before.Key())
	}
	return fmt.Sprintf("| %s | %s | %s | %s |\n", brief(c.Change, 20), route, accessOf(c)+byDefault(c), guards)
}

// byDefault says of a route that a switch registers whether that changed.
func byDefault(c review.RouteChange) string {
	switch {
	case c.Before == nil || c.After == nil || c.Before.Off == c.After.Off:
		return ""
	case c.After.Off:
		return ", no longer registered by default"
	}
	return ", registered by default now"
}

// chainOf are the names of what of a route's chain has to do with who calls, in
// the order they are asked.
func chainOf(r review.Route, quote func(string) string) []string {
	const most = 6
	var chain []string
	for _, g := range r.Guards {
		if g.Kind == "other" {
			continue
		}
		if len(chain) == most {
			return append(chain, "…")
		}
		name := quote(g.Label())
		if g.Kind == "optional" || g.Kind == "parser" {
			name += " (" + g.Kind + ")"
		}
		chain = append(chain, name)
	}
	return chain
}

// RouteChangesText writes changes of routes for a terminal.
func RouteChangesText(list []review.RouteChange, opt TextOptions) string {
	p := &page{painter: painter{opt.Colour}, width: opt.width()}
	if len(list) == 0 {
		return "No route and no guard changes.\n"
	}
	p.changes(list, "")
	return p.String()
}

func (p *page) changes(list []review.RouteChange, indent string) {
	p.line(indent, newDoor(list).say(len(list), terminal)+".")
	name := func(c review.RouteChange) string {
		r := c.After
		if r == nil {
			r = c.Before
		}
		if r == nil {
			return ""
		}
		return fmt.Sprintf("%-6s %s", terminal(r.Method), terminal(r.Path))
	}
	column := 0
	all := rowsOf(list)
	for _, r := range all {
		if len(r) == 1 {
			column = max(column, min(columns(name(r[0])), 48))
		}
	}
	for _, r := range all {
		c := r[0]
		var access string
		switch {
		case c.Before != nil && c.After != nil && c.Before.Access != c.After.Access:
			access = fmt.Sprintf("%s -> %s", c.Before.Access, c.After.Access)
		case c.After != nil:
			access = c.After.Access.String()
		case c.Before != nil:
			access = "was " + c.Before.Access.String()
		}
		if c.After != nil && (c.After.Access == review.Public || c.After.Access == review.Unresolved) {
			access = p.red(access)
		}
		access += byDefault(c)
		if len(c.Lost) > 0 {
			access += ", lost " + names(c.Lost, 6, terminal)
		}
		if len(c.Gained) > 0 {
			access += ", gained " + names(c.Gained, 6, terminal)
		}
		if c.Before != nil && c.After != nil && c.Before.Path != c.After.Path {
			access += ", was " + terminal(c.Before.Key())
		}
		if c.After != nil && c.After.Reason != "" {
			access += " (" + terminal(c.After.Reason) + ")"
		} else if c.After != nil && c.Before == nil && c.After.Expected != "" {
			access += " (expected: " + terminal(c.After.Expected) + ")"
		}
		n := name(c)
		if len(r) > 1 {
			n = fmt.Sprintf("%d routes: %s", len(r), r.routes(terminal))
		}
		fmt.Fprintf(p, "%s%-8s %s%s  %s\n", indent, terminal(c.Change), n, strings.Repeat(" ", max(0, column-columns(n))), access)
	}
}

// Terminal makes a text of a repository safe to print on one line of a terminal.
func Terminal(s string) string { return terminal(s) }

// Cell writes a text of a repository as code into a cell of a Markdown table.
func Cell(s string) string {
	if s == "" {
		return ""
	}
	return cell(s)
}
