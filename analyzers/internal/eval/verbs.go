package eval

import (
	"path"
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/program"
)

// What the methods of routers do, by the operations that routers.go names.

// routerOp is a call of a router's method: what its library's table of verbs
// says that it does.
func (m *machine) routerOp(r *router, name string, c call) value {
	if r.fam.id == beegoID && m.beegoOp(r, name, c) {
		return r
	}
	op, before := r.fam.verbs[name], len(m.records)
	v := m.routerVerb(r, name, op, c)
	if v == r && r.fam.single && len(m.records) > before {
		return &added{slices.Clone(m.records[before:])}
	}
	return v
}

// routerVerb carries out one of the operations of verbs.
func (m *machine) routerVerb(r *router, name, op string, c call) value {
	if r.pathless && name != "RouteChain" {
		c.args = append([]value{str("")}, c.args...)
		if name == "All" {
			op = "use" // of a chain it adds middleware
		}
	}
	if kind, ok := strings.CutPrefix(op, "named "); ok && len(c.args) > 0 {
		op, c.args = kind, c.args[:len(c.args)-1]
	}
	switch op {
	case "":
		return m.otherRouterMethod(r, name, c)
	case "self":
		if r.ctl != nil && name == "Router" {
			return r.parents[0].to
		}
	case "host":
		if len(c.args) > 0 {
			c.args = c.args[1:]
		}
		return m.group(r, "group0", c)
	case "none":
		return m.unknownResult(c, nil)
	case "prefix":
		return str(m.prefixOf(r))
	case "serve":
		m.serve(r, c.pos)
		return nilValue{}
	case "modify":
		r.mods = append(r.mods, c.args...)
		return nilValue{}
	case "use", "useall", "useown":
		m.use(r, op, c)
	case "routechain":
		g, _ := m.group(r, "group", c).(*router)
		g.pathless = true
		return g
	case "group", "group0", "with", "groupfn", "routefn":
		g, _ := m.group(r, op, c).(*router)
		g.pathless = op == "routefn" && len(c.args) == 1 // fiber's while v3 was being made
		return g
	case "here":
		m.here(r, c)
	case "mount":
		m.mountUnder(r, c)
	case "barestatic":
		g, _ := m.group(r, "group0", call{n: c.n, f: c.f, pos: c.pos}).(*router)
		g.parents[0].bare = true
		m.staticRoutes(g, "static", c)
	case "static", "file", "filefs":
		m.staticRoutes(r, op, c)
	case "pattern":
		return m.patternRoutes(r, c)
	case "rule", "rule0", "ruleprefix", "rulemethods":
		return m.rule(r, name, c)
	case "routetable":
		m.routeTable(r, c)
	case "gateway", "many", "methodroot", "match", "method":
		m.handleMethods(r, op, m.byMethodName(r, c))
	case "also":
		for _, a := range c.args {
			r.also = append(r.also, stringsOf(a)...)
		}
	case "reset":
		r.mws = nil
		for i := range r.parents {
			r.parents[i].bare = true
		}
	case "configure", "configurein":
		return m.configure(r, op, c)
	case "any":
		m.handleEach(r, "*", c)
	default:
		if v, ok := m.ownVerb(r, name, op, c); ok {
			return v
		}
		m.handleEach(r, op, c)
	}
	return r
}

// ownVerb carries out the operations that only one library has; false of others.
func (m *machine) ownVerb(r *router, name, op string, c call) (value, bool) {
	switch op {
	case "favicon":
		m.favicon(r, c)
	case "controller":
		m.controllerOp(r, c)
	case "skip":
		m.skipMethods(r, c)
	case "goframegroup":
		return m.goframeGroup(r, c), true
	case "bindmany", "bindmap", "bindrest", "filter", "hook":
		c.name = name
		m.goframeOp(r, op, c)
	case "letoff", "remove", "replace", "clear":
		m.stackOp(r, op, c)
	case "resource":
		return m.resource(r, c), true
	case "redirect":
		if len(c.args) > 1 {
			m.handleEach(r, "GET", call{n: c.n, f: c.f, pos: c.pos, args: []value{c.args[1], &external{name: "net/http.Redirect"}}})
		}
	case "kratoshandle":
		m.kratosHandle(r, c)
	case "belowprefix":
		m.belowPrefix(r, c)
	case "select":
		m.selectFor(r, c)
	default:
		if !strings.HasPrefix(op, "bind ") {
			return nil, false
		}
		c.name = name
		m.goframeOp(r, op, c)
	}
	return r, true
}

