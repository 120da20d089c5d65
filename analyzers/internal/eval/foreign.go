package eval

import (
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/importpath"
	"github.com/launchgate/launchgate/analyzers/internal/program"
	"github.com/launchgate/launchgate/analyzers/routes"
)

// Libraries of which nothing is known may route too. Where one is given a path and
// what answers it, that is a route whose prefix and guards are not known; where one
// only serves, that something is served must be said.

// frameworks are libraries that serve HTTP in ways that are not followed, without
// major versions: what they serve is not known even where no path is seen.
var frameworks = []string{
	"github.com/go-kratos/kratos/transport/http", "github.com/gobuffalo/buffalo", "github.com/gogf/gf/net/ghttp", "github.com/gogf/gf/frame/g",
	"github.com/revel/revel", "github.com/gramework/gramework", "github.com/go-martini/martini", "gopkg.in/macaron", "github.com/go-macaron/macaron", "gitea.com/macaron/macaron",
	"github.com/emicklei/go-restful", "goa.design/goa", "github.com/twitchtv/twirp", "github.com/savsgio/atreugo", "github.com/fasthttp/router", "github.com/buaazp/fasthttprouter",
	"github.com/qiangxue/fasthttp-routing", "github.com/go-ozzo/ozzo-routing", "github.com/uptrace/bunrouter", "github.com/bmizerany/pat", "github.com/gorilla/pat", "goji.io", "github.com/zenazn/goji",
	"github.com/gocraft/web", "github.com/hoisie/web", "github.com/lunny/tango", "github.com/go-playground/lars", "github.com/go-playground/pure", "github.com/husobee/vestigo",
	"github.com/celrenheit/lion", "github.com/nbari/violetear", "github.com/vardius/gorouter", "github.com/aerogo/aero", "github.com/aofei/air", "github.com/gookit/rux", "github.com/go-zoo/bone",
	"github.com/lovego/goa", "github.com/swaggest/rest/web", "github.com/go-fuego/fuego", "github.com/matryer/way", "github.com/alexedwards/flow", "github.com/oxtoacart/bpool", "github.com/ant0ine/go-json-rest/rest",
	"github.com/lucas-clemente/quic-go/h2quic", "gofr.dev/pkg/gofr", "github.com/pocketbase/pocketbase", "github.com/micro/micro", "go-micro.dev/v4/web", "github.com/micro/go-micro/web",
}

// unversionedFrameworks are those without their major versions.
var unversionedFrameworks = func() map[string]bool {
	out := map[string]bool{}
	for _, f := range frameworks {
		out[importpath.Unversioned(f)] = true
	}
	return out
}()

// isFramework reports whether an import path without its version is of one of them.
func isFramework(base string) bool {
	return unversionedFrameworks[base] || slices.ContainsFunc(frameworks, func(f string) bool {
		return len(base) > len(f) && base[len(f)] == '/' && strings.HasPrefix(base, f)
	})
}

// foreignUse is where a library that serves in ways that are not followed is used.
type foreignUse struct {
	pkg string
	at  place
	via []place
	// serves: a server seems to be started there.
	serves bool
}

// beyond reports whether a package is a library's that is not described.
func (m *machine) beyond(pkg string) bool {
	first, _, _ := strings.Cut(pkg, "/")
	return strings.Contains(first, ".") && known(pkg) == nil && !m.isOwn(pkg) && !strings.HasPrefix(pkg, "golang.org/x/") && !commandsOfBots(pkg)
}

// foreign is told of a call of a library's function that nothing is known of.
// bundle says that the function it was given has added routes. It reports whether
// it has added one.
func (m *machine) foreign(name string, recv value, c call, bundle bool) bool {
	pkg, _, fn := split(name)
	if !m.beyond(pkg) {
		return false
	}
	added := !bundle && m.foreignRoute(pkg, fn, recv, c)
	m.entrusts(pkg, fn, c)
	m.handsRouter(pkg, fn, c)
	base := importpath.Unversioned(pkg)
	use := foreignUse{pkg: base, at: c.pos, via: m.via(), serves: starts(fn, c.args)}
	if !use.serves && !isFramework(base) {
		return added
	}
	if i := slices.IndexFunc(m.foreignUses, func(u foreignUse) bool { return u.pkg == base }); i < 0 {
		m.foreignUses = append(m.foreignUses, use)
	} else if use.serves && !m.foreignUses[i].serves {
		m.foreignUses[i] = use
	}
	return added
}

