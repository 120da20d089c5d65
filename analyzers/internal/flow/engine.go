package flow

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"sort"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/launchgate/launchgate/analyzers/internal/importpath"
	"github.com/launchgate/launchgate/analyzers/internal/sensitive"
	"github.com/launchgate/launchgate/analyzers/internal/words"
)

// Flow is a sensitive value that reaches a sink.
type Flow struct {
	Source   *Source
	Sink     Sink
	Name     string // the sink's callee, for people
	Debug    bool   // logged at a level for debugging
	InError  bool   // it was put into an error on the way
	Pos, End token.Pos
	File     string // where, if Pos is NoPos because the sink is in another package
	Line     int
	Symbol   string // the function the sink stands in
	// At is where the source is, NoPos if that is in another package.
	At    token.Pos
	Steps []Step
	Rule  string // what, of all that one sink call can leak, this is
	// Beside are other values of the kind that the same call lets out: who mends
	// the call must mend them too.
	Beside []*Flow

	steps *step
}

// Step is one hop of a flow's path. Pos may be NoPos for a place in another
// package; then File and Line say where.
type Step struct {
	Pos  token.Pos
	File string
	Line int
	Note string
}

// Result is what was found in one package.
type Result struct {
	Flows []Flow
	// Uses are the services that requests are sent to.
	Uses []Use
	// Bounds names the functions that met a bound, and which.
	Bounds []string
	// Work counts the expressions interpreted, each as often as it was.
	Work int
}

// summary is what a function does with its inputs.
type summary struct {
	method   bool
	variadic bool
	inputs   int // receiver and parameters
	results  []*value
	effects  map[int]*value // what is written into an input
	sinks    []*sinkUse
	calls    []*callUse        // inputs that are called
	globals  map[string]*value // what it puts into package variables, of its inputs
}

// callUse says that a function value among the inputs is called with these
// arguments.
type callUse struct {
	in   port
	args []*value
}

func (s *summary) trivial() bool {
	if len(s.sinks)+len(s.effects)+len(s.calls)+len(s.globals) > 0 {
		return false
	}
	for _, r := range s.results {
		if r != nil && r != unknown {
			return false
		}
	}
	return true
}

func (s *summary) callsInput(i int) bool {
	for _, c := range s.calls {
		if c.in.param == i {
			return true
		}
	}
	return false
}

// building is a summary in the making.
type building struct {
	summary
	wrapper bool
}

// addSink reports whether there was room.
func (b *building) addSink(u *sinkUse) bool {
	through, outside := 0, 0
	for _, old := range b.sinks {
		if old.in.global != "" {
			outside++
		}
		if old.sink.Kind == throughInterface && old.in.global == "" {
			through++
		}
		if old.sink.Kind == throughInterface && old.sink.Who == u.sink.Who && old.in == u.in && old.format == u.format {
			return true
		}
		if old.in == u.in && old.pos == u.pos && old.file == u.file && old.line == u.line && old.sink.Kind == u.sink.Kind && old.err == u.err && old.thin == u.thin {
			return true
		}
	}
	// What package variables reach takes no room from what parameters do.
	if u.in.global != "" {
		if outside >= maxEntries {
			return false
		}
	} else if len(b.sinks)-outside >= maxEntries || u.sink.Kind == throughInterface && through >= maxEntries/4 {
		return false
	}
	b.sinks = append(b.sinks, u)
	return true
}

func (b *building) addCall(in port, args []argument) bool {
	for _, c := range b.calls {
		if c.in == in {
			for i, a := range args {
				if i < len(c.args) {
					c.args[i] = join(c.args[i], a.val)
				}
			}
			return true
		}
	}
	if len(b.calls) >= maxEntries {
		return false
	}
	c := &callUse{in: in}
	for _, a := range args {
		c.args = append(c.args, a.val)
	}
	b.calls = append(b.calls, c)
	return true
}

func (f *fn) addSink(u *sinkUse) {
	if u.in.global != "" && (u.sink.Kind == Service || f.muted) {
		return
	}
	if !f.sum.addSink(u) {
		f.meet("sinks of one function")
	}
}

func (f *fn) addCall(in port, args []argument) {
	if in.global != "" {
		return
	}
	if !f.sum.addCall(in, args) {
		f.meet("calls of function values")
	}
}

