package flow

import (
	"go/ast"
	"go/constant"
	"go/types"
	"strconv"
)

// The elements of a short array are known apart, where they are read and written by
// constant indexes. All other lists are one element to the engine.

// maxSlots bounds the length of such an array.
const maxSlots = 16

// arrayOf is the short array that t is or points to, nil if it is none.
func arrayOf(t types.Type) *types.Array {
	if t == nil {
		return nil
	}
	u := t.Underlying()
	if p, ok := u.(*types.Pointer); ok {
		u = p.Elem().Underlying()
	}
	if a, ok := u.(*types.Array); ok && a.Len() <= maxSlots {
		return a
	}
	return nil
}

// slot is the part of an array that a constant index names, "" if it is no array or no
// constant.
func (f *fn) slot(x *ast.IndexExpr) string {
	if arrayOf(f.typeOf(x.X)) == nil {
		return ""
	}
	if i, ok := f.constInt(x.Index); ok {
		return quoted(strconv.FormatInt(i, 10))
	}
	return ""
}

func (f *fn) constInt(x ast.Expr) (int64, bool) {
	tv, ok := f.info.Types[x]
	if !ok || tv.Value == nil {
		return 0, false
	}
	return constant.Int64Val(constant.ToInt(tv.Value))
}

// slots counts the elements of an array's literal.
type slots struct {
	on   bool
	next int64
}

func slotsOf(t types.Type) *slots { return &slots{on: t != nil && arrayOf(t) != nil} }

// of is the part that an element of the literal stands for.
func (s *slots) of(f *fn, el ast.Expr) string {
	if !s.on {
		return ""
	}
	if kv, ok := el.(*ast.KeyValueExpr); ok {
		i, ok := f.constInt(kv.Key)
		if !ok {
			s.on = false
			return ""
		}
		s.next = i
	}
	s.next++
	return quoted(strconv.FormatInt(s.next-1, 10))
}
