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

// beegoFunc carries out beego's package-level functions, which work on the
// default application.
func (m *machine) beegoFunc(f *family, fn string, c call) (value, bool) {
	if f == nil || f.id != beegoID {
		return nil, false
	}
	app := m.beegoApp(f, c)
	switch fn {
	case "AddNamespace":
		for _, a := range c.args {
			m.namespace(app, a, 0)
		}
	case "InsertFilter":
		if len(c.args) > 2 {
			pattern, _ := asString(c.args[0])
			app.mws = append(app.mws, m.middlewares(c.args[2], c.extentOf(c.args[2]), pattern)...)
		}
	case "Run", "RunWithMiddleWares":
		m.serve(app, c.pos)
		return nilValue{}, true
	default:
		if !m.beegoRoute(app, fn, c.args, c) {
			return nil, false
		}
	}
	return app, true
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

// beegoRoute adds what one of the registering functions adds; false if it is
// none.
func (m *machine) beegoRoute(r *router, fn string, args []value, c call) bool {
	if len(args) == 0 {
		return false
	}
	switch {
	case slices.Contains(title, fn), fn == "Any":
		if len(args) < 2 {
			return false
		}
		method := strings.ToUpper(fn)
		if fn == "Any" {
			method = "*"
		}
		for _, p := range paths(args[0]) {
			m.add(r, method, p, args[1], nil, c)
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
		o, ok := args[0].(*object)
		if !ok {
			return true
		}
		name := strings.ToLower(strings.TrimSuffix(lastName(o.t), "Controller"))
		for _, method := range slices.Sorted(maps.Keys(m.methods[o.t])) {
			if method[0] < 'A' || method[0] > 'Z' || method == "Prepare" || method == "Finish" {
				continue
			}
			m.controller(r, "/"+name+"/"+strings.ToLower(method), o, []value{str("*:" + method)}, c)
		}
	default:
		return false
	}
	return true
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

// namespace adds what NewNamespace and the functions called NS… describe.
func (m *machine) namespace(r *router, v value, depth int) {
	x, ok := v.(*external)
	if !ok || depth > 12 {
		return
	}
	c := call{n: &program.Node{}, pos: x.pos}
	name := lastName(x.name)
	switch name {
	case "NewNamespace", "NSNamespace":
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
