package findings

import (
	"slices"
	"sort"

	"github.com/launchgate/launchgate/app/review"
)

// RouteChanges compares two route inventories by guard chain, not by line: what
// was added, removed, or is now reached through other guards. The result is
// sorted by what a reader should see first: public and unresolved additions,
// then routes that lost something, then the rest.
func RouteChanges(base, head []review.Route) []review.RouteChange {
	type id struct{ server, method, path string }
	before := make(map[id]*review.Route, len(base))
	for i, r := range base {
		before[id{r.Server, r.Method, r.Path}] = &base[i]
	}
	var changes []review.RouteChange
	seen := make(map[id]bool, len(head))
	for i, r := range head {
		k := id{r.Server, r.Method, r.Path}
		if seen[k] {
			continue
		}
		seen[k] = true
		old, ok := before[k]
		if !ok {
			changes = append(changes, review.RouteChange{Change: "added", After: &head[i]})
			continue
		}
		lost, gained := chainDiff(old.Guards, r.Guards), chainDiff(r.Guards, old.Guards)
		if old.Access != r.Access || len(lost) > 0 || len(gained) > 0 {
			changes = append(changes, review.RouteChange{Change: "changed", Before: old, After: &head[i], Lost: lost, Gained: gained})
		}
	}
	for i, r := range base {
		k := id{r.Server, r.Method, r.Path}
		if !seen[k] {
			seen[k] = true
			changes = append(changes, review.RouteChange{Change: "removed", Before: &base[i]})
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

// chainDiff returns the names of a that b lacks, counted.
func chainDiff(a, b []review.Guard) []string {
	var rest []string
	for _, g := range b {
		rest = append(rest, g.Name)
	}
	var out []string
	for _, g := range a {
		if i := slices.Index(rest, g.Name); i >= 0 {
			rest = slices.Delete(rest, i, i+1)
			continue
		}
		out = append(out, g.Name)
	}
	return out
}

// concern orders changes by how much they open the front door.
func concern(c review.RouteChange) int {
	switch {
	case c.Change == "added" && c.After.Access == review.Public:
		return 5
	case c.Change == "changed" && openness(c.After.Access) > openness(c.Before.Access):
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

func routeOf(c review.RouteChange) *review.Route {
	if c.After != nil {
		return c.After
	}
	return c.Before
}
