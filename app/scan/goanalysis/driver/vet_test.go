package driver_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"golang.org/x/mod/module"

	"github.com/launchgate/launchgate/app/scan/goanalysis/driver"
	"github.com/launchgate/launchgate/app/scan/goanalysis/driver/testdata/vettool/suite"
	"github.com/launchgate/launchgate/app/scan/goanalysis/load"
	"github.com/launchgate/launchgate/app/scan/goanalysis/stddecl"
)

// TestSameResultsAsGoVet runs the same analyzers over real modules with the go
// command's driver and with ours.
func TestSameResultsAsGoVet(t *testing.T) {
	if testing.Short() {
		t.Skip("go vet analyses the standard library for facts, which takes a minute when its cache is cold")
	}
	tool := filepath.Join(t.TempDir(), "vettool")
	output(t, ".", "go", "build", "-o", tool, "./testdata/vettool")
	mods := []string{"github.com/spf13/cobra", "github.com/yuin/goldmark", "github.com/gin-gonic/gin"}
	// Dependencies in the versions this project uses, as go vet takes them. Unlike
	// "go list -m", listing packages downloads the modules that hold them.
	list := []string{"list", "-e", "-deps", "-f", "{{with .Module}}{{.Path}} {{.Dir}}{{end}}"}
	for _, mod := range mods {
		list = append(list, mod+"/...")
	}
	deps := projectModules{}
	for line := range strings.Lines(string(output(t, ".", "go", list...))) {
		if path, dir, ok := strings.Cut(strings.TrimSpace(line), " "); ok && dir != "" {
			deps[path] = dir
		}
	}
	for _, mod := range mods {
		t.Run(mod, func(t *testing.T) {
			dir := deps[mod]
			if dir == "" {
				t.Fatal("its source could not be had")
			}
			ours, packages := byDriver(t, dir, deps)
			theirs := byVet(t, tool, dir, packages)
			if len(theirs) == 0 {
				t.Fatal("go vet finds nothing: nothing is compared")
			}
			if !slices.Equal(ours, theirs) {
				t.Errorf("%d diagnostics here, %d by go vet\nonly here:\n%s\nonly go vet:\n%s", len(ours), len(theirs),
					strings.Join(without(ours, theirs), "\n"), strings.Join(without(theirs, ours), "\n"))
			}
			t.Logf("%d diagnostics in %d packages agree", len(ours), len(packages))
		})
	}
}

// projectModules hands out modules by path, whatever version is asked for.
type projectModules map[string]string

func (p projectModules) Open(mod module.Version, _ string) (fs.FS, load.Origin, error) {
	dir := p[mod.Path]
	if dir == "" {
		return nil, "", fs.ErrNotExist
	}
	return os.DirFS(dir), load.FromModuleCache, nil
}

func (p projectModules) GoMod(module.Version) ([]byte, error) { return nil, fs.ErrNotExist }

func output(t *testing.T, dir, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, stderr.String())
	}
	return out
}

func byDriver(t *testing.T, dir string, deps projectModules) (diags, packages []string) {
	res, err := load.Load(context.Background(), load.Options{Dir: dir, Embedded: stddecl.StandardOnly{}, Modules: []load.ModuleSource{deps}})
	if err != nil {
		t.Fatal(err)
	}
	all, err := driver.Run(context.Background(), res, driver.Options{Analyzers: suite.All()})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		// Packages the project does not use may lack dependencies here, and the
		// go command refuses them.
		if !a.Package.Typed.Full() || a.Package.Module.Dir != "." || a.Package.Name == "main" {
			continue
		}
		packages = append(packages, a.Package.PkgPath)
		for an, why := range a.Failed {
			t.Errorf("%s on %s: %s", an.Name, a.Package.PkgPath, why)
		}
		for an, ds := range a.Diagnostics {
			for _, d := range ds {
				pos := res.Fset.PositionFor(d.Pos, false)
				diags = append(diags, fmt.Sprintf("%s:%d:%d: %s: %s", pos.Filename, pos.Line, pos.Column, an.Name, d.Message))
			}
		}
	}
	sort.Strings(diags)
	return diags, packages
}

func byVet(t *testing.T, tool, dir string, packages []string) []string {
	args := []string{"vet", "-json", "-vettool=" + tool}
	cmd := exec.Command("go", append(args, packages...)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	// In JSON mode diagnostics are no failure.
	if err := cmd.Run(); err != nil {
		t.Fatalf("go vet: %v\n%s%s", err, stderr.Bytes(), stdout.Bytes())
	}
	// They are on standard output since Go 1.25 and on standard error before. What the
	// go command tells its user there ("go: downloading …", "# package") is no JSON.
	var clean []byte
	for line := range bytes.Lines(append(stdout.Bytes(), stderr.Bytes()...)) {
		if !bytes.HasPrefix(line, []byte("#")) && !bytes.HasPrefix(line, []byte("go: ")) {
			clean = append(clean, line...)
		}
	}
	wanted := map[string]bool{}
	for _, p := range packages {
		wanted[p] = true
	}
	seen := map[string]bool{}
	var diags []string
	for dec := json.NewDecoder(bytes.NewReader(clean)); dec.More(); {
		var byPackage map[string]map[string]json.RawMessage
		if err := dec.Decode(&byPackage); err != nil {
			t.Fatalf("go vet's output: %v\n%s", err, clean)
		}
		for pkg, byAnalyzer := range byPackage {
			if name, _, _ := strings.Cut(pkg, " "); !wanted[name] {
				continue
			}
			for name, raw := range byAnalyzer {
				var ds []struct{ Posn, Message string }
				if json.Unmarshal(raw, &ds) != nil {
					t.Errorf("%s on %s: %s", name, pkg, raw)
				}
				for _, d := range ds {
					file := strings.TrimPrefix(d.Posn, dir+"/")
					s := fmt.Sprintf("%s: %s: %s", file, name, d.Message)
					if !strings.Contains(file, "_test.go") && !seen[s] {
						seen[s] = true
						diags = append(diags, s)
					}
				}
			}
		}
	}
	sort.Strings(diags)
	return diags
}

func without(a, b []string) []string {
	var out []string
	for _, s := range a {
		if !slices.Contains(b, s) {
			out = append(out, s)
		}
	}
	return out
}
