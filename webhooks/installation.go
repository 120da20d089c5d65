package webhooks

import (
	"errors"

	"github.com/launchgate/launchgate/app/review"
)

// installation answers what happens to an installation of the App.
func installation(p payload) (review.Intent, error) {
	var kind review.IntentKind
	switch p.Action {
	case "created", "unsuspend", "new_permissions_accepted":
		kind = review.IntentAddInstallation
	case "deleted":
		kind = review.IntentRemoveInstallation
	case "suspend":
		kind = review.IntentSuspend
	default:
		return nothing("the action %q of installation asks for nothing", p.Action), nil
	}
	in, err := p.account(kind)
	if err != nil {
		return in, err
	}
	if kind == review.IntentAddInstallation {
		in.Added, err = domains(p.Repositories)
	}
	return in, err
}

// account fills the part that intents about an installation have.
func (p payload) account(kind review.IntentKind) (review.Intent, error) {
	if p.Installation == nil || p.Installation.ID <= 0 || len(p.Installation.Account.Login) > 100 {
		return review.Intent{}, errors.New("the payload names no installation")
	}
	return review.Intent{Kind: kind, Installation: review.InstallationID(p.Installation.ID), Account: p.Installation.Account.Login}, nil
}
