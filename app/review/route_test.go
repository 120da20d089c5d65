package review_test

import (
	"testing"

	"github.com/launchgate/launchgate/app/review"
)

func TestCanonicalPath(t *testing.T) {
	for path, want := range map[string]string{
		"/users/:id":                 "/users/{}",
		"/users/{id}":                "/users/{}",
		"/users/{id:[0-9]{4}}/":      "/users/{}",
		"/users/<id>":                "/users/{}",
		"/users/{id}:purge":          "/users/{}:purge",
		"/reports/{year}-{month}.md": "/reports/{}-{}.md",
		"/v{version}/users":          "/v{}/users",
		"/files/*path":               "/files/{*}",
		"/files/{path...}":           "/files/{*}",
		"/files/{$}":                 "/files",
		"/broken/{id":                "/broken/{}",
	} {
		if got := review.CanonicalPath(path); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
}
