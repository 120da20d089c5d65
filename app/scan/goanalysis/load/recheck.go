package load

import (
	"fmt"
	"go/ast"
	"go/types"
)

// Recheck types a package anew with some files replaced, as a suggested fix
// would leave it. Imports are those the package has, each in its fresh version
// if there is one, and the standard library. It fails if the result does not
// compile.
func (r *Result) Recheck(p *Package, replaced map[string][]byte, fresh map[*Package]*Package) (_ *Package, err error) {
	defer func() {
		if x := recover(); x != nil {
			err = fmt.Errorf("the type checker failed: %v", x)
		}
	}()
	q := &Package{ID: p.ID, PkgPath: p.PkgPath, Name: p.Name, Dir: p.Dir, Module: p.Module, Imports: map[string]*Package{}, Missing: p.Missing,
		Info: newInfo(), version: p.version}
	g := &group{loader: r.loader}
	for _, f := range p.Files {
		// Every file is parsed again: syntax trees are keys of what is known
		// about them, and the old package keeps its own.
		src := f.Source
		if s, ok := replaced[f.Path]; ok {
			src = s
		}
		if nesting(src) > r.loader.opt.Limits.Depth {
			return nil, fmt.Errorf("%s: nested too deep", f.Path)
		}
		syntax, errs := g.parseFile(f.Path, src)
		if syntax == nil || len(errs) > 0 {
			return nil, fmt.Errorf("%s: does not parse", f.Path)
		}
		q.Files = append(q.Files, &File{Path: f.Path, Syntax: syntax, Source: src, Generated: ast.IsGenerated(syntax)})
	}
	known := map[string]*types.Package{}
	for _, t := range p.Types.Imports() {
		known[t.Path()] = t
	}
	for path, d := range p.Imports {
		q.Imports[path] = d
		if f := fresh[d]; f != nil {
			q.Imports[path], known[f.Types.Path()] = f, f.Types
		}
	}
	conf := types.Config{
		GoVersion: p.version, FakeImportC: true, Sizes: r.Sizes,
		Importer: importerFunc(func(path string) (*types.Package, error) {
			if path == "unsafe" {
				return types.Unsafe, nil
			}
			if t := known[path]; t != nil {
				return t, nil
			}
			if t := r.loader.std[path]; t != nil {
				return t, nil
			}
			return nil, fmt.Errorf("no declarations of package %q", path)
		}),
	}
	q.Types, err = conf.Check(p.PkgPath, r.Fset, q.Syntax(), q.Info)
	if err != nil {
		return nil, err
	}
	q.Typed = measure(r.Fset, q)
	return q, nil
}