// engine works on one package.
type engine struct {
	pass        *analysis.Pass
	voc         Vocabulary
	funcs       []*declared
	byObj       map[*types.Func]*declared
	imported    map[*types.Package]*pkgFacts
	wholes      map[types.Type]*wholeType
	allocs      map[ast.Expr]*loc
	flows       map[flowKey]*Flow
	globals     map[types.Object]*global
	fields      map[*types.Var]*field
	impls       map[*types.Func][]*types.Func
	methods     map[string][]*types.Named
	terminal    bool // a program for the terminal: what it prints is no log
	bounds      []string
	uses        []Use
	defs        map[types.Object][]ast.Expr
	outputs     map[types.Object][]ast.Expr // what loggers are told to write to; see definitions
	only        map[*ast.File]soleService
	current     *declared
	work        int
	pending     []*pending
	ports       map[types.Object]string // see portOf
	written     map[string]*value       // what other packages' variables are set to here
	outside     []*sinkUse              // what package variables reach here
	keeps       []*keep
	defaults    []ast.Expr                               // see defaultRendering
	keys        map[*types.Package]map[*types.Var]string // see fieldKey
	fills       map[string]*value                        // see filled
	below       []*types.Package                         // see inOrder
	fieldsKnown bool                                     // see settled
	files       map[types.Object]bool                    // databases in files; see fileOfDatabase
	touched     map[types.Object]int                     // what is written to; see touches
	// following are the variables whose definitions are being followed.
	following map[types.Object]bool
}

// declared is a function declaration of the package.
type declared struct {
	obj     *types.Func
	decl    *ast.FuncDecl
	sum     *summary
	calls   []*declared
	muted   bool
	reads   map[any]bool // globals and fields it has read
	index   int
	low     int
	onStack bool
}

type flowKey struct {
	pos  token.Pos
	file string
	line int
	rule string
	kind SinkKind
	what string // of a Service: the data
}

// Analyze interprets a package and returns what it found. The package's
// summaries are exported as its Facts, which the analyzer must declare.
func Analyze(pass *analysis.Pass, voc Vocabulary) *Result {
	e := &engine{pass: pass, voc: voc, byObj: map[*types.Func]*declared{}, imported: map[*types.Package]*pkgFacts{}, wholes: map[types.Type]*wholeType{},
		allocs: map[ast.Expr]*loc{}, flows: map[flowKey]*Flow{}, globals: map[types.Object]*global{}, fields: map[*types.Var]*field{}, impls: map[*types.Func][]*types.Func{},
		ports: map[types.Object]string{}, written: map[string]*value{}, keys: map[*types.Package]map[*types.Var]string{}}
	if len(pass.Files) > 0 && importpath.Standard(pass.Pkg.Path(), pass.Fset.File(pass.Files[0].FileStart).Name()) {
		return &Result{} // its functions are modelled
	}
	e.terminal = forTheTerminal(pass)
	example := isExample(pass.Pkg.Path())
	var inits []*ast.GenDecl
	for _, file := range pass.Files {
		name := pass.Fset.File(file.FileStart).Name()
		if strings.HasSuffix(name, "_test.go") || strings.HasSuffix(pass.Pkg.Path(), "_test") {
			continue
		}
		muted := ast.IsGenerated(file) || example
		for _, d := range file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				e.declare(d, muted)
			case *ast.GenDecl:
				if d.Tok == token.VAR && !muted {
					inits = append(inits, d)
				}
			}
		}
	}
	e.initialise(inits)
	for _, scc := range e.order() {
		e.solve(scc)
	}
	e.settled()
	// A variable or field that was written after it was read: once more.
	for range maxRounds {
		again := e.stale()
		if len(again) == 0 {
			break
		}
		for _, d := range again {
			e.solve([]*declared{d})
		}
	}
	e.spill()
	for _, d := range e.funcs {
		if d.sum != nil && !d.muted {
			e.outerUses(d.sum.sinks)
			if d.obj != nil {
				e.heldBy(d)
			}
		}
	}
	e.bindGlobals()
	e.settle()
	e.export()
	return e.result()
}

