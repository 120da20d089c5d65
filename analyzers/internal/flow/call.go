package flow

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/callee"
	"github.com/launchgate/launchgate/analyzers/internal/sensitive"
	"github.com/launchgate/launchgate/analyzers/internal/sinks"
)

// argument is one argument of a call.
type argument struct {
	expr   ast.Expr
	val    *value
	spread bool // xs...
}

// invocation is a call under work.
type invocation struct {
	f     *fn
	call  *ast.CallExpr
	text  string // for people: c.logger.Info
	name  string // the last part of it
	known bool
	id    callee.Func
	obj   *types.Func // nil if there is no type information
	recvX ast.Expr    // what the method is called on, nil for functions
	recv  *value
	args  []argument
	n     int // results
	// called are the inputs of the function under work that this calls.
	called []label
}

func (f *fn) args(c *ast.CallExpr) []argument {
	if len(c.Args) == 1 {
		if inner, ok := ast.Unparen(c.Args[0]).(*ast.CallExpr); ok {
			if t, ok := f.info.TypeOf(inner).(*types.Tuple); ok && t.Len() > 1 { // f(g())
				var out []argument
				for _, v := range f.call(inner) {
					out = append(out, argument{expr: inner, val: v})
				}
				return out
			}
		}
	}
	out := make([]argument, len(c.Args))
	for i, a := range c.Args {
		out[i] = argument{expr: a, val: f.eval(a), spread: c.Ellipsis.IsValid() && i == len(c.Args)-1}
	}
	return out
}

func all(v *value, n int) []*value {
	out := make([]*value, max(n, 1))
	for i := range out {
		out[i] = v
	}
	return out
}

// call interprets a call and returns its results.
func (f *fn) call(c *ast.CallExpr) []*value {
	f.fuel--
	if f.fuel <= 0 {
		f.meet("expressions")
		return all(unknown, 1)
	}
	fun := ast.Unparen(c.Fun)
	if tv, ok := f.info.Types[fun]; ok && tv.IsType() { // a conversion
		if len(c.Args) != 1 {
			return all(unknown, 1)
		}
		v := f.evalRaw(c.Args[0])
		if !printsItself(tv.Type) {
			v = f.bare(c.Args[0], v) // it no longer decides itself how it is shown
		}
		if t := f.typeOf(c.Args[0]); isNumeric(tv.Type) && t != nil && !isNumeric(t) {
			return all(clean, 1)
		}
		return all(f.narrow(v, tv.Type), 1)
	}
	if id, ok := fun.(*ast.Ident); ok {
		if b, ok := f.info.Uses[id].(*types.Builtin); ok {
			return all(f.builtin(c, b.Name()), 1)
		}
	}
	n := 1
	if t, ok := f.info.TypeOf(c).(*types.Tuple); ok {
		n = t.Len()
	}
	if lit, ok := fun.(*ast.FuncLit); ok {
		return f.callLit(&closure{lit: lit}, f.args(c), c.Pos())
	}
	v := &invocation{f: f, call: c, text: CalleeText(c.Fun), n: n}
	v.id, v.known = callee.Of(f.info, c)
	v.name = v.text
	if i := strings.LastIndexByte(v.name, '.'); i >= 0 {
		v.name = v.name[i+1:]
	}
	inner := fun
	switch x := fun.(type) {
	case *ast.IndexExpr:
		inner = x.X
	case *ast.IndexListExpr:
		inner = x.X
	}
	switch x := ast.Unparen(inner).(type) {
	case *ast.Ident:
		v.obj, _ = f.info.Uses[x].(*types.Func)
	case *ast.SelectorExpr:
		v.obj, _ = f.info.Uses[x.Sel].(*types.Func)
		if callee.Package(f.info, x.X) == "" {
			v.recvX = x.X
			v.recv = f.evalRaw(x.X)
			if sel := f.info.Selections[x]; sel != nil && sel.Kind() == types.MethodVal && len(sel.Index()) > 1 {
				v.recv = f.promoted(v.recv, sel)
			}
			if sel := f.info.Selections[x]; sel != nil && sel.Kind() == types.MethodExpr {
				v.recvX, v.recv = nil, nil
			}
		}
	}
	v.args = f.args(c)
	if v.obj != nil {
		v.obj = v.obj.Origin()
	} else if !v.known || v.recvX != nil && f.typeOf(fun) != nil {
		if res, ok := v.value(fun); ok {
			return res
		}
	}
	if !v.known && v.recvX != nil {
		if id, ok := f.e.foreign(v.recvX, v.name); ok {
			v.id, v.known = id, true
		}
	}
	return v.withCalled(v.results())
}

