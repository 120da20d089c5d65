package findings_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/launchgate/launchgate/app/findings"
	"github.com/launchgate/launchgate/app/review"
)

// guarded is a route with one guard, attached at a line of its own.
func guarded(method, path string, registered int, guard review.Guard) review.Route {
	r := route(method, path, review.Authenticated)
	r.Handler = review.Symbol{Func: "serve" + path, File: "h.go", Line: 1}
	r.Registered = review.FileLine{File: "r.go", Line: registered}
	if guard.Kind == review.GuardRole {
		r.Access = review.Role
	}
	if guard.Name != "" {
		guard.File, guard.Line = "g.go", 1
		r.Guards = []review.Guard{guard}
	} else {
		r.Access = review.Public
	}
	return r
}

func auth(line int) review.Guard {
	return review.Guard{Name: "Auth", Kind: review.GuardAuthentication, Attached: review.FileLine{File: "r.go", Line: line}, Refused: review.FileLine{File: "g.go", Line: 5},
		Reached: []review.Lines{{File: "g.go", Line: 1, End: 9}}}
}

// analysed is what the analyzer says of a public route.
func analysed(r review.Route) review.Finding {
	return review.Finding{Rule: "authz/missing", Severity: review.SeverityHigh, Confidence: review.ConfidenceMedium, Symbol: r.Handler.Func, Key: r.Key(), Routes: []string{r.Key()},
		Place: review.Place{Path: r.Registered.File, Line: r.Registered.Line}, Message: r.Key() + " can be called by anybody"}
}

func changed(path, ops string, old, new int) review.FileDiff {
	return review.FileDiff{Path: path, OldPath: path, Status: review.FileModified, Hunks: []review.Hunk{{OldStart: old, NewStart: new, Ops: ops}}}
}

func TestAuthzFindsTheCause(t *testing.T) {
	none := review.Guard{}
	optional := auth(3)
	optional.Kind, optional.Why, optional.Refused = "optional", "lets requests without an identity pass", review.FileLine{}
	conditional := auth(4)
	conditional.If = "cfg.Auth"
	role := auth(3)
	role.Name, role.Kind = "Admin", review.GuardRole
	through := guarded("GET", "/x", 20, none)
	through.Through = []review.FileLine{{File: "main.go", Line: 7}}
	message := auth(3)
	message.Kind = review.GuardSignature
	signed := guarded("GET", "/x", 10, message)
	signed.Access, signed.Expected = review.Public, "webhook that verifies its signature"
	tests := []struct {
		name       string
		base, head review.Route
		diff       []review.FileDiff
		want       string
	}{
		{"the guard's line is gone", guarded("GET", "/x", 10, auth(3)), guarded("GET", "/x", 9, none), []review.FileDiff{changed("r.go", " - ", 2, 2)}, "r.go:3 LEFT authz/lost-guard"},
		{"the guard's line is gone and others came in its place", guarded("GET", "/x", 10, auth(3)), guarded("GET", "/x", 11, none), []review.FileDiff{changed("r.go", " -++ ", 2, 2)}, "r.go:3 LEFT authz/lost-guard"},
		{"the route's own line brought the guard and was replaced", guarded("GET", "/x", 10, auth(10)), guarded("GET", "/x", 10, none), []review.FileDiff{changed("r.go", " -+ ", 9, 9)}, "r.go:10 RIGHT authz/lost-guard"},
		{"the route is registered elsewhere", guarded("GET", "/x", 10, auth(3)), guarded("GET", "/x", 14, none), []review.FileDiff{changed("r.go", " - ", 9, 9), changed("r.go", " + ", 14, 13)}, "r.go:14 RIGHT authz/lost-guard"},
		{"a call on the way was changed", guarded("GET", "/x", 20, auth(3)), through, []review.FileDiff{changed("main.go", " -+ ", 6, 6)}, "main.go:7 RIGHT authz/lost-guard"},
		{"the guard's refusal is gone", guarded("GET", "/x", 10, auth(3)), guarded("GET", "/x", 10, optional), []review.FileDiff{changed("g.go", " - ", 4, 4)}, "g.go:5 LEFT authz/optional-guard"},
		{"the guard has more ways out", guarded("GET", "/x", 10, auth(3)), guarded("GET", "/x", 10, optional), []review.FileDiff{changed("g.go", " + ", 1, 1)}, "g.go:2 RIGHT authz/optional-guard"},
		{"a condition around the guard", guarded("GET", "/x", 10, auth(3)), guarded("GET", "/x", 12, conditional), []review.FileDiff{changed("r.go", " -+++ ", 2, 2)}, "r.go:4 RIGHT authz/optional-guard"},
		{"a role became a login", guarded("GET", "/x", 10, role), guarded("GET", "/x", 10, auth(3)), []review.FileDiff{changed("r.go", " -+ ", 2, 2)}, "r.go:3 LEFT authz/lost-guard"},
		{"a webhook no longer checks the signature, and was as public before", signed, guarded("GET", "/x", 10, none), []review.FileDiff{changed("g.go", " - ", 4, 4)}, "g.go:5 LEFT authz/lost-guard"},
		{"nothing in the diff says why", guarded("GET", "/x", 10, auth(3)), guarded("GET", "/x", 10, none), []review.FileDiff{changed("other.go", " + ", 1, 1)}, "r.go:10 RIGHT authz/lost-guard unsure"},
		{"a new route, on a line that was there", review.Route{}, through, []review.FileDiff{changed("main.go", " + ", 6, 6)}, "main.go:7 RIGHT authz/missing"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := findings.AuthzInput{Head: []review.Route{tt.head}, Diff: review.Diff{Files: tt.diff}}
			if len(tt.diff) == 2 && tt.diff[0].Path == tt.diff[1].Path {
				in.Diff.Files = tt.diff[:1]
				in.Diff.Files[0].Hunks = append(in.Diff.Files[0].Hunks, tt.diff[1].Hunks...)
			}
			if tt.base.Path != "" {
				in.Base = []review.Route{tt.base}
			}
			if tt.head.Access == review.Public {
				in.Findings = findings.Compare([]review.Finding{analysed(tt.head)}, nil, in.Diff)
			}
			got := findings.Authz(in)
			if len(got) != 1 {
				t.Fatalf("%d findings: %+v", len(got), got)
			}
			f := got[0]
			where := fmt.Sprintf("%s:%d %s %s", f.Place.Path, f.Place.Line, f.Place.Side, f.Rule)
			if f.Rule != "authz/missing" && f.Confidence != review.ConfidenceHigh {
				where += " unsure"
			}
			if where != tt.want || !reflect.DeepEqual(f.Routes, []string{"GET /x"}) || f.Origin != review.Introduced || f.Fingerprint == "" {
				t.Errorf("%s (%s), routes %v; want %s", where, f.Message, f.Routes, tt.want)
			}
		})
	}
}

