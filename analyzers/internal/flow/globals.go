package flow

import (
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"
)

// A variable of a package may get its value from a package that is interpreted
// later: config.Secret is declared, read and logged here, and set in main. So what
// a function reads from such a variable is an input of its summary as a parameter
// is, only that not its callers bind it but whoever sees both who wrote the
// variable and who read it (bindGlobals).

// outer is the number of an input that is a package variable: no call has so many.
const outer = 1 << 20

// fed reports whether a value is made of what is known here or brought by a caller:
// of more than package variables that anybody may write to.
func fed(v *value) bool {
	return slices.ContainsFunc(v.labels, func(l label) bool { return l.src != nil || l.in.global == "" })
}

// open reports whether nothing is known of a value but package variables that it
// is read from.
func open(v *value) bool {
	return v == nil || v == unknown || !v.clean && !v.sealed && len(v.parts)+len(v.refs)+len(v.funcs) == 0 && !fed(v)
}

func globalKey(obj types.Object) string { return obj.Pkg().Path() + " " + obj.Name() }

// portOf is the input that a package variable is to the functions that read it, ""
// if nobody but its own package can put anything into it that matters.
func (e *engine) portOf(obj types.Object) string {
	if key, ok := e.ports[obj]; ok {
		return key
	}
	key := ""
	if own := obj.Pkg() == e.pass.Pkg; own && e.pass.Pkg.Name() != "main" || !own && e.factsOf(obj.Pkg()) != nil {
		if (obj.Exported() || !e.untouched(obj)) && e.carries(obj.Type(), 0) {
			key = globalKey(obj)
		}
	}
	e.ports[obj] = key
	return key
}

// carries reports whether a type is one of text or of objects of the module.
func (e *engine) carries(t types.Type, depth int) bool {
	if depth > maxWithin || t == types.Typ[types.Invalid] || isError(t) || tellsNothing(t) {
		return false
	}
	if n, ok := types.Unalias(t).(*types.Named); ok && n.Obj().Pkg() != nil && n.Obj().Pkg() != e.pass.Pkg && e.factsOf(n.Obj().Pkg()) == nil {
		b, ok := n.Underlying().(*types.Basic)
		return ok && b.Info()&types.IsString != 0
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return u.Info()&types.IsString != 0
	case *types.Slice:
		return isByte(u.Elem()) || e.carries(u.Elem(), depth+1)
	case *types.Array:
		return e.carries(u.Elem(), depth+1)
	case *types.Map:
		return e.carries(u.Elem(), depth+1)
	case *types.Chan:
		return e.carries(u.Elem(), depth+1)
	case *types.Pointer:
		return e.carries(u.Elem(), depth+1)
	case *types.Struct:
		return u.NumFields() > 0
	case *types.Interface:
		return u.NumMethods() == 0
	}
	return false
}

// withPort adds to what is known of a package variable that others may have
// written to it.
func (f *fn) withPort(id *ast.Ident, obj types.Object, v *value) *value {
	key := f.e.portOf(obj)
	if key == "" {
		return v
	}
	quiet := v.clean
	st := (*step)(nil).then(id.Pos(), "is read from the package variable "+id.Name)
	w := withLabels(v, label{in: port{param: outer, global: key}, step: st})
	if w.quiet != quiet {
		c := *w
		c.quiet = quiet
		w = &c
	}
	return w
}

// setGlobal notes what a package variable is set to.
func (f *fn) setGlobal(obj types.Object, v *value) {
	if v == nil || v == unknown {
		v = unknown
	} else if !v.clean && holdsRefs(v) {
		v = f.pointed(v)
	}
	f.e.writeGlobal(obj, v)
	f.setOuter(obj.Pkg(), globalKey(obj), v)
}

// settleGlobals notes what objects that package variables were set to hold when the
// function ends: Current = &Config{}; Current.Key = key.
func (f *fn) settleGlobals() {
	var list []types.Object
	for obj, l := range f.locs {
		if isGlobal(obj) {
			if v := f.cur.get(l); v != nil && holdsRefs(v) {
				list = append(list, obj)
			}
		}
	}
	slices.SortFunc(list, func(a, b types.Object) int { return strings.Compare(globalKey(a), globalKey(b)) })
	for _, obj := range list {
		f.setGlobal(obj, f.cur.get(f.loc(obj)))
	}
}

