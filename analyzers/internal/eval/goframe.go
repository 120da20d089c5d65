package eval

import (
	"reflect"
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/importpath"
	"github.com/launchgate/launchgate/analyzers/internal/program"
)

// Goframe binds functions and objects: a pattern may name a method and a host, the
// methods of an object are routes by their names, and where a method takes a
// structure with a Meta, the tag of that says what it answers.

const (
	goframeID  = "goframe"
	goframePkg = "github.com/gogf/gf"
)

// goframeFunc carries out the functions that give a program its server.
func (m *machine) goframeFunc(pkg, fn string, c call) (value, bool) {
	base := importpath.Unversioned(pkg)
	if fn != "Server" && fn != "GetServer" || base != goframePkg+"/frame/g" && base != goframePkg+"/net/ghttp" {
		return nil, false
	}
	// The one of a name is always the same.
	name := "goframe server"
	if len(c.args) > 0 {
		s, _ := asString(c.args[0])
		name += " " + s
	}
	if r, ok := m.globals[name].(*router); ok {
		return r, true
	}
	r := m.newRouter(known(goframePkg+"/net/ghttp"), goframePkg+"/v2/net/ghttp.Server", c.pos)
	m.globals[name] = r
	return r, true
}

// goframeOp is a method of goframe's servers and groups.
func (m *machine) goframeOp(r *router, op string, c call) {
	args := c.args
	switch op {
	case "bindmany": // functions and objects that say themselves what they answer
		for _, a := range args {
			m.bindTo(r, "*", "/", a, nil, c)
		}
	case "bindmap":
		if t, ok := firstOf(args).(*table); ok {
			for _, k := range t.keys {
				m.bindPattern(r, "*", k, []value{t.e[keyOf(k)]}, c)
			}
		}
	case "bindrest":
		if len(args) > 1 {
			m.bindRest(r, args[0], args[1], c)
		}
	case "filter": // of all requests by pattern
		if len(args) > 1 {
			for _, p := range paths(args[0]) {
				_, p = goframePattern(p)
				for _, a := range args[1:] {
					if cl, ok := a.(*closure); ok {
						r.mws = append(r.mws, m.middlewares(cl, c.extentOf(a), p)...)
					}
				}
			}
		}
	case "hook":
		if len(args) > 2 {
			if cl, ok := args[2].(*closure); ok {
				hook := *cl
				hook.on = true
				_, p := goframePattern(paths(args[0])[0])
				r.mws = append(r.mws, m.middlewares(&hook, c.extentOf(args[2]), p)...)
			}
		}
	default:
		if method, ok := strings.CutPrefix(op, "bind "); ok && len(args) > 1 {
			m.bindPattern(r, method, args[0], args[1:], c)
		}
	}
}

// bindPattern binds a function or an object, or the methods of it that are named.
func (m *machine) bindPattern(r *router, method string, pattern value, args []value, c call) {
	for _, p := range paths(pattern) {
		named, at := goframePattern(p)
		if named != "" {
			method = named
		}
		m.bindTo(r, method, at, args[0], args[1:], c)
	}
}

// goframePattern parts "METHOD:/path@host".
func goframePattern(p string) (method, path string) {
	p, _, _ = strings.Cut(p, "@")
	if before, rest, ok := strings.Cut(p, ":"); ok && !strings.Contains(before, "/") {
		method, p = strings.ToUpper(before), rest
		if method == "ALL" {
			method = "*"
		}
	}
	return method, p
}

