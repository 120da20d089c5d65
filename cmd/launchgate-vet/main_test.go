package main_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// small is a module whose main package uses guards of another package: what is
// wrong can only be found with that package's facts.
const small = `
-- go.mod --
module example.com/small

go 1.24
-- main.go --
package main

import (
	"net/http"

	"example.com/small/guard"
)

func list(w http.ResponseWriter, r *http.Request)   {}
func remove(w http.ResponseWriter, r *http.Request) {}

func main() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /items", list)
	mux.Handle("DELETE /items/{id}", guard.Require(http.HandlerFunc(remove)))
	mux.Handle("PUT /items/{id}", guard.Learn(http.HandlerFunc(remove)))
	_ = http.ListenAndServe(":8080", mux)
}
-- guard/guard.go --
package guard

import "net/http"

var sessions = map[string]bool{}

// Require refuses who is not signed in.
func Require(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := r.Cookie("session"); err != nil || !sessions[c.Value] {
			http.Error(w, "sign in", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Learn hands on everybody.
func Learn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := r.Cookie("session"); err == nil {
			r.Header.Set("X-Session", c.Value)
		}
		next.ServeHTTP(w, r)
	})
}
`

// TestOnAModule builds the command and runs it as a multichecker and as go vet's
// tool: both must report the same two routes and exit as go vet does.
func TestOnAModule(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, f := range txtar.Parse([]byte(small)).Files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tool := filepath.Join(t.TempDir(), "launchgate-vet")
	if out, err := exec.Command("go", "build", "-o", tool, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	want := []string{
		"main.go:14:1: authz/missing: GET /items can be called by anybody",
		"main.go:16:1: authz/missing: PUT /items/{id} can be called by anybody",
	}
	for _, run := range []struct {
		name string
		args []string
	}{
		{"multichecker", []string{tool, "./..."}},
		{"vettool", []string{"go", "vet", "-vettool=" + tool, "./..."}},
	} {
		t.Run(run.name, func(t *testing.T) {
			cmd := exec.Command(run.args[0], run.args[1:]...)
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off", "GOPROXY=off")
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) {
				t.Fatalf("it found nothing, or did not run: %v\n%s", err, out)
			}
			for _, w := range want {
				if !strings.Contains(string(out), w) {
					t.Errorf("not reported: %s\n%s", w, out)
				}
			}
			if n := strings.Count(string(out), "authz/"); n != len(want) {
				t.Errorf("%d findings, want %d:\n%s", n, len(want), out)
			}
		})
	}
}
