package eval

import (
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/program"
	"github.com/launchgate/launchgate/analyzers/routes"
)

// simulation is one request sent through one handler or middleware.
type simulation struct {
	// anonymous: identities are absent; else they are there but unknown. forging:
	// where credentials are looked for stands something made up.
	anonymous, forging bool
	// inside: what the guards before it have given every request is there.
	inside bool
	// leans: something that they have given was asked for.
	leans bool
	// met: who is calling was asked for.
	met bool
	// plain: its caller is known, and has no role, permission or membership;
	// weighs: something was asked that tells such callers from others.
	plain, weighs bool
	// looked is where that is, unverified what takes it apart and believes it;
	// escaped: a credential was given to what is not followed; questioned: what
	// came of one decides whether a function is left early.
	looked     []string
	asks       bool // it looks for a credential in what the caller sends
	unverified string
	escaped    bool
	// opened: something that was sent was taken apart, or set against something
	// else that was.
	opened bool
	// unnamed: a session was asked for something whose key does not say what it
	// is; named: that is no identity.
	unnamed, named bool
	// signing: it is signed as a message of another service is; signed: it was asked
	// whether it is, overBody: with a code of its body.
	signing, signed, overBody bool
	// checked is where it is left early for what a library says of its signature.
	checked place
	// mirrored: a credential was compared with something else that its sender sends.
	mirrored   bool
	wary       bool // what is made up is no word that the program asks for
	questioned bool
	doubt      bool // the outermost function may have turned it away
	middleware bool
	// partials are the names of functions that concern one kind of credentials.
	partials []string
	// inlined are the functions held by it that it called.
	inlined []*function
	// inline: it is in a chain, so what it holds and calls is a part of it, not
	// the rest of the chain.
	inline   bool
	path     string
	method   string
	usedPath bool
	dodged   []string // how callers could choose a path that is asked for
	dodging  bool     // they do
	// form is what a made-up credential begins with, if it is asked for; forms
	// are those asked for.
	form  string
	forms []string
	// acted is where something was changed before anybody was refused, act what.
	acted    place
	act      string
	lists    []string // settings that the path was looked up in
	listed   bool     // it is found in all of them
	read     []string // what was looked at that a file holds
	target   target
	compared []comparison
	// resembled is what the path is asked to end with or to hold, keyed are the
	// tables of the program that it is looked up in.
	resembled []resemblance
	keyed     []*table
	calls     []called // of the program, with a part of the request
	location  []string // words of a Location header set

	steps    int
	unsure   int
	bases    []int
	whys     []reason
	kinds    int // undecided branches being run that one kind of credentials takes
	switches int // undecided branches being run that a switch turns on
	offs     int // undecided branches being run that a switch of configuration turns off
	// under are the conditions of those being run that configuration decides.
	under  []condition
	avoids int // undecided branches being run that callers can keep out of
	grants int // those that callers can get into
	// handsOn: it is a middleware that hands on by returning; marks is how much
	// was refused when each of the undecided branches being run began.
	handsOn bool
	marks   []int
	// defaults: of each undecided branch being run, whether it runs if what is
	// unknown has its zero value.
	defaults []bool
	// unlikely: of each of them, whether it runs only if configuration demands
	// it or something fails.
	unlikely []bool

	passed  []passage
	handed  []value // what a known caller's is handed on with, if it says who that is
	strayed bool    // it was handed to a function that is not known
	carved  bool    // a piece of its path, which is not known, was compared with a constant
	// tables are the program's own tables of handlers that it was looked up in.
	tables  []value
	refused []refusal
	aborted int // 0 no, 1 perhaps, 2 certainly
	blocked *refusal
	dead    bool
	// denials are what says 403 without saying it to the request, as an error or
	// an empty session does that its maker hands on.
	denials []refusal
	topAnon bool // the outermost function returned because of an absent identity
	topPos  place
	ends    bool // answering ends the request
	// rewritten is the path the program gave the request, or what it begins with
	// up to a slash, again the one under
	// which it sent it through the router once more.
	rewritten, again string

	// final is the refusal an anonymous request is certain to be answered with,
	// unless the outermost function went on after it.
	final    *refusal
	wentOn   bool
	within   int // branches of the outermost function being run
	finalIn  int // how many those were at final: what follows in it is the answer
	floor    int // branches deep at which things count as certain within a branch
	sets     map[string]value
	known    map[string]value // what says who a known caller is
	certain  map[string]bool  // every key set on every way that led on
	keys     map[string]bool  // every key set, on whatever way: whether to an identity
	written  int              // values set on the request or in what it came with
	returned value
	reached  []routes.Span
	ran      []*function // of the program
	token    *refusal    // of requests whose token is not good
	wrote    int         // answers that depend on the request
	answered place       // a branch in which the outermost function answers some requests itself
	turned   []refusal   // undecided conditions on which the outermost function returns early
	// watch asks how the request ends in the outermost function, fates are how it
	// has fared on the ways that lead to what is being run.
	watch *watch
	fates []fate
}

