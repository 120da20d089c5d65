// Package callee names what a call calls, on well-typed and on half-typed code
// alike: by type information where there is some, else by the import a selector
// goes through.
//
// It imports go/ast and go/types only.
package callee

import (
	"go/ast"
	"go/types"
)

// Func is a function or method: its package path, the name of its receiver's
// type ("" for a function) and its own name.
type Func struct {
	Pkg, Recv, Name string
}

// Of names the callee of call. ok is false when nothing is known.
func Of(info *types.Info, call *ast.CallExpr) (Func, bool) {
	switch fun := unwrap(call.Fun).(type) {
	case *ast.Ident:
		if obj, ok := info.Uses[fun].(*types.Func); ok {
			return fromObject(obj), true
		}
	case *ast.SelectorExpr:
		if obj, ok := info.Uses[fun.Sel].(*types.Func); ok {
			return fromObject(obj), true
		}
		if path := Package(info, fun.X); path != "" {
			return Func{Pkg: path, Name: fun.Sel.Name}, true
		}
		if t := info.TypeOf(fun.X); t != nil {
			if pkg, name := Named(t); name != "" {
				return Func{Pkg: pkg, Recv: name, Name: fun.Sel.Name}, true
			}
		}
	}
	return Func{}, false
}

// unwrap takes parentheses and type arguments off.
func unwrap(e ast.Expr) ast.Expr {
	for {
		switch x := e.(type) {
		case *ast.ParenExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.IndexListExpr:
			e = x.X
		default:
			return e
		}
	}
}

func fromObject(f *types.Func) Func {
	out := Func{Name: f.Name()}
	if f.Pkg() != nil {
		out.Pkg = f.Pkg().Path()
	}
	if sig, ok := f.Type().(*types.Signature); ok && sig.Recv() != nil {
		if pkg, name := Named(sig.Recv().Type()); name != "" {
			out.Recv = name
			if pkg != "" {
				out.Pkg = pkg
			}
		}
	}
	return out
}

// Package returns the import path a qualifier names, "" if e is none.
func Package(info *types.Info, e ast.Expr) string {
	id, ok := e.(*ast.Ident)
	if !ok {
		return ""
	}
	if name, ok := info.Uses[id].(*types.PkgName); ok {
		return name.Imported().Path()
	}
	return ""
}

// Named returns package path and name of a named type, through pointers and
// aliases.
func Named(t types.Type) (pkg, name string) {
	t = types.Unalias(t)
	if p, ok := t.(*types.Pointer); ok {
		t = types.Unalias(p.Elem())
	}
	n, ok := t.(*types.Named)
	if !ok {
		return "", ""
	}
	if n.Obj().Pkg() != nil {
		pkg = n.Obj().Pkg().Path()
	}
	return pkg, n.Obj().Name()
}

// TypeName returns package path and name of the type that a composite literal
// or conversion writes, also when it has no type information.
func TypeName(info *types.Info, e ast.Expr) (pkg, name string) {
	if t := info.TypeOf(e); t != nil {
		if pkg, name = Named(t); name != "" {
			return pkg, name
		}
	}
	switch x := unwrap(e).(type) {
	case *ast.SelectorExpr:
		return Package(info, x.X), x.Sel.Name
	case *ast.StarExpr:
		return TypeName(info, x.X)
	}
	return "", ""
}
