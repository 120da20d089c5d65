package piilog

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strings"
	"unicode"

	"golang.org/x/tools/go/analysis"

	"github.com/launchgate/launchgate/analyzers/internal/callee"
	"github.com/launchgate/launchgate/analyzers/internal/flow"
	"github.com/launchgate/launchgate/analyzers/internal/sinks"
	"github.com/launchgate/launchgate/analyzers/internal/words"
	"github.com/launchgate/launchgate/analyzers/privacy"
)

// ids are the objects whose id one fix already logs, as they are written.
type ids struct{ said []string }

// identified logs, in place of a person's data or of a whole object, the id of
// the object it belongs to.
func identified(l *leak, done *ids) (string, []analysis.TextEdit, bool) {
	owner, edits := l.owner()
	if owner == nil {
		return "", nil, false
	}
	t := l.pass.TypesInfo.TypeOf(owner)
	if t == nil || secretID(l.judge, t) {
		return "", nil, false
	}
	id, it, ok := idOf(l.pass, t, l.onNil(owner))
	if !ok {
		return "", nil, false
	}
	written := types.ExprString(owner)
	name := written + "." + id
	if strings.Contains(written, "\n") || l.logged(name) {
		return "", nil, false
	}
	for _, s := range done.said {
		if s == written { // it is there already: this one goes
			if message, out, ok := leftOut(l, done); ok {
				return message, out, true
			}
			return blanked(l, done)
		}
	}
	done.said = append(done.said, written)
	edits = append(edits, analysis.TextEdit{Pos: owner.End(), End: l.value.End(), NewText: []byte("." + id)})
	more, ok := l.fit(it)
	if !ok {
		return "", nil, false
	}
	more2, ok := l.rename(t)
	if !ok {
		return "", nil, false
	}
	return "Log " + name + " instead", append(append(edits, more...), more2...), true
}

// secretID reports whether who holds the id of an object may do what its owner
// may, as with a session's.
func secretID(judge *privacy.Judge, t types.Type) bool {
	_, name := callee.Named(t)
	_, secret := judge.Lexicon.Name(name + "ID")
	return secret
}

// owner is the object that the value belongs to or is, and the edits that leave
// nothing else of the value before it (the & of &u).
func (l *leak) owner() (ast.Expr, []analysis.TextEdit) {
	switch x := l.value.(type) {
	case *ast.CallExpr: // u.GetEmail()
		if sel, ok := ast.Unparen(x.Fun).(*ast.SelectorExpr); ok && len(x.Args) == 0 && l.isValue(sel.X) {
			return sel.X, nil
		}
	case *ast.SelectorExpr:
		if l.fl.Source.Kind != flow.Whole && l.isValue(x.X) {
			return x.X, nil
		}
	}
	if l.fl.Source.Kind != flow.Whole {
		return nil, nil
	}
	switch x := l.value.(type) {
	case *ast.UnaryExpr, *ast.StarExpr:
		inner := x
		var e ast.Expr
		if u, ok := inner.(*ast.UnaryExpr); ok && u.Op == token.AND {
			e = u.X
		} else if s, ok := inner.(*ast.StarExpr); ok {
			e = s.X
		}
		switch e.(type) {
		case *ast.Ident, *ast.SelectorExpr:
			return e, []analysis.TextEdit{{Pos: l.value.Pos(), End: e.Pos()}}
		}
	case *ast.Ident, *ast.SelectorExpr:
		if l.there(x) {
			return x, nil
		}
	}
	return nil, nil
}

// isValue reports whether an expression is a value, not a package or a type.
func (l *leak) isValue(e ast.Expr) bool {
	tv, ok := l.pass.TypesInfo.Types[e]
	return ok && tv.IsValue()
}

