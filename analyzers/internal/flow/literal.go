package flow

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// callLit interprets the body of a function literal with these arguments.
func (f *fn) callLit(c *closure, args []argument, pos token.Pos) []*value {
	lit, by := c.lit, f.calling
	f.calling = nil
	if on := f.active[lit]; on != nil && !on.adds(args) {
		// It calls itself with nothing new: what it has returned so far is all.
		return on.frame.so(lit.Type.Results.NumFields())
	}
	if f.inLits >= maxClosureDepth {
		f.meet("function literals in each other")
		return all(unknown, lit.Type.Results.NumFields())
	}
	if f.lits[lit] >= maxLiteral {
		f.meet("calls of a function literal")
		return all(unknown, lit.Type.Results.NumFields())
	}
	f.lits[lit]++
	f.inLits++
	base := f.cur
	body := base.fork()
	f.cur = body
	if c.env != nil {
		defer func(symbol string) { f.symbol = symbol }(f.symbol)
		f.symbol = c.symbol
		for obj, v := range c.env {
			f.cur.set(f.loc(obj), v)
		}
	}
	sig, _ := f.info.TypeOf(lit).(*types.Signature)
	fr := &frame{outer: f.frame, base: body, sig: sig, ftype: lit.Type}
	if by != nil && wraps(by.name, lit.Type) {
		fr.lit, fr.by = lit, by
	}
	f.frame = fr
	outer := f.active[lit]
	f.active[lit] = outer.with(fr, args)
	f.bind(lit.Type, sig, args)
	f.block(lit.Body.List)
	f.finish(fr)
	f.active[lit] = outer
	f.frame = fr.outer
	body.merge(append(fr.exits, body.fork())...)
	base.merge(body)
	base.dead = false // it may run elsewhere, later or not at all
	f.cur = base
	f.inLits--
	return fr.so(lit.Type.Results.NumFields())
}

// running is a function literal that is being interpreted, with what it was
// given so far.
type running struct {
	frame *frame
	args  []*value
}

// adds reports whether args hold anything that the literal was not given yet.
func (r *running) adds(args []argument) bool {
	if len(args) > len(r.args) {
		return true
	}
	for i, a := range args {
		if weight(join(r.args[i], a.val)) != weight(r.args[i]) {
			return true
		}
	}
	return false
}

func (r *running) with(fr *frame, args []argument) *running {
	out := &running{frame: fr}
	for i, a := range args {
		v := a.val
		if r != nil && i < len(r.args) {
			v = join(r.args[i], v)
		}
		out.args = append(out.args, v)
	}
	return out
}

// so is what a frame has returned so far.
func (fr *frame) so(n int) []*value {
	out := make([]*value, max(n, 1))
	for i := range out {
		out[i] = unknown
		if i < len(fr.results) && fr.results[i] != nil {
			out[i] = fr.results[i]
		}
	}
	return out
}

// finish ends a frame: what was deferred runs on what every exit leaves behind.
func (f *fn) finish(fr *frame) {
	if !f.cur.dead && len(resultNames(fr.ftype)) > 0 {
		for i, v := range f.namedResults() {
			for len(fr.results) <= i {
				fr.results = append(fr.results, nil)
			}
			fr.results[i] = join(fr.results[i], v)
		}
	}
	if len(fr.defers) == 0 {
		return
	}
	dead := f.cur.dead
	exits := fr.exits
	if !dead {
		exits = append(exits, f.cur.fork())
	}
	at := f.cur
	at.merge(exits...)
	fr.exits = nil
	before := f.namedResults()
	for _, d := range slices.Backward(fr.defers) {
		at.dead = false
		d()
	}
	at.dead = false
	for i, v := range f.namedResults() { // what deferred functions made of them
		if v != before[i] && i < len(fr.results) {
			fr.results[i] = v
		}
	}
}

// bind gives parameters their values. Those that get none are what their names
// say.
func (f *fn) bind(ft *ast.FuncType, sig *types.Signature, args []argument) {
	i := 0
	for _, field := range ft.Params.List {
		_, variadic := field.Type.(*ast.Ellipsis)
		for _, id := range field.Names {
			obj := f.info.Defs[id]
			var v *value
			switch {
			case variadic:
				v = &value{}
				for j := i; j < len(args); j++ {
					if args[j].spread {
						v = args[j].val
					} else {
						v = setPart(v, elem, join(v.parts[elem], args[j].val))
					}
				}
			case i < len(args):
				v = args[i].val
			}
			i++
			if obj == nil || id.Name == "_" {
				continue
			}
			if v == nil {
				v = unknown
			}
			v = f.narrow(v, obj.Type())
			if l, ok := f.nameLabel(id, v, obj.Type()); ok {
				v = withLabels(v, l)
			}
			f.cur.set(f.loc(obj), v)
		}
		if len(field.Names) == 0 {
			i++
		}
	}
}
