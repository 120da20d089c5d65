package flow

import (
	"cmp"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// Facts is what a package says about its functions and variables to the
// packages that import it.
type Facts struct {
	p *pkgFacts
}

// AFact marks Facts as a fact.
func (*Facts) AFact() {}

// String is shown by go vet's debugging output.
func (*Facts) String() string { return "flow summaries" }

type pkgFacts struct {
	funcs   map[string]*summary
	globals map[string]*value
	pending []*pending
	written map[string]*value // see engine
	outside []*sinkUse
	fields  map[string]*value // what is put into fields, and always sensitive
	mixed   map[string]bool   // fields that something else is put into
}

// factsOf returns the facts of another package, nil if it has none.
func (e *engine) factsOf(pkg *types.Package) *pkgFacts {
	if pkg == nil || pkg == e.pass.Pkg {
		return nil
	}
	if p, ok := e.imported[pkg]; ok {
		return p
	}
	var fact Facts
	var p *pkgFacts
	if e.pass.ImportPackageFact(pkg, &fact) {
		p = fact.p
	}
	e.imported[pkg] = p
	return p
}

// funcKey names a function within its package.
func funcKey(fn *types.Func) string {
	id := funcID(fn)
	if id.Recv != "" {
		return id.Recv + "." + id.Name
	}
	return id.Name
}

// summaryOf returns what is known of a function, nil if nothing is.
func (e *engine) summaryOf(fn *types.Func) *summary {
	if fn == nil {
		return nil
	}
	fn = fn.Origin()
	if d := e.byObj[fn]; d != nil {
		if d.sum == nil { // in a circle, and not there yet
			return shapeOf(fn)
		}
		return d.sum
	}
	p := e.factsOf(fn.Pkg())
	if p == nil {
		return nil
	}
	if s := p.funcs[funcKey(fn)]; s != nil {
		return s
	}
	sig, ok := fn.Type().(*types.Signature)
	if !ok || sig.Recv() != nil && types.IsInterface(sig.Recv().Type()) {
		return nil
	}
	return shapeOf(fn)
}

// shapeOf is the summary of a function that does nothing with what it is given.
func shapeOf(fn *types.Func) *summary {
	s := &summary{}
	sig, ok := fn.Type().(*types.Signature)
	if !ok {
		return s
	}
	s.method, s.variadic, s.inputs = sig.Recv() != nil, sig.Variadic(), sig.Params().Len()
	if s.method {
		s.inputs++
	}
	return s
}

// moduleFunc reports whether a function belongs to code that was read.
func (e *engine) moduleFunc(fn *types.Func) bool {
	return fn != nil && (fn.Pkg() == e.pass.Pkg || e.factsOf(fn.Pkg()) != nil)
}

// implementations lists the methods a call of an interface's method can reach
// in this package and those it imports.
func (e *engine) implementations(m *types.Func) []*types.Func {
	if m == nil {
		return nil
	}
	if out, ok := e.impls[m]; ok {
		return out
	}
	e.impls[m] = nil
	sig, ok := m.Type().(*types.Signature)
	if !ok || sig.Recv() == nil || !e.moduleFunc(m) {
		return nil
	}
	iface, ok := sig.Recv().Type().Underlying().(*types.Interface)
	if !ok || iface.NumMethods() == 0 {
		return nil
	}
	var out []*types.Func
	for _, n := range e.withMethod(m.Name()) {
		if n.TypeParams().Len() > 0 || !types.Implements(types.NewPointer(n), iface) {
			continue
		}
		obj, _, _ := types.LookupFieldOrMethod(types.NewPointer(n), false, m.Pkg(), m.Name())
		if fn, ok := obj.(*types.Func); ok && !slices.Contains(out, fn) {
			if s, ok := fn.Type().(*types.Signature); ok && s.Recv() != nil && !types.IsInterface(s.Recv().Type()) {
				if len(out) >= maxImpls {
					id := funcID(m)
					e.met(id.Recv + "." + id.Name + ": implementations")
					break
				}
				out = append(out, fn)
			}
		}
	}
	e.impls[m] = out
	return out
}

// withMethod lists the types that have a method of this name and belong to this
// package or to one that it imports, directly or not, and that was read.
func (e *engine) withMethod(name string) []*types.Named {
	if e.methods != nil {
		return e.methods[name]
	}
	e.methods = map[string][]*types.Named{}
	seen := map[*types.Package]bool{}
	var visit func(p *types.Package)
	visit = func(p *types.Package) {
		if seen[p] || p != e.pass.Pkg && e.factsOf(p) == nil {
			return
		}
		seen[p] = true
		scope := p.Scope()
		for _, name := range scope.Names() {
			tn, ok := scope.Lookup(name).(*types.TypeName)
			if !ok || tn.IsAlias() {
				continue
			}
			if n, ok := tn.Type().(*types.Named); ok && !types.IsInterface(n) {
				for i := range n.NumMethods() {
					m := n.Method(i).Name()
					e.methods[m] = append(e.methods[m], n)
				}
			}
		}
		for _, im := range p.Imports() {
			visit(im)
		}
	}
	visit(e.pass.Pkg)
	return e.methods[name]
}

// global is what a package variable may carry, wherever it was put.
type global struct {
	val     *value
	readers map[*declared]bool
	stale   bool
}

type field struct {
	val     *value
	other   bool // also holds something nothing is known of
	fed     bool // is set to what functions are given
	readers map[*declared]bool
	stale   bool
}

func (e *engine) readGlobal(obj types.Object, f *fn) *value {
	if obj.Pkg() != e.pass.Pkg {
		if p := e.factsOf(obj.Pkg()); p != nil {
			if v := p.globals[obj.Name()]; v != nil {
				return v
			}
		}
		return unknown
	}
	g := e.globalOf(obj)
	if e.current != nil {
		g.readers[e.current] = true
	}
	if g.val == nil {
		return unknown
	}
	return g.val
}

func (e *engine) globalOf(obj types.Object) *global {
	g := e.globals[obj]
	if g == nil {
		g = &global{readers: map[*declared]bool{}}
		e.globals[obj] = g
	}
	return g
}

func (e *engine) writeGlobal(obj types.Object, v *value) {
	if obj.Pkg() != e.pass.Pkg {
		return
	}
	g := e.globalOf(obj)
	v = sourcesOnly(v, 0)
	w := join(g.val, v)
	if g.val == nil || weight(w) != weight(g.val) || w.clean != g.val.clean {
		g.val, g.stale = w, true
	}
}

// sourcesOnly is what a value carries beyond the function it is in.
func sourcesOnly(v *value, depth int) *value {
	if v == nil || v.clean || v == unknown || depth > maxDepth {
		if v == nil || depth > maxDepth {
			return unknown
		}
		return v
	}
	w := &value{}
	for _, l := range v.labels {
		if l.src != nil {
			w.labels = append(w.labels, l)
		}
	}
	for _, c := range v.funcs {
		switch {
		case c.fn != nil:
			w.funcs = append(w.funcs, &closure{fn: c.fn})
		case c.lit != nil:
			d := &closure{lit: c.lit, env: map[types.Object]*value{}, symbol: cmp.Or(c.symbol, "package")}
			for obj, x := range c.env {
				if x = sourcesOnly(x, depth+1); x != unknown {
					d.env[obj] = x
				}
			}
			w.funcs = append(w.funcs, d)
		}
	}
	for _, k := range sortedKeys(v.parts) {
		if p := sourcesOnly(v.parts[k], depth+1); p != unknown {
			w = setPart(w, k, p)
		}
	}
	if len(w.labels)+len(w.parts)+len(w.funcs) == 0 {
		return unknown
	}
	return w
}

// readField is what was put into a field by anyone, nil if that says nothing: a
// field that holds this and that is judged by what is known at the place.
func (e *engine) readField(obj *types.Var, _ *fn) *value {
	if !obj.IsField() {
		return nil
	}
	key := ""
	if obj.Pkg() != e.pass.Pkg {
		if key = e.fieldKey(obj); key == "" {
			return nil
		}
	}
	fd := e.fieldOf(obj)
	if e.current != nil {
		fd.readers[e.current] = true
	}
	if fd.other || !e.fieldsKnown {
		return nil
	}
	if key != "" {
		return join(fd.val, e.filled(key))
	}
	return fd.val
}

func (e *engine) fieldOf(obj *types.Var) *field {
	obj = obj.Origin()
	fd := e.fields[obj]
	if fd == nil {
		fd = &field{readers: map[*declared]bool{}}
		e.fields[obj] = fd
	}
	return fd
}

func (e *engine) putField(obj *types.Var, v *value, builds bool) {
	if v.clean || obj.Pkg() != e.pass.Pkg && (!isText(obj.Type()) || e.fieldKey(obj) == "") {
		return
	}
	if slices.ContainsFunc(v.labels, func(l label) bool { return l.src != nil && l.src.written }) {
		return
	}
	fd := e.fieldOf(obj)
	ports := fed(v)
	fd.fed = fd.fed || ports
	v = sourcesOnly(v, 0)
	if !told(v) {
		if _, ok := obj.Type().Underlying().(*types.Chan); ok {
			return // made; what it holds is sent
		}
		if (!ports || !builds) && !fd.other {
			fd.other, fd.stale = true, fd.val != nil
		}
		return
	}
	v = &value{labels: contents(v.labels)}
	if w := join(fd.val, v); weight(w) != weight(fd.val) {
		fd.val, fd.stale = w, !fd.other
	}
}

// writeField notes an assignment to a field.
func (f *fn) writeField(sel *ast.SelectorExpr, v *value) {
	if obj, ok := f.info.Uses[sel.Sel].(*types.Var); ok && obj.IsField() {
		f.e.putField(obj, v, builder(f.symbol) || f.sets(sel.X, v))
		f.kept(f.typeOf(sel.X), setPart(unknown, sel.Sel.Name, v), sel.Pos())
	}
}

// sets reports whether what is done here is put what the function is given, as it
// is, into an object that it is given: its callers learn what they put there.
func (f *fn) sets(x ast.Expr, v *value) bool {
	return straight(v) && slices.ContainsFunc(f.evalQuiet(x).labels, func(l label) bool { return l.src == nil && l.in.global == "" && l.in.path == "" })
}

// straight reports whether a value is one parameter and nothing else.
func straight(v *value) bool {
	n := 0
	for _, l := range v.labels {
		if l.src == nil {
			if l.in.path != "" || l.in.global != "" {
				return false
			}
			n++
		}
	}
	return n == 1 && len(v.parts) == 0
}

// keep is a value that was put into an object of another package, whose methods
// let it out.
type keep struct {
	label label
	in    *types.Named
	uses  []*sinkUse // of the object by its methods
	pos   token.Pos
	f     *fn
}

// kept notes what of a value that is put into an object of another package can
// leave through its methods: who calls them need not know what the object holds.
func (f *fn) kept(t types.Type, v *value, pos token.Pos) {
	if t == nil || len(v.parts) == 0 || f.muted {
		return
	}
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	named, ok := types.Unalias(t).(*types.Named)
	if !ok || named.Obj().Pkg() == f.e.pass.Pkg {
		return
	}
	facts := f.e.factsOf(named.Obj().Pkg())
	if facts == nil || !slices.ContainsFunc(f.collect(&value{parts: v.parts}), func(l label) bool { return l.src != nil }) {
		return
	}
	for i := range named.NumMethods() {
		s := facts.funcs[funcKey(named.Method(i))]
		if s == nil {
			continue
		}
		for _, use := range s.sinks {
			if use.in.param != 0 || use.in.path == "" || use.url > 0 || use.sink.Kind == throughInterface || use.sink.Kind == Service {
				continue
			}
			for _, l := range f.at(v, use.in.path).labels {
				if l.src == nil || slices.Contains(use.told, l.rule()) {
					continue
				}
				i := slices.IndexFunc(f.e.keeps, func(k *keep) bool {
					return k.in == named && k.label.src.pos == l.src.pos && k.label.src.id() == l.src.id()
				})
				if i < 0 {
					i = len(f.e.keeps)
					f.e.keeps = append(f.e.keeps, &keep{label: l, in: named, pos: pos, f: f})
				}
				f.e.keeps[i].uses = append(f.e.keeps[i].uses, use)
			}
		}
	}
}

// spill reports what objects of other packages keep and let out, one way for each
// value and object, unless the value was seen to get out already.
func (e *engine) spill() {
	for _, k := range e.keeps {
		seen := false
		for _, fl := range e.flows {
			seen = seen || fl.Sink.Kind != Service && fl.Source.pos == k.label.src.pos && fl.Source.id() == k.label.src.id()
		}
		if seen {
			continue
		}
		use := slices.MinFunc(k.uses, func(a, b *sinkUse) int {
			if a.debug != b.debug {
				if b.debug {
					return -1
				}
				return 1
			}
			return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.line, b.line))
		})
		st := k.label.step.then(k.pos, "is kept in a "+k.in.Obj().Name())
		for _, h := range use.step.list() {
			st = follow(st, h)
		}
		l := k.label
		l.err = l.err || use.err
		k.f.report(l, use.sink, use.debug, place{pos: use.pos, end: use.end, file: use.file, line: use.line, symbol: use.symbol, name: use.name}, st)
	}
}

