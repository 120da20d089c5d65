package eval

import (
	"slices"
	"strings"
)

// Buffalo keeps the middleware of an application on a stack that may be taken apart
// again: handlers are let off one, or a group is freed of it.

const buffaloID = "buffalo"

// letOff is a middleware that some handlers of a router are let off.
type letOff struct {
	mw       value
	handlers []value
	seq      int
}

// exempted is a middleware that does not ask the handler's requests, and why.
type exempted struct {
	v   value
	why string
}

// stackOp is a method of the stack of middleware of a buffalo application.
func (m *machine) stackOp(r *router, op string, c call) {
	m.seq++
	switch args := c.args; op {
	case "letoff":
		if len(args) > 1 {
			r.off = append(r.off, letOff{mw: args[0], handlers: args[1:], seq: m.seq})
		}
	case "clear":
		r.mws = nil
		for i := range r.parents {
			r.parents[i].bare = true
		}
	case "remove":
		for _, a := range args {
			r.mws = slices.DeleteFunc(r.mws, func(mw middleware) bool { return same(mw.v, a) })
			r.without = append(r.without, a)
		}
	case "replace":
		if len(args) != 2 {
			return
		}
		replaced := false
		for i := range r.mws {
			if same(r.mws[i].v, args[0]) {
				r.mws[i].v, replaced = args[1], true
			}
		}
		if !replaced { // it is one of those above
			r.without = append(r.without, args[0])
			r.mws = append(r.mws, m.middlewares(args[1], c.extentOf(args[1]), "")...)
		}
	}
}

// lettingOff is a chain without the middleware that the routers on the way to a
// route were freed of, and with those that its handler is let off marked so.
func (m *machine) lettingOff(r *record, chain []middleware) []middleware {
	core := m.peel(r.handler, 0)
	for at := r.r; at != nil; at = at.above() {
		chain = slices.DeleteFunc(slices.Clone(chain), func(mw middleware) bool {
			return slices.ContainsFunc(at.without, func(v value) bool { return same(v, mw.v) }) && !slices.ContainsFunc(at.mws, func(own middleware) bool { return own.seq == mw.seq })
		})
		for _, off := range at.off {
			for i := range chain {
				if same(chain[i].v, off.mw) && slices.ContainsFunc(off.handlers, func(h value) bool {
					return same(h, r.handler) || len(core) > 0 && same(h, core[0].core)
				}) {
					chain[i].v = exempted{chain[i].v, "the handler is let off it"}
				}
			}
		}
	}
	return chain
}

// resource registers the methods that buffalo knows a resource by, and returns the
// group of what is below one of it.
func (m *machine) resource(r *router, c call) value {
	if len(c.args) < 2 {
		return r
	}
	g, _ := m.group(r, "group", call{n: c.n, f: c.f, pos: c.pos, args: c.args[:1]}).(*router)
	o, ok := c.args[1].(*object)
	if !ok {
		return g
	}
	if fn := m.method(o.t, "Use"); fn != nil {
		v := m.callFunc(&closure{fn: fn, recv: m.descend(o, fn)}, c)
		g.mws = append(g.mws, m.middlewares(v, extent{place: c.pos}, "")...)
	}
	param := "/{" + resourceParam(lastName(o.t)) + "}"
	for _, x := range [...]struct{ name, method, path string }{
		{"List", "GET", "/"}, {"New", "GET", "/new"}, {"Show", "GET", param}, {"Edit", "GET", param + "/edit"},
		{"Create", "POST", "/"}, {"Update", "PUT", param}, {"Destroy", "DELETE", param},
	} {
		if fn := m.method(o.t, x.name); fn != nil {
			m.add(g, x.method, x.path, &closure{fn: fn, recv: m.descend(o, fn)}, nil, c)
		}
	}
	below, _ := m.group(g, "group", call{n: c.n, f: c.f, pos: c.pos, args: []value{str(param)}}).(*router)
	return below
}

// resourceParam is the parameter of one of a resource: user_id of UsersResource.
func resourceParam(t string) string {
	words := capitalWords(strings.TrimSuffix(t, "Resource"))
	if len(words) == 0 {
		return "id"
	}
	last := &words[len(words)-1]
	switch {
	case strings.HasSuffix(*last, "ies"):
		*last = strings.TrimSuffix(*last, "ies") + "y"
	case strings.HasSuffix(*last, "sses"), strings.HasSuffix(*last, "xes"), strings.HasSuffix(*last, "ches"):
		*last = strings.TrimSuffix(*last, "es")
	default:
		*last = strings.TrimSuffix(*last, "s")
	}
	return strings.ToLower(strings.Join(words, "_")) + "_id"
}
