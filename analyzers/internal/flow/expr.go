package flow

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/callee"
	"github.com/launchgate/launchgate/analyzers/internal/sensitive"
	"github.com/launchgate/launchgate/analyzers/internal/words"
)

func (f *fn) typeOf(x ast.Expr) types.Type {
	t := f.info.TypeOf(x)
	if t == nil || t == types.Typ[types.Invalid] {
		return nil
	}
	return t
}

// eval returns what an expression carries, as something that is used whole.
func (f *fn) eval(x ast.Expr) *value { return f.asWhole(x, f.evalRaw(x)) }

// asWhole labels a value of a type with sensitive fields.
func (f *fn) asWhole(x ast.Expr, v *value) *value {
	if v.clean || v.quiet {
		return v
	}
	t := f.typeOf(x)
	if t == nil {
		return v
	}
	inner := v
	for _, r := range v.refs {
		if c := f.cur.get(r); c != nil {
			inner = c
		}
	}
	if inner.clean {
		return v
	}
	if ls := f.e.wholeLabel(t, inner, x.Pos(), exprName(x)); len(ls) > 0 {
		return withLabels(v, ls...)
	}
	if told(v) {
		return v
	}
	text := exprName(x)
	switch pkg, name := callee.Named(t); {
	case pkg != "net/http":
	case name == "Request":
		what := "the whole request " + text
		return withLabels(v, dump(x, what+" (it carries Authorization and Cookie)", what, text).labels...)
	case name == "Header" && !inner.made:
		return withLabels(v, f.headers(x).labels...)
	}
	if m, ok := f.e.voc.Lexicon.TypeOf(t); ok && !printsItself(t) {
		return withLabels(v, named(ByAPI, m, x.Pos(), text, text))
	}
	return v
}

// evalAll evaluates an expression for its effects.
func (f *fn) evalAll(x ast.Expr) {
	if c, ok := ast.Unparen(x).(*ast.CallExpr); ok {
		f.call(c)
		return
	}
	f.evalRaw(x)
}

// evalQuiet evaluates the object a selector or index goes into.
func (f *fn) evalQuiet(x ast.Expr) *value { return f.evalRaw(x) }

// evalTuple evaluates an expression with n values.
func (f *fn) evalTuple(x ast.Expr, n int) []*value {
	var vals []*value
	if c, ok := ast.Unparen(x).(*ast.CallExpr); ok {
		vals = f.call(c)
	} else {
		vals = []*value{f.eval(x), clean} // v, ok
	}
	out := make([]*value, n)
	for i := range out {
		out[i] = unknown
		if i < len(vals) && vals[i] != nil {
			out[i] = vals[i]
		}
	}
	return out
}

func (f *fn) evalRaw(x ast.Expr) *value {
	f.fuel--
	if f.fuel <= 0 {
		f.meet("expressions")
		return unknown
	}
	if f.depth++; f.depth > maxNesting {
		f.meet("nesting")
		f.depth--
		return unknown
	}
	v := f.evalKind(x)
	f.depth--
	if v == nil {
		return unknown
	}
	f.left(v)
	return v
}

func (f *fn) evalKind(x ast.Expr) *value {
	if tv, ok := f.info.Types[x]; ok && tv.Value != nil {
		if tv.Value.Kind() == constant.String {
			return f.written(x)
		}
		return clean
	} else if ok && tv.IsType() {
		return clean
	}
	switch x := x.(type) {
	case *ast.ParenExpr:
		return f.evalRaw(x.X)
	case *ast.BasicLit:
		return clean
	case *ast.Ident:
		return f.ident(x)
	case *ast.SelectorExpr:
		return f.selector(x)
	case *ast.StarExpr:
		return f.deref(f.evalRaw(x.X))
	case *ast.UnaryExpr:
		return f.unary(x)
	case *ast.BinaryExpr:
		a, b := f.evalRaw(x.X), f.evalRaw(x.Y)
		if x.Op != token.ADD {
			if isNumeric(f.typeOf(x)) {
				return join(a, b)
			}
			return clean // a comparison tells nothing of the value
		}
		v := join(a, b)
		if a.clean && b.clean {
			return clean
		}
		return &value{labels: f.collect(v)}
	case *ast.CallExpr:
		if vals := f.call(x); len(vals) > 0 {
			return vals[0]
		}
		return unknown
	case *ast.IndexExpr:
		return f.index(x)
	case *ast.IndexListExpr:
		return f.evalRaw(x.X)
	case *ast.SliceExpr:
		for _, i := range []ast.Expr{x.Low, x.High, x.Max} {
			if i != nil {
				f.evalRaw(i)
			}
		}
		v := f.evalRaw(x.X)
		if f.lastFew(x) || f.firstFew(x) {
			return clean
		}
		if t := f.typeOf(x.X); x.Low != nil && t != nil && len(v.labels) > 0 {
			if b, ok := t.Underlying().(*types.Basic); ok && b.Info()&types.IsString != 0 {
				w := *v
				w.labels = cutOut.after(v.labels)
				return &w
			}
		}
		return v
	case *ast.TypeAssertExpr:
		v := f.evalRaw(x.X)
		if t := f.typeOf(x); t != nil {
			return asserted(f.narrow(v, t), t)
		}
		return v
	case *ast.CompositeLit:
		return f.composite(x)
	case *ast.FuncLit:
		return &value{funcs: []*closure{{lit: x}}}
	case *ast.KeyValueExpr:
		return f.eval(x.Value)
	}
	return unknown
}

