package eval

import (
	"slices"
	"sort"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/program"
	"github.com/launchgate/launchgate/analyzers/routes"
)

// Run reconstructs the routes of a program from its packages, dependencies
// first. root is the package with main; "" takes every package as a root. lists
// are what the configuration beside the code is known to hold.
func Run(pkgs []*program.Package, root string, lists []List) routes.Inventory {
	m := newMachine(pkgs)
	m.configuration = lists
	for _, p := range pkgs {
		for _, v := range p.Vars {
			m.initGlobal(v.K[0].S)
		}
		for _, fn := range m.byPkg[p.Path] {
			// One that touches no router may still register what does.
			if strings.HasSuffix(fn.Name, ".init") && fn.Recv == nil && (fn.relevant || fn.size < maxInit) {
				m.callFunc(&closure{fn: fn}, call{n: &program.Node{}})
			}
		}
	}
	if fn := m.funcs[root+".main"]; fn != nil {
		m.callFunc(&closure{fn: fn}, call{n: &program.Node{}})
	}
	m.drain()
	m.coveredSeq = m.seq
	m.uncovered()
	m.drain()
	return m.finish()
}

// drain calls the functions that libraries were given to call later.
func (m *machine) drain() {
	defer m.unsureFrom()()
	run := func(q queued) {
		if c, ok := q.v.(*closure); ok && !m.reached[c.fn] && !m.isHandler(c) {
			m.callFunc(c, call{n: &program.Node{}, args: m.guess(c)})
		}
	}
	for i := 0; i < len(m.queue) && i < 500; i++ {
		run(m.queue[i])
	}
	// Constructors only if nothing that was called needed what they return: what
	// they register would be there twice.
	done := len(m.queue)
	for i := 0; i < len(m.offered) && i < 500; i++ {
		run(m.offered[i])
		for ; done < len(m.queue) && done < 500; done++ {
			run(m.queue[done])
		}
	}
	m.queue, m.offered = nil, nil
	// Literals that were kept for later and that nobody was seen to call.
	for i := 0; i < len(m.kept) && i < 2000; i++ {
		if c := m.kept[i]; !m.reached[c.fn] && !m.isHandler(c) && !takesNext(c.fn) {
			m.callFunc(c, call{n: &program.Node{}, args: m.guess(c)})
		}
	}
	m.kept = nil
}

// takesNext reports whether a function is a middleware by its parameters.
func takesNext(fn *function) bool {
	return slices.ContainsFunc(fn.Params, func(p program.Param) bool { return isNextType(p.Type) })
}

// uncovered calls the functions that register routes and that nobody was seen
// to call: a framework may, and what they register must not be overlooked.
func (m *machine) uncovered() {
	for _, p := range m.pkgs {
		for _, fn := range m.byPkg[p.Path] {
			if !fn.relevant || m.reached[fn] || fn.Body == nil {
				continue
			}
			cl := &closure{fn: fn}
			if m.isHandler(cl) || !m.registers(fn) {
				continue
			}
			if fn.Recv != nil {
				cl.recv = m.receiver(fn)
			}
			v := m.callFunc(cl, call{n: &program.Node{}, args: m.guess(cl)})
			if t, ok := v.(tuple); ok && len(t) > 0 {
				v = t[0]
			}
			if handlerLike(v) {
				m.serve(v, place{})
			}
		}
	}
}

// registers reports whether a function itself adds routes or makes a router.
func (m *machine) registers(fn *function) bool {
	found := false
	walk(fn.Body, func(n *program.Node) {
		if found {
			return
		}
		found = m.registersForeign(n)
		switch n.Op {
		case program.Method:
			if f := routerType(n.T); f != nil && f.verbs[n.S] != "" && f.verbs[n.S] != "use" {
				found = true
			}
		case program.Call:
			if k := n.K[0]; k.Op == program.Global {
				pkg, t, name := split(k.S)
				if f := known(pkg); f != nil && t == "" {
					for _, x := range f.news {
						found = found || x == name && f.id != "http"
					}
					if f.id == "http" && (name == "HandleFunc" || name == "Handle") {
						found = true
					}
				}
			}
		}
	})
	return found
}

