package findings

import (
	"slices"
	"sort"
	"strings"

	"github.com/launchgate/launchgate/app/review"
)

// RouteChanges compares two route inventories by guard chain, not by line: what
// was added, removed, moved to another path, or is now reached through other
// guards. Middleware that has no say in who is let in (logging, compression) does
// not count. The result is sorted by what a reader should see first: public and
// unresolved additions, then routes that lost something, then the rest. diff is
// used to follow renamed files.
func RouteChanges(base, head []review.Route, diff review.Diff) []review.RouteChange {
	var changes []review.RouteChange
	said := make(map[string]bool)
	for _, p := range pairRoutes(base, head, diff) {
		c, ok := p.change()
		if !ok {
			continue
		}
		// A package that belongs to several programs shows its routes in each.
		if k := changeKey(c); !said[k] {
			said[k] = true
			changes = append(changes, c)
		}
	}
	sort.SliceStable(changes, func(i, j int) bool {
		if a, b := concern(changes[i]), concern(changes[j]); a != b {
			return a > b
		}
		a, b := routeOf(changes[i]), routeOf(changes[j])
		if a.Path != b.Path {
			return a.Path < b.Path
		}
		return a.Method < b.Method
	})
	return changes
}

func changeKey(c review.RouteChange) string {
	var b strings.Builder
	b.WriteString(c.Change)
	for _, r := range []*review.Route{c.Before, c.After} {
		if r != nil {
			b.WriteString("\x00" + r.Key() + "\x00" + r.Access.String() + "\x00" + r.Registered.File + "\x00" + signature(*r))
		}
	}
	return b.String()
}

// pair is one route before and after; either may be nil.
type pair struct{ before, after *review.Route }

func (p pair) change() (review.RouteChange, bool) {
	switch {
	case p.before == nil:
		return review.RouteChange{Change: "added", After: p.after}, true
	case p.after == nil:
		return review.RouteChange{Change: "removed", Before: p.before}, true
	}
	c := review.RouteChange{Change: "changed", Before: p.before, After: p.after}
	diff := compareChains(*p.before, *p.after)
	for _, l := range diff.lost {
		c.Lost = append(c.Lost, l.base.Label())
	}
	c.Lost, c.Gained = append(c.Lost, diff.replaced...), diff.gained
	if p.before.Access != p.after.Access || len(c.Lost) > 0 || len(c.Gained) > 0 || p.before.Off != p.after.Off {
		return c, true
	}
	c.Change = "moved"
	return c, review.CanonicalPath(p.before.Path) != review.CanonicalPath(p.after.Path)
}

// pairRoutes says which route of the head is which of the base, from what is
// certainly the same to what is the same in all but one thing: its guards, the
// file of its server, the names of its parameters, its path, its method.
func pairRoutes(base, head []review.Route, diff review.Diff) []pair {
	renamed := make(map[string]string)
	for _, f := range diff.Files {
		if f.OldPath != "" && f.OldPath != f.Path {
			renamed[f.OldPath] = f.Path
		}
	}
	file := func(name string) string {
		if to, ok := renamed[name]; ok {
			return to
		}
		return name
	}
	stages := []func(r review.Route, file func(string) string) string{
		func(r review.Route, file func(string) string) string {
			return strings.Join([]string{file(r.Server), r.Key(), r.Handler.Func, r.Access.String(), signature(r)}, "\x00")
		},
		func(r review.Route, file func(string) string) string {
			return strings.Join([]string{file(r.Server), r.Key(), r.Handler.Func}, "\x00")
		},
		func(r review.Route, file func(string) string) string { return file(r.Server) + "\x00" + r.Key() },
		func(r review.Route, _ func(string) string) string {
			return r.Method + " " + review.CanonicalPath(r.Path)
		},
		func(r review.Route, file func(string) string) string {
			if r.Handler.File == "" || strings.Contains(r.Handler.Func, "$") {
				return "" // a literal's name says nothing
			}
			return strings.Join([]string{r.Method, r.Handler.Func, file(r.Handler.File)}, "\x00")
		},
	}
	same := func(name string) string { return name }
	before, after := make([]int, len(head)), make([]bool, len(base)) // partner of a head; whether a base has one
	for i := range before {
		before[i] = -1
	}
	for _, key := range stages {
		waiting := make(map[string][]int)
		for i, r := range base {
			if k := key(r, file); !after[i] && k != "" {
				waiting[k] = append(waiting[k], i)
			}
		}
		for i, r := range head {
			if before[i] >= 0 {
				continue
			}
			k := key(r, same)
			if list := waiting[k]; k != "" && len(list) > 0 {
				before[i], after[list[0]] = list[0], true
				waiting[k] = list[1:]
			}
		}
	}
	paths := make(map[string][]int) // of the base's routes
	for i, r := range base {
		k := review.CanonicalPath(r.Path)
		paths[k] = append(paths[k], i)
	}
	var out []pair
	for i := range head {
		p := pair{after: &head[i]}
		if before[i] >= 0 {
			p.before = &base[before[i]]
		} else if b := answered(base, paths[review.CanonicalPath(head[i].Path)], head[i], file); b >= 0 {
			p.before, after[b] = &base[b], true
		}
		out = append(out, p)
	}
	for i := range base {
		if !after[i] {
			out = append(out, pair{before: &base[i]})
		}
	}
	return out
}

