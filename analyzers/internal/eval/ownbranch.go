package eval

import (
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/program"
	"github.com/launchgate/launchgate/analyzers/routes"
)

// What stands before a router may answer requests itself: a handler around it, a
// middleware of all requests. What it answers is found out by sending it requests
// for each path that it asks about, and one for a path that it does not know: the
// answers that only the former get are routes. An answer that a request of unknown
// path may get, and none of those does, is a route that cannot be named.

// branch is a request that a function answers itself, as it sees it.
type branch struct {
	path   string // as routes are written; "" for whatever else is asked for
	method string
	prefix bool
	end    ending
	at     place
	fn     *function // that it calls to answer, if it does
	lost   string    // why it is not known what is answered
}

// branches finds what a function answers itself among the requests that it is to
// hand on. onward says which handlers are the rest; nil that only the chain's is.
func (m *machine) branches(c *closure, onward func(value) bool) []branch {
	key := m.exactly.of(c)
	if bs, ok := m.branchCache[key]; ok {
		return bs
	}
	if m.branchCache == nil {
		m.branchCache = map[closureKey][]branch{}
	}
	m.branchCache[key] = nil // for one that leads to itself
	b := &brancher{m: m, c: c, onward: onward, returns: m.ginStyle(c)}
	m.branchCache[key] = b.find()
	return m.branchCache[key]
}

// brancher sends requests through one function.
type brancher struct {
	m       *machine
	c       *closure
	onward  func(value) bool
	returns bool
	methods []string // that the function tells apart, and those it may not
	refused []ending // how requests of nobody end for being that
	other   *simulation
	found   []branch
}

func (b *brancher) send(path, method string) *simulation {
	s := &simulation{path: path, method: method, target: target{path: path, method: method}, watch: &watch{onward: b.onward, returns: b.returns}, fates: []fate{{}}}
	b.m.simulate(b.c, s)
	for i := range s.watch.ends {
		e := &s.watch.ends[i]
		e.sure = e.sure && !s.watch.onwards
	}
	return s
}

func (b *brancher) find() []branch {
	open := b.send("", "*")
	asked := questions(open)
	if len(open.watch.ends)+len(asked) == 0 || !open.watch.onwards && !b.returns {
		return nil
	}
	nobody := b.m.simulate(b.c, &simulation{anonymous: true, method: "*", target: target{method: "*"}, watch: &watch{onward: b.onward, returns: b.returns}, fates: []fate{{}}})
	for _, e := range nobody.watch.ends {
		if e.anon {
			b.refused = append(b.refused, e)
		}
	}
	b.methods = methodsAsked(open.compared)
	b.other = b.send("/"+elsewhere, "*")
	answered := map[string]bool{}
	for _, q := range asked {
		if q.joined && answered[q.with] {
			continue
		}
		n := len(b.found)
		b.ask(q, open)
		answered[q.with] = answered[q.with] || len(b.found) > n
	}
	b.whateverElse()
	b.unnamed(open)
	return b.found
}

// methodsAsked are the methods to send requests with: "*" if they are not told
// apart. What only OPTIONS gets tells of no route.
func methodsAsked(cs []comparison) []string {
	var named []string
	for _, x := range cs {
		if x.part == partMethod && methods[x.with] {
			named = append(named, x.with)
		}
	}
	if len(named) == 0 {
		return nil
	}
	out := []string{"GET", "POST", "PUT", "PATCH", "DELETE"}
	for _, s := range named {
		if !slices.Contains(out, s) && s != "OPTIONS" && s != "HEAD" {
			out = append(out, s)
		}
	}
	return out
}

// question is a path, or many, that a function asks about.
type question struct {
	shown, sent string
	exact       bool
	prefix      bool
	// joined: it is put together of a beginning and what may be compared with the
	// rest.
	joined bool
	with   string
	at     place
}

// questions are what a request of unknown path was asked.
func questions(s *simulation) []question {
	var out []question
	add := func(q question) {
		if !slices.ContainsFunc(out, func(o question) bool { return o.shown == q.shown }) {
			out = append(out, q)
		}
	}
	var begins []string
	for _, x := range s.compared {
		if x.part == partPath && strings.HasPrefix(x.with, "/") && x.prefix {
			begins = append(begins, x.with)
		}
	}
	for _, x := range s.compared {
		switch {
		case x.part != partPath:
		case x.prefix:
			add(question{shown: x.with + "{rest}", sent: x.with + elsewhere, prefix: true, with: x.with})
		case strings.HasPrefix(x.with, "/"):
			q := question{shown: x.with, sent: x.with, exact: true, with: x.with}
			for _, t := range s.keyed {
				if p := placeIn(t, x.with); p.line > 0 {
					q.at = p
				}
			}
			add(q)
		}
	}
	for _, x := range s.compared {
		if x.part != partPath || x.prefix {
			continue
		}
		for _, p := range begins { // what is left of the path once its beginning is cut off
			if full := joinPath(p, x.with); full != x.with {
				add(question{shown: full, sent: full, exact: true, with: x.with, joined: true})
			}
		}
	}
	for _, x := range s.resembled {
		if x.end {
			add(question{shown: "/{rest}" + x.with, sent: "/" + elsewhere + x.with, with: x.with})
		} else {
			with := strings.TrimPrefix(x.with, "/")
			add(question{shown: "/{rest}" + x.with + "{rest}", sent: "/" + elsewhere + "/" + with + elsewhere, with: x.with})
		}
	}
	return out
}

