package eval

import (
	"maps"
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/program"
)

// Beego registers controllers: a string maps HTTP methods to their methods, and
// Prepare runs before each. Its filters cover paths, whatever the order, and end
// a request by answering it.

const beegoID = "beego"

// beegoFunc carries out beego's package-level functions, most of which work on the
// default application.
func (m *machine) beegoFunc(f *family, fn string, c call) (value, bool) {
	if f == nil || f.id != beegoID {
		return nil, false
	}
	switch fn {
	case "NewNamespace":
		return m.newNamespace(f, c), true
	case "NewHttpSever", "NewHttpServer", "NewHttpServerWithCfg", "NewApp":
		return m.newRouter(f, f.pkgs[0]+".HttpServer", c.pos), true
	}
	app := m.beegoApp(f, c)
	if !m.beegoOp(app, fn, c) {
		return nil, false
	}
	if fn == "Run" || fn == "RunWithMiddleWares" {
		return nilValue{}, true
	}
	return app, true
}

// beegoOp is a method of an application or of a namespace, or the function called
// alike; false if it is none of those that register.
func (m *machine) beegoOp(app *router, fn string, c call) bool {
	args := c.args
	switch fn {
	case "AddNamespace", "Namespace":
		for _, a := range args {
			if ns, ok := a.(*router); ok {
				m.attachNamespace(ns, app)
			}
		}
	case "InsertFilter":
		if len(args) > 2 && runsBefore(c) {
			pattern, _ := asString(args[0])
			app.mws = append(app.mws, m.middlewares(args[2], c.extentOf(args[2]), pattern)...)
		}
	case "InsertFilterChain":
		if len(args) > 1 {
			pattern, _ := asString(args[0])
			app.mws = append(app.mws, m.middlewares(args[1], c.extentOf(args[1]), pattern)...)
		}
	case "Filter": // of a namespace: "before" or "after"
		if when, _ := asString(firstOf(args)); when == "before" {
			for _, a := range args[1:] {
				app.mws = append(app.mws, m.middlewares(a, c.extentOf(a), "")...)
			}
		}
	case "Cond", "ErrorHandler", "ErrorController", "AddViewPath", "AddFuncMap", "DelStaticPath", "LogAccess", "PrintTree", "UnregisterFixedRoute":
	case "SetStaticPath":
		m.staticRoutes(app, "static", c)
	case "Run", "RunWithMiddleWares":
		m.serve(app, c.pos)
	default:
		return m.beegoRoute(app, fn, args, c)
	}
	return true
}

// runsBefore reports whether a filter is for before the handler: one that runs
// after it keeps nobody out.
func runsBefore(c call) bool {
	if c.n == nil || len(c.n.K) < 3 {
		return true
	}
	at := lastName(c.n.K[2].S)
	return at != "AfterExec" && at != "FinishRouter"
}

func (m *machine) beegoApp(f *family, c call) *router {
	const key = "the beego application"
	if r, ok := m.globals[key].(*router); ok {
		return r
	}
	r := m.newRouter(f, f.pkgs[0]+".HttpServer", c.pos)
	m.globals[key] = r
	return r
}

// newNamespace is a group that is no part of an application yet.
func (m *machine) newNamespace(f *family, c call) value {
	outer := m.newRouter(f, f.pkgs[0]+".Namespace", c.pos)
	outer.isRoot = false
	if len(c.args) == 0 {
		return outer
	}
	ns, _ := m.group(outer, "group", call{n: c.n, f: c.f, args: c.args[:1], pos: c.pos}).(*router)
	for _, a := range c.args[1:] {
		m.namespace(ns, a, 0)
	}
	return ns
}

// attachNamespace makes a namespace a part of an application or of another one.
func (m *machine) attachNamespace(ns, to *router) {
	outer := m.rootOf(ns)
	if outer == to || m.rootOf(to) == outer {
		return
	}
	m.seq++
	outer.parents = append(outer.parents, edge{to: to, group: true, seq: m.seq, via: m.via()})
}

