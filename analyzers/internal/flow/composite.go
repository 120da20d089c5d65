package flow

import (
	"go/ast"
	"go/types"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/callee"
	"github.com/launchgate/launchgate/analyzers/internal/words"
)

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
