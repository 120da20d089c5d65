package load

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
)

// Recheck types a package anew with some files replaced, as a suggested fix
// would leave it. Imports are those the package has, each in its fresh version
// if there is one, and the standard library. It fails if the result does not
// compile: if the type checker says anything of it that it did not say of the
// package as it was, which may import what nobody has, or if a declaration that
// was changed is not typed throughout.
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
	said := map[string]int{}
	for _, e := range p.Errors {
		said[e.Msg]++
	}
	var worse error
	conf.Error = func(err error) {
		te, ok := err.(types.Error) //nolint:errorlint // the type checker hands it over unwrapped
		if !ok {
			worse = err
			return
		}
		if said[te.Msg]--; said[te.Msg] < 0 && worse == nil {
			worse = err
		}
		kind := "type"
		if te.Soft {
			kind = "soft"
		}
		q.Errors = append(q.Errors, Error{Pos: r.Fset.PositionFor(te.Pos, false), Msg: te.Msg, Kind: kind})
	}
	q.Types, _ = conf.Check(p.PkgPath, r.Fset, q.Syntax(), q.Info) //nolint:errcheck // each error was handed to conf.Error
	if worse != nil {
		return nil, worse
	}
	q.Typed = measure(r.Fset, q)
	for i, f := range q.Files {
		if src, ok := replaced[f.Path]; ok {
			if err := typedWhereChanged(r.Fset, q, f, p.Files[i].Source, src); err != nil {
				return nil, err
			}
		}
	}
	return q, nil
}

// typedWhereChanged fails if a declaration between the first and the last byte in
// which two versions of a file differ is not typed in full.
func typedWhereChanged(fset *token.FileSet, q *Package, f *File, before, after []byte) error {
	if q.Typed.Full() {
		return nil
	}
	from := 0
	for from < len(before) && from < len(after) && before[from] == after[from] {
		from++
	}
	end := 0
	for end < len(before)-from && end < len(after)-from && before[len(before)-1-end] == after[len(after)-1-end] {
		end++
	}
	tf := fset.File(f.Syntax.FileStart)
	for _, d := range f.Syntax.Decls {
		if tf.Offset(d.Pos()) > len(after)-end || tf.Offset(min(d.End(), token.Pos(tf.Base()+tf.Size()))) < from {
			continue
		}
		if fd, ok := d.(*ast.FuncDecl); ok && !q.Typed.FuncTyped(fd) {
			return fmt.Errorf("%s: %s is not typed in full", f.Path, funcName(fd))
		}
	}
	return nil
}