// onNil reports whether the getter that gives the value may be called on an owner
// that is nil, as those of generated messages may: then only another method may be.
func (l *leak) onNil(owner ast.Expr) bool {
	call, ok := l.value.(*ast.CallExpr)
	if !ok || l.there(owner) {
		return false
	}
	fn, ok := l.pass.TypesInfo.Uses[ast.Unparen(call.Fun).(*ast.SelectorExpr).Sel].(*types.Func)
	if !ok {
		return true
	}
	for _, f := range l.pass.Files {
		for _, d := range f.Decls {
			if fd, ok := d.(*ast.FuncDecl); ok && l.pass.TypesInfo.Defs[fd.Name] == fn {
				return fd.Body == nil || comparesWithNil(fd.Body)
			}
		}
	}
	return true
}

func comparesWithNil(body *ast.BlockStmt) bool {
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && id.Name == "nil" {
			found = true
		}
		return !found
	})
	return found
}

// there reports whether an object can be asked for its id: a pointer may be nil,
// unless the code before has followed it without asking, and it is still the same.
func (l *leak) there(e ast.Expr) bool {
	t := l.pass.TypesInfo.TypeOf(e)
	if t == nil {
		return false
	}
	if _, ok := t.Underlying().(*types.Pointer); !ok {
		return true
	}
	root := rootOf(e)
	if root == "" {
		return false // each call may return another
	}
	written := types.ExprString(e)
	for i, n := range l.path {
		var list []ast.Stmt
		switch b := n.(type) {
		case *ast.BlockStmt:
			list = b.List
		case *ast.CaseClause:
			list = b.Body
		case *ast.CommClause:
			list = b.Body
		case *ast.FuncDecl, *ast.FuncLit:
			return false
		case *ast.IfStmt, *ast.ForStmt, *ast.RangeStmt, *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt:
			if sets(n, root, written) {
				return false // by its head, or in the turn before
			}
		}
		for k := len(list) - 1; k >= 0; k-- {
			s := list[k]
			if i == 0 || s.Pos() >= l.path[i-1].Pos() {
				continue // not before
			}
			if sets(s, root, written) {
				return false
			}
			switch s.(type) {
			case *ast.ExprStmt, *ast.AssignStmt, *ast.DeclStmt, *ast.IncDecStmt, *ast.SendStmt:
				if follows(s, written) {
					return true
				}
			}
		}
	}
	return false
}

// rootOf is the variable that a path of fields begins with, "" for what is no such
// path.
func rootOf(e ast.Expr) string {
	switch x := ast.Unparen(e).(type) {
	case *ast.Ident:
		return x.Name
	case *ast.SelectorExpr:
		return rootOf(x.X)
	}
	return ""
}

// sets reports whether code gives another value to a variable of the name root, or
// to the path of fields written so, or makes another variable of that name.
func sets(code ast.Node, root, written string) bool {
	found := false
	target := func(e ast.Expr) {
		if id, ok := e.(*ast.Ident); ok && id.Name == root || e != nil && types.ExprString(e) == written {
			found = true
		}
	}
	ast.Inspect(code, func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.AssignStmt:
			for _, e := range x.Lhs {
				target(e)
			}
		case *ast.RangeStmt:
			target(x.Key)
			target(x.Value)
		case *ast.ValueSpec:
			for _, id := range x.Names {
				target(id)
			}
		case *ast.UnaryExpr:
			if x.Op == token.AND {
				target(x.X)
			}
		}
		return !found
	})
	return found
}

// follows reports whether a statement reads a field through the pointer written
// so, whatever the values are.
func follows(s ast.Stmt, written string) bool {
	found := false
	ast.Inspect(s, func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.BinaryExpr:
			return x.Op != token.LAND && x.Op != token.LOR
		case *ast.CallExpr:
			if sel, ok := x.Fun.(*ast.SelectorExpr); ok {
				// A method may be called on nil.
				for _, a := range x.Args {
					found = found || follows(&ast.ExprStmt{X: a}, written)
				}
				return types.ExprString(sel.X) != written
			}
		case *ast.SelectorExpr:
			found = found || types.ExprString(x.X) == written
		}
		return !found
	})
	return found
}

