package flow

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// interfaceCall reports whether the callee is a method of an interface.
func (v *invocation) interfaceCall() bool {
	if v.obj == nil {
		return false
	}
	sig, ok := v.obj.Type().(*types.Signature)
	return ok && sig.Recv() != nil && types.IsInterface(sig.Recv().Type())
}

// summarised applies the callee's summary.
func (v *invocation) summarised() ([]*value, bool) {
	if v.obj == nil {
		return nil, false
	}
	s := v.f.e.summaryOf(v.obj)
	if s == nil {
		return nil, false
	}
	return v.apply(s), true
}

// implementations joins what the implementations of an interface's method do.
func (v *invocation) implementations() ([]*value, bool) {
	var out []*value
	found := false
	for _, m := range v.f.e.implementations(v.obj) {
		s := v.f.e.summaryOf(m)
		if s == nil {
			continue
		}
		found = true
		out = joinAll(out, v.apply(s))
	}
	return out, found
}

// inputsOf lists the values of the callee's inputs, the receiver first.
func (v *invocation) inputsOf(s *summary) []*value {
	var out []*value
	if s.method {
		recv := v.recv
		if recv == nil && v.recvX == nil && len(v.args) > 0 { // a method expression
			recv, v.args = v.args[0].val, v.args[1:]
		}
		if recv == nil {
			recv = unknown
		}
		out = append(out, recv)
	}
	for i, a := range v.args {
		at := len(out)
		if s.variadic && at >= s.inputs-1 {
			last := &value{}
			for _, b := range v.args[i:] {
				if b.spread {
					last = join(last, b.val)
				} else {
					last = setPart(last, elem, join(last.parts[elem], b.val))
				}
			}
			return append(out, last)
		}
		out = append(out, a.val)
	}
	return out
}

// inputExpr is the expression behind an input, nil if there is none.
func (v *invocation) inputExpr(s *summary, i int) ast.Expr {
	if s.method {
		if i == 0 {
			return v.recvX
		}
		i--
	}
	if i < len(v.args) {
		return v.args[i].expr
	}
	return nil
}

// apply makes of a callee's summary what this call does.
func (v *invocation) apply(s *summary) []*value {
	f := v.f
	in := v.inputsOf(s)
	pos := v.call.Pos()
	for _, use := range s.sinks {
		v.reachInside(s, use, in)
	}
	for _, c := range s.calls {
		if res := v.callBack(c, in); len(res) > 0 && c.in.path == "" && res[0] != unknown {
			in[c.in.param] = setPart(in[c.in.param], result, res[0])
		}
	}
	defer func(names func(int) *value) { f.names = names }(f.names)
	f.names = func(i int) *value { return v.readUnder(s, i) }
	v.setsGlobals(s, in)
	for _, i := range sortedInts(s.effects) {
		eff := f.subst(s.effects[i], in, pos, v.text, 0)
		x := v.inputExpr(s, i)
		if t := v.inputType(i); t != nil {
			f.noteFilled(t, x, s.effects[i], eff, 0)
			f.kept(t, eff, pos)
		}
		if i < len(in) && len(in[i].refs) > 0 {
			f.storeRefs(in[i].refs, func(old *value) *value { return overlay(old, eff) })
		} else if x != nil {
			f.store(x, func(old *value) *value { return overlay(old, eff) })
		}
	}
	for i, x := range in {
		if len(x.funcs) > 0 && !s.callsInput(i) {
			f.escapeValue(x, v.args)
		}
		if s.effects[i] == nil {
			f.dirty(x)
		}
	}
	out := make([]*value, max(v.n, len(s.results), 1))
	for i := range out {
		out[i] = unknown
		if i < len(s.results) && s.results[i] != nil {
			out[i] = f.subst(s.results[i], v.copied(s, in, i), pos, v.text, 0)
			f.noteParts(v.resultType(i), out[i], pos)
			f.noteFilled(v.resultType(i), nil, s.results[i], out[i], 0)
		}
	}
	return out
}

// copied are the inputs as a result sees them: a struct is a copy of what an input
// points to, and so is what a pointer leads to that has other fields although nothing
// was written into the input.
func (v *invocation) copied(s *summary, in []*value, result int) []*value {
	isStruct := false
	if t := v.resultType(result); t != nil {
		_, isStruct = t.Underlying().(*types.Struct)
	}
	var out []*value
	for i, x := range in {
		if len(x.refs) == 0 || !isStruct && (len(s.results[result].parts) == 0 || s.effects[i] != nil) {
			continue
		}
		if out == nil {
			out = slices.Clone(in)
		}
		out[i] = v.f.deref(x)
	}
	if out == nil {
		return in
	}
	return out
}

