package webhooks

import (
	"errors"

	"github.com/launchgate/launchgate/app/review"
)

// pullRequest answers what happens to a pull request. Drafts are reviewed like
// the others: the author wants to know as early as possible.
func pullRequest(p payload) (review.Intent, error) {
	var kind review.IntentKind
	switch p.Action {
	case "opened", "synchronize", "reopened", "ready_for_review", "stacked":
		kind = review.IntentReviewPullRequest
	case "edited":
		// Only a changed base changes what is merged; there is no synchronize
		// for it (github-facts §5).
		if p.Changes.Base == nil || p.Changes.Base.Ref == nil {
			return nothing("the edit did not change the base"), nil
		}
		kind = review.IntentReviewPullRequest
	case "closed":
		kind = review.IntentClosePullRequest
	default:
		return nothing("the action %q of pull_request changes nothing that is reviewed", p.Action), nil
	}
	in, err := p.place(kind)
	if err != nil {
		return in, err
	}
	if p.PullRequest == nil {
		return in, errors.New("the payload names no pull request")
	}
	// Both are there; the schema promises the inner one for every action.
	if in.PullRequest = p.PullRequest.Number; in.PullRequest == 0 {
		in.PullRequest = p.Number
	}
	if in.PullRequest <= 0 {
		return in, errors.New("the payload names no pull request")
	}
	if in.Head, err = sha("pull_request.head.sha", p.PullRequest.Head.SHA); err != nil {
		return in, err
	}
	in.Base, err = sha("pull_request.base.sha", p.PullRequest.Base.SHA)
	return in, err
}
