package flow

import (
	"go/types"
	"slices"
	"strings"
)

// pending is a sensitive value that goes into a method of an interface. Who
// implements the interface may be known only where the program is put together,
// in a package that imports both.
type pending struct {
	method string // "path/to/pkg Type.Method"
	input  int    // the receiver counts
	src    *Source
	err    bool
	step   *step
}

// methodKey names a method of a named interface; "" if the interface has no
// name.
func methodKey(m *types.Func) string {
	id := funcID(m)
	if id.Recv == "" || m.Pkg() == nil {
		return ""
	}
	return m.Pkg().Path() + " " + id.Recv + "." + id.Name
}

// throughInterface notes what goes into a method of an interface of the module.
func (v *invocation) throughInterface() {
	f := v.f
	key := methodKey(v.obj)
	if key == "" || f.muted || !f.e.moduleFunc(v.obj) {
		return
	}
	sink := Sink{Kind: throughInterface, Who: key}
	for i, a := range v.args {
		for _, l := range f.collect(a.val) {
			st := l.step.then(v.call.Pos(), "is passed to "+v.text)
			if l.src != nil {
				f.e.pend(&pending{method: key, input: i + 1, src: l.src, err: l.err, step: st})
				continue
			}
			f.addSink(&sinkUse{in: l.in, sink: sink, name: v.text, err: l.err, text: l.text, thin: l.thin, symbol: f.symbol, pos: v.call.Pos(), end: v.call.End(), step: st, format: i + 1, key: -1})
		}
	}
}

func (e *engine) pend(p *pending) {
	if p.src.Kind == Internal || p.src.Level == "low" {
		return
	}
	for _, old := range e.pending {
		if old.method == p.method && old.input == p.input && old.src.id() == p.src.id() && old.err == p.err {
			return
		}
	}
	if len(e.pending) >= maxPending {
		e.met("values passed to interfaces")
		return
	}
	e.pending = append(e.pending, p)
}

// met notes that a bound on the whole package was met.
func (e *engine) met(what string) {
	if !slices.Contains(e.bounds, what) {
		e.bounds = append(e.bounds, what)
	}
}

// settle follows what the packages this one imports have passed to interfaces
// into the implementations they could not see: those of this package, and in a
// main package all that are left.
func (e *engine) settle() {
	reach := map[*types.Package]bool{}
	var order []*types.Package
	var visit func(p *types.Package)
	visit = func(p *types.Package) {
		if reach[p] || p != e.pass.Pkg && e.factsOf(p) == nil {
			return
		}
		reach[p] = true
		order = append(order, p)
		for _, im := range p.Imports() {
			visit(im)
		}
	}
	visit(e.pass.Pkg)
	byPath := map[string]*types.Package{}
	for _, p := range order {
		byPath[p.Path()] = p
	}
	main := e.pass.Pkg.Name() == "main"
	f := e.newFn("settle")
	defer func() { e.bounds = append(e.bounds, f.bounds...) }()
	for _, p := range order {
		if p == e.pass.Pkg {
			continue // it has seen what it imports
		}
		var seen map[*types.Package]bool
		for _, pend := range e.factsOf(p).pending {
			for _, m := range e.implementations(lookupMethod(byPath, pend.method)) {
				if !main && m.Pkg() != e.pass.Pkg {
					continue
				}
				if seen == nil {
					seen = reachable(p)
				}
				if seen[m.Pkg()] || main && reachable(m.Pkg())[p] && m.Pkg() != e.pass.Pkg {
					continue // seen there, or where the implementation is
				}
				if s := e.summaryOf(m); s != nil {
					f.deliver(pend, s)
				}
			}
		}
	}
}

// reachable is a package with all it imports, directly or not.
func reachable(p *types.Package) map[*types.Package]bool {
	seen := map[*types.Package]bool{p: true}
	work := []*types.Package{p}
	for len(work) > 0 {
		q := work[len(work)-1]
		work = work[:len(work)-1]
		for _, im := range q.Imports() {
			if !seen[im] {
				seen[im] = true
				work = append(work, im)
			}
		}
	}
	return seen
}

func lookupMethod(byPath map[string]*types.Package, key string) *types.Func {
	path, name, _ := strings.Cut(key, " ")
	typ, method, _ := strings.Cut(name, ".")
	p := byPath[path]
	if p == nil {
		return nil
	}
	tn, ok := p.Scope().Lookup(typ).(*types.TypeName)
	if !ok {
		return nil
	}
	iface, ok := tn.Type().Underlying().(*types.Interface)
	if !ok {
		return nil
	}
	for i := range iface.NumMethods() {
		if m := iface.Method(i); m.Name() == method {
			return m
		}
	}
	return nil
}

// deliver lets a pending value reach the sinks inside an implementation.
func (f *fn) deliver(p *pending, s *summary) {
	val := &value{labels: []label{{src: p.src, err: p.err, step: p.step}}}
	for _, use := range s.sinks {
		if use.in.param != p.input || use.sink.Kind == throughInterface {
			continue
		}
		got := val
		if use.in.path != "" {
			got = f.at(got, use.in.path)
		}
		for _, l := range got.labels {
			if l.src == nil || slices.Contains(use.told, l.rule()) {
				continue
			}
			st := l.step
			for _, h := range use.step.list() {
				st = follow(st, h)
			}
			l.err = l.err || use.err
			at := place{pos: use.pos, end: use.end, file: use.file, line: use.line, symbol: use.symbol, name: use.name}
			f.report(l, use.sink, use.debug, at, st)
		}
	}
}