// added is what a router's verbs return where that is the route, or the routes,
// that they added.
type added struct{ recs []*record }

// addedOp is a method of a route: Use puts middleware before its handlers alone.
func (m *machine) addedOp(x *added, name string, c call) value {
	if name == "Use" {
		for _, rec := range x.recs {
			for _, a := range c.args {
				rec.mws = append(rec.mws, m.middlewares(a, c.extentOf(a), "")...)
			}
		}
	}
	return x
}

// configure runs functions, or the methods called Configure of what else it is
// given, on the router itself, or on a group of it at a path.
func (m *machine) configure(r *router, op string, c call) value {
	to, args := r, c.args
	if op == "configurein" && len(args) > 0 {
		to, _ = m.group(r, "group", call{n: c.n, f: c.f, pos: c.pos, args: args[:1]}).(*router)
		args = args[1:]
	}
	for _, a := range args {
		with := call{n: &program.Node{}, f: c.f, args: []value{to}, pos: c.pos}
		if o, ok := a.(*object); ok {
			if fn := m.method(o.t, "Configure"); fn != nil {
				m.callFunc(&closure{fn: fn, recv: m.descend(o, fn)}, with)
			}
			continue
		}
		m.callValue(a, with)
	}
	return to
}

// favicon serves the file of iris that browsers ask for by themselves.
func (m *machine) favicon(r *router, c call) {
	at := str("/favicon.ico")
	if len(c.args) > 1 {
		at = c.args[1]
	}
	m.staticRoutes(r, "file", call{n: c.n, f: c.f, pos: c.pos, args: append([]value{at}, c.args...)})
}

// otherRouterMethod is a method that no table of verbs names: it starts the
// server, tells of the router or is not known.
func (m *machine) otherRouterMethod(r *router, name string, c call) value {
	switch name {
	case "Run", "RunTLS", "RunUnix", "RunListener", "Listen", "ListenTLS", "Listener", "StartTLS", "StartServer", "StartAutoTLS", "Spin":
		m.serve(r, c.pos)
		return nilValue{}
	case "Handler", "Server":
		if r.fam.id == "gin" || r.fam.id == "fiber" {
			return r
		}
	case "ServeHTTP", "Routes", "Stack":
		return &unknown{}
	case "Subrouter":
		return r
	}
	if g := m.unknownGroup(r, name, c); g != nil {
		return g
	}
	if m.unknownVerb(r, name, c) {
		return r
	}
	// Callbacks of unknown methods still register.
	for _, a := range c.args {
		if cl, ok := a.(*closure); ok && !m.isHandler(cl) && cl.fn.relevant && m.reachedTimes(cl) == 0 {
			m.callFunc(cl, call{n: &program.Node{}, f: c.f, pos: c.pos, args: m.guess(cl)})
		}
	}
	return &unknown{t: resultType(c)}
}

// unknownGroup is the router that a method returns of which nothing is known: what
// is registered on it is not registered on the router itself, nor is its path or
// what guards it known.
func (m *machine) unknownGroup(r *router, name string, c call) *router {
	if f := routerType(resultType(c)); f != r.fam || name == "Routes" {
		return nil
	}
	g, _ := m.group(r, "group0", call{n: c.n, f: c.f, pos: c.pos}).(*router)
	g.lost = "what " + lastPart(r.t) + "." + name + " makes is not known, so neither its routes' paths nor their guards are"
	for _, a := range c.args {
		if cl, ok := a.(*closure); ok && !m.isHandler(cl) && cl.fn.relevant {
			m.callFunc(cl, call{n: &program.Node{}, f: c.f, pos: c.pos, args: []value{g}})
		}
	}
	return g
}

// unknownVerb adds a route for a method of which nothing is known and that is given
// a path and what answers requests.
func (m *machine) unknownVerb(r *router, name string, c call) bool {
	at, handler := "", value(nil)
	for _, a := range c.args {
		if s, ok := asString(a); ok && strings.HasPrefix(s, "/") {
			at = s
		} else if handlerLike(a) || m.servesHTTP(a) {
			handler = a
		}
	}
	if at == "" || handler == nil {
		return false
	}
	m.add(r, "*", at, handler, nil, c).unclear = "what " + lastPart(r.t) + "." + name + " does is not known"
	return true
}

