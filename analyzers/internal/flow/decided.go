package flow

import (
	"go/ast"
	"go/build"
	"go/build/constraint"
	"go/constant"
	"go/token"
	"go/types"
	"io"
	"path/filepath"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/callee"
)

// decided reports whether a condition is always the same. A constant decides it
// unless it may be another one under another build tag or on another system.
func (f *fn) decided(cond ast.Expr) (value, known bool) {
	cond = ast.Unparen(cond)
	if tv, ok := f.info.Types[cond]; ok && tv.Value != nil && tv.Value.Kind() == constant.Bool && f.e.fixed(cond, 0) {
		return constant.BoolVal(tv.Value), true
	}
	b, ok := cond.(*ast.BinaryExpr)
	if !ok || b.Op != token.LAND && b.Op != token.LOR {
		return false, false
	}
	for _, x := range []ast.Expr{b.X, b.Y} { // false && …, true || …
		if v, known := f.decided(x); known && v == (b.Op == token.LOR) {
			return v, true
		}
	}
	return false, false
}

// fixed reports whether a constant expression is the same in every build: all it is
// made of is, down to what this package declares.
func (e *engine) fixed(x ast.Expr, depth int) bool {
	if depth > maxDepth {
		return false
	}
	ok := true
	ast.Inspect(x, func(n ast.Node) bool {
		id, isIdent := n.(*ast.Ident)
		if !isIdent || !ok {
			return ok
		}
		c, isConst := e.pass.TypesInfo.Uses[id].(*types.Const)
		if !isConst || c.Pkg() == nil { // a type, true or false
			return ok
		}
		list := e.definitions()[c]
		ok = c.Pkg() == e.pass.Pkg && len(list) == 1 && (c.Parent() != c.Pkg().Scope() || !e.tagged(c.Pos())) && e.fixed(list[0], depth+1)
		return ok
	})
	return ok
}

// tagged reports whether the file around pos belongs to some builds only.
func (e *engine) tagged(pos token.Pos) bool {
	for _, file := range e.pass.Files {
		if pos < file.FileStart || pos > file.FileEnd {
			continue
		}
		for _, g := range file.Comments {
			for _, c := range g.List {
				if c.Pos() < file.Package && (constraint.IsGoBuild(c.Text) || constraint.IsPlusBuild(c.Text)) {
					return true
				}
			}
		}
		// On a system that does not exist no name of a file that names one counts.
		nowhere := build.Context{GOOS: "none", GOARCH: "none", OpenFile: func(string) (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader("package p")), nil
		}}
		ok, err := nowhere.MatchFile("", filepath.Base(e.pass.Fset.File(file.FileStart).Name()))
		return err != nil || !ok
	}
	return true
}

// ends reports whether a statement is a call after which nothing runs. What follows
// log.Fatal is still looked at: whoever tries out a logger calls all its methods in a
// row.
func (f *fn) ends(x ast.Expr) bool {
	c, ok := ast.Unparen(x).(*ast.CallExpr)
	if !ok {
		return false
	}
	id, ok := callee.Of(f.info, c)
	if !ok {
		return false
	}
	switch id.Pkg {
	case "os", "syscall":
		return id.Name == "Exit" && id.Recv == ""
	case "runtime":
		return id.Name == "Goexit"
	}
	return false
}
