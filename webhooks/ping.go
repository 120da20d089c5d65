package webhooks

import (
	"slices"
	"strings"

	"github.com/launchgate/launchgate/app/review"
)

// ping answers GitHub's test of the configuration.
func ping(payload) (review.Intent, error) {
	return nothing("pong: the signature is right and Launchgate is listening"), nil
}

// unsubscribed says which events a pinging App does not send: one that is
// missing shows otherwise only as a check that never comes.
func unsubscribed(p payload) string {
	if p.Hook == nil || p.Hook.Type != "App" {
		return ""
	}
	var missing []string
	for _, e := range Events() {
		if !slices.Contains(p.Hook.Events, e) {
			missing = append(missing, e)
		}
	}
	if len(missing) == 0 {
		return ""
	}
	return "; the App does not subscribe to " + strings.Join(missing, ", ")
}