// builder reports whether a function is there to set up what it returns or
// belongs to: what its parameters bring is known where it is called.
func builder(symbol string) bool {
	name := symbol[strings.LastIndexByte(symbol, '.')+1:]
	for _, p := range []string{"New", "new", "Set", "set", "With", "with", "Make", "make", "Open", "open", "Init", "init"} {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}

// noteField notes a field of a composite literal.
func (f *fn) noteField(st *types.Struct, name string, v *value) {
	for i := range st.NumFields() {
		if st.Field(i).Name() == name {
			f.e.putField(st.Field(i), v, true)
			return
		}
	}
}

// noteParts notes the fields of what a function has made.
func (f *fn) noteParts(t types.Type, v *value, pos token.Pos) {
	if t == nil || len(v.parts) == 0 {
		return
	}
	f.kept(t, v, pos)
	u := t.Underlying()
	if p, ok := u.(*types.Pointer); ok {
		u = p.Elem().Underlying()
	}
	if st, ok := u.(*types.Struct); ok {
		for _, k := range sortedKeys(v.parts) {
			if told(v.parts[k]) {
				f.noteField(st, k, v.parts[k])
			}
		}
	}
}

// stale lists the functions that read a variable or field before it was last
// written.
func (e *engine) stale() []*declared {
	set := map[*declared]bool{}
	for _, g := range e.globals {
		if g.stale {
			for d := range g.readers {
				set[d] = true
			}
			g.stale = false
		}
	}
	for _, fd := range e.fields {
		if fd.stale {
			for d := range fd.readers {
				set[d] = true
			}
			fd.stale = false
		}
	}
	var out []*declared
	for d := range set {
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b *declared) int { return int(a.decl.Pos() - b.decl.Pos()) })
	return out
}

