package webhooks

import (
	"errors"

	"github.com/launchgate/launchgate/app/review"
)

// checkRun answers a request to run a check again. GitHub sends it to the App
// that owns the run only (github-facts §1).
func checkRun(p payload) (review.Intent, error) {
	if p.Action != "rerequested" {
		return nothing("the action %q of check_run asks for nothing", p.Action), nil
	}
	in, err := p.place(review.IntentRerun)
	if err != nil {
		return in, err
	}
	if p.CheckRun == nil || p.CheckRun.ID <= 0 || len(p.CheckRun.ExternalID) > 255 {
		return in, errors.New("the payload names no check run")
	}
	in.CheckRun, in.ExternalID = p.CheckRun.ID, p.CheckRun.ExternalID
	in.Head, err = sha("check_run.head_sha", p.CheckRun.HeadSHA)
	return in, err
}