// result is the part of a function value that stands for what it returns.
const result = "()"

// withCalled adds to the first result of a call of an input what that input
// returns, which the callers know.
func (v *invocation) withCalled(out []*value) []*value {
	if len(v.called) == 0 || len(out) == 0 || out[0] == nil {
		return out
	}
	t := v.resultType(0)
	if tellsNothing(t) || isNumeric(t) {
		return out
	}
	out[0] = withLabels(out[0], v.called...)
	return out
}

// promoted is the embedded part of a receiver that a method belongs to.
func (f *fn) promoted(v *value, sel *types.Selection) *value {
	t := sel.Recv()
	for _, i := range sel.Index()[:len(sel.Index())-1] {
		u := t.Underlying()
		if p, ok := u.(*types.Pointer); ok {
			u = p.Elem().Underlying()
		}
		st, ok := u.(*types.Struct)
		if !ok || i >= st.NumFields() {
			return v
		}
		v = f.partOf(v, st.Field(i).Name())
		t = st.Field(i).Type()
	}
	return v
}

// value calls a function value.
func (v *invocation) value(fun ast.Expr) ([]*value, bool) {
	fv := v.f.evalRaw(fun)
	if len(fv.funcs) == 0 {
		if v.recvX != nil && v.f.typeOf(fun) == nil {
			return nil, false // a method, more likely than a field that holds a function
		}
		if s, ok := v.namedLikeLog(fun); ok {
			return v.reach(s), true
		}
		for _, l := range fv.labels {
			if l.src != nil { // iter.Pull, sync.OnceValue
				v.called = append(v.called, l)
				continue
			}
			if l.in.global == "" {
				v.f.addCall(l.in, v.passed())
				l.in.path = joinPath(l.in.path, result)
				v.called = append(v.called, l)
			}
		}
		return nil, false
	}
	var out []*value
	for _, c := range fv.funcs {
		var res []*value
		switch {
		case c.yield != nil:
			res = c.yield.take(v.args)
		case c.lit != nil:
			v.f.calling = v
			res = v.f.callLit(c, v.args, v.call.Pos())
		default:
			w := *v
			w.obj = c.fn.Origin()
			w.id, w.known = funcID(c.fn), true
			w.recv, w.recvX = c.recv, nil
			if c.recv != nil {
				w.recvX = fun
			}
			w.name = c.fn.Name()
			res = w.results()
		}
		out = joinAll(out, res)
	}
	return out, true
}

// namedLikeLog takes a function kept in a field or a package variable for a log call
// if it is called like one: s.logf, Debugf.
func (v *invocation) namedLikeLog(fun ast.Expr) (Sink, bool) {
	switch x := ast.Unparen(fun).(type) {
	case *ast.SelectorExpr:
	case *ast.Ident:
		obj := v.f.object(x)
		if obj == nil || !isGlobal(obj) || v.f.e.doesNothing(obj) {
			return Sink{}, false
		}
	default:
		return Sink{}, false
	}
	t := v.f.typeOf(fun)
	if t == nil {
		return Sink{}, false
	}
	sig, ok := t.Underlying().(*types.Signature)
	if !ok || sig.Results().Len() > 0 || !sig.Variadic() {
		return Sink{}, false
	}
	s, ok := sinks.Guess(callee.Func{Recv: "Logger", Name: strings.ToUpper(v.name[:1]) + v.name[1:]}, sig)
	return Sink{Kind: Log, call: s, guessed: true}, ok
}

