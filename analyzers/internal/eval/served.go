package eval

import (
	"maps"
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/importpath"
	"github.com/launchgate/launchgate/analyzers/internal/program"
	"github.com/launchgate/launchgate/analyzers/routes"
)

// A program may answer requests by a handler of its own, below no router of a
// library: a switch, a table, a router it wrote itself. Such a handler is what a
// route for every path would be. Where it cannot be made out what it answers, the
// inventory says so: a program that serves must not look as if it had no routes.

const fasthttpPkg = "github.com/valyala/fasthttp"

// serving is a handler that a server answers with, and where it is given it.
type serving struct {
	v   value
	at  place
	via []place
}

// serve notes that a handler is what a server answers with; at is not given
// where that is only thought.
func (m *machine) serve(v value, at place) {
	if isNil(v) {
		m.servesDefault(at)
	}
	if v == nil || isNil(v) {
		return
	}
	m.served = append(m.served, serving{v, at, m.via()})
}

// servedArgument is which argument of a function that serves is the handler.
func servedArgument(name string) int {
	switch fn := lastName(name); {
	case fn == "ListenAndServeTLS":
		return 3
	case strings.HasSuffix(name, "/cgi.Serve"), strings.Contains(name, "/httptest."):
		return 0
	}
	return 1
}

// servedWhole adds a route for every path for each handler that is served below
// no router.
func (m *machine) servedWhole(ss []serving) {
	loose := m.looseRouter()
	var done []value
	for _, s := range ss {
		lost := ""
		switch x := m.servedCore(s.v).(type) {
		case *closure:
			if onlyRedirects(x.fn) {
				continue
			}
		case *external:
			if strings.HasPrefix(x.name, "golang.org/x/crypto/acme/autocert.") {
				continue // what answers the authority that issues certificates, and sends others to HTTPS
			}
			if m.besideOwn(pkgOf(x.name)) {
				lost = libraryName(x.name) + " is not here, so which routes it has is not known"
				break
			}
			if !wasRouted(x) && m.listed(x) {
				continue
			}
			if !wasRouted(x) {
				break
			}
			lost = "what " + libraryName(x.name) + " makes is served, and which routes it has is not known"
		default:
			lost = "the handler that is served could not be followed, so which routes it has is not known"
		}
		if _, ok := m.servedCore(s.v).(*closure); !ok && loose {
			continue // it is that router, by a way that was not followed
		}
		seen := false
		for _, v := range done {
			seen = seen || same(v, s.v)
		}
		if seen {
			continue
		}
		done = append(done, s.v)
		r := m.newRouter(known("net/http"), "net/http.ServeMux", s.at)
		r.via = s.via
		rec := m.add(r, "*", "/", s.v, nil, call{n: &program.Node{}, pos: s.at})
		rec.via, rec.subtree, rec.served, rec.lost = s.via, true, true, lost
		rec.seq = 0 // no function that nobody calls registers it
	}
}

// besideOwn reports whether a package belongs to the program by its path, though it
// is not there: it is generated, or left out.
func (m *machine) besideOwn(pkg string) bool {
	repository := func(path string) string {
		parts := strings.SplitN(path, "/", 4)
		return strings.Join(parts[:min(3, len(parts))], "/")
	}
	for _, p := range m.pkgs {
		if pkg == p.Path || strings.HasPrefix(pkg, p.Path+"/") || strings.Count(pkg, "/") > 2 && repository(pkg) == repository(p.Path) {
			return true
		}
	}
	return false
}

// servedCore is what answers below the wrappers of a handler.
func (m *machine) servedCore(v value) value {
	for _, p := range m.peel(v, 0) {
		switch p.core.(type) {
		case *closure, *external:
			return p.core
		}
	}
	return nil
}

// looseRouter reports whether the program has a router with routes that it is
// not seen to serve.
func (m *machine) looseRouter() bool {
	for _, rec := range m.records {
		if rec.handler == nil || rec.seq > m.coveredSeq || rec.foreign != "" {
			continue
		}
		for _, r := range m.rootsOf(rec.r, 0) {
			if len(r.servedBy) == 0 && r.pos.line > 0 {
				return true
			}
		}
	}
	return false
}

