package webhooks

import (
	"errors"
	"strings"

	"github.com/launchgate/launchgate/app/review"
)

// mergeGroup answers a merge queue: the head of a group needs the check under
// the same name as the pull request (github-facts §2).
func mergeGroup(p payload) (review.Intent, error) {
	kind := review.IntentReviewMergeGroup
	switch p.Action {
	case "checks_requested":
	case "destroyed":
		kind = review.IntentCancelMergeGroup
	default:
		return nothing("the action %q of merge_group asks for nothing", p.Action), nil
	}
	if p.Installation == nil || p.Repository == nil {
		// The schema lets both be absent; there is nobody to answer then.
		return nothing("the merge group names no installation or no repository: the webhook must be an App's"), nil
	}
	in, err := p.place(kind)
	if err != nil {
		return in, err
	}
	g := p.MergeGroup
	if g == nil || !strings.HasPrefix(g.HeadRef, "refs/heads/") || !strings.HasPrefix(g.BaseRef, "refs/heads/") || !isRef(g.HeadRef) || !isRef(g.BaseRef) {
		return in, errors.New("the payload names no merge group")
	}
	in.HeadRef, in.BaseRef = g.HeadRef, g.BaseRef
	// The example payload's head_commit.id differs: head_sha is the one that
	// counts.
	if in.Head, err = sha("merge_group.head_sha", g.HeadSHA); err != nil {
		return in, err
	}
	if kind == review.IntentCancelMergeGroup {
		return in, nil // destroyed need not name a base commit, and cancelling needs none
	}
	in.Base, err = sha("merge_group.base_sha", g.BaseSHA)
	return in, err
}
