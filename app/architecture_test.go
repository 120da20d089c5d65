package app_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"
)

const module = "github.com/launchgate/launchgate/"

// mayImport lists, for each package, the packages of this module it may import
// directly. A package without a row may not exist: adding one is a decision.
// A trailing /... allows the packages below as well.
var mayImport = map[string][]string{
	"app":                     {},
	"app/review":              {},
	"app/lazyregexp":          {},
	"app/lategc":              {},
	"app/refs":                {},
	"app/objects":             {},
	"app/config":              {"app/review", "app/lazyregexp"},
	"app/store":               {"app/review"},
	"app/store/storetest":     {"app/store"},
	"app/jobs":                {"app/store", "app/review"},
	"app/gh":                  {"app/review"},
	"app/gh/ghtest":           {"app/review", "app/gh", "app/lazyregexp"},
	"app/checkout":            {"app/review", "app/refs", "app/lazyregexp"},
	"app/scan":                {"app/review", "app/objects", "app/lategc"},
	"app/scan/inert":          {},
	"app/scan/secrets/...":    {"app/scan", "app/scan/secrets/...", "app/review", "app/refs", "app/objects"},
	"app/scan/goanalysis/...": {"app/scan", "app/scan/goanalysis/...", "app/review", "analyzers", "analyzers/rule", "analyzers/routes", "analyzers/..."},
	"app/scan/readiness":      {"app/scan", "app/review", "app/lazyregexp"},
	"app/findings":            {"app/review"},
	"app/policy":              {"app/review", "app/config"},
	"app/publish":             {"app/review", "app/gh", "app/lazyregexp"},
	"app/pipeline":            {"app/review", "app/config", "app/checkout", "app/scan", "app/findings", "app/policy", "app/publish", "app/gh", "app/store", "app/jobs"},
	"app/dashboard":           {"app/review", "app/store"},
	"app/server":              {"app/review", "app/dashboard", "webhooks"},
	"webhooks":                {"app/review"},
	"analyzers/...":           {"analyzers/..."},
	"cmd/...":                 {"app/...", "analyzers/...", "webhooks", "cmd/..."},
}

// mayUse lists packages of others that only the named packages may import, with
// the reason.
var mayUse = []struct {
	pattern *regexp.Regexp
	only    []string
	why     string
}{
	{regexp.MustCompile(`^github\.com/google/go-github/|^github\.com/bradleyfalzon/ghinstallation/`), []string{"app/gh", "app/gh/ghtest", "app/publish"}, "only gh and publish talk to GitHub's API"},
	{regexp.MustCompile(`^database/sql|^modernc\.org/sqlite|^github\.com/jackc/pgx|^github\.com/riverqueue/|^github\.com/pressly/goose`), []string{"app/store/...", "app/jobs"}, "only store and jobs contain SQL"},
	{regexp.MustCompile(`^github\.com/spf13/cobra`), []string{"cmd/..."}, "no package knows the CLI"},
	{regexp.MustCompile(`^github\.com/zricethezav/gitleaks/`), []string{"app/scan/secrets/..."}, "one scanner, one engine"},
	{regexp.MustCompile(`^golang\.org/x/tools/go/packages$`), []string{}, "it runs the go command over a stranger's checkout"},
	{regexp.MustCompile(`^github\.com/go-git/`), []string{}, "git runs in a process of its own"},
}

// pure packages do no I/O: they may import these of the standard library only.
var pure = map[string]*regexp.Regexp{
	"app/review":   regexp.MustCompile(`^(errors|fmt|strings|strconv|time|sort|slices|maps|encoding/json)$`),
	"app/findings": regexp.MustCompile(`^(cmp|crypto/sha256|encoding/(binary|hex)|fmt|sort|slices|maps|strings)$`),
	"app/policy":   regexp.MustCompile(`^(fmt|sort|slices|maps|strings|time|github.com/bmatcuk/doublestar/v4)$`),
}

