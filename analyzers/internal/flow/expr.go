package flow

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"slices"
	"strconv"
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

func (f *fn) elementsOf(v *value) *value {
	if len(v.refs) == 0 {
		return elements(v)
	}
	var out *value
	for _, r := range v.refs {
		if c := f.cur.get(r); c != nil {
			out = join(out, elements(c))
		}
	}
	if out == nil {
		return unknown
	}
	return out
}

// partOf reads a part through pointers.
func (f *fn) partOf(v *value, name string) *value {
	if len(v.refs) == 0 {
		return part(v, name)
	}
	var out *value
	for _, r := range v.refs {
		if c := f.cur.get(r); c != nil {
			out = join(out, part(c, name))
		}
	}
	if out == nil {
		return unknown
	}
	return out
}

func quoted(key string) string { return `"` + key + `"` }

func (f *fn) index(x *ast.IndexExpr) *value {
	if tv, ok := f.info.Types[x.Index]; ok && tv.IsType() {
		return f.evalRaw(x.X) // an instantiation
	}
	v := f.evalRaw(x.X)
	f.evalRaw(x.Index)
	if t := f.typeOf(x.X); t != nil {
		if b, ok := t.Underlying().(*types.Basic); ok && b.Info()&types.IsString != 0 {
			if tv, ok := f.info.Types[x.Index]; !ok || tv.Value != nil {
				return clean // one byte
			}
			return &value{labels: cutOut.after(v.labels)} // one after the other
		}
	}
	name := f.keyText(x.Index)
	header := f.isHeader(x.X)
	if _, typ := namedType(f.typeOf(x.X)); name == "" && (header || typ == "Values") {
		return unknown // one value, and nobody knows which
	}
	if slot := f.slot(x); slot != "" {
		return f.partOf(v, slot)
	}
	if name == "" {
		out := f.elementsOf(v)
		if v.split && len(out.labels) > 0 {
			w := *out
			w.labels = cutOut.after(out.labels)
			out = &w
		}
		if tv, ok := f.info.Types[x.Index]; ok && v.split && (tv.Value == nil || tv.Value.ExactString() != "0") {
			// The domain of an address.
			w := *out
			w.labels = slices.DeleteFunc(slices.Clone(out.labels), func(l label) bool {
				return l.src != nil && l.src.Class == sensitive.Contact && strings.Contains(l.src.Term, "mail")
			})
			return &w
		}
		if tv, ok := f.info.Types[x.Index]; ok && v.split && tv.Value != nil && tv.Value.ExactString() == "0" {
			// "Bearer" of "Bearer …", the user of "user:password".
			w := *out
			w.labels = slices.DeleteFunc(slices.Clone(out.labels), func(l label) bool {
				return l.src != nil && (l.src.Class == sensitive.Token || l.src.Class == sensitive.HTTP || l.src.Class == sensitive.Credential)
			})
			return &w
		}
		return out
	}
	if header {
		return f.readKey(x, name, true, unknown)
	}
	return f.readKey(x, name, false, f.partOf(v, quoted(name)))
}

// readKey is a value read under a literal name: the name says what it is.
func (f *fn) readKey(x ast.Expr, name string, header bool, v *value) *value {
	if v.clean || v.quiet || told(v) {
		return v
	}
	t := f.typeOf(x)
	if header {
		m, ok := f.e.voc.Lexicon.Header(name)
		if !ok {
			return clean
		}
		return withLabels(v, named(ByAPI, m, x.Pos(), "the header "+quoted(name), "header "+name))
	}
	m, ok := f.e.voc.Lexicon.Name(name)
	if !ok || t != nil && !isTuple(t) && !holds(t, m) {
		return v
	}
	l := named(ByAPI, m, x.Pos(), "the value "+quoted(name), "value "+name)
	f.doubt(l.src)
	return withLabels(v, l)
}

func isTuple(t types.Type) bool { _, ok := t.(*types.Tuple); return ok }

// isHeader reports whether an expression is an http.Header.
func (f *fn) isHeader(x ast.Expr) bool {
	t := f.typeOf(x)
	if t == nil {
		return false
	}
	pkg, name := callee.Named(t)
	return pkg == "net/http" && name == "Header"
}

// keyText is the text of a key: a constant, or a variable that is set to one once
// and for all.
func (f *fn) keyText(x ast.Expr) string {
	if s := f.stringConst(x); s != "" {
		return s
	}
	id, ok := ast.Unparen(x).(*ast.Ident)
	if !ok {
		return ""
	}
	obj, ok := f.object(id).(*types.Var)
	if !ok || isGlobal(obj) && obj.Exported() {
		return ""
	}
	if list := f.e.definitions()[obj]; len(list) == 1 && f.e.touches(obj) <= 1 {
		return f.stringConst(list[0])
	}
	return ""
}