// TestAuthzOneFindingForEachCause: ten routes behind one deleted line are one
// finding; what the ledger has and what is open anyway are told apart.
func TestAuthzOneFindingForEachCause(t *testing.T) {
	var in findings.AuthzInput
	var raw []review.Finding
	for i := range 10 {
		path := fmt.Sprintf("/r%d", i)
		in.Base = append(in.Base, guarded("GET", path, 10+i, auth(3)))
		h := guarded("GET", path, 9+i, review.Guard{})
		in.Head = append(in.Head, h)
		raw = append(raw, analysed(h))
	}
	in.Diff = review.Diff{Files: []review.FileDiff{changed("r.go", " - ", 2, 2)}}
	in.Findings = findings.Compare(raw, nil, in.Diff)
	in.Meant = func(method, path string) bool { return path == "/r7" }
	got := findings.Authz(in)
	if len(got) != 2 || len(got[0].Routes)+len(got[1].Routes) != 10 || len(got[1].Routes) != 1 || got[1].Routes[0] != "GET /r7" {
		t.Fatalf("got %d findings: %+v", len(got), got)
	}
	if !strings.Contains(got[0].Message, "9 routes (GET /r0, GET /r1, GET /r2, 6 more)") {
		t.Errorf("the message reads %q", got[0].Message)
	}
	again := findings.Authz(in)
	if !reflect.DeepEqual(got, again) {
		t.Error("the same input gave other findings")
	}
}

// TestAuthzWhatWasOpenIsNotThisChangesDoing: routes that were public before, by
// another file, parameter, handler, server or method, are existing.
func TestAuthzWhatWasOpenIsNotThisChangesDoing(t *testing.T) {
	was := guarded("GET", "/users/:id", 10, review.Guard{})
	for name, change := range map[string]func(*review.Route){
		"file":      func(r *review.Route) { r.Registered.File = "new.go" },
		"parameter": func(r *review.Route) { r.Path = "/users/{user}" },
		"handler":   func(r *review.Route) { r.Handler.Func = "other" },
		"server":    func(r *review.Route) { r.Server = "server.go" },
		"path":      func(r *review.Route) { r.Path = "/v2/users/:id" },
		"method":    func(r *review.Route) { r.Method = "*" },
	} {
		now := was
		change(&now)
		in := findings.AuthzInput{Base: []review.Route{was}, Head: []review.Route{now}}
		in.Findings = findings.Compare([]review.Finding{analysed(now)}, []review.Finding{analysed(was)}, review.Diff{})
		if got := findings.Authz(in); len(got) != 1 || got[0].Origin != review.Existing {
			t.Errorf("another %s: %+v", name, got)
		}
	}
}

// TestRoutesRegisteredTwiceAreNotConfused: a route with and without a guard,
// chosen by configuration, on both sides of a change.
func TestRoutesRegisteredTwiceAreNotConfused(t *testing.T) {
	base := []review.Route{guarded("GET", "/x", 10, auth(3)), guarded("GET", "/x", 12, review.Guard{})}
	head := []review.Route{guarded("GET", "/x", 12, review.Guard{}), guarded("GET", "/x", 10, auth(3))}
	if got := findings.RouteChanges(base, head, review.Diff{}); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	got := findings.RouteChanges(base, head[:1], review.Diff{})
	if len(got) != 1 || got[0].Change != "removed" || got[0].Before.Access != review.Authenticated {
		t.Errorf("%+v", got)
	}
}

