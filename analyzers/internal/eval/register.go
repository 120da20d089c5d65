package eval

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/importpath"
	"github.com/launchgate/launchgate/analyzers/internal/program"
)

func itoa(n int) string { return strconv.Itoa(n) }

const (
	chainType = "middleware chain"
	// chainEndType is a handler among the middleware of a negroni, of which the
	// last answers.
	chainEndType = "end of a middleware chain"
)

func (m *machine) newRouter(f *family, t string, p place) *router {
	m.seq++
	r := &router{fam: f, t: t, created: m.seq, pos: p, via: m.via(), isRoot: true, conds: slices.Clone(m.conds)}
	if len(m.stack) > 0 {
		r.in = strings.TrimRight(shortName(m.stack[len(m.stack)-1].fn.Name), "$0123456789")
	}
	m.routers = append(m.routers, r)
	return r
}

func (m *machine) defaultMux() *router {
	if v, ok := m.globals["net/http.DefaultServeMux"].(*router); ok {
		return v
	}
	r := m.newRouter(known("net/http"), "net/http.ServeMux", place{})
	m.globals["net/http.DefaultServeMux"] = r
	return r
}

// via lists the calls that led to what is being called now, the innermost first.
func (m *machine) via() []place {
	var out []place
	for i := len(m.stack) - 1; i >= 0 && len(out) < maxVia; i-- {
		if at := m.stack[i].at; at.line > 0 {
			out = append(out, at)
		}
	}
	return out
}

// maxVia bounds the calls remembered of one registration.
const maxVia = 8

// strayRouter is the router used where the program's own could not be followed.
func (m *machine) strayRouter(f *family, t string, recv value, n *program.Node, c call) *router {
	var one *router
	count := 0
	for _, r := range m.routers {
		if r.fam == f && r.isRoot && !strings.HasPrefix(r.name, "stray") {
			one = r
			count++
		}
	}
	_, _, tn := split(t)
	if count == 1 && !strings.Contains(tn, "Group") {
		return one
	}
	r := m.newRouter(f, t, c.pos)
	r.name = "stray"
	return r
}