func (f *fn) stringConst(x ast.Expr) string {
	if tv, ok := f.info.Types[x]; ok && tv.Value != nil && tv.Value.Kind() == constant.String {
		return constant.StringVal(tv.Value)
	}
	if lit, ok := x.(*ast.BasicLit); ok && lit.Kind == token.STRING {
		if s, err := strconv.Unquote(lit.Value); err == nil {
			return s
		}
	}
	return ""
}

// fieldPath is the way to a field, through embedded structs.
func (f *fn) fieldPath(x *ast.SelectorExpr) []string {
	sel := f.info.Selections[x]
	if sel == nil || sel.Kind() != types.FieldVal || len(sel.Index()) < 2 {
		return []string{x.Sel.Name}
	}
	var path []string
	t := sel.Recv()
	for _, i := range sel.Index() {
		u := t.Underlying()
		if p, ok := u.(*types.Pointer); ok {
			u = p.Elem().Underlying()
		}
		st, ok := u.(*types.Struct)
		if !ok || i >= st.NumFields() {
			return []string{x.Sel.Name}
		}
		path = append(path, st.Field(i).Name())
		t = st.Field(i).Type()
	}
	return path
}

func (f *fn) selector(x *ast.SelectorExpr) *value {
	if callee.Package(f.info, x.X) != "" {
		switch obj := f.info.Uses[x.Sel].(type) {
		case *types.Var:
			v := f.readVar(obj)
			// What a package that was not read declares for all is a constant, a
			// default or an error: no secret of this program.
			if l, ok := f.nameLabel(x.Sel, v, obj.Type()); ok && (obj.Pkg() == f.e.pass.Pkg || f.e.factsOf(obj.Pkg()) != nil) {
				v = withLabels(v, l)
			}
			if isGlobal(obj) && f.cur.get(f.loc(obj)) == nil {
				v = f.withPort(x.Sel, obj, v)
			}
			return v
		case *types.Func:
			return &value{funcs: []*closure{{fn: obj}}}
		}
		return clean
	}
	base := f.evalRaw(x.X)
	if fun, ok := f.info.Uses[x.Sel].(*types.Func); ok {
		if sel := f.info.Selections[x]; sel != nil && sel.Kind() == types.MethodExpr {
			base = nil
		} else if id, ok := ast.Unparen(x.X).(*ast.Ident); ok && byPointer(fun) && f.typeOf(id) != nil && !isPlainPointer(f.typeOf(id)) {
			base = f.unary(&ast.UnaryExpr{OpPos: id.Pos(), Op: token.AND, X: id})
		}
		return &value{funcs: []*closure{{fn: fun, recv: base}}}
	}
	return f.fieldOf(x, base)
}

// byPointer reports whether a method has a pointer for its receiver.
func byPointer(m *types.Func) bool {
	sig, ok := m.Type().(*types.Signature)
	return ok && sig.Recv() != nil && isPlainPointer(sig.Recv().Type())
}

// fieldOf reads a field: what was put there, and what its name says.
func (f *fn) fieldOf(x *ast.SelectorExpr, base *value) *value {
	t := f.typeOf(x)
	if tellsNothing(t) {
		return clean
	}
	v, here := base, false
	for _, name := range f.fieldPath(x) {
		here = f.has(v, name)
		v = f.partOf(v, name)
	}
	if v.clean || v.quiet {
		return v
	}
	if !told(v) {
		if ls := f.urlPart(x, base); len(ls) > 0 {
			v = withLabels(v, ls...)
		} else if textual(t) && told(f.deref(base)) && f.e.nullable(f.typeOf(x.X)) {
			v = withLabels(v, contents(f.deref(base).labels)...)
		}
	}
	if special := f.requestPart(x); special != nil {
		return special
	}
	var m sensitive.Match
	var ok bool
	if owner, field, tag := f.fieldOwner(x); field != nil {
		m, ok = f.e.voc.Lexicon.Field(owner, field, tag)
	} else {
		m, ok = f.e.voc.Lexicon.Name(x.Sel.Name)
	}
	ok = ok && holds(t, m)
	obj, known := f.info.Uses[x.Sel].(*types.Var)
	if known = known && !told(v) && !here && !f.ofGeneric(x); known && (!ok || obj.Pkg() == f.e.pass.Pkg) {
		// Of what others put into a field its name knows better.
		if w := f.e.readField(obj, f); w != nil {
			v = join(v, hop(w, x.Sel.Pos(), "is read from "+exprName(x)))
		}
	}
	if told(v) {
		return v
	}
	if !ok {
		if known {
			v = f.withField(x, obj, v)
		}
		return v
	}
	text := exprName(x)
	return withLabels(v, named(ByName, m, x.Pos(), text, text))
}

