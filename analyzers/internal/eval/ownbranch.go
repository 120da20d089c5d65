package eval

import (
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/program"
)

// What stands before a router may answer requests itself: a handler around it, a
// middleware of all requests. What it answers is found out by sending it requests
// for each path that it asks about, and one for a path that it does not know: the
// answers that only the former get are routes. An answer that a request of unknown
// path may get, and none of those does, is a route that cannot be named.

// branch is a request that a function answers itself, as it sees it.
type branch struct {
	path   string // as routes are written; "" for whatever else is asked for
	method string
	prefix bool
	end    ending
	at     place
	fn     *function // that it calls to answer, if it does
	lost   string    // why it is not known what is answered
}

// branches finds what a function answers itself among the requests that it is to
// hand on. onward says which handlers are the rest; nil that only the chain's is.
func (m *machine) branches(c *closure, onward func(value) bool) []branch {
	return m.branchesOf(c, onward, false)
}

// branchesOf is branches; last says that the function hands nothing on: what it
// answers only some of its requests is told apart.
func (m *machine) branchesOf(c *closure, onward func(value) bool, last bool) []branch {
	key := branchKey{m.exactly.of(c), last}
	if bs, ok := m.branchCache[key]; ok {
		return bs
	}
	if m.branchCache == nil {
		m.branchCache = map[branchKey][]branch{}
	}
	m.branchCache[key] = nil // for one that leads to itself
	b := &brancher{m: m, c: c, onward: onward, returns: m.ginStyle(c) && !last, last: last}
	m.branchCache[key] = b.find()
	return m.branchCache[key]
}

// brancher sends requests through one function.
type brancher struct {
	m       *machine
	c       *closure
	onward  func(value) bool
	returns bool
	last    bool
	methods []string // that the function tells apart, and those it may not
	refused []ending // how requests of nobody end for being that
	other   *simulation
	found   []branch
}

func (b *brancher) send(path, method string) *simulation {
	s := &simulation{path: path, method: method, target: target{path: path, method: method}, watch: &watch{onward: b.onward, returns: b.returns}, fates: []fate{{}}}
	b.m.simulate(b.c, s)
	for i := range s.watch.ends {
		e := &s.watch.ends[i]
		e.sure = e.sure && !s.watch.onwards
	}
	return s
}

func (b *brancher) find() []branch {
	open := b.send("", "*")
	asked := questions(open)
	if len(open.watch.ends)+len(asked) == 0 || !open.watch.onwards && !b.returns && !b.last {
		return nil
	}
	if b.last && len(asked) == 0 {
		return nil
	}
	nobody := b.m.simulate(b.c, &simulation{anonymous: true, method: "*", target: target{method: "*"}, watch: &watch{onward: b.onward, returns: b.returns}, fates: []fate{{}}})
	for _, e := range nobody.watch.ends {
		if e.anon {
			b.refused = append(b.refused, e)
		}
	}
	b.methods = methodsAsked(open.compared)
	b.other = b.send("/"+elsewhere, "*")
	answered := map[string]bool{}
	for _, q := range asked {
		if q.joined && answered[q.with] {
			continue
		}
		n := len(b.found)
		b.ask(q, open)
		answered[q.with] = answered[q.with] || len(b.found) > n
	}
	if !b.last {
		b.whateverElse()
		b.unnamed(open)
	}
	return b.found
}

type branchKey struct {
	closureKey
	last bool
}

// methodsAsked are the methods to send requests with: "*" if they are not told
// apart. What only OPTIONS gets tells of no route.
func methodsAsked(cs []comparison) []string {
	var named []string
	for _, x := range cs {
		if x.part == partMethod && methods[x.with] {
			named = append(named, x.with)
		}
	}
	if len(named) == 0 {
		return nil
	}
	out := []string{"GET", "POST", "PUT", "PATCH", "DELETE"}
	for _, s := range named {
		if !slices.Contains(out, s) && s != "OPTIONS" && s != "HEAD" {
			out = append(out, s)
		}
	}
	return out
}

// question is a path, or many, that a function asks about.
type question struct {
	shown, sent string
	exact       bool
	prefix      bool
	// joined: it is put together of a beginning and what may be compared with the
	// rest.
	joined bool
	with   string
	at     place
}

