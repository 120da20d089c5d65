package goanalysis_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"

	"github.com/launchgate/launchgate/analyzers/piilog"
	"github.com/launchgate/launchgate/app/scan"
	"github.com/launchgate/launchgate/app/scan/goanalysis"
)

// TestOwnCasesOnABareCheckout runs the cases of the rules on logs as a checkout
// without any of the libraries they use: what is reported must be the same.
func TestOwnCasesOnABareCheckout(t *testing.T) {
	const cases = "../../../analyzers/piilog/testdata/own/src"
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module own\n\ngo 1.24\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	imported := regexp.MustCompile(`(?m)^(\s*(?:import )?(?:\w+ )?)"([^"\s.]+)"$`)
	owned := func(line []byte) []byte { // an import of another case becomes one of the module
		m := imported.FindSubmatch(line)
		if _, err := os.Stat(filepath.Join(cases, string(m[2]))); err != nil {
			return line
		}
		return []byte(string(m[1]) + `"own/` + string(m[2]) + `"`)
	}
	expect := regexp.MustCompile(`// want (.*)$`)
	quoted := regexp.MustCompile(`"([^":]*)`)
	want := make(map[string][]string) // by file:line
	err := filepath.WalkDir(cases, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(cases, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			if strings.Contains(rel, ".") && rel != "." {
				return fs.SkipDir // a stand-in of a library
			}
			return os.MkdirAll(filepath.Join(dir, rel), 0o700)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for i, line := range strings.Split(string(data), "\n") {
			if m := expect.FindStringSubmatch(line); m != nil {
				for _, w := range quoted.FindAllStringSubmatch(m[1], -1) {
					if w[1] != "" && w[1] != " " {
						want[fmt.Sprintf("%s:%d", filepath.ToSlash(rel), i+1)] = append(want[fmt.Sprintf("%s:%d", filepath.ToSlash(rel), i+1)], w[1])
					}
				}
			}
		}
		return os.WriteFile(filepath.Join(dir, rel), imported.ReplaceAllFunc(data, owned), 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(want) < 150 {
		t.Fatalf("only %d lines are expected to be found", len(want))
	}
	s := goanalysis.Scanner{Suite: []*analysis.Analyzer{piilog.Analyzer}, RuleSet: piilog.Rules()}
	rep, err := s.Scan(t.Context(), scan.Request{HeadDir: dir}, nil)
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string][]string)
	for _, f := range rep.Head {
		at := fmt.Sprintf("%s:%d", f.Place.Path, f.Place.Line)
		if want[at] == nil { // reported where it leaves, in another package: the path leads here
			for _, e := range f.Evidence {
				if step := fmt.Sprintf("%s:%d", e.Place.Path, e.Place.Line); want[step] != nil {
					at = step
				}
			}
		}
		found[at] = append(found[at], string(f.Rule))
	}
	for at, rules := range want {
		for _, w := range rules {
			if !regexp.MustCompile(w).MatchString(strings.Join(found[at], " ")) {
				t.Errorf("%s: %s is not found without the libraries; found are %v", at, w, found[at])
			}
		}
	}
	for at, rules := range found {
		if want[at] == nil {
			t.Errorf("%s: %v is found without the libraries and must not be", at, rules)
		}
	}
}
