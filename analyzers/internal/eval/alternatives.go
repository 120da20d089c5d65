package eval

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/launchgate/launchgate/analyzers/routes"
)

// Where configuration decides which of several handlers answers a route, or on
// which of several lines it is registered, it is one route all the same. Who can
// reach it is said as it is where nobody configured anything, and where that is
// not known as it is for most.

// alternative is a route as it is under conditions.
type alternative struct {
	routes.Route
	conds []condition
}

// alike puts the alternatives together that end in the same handler: what only
// some of them put around it applies under their conditions.
func alike(ps []peeled) []peeled {
	var out []peeled
	merged := map[int]bool{}
	for _, p := range ps {
		i := slices.IndexFunc(out, func(q peeled) bool {
			return q.core != nil && same(p.core, q.core) && p.strip == q.strip && p.method == q.method && p.path == q.path
		})
		if i < 0 {
			out = append(out, p)
			continue
		}
		if !merged[i] {
			merged[i], out[i] = true, out[i].under()
		}
		out[i] = out[i].with(p.under())
	}
	if len(out) == 1 {
		out[0].conds, out[0].oneOf = nil, false
	}
	return out
}

// under is the same with its conditions on each of its layers.
func (p peeled) under() peeled {
	p.layers = slices.Clone(p.layers)
	for i, l := range p.layers {
		p.layers[i].conds = distinctConditions(p.conds, l.conds)
	}
	return p
}

// with adds the layers that another alternative puts around the same handler.
func (p peeled) with(q peeled) peeled {
	for _, l := range q.layers {
		i := slices.IndexFunc(p.layers, func(o layer) bool {
			return o.pos == l.pos && (o.applied == l.applied || o.applied != nil && l.applied != nil && same(o.applied, l.applied)) && sameLayer(o.ext, l.ext)
		})
		if i < 0 {
			p.layers = append(p.layers, l)
			continue
		}
		// It applies in both cases.
		p.layers[i].conds = slices.DeleteFunc(slices.Clone(l.conds), func(c condition) bool { return c.in(q.conds) })
	}
	p.conds = nil
	return p
}

// eitherOf reports whether what a handler hands requests on to is one of several,
// for what configuration decides, and gives the conditions of each.
func (m *machine) eitherOf(rest []value) ([][]condition, bool) {
	if len(rest) < 2 {
		return nil, false
	}
	known := false
	under := make([][]condition, len(rest))
	for i, c := range m.choices(union(rest)) {
		under[i] = c.conds
		known = known || len(c.conds) > 0
	}
	return under, known
}

func sameLayer(a, b value) bool { return a == nil && b == nil || a != nil && b != nil && same(a, b) }

// exclusive reports whether two alternatives are never there together.
func (a alternative) exclusive(b alternative) bool {
	return slices.ContainsFunc(a.conds, func(c condition) bool { return slices.ContainsFunc(b.conds, c.excludes) })
}

// usual reports whether the alternative is what is there by default.
func (a alternative) usual() bool {
	return !slices.ContainsFunc(a.conds, func(c condition) bool { return c.off || c.unclear })
}

// openTo ranks accesses, the most open last.
func openTo(access string) int {
	return slices.Index([]string{routes.Role, routes.Authenticated, routes.Unresolved, routes.Public}, access)
}

// oneOfHandlers makes one route of those that the alternatives of one handler give.
func oneOfHandlers(parts []alternative) []routes.Route {
	return eachRow(parts, func(a, b alternative) bool { return true }, "answered so")
}

// oneRowEach makes one route of registrations that are never there together, and of
// one that is gone through more than once.
func oneRowEach(all []alternative) []routes.Route {
	return eachRow(repeated(all), alternative.exclusive, "registered here")
}

// eachRow puts alternatives for the same method and path together where they are
// apart from each other, in the order of the first of each.
func eachRow(all []alternative, apart func(a, b alternative) bool, how string) []routes.Route {
	groups := map[string][][]alternative{}
	type spot struct {
		key string
		n   int
	}
	var order []spot
	for _, a := range all {
		key := a.Server + " " + a.Key()
		i := slices.IndexFunc(groups[key], func(g []alternative) bool {
			return !slices.ContainsFunc(g, func(b alternative) bool { return !apart(a, b) })
		})
		if i < 0 {
			order = append(order, spot{key, len(groups[key])})
			groups[key] = append(groups[key], []alternative{a})
			continue
		}
		groups[key][i] = append(groups[key][i], a)
	}
	out := make([]routes.Route, 0, len(order))
	for _, s := range order {
		out = append(out, decided(groups[s.key][s.n], how))
	}
	return out
}