// answered finds, among the routes of the base with the path of r, the one that
// answered a request for r: one route for every method became several, or the
// other way round, or a route is registered once more. Another server's route of
// that path is none, unless it has r's handler. Of several it takes the most
// guarded one.
func answered(base []review.Route, candidates []int, r review.Route, file func(string) string) int {
	best := -1
	for _, i := range candidates {
		b := base[i]
		if b.Method != r.Method && b.Method != "*" && r.Method != "*" {
			continue
		}
		if file(b.Server) != r.Server && (r.Handler.File == "" || b.Handler.Func != r.Handler.Func || file(b.Handler.File) != r.Handler.File) {
			continue
		}
		if best < 0 || openness(b.Access) < openness(base[best].Access) {
			best = i
		}
	}
	return best
}

// signature is what of a chain has a say in who is let in.
func signature(r review.Route) string {
	var parts []string
	for _, g := range r.Guards {
		if decides(g) {
			parts = append(parts, g.Name, g.Kind, g.If)
		}
	}
	return strings.Join(parts, "\x01")
}

// decides reports whether a guard has a say in who is let in. One that exempts the
// route by its path has none.
func decides(g review.Guard) bool { return g.Kind != "other" && g.Kind != "parser" && !g.Exempt }

// strength orders what a guard does by how many it turns away.
func strength(g review.Guard) int {
	if g.Exempt {
		return 0
	}
	n := map[string]int{review.GuardRole: 8, review.GuardAuthentication: 6, review.GuardSignature: 5, "": 5, review.GuardUnresolved: 4, "optional": 2}[g.Kind]
	if g.Kind == review.GuardAuthentication && namesRole(g.Name) {
		n++ // by its name it asks for more than was seen
	}
	if g.If != "" {
		n--
	}
	if g.Believes {
		n -= 3 // above one that lets everybody pass, below every one that verifies
	}
	return n
}

// namesRole reports whether a guard's name speaks of more than a login. It is
// weak evidence: enough to ask why such a guard was taken away.
func namesRole(name string) bool {
	low := strings.ToLower(name)
	for _, w := range []string{"admin", "superuser", "staff", "role", "permission", "owner"} {
		if strings.Contains(low, w) {
			return true
		}
	}
	return false
}

// loss is a guard that a route had and that no longer does what it did.
type loss struct {
	base review.Guard
	head *review.Guard // the same guard, which now lets more pass; nil if it is gone
}

// chains is how the guards of a route differ between two versions.
type chains struct {
	// lost have no counterpart of at least their strength, neither of the same
	// name nor one that came in their place.
	lost []loss
	// replaced are the names of those that another took the place of, gained of
	// what is new or stronger than it was.
	replaced, gained []string
}

