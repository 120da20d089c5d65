package authz

import (
	"fmt"
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/routes"
)

// Guard is a function that the policy declares to be a guard.
type Guard struct {
	// Name is the function's name as the inventory shows it, "RequireOrg" or
	// "Auth.Require"; a package's name may stand before it, "auth.RequireOrg".
	Name string
	// Role: it asks for a role or permission, not only for an identity.
	Role bool
}

// declare applies the policy's guards to a route: those in its chain, and those
// its handler calls.
func declare(r *routes.Route, guards []Guard, c *calls) {
	if len(guards) == 0 {
		return
	}
	for i := range r.Guards {
		g := &r.Guards[i]
		for _, d := range guards {
			if named(d.Name, g.Name) {
				g.Kind, g.Why, g.Flaw, g.FlawAt, g.Exempt, g.Believes = kindOf(d), "named as a guard in the policy", "", routes.Place{}, false, false
			}
		}
	}
	for _, d := range guards {
		if r.Handler.File != "" && c.any(r.Handler, func(name string) bool { return named(d.Name, name) }) {
			at := routes.Place{File: r.Handler.File, Line: r.Handler.Line}
			r.Guards = append(r.Guards, routes.Guard{Name: d.Name, Kind: kindOf(d), Why: "the handler calls it, and it is named as a guard in the policy",
				File: at.File, Line: at.Line, Attached: at})
		}
	}
	settle(r)
}

func kindOf(g Guard) string {
	if g.Role {
		return routes.KindRole
	}
	return routes.KindAuth
}

// named reports whether a function is the one a declared name means: the name
// itself, or one that ends in it after a dot or a slash.
func named(declared, name string) bool {
	return name == declared || strings.HasSuffix(name, "."+declared) || strings.HasSuffix(name, "/"+declared)
}

// settle decides a route's access anew from its guards. What was unresolved for
// another reason than a guard stays so.
func settle(r *routes.Route) {
	access := routes.Public
	for _, g := range r.Guards {
		switch {
		case g.Kind == routes.KindRole:
			access = routes.Role
		case g.Kind == routes.KindAuth && access != routes.Role:
			access = routes.Authenticated
		}
	}
	if access != routes.Public {
		r.Access = access
	}
}

// quorum says when siblings speak for a group: at least minSiblings of them, and
// four of five.
const minSiblings = 4

// custom is what most routes around a route do and it does not.
type custom struct {
	guard     routes.Guard
	with, of  int
	prefix    string
	roleCheck bool
}

func (c custom) String() string {
	return fmt.Sprintf("%d of %d routes under %s go through %s, this one does not", c.with, c.of, c.prefix, c.guard.Name)
}

// siblings knows the habits of an inventory's groups.
type siblings struct {
	under map[string][]int
	all   []routes.Route
}

func newSiblings(rs []routes.Route) *siblings {
	s := &siblings{under: map[string][]int{}, all: rs}
	for i, r := range rs {
		for _, p := range prefixes(r) {
			s.under[p] = append(s.under[p], i)
		}
	}
	return s
}

// prefixes are the groups a route belongs to by its path, the closest first. The
// top of a server is no group: what its routes have in common says little.
func prefixes(r routes.Route) []string {
	segs := strings.Split(strings.Trim(r.Path, "/"), "/")
	var out []string
	for n := len(segs) - 1; n >= 1; n-- {
		out = append(out, r.Server+"\x00/"+strings.Join(segs[:n], "/"))
	}
	return out
}

// habit finds a guard of the closest group that has one and that r lacks. The
// guard refuses, or (its name alone says so) may; role asks for guards that
// check a role.
func (s *siblings) habit(r routes.Route, role bool) (custom, bool) {
	for _, p := range prefixes(r) {
		group := s.under[p]
		count := map[string]int{}
		var example = map[string]routes.Guard{}
		of := 0
		for _, i := range group {
			o := s.all[i]
			if o.Key() == r.Key() || o.Expected != "" {
				continue
			}
			of++
			seen := map[string]bool{}
			for _, g := range o.Guards {
				counts := g.Kind == routes.KindRole || !role && (g.Kind == routes.KindAuth || g.Kind == routes.KindUnresolved)
				// A check in a handler is that handler's own.
				if counts && !seen[g.Name] && g.Name != o.Handler.Func {
					seen[g.Name] = true
					count[g.Name]++
					example[g.Name] = g
				}
			}
		}
		best := custom{prefix: p[strings.IndexByte(p, 0)+1:], of: of, roleCheck: role}
		for name, n := range count {
			if n > best.with || n == best.with && name < best.guard.Name {
				best.with, best.guard = n, example[name]
			}
		}
		if of < minSiblings {
			continue
		}
		lacks := !slices.ContainsFunc(r.Guards, func(g routes.Guard) bool { return g.Name == best.guard.Name })
		if best.with >= minSiblings-1 && best.with*5 >= of*4 && lacks {
			return best, true
		}
		return custom{}, false // the closest group that is large enough has no such habit
	}
	return custom{}, false
}
