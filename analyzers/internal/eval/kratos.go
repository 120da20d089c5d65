package eval

import (
	"regexp"
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/importpath"
	"github.com/launchgate/launchgate/analyzers/internal/program"
	"github.com/launchgate/launchgate/analyzers/routes"
)

// Kratos has two kinds of middleware. Filters stand around every handler; what is
// called middleware there runs only where a handler asks for it by ctx.Middleware,
// as generated ones do, and may be selected by the operation that they name.

const (
	kratosID  = "kratos"
	kratosPkg = "github.com/go-kratos/kratos"
)

// selected is middleware for the operations that a pattern of Server.Use names.
type selected struct {
	pattern string
	mws     []middleware
}

// kratosServer gives a new server what its options say.
func (m *machine) kratosServer(r *router, c call) *router {
	prefix := ""
	for _, o := range c.args {
		x, ok := o.(*external)
		if !ok || importpath.Unversioned(pkgOf(x.name)) != kratosPkg+"/transport/http" {
			continue
		}
		switch lastName(x.name) {
		case "Middleware":
			r.procs = append(r.procs, selected{"*", m.middlewares(&list{e: x.args}, extent{place: x.pos}, "")})
		case "Filter":
			r.mws = m.middlewares(&list{e: x.args}, extent{place: x.pos}, "") // the last option counts
		case "PathPrefix":
			if len(x.args) > 0 {
				prefix, _ = asString(x.args[0])
			}
		}
	}
	if prefix == "" {
		return r
	}
	g, _ := m.group(r, "group", call{n: c.n, f: c.f, pos: c.pos, args: []value{str(prefix)}}).(*router)
	return g
}

// select notes the middleware that Server.Use attaches to operations.
func (m *machine) selectFor(r *router, c call) {
	if len(c.args) < 2 {
		return
	}
	for _, p := range paths(c.args[0]) {
		s := selected{pattern: p}
		for _, a := range c.args[1:] {
			s.mws = append(s.mws, m.middlewares(a, c.extentOf(a), "")...)
		}
		m.rootOf(r).procs = append(m.rootOf(r).procs, s)
	}
}

// kratosHandle is Handle: of a server it takes a path, of a group of routes a
// method before it.
func (m *machine) kratosHandle(r *router, c call) {
	if len(c.args) > 2 {
		m.handleMethods(r, "method", c)
		return
	}
	m.handleEach(r, "*", c)
}

// belowPrefix serves all below a path by one handler, which sees all of it.
func (m *machine) belowPrefix(r *router, c call) {
	if len(c.args) != 2 {
		return
	}
	for _, p := range paths(c.args[0]) {
		m.add(r, "*", p+restOfPath, c.args[1], nil, c).subtree = true
	}
}

// wantsMiddleware finds, in a handler of kratos that asks for the server's
// middleware, the operation that it names and what it puts them around.
func (m *machine) wantsMiddleware(cl *closure) (peeled, bool) {
	if len(cl.fn.Params) != 1 {
		return peeled{}, false
	}
	if f := known(pkgOf(cl.fn.Params[0].Type)); f == nil || f.id != kratosID {
		return peeled{}, false
	}
	var around, named *program.Node
	walk(cl.fn.Body, func(n *program.Node) {
		if n.Op != program.Call || len(n.K) < 2 {
			return
		}
		switch fun := n.K[0]; {
		case (fun.Op == program.Method || fun.Op == program.Field) && fun.S == "Middleware" && around == nil:
			around = n.K[1]
		case fun.Op == program.Global && lastName(fun.S) == "SetOperation" && len(n.K) > 2:
			named = n.K[2]
		}
	})
	if around == nil {
		return peeled{}, false
	}
	f := &frame{fn: cl.fn, env: &env{vars: map[int32]value{}, parent: cl.env}}
	p := peeled{proc: true, core: cl}
	if named != nil {
		p.operation, _ = asString(m.eval(named, f))
	}
	if in, ok := m.eval(around, f).(*closure); ok {
		p.core = m.calledAlone(in)
	}
	return p, true
}

