package goanalysis_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan"
	"github.com/launchgate/launchgate/app/scan/goanalysis"
)

var update = flag.Bool("update", false, "write what comes out into the archives that say what should")

// inventories is where the programs are: beside the analyzer they describe,
// though only this package can load them as a review does.
const inventories = "../../../analyzers/authz/testdata/routes"

// The files of an archive that are not part of its program.
const (
	wantFile = "want"
	// bareFile is the inventory when no module's declarations are at hand;
	// absent where it is the same, as it should be.
	bareFile = "want-without-modules"
)

// TestInventories loads each small program of analyzers/authz/testdata/routes as
// a review loads a checkout and compares its routes with the archive's "want":
// once with the embedded declarations of well-known modules, once with none.
func TestInventories(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(inventories, "*.txtar"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no archives in %s: %v", inventories, err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			t.Parallel()
			ar, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			writeProgram(t, dir, ar)
			full := listing(scanRoutes(t, dir, goanalysis.SourcesEmbedded))
			bare := listing(scanRoutes(t, dir, goanalysis.SourcesVendor))
			if *update {
				set(ar, wantFile, full)
				if bare == full {
					bare = ""
				}
				set(ar, bareFile, bare)
				if err := os.WriteFile(name, txtar.Format(ar), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want := get(ar, wantFile)
			if want == "" {
				t.Fatalf("%s has no file %q; run with -update and read what it writes", name, wantFile)
			}
			compare(t, "", want, full)
			if b := get(ar, bareFile); b != "" {
				want = b
			}
			compare(t, "without modules: ", want, bare)
		})
	}
}

var patternNumbers = regexp.MustCompile(`(?m)^Patterns?: (.*)$`)

// TestPatternsHaveExamples checks that every way of registering routes that the
// list names is shown by a program.
func TestPatternsHaveExamples(t *testing.T) {
	list, err := os.ReadFile(filepath.Join(inventories, "patterns.txt"))
	if err != nil {
		t.Fatal(err)
	}
	names, _ := filepath.Glob(filepath.Join(inventories, "*.txtar"))
	shown := map[string]bool{}
	for _, name := range names {
		ar, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range patternNumbers.FindAllStringSubmatch(string(ar.Comment), -1) {
			for n := range strings.SplitSeq(m[1], ",") {
				shown[strings.TrimSpace(n)] = true
			}
		}
	}
	for line := range strings.Lines(string(list)) {
		n, title, ok := strings.Cut(strings.TrimSpace(line), " ")
		if ok && n != "#" && !shown[n] {
			t.Errorf("no program shows pattern %s, %s", n, title)
		}
	}
}

// TestInventoriesOfAnySize lists groups a thousand deep and a table of five
// thousand rows whole: what an earlier bound cut off was not even named.
func TestInventoriesOfAnySize(t *testing.T) {
	var groups, rows strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&groups, "\tg%d := g%d.Group(\"/s\")\n", i+1, i)
	}
	for i := range 5000 {
		fmt.Fprintf(&rows, "\t{\"/r/%d\", %t},\n", i, i%2 == 1)
	}
	dir := t.TempDir()
	writeProgram(t, dir, &txtar.Archive{Files: []txtar.File{{Name: "main.go", Data: []byte(`package main

import "github.com/gin-gonic/gin"

type row struct {
	path   string
	closed bool
}

var table = []row{
` + rows.String() + `}

func show(c *gin.Context) {}

func token(c *gin.Context) {
	if c.GetHeader("Authorization") != "Bearer let-me-in" {
		c.AbortWithStatus(401)
	}
}

func main() {
	r := gin.New()
	for _, t := range table {
		if t.closed {
			r.GET(t.path, token, show)
		} else {
			r.GET(t.path, show)
		}
	}
	g0 := r.Group("/d", token)
` + groups.String() + `	g1000.GET("/end", show)
	_ = r.Run()
}
`)}}})
	rep := scanRoutes(t, dir, goanalysis.SourcesEmbedded)
	got := map[review.Access]int{}
	for _, r := range rep.Routes {
		got[r.Access]++
	}
	if len(rep.Receipt.Gaps) > 0 || got[review.Public] != 2500 || got[review.Authenticated] != 2501 {
		t.Errorf("of 2500 public and 2501 guarded routes %v were listed; gaps %v", got, rep.Receipt.Gaps)
	}
}

