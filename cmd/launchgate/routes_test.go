package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/cmd/internal/cli"
)

const routesApp = `package main

import "net/http"

func auth(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer let-me-in" {
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func askGateway(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		remember(r)
		next.ServeHTTP(w, r)
	})
}

func remember(*http.Request) {}

func list(w http.ResponseWriter, r *http.Request) {}

func main() {
	mux := http.NewServeMux()
	mux.Handle("GET /members/{id}", GUARD(http.HandlerFunc(list)))
	mux.Handle("GET /members/{member}/notes", GUARD(http.HandlerFunc(list)))
	mux.Handle("/any/{rest...}", GUARD(http.HandlerFunc(list)))
	mux.HandleFunc("GET /healthz", list)
	http.ListenAndServe(":8080", mux)
}
`

func routesOut(t *testing.T, want int, args ...string) string {
	t.Helper()
	got, out, errs := launchgate(t, append([]string{"routes"}, args...)...)
	if got != want {
		t.Fatalf("routes %v ended with %d: %s", args, got, errs)
	}
	return out
}

// routesRepo writes a program and the files given to a new folder.
func routesRepo(t *testing.T, program string, more ...string) string {
	t.Helper()
	dir := t.TempDir()
	layCanaries(t, dir)
	files := append([]string{"go.mod", "module example.com/a\n\ngo 1.24\n", "main.go", program}, more...)
	for i := 0; i < len(files); i += 2 {
		p := filepath.Join(dir, files[i])
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(files[i+1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestRoutes(t *testing.T) {
	app := func(guard string) string { return strings.ReplaceAll(routesApp, "GUARD", guard) }
	dir := routesRepo(t, app("auth"))
	for _, args := range [][]string{{"init", "-q", "-b", "main"}, {"add", "-A"}, {"-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-qm", "one"}} {
		if out, err := exec.Command("git", append([]string{"-C", dir}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %s", args, out)
		}
	}
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"table":                {[]string{dir}, "4 routes in all: 1 public (1 as one would expect), 3 authenticated, 0 with a role, 0 unresolved"},
		"json":                 {[]string{"--format", "json", dir}, `"access": "authenticated"`},
		"markdown":             {[]string{"--format", "markdown", dir}, "| `GET` | `/healthz` | public (health check) |"},
		"openapi":              {[]string{"--format", "openapi", dir}, `"/members/{member}/notes"`},
		"why":                  {[]string{"--why", "GET /members/{id}", dir}, "an anonymous request is refused at main.go:8 (401)"},
		"why, however written": {[]string{"--why", "GET /members/:anything", dir}, "so: auth lets only known callers pass"},
		"no diff":              {[]string{"--diff", "HEAD", dir}, "No route and no guard changes."},
	} {
		t.Run(name, func(t *testing.T) {
			if out := routesOut(t, cli.Pass, c.args...); !strings.Contains(out, c.want) {
				t.Errorf("no %q in\n%s", c.want, out)
			}
		})
	}
	routesOut(t, cli.BadUsage, "--format", "xml", dir)
	routesOut(t, cli.BadUsage, "--why", "GET /nowhere", dir)
	routesOut(t, cli.BadUsage, "--diff", "HEAD", "--why", "GET /healthz", dir)

	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(app("")), 0o600); err != nil {
		t.Fatal(err)
	}
	out := routesOut(t, cli.Pass, "--diff", "HEAD", dir)
	for _, want := range []string{"3 routes lost auth.", "changed  GET    /members/{id}            authenticated -> public, lost auth"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if out := routesOut(t, cli.Pass, "--diff", "HEAD", "--format", "markdown", dir); !strings.Contains(out, "| changed | `GET /members/{id}` | authenticated → **public** | none; lost `auth` |") {
		t.Errorf("the lost guard is not told:\n%s", out)
	}
}

// TestRoutesJSONIsTheDocumentedForm holds the public format: keys are never
// taken away, and only reason, expected and server may be left out.
func TestRoutesJSONIsTheDocumentedForm(t *testing.T) {
	dir := routesRepo(t, strings.ReplaceAll(routesApp, "GUARD", "auth"))
	var doc struct {
		Routes []map[string]any `json:"routes"`
	}
	if err := json.Unmarshal([]byte(routesOut(t, cli.Pass, "--format", "json", dir)), &doc); err != nil || len(doc.Routes) != 4 {
		t.Fatalf("%v, %d routes", err, len(doc.Routes))
	}
	keys := func(m any) []string {
		var out []string
		for k := range m.(map[string]any) {
			if k != "reason" && k != "expected" && k != "server" {
				out = append(out, k)
			}
		}
		slices.Sort(out)
		return out
	}
	for _, r := range doc.Routes {
		if got := keys(r); !reflect.DeepEqual(got, []string{"access", "guards", "handler", "method", "path", "registered"}) {
			t.Errorf("a route has the keys %v", got)
		}
		if h, reg := keys(r["handler"]), keys(r["registered"]); !reflect.DeepEqual(h, []string{"file", "func", "line"}) || !reflect.DeepEqual(reg, []string{"file", "line"}) {
			t.Errorf("a handler has the keys %v, its registration %v", h, reg)
		}
		for _, g := range r["guards"].([]any) {
			if got := keys(g); !reflect.DeepEqual(got, []string{"file", "kind", "line", "name", "why"}) {
				t.Errorf("a guard has the keys %v", got)
			}
		}
	}
}

// TestListingsSayWhatTheyLack checks that a listing of code that could not be read
// in full is written, says so to programs and pipelines, and names what is left out.
func TestListingsSayWhatTheyLack(t *testing.T) {
	dir := t.TempDir()
	for name, data := range map[string]string{
		"go.mod":     "module example.com/app\n\ngo 1.24\n",
		"main.go":    strings.ReplaceAll(routesApp, "GUARD", "auth"),
		"half.go":    "package main\n\nfunc half( {\n",
		"windows.go": "//go:build windows\n\npackage main\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, command := range []string{"routes", "datamap"} {
		status, out, errs := launchgate(t, command, "--format", "json", dir)
		var doc struct {
			Routes []review.Route `json:"routes"`
			Gaps   []review.Gap   `json:"gaps"`
		}
		if err := json.Unmarshal([]byte(out), &doc); err != nil {
			t.Fatal(err)
		}
		if status != cli.CouldNotVerify || len(doc.Gaps) != 1 || !strings.Contains(doc.Gaps[0].Why, "half.go") {
			t.Errorf("%s ended with %d, gaps %v", command, status, doc.Gaps)
		}
		if !strings.Contains(errs, "not looked at") || !strings.Contains(errs, "left out: windows.go") {
			t.Errorf("%s does not say what it lacks: %s", command, errs)
		}
		if command == "routes" && len(doc.Routes) != 4 {
			t.Errorf("%d of 4 routes are listed", len(doc.Routes))
		}
	}
}

func TestRoutesOpenAPIIsValid(t *testing.T) {
	dir := routesRepo(t, strings.ReplaceAll(routesApp, "GUARD", "auth"))
	doc, err := openapi3.NewLoader().LoadFromData([]byte(routesOut(t, cli.Pass, "--format", "openapi", dir)))
	if err == nil {
		err = doc.Validate(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []struct{ path, want string }{
		{"/a/:id/*rest", "/a/{id}/{rest}"}, {"/a/{id:[0-9]{2,}}/b", "/a/{id}/b"}, {"/f/{name}.{ext}", "/f/{name}.{ext}"}, {"/{x}/{x}", "/{x}/{x2}"}, {"/all/{rest...}", "/all/{rest}"}, {"/{$}", "/"},
	} {
		if got, _ := openAPIPath(p.path); got != p.want {
			t.Errorf("%s is written %s, want %s", p.path, got, p.want)
		}
	}
}

// TestRoutesPoliciesGuardsCount: what the policy of the folder declares.
func TestRoutesPoliciesGuardsCount(t *testing.T) {
	program := strings.ReplaceAll(routesApp, "GUARD", "askGateway")
	if out := routesOut(t, cli.Pass, routesRepo(t, program)); !strings.Contains(out, "4 public") {
		t.Errorf("without a policy:\n%s", out)
	}
	out := routesOut(t, cli.Pass, routesRepo(t, program, ".github/launchgate.yml", "version: 1\nguards:\n  - name: askGateway\n    grants: role\n"))
	if !strings.Contains(out, "3 with a role") {
		t.Errorf("with a policy:\n%s", out)
	}
}

// TestRoutesKeepTheTerminalSafe: a repository's names act on no terminal and
// break no table.
func TestRoutesKeepTheTerminalSafe(t *testing.T) {
	dir := routesRepo(t, strings.NewReplacer("GUARD", "auth", `"GET /healthz"`, `"GET /x\x1b[2J\x1b]0;t\x07\u202e|`+"`"+`\u009b31m<b>\n| y |"`).Replace(routesApp))
	for _, args := range [][]string{{dir}, {"--format", "markdown", dir}, {"--format", "json", dir}, {"--format", "openapi", dir}} {
		out := routesOut(t, cli.Pass, args...)
		if i := strings.IndexFunc(out, func(r rune) bool {
			return r < ' ' && r != '\n' || 0x7f <= r && r < 0xa0 || r == 0x202e
		}); i >= 0 {
			t.Errorf("%v: %q", args, out[max(0, i-30):min(len(out), i+30)])
		}
		if args[0] == dir && !strings.Contains(out, "GET     /x") || strings.Contains(out, "\n| y") {
			t.Errorf("%v: the route is missing or breaks its line:\n%s", args, out)
		}
	}
	for _, r := range strings.Split(routesOut(t, cli.Pass, "--format", "markdown", dir), "\n") {
		if strings.HasPrefix(r, "|") && strings.Count(strings.ReplaceAll(r, `\|`, ""), "|") != 7 {
			t.Errorf("a row of another width: %s", r)
		}
	}
	if got := conclusion(review.Route{Access: review.Authenticated, Guards: []review.Guard{{Name: "a\x1b[2Jb", Kind: review.GuardAuthentication}}}); strings.Contains(got, "\x1b") {
		t.Errorf("%q", got)
	}
}
