package eval

import (
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/program"
)

// Routers that a program wrote itself keep rows in a list or a map, each a
// method, a pattern and a handler, and go through them for every request. Which
// row is whose cannot be told from comparing paths with constants, for the pattern
// is matched in ways of the program's own; but that a row is chosen can: a request
// is sent for each row, as if the tables had no other.

// pick is a row of a table that a request is for; row is nil where it is for none.
type pick struct {
	in       value // the *list or *table
	key, row value
}

// picked is the row that the request being sent is for, of a table that it is
// looked up in; nil if it may be for any.
func (m *machine) picked(in value) *pick {
	if m.sim == nil {
		return nil
	}
	if p := m.pickOf(in); p != nil {
		m.sim.usedPath = true // verdicts differ from row to row
		return p
	}
	if len(m.sim.tables) < maxTables && !slices.Contains(m.sim.tables, in) && m.holdsRoutes(in, 0) {
		m.sim.tables = append(m.sim.tables, in)
	}
	return nil
}

func (m *machine) pickOf(in value) *pick {
	for i := range m.sim.target.picks {
		if p := &m.sim.target.picks[i]; p.in == in {
			return p
		}
	}
	return nil
}

const (
	// maxTables bounds the tables that one request is looked up in.
	maxTables = 20
	// maxNestedTables bounds how deep they are nested.
	maxNestedTables = 3
)

// picks reports whether a value is what a row holds that the request is for.
func (s *simulation) picks(v value) bool {
	return slices.ContainsFunc(s.target.picks, func(p pick) bool {
		if o, ok := p.row.(*object); ok && !same(p.row, v) {
			for _, f := range o.f {
				if same(f, v) {
					return true
				}
			}
			return false
		}
		return p.row != nil && same(p.row, v)
	})
}

// handlerIn is the field of a row that holds what answers; nil if none does.
func (m *machine) handlerIn(o *object) value {
	for _, f := range o.f {
		if x, ok := f.(*closure); ok && (m.isHandler(x) || m.takesOwnContext(x)) {
			return f
		}
		if _, isRouter := f.(*router); !isRouter && (handlerLike(f) && !isClosure(f) || m.servesHTTP(f)) {
			return f
		}
	}
	return nil
}

func isClosure(v value) bool { _, ok := v.(*closure); return ok }

// takesOwnContext reports whether a function takes what the program made of a
// request, a context of its own.
func (m *machine) takesOwnContext(c *closure) bool {
	for _, p := range c.fn.Params {
		if t := m.types[p.Type]; t != nil && (m.ownContext(p.Type) || slices.ContainsFunc(t.Fields, func(f program.Param) bool { k := requestKind(f.Type); return k != "" && k != "ctx" })) {
			return true
		}
	}
	return false
}

// holdsRoutes reports whether a list or map is a table of what answers requests,
// each with the path or method it is for.
func (m *machine) holdsRoutes(v value, depth int) bool {
	switch x := v.(type) {
	case *list:
		for _, e := range x.e {
			o, ok := e.(*object)
			if !ok || m.handlerIn(o) == nil || len(said(pick{row: o})) == 0 {
				return false
			}
		}
		return len(x.e) > 0
	case *table:
		for _, k := range x.keys {
			if _, ok := asString(k); !ok {
				return false
			}
			switch e := x.e[keyOf(k)].(type) {
			case *closure:
				if !m.isHandler(e) && !m.takesOwnContext(e) {
					return false
				}
			case *object:
				if m.handlerIn(e) == nil && !m.servesHTTP(e) {
					return false
				}
			case *list, *table:
				if depth >= maxNestedTables || !m.holdsRoutes(e, depth+1) {
					return false
				}
			case *wrapped, *external:
				if !handlerLike(e) {
					return false
				}
			default:
				return false
			}
		}
		return len(x.keys) > 0
	}
	return false
}

// saying is something that a row says of requests: a method, or a pattern.
type saying struct {
	method, pattern string
}