// idOf is how the id of an object of type t is written behind it, with onNil by a
// method only.
func idOf(pass *analysis.Pass, t types.Type, onNil bool) (string, types.Type, bool) {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	n, ok := types.Unalias(t).(*types.Named)
	if !ok {
		return "", nil, false
	}
	if _, ok := n.Underlying().(*types.Struct); !ok {
		return "", nil, false
	}
	own := n.Obj().Name()
	for _, name := range []string{"ID", "Id", "id", own + "ID", own + "Id", "UUID", "Uuid", "UID", "Uid", "GUID"} {
		obj, _, indirect := types.LookupFieldOrMethod(n, true, pass.Pkg, name)
		if onNil || obj == nil || indirect || !obj.Exported() && obj.Pkg() != pass.Pkg {
			continue
		}
		if v, ok := obj.(*types.Var); ok && identifier(v.Type()) {
			return name, v.Type(), true
		}
	}
	for _, name := range []string{"ID", "GetID", "GetId"} {
		obj, _, indirect := types.LookupFieldOrMethod(n, true, pass.Pkg, name)
		fn, ok := obj.(*types.Func)
		if !ok || indirect {
			continue
		}
		if sig := fn.Type().(*types.Signature); sig.Params().Len() == 0 && sig.Results().Len() == 1 && identifier(sig.Results().At(0).Type()) {
			return name + "()", sig.Results().At(0).Type(), true
		}
	}
	return "", nil, false
}

// identifier reports whether a type is one that ids have.
func identifier(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return u.Info()&(types.IsInteger|types.IsString) != 0
	case *types.Array: // a UUID
		b, ok := u.Elem().Underlying().(*types.Basic)
		return ok && b.Kind() == types.Byte
	}
	return false
}

// logged reports whether the call and what it stands in has this expression
// among its arguments already.
func (l *leak) logged(written string) bool {
	found := false
	for _, n := range l.path {
		c, ok := n.(*ast.CallExpr)
		if !ok {
			continue
		}
		ast.Inspect(c, func(n ast.Node) bool {
			if e, ok := n.(ast.Expr); ok && types.ExprString(e) == written {
				found = true
			}
			return !found
		})
	}
	return found
}

// fit makes what takes the value take an id of type it: the verb of a format,
// the name of a field's constructor.
func (l *leak) fit(it types.Type) ([]analysis.TextEdit, bool) {
	if l.pair != nil {
		return nil, true
	}
	if l.arg != l.value {
		return nil, isText(it) // part of a sum, an argument of a conversion
	}
	if f := l.format(); f != nil {
		v, ok := f.verb(l.argIndex())
		if !ok {
			return nil, false
		}
		letter := v.letter
		switch b, basic := it.Underlying().(*types.Basic); {
		case basic && b.Info()&types.IsInteger != 0 && !stringer(it):
			if letter == 's' || letter == 'q' {
				letter = 'd'
			}
		case !basic && !stringer(it):
			letter = 'x'
		case letter != 'q':
			letter = 's'
		}
		if letter == v.letter && v.flags == "" {
			return nil, true
		}
		if l.fl.Source.Kind == flow.Whole && letter != 'q' && letter != 's' && letter != 'd' {
			letter = 'v'
		}
		return []analysis.TextEdit{{Pos: v.pos, End: v.end, NewText: []byte("%" + string(letter))}}, true
	}
	sig, ok := l.pass.TypesInfo.TypeOf(l.call.Fun).(*types.Signature)
	if !ok {
		return nil, false
	}
	i := l.argIndex()
	var param types.Type
	switch {
	case sig.Variadic() && i >= sig.Params().Len()-1:
		param = sig.Params().At(sig.Params().Len() - 1).Type()
		if s, ok := param.(*types.Slice); ok && !l.call.Ellipsis.IsValid() {
			param = s.Elem()
		}
	case i < sig.Params().Len():
		param = sig.Params().At(i).Type()
	}
	if param != nil && types.AssignableTo(it, param) {
		return nil, true
	}
	return l.constructor(it)
}

func stringer(t types.Type) bool {
	obj, _, _ := types.LookupFieldOrMethod(t, false, nil, "String")
	_, ok := obj.(*types.Func)
	return ok
}