// listed reports whether a library's value, or what it was made of, has routes that
// are listed.
func (m *machine) listed(x *external) bool {
	root, _ := foreignRoot(x)
	return m.foreignRouters[root] != nil
}

// starts reports whether a call seems to start a server: it is called so, and
// told no more than where.
func starts(fn string, args []value) bool {
	switch lastName(fn) {
	case "Listen", "ListenAndServe", "ListenAndServeTLS", "Serve", "ServeTLS", "Run", "RunTLS", "Start", "StartTLS", "ServeHTTP":
	default:
		return false
	}
	return slices.ContainsFunc(args, func(v value) bool {
		s, ok := asString(v)
		i := strings.LastIndexByte(s, ':')
		return ok && i >= 0 && i < len(s)-1 && strings.Trim(s[i+1:], "0123456789") == ""
	})
}

// foreignRoute adds a route where a library is given a path and what answers it.
func (m *machine) foreignRoute(pkg, fn string, recv value, c call) bool {
	if strings.Contains(resultType(c), "func(") || strings.Contains(resultType(c), "Handler") || strings.Contains(fn, "Wrap") {
		return false // it makes something of the handler
	}
	at := slices.IndexFunc(c.args, func(v value) bool { s, ok := asString(v); _, _, path := pathIn(s); return ok && path })
	if at < 0 || at > 1 {
		return false
	}
	s, _ := asString(c.args[at])
	method, p, _ := pathIn(s)
	if at == 1 {
		if first, ok := asString(c.args[0]); ok && methods[strings.ToUpper(first)] {
			method = strings.ToUpper(first)
		}
	}
	if !routesBy(lastName(fn), method) {
		return false
	}
	if up := strings.ToUpper(strings.TrimSuffix(lastName(fn), "Func")); methods[up] && method == "*" && up != "ANY" {
		method = up
	}
	var h value
	for _, a := range slices.Backward(c.args[at+1:]) {
		if l, ok := a.(*list); ok && len(l.e) > 0 {
			a = l.e[len(l.e)-1]
		}
		if m.answersForeign(pkg, a) {
			h = a
			break
		}
	}
	if h == nil {
		return false
	}
	root, prefix := foreignRoot(recv)
	r := m.foreignRouters[root]
	if r == nil {
		at := c.pos
		if root != nil && root.pos.line > 0 {
			at = root.pos
		}
		r = m.newRouter(known("net/http"), "net/http.ServeMux", at)
		if m.foreignRouters == nil {
			m.foreignRouters = map[*external]*router{}
		}
		m.foreignRouters[root] = r
	}
	rec := m.add(r, method, joinPath(joinPath(m.foreignPrefix, prefix), p), h, nil, c)
	rec.foreign = importpath.Unversioned(pkg)
	return true
}

// pathIn reads what may be a route's pattern: a path, or a method and one.
func pathIn(s string) (method, path string, ok bool) {
	if m, p, found := strings.Cut(s, " "); found && methods[strings.ToUpper(m)] && strings.HasPrefix(p, "/") {
		return strings.ToUpper(m), p, true
	}
	return "*", s, strings.HasPrefix(s, "/") && !strings.ContainsAny(s, " \n")
}

// routesBy reports whether a function is named as those that add routes are.
func routesBy(fn, method string) bool {
	ws := words(fn)
	if len(ws) == 0 {
		return false
	}
	if methods[strings.ToUpper(ws[0])] {
		return true
	}
	return slices.ContainsFunc(ws, func(w string) bool {
		switch w {
		case "handle", "handler", "route", "routes", "bind", "any", "all", "endpoint", "resource", "match", "add", "map", "rest", "controller", "register", "path":
			return true
		}
		return w == "on" && method != "*"
	})
}