// isExample reports whether a package is there to show something or to stand in
// for something in tests.
func isExample(path string) bool {
	for _, part := range strings.Split(path, "/") {
		switch part {
		case "example", "examples", "_examples", "testdata", "mock", "mocks":
			return true
		}
	}
	return false
}

// forTheTerminal reports whether what a package prints is for the person who
// started it: a main package that serves nothing, or commands of one.
func forTheTerminal(pass *analysis.Pass) bool {
	serves, commands := false, false
	for _, file := range pass.Files {
		for _, im := range file.Imports {
			path := strings.Trim(im.Path.Value, `"`)
			switch {
			case path == "github.com/spf13/cobra" || strings.HasPrefix(path, "github.com/urfave/cli") || strings.HasPrefix(path, "github.com/alecthomas/kong") || path == "flag" || path == "github.com/spf13/pflag" ||
				path == "golang.org/x/term" || path == "golang.org/x/crypto/ssh/terminal" || path == "github.com/fatih/color":
				commands = true
			case strings.HasPrefix(path, "github.com/gin-gonic/gin") || strings.HasPrefix(path, "github.com/labstack/echo") || strings.HasPrefix(path, "github.com/gofiber/fiber") ||
				strings.HasPrefix(path, "github.com/go-chi/chi") || strings.HasPrefix(path, "github.com/gorilla/mux"):
				serves = true
			}
		}
	}
	if pass.Pkg.Name() == "main" {
		for _, file := range pass.Files {
			ast.Inspect(file, func(n ast.Node) bool {
				if sel, ok := n.(*ast.SelectorExpr); ok {
					switch sel.Sel.Name {
					case "ListenAndServe", "ListenAndServeTLS", "Serve", "HandleFunc", "Handler", "ResponseWriter":
						serves = true
					}
				}
				return !serves
			})
		}
		return !serves
	}
	return commands
}

func (e *engine) declare(d *ast.FuncDecl, muted bool) {
	if d.Body == nil {
		return
	}
	obj, _ := e.pass.TypesInfo.Defs[d.Name].(*types.Func)
	x := &declared{obj: obj, decl: d, muted: muted, index: -1, reads: map[any]bool{}}
	e.funcs = append(e.funcs, x)
	if obj != nil {
		e.byObj[obj] = x
	}
}

// order lists the functions of the package in groups that call each other in a
// circle, callees first (Tarjan, without recursion).
func (e *engine) order() [][]*declared {
	for _, d := range e.funcs {
		seen := map[*declared]bool{}
		ast.Inspect(d.decl.Body, func(n ast.Node) bool {
			if lit, ok := n.(*ast.CompositeLit); ok {
				if m := e.shows(e.pass.TypesInfo.TypeOf(lit)); m != nil {
					if c := e.byObj[m.Origin()]; c != nil && !seen[c] {
						seen[c] = true
						d.calls = append(d.calls, c)
					}
				}
				return true
			}
			id, ok := n.(*ast.Ident)
			if !ok {
				return true
			}
			fn, ok := e.pass.TypesInfo.Uses[id].(*types.Func)
			if !ok {
				return true
			}
			add := func(fn *types.Func) {
				if c := e.byObj[fn.Origin()]; c != nil && !seen[c] {
					seen[c] = true
					d.calls = append(d.calls, c)
				}
			}
			add(fn)
			if sig, ok := fn.Type().(*types.Signature); ok && sig.Recv() != nil && types.IsInterface(sig.Recv().Type()) {
				for _, m := range e.implementations(fn) {
					add(m)
				}
			}
			return true
		})
	}
	var out [][]*declared
	var stack []*declared
	next := 0
	type visit struct {
		d *declared
		i int
	}
	for _, root := range e.funcs {
		if root.index >= 0 {
			continue
		}
		work := []visit{{d: root}}
		for len(work) > 0 {
			w := &work[len(work)-1]
			d := w.d
			if w.i == 0 && d.index < 0 {
				d.index, d.low, d.onStack = next, next, true
				next++
				stack = append(stack, d)
			}
			if w.i < len(d.calls) {
				c := d.calls[w.i]
				w.i++
				if c.index < 0 {
					work = append(work, visit{d: c})
				} else if c.onStack {
					d.low = min(d.low, c.index)
				}
				continue
			}
			work = work[:len(work)-1]
			if len(work) > 0 {
				p := work[len(work)-1].d
				p.low = min(p.low, d.low)
			}
			if d.low == d.index {
				i := slices.Index(stack, d)
				group := slices.Clone(stack[i:])
				stack = stack[:i]
				for _, g := range group {
					g.onStack = false
				}
				slices.SortFunc(group, func(a, b *declared) int { return int(a.decl.Pos() - b.decl.Pos()) })
				out = append(out, group)
			}
		}
	}
	return out
}