// doesNothing reports whether a variable is only ever set to functions without a
// body.
func (e *engine) doesNothing(obj types.Object) bool {
	list := e.definitions()[obj]
	for _, d := range list {
		if lit, ok := ast.Unparen(d).(*ast.FuncLit); !ok || len(lit.Body.List) > 0 {
			return false
		}
	}
	return len(list) > 0
}

// passed are the arguments with a step that says where they are passed on.
func (v *invocation) passed() []argument {
	out := slices.Clone(v.args)
	for i := range out {
		out[i].val = hop(out[i].val, v.call.Pos(), "is passed to "+v.text)
	}
	return out
}

func joinAll(a, b []*value) []*value {
	for i, v := range b {
		if i < len(a) {
			a[i] = join(a[i], v)
		} else {
			a = append(a, v)
		}
	}
	return a
}

// funcID names a function as package callee does.
func funcID(fn *types.Func) callee.Func {
	out := callee.Func{Name: fn.Name()}
	if fn.Pkg() != nil {
		out.Pkg = fn.Pkg().Path()
	}
	if sig, ok := fn.Type().(*types.Signature); ok && sig.Recv() != nil {
		if pkg, name := callee.Named(sig.Recv().Type()); name != "" {
			out.Recv = name
			if pkg != "" {
				out.Pkg = pkg
			}
		}
	}
	return out
}

func (f *fn) builtin(c *ast.CallExpr, name string) *value {
	args := f.args(c)
	switch name {
	case "append":
		if len(args) == 0 {
			return unknown
		}
		base := args[0].val
		if len(base.refs) > 0 {
			base = join(f.deref(base), &value{labels: base.labels})
		}
		v := &value{labels: base.labels, parts: base.parts}
		for _, a := range args[1:] {
			x := a.val
			if a.spread {
				x = f.elementsOf(x)
				if len(x.labels) == 0 && len(a.val.parts) == 0 {
					x = &value{labels: f.collect(a.val)}
				}
			}
			if x.clean || x == unknown {
				continue
			}
			v = setPart(v, elem, join(derived(v, elem), x))
		}
		return v
	case "copy":
		if len(args) == 2 && !args[1].val.clean {
			from := args[1].val
			f.store(args[0].expr, func(old *value) *value { return withLabels(old, f.collect(from)...) })
		}
		return clean
	case "new":
		return f.alloc(c, clean)
	case "make":
		return &value{made: true}
	case "min", "max":
		var v *value
		for _, a := range args {
			v = join(v, a.val)
		}
		return v
	case "panic":
		for _, a := range args {
			f.panics = join(f.panics, &value{labels: a.val.labels})
		}
		f.dies(c, args)
		f.cur.dead = true
	case "recover":
		if f.panics != nil {
			return hop(f.panics, c.Pos(), "is recovered from a panic")
		}
		return unknown
	case "print", "println":
		f.prints(c, name, args)
	case "delete":
		if len(args) == 2 {
			if key := f.keyText(args[1].expr); key != "" {
				f.into(args[0].expr, 0, func(old *value) *value { return setPart(forget(old), quoted(key), clean) })
			}
		}
	case "clear":
		if len(args) == 1 {
			f.empty(args[0].expr)
		}
	case "close", "complex", "real", "imag", "len", "cap":
	}
	return clean
}

// dies is the builtin panic, whose argument ends up in the log of every server:
// net/http writes it there, or the runtime when the program ends.
func (f *fn) dies(c *ast.CallExpr, args []argument) {
	if f.e.terminal {
		return
	}
	for fr := f.frame; fr != nil; fr = fr.outer {
		if fr.recovers {
			return // who recovers it decides what becomes of it
		}
	}
	v := &invocation{f: f, call: c, text: "panic", name: "panic"}
	for _, a := range args {
		v.emit(Sink{Kind: Log, call: sinks.Sink{Format: -1}}, a.val, false, -1, -1)
	}
}

// prints is the builtin print or println, which writes to standard error.
func (f *fn) prints(c *ast.CallExpr, name string, args []argument) {
	if f.e.terminal {
		return
	}
	v := &invocation{f: f, call: c, text: name, name: name}
	for _, a := range args {
		v.emit(Sink{Kind: Log, Stdout: true, call: sinks.Sink{Format: -1}}, a.val, false, -1, -1)
	}
}

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

