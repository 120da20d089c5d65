package readiness_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan"
	"github.com/launchgate/launchgate/app/scan/readiness"
)

func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, body := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func look(t *testing.T, files map[string]string) scan.Report {
	t.Helper()
	rep, err := readiness.Scanner{}.Scan(t.Context(), scan.Request{HeadDir: tree(t, files)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

// short writes findings as "path:line rule key confidence".
func short(fs []review.Finding) []string {
	var out []string
	for _, f := range fs {
		out = append(out, fmt.Sprintf("%s:%d %s %s (%s)", f.Place.Path, f.Place.Line, f.Rule, f.Key, f.Confidence))
	}
	return out
}

func TestContainerRoot(t *testing.T) {
	tests := []struct {
		name, dockerfile string
		want             string // line and confidence, "" for nothing
	}{
		{"no user", "FROM golang:1.26 AS build\nRUN go build\n\nFROM alpine:3.22\nCOPY --from=build /api /api\nENTRYPOINT [\"/api\"]\n", "4 high"},
		{"user set", "FROM alpine\nUSER 65532:65532\nCMD [\"/api\"]\n", ""},
		{"user set, then root again", "FROM alpine\nUSER app\nUSER root\nRUN apk add curl\nCMD [\"/api\"]\n", "3 high"},
		{"root in an earlier stage only", "FROM golang AS build\nUSER root\nFROM alpine\nUSER app\nCMD /api\n", ""},
		{"user of the stage it builds on", "FROM alpine AS base\nUSER app\nFROM base\nCMD /api\n", ""},
		{"root of the stage it builds on", "FROM alpine AS base\nUSER 0:0\nFROM base AS final\nCMD /api\n", "2 high"},
		{"user from a build argument", "FROM alpine\nARG WHO=root\nUSER ${WHO}\nCMD /api\n", "3 high"},
		{"user from an argument's default", "FROM alpine\nUSER ${WHO:-app}:app\nCMD /api\n", ""},
		{"image from a global argument", "ARG BASE=gcr.io/distroless/static:nonroot\nFROM $BASE\nCMD [\"/api\"]\n", ""},
		{"distroless as root", "FROM gcr.io/distroless/static-debian12\nCMD [\"/api\"]\n", "1 high"},
		{"unprivileged image", "FROM nginxinc/nginx-unprivileged:1.29@sha256:0000\nCMD nginx\n", ""},
		{"image of one's own", "FROM registry.example.com:5000/base/api:1\nCMD [\"/api\"]\n", "1 low"},
		{"nothing is started", "FROM alpine\nCOPY api /api\n", "1 low"},
		{"drops root at start", "FROM alpine\nENTRYPOINT [\"su-exec\", \"app\", \"/api\"]\n", ""},
		{"may drop root in a script", "FROM alpine\nRUN apk add --no-cache su-exec\nENTRYPOINT [\"/start.sh\"]\n", "1 low"},
		{"user in a comment", "FROM alpine\n# USER app\nRUN echo \\\n  # USER app\n  USER app\nCMD /api\n", "1 high"},
		{"user in a here-document", "FROM alpine\nRUN <<EOF\nUSER app\nEOF\nCMD /api\n", "1 high"},
		{"user after a here-document", "FROM alpine\nRUN cat <<-'END' >/x\nhello\n\tEND\nUSER app\nCMD /api\n", ""},
		{"lower case, continued, CRLF, byte order mark", "\ufefffrom alpine\r\nuser \\\r\n  app\r\ncmd /api\r\n", ""},
		{"another escape character", "# escape=`\nFROM alpine\nUSER `\n  app\nCMD /api\n", ""},
		{"no FROM", "just text\n", ""},
		{"FROM without an image", "FROM\nCMD /api\n", "1 low"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rep := look(t, map[string]string{"Dockerfile": tt.dockerfile})
			var got string
			for _, f := range rep.Head {
				got = fmt.Sprintf("%d %s", f.Place.Line, f.Confidence)
				if f.Rule != readiness.RuleContainerRoot || f.Fix != nil && f.Fix.Edits[0].StartLine != f.Place.Line {
					t.Errorf("finding = %+v", f)
				}
			}
			if got != tt.want || len(rep.Head) > 1 {
				t.Errorf("findings %v, want %q", short(rep.Head), tt.want)
			}
		})
	}
}

func TestDebugMode(t *testing.T) {
	const user = "FROM alpine\nUSER app\n"
	tests := []struct {
		name, path, text string
		want             string // key and confidence of the only finding, "" for nothing
		line             int
	}{
		{"in an image", "Dockerfile", user + "ENV PORT=80 GIN_MODE=debug\nCMD /api\n", "GIN_MODE=debug high", 3},
		{"in an image, old form", "Dockerfile", user + "ENV APP_DEBUG true\n", "APP_DEBUG=true high", 3},
		{"in an image, later overridden", "Dockerfile", user + "ENV GIN_MODE=debug\nENV GIN_MODE=release\n", "", 0},
		{"in a stage that builds", "Dockerfile", "FROM golang\nENV GIN_MODE=debug\n" + user, "", 0},
		{"under a debugger", "deploy/api.Dockerfile", user + "CMD [\"/go/bin/dlv\", \"exec\", \"/api\"]\n", "starts under dlv high", 3},
		{"Compose for production", "compose.production.yaml", "services:\n  api:\n    environment:\n      GIN_MODE: debug\n", "GIN_MODE=debug high", 4},
		{"Compose as a list", "docker-compose.prod.yml", "services:\n  api:\n    environment:\n      - A=b\n      - DEBUG=1\n", "DEBUG=1 high", 5},
		{"plain Compose", "docker-compose.yml", "services: {api: {environment: {GIN_MODE: debug}}}\n", "GIN_MODE=debug low", 1},
		{"Compose for development", "docker-compose.dev.yml", "services: {api: {environment: {GIN_MODE: debug}}}\n", "", 0},
		{"another program's part", "compose.prod.yml", "services:\n  db:\n    environment: {DB_DEBUG: 1}\n    logging: {debug: true}\n", "", 0},
		{"Kubernetes", "deploy/api.yaml", "apiVersion: v1\n---\nkind: Deployment\nspec:\n  containers:\n  - env:\n    - name: GIN_MODE\n      value: \"debug\"\n", "GIN_MODE=debug medium", 8},
		{"Kubernetes for staging", "deploy/staging/api.yaml", "kind: Deployment\nspec: {env: [{name: GIN_MODE, value: debug}]}\n", "", 0},
		{"YAML of no known kind", "openapi.yaml", "GIN_MODE: debug\n", "", 0},
		{"Helm values", "charts/api/values.yaml", "env:\n  APP_ENV: development\n", "APP_ENV=development medium", 2},
		{"Helm template", "charts/api/templates/deployment.yaml", "kind: Deployment\nspec:\n{{- if .Values.x }}\n  - name: ENABLE_PPROF\n    value: \"true\"\n{{- end }}\n", "ENABLE_PPROF=true medium", 5},
		{"application configuration", "config/production.yaml", "server:\n  debug: true\nlog:\n  debug: true\n", "SERVER_DEBUG=true high", 2},
		{"application configuration, camel case", "config.prod.json", `{"app": {"debugMode": true}}`, "APP_DEBUG_MODE=true high", 1},
		{"nested pprof", "config/production.yml", "pprof:\n  enabled: true\n", "PPROF_ENABLED=true high", 2},
		{"TOML", "config.production.toml", "title = \"\"\"\ndebug = true\n\"\"\"\n[server]\nmode = \"debug\" # why\n", "SERVER_MODE=debug high", 5},
		{"fly.toml", "fly.toml", "[env]\n  GIN_MODE = 'debug'\n", "GIN_MODE=debug medium", 2},
		{"environment file", ".env.production", "# x\nexport GODEBUG=http2debug=2\n", "GODEBUG=http2debug high", 2},
		{"environment file for people", ".env.example", "GIN_MODE=debug\n", "", 0},
		{"Procfile", "Procfile", "web: env GIN_MODE=debug ./api --x=y\n", "GIN_MODE=debug medium", 1},
		{"release mode", "compose.prod.yml", "services: {api: {environment: {GIN_MODE: release, DEBUG: false, APP_ENV: production}}}\n", "", 0},
		{"an alias", "compose.prod.yml", "x: &a {GIN_MODE: release}\nservices: {api: {environment: *a}}\n", "", 0},
		{"vendored", "vendor/x/Dockerfile", "FROM alpine\nCMD /x\n", "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rep := look(t, map[string]string{tt.path: tt.text})
			var got string
			var line int
			for _, f := range rep.Head {
				got, line = f.Key+" "+f.Confidence.String(), f.Place.Line
			}
			if got != tt.want || line != tt.line || len(rep.Head) > 1 {
				t.Errorf("findings %v, want %q in line %d", short(rep.Head), tt.want, tt.line)
			}
		})
	}
}

func TestHeadAndBaseAndReceipt(t *testing.T) {
	base := tree(t, map[string]string{"Dockerfile": "FROM alpine\nCMD /api\n", "main.go": "package main\n"})
	head := tree(t, map[string]string{
		"Dockerfile":        "FROM alpine\n\n\nCMD /api\n",
		"compose.prod.yaml": "services: {api: {environment: [GIN_MODE=debug]}}\n",
		"data.yaml":         "x: y\n",
		"broken.prod.yml":   "a: [\nGIN_MODE: debug\n",
	})
	var events []scan.Event
	rep, err := readiness.Scanner{}.Scan(t.Context(), scan.Request{HeadDir: head, BaseDir: base}, func(e scan.Event) { events = append(events, e) })
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"Dockerfile:1 deploy/container-root final stage (high)",
		"broken.prod.yml:2 deploy/debug-mode GIN_MODE=debug (high)",
		"compose.prod.yaml:1 deploy/debug-mode GIN_MODE=debug (high)",
	}
	if got := short(rep.Head); !reflect.DeepEqual(got, want) {
		t.Errorf("head = %q, want %q", got, want)
	}
	if got := short(rep.Base); !reflect.DeepEqual(got, want[:1]) {
		t.Errorf("base = %q, want %q", got, want[:1])
	}
	if got, want := rep.Receipt.Counts, []review.Count{{Unit: "deployment files read", Looked: 3, Expected: 3}}; !reflect.DeepEqual(got, want) {
		t.Errorf("counts = %+v, want %+v", got, want)
	}
	if !rep.Receipt.Complete() || len(rep.Receipt.Notes) != 1 || !strings.HasPrefix(rep.Receipt.Notes[0], "broken.prod.yml") {
		t.Errorf("receipt = %+v, want complete, with a note on the broken file", rep.Receipt)
	}
	if len(events) == 0 || events[len(events)-1].Done != 4 {
		t.Errorf("events = %+v, want the last to say 4 of 4", events)
	}
}