// questions are what a request of unknown path was asked.
func questions(s *simulation) []question {
	var out []question
	add := func(q question) {
		if !slices.ContainsFunc(out, func(o question) bool { return o.shown == q.shown }) {
			out = append(out, q)
		}
	}
	var begins []string
	for _, x := range s.compared {
		if x.part == partPath && strings.HasPrefix(x.with, "/") && x.prefix {
			begins = append(begins, x.with)
		}
	}
	for _, x := range s.compared {
		switch {
		case x.part != partPath:
		case x.prefix:
			add(question{shown: x.with + "{rest}", sent: x.with + elsewhere, prefix: true, with: x.with})
		case strings.HasPrefix(x.with, "/"):
			q := question{shown: x.with, sent: x.with, exact: true, with: x.with}
			for _, t := range s.keyed {
				if p := placeIn(t, x.with); p.line > 0 {
					q.at = p
				}
			}
			add(q)
		}
	}
	for _, x := range s.compared {
		if x.part != partPath || x.prefix {
			continue
		}
		for _, p := range begins { // what is left of the path once its beginning is cut off
			if full := joinPath(p, x.with); full != x.with {
				add(question{shown: full, sent: full, exact: true, with: x.with, joined: true})
			}
		}
	}
	for _, x := range s.resembled {
		if x.end {
			add(question{shown: "/{rest}" + x.with, sent: "/" + elsewhere + x.with, with: x.with})
		} else {
			with := strings.TrimPrefix(x.with, "/")
			add(question{shown: "/{rest}" + x.with + "{rest}", sent: "/" + elsewhere + "/" + with + elsewhere, with: x.with})
		}
	}
	return out
}

// placeIn is where a table has a key from.
func placeIn(t *table, key string) place {
	k := keyOf(str(key))
	if at := t.at[k]; at.line > 0 {
		return at
	}
	if at := t.puts[k]; len(at) > 0 {
		return at[0]
	}
	return place{}
}

// ask sends requests for one path and adds what is answered to them alone.
func (b *brancher) ask(q question, open *simulation) {
	type answer struct {
		method string
		end    ending
		s      *simulation
	}
	var got []answer
	try := func(method string) bool {
		s := b.send(q.sent, method)
		if e, ok := b.own(s, q.exact); ok {
			got = append(got, answer{method, e, s})
			return true
		}
		return false
	}
	if !try("*") || q.joined && slices.ContainsFunc(b.found, func(o branch) bool { return o.prefix && o.end.like(got[0].end) }) {
		return
	}
	if b.methods != nil {
		all := got[0]
		got = nil
		for _, method := range b.methods {
			try(method)
		}
		if len(got) == 0 {
			return
		}
		if len(got) == len(b.methods) {
			got = []answer{{"*", all.end, all.s}}
		}
	}
	at := q.at
	if at.line == 0 {
		at = constantIn(append([]*function{b.c.fn}, open.ran...), q.with)
	}
	for _, a := range got {
		br := branch{path: q.shown, method: a.method, prefix: q.prefix, end: a.end, at: at, fn: onlyIn(a.s.calls, b.other.calls)}
		if br.at.line == 0 {
			br.at = a.end.at
		}
		if a.s.strayed {
			br.lost = shortName(b.c.fn.Name) + " hands requests for it on to what could not be made out"
		}
		b.found = append(b.found, br)
	}
}

// own is how a request is answered that others are not: surely, if it is on some way.
func (b *brancher) own(s *simulation, exact bool) (ending, bool) {
	var found *ending
	for i := range s.watch.ends {
		e := &s.watch.ends[i]
		if e.moved && !(exact && e.sure && movedOnly(s.watch.ends)) || !e.sure && (b.refuses(*e) || e.failed || e.doubtful) || slices.ContainsFunc(b.other.watch.ends, e.like) {
			continue
		}
		if found == nil || e.sure && !found.sure {
			found = e
		}
	}
	if found == nil {
		return ending{}, false
	}
	return *found, true
}

// movedOnly reports whether a request is sent elsewhere, whatever is not decided.
func movedOnly(es []ending) bool {
	return !slices.ContainsFunc(es, func(e ending) bool { return !e.moved })
}

// refuses reports whether what looks like an answer is one to callers that are
// not known.
func (b *brancher) refuses(e ending) bool {
	return e.anon || slices.ContainsFunc(b.refused, e.like)
}