// decided is the route that alternatives make: the one that is there by default,
// or else the most open, with what the others are.
func decided(group []alternative, how string) routes.Route {
	if len(group) == 1 {
		return group[0].Route
	}
	common := inAll(group)
	for i := range group {
		group[i].conds = slices.DeleteFunc(slices.Clone(group[i].conds), func(c condition) bool { return c.in(common) })
	}
	at, known := 0, false
	for i, a := range group {
		switch {
		case a.usual() && len(a.conds) > 0 && !known:
			at, known = i, true
		case !known && openTo(a.Access) > openTo(group[at].Access):
			at = i
		}
	}
	rt := group[at].Route
	var reasons []string
	switch {
	case len(group[at].conds) == 0:
		reasons = append(reasons, fmt.Sprintf("one of %d handlers answers, and nothing says which: this is the most open", len(group)))
	case known:
		reasons = append(reasons, how+" only if "+allOf(group[at].conds))
	default:
		reasons = append(reasons, how+" only if "+allOf(group[at].conds)+", and what is so by default is not known: this is the most open")
	}
	rt.Through = slices.Clone(rt.Through)
	for i, a := range group {
		if i == at || len(a.conds) == 0 {
			continue
		}
		where := ""
		if a.Registered != rt.Registered {
			where = fmt.Sprintf(", registered at %s:%d", a.Registered.File, a.Registered.Line)
		}
		reasons = append(reasons, "if "+allBare(a.conds)+" it is "+a.Access+guardedBy(a.Guards)+where)
		rt.Through = append(rt.Through, a.Registered)
	}
	// What else there is to say of it, but for the condition that is said above.
	for r := range strings.SplitSeq(rt.Reason, "; ") {
		if r != "" && !strings.HasPrefix(r, "registered only if ") {
			reasons = append(reasons, r)
		}
	}
	if said := worthSaying(common); said != "" {
		reasons = append(reasons, "registered only if "+said)
	}
	rt.Reason = strings.Join(reasons, "; ")
	rt.Guards = guardsOfAll(group, at)
	registeredIf(&rt, common)
	return rt
}

// guardsOfAll are the guards of the alternative that decides, and those that only
// others have, which guard if configuration asks for that.
func guardsOfAll(group []alternative, at int) []routes.Guard {
	has := func(a alternative, g routes.Guard) bool {
		return slices.ContainsFunc(a.Guards, func(h routes.Guard) bool {
			return g.Name == h.Name && g.File == h.File && g.Line == h.Line && g.Kind == h.Kind
		})
	}
	var out []routes.Guard
	for _, g := range group[at].Guards {
		if refuses(g) && slices.ContainsFunc(group, func(a alternative) bool { return !has(a, g) }) {
			g.If, g.Settings = withConditions(g, group[at].conds)
			g.Reached = reachedBy(g.Reached, group[at].conds)
		}
		out = append(out, g)
	}
	for i, a := range group {
		for _, g := range a.Guards {
			if i == at || !refuses(g) || has(group[at], g) || slices.ContainsFunc(out, func(h routes.Guard) bool { return g.Name == h.Name && g.Attached == h.Attached }) {
				continue
			}
			if len(a.conds) > 0 {
				g.If, g.Settings = withConditions(g, a.conds)
				g.Why = "applies only if " + allOf(a.conds) + ", which by default is not so"
				g.Reached = reachedBy(g.Reached, a.conds)
			}
			g.Kind, g.Switched = routes.KindOptional, true
			out = append(out, g)
		}
	}
	if out == nil {
		return []routes.Guard{}
	}
	return out
}

func refuses(g routes.Guard) bool { return g.Kind == routes.KindAuth || g.Kind == routes.KindRole }

// withConditions adds conditions to those that a guard has of its own.
func withConditions(g routes.Guard, conds []condition) (is, settings string) {
	is, settings = allBare(conds), settingsText(conds)
	if g.If != "" && g.If != is {
		is = g.If + " and " + is
	}
	if g.Settings != "" && g.Settings != settings {
		settings = strings.TrimPrefix(settings+"; "+g.Settings, "; ")
	}
	return is, settings
}

// reachedBy adds the places of the defaults that conditions rest on.
func reachedBy(spans []routes.Span, conds []condition) []routes.Span {
	for _, c := range conds {
		span := routes.Span{File: c.at.file, Line: int(c.at.line), End: int(c.at.line)}
		if c.at.line > 0 && !slices.Contains(spans, span) {
			spans = append(slices.Clip(spans), span)
		}
	}
	return spans
}

// inAll are the conditions that all alternatives have.
func inAll(group []alternative) []condition {
	return slices.DeleteFunc(slices.Clone(group[0].conds), func(c condition) bool {
		return slices.ContainsFunc(group[1:], func(a alternative) bool { return !c.in(a.conds) })
	})
}

// guardedBy names what makes a route more than public.
func guardedBy(guards []routes.Guard) string {
	for _, kind := range []string{routes.KindRole, routes.KindAuth} {
		if i := slices.IndexFunc(guards, func(g routes.Guard) bool { return g.Kind == kind }); i >= 0 {
			return ", by " + guardLabel(guards[i])
		}
	}
	return ""
}

// repeated leaves out what one line registers more than once: what always is, or
// else what is by default, speaks for the rest.
func repeated(all []alternative) []alternative {
	at := map[string]int{}
	var out []alternative
	for _, a := range all {
		// A group that is one of two gives a route twice, with the guards of each.
		k := fmt.Sprintf("%s %s %s %s %s %d", a.Server, a.Method, a.Path, a.Access, a.Registered.File, a.Registered.Line)
		i, ok := at[k]
		if !ok {
			at[k] = len(out)
			out = append(out, a)
			continue
		}
		if b := out[i]; len(a.conds) == 0 && len(b.conds) > 0 || a.usual() && !b.usual() {
			out[i] = a
		}
	}
	return out
}

// dependsOn are the conditions of a registration: its own, and those that its
// router, or what that is mounted in, was made under.
func (m *machine) dependsOn(r *record) []condition {
	out := r.conds
	on := r.r
	for range maxNested {
		made := slices.DeleteFunc(slices.Clone(on.conds), func(c condition) bool { return c.unclear || c.after })
		out = distinctConditions(out, made)
		if len(on.parents) == 0 {
			break
		}
		on = on.parents[0].to
	}
	return out
}

func sorted(rs []routes.Route) []routes.Route {
	sort.SliceStable(rs, func(i, j int) bool {
		if rs[i].Path != rs[j].Path {
			return rs[i].Path < rs[j].Path
		}
		return rs[i].Method < rs[j].Method
	})
	return rs
}
