package piilog

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/astutil"

	"github.com/launchgate/launchgate/analyzers/internal/callee"
	"github.com/launchgate/launchgate/analyzers/internal/flow"
	"github.com/launchgate/launchgate/analyzers/internal/sensitive"
	"github.com/launchgate/launchgate/analyzers/internal/sinks"
	"github.com/launchgate/launchgate/analyzers/internal/words"
	"github.com/launchgate/launchgate/analyzers/privacy"
)

// fixes suggests edits of one log call for all that one rule finds in it, the
// best first: to show the values through the project's own redactor, to log an
// id in their place, to leave them out together with their keys, to write that
// they were left out. Whether an edit compiles and mends the finding is tried by
// whoever offers it.
func fixes(pass *analysis.Pass, judge *privacy.Judge, flows []*flow.Flow) []analysis.SuggestedFix {
	leaks := make([]*leak, 0, len(flows))
	for _, fl := range flows {
		l := leakOf(pass, judge, fl)
		if l == nil {
			return nil // half a mended call is none
		}
		leaks = append(leaks, l)
	}
	var out []analysis.SuggestedFix
	for _, way := range []func(*leak, *ids) (message string, edits []analysis.TextEdit, ok bool){redacted, identified, leftOut, blanked} {
		fix := analysis.SuggestedFix{}
		done := &ids{}
		ok := true
		for _, l := range leaks {
			message, edits, can := way(l, done)
			if !can {
				ok = false
				break
			}
			if fix.Message == "" {
				fix.Message = message
			}
			fix.TextEdits = append(fix.TextEdits, edits...)
		}
		if ok && apart(fix.TextEdits) {
			out = append(out, fix)
		}
	}
	return out
}

// apart reports whether edits do not overlap.
func apart(edits []analysis.TextEdit) bool {
	for i, a := range edits {
		for _, b := range edits[:i] {
			if a.Pos < b.End && b.Pos < a.End || a.Pos == b.Pos && a.End == b.End {
				return false
			}
		}
	}
	return len(edits) > 0
}

// leak is a sensitive value that is named in the call that lets it out: a log
// call, what makes the text or field for one, or what makes an error.
type leak struct {
	pass  *analysis.Pass
	judge *privacy.Judge
	fl    *flow.Flow
	value ast.Expr      // what is sensitive: u.Email, u, u.GetEmail()
	arg   ast.Expr      // the argument or element that it is or is part of
	call  *ast.CallExpr // what that is an argument of
	pair  *ast.KeyValueExpr
	path  []ast.Node // from the value outwards
}

// leakOf finds the value in the source; nil if it is named neither in the call
// nor where the error is made that the call lets out.
func leakOf(pass *analysis.Pass, judge *privacy.Judge, fl *flow.Flow) *leak {
	if !fl.Pos.IsValid() || fl.Source.Kind == flow.Dump && fl.Source.Type != "Header" {
		return nil
	}
	inside := func(p token.Pos) bool { return fl.Pos <= p && p < fl.End }
	if inside(fl.At) {
		return leakAt(pass, judge, fl, fl.At)
	}
	if fl.InError && fl.At.IsValid() {
		if l := leakAt(pass, judge, fl, fl.At); l != nil && l.makesError() {
			return l
		}
	}
	if at := assigned(pass, fl); at.IsValid() {
		return leakAt(pass, judge, fl, at)
	}
	for _, s := range fl.Steps {
		if s.Pos != fl.Pos && inside(s.Pos) { // what a function returns
			return leakAt(pass, judge, fl, s.Pos)
		}
	}
	return nil
}