// solve interprets functions that call each other until their summaries stand.
func (e *engine) solve(group []*declared) {
	recursive := len(group) > 1 || slices.Contains(group[0].calls, group[0])
	for round := 0; ; round++ {
		changed := false
		for _, d := range group {
			old := d.sum
			e.interpret(d)
			changed = changed || old == nil || size(old) != size(d.sum)
		}
		if !recursive || !changed {
			return
		}
		if round+1 >= maxRounds {
			e.bounds = append(e.bounds, symbolOf(group[0].decl)+": calls in a circle")
			return
		}
	}
}

func size(s *summary) int {
	n := len(s.sinks) + len(s.calls)
	for _, r := range s.results {
		n += weight(r)
	}
	for _, r := range s.effects {
		n += weight(r)
	}
	for _, r := range s.globals {
		n += weight(r)
	}
	return n
}

func symbolOf(d *ast.FuncDecl) string {
	if d.Recv != nil && len(d.Recv.List) == 1 {
		return "(" + types.ExprString(d.Recv.List[0].Type) + ")." + d.Name.Name
	}
	return d.Name.Name
}

// interpret makes a function's summary.
func (e *engine) interpret(d *declared) {
	info := e.pass.TypesInfo
	f := e.newFn(symbolOf(d.decl))
	safe := d.obj != nil && e.voc.SafeLog(funcID(d.obj))
	f.muted = d.muted || safe || setsUpTests(d.decl.Name.Name)
	e.current = d
	defer func() { e.current = nil }()
	var sig *types.Signature
	if d.obj != nil {
		sig, _ = d.obj.Type().(*types.Signature)
	}
	b := f.sum
	b.wrapper = isWrapper(d.decl, sig)
	pointees := map[int]*loc{}
	input := 0
	bind := func(id *ast.Ident, t ast.Expr) {
		n := input
		input++
		if id == nil || id.Name == "_" {
			return
		}
		obj := info.Defs[id]
		if obj == nil {
			return
		}
		typ := obj.Type()
		if typ == types.Typ[types.Invalid] {
			typ = nil
		}
		if tellsNothing(typ) {
			f.cur.set(f.loc(obj), clean)
			return
		}
		v := &value{labels: []label{{in: port{param: n}, step: nil}}}
		if l, ok := f.nameLabel(id, v, typ); ok {
			l.src.What = strings.Replace(l.src.What, "(the variable ", "(the parameter ", 1)
			l.src.local = true
			l.step = (*step)(nil).then(id.Pos(), l.src.What)
			v = withLabels(v, l)
		}
		if pointsOut(typ) {
			l := &loc{name: "*" + id.Name, typ: typ}
			pointees[n] = l
			f.cur.set(l, v)
			v = &value{labels: v.labels, refs: []*loc{l}}
		}
		f.cur.set(f.loc(obj), v)
	}
	if d.decl.Recv != nil {
		b.method = true
		for _, field := range d.decl.Recv.List {
			if len(field.Names) == 0 {
				bind(nil, field.Type)
			} else {
				bind(field.Names[0], field.Type)
			}
		}
	}
	for _, field := range d.decl.Type.Params.List {
		if _, ok := field.Type.(*ast.Ellipsis); ok {
			b.variadic = true
		}
		if len(field.Names) == 0 {
			bind(nil, field.Type)
		}
		for _, id := range field.Names {
			bind(id, field.Type)
		}
	}
	b.inputs = input
	for _, id := range resultNames(d.decl.Type) {
		if obj := info.Defs[id]; obj != nil {
			f.cur.set(f.loc(obj), clean)
		}
	}
	start := f.cur
	f.cur = start.fork()
	f.frame = &frame{base: f.cur, sig: sig, ftype: d.decl.Type}
	body := f.cur
	fr := f.frame
	f.block(d.decl.Body.List)
	f.finish(fr)
	body.merge(append(fr.exits, body.layerOf())...)
	f.cur = body
	f.settleGlobals()
	b.results = fr.results
	if len(b.results) == 0 && sig != nil && sig.Results().Len() > 0 {
		b.results = all(unknown, sig.Results().Len())
	}
	if sig != nil && stands(d.decl, info) {
		for i := range b.results {
			if i < sig.Results().Len() && !isError(sig.Results().At(i).Type()) {
				b.results[i] = unknown
			}
		}
	}
	for i, v := range b.results {
		f.escapeReturned(v)
		b.results[i] = f.exportable(v)
	}
	for n, l := range pointees {
		before, after := start.get(l), body.get(l)
		eff := f.effect(before, after, port{param: n}, 0)
		if after != nil && after.clean {
			eff = clean // it is emptied
		}
		if eff != nil {
			if b.effects == nil {
				b.effects = map[int]*value{}
			}
			b.effects[n] = eff
		}
	}
	e.work += f.full - f.fuel
	e.bounds = append(e.bounds, f.bounds...)
	s := b.summary
	if safe { // a log with access control
		s.sinks = slices.DeleteFunc(s.sinks, func(u *sinkUse) bool { return u.sink.Kind == Log })
	}
	d.sum = &s
}

