package webhooks

import "github.com/launchgate/launchgate/app/review"

// ping answers GitHub's test of the configuration.
func ping(payload) (review.Intent, error) {
	return nothing("pong: the signature is right and Launchgate is listening"), nil
}
