package eval

import (
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/importpath"
	"github.com/launchgate/launchgate/analyzers/routes"
)

// Where what answers requests itself stands: around a router where it is served or
// mounted, and among a router's middleware. What stands before it in the chain
// guards what it answers; what comes after does not.

// standing are the functions that requests go through in a middleware.
func (m *machine) standing(v value, depth int) []*closure {
	if depth > 6 {
		return nil
	}
	switch x := v.(type) {
	case layer:
		if x.applied != nil {
			return []*closure{x.applied}
		}
		return m.standing(x.ext, depth+1)
	case *wrapped:
		return m.standing(x.mw, depth+1)
	case union:
		var out []*closure
		for _, y := range x {
			out = append(out, m.standing(y, depth+1)...)
		}
		return out
	case *object:
		for _, name := range []string{"ServeHTTP", "Handler", "Middleware", "Handle"} {
			if fn := m.method(x.t, name); fn != nil {
				return m.standing(&closure{fn: fn, recv: m.descend(x, fn)}, depth+1)
			}
		}
	case *closure:
		i := nextParameter(x.fn)
		if i < 0 || m.isHandler(x) {
			return []*closure{x}
		}
		var out []*closure
		for _, p := range m.peel(m.applied(x, i), 0) {
			for _, l := range p.layers {
				out = append(out, m.standing(l, depth+1)...)
			}
			if c, ok := p.core.(*closure); ok {
				out = append(out, m.handlerOf(c))
			}
		}
		return out
	}
	return nil
}

// leadsOn reports whether a handler leads to a router or to the rest of the chain.
func (m *machine) leadsOn(v value) bool { return m.leadsFrom(v, 0) }

func (m *machine) leadsFrom(v value, depth int) bool {
	if depth > 10 {
		return false
	}
	switch x := v.(type) {
	case *router, next:
		return true
	case *wrapped:
		return m.leadsFrom(x.inner, depth+1)
	case *closure:
		return slices.ContainsFunc(m.rest(m.handlerOf(x)), func(d value) bool { return !same(d, v) && m.leadsFrom(d, depth+1) })
	}
	return slices.ContainsFunc(m.peel(v, 0), func(p peeled) bool { _, ok := p.core.(*router); return ok })
}

// junction is where a function stands before the routes of a router.
type junction struct {
	r      *router
	w      way // that leads there, with what stands before
	mw     middleware
	prefix string // below which it is
	// matched: only requests that a route is for get there.
	matched bool
	// rec is the registration of what hands requests on to a router.
	rec *record
}

// ownRoutes are the routes of what stands before routers.
func (m *machine) ownRoutes() []alternative {
	var out []alternative
	for _, r := range append([]*router{nil}, m.routers...) {
		js := m.servedJunctions()
		if r != nil {
			js = m.junctions(r)
		}
		for _, j := range js {
			out = append(out, m.filesOfLibrary(j)...)
			for _, c := range m.standing(j.mw.v, 0) {
				for _, b := range m.branches(c, m.leadsOn) {
					for _, rt := range m.branchRoutes(j, c, b) {
						out = append(out, alternative{rt, j.mw.conds})
					}
				}
			}
		}
	}
	return onceUnnamed(out)
}

// filesOfLibrary is the route of a library's handler that sends files and hands on
// what it does not find.
func (m *machine) filesOfLibrary(j junction) []alternative {
	l, ok := j.mw.v.(layer)
	if !ok {
		return nil
	}
	x, ok := l.ext.(*external)
	if !ok || importpath.Unversioned(x.name) != "github.com/urfave/negroni.NewStatic" && importpath.Unversioned(x.name) != "github.com/codegangsta/negroni.NewStatic" {
		return nil
	}
	rec := &record{r: j.r, method: "GET", path: "/*", handler: &external{name: staticFiles, args: x.args}, pos: x.pos, seq: j.mw.seq, conds: j.mw.conds, static: true}
	var out []alternative
	for _, rt := range m.routesAt(rec, j.w, operation{target: target{path: joinPath(j.prefix, "/*")}}) {
		out = append(out, alternative{rt, rec.conds})
	}
	return out
}

// onceUnnamed leaves of the routes that cannot be named one for each place: what
// stands before several routers is the same before all of them.
func onceUnnamed(rs []alternative) []alternative {
	seen := map[routes.Place]bool{}
	return slices.DeleteFunc(rs, func(r alternative) bool {
		if !strings.Contains(r.Path, "{unresolved}") {
			return false
		}
		was := seen[r.Registered]
		seen[r.Registered] = true
		return was
	})
}

