package piilog

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/astutil"

	"github.com/launchgate/launchgate/analyzers/internal/callee"
	"github.com/launchgate/launchgate/analyzers/internal/flow"
	"github.com/launchgate/launchgate/analyzers/internal/sinks"
	"github.com/launchgate/launchgate/analyzers/privacy"
)

// fixes suggests edits for a value that is named in the log call itself: to send
// it through the project's own redactor, or to leave it out together with its
// key. Whether an edit compiles and mends the finding is tried by whoever offers
// it.
func fixes(pass *analysis.Pass, judge *privacy.Judge, fl *flow.Flow) []analysis.SuggestedFix {
	if !fl.Pos.IsValid() || fl.At < fl.Pos || fl.At >= fl.End || fl.Source.Kind == flow.Dump {
		return nil
	}
	path := enclosing(pass, fl.At)
	var arg ast.Expr       // the value
	var call *ast.CallExpr // what it is an argument of
	for _, n := range path {
		if c, ok := n.(*ast.CallExpr); ok && arg != nil && isArgument(c, arg) {
			call = c
			break
		}
		if e, ok := n.(ast.Expr); ok {
			arg = e
		}
	}
	if call == nil {
		return nil
	}
	var out []analysis.SuggestedFix
	if fix, ok := redacted(pass, judge, arg); ok {
		out = append(out, fix)
	}
	if fix, ok := leftOut(pass, path, call, arg); ok {
		out = append(out, fix)
	}
	return out
}

func enclosing(pass *analysis.Pass, pos token.Pos) []ast.Node {
	for _, f := range pass.Files {
		if f.FileStart <= pos && pos < f.FileEnd {
			path, _ := astutil.PathEnclosingInterval(f, pos, pos)
			return path
		}
	}
	return nil
}

func isArgument(c *ast.CallExpr, e ast.Expr) bool {
	for _, a := range c.Args {
		if a == e {
			return true
		}
	}
	return false
}

// redacted wraps the value in a redactor of the same package.
func redacted(pass *analysis.Pass, judge *privacy.Judge, arg ast.Expr) (analysis.SuggestedFix, bool) {
	t := pass.TypesInfo.TypeOf(arg)
	if t == nil {
		return analysis.SuggestedFix{}, false
	}
	scope := pass.Pkg.Scope()
	for _, name := range scope.Names() {
		fn, ok := scope.Lookup(name).(*types.Func)
		if !ok {
			continue
		}
		sig, ok := fn.Type().(*types.Signature)
		if !ok || sig.Params().Len() != 1 || sig.Results().Len() != 1 || sig.Variadic() || sig.TypeParams().Len() > 0 || !types.AssignableTo(t, sig.Params().At(0).Type()) ||
			!types.Identical(sig.Params().At(0).Type(), sig.Results().At(0).Type()) {
			continue
		}
		if !judge.Sanitizes(callee.Func{Pkg: pass.Pkg.Path(), Name: name}) {
			continue
		}
		return analysis.SuggestedFix{Message: "Show it through " + name, TextEdits: []analysis.TextEdit{
			{Pos: arg.Pos(), End: arg.Pos(), NewText: []byte(name + "(")}, {Pos: arg.End(), End: arg.End(), NewText: []byte(")")}}}, true
	}
	return analysis.SuggestedFix{}, false
}

// leftOut takes the value out with its key: a pair of a structured log call, a
// field, or a link of a chain.
func leftOut(pass *analysis.Pass, path []ast.Node, call *ast.CallExpr, arg ast.Expr) (analysis.SuggestedFix, bool) {
	id, ok := callee.Of(pass.TypesInfo, call)
	if !ok {
		return analysis.SuggestedFix{}, false
	}
	s, ok := sinks.Lookup(id)
	if !ok {
		return analysis.SuggestedFix{}, false
	}
	fix := analysis.SuggestedFix{Message: "Do not log it"}
	if s.Constructs() || s.Style == "event_field" {
		if s.Style == "event_field" { // ….Str("email", x).Msg(…)
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || !isLink(path, call) {
				return fix, false
			}
			fix.TextEdits = []analysis.TextEdit{{Pos: sel.X.End(), End: call.End()}}
			return fix, true
		}
		outer := argumentOf(path, call) // zap.String("email", x)
		if outer == nil {
			return fix, false
		}
		fix.TextEdits = []analysis.TextEdit{without(outer, call, call)}
		return fix, true
	}
	for _, a := range s.Args(len(call.Args)) {
		if a.Role == sinks.Pair && call.Args[a.Index] == arg && a.Index > 0 {
			if key := call.Args[a.Index-1]; isString(pass, key) {
				fix.TextEdits = []analysis.TextEdit{without(call, key, arg)}
				return fix, true
			}
		}
	}
	return fix, false
}

// isLink reports whether a call is one in a chain that goes on.
func isLink(path []ast.Node, call *ast.CallExpr) bool {
	for i, n := range path {
		if n == ast.Node(call) && i+1 < len(path) {
			_, ok := path[i+1].(*ast.SelectorExpr)
			return ok
		}
	}
	return false
}

// argumentOf is the call that has this call among its arguments.
func argumentOf(path []ast.Node, call *ast.CallExpr) *ast.CallExpr {
	for i, n := range path {
		if n == ast.Node(call) && i+1 < len(path) {
			if outer, ok := path[i+1].(*ast.CallExpr); ok && isArgument(outer, call) {
				return outer
			}
		}
	}
	return nil
}

// without is the edit that takes the arguments from first to last out of a call,
// with a comma.
func without(call *ast.CallExpr, first, last ast.Expr) analysis.TextEdit {
	for i, a := range call.Args {
		if a == first && i > 0 {
			return analysis.TextEdit{Pos: call.Args[i-1].End(), End: last.End()}
		}
		if a == last && i+1 < len(call.Args) {
			return analysis.TextEdit{Pos: first.Pos(), End: call.Args[i+1].Pos()}
		}
	}
	return analysis.TextEdit{Pos: first.Pos(), End: last.End()}
}

func isString(pass *analysis.Pass, e ast.Expr) bool {
	tv, ok := pass.TypesInfo.Types[e]
	if !ok || tv.Value == nil {
		return false
	}
	b, ok := tv.Type.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsString != 0
}