// answersForeign reports whether a value looks like what answers a library's requests:
// it takes one, or what the library makes of it.
func (m *machine) answersForeign(pkg string, v value) bool {
	takes := func(fn *function) bool {
		return slices.ContainsFunc(fn.Params, func(p program.Param) bool {
			if k := requestKind(p.Type); k != "" {
				return k != "ctx"
			}
			in, _, name := split(p.Type)
			switch name {
			case "Response", "Client", "Message", "Msg", "Event", "Error":
				return false
			}
			return p.Type == "" || in != "" && moduleRoot(in) == moduleRoot(pkg)
		})
	}
	switch x := v.(type) {
	case *closure:
		return takes(x.fn)
	case *object:
		for _, fn := range m.methods[x.t] {
			if takes(fn) && len(fn.Params) > 0 && fn.Params[0].Type != "" {
				return true
			}
		}
	case *wrapped, *router:
		return true
	}
	return false
}

// sameLibrary reports whether two packages are of one library, as far as paths tell.
func sameLibrary(a, b string) bool {
	return moduleRoot(a) == moduleRoot(b) || strings.HasPrefix(a, b+"/") || strings.HasPrefix(b, a+"/")
}

// moduleRoot is the part of an import path that a library's packages share.
func moduleRoot(pkg string) string {
	parts := strings.Split(importpath.Unversioned(pkg), "/")
	n := 2
	if len(parts) > 2 && (strings.HasPrefix(pkg, "github.com/") || strings.HasPrefix(pkg, "gitlab.com/") || strings.HasPrefix(pkg, "bitbucket.org/") || strings.HasPrefix(pkg, "gitea.com/")) {
		n = 3
	}
	return strings.Join(parts[:min(n, len(parts))], "/")
}

// foreignRoot is what a chain of a library's values begins with, and the path
// that it was told on the way.
func foreignRoot(v value) (root *external, prefix string) {
	for x, ok := v.(*external); ok && x != nil; x, ok = x.recv.(*external) {
		root = x
		if x.called && groups(lastName(x.name)) {
			for _, a := range x.args {
				if s, isString := asString(a); isString && strings.HasPrefix(s, "/") {
					prefix = joinPath(s, prefix)
					break
				}
			}
		}
	}
	return root, prefix
}

// groups reports whether a function is named as those that make a part of a router are.
func groups(fn string) bool {
	return slices.ContainsFunc(words(fn), func(w string) bool {
		switch w {
		case "group", "route", "router", "party", "prefix", "mount", "namespace", "sub", "subrouter", "version", "scope", "path":
			return true
		}
		return false
	})
}

// below runs what a library calls back with a part of its router; the result ends that.
func (m *machine) belowForeign(name string, c call) func() {
	pkg, _, fn := split(name)
	was := m.foreignPrefix
	if m.beyond(pkg) && groups(lastName(fn)) {
		for _, a := range c.args {
			if s, ok := asString(a); ok && strings.HasPrefix(s, "/") {
				m.foreignPrefix = joinPath(was, s)
				break
			}
		}
	}
	return func() { m.foreignPrefix = was }
}

// ofForeign says of a route that a library has of which nothing is known what is
// not known of it.
func ofForeign(rt *routes.Route, r *record) {
	if r.foreign == "" || rt.Access != routes.Public {
		return
	}
	rt.Access = routes.Unresolved
	rt.Reason = strings.TrimPrefix(rt.Reason+"; it is given to "+r.foreign+", of which nothing is known: where it is served and what guards it there could not be made out", "; ")
}

// servedByForeign adds a route for each library that serves in ways that are not
// followed and none of whose routes was seen. What only seems to serve counts where
// there is nothing else.
func (m *machine) servedByForeign() {
	for _, u := range m.foreignUses {
		listed := slices.ContainsFunc(m.records, func(r *record) bool { return r.foreign != "" && sameLibrary(r.foreign, u.pkg) })
		framework := isFramework(u.pkg)
		for base := range m.routedBy {
			listed = listed || sameLibrary(base, u.pkg)
		}
		for _, r := range m.records {
			for _, p := range m.peel(r.handler, 0) {
				x, ok := p.core.(*external)
				listed = listed || ok && sameLibrary(importpath.Unversioned(pkgOf(x.name)), u.pkg)
			}
		}
		if listed || !framework && len(m.records) > 0 {
			continue
		}
		r := m.newRouter(known("net/http"), "net/http.ServeMux", u.at)
		rec := m.add(r, "*", "/", &external{name: u.pkg + ".Server", called: true, pos: u.at}, nil, call{n: &program.Node{}, pos: u.at})
		rec.via, rec.subtree, rec.served, rec.seq = u.via, true, true, 0
		rec.lost = u.pkg + " is used here, of which nothing is known: what it serves could not be made out"
	}
}