// constructor names the function that makes a field of an id: zap.Int64 in
// place of zap.String.
func (l *leak) constructor(it types.Type) ([]analysis.TextEdit, bool) {
	sel, ok := ast.Unparen(l.call.Fun).(*ast.SelectorExpr)
	if !ok {
		return nil, false
	}
	var text, anything string
	switch sel.Sel.Name { // what the library calls the one for text
	case "String", "Stringp", "ByteString":
		text, anything = "String", "Any"
	case "Str", "Bytes":
		text, anything = "Str", "Interface"
	default:
		return nil, false
	}
	name := anything
	if b, ok := it.(*types.Basic); ok {
		switch b.Kind() {
		case types.String:
			name = text
		case types.Int, types.Int32, types.Int64, types.Uint, types.Uint32, types.Uint64:
			name = strings.ToUpper(b.Name()[:1]) + b.Name()[1:]
		}
	}
	if !l.offers(sel, name) {
		name = anything
	}
	return []analysis.TextEdit{{Pos: sel.Sel.Pos(), End: sel.Sel.End(), NewText: []byte(name)}}, l.offers(sel, name)
}

// offers reports whether a package or type has a function or method name beside
// the one that sel selects.
func (l *leak) offers(sel *ast.SelectorExpr, name string) bool {
	if id, ok := sel.X.(*ast.Ident); ok {
		if pn, ok := l.pass.TypesInfo.Uses[id].(*types.PkgName); ok {
			return pn.Imported().Scope().Lookup(name) != nil
		}
	}
	obj, _, _ := types.LookupFieldOrMethod(l.pass.TypesInfo.TypeOf(sel.X), true, l.pass.Pkg, name)
	return obj != nil
}

// key is the literal that the value is logged under, nil if there is none.
func (l *leak) key() *ast.BasicLit {
	var e ast.Expr
	i := l.argIndex()
	s, known := l.sink()
	switch {
	case l.pair != nil:
		e = l.pair.Key
	case known:
		for _, a := range s.Args(len(l.call.Args)) {
			switch {
			case a.Index != i:
			case a.Role == sinks.Keyed && a.Key >= 0 && a.Key < i-1 && l.variadic(i) && l.pairs(i):
				e = l.call.Args[i-1] // the first names a group of pairs
			case a.Role == sinks.Keyed && a.Key >= 0:
				e = l.call.Args[a.Key]
			case a.Role == sinks.Pair && i > 0:
				e = l.call.Args[i-1]
			}
		}
	case i > 0 && l.variadic(i) && l.format() == nil && l.pairs(i):
		e = l.call.Args[i-1] // a function of the project that takes pairs
	}
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING || !isKey(strings.Trim(lit.Value, "\"`")) {
		return nil
	}
	return lit
}

// pairs reports whether argument i is a value if the call takes keys and values
// in turn.
func (l *leak) pairs(i int) bool {
	sig, ok := l.pass.TypesInfo.TypeOf(l.call.Fun).(*types.Signature)
	if !ok {
		return false
	}
	first := sig.Params().Len() - 1
	return i > first && (i-first)%2 == 1
}

// isKey reports whether a text is a key rather than a part of a sentence.
func isKey(s string) bool {
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' && r != '-' && r != '.' {
			return false
		}
	}
	return s != ""
}

// rename adapts the key under which an object of type t was logged; ok is false
// if the call has the new one already.
func (l *leak) rename(t types.Type) ([]analysis.TextEdit, bool) {
	lit := l.key()
	if lit == nil {
		return nil, true
	}
	_, typeName := callee.Named(t)
	old := strings.Trim(lit.Value, "\"`")
	ws := words.Split(old)
	if l.fl.Source.Kind != flow.Whole {
		what := words.Split(strings.TrimPrefix(l.fl.Source.Key[strings.LastIndexByte(l.fl.Source.Key, '.')+1:], "key "))
		if len(what) > 1 && what[0] == "get" {
			what = what[1:]
		}
		for n := len(what); n > 0; n-- { // "user_email" and "mail" for u.EmailAddress too
			if len(ws) >= n && strings.Join(ws[len(ws)-n:], " ") == strings.Join(what[:n], " ") {
				ws = ws[:len(ws)-n]
				break
			}
		}
	}
	if len(ws) == 0 {
		ws = words.Split(typeName)
	}
	if len(ws) == 0 || ws[len(ws)-1] != "id" {
		ws = append(ws, "id")
	}
	key := spelled(ws, l.example(old))
	if key == old {
		return nil, true
	}
	taken := false
	for _, n := range l.path {
		if c, ok := n.(*ast.CallExpr); ok {
			ast.Inspect(c, func(n ast.Node) bool {
				if b, ok := n.(*ast.BasicLit); ok && strings.Trim(b.Value, "\"`") == key {
					taken = true
				}
				return true
			})
		}
	}
	return []analysis.TextEdit{{Pos: lit.Pos() + 1, End: lit.End() - 1, NewText: []byte(key)}}, !taken
}

