package eval

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/program"
	"github.com/launchgate/launchgate/analyzers/routes"
)

// verdict is what a middleware or handler does to a request.
type verdict struct {
	kind     string
	why      string
	name     string
	pos      place
	literal  bool // the name is that of the function a literal stands in
	usedPath bool
	sets     map[string]value
	knows    map[string]value // what it puts into the requests of known callers
	shares   map[string]bool  // keys under which it puts something into everybody's
	reached  []routes.Span
	flaw     string
	flawAt   place
	refused  place  // where it turns an anonymous request away
	message  bool   // the handler checks the signature of a message
	note     string // what else to say of the route
	again    string // the path under which it gives the request to the router again
	switched bool   // configuration has to turn it on
	// forges is what a stranger who makes up what it looks for has put into the
	// request by it, or no more.
	forges map[string]value
	// gives is what every request carries that it lets pass.
	gives  []string
	exempt bool    // it does not ask this request at all, whatever it carries
	handed []value // what known callers' requests are handed on with
	// asksKnown is what it asks of callers who are known by then.
	asksKnown string
	// answers is where it answers some requests itself instead of handing them on.
	answers place
	// credulous: it takes whatever is sent for true.
	credulous bool
}

type verdictKey struct {
	c       closureKey
	handler bool
	guarded bool // what comes before a handler turns strangers away
	wrapper bool
	path    string
	method  string
	ctx     string
	given   string
}