// library carries out what library functions do to routers; ok is false if the
// function is none of them.
func (m *machine) library(name string, recv value, c call) (value, bool) {
	pkg, typ, fn := split(name)
	if typ == "" {
		switch name {
		case "net/http.Handle", "net/http.HandleFunc":
			return m.routerOp(m.defaultMux(), fn, c), true
		case "net/http.StripPrefix":
			if len(c.args) == 2 {
				p, _ := asString(c.args[0])
				return &wrapped{mw: &external{name: name, pos: c.pos}, inner: c.args[1], pos: c.pos, strip: p}, true
			}
		case "net/http.ListenAndServe", "net/http.ListenAndServeTLS", "net/http.Serve", "net/http.ServeTLS", "net/http/fcgi.Serve", "net/http/cgi.Serve",
			"net/http/httptest.NewServer", "net/http/httptest.NewTLSServer", "net/http/httptest.NewUnstartedServer",
			fasthttpPkg + ".ListenAndServe", fasthttpPkg + ".ListenAndServeTLS", fasthttpPkg + ".Serve":
			if i := servedArgument(name); i < len(c.args) {
				m.serve(c.args[i], c.pos)
			}
			if strings.Contains(name, "/httptest.") {
				return nil, false // what it returns is looked at
			}
			return nilValue{}, true
		case "net/http.HandlerFunc":
			if len(c.args) == 1 {
				return c.args[0], true
			}
		case "github.com/justinas/alice.New", "github.com/go-chi/chi.Chain", "github.com/go-chi/chi/v5.Chain", "github.com/zeromicro/go-zero/rest/chain.New":
			return &object{t: chainType, f: map[string]value{"mws": &list{e: c.args}}}, true
		case "github.com/zeromicro/go-zero/rest.ToMiddleware":
			if len(c.args) == 1 {
				return c.args[0], true
			}
		case "os.Exit", "log.Fatal", "log.Fatalf", "log.Fatalln", "log.Panic":
			return stop{}, true
		}
		switch importpath.Unversioned(pkg) {
		case "github.com/urfave/negroni", "github.com/codegangsta/negroni":
			switch fn {
			case "New", "Classic":
				mws := c.args
				if fn == "Classic" {
					mws = []value{&external{name: pkg + ".NewStatic", called: true, args: []value{str("public")}, pos: c.pos}}
				}
				return &object{t: chainType, f: map[string]value{"mws": &list{e: mws}}}, true
			case "Wrap", "WrapFunc":
				if len(c.args) == 1 {
					return &object{t: chainEndType, f: map[string]value{"handler": c.args[0]}}, true
				}
			case "HandlerFunc":
				if len(c.args) == 1 {
					return c.args[0], true
				}
			}
		}
		if fn == "Profiler" && importpath.Unversioned(pkg) == "github.com/go-chi/chi/middleware" {
			return m.profiler(c), true
		}
		if v, ok := m.grpcFunc(name, c); ok {
			return v, true
		}
		if v, ok := m.container(pkg, fn, c); ok {
			return v, true
		}
		if v, ok := m.humaFunc(pkg, fn, c); ok {
			return v, true
		}
		if v, ok := m.mvcFunc(pkg, fn, c); ok {
			return v, true
		}
		if v, ok := m.goframeFunc(pkg, fn, c); ok {
			return v, true
		}
		if v, ok := m.beegoFunc(known(pkg), fn, c); ok {
			return v, true
		}
		if f := known(pkg); f != nil {
			if slices.Contains(f.news, fn) {
				if f.id == "routegroup" {
					r := m.newRouter(f, pkg+".Bundle", c.pos)
					if len(c.args) > 0 {
						if base, ok := c.args[0].(*router); ok {
							r.parents = append(r.parents, edge{to: base, seq: m.seq, around: true})
							r.isRoot = false
							if fn == "Mount" && len(c.args) > 1 {
								r.parents[0].prefix, _ = asString(c.args[1])
							}
						}
					}
					return r, true
				}
				return m.madeWith(m.newRouter(f, pkg+"."+f.types[0], c.pos), c), true
			}
			switch fn {
			case "WrapF", "WrapH", "WrapHandler", "WrapMiddleware", "HandlerFunc":
				if len(c.args) > 0 {
					return c.args[0], true
				}
			case "Wrap":
				if f.id == "routegroup" && len(c.args) > 0 {
					h := c.args[0]
					for i := len(c.args) - 1; i > 0; i-- {
						h = m.wrap(c.args[i], h, c)
					}
					return h, true
				}
			case "Walk", "Logger", "Recovery":
				return nil, false
			}
		}
		if strings.HasSuffix(pkg, "adaptor") && len(c.args) > 0 {
			return c.args[0], true
		}
	} else {
		switch name {
		case "sync.Once.Do":
			if len(c.args) > 0 {
				return m.callValue(c.args[0], call{n: &program.Node{}, f: c.f, pos: c.pos}), true
			}
		case "net/http.Server.ListenAndServe", "net/http.Server.Serve", "net/http.Server.ListenAndServeTLS", "net/http.Server.ServeTLS":
			if withoutHandler(recv) {
				m.servesDefault(c.pos)
			}
			return nilValue{}, true
		}
		if v, ok := m.container(pkg, fn, c); ok {
			return v, true
		}
	}
	return nil, false
}

// madeWith is a new router with what the options say that it is made with.
func (m *machine) madeWith(r *router, c call) value {
	switch r.fam.id {
	case "gateway":
		for _, o := range c.args {
			if e, ok := o.(*external); ok && lastName(e.name) == "WithMiddlewares" {
				for _, a := range e.args {
					r.mws = append(r.mws, m.middlewares(a, c.extentOf(a), "")...)
				}
			}
		}
	case "bunrouter":
		for _, o := range c.args {
			if e, ok := o.(*external); ok && (lastName(e.name) == "Use" || lastName(e.name) == "WithMiddleware") {
				r.mws = append(r.mws, m.middlewares(&list{e: e.args}, extent{place: e.pos}, "")...)
			}
		}
	case kratosID:
		return m.kratosServer(r, c)
	case "go-zero":
		m.goZeroServer(r, c)
	}
	return m.based(r, c)
}