// pointed is a value with what it points to in its place. That a part of it is
// clean says nothing: others write to it, too.
func (f *fn) pointed(v *value) *value {
	return join(&value{labels: v.labels, funcs: v.funcs}, only(f.exportable(v), 0, func(label) bool { return true }))
}

func holdsRefs(v *value) bool {
	if len(v.refs) > 0 {
		return true
	}
	for _, p := range v.parts {
		if holdsRefs(p) {
			return true
		}
	}
	return false
}

// setOuter notes what goes into a package variable for those who cannot see it
// here: what callers bring, what another package brings, and what is in other
// variables.
func (f *fn) setOuter(pkg *types.Package, key string, v *value) {
	if v.clean || v == unknown || f.muted {
		return
	}
	if pkg != f.e.pass.Pkg && f.e.factsOf(pkg) == nil {
		return
	}
	if w := only(v, 0, func(l label) bool { return l.src == nil && l.in.global == "" }); w != unknown {
		if old, ok := f.sum.globals[key]; ok || len(f.sum.globals) < maxEntries {
			if f.sum.globals == nil {
				f.sum.globals = map[string]*value{}
			}
			f.sum.globals[key] = join(old, w)
		} else {
			f.meet("package variables written by one function")
		}
	}
	foreign := pkg != f.e.pass.Pkg
	w := only(v, 0, func(l label) bool {
		return l.src != nil && foreign && l.src.Kind != Internal || l.src == nil && l.in.global != "" && l.in.global != key
	})
	if w == unknown {
		return
	}
	old, ok := f.e.written[key]
	if !ok && len(f.e.written) >= maxGlobals {
		f.e.met("package variables written")
		return
	}
	f.e.written[key] = join(old, w)
}

// only is what of a value the labels say that keep tells to keep.
func only(v *value, depth int, keep func(label) bool) *value {
	if v == nil || v.clean || v == unknown || depth > maxDepth {
		return unknown
	}
	w := &value{}
	for _, l := range v.labels {
		if keep(l) {
			w.labels = append(w.labels, l)
		}
	}
	for _, k := range sortedKeys(v.parts) {
		if p := only(v.parts[k], depth+1, keep); p != unknown {
			w = setPart(w, k, p)
		}
	}
	if len(w.labels)+len(w.parts) == 0 {
		return unknown
	}
	return w
}

// setsGlobals lets a callee write what this call brings into package variables.
func (v *invocation) setsGlobals(s *summary, in []*value) {
	f := v.f
	for _, key := range sortedKeys(s.globals) {
		val := f.subst(s.globals[key], in, v.call.Pos(), v.text, 0)
		if val = f.pointed(val); val.clean || val == unknown {
			continue
		}
		path, name, _ := strings.Cut(key, " ")
		if path == f.e.pass.Pkg.Path() {
			if obj := f.e.pass.Pkg.Scope().Lookup(name); obj != nil {
				f.setGlobal(obj, val)
				if old := f.cur.get(f.loc(obj)); old != nil {
					f.cur.set(f.loc(obj), join(old, val))
				}
			}
			continue
		}
		if v.obj == nil {
			continue
		}
		f.setOuter(v.obj.Pkg(), key, val)
	}
}

// outerUses keeps the sinks that package variables reach.
func (e *engine) outerUses(uses []*sinkUse) {
	for _, u := range uses {
		if u.in.global == "" || u.url > 0 {
			continue
		}
		if len(e.outside) >= maxGlobals {
			e.met("sinks of package variables")
			return
		}
		e.outside = append(e.outside, u)
	}
}

// write is what one package has put into a variable.
type write struct {
	by  *types.Package
	val *value
}

