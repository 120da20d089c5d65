package eval

import (
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

func joinPath(a, b string) string {
	switch {
	case a == "" || a == "/" && strings.HasPrefix(b, "/"):
		return b
	case b == "" || b == "/":
		return a
	}
	return strings.TrimSuffix(a, "/") + "/" + strings.TrimPrefix(b, "/")
}