// lastFew reports whether an expression is the last four characters of a text or
// fewer, as one shows them for people to tell one from another: s[len(s)-4:].
func (f *fn) lastFew(x *ast.SliceExpr) bool {
	b, ok := x.Low.(*ast.BinaryExpr)
	if !ok || x.High != nil || b.Op != token.SUB {
		return false
	}
	c, ok := b.X.(*ast.CallExpr)
	if !ok || len(c.Args) != 1 || exprName(c.Fun) != "len" || exprName(c.Args[0]) != exprName(x.X) {
		return false
	}
	tv := f.info.Types[b.Y]
	if tv.Value == nil {
		return false
	}
	n, exact := constant.Int64Val(constant.ToInt(tv.Value))
	return exact && n <= 4
}

// firstFew reports whether an expression is the first four characters of a text or
// fewer, as one shows them for people to tell one from another: s[:4].
func (f *fn) firstFew(x *ast.SliceExpr) bool {
	if x.High == nil || x.Low != nil && !f.literalZero([]argument{{expr: x.Low}}) {
		return false
	}
	tv := f.info.Types[x.High]
	if t := f.typeOf(x.X); tv.Value == nil || t == nil || !textual(t) || !isStringOrBytes(t) {
		return false
	}
	n, exact := constant.Int64Val(constant.ToInt(tv.Value))
	return exact && n <= 4
}

// isStringOrBytes reports whether t is a string or bytes.
func isStringOrBytes(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return u.Info()&types.IsString != 0
	case *types.Slice:
		return isByte(u.Elem())
	}
	return false
}

// bare is a value of a type that decides how it is shown, before somebody who does not
// ask it.
func (f *fn) bare(x ast.Expr, v *value) *value {
	t := f.typeOf(x)
	if v.clean || v.quiet || t == nil || told(v) || fed(v) && len(v.labels) > 1 || !isStringOrBytes(t) || !printsItself(t) {
		return v
	}
	m, ok := f.e.voc.Lexicon.TypeOf(t)
	text := exprName(x)
	if !ok {
		if m, ok = f.e.voc.Lexicon.Name(text[strings.LastIndexByte(text, '.')+1:]); !ok || !sensitive.Holds(t, m) {
			return v
		}
	}
	l := named(ByName, m, x.Pos(), text, text)
	l.src.local = inputOf(v) >= 0 // callers know what they pass
	return withLabels(v, l)
}

// asserted is a value that turned out to be of type t: what a key or name
// promised of it, an object cannot keep.
func asserted(v *value, t types.Type) *value {
	u := t.Underlying()
	if p, ok := u.(*types.Pointer); ok {
		u = p.Elem().Underlying()
	}
	if _, ok := u.(*types.Struct); !ok {
		return v
	}
	w := *v
	w.labels = slices.DeleteFunc(slices.Clone(v.labels), func(l label) bool {
		return l.src != nil && (l.src.Kind == ByName || l.src.Kind == ByAPI) && !sensitive.Holds(t, match(l.src))
	})
	return &w
}

func (f *fn) object(id *ast.Ident) types.Object {
	if obj := f.info.Uses[id]; obj != nil {
		return obj
	}
	return f.info.Defs[id]
}

func (f *fn) ident(x *ast.Ident) *value {
	switch obj := f.object(x).(type) {
	case *types.Var:
		v := f.readVar(obj)
		if isGlobal(obj) || f.cur.get(f.loc(obj)) == nil {
			if l, ok := f.nameLabel(x, v, obj.Type()); ok {
				v = withLabels(v, l)
			}
			if isGlobal(obj) && f.cur.get(f.loc(obj)) == nil {
				v = f.withPort(x, obj, v)
			}
		}
		return v
	case *types.Func:
		return &value{funcs: []*closure{{fn: obj}}}
	case *types.Const, *types.Nil, *types.TypeName, *types.Builtin:
		return clean
	case nil:
		if l, ok := f.nameLabel(x, unknown, nil); ok {
			return withLabels(unknown, l)
		}
	}
	return unknown
}