// setsUpTests reports whether a function prepares what tests need, wherever it
// stands: InitTestDb, NewTestConfig.
func setsUpTests(name string) bool {
	ws := words.Split(name)
	if len(ws) < 2 || ws[1] != "test" {
		return false
	}
	switch ws[0] {
	case "new", "init", "setup", "create", "open", "start", "connect", "make", "prepare":
		return true
	}
	return false
}

func (e *engine) newFn(symbol string) *fn {
	st := &state{}
	full := min(maxFuel, max(maxWork-e.work, minFuel))
	return &fn{e: e, info: e.pass.TypesInfo, symbol: symbol, sum: &building{}, locs: map[types.Object]*loc{}, cur: st, root: st, fuel: full, full: full, lits: map[*ast.FuncLit]int{}, active: map[*ast.FuncLit]*running{}, frame: &frame{base: st}}
}

// pointsOut reports whether writes through a value of type t are seen by who
// passed it.
func pointsOut(t types.Type) bool {
	if t == nil {
		return true
	}
	switch t.Underlying().(type) {
	case *types.Pointer, *types.Map, *types.Slice, *types.Chan:
		return true
	case *types.Interface:
		return !isError(t)
	}
	return false
}

// effect is what a function has written into an input.
func (f *fn) effect(before, after *value, at port, depth int) *value {
	if after == nil || after == before {
		return nil
	}
	if depth > maxDepth {
		if len(after.labels)+len(after.parts) > 0 {
			f.meet("depth of one value")
		}
		return nil
	}
	f.left(after)
	out := &value{}
	for _, l := range after.labels {
		if l.src == nil && l.in == at || before != nil && slices.ContainsFunc(before.labels, l.same) || l.src != nil && l.src.Kind == Whole {
			continue
		}
		out.labels = append(out.labels, l)
	}
	for _, k := range sortedKeys(after.parts) {
		p := after.parts[k]
		in, _ := label{in: at}.below(k)
		if p.clean {
			out = setPart(out, k, clean)
			continue
		}
		if depth == 0 {
			p = f.exportable(p) // with all its parts
		}
		if e := f.effect(nil, p, in.in, depth+1); e != nil {
			out = setPart(out, k, e)
		}
	}
	if len(out.labels)+len(out.parts) == 0 {
		return nil
	}
	return out
}

// exportable is a value without places of this function's memory.
func (f *fn) exportable(v *value) *value { return f.exportDepth(v, 0, nil) }

