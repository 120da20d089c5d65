package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const routesApp = `package main

import "net/http"

func auth(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "" {
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func list(w http.ResponseWriter, r *http.Request) {}

func main() {
	mux := http.NewServeMux()
	mux.Handle("GET /members/{id}", GUARD(http.HandlerFunc(list)))
	mux.HandleFunc("GET /healthz", list)
	http.ListenAndServe(":8080", mux)
}
`

func routesOut(t *testing.T, want int, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if got := run(t.Context(), append([]string{"routes"}, args...), nil, &out, &errs); got != want {
		t.Fatalf("routes %v ended with %d: %s", args, got, errs.String())
	}
	return out.String()
}

func TestRoutes(t *testing.T) {
	dir := t.TempDir()
	write := func(guard string) {
		for name, text := range map[string]string{"go.mod": "module example.com/a\n\ngo 1.24\n", "main.go": strings.Replace(routesApp, "GUARD", guard, 1)} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	write("auth")
	for _, args := range [][]string{{"init", "-q", "-b", "main"}, {"add", "-A"}, {"-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-qm", "one"}} {
		if out, err := exec.Command("git", append([]string{"-C", dir}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %s", args, out)
		}
	}
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"table":    {[]string{dir}, "2 routes: 1 public, 1 authenticated, 0 with a role, 0 unresolved"},
		"json":     {[]string{"--format", "json", dir}, `"access": "authenticated"`},
		"markdown": {[]string{"--format", "markdown", dir}, "| `GET` | `/healthz` | public (health check) |"},
		"openapi":  {[]string{"--format", "openapi", dir}, `"/members/{id}"`},
		"why":      {[]string{"--why", "GET /members/{id}", dir}, "an anonymous request is refused at main.go:8 (401)"},
		"no diff":  {[]string{"--diff", "HEAD", dir}, "no route changes"},
	} {
		t.Run(name, func(t *testing.T) {
			if out := routesOut(t, exitPass, c.args...); !strings.Contains(out, c.want) {
				t.Errorf("no %q in\n%s", c.want, out)
			}
		})
	}
	routesOut(t, exitUsage, "--format", "xml", dir)
	routesOut(t, exitUsage, "--why", "GET /nowhere", dir)

	write("")
	if out := routesOut(t, exitPass, "--diff", "HEAD", dir); !strings.Contains(out, "changed  GET /members/{id}: authenticated -> public; lost auth") {
		t.Errorf("the lost guard is not told:\n%s", out)
	}
}
