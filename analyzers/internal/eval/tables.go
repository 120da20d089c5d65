package eval

import (
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/importpath"
)

// Routes that a library is given as literals of its own type.

// routeTable adds routes given as literals of the library's own type, one or a
// list: go-zero's AddRoutes with its options, echo's AddRoute.
func (m *machine) routeTable(r *router, c call) {
	if len(c.args) == 0 {
		return
	}
	prefix := ""
	var mws []value
	for _, o := range c.args[1:] {
		if e, ok := o.(*external); ok {
			switch lastName(e.name) {
			case "WithPrefix":
				if len(e.args) > 0 {
					prefix, _ = asString(e.args[0])
				}
			case "WithJwt", "WithJwtTransition", "WithSignature":
				mws = append(mws, e)
			}
		}
	}
	for _, x := range m.routeLiterals(c.args[0], nil) {
		if h := x.e.field("Handler"); h != nil {
			p, ok := asString(x.e.field("Path"))
			if !ok {
				p = paths(x.e.field("Path"))[0]
			}
			all := slices.Concat(mws, x.mws)
			if own := x.e.field("Middlewares"); own != nil {
				all = append(all, own)
			}
			for _, meth := range methodNames(x.e.field("Method")) {
				rec := m.add(r, meth, joinPath(prefix, p), h, all, c)
				if at := x.e.pos; at.file == c.pos.file && at.line > rec.pos.line {
					rec.via, rec.pos = append([]place{rec.pos}, rec.via...), at
				}
			}
		}
	}
}

type routeLiteral struct {
	e   *external
	mws []value
}

// routeLiterals finds the routes in a list, also inside go-zero's WithMiddlewares.
func (m *machine) routeLiterals(v value, mws []value) []routeLiteral {
	var out []routeLiteral
	switch x := v.(type) {
	case *list:
		for _, e := range x.e {
			out = append(out, m.routeLiterals(e, mws)...)
		}
	case union:
		for _, e := range x {
			out = append(out, m.routeLiterals(e, mws)...)
		}
	case *external:
		switch lastName(x.name) {
		case "WithMiddlewares", "WithMiddleware":
			if len(x.args) > 0 {
				in := append(slices.Clone(mws), x.args[0])
				for _, a := range x.args[1:] {
					out = append(out, m.routeLiterals(a, in)...)
				}
			}
		default:
			out = append(out, routeLiteral{x, mws})
		}
	}
	return out
}

// field is a field of a literal of a library's type, nil if it was not given.
func (x *external) field(name string) value {
	for _, a := range x.args {
		if fa, ok := a.(fieldArg); ok && fa.name == name {
			return fa.v
		}
	}
	return nil
}

// answering are libraries' middleware that answer requests themselves, files or
// what another server says, and the method that they answer: attached to a router
// they are routes for all below it.
var answering = map[string]string{
	"github.com/gofiber/fiber/middleware/static.New":            "GET",
	"github.com/gofiber/fiber/middleware/filesystem.New":        "GET",
	"github.com/gofiber/fiber/middleware/proxy.Balancer":        "*",
	"github.com/gofiber/fiber/middleware/proxy.Forward":         "*",
	"github.com/gofiber/fiber/middleware/proxy.DomainForward":   "*",
	"github.com/gofiber/fiber/middleware/proxy.BalancerForward": "*",
	"github.com/labstack/echo/middleware.Static":                "GET",
	"github.com/labstack/echo/middleware.StaticWithConfig":      "GET",
	"github.com/labstack/echo/middleware.Proxy":                 "*",
	"github.com/labstack/echo/middleware.ProxyWithConfig":       "*",
	"github.com/gin-contrib/static.Serve":                       "GET",
	"github.com/gin-contrib/static.ServeRoot":                   "GET",
}

// answersBelow adds the route that a middleware is which answers what is below a
// router's path.
func (m *machine) answersBelow(r *router, prefix string, v value, c call) {
	x, ok := v.(*external)
	if !ok {
		return
	}
	pkg, typ, name := split(x.name)
	if typ == "" {
		m.answersAt(r, importpath.Unversioned(pkg)+"."+name, x, c)
	}
	if !x.called {
		return
	}
	method, known := answering[importpath.Unversioned(pkg)+"."+name]
	if !known || typ != "" {
		return
	}
	if strings.HasSuffix(pkg, "gin-contrib/static") && len(x.args) > 0 {
		prefix, _ = asString(x.args[0])
	}
	h := x
	if method == "GET" {
		h = &external{name: staticFiles, args: x.args}
	}
	rec := m.add(r, method, strings.TrimSuffix(prefix, "/")+"/*", h, nil, c)
	rec.static, rec.inChain = method == "GET", true
}

// answeringAt are libraries' middleware that answer requests for certain paths; $
// stands for the path that they are told.
var answeringAt = map[string][]string{
	"github.com/go-chi/chi/middleware.Heartbeat":          {"$"},
	"github.com/go-pkgz/rest.Ping":                        {"/ping"},
	"github.com/go-pkgz/rest.Health":                      {"$"},
	"github.com/gofiber/fiber/middleware/pprof.New":       {"/debug/pprof/*"},
	"github.com/gofiber/fiber/middleware/expvar.New":      {"/debug/vars"},
	"github.com/gofiber/fiber/middleware/healthcheck.New": {"/livez", "/readyz"},
}

