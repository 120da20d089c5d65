package flow

import (
	"go/ast"
	"go/token"
	"go/types"
	"strconv"
)

// gathered is the yield function that a range statement, or a function that drains
// an iterator, passes to the iterator: it keeps what it is called with.
type gathered struct {
	vals []*value
}

// yielded is the part of an iterator that stands for the i-th of the values it yields
// at a time.
func yielded(i int) string { return "()" + strconv.Itoa(i) }

func (g *gathered) take(args []argument) []*value {
	for i, a := range args {
		if i < len(g.vals) {
			g.vals[i] = join(g.vals[i], a.val)
		} else {
			g.vals = append(g.vals, a.val)
		}
	}
	return all(clean, 1)
}

func (g *gathered) at(i int) *value {
	if i < len(g.vals) && g.vals[i] != nil {
		return g.vals[i]
	}
	return unknown
}

// yields is how many values an iterator of type t yields at a time, -1 if t is none.
func yields(t types.Type) int {
	if t == nil {
		return -1
	}
	sig, ok := t.Underlying().(*types.Signature)
	if !ok || sig.Params().Len() != 1 || sig.Results().Len() > 0 {
		return -1
	}
	yield, ok := sig.Params().At(0).Type().Underlying().(*types.Signature)
	if !ok || yield.Results().Len() != 1 || !tellsNothing(yield.Results().At(0).Type()) {
		return -1
	}
	return yield.Params().Len()
}

// iterate runs an iterator and returns what it yields, nil if nothing is known of
// the functions it may be.
func (f *fn) iterate(x *value, at ast.Expr) *gathered {
	g := &gathered{}
	if len(x.funcs) == 0 {
		if len(x.parts) == 0 {
			return nil
		}
		for i := range 2 {
			g.vals = append(g.vals, part(x, yielded(i)))
		}
		return g
	}
	args := []argument{{expr: at, val: &value{funcs: []*closure{{yield: g}}}}}
	for _, c := range x.funcs {
		f.callFunc(c, args, at)
	}
	return g
}

// drained is what an iterator among the arguments of a call yields to it.
func (v *invocation) drained(a argument) []label {
	if yields(v.f.typeOf(a.expr)) < 1 {
		return nil
	}
	g := v.f.iterate(a.val, a.expr)
	if g == nil {
		return nil
	}
	return v.f.collectAll(g.vals)
}

// callFunc calls a function value from where no call is written.
func (f *fn) callFunc(c *closure, args []argument, at ast.Expr) []*value {
	switch {
	case c.yield != nil:
		return c.yield.take(args)
	case c.lit != nil:
		return f.callLit(c, args, at.Pos())
	}
	if f.backs >= maxClosureDepth {
		f.meet("functions passed to functions")
		return all(unknown, 1)
	}
	f.fuel--
	f.backs++
	defer func() { f.backs-- }()
	n := 1
	if sig, ok := c.fn.Type().(*types.Signature); ok {
		n = sig.Results().Len()
	}
	v := &invocation{f: f, call: &ast.CallExpr{Fun: at, Lparen: token.NoPos, Rparen: at.End()}, text: c.fn.Name(), name: c.fn.Name(), known: true, id: funcID(c.fn), obj: c.fn.Origin(), recv: c.recv, args: args, n: n}
	return v.results()
}