// leakAt finds the value that begins at a place of the source.
func leakAt(pass *analysis.Pass, judge *privacy.Judge, fl *flow.Flow, at token.Pos) *leak {
	l := &leak{pass: pass, judge: judge, fl: fl}
	path := enclosing(pass, at)
	last := fl.Source.Key[strings.LastIndexByte(fl.Source.Key, '.')+1:]
	named := func(sel *ast.SelectorExpr) bool {
		// What only the key of a log call speaks of may have any name.
		return sel.Sel.Name == last || strings.HasPrefix(fl.Source.Key, "key ")
	}
	at0 := 0
	for i, n := range path {
		e, ok := n.(ast.Expr)
		if !ok || e.Pos() != at {
			break
		}
		take := false
		switch x := e.(type) {
		case *ast.Ident:
			take = true
		case *ast.SelectorExpr:
			take = at == fl.At && (named(x) || l.whole(x))
		case *ast.CallExpr:
			sel, ok := ast.Unparen(x.Fun).(*ast.SelectorExpr)
			take = ok && fl.Source.Kind != flow.Whole && (at == fl.At && named(sel) || at != fl.At && x.Pos() == at && x.Pos() != fl.Pos)
		case *ast.UnaryExpr, *ast.StarExpr:
			take = at == fl.At && l.whole(x)
		}
		if take {
			l.value, at0 = e, i
		}
	}
	if l.value == nil {
		return nil
	}
	l.path = path[at0:]
	for _, n := range l.path {
		switch x := n.(type) {
		case *ast.CallExpr:
			if l.arg != nil && isArgument(x, l.arg) {
				l.call = x
			}
		case *ast.KeyValueExpr:
			if l.pair == nil && x.Value == l.arg {
				l.pair = x
			}
		}
		if l.call != nil {
			break
		}
		if e, ok := n.(ast.Expr); ok && l.pair == nil {
			l.arg = e
		} else if ok {
			if _, lit := e.(*ast.CompositeLit); lit {
				// The call has the literal as an argument.
				if c := argumentOf(l.path, e); c != nil {
					l.call = c
				}
				break
			}
		}
	}
	if l.call == nil {
		return nil
	}
	return l
}

// whole reports whether an expression is the object that leaks as a whole.
func (l *leak) whole(e ast.Expr) bool {
	if l.fl.Source.Kind != flow.Whole {
		return false
	}
	_, name := callee.Named(l.pass.TypesInfo.TypeOf(e))
	return name == l.fl.Source.Type
}

// makesError reports whether the call that holds the value makes an error of it.
func (l *leak) makesError() bool {
	t := l.pass.TypesInfo.TypeOf(l.call)
	n, ok := types.Unalias(t).(*types.Named)
	return ok && n.Obj().Pkg() == nil && n.Obj().Name() == "error"
}

