package eval

// Routes that are described by the calls chained to them, as gorilla/mux has them.

// rule begins a route that the calls chained to it go on to describe.
func (m *machine) rule(r *router, name string, c call) value {
	rb := &ruleBuilder{r: r, pos: c.pos}
	if name != "HandleFunc" && name != "Handle" {
		return m.ruleOp(rb, name, c)
	}
	if len(c.args) < 2 {
		return rb
	}
	return rb.forEach(paths(c.args[0]), func(rb *ruleBuilder) value {
		rb.h = c.args[1]
		rb.rec = m.add(r, "*", rb.path, rb.h, nil, c)
		return rb
	})
}

// restOfPath is how gorilla writes what may follow a prefix.
const restOfPath = "{rest:.*}"

// ruleOp is a method of gorilla's Route.
func (m *machine) ruleOp(b *ruleBuilder, name string, c call) value {
	switch name {
	case "Path", "PathPrefix":
		if len(c.args) == 0 {
			return b
		}
		return b.forEach(paths(c.args[0]), func(b *ruleBuilder) value {
			b.pre = b.pre || name == "PathPrefix"
			return m.ruleMade(b, c)
		})
	case "Methods":
		b.methods = nil
		for _, a := range c.args {
			b.methods = append(b.methods, stringsOf(a)...)
		}
		if b.rec != nil && len(b.methods) > 0 {
			b.rec.method = b.methods[0]
			for _, extra := range b.methods[1:] {
				cp := *b.rec
				cp.method = extra
				m.records = append(m.records, &cp)
			}
		}
		return b
	case "Handler", "HandlerFunc":
		if len(c.args) > 0 {
			b.h = c.args[0]
		}
	case "Subrouter":
		g := m.newRouter(b.r.fam, b.r.t, c.pos)
		g.isRoot = false
		g.parents = []edge{{to: b.r, prefix: b.path, group: true, seq: g.created}}
		g.methods = b.methods
		return g
	case "GetError", "URL", "GetHandler":
		return &unknown{}
	}
	return m.ruleMade(b, c)
}

// forEach goes on with each of the paths that a rule may have.
func (b *ruleBuilder) forEach(paths []string, do func(*ruleBuilder) value) value {
	var out value
	for _, p := range paths {
		fork := *b
		fork.path += p
		out = join(out, do(&fork), nil, true)
	}
	return out
}

// ruleMade adds the route of a rule that has got all it needs.
func (m *machine) ruleMade(b *ruleBuilder, c call) value {
	if b.h != nil && b.rec == nil {
		ms := b.methods
		if len(ms) == 0 {
			ms = []string{"*"}
		}
		for _, meth := range ms {
			p := b.path
			if b.pre {
				p += restOfPath
			}
			b.rec = m.add(b.r, meth, p, b.h, nil, c)
			b.rec.subtree = b.pre
			if b.rec.pos == c.pos {
				b.rec.pos = b.pos
			}
		}
	}
	return b
}