// beegoRoute adds what one of the registering functions adds; false if it is
// none.
func (m *machine) beegoRoute(r *router, fn string, args []value, c call) bool {
	if len(args) == 0 {
		return false
	}
	if verb, ok := strings.CutPrefix(fn, "Ctrl"); ok && len(args) > 1 && (verb == "Any" || slices.Contains(title, verb)) {
		for _, p := range paths(args[0]) {
			m.controllersMethod(r, beegoMethod(verb), p, args[1], c)
		}
		return true
	}
	switch {
	case slices.Contains(title, fn), fn == "Any":
		if len(args) < 2 {
			return false
		}
		for _, p := range paths(args[0]) {
			m.add(r, beegoMethod(fn), p, args[1], nil, c)
		}
	case fn == "Handler" && len(args) > 1:
		for _, p := range paths(args[0]) {
			m.add(r, "*", p, args[1], nil, c)
		}
	case fn == "Router" && len(args) > 1:
		for _, p := range paths(args[0]) {
			m.controller(r, p, args[1], args[2:], c)
		}
	case fn == "AutoRouter":
		m.autoRouter(r, "", args[0], c)
	case fn == "AutoPrefix" && len(args) > 1:
		for _, p := range paths(args[0]) {
			m.autoRouter(r, p, args[1], c)
		}
	case fn == "Include":
		for _, a := range args {
			m.include(r, a, c)
		}
	default:
		return false
	}
	return true
}

func beegoMethod(verb string) string {
	if verb == "Any" {
		return "*"
	}
	return strings.ToUpper(verb)
}

// controllersMethod adds one method of a controller, given as a function that takes
// it.
func (m *machine) controllersMethod(r *router, method, p string, v value, c call) {
	cl, ok := v.(*closure)
	if !ok || cl.fn.Recv == nil {
		m.add(r, method, p, v, nil, c)
		return
	}
	o, ok := cl.recv.(*object)
	if !ok {
		o = m.newObject(cl.fn.Recv.Type)
	}
	m.controller(r, p, o, []value{str(strings.ToLower(method) + ":" + lastName(cl.fn.Name))}, c)
}

// autoRouter adds the methods of a controller by its name and theirs.
func (m *machine) autoRouter(r *router, prefix string, v value, c call) {
	o, ok := v.(*object)
	if !ok {
		m.add(r, "*", joinPath(prefix, "/{unresolved}"), v, nil, c).unclear = "the controller could not be followed"
		return
	}
	name := strings.ToLower(strings.TrimSuffix(lastName(o.t), "Controller"))
	for _, method := range slices.Sorted(maps.Keys(m.methods[o.t])) {
		switch method {
		case "Init", "Prepare", "Finish", "Render", "XSRFToken", "CheckXSRFCookie", "HandlerFunc", "URLMapping", "Mapping":
			continue
		}
		if method[0] < 'A' || method[0] > 'Z' {
			continue
		}
		m.controller(r, joinPath(prefix, "/"+name+"/"+strings.ToLower(method)), o, []value{str("*:" + method)}, c)
	}
}

// commentsOf is where code that beego generates keeps what the comments of
// controllers say: the routes by package and controller.
func (m *machine) commentsOf(f *family) *table {
	const key = "beego's comments"
	t, ok := m.globals[key].(*table)
	if !ok {
		t = &table{t: "map[string][]" + f.pkgs[0] + ".ControllerComments", e: map[string]value{}}
		m.globals[key] = t
	}
	return t
}

// include adds the routes that a controller's comments describe, as far as the code
// is there that is generated from them.
func (m *machine) include(r *router, v value, c call) {
	o, ok := v.(*object)
	if !ok {
		m.add(r, "*", "/{unresolved}", v, nil, c).unclear = "the controller could not be followed"
		return
	}
	rows := listed(m.commentsOf(r.fam).e[keyOf(str(pkgOf(o.t)+":"+lastName(o.t)))])
	if rows == nil {
		m.add(r, "*", "/{unresolved}", o, nil, c).unclear = "the code is not here that is generated from the comments of " + lastName(o.t) + ", so its routes are not known"
		return
	}
	for _, row := range rows.e {
		x, ok := row.(*external)
		if !ok {
			continue
		}
		name, _ := asString(x.field("Method"))
		for _, method := range stringsOf(x.field("AllowHTTPMethods")) {
			for _, p := range paths(x.field("Router")) {
				m.controller(r, p, o, []value{str(method + ":" + name)}, c)
			}
		}
	}
}

