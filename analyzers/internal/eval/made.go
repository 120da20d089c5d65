package eval

// What routers are made with: the options of their constructors.

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