// use attaches middleware, under a prefix, or several, where they are given before
// them.
func (m *machine) use(r *router, op string, c call) {
	prefixes, rest := usePrefixes(c.args)
	if sub := mountedByUse(r, rest); sub != nil {
		// Middleware beside an application that is mounted this way is not run.
		for _, p := range prefixes {
			m.attach(sub, r, p, nil)
		}
		return
	}
	for _, p := range prefixes {
		for _, a := range rest {
			m.answersBelow(r, p, a, c)
			for _, mw := range m.middlewares(a, c.extentOf(a), p) {
				mw.own = op == "useown"
				r.mws = append(r.mws, mw)
			}
		}
	}
	if op == "useall" { // of the routes before it too
		for i := range r.mws {
			r.mws[i].seq = 0
		}
	}
}

// usePrefixes parts the paths that middleware are attached under from them.
func usePrefixes(args []value) (prefixes []string, rest []value) {
	for _, a := range args {
		if s, ok := asString(a); ok {
			prefixes = []string{s}
		} else if l, ok := a.(*list); ok && len(l.e) > 0 && len(stringsOf(l)) == len(l.e) {
			prefixes = stringsOf(l)
		} else {
			rest = append(rest, a)
		}
	}
	if len(prefixes) == 0 {
		prefixes = []string{""}
	}
	return prefixes, rest
}

// mountedByUse is the application of fiber that a call of Use mounts; nil if it
// attaches middleware.
func mountedByUse(r *router, args []value) *router {
	for _, a := range args {
		if sub, ok := a.(*router); ok && r.fam.id == "fiber" {
			return sub
		}
	}
	return nil
}

// here runs the bundles of routes that are given, on the router itself.
func (m *machine) here(r *router, c call) {
	// The outermost bundle makes a group of it, so that its own middleware
	// stay those of every request.
	to := value(r)
	if len(r.parents) == 0 {
		to = m.group(r, "group0", call{n: c.n, f: c.f, pos: c.pos})
	}
	for _, a := range c.args {
		m.callValue(a, call{n: &program.Node{}, f: c.f, args: []value{to}, pos: c.pos})
	}
}

// mountUnder serves a handler, or another router, under a path.
func (m *machine) mountUnder(r *router, c call) {
	args := c.args
	if len(args) < 2 {
		if len(args) == 1 {
			if sub, ok := args[0].(*router); ok {
				m.attach(sub, r, "", nil)
			}
		}
		return
	}
	for _, p := range paths(args[0]) {
		rec := m.add(r, "*", p, args[len(args)-1], args[1:len(args)-1], c)
		rec.subtree = true
	}
}

// staticRoutes serve one file, or all below a path.
func (m *machine) staticRoutes(r *router, op string, c call) {
	if len(c.args) == 0 {
		return
	}
	for _, p := range paths(c.args[0]) {
		if op == "static" && !strings.Contains(p, "*") {
			p = path.Join(p, "*")
			if !strings.HasPrefix(p, "/") {
				p = "/" + p
			}
		}
		rec := m.add(r, "GET", p, &external{name: staticFiles, args: c.args[1:]}, staticGuards(r, op, c.args), c)
		rec.static = true
	}
}

// staticGuards are the middleware of files that are served: echo takes them after
// where the files are.
func staticGuards(r *router, op string, args []value) []value {
	after := 2
	if op == "filefs" {
		after = 3
	}
	if !r.fam.first || len(args) <= after {
		return nil
	}
	return args[after:]
}

// patternRoutes are those of net/http's patterns, which may name a method and a
// host before the path.
func (m *machine) patternRoutes(r *router, c call) value {
	args := c.args
	if len(args) == 0 {
		return &unknown{}
	}
	h := args[len(args)-1]
	pats := paths(args[0])
	if len(args) == 1 {
		pats = []string{"/"}
	}
	for _, p := range pats {
		method, pt := "*", p
		if i := strings.IndexAny(p, " \t"); i > 0 && methods[strings.ToUpper(p[:i])] {
			method, pt = p[:i], strings.TrimLeft(p[i:], " \t")
		}
		if i := strings.IndexByte(pt, '/'); i > 0 {
			pt = pt[i:] // a host pattern
		}
		rec := m.add(r, method, pt, h, nil, c)
		rec.subtree = strings.HasSuffix(pt, "/") && pt != "/"
	}
	return r
}

// handleEach adds the routes of one method, whose path is the first argument.
func (m *machine) handleEach(r *router, method string, c call) {
	if len(c.args) == 0 {
		return
	}
	for _, p := range paths(c.args[0]) {
		if verb, rest, ok := strings.Cut(p, " "); ok && method == "*" && methods[strings.ToUpper(verb)] {
			m.handle(r, verb, strings.TrimLeft(rest, " \t"), c.args[1:], c) // chi's since 5.0.13
			continue
		}
		m.handle(r, method, p, c.args[1:], c)
	}
}

