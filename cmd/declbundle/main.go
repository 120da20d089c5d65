// Command declbundle makes the bundles of declarations that are embedded in
// launchgate. It is run by go generate and is the only part of the project that
// needs a Go distribution's sources.
//
//	declbundle std FILE             the standard library of the go command on PATH
//	declbundle modules LIST FILE    the packages LIST names, from their modules
package main

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/launchgate/launchgate/app/scan/goanalysis/load"
	"github.com/launchgate/launchgate/app/scan/goanalysis/stddecl"
)

func main() {
	var err error
	switch {
	case len(os.Args) == 3 && os.Args[1] == "std":
		err = standard(os.Args[2])
	case len(os.Args) == 4 && os.Args[1] == "modules":
		err = modules(os.Args[2], os.Args[3])
	default:
		fmt.Fprintln(os.Stderr, "usage: declbundle std FILE | declbundle modules LIST FILE")
		os.Exit(64)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "declbundle:", err)
		os.Exit(1)
	}
}

// standard writes the public packages of the standard library for linux/amd64.
func standard(out string) error {
	list, err := exec.Command("go", "list", "std").Output()
	if err != nil {
		return fmt.Errorf("list the standard library: %w", err)
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return fmt.Errorf("find GOROOT: %w", err)
	}
	im := &importer{fset: token.NewFileSet(), src: filepath.Join(strings.TrimSpace(string(root)), "src"), pkgs: map[string]*types.Package{}}
	var pkgs []*types.Package
	for _, p := range strings.Fields(string(list)) {
		if p == "unsafe" || strings.HasPrefix(p, "vendor/") || strings.HasPrefix(p, "cmd/") ||
			strings.HasPrefix(p, "internal/") || strings.Contains(p, "/internal/") || strings.HasSuffix(p, "/internal") {
			continue
		}
		pkg, err := im.Import(p)
		if err != nil {
			return err
		}
		pkgs = append(pkgs, pkg)
	}
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := stddecl.Write(f, runtime.Version(), im.fset, pkgs, func(string) string { return "std" }); err != nil {
		return err
	}
	return f.Close()
}

// importer types standard packages by their declarations.
type importer struct {
	fset *token.FileSet
	src  string
	pkgs map[string]*types.Package
}

func (im *importer) Import(path string) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	if p := im.pkgs[path]; p != nil {
		return p, nil
	}
	dir := filepath.Join(im.src, filepath.FromSlash(path))
	if _, err := os.Stat(dir); err != nil {
		dir = filepath.Join(im.src, "vendor", filepath.FromSlash(path))
	}
	ctxt := build.Default
	ctxt.GOOS, ctxt.GOARCH, ctxt.CgoEnabled = "linux", "amd64", false
	bp, err := ctxt.ImportDir(dir, 0)
	if err != nil {
		return nil, err
	}
	var files []*ast.File
	for _, name := range bp.GoFiles {
		src, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		f, err := parser.ParseFile(im.fset, "$GOROOT/src/"+path+"/"+name, src, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		load.Prune(f)
		files = append(files, f)
	}
	conf := types.Config{Importer: im, IgnoreFuncBodies: true, DisableUnusedImportCheck: true, Sizes: types.SizesFor("gc", "amd64")}
	pkg, err := conf.Check(path, im.fset, files, nil)
	if err != nil {
		return nil, err
	}
	im.pkgs[path] = pkg
	return pkg, nil
}
