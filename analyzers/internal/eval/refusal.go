package eval

import (
	"maps"
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/program"
	"github.com/launchgate/launchgate/analyzers/routes"
)

// What is noted of how a simulated request fares.

// turn notes that the outermost function returns early on an undecided condition
// without handing the request on; since is how much was refused before.
func (s *simulation) turn(why []string, p place, since int) {
	if len(s.turned) < 20 {
		code := 0 // of its answer, if it gives one
		for _, r := range s.refused[min(since, len(s.refused)):] {
			code = r.code
		}
		s.turned = append(s.turned, refusal{code: code, unsure: true, why: why, pos: p})
	}
}

// maxReached bounds the pieces of code one verdict names.
const maxReached = 16

// reach notes a piece of code that the simulated request came through.
func (s *simulation) reach(file string, line, end int) {
	span := routes.Span{File: file, Line: line, End: end}
	if file != "" && len(s.reached) < maxReached && !slices.Contains(s.reached, span) {
		s.reached = append(s.reached, span)
	}
}

// progress is how far a simulated request has come.
type progress struct {
	passed, refused, denials, turned, keys, written, aborted, location int
}

func (s *simulation) progress() progress {
	return progress{len(s.passed), len(s.refused), len(s.denials), len(s.turned), len(s.keys), s.written, s.aborted, len(s.location)}
}

// idle runs a statement that is a call, whose result nobody reads, and takes what
// ran in it for none of what decides if the request is where it was before and
// nothing of it could have refused: it wrote to a log, for one.
func (m *machine) idle(statement func() value) value {
	s := m.sim
	was, reached, ran := s.progress(), len(s.reached), len(s.ran)
	v := statement()
	if s.progress() == was && !slices.ContainsFunc(s.ran[ran:], func(f *function) bool { return m.mayRefuse(f, 0) }) {
		s.reached = s.reached[:reached]
	}
	return v
}

// mayRefuse reports whether a function answers a request on any way through it, or
// a function that it calls.
func (m *machine) mayRefuse(f *function, depth int) bool {
	if known, ok := m.refuses[f]; ok {
		return known
	}
	m.refuses[f] = false // while it is looked at
	found := false
	walk(f.Body, func(n *program.Node) {
		if found || n.Op != program.Call {
			return
		}
		var fn *function
		switch k := n.K[0]; k.Op {
		case program.Method, program.Field:
			if requestKind(k.T) != "" || k.T == "" || m.ownContext(k.T) {
				switch k.S {
				case "Abort", "AbortWithStatus", "AbortWithStatusJSON", "AbortWithError", "StopExecution", "StopWithStatus", "WriteHeader", "JSON", "String", "Redirect", "SendStatus", "NoContent", "Write", "Next", "ServeHTTP":
					found = true
				}
			}
			fn = m.method(k.T, k.S)
		case program.Global:
			found = found || k.S == "net/http.Error" || k.S == "net/http.Redirect" || k.S == "net/http.NotFound"
			fn = m.funcs[k.S]
		}
		if fn != nil && depth < 3 {
			found = found || m.mayRefuse(fn, depth+1)
		}
	})
	m.refuses[f] = found
	return found
}

// lastLine is the last line of a piece of code that something stands on.
func lastLine(n *program.Node) int {
	last := 0
	walk(n, func(n *program.Node) { last = max(last, int(n.Line)) })
	return last
}

// called is a call of a function of the program.
type called struct {
	fn    *function
	depth int
}

// passage is one call of the rest of the chain.
type passage struct {
	v      value
	unsure bool
	anon   bool
	conds  []string
	pos    place
	// granted: it depends on what the caller chose to send.
	granted bool
	// byDefault: it happens if unknown configuration has its zero values.
	byDefault bool
	// off: a switch of the configuration that is off by default leads there.
	off bool
	// doubtful: a forged request may have been turned away before.
	doubtful bool
	// under are the conditions of configuration that it depends on.
	under []condition
}

// setting notes that the request gets a value, perhaps, and whether that is, or
// depends on, the caller's identity.
func (s *simulation) setting(key string, v value) {
	if s.keys == nil {
		s.keys = map[string]bool{}
	}
	s.written++
	if s.unsure == 0 {
		if s.certain == nil {
			s.certain = map[string]bool{}
		}
		s.certain[key] = true
	}
	s.keys[key] = s.keys[key] || tellsCaller(v) || slices.Contains(labels(v), identityLabel) || slices.Contains(s.whyNow(), identityLabel) && !ofRecord(v)
}