// judge decides who can reach a route.
func (m *machine) judge(rt *routes.Route, r *record, chain []middleware, p peeled) {
	var reasons []string
	var conds [][]condition // of each guard
	lost := false           // what handles it is not known
	add := func(v verdict, mw middleware) {
		rt.Guards = append(rt.Guards, guardOf(v, mw))
		conds = append(conds, mw.conds)
	}
	m.ctx, m.known, m.shared, m.forged, m.handed, m.op, m.operation, m.required, m.given = nil, nil, nil, nil, nil, r.op, p.operation, requirementOf(p), nil
	defer func() {
		m.ctx, m.known, m.shared, m.forged, m.handed, m.op, m.operation, m.required, m.given = nil, nil, nil, nil, nil, nil, "", requirement{}, nil
	}()
	if guard, ok := m.behindHandler(rt, r, p); ok {
		last := chain[len(chain)-1]
		chain, p.core = chain[:len(chain)-1], last.v
		rt.Late = append(rt.Late, guard)
	}
	for _, mw := range chain {
		// What the route itself depends on is no condition of its guard.
		if slices.ContainsFunc(mw.conds, func(c condition) bool { return slices.ContainsFunc(r.conds, c.excludes) }) {
			continue
		}
		mw.conds = slices.DeleteFunc(slices.Clone(mw.conds), func(c condition) bool { return c.in(r.conds) })
		v := m.judgeMiddleware(mw.v, rt.Path, rt.Method, 0)
		if _, ok := p.core.(*router); ok && v.again != "" {
			m.again[rt.Key()] = v.again
		}
		if v.name == "" {
			continue
		}
		if v.note != "" {
			name, _, _ := strings.Cut(v.name, "$")
			reasons = append(reasons, name+": "+v.note)
		}
		if v.asksKnown != "" && slices.ContainsFunc(rt.Guards, guards) {
			v.kind, v.why = routes.KindRole, "asks callers who are known by then for "+v.asksKnown
		}
		add(v, mw)
		m.carry(v.sets)
		m.carryKnown(v.knows)
		m.share(v.shares)
		m.carryForged(v.forges)
		if len(mw.conds) == 0 {
			m.give(v)
		}
		if v.handed != nil {
			m.handed = v.handed
		}
	}
	switch h := p.core.(type) {
	case *closure:
		rt.Handler = m.symbol(h.fn)
		guarded := slices.ContainsFunc(rt.Guards, func(g routes.Guard) bool { return g.Kind == routes.KindAuth || g.Kind == routes.KindRole })
		v := m.judgeHandler(h, rt.Path, rt.Method, guarded)
		if v.again != "" {
			m.again[rt.Key()] = v.again
		}
		rt.Signed = v.message
		if v.message {
			v.name, v.literal = shortName(h.fn.Name), m.nameless(h.fn)
			add(v, middleware{pos: place{h.fn.File, h.fn.Line}})
		}
		if v.kind == routes.KindAuth || v.kind == routes.KindRole || v.kind == routes.KindUnresolved {
			if m.signsIn(h, rt.Path) {
				v.kind, v.why = routes.KindOther, "the handler is where callers get their identity, so it asks for none: "+v.why
			}
			v.name, v.literal = shortName(h.fn.Name), m.nameless(h.fn)
			add(v, middleware{pos: place{h.fn.File, h.fn.Line}})
		}
	case *external:
		rt.Handler, rt.Files = routes.Symbol{Func: libraryName(h.name)}, m.filesOf(h)
		if pkg := pkgOf(h.name); pkg == "reflect" || pkg == "plugin" {
			lost = true
			reasons = append(reasons, "what answers is found by package "+pkg+" while the program runs")
		}
	default:
		rt.Handler = routes.Symbol{Func: "unresolved"}
		if i := len(p.layers) - 1; i >= 0 && m.again[rt.Key()] != "" && p.layers[i].applied != nil {
			fn := p.layers[i].applied.fn // what gives the request to a router again
			rt.Handler = m.symbol(fn)
		}
		_, unknown := h.(*unknown)
		lost = !unknown && (h == nil || isNil(h)) || unknown && r.unclear == "" && strings.Contains(r.path, "{unresolved}") // something of the program's own
		if (lost || unknown) && !r.static {
			reasons = append(reasons, "the handler could not be followed")
		}
	}
	reasons = append(weighConditions(rt.Guards, conds), reasons...)
	rt.Access = routes.Public
	unresolved := ""
	for _, g := range rt.Guards {
		switch g.Kind {
		case routes.KindRole:
			rt.Access = routes.Role
		case routes.KindAuth:
			if rt.Access != routes.Role {
				rt.Access = routes.Authenticated
			}
		case routes.KindUnresolved:
			unresolved = routes.Symbol{Func: g.Name, File: g.File, Line: g.Line, Literal: g.Literal}.Label() + ": " + g.Why
		}
	}
	if rt.Access == routes.Public && unresolved != "" {
		rt.Access = routes.Unresolved
		reasons = append(reasons, unresolved)
	}
	if rt.Access == routes.Public && lost {
		rt.Access = routes.Unresolved // it may be wrapped in what guards it
	}
	if rt.Access == routes.Public && m.overspent() {
		rt.Access = routes.Unresolved
		reasons = append(reasons, "the program is too large to be followed to its end")
	}
	if said := worthSaying(r.conds); said != "" {
		reasons = append(reasons, "registered only if "+said)
	}
	registeredIf(rt, r.conds)
	rt.Reason = strings.Join(reasons, "; ")
	if rt.Guards == nil {
		rt.Guards = []routes.Guard{}
	}
}

// guards reports whether a guard turns strangers away.
func guards(g routes.Guard) bool { return g.Kind == routes.KindAuth || g.Kind == routes.KindRole }

// behindHandler finds a guard that was given as the last of a route's handlers:
// it hands on to nothing, and the one before it has answered by then.
func (m *machine) behindHandler(rt *routes.Route, r *record, p peeled) (routes.Guard, bool) {
	last, ok := p.core.(*closure)
	if !ok || len(r.mws) == 0 || len(p.layers) > 0 || !callsNext(last.fn) {
		return routes.Guard{}, false
	}
	if handler, ok := r.mws[len(r.mws)-1].v.(*closure); !ok || !m.isHandler(handler) || callsNext(handler.fn) || handler.fn.Literal {
		return routes.Guard{}, false
	}
	v := m.judgeMiddleware(last, rt.Path, rt.Method, 0)
	if v.kind != routes.KindAuth && v.kind != routes.KindRole {
		return routes.Guard{}, false
	}
	return guardOf(v, middleware{pos: r.pos}), true
}