// answersAt adds the routes of a middleware that answers certain paths. What comes
// after it in the chain does not guard them.
func (m *machine) answersAt(r *router, name string, x *external, c call) {
	for _, p := range answeringAt[name] {
		if p == "$" {
			if len(x.args) == 0 {
				continue
			}
			p = paths(x.args[0])[0]
		}
		m.add(r, "GET", p, &external{name: x.name, args: x.args}, nil, c).inChain = true
	}
}

// registering are functions that libraries' routers are given to add routes to;
// others that are given one may add what is not known.
var registering = map[string][]string{
	"github.com/gin-contrib/pprof.Register":                                {"/debug/pprof/*"},
	"github.com/gin-contrib/pprof.RouteRegister":                           {"/debug/pprof/*"},
	"github.com/DeanThompson/ginpprof.Wrap":                                {"/debug/pprof/*"},
	"github.com/DeanThompson/ginpprof.Wrapper":                             {"/debug/pprof/*"},
	"github.com/labstack/echo-contrib/pprof.Register":                      {"/debug/pprof/*"},
	"github.com/zsais/go-gin-prometheus.Use":                               {"/metrics"},
	"github.com/labstack/echo-contrib/prometheus.Use":                      {"/metrics"},
	"github.com/ansrivas/fiberprometheus.RegisterAt":                       {"$"},
	"github.com/arl/statsviz.Register":                                     {"/debug/statsviz/*"},
	"github.com/penglongli/gin-metrics/ginmetrics.Use":                     {"/metrics"},
	"github.com/chenjiandongx/ginprom.PromHandler":                         nil,
	"github.com/newrelic/go-agent/integrations/nrgorilla.InstrumentRoutes": nil,
}

// handsRouter is told of a call of a library's function that is not described. It
// may add routes to a router that it is given.
func (m *machine) handsRouter(pkg, fn string, c call) {
	if t := resultType(c); !c.tail && t != "error" || c.n == nil || strings.Contains(t, "Handler") || serves(pkg, lastName(fn)) || strings.HasPrefix(lastName(fn), "Set") {
		return // wraps it, answers with it or keeps it
	}
	for i, a := range c.args {
		r, ok := a.(*router)
		if !ok {
			continue
		}
		ps, known := registering[importpath.Unversioned(pkg)+"."+lastName(fn)]
		for _, p := range ps {
			if p == "$" && i+1 < len(c.args) {
				p = paths(c.args[i+1])[0]
			}
			m.add(r, "GET", p, &external{name: pkg + "." + fn}, nil, c)
		}
		if known {
			return
		}
		p := ""
		for _, o := range c.args {
			if s, ok := asString(o); ok && strings.HasPrefix(s, "/") {
				p = s
			}
		}
		rec := m.add(r, "*", joinPath(p, "/{unresolved}"), &external{name: pkg + "." + fn}, nil, c)
		rec.unclear = "the router is given to " + libraryName(pkg+"."+fn) + ", which may add routes that are not known"
	}
}

// profiler is chi's router of the handlers that profile a program.
func (m *machine) profiler(c call) value {
	const at = "net/http/pprof."
	r := m.newRouter(known("github.com/go-chi/chi"), "github.com/go-chi/chi/v5.Mux", c.pos)
	m.add(r, "GET", "/", &external{name: "net/http.Redirect"}, nil, c)
	m.add(r, "*", "/pprof", &external{name: "net/http.Redirect"}, nil, c)
	m.add(r, "*", "/pprof/*", &external{name: at + "Index"}, nil, c)
	for _, h := range []string{"Cmdline", "Profile", "Symbol", "Trace"} {
		m.add(r, "*", "/pprof/"+strings.ToLower(h), &external{name: at + h}, nil, c)
	}
	m.add(r, "*", "/vars", &external{name: "expvar.Handler"}, nil, c)
	for _, p := range []string{"goroutine", "threadcreate", "mutex", "heap", "block", "allocs"} {
		m.add(r, "*", "/pprof/"+p, &external{name: at + "Handler"}, nil, c)
	}
	return r
}

// handsToUnknown is told of a call of a function that may not be known: one that
// is given a router may add routes to it.
func (m *machine) handsToUnknown(v value, c call) {
	name := c.name
	switch x := v.(type) {
	case *unknown:
	case *external:
		if !x.called || x.t != "" && !strings.HasPrefix(x.t, "func(") && x.name != "plugin.Plugin.Lookup" {
			return
		}
		name = libraryName(x.name)
	default:
		return
	}
	if name == "" {
		name = "a function"
	}
	for _, a := range c.args {
		if r, ok := a.(*router); ok && r.name != "stray" && m.coveredSeq == 0 {
			rec := m.add(r, "*", "/{unresolved}", &unknown{}, nil, c)
			rec.unclear = "the router is given to " + name + ", which could not be followed and may add routes"
		}
	}
}