// layer is one thing a request goes through before its handler.
type layer struct {
	applied *closure // a handler that calls the rest itself
	ext     value    // a library's wrapper
	pos     place
	conds   []condition
	cut     string // what of the path it does not see
}

// peeled is a handler without its wrappers.
type peeled struct {
	layers []layer
	core   value
	strip  string
	// method and path are those of a procedure behind the registered route.
	method, path string
	// conds is what decides that it is this and no other, oneOf says that it is
	// one of several.
	conds []condition
	oneOf bool
	// proc: the handler asks for the server's middleware, for this operation.
	proc      bool
	operation string
}

func (m *machine) peel(v value, depth int) []peeled {
	if depth > 10 {
		return []peeled{{core: v}}
	}
	under := func(l layer, in value, strip string) []peeled {
		var out []peeled
		for _, p := range m.peel(in, depth+1) {
			p.layers = append([]layer{l}, p.layers...)
			p.strip = strip + p.strip
			out = append(out, p)
		}
		return out
	}
	switch x := v.(type) {
	case *wrapped:
		if x.strip != "" {
			var out []peeled
			for _, p := range m.peel(x.inner, depth+1) {
				p.strip = x.strip + p.strip
				p.layers = slices.Clone(p.layers)
				for i := range p.layers {
					p.layers[i].cut = x.strip + p.layers[i].cut
				}
				out = append(out, p)
			}
			return out
		}
		if isNilOrSelf(x.inner, v) {
			return []peeled{{core: v}}
		}
		if ex, ok := x.mw.(*external); ok {
			if p, ok := m.procedure(ex); ok {
				return []peeled{p}
			}
		}
		return under(layer{ext: x.mw, pos: x.pos}, x.inner, "")
	case *closure:
		cl := m.handlerOf(x)
		if cl == nil {
			return []peeled{{core: v}}
		}
		if p, ok := m.wantsMiddleware(cl); ok {
			return []peeled{p}
		}
		var out []peeled
		rest := m.rest(cl)
		under, either := m.eitherOf(rest)
		for i, d := range rest {
			if d == v || isUnknownOrNext(d) {
				continue
			}
			at := cl.at // where a wrapper was put around the rest
			if at.line == 0 {
				at = place{cl.fn.File, cl.fn.Line}
			}
			for _, p := range m.peel(d, depth+1) {
				if p.path == "" { // what only picks the procedure is no middleware
					p.layers = append([]layer{{applied: cl, pos: at}}, p.layers...)
				}
				if either && p.path == "" {
					p.conds, p.oneOf = distinctConditions(under[i], p.conds), true
				}
				out = append(out, p)
			}
		}
		if either {
			out = alike(out)
		}
		if len(out) > 0 {
			return out
		}
		return []peeled{{core: cl}}
	case *external:
		if p, ok := m.procedure(x); ok {
			return []peeled{p}
		}
		// What a library makes of a handler, and is used as one, wraps it.
		if x.called {
			for _, a := range x.args {
				switch y := a.(type) {
				case *closure:
					if !m.isHandler(y) {
						continue
					}
				case *wrapped, *router:
				case *object:
					if !m.servesHTTP(y) {
						continue
					}
				default:
					continue
				}
				return under(layer{ext: x, pos: x.pos}, a, "")
			}
		}
	case *object:
		if x.t == chainType {
			if h := m.chainHandler(x); h != nil {
				return m.peel(h, depth+1)
			}
		}
		if fn := m.method(x.t, "ServeHTTP"); fn != nil {
			return m.peel(&closure{fn: fn, recv: m.descend(x, fn)}, depth+1)
		}
		if ty := m.types[x.t]; ty != nil {
			for _, e := range ty.Embedded {
				if r, ok := x.f[e].(*router); ok {
					return []peeled{{core: r}}
				}
				if w, ok := x.f[e].(*wrapped); ok {
					return m.peel(w, depth+1)
				}
				if in, ok := x.f[e].(*object); ok {
					return m.peel(in, depth+1)
				}
			}
		}
	case union:
		var out []peeled
		for _, c := range m.choices(x) {
			for _, p := range m.peel(c.v, depth+1) {
				p.conds = distinctConditions(c.conds, p.conds)
				p.oneOf = p.path == ""
				out = append(out, p)
			}
		}
		return alike(out)
	}
	return []peeled{{core: v}}
}

