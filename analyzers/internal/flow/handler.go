package flow

import (
	"go/ast"
	"go/types"

	"github.com/launchgate/launchgate/analyzers/internal/callee"
	"github.com/launchgate/launchgate/analyzers/internal/sinks"
)

// renderers are handlers of loggers that could print objects either way, by how
// they do: JSON prints what a pointer in an object points to, fmt its address.
var renderers = map[callee.Func]sinks.Rendering{
	{Pkg: "log/slog", Name: "NewJSONHandler"}: sinks.JSON, {Pkg: "log/slog", Name: "NewTextHandler"}: sinks.Fmt,
	{Pkg: "github.com/go-kit/log", Name: "NewJSONLogger"}: sinks.JSON, {Pkg: "github.com/go-kit/log", Name: "NewLogfmtLogger"}: sinks.Fmt,
}

// renders decides how a logger that could print objects either way does, if the
// package says so: every place that sets the logger makes it with such a handler.
// What it is set to elsewhere nobody knows here; then both are possible.
func (v *invocation) renders(s Sink) Sink {
	if s.call.Rendering() != sinks.Either {
		return s
	}
	r := sinks.Either
	if v.recvX != nil {
		r = v.f.e.rendering(v.recvX, 0)
	} else if v.id.Pkg == "log/slog" {
		r = v.f.e.defaultRendering(0)
	}
	s.JSON, s.Text = r == sinks.JSON, r == sinks.Fmt
	return s
}

// rendering is how a logger prints objects.
func (e *engine) rendering(x ast.Expr, depth int) sinks.Rendering {
	if depth > maxURLDepth {
		e.met("the way back to a logger")
		return sinks.Either
	}
	var obj types.Object
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident:
		obj = e.pass.TypesInfo.Uses[x]
	case *ast.SelectorExpr:
		obj = e.pass.TypesInfo.Uses[x.Sel]
	case *ast.UnaryExpr:
		return e.rendering(x.X, depth+1)
	case *ast.CallExpr:
		id, ok := callee.Of(e.pass.TypesInfo, x)
		if !ok {
			return sinks.Either
		}
		id.Pkg = sinks.Canonical(id.Pkg)
		if r, ok := renderers[id]; ok {
			return r
		}
		switch {
		case makers[id] && len(x.Args) > 0:
			return e.rendering(x.Args[0], depth+1)
		case id.Pkg == "log/slog" && id.Recv == "" && (id.Name == "Default" || id.Name == "With"):
			return e.defaultRendering(depth + 1)
		}
		if sel, ok := ast.Unparen(x.Fun).(*ast.SelectorExpr); ok && id.Recv != "" {
			return e.rendering(sel.X, depth+1) // a logger made from another
		}
		return sinks.Either
	}
	if obj == nil || !e.follow(obj) {
		return sinks.Either
	}
	defer delete(e.following, obj)
	return e.sameRendering(e.definitions()[obj], depth)
}

// sameRendering is how all of these loggers print, if that is one way.
func (e *engine) sameRendering(list []ast.Expr, depth int) sinks.Rendering {
	out := sinks.Either
	for i, x := range list {
		r := e.rendering(x, depth+1)
		if i > 0 && r != out {
			return sinks.Either
		}
		out = r
	}
	return out
}

// defaultRendering is how the logger behind slog's functions prints, which the
// package may set.
func (e *engine) defaultRendering(depth int) sinks.Rendering {
	if e.defaults == nil {
		e.defaults = []ast.Expr{}
		for _, file := range e.pass.Files {
			ast.Inspect(file, func(n ast.Node) bool {
				if c, ok := n.(*ast.CallExpr); ok && len(c.Args) == 1 {
					if id, ok := callee.Of(e.pass.TypesInfo, c); ok && id.Name == "SetDefault" && sinks.Canonical(id.Pkg) == "log/slog" {
						e.defaults = append(e.defaults, c.Args[0])
					}
				}
				return true
			})
		}
	}
	return e.sameRendering(e.defaults, depth)
}