// example is a key that shows how keys are spelled here: the one at hand, or
// another of the call that has several words.
func (l *leak) example(key string) string {
	several := func(s string) bool { return isKey(s) && len(words.Split(s)) > 1 }
	if several(key) {
		return key
	}
	out := key
	for _, n := range l.path {
		c, ok := n.(*ast.CallExpr)
		if !ok {
			continue
		}
		for _, a := range c.Args {
			if tv := l.pass.TypesInfo.Types[a]; tv.Value != nil && tv.Value.Kind() == constant.String && several(constant.StringVal(tv.Value)) {
				out = constant.StringVal(tv.Value)
			}
		}
	}
	return out
}

// spelled writes words as one key, as another is written.
func spelled(ws []string, like string) string {
	switch {
	case strings.Contains(like, "-"):
		return strings.Join(ws, "-")
	case strings.Contains(like, "_"):
		return strings.Join(ws, "_")
	case strings.Contains(like, "."):
		return strings.Join(ws, ".")
	case like == strings.ToLower(like):
		return strings.Join(ws, "_")
	}
	var b strings.Builder
	for i, w := range ws {
		switch {
		case i == 0 && unicode.IsLower(rune(like[0])):
			b.WriteString(w)
		case w == "id":
			b.WriteString("ID")
		default:
			b.WriteString(strings.ToUpper(w[:1]) + w[1:])
		}
	}
	return b.String()
}

// formatString is the literal format string of a call.
type formatString struct {
	first int // the argument that the first verb prints
	verbs []verb
}

type verb struct {
	pos, end token.Pos
	flags    string
	letter   byte
}

// verb is the one that prints argument i.
func (f *formatString) verb(i int) (verb, bool) {
	if i -= f.first; i < 0 || i >= len(f.verbs) {
		return verb{}, false
	}
	return f.verbs[i], true
}

// format reads the call's format string; nil if it takes none, or one that is no
// literal or numbers its operands.
func (l *leak) format() *formatString {
	at := -1
	if s, ok := l.sink(); ok && s.Format >= 0 {
		at = s.Format
	} else if sel, ok := ast.Unparen(l.call.Fun).(*ast.SelectorExpr); ok && strings.HasSuffix(sel.Sel.Name, "f") {
		sig, ok := l.pass.TypesInfo.TypeOf(l.call.Fun).(*types.Signature)
		if ok && sig.Variadic() && sig.Params().Len() >= 2 && isText(sig.Params().At(sig.Params().Len()-2).Type()) {
			at = sig.Params().Len() - 2
		}
	}
	if at < 0 || at >= len(l.call.Args) {
		return nil
	}
	lit, ok := l.call.Args[at].(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return nil
	}
	f := &formatString{first: at + 1}
	s := lit.Value
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			continue
		}
		start := i
		for i++; i < len(s) && strings.IndexByte("+-# 0123456789.", s[i]) >= 0; i++ {
		}
		if i >= len(s) || s[i] == '[' || s[i] == '*' {
			return nil
		}
		if s[i] == '%' {
			continue
		}
		f.verbs = append(f.verbs, verb{pos: lit.Pos() + token.Pos(start), end: lit.Pos() + token.Pos(i) + 1, flags: s[start+1 : i], letter: s[i]})
	}
	return f
}