func isNilOrSelf(a, b value) bool {
	return a == nil || comparableValue(a) && comparableValue(b) && a == b
}

func isUnknownOrNext(v value) bool {
	switch v.(type) {
	case *unknown, next, nil, nilValue:
		return true
	}
	return false
}

// handlerOf is the function that answers for a value.
func (m *machine) handlerOf(c *closure) *closure {
	if c.t != "" {
		if fn := m.method(c.t, "ServeHTTP"); fn != nil {
			inner := *c
			inner.t = ""
			return &closure{fn: fn, recv: &inner}
		}
	}
	return c
}

// rest lists what a handler hands its requests on to.
func (m *machine) rest(c *closure) []value {
	k := m.exactly.of(c)
	if v, ok := m.restCache[k]; ok && m.target == nil {
		return v
	}
	if !m.mayDelegate(c.fn) {
		m.restCache[k] = nil
		return nil
	}
	s := &simulation{}
	if t := m.target; t != nil {
		s.path, s.method = t.path, t.method
	}
	s = m.simulate(c, s)
	var out []value
	for _, p := range s.passed {
		dup := false
		for _, o := range out {
			dup = dup || same(o, p.v)
		}
		if t := m.target; t != nil && slices.ContainsFunc(t.fallback, func(v value) bool { return same(v, p.v) }) {
			continue
		}
		if !dup && p.v != nil {
			out = append(out, p.v)
		}
	}
	if m.target == nil {
		m.restCache[k] = out
		m.compareCache[k] = s.compared
	}
	return out
}

// finish turns registrations into routes.
func (m *machine) finish() routes.Inventory {
	m.exactly, m.alike = newKeys(m, false), newKeys(m, true)
	m.restCache = map[closureKey][]value{}
	m.compareCache = map[closureKey][]comparison{}
	m.verdicts = map[verdictKey]verdict{}
	m.again = map[string]string{}
	var inv routes.Inventory
	m.serveEntrusted()
	// First what is served and mounted where, then the routes.
	var whole []serving
	for _, s := range m.served {
		ps := m.peel(s.v, 0)
		toRouter := false
		for _, p := range ps {
			if r, ok := p.core.(*router); ok {
				r.servedBy = append(r.servedBy, p)
				toRouter = true
			}
		}
		if !toRouter && s.at.line > 0 {
			whole = append(whole, s)
		}
	}
	m.servedWhole(whole)
	m.unread()
	m.servedByForeign()
	m.importedRoutes()
	for _, r := range m.records {
		for _, p := range m.peel(r.handler, 0) {
			sub, ok := p.core.(*router)
			if !ok || sub == r.r {
				continue
			}
			var wraps []middleware
			wraps = append(wraps, r.mws...)
			for _, l := range p.layers {
				wraps = append(wraps, middleware{v: l, pos: l.pos, seq: r.seq, conds: l.conds})
			}
			prefix := p.strip
			own := r.r.fam.id == "chi" || r.r.fam.id == "fiber"
			if own {
				sub = sub.whole()
				prefix = joinPath(strings.TrimSuffix(strings.TrimSuffix(r.path, "*"), "/"), "")
				if p.strip != "" {
					prefix = r.path
				}
			}
			m.mount(sub, r.r, prefix, !own, wraps, r)
			r.handler = nil
		}
	}
	m.nameServers()
	covered := map[string]bool{}
	var all []alternative
	for _, r := range m.records {
		if r.handler == nil {
			continue
		}
		stray := r.seq > m.coveredSeq
		r.conds = m.dependsOn(r)
		for _, rt := range m.routesOf(r) {
			k := rt.Handler.Func + "|" + rt.Handler.File
			if !stray {
				covered[k] = true
			} else if covered[k] && rt.Handler.File != "" {
				continue
			} else if rt.Access == routes.Public && m.rootOf(r.r).name == "stray" {
				rt.Access = routes.Unresolved
				rt.Reason = "the function that registers it is not seen to be called, so its prefix and its guards are not known"
			}
			all = append(all, alternative{rt, r.conds})
		}
	}
	inv.Routes = oneRowEach(append(all, m.ownRoutes()...))
	m.redispatched(inv.Routes)
	if m.overspent() {
		m.lacks("the program is too large to be followed to its end")
	}
	inv.Notes = m.notes
	inv.Routes = sorted(inv.Routes)
	return inv
}