// on are the places on the way: an object that points back to one is cut there.
func (f *fn) exportDepth(v *value, depth int, on []*loc) *value {
	if v == nil || v == unknown || v.clean {
		if v == nil {
			return unknown
		}
		return v
	}
	if depth > maxDepth {
		if len(v.parts) > 0 {
			f.meet("depth of one value")
		}
		ls := f.collect(v)
		if len(ls) == 0 {
			return unknown
		}
		return &value{labels: ls}
	}
	if len(v.refs) == 1 && len(v.labels)+len(v.parts) == 0 && !slices.Contains(on, v.refs[0]) {
		if c := f.cur.get(v.refs[0]); c != nil && c.sealed {
			return f.exportDepth(c, depth, append(slices.Clip(on), v.refs[0]))
		}
	}
	w := &value{labels: forCallers(v.labels), sealed: v.sealed, quiet: v.quiet, mixed: v.mixed}
	for _, c := range v.funcs {
		switch {
		case c.yield != nil:
		case c.fn != nil:
			w.funcs = append(w.funcs, &closure{fn: c.fn})
		case c.env != nil:
			w.funcs = append(w.funcs, c)
		default:
			w.funcs = append(w.funcs, &closure{lit: c.lit, env: f.captured(c.lit, depth, on), symbol: f.symbol})
			if depth == 0 && len(on) == 0 && yields(f.typeOf(c.lit)) > 0 {
				// Other packages get no literals, but what they yield.
				g := f.iterate(&value{funcs: []*closure{c}}, c.lit)
				for i := range g.vals {
					if p := f.exportDepth(g.vals[i], depth+1, on); p != unknown && !p.clean {
						w = setPart(w, yielded(i), p)
					}
				}
			}
		}
	}
	inner := v
	for _, r := range v.refs {
		if slices.Contains(on, r) {
			continue
		}
		if c := f.cur.get(r); c != nil && c != v {
			on = append(slices.Clip(on), r)
			if c.sealed {
				w = withLabels(w, forCallers(c.labels)...)
				continue
			}
			if len(v.refs) == 1 && len(v.parts) == 0 && !slices.ContainsFunc(v.labels, func(l label) bool { return !slices.ContainsFunc(c.labels, l.same) }) {
				inner = c // all that the pointer carries is there
				continue
			}
			inner = join(inner, c)
		}
	}
	w = withLabels(w, forCallers(inner.labels)...)
	f.left(inner)
	for _, k := range sortedKeys(inner.parts) {
		p := f.exportDepth(inner.parts[k], depth+1, on)
		if p == unknown {
			continue
		}
		w = setPart(w, k, p)
	}
	if len(w.labels)+len(w.parts)+len(w.funcs) == 0 && !w.sealed {
		if inner.clean {
			return clean
		}
		return unknown
	}
	return w
}

// captured is what a literal takes with it when it is returned.
func (f *fn) captured(lit *ast.FuncLit, depth int, on []*loc) map[types.Object]*value {
	env := make(map[types.Object]*value)
	ast.Inspect(lit.Body, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if !ok {
			return true
		}
		obj, ok := f.info.Uses[id].(*types.Var)
		if !ok || obj.IsField() || isGlobal(obj) || lit.Pos() <= obj.Pos() && obj.Pos() < lit.End() || env[obj] != nil {
			return true
		}
		if len(env) >= maxParts {
			f.meet("variables of one function literal")
			return false
		}
		// Literals may hold each other: what that costs counts as work.
		if f.fuel--; f.fuel <= 0 {
			f.meet("expressions")
			return false
		}
		if l, ok := f.locs[obj]; ok {
			if v := f.cur.get(l); v != nil && !slices.ContainsFunc(v.funcs, func(c *closure) bool { return c.lit == lit }) {
				if v = f.exportDepth(v, depth+1, on); v != unknown {
					env[obj] = v
				}
			}
		}
		return true
	})
	return env
}

// forCallers leaves out what the names inside a function say of its inputs: the
// caller knows better what it passes. Names of persons say little beyond the
// function they stand in.
func forCallers(ls []label) []label {
	if !slices.ContainsFunc(ls, func(l label) bool { return l.src != nil && l.src.atHome() }) {
		return ls
	}
	var out []label
	for _, l := range ls {
		if l.src == nil || !l.src.atHome() {
			out = append(out, l)
		}
	}
	return out
}

// atHome reports whether a source counts only in the function it stands in.
func (s *Source) atHome() bool {
	return s.local || s.Kind == ByName && s.Class == sensitive.Identity && strings.Contains(s.What, "(the variable ")
}

// escapeReturned interprets literals that are returned.
func (f *fn) escapeReturned(v *value) {
	if v == nil {
		return
	}
	f.cur.dead = false
	f.escapeValue(v, nil)
}