// goZeroServer gives a new server the chain, the router and the files that its
// options say.
func (m *machine) goZeroServer(r *router, c call) {
	for _, o := range c.args {
		e, ok := o.(*external)
		if !ok || len(e.args) == 0 {
			continue
		}
		switch lastName(e.name) {
		case "WithChain":
			r.mws = append(r.mws, m.middlewares(e.args[0], extent{place: e.pos}, "")...)
		case "WithRouter":
			if to, ok := e.args[0].(*router); ok {
				m.attach(r, to, "", nil)
				r.parents[0].around = true
			}
		case "WithFileServer":
			m.staticRoutes(m.rootOf(r), "static", call{n: c.n, f: c.f, pos: e.pos, args: e.args})
		}
	}
}

// based is a new router with the path before all of its routes that an option of
// hertz gives it.
func (m *machine) based(r *router, c call) *router {
	for _, o := range c.args {
		if e, ok := o.(*external); ok && lastName(e.name) == "WithBasePath" && len(e.args) > 0 {
			g, _ := m.group(r, "group", call{n: c.n, f: c.f, pos: c.pos, args: e.args[:1]}).(*router)
			g.t = r.t
			return g
		}
	}
	return r
}

// chainOp is justinas/alice and negroni.
func (m *machine) chainOp(o *object, name string, c call) value {
	mws, _ := o.f["mws"].(*list)
	if mws == nil {
		mws = &list{}
	}
	switch name {
	case "Append", "With", "Use", "UseFunc":
		n := &list{e: append(append([]value(nil), mws.e...), c.args...)}
		if strings.HasPrefix(name, "Use") {
			o.f["mws"] = n
			return o
		}
		return &object{t: chainType, f: map[string]value{"mws": n}}
	case "Prepend":
		return &object{t: chainType, f: map[string]value{"mws": &list{e: append(slices.Clone(c.args), mws.e...)}}}
	case "Extend":
		if len(c.args) == 1 {
			if p, ok := c.args[0].(*object); ok && p.t == chainType {
				q, _ := p.f["mws"].(*list)
				if q != nil {
					return &object{t: chainType, f: map[string]value{"mws": &list{e: append(append([]value(nil), mws.e...), q.e...)}}}
				}
			}
		}
		return o
	case "Then", "ThenFunc", "UseHandler", "UseHandlerFunc", "Handler", "HandlerFunc":
		if len(c.args) == 0 {
			return o
		}
		h := c.args[0]
		for i := len(mws.e) - 1; i >= 0; i-- {
			h = m.wrap(mws.e[i], h, c)
		}
		if strings.HasPrefix(name, "Use") {
			o.f["handler"] = h
			return h
		}
		return h
	case "Run":
		m.serve(o, c.pos)
	}
	return o
}

// chainHandler is what a chain does that is used as a handler.
func (m *machine) chainHandler(o *object) value {
	if h := o.f["handler"]; h != nil {
		return h
	}
	mws, _ := o.f["mws"].(*list)
	if mws == nil {
		return nil
	}
	var h value
	for i := len(mws.e) - 1; i >= 0; i-- {
		if end, ok := mws.e[i].(*object); ok && end.t == chainEndType {
			if h == nil {
				h = end.f["handler"]
			}
			continue
		}
		if h != nil {
			h = m.wrap(mws.e[i], h, call{n: &program.Node{}})
		}
	}
	return h
}

// wrap puts a handler into a middleware.
func (m *machine) wrap(mw, h value, c call) value {
	switch x := mw.(type) {
	case *closure:
		if m.isHandler(x) { // negroni's take the request beside the next handler
			return &wrapped{mw: mw, inner: h, pos: c.pos}
		}
		v := m.callFunc(x, call{n: &program.Node{}, f: c.f, args: []value{h}, pos: c.pos})
		if _, isU := v.(*unknown); isU {
			return &wrapped{mw: mw, inner: h, pos: c.pos}
		}
		if t, ok := v.(tuple); ok && len(t) == 0 {
			return &wrapped{mw: mw, inner: h, pos: c.pos}
		}
		return v
	}
	return &wrapped{mw: mw, inner: h, pos: c.pos}
}