func (f *fn) readVar(obj types.Object) *value {
	if v := f.cur.get(f.loc(obj)); v != nil {
		return v
	}
	if isGlobal(obj) {
		return f.e.readGlobal(obj, f)
	}
	return unknown
}

// nameLabel is the label a variable's name gives to what it holds.
func (f *fn) nameLabel(id *ast.Ident, v *value, t types.Type) (label, bool) {
	if v.clean || v.quiet || told(v) {
		return label{}, false
	}
	if t == types.Typ[types.Invalid] {
		t = nil
	}
	m, ok := f.e.voc.Lexicon.Variable(id.Name, t)
	if !ok || !holds(t, m) || m.Term == "token" && f.e.reads(id.Pos()) || sensitive.BareToken(m) && f.e.otherToken(f.object(id)) || sensitive.Harmless(m, f.symbol, lastElement(f.e.pass.Pkg.Path())) {
		return label{}, false
	}
	l := named(ByName, m, id.Pos(), "the variable "+id.Name, id.Name)
	f.doubt(l.src)
	return l, true
}

// doubt marks a source as weak if the place it stands in does not bear it out.
func (f *fn) doubt(s *Source) {
	s.Weak = s.Weak || sensitive.WeakPlace(match(s), f.symbol)
}

// otherToken reports whether all that a variable called token is set to says that
// it is the token of something else.
func (e *engine) otherToken(obj types.Object) bool {
	if obj == nil {
		return false
	}
	list := e.definitions()[obj]
	for _, d := range list {
		says := false
		for _, x := range added(d) {
			name := exprName(x)
			if c, ok := ast.Unparen(x).(*ast.CallExpr); ok {
				name = CalleeText(c.Fun)
			}
			says = says || e.voc.Lexicon.OtherToken(name[strings.LastIndexByte(name, '.')+1:])
		}
		if !says {
			return false
		}
	}
	return len(list) > 0
}

// added are the operands of a concatenation, or the expression itself.
func added(x ast.Expr) []ast.Expr {
	if b, ok := ast.Unparen(x).(*ast.BinaryExpr); ok && b.Op == token.ADD {
		return append(added(b.X), added(b.Y)...)
	}
	return []ast.Expr{x}
}

// readers are words of packages that read a language.
var readers = words.NewSet("html sanitizer parser lexer scanner tokenizer markdown ast syntax css sql lex highlight")

// reads reports whether the file at pos reads a language: then a mere token is
// one of that language.
func (e *engine) reads(pos token.Pos) bool {
	if readers.HasAny(words.Split(e.pass.Pkg.Name())) {
		return true
	}
	for _, file := range e.pass.Files {
		if file.FileStart > pos || pos >= file.FileEnd {
			continue
		}
		for _, im := range file.Imports {
			switch strings.Trim(im.Path.Value, `"`) {
			case "golang.org/x/net/html", "go/token", "go/scanner", "text/scanner", "github.com/yuin/goldmark/text", "github.com/alecthomas/chroma":
				return true
			}
		}
	}
	return false
}

// told reports whether it is already known why a value is sensitive.
func told(v *value) bool {
	for _, l := range v.labels {
		if l.src != nil && l.src.Kind != Whole && l.src.Kind != Internal {
			return true
		}
	}
	return false
}

func match(s *Source) sensitive.Match {
	return sensitive.Match{Class: s.Class, Level: s.Level, Term: s.Term}
}

// deref is what a pointer points to.
func (f *fn) deref(v *value) *value {
	if len(v.refs) == 0 {
		return v
	}
	var out *value
	for _, r := range v.refs {
		if c := f.cur.get(r); c != nil {
			out = join(out, c)
		}
	}
	if out == nil {
		return unknown
	}
	return out
}

func (f *fn) unary(x *ast.UnaryExpr) *value {
	switch x.Op {
	case token.AND:
		switch y := ast.Unparen(x.X).(type) {
		case *ast.Ident:
			obj := f.object(y)
			if v, ok := obj.(*types.Var); ok {
				l := f.loc(v)
				cur := f.readVar(v)
				if isGlobal(v) && f.cur.get(l) == nil {
					cur = f.withPort(y, v, cur)
					f.cur.set(l, cur)
				}
				return &value{refs: []*loc{l}, labels: cur.labels}
			}
		case *ast.CompositeLit:
			return f.alloc(y, f.composite(y))
		}
		// &x.f, &x[i]: the address is taken for what is there now
		return f.evalRaw(x.X)
	case token.ARROW:
		return f.elementsOf(f.evalRaw(x.X))
	case token.NOT:
		f.evalRaw(x.X)
		return clean
	}
	return f.evalRaw(x.X)
}