// callsNext reports whether a function hands on by a method of the request.
func callsNext(fn *function) bool {
	found := false
	walk(fn.Body, func(n *program.Node) {
		found = found || n.Op == program.Call && n.K[0].Op == program.Method && n.K[0].S == "Next" && len(n.K) <= 2
	})
	return found
}

func guardOf(v verdict, mw middleware) routes.Guard {
	end := int(max(mw.end, mw.pos.line))
	return routes.Guard{AttachedEnd: end, Name: v.name, Kind: v.kind, Why: v.why, File: v.pos.file, Line: int(v.pos.line), Literal: v.literal, Attached: mw.pos.public(), If: allBare(mw.conds), Settings: settingsText(mw.conds), Refused: v.refused.public(),
		Through: publicPlaces(mw.via), Reached: v.reached, Flaw: v.flaw, FlawAt: v.flawAt.public(), Answers: v.answers.public(), Switched: v.switched && v.kind == routes.KindOptional, Exempt: v.exempt && v.kind == routes.KindOptional,
		Believes: v.credulous && (v.kind == routes.KindAuth || v.kind == routes.KindRole)}
}

func (p place) public() routes.Place { return routes.Place{File: p.file, Line: int(p.line)} }

func publicPlaces(ps []place) []routes.Place {
	var out []routes.Place
	for _, p := range ps {
		if q := p.public(); q.Line > 0 && !slices.Contains(out, q) {
			out = append(out, q)
		}
	}
	return out
}

// late judges the middleware that was attached to the routers of a route only
// after it, and keeps those that would have guarded it.
func (m *machine) late(rt *routes.Route, mws []middleware) {
	for _, mw := range mws {
		if v := m.judgeMiddleware(mw.v, rt.Path, rt.Method, 0); v.kind == routes.KindAuth || v.kind == routes.KindRole {
			rt.Late = append(rt.Late, guardOf(v, mw))
		}
	}
}

// symbol is how a handler is shown.
func (m *machine) symbol(fn *function) routes.Symbol {
	return routes.Symbol{Func: shortName(fn.Name), File: fn.File, Line: int(fn.Line), Literal: m.nameless(fn)}
}

// nameless reports whether a function is a literal that the function it stands in
// does not make for others, so that its name says nothing of it.
func (m *machine) nameless(fn *function) bool {
	if !fn.Literal {
		return false
	}
	q, _, _ := strings.Cut(fn.Name, "$")
	around := m.funcs[q]
	if pkg, typ, name := split(q); around == nil && typ != "" {
		around = m.method(pkg+"."+typ, name)
	}
	return around == nil || !m.makesHandlers(around)
}

// makesHandlers reports whether a function returns handlers or middleware, and
// not, as one that registers routes may, a router and what closes it.
func (m *machine) makesHandlers(fn *function) bool {
	return slices.ContainsFunc(fn.Results, func(p program.Param) bool {
		if isNextType(p.Type) || strings.HasPrefix(p.Type, "func(") && p.Type != "func()" || strings.HasSuffix(p.Type, "Func") || strings.HasSuffix(p.Type, "Middleware") || strings.HasSuffix(p.Type, "Interceptor") {
			return true
		}
		ty := m.types[p.Type]
		return ty != nil && (strings.HasPrefix(ty.Under, "func(") || isNextType(ty.Under) || slices.Contains(ty.Interface, "ServeHTTP"))
	})
}

func shortName(q string) string {
	q = lastPart(q)
	if i := strings.IndexByte(q, '.'); i >= 0 {
		q = q[i+1:]
	}
	return q
}