// callBack interprets a function value that was passed with what the callee
// passes to it, and returns its results.
func (v *invocation) callBack(c *callUse, in []*value) (out []*value) {
	if c.in.param >= len(in) {
		return nil
	}
	if v.f.backs >= maxClosureDepth {
		v.f.meet("functions passed to functions")
		return nil
	}
	v.f.fuel--
	v.f.backs++
	defer func() { v.f.backs-- }()
	fv := in[c.in.param]
	if c.in.path != "" {
		fv = v.f.at(fv, c.in.path)
	}
	var args []argument
	for _, a := range c.args {
		args = append(args, argument{val: v.f.subst(a, in, v.call.Pos(), v.text, 0)})
	}
	if len(fv.funcs) == 0 {
		for _, l := range fv.labels {
			if l.src == nil {
				v.f.addCall(l.in, args)
			}
		}
	}
	for _, cl := range fv.funcs {
		if cl.yield != nil {
			out = joinAll(out, cl.yield.take(args))
			continue
		}
		if cl.lit != nil {
			out = joinAll(out, v.f.callLit(cl, args, v.call.Pos()))
			continue
		}
		w := *v
		w.obj, w.id, w.known = cl.fn.Origin(), funcID(cl.fn), true
		w.recv, w.recvX, w.name = cl.recv, nil, cl.fn.Name()
		w.args = args
		for i := range w.args {
			w.args[i].expr = v.call.Fun
		}
		out = joinAll(out, w.results())
	}
	return out
}

// overlay is old with the parts that an effect writes.
func overlay(old, eff *value) *value {
	if eff.clean {
		return clean
	}
	if len(eff.labels) > 0 {
		old = withLabels(old, eff.labels...)
	}
	if len(eff.parts) > 0 {
		old = forget(old)
		for _, k := range sortedKeys(eff.parts) {
			p := eff.parts[k]
			if q := old.parts[k]; q != nil && (k == elem || len(p.labels) == 0 && len(p.parts) > 0) {
				p = overlay(q, p)
			}
			old = setPart(old, k, p)
		}
	}
	return old
}

// at reads a part under a path.
func (f *fn) at(v *value, path string) *value {
	for _, name := range strings.Split(path, ".") {
		if name == elem {
			v = f.elementsOf(v)
		} else {
			v = f.partOf(v, name)
		}
	}
	return v
}

// subst replaces the callee's inputs in v by what this call gives for them.
func (f *fn) subst(v *value, in []*value, pos token.Pos, text string, depth int) *value {
	if v == nil || v.clean || v == unknown || depth > maxDepth+2 {
		if v == nil {
			return unknown
		}
		return v
	}
	// Putting a large result in costs as much as interpreting that many expressions.
	f.fuel -= 1 + 4*len(v.labels)
	if f.fuel <= 0 {
		f.meet("expressions")
		return unknown
	}
	var out *value
	var plain []label
	for _, l := range v.labels {
		if l.src != nil {
			l.step = l.step.then(pos, "is returned by "+text)
			plain = append(plain, l)
			continue
		}
		if l.in.global != "" {
			l.step = l.step.then(pos, "is returned by "+text)
			plain = append(plain, l)
			continue
		}
		if l.in.param >= len(in) {
			continue
		}
		got := in[l.in.param]
		if p := f.named(l.in); p != nil {
			got = p
		} else if l.in.path != "" {
			got = f.at(got, l.in.path)
		}
		if got.clean {
			out = join(out, got)
			continue
		}
		// And so does what it is made of: each input is copied and joined with those before it.
		if f.fuel -= (nodes(got, maxNodes) + nodes(out, maxNodes)) / ordinaryNodes; f.fuel <= 0 {
			f.meet("expressions")
			return unknown
		}
		got = hop(got, pos, "goes through "+text)
		if l.thin != 0 {
			got = &value{labels: l.thin.after(f.collect(got))}
		}
		if l.text {
			got = &value{labels: asText(unshown(f.collect(got), fmtMethods...))}
		}
		if l.err {
			got = &value{labels: asError(f.collect(got))}
		}
		out = join(out, got)
	}
	if out == nil {
		out = &value{}
	}
	if len(v.parts) > 0 && !out.sealed {
		out = forget(out) // the object is another one now
	}
	out = withLabels(out, plain...)
	if v.sealed && !out.sealed {
		w := *out
		w.sealed, w.clean = true, false
		out = &w
	}
	for _, k := range sortedKeys(v.parts) {
		p := f.subst(v.parts[k], in, pos, text, depth+1)
		if p != unknown {
			out = setPart(out, k, p)
		}
	}
	for _, c := range v.funcs {
		if c.fn == nil {
			d := *c
			d.env = make(map[types.Object]*value, len(c.env))
			for obj, x := range c.env {
				d.env[obj] = f.subst(x, in, pos, text, depth+1)
			}
			c = &d
		}
		out = join(out, &value{funcs: []*closure{c}})
	}
	if v.mixed && out.clean {
		return unknown
	}
	if v.quiet && !fed(out) {
		w := *out
		w.quiet = true
		out = &w
	}
	if len(out.labels)+len(out.parts)+len(out.refs)+len(out.funcs) == 0 && !out.clean && !out.sealed {
		return unknown
	}
	return out
}

func asError(ls []label) []label {
	out := slices.Clone(ls)
	for i := range out {
		out[i].err = true
	}
	return out
}

func sortedInts(m map[int]*value) []int {
	var out []int
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