func TestRouteChangesFollowARouteToAnotherPath(t *testing.T) {
	before, after := guarded("GET", "/old", 10, auth(3)), guarded("GET", "/new", 10, auth(3))
	after.Handler = before.Handler
	got := findings.RouteChanges([]review.Route{before}, []review.Route{after}, review.Diff{})
	if len(got) != 1 || got[0].Change != "moved" || got[0].Before.Path != "/old" {
		t.Errorf("%+v", got)
	}
}

// TestAGuardThatStandsTwiceInAChain: the same function made once to greet and
// once to refuse; the second is taken out.
func TestAGuardThatStandsTwiceInAChain(t *testing.T) {
	greets := auth(2)
	greets.Kind = "parser"
	before, after := guarded("GET", "/x", 10, auth(3)), guarded("GET", "/x", 9, review.Guard{})
	before.Guards = []review.Guard{greets, auth(3)}
	after.Guards = []review.Guard{greets}
	in := findings.AuthzInput{Base: []review.Route{before}, Head: []review.Route{after}, Diff: review.Diff{Files: []review.FileDiff{changed("r.go", " - ", 2, 2)}}}
	got := findings.Authz(in)
	if len(got) != 1 || got[0].Place != (review.Place{Path: "r.go", Line: 3, Side: review.Left}) {
		t.Errorf("%+v, want the deleted line 3", got)
	}
}

// TestACheckOfARoleStandsForTheLoginBeforeIt: two middlewares made way for one
// check in the handler, and the change was said to have lost one of them.
func TestACheckOfARoleStandsForTheLoginBeforeIt(t *testing.T) {
	before := guarded("DELETE", "/accounts/{id}", 10, review.Guard{Name: "AdminRequired", Kind: review.GuardRole, Attached: review.FileLine{File: "r.go", Line: 5}})
	before.Guards = append([]review.Guard{auth(4)}, before.Guards...)
	after := guarded("DELETE", "/accounts/{id}", 10, review.Guard{Name: before.Handler.Func, Kind: review.GuardRole})
	diff := review.Diff{Files: []review.FileDiff{changed("r.go", "--", 4, 4)}}
	if got := findings.Authz(findings.AuthzInput{Base: []review.Route{before}, Head: []review.Route{after}, Diff: diff}); len(got) != 0 {
		t.Errorf("found %q, want nothing: the role is still asked for", got[0].Message)
	}
	after.Guards[0].Kind, after.Access = review.GuardAuthentication, review.Authenticated
	got := findings.Authz(findings.AuthzInput{Base: []review.Route{before}, Head: []review.Route{after}, Diff: diff})
	if len(got) != 1 || got[0].Severity != review.SeverityHigh {
		t.Errorf("found %v, want the role that became a login", got)
	}
}

// TestACheckThatAsksForMoreStandsForARole: the handler's own check asked for a
// login and now asks for the role, and the middleware that did was said to be lost.
func TestACheckThatAsksForMoreStandsForARole(t *testing.T) {
	before := guarded("POST", "/accounts", 10, review.Guard{Name: "AdminRequired", Kind: review.GuardRole, Attached: review.FileLine{File: "r.go", Line: 5}})
	own := review.Guard{Name: before.Handler.Func, Kind: review.GuardAuthentication}
	before.Guards = append(before.Guards, own)
	own.Kind = review.GuardRole
	after := guarded("POST", "/accounts", 10, own)
	diff := review.Diff{Files: []review.FileDiff{changed("r.go", "-", 5, 5)}}
	if got := findings.Authz(findings.AuthzInput{Base: []review.Route{before}, Head: []review.Route{after}, Diff: diff}); len(got) != 0 {
		t.Errorf("found %q, want nothing: the role is still asked for", got[0].Message)
	}
}

// TestAnAdministrativeNameIsNotReplacedByALogin: what a guard is called is weak
// evidence, and enough to ask.
func TestAnAdministrativeNameIsNotReplacedByALogin(t *testing.T) {
	admin := auth(3)
	admin.Name = "RequireAdmin"
	diff := review.Diff{Files: []review.FileDiff{changed("r.go", " -+ ", 2, 2)}}
	for guard, want := range map[string]int{"RequireUser": 1, "AdminOnly": 0} {
		now := auth(3)
		now.Name = guard
		got := findings.Authz(findings.AuthzInput{Base: []review.Route{guarded("GET", "/x", 10, admin)}, Head: []review.Route{guarded("GET", "/x", 10, now)}, Diff: diff})
		if len(got) != want || want == 1 && got[0].Severity != review.SeverityMedium {
			t.Errorf("replaced by %s: %+v", guard, got)
		}
	}
}