// initialise interprets the initialisers of the package's variables.
func (e *engine) initialise(decls []*ast.GenDecl) {
	f := e.newFn("package")
	for _, d := range decls {
		for _, spec := range d.Specs {
			vs, ok := spec.(*ast.ValueSpec)
			if !ok || len(vs.Values) == 0 {
				continue
			}
			f.fuel = maxFuel
			f.valueSpec(vs)
			for _, id := range vs.Names {
				if obj := f.info.Defs[id]; obj != nil {
					if v := f.cur.get(f.loc(obj)); v != nil {
						f.escapeValue(v, nil)
					}
				}
			}
		}
	}
	e.outerUses(f.sum.sinks)
	e.bounds = append(e.bounds, f.bounds...)
	for _, g := range e.globals {
		g.stale = false
	}
}

// export makes the package's facts.
func (e *engine) export() {
	x := &exporter{fset: e.pass.Fset, srcs: map[*Source]*Source{}, steps: map[*step]*step{}}
	p := &pkgFacts{funcs: map[string]*summary{}, globals: map[string]*value{}}
	for _, d := range e.funcs {
		if d.obj == nil || d.sum == nil || d.sum.trivial() || !d.obj.Exported() {
			continue // what is not exported is known to its callers through their own summaries
		}
		p.funcs[funcKey(d.obj)] = x.summary(d.sum)
	}
	for obj, g := range e.globals {
		if g.val != nil && g.val != unknown && obj.Exported() {
			p.globals[obj.Name()] = x.value(g.val, 0)
		}
	}
	for _, q := range e.pending {
		c := *q
		c.src, c.step = x.source(q.src), x.chain(q.step)
		p.pending = append(p.pending, &c)
	}
	for key, v := range e.written {
		if p.written == nil {
			p.written = map[string]*value{}
		}
		p.written[key] = x.value(v, 0)
	}
	for _, u := range e.outside {
		p.outside = append(p.outside, x.use(u))
	}
	e.exportFields(p, x)
	e.pass.ExportPackageFact(&Facts{p: p})
}