func (s *simulation) base(f *frame) int {
	if len(s.bases) == 0 {
		return 0
	}
	return s.bases[len(s.bases)-1]
}

// frozen: simulations must not change the program's own values.
func (s *simulation) frozen(o *object) bool { return o.sim != s }

func (s *simulation) pass(m *machine, v value, c call) value {
	if s.dead {
		return nilValue{}
	}
	m.gives(v, c.pos)
	if x, ok := v.(*external); ok && s.middleware {
		if k := m.judgeLibrary(x, s.path, s.method).kind; k == routes.KindAuth || k == routes.KindRole {
			if s.anonymous {
				m.abort(401, c, lastPart(x.name))
			}
			return nilValue{}
		}
	}
	s.hands(c.args)
	if len(s.passed) < 40 {
		s.passed = append(s.passed, s.passage(m, v, c.pos))
	}
	if s.aborted == 2 && s.unsure == 0 && s.middleware {
		s.passed = s.passed[:len(s.passed)-1]
	}
	return nilValue{}
}

func (s *simulation) passage(m *machine, v value, p place) passage {
	return passage{v: v, unsure: s.unsure > s.grants, granted: s.grants > 0, anon: m.anonNow(), conds: s.whyNow(), pos: p, byDefault: !slices.Contains(s.defaults, false), off: s.offs > 0, doubtful: m.doubtful(), under: slices.Clone(s.under)}
}

// leavesOpen notes that a middleware that hands on by returning returns in an
// undecided branch in which it refused nothing.
func (s *simulation) leavesOpen(m *machine, p place) {
	if !s.handsOn || s.dead || s.unsure == 0 || s.aborted == 2 || len(s.marks) == 0 || len(s.refused) > s.marks[len(s.marks)-1] || len(s.passed) >= 40 {
		return
	}
	s.passed = append(s.passed, s.passage(m, next{}, p))
}

// simBranch runs a branch of a simulated request and notes whether the request
// ends there because it is anonymous.
func (m *machine) simBranch(n, body *program.Node, f *frame, anon bool, why []string) control {
	s := m.sim
	before := len(s.refused)
	aborted := s.aborted
	if f.top {
		s.within++
	}
	c := m.exec(body, f)
	if f.top {
		s.within--
	}
	if f.top && anon && s.unsure == 0 && (c == returned || c == stopped) && !s.topAnon {
		s.topAnon, s.topPos = true, m.at(n, f)
	}
	if f.top && anon && s.unsure <= s.floor && (c == returned || c == stopped) && s.blocked == nil {
		var ev *refusal
		for i := range s.refused {
			r := &s.refused[i]
			if i >= before || r.anon && (!r.unsure || r.code == 401 || r.code == 403) {
				if r.code >= 300 || r.code == 1 {
					ev = r
				}
			}
		}
		if ev != nil || s.aborted > aborted {
			if ev == nil {
				ev = &refusal{anon: true, pos: m.at(n, f), text: "aborts"}
			}
			s.blocked = ev
		}
	}
	return c
}

// delegates reports whether a call through a variable is the call of the rest
// of the chain rather than of a helper.
func (m *machine) delegates(v value, c call) bool {
	if !m.takesRequest(c.args) {
		return false
	}
	if cl, ok := v.(*closure); ok {
		if cl.fn.Literal && c.f != nil && cl.env == c.f.env && strings.HasPrefix(cl.fn.Name, c.f.fn.Name+"$") {
			return false // a part of the function itself
		}
		if len(cl.fn.Results) == 1 && plain(cl.fn.Results[0].Type) {
			return false // it answers a question, not the request
		}
		for _, p := range cl.fn.Params {
			if p.Type == "string" || p.Type == "int" || p.Type == "bool" || strings.HasSuffix(p.Type, "rror") {
				return false // it answers with what it is told, an error for one
			}
		}
		if !m.isHandler(cl) && !cl.fn.Literal && c.name != "ServeHTTP" {
			return isNextName(c.name)
		}
	}
	return c.tail || isNextName(c.name) || c.name == "ServeHTTP"
}

