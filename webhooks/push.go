package webhooks

import (
	"strings"

	"github.com/launchgate/launchgate/app/review"
)

// push answers a new default branch with a baseline, which has the history looked
// at as well, and any other branch or tag with a look at the history: a secret is
// out as soon as it is pushed, whether or not a pull request follows. Reviews have
// events of their own.
func push(p payload) (review.Intent, error) {
	if p.Repository == nil || p.Repository.DefaultBranch == "" {
		return nothing("the push names no default branch"), nil
	}
	if p.Deleted || review.SHA(p.After).IsZero() {
		return nothing("a branch or tag was deleted"), nil
	}
	kind := review.IntentHistory
	switch {
	case p.Ref == "refs/heads/"+p.Repository.DefaultBranch:
		kind = review.IntentBaseline
	case strings.HasPrefix(p.Ref, "refs/heads/gh-readonly-queue/"):
		return nothing("branches of the merge queue are reviewed as merge groups"), nil
	case !strings.HasPrefix(p.Ref, "refs/heads/") && !strings.HasPrefix(p.Ref, "refs/tags/"):
		return nothing("the push is to no branch and no tag"), nil
	}
	in, err := p.place(kind)
	if err != nil {
		return in, err
	}
	in.Head, err = sha("after", p.After)
	return in, err
}