// whateverElse adds what is answered to requests for any other path.
func (b *brancher) whateverElse() {
	var given []value
	here := false
	for _, e := range b.other.watch.ends {
		if e.moved || !e.wrote || b.refuses(e) || e.failed || !e.sure && !e.files && (e.to == nil || e.doubtful) || e.to == nil && here {
			continue
		}
		if b.methods != nil && !slices.ContainsFunc(b.methods, func(method string) bool {
			return slices.ContainsFunc(b.send("/"+elsewhere, method).watch.ends, e.like)
		}) {
			continue // to OPTIONS, for one
		}
		if here = here || e.to == nil; e.to != nil {
			if slices.ContainsFunc(given, func(v value) bool { return sameHandler(v, e.to) }) {
				continue
			}
			given = append(given, e.to)
		}
		b.found = append(b.found, branch{method: "*", end: e, at: e.at})
	}
}

// unnamed adds the answers that a request of unknown path may get and none that
// was sent has got.
func (b *brancher) unnamed(open *simulation) {
	for _, e := range open.watch.ends {
		if e.moved || b.refuses(e) || e.failed || e.doubtful || slices.ContainsFunc(b.other.watch.ends, e.like) || slices.ContainsFunc(b.found, func(o branch) bool { return o.end.like(e) }) {
			continue
		}
		b.found = append(b.found, branch{method: "*", end: e, at: e.at,
			lost: shortName(strings.TrimRight(b.c.fn.Name, "$0123456789")) + " answers some requests itself at " + e.at.String() + ", and for which paths could not be made out"})
	}
}

// constantIn is where functions name a constant.
func constantIn(fns []*function, s string) place {
	for _, fn := range fns {
		at := place{}
		walk(fn.Body, func(n *program.Node) {
			if n.Op == program.Const && n.T == "string" && n.S == s && at.line == 0 {
				at = place{fn.File, n.Line}
			}
		})
		if at.line > 0 {
			return at
		}
	}
	return place{}
}

// answeredInside adds to what a registration is taken apart into what the functions
// below its wrappers answer by themselves, each where it sees the path.
func (m *machine) answeredInside(r *record, full string, ops []operation) []operation {
	all := full == "/" && r.r.fam.id == "http"
	if !all && !r.subtree && !strings.Contains(full, "*") && !strings.Contains(full, "...}") {
		return ops
	}
	base := subtreeOf(full)
	if strings.Count(base, "/") < strings.Count(strings.TrimSuffix(full, "/"), "/") {
		return ops
	}
	known := map[string]bool{full: true}
	for _, op := range ops {
		known[op.path] = true
	}
	for _, p := range m.peel(r.handler, 0) {
		onward := func(v value) bool { return m.leadsTo(v, p.core, 0) }
		for _, l := range p.layers {
			if l.applied != nil {
				ops = m.insideOf(r, insider{l.applied, onward, l.cut}, base, known, ops)
			}
		}
		if c, ok := p.core.(*closure); ok {
			ops = m.insideOf(r, insider{m.handlerOf(c), nil, p.strip}, base, known, ops)
		}
	}
	return ops
}

// insider is a function below a registration's wrappers, with what of the path it
// does not see; one without onward hands nothing on.
type insider struct {
	c      *closure
	onward func(value) bool
	cut    string
}

func (m *machine) insideOf(r *record, in insider, base string, known map[string]bool, ops []operation) []operation {
	for _, b := range m.branchesOf(in.c, in.onward, in.onward == nil) {
		shown := joinPath(in.cut, b.path)
		if b.path == "" || known[shown] || !strings.HasPrefix(shown, base) || len(ops) >= maxOperations {
			continue
		}
		op := operation{target: target{path: b.path, method: b.method}, fn: b.fn, inside: true, lost: b.lost}
		if shown != b.path {
			op.shown = shown
		}
		if r.method != "" && r.method != "*" && r.method != "ANY" {
			if b.method != "*" && b.method != r.method {
				continue
			}
			op.method = r.method
		}
		if r.served {
			op.at = []place{b.at}
		}
		ops = append(ops, op)
	}
	return ops
}

// leadsTo reports whether a handler leads to another.
func (m *machine) leadsTo(v, to value, depth int) bool {
	if depth > 10 || v == nil {
		return false
	}
	if same(v, to) {
		return true
	}
	switch x := v.(type) {
	case *wrapped:
		return m.leadsTo(x.inner, to, depth+1)
	case *closure:
		c := m.handlerOf(x)
		return same(c, to) || slices.ContainsFunc(m.rest(c), func(d value) bool { return !same(d, v) && m.leadsTo(d, to, depth+1) })
	case *object:
		if s := m.serving(x); s != nil {
			return m.leadsTo(s, to, depth+1)
		}
	}
	return false
}
