package eval

import (
	"maps"
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/routes"
)

// Some programs register one route and look at the path, the method or a path
// parameter themselves: in a switch, a table or a map. What a handler compares
// those with is noted while a request of unknown path is sent through it, and
// then one request is sent for each.

// comparison is a part of the request that the program compares with a constant.
type comparison struct {
	part   string // partPath, partMethod or partParam and its name
	with   string
	prefix bool
}

const (
	partPath   = "path"
	partMethod = "method"
	partParam  = "param:"
	// maxOperations bounds what one registration is taken apart into.
	maxOperations = 300
	// maxMatcher bounds the nodes of a function that matches paths with patterns.
	maxMatcher = 600
	// elsewhere is a path or parameter that no program compares with.
	elsewhere = "launchgate-elsewhere"
)

// target is the request that is sent where one registration is many operations.
type target struct {
	path, method string
	params       map[string]string
	// picks are the rows of the program's own tables of handlers that it is for;
	// fallback are the handlers for requests that no row is for. blind: its path
	// is not known to the program, which compares it in ways that are not followed.
	picks    []pick
	fallback []value
	blind    bool
}

// operation is one of the things a registration answers.
type operation struct {
	target
	fn    *function // where the handler itself hands it to, if it does
	shown string    // the path from outside, where it is another
	// inside: a function below the registration's wrappers tells it apart.
	inside bool
	lost   string  // why it is not known who answers it
	at     []place // of a row of a table: where it is, and the calls that led there
}

// compared notes that a part of the request is compared with a constant.
func (m *machine) compared(v value, with value, prefix bool) {
	if m.sim == nil {
		return
	}
	u, ok := v.(*unknown)
	if ok && u.part == "" && (u.ofPath || slices.Contains(u.labels, "path")) {
		_, isString := asString(with)
		m.sim.carved = m.sim.carved || isString
	}
	if !ok || u.part == "" {
		return
	}
	s, ok := asString(with)
	if !ok || s == "" || len(m.sim.compared) >= maxOperations {
		return
	}
	if c := (comparison{u.part, s, prefix}); !slices.Contains(m.sim.compared, c) {
		m.sim.compared = append(m.sim.compared, c)
	}
}

// matches notes that a function of the program is given the path and a pattern, as
// one is that says whether they match. It reports whether that can be reckoned out.
func (m *machine) matches(fn *function, args []value) bool {
	if len(args) < 2 {
		return false
	}
	reckoned := false
	for i, a := range args {
		for j, b := range args {
			s, ok := asString(b)
			if i == j || !ok || !strings.HasPrefix(s, "/") {
				continue
			}
			if u, ok := a.(*unknown); ok && u.part == partPath {
				m.compared(a, b, false)
			}
			p, ok := asString(a)
			reckoned = reckoned || ok && m.sim.target.path != "" && p == m.sim.path && fn.size < maxMatcher
		}
	}
	return reckoned
}

// param is a parameter of the path.
func (m *machine) param(name value, t string) value {
	s, ok := asString(name)
	if !ok {
		return &unknown{t: t, labels: []string{requestLabel}}
	}
	if v, ok := m.sim.target.params[s]; ok {
		m.sim.usedPath = true
		return str(v)
	}
	return &unknown{t: t, part: partParam + s, labels: []string{requestLabel}}
}

// dispatcher finds the function that takes requests apart below a handler's
// wrappers, with what it compares.
func (m *machine) dispatcher(v value, depth int) (*closure, []comparison) {
	x, ok := v.(*closure)
	if !ok || depth > 8 {
		return nil, nil
	}
	c := m.handlerOf(x)
	rest := m.rest(c)
	if cs := m.compareCache[m.exactly.of(c)]; len(cs) > 0 {
		return c, cs
	}
	if len(rest) != 1 || same(rest[0], v) {
		return nil, nil
	}
	return m.dispatcher(rest[0], depth+1)
}

// operations takes a registration apart; nil if it is one operation.
func (m *machine) operations(r *record, full string) []operation {
	c, cs := m.dispatcher(r.handler, 0)
	if c == nil {
		return nil
	}
	var out []operation
	seen := map[string]bool{full: true}
	try := func(t target) bool {
		if seen[t.path] || len(out) >= maxOperations {
			return false
		}
		s := m.probe(c, t)
		other := m.probe(c, m.otherThan(t, full))
		fn := onlyIn(s.calls, other.calls)
		if passesElsewhere(s, other) {
			fn = nil // the handler passed to is found by itself
		} else if fn == nil {
			return false
		}
		seen[t.path] = true
		out = append(out, operation{target: t, fn: fn})
		return true
	}
	if r.subtree || strings.Contains(full, "*") || strings.Contains(full, "...}") {
		base := subtreeOf(full)
		if strings.Count(base, "/") < strings.Count(strings.TrimSuffix(full, "/"), "/") {
			cs = nil // parameters before the end: there is no fixed beginning
		}
		for _, x := range cs {
			if x.part != partPath {
				continue
			}
			rest := ""
			if x.prefix {
				if slices.Contains(cs, comparison{partPath, x.with, false}) {
					continue // whether the prefix counts could not be told
				}
				rest = "{rest}"
			}
			if strings.HasPrefix(x.with, base) && try(target{path: x.with + rest, method: r.method}) {
				continue
			}
			try(target{path: joinPath(base, strings.TrimPrefix(x.with, "/")) + rest, method: r.method})
		}
	}
	m.byParams(c, cs, target{path: full, method: r.method}, params(full), func(t target) { try(t) })
	return out
}