// alloc makes a place for what an expression allocates.
func (f *fn) alloc(at ast.Expr, v *value) *value {
	l, ok := f.e.allocs[at]
	if !ok {
		l = &loc{name: "new", typ: f.typeOf(at)}
		f.e.allocs[at] = l
	}
	f.cur.set(l, v)
	return &value{refs: []*loc{l}}
}

// requestPart is a part of an HTTP request that is sensitive as it is.
func (f *fn) requestPart(x *ast.SelectorExpr) *value {
	if f.isHeader(x) {
		return f.headers(x)
	}
	t := f.typeOf(x.X)
	if t == nil {
		return nil
	}
	pkg, name := callee.Named(t)
	if pkg != "net/http" {
		return nil
	}
	switch {
	case name == "Request" && x.Sel.Name == "Body":
		what := "the request body " + exprName(x)
		return dump(x, what, what, exprName(x))
	case name == "Request" && (x.Sel.Name == "Form" || x.Sel.Name == "PostForm"):
		what := "the whole form " + exprName(x)
		return dump(x, what+" (it carries whatever was submitted)", what, exprName(x))
	}
	return nil
}

// headers is a whole header map: of a request, or of the answer to one.
func (f *fn) headers(x ast.Expr) *value {
	text := exprName(x)
	what, carries := "the whole header map "+text, "it carries Authorization and Cookie"
	of := ast.Unparen(x)
	if c, ok := of.(*ast.CallExpr); ok {
		of = ast.Unparen(c.Fun)
	}
	answer := false
	if sel, ok := of.(*ast.SelectorExpr); ok {
		_, name := namedType(f.typeOf(sel.X))
		answer = name == "Response" || strings.HasSuffix(name, "ResponseWriter")
	}
	if answer {
		what, carries = "the whole header map of the answer "+text, "it carries Set-Cookie"
	}
	d := dump(x, what+" ("+carries+")", what, text)
	d.labels[0].src.Type = "Header" // each of its elements counts
	if answer {
		d.labels[0].src.Level = "medium"
	}
	return d
}

func dump(x ast.Expr, what, note, key string) *value {
	src := &Source{Kind: Dump, Class: sensitive.HTTP, Level: "high", What: what, Key: key, pos: x.Pos()}
	return &value{labels: []label{{src: src, step: (*step)(nil).then(x.Pos(), note)}}}
}

// underKey is a value put under a literal key: the key says what it is.
func (f *fn) underKey(v *value, x ast.Expr, key string) *value {
	if v.quiet || told(v) {
		return v
	}
	m, ok := f.e.voc.Lexicon.Name(key)
	if !ok || !holds(f.typeOf(x), m) || v.clean && !secretText(f.literalText(x), key, m, keyValue) {
		return v
	}
	if v.clean {
		v = unknown
	}
	return withLabels(v, named(ByName, m, x.Pos(), "under the key "+quoted(key), "key "+key))
}

// add returns what either has; too much is said in the receipt.
func (f *fn) add(have, more []label) []label {
	out, cut := addLabels(have, more)
	f.left(&value{cut: cut})
	return out
}

// left says in the receipt what was left out of a value.
func (f *fn) left(v *value) {
	if v.cut != 0 {
		for _, name := range v.cut.names() {
			f.meet(name)
		}
	}
}

// exprName writes a chain of names, never a literal.
func exprName(e ast.Expr) string {
	switch x := e.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.SelectorExpr:
		return exprName(x.X) + "." + x.Sel.Name
	case *ast.StarExpr:
		return exprName(x.X)
	case *ast.UnaryExpr:
		return exprName(x.X)
	case *ast.ParenExpr:
		return exprName(x.X)
	case *ast.TypeAssertExpr:
		return exprName(x.X)
	case *ast.CallExpr:
		return CalleeText(x.Fun) + "()"
	case *ast.IndexExpr:
		return exprName(x.X) + "[…]"
	case *ast.CompositeLit:
		if x.Type != nil {
			return exprName(x.Type) + "{…}"
		}
	}
	return "…"
}

// CalleeText writes a callee for people: log.Printf, c.logger.Info.
func CalleeText(e ast.Expr) string {
	switch x := e.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.SelectorExpr:
		if _, ok := x.X.(*ast.CallExpr); ok {
			return "…." + x.Sel.Name
		}
		return exprName(x)
	case *ast.ParenExpr:
		return CalleeText(x.X)
	case *ast.IndexExpr:
		return CalleeText(x.X)
	case *ast.IndexListExpr:
		return CalleeText(x.X)
	}
	return "a function"
}