// isWrapper reports whether a function is there to log what it is given: it is
// named like a log call, or belongs to a logger.
func isWrapper(d *ast.FuncDecl, sig *types.Signature) bool {
	name := d.Name.Name
	if d.Recv != nil && len(d.Recv.List) == 1 && saysLog(strings.Trim(types.ExprString(d.Recv.List[0].Type), "*")) {
		return true
	}
	return wraps(name, d.Type)
}

// wraps reports whether a function of this name and type is there to log.
func wraps(name string, ft *ast.FuncType) bool {
	level := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(name, "ln"), "f"), "w")
	if logLevels[strings.ToLower(level)] || saysLog(name) {
		return true
	}
	list := ft.Params.List
	if len(list) == 0 {
		return false
	}
	el, ok := list[len(list)-1].Type.(*ast.Ellipsis)
	if !ok {
		return false
	}
	switch x := el.Elt.(type) {
	case *ast.InterfaceType:
		return true
	case *ast.Ident:
		return x.Name == "any"
	}
	return false
}

// found keeps the best flow for each sink call and rule.
func (e *engine) found(fl *Flow) {
	key := flowKey{fl.Pos, fl.File, fl.Line, fl.Rule, fl.Sink.Kind, ""}
	if fl.Sink.Kind == Service {
		key.what = fl.Sink.Who + " " + fl.Source.Term + " " + fl.Source.Type
	}
	old := e.flows[key]
	if old == nil {
		e.flows[key] = fl
		return
	}
	if old.Source.pos == fl.Source.pos && old.Source.file == fl.Source.file && old.Source.line == fl.Source.line && old.Source.Key == fl.Source.Key {
		if fl.steps.n < old.steps.n {
			fl.Beside = old.Beside
			e.flows[key] = fl
		}
		return
	}
	a, b := levels[old.Source.Level], levels[fl.Source.Level]
	if a > b || a == b && (old.steps.n < fl.steps.n || old.steps.n == fl.steps.n && old.Source.pos <= fl.Source.pos) {
		e.beside(old, fl)
		return
	}
	fl.Beside, old.Beside = old.Beside, nil
	e.beside(fl, old)
	e.flows[key] = fl
}

// beside keeps another flow into the same sink, each source once.
func (e *engine) beside(fl, other *Flow) {
	if other.Sink.Kind == Service || slices.ContainsFunc(fl.Beside, func(o *Flow) bool { return o.Source.pos == other.Source.pos && o.Source.Key == other.Source.Key }) {
		return
	}
	if len(fl.Beside) >= maxBeside {
		e.met(fl.Symbol + ": values of one kind in one call")
		return
	}
	fl.Beside = append(fl.Beside, other)
}

// finish makes the places of a flow what its reader sees.
func (fl *Flow) finish() {
	fl.At, fl.Steps = fl.Source.pos, nil
	for _, s := range fl.steps.list() {
		fl.Steps = append(fl.Steps, Step{Pos: s.pos, File: s.file, Line: s.line, Note: s.note})
	}
}

func (e *engine) result() *Result {
	r := &Result{Bounds: e.bounds, Uses: e.uses, Work: e.work}
	for _, fl := range e.flows {
		fl.finish()
		fl.Beside = slices.DeleteFunc(fl.Beside, func(o *Flow) bool { return o.Source.pos == fl.Source.pos && o.Source.Key == fl.Source.Key })
		slices.SortFunc(fl.Beside, func(a, b *Flow) int { return int(a.Source.pos - b.Source.pos) })
		for _, o := range fl.Beside {
			o.finish()
		}
		r.Flows = append(r.Flows, *fl)
	}
	sort.Slice(r.Flows, func(i, j int) bool {
		a, b := r.Flows[i], r.Flows[j]
		if a.Pos != b.Pos {
			return a.Pos < b.Pos
		}
		if a.File != b.File {
			return a.File < b.File
		}
		if a.Line != b.Line {
			return a.Line < b.Line
		}
		if a.Rule != b.Rule {
			return a.Rule < b.Rule
		}
		return a.Sink.Kind < b.Sink.Kind
	})
	slices.Sort(r.Bounds)
	r.Bounds = slices.Compact(r.Bounds)
	return r
}