// embedRequest makes what a controller embeds the request, also where it embeds
// a controller of the program that does.
func (m *machine) embedRequest(o *object, depth int) {
	o.f["Controller"] = request{"c"}
	ty := m.types[o.t]
	if ty == nil || depth > 4 {
		return
	}
	for _, f := range ty.Fields {
		if !slices.Contains(ty.Embedded, f.Name) || m.types[f.Type] == nil || m.types[f.Type].Interface != nil {
			continue
		}
		in, ok := o.f[f.Name].(*object)
		if !ok {
			in = m.newObject(f.Type)
			o.f[f.Name] = in
		}
		m.embedRequest(in, depth+1)
	}
}

// controller adds the methods of a controller that a mapping names, or those
// called like HTTP methods.
func (m *machine) controller(r *router, p string, v value, mappings []value, c call) {
	o, ok := v.(*object)
	if !ok {
		m.add(r, "*", p, v, nil, c)
		return
	}
	m.embedRequest(o, 0)
	var before []value
	if fn := m.method(o.t, "Prepare"); fn != nil { // often that of an embedded controller
		before = []value{&closure{fn: fn, recv: m.descend(o, fn)}}
	}
	add := func(method, name string) {
		if fn := m.method(o.t, name); fn != nil {
			m.add(r, method, p, &closure{fn: fn, recv: m.descend(o, fn)}, before, c)
		}
	}
	var given []string
	for _, s := range mappings {
		given = append(given, stringsOf(s)...)
	}
	if len(given) == 0 {
		for _, name := range title {
			if m.method(o.t, name) != nil {
				add(strings.ToUpper(name), name)
			}
		}
		return
	}
	for _, s := range given {
		for part := range strings.SplitSeq(s, ";") {
			methods, name, ok := strings.Cut(part, ":")
			if !ok {
				continue
			}
			for method := range strings.SplitSeq(methods, ",") {
				add(strings.ToUpper(strings.TrimSpace(method)), strings.TrimSpace(name))
			}
		}
	}
}

// namespace adds what the functions called NS… describe.
func (m *machine) namespace(r *router, v value, depth int) {
	if ns, ok := v.(*router); ok {
		m.attachNamespace(ns, r)
		return
	}
	if w, ok := v.(*wrapped); ok { // NSHandler looks like one
		v = w.mw
	}
	x, ok := v.(*external)
	if !ok || depth > 12 {
		return
	}
	c := call{n: &program.Node{}, pos: x.pos}
	name := lastName(x.name)
	switch name {
	case "NSNamespace":
		if len(x.args) == 0 {
			return
		}
		g, _ := m.group(r, "group", call{n: c.n, args: x.args[:1], pos: x.pos}).(*router)
		for _, a := range x.args[1:] {
			m.namespace(g, a, depth+1)
		}
	case "NSBefore":
		for _, a := range x.args {
			r.mws = append(r.mws, m.middlewares(a, extent{place: x.pos}, "")...)
		}
	default:
		if fn, ok := strings.CutPrefix(name, "NS"); ok {
			c.args = x.args
			m.beegoRoute(r, fn, x.args, c)
		}
	}
}

// filtered keeps the filters whose pattern covers a path.
func filtered(chain []middleware, full string) []middleware {
	return slices.DeleteFunc(slices.Clone(chain), func(mw middleware) bool {
		base := strings.TrimSuffix(strings.TrimSuffix(mw.prefix, "*"), "/")
		return base != "" && full != base && !strings.HasPrefix(full, base+"/")
	})
}

// endsByAnswering reports whether a function is a filter or a controller's
// Prepare of beego: answering ends the request there, returning goes on.
func endsByAnswering(c *closure) bool {
	if o, ok := c.recv.(*object); ok {
		if r, ok := o.f["Controller"].(request); ok && r.kind == "c" {
			return true
		}
	}
	for _, p := range c.fn.Params {
		if f := known(pkgOf(p.Type)); f != nil && f.id == beegoID && requestKind(p.Type) == "c" {
			return true
		}
	}
	return false
}