func matches(pkg string, patterns []string) bool {
	for _, p := range patterns {
		if pkg == p {
			return true
		}
		if dir, ok := strings.CutSuffix(p, "/..."); ok && (pkg == dir || strings.HasPrefix(pkg, dir+"/")) {
			return true
		}
	}
	return false
}

// TestArchitecture enforces every "imports only" and "never imports" of the
// architecture on non-test code.
func TestArchitecture(t *testing.T) {
	readSources(t)
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, module+"...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	sort.Strings(lines)
	if len(lines) < 10 {
		t.Fatalf("go list saw %d packages; the test would prove nothing", len(lines))
	}
	for _, line := range lines {
		fields := strings.Fields(line)
		pkg := strings.TrimPrefix(fields[0], module)
		allowed, known := rowFor(pkg)
		if !known {
			t.Errorf("%s has no row in mayImport: say what it may import", pkg)
			continue
		}
		for _, imp := range fields[1:] {
			if own, ok := strings.CutPrefix(imp, module); ok {
				if !matches(own, allowed) {
					t.Errorf("%s imports %s; it may import %v", pkg, own, allowed)
				}
				continue
			}
			for _, use := range mayUse {
				if use.pattern.MatchString(imp) && !matches(pkg, use.only) {
					t.Errorf("%s imports %s, but %s", pkg, imp, use.why)
				}
			}
			if re, ok := pure[pkg]; ok && !re.MatchString(imp) {
				t.Errorf("%s imports %s, but it is pure: no I/O", pkg, imp)
			}
		}
	}
}

// leanWorker may not have what the server or the CLI needs: what reads hostile input
// is as small as its scanners let it be, and starts as fast.
var leanWorker = regexp.MustCompile(`^(github\.com/(gin-gonic|prometheus|google/go-github|bradleyfalzon|riverqueue|jackc|pressly|yuin/goldmark|getkin|spf13/cobra|go-playground)/?|modernc\.org/|` +
	module + `(webhooks|app/(server|store|jobs|gh|publish|pipeline|checkout|dashboard|policy|config))(/|$))`)

// notForSecrets has what the other scanners need, too: the worker that looks for
// secrets is started for every push, and its start is most of its work.
var notForSecrets = regexp.MustCompile(leanWorker.String() + `|^go/(ast|types)$|^golang\.org/x/tools/|^github\.com/elastic/go-seccomp-bpf(/|$)|^` +
	module + `(analyzers|app/scan/(goanalysis|readiness|inert))(/|$)`)

func TestTheWorkerLinksOnlyScanners(t *testing.T) {
	readSources(t)
	deps := func(pkg string, no *regexp.Regexp) (bad []string) {
		out, err := exec.Command("go", "list", "-deps", module+pkg).Output()
		if err != nil {
			t.Fatalf("go list -deps: %v", err)
		}
		for _, dep := range strings.Fields(string(out)) {
			if no.MatchString(dep) {
				bad = append(bad, dep)
			}
		}
		return bad
	}
	for pkg, no := range map[string]*regexp.Regexp{"cmd/launchgate-worker": leanWorker, "cmd/launchgate-worker-secrets": notForSecrets} {
		if bad := deps(pkg, no); len(bad) > 0 {
			t.Errorf("%s links %v", pkg, bad)
		}
	}
	if len(deps("cmd/launchgate", leanWorker)) < 15 || len(deps("cmd/launchgate-worker", notForSecrets)) < 15 {
		t.Error("not even the server links what the worker must not: the test proves nothing")
	}
}

