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
