package flow

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"
)

// escape begins what moves the cursor of a terminal or changes its colours (ECMA-48,
// control sequence introducer).
const escape = "\x1b["

// painted reports whether a call that prints to the standard output speaks to
// whoever sits at the terminal, as the end of an installation does that shows the
// first password: its text has colours. A logger may paint its lines too: a
// function that prints what it is given, or that answers a request, is none of
// these.
func (v *invocation) painted() bool {
	if !slices.ContainsFunc(v.call.Args, func(x ast.Expr) bool { return strings.Contains(v.f.stringConst(x), escape) }) {
		return false
	}
	given := make(map[types.Object]bool)
	for fr := v.f.frame; fr != nil; fr = fr.outer {
		if fr.sig == nil {
			return false
		}
		for p := range fr.sig.Params().Variables() {
			switch _, name := namedType(p.Type()); name {
			case "Request", "ResponseWriter", "Context", "Ctx", "RequestContext":
				return false
			}
			given[p] = true
		}
	}
	for _, x := range v.call.Args {
		if id, ok := ast.Unparen(x).(*ast.Ident); ok && given[v.f.info.Uses[id]] {
			return false
		}
	}
	return true
}