// results decides what a call is, in the order of what is known best.
func (v *invocation) results() []*value {
	v.toService()
	if v.known && v.interfaceCall() && v.f.e.voc.SafeLog(v.id) {
		v.escape() // whatever implements it
		return all(unknown, v.n)
	}
	if s, ok := v.sink(); ok {
		return v.reach(s)
	}
	if out, ok := v.source(); ok {
		return out
	}
	if v.sanitizes() {
		if s := v.f.e.summaryOf(v.obj); s != nil && len(s.effects) > 0 {
			v.apply(s) // what it takes out of what it is given
		} else {
			v.escape()
		}
		v.sanitizesInPlace()
		return all(sanitized, v.n)
	}
	if out, ok := v.modelled(); ok {
		v.escape()
		v.scanned()
		return v.column(v.typed(out))
	}
	if out, ok := v.summarised(); ok {
		v.scanned()
		if out = v.column(out); told(out[0]) {
			return out
		}
		if s := v.f.e.summaryOf(v.obj); len(s.results) > 0 && !open(s.results[0]) {
			return out // what it is made of is known, whatever the function is called
		}
		return v.named(out)
	}
	if v.interfaceCall() {
		v.throughInterface()
		if out, ok := v.implementations(); ok {
			return v.named(out)
		}
	}
	v.escape()
	v.scanned()
	return v.named(v.column(v.typed(v.guess())))
}

func (v *invocation) resultType(i int) types.Type {
	t := v.f.info.TypeOf(v.call)
	if tup, ok := t.(*types.Tuple); ok {
		if i < tup.Len() {
			return tup.At(i).Type()
		}
		return nil
	}
	if t == types.Typ[types.Invalid] {
		return nil
	}
	return t
}

// typed takes from each result what its type cannot carry.
func (v *invocation) typed(out []*value) []*value {
	for i := range out {
		if t := v.resultType(i); t != nil && out[i] != nil {
			if numbers(t) && !isCharacter(t) {
				out[i] = clean
			} else {
				out[i] = v.f.narrow(out[i], t)
			}
		}
	}
	return out
}

// named adds what the callee's name says about its first result.
func (v *invocation) named(out []*value) []*value {
	if len(out) == 0 || out[0] == nil || out[0].clean || out[0].quiet || told(out[0]) || internal(out[0]) {
		return out
	}
	src, ok := v.f.e.voc.Lexicon.Call(callee.Func{Pkg: v.id.Pkg, Recv: v.id.Recv, Name: v.name}, v.literal)
	if !ok || src.Dump || src.Result >= len(out) {
		return out
	}
	i := src.Result
	t := v.resultType(i)
	if t == nil && len(v.args) > 0 || t != nil && !holds(t, src.Match) || out[i] == nil || out[i].clean || told(out[i]) {
		return out
	}
	if v.id.Pkg == "golang.org/x/crypto/ssh" && v.id.Name == "SessionID" {
		return out // the hash of a key exchange
	}
	if src.Match.Term == "token" && strings.HasPrefix(v.name, "To") {
		return out // something else in another form
	}
	if sensitive.Harmless(src.Match, v.text, v.id.Recv, lastElement(v.id.Pkg)) {
		return out
	}
	if fed(out[i]) {
		return out // it is made of what goes in, and that is known
	}
	texts := 0
	for j := range out {
		if rt := v.resultType(j); rt != nil && !isError(rt) && !tellsNothing(rt) && textual(rt) {
			texts++
		}
	}
	if texts > 1 && src.Result == 0 {
		return out // which of them is it?
	}
	m := src.Match
	if strings.HasPrefix(m.Why, "it comes from ") {
		m.Why = ""
		if rt := v.recvType(); m.Class == sensitive.Identity && rt != nil && !v.f.e.voc.Lexicon.Person(rt) {
			return out // the full name of an image
		}
	}
	out = slices.Clone(out)
	l := named(ByName, m, v.call.Pos(), "from "+v.text, v.text)
	l.src.Weak = sensitive.WeakCall(m, v.text, v.id.Recv, v.id.Pkg, v.f.e.pass.Pkg.Path())
	v.f.doubt(l.src)
	out[i] = withLabels(out[i], l)
	return out
}