// identityLabel marks values that were read where a caller's identity would be.
const (
	identityLabel = "identity"
	// requestLabel marks other values of the request: what they are by default
	// says nothing.
	requestLabel = "request"
	// derivedLabel marks what a function made of the request.
	derivedLabel = "made of the request"
	// recordLabel marks what is kept of what the request asks for.
	recordLabel = "looked up for the request"
)

// refusal is one answer that turns a request away.
type refusal struct {
	code   int
	unsure bool
	anon   bool
	why    []string
	pos    place
	text   string
	// partial: it concerns one of several kinds of credentials only.
	partial bool
	// switched: it depends on a switch of the configuration that is off by
	// default.
	switched bool
	// avoidable: the request meets it by what its caller chose to send.
	avoidable bool
	// asked is the nearest condition, if it stands under one.
	asked *program.Node
	// weighed: known callers meet it for what they are; sought: for what is found, or
	// not, of them and of what the request names.
	weighed, sought bool
	// under are the conditions of configuration that it depends on.
	under []condition
}

// reason is why a branch is run: the words of its condition, and, once asked
// for, those of all conditions around it too, the nearest first.
type reason struct {
	own, all []string
	cond     *program.Node
}

func (s *simulation) push(why []string, cond *program.Node) {
	s.whys = append(s.whys, reason{own: why, cond: cond})
}

// asked is the nearest condition.
func (s *simulation) asked() *program.Node {
	if len(s.whys) == 0 {
		return nil
	}
	return s.whys[len(s.whys)-1].cond
}

func (s *simulation) pop() { s.whys = s.whys[:len(s.whys)-1] }

func (s *simulation) whyNow() []string {
	var out []string
	for i := range s.whys {
		r := &s.whys[i]
		if r.all == nil {
			r.all = mergeLabels(r.own, out)
		}
		out = r.all
	}
	return out
}

// partly reports whether what is being run concerns one kind of credentials only.
func (m *machine) partly() bool {
	if m.sim.kinds > 0 {
		return true
	}
	return slices.ContainsFunc(m.stack, func(f *frame) bool { return f.partial })
}

func (m *machine) anonNow() bool {
	for i := len(m.stack) - 1; i >= 0; i-- {
		if m.stack[i].anon || m.sim.plain && m.stack[i].left {
			return true
		}
	}
	return false
}

func (s *simulation) refuse(m *machine, code int, p place, what string) {
	m.turnsAway(code, p)
	if len(s.refused) > 60 {
		return
	}
	r := refusal{code: code, unsure: s.unsure > 0, anon: m.anonNow(), why: m.whyHere(), pos: p, text: what, switched: s.switches > 0, avoidable: s.avoids > 0, asked: s.asked(), partial: m.partly(), weighed: m.weighedHere(), sought: m.soughtHere(), under: slices.Clone(s.under)}
	s.refused = append(s.refused, r)
	s.decide(r)
}

// whyHere are the words of the conditions that what is being run depends on: of
// those it stands under or else of those that let others return before.
func (m *machine) whyHere() []string {
	if why := m.sim.whyNow(); len(why) > 0 {
		return why
	}
	for i := len(m.stack) - 1; i >= 0; i-- {
		if why := m.stack[i].why; len(why) > 0 {
			return why
		}
	}
	return nil
}

// outcome is how a request fared so far.
type outcome struct {
	blocked, final *refusal
	wentOn         bool
	floor          int
}

// fork begins one of the branches of an undecided condition: what is certain in
// it counts for the branch. It returns how the request fared until then.
func (s *simulation) fork() outcome {
	o := outcome{s.blocked, s.final, s.wentOn, s.floor}
	s.blocked, s.final, s.wentOn, s.floor = nil, nil, false, s.unsure
	return o
}

// meet ends two branches: before is what fork returned for the first, first what
// it returned for the second. A request that both refuse is refused.
func (s *simulation) meet(before, first outcome) {
	a, b := first.answer(), outcome{s.blocked, s.final, s.wentOn, 0}.answer()
	s.blocked, s.final, s.wentOn, s.floor = before.blocked, before.final, before.wentOn, before.floor
	if s.blocked == nil && a != nil && b != nil {
		s.blocked = a
	}
}

// answer is the refusal that ends a branch.
func (o outcome) answer() *refusal {
	if o.blocked == nil && o.final != nil && o.final.anon && !o.wentOn {
		return o.final
	}
	return o.blocked
}

