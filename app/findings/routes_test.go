package findings_test

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/launchgate/launchgate/app/findings"
	"github.com/launchgate/launchgate/app/review"
)

func route(method, path string, access review.Access, guards ...string) review.Route {
	r := review.Route{Method: method, Path: path, Access: access}
	for _, g := range guards {
		r.Guards = append(r.Guards, review.Guard{Name: g})
	}
	return r
}

func TestRouteChanges(t *testing.T) {
	base := []review.Route{
		route("GET", "/health", review.Public),
		route("GET", "/members", review.Authenticated, "Recovery", "RequireMember"),
		route("POST", "/admin/users", review.Role, "RequireMember", "RequireAdmin"),
		route("GET", "/old", review.Authenticated, "RequireMember"),
	}
	head := []review.Route{
		route("GET", "/health", review.Public),
		route("GET", "/members", review.Authenticated, "Recovery", "RequireMember", "Log"),
		route("POST", "/admin/users", review.Authenticated, "RequireMember"),
		route("GET", "/export", review.Public),
		route("GET", "/mystery", review.Unresolved),
	}
	var got []string
	for _, c := range findings.RouteChanges(base, head, review.Diff{}) {
		r := c.After
		if r == nil {
			r = c.Before
		}
		got = append(got, fmt.Sprintf("%s %s %s lost=%v gained=%v", c.Change, r.Method, r.Path, c.Lost, c.Gained))
	}
	want := []string{
		"added GET /export lost=[] gained=[]",
		"changed POST /admin/users lost=[RequireAdmin] gained=[]",
		"added GET /mystery lost=[] gained=[]",
		"changed GET /members lost=[] gained=[Log]",
		"removed GET /old lost=[] gained=[]",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("changes:\n%q\nwant:\n%q", got, want)
	}
}

func TestRouteChangesIgnoresMovedLines(t *testing.T) {
	a, b := route("GET", "/x", review.Authenticated, "Auth"), route("GET", "/x", review.Authenticated, "Auth")
	b.Registered.Line, b.Handler.Line, b.Guards[0].Line = 99, 98, 97
	if got := findings.RouteChanges([]review.Route{a}, []review.Route{b}, review.Diff{}); len(got) != 0 {
		t.Errorf("%d changes for moved lines, want none", len(got))
	}
}
