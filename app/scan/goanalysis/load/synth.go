package load

import (
	"go/ast"
	"go/token"
	"go/types"
	"path"
	"strings"
)

// use is how a name of a package that cannot be had is used.
type use struct {
	isType  bool // stands where only a type can
	isCall  bool
	results int // values taken from a call; -1: calls disagree
}

const unknownResults = -2 // no call was seen yet

// importingFile is a file that imports a missing package, and how it uses what it
// imports, by the name it has for it.
type importingFile struct {
	syntax *ast.File
	uses   map[string]map[string]*use
}

// nameUses records how a file uses the names of packages nobody has.
func nameUses(f *ast.File, missing func(path string) bool, partial map[string]*types.Package) *importingFile {
	names := map[string]bool{}
	for _, s := range f.Imports {
		if p := importPath(s); missing(p) {
			for _, n := range localNames(s, partial[p]) {
				names[n] = true
			}
		}
	}
	return &importingFile{syntax: f, uses: collectUses(f, names)}
}

// localNames returns the names a file may have for a package it imports, most
// likely first.
func localNames(s *ast.ImportSpec, partial *types.Package) []string {
	switch {
	case s.Name != nil && (s.Name.Name == "_" || s.Name.Name == "."):
		return nil
	case s.Name != nil:
		return []string{s.Name.Name}
	case partial != nil && partial.Name() != "":
		return []string{partial.Name()}
	}
	return likelyNames(importPath(s))
}

// synthesise makes a package that has just the names used of it. Its types keep
// their identity (an analyzer still sees *gin.Context), but what is unknown
// about them, their fields, methods and results, has the invalid type, which
// go/types passes over in silence. So nothing is typed wrongly.
func synthesise(pkgPath string, files []*importingFile, partial *types.Package) *types.Package {
	uses := map[string]*use{}
	pkgName := ""
	for _, f := range files {
		for _, s := range f.syntax.Imports {
			if importPath(s) != pkgPath {
				continue
			}
			for _, n := range localNames(s, partial) {
				if of := f.uses[n]; len(of) > 0 {
					merge(uses, of)
					if pkgName == "" && s.Name == nil {
						pkgName = n
					}
					break
				}
			}
		}
	}
	if pkgName == "" {
		pkgName = likelyNames(pkgPath)[0]
	}
	pkg := partial
	if pkg == nil {
		pkg = types.NewPackage(pkgPath, pkgName)
	}
	invalid := types.Typ[types.Invalid]
	for name, u := range uses {
		if pkg.Scope().Lookup(name) != nil {
			continue
		}
		var obj types.Object
		switch {
		case u.isType:
			tn := types.NewTypeName(token.NoPos, pkg, name, nil)
			types.NewNamed(tn, invalid, nil)
			obj = tn
		case u.isCall && u.results >= 0:
			var res []*types.Var
			for range u.results {
				res = append(res, types.NewParam(token.NoPos, pkg, "", invalid))
			}
			args := types.NewParam(token.NoPos, pkg, "", types.NewSlice(invalid))
			obj = types.NewFunc(token.NoPos, pkg, name,
				types.NewSignatureType(nil, nil, nil, types.NewTuple(args), types.NewTuple(res...), true))
		default:
			obj = types.NewVar(token.NoPos, pkg, name, invalid)
		}
		pkg.Scope().Insert(obj)
	}
	pkg.MarkComplete()
	return pkg
}

// likelyNames guesses a package's name from its path, most likely first.
func likelyNames(p string) []string {
	base := path.Base(p)
	if isVersion(base) && strings.Contains(p, "/") {
		base = path.Base(path.Dir(p))
	}
	if i := strings.LastIndex(base, ".v"); i > 0 && isVersion(base[i+1:]) {
		base = base[:i]
	}
	var names []string
	add := func(n string) {
		if token.IsIdentifier(n) {
			names = append(names, n)
		}
	}
	add(base)
	trimmed := strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(base, "go-"), "go."), "-go"), ".go")
	add(trimmed)
	add(strings.ReplaceAll(base, "-", ""))
	add(strings.ReplaceAll(base, "-", "_"))
	add(strings.ReplaceAll(trimmed, "-", ""))
	if i := strings.LastIndexAny(base, "-."); i >= 0 {
		add(base[i+1:])
	}
	if i := strings.IndexAny(base, "-."); i >= 0 {
		add(base[:i])
	}
	add(trimmed + "ware") // of middleware: fiber's jwtware and pasetoware
	return append(names, "unknown")
}