// calledAlone is the method of the program that a literal only calls, as generated
// code does; else the literal.
func (m *machine) calledAlone(c *closure) *closure {
	body := c.fn.Body
	if body == nil || len(body.K) != 1 || body.K[0].Op != program.Return || len(body.K[0].K) != 1 {
		return c
	}
	n := body.K[0].K[0]
	if n.Op != program.Call || n.K[0].Op != program.Method && n.K[0].Op != program.Field {
		return c
	}
	recv := m.eval(n.K[0].K[0], &frame{fn: c.fn, env: &env{vars: map[int32]value{}, parent: c.env}})
	if o, ok := recv.(*object); ok {
		if fn := m.method(o.t, n.K[0].S); fn != nil {
			return &closure{fn: fn, recv: m.descend(o, fn)}
		}
	}
	return c
}

// procsFor are the middleware of a server for an operation: those of all, then
// those of its name or else of the longest beginning of it.
func (m *machine) procsFor(r *router, operation string) []middleware {
	root := m.rootOf(r)
	var out, best []middleware
	exact, longest := false, -1
	for _, s := range root.procs {
		begin, prefix := strings.CutSuffix(s.pattern, "*")
		switch {
		case s.pattern == "*":
			out = append(out, s.mws...)
		case !prefix && s.pattern == operation:
			best, exact = s.mws, true
		case prefix && !exact && strings.HasPrefix(operation, begin) && len(begin) > longest:
			best, longest = s.mws, len(begin)
		}
	}
	return slices.Concat(out, best)
}

// judgeSelector judges middleware that kratos' selector runs for some operations
// only; ok is false of anything else.
func (m *machine) judgeSelector(x *external, v *verdict, path, method string) bool {
	if importpath.Unversioned(pkgOf(x.name)) != kratosPkg+"/middleware/selector" || lastName(x.name) != "Build" {
		return false
	}
	var ms []value
	covers, known := false, true
	v.usedPath = true
	for at, ok := value(x), true; ok; {
		var y *external
		if y, ok = at.(*external); !ok {
			break
		}
		switch lastName(y.name) {
		case "Server":
			ms = y.args
		case "Path", "Prefix", "Regex":
			for _, a := range y.args {
				ss := stringsOf(a)
				known = known && len(ss) > 0
				covers = covers || slices.ContainsFunc(ss, func(s string) bool { return selects(lastName(y.name), s, m.operation) })
			}
		case "Match":
			c, isFunc := firstOf(y.args).(*closure)
			if !isFunc {
				known = false
				break
			}
			s := m.simulateWith(c, []value{request{"ctx"}, str(m.operation)}, &simulation{middleware: true, path: path, method: method})
			said, yes, _ := truth(s.returned)
			known, covers = known && said, covers || said && yes
			v.reached = append(v.reached, s.reached...)
		}
		at = y.recv
	}
	inner := verdict{kind: routes.KindOther, why: "a selection of no middleware"}
	for _, mw := range ms {
		inner = stronger(inner, m.judgeMiddleware(mw, path, method, 1))
	}
	guards := inner.kind == routes.KindAuth || inner.kind == routes.KindRole
	name, reached := inner.name, v.reached
	switch {
	case covers || !guards:
		*v = inner
		v.usedPath = true
	case !known:
		v.kind, v.why = routes.KindUnresolved, inner.name+" guards the operations that its selector picks, and whether it picks this one could not be made out"
	default:
		v.kind, v.why, v.exempt = routes.KindOptional, "its selector leaves out "+m.operation, true
	}
	v.reached = append(reached, inner.reached...)
	if v.name = "selector"; name != "" {
		v.name = name
	}
	v.pos = x.pos
	return true
}

// selects reports whether a selector's path, prefix or regular expression picks an
// operation.
func selects(by, pattern, operation string) bool {
	switch by {
	case "Path":
		return pattern == operation
	case "Prefix":
		return strings.HasPrefix(operation, pattern)
	}
	re, err := regexp.Compile(pattern)
	return err == nil && re.FindString(operation) == operation
}
