package publish

import (
	"testing"

	"github.com/launchgate/launchgate/app/review"
)

// TestAMessageHasNoPath: the table of the check said ":3 in commit e492e44" of a secret
// in a commit's message.
func TestAMessageHasNoPath(t *testing.T) {
	const commit = review.SHA("e492e44aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
	for want, p := range map[string]review.Place{
		"line 3 of a message in commit e492e44": {Line: 3, Commit: commit},
		"a message in commit e492e44":           {Commit: commit},
		"a.env:3 in commit e492e44":             {Path: "a.env", Line: 3, Commit: commit},
		"a.env:3":                               {Path: "a.env", Line: 3},
		"":                                      {},
	} {
		if got := where(p); got != want {
			t.Errorf("where(%+v) = %q, want %q", p, got, want)
		}
	}
}