// servedJunctions are what stands around routers where they are served.
func (m *machine) servedJunctions() []junction {
	type standing struct {
		c   closureKey
		cut string
	}
	seen := map[standing]bool{}
	var out []junction
	for _, s := range m.served {
		for _, p := range m.peel(s.v, 0) {
			r, ok := p.core.(*router)
			if !ok {
				continue
			}
			w := way{server: m.serverName(r), places: append([]place{r.pos}, r.via...)}
			for _, l := range p.layers {
				mw := middleware{v: l, pos: l.pos, conds: l.conds}
				w.cut = l.cut
				key := standing{cut: l.cut}
				if l.applied != nil {
					key.c = m.exactly.of(l.applied)
				}
				if l.applied == nil || !seen[key] { // it stands before several routers
					seen[key] = true
					out = append(out, junction{r: r, w: w, mw: mw})
				}
				w.chain = append(slices.Clip(w.chain), mw)
			}
		}
	}
	return out
}

// junctions lists what stands before a router: around it where it is mounted, and
// its own middleware.
func (m *machine) junctions(r *router) []junction {
	var out []junction
	for _, e := range r.parents {
		if len(e.wraps) == 0 {
			continue
		}
		for _, w := range m.ways(e.to, e.seq) {
			if w.prefix = joinPath(w.prefix, e.prefix); e.rec != nil {
				w.prefix = joinPath(strings.TrimSuffix(w.prefix, e.prefix), e.rec.path)
			}
			if !e.group {
				w.cut = ""
			}
			for _, mw := range e.wraps {
				out = append(out, junction{r: e.to, w: w, mw: mw, prefix: w.prefix, rec: e.rec})
				w.chain = append(slices.Clip(w.chain), mw)
			}
		}
	}
	for i, mw := range r.mws {
		if len(m.standing(mw.v, 0)) == 0 {
			continue
		}
		for _, w := range m.ways(r, mw.seq) {
			w.chain = slices.Clip(w.chain[:len(w.chain)-m.ownIn(r, mw.seq)])
			for _, before := range r.mws[:i] {
				before.prefix = joinPath(w.prefix, before.prefix)
				w.chain = append(w.chain, before)
			}
			w.late = nil
			prefix := w.prefix
			if mw.prefix != "" {
				prefix = joinPath(prefix, mw.prefix)
			}
			out = append(out, junction{r: r, w: w, mw: mw, prefix: prefix, matched: !everyRequest(r)})
		}
	}
	return out
}

// ownIn is how many of a router's middleware cover what is added at seq.
func (m *machine) ownIn(r *router, seq int) int {
	scope := r.fam.scope
	if len(r.parents) == 0 && r.fam.rootScope != "" {
		scope = r.fam.rootScope
	}
	n := 0
	for _, mw := range r.mws {
		if scope == "all" || mw.seq < seq {
			n++
		}
	}
	return n
}

// everyRequest reports whether a router's middleware run for requests that none
// of its routes is for.
func everyRequest(r *router) bool {
	root := len(r.parents) == 0
	switch r.fam.id {
	case "echo", "fiber", beegoID:
		return true
	case "gin", "routegroup", "iris":
		return root
	case "chi":
		return root || slices.ContainsFunc(r.parents, func(e edge) bool { return !e.group || e.prefix != "" })
	}
	return false
}

// branchRoutes are the routes that a function answers itself where it stands.
func (m *machine) branchRoutes(j junction, c *closure, b branch) []routes.Route {
	if b.path == "" {
		if j.matched {
			return nil // no more than the routes it stands before
		}
		shown := "{rest}"
		if b.lost != "" {
			shown = "{unresolved}"
		}
		base := j.prefix
		if base == "" {
			base = "/"
		}
		if rec := j.rec; rec != nil {
			b.method = rec.method
			if b.lost == "" && !rec.subtree && !strings.Contains(rec.path, "*") && !strings.Contains(rec.path, "...}") {
				b.at, b.end.to, b.fn = rec.pos, nil, nil // the registered handler itself
				return m.branchRoute(j, c, b, base, base)
			}
		}
		return m.branchRoute(j, c, b, joinPath(base, "/"+shown), "/"+elsewhere)
	}
	full, ok := j.seenAs(b)
	if !ok {
		return nil
	}
	if !j.matched {
		return m.branchRoute(j, c, b, full, b.path)
	}
	var out []routes.Route
	for _, method := range m.matchedBy(j.r, full, b.prefix) {
		if b.method != "*" && method != "*" && method != b.method {
			continue
		}
		one := b
		if one.method == "*" {
			one.method = method
		}
		out = append(out, m.branchRoute(j, c, one, full, b.path)...)
	}
	return out
}