// placeIn is where a table has a key from.
func placeIn(t *table, key string) place {
	k := keyOf(str(key))
	if at := t.at[k]; at.line > 0 {
		return at
	}
	if at := t.puts[k]; len(at) > 0 {
		return at[0]
	}
	return place{}
}

// ask sends requests for one path and adds what is answered to them alone.
func (b *brancher) ask(q question, open *simulation) {
	type answer struct {
		method string
		end    ending
		s      *simulation
	}
	var got []answer
	try := func(method string) bool {
		s := b.send(q.sent, method)
		if e, ok := b.own(s, q.exact); ok {
			got = append(got, answer{method, e, s})
			return true
		}
		return false
	}
	if !try("*") || q.joined && slices.ContainsFunc(b.found, func(o branch) bool { return o.prefix && o.end.like(got[0].end) }) {
		return
	}
	if b.methods != nil {
		all := got[0]
		got = nil
		for _, method := range b.methods {
			try(method)
		}
		if len(got) == 0 {
			return
		}
		if len(got) == len(b.methods) {
			got = []answer{{"*", all.end, all.s}}
		}
	}
	at := q.at
	if at.line == 0 {
		at = constantIn(append([]*function{b.c.fn}, open.ran...), q.with)
	}
	for _, a := range got {
		br := branch{path: q.shown, method: a.method, prefix: q.prefix, end: a.end, at: at, fn: onlyIn(a.s.calls, b.other.calls)}
		if br.at.line == 0 {
			br.at = a.end.at
		}
		b.found = append(b.found, br)
	}
}

// own is how a request is answered that others are not: surely, if it is on some way.
func (b *brancher) own(s *simulation, exact bool) (ending, bool) {
	var found *ending
	for i := range s.watch.ends {
		e := &s.watch.ends[i]
		if e.moved && !(exact && e.sure && movedOnly(s.watch.ends)) || !e.sure && (b.refuses(*e) || e.failed || e.doubtful) || slices.ContainsFunc(b.other.watch.ends, e.like) {
			continue
		}
		if found == nil || e.sure && !found.sure {
			found = e
		}
	}
	if found == nil {
		return ending{}, false
	}
	return *found, true
}

// movedOnly reports whether a request is sent elsewhere, whatever is not decided.
func movedOnly(es []ending) bool {
	return !slices.ContainsFunc(es, func(e ending) bool { return !e.moved })
}

// refuses reports whether what looks like an answer is one to callers that are
// not known.
func (b *brancher) refuses(e ending) bool {
	return e.anon || slices.ContainsFunc(b.refused, e.like)
}

// whateverElse adds what is answered to requests for any other path.
func (b *brancher) whateverElse() {
	var given []value
	here := false
	for _, e := range b.other.watch.ends {
		if e.moved || !e.wrote || b.refuses(e) || e.failed || !e.sure && !e.files && (e.to == nil || e.doubtful) || e.to == nil && here {
			continue
		}
		if b.methods != nil && !slices.ContainsFunc(b.methods, func(method string) bool {
			return slices.ContainsFunc(b.send("/"+elsewhere, method).watch.ends, e.like)
		}) {
			continue // to OPTIONS, for one
		}
		if here = here || e.to == nil; e.to != nil {
			if slices.ContainsFunc(given, func(v value) bool { return sameHandler(v, e.to) }) {
				continue
			}
			given = append(given, e.to)
		}
		b.found = append(b.found, branch{method: "*", end: e, at: e.at})
	}
}

// unnamed adds the answers that a request of unknown path may get and none that
// was sent has got.
func (b *brancher) unnamed(open *simulation) {
	for _, e := range open.watch.ends {
		if e.moved || b.refuses(e) || e.failed || e.doubtful || slices.ContainsFunc(b.other.watch.ends, e.like) || slices.ContainsFunc(b.found, func(o branch) bool { return o.end.like(e) }) {
			continue
		}
		b.found = append(b.found, branch{method: "*", end: e, at: e.at,
			lost: shortName(strings.TrimRight(b.c.fn.Name, "$0123456789")) + " answers some requests itself at " + e.at.String() + ", and for which paths could not be made out"})
	}
}

// constantIn is where functions name a constant.
func constantIn(fns []*function, s string) place {
	for _, fn := range fns {
		at := place{}
		walk(fn.Body, func(n *program.Node) {
			if n.Op == program.Const && n.T == "string" && n.S == s && at.line == 0 {
				at = place{fn.File, n.Line}
			}
		})
		if at.line > 0 {
			return at
		}
	}
	return place{}
}

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
	if b.lost != "" {
		base := strings.TrimSuffix(shown, "{unresolved}")
		return rest(rts, b.lost, base)
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