// compareChains compares what has a say in who is let in. A handler's own check
// goes by the handler, whatever its name.
func compareChains(before, after review.Route) chains {
	own := func(r review.Route, g review.Guard) bool { return r.Handler.File != "" && g.Name == r.Handler.Func }
	matched, fresh := make([]bool, len(after.Guards)), make([]bool, len(after.Guards))
	var c chains
	var weaker []loss
	// One function may stand in a chain several times, made with other arguments:
	// what is as it was goes first.
	unchanged := make([]bool, len(before.Guards))
	for i, g := range before.Guards {
		for j, h := range after.Guards {
			if !matched[j] && h.Name == g.Name && h.Kind == g.Kind && h.If == g.If && h.Believes == g.Believes {
				unchanged[i], matched[j] = true, true
				break
			}
		}
	}
	for i, g := range before.Guards {
		if unchanged[i] || !decides(g) {
			continue
		}
		same := -1
		for i, h := range after.Guards {
			if !matched[i] && (h.Name == g.Name || own(before, g) && own(after, h)) && (same < 0 || strength(h) > strength(after.Guards[same])) {
				same = i
			}
		}
		if same < 0 {
			weaker = append(weaker, loss{base: g})
			continue
		}
		matched[same] = true
		switch h := &after.Guards[same]; {
		case strength(*h) < strength(g):
			weaker = append(weaker, loss{base: g, head: h})
		case strength(*h) > strength(g):
			fresh[same] = true // what it asks for more may be what another asked for
			c.gained = append(c.gained, h.Label())
		}
	}
	for i, h := range after.Guards {
		if !matched[i] && decides(h) {
			fresh[i] = true
			c.gained = append(c.gained, h.Label())
		}
	}
	// One new guard takes one's place, and one that asks for a role that of a login
	// too, which it takes for granted. The strongest are looked after first.
	slices.SortStableFunc(weaker, func(a, b loss) int { return strength(b.base) - strength(a.base) })
	roles := false
	for _, l := range weaker {
		instead := -1
		for i, h := range after.Guards {
			if fresh[i] && strength(h) >= strength(l.base) && (instead < 0 || strength(h) < strength(after.Guards[instead])) {
				instead = i
			}
		}
		login := l.base.Kind == review.GuardAuthentication && !namesRole(l.base.Name)
		if instead >= 0 || login && roles && l.head == nil {
			if instead >= 0 {
				fresh[instead] = false
				roles = roles || after.Guards[instead].Kind == review.GuardRole
			}
			c.replaced = append(c.replaced, l.base.Label())
			continue
		}
		c.lost = append(c.lost, l)
	}
	return c
}

// concern orders changes by how much they open the front door.
func concern(c review.RouteChange) int {
	switch {
	case c.Change == "added" && c.After.Access == review.Public:
		return 5
	case c.Change == "changed" && openTo(c.After) > openTo(c.Before):
		return 4
	case c.Change == "changed" && c.Before.Off && !c.After.Off && c.After.Access == review.Public:
		return 4
	case c.Change == "added" && c.After.Access == review.Unresolved:
		return 3
	case c.Change == "changed" && len(c.Lost) > 0:
		return 2
	case c.Change == "removed":
		return 0
	}
	return 1
}

// openness orders access levels from closed to open; what could not be told
// counts as more open than a login.
func openness(a review.Access) int {
	return map[review.Access]int{review.Role: 0, review.Authenticated: 1, review.Unresolved: 2, review.Public: 3}[a]
}

// openTo is the openness of a route. One that only a service can call which signs
// what it sends is public, and is opened by a change that no longer checks that.
func openTo(r *review.Route) int {
	if r.Access == review.Public && signed(r) {
		return openness(review.Unresolved)
	}
	return openness(r.Access)
}

// signed reports whether a route checks the signature of what is sent.
func signed(r *review.Route) bool {
	return slices.ContainsFunc(r.Guards, func(g review.Guard) bool { return g.Kind == review.GuardSignature })
}

func routeOf(c review.RouteChange) *review.Route {
	if c.After != nil {
		return c.After
	}
	return c.Before
}