// redispatched adds to the routes that give the request to the router again what
// guards it there: they are as closed as the route they lead to.
func (m *machine) redispatched(rs []routes.Route) {
	for i := range rs {
		to, ok := m.again[rs[i].Key()]
		if !ok {
			continue
		}
		r := leadsTo(rs, to, rs[i].Method)
		if r == nil {
			continue
		}
		for _, g := range r.Guards {
			g.Why += ", on the way through " + r.Key()
			rs[i].Guards = append(rs[i].Guards, g)
		}
		if rs[i].Access == routes.Public || r.Access == routes.Role {
			rs[i].Access, rs[i].Reason = r.Access, r.Reason
		}
	}
}

// leadsTo is the route that answers a path; of those that may, where only its
// beginning is known, the one that is most open.
func leadsTo(rs []routes.Route, to, method string) *routes.Route {
	open := func(r *routes.Route) int {
		return slices.Index([]string{routes.Role, routes.Authenticated, routes.Unresolved, routes.Public}, r.Access)
	}
	var found *routes.Route
	for i := range rs {
		r := &rs[i]
		if r.Method != method && r.Method != "*" {
			continue
		}
		if r.Path == to {
			return r
		}
		rest, below := strings.CutPrefix(r.Path, to)
		if below && strings.HasSuffix(to, "/") && rest != "" && (found == nil || open(r) > open(found)) {
			found = r
		}
	}
	return found
}

// whole is the router that a group without a path of its own answers as, if it is
// given where a handler is: the routes are those of all of it.
func (r *router) whole() *router {
	for up := r.above(); up != nil && r.parents[0].prefix == "" && len(r.parents) == 1; up = r.above() {
		r = up
	}
	return r
}

func (m *machine) mount(sub, to *router, prefix string, whole bool, wraps []middleware, rec *record) {
	sub.isRoot = false
	for _, e := range sub.parents {
		if e.to == to && e.prefix == prefix && len(e.wraps) == len(wraps) {
			return
		}
	}
	// A part of a router that is mounted instead of it keeps the prefix it has
	// there, and none of the middleware.
	if whole && len(sub.parents) == 1 && sub.parents[0].group {
		root := m.rootOf(sub)
		if root != m.rootOf(to) && len(root.servedBy) == 0 && root.isRoot {
			prefix = m.prefixOf(sub)
			sub.parents = nil
		}
	}
	sub.parents = append(sub.parents, edge{to: to, prefix: prefix, whole: whole, wraps: wraps, seq: rec.seq, via: append([]place{rec.pos}, rec.via...), rec: rec})
}

// way is one way from a server to a router: its prefix and chain.
type way struct {
	prefix string
	// cut is what is gone from a request's path on the way: the part of the
	// prefix that handlers do not see.
	cut    string
	chain  []middleware
	server string
	late   []middleware // attached to the routers on the way too late
	places []place      // where the routers on the way are made and mounted
	lost   bool         // its beginning is not known
}

const (
	maxWays = 12
	// maxNested bounds how deep routers may be nested, maxWaySteps how many
	// routers are passed on all ways together.
	maxNested   = 2000
	maxWaySteps = 2_000_000
)