// recvType is the type whose method is called, nil for functions.
func (v *invocation) recvType() types.Type {
	if v.recvX == nil {
		return nil
	}
	return v.f.typeOf(v.recvX)
}

// literal is a constant string among the arguments.
func (v *invocation) literal(i int) (string, bool) {
	if i >= len(v.args) {
		return "", false
	}
	s := v.f.keyText(v.args[i].expr)
	return s, s != ""
}

func internal(v *value) bool {
	return slices.ContainsFunc(v.labels, func(l label) bool { return l.src != nil && l.src.Kind == Internal })
}

// inputs are calls that read a named value from a request or the environment:
// the name says what it is.
var inputs = map[string]bool{
	"Get": true, "GetHeader": true, "Header": true, "FormValue": true, "PostFormValue": true, "PostForm": true, "Query": true, "DefaultQuery": true, "DefaultPostForm": true,
	"QueryParam": true, "Param": true, "Params": true, "PathValue": true, "Cookie": true, "Cookies": true, "Getenv": true, "LookupEnv": true, "GetString": true, "URLParam": true, "Values": true,
	"GetCookie": true, "ReqHeader": true, "HeaderValue": true, "Peek": true, "GetPostForm": true, "GetQuery": true, "MustGet": true,
}

// bodies are methods that return the body of a request.
var bodies = map[callee.Func]bool{
	{Pkg: "github.com/gin-gonic/gin", Recv: "Context", Name: "GetRawData"}: true,
	{Pkg: "github.com/gofiber/fiber", Recv: "Ctx", Name: "Body"}:           true, {Pkg: "github.com/gofiber/fiber", Recv: "Ctx", Name: "BodyRaw"}: true,
	{Pkg: "github.com/valyala/fasthttp", Recv: "RequestCtx", Name: "PostBody"}: true, {Pkg: "github.com/valyala/fasthttp", Recv: "Request", Name: "Body"}: true,
}