// row is an entry of a table of the program: what it says of paths, and where.
type row struct {
	paths []string
	at    place
}

// row enters an entry of a table that is gone through; the result leaves it.
func (m *machine) row(in, key, v value) func() {
	var r row
	switch t := in.(type) {
	case *table:
		r.at = t.at[keyOf(key)]
		r.paths = stringsOf(key)
	}
	if o, ok := v.(*object); ok && o.literal {
		if r.at.line == 0 {
			r.at = o.at
		}
		for _, x := range o.f {
			r.paths = append(r.paths, stringsOf(x)...)
		}
	}
	m.rows = append(m.rows, r)
	return func() { m.rows = m.rows[:len(m.rows)-1] }
}

// rowOf is where the table entry stands that a path being registered is from.
func (m *machine) rowOf(path string) place {
	for i := len(m.rows) - 1; i >= 0; i-- {
		if slices.ContainsFunc(m.rows[i].paths, func(s string) bool {
			if method, pattern, ok := strings.Cut(s, " "); ok && methods[method] {
				s = strings.TrimSpace(pattern) // as of net/http
			}
			return s == path && s != "" || len(s) > 1 && strings.HasSuffix(path, s) && !methods[s]
		}) {
			return m.rows[i].at
		}
	}
	return place{}
}

var methods = map[string]bool{"GET": true, "POST": true, "PUT": true, "PATCH": true, "DELETE": true, "HEAD": true, "OPTIONS": true, "CONNECT": true, "TRACE": true,
	"PROPFIND": true, "REPORT": true, "MKCOL": true, "LOCK": true, "UNLOCK": true, "PROPPATCH": true, "COPY": true, "MOVE": true, "LINK": true, "UNLINK": true, "QUERY": true, "SEARCH": true, "PURGE": true, "ANY": true}

func (m *machine) add(r *router, method, p string, h value, mws []value, c call) *record {
	if len(m.records) >= maxRoutes {
		m.lacks("more than " + itoa(maxRoutes) + " registrations: the others are not listed")
		return &record{r: r}
	}
	m.seq++
	rec := &record{r: r, method: strings.ToUpper(method), path: p, handler: h, pos: c.pos, via: m.via(), seq: m.seq, conds: slices.Clone(m.conds)}
	switch h.(type) {
	case *closure, *wrapped, *external:
		rec.conds = distinctConditions(rec.conds, m.only[h])
	}
	if at := m.rowOf(p); at.line > 0 {
		rec.via = append([]place{rec.pos}, rec.via...)
		rec.pos = at
	}
	for _, mw := range mws {
		rec.mws = append(rec.mws, m.middlewares(mw, c.extentOf(mw), "")...)
	}
	m.records = append(m.records, rec)
	return rec
}

// extent is a piece of code that attaches something: its first line and its last.
type extent struct {
	place
	end int32
}

// extentOf is the argument of a call that a value was given as, the whole call
// where it is none of them.
func (c call) extentOf(v value) extent {
	if c.n == nil || len(c.n.K) == 0 {
		return extent{place: c.pos}
	}
	if args := c.n.K[1:]; len(args) == len(c.args) {
		for i, a := range args {
			if a.Line >= c.pos.line && same(c.args[i], v) {
				return extent{place{c.pos.file, a.Line}, lastOwnLine(a)}
			}
		}
	}
	e := extent{place: c.pos}
	for _, a := range c.n.K[1:] {
		e.end = max(e.end, lastOwnLine(a))
	}
	return e
}

// within is the part of an extent that begins at a place, all of it if the place
// is not in it.
func (e extent) within(p place) extent {
	if p.file == e.file && e.line < p.line && p.line <= e.end {
		e.line = p.line
	}
	return e
}