// ways lists how requests get to a router, for something registered at seq. A
// router that is only reached through itself is reached on an unknown way.
func (m *machine) ways(r *router, seq int) []way {
	out := m.waysTo(r, seq, map[*router]bool{})
	if len(out) == 0 {
		out = []way{{prefix: m.prefixOf(r), server: m.serverName(r), places: append([]place{r.pos}, r.via...), lost: true}}
	}
	return out
}

func (m *machine) waysTo(r *router, seq int, on map[*router]bool) []way {
	m.waySteps++
	switch {
	case on[r]:
		m.lacks("the router made at " + r.pos.String() + " is mounted in itself: what it answers there is not listed")
		return nil
	case len(on) > maxNested:
		m.lacks("routers are nested more than " + itoa(maxNested) + " deep")
		return nil
	case m.waySteps > maxWaySteps:
		m.lacks("routers are mounted in each other on too many ways to follow all")
		return nil
	}
	on[r] = true
	defer delete(on, r)
	own := func(prefix string) (out, late []middleware) {
		scope := r.fam.scope
		if len(r.parents) == 0 && r.fam.rootScope != "" {
			scope = r.fam.rootScope
		}
		for _, mw := range r.mws {
			if mw.own && len(on) > 1 {
				continue
			}
			if scope == "all" || scope == "copied" && len(on) == 1 || mw.seq < seq {
				mw.prefix = joinPath(prefix, mw.prefix)
				out = append(out, mw)
			} else {
				late = append(late, mw)
			}
		}
		return out, late
	}
	here := append([]place{r.pos}, r.via...)
	var out []way
	if len(r.parents) == 0 || len(r.servedBy) > 0 && !r.parents[0].around && !r.parents[0].group {
		served := r.servedBy
		if len(served) == 0 {
			served = []peeled{{}}
		}
		seen := map[string]bool{}
		for _, p := range served {
			if seen[p.strip] {
				continue
			}
			seen[p.strip] = true
			w := way{prefix: p.strip, cut: p.strip, server: m.serverName(r), places: here}
			for _, l := range p.layers {
				w.chain = append(w.chain, middleware{v: l, pos: l.pos, conds: l.conds})
			}
			mws, late := own(p.strip)
			w.chain, w.late = append(w.chain, mws...), late
			out = append(out, w)
		}
	}
	for _, e := range r.parents {
		at := e.seq
		if !e.group || e.to.fam.scope == "prefix" {
			at = e.seq
		}
		if e.live || e.to.fam.scope == "prefix" {
			at = seq
		}
		for _, w := range m.waysTo(e.to, at, on) {
			if len(out) >= maxWays {
				m.lacks("the router made at " + r.pos.String() + " is reached on more than " + itoa(maxWays) + " ways: the others are not listed")
				break
			}
			p, cut := joinPath(w.prefix, e.prefix), w.cut
			if e.whole {
				p = joinPath(w.cut, e.prefix)
			}
			if !e.group {
				cut = p
			}
			mws, late := own(p)
			n := way{prefix: p, cut: cut, server: w.server, late: slices.Concat(late, w.late), places: slices.Concat(here, e.via, w.places)}
			if !e.bare {
				n.chain = append(n.chain, w.chain...)
			}
			n.chain = append(n.chain, e.wraps...)
			n.chain = append(n.chain, mws...)
			out = append(out, n)
		}
	}
	return out
}

func (m *machine) serverName(r *router) string {
	return m.servers[r.pos]
}

// nameServers names the routers that requests begin at after the file each is
// made in: not its line, for a server stays itself when code moves. Of several
// in one file all but the first are named after the function too, or numbered.
func (m *machine) nameServers() {
	m.servers = map[place]string{}
	taken := map[string]bool{}
	name := func(r *router) {
		if r.pos.file == "" || m.servers[r.pos] != "" {
			return
		}
		n := r.pos.file
		if taken[n] && r.in != "" && !taken[n+" "+r.in] {
			n += " (" + r.in + ")"
		}
		for i := 2; taken[n]; i++ {
			n = r.pos.file + " (" + itoa(i) + ")"
		}
		taken[n], taken[r.pos.file+" "+r.in] = true, true
		m.servers[r.pos] = n
	}
	roots := map[*router]bool{}
	for _, rec := range m.records {
		if rec.handler != nil {
			for _, r := range m.rootsOf(rec.r, 0) {
				roots[r] = true
			}
		}
	}
	for _, r := range m.routers { // in the order they are made
		if roots[r] {
			name(r)
		}
	}
}

