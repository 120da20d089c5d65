package flow

import (
	"go/ast"
	"go/types"

	"github.com/launchgate/launchgate/analyzers/internal/callee"
	"github.com/launchgate/launchgate/analyzers/internal/sinks"
)

// nowhere are functions and variables that are a logger, a handler or a writer
// that drops everything.
var nowhere = map[callee.Func]bool{
	{Pkg: "io", Name: "Discard"}: true, {Pkg: "io/ioutil", Name: "Discard"}: true, {Pkg: "log/slog", Name: "DiscardHandler"}: true,
	{Pkg: "go.uber.org/zap", Name: "NewNop"}: true, {Pkg: "github.com/go-logr/logr", Name: "Discard"}: true, {Pkg: "github.com/rs/zerolog", Name: "Nop"}: true,
	{Pkg: "github.com/hashicorp/go-hclog", Name: "NewNullLogger"}: true, {Pkg: "github.com/go-kit/log", Name: "NewNopLogger"}: true, {Pkg: "github.com/go-kit/kit/log", Name: "NewNopLogger"}: true,
	{Pkg: "github.com/inconshreveable/log15", Name: "DiscardHandler"}: true,
}

// makers build a logger on what they are given first.
var makers = map[callee.Func]bool{
	{Pkg: "log", Name: "New"}: true, {Pkg: "log/slog", Name: "New"}: true, {Pkg: "log/slog", Name: "NewTextHandler"}: true, {Pkg: "log/slog", Name: "NewJSONHandler"}: true,
	{Pkg: "github.com/rs/zerolog", Name: "New"}: true, {Pkg: "github.com/go-kit/log", Name: "NewLogfmtLogger"}: true, {Pkg: "github.com/go-kit/log", Name: "NewJSONLogger"}: true,
	{Pkg: "github.com/charmbracelet/log", Name: "New"}: true,
}

// onlyDiscards reports whether all that a variable or field is set to, or told to
// write to, drops everything.
func (e *engine) onlyDiscards(obj types.Object, depth int) bool {
	list := e.definitions()[obj]
	if out := e.outputs[obj]; len(out) > 0 {
		list = out
	}
	for _, d := range list {
		if !e.discards(d, depth+1) {
			return false
		}
	}
	return len(list) > 0
}

// discards reports whether an expression is a logger that drops everything: every
// place that sets it says so.
func (e *engine) discards(x ast.Expr, depth int) bool {
	if depth > maxURLDepth {
		e.met("the way back to a logger")
		return false
	}
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident:
		obj := e.pass.TypesInfo.Uses[x]
		if obj == nil || !e.follow(obj) {
			return false
		}
		defer delete(e.following, obj)
		return e.onlyDiscards(obj, depth)
	case *ast.UnaryExpr:
		return e.discards(x.X, depth+1)
	case *ast.CompositeLit: // &logrus.Logger{Out: io.Discard}
		for _, el := range x.Elts {
			if kv, ok := el.(*ast.KeyValueExpr); ok {
				if key, ok := kv.Key.(*ast.Ident); ok && (key.Name == "Out" || key.Name == "Writer") {
					return e.discards(kv.Value, depth+1)
				}
			}
		}
	case *ast.SelectorExpr:
		if pkg := callee.Package(e.pass.TypesInfo, x.X); pkg != "" {
			return nowhere[callee.Func{Pkg: sinks.Canonical(pkg), Name: x.Sel.Name}]
		}
		obj, ok := e.pass.TypesInfo.Uses[x.Sel].(*types.Var)
		if !ok || obj.Exported() || obj.Pkg() != e.pass.Pkg || !e.follow(obj) {
			return false // others may set it
		}
		defer delete(e.following, obj)
		return e.onlyDiscards(obj, depth)
	case *ast.CallExpr:
		id, ok := callee.Of(e.pass.TypesInfo, x)
		if !ok {
			return false
		}
		id.Pkg = sinks.Canonical(id.Pkg)
		if nowhere[id] {
			return true
		}
		if makers[id] && len(x.Args) > 0 {
			return e.discards(x.Args[0], depth+1)
		}
		if sel, ok := ast.Unparen(x.Fun).(*ast.SelectorExpr); ok && id.Recv != "" {
			return e.discards(sel.X, depth+1) // a logger made from one that discards
		}
	}
	return false
}