// exporter makes of positions files and lines, which any package can read.
type exporter struct {
	fset  *token.FileSet
	srcs  map[*Source]*Source
	steps map[*step]*step
}

func (x *exporter) where(pos token.Pos) (string, int) {
	p := x.fset.PositionFor(pos, false)
	return p.Filename, p.Line
}

func (x *exporter) source(s *Source) *Source {
	if s == nil || !s.pos.IsValid() {
		return s
	}
	if t, ok := x.srcs[s]; ok {
		return t
	}
	t := *s
	t.file, t.line = x.where(s.pos)
	t.pos = token.NoPos
	x.srcs[s] = &t
	return &t
}

func (x *exporter) chain(s *step) *step {
	if s == nil {
		return nil
	}
	if t, ok := x.steps[s]; ok {
		return t
	}
	t := *s
	if s.pos.IsValid() {
		t.file, t.line = x.where(s.pos)
		t.pos = token.NoPos
	}
	t.prev = x.chain(s.prev)
	x.steps[s] = &t
	return &t
}

func (x *exporter) value(v *value, depth int) *value {
	if v == nil || v == unknown || depth > maxDepth+1 { // exportable cuts at that depth
		return unknown
	}
	if v.clean {
		return v.nothing()
	}
	w := &value{sealed: v.sealed, quiet: v.quiet, mixed: v.mixed}
	for _, l := range v.labels {
		w.labels = append(w.labels, label{src: x.source(l.src), in: l.in, err: l.err, text: l.text, thin: l.thin, format: l.format, step: x.chain(l.step)})
	}
	for _, k := range sortedKeys(v.parts) {
		if p := x.value(v.parts[k], depth+1); p != unknown {
			w = setPart(w, k, p)
		}
	}
	if len(w.labels)+len(w.parts) == 0 && !w.sealed {
		return unknown
	}
	return w
}

