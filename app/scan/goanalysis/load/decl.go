package load

import (
	"go/ast"
	"go/token"
	"strconv"
	"strings"
)

// Prune reduces a dependency's file to its declarations: function bodies,
// values of variables whose type is written out, and comments go, and with them
// the imports only they needed. What is left type-checks to the same exported
// types at a small part of the cost.
func Prune(f *ast.File) {
	f.Comments, f.Doc = nil, nil
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			d.Doc = nil
			if d.Body != nil {
				d.Body = emptyBlock(d.Body)
			}
		case *ast.GenDecl:
			d.Doc = nil
			if d.Tok != token.VAR {
				continue
			}
			for _, s := range d.Specs {
				if v, ok := s.(*ast.ValueSpec); ok && v.Type != nil {
					v.Values = nil
				}
			}
		}
	}
	used := map[string]bool{}
	for _, d := range f.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.IMPORT {
			continue
		}
		ast.Inspect(d, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				if id, ok := n.X.(*ast.Ident); ok {
					used[id.Name] = true
				}
			case *ast.FuncLit:
				// A literal's type matters, its body does not.
				n.Body = emptyBlock(n.Body)
			}
			return true
		})
	}
	// A used name no import explains may belong to an import whose package is
	// called otherwise than its path suggests; then no unnamed import is dropped.
	unexplained := false
	for n := range used {
		unexplained = unexplained || !explained(n, f.Imports)
	}
	keep := func(spec *ast.ImportSpec) bool {
		path, err := strconv.Unquote(spec.Path.Value)
		switch {
		case err != nil:
			return false
		case path == "C":
			return true
		case spec.Name == nil:
			return unexplained || mentions(path, used)
		case spec.Name.Name == ".":
			return true
		}
		return used[spec.Name.Name]
	}
	decls := f.Decls[:0]
	for _, d := range f.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.IMPORT {
			specs := g.Specs[:0]
			for _, s := range g.Specs {
				if keep(s.(*ast.ImportSpec)) {
					specs = append(specs, s)
				}
			}
			if g.Specs = specs; len(specs) == 0 {
				continue
			}
		}
		decls = append(decls, d)
	}
	f.Decls = decls
	imports := f.Imports[:0]
	for _, s := range f.Imports {
		if keep(s) {
			imports = append(imports, s)
		}
	}
	f.Imports = imports
}

// explained reports whether name is declared by one of the imports, as far as
// can be told without reading the imported packages.
func explained(name string, imports []*ast.ImportSpec) bool {
	for _, s := range imports {
		if s.Name != nil {
			if s.Name.Name == name {
				return true
			}
		} else if mentions(s.Path.Value, map[string]bool{name: true}) {
			return true
		}
	}
	return false
}

// mentions reports whether one of the names occurs in an import path, as the
// package's name nearly always does ("go-chi", "yaml.v3", "v5" aside).
func mentions(path string, names map[string]bool) bool {
	path = strings.ToLower(path)
	for n := range names {
		if strings.Contains(path, strings.ToLower(n)) {
			return true
		}
	}
	return false
}

func emptyBlock(b *ast.BlockStmt) *ast.BlockStmt {
	return &ast.BlockStmt{Lbrace: b.Lbrace, Rbrace: b.Rbrace}
}
