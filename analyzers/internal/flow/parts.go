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
)

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