// TestRoutesOfTablesStandAtTheirRows: who adds a row is asked about that line, not
// about the loop that registers all of them.
func TestRoutesOfTablesStandAtTheirRows(t *testing.T) {
	const code = `package main

import "net/http"

type route struct {
	pattern string
	handler http.HandlerFunc
}

var table = []route{
	{"/a", show},
	{pattern: "/b/{id}", handler: show},
}

func show(w http.ResponseWriter, r *http.Request) {}

func serve(mux *http.ServeMux, prefix string, r route) {
	mux.HandleFunc("GET "+prefix+r.pattern, r.handler)
}

func main() {
	mux := http.NewServeMux()
	for _, r := range table {
		serve(mux, "/api", r)
	}
	for path, handler := range map[string]http.HandlerFunc{
		"/c": show,
		"/d": show,
	} {
		mux.HandleFunc(path, handler)
	}
	mux.HandleFunc("/e", show)
	_ = http.ListenAndServe(":8080", mux)
}
`
	dir := t.TempDir()
	writeProgram(t, dir, &txtar.Archive{Files: []txtar.File{{Name: "main.go", Data: []byte(code)}}})
	lines := strings.Split(code, "\n")
	rs := scanRoutes(t, dir, goanalysis.SourcesEmbedded).Routes
	if len(rs) != 5 {
		t.Fatalf("%d routes instead of 5", len(rs))
	}
	for _, r := range rs {
		if at := lines[r.Registered.Line-1]; !strings.Contains(at, strings.TrimPrefix(r.Path, "/api")) {
			t.Errorf("%s is said to be registered by %q", r.Key(), at)
		}
	}
}

func writeProgram(t *testing.T, dir string, ar *txtar.Archive) {
	t.Helper()
	files := []txtar.File{{Name: "go.mod", Data: []byte("module example.com/app\n\ngo 1.24\n")}}
	for _, f := range append(files, ar.Files...) {
		if f.Name == wantFile || f.Name == bareFile {
			continue
		}
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func scanRoutes(t *testing.T, dir string, from goanalysis.Sources) scan.Report {
	t.Helper()
	raw, err := json.Marshal(goanalysis.Settings{Sources: from})
	if err != nil {
		t.Fatal(err)
	}
	s := goanalysis.Scanner{RoutesOnly: true}
	rep, err := s.Scan(context.Background(), scan.Request{HeadDir: dir, Settings: raw}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

var linesOfCode = regexp.MustCompile(`\.go:\d+`)

// listing writes an inventory without line numbers, so that a program can be
// edited without touching what does not change, and what it lacks.
func listing(rep scan.Report) string {
	rs := rep.Routes
	servers := map[string]bool{}
	for _, r := range rs {
		servers[r.Server] = true
	}
	var b strings.Builder
	for _, r := range rs {
		fmt.Fprintf(&b, "%-6s %s  %s  %s", r.Method, r.Path, r.Access, r.Handler.Func)
		for i, g := range r.Guards {
			if i == 0 {
				b.WriteString("  <")
			}
			fmt.Fprintf(&b, " %s:%s", g.Name, g.Kind)
		}
		if len(servers) > 1 {
			fmt.Fprintf(&b, "  @ %s", r.Server)
		}
		if r.Reason != "" {
			fmt.Fprintf(&b, "  # %s", linesOfCode.ReplaceAllString(r.Reason, ".go"))
		}
		b.WriteByte('\n')
	}
	if b.Len() == 0 {
		b.WriteString("no routes\n")
	}
	for _, g := range rep.Receipt.Gaps {
		fmt.Fprintf(&b, "not looked at: %s: %s\n", g.What, linesOfCode.ReplaceAllString(g.Why, ".go"))
	}
	return b.String()
}

func compare(t *testing.T, when, want, got string) {
	t.Helper()
	if want == got {
		return
	}
	in := map[string]int{}
	for line := range strings.Lines(want) {
		in[line]++
	}
	var diff strings.Builder
	for line := range strings.Lines(got) {
		if in[line]--; in[line] < 0 {
			diff.WriteString("  now  " + line)
		}
	}
	for line := range strings.Lines(want) {
		if in[line] > 0 {
			in[line]--
			diff.WriteString("  want " + line)
		}
	}
	t.Errorf("%sthe inventory is another (if it is right, run with -update):\n%s", when, diff.String())
}

func get(ar *txtar.Archive, name string) string {
	for _, f := range ar.Files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	return ""
}

// set puts a file at the end of an archive; an empty one is taken out.
func set(ar *txtar.Archive, name, data string) {
	kept := ar.Files[:0]
	for _, f := range ar.Files {
		if f.Name != name {
			kept = append(kept, f)
		}
	}
	ar.Files = kept
	if data != "" {
		if n := len(kept); n > 0 {
			kept[n-1].Data = append(bytes.TrimRight(kept[n-1].Data, "\n"), '\n')
		}
		ar.Files = append(kept, txtar.File{Name: name, Data: []byte(data)})
	}
}
