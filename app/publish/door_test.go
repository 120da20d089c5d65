package publish_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/launchgate/launchgate/app/publish"
	"github.com/launchgate/launchgate/app/review"
)

// TestRouteDiffOpensWithWhatMatters: the first sentence of the check.
func TestRouteDiffOpensWithWhatMatters(t *testing.T) {
	at := func(access review.Access, expected string) *review.Route {
		return &review.Route{Method: "GET", Path: "/orders", Access: access, Expected: expected}
	}
	tests := []struct {
		name    string
		changes []review.RouteChange
		want    string
	}{
		{"routes that got a guard", []review.RouteChange{
			{Change: "changed", Before: at(review.Public, ""), After: at(review.Role, ""), Gained: []string{"Perm"}},
			{Change: "changed", Before: at(review.Authenticated, ""), After: at(review.Role, ""), Gained: []string{"Perm"}},
		}, "**2 routes ask for more than before.**"},
		{"one of each", []review.RouteChange{
			{Change: "added", After: at(review.Public, "")},
			{Change: "added", After: at(review.Public, "health check")},
			{Change: "changed", Before: at(review.Public, ""), After: at(review.Authenticated, ""), Gained: []string{"Auth"}},
			{Change: "added", After: at(review.Unresolved, "")},
		}, "**+2 public routes (1 as one would expect), 1 route asks for more than before, 1 unresolved.**"},
		{"a guard in place of another", []review.RouteChange{
			{Change: "changed", Before: at(review.Authenticated, ""), After: at(review.Authenticated, ""), Lost: []string{"Old"}, Gained: []string{"New"}},
		}, "**1 route changes, none opens.**"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, _, _ := strings.Cut(publish.RouteChangesMarkdown(tt.changes), "\n")
			if got != tt.want {
				t.Errorf("opens with\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

// A guard that stands in a chain several times is named once.
func TestGainedGuardsAreNamedOnce(t *testing.T) {
	r := func(a review.Access) *review.Route { return &review.Route{Method: "GET", Path: "/a", Access: a} }
	list := []review.RouteChange{{Change: "changed", Before: r(review.Public), After: r(review.Role), Gained: []string{"auth", "auth", "need", "need"}}}
	if text := publish.RouteChangesText(list, publish.TextOptions{}); !strings.Contains(text, "gained auth and need\n") {
		t.Errorf("the change is told as %q", text)
	}
	if text := publish.RouteChangesMarkdown(list); !strings.Contains(text, "gained `auth` and `need` |") {
		t.Errorf("the change is told as %q", text)
	}
}

// A guard that is put on a group is one row, however many routes the group has; what
// lost a guard is named route by route.
func TestRowsOfAGuardedGroup(t *testing.T) {
	var list []review.RouteChange
	add := func(path string, before, after review.Access, lost, gained []string) {
		chain := func(names []string) (out []review.Guard) {
			for _, n := range names {
				out = append(out, review.Guard{Name: n, Kind: review.GuardAuthentication})
			}
			return out
		}
		list = append(list, review.RouteChange{Change: "changed", Lost: lost, Gained: gained,
			Before: &review.Route{Method: "GET", Path: path, Access: before, Guards: chain(lost)}, After: &review.Route{Method: "GET", Path: path, Access: after, Guards: chain(gained)}})
	}
	for _, p := range []string{"/a", "/b", "/c", "/d"} {
		add("/lost"+p, review.Authenticated, review.Public, []string{"Auth"}, nil)
	}
	for _, p := range []string{"/a", "/b", "/c", "/d", "/e"} {
		add(p, review.Public, review.Authenticated, nil, []string{"Auth"})
	}
	for _, p := range []string{"/a", "/b", "/c"} {
		add("/swap"+p, review.Authenticated, review.Authenticated, []string{"Old"}, []string{"New"})
	}
	add("/two", review.Authenticated, review.Role, nil, []string{"Admin"})
	add("/three", review.Authenticated, review.Role, nil, []string{"Admin"})

	md, text := publish.RouteChangesMarkdown(list), publish.RouteChangesText(list, publish.TextOptions{})
	for _, want := range []string{
		"| changed | 5 routes: `GET /a`, `GET /b`, `GET /c`, 2 more | public → **authenticated** | gained `Auth` |\n",
		"| changed | 3 routes: `GET /swap/a`, `GET /swap/b`, `GET /swap/c` | authenticated | lost `Old`; gained `New` |\n",
		"| changed | `GET /lost/d` |", "| changed | `GET /two` |", "| changed | `GET /three` |",
	} {
		if !strings.Contains(md, want) {
			t.Errorf("no %q in\n%s", want, md)
		}
	}
	if want := "5 routes: GET /a, GET /b, GET /c, 2 more  public -> authenticated, gained Auth\n"; !strings.Contains(text, want) {
		t.Errorf("no %q in\n%s", want, text)
	}
}

// However many rows there are, the sum above the table and the totals below it are
// there, and the summary fits.
func TestTotalsOfFiveThousandRoutes(t *testing.T) {
	var o review.Outcome
	o.Target.Base = "b"
	for i := range 5000 {
		path := fmt.Sprintf("/things/%d/%s", i, strings.Repeat("|`<b>", 8))
		before, after := review.Route{Method: "GET", Path: path, Access: review.Authenticated}, review.Route{Method: "GET", Path: path, Access: review.Public}
		o.Routes = append(o.Routes, after)
		o.RouteChanges = append(o.RouteChanges, review.RouteChange{Change: "changed", Before: &before, After: &after, Lost: []string{"Auth"}})
	}
	md := publish.Markdown(o, nil)
	for _, want := range []string{"**5000 routes lost `Auth`.**", "5000 routes in all: 5000 public, 0 authenticated, 0 with a role, 0 unresolved.", "more rows are left out"} {
		if !strings.Contains(md, want) {
			t.Errorf("no %q in the summary of %d bytes", want, len(md))
		}
	}
	if len(md) > 60_000 {
		t.Errorf("the summary has %d bytes", len(md))
	}
}
