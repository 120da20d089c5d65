package findings

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/launchgate/launchgate/app/review"
)

// overtaking is a route for which something that answers some requests itself
// stands before its guards now, and did not before.
type overtaking struct {
	after  *review.Route
	answer review.Guard
	guard  review.Guard // the first that is asked too late
	at     review.Place
	found  bool // at is a line of the diff
}

// overtaken finds what a change put before the guard of a route. The route is as
// guarded as before, but for the requests that are answered on the way.
func (a authz) overtaken(p pair) []overtaking {
	if p.before == nil || p.after == nil || p.before.Access == review.Public || a.meant(p.after.Key()) {
		return nil
	}
	before, guard := ahead(*p.before)
	if guard == nil {
		return nil
	}
	after, guard := ahead(*p.after)
	if guard == nil {
		return nil
	}
	var out []overtaking
	for _, g := range after {
		if slices.ContainsFunc(before, func(b review.Guard) bool { return b.Name == g.Name }) {
			continue // it was so before
		}
		o := overtaking{after: p.after, answer: g, guard: *guard}
		o.at, o.found = a.overtook(o)
		out = append(out, o)
	}
	return out
}

// ahead is what answers requests itself before the first guard of a route that
// refuses, and that guard; nil where the route has none.
func ahead(r review.Route) ([]review.Guard, *review.Guard) {
	var out []review.Guard
	for i := range r.Guards {
		g := &r.Guards[i]
		if g.Refuses() {
			return out, g
		}
		if g.Answers.Line > 0 {
			out = append(out, *g)
		}
	}
	return nil, nil
}

// overtook finds the line of the diff that put it there: where it is attached,
// the calls that led there, where it answers, else what is new in its code.
func (a authz) overtook(o overtaking) (review.Place, bool) {
	for _, p := range append([]review.FileLine{o.answer.Attached}, o.answer.Through...) {
		if a.lines.added(p) {
			return right(p), true
		}
	}
	if n := a.lines.addedIn(attachment(o.answer)); n > 0 {
		return right(review.FileLine{File: o.answer.Attached.File, Line: n}), true
	}
	for _, p := range []review.FileLine{o.answer.Answers, o.guard.Attached} {
		if a.lines.added(p) {
			return right(p), true
		}
	}
	if a.lines.added(o.after.Registered) {
		return right(o.after.Registered), true
	}
	for _, s := range o.answer.Reached {
		if n := a.lines.addedIn(s); n > 0 {
			return right(review.FileLine{File: s.File, Line: n}), true
		}
	}
	return right(o.answer.Attached), false
}

// overtakings makes one finding of those that have one cause.
func (a authz) overtakings(list []overtaking) []review.Finding {
	type cause struct {
		at   review.Place
		name string
	}
	groups := make(map[cause][]overtaking)
	var order []cause
	for _, o := range list {
		c := cause{o.at, o.answer.Name}
		if _, ok := groups[c]; !ok {
			order = append(order, c)
		}
		groups[c] = append(groups[c], o)
	}
	var out []review.Finding
	for _, c := range order {
		g := groups[c]
		sort.SliceStable(g, func(i, j int) bool { return routeLess(*g[i].after, *g[j].after) })
		out = append(out, a.overtakingFinding(c.at, g))
	}
	return out
}

func (a authz) overtakingFinding(at review.Place, g []overtaking) review.Finding {
	first := g[0]
	f := review.Finding{Rule: ruleOrder, Severity: review.SeverityMedium, Confidence: review.ConfidenceMedium, Scanner: "code", Place: at}
	if !first.found {
		f.Confidence = review.ConfidenceLow
	}
	for _, o := range g {
		if key := o.after.Key(); !slices.Contains(f.Routes, key) {
			f.Routes = append(f.Routes, key)
		}
	}
	what := f.Routes[0]
	if n := len(f.Routes); n > 1 {
		what = fmt.Sprintf("%d routes (%s)", n, andMore(f.Routes, 3))
	}
	answers := fmt.Sprintf("%s:%d", first.answer.Answers.File, first.answer.Answers.Line)
	f.Message = fmt.Sprintf("%s answers some requests itself, at %s, and stands before %s on %s: those are answered whoever sends them", first.answer.Label(), answers, first.guard.Label(), what)
	f.Symbol, f.Key = first.answer.Name, strings.Join(f.Routes, ", ")
	step := func(p review.FileLine, note string) {
		if p.File != "" && p.Line > 0 {
			f.Evidence = append(f.Evidence, review.Step{Place: right(p), Note: note})
		}
	}
	step(first.answer.Attached, first.answer.Label()+" is put into the chain here")
	step(first.answer.Answers, "here it answers and does not hand the request on")
	step(first.guard.Attached, first.guard.Label()+" comes after it: "+first.guard.Why)
	f.Fingerprint = a.fingerprint(f)
	return f
}
