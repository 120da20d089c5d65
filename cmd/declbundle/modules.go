package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/types"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"sort"
	"strings"

	"github.com/launchgate/launchgate/app/scan/goanalysis/load"
	"github.com/launchgate/launchgate/app/scan/goanalysis/stddecl"
)

// modules writes the packages named in a list of "module version package…"
// lines. The go command resolves the modules' own requirements and downloads
// them; our loader types them.
func modules(list, out string) error {
	data, err := os.ReadFile(list)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "declbundle")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var mod, src bytes.Buffer
	fmt.Fprintf(&mod, "module example.com/bundle\n\ngo 1.26.0\n\nrequire (\n")
	fmt.Fprintf(&src, "package bundle\n\nimport (\n")
	wanted := map[string]bool{}
	versions := map[string]string{}
	for line := range strings.Lines(string(data)) {
		f := strings.Fields(line)
		if len(f) == 0 || f[0] == "#" {
			continue
		}
		if len(f) < 3 {
			return fmt.Errorf("%s: %q is not module, version, packages", list, line)
		}
		fmt.Fprintf(&mod, "\t%s %s\n", f[0], f[1])
		versions[f[0]] = f[1]
		for _, p := range f[2:] {
			full := path.Join(f[0], p)
			wanted[full] = true
			fmt.Fprintf(&src, "\t_ %q\n", full)
		}
	}
	mod.WriteString(")\n")
	src.WriteString(")\n")
	if err := errors.Join(
		os.WriteFile(filepath.Join(dir, "go.mod"), mod.Bytes(), 0o644),
		os.WriteFile(filepath.Join(dir, "bundle.go"), src.Bytes(), 0o644)); err != nil {
		return err
	}
	// Listing what is imported downloads it and writes every indirect requirement;
	// "go mod tidy" would do the same for the tests of all modules.
	resolve := exec.Command("go", "list", "-e", "-deps", ".")
	resolve.Dir, resolve.Stderr = dir, os.Stderr
	resolve.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	if err := resolve.Run(); err != nil {
		return fmt.Errorf("resolve modules: %w", err)
	}
	cache, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		return fmt.Errorf("find the module cache: %w", err)
	}
	res, err := load.Load(context.Background(), load.Options{
		Dir: dir, Embedded: stddecl.StandardOnly{},
		Modules: []load.ModuleSource{load.ModuleCache{Dir: strings.TrimSpace(string(cache))}},
	})
	if err != nil {
		return err
	}
	for _, d := range res.Deps {
		if wanted[d.Path] {
			if d.Origin != load.FromModuleCache {
				fmt.Fprintf(os.Stderr, "declbundle: %s: %s\n", d.Path, d.Origin)
				delete(wanted, d.Path)
			} else if d.Errors > 0 {
				fmt.Fprintf(os.Stderr, "declbundle: %s: %d errors: %s\n", d.Path, d.Errors, d.First)
			}
			if want := versions[d.Module.Path]; want != d.Module.Version {
				fmt.Fprintf(os.Stderr, "declbundle: %s is %s, not %s: raise it in %s\n", d.Module.Path, d.Module.Version, want, list)
				versions[d.Module.Path] = d.Module.Version
			}
		}
	}
	var pkgs []*types.Package
	for _, p := range res.Packages[0].Types.Imports() {
		if wanted[p.Path()] {
			pkgs = append(pkgs, p)
		}
	}
	var label []string
	for p, v := range versions {
		label = append(label, p+" "+v)
	}
	sort.Strings(label)
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := stddecl.Write(f, strings.Join(label, "\n"), res.Fset, pkgs, moduleOf(versions)); err != nil {
		return err
	}
	return f.Close()
}

// moduleOf returns a function that says which of the modules holds a package.
func moduleOf(versions map[string]string) func(string) string {
	return func(pkg string) string {
		for p := pkg; p != "."; p = path.Dir(p) {
			if versions[p] != "" {
				return p
			}
		}
		return ""
	}
}