func stronger(a, b verdict) verdict {
	rank := map[string]int{routes.KindRole: 6, routes.KindAuth: 5, routes.KindUnresolved: 4, routes.KindOptional: 3, routes.KindParser: 2, routes.KindOther: 1}
	if rank[b.kind] > rank[a.kind] {
		return b
	}
	return a
}

func (m *machine) judgeMiddleware(v value, path, method string, depth int) verdict {
	if depth > 6 {
		return verdict{}
	}
	switch x := v.(type) {
	case layer:
		path = strings.TrimPrefix(path, x.cut)
		switch {
		case x.applied != nil:
			return m.judgeAround(x.applied, path, method, true)
		case x.ext != nil:
			return m.judgeMiddleware(x.ext, path, method, depth+1)
		}
	case *closure:
		return m.judgeClosure(x, path, method, depth)
	case *external:
		return m.judgeLibrary(x, path, method)
	case exempted:
		v := m.judgeMiddleware(x.v, path, method, depth+1)
		if v.kind == routes.KindAuth || v.kind == routes.KindRole || v.kind == routes.KindUnresolved {
			v.kind, v.why, v.exempt = routes.KindOptional, x.why, true
		}
		return v
	case *wrapped:
		return m.judgeMiddleware(x.mw, path, method, depth+1)
	case union:
		return m.judgeOneOf(x, path, method, depth)
	case *object:
		for _, name := range []string{"ServeHTTP", "Handler", "Middleware", "Handle", "WrapUnary"} {
			if fn := m.method(x.t, name); fn != nil {
				return m.judgeClosure(&closure{fn: fn, recv: m.descend(x, fn)}, path, method, depth+1)
			}
		}
		return verdict{name: lastPart(x.t), kind: routes.KindOther, why: "is no function we could follow"}
	case *unknown:
		name := strings.Join(x.labels, " ")
		if name == "" {
			name = "middleware"
		}
		if hasIdentity(x.labels) {
			return verdict{name: name, kind: routes.KindUnresolved, why: "its name says that it guards, but it could not be followed"}
		}
		return verdict{name: name, kind: routes.KindOther, why: "could not be followed"}
	}
	return verdict{}
}

// judgeClosure judges a function of the program used as middleware.
func (m *machine) judgeClosure(c *closure, path, method string, depth int) verdict {
	if takesNext := nextParameter(c.fn); takesNext >= 0 && !m.isHandler(c) {
		in := m.applied(c, takesNext)
		var v verdict
		switch x := in.(type) {
		case union:
			v = m.judgeOneOf(x, path, method, depth)
		case *closure, *wrapped, *object:
			v = m.judgeLayers(x, path, method, depth)
		case next:
			v = verdict{kind: routes.KindOther, why: "hands every request on"}
		default:
			ws := words(lastName(c.fn.Name))
			v = verdict{kind: routes.KindOther, why: "could not be followed"}
			if hasIdentity(ws) {
				v.kind, v.why = routes.KindUnresolved, "its name says that it guards, but what it returns could not be followed"
			}
		}
		v.name, v.pos, v.literal = shortName(c.fn.Name), place{c.fn.File, c.fn.Line}, m.nameless(c.fn)
		return v
	}
	v := m.judgeApplied(c, path, method)
	return v
}

// nextParameter is the number of the parameter that is the rest of the chain, -1
// if none is.
func nextParameter(fn *function) int {
	found := -1
	for i, p := range fn.Params {
		if isNextType(p.Type) {
			found = i
		}
	}
	return found
}

// applied is what a middleware returns for the rest of the chain, which is its
// parameter of that number.
func (m *machine) applied(c *closure, takesNext int) value {
	key := m.exactly.of(c)
	in, ok := m.appliedCache[key]
	if ok {
		return in
	}
	args := make([]value, len(c.fn.Params))
	for i, p := range c.fn.Params {
		args[i] = &unknown{t: p.Type, labels: words(p.Name)}
	}
	args[takesNext] = next{}
	in = m.callFunc(c, call{n: &program.Node{}, args: args})
	if m.appliedCache == nil {
		m.appliedCache = map[closureKey]value{}
	}
	m.appliedCache[key] = in
	return in
}