func (x *exporter) use(u *sinkUse) *sinkUse {
	c := *u
	if u.pos.IsValid() {
		c.file, c.line = x.where(u.pos)
		c.pos, c.end = token.NoPos, token.NoPos
	}
	c.step = x.chain(u.step)
	return &c
}

func (x *exporter) summary(s *summary) *summary {
	t := &summary{method: s.method, variadic: s.variadic, inputs: s.inputs}
	for _, r := range s.results {
		t.results = append(t.results, x.value(r, 0))
	}
	for _, i := range sortedInts(s.effects) {
		if v := x.value(s.effects[i], 0); v != unknown {
			if t.effects == nil {
				t.effects = map[int]*value{}
			}
			t.effects[i] = v
		}
	}
	for _, u := range s.sinks {
		if u.in.global == "" {
			t.sinks = append(t.sinks, x.use(u))
		}
	}
	for _, key := range sortedKeys(s.globals) {
		if t.globals == nil {
			t.globals = map[string]*value{}
		}
		t.globals[key] = x.value(s.globals[key], 0)
	}
	for _, c := range s.calls {
		d := &callUse{in: c.in}
		for _, a := range c.args {
			d.args = append(d.args, x.value(a, 0))
		}
		t.calls = append(t.calls, d)
	}
	return t
}