// registersForeign reports whether code gives a path and a function to something
// that may be a router of a library nothing is known of.
func (m *machine) registersForeign(n *program.Node) bool {
	if n.Op != program.Call || len(n.K) < 3 {
		return false
	}
	fun := n.K[0]
	switch fun.Op {
	case program.Method, program.Field:
		if fun.T != "" && !m.beyond(pkgOf(fun.T)) {
			return false
		}
	case program.Global:
		if !m.beyond(pkgOf(fun.S)) {
			return false
		}
	default:
		return false
	}
	path := slices.IndexFunc(n.K[1:], func(a *program.Node) bool {
		_, _, ok := pathIn(a.S)
		return a.Op == program.Const && a.T == "string" && ok
	})
	if path < 0 || path > 1 || path+2 >= len(n.K) {
		return false
	}
	method, _, _ := pathIn(n.K[path+1].S)
	return routesBy(lastName(fun.S), method) || groups(lastName(fun.S))
}

// entrusts notes the handlers that a library's function is given: where nothing
// else is seen to answer with them, the library does.
func (m *machine) entrusts(pkg, fn string, c call) {
	t := resultType(c)
	if strings.Contains(t, "Handler") || strings.Contains(t, "func(") {
		return // it makes something of the handler
	}
	strong := serves(pkg, lastName(fn))
	for _, a := range c.args {
		switch x := a.(type) {
		case *object:
			if !m.servesHTTP(x) || t == "" && !strong {
				continue
			}
		case *closure:
			if !strong || !answersHTTP(x.fn) {
				continue
			}
		case *wrapped, *router:
			if !strong {
				continue
			}
		default:
			continue
		}
		m.entrusted = append(m.entrusted, serving{a, c.pos, m.via()})
	}
}

// serves reports whether a library's function is named as those that answer
// requests with what they are given, or make what does.
func serves(pkg, fn string) bool {
	ws := words(fn)
	if fn == "New" || strings.HasPrefix(fn, "NewV") {
		ws = words(lastPart(importpath.Unversioned(pkg)))
	}
	return slices.ContainsFunc(ws, func(w string) bool {
		switch w {
		case "listen", "serve", "server", "run", "start", "https", "proxy", "lambda", "adapter", "httpadapter":
			return true
		}
		return strings.HasSuffix(w, "adapter") || strings.HasSuffix(w, "server")
	})
}

// answersHTTP reports whether a function is a handler of the standard library's kind.
func answersHTTP(fn *function) bool {
	return len(fn.Params) == 2 && requestKind(fn.Params[0].Type) == "w" && requestKind(fn.Params[1].Type) == "r"
}

// serveEntrusted serves the handlers that libraries were given and that nothing
// else is seen to answer with.
func (m *machine) serveEntrusted() {
	if len(m.entrusted) == 0 {
		return
	}
	var used []*function
	routed := map[*router]bool{}
	add := func(v value) {
		for _, p := range m.peel(v, 0) {
			for _, l := range p.layers {
				if l.applied != nil {
					used = append(used, l.applied.fn)
				}
			}
			switch x := p.core.(type) {
			case *closure:
				used = append(used, x.fn)
			case *router:
				routed[x] = true
			}
		}
	}
	for _, s := range m.served {
		add(s.v)
	}
	for _, r := range m.records {
		add(r.handler)
	}
	for _, s := range m.entrusted {
		known := false
		for _, p := range m.peel(s.v, 0) {
			for _, l := range p.layers {
				known = known || l.applied != nil && slices.Contains(used, l.applied.fn)
			}
			switch x := p.core.(type) {
			case *closure:
				known = known || slices.Contains(used, x.fn) && !x.fn.Literal
			case *router:
				known = known || routed[x]
			}
		}
		if !known {
			m.served = append(m.served, s)
		}
	}
}
