package webhooks

import (
	"errors"

	"github.com/launchgate/launchgate/app/review"
)

// checkSuite answers "re-run all checks", and a push's suite as a second
// trigger: any committer can suppress suites, so pull_request is the first
// (github-facts §1).
func checkSuite(p payload) (review.Intent, error) {
	kind := review.IntentReviewHead
	switch p.Action {
	case "requested":
	case "rerequested":
		kind = review.IntentRerun
	default:
		return nothing("the action %q of check_suite asks for nothing", p.Action), nil
	}
	in, err := p.place(kind)
	if err != nil {
		return in, err
	}
	if p.CheckSuite == nil {
		return in, errors.New("the payload names no check suite")
	}
	in.Head, err = sha("check_suite.head_sha", p.CheckSuite.HeadSHA)
	return in, err
}
