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

// A literal is shown by its place, for nobody counts the literals of a function;
// what a function makes for others by that function.
func TestLabels(t *testing.T) {
	for _, tt := range []struct {
		guard review.Guard
		want  string
	}{
		{review.Guard{Name: "requireUser", File: "auth.go", Line: 3}, "requireUser"},
		{review.Guard{Name: "requireRole$1", File: "auth.go", Line: 9}, "requireRole"},
		{review.Guard{Name: "main", Literal: true, File: "cmd/x.go", Line: 41}, "func literal at cmd/x.go:41"},
		{review.Guard{Name: "main$4", Literal: true, File: "cmd/x.go", Line: 41}, "func literal at cmd/x.go:41"},
		{review.Guard{Name: "jwtauth.Authenticator"}, "jwtauth.Authenticator"},
	} {
		if got := tt.guard.Label(); got != tt.want {
			t.Errorf("%+v is shown as %q, want %q", tt.guard, got, tt.want)
		}
		if got := (review.Symbol{Func: tt.guard.Name, File: tt.guard.File, Line: tt.guard.Line, Literal: tt.guard.Literal}).Label(); got != tt.want {
			t.Errorf("%+v as a handler is shown as %q, want %q", tt.guard, got, tt.want)
		}
	}
}