// rootsOf are the routers that requests to a router may begin at.
func (m *machine) rootsOf(r *router, depth int) []*router {
	if len(r.parents) == 0 || depth > 25 {
		return []*router{r}
	}
	var out []*router
	for _, e := range r.parents {
		for _, root := range m.rootsOf(e.to, depth+1) {
			if !slices.Contains(out, root) && len(out) < maxWays {
				out = append(out, root)
			}
		}
	}
	return out
}

func (m *machine) routesOf(r *record) []routes.Route {
	var out []routes.Route
	for _, w := range m.ways(r.r, r.seq) {
		full := joinPath(w.prefix, r.path)
		if full == "" {
			full = "/"
		}
		if !strings.HasPrefix(full, "/") {
			full = "/" + full
		}
		r.fulls = append(r.fulls, full)
		var ops []operation
		whole := false // nothing else is left of it
		if !m.describesOperations(r) {
			ops = m.operations(r, full)
			if rows, lost := m.rowsOf(r, full); lost != "" && ops == nil || rows != nil {
				ops, r.lost, whole = rows, lost, lost == "" && r.served
			} else {
				ops = m.answeredInside(r, full, ops)
			}
		}
		if r.served && r.lost == "" && !whole {
			r.lost = m.lostBelow(r, full, ops != nil)
		}
		if ops == nil {
			ops = []operation{{}}
		} else if !whole {
			ops = append(ops, operation{target: target{path: full, method: r.method}})
		}
		for _, op := range ops {
			if op.path == "" {
				op.path = full
			} else {
				m.target = &op.target
			}
			rts := m.routesAt(r, w, op)
			m.target = nil
			if op.lost != "" {
				rts = unresolved(rts, op.lost)
			}
			if op.path == full && len(op.picks) == 0 {
				rts = rest(rts, r.lost, full)
			}
			out = append(out, rts...)
			if len(out) > maxOperations {
				return out
			}
		}
	}
	return out
}