// byParams finds the values that a handler compares parameters with, one after
// the other: what it does with one parameter may depend on another.
func (m *machine) byParams(c *closure, cs []comparison, t target, names []string, found func(target)) {
	for i, name := range names {
		var values []string
		for _, x := range cs {
			if x.part == partParam+name && !x.prefix && plainSegment(x.with) {
				values = append(values, x.with)
			}
		}
		if len(values) < 2 || len(values) > maxOperations {
			continue
		}
		for _, v := range values {
			one := target{path: fill(t.path, name, v), method: t.method, params: maps.Clone(t.params)}
			if one.params == nil {
				one.params = map[string]string{}
			}
			one.params[name] = v
			more := false
			m.byParams(c, m.probe(c, one).compared, one, names[i+1:], func(t target) {
				more = true
				found(t)
			})
			if !more {
				found(one)
			}
		}
		return // what it does with those after this one was asked for each
	}
}

// otherThan is a request like t that no comparison of the program matches.
func (m *machine) otherThan(t target, full string) target {
	o := target{path: subtreeOf(full) + elsewhere, method: t.method}
	if len(t.params) > 0 {
		o.path = full
		o.params = map[string]string{}
		for k := range t.params {
			o.params[k] = elsewhere
		}
	}
	return o
}

func (m *machine) probe(c *closure, t target) *simulation {
	return m.simulate(c, &simulation{path: t.path, method: t.method, target: t})
}

// byMethod judges a route for any method; it comes out as several if methods
// that its handler tells apart differ in who may use them.
func (m *machine) byMethod(r *record, judge func(method string) routes.Route) []routes.Route {
	any := judge("*")
	c, cs := m.dispatcher(r.handler, 0)
	var named []string
	for _, x := range cs {
		if x.part == partMethod && methods[x.with] {
			named = append(named, x.with)
		}
	}
	if len(named) == 0 {
		return []routes.Route{m.weakest(any, judge)}
	}
	var out []routes.Route
	differ := false
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
		if !slices.Contains(named, method) && m.declines(c, target{path: any.Path, method: method}, named) {
			continue
		}
		rt := judge(method)
		out = append(out, rt)
		differ = differ || rt.Access != out[0].Access
	}
	if !differ {
		return []routes.Route{m.weakest(any, judge)}
	}
	return out
}

// weakest is a route for any method whose guards ask for a role, as what it asks
// for where they ask for less: some do only of those who write.
func (m *machine) weakest(any routes.Route, judge func(method string) routes.Route) routes.Route {
	if any.Access != routes.Role {
		return any
	}
	for _, method := range []string{"GET", "POST"} {
		if rt := judge(method); rt.Access == routes.Authenticated {
			rt.Method = any.Method
			rt.Reason = strings.TrimPrefix(rt.Reason+"; it asks for a role of some methods only", "; ")
			return rt
		}
	}
	return any
}

// declines reports whether a handler has no answer to a method: it refuses it,
// or does less than for one of those it names.
func (m *machine) declines(c *closure, t target, named []string) bool {
	s := m.probe(c, t)
	for _, r := range s.refused {
		if !r.unsure && (r.code == 404 || r.code == 405 || r.code == 400 || r.code == 501) {
			return true
		}
	}
	for _, method := range named {
		n := m.probe(c, target{path: t.path, method: method})
		if onlyIn(s.calls, n.calls) == nil && onlyIn(n.calls, s.calls) != nil && !passesElsewhere(s, n) {
			return true
		}
	}
	return false
}

// onlyIn is the function that a request was handed to and another was not: the
// last of the outermost ones, for those before it are checks.
func onlyIn(a, b []called) *function {
	var out *called
	for i, x := range a {
		if slices.ContainsFunc(b, func(y called) bool { return x.fn == y.fn }) {
			continue
		}
		if out == nil || x.depth <= out.depth {
			out = &a[i]
		}
	}
	if out == nil {
		return nil
	}
	return out.fn
}

// passesElsewhere reports whether two requests end in different handlers.
func passesElsewhere(a, b *simulation) bool {
	for _, p := range a.passed {
		if isUnknownOrNext(p.v) {
			continue
		}
		if !slices.ContainsFunc(b.passed, func(q passage) bool { return same(p.v, q.v) }) {
			return true
		}
	}
	return false
}

// subtreeOf is the fixed beginning of a pattern for a subtree, with its slash.
func subtreeOf(p string) string {
	if i := strings.IndexAny(p, "*{:"); i >= 0 {
		p = p[:i]
	}
	return strings.TrimSuffix(p, "/") + "/"
}

// params lists the names of the parameters of a path.
func params(p string) []string {
	var out []string
	for seg := range strings.SplitSeq(p, "/") {
		switch {
		case strings.HasPrefix(seg, ":"):
			out = append(out, seg[1:])
		case strings.HasPrefix(seg, "{") && strings.HasSuffix(seg, "}"):
			name, _, _ := strings.Cut(seg[1:len(seg)-1], ":")
			out = append(out, name)
		}
	}
	return out
}

// fill puts a value in the place of a parameter.
func fill(p, name, v string) string {
	segs := strings.Split(p, "/")
	for i, seg := range segs {
		if seg == ":"+name || seg == "{"+name+"}" || strings.HasPrefix(seg, "{"+name+":") {
			segs[i] = v
		}
	}
	return strings.Join(segs, "/")
}

func plainSegment(s string) bool {
	for _, c := range s {
		if c != '-' && c != '_' && c != '.' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}
