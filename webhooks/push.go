package webhooks

import "github.com/launchgate/launchgate/app/review"

// push answers a new default branch with a baseline. Pull requests have their
// own event.
func push(p payload) (review.Intent, error) {
	if p.Repository == nil || p.Repository.DefaultBranch == "" || p.Ref != "refs/heads/"+p.Repository.DefaultBranch {
		return nothing("only pushes to the default branch are looked at"), nil
	}
	if p.Deleted || review.SHA(p.After).IsZero() {
		return nothing("the default branch was deleted"), nil
	}
	in, err := p.place(review.IntentBaseline)
	if err != nil {
		return in, err
	}
	in.Head, err = sha("after", p.After)
	return in, err
}