// routes notes that a library's value is given what looks like a route: a path and
// what answers it.
func (m *machine) routes(name string, recv value, args []value, at place) {
	pkg, typ, verb := split(name)
	if i := strings.LastIndexByte(verb, '.'); i >= 0 {
		typ, verb = verb[:i], verb[i+1:]
	}
	path, rooted, handler := false, false, false
	for _, a := range args {
		s, isString := asString(a)
		rooted = rooted || isString && strings.HasPrefix(s, "/") || pathWithin(a)
		path = path || rooted || isString && strings.Contains(s, "/")
		handler = handler || handlerLike(a) || m.servesHTTP(a)
	}
	for y, ok := recv.(*external); ok && !path; y, ok = y.recv.(*external) {
		rooted = registersByName(lastName(y.name)) && pathWithin(y) // a route that is described by several calls
		path = rooted
	}
	if !path || !handler {
		return
	}
	for x, ok := recv.(*external); ok; x, ok = x.recv.(*external) {
		x.routed = true
	}
	if !rooted || typ == "" && !ofLibrary(pkg, args) || !m.answersFor(pkg, verb, args) {
		return
	}
	if m.routedBy == nil {
		m.routedBy = map[string]serving{}
	}
	if base := importpath.Unversioned(pkg); m.routedBy[base].at.line == 0 {
		m.routedBy[base] = serving{v: recv, at: at, via: m.via()}
	}
}

// ofLibrary reports whether a function of a library is given a value of it, as one
// that registers on a server does.
func ofLibrary(pkg string, args []value) bool {
	x, ok := firstOf(args).(*external)
	return ok && x.called && pkgOf(x.name) == pkg
}

// pathWithin reports whether a call to a library was given a path.
func pathWithin(v value) bool {
	x, ok := v.(*external)
	return ok && x.called && slices.ContainsFunc(x.args, func(a value) bool {
		s, isString := asString(a)
		return isString && strings.HasPrefix(s, "/")
	})
}

// registersByName reports whether a method is called like those by which routers
// are given routes.
func registersByName(name string) bool {
	switch name {
	case "Any", "ANY", "All", "ALL", "Handle", "HandleFunc", "Route":
		return true
	}
	return slices.Contains(title, name) || slices.Contains(upper, name)
}

// answersFor reports whether what a method of a library that is no known router is
// given answers requests: it is called like one that registers, or is given
// functions of what the library calls a request.
func (m *machine) answersFor(pkg, verb string, args []value) bool {
	if !strings.Contains(pkg, ".") || commandsOfBots(pkg) || known(pkg) != nil || m.isOwn(pkg) || importpath.Standard(pkg, "") {
		return false
	}
	return slices.ContainsFunc(args, func(a value) bool {
		c, ok := a.(*closure)
		if !ok {
			return false
		}
		return registersByName(verb) || slices.ContainsFunc(c.fn.Params, func(p program.Param) bool {
			k := requestKind(p.Type)
			return k == "w" || k == "r" || k == "c" || importpath.Unversioned(pkgOf(p.Type)) == importpath.Unversioned(pkg) && namesRequest(lastName(p.Type))
		})
	})
}

// commandsOfBots reports whether a library's paths are what people write to a bot:
// "/start".
func commandsOfBots(pkg string) bool {
	return strings.Contains(pkg, "/telebot")
}

// namesRequest reports whether a type of a library is called like a request.
func namesRequest(name string) bool {
	return strings.HasSuffix(name, "Context") || strings.HasSuffix(name, "Ctx") || strings.HasSuffix(name, "Request") || strings.HasSuffix(name, "ResponseWriter")
}

// wasRouted reports whether a library's value, or what it was made of in a chain of
// calls, was given routes.
func wasRouted(x *external) bool {
	for ok := true; ok; x, ok = x.recv.(*external) {
		if x.routed {
			return true
		}
	}
	return false
}

// unreadFrameworks are libraries whose routes stand in files, or are found by
// reflection, so that nothing of a program shows them.
var unreadFrameworks = []string{"github.com/revel/revel", "github.com/goravel/framework"}

// unread adds a route that is not resolved for each library that was given routes,
// or has some, and is no known router: a program that serves must not look as if
// it had none.
func (m *machine) unread() {
	seen := map[string]bool{}
	for _, rec := range m.records {
		for _, p := range m.peel(rec.handler, 0) {
			if x, ok := p.core.(*external); ok {
				seen[importpath.Unversioned(pkgOf(x.name))] = true
			}
		}
	}
	for _, p := range m.pkgs {
		for _, imp := range p.Imports {
			base := importpath.Unversioned(imp)
			if slices.Contains(unreadFrameworks, base) && m.routedBy[base].at.line == 0 {
				if m.routedBy == nil {
					m.routedBy = map[string]serving{}
				}
				m.routedBy[base] = serving{at: m.beginsAt(p)}
			}
		}
	}
	for _, base := range slices.Sorted(maps.Keys(m.routedBy)) {
		s := m.routedBy[base]
		if seen[base] || s.at.file == "" {
			continue
		}
		r := m.newRouter(known("net/http"), "net/http.ServeMux", s.at)
		r.via = s.via
		rec := m.add(r, "*", "/{unresolved}", &unknown{}, nil, call{n: &program.Node{}, pos: s.at})
		rec.via, rec.seq = s.via, 0
		rec.unclear = "what " + lastPart(base) + " is given answers requests, and which routes it has is not known"
	}
}