// plain reports whether a type is a basic one, or a list or map.
func plain(t string) bool {
	switch t {
	case "bool", "string", "int", "int64", "uint", "uint64", "byte", "float64":
		return true
	}
	return strings.HasPrefix(t, "[]") || strings.HasPrefix(t, "map[")
}

func isNextName(s string) bool {
	switch s {
	case "next", "h", "handler", "inner", "fn", "f", "hf", "hand", "action", "handle", "Handler", "HandlerFunc", "Next", "handlerFunc", "handleFunc", "handlerFn", "nextHandler", "serve", "wrapped", "endpoint", "ServeHTTP":
		return true
	}
	return false
}

func (m *machine) takesRequest(args []value) bool {
	for _, a := range args {
		if _, ok := a.(request); ok {
			return true
		}
		if o, ok := a.(*object); ok {
			for _, v := range o.f {
				if _, ok := v.(request); ok {
					return true
				}
			}
		}
	}
	return false
}

// interesting reports whether a call can matter to a simulated request.
func (m *machine) interesting(cl *closure, args []value) bool {
	check := func(v value) bool {
		switch x := v.(type) {
		case request, absent, next, failure, *closure, forged:
			return true
		case *object:
			if x.fresh && x.anon && x.sim == m.sim {
				return true
			}
			for _, v := range x.f {
				switch v.(type) {
				case request, absent, next:
					return true
				}
			}
		case *list:
			for _, v := range x.e {
				switch v.(type) {
				case request, absent, next, failure:
					return true
				}
			}
		case constant:
			return x.anon
		case *unknown:
			return slices.Contains(x.labels, queryTokenLabel) || slices.Contains(x.labels, bodyLabel) || slices.Contains(x.labels, macLabel)
		}
		return false
	}
	if len(m.sim.target.picks) > 0 && cl.fn.size < maxReckon && reckonable(nil, args) {
		return true // whether a row is for the request
	}
	if cl.fn.Literal || cl.recv != nil && check(cl.recv) || cl.fn.size < maxReckon && reckonable(cl.recv, args) {
		return true
	}
	return slices.ContainsFunc(args, check)
}

// reckonable reports whether all a function is given is known, so that what it
// returns can be reckoned.
func reckonable(recv value, args []value) bool {
	known := func(v value) bool {
		switch x := v.(type) {
		case constant:
			return true
		case *list:
			return len(x.e) > 0 && !slices.ContainsFunc(x.e, func(v value) bool { _, ok := v.(constant); return !ok })
		}
		return false
	}
	if recv != nil && !known(recv) {
		return false
	}
	return len(args) > 0 && !slices.ContainsFunc(args, func(v value) bool { return !known(v) })
}

// run simulates a request.
func (m *machine) simulate(cl *closure, s *simulation) *simulation {
	args := m.argumentsFor(cl.fn)
	m.receives(s, cl.fn.Params, args)
	s.usedPath = s.usedPath || m.operation != "" // verdicts differ from operation to operation
	for _, a := range args {
		if o, ok := a.(*object); ok {
			o.sim = s
		}
	}
	return m.simulateWith(cl, args, s)
}

func (m *machine) simulateWith(cl *closure, args []value, s *simulation) *simulation {
	sim, log, conds, depth, stack := m.sim, m.log, m.conds, m.depth, m.stack
	if m.target != nil {
		s.target = *m.target
	}
	m.sim, m.log, m.conds, m.depth, m.stack = s, nil, nil, 0, nil
	onStack := m.onStack
	m.onStack = map[*function]int{}
	f := &frame{fn: cl.fn, env: &env{vars: map[int32]value{}, parent: cl.env}, outer: cl.env, top: true}
	m.bind(f, cl, args)
	s.returned = m.run(f, call{n: &program.Node{}})
	s.doubt = f.doubt
	m.sim, m.log, m.conds, m.depth, m.stack, m.onStack = sim, log, conds, depth, stack, onStack
	return s
}
