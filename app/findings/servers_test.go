package findings_test

import (
	"testing"

	"github.com/launchgate/launchgate/app/findings"
	"github.com/launchgate/launchgate/app/review"
)

// served is a public route of a server, answered by a handler.
func served(server, method, path, handler string, line int) review.Route {
	return review.Route{Method: method, Path: path, Access: review.Public, Server: server, Handler: review.Symbol{Func: handler, File: server, Line: 1},
		Registered: review.FileLine{File: server, Line: line}}
}

func TestAuthzSeesAPublicRouteOfANewServerWhereAnotherServesTheSamePath(t *testing.T) {
	old := served("api/main.go", "GET", "/stats", "stats", 10)
	fresh := served("admin/main.go", "GET", "/stats", "everything", 12)
	any := old
	any.Method = "*"
	for name, base := range map[string]review.Route{"by the same method": old, "by any method": any} {
		t.Run(name, func(t *testing.T) {
			b, h := []review.Route{base}, []review.Route{base, fresh}
			diff := review.Diff{Files: []review.FileDiff{changed("admin/main.go", "+", 0, 12)}}
			fs := findings.Compare([]review.Finding{analysed(base), analysed(fresh)}, []review.Finding{analysed(base)}, diff)
			got := findings.Authz(findings.AuthzInput{Findings: fs, Base: b, Head: h, Diff: diff})
			if len(got) != 2 || got[0].Place.Path != "admin/main.go" || got[0].Origin != review.Introduced || got[1].Origin != review.Existing {
				t.Errorf("got %+v; the new server's route is introduced, the old one's is not", got)
			}
			if c := findings.RouteChanges(b, h, diff); len(c) != 1 || c[0].Change != "added" {
				t.Errorf("changes %+v; one route was added", c)
			}
		})
	}
}

func TestAuthzGivesFindingsOfOneFileAboutTheSameRoutesTheirOwnFingerprints(t *testing.T) {
	var head []review.Route
	var fs []review.Finding
	for _, line := range []int{10, 30} { // two servers made in one file
		for _, path := range []string{"/a", "/b"} {
			r := served("main.go", "GET", path, "serve", line)
			head, fs = append(head, r), append(fs, analysed(r))
		}
	}
	diff := review.Diff{Files: []review.FileDiff{changed("main.go", "+", 0, 10), changed("main.go", "+", 0, 30)}}
	diff.Files[0].Hunks = append(diff.Files[0].Hunks, diff.Files[1].Hunks...)
	diff.Files = diff.Files[:1]
	got := findings.Authz(findings.AuthzInput{Findings: findings.Compare(fs, nil, diff), Head: head, Diff: diff})
	if len(got) != 2 || got[0].Fingerprint == got[1].Fingerprint {
		t.Errorf("got %+v; two findings that can be told apart, or what suppresses one hides the other", got)
	}
}