// said lists what a row of a table says of the requests it is for.
func said(p pick) []saying {
	var out []saying
	add := func(s saying) {
		if s != (saying{}) && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	if s, ok := asString(p.key); ok {
		x := sayingOf(s)
		if x == (saying{}) && s != "" && !strings.ContainsAny(s, " :") {
			x.pattern = "/" + s // a segment
		}
		add(x)
	}
	o, ok := p.row.(*object)
	if !ok {
		return out
	}
	for _, f := range o.f {
		switch x := f.(type) {
		case constant:
			if s, ok := asString(x); ok {
				add(sayingOf(s))
			}
		case *list:
			add(segments(x))
		case *external:
			if s, ok := compiled(x); ok {
				add(saying{pattern: template(s)})
			}
		}
	}
	return out
}

func sayingOf(s string) saying {
	if methods[strings.ToUpper(s)] {
		return saying{method: strings.ToUpper(s)}
	}
	if method, path, ok := strings.Cut(s, " "); ok && methods[method] && strings.HasPrefix(path, "/") {
		return saying{method, path}
	}
	switch {
	case strings.HasPrefix(s, "/"):
		return saying{pattern: s}
	case strings.HasPrefix(s, "^"):
		return saying{pattern: template(s)}
	}
	return saying{}
}

// segments is the pattern that was split at its slashes.
func segments(l *list) saying {
	var parts []string
	for _, e := range l.e {
		s, ok := asString(e)
		if !ok || strings.Contains(s, "/") {
			return saying{}
		}
		parts = append(parts, s)
	}
	if len(parts) == 0 || slices.ContainsFunc(parts, func(s string) bool { return methods[s] }) {
		return saying{}
	}
	return saying{pattern: "/" + strings.TrimPrefix(strings.Join(parts, "/"), "/")}
}

// compiled is the pattern of a regular expression.
func compiled(x *external) (string, bool) {
	if !x.called || len(x.args) != 1 || x.name != "regexp.MustCompile" && x.name != "regexp.Compile" {
		return "", false
	}
	return asString(x.args[0])
}

// template writes a regular expression for paths as a path with parameters, with
// the groups as parameters.
func template(re string) string {
	re = strings.TrimSuffix(strings.TrimPrefix(re, "^"), "$")
	re = strings.TrimPrefix(strings.TrimSuffix(re, `\z`), `\A`)
	re = strings.TrimSuffix(re, "/?")
	var b strings.Builder
	groups := 0
	for i := 0; i < len(re); i++ {
		switch re[i] {
		case '\\':
			if i++; i < len(re) {
				b.WriteByte(re[i])
			}
		case '(', '[':
			groups++
			name, end := "p"+itoa(groups), closing(re, i)
			if n, ok := strings.CutPrefix(re[i:end], "(?P<"); ok {
				name, _, _ = strings.Cut(n, ">")
			} else if n, ok := strings.CutPrefix(re[i:end], "(?<"); ok {
				name, _, _ = strings.Cut(n, ">")
			}
			if strings.Contains(re[i:end], ".*") || strings.Contains(re[i:end], ".+") {
				name += "..."
			}
			b.WriteString("{" + name + "}")
			i = end - 1
			for i+1 < len(re) && strings.IndexByte("*+?", re[i+1]) >= 0 {
				i++
			}
		default:
			b.WriteByte(re[i])
		}
	}
	p := b.String()
	if !strings.HasPrefix(p, "/") {
		p = "/" + p
	}
	return p
}

// closing is where the group or class that begins at i is over.
func closing(re string, i int) int {
	depth, class := 0, false
	for j := i; j < len(re); j++ {
		switch c := re[j]; {
		case c == '\\':
			j++
		case class:
			class = c != ']'
			if !class && depth == 0 {
				return j + 1
			}
		case c == '[':
			class = true
		case c == '(':
			depth++
		case c == ')':
			if depth--; depth == 0 {
				return j + 1
			}
		}
	}
	return len(re)
}

// rowsOf takes a registration apart whose handler keeps a table of its own: one
// operation for each row. lost says why that cannot be done where there is one.
func (m *machine) rowsOf(r *record, full string) (out []operation, lost string) {
	if !r.subtree && full != "/" && !strings.Contains(full, "*") && !strings.Contains(full, "...}") {
		return nil, ""
	}
	c := m.looksUp(r.handler, 0)
	if c == nil {
		return nil, ""
	}
	lost = shortName(c.fn.Name) + " chooses among handlers in a table of its own, and which path leads to which could not be made out"
	complete := true
	var visit func(picks []pick, depth int)
	visit = func(picks []pick, depth int) {
		t, ok := m.rowTarget(picks, full)
		s := m.probe(c, target{method: t.method, picks: picks, blind: true})
		var in value
		for _, x := range s.tables {
			if !slices.ContainsFunc(picks, func(p pick) bool { return p.in == x }) {
				in = x
				break
			}
		}
		if in == nil || depth > maxNestedTables {
			if len(picks) == 0 {
				return
			}
			if !ok || in != nil || len(out) >= maxOperations {
				complete = false
				return
			}
			op, ok := m.rowOperation(c, t)
			if !ok {
				complete = false
				return
			}
			out = append(out, op)
			return
		}
		for _, p := range picksOf(in) {
			complete = complete && !isBranch(p.row)
			visit(append(slices.Clone(picks), p), depth+1)
		}
	}
	visit(nil, 0)
	placeRows(out)
	if !complete || len(out) == 0 {
		return out, lost
	}
	if f := m.fallback(c, out, full); f != nil && r.served {
		out = append(out, *f)
	}
	return out, ""
}

// fallback is what answers requests that no row is for, nil where nothing does but
// the table's own function.
func (m *machine) fallback(c *closure, rows []operation, full string) *operation {
	t := target{path: full, method: "*"}
	for _, op := range rows {
		for _, p := range op.picks {
			if !slices.ContainsFunc(t.picks, func(q pick) bool { return q.in == p.in }) {
				t.picks = append(t.picks, pick{in: p.in})
			}
		}
	}
	for _, p := range m.probe(c, t).passed {
		if !isUnknownOrNext(p.v) {
			return &operation{target: t}
		}
	}
	return nil
}

// looksUp is the function below a handler's wrappers that looks requests up in a
// table of the program's own; nil if none does.
func (m *machine) looksUp(v value, depth int) *closure {
	x, ok := v.(*closure)
	if o, isObject := v.(*object); isObject {
		x = m.serving(o)
		ok = x != nil
	}
	if w, isWrapped := v.(*wrapped); isWrapped && depth <= 8 && !isNilOrSelf(w.inner, v) {
		return m.looksUp(w.inner, depth+1)
	}
	if !ok || depth > 8 {
		return nil
	}
	c := m.handlerOf(x)
	if m.mayDelegate(c.fn) && len(m.simulate(c, &simulation{}).tables) > 0 {
		return c
	}
	if rest := m.rest(c); len(rest) == 1 && !same(rest[0], v) {
		return m.looksUp(rest[0], depth+1)
	}
	return nil
}

// isBranch reports whether a row has more rows of its kind below it: it is a part
// of a tree, which is gone through in other ways than a table.
func isBranch(row value) bool {
	o, ok := row.(*object)
	if !ok {
		return false
	}
	kin := func(v value) bool {
		x, ok := v.(*object)
		return ok && x.t == o.t
	}
	for _, f := range o.f {
		switch x := f.(type) {
		case *object:
			if kin(x) {
				return true
			}
		case *list:
			if slices.ContainsFunc(x.e, kin) {
				return true
			}
		case *table:
			for _, k := range x.keys {
				if kin(x.e[keyOf(k)]) {
					return true
				}
			}
		}
	}
	return false
}

func picksOf(in value) []pick {
	var out []pick
	switch x := in.(type) {
	case *list:
		for _, e := range x.e {
			out = append(out, pick{in: in, row: e})
		}
	case *table:
		for _, k := range x.keys {
			out = append(out, pick{in: in, key: k, row: x.e[keyOf(k)]})
		}
	}
	return out
}

// rowTarget is the request that rows are for; ok is false if they do not say one
// path.
func (m *machine) rowTarget(picks []pick, full string) (target, bool) {
	t := target{picks: picks, method: "*"}
	pattern := ""
	one := true
	for _, p := range picks {
		for _, s := range said(p) {
			if s.method != "" {
				one = one && (t.method == "*" || t.method == s.method)
				t.method = s.method
			}
			if s.pattern != "" {
				one = one && (pattern == "" || pattern == s.pattern)
				pattern = s.pattern
			}
		}
	}
	if t.method == "ANY" {
		t.method = "*"
	}
	base := subtreeOf(full)
	t.path = pattern
	if !strings.HasPrefix(pattern, base) {
		t.path = joinPath(base, strings.TrimPrefix(pattern, "/"))
	}
	return t, one && pattern != ""
}

// rowOperation is what answers the request that a row is for, if anything does.
func (m *machine) rowOperation(c *closure, t target) (operation, bool) {
	none := target{path: t.path, method: t.method, blind: true}
	for _, p := range t.picks {
		none.picks = append(none.picks, pick{in: p.in})
	}
	other := m.probe(c, none)
	for _, p := range other.passed {
		t.fallback = append(t.fallback, p.v)
	}
	for _, blind := range []bool{false, true} {
		t.blind = blind
		s := m.probe(c, t)
		op := operation{target: t, at: placesOf(t.picks)}
		answers := func(s *simulation) bool {
			op.fn = nil // the handler passed to is found by itself
			if passesElsewhere(s, other) {
				return true
			}
			op.fn = onlyIn(s.calls, other.calls)
			return op.fn != nil
		}
		if strings.Count(t.path, "/") > 1 && strings.HasSuffix(t.path, "/") && !blind {
			below, beside := t, t
			below.path += elsewhere
			beside.path = "/" + elsewhere
			if !answers(m.probe(c, beside)) && answers(m.probe(c, below)) {
				op.path += "{rest}"
				return op, true
			}
		}
		if answers(s) {
			return op, true
		}
	}
	return operation{}, false
}

// placesOf are where rows are put into their tables, and the calls that led there.
func placesOf(picks []pick) []place {
	for _, p := range slices.Backward(picks) {
		if o, ok := p.row.(*object); ok && o.literal && o.at.line > 0 {
			return append([]place{o.at}, o.via...)
		}
		if t, ok := p.in.(*table); ok {
			if at := t.at[keyOf(p.key)]; at.line > 0 {
				return []place{at}
			}
			if at := t.puts[keyOf(p.key)]; len(at) > 0 {
				return at
			}
		}
	}
	return nil
}

// placeRows leaves of the calls that led to rows those that tell them apart: where
// all go through the same few functions, the route is where those are called.
func placeRows(ops []operation) {
	best, at := 0, 0
	for depth := range maxVia {
		distinct := map[place]bool{}
		for _, op := range ops {
			if depth < len(op.at) {
				distinct[op.at[depth]] = true
			}
		}
		if len(distinct) > best {
			best, at = len(distinct), depth
		}
	}
	for i := range ops {
		if at < len(ops[i].at) {
			ops[i].at = slices.Concat(ops[i].at[at:], ops[i].at[:at])
		}
	}
}