// merge adds what one file knows of a package's names to what others do.
func merge(into, from map[string]*use) {
	for name, f := range from {
		u := into[name]
		if u == nil {
			u = &use{results: unknownResults}
			into[name] = u
		}
		u.isType, u.isCall = u.isType || f.isType, u.isCall || f.isCall
		u.take(f.results)
	}
}

// take notes that a call stands where so many values are wanted.
func (u *use) take(results int) {
	switch {
	case results == unknownResults:
	case u.results == unknownResults || u.results == 0:
		u.results = results
	case results != 0 && u.results != results:
		u.results = -1
	}
}

// collectUses records how f uses the names of the packages it calls by one of
// pkgs.
func collectUses(f *ast.File, pkgs map[string]bool) map[string]map[string]*use {
	all := map[string]map[string]*use{}
	if len(pkgs) == 0 {
		return all
	}
	get := func(e ast.Expr) *use {
		sel, ok := e.(*ast.SelectorExpr)
		if !ok {
			return nil
		}
		// An identifier that is shadowed by a local variable is counted too;
		// a name too many in a synthesised package harms nobody.
		id, ok := sel.X.(*ast.Ident)
		if !ok || !pkgs[id.Name] || !sel.Sel.IsExported() {
			return nil
		}
		uses := all[id.Name]
		if uses == nil {
			uses = map[string]*use{}
			all[id.Name] = uses
		}
		u := uses[sel.Sel.Name]
		if u == nil {
			u = &use{results: unknownResults}
			uses[sel.Sel.Name] = u
		}
		return u
	}
	var typ func(e ast.Expr)
	typ = func(e ast.Expr) {
		switch e := e.(type) {
		case *ast.StarExpr:
			typ(e.X)
		case *ast.ParenExpr:
			typ(e.X)
		case *ast.Ellipsis:
			typ(e.Elt)
		case *ast.IndexExpr:
			typ(e.X)
			typ(e.Index)
		case *ast.IndexListExpr:
			typ(e.X)
			for _, i := range e.Indices {
				typ(i)
			}
		case *ast.SelectorExpr:
			if u := get(e); u != nil {
				u.isType = true
			}
		}
	}
	call := func(e ast.Expr, results int) {
		c, ok := e.(*ast.CallExpr)
		if !ok {
			return
		}
		if u := get(c.Fun); u != nil {
			u.take(results)
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			typ(n.Type)
		case *ast.ArrayType:
			typ(n.Elt)
		case *ast.MapType:
			typ(n.Key)
			typ(n.Value)
		case *ast.ChanType:
			typ(n.Value)
		case *ast.TypeSpec:
			typ(n.Type)
		case *ast.ValueSpec:
			typ(n.Type)
			if len(n.Values) == 1 {
				call(n.Values[0], len(n.Names))
			}
		case *ast.CompositeLit:
			typ(n.Type)
		case *ast.TypeAssertExpr:
			typ(n.Type)
		case *ast.CaseClause:
			// Only type switches have types here; a wrong guess is avoided by
			// asking for a pointer.
			for _, e := range n.List {
				if s, ok := e.(*ast.StarExpr); ok {
					typ(s)
				}
			}
		case *ast.UnaryExpr:
			if lit, ok := n.X.(*ast.CompositeLit); ok {
				typ(lit.Type)
			}
		case *ast.ExprStmt:
			call(n.X, 0)
		case *ast.AssignStmt:
			if len(n.Rhs) == 1 {
				call(n.Rhs[0], len(n.Lhs))
			}
		case *ast.CallExpr:
			if u := get(n.Fun); u != nil {
				u.isCall = true
				if u.results == unknownResults {
					u.results = 1
				}
			}
			if id, ok := n.Fun.(*ast.Ident); ok && (id.Name == "new" || id.Name == "make") && len(n.Args) > 0 {
				typ(n.Args[0])
			}
		case *ast.SelectorExpr:
			get(n)
		}
		return true
	})
	return all
}

// isVersion reports whether a path element is a major version: v2, v10.
func isVersion(s string) bool {
	if len(s) < 2 || s[0] != 'v' {
		return false
	}
	for _, c := range s[1:] {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
