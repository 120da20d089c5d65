package goanalysis_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan"
	"github.com/launchgate/launchgate/app/scan/goanalysis"
)

const taggedProgram = `
-- main.go --
package main

import "net/http"

func main() { _ = http.ListenAndServe(":1", nil) }
-- routes_ee.go --
//go:build linux && (enterprise || cloud)

package main

import "net/http"

func init() {
	http.HandleFunc("GET /ee/licences", func(w http.ResponseWriter, r *http.Request) {})
}
-- helpers_ee.go --
//go:build enterprise

package main

func helper(path string) string { return "/" + path }
-- routes_windows.go --
package main

import "net/http"

func init() { http.HandleFunc("/service", nil) }
-- gen.go --
//go:build ignore

package main

import "net/http"

func init() { http.HandleFunc("/gen", nil) }
-- routes_test.go --
//go:build integration

package main

import "net/http"

func init() { http.HandleFunc("/fake", nil) }
`

// TestRoutesUnderTagsAreGaps: what is served when a tag is set that is not set
// here is said to be missing; a platform's files, what is only run and tests are
// left out as ever.
func TestRoutesUnderTagsAreGaps(t *testing.T) {
	dir := t.TempDir()
	writeProgram(t, dir, txtar.Parse([]byte(taggedProgram)))
	gaps := scanRoutes(t, dir, goanalysis.SourcesEmbedded).Receipt.Gaps
	if len(gaps) != 1 || gaps[0].Code != review.CodeTagNotSet || gaps[0].What != "routes_ee.go" || !strings.Contains(gaps[0].Why, "the tag enterprise, not set here, and registers routes: GET /ee/licences") {
		t.Errorf("the gaps are %+v", gaps)
	}

	// A change that does not touch it is not stopped by it.
	rep, err := goanalysis.Scanner{RoutesOnly: true}.Scan(context.Background(), scan.Request{HeadDir: dir, BaseDir: dir, MergeBase: review.SHA(strings.Repeat("a", 40))}, nil)
	if err != nil {
		t.Fatal(err)
	}
	said := func(n string) bool { return strings.HasPrefix(n, "not looked at, as before: routes_ee.go: ") }
	if len(rep.Receipt.Gaps) != 0 || !slices.ContainsFunc(rep.Receipt.Notes, said) {
		t.Errorf("of what was there before the gaps are %v and the notes %q", rep.Receipt.Gaps, rep.Receipt.Notes)
	}
}

// TestNoConstraintHidesAFile: what cannot be told of a file that tags leave out is
// said, too, or a change could hide its routes behind it.
func TestNoConstraintHidesAFile(t *testing.T) {
	for name, src := range map[string]string{
		"many tags": "//go:build t1 && t2 && t3 && t4 && t5 && t6 && t7\n\npackage main\n\nimport \"net/http\"\n\nfunc init() { http.HandleFunc(\"/hidden\", nil) }\n",
		"broken":    "//go:build hidden\n\npackage main\n\nfunc init() { http.HandleFunc(\"/hidden\", nil }\n",
	} {
		dir := t.TempDir()
		writeProgram(t, dir, txtar.Parse([]byte("-- main.go --\npackage main\n\nfunc main() {}\n-- hidden.go --\n"+src)))
		gaps := scanRoutes(t, dir, goanalysis.SourcesEmbedded).Receipt.Gaps
		if len(gaps) != 1 || gaps[0].Code != review.CodeTagNotSet || gaps[0].What != "hidden.go" {
			t.Errorf("%s: the gaps are %+v", name, gaps)
		}
	}
}

// TestTaggedFilesThatAnswerThemselves: a file that tags leave out may register
// nothing and still answer requests, by comparing their paths.
func TestTaggedFilesThatAnswerThemselves(t *testing.T) {
	dir := t.TempDir()
	writeProgram(t, dir, txtar.Parse([]byte(`
-- main.go --
package main

import "net/http"

func main() { _ = http.ListenAndServe(":1", http.NotFoundHandler()) }
-- debug.go --
//go:build debugging

package main

import (
	"net/http"
	"strings"
)

type debug struct{ next http.Handler }

func (d debug) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/secrets":
		w.Write([]byte("x"))
		return
	}
	if r.URL.Path == "/dump" || strings.HasPrefix(r.URL.Path, "/heap/") {
		w.Write([]byte("y"))
		return
	}
	d.next.ServeHTTP(w, r)
}
`)))
	gaps := scanRoutes(t, dir, goanalysis.SourcesEmbedded).Receipt.Gaps
	if len(gaps) != 1 || gaps[0].What != "debug.go" {
		t.Fatalf("gaps %v instead of one for debug.go", gaps)
	}
	for _, p := range []string{"/secrets", "/dump", "/heap/"} {
		if !strings.Contains(gaps[0].Why, p) {
			t.Errorf("%s is not named in %q", p, gaps[0].Why)
		}
	}
}