// handleMethods adds the routes of a verb whose first argument names the
// methods. Which loop is the outer one decides the order of the inventory.
func (m *machine) handleMethods(r *router, op string, c call) {
	args := c.args
	if op == "methodroot" { // of the router's own path
		if len(args) == 2 {
			for _, meth := range methodNames(args[0]) {
				m.handle(r, meth, "", args[1:], c)
			}
		}
		return
	}
	if len(args) < 3 {
		return
	}
	switch op {
	case "gateway":
		p, ok := gatewayPath(args[1])
		if !ok {
			p = "/{unresolved}"
		}
		for _, meth := range methodNames(args[0]) {
			m.handle(r, meth, p, args[2:], c)
		}
	case "many": // methods and paths in one string each
		for _, ms := range methodNames(args[0]) {
			for meth := range strings.FieldsSeq(strings.ReplaceAll(ms, ",", " ")) {
				for _, ps := range paths(args[1]) {
					for p := range strings.FieldsSeq(ps) {
						m.handle(r, meth, p, args[2:], c)
					}
				}
			}
		}
	case "match":
		for _, p := range paths(args[1]) {
			for _, meth := range methodNames(args[0]) {
				m.handle(r, meth, p, args[2:], c)
			}
		}
	case "method":
		for _, meth := range methodNames(args[0]) {
			for _, p := range paths(args[1]) {
				m.handle(r, meth, p, args[2:], c)
			}
		}
	}
}

func (m *machine) handle(r *router, method, p string, hs []value, c call) {
	var flat []value
	for _, h := range hs {
		if l := listed(h); l != nil {
			flat = append(flat, l.e...)
		} else {
			flat = append(flat, h)
		}
	}
	if len(flat) == 0 {
		return
	}
	h, mws := flat[len(flat)-1], flat[:len(flat)-1]
	if r.fam.first {
		h, mws = flat[0], flat[1:]
	}
	m.add(r, method, p, h, mws, c)
	for at := r; at != nil; at = at.above() { // iris' AllowMethods
		for _, also := range at.also {
			m.add(r, also, p, h, mws, c)
		}
	}
}

// above is the router that a group is of; nil of none.
func (r *router) above() *router {
	if len(r.parents) == 0 || !r.parents[0].group {
		return nil
	}
	return r.parents[0].to
}

func (m *machine) group(r *router, op string, c call) value {
	g := m.newRouter(r.fam, r.t, c.pos)
	g.isRoot = false
	if r.fam.id == "gin" {
		g.t = "github.com/gin-gonic/gin.RouterGroup"
	}
	args := c.args
	e := edge{to: r, group: true, seq: g.created}
	switch op {
	case "group", "routefn":
		if len(args) > 0 {
			ps := paths(args[0])
			e.prefix = ps[0]
			if ss := stringsOf(args[0]); len(ss) == 0 {
				e.prefix = ""
				if !isUnknown(args[0]) {
					e.prefix = ""
				}
			}
			for _, extra := range ps[1:] {
				if len(stringsOf(args[0])) > 1 {
					g.parents = append(g.parents, edge{to: r, group: true, seq: g.created, prefix: extra})
				}
			}
			args = args[1:]
		}
	}
	g.parents = append([]edge{e}, g.parents...)
	for _, a := range args {
		if cl, ok := a.(*closure); ok && (op == "routefn" || op == "groupfn") {
			m.callFunc(cl, call{n: &program.Node{}, f: c.f, args: []value{g}, pos: c.pos})
			continue
		}
		if op == "routefn" || op == "groupfn" {
			m.callValue(a, call{n: &program.Node{}, f: c.f, args: []value{g}, pos: c.pos})
			continue
		}
		for _, mw := range m.middlewares(a, c.extentOf(a), "") {
			mw.seq = g.created // what the function that is given the group adds comes later
			g.mws = append(g.mws, mw)
		}
	}
	return g
}

// attach mounts a router below another.
func (m *machine) attach(sub, to *router, prefix string, wraps []middleware) {
	m.seq++
	if sub == to {
		return
	}
	sub.isRoot = false
	sub.parents = append(sub.parents, edge{to: to, prefix: prefix, wraps: wraps, seq: m.seq, via: m.via()})
}

func (m *machine) prefixOf(r *router) string {
	p := ""
	for i := 0; r != nil && i < maxNested; i++ {
		if len(r.parents) == 0 {
			break
		}
		p = joinPath(r.parents[0].prefix, p)
		r = r.parents[0].to
	}
	if p == "" {
		p = "/"
	}
	return p
}