// judgeLayers judges a middleware applied to the rest of the chain: it may have
// put several handlers around it, of which each hands on to the next.
func (m *machine) judgeLayers(v value, path, method string, depth int) verdict {
	ctx, known, shared, made := m.ctx, m.known, m.shared, m.forged
	defer func() { m.ctx, m.known, m.shared, m.forged = ctx, known, shared, made }()
	var out verdict
	var sets, knows, forges map[string]value
	var shares map[string]bool
	one := func(v verdict) {
		out = stronger(out, v)
		sets, knows, shares = m.carry(v.sets), m.carryKnown(v.knows), m.share(v.shares)
		m.carryForged(v.forges)
		for k, f := range v.forges {
			if forges == nil {
				forges = map[string]value{}
			}
			forges[k] = f
		}
	}
	for _, p := range m.peel(v, 0) {
		for _, l := range p.layers {
			one(m.judgeMiddleware(l, path, method, depth+1))
		}
		switch x := p.core.(type) {
		case *closure:
			one(m.judgeApplied(m.handlerOf(x), path, method))
		case *wrapped:
			one(m.judgeMiddleware(x.mw, path, method, depth+1))
		}
	}
	out.sets, out.knows, out.shares, out.forges = sets, knows, shares, forges
	return out
}

// carry adds to what the request carries for what comes later in the chain, and
// returns all of it.
func (m *machine) carry(sets map[string]value) map[string]value {
	if len(sets) == 0 {
		return m.ctx
	}
	m.ctx = overlaid(m.ctx, sets)
	return m.ctx
}

// overlaid returns what is in a and in b, which b says where both do. Neither changes: what
// a machine carries, others may have.
func overlaid[V any](a, b map[string]V) map[string]V {
	all := make(map[string]V, len(a)+len(b))
	maps.Copy(all, a)
	maps.Copy(all, b)
	return all
}

// judgeApplied judges a handler that hands requests on.
func (m *machine) judgeApplied(c *closure, path, method string) verdict {
	return m.judgeAround(c, path, method, false)
}

// judgeAround is judgeApplied; a wrapper calls the rest itself, so that returning
// ends a request even where middleware has to abort it.
func (m *machine) judgeAround(c *closure, path, method string, wrapper bool) verdict {
	key := verdictKey{c: m.alike.of(c), wrapper: wrapper, ctx: m.ctxKey(), given: m.givenKey()}
	if v, ok := m.verdicts[key]; ok && !v.usedPath {
		return v
	}
	key.path, key.method = path, method
	if v, ok := m.verdicts[key]; ok {
		return v
	}
	v := m.decide(c, path, method, wrapper)
	v.name, v.pos, v.literal = strings.TrimRight(shortName(c.fn.Name), "$0123456789"), place{c.fn.File, c.fn.Line}, m.nameless(c.fn)
	m.verdicts[key] = v
	if !v.usedPath {
		m.verdicts[verdictKey{c: key.c, wrapper: wrapper, ctx: key.ctx, given: key.given}] = v
	}
	return v
}

func (m *machine) ginStyle(c *closure) bool {
	if c.on || endsByAnswering(c) {
		return true
	}
	for _, p := range c.fn.Params {
		if k := requestKind(p.Type); k == "c" {
			pkg := pkgOf(p.Type)
			f := known(pkg)
			return f == nil || f.id == "gin"
		}
	}
	return false
}