// assigned is where the log call names the variable that the value was put into
// before, if the path leads through one.
func assigned(pass *analysis.Pass, fl *flow.Flow) token.Pos {
	on := make(map[types.Object]bool)
	for _, s := range fl.Steps {
		if !s.Pos.IsValid() || s.Pos >= fl.Pos {
			continue
		}
		for _, n := range enclosing(pass, s.Pos) {
			if id, ok := n.(*ast.Ident); ok && id.Pos() == s.Pos {
				if v, ok := pass.TypesInfo.ObjectOf(id).(*types.Var); ok && !v.IsField() {
					on[v] = true
				}
			}
		}
	}
	at := token.NoPos
	if len(on) == 0 {
		return at
	}
	for _, n := range enclosing(pass, fl.Pos) {
		c, ok := n.(*ast.CallExpr)
		if !ok || c.Pos() != fl.Pos || c.End() != fl.End {
			continue
		}
		for _, a := range c.Args {
			ast.Inspect(a, func(n ast.Node) bool {
				if _, ok := n.(*ast.SelectorExpr); ok {
					return false // a part of the variable
				}
				if id, ok := n.(*ast.Ident); ok && on[pass.TypesInfo.ObjectOf(id)] && !at.IsValid() {
					at = id.Pos()
				}
				return !at.IsValid()
			})
		}
	}
	return at
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

// redacted wraps the value in a redactor of the package, or of another of the
// project that the file imports.
func redacted(l *leak, _ *ids) (string, []analysis.TextEdit, bool) {
	t := l.pass.TypesInfo.TypeOf(l.value)
	if t == nil {
		return "", nil, false
	}
	wrap := func(name string) (string, []analysis.TextEdit, bool) {
		return "Show it through " + name, []analysis.TextEdit{
			{Pos: l.value.Pos(), End: l.value.Pos(), NewText: []byte(name + "(")}, {Pos: l.value.End(), End: l.value.End(), NewText: []byte(")")}}, true
	}
	if name := l.redactor(l.pass.Pkg, t); name != "" {
		return wrap(name)
	}
	for _, n := range l.path {
		file, ok := n.(*ast.File)
		if !ok {
			continue
		}
		for _, im := range file.Imports {
			pn := l.pass.TypesInfo.PkgNameOf(im)
			if pn == nil || im.Name != nil && (im.Name.Name == "." || im.Name.Name == "_") || !ours(l.pass, pn.Imported()) {
				continue
			}
			if name := l.redactor(pn.Imported(), t); name != "" {
				return wrap(pn.Name() + "." + name)
			}
		}
	}
	return "", nil, false
}

// ours reports whether a package belongs to the program under work.
func ours(pass *analysis.Pass, p *types.Package) bool {
	if pass.Module != nil && pass.Module.Path != "" {
		return strings.HasPrefix(p.Path()+"/", pass.Module.Path+"/")
	}
	return p == pass.Pkg
}

// redactor is a function of a package that makes of a value of type t one that
// tells nothing, "" if it has none.
func (l *leak) redactor(pkg *types.Package, t types.Type) string {
	scope := pkg.Scope()
	for _, name := range scope.Names() {
		fn, ok := scope.Lookup(name).(*types.Func)
		if !ok || pkg != l.pass.Pkg && !fn.Exported() {
			continue
		}
		sig, ok := fn.Type().(*types.Signature)
		if !ok || sig.Params().Len() != 1 || sig.Results().Len() != 1 || sig.Variadic() || sig.TypeParams().Len() > 0 || !types.AssignableTo(t, sig.Params().At(0).Type()) ||
			!types.Identical(sig.Params().At(0).Type(), sig.Results().At(0).Type()) {
			continue
		}
		if l.judge.Sanitizes(callee.Func{Pkg: pkg.Path(), Name: name}) && l.suits(name) && !l.inside(fn) {
			return name
		}
	}
	return ""
}

// digests are words of functions whose result can be found out by trying when
// what goes in has few values, as passwords do.
var digests = words.NewSet("hash hashed digest checksum fingerprint md5 sha1 sha256 hmac encrypt encode cipher bcrypt")

// suits reports whether a redactor of this name is one for such a value: not a
// mask for e-mail addresses on a token, no hash of a password.
func (l *leak) suits(name string) bool {
	class := l.fl.Source.Class
	ws := words.Split(name)
	if digests.HasAny(ws) && class != sensitive.Contact && class != sensitive.Identity && class != sensitive.Device {
		return false
	}
	for i := range ws {
		if m, ok := l.judge.Lexicon.Name(strings.Join(ws[i:], "_")); ok {
			return m.Class == class
		}
	}
	return true
}

// inside reports whether the value stands in the body of fn.
func (l *leak) inside(fn *types.Func) bool {
	for _, n := range l.path {
		if d, ok := n.(*ast.FuncDecl); ok {
			return l.pass.TypesInfo.Defs[d.Name] == fn
		}
	}
	return false
}

// leftOut takes the value out with its key: a pair of a structured log call, a
// field, a link of a chain, or an operand beside others.
func leftOut(l *leak, _ *ids) (string, []analysis.TextEdit, bool) {
	const message = "Do not log it"
	if l.pair != nil {
		for _, n := range l.path {
			if lit, ok := n.(*ast.CompositeLit); ok {
				return message, []analysis.TextEdit{without(lit.Elts, l.pair, l.pair)}, true
			}
		}
		return "", nil, false
	}
	s, ok := l.sink()
	if !ok {
		return "", nil, false
	}
	if s.Style == "event_field" { // ….Str("email", x).Msg(…)
		sel, ok := l.call.Fun.(*ast.SelectorExpr)
		if !ok || !isLink(l.path, l.call) {
			return "", nil, false
		}
		return message, []analysis.TextEdit{{Pos: sel.X.End(), End: l.call.End()}}, true
	}
	if s.Constructs() {
		outer := argumentOf(l.path, l.call) // zap.String("email", x)
		if outer == nil {
			return "", nil, false
		}
		return message, []analysis.TextEdit{without(outer.Args, l.call, l.call)}, true
	}
	for _, a := range s.Args(len(l.call.Args)) {
		if l.call.Args[a.Index] != l.arg {
			continue
		}
		switch {
		case a.Role == sinks.Pair && a.Index > 0:
			if key := l.call.Args[a.Index-1]; isString(l.pass, key) {
				return message, []analysis.TextEdit{without(l.call.Args, key, l.arg)}, true
			}
		case a.Role == sinks.Value && s.Format < 0 && len(l.call.Args) > 1 && l.variadic(a.Index):
			return message, []analysis.TextEdit{without(l.call.Args, l.arg, l.arg)}, true
		}
	}
	return "", nil, false
}

// blanked writes in the value's place that something stood there: where a
// format string or a sentence needs a word.
func blanked(l *leak, _ *ids) (string, []analysis.TextEdit, bool) {
	const word = `"[redacted]"`
	message := "Write " + word + " in its place"
	if l.fl.Source.Kind == flow.Whole || l.pair != nil || l.arg != l.value {
		if b, ok := l.parent(l.value).(*ast.BinaryExpr); !ok || b.Op != token.ADD || l.pair != nil {
			return "", nil, false
		}
	}
	edit := []analysis.TextEdit{{Pos: l.value.Pos(), End: l.value.End(), NewText: []byte(word)}}
	if l.arg != l.value {
		return message, edit, isText(l.pass.TypesInfo.TypeOf(l.value))
	}
	if f := l.format(); f != nil {
		v, ok := f.verb(l.argIndex())
		return message, edit, ok && (v.letter == 's' || v.letter == 'v' || v.letter == 'q')
	}
	s, ok := l.sink()
	return message, edit, ok && !s.Constructs() && l.variadic(l.argIndex()) && l.key() == nil
}

// sink is what is known of the call the value goes into.
func (l *leak) sink() (sinks.Sink, bool) {
	id, ok := callee.Of(l.pass.TypesInfo, l.call)
	if !ok {
		return sinks.Sink{}, false
	}
	return sinks.Lookup(id)
}

func (l *leak) argIndex() int {
	for i, a := range l.call.Args {
		if a == l.arg {
			return i
		}
	}
	return -1
}

// variadic reports whether argument i goes into the last parameter, which takes
// as many as there are.
func (l *leak) variadic(i int) bool {
	sig, ok := l.pass.TypesInfo.TypeOf(l.call.Fun).(*types.Signature)
	return ok && sig.Variadic() && i >= sig.Params().Len()-1 && !l.call.Ellipsis.IsValid()
}

// parent is the node around an expression of the path.
func (l *leak) parent(e ast.Expr) ast.Node {
	for i, n := range l.path {
		if n == ast.Node(e) && i+1 < len(l.path) {
			return l.path[i+1]
		}
	}
	return nil
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

// argumentOf is the call that has this expression among its arguments.
func argumentOf(path []ast.Node, e ast.Expr) *ast.CallExpr {
	for i, n := range path {
		if n == ast.Node(e) && i+1 < len(path) {
			if outer, ok := path[i+1].(*ast.CallExpr); ok && isArgument(outer, e) {
				return outer
			}
		}
	}
	return nil
}

// without is the edit that takes the elements from first to last out of a list,
// with a comma.
func without(list []ast.Expr, first, last ast.Expr) analysis.TextEdit {
	for i, a := range list {
		if a == first && i > 0 {
			return analysis.TextEdit{Pos: list[i-1].End(), End: last.End()}
		}
		if a == last && i+1 < len(list) {
			return analysis.TextEdit{Pos: first.Pos(), End: list[i+1].Pos()}
		}
	}
	return analysis.TextEdit{Pos: first.Pos(), End: last.End()}
}

func isString(pass *analysis.Pass, e ast.Expr) bool {
	tv, ok := pass.TypesInfo.Types[e]
	return ok && tv.Value != nil && isText(tv.Type)
}

func isText(t types.Type) bool {
	if t == nil {
		return false
	}
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsString != 0
}