// ofGeneric reports whether a field is one of a generic type: what one Result[T]
// holds says nothing of another.
func (f *fn) ofGeneric(x *ast.SelectorExpr) bool {
	owner, _, _ := f.fieldOwner(x)
	n, ok := owner.(*types.Named)
	return ok && n.TypeArgs().Len() > 0
}

// has reports whether it is known here what a value's part was set to: then it
// matters nothing what others put there.
func (f *fn) has(v *value, name string) bool {
	if len(v.refs) == 0 {
		return v.parts[name] != nil
	}
	for _, r := range v.refs {
		if c := f.cur.get(r); c == nil || c.parts[name] == nil {
			return false
		}
	}
	return true
}

// fieldOwner is the struct type that declares the field a selector names, the
// field and its tag; nil if the types do not say.
func (f *fn) fieldOwner(x *ast.SelectorExpr) (types.Type, *types.Var, string) {
	sel := f.info.Selections[x]
	if sel == nil || sel.Kind() != types.FieldVal {
		return nil, nil, ""
	}
	t := sel.Recv()
	for n, i := range sel.Index() {
		u := t.Underlying()
		if p, ok := u.(*types.Pointer); ok {
			t = p.Elem()
			u = t.Underlying()
		}
		st, ok := u.(*types.Struct)
		if !ok || i >= st.NumFields() {
			return nil, nil, ""
		}
		if n == len(sel.Index())-1 {
			return t, st.Field(i), st.Tag(i)
		}
		t = st.Field(i).Type()
	}
	return nil, nil, ""
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

func (f *fn) composite(x *ast.CompositeLit) *value {
	t := f.typeOf(x)
	v := &value{}
	var st *types.Struct
	if t != nil {
		u := t.Underlying()
		if p, ok := u.(*types.Pointer); ok {
			u = p.Elem().Underlying()
		}
		st, _ = u.(*types.Struct)
	}
	var service Sink
	var filled string
	if x.Type != nil {
		pkg, name := callee.TypeName(f.info, x.Type)
		if s, ok := f.e.sdk(pkg); ok {
			service, filled = s, name
		}
	}
	allClean := true
	numbered := slotsOf(t)
	for i, el := range x.Elts {
		name, expr := elem, el
		if kv, ok := el.(*ast.KeyValueExpr); ok {
			expr = kv.Value
			if id, ok := kv.Key.(*ast.Ident); ok && f.isFieldName(id, st, t) {
				name = id.Name
			} else if s := f.keyText(kv.Key); s != "" {
				name = quoted(s)
			} else if key := f.evalRaw(kv.Key); len(key.labels) > 0 {
				v, allClean = setPart(v, keyed, join(v.parts[keyed], &value{labels: key.labels})), false
			}
		} else if st != nil && i < st.NumFields() {
			name = st.Field(i).Name()
		}
		slot := numbered.of(f, el)
		p := f.eval(expr)
		if st == nil {
			f.filled(expr) // []any{&u.ID, &u.Email}: for whoever gets the list
		}
		if st != nil && name != elem {
			p = f.writtenField(t, st, name, expr, p)
		}
		if service.Who != "" {
			text := filled
			if name != elem {
				text += "." + strings.Trim(name, `"`)
			}
			f.serve(service, p, -1, expr.Pos(), expr.End(), text)
			f.addressee(service, name, expr, p, expr.Pos(), expr.End(), text)
		}
		switch {
		case strings.HasPrefix(name, `"`):
			key := strings.Trim(name, `"`)
			if !describes(t) {
				p = f.underKey(p, expr, key)
			}
			p = hop(p, expr.Pos(), "is put under the key "+name)
		case name != elem:
			p = hop(p, expr.Pos(), "is put into the field "+name)
			if st != nil {
				f.noteField(st, name, p)
			}
		}
		allClean = allClean && p.clean
		if slot != "" {
			name = slot
		} else if name == elem {
			p = join(v.parts[elem], p)
		}
		v = setPart(v, name, p)
	}
	v.whole, v.made = st != nil, st == nil
	f.kept(t, v, x.Pos())
	if m := f.e.shows(t); m != nil && !allClean {
		return f.seal(v, m, x)
	}
	if allClean {
		// A literal of constants: every part it does not mention is zero.
		return clean
	}
	return v
}

// shows is the method of the module with which values of a type show themselves
// as text, nil if there is none.
func (e *engine) shows(t types.Type) *types.Func {
	if t == nil {
		return nil
	}
	n, ok := types.Unalias(t).(*types.Named)
	if !ok {
		return nil
	}
	for i := range n.NumMethods() {
		m := n.Method(i)
		if name := m.Name(); name != "Error" && name != "String" {
			continue
		}
		sig, ok := m.Type().(*types.Signature)
		if ok && sig.Params().Len() == 0 && sig.Results().Len() == 1 && e.moduleFunc(m) {
			return m
		}
	}
	return nil
}

// seal makes of an object that shows itself by a method what that shows.
func (f *fn) seal(v *value, m *types.Func, x *ast.CompositeLit) *value {
	s := f.e.summaryOf(m)
	if s == nil || len(s.results) == 0 {
		return v
	}
	shown := f.subst(s.results[0], []*value{v}, x.Pos(), exprName(x)+"."+m.Name(), 0)
	w := *v
	w.labels = f.collect(shown)
	if m.Name() == "Error" {
		w.labels = asError(w.labels)
	}
	w.sealed = true
	return &w
}

func (f *fn) isFieldName(id *ast.Ident, st *types.Struct, t types.Type) bool {
	if st != nil || f.isField(id) {
		return true
	}
	if t == nil || t.Underlying() == types.Typ[types.Invalid] {
		return f.info.Uses[id] == nil
	}
	switch t.Underlying().(type) {
	case *types.Map, *types.Slice, *types.Array:
		return false
	}
	return f.info.Uses[id] == nil // a type made up of how it is used
}

func (f *fn) isField(id *ast.Ident) bool {
	v, ok := f.info.Uses[id].(*types.Var)
	return ok && v.IsField()
}

// descriptions are last words of types that say something about what their keys
// name: the rules for a password, the label of its field.
var descriptions = words.NewSet("rule rules validation validations validator validators constraint constraints schema label labels message messages translation translations")

func describes(t types.Type) bool {
	_, name := namedType(t)
	ws := words.Split(name)
	return len(ws) > 0 && descriptions[ws[len(ws)-1]]
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

// collect returns everything a value carries when it is used whole.
func (f *fn) collect(v *value) []label {
	c := collector{f: f}
	c.from(v)
	return c.out
}

// collector gathers what a value carries, each place of memory once: objects may
// point to each other in a circle.
type collector struct {
	f    *fn
	out  []label
	seen []*loc
	// all says that the parts of what is sensitive as a whole count, too, and the
	// whole does not: for whoever takes it apart.
	all bool
}

func (c *collector) from(v *value) {
	if v == nil || v.clean {
		return
	}
	c.f.left(v)
	if c.all {
		c.out = c.f.add(c.out, contents(v.labels))
	} else {
		c.out = c.f.add(c.out, v.labels)
		for _, l := range v.labels {
			if l.src != nil && l.src.Kind == Whole {
				return // its parts are what makes it sensitive
			}
		}
		if v.sealed {
			return
		}
	}
	for _, r := range v.refs {
		if !slices.Contains(c.seen, r) {
			c.seen = append(c.seen, r)
			c.from(c.f.cur.get(r))
		}
	}
	for _, k := range sortedKeys(v.parts) {
		if k != yielded(0) && k != yielded(1) {
			c.from(v.parts[k])
		}
	}
}

// flatten omissions a value that is nested too deep.
func (f *fn) flatten(v *value) *value {
	if v == nil {
		return unknown
	}
	if len(v.parts) == 0 || nesting(v) <= maxDepth+1 {
		return v
	}
	return f.cut(v, 0)
}

func nesting(v *value) int {
	n := 0
	for _, p := range v.parts {
		n = max(n, nesting(p)+1)
	}
	return n
}

func (f *fn) cut(v *value, depth int) *value {
	if len(v.parts) == 0 {
		return v
	}
	w := *v
	if depth > maxDepth {
		f.meet("depth of one value")
		w.labels, w.parts = f.collect(v), nil
		return &w
	}
	w.parts = make(map[string]*value, len(v.parts))
	for k, p := range v.parts {
		w.parts[k] = f.cut(p, depth+1)
	}
	return &w
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
