package findings_test

import (
	"testing"

	"github.com/launchgate/launchgate/app/findings"
	"github.com/launchgate/launchgate/app/review"
)

func TestAuthzSeesAPublicRouteThatEndsDifferentlyBehindItsParameter(t *testing.T) {
	old := served("main.go", "POST", "/invitations/{token}", "accept", 10)
	fresh := served("main.go", "POST", "/invitations/{token}:purge", "purge", 11)
	diff := review.Diff{Files: []review.FileDiff{changed("main.go", "+", 10, 11)}}
	fs := findings.Compare([]review.Finding{analysed(old), analysed(fresh)}, []review.Finding{analysed(old)}, diff)
	got := findings.Authz(findings.AuthzInput{Findings: fs, Base: []review.Route{old}, Head: []review.Route{old, fresh}, Diff: diff})
	if len(got) != 2 || got[0].Key != fresh.Key() || got[0].Origin != review.Introduced {
		t.Errorf("got %+v; the route that was added is introduced", got)
	}
}
