package eval

import (
	"maps"
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/importpath"
	"github.com/launchgate/launchgate/analyzers/internal/program"
)

// Iris' MVC registers the methods of controllers by their names: GetBy answers GET
// /{param1}, PostLogin POST /login. BeforeActivation adds more, BeginRequest runs
// before each.

const (
	mvcID  = "iris-mvc"
	mvcPkg = "github.com/kataras/iris/mvc"
)

// activation is a controller that is being registered.
type activation struct {
	o        *object
	reserved map[string]bool // methods that are no routes, or are already
}

// mvcFunc carries out the functions of iris' packages that make applications of
// controllers, and groups by version.
func (m *machine) mvcFunc(pkg, fn string, c call) (value, bool) {
	base := importpath.Unversioned(pkg)
	if len(c.args) == 0 || base != mvcPkg && base != "github.com/kataras/iris/versioning" {
		return nil, false
	}
	party, ok := c.args[0].(*router)
	if !ok {
		return nil, false
	}
	f := known(pkg)
	switch {
	case base != mvcPkg && fn == "NewGroup":
		return m.group(party, "group0", call{n: c.n, f: c.f, pos: c.pos}), true
	case f == nil || fn != "New" && fn != "Configure":
		return nil, false
	}
	app := m.newRouter(f, pkg+".Application", c.pos)
	app.isRoot = false
	app.parents = []edge{{to: party, group: true, live: true, seq: app.created}}
	for _, a := range c.args[1:] {
		m.callValue(a, call{n: &program.Node{}, f: c.f, args: []value{app}, pos: c.pos})
	}
	return app, true
}

// controllerOp is what Handle means: of an application that it registers a
// controller, of a controller that one of its methods answers a path.
func (m *machine) controllerOp(r *router, c call) value {
	if len(c.args) == 0 {
		return r
	}
	if _, ok := c.args[0].(*object); ok {
		m.activate(r, c.args[0], c)
		return r
	}
	m.handleMethods(r, "method", m.byMethodName(r, c))
	return r
}

// skipMethods notes the methods of a controller that are no routes.
func (m *machine) skipMethods(r *router, c call) {
	if r.ctl == nil {
		return
	}
	for _, a := range c.args {
		for _, name := range stringsOf(a) {
			r.ctl.reserved[name] = true
		}
	}
}

// byMethodName puts the controller's method in place of its name, after the
// middleware.
func (m *machine) byMethodName(r *router, c call) call {
	if r.ctl == nil || len(c.args) < 3 {
		return c
	}
	name, ok := asString(c.args[2])
	fn := m.method(r.ctl.o.t, name)
	if !ok || fn == nil {
		return c
	}
	r.ctl.reserved[name] = true
	c.args = slices.Concat(c.args[:2], m.beginRequest(r.ctl.o), c.args[3:], []value{&closure{fn: fn, recv: m.descend(r.ctl.o, fn)}})
	return c
}

// activate registers a controller.
func (m *machine) activate(app *router, v value, c call) {
	o, ok := v.(*object)
	if !ok {
		return
	}
	m.embedContext(o, 0)
	g, _ := m.group(app, "group0", call{n: c.n, f: c.f, pos: c.pos}).(*router)
	g.ctl = &activation{o: o, reserved: map[string]bool{"BeginRequest": true, "EndRequest": true, "BeforeActivation": true, "AfterActivation": true}}
	if fn := m.method(o.t, "BeforeActivation"); fn != nil {
		m.callFunc(&closure{fn: fn, recv: m.descend(o, fn)}, call{n: &program.Node{}, f: c.f, args: []value{g}, pos: c.pos})
	}
	for _, name := range m.methodNamesOf(o.t, 0) {
		method, path, ok := m.methodsPath(m.method(o.t, name), name)
		if !ok || g.ctl.reserved[name] {
			continue
		}
		m.handleMethods(g, "method", m.byMethodName(g, call{n: c.n, f: c.f, pos: c.pos, args: []value{str(method), str(path), str(name)}}))
	}
}

