package flow

import (
	"go/ast"
	"go/token"
	"go/types"
)

// escape interprets function literals that go where nobody sees when they are
// called, and forgets that variables whose address goes there are clean.
func (v *invocation) escape() {
	for _, a := range v.args {
		v.f.escapeValue(a.val, v.args)
		v.f.filled(a.expr)
	}
	if v.recv != nil {
		v.f.dirty(v.recv)
	}
}

// filled forgets that a part of an object is zero when a function that nobody reads
// gets its address: row.Scan(&u.ID, &u.Email). From there its name says what it is.
func (f *fn) filled(x ast.Expr) {
	u, ok := ast.Unparen(x).(*ast.UnaryExpr)
	if !ok || u.Op != token.AND {
		return
	}
	switch part := ast.Unparen(u.X).(type) {
	case *ast.SelectorExpr, *ast.IndexExpr:
		if f.evalQuiet(part).clean {
			f.store(part, func(*value) *value { return unknown })
		}
	}
}

// escapeFuncs is escape for calls that change nothing.
func (v *invocation) escapeFuncs() {
	for _, a := range v.args {
		v.f.escapeCalls(a.val, v.args)
	}
}

func (f *fn) escapeValue(x *value, others []argument) {
	f.escapeCalls(x, others)
	f.dirty(x)
}

func (f *fn) escapeCalls(x *value, others []argument) {
	for _, c := range x.funcs {
		if c.lit == nil {
			continue
		}
		// A function that is given values and a function over such values
		// will call the one with the other.
		var args []argument
		sig, _ := f.info.TypeOf(c.lit).(*types.Signature)
		if sig != nil {
			for i := range sig.Params().Len() {
				args = append(args, argument{val: f.matching(sig.Params().At(i).Type(), others)})
			}
		}
		f.callLit(c, args, c.lit.Pos())
	}
	for _, k := range sortedKeys(x.parts) {
		if p := x.parts[k]; len(p.funcs) > 0 {
			f.escapeValue(p, nil)
		}
	}
}

// matching is what the arguments hold of exactly type t, or as elements.
func (f *fn) matching(t types.Type, args []argument) *value {
	if _, ok := t.Underlying().(*types.Basic); !ok {
		if _, ok := types.Unalias(t).(*types.Named); !ok {
			return unknown
		}
	}
	var out *value
	for _, a := range args {
		at := f.typeOf(a.expr)
		if at == nil {
			continue
		}
		if s, ok := at.Underlying().(*types.Slice); ok && types.Identical(s.Elem(), t) {
			out = join(out, f.elementsOf(a.val))
		}
	}
	if out == nil {
		return unknown
	}
	return out
}

// dirty says that something unseen may have written behind a pointer.
func (f *fn) dirty(v *value) {
	for _, r := range v.refs {
		old := f.cur.get(r)
		switch {
		case old == nil:
		case old.clean:
			f.cur.set(r, f.fresh(r))
		case old.whole || old.made:
			w := *old
			w.whole, w.made = false, false
			f.cur.set(r, &w)
		}
	}
}

// fresh is what a variable holds after something unseen wrote to it: what its
// name says.
func (f *fn) fresh(l *loc) *value {
	if l.obj == nil {
		return unknown
	}
	id := &ast.Ident{NamePos: l.obj.Pos(), Name: l.obj.Name()}
	if lab, ok := f.nameLabel(id, unknown, l.obj.Type()); ok {
		return withLabels(unknown, lab)
	}
	return unknown
}