// TestNothingIsCompiledAtStart: a regular expression or template of a package is
// compiled when it is used (app/lazyregexp), not by every start of every command.
func TestNothingIsCompiledAtStart(t *testing.T) {
	readSources(t)
	out, err := exec.Command("go", "list", "-deps", "-f", `{{$dir := .Dir}}{{if not .Standard}}{{.ImportPath}}{{range .GoFiles}} {{$dir}}/{{.}}{{end}}{{end}}`, module+"cmd/launchgate").Output()
	if err != nil {
		t.Fatalf("go list -deps: %v", err)
	}
	seen := 0
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		if len(f) == 0 || !strings.HasPrefix(f[0], module) {
			continue
		}
		for _, path := range f[1:] {
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, decl := range file.Decls {
				if vars, ok := decl.(*ast.GenDecl); ok {
					seen++
					for _, call := range compiles(vars) {
						t.Errorf("%s calls %s at every start; let lazyregexp.New or sync.OnceValue call it when it is needed", f[0], call)
					}
				}
			}
		}
	}
	if seen < 500 {
		t.Errorf("saw %d declarations; the test would prove nothing", seen)
	}
}

// compiles lists what a declaration calls to compile something when the program starts.
func compiles(decl *ast.GenDecl) (calls []string) {
	ast.Inspect(decl, func(n ast.Node) bool {
		if _, later := n.(*ast.FuncLit); later {
			return false
		}
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := sel.X.(*ast.Ident); ok && (x.Name == "regexp" && strings.Contains(sel.Sel.Name, "Compile") || x.Name == "template" && sel.Sel.Name == "Must") {
				calls = append(calls, x.Name+"."+sel.Sel.Name)
			}
		}
		return true
	})
	return calls
}

// notForHistories has what a look at a local history does not need: its worker looks.
var notForHistories = regexp.MustCompile(`^(github\.com/(gin-gonic|prometheus|riverqueue|jackc|pressly|yuin/goldmark|getkin|go-playground|elastic/go-seccomp-bpf|zricethezav/gitleaks)/?|modernc\.org/|go/(ast|types)$|golang\.org/x/tools/|` +
	module + `(webhooks|analyzers|app/(server|store|jobs|pipeline|dashboard|policy|config|gh|scan/(goanalysis|readiness|inert)))(/|$)|` + module + `app/scan/secrets$)`)

// TestALookAtAHistoryStartsAsOne: launchgate-secrets links no more than it needs, and
// what hands over to it imports nothing that is initialised late: package os is among
// the first, and what depends on package fmt comes after most of launchgate.
func TestALookAtAHistoryStartsAsOne(t *testing.T) {
	readSources(t)
	deps := func(pkg string) []string {
		out, err := exec.Command("go", "list", "-deps", pkg).Output()
		if err != nil {
			t.Fatalf("go list -deps: %v", err)
		}
		return strings.Fields(string(out))
	}
	for _, dep := range deps(module + "cmd/launchgate-secrets") {
		if notForHistories.MatchString(dep) {
			t.Errorf("cmd/launchgate-secrets links %s", dep)
		}
	}
	early := deps("os")
	for _, dep := range deps(module + "cmd/internal/handover") {
		if !slices.Contains(early, dep) && !strings.HasPrefix(dep, module+"cmd/internal/") {
			t.Errorf("cmd/internal/handover imports %s", dep)
		}
	}
	if !slices.ContainsFunc(deps(module+"cmd/launchgate"), notForHistories.MatchString) {
		t.Error("not even the server links what a look at a history must not: the test proves nothing")
	}
}

// readSources opens what go list is going to read. The go command takes the
// result of an earlier run when no file the test itself opened has changed, and
// what a child process opens it does not see.
func readSources(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() && filepath.Ext(path) != ".go" {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && path != "..") {
			return filepath.SkipDir
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		return f.Close()
	})
	if err != nil {
		t.Fatal(err)
	}
}

func rowFor(pkg string) ([]string, bool) {
	if row, ok := mayImport[pkg]; ok {
		return row, true
	}
	for p, row := range mayImport {
		if strings.HasSuffix(p, "/...") && matches(pkg, []string{p}) {
			return row, true
		}
	}
	return nil, false
}