// beginRequest is what a controller does before each of its methods.
func (m *machine) beginRequest(o *object) []value {
	fn := m.method(o.t, "BeginRequest")
	if fn == nil || m.method(o.t, "EndRequest") == nil {
		return nil
	}
	return []value{&closure{fn: fn, recv: m.descend(o, fn), on: true}}
}

// embedContext gives a controller the request in the fields that iris fills in for
// each one.
func (m *machine) embedContext(o *object, depth int) {
	ty := m.types[o.t]
	if ty == nil || depth > 4 {
		return
	}
	for _, f := range ty.Fields {
		switch {
		case requestKind(f.Type) == "c":
			o.f[f.Name] = request{"c"}
		case importpath.Unversioned(pkgOf(f.Type)) == "github.com/kataras/iris/sessions":
			o.f[f.Name] = request{"session"}
		case slices.Contains(ty.Embedded, f.Name) && m.types[f.Type] != nil && m.types[f.Type].Interface == nil:
			in, ok := o.f[f.Name].(*object)
			if !ok {
				in = m.newObject(f.Type)
				o.f[f.Name] = in
			}
			m.embedContext(in, depth+1)
		}
	}
}

// methodNamesOf lists the exported methods of a type, those of what it embeds too.
func (m *machine) methodNamesOf(t string, depth int) []string {
	names := map[string]bool{}
	for name := range m.methods[t] {
		names[name] = true
	}
	if ty := m.types[t]; ty != nil && depth < 4 {
		for _, f := range ty.Fields {
			if slices.Contains(ty.Embedded, f.Name) {
				for _, name := range m.methodNamesOf(f.Type, depth+1) {
					names[name] = true
				}
			}
		}
	}
	maps.DeleteFunc(names, func(name string, _ bool) bool { return name[0] < 'A' || name[0] > 'Z' })
	return slices.Sorted(maps.Keys(names))
}

// methodsPath is the method and path that the name of a controller's method stands
// for, by iris' rules: its first word begins with the method, By is a parameter,
// ByWildcard the rest of the path.
func (m *machine) methodsPath(fn *function, name string) (method, path string, ok bool) {
	parts := capitalWords(name)
	if fn == nil || len(parts) == 0 {
		return "", "", false
	}
	for _, verb := range slices.Concat(title, []string{"All", "Any"}) {
		if strings.HasPrefix(parts[0], verb) {
			method = strings.ToUpper(verb)
			break
		}
	}
	if method == "ALL" || method == "ANY" {
		method = "*"
	}
	path = "/"
	add := func(s string) { path = strings.TrimSuffix(path, "/") + "/" + s }
	arg := 0
	for i := 1; i < len(parts); i++ {
		w := parts[i]
		if w != "By" {
			add(strings.ToLower(w))
			continue
		}
		wildcard := i+1 < len(parts) && parts[i+1] == "Wildcard"
		found := false
		for arg < len(fn.Params) && !(found && i+1 < len(parts)) {
			kind := m.parameterKind(fn.Params[arg].Type)
			arg++
			if wildcard {
				kind = "path"
			}
			if kind == "" {
				continue // the context, or what iris provides
			}
			add("{param" + itoa(arg) + ":" + kind + "}")
			found = true
			if wildcard {
				i++
				break
			}
		}
		if !found {
			add("by")
		}
	}
	return method, path, method != ""
}

// parameterKind is how iris calls the path parameters of a Go type; "" of one that
// no parameter can have.
func (m *machine) parameterKind(t string) string {
	if ty := m.types[t]; ty != nil && ty.Under != "" {
		t = ty.Under
	}
	switch t {
	case "string", "bool", "int", "int8", "int16", "int32", "int64", "uint", "uint8", "uint16", "uint32", "uint64":
		return t
	}
	return ""
}

// capitalWords splits a name before each capital letter.
func capitalWords(name string) []string {
	var out []string
	for i := range len(name) {
		if i == 0 || name[i] >= 'A' && name[i] <= 'Z' {
			out = append(out, "")
		}
		out[len(out)-1] += name[i : i+1]
	}
	return out
}