// lastOwnLine is the last line of an expression without its function literals:
// what they do is looked at as code of their own.
func lastOwnLine(n *program.Node) int32 {
	if n == nil {
		return 0
	}
	last := n.Line
	if n.Op == program.Lit {
		return last
	}
	for _, k := range n.K {
		last = max(last, lastOwnLine(k))
	}
	return last
}

// middlewares flattens a value into the middleware it holds.
func (m *machine) middlewares(v value, p extent, prefix string) []middleware {
	switch x := v.(type) {
	case *list:
		var out []middleware
		for _, e := range x.e {
			out = append(out, m.middlewares(e, p, prefix)...)
		}
		return out
	case nilValue, constant, nil:
		return nil
	case *object:
		if x.t == chainType {
			return m.middlewares(x.f["mws"], p, prefix)
		}
	case *external:
		if l := x.elements(); l != nil {
			return m.middlewares(l, p.within(x.pos), prefix)
		}
	}
	var out []middleware
	for _, c := range m.choices(v) {
		m.seq++
		at := p
		if x, ok := c.v.(*external); ok {
			at = p.within(x.pos)
		}
		out = append(out, middleware{v: c.v, pos: at.place, end: at.end, via: m.via(), seq: m.seq, prefix: prefix, conds: distinctConditions(m.conds, c.conds)})
	}
	return out
}

// elements are those of a literal of a library's slice; nil of anything else.
func (x *external) elements() *list {
	if !x.called || x.t != x.name || len(x.args) == 0 {
		return nil
	}
	if _, isField := x.args[0].(fieldArg); isField {
		return nil
	}
	return &list{t: x.t, e: x.args}
}

// listed is a list, of whatever type; nil of what is none.
func listed(v value) *list {
	switch x := v.(type) {
	case *list:
		return x
	case *external:
		return x.elements()
	}
	return nil
}

// paths are the strings an argument may be; an unknown one is shown as such.
func paths(v value) []string {
	if ss := stringsOf(v); len(ss) > 0 {
		return ss
	}
	return []string{"/{unresolved}"}
}

// methodNames are the methods an argument may name, "*" if it cannot be told.
func methodNames(v value) []string {
	if ss := stringsOf(v); len(ss) > 0 && !slices.Contains(ss, "") {
		return ss
	}
	return []string{"*"}
}

// routerOp is a call of a router's method: what its library's table of verbs
// says that it does.
func (m *machine) routerOp(r *router, name string, c call) value {
	if r.fam.id == beegoID && m.beegoOp(r, name, c) {
		return r
	}
	op, before := r.fam.verbs[name], len(m.records)
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
	case "favicon":
		m.favicon(r, c)
	case "configure", "configurein":
		return m.configure(r, op, c)
	case "controller":
		m.controllerOp(r, c)
	case "goframegroup":
		return m.goframeGroup(r, c)
	case "bindmany", "bindmap", "bindrest", "filter", "hook":
		c.name = name
		m.goframeOp(r, op, c)
	case "letoff", "remove", "replace", "clear":
		m.stackOp(r, op, c)
	case "resource":
		return m.resource(r, c)
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
	case "skip":
		if r.ctl != nil {
			for _, a := range c.args {
				for _, name := range stringsOf(a) {
					r.ctl.reserved[name] = true
				}
			}
		}
	case "any":
		m.handleEach(r, "*", c)
	default:
		if strings.HasPrefix(op, "bind ") {
			c.name = name
			m.goframeOp(r, op, c)
			break
		}
		m.handleEach(r, op, c)
	}
	if r.fam.single && len(m.records) > before {
		return &added{slices.Clone(m.records[before:])}
	}
	return r
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
	at := value(str("/favicon.ico"))
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

func joinPath(a, b string) string {
	switch {
	case a == "" || a == "/" && strings.HasPrefix(b, "/"):
		return b
	case b == "" || b == "/":
		return a
	}
	return strings.TrimSuffix(a, "/") + "/" + strings.TrimPrefix(b, "/")
}