// routesAt makes the routes of a registration for one of its operations.
func (m *machine) routesAt(r *record, w way, op operation) []routes.Route {
	chain := append([]middleware(nil), w.chain...)
	if r.r.fam.scope == "prefix" {
		chain, w.late = m.prefixed(r, op.path)
	}
	switch r.r.fam.id {
	case beegoID, goframeID:
		chain = filtered(chain, op.path)
	case buffaloID:
		chain = m.lettingOff(r, chain)
	}
	if r.inChain {
		chain = slices.DeleteFunc(slices.Clone(chain), func(mw middleware) bool {
			return mw.seq >= r.seq && slices.ContainsFunc(r.r.mws, func(o middleware) bool { return o.seq == mw.seq })
		})
	}
	chain = append(chain, r.mws...)
	var out []routes.Route
	var parts []alternative
	var ps []peeled
	if c, ok := r.handler.(*closure); ok && r.branch != nil {
		ps = m.peeledBranch(c, r.branch)
	} else {
		ps = m.peel(r.handler, 0)
	}
	for _, p := range ps {
		chain := slices.Clone(chain)
		for _, l := range p.layers {
			chain = append(chain, middleware{v: l, pos: l.pos, conds: l.conds})
		}
		if p.proc {
			if p.operation == "" {
				p.operation = op.path
			}
			chain = append(chain, m.procsFor(r.r, p.operation)...)
		}
		unclear := ""
		if operation, stream := m.remote(r); operation != "" {
			var more []middleware
			more, unclear = m.farther(&p, operation, stream)
			chain = append(chain, more...)
		}
		if x, ok := p.core.(*external); ok && unclear == "" && !r.served && r.foreign == "" && (wasRouted(x) || m.listed(x)) {
			unclear = "what " + libraryName(x.name) + " makes answers here, and which routes it has is not known"
		}
		at := op.path
		if p.path != "" {
			at = joinPath(joinPath(w.prefix, p.strip), p.path)
		}
		judge := func(method string) routes.Route {
			rt := routes.Route{Method: method, Path: at, Registered: routes.Place{File: r.pos.file, Line: int(r.pos.line)}, Server: w.server}
			rt.Through = publicPlaces(slices.Concat(r.via, w.places))
			if len(op.at) > 0 {
				rt.Registered = op.at[0].public()
				rt.Through = publicPlaces(slices.Concat(op.at[1:], []place{r.pos}, r.via, w.places))
			}
			m.judge(&rt, r, chain, p)
			if to, ok := m.again[rt.Key()]; ok && w.cut != "" {
				m.again[rt.Key()] = joinPath(w.cut, to) // the router sees what is left
			}
			if w.lost && rt.Access == routes.Public {
				rt.Access, rt.Reason = routes.Unresolved, "it is not known how requests get to its router"
			}
			m.lostOn(&rt, r, unclear)
			m.late(&rt, w.late)
			ofForeign(&rt, r)
			if op.fn != nil {
				rt.Handler = m.symbol(op.fn)
			}
			if op.shown != "" {
				rt.Path = op.shown
			}
			return rt
		}
		var rts []routes.Route
		switch {
		case p.path != "":
			rts = append(rts, judge(p.method))
		case (len(op.picks) > 0 || op.inside) && op.method != "" && op.method != "*":
			rts = append(rts, judge(op.method))
		case r.method != "" && r.method != "*" && r.method != "ANY":
			rts = append(rts, judge(r.method))
		case len(r.r.limitedTo()) > 0:
			for _, method := range r.r.limitedTo() {
				rts = append(rts, judge(method))
			}
		default:
			rts = m.byMethod(r, judge)
		}
		if p.oneOf {
			for _, rt := range rts {
				parts = append(parts, alternative{rt, p.conds})
			}
			rts = nil
		}
		if out = append(out, rts...); len(out)+len(parts) > 40 {
			break
		}
	}
	return append(out, oneOfHandlers(parts)...)
}

// limitedTo are the methods that a router, or one it is a part of, answers alone.
func (r *router) limitedTo() []string {
	for at := r; at != nil; at = at.above() {
		if len(at.methods) > 0 {
			return at.methods
		}
	}
	return nil
}

// lostOn makes a route unresolved of which something is not known: why, or else
// its router or the way it was registered.
func (m *machine) lostOn(rt *routes.Route, r *record, why string) {
	if why == "" {
		why = r.unclear
	}
	for at := r.r; at != nil && why == ""; at = at.above() {
		why = at.lost
	}
	if why != "" && rt.Access == routes.Public {
		rt.Access, rt.Reason = routes.Unresolved, strings.TrimPrefix(rt.Reason+"; "+why, "; ")
	}
}

// prefixed is fiber's rule: everything registered earlier whose prefix matches.
// late is what matches but is registered later.
func (m *machine) prefixed(r *record, full string) (out, late []middleware) {
	root := m.rootOf(r.r)
	for _, o := range m.routers {
		if m.rootOf(o) != root || o.fam.scope != "prefix" {
			continue
		}
		base := m.prefixOf(o)
		for _, mw := range o.mws {
			p := joinPath(base, mw.prefix)
			if p != "" && p[0] != '/' {
				p = "/" + p // as the library adds it
			}
			if p == "" || p == "/" || full == p || strings.HasPrefix(full, strings.TrimSuffix(p, "/")+"/") {
				if mw.seq >= r.seq {
					late = append(late, mw)
				} else {
					out = append(out, mw)
				}
			}
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].seq < out[j].seq })
	return out, late
}

func (m *machine) rootOf(r *router) *router {
	for i := 0; i < maxNested && len(r.parents) > 0; i++ {
		r = r.parents[0].to
	}
	return r
}
