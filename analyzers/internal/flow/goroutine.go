package flow

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// A goroutine that reads a channel sees what is sent after it was started. It is
// interpreted where it is started, again where something that matters is sent, and
// once more at the end of the function, for what callees send.

// start interprets a go statement.
func (f *fn) start(c *ast.CallExpr) {
	f.evalAll(c)
	if slices.Contains(f.started, c) || !f.receives(c) {
		return
	}
	f.started = append(f.started, c)
	f.frame.defers = append(f.frame.defers, func() { f.evalAll(c) })
}

// send interprets a send.
func (f *fn) send(s *ast.SendStmt) {
	v := f.eval(s.Value)
	f.store(s.Chan, func(old *value) *value { return setPart(old, elem, join(derived(old, elem), v)) })
	if sel, ok := ast.Unparen(s.Chan).(*ast.SelectorExpr); ok {
		if obj, ok := f.info.Uses[sel.Sel].(*types.Var); ok && obj.IsField() {
			f.e.putField(obj, hop(v, s.Pos(), "is sent to "+exprName(sel)), false)
		}
	}
	if f.sending || len(f.started) == 0 || len(f.collect(v)) == 0 {
		return
	}
	f.sending = true
	for _, c := range f.started {
		if lit, ok := ast.Unparen(c.Fun).(*ast.FuncLit); ok && (f.active[lit] != nil || f.lits[lit] >= maxLiteral/2) {
			continue
		}
		f.evalAll(c)
	}
	f.sending = false
}

// receives reports whether a call may read from a channel that others know.
func (f *fn) receives(c *ast.CallExpr) bool {
	if lit, ok := ast.Unparen(c.Fun).(*ast.FuncLit); ok {
		found := false
		ast.Inspect(lit.Body, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.UnaryExpr:
				found = found || n.Op == token.ARROW
			case *ast.RangeStmt:
				found = found || holdsChannel(f.typeOf(n.X), 0)
			case *ast.CallExpr:
				found = found || f.givesChannel(n)
			}
			return !found
		})
		return found
	}
	return f.givesChannel(c)
}

// givesChannel reports whether a call is given a channel or an object with one.
func (f *fn) givesChannel(c *ast.CallExpr) bool {
	if sel, ok := ast.Unparen(c.Fun).(*ast.SelectorExpr); ok && holdsChannel(f.typeOf(sel.X), 0) {
		return true
	}
	return slices.ContainsFunc(c.Args, func(x ast.Expr) bool { return holdsChannel(f.typeOf(x), 0) })
}

func holdsChannel(t types.Type, depth int) bool {
	if t == nil || depth > 1 {
		return false
	}
	u := t.Underlying()
	if p, ok := u.(*types.Pointer); ok {
		u = p.Elem().Underlying()
	}
	switch u := u.(type) {
	case *types.Chan:
		return true
	case *types.Struct:
		for i := range u.NumFields() {
			if holdsChannel(u.Field(i).Type(), depth+1) {
				return true
			}
		}
	}
	return false
}