// bindGlobals reports what was put into package variables and reaches a sink of
// those who read them. The first package that sees all of it reports: one of those
// that write or read, and otherwise a main package.
func (e *engine) bindGlobals() {
	writes := map[string][]write{}
	mixed := map[string]bool{}
	note := func(p *types.Package, vs map[string]*value) {
		for _, key := range sortedKeys(vs) {
			writes[key] = append(writes[key], write{p, vs[key]})
		}
	}
	for _, p := range e.inOrder() {
		facts := e.factsOf(p)
		note(p, facts.written)
		note(p, facts.fields)
		maps.Copy(mixed, facts.mixed)
	}
	note(e.pass.Pkg, e.written)
	note(e.pass.Pkg, e.puts())
	for obj, fd := range e.fields {
		if fd.other {
			mixed[e.fieldKey(obj)] = true
		}
	}
	for key := range writes {
		if mixed[key] {
			delete(writes, key)
		}
	}
	if len(writes) == 0 {
		return
	}
	type use struct {
		by *types.Package
		*sinkUse
	}
	var uses []use
	for _, p := range e.inOrder() {
		for _, u := range e.factsOf(p).outside {
			uses = append(uses, use{p, u})
		}
	}
	for _, u := range e.outside {
		uses = append(uses, use{e.pass.Pkg, u})
	}
	f := e.newFn("package variables")
	defer func() { e.bounds = append(e.bounds, f.bounds...) }()
	within := map[*types.Package]map[*types.Package]bool{}
	sees := func(p, q *types.Package) bool {
		if within[p] == nil {
			within[p] = reachable(p)
		}
		return within[p][q]
	}
	// first reports whether no package on the way sees all that the others do.
	first := func(on []*types.Package) bool {
		for _, p := range on {
			if p == e.pass.Pkg {
				return true
			}
		}
		if e.pass.Pkg.Name() != "main" {
			return false
		}
		return !slices.ContainsFunc(on, func(p *types.Package) bool {
			return !slices.ContainsFunc(on, func(q *types.Package) bool { return !sees(p, q) })
		})
	}
	var follow func(u *sinkUse, key, path string, on []*types.Package, tail *step)
	follow = func(u *sinkUse, key, path string, on []*types.Package, tail *step) {
		for _, w := range writes[key] {
			on := append(slices.Clip(on), w.by)
			got := w.val
			if path != "" {
				got = f.at(got, path)
			}
			var sources []label
			for _, l := range f.collect(got) {
				if l.src != nil {
					sources = append(sources, l)
				} else if len(on) <= maxWithin && l.in.global != key {
					follow(u, l.in.global, l.in.path, on, joinSteps(l.step, tail))
				}
			}
			if len(sources) > 0 && first(on) {
				f.bound(u, sources, tail)
			}
		}
	}
	of := map[string][]string{} // the fields of a type
	for _, key := range sortedKeys(writes) {
		if ofField(key) {
			all := key[:strings.LastIndexByte(key, '.')] + ".*"
			of[all] = append(of[all], key)
		}
	}
	for _, u := range uses {
		if len(u.told) > 0 {
			continue // it is reported for what it is called
		}
		if keys := of[u.in.global]; keys != nil { // an object as a whole
			for _, key := range keys {
				if name := key[strings.LastIndexByte(key, '.')+1:]; !u.sink.JSON || token.IsExported(name) {
					follow(u.sinkUse, key, "", []*types.Package{u.by}, u.step)
				}
			}
			continue
		}
		follow(u.sinkUse, u.in.global, u.in.path, []*types.Package{u.by}, u.step)
	}
}

func joinSteps(a, b *step) *step {
	for _, h := range b.list() {
		a = follow(a, h)
	}
	return a
}

// bound lets what was put into a package variable reach the sink of who reads it.
func (f *fn) bound(u *sinkUse, ls []label, tail *step) {
	ls = u.thin.after(ls)
	if u.text {
		ls = asText(unshown(ls, fmtMethods...))
	}
	for _, l := range ls {
		if l.src.Level == "low" {
			continue
		}
		l.err = l.err || u.err
		st := joinSteps(l.step, tail)
		if u.sink.Kind == throughInterface {
			f.e.pend(&pending{method: u.sink.Who, input: u.format, src: l.src, err: l.err, step: st})
			continue
		}
		f.report(l, u.sink, u.debug, place{pos: u.pos, end: u.end, file: u.file, line: u.line, symbol: u.symbol, name: u.name}, st)
	}
}