// bindTo adds the routes of a function or an object.
func (m *machine) bindTo(r *router, method, at string, v value, named []value, c call) {
	o, ok := v.(*object)
	if !ok {
		if cl, isFunc := v.(*closure); isFunc && m.bindDescribed(r, cl, c) {
			return
		}
		m.add(r, method, at, v, nil, c)
		return
	}
	var only []string
	for _, n := range named {
		for _, s := range stringsOf(n) {
			for part := range strings.SplitSeq(s, ",") {
				only = append(only, strings.TrimSpace(part))
			}
		}
	}
	for _, name := range m.methodNamesOf(o.t, 0) {
		fn := m.method(o.t, name)
		if name == "Init" || name == "Shut" || only != nil && !slices.Contains(only, name) {
			continue
		}
		cl := &closure{fn: fn, recv: m.descend(o, fn)}
		if m.bindDescribed(r, cl, c) {
			continue
		}
		if len(fn.Params) != 1 || requestKind(fn.Params[0].Type) != "c" {
			continue
		}
		if len(only) == 1 && !strings.Contains(at, "{.") && m.boundAlone(c) {
			m.add(r, method, at, cl, m.initOf(o), c)
			continue
		}
		m.add(r, method, m.namedPath(at, o.t, name), cl, m.initOf(o), c)
		if name == "Index" && !strings.Contains(at, "{.") {
			m.add(r, method, at, cl, m.initOf(o), c)
		}
	}
}

// boundAlone reports whether a call binds one method of an object to the path
// itself: a group's verbs do, and BindObjectMethod.
func (m *machine) boundAlone(c call) bool { return c.name != "BindObject" }

// initOf is what an object does before each of its methods.
func (m *machine) initOf(o *object) []value {
	if fn := m.method(o.t, "Init"); fn != nil {
		return []value{&closure{fn: fn, recv: m.descend(o, fn), on: true}}
	}
	return nil
}

// namedPath puts the names of an object and its method into a pattern, or the
// method's after it.
func (m *machine) namedPath(at, t, name string) string {
	if !strings.Contains(at, "{.") {
		return joinPath(at, "/"+dashed(name))
	}
	return strings.NewReplacer("{.struct}", dashed(lastName(t)), "{.method}", dashed(name)).Replace(at)
}

// dashed is how goframe writes a name in a path: HelloWorld is hello-world.
func dashed(name string) string {
	return strings.ToLower(strings.Join(capitalWords(name), "-"))
}

// bindDescribed adds the routes of a function whose input says what they are; false
// if it does not.
func (m *machine) bindDescribed(r *router, cl *closure, c call) bool {
	if len(cl.fn.Params) != 2 || requestKind(cl.fn.Params[0].Type) != "ctx" {
		return false
	}
	ty := m.types[cl.fn.Params[1].Type]
	if ty == nil {
		return false
	}
	for _, f := range ty.Fields {
		if f.Name != "Meta" || f.Tag.Meta == "" {
			continue
		}
		tag := reflect.StructTag(f.Tag.Meta)
		if tag.Get("path") == "" {
			return false
		}
		verbs := tag.Get("method")
		if verbs == "" || strings.EqualFold(verbs, "all") {
			verbs = "*"
		}
		for verb := range strings.SplitSeq(verbs, ",") {
			m.add(r, strings.ToUpper(strings.TrimSpace(verb)), tag.Get("path"), cl, nil, c)
		}
		return true
	}
	return false
}

// bindRest adds the methods of an object that are called like those of requests.
func (m *machine) bindRest(r *router, pattern, v value, c call) {
	o, ok := v.(*object)
	if !ok {
		return
	}
	for _, p := range paths(pattern) {
		_, at := goframePattern(p)
		for _, name := range title {
			if fn := m.method(o.t, name); fn != nil {
				m.add(r, strings.ToUpper(name), at, &closure{fn: fn, recv: m.descend(o, fn)}, m.initOf(o), c)
			}
		}
	}
}

// goframeGroup is a group by prefix, given to functions.
func (m *machine) goframeGroup(r *router, c call) value {
	if len(c.args) == 0 {
		return r
	}
	g, _ := m.group(r, "group", call{n: c.n, f: c.f, pos: c.pos, args: c.args[:1]}).(*router)
	for _, a := range c.args[1:] {
		m.callValue(a, call{n: &program.Node{}, f: c.f, args: []value{g}, pos: c.pos})
	}
	return g
}