// source recognises calls that return something sensitive.
func (v *invocation) source() ([]*value, bool) {
	f, c := v.f, v.call
	if v.known {
		switch {
		case v.id.Recv == "Header" && v.id.Pkg == "net/http", v.id.Recv == "Values" && v.id.Pkg == "net/url":
			if out, ok := v.library(); ok {
				return out, true
			}
		}
		if out, ok := v.readsFile(); ok {
			return out, true
		}
		id := v.id
		switch {
		case id.Pkg == "os" && id.Name == "ExpandEnv":
			return v.expanded()
		case id.Pkg == "net/http/httputil" && strings.HasPrefix(id.Name, "Dump"):
			what := "a dump of a whole request or response (httputil." + id.Name + ")"
			return []*value{dump(c.Fun, what+" (it carries Authorization and Cookie)", what, exprName(c.Fun)), clean}, true
		case id.Pkg == "net/http" && id.Recv == "Header" && id.Name == "Clone":
			return []*value{v.recv}, true
		case id.Pkg == "runtime/debug" && id.Name == "Stack":
			return []*value{{labels: []label{internalLabel(c.Pos(), "the stack", "stack")}}}, true
		}
		if src, ok := f.e.voc.Lexicon.Call(id, v.literal); ok && !strings.HasPrefix(src.Match.Why, "it comes from ") {
			out := all(unknown, max(v.n, src.Result+1))
			where := "from " + v.text
			if key, ok := v.literal(0); ok && strings.Contains(src.Match.Why, key) {
				where = strings.Replace(strings.TrimPrefix(src.Match.Why, "it is "), key, quoted(key), 1) + " from " + v.text
			} else if src.Match.Why != "" {
				where = src.Match.Why
			}
			m := src.Match
			m.Why = ""
			l := named(ByAPI, m, c.Pos(), where, v.text)
			f.doubt(l.src)
			out[src.Result] = &value{labels: []label{l}}
			return out, true
		}
		base := id
		if i := strings.LastIndex(base.Pkg, "/v"); i > 0 {
			base.Pkg = base.Pkg[:i]
		}
		if bodies[base] {
			what := "the request body (" + v.text + ")"
			return []*value{dump(c, what, what, v.text), clean}, true
		}
	}
	if !inputs[v.name] || len(v.args) == 0 || v.interfaceCall() && v.name == "Get" && f.e.moduleFunc(v.obj) {
		return nil, false
	}
	if v.obj != nil && f.e.summaryOf(v.obj) != nil && !f.e.summaryOf(v.obj).trivial() {
		return nil, false // the project's own: it has been read
	}
	key := f.keyText(v.args[0].expr)
	if key == "" {
		if v.known && (v.recvX != nil || v.name == "Getenv" || v.name == "LookupEnv" || v.name == "GetString") && !v.f.e.moduleFunc(v.obj) {
			if p := f.namedBy(v.args[0].val); p != nil {
				return []*value{p, clean}, true
			}
		}
		if v.known && v.name == "Get" && (v.id.Recv == "Values" || v.id.Recv == "Header") {
			return all(unknown, v.n), true // one value, and nobody knows which
		}
		return nil, false
	}
	header := v.name == "GetHeader" || v.name == "ReqHeader" || v.name == "Header" && v.n == 1
	if v.recvX != nil {
		header = header || f.isHeader(v.recvX) || strings.HasSuffix(exprName(v.recvX), "Header") || strings.HasSuffix(exprName(v.recvX), "Header()")
	}
	if v.name == "Cookie" || v.name == "Cookies" || v.name == "GetCookie" {
		t := v.resultType(0)
		if pkg, _ := namedType(t); pkg == "net/http" {
			if sensitive.Preference(key) {
				return []*value{clean, clean}, true
			}
			return []*value{unknown, clean}, true // its Value is the source
		}
		m, ok := f.e.voc.Lexicon.Name(key)
		if !ok {
			return []*value{unknown, clean}, true
		}
		return []*value{{labels: []label{named(ByAPI, m, c.Pos(), "the cookie "+quoted(key), "cookie "+key)}}, clean}, true
	}
	if v.recv != nil && !header { // url.Values and maps of the program's own
		if p := f.partOf(v.recv, quoted(key)); p != unknown && told(p) {
			return []*value{p, clean}, true
		}
	}
	out := f.readKey(c, key, header, unknown)
	if out == unknown && !header && v.id.Recv != "Values" {
		return nil, false
	}
	return []*value{out, clean}, true
}

func namedType(t types.Type) (pkg, name string) {
	if t == nil {
		return "", ""
	}
	return callee.Named(t)
}

func internalLabel(pos token.Pos, what, key string) label {
	src := &Source{Kind: Internal, Level: "medium", What: what, Key: key, pos: pos}
	return label{src: src, step: (*step)(nil).then(pos, what)}
}

// sanitizes reports whether the result tells nothing of what the call is given.
func (v *invocation) sanitizes() bool {
	id := v.id
	if !v.known {
		id = callee.Func{Name: v.name}
	}
	if id.Pkg == "strings" && id.Name == "Repeat" {
		return len(v.args) > 0 && v.args[0].val.clean
	}
	return v.f.e.voc.Sanitizes(id)
}

// sanitizesInPlace takes what a sanitizer without results is given for sanitized:
// user.Sanitize(), redact(&req).
func (v *invocation) sanitizesInPlace() {
	if v.n > 0 {
		return
	}
	gone := func(x ast.Expr, val *value) {
		if t := v.f.typeOf(x); t == nil || !pointsOut(t) && val != v.recv {
			return
		}
		if len(val.refs) > 0 {
			v.f.storeRefs(val.refs, func(*value) *value { return clean })
			return
		}
		v.f.store(x, func(*value) *value { return clean })
	}
	if v.recv != nil {
		gone(v.recvX, v.recv)
	}
	for _, a := range v.args {
		gone(a.expr, a.val)
	}
}

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
