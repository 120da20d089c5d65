package webhooks

import "github.com/launchgate/launchgate/app/review"

// installationRepositories answers repositories that an installation gains or
// loses.
func installationRepositories(p payload) (review.Intent, error) {
	if p.Action != "added" && p.Action != "removed" {
		return nothing("the action %q of installation_repositories asks for nothing", p.Action), nil
	}
	in, err := p.account(review.IntentRepositories)
	if err != nil {
		return in, err
	}
	if in.Added, err = domains(p.RepositoriesAdded); err != nil {
		return in, err
	}
	in.Removed, err = domains(p.RepositoriesRemoved)
	return in, err
}