// beginsAt is where a package's first function is.
func (m *machine) beginsAt(p *program.Package) place {
	for _, f := range p.Funcs {
		if f.Line > 0 {
			return place{f.File, f.Line}
		}
	}
	return place{}
}

// onlyRedirects reports whether all that a handler does with its answer is to
// redirect, as what listens on the port for plain HTTP does.
func onlyRedirects(fn *function) bool {
	redirects, more := false, false
	walk(fn.Body, func(n *program.Node) {
		if n.Op != program.Call {
			return
		}
		fun := n.K[0]
		if fun.Op == program.Global && fun.S == "net/http.Redirect" {
			redirects = true
			return
		}
		if fun.Op == program.Method && requestKind(fun.T) == "w" && fun.S != "Header" {
			more = true
		}
		for _, a := range n.K[1:] {
			more = more || requestKind(a.T) == "w"
		}
	})
	return redirects && !more
}

// lostBelow says why it is not known which routes a handler has that is served;
// "" if it is. apart: it was taken apart, and this is about what is left.
func (m *machine) lostBelow(r *record, full string, apart bool) string {
	if apart {
		// What is compared with the path and leads to what is not known.
		c, cs := m.dispatcher(r.handler, 0)
		for _, x := range append(slices.Clone(cs), comparison{part: partPath, with: "/" + elsewhere}) {
			if c != nil && x.part == partPath && strings.HasPrefix(x.with, "/") && m.probe(c, target{path: x.with, method: r.method}).strayed {
				return shortName(c.fn.Name) + " hands requests on to handlers that could not be made out"
			}
		}
		m.target = &target{path: full, method: r.method}
		defer func() { m.target = nil }()
	}
	var cores []*closure
	for _, p := range m.peel(r.handler, 0) {
		c, ok := p.core.(*closure)
		if !ok || slices.ContainsFunc(cores, func(d *closure) bool { return same(c, d) }) {
			continue
		}
		cores = append(cores, c)
		if m.mayDelegate(c.fn) && m.simulate(c, &simulation{}).strayed {
			return shortName(c.fn.Name) + " hands requests on to handlers that could not be made out"
		}
	}
	if c := m.carver(r.handler, 0); c != nil {
		return shortName(c.fn.Name) + " tells requests apart by pieces of their path that could not be followed"
	}
	if len(cores) > 1 {
		return "requests are handed on to one of several handlers (" + shortName(cores[0].fn.Name) + ", " + shortName(cores[1].fn.Name) + " …), and which path leads to which could not be made out"
	}
	return ""
}

// carver is the function below a handler's wrappers that compares pieces of the
// path with constants; nil if none does.
func (m *machine) carver(v value, depth int) *closure {
	x, ok := v.(*closure)
	if o, isObject := v.(*object); isObject {
		x, ok = m.serving(o), true
	}
	if !ok || x == nil || depth > 8 {
		return nil
	}
	c := m.handlerOf(x)
	s := &simulation{}
	if m.target != nil {
		s.path, s.method = m.target.path, m.target.method
	}
	if m.mayDelegate(c.fn) && m.simulate(c, s).carved {
		return c
	}
	for _, v := range m.rest(c) {
		if c := m.carver(v, depth+1); c != nil {
			return c
		}
	}
	return nil
}

// serving is the method by which an object answers requests; nil if it has none.
func (m *machine) serving(o *object) *closure {
	if fn := m.method(o.t, "ServeHTTP"); fn != nil {
		return &closure{fn: fn, recv: m.descend(o, fn)}
	}
	return nil
}

// rest are the routes for what is left of a subtree, as unresolved if it is not
// known what is.
func rest(rts []routes.Route, lost, full string) []routes.Route {
	if lost == "" {
		return rts
	}
	for i := range rts {
		rt := &rts[i]
		rt.Path = joinPath(full, "{unresolved}")
		if rt.Path == "/" || !strings.HasPrefix(rt.Path, "/") {
			rt.Path = "/{unresolved}"
		}
		rt.Reason = strings.TrimPrefix(rt.Reason+"; "+lost, "; ")
		rt.Access = routes.Unresolved // what it asks some callers for is nothing it asks all for
	}
	return rts
}

// madeByLibrary reports whether an expression is a handler that a library makes on
// the spot, as expvar.Handler() does.
func (m *machine) madeByLibrary(n *program.Node) bool {
	return n.Op == program.Call && n.K[0].Op == program.Global && !m.isOwn(pkgOf(n.K[0].S))
}

// isPath reports whether a value is a request's path that is not known.
func (m *machine) isPath(v value) bool {
	u, ok := v.(*unknown)
	return ok && u.part == partPath
}