func TestAFileThatIsTooLargeIsAGap(t *testing.T) {
	big := strings.Repeat("# x\n", 1<<19)
	rep := look(t, map[string]string{"Dockerfile": big, "seed.yaml": big})
	if len(rep.Receipt.Gaps) != 1 || rep.Receipt.Gaps[0].What != "Dockerfile" || rep.Receipt.Complete() {
		t.Errorf("receipt = %+v, want a gap for the Dockerfile and none for data", rep.Receipt)
	}
}

func TestLinksAreNotFollowed(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(outside, []byte("GIN_MODE=debug\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(outside, filepath.Join(dir, ".env.production")); err != nil {
		t.Fatal(err)
	}
	rep, err := readiness.Scanner{}.Scan(t.Context(), scan.Request{HeadDir: dir}, nil)
	if err != nil || len(rep.Head) != 0 {
		t.Errorf("findings %v, %v; want none", short(rep.Head), err)
	}
}

func TestACancelledScanIsAnError(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(&review.Error{Code: review.CodeSuperseded, Op: "review"})
	_, err := readiness.Scanner{}.Scan(ctx, scan.Request{HeadDir: tree(t, map[string]string{"Dockerfile": "FROM alpine\n"})}, nil)
	if review.CodeOf(err) != review.CodeSuperseded {
		t.Errorf("error = %v, want the cause of the cancellation", err)
	}
}

// TestNoValueIsRepeated plants what could be a secret wherever a value stands.
func TestNoValueIsRepeated(t *testing.T) {
	planted := strings.Repeat("s3", 3) + "cret"
	rep := look(t, map[string]string{
		"compose.prod.yml": "services: {api: {environment: {GIN_MODE: debug, DEBUG: " + planted + ", APP_ENV: " + planted + "}}}\n",
		".env.production":  "GODEBUG=http2debug=1,x=" + planted + "\n" + planted + "=1\n",
		"Dockerfile":       "FROM " + planted + "\nENTRYPOINT [\"dlv\", \"" + planted + "\"]\n",
	})
	if len(rep.Head) < 4 {
		t.Fatalf("findings = %v", short(rep.Head))
	}
	if text := fmt.Sprintf("%+v", rep); strings.Contains(text, planted) {
		t.Errorf("the report repeats a value: %s", text)
	}
}

// TestRulesAreDocumented keeps the pages complete and their examples honest.
func TestRulesAreDocumented(t *testing.T) {
	names := map[review.RuleID]string{readiness.RuleContainerRoot: "Dockerfile", readiness.RuleDebugMode: "compose.production.yaml"}
	for _, r := range (readiness.Scanner{}).Rules() {
		if _, err := review.ParseRuleID(string(r.ID)); err != nil {
			t.Error(err)
		}
		for what, text := range map[string]string{"title": r.Title, "what": r.What, "why": r.Why, "fix": r.Fix, "suppress": r.Suppress, "since": r.Since} {
			if text == "" {
				t.Errorf("%s has no %s", r.ID, what)
			}
		}
		bad, good := look(t, map[string]string{names[r.ID]: r.Bad}), look(t, map[string]string{names[r.ID]: r.Good})
		if len(bad.Head) != 1 || bad.Head[0].Rule != r.ID || len(good.Head) != 0 {
			t.Errorf("%s: bad example gives %v, good example %v", r.ID, short(bad.Head), short(good.Head))
		}
	}
}

func FuzzScanNeverFails(f *testing.F) {
	f.Add("FROM alpine\nRUN <<EOF\nx\nEOF\nUSER ${A:-$B}\n", "a: &a [*a]\nkind: Pod\n", "[env]\nA='''\n")
	f.Fuzz(func(t *testing.T, dockerfile, yaml, toml string) {
		look(t, map[string]string{"Dockerfile": dockerfile, "x.prod.yaml": yaml, "fly.toml": toml, "Procfile": toml, ".env": yaml})
	})
}