func (s *simulation) decide(r refusal) {
	if s.unsure <= s.floor && s.final == nil && (r.code == 401 || r.code == 403 || r.code == 302) {
		s.final, s.finalIn = &r, s.within
	}
}

// denies notes that something was made that says 403.
func (s *simulation) denies(p place) {
	if len(s.denials) < 60 {
		s.denials = append(s.denials, refusal{code: 403, unsure: s.unsure > 0, why: s.whyNow(), pos: p})
	}
}

func isForbidden(v value) bool {
	code, ok := asInt(v)
	return ok && code == 403
}

// statusOf is the status 401 or 403 that an answer holds, 0 if none.
func statusOf(v value) int {
	o, ok := v.(*object)
	if !ok {
		return 0
	}
	first := 0
	for _, x := range o.f {
		if code, ok := asInt(x); ok && (code == 401 || code == 403) && (first == 0 || code < first) {
			first = code // fields come in any order
		}
	}
	return first
}

// dies notes that an anonymous request ends in a panic: a type assertion on an
// identity that is not there.
func (s *simulation) dies(m *machine, p place) {
	if s == nil || s.unsure > 0 || s.dead {
		return
	}
	s.dead = true
	s.refused = append(s.refused, refusal{code: 500, anon: true, pos: p, text: "asserts the type of an identity that is absent"})
	if s.blocked == nil {
		s.blocked = &s.refused[len(s.refused)-1]
	}
}

// put notes what the request carries on; unknown values tell nothing.
func (s *simulation) put(key string, v value) {
	switch v.(type) {
	case *object, *list, *table, failure, absent, *external, constant, nilValue, forged:
		if s.sets == nil {
			s.sets = map[string]value{}
		}
		s.sets[key] = v
	}
}

func second(args []value) value {
	if len(args) < 2 {
		return nil
	}
	return args[1]
}

// constants are the texts and numbers in an object, which tell it from others of its type.
func constants(o *object) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(o.f)) {
		if c, ok := o.f[name].(constant); ok {
			b.WriteString("," + name + "=" + c.s)
		}
	}
	return b.String()
}

// contextKey names a key of a request's values.
func contextKey(v value, n *program.Node) string {
	if s, ok := asString(v); ok {
		return s
	}
	if o, ok := v.(*object); ok {
		return o.t + constants(o)
	}
	if n != nil {
		if n.Op == program.Const && len(n.K) > 0 {
			return n.S + n.K[0].T // each package counts its own keys from zero
		}
		return n.S + n.T
	}
	return ""
}

// panics notes that an anonymous request ends in a panic with the error that its
// lack of an identity is.
func (s *simulation) panics(m *machine, args []value, p place) {
	if s.unsure > 0 || s.dead || !s.anonymous {
		return
	}
	anon := m.anonNow()
	for _, a := range args {
		if fa, ok := a.(failure); ok {
			anon = anon || fa.anon
		}
	}
	if !anon {
		return
	}
	s.dead = true
	s.refused = append(s.refused, refusal{code: 500, anon: true, pos: p, text: "panics for lack of an identity"})
	if s.blocked == nil {
		s.blocked = &s.refused[len(s.refused)-1]
	}
}

// returns is told what the outermost function returns.
func (s *simulation) returns(m *machine, f *frame, v value, at place) {
	last := v
	if t, ok := v.(tuple); ok && len(t) > 0 {
		last = t[len(t)-1]
	}
	if fa, ok := last.(failure); ok {
		code := max(fa.code, 1)
		if code >= 300 && code < 400 {
			code = 300
			if redirectsToLogin(words(fa.name)) {
				code = 302
			}
		}
		r := refusal{code: code, unsure: s.unsure > 0, anon: fa.anon, why: mergeLabels(m.whyHere(), words(fa.name)), text: "returns an error", pos: at, switched: s.switches > 0, avoidable: s.avoids > 0, asked: s.asked(), weighed: m.weighedHere(), sought: m.soughtHere(), under: slices.Clone(s.under)}
		s.refused = append(s.refused, r)
		m.turnsAway(code, at)
		s.decide(r)
		if fa.anon && s.unsure <= s.floor && s.blocked == nil {
			s.blocked = &s.refused[len(s.refused)-1]
		}
	} else if u, ok := last.(*unknown); ok && s.middleware && slices.Contains(u.labels, soughtLabel) && f.returnsError() {
		s.refused = append(s.refused, refusal{code: 1, unsure: true, why: u.labels, text: "returns an error", pos: at, asked: s.asked(), partial: m.partly(), sought: true})
	}
}