// withMaker adds to the code that a verdict rests on the function in which a
// literal is written: what it hands out may be decided there.
func (m *machine) withMaker(reached []routes.Span, fn *function) []routes.Span {
	name, _, literal := strings.Cut(fn.Name, "$")
	maker := m.funcs[name]
	if !literal || maker == nil {
		return reached
	}
	return append(slices.Clone(reached), routes.Span{File: maker.File, Line: int(maker.Line), End: int(maker.EndLine)})
}

// nowhere is a path that no list names.
const nowhere = "/.nowhere"

// onlyKnownPass reports whether requests with an identity are handed on where none
// without one is, for what the identity is found to be; what configuration may let
// pass besides counts for both.
func onlyKnownPass(anon, there *simulation) bool {
	return slices.ContainsFunc(there.passed, func(p passage) bool {
		return slices.Contains(p.conds, identityLabel) && !slices.ContainsFunc(anon.passed, func(q passage) bool { return p.pos == q.pos })
	})
}

// refusesElsewhere reports whether a middleware that looks at the path refuses
// anonymous requests to some: then a path it lets pass is on its list.
func (m *machine) refusesElsewhere(c *closure) bool {
	key := m.alike.of(c)
	if v, ok := m.elsewhere[key]; ok {
		return v
	}
	refuses := false
	for _, path := range []string{"", nowhere} {
		s := m.simulate(c, &simulation{anonymous: true, middleware: true, path: path})
		refuses = refuses || slices.ContainsFunc(s.refused, func(r refusal) bool { return r.anon && (r.code == 401 || r.code == 403 || r.code == 302) })
	}
	if m.elsewhere == nil {
		m.elsewhere = map[closureKey]bool{}
	}
	m.elsewhere[key] = refuses
	return refuses
}

// unaborted finds the refusal of an anonymous request by a gin middleware that
// never aborts.
func unaborted(s *simulation, because *refusal) *refusal {
	if because != nil && (because.code == 401 || because.code == 403 || because.code == 302) {
		return because
	}
	for i, r := range s.refused {
		if r.unsure && (r.code == 401 || r.code == 403) && hasIdentity(r.why) {
			return &s.refused[i]
		}
	}
	return nil
}

// ctxKey names what the request carries, so that verdicts are reused only where
// it is the same.
func (m *machine) ctxKey() string {
	handed := m.handedKey()
	if len(m.ctx) == 0 && len(m.forged) == 0 {
		return handed
	}
	out := []string{handed}
	for k, v := range m.ctx {
		out = append(out, fmt.Sprintf("%s=%T%s", k, v, typeOf(v)))
	}
	for k, v := range m.known {
		out = append(out, k+"!"+shape(v, 0))
	}
	for k, v := range m.forged {
		out = append(out, fmt.Sprintf("%s:%v", k, v))
	}
	if _, any := m.ctx[anyKey]; any {
		for k := range m.shared {
			out = append(out, k+"*")
		}
	}
	slices.Sort(out)
	return strings.Join(out, ",")
}

func firstN(s []string, n int) []string { return s[:min(n, len(s))] }

func (p place) String() string {
	if p.file == "" {
		return "a library"
	}
	return fmt.Sprintf("%s:%d", p.file, p.line)
}

func describe(r *refusal) string {
	switch {
	case r.code == 302:
		return " (redirect to sign in)"
	case r.code >= 400:
		return fmt.Sprintf(" (%d)", r.code)
	}
	return ""
}

func conditions(s *simulation) string {
	for _, p := range s.passed {
		if p.unsure && len(p.conds) > 0 {
			return strings.Join(firstN(p.conds, 5), " ")
		}
	}
	return "a condition holds that could not be decided"
}

func (m *machine) readsIdentity(name []string) bool { return hasIdentity(name) }

// notAuth: the name says that something else than identity is checked.
func notAuth(ws []string) bool {
	for _, w := range ws {
		switch w {
		case "csrf", "cors", "ratelimit", "limit", "limiter", "throttle", "gzip", "recover", "recovery", "logger", "logging", "metrics", "timeout", "maintenance":
			return true
		}
	}
	return false
}
