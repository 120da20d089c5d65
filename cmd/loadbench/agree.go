//go:build agree

package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/launchgate/launchgate/app/scan/goanalysis/load"
)

func init() { compare = compareWithPackages }

// every is the sampling: one expression in so many, in every file.
const every = 5

// compareWithPackages loads the same checkout with go/packages and compares
// types by file and offset. go/packages runs the go command over the checkout,
// which nothing that is shipped may do; hence the build tag.
func compareWithPackages(dir string, ours *load.Result) (*agreement, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	byFile := map[string]map[span]string{}
	for _, p := range ours.Packages {
		for _, f := range p.Files {
			byFile[filepath.Join(abs, filepath.FromSlash(f.Path))] = typesOf(ours.Fset, f.Syntax, p.Info)
		}
	}
	a := &agreement{}
	for _, m := range ours.Modules {
		cfg := &packages.Config{
			Dir: filepath.Join(abs, filepath.FromSlash(m.Dir)),
			Env: append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off", "GOTOOLCHAIN=local", "GOPROXY=off"),
			Mode: packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedImports | packages.NeedDeps |
				packages.NeedTypes | packages.NeedSyntax | packages.NeedTypesInfo | packages.NeedTypesSizes,
		}
		if _, err := os.Stat(filepath.Join(cfg.Dir, "vendor")); err == nil {
			cfg.Env = append(cfg.Env, "GOFLAGS=-mod=vendor")
		}
		pkgs, err := packages.Load(cfg, "./...")
		if err != nil {
			continue // the go command refuses this module
		}
		for _, p := range pkgs {
			if len(p.Errors) > 0 || p.IllTyped {
				continue
			}
			a.Packages++
			for i, f := range p.Syntax {
				mine, ok := byFile[p.CompiledGoFiles[i]]
				if !ok {
					continue // made by cgo
				}
				n := 0
				for at, want := range typesOf(p.Fset, f, p.TypesInfo) {
					if n++; n%every != 0 {
						continue
					}
					a.Compared++
					if mine[at] == want {
						a.Same++
					} else if mine[at] == "" || strings.Contains(mine[at], "invalid type") || strings.HasPrefix(mine[at], "untyped ") {
						// A constant stays untyped where what it is for is not known.
						a.Untyped++
					} else if len(a.Diff) < 3 {
						a.Diff = append(a.Diff, fmt.Sprintf("%s:%d `%s` not `%s`", filepath.Base(p.CompiledGoFiles[i]), at.from, mine[at], want))
					}
				}
			}
		}
	}
	return a, nil
}

type span struct {
	from, to int
	kind     string
}

// typesOf returns the type of every expression of a file, by its place.
func typesOf(fset *token.FileSet, f *ast.File, info *types.Info) map[span]string {
	out := map[span]string{}
	tf := fset.File(f.FileStart)
	ast.Inspect(f, func(n ast.Node) bool {
		e, ok := n.(ast.Expr)
		if !ok {
			return true
		}
		var t types.Type
		if tv, ok := info.Types[e]; ok {
			t = tv.Type
		} else if id, ok := e.(*ast.Ident); ok {
			if obj := info.ObjectOf(id); obj != nil {
				t = obj.Type()
			}
		}
		if t != nil {
			out[span{tf.Offset(e.Pos()), tf.Offset(min(e.End(), token.Pos(tf.Base()+tf.Size()))), fmt.Sprintf("%T", e)}] = strings.ReplaceAll(types.TypeString(t, nil), "interface{}", "any")
		}
		return true
	})
	return out
}