// seenAs is the path of a branch from outside; ok is false if no request for it
// gets to where it stands.
func (j junction) seenAs(b branch) (full string, ok bool) {
	base := strings.TrimSuffix(j.prefix, "/")
	switch {
	case strings.HasPrefix(b.path, "/{rest}"):
		return base + b.path, true
	case base == "" || b.path == base || strings.HasPrefix(b.path, base+"/"):
		if j.w.cut != "" && base == "" {
			return joinPath(j.w.cut, b.path), true
		}
		return b.path, true
	case b.prefix && strings.HasPrefix(base, strings.TrimSuffix(b.path, "{rest}")):
		return base + "/{rest}", true
	case j.w.cut != "":
		return joinPath(j.w.cut, b.path), true
	}
	return "", false
}

// matchedBy are the methods of the routes below a router that a path is for.
func (m *machine) matchedBy(r *router, full string, prefix bool) []string {
	var out []string
	for _, rec := range m.records {
		if !slices.ContainsFunc(rec.fulls, func(p string) bool {
			return covers(p, full) || prefix && strings.HasPrefix(p, strings.TrimSuffix(full, "{rest}"))
		}) || !m.below(rec.r, r, 0) {
			continue
		}
		method := rec.method
		if method == "" || method == "ANY" || rec.handler == nil {
			method = "*"
		}
		if !slices.Contains(out, method) {
			out = append(out, method)
		}
	}
	if slices.Contains(out, "*") {
		return []string{"*"}
	}
	return out
}

// below reports whether requests get to a router through another.
func (m *machine) below(r, to *router, depth int) bool {
	return r == to || depth < maxNestedTables*8 && slices.ContainsFunc(r.parents, func(e edge) bool { return m.below(e.to, to, depth+1) })
}

// covers reports whether a route's pattern is for a path.
func covers(pattern, path string) bool {
	ps, segs := strings.Split(strings.Trim(pattern, "/"), "/"), strings.Split(strings.Trim(path, "/"), "/")
	for i, p := range ps {
		switch {
		case strings.HasPrefix(p, "*"), strings.HasPrefix(p, "{") && (strings.HasSuffix(p, "...}") || strings.Contains(p, ".*")):
			return true
		case i >= len(segs):
			return false
		case strings.HasPrefix(p, ":"), strings.HasPrefix(p, "{") && strings.HasSuffix(p, "}"), p == segs[i]:
		default:
			return false
		}
	}
	return len(ps) == len(segs)
}

// branchRoute is one route that a function answers itself, as which it shows; the
// function sees it as another if a part of its path was cut off.
func (m *machine) branchRoute(j junction, c *closure, b branch, shown, seen string) []routes.Route {
	rec := &record{r: j.r, method: b.method, path: shown, handler: c, pos: b.at, via: append([]place{j.mw.pos}, j.mw.via...), seq: j.mw.seq, conds: j.mw.conds, branch: &b}
	op := operation{target: target{path: seen, method: b.method}, fn: b.fn, shown: shown}
	m.target = &op.target
	rts := m.routesAt(rec, j.w, op)
	m.target = nil
	if b.lost != "" && b.path != "" {
		return unresolved(rts, b.lost)
	}
	if b.lost != "" {
		base := strings.TrimSuffix(shown, "{unresolved}")
		return rest(rts, b.lost, base)
	}
	return rts
}

// unresolved says of routes why who can reach them is not known.
func unresolved(rts []routes.Route, why string) []routes.Route {
	for i := range rts {
		rts[i].Access, rts[i].Reason = routes.Unresolved, strings.TrimPrefix(rts[i].Reason+"; "+why, "; ")
	}
	return rts
}

// peeledBranch is what answers a request where a function does so itself.
func (m *machine) peeledBranch(c *closure, b *branch) []peeled {
	if b.end.to == nil {
		return []peeled{{core: c}}
	}
	var out []peeled
	for _, p := range m.peel(b.end.to, 0) {
		if _, ok := p.core.(*router); ok {
			continue
		}
		p.layers = append([]layer{{applied: c, pos: place{c.fn.File, c.fn.Line}}}, p.layers...)
		out = append(out, p)
	}
	return out
}
