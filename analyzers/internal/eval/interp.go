package eval

import (
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/program"
)

// Bounds. Each is far above what honest programs need.
const (
	maxSteps    = 6_000_000  // nodes visited while registering
	maxSim      = 60_000     // nodes visited in one simulated request
	maxSims     = 40_000_000 // nodes visited in all simulated requests
	maxCalls    = 90         // depth of calls
	maxRecur    = 3          // the same function on the stack
	maxLoop     = 400        // elements of a loop followed one by one
	maxRoutes   = 20_000
	maxDispatch = 4      // implementations tried for one interface call
	maxAside    = 60_000 // nodes visited in a function that touches no router, all calls together
	maxReckon   = 150    // nodes of a function that is reckoned out for known arguments
	maxInit     = 400    // nodes of an init function that is followed though it touches no router
)

type control uint8

const (
	goOn control = iota
	returned
	broke
	continued
	stopped
)

type frame struct {
	fn     *function
	env    *env
	rets   value
	has    bool
	anon   bool     // a branch was decided by the request being anonymous
	left   bool     // known callers have left the function in a branch
	why    []string // words of undecided conditions that lead to a return
	defers []deferral
	// panicking: it ends by a panic that a deferred function may recover from.
	panicking bool
	named     []program.Param
	alt       value // returned under conditions that do not hold by default
	defaults  int
	// Of a simulation: the outermost frame of a handler.
	top bool
	// partial: callers with another kind of credentials have left it.
	partial bool
	at      place // where it was called
	call    *program.Node
}

// change is an assignment to a local, or to a field of an object of a simulation.
type change struct {
	e    *env
	id   int32
	o    *object
	name string
	old  value
	had  bool
}

func (ch change) where() change { return change{e: ch.e, id: ch.id, o: ch.o, name: ch.name} }

func (ch change) now() (value, bool) {
	if ch.o != nil {
		v, ok := ch.o.f[ch.name]
		return v, ok
	}
	v, ok := ch.e.vars[ch.id]
	return v, ok
}

func (ch change) set(v value) {
	if ch.o != nil {
		ch.o.f[ch.name] = v
		return
	}
	ch.e.vars[ch.id] = v
}

func (ch change) undo() {
	switch {
	case ch.had:
		ch.set(ch.old)
	case ch.o != nil:
		delete(ch.o.f, ch.name)
	default:
		delete(ch.e.vars, ch.id)
	}
}

// note logs what is about to be changed, so that a branch can be undone.
func (m *machine) note(ch change) {
	if m.log != nil {
		ch.old, ch.had = ch.now()
		*m.log = append(*m.log, ch)
	}
}

// machine interprets one program.
type machine struct {
	funcs   map[string]*function
	byPkg   map[string][]*function
	lits    map[*program.Package][]*function
	types   map[string]*program.Type
	methods map[string]map[string]*function // type -> name -> method
	impls   map[string][]string             // method name -> types that have it
	globals map[string]value
	inits   map[string]*program.Node // global -> assignment
	initPkg map[*program.Node]*program.Package
	initing map[*program.Node]bool
	made    map[string][]value // type -> values constructed
	pkgs    []*program.Package

	steps, limit int // while registering
	simSteps     int // of all simulated requests
	seq          int
	depth        int
	onStack      map[*function]int
	reached      map[*function]bool
	stack        []*frame
	log          *[]change
	conds        []condition
	only         map[value][]condition // what middleware is chosen under
	// configuration is what files beside the code hold.
	configuration []List
	// unsureSince is when the innermost code began that may or may not run: a
	// branch of an undecided condition, or a function a library calls.
	unsureSince int
	making      int // initialisers of package variables being evaluated

	routers []*router
	records []*record
	queue   []queued
	// providers are the constructors that containers for dependencies were given,
	// by what they return, and provided what they returned.
	providers  map[string]*closure
	provided   map[string]value
	kept       []*closure // function literals that were made: one may be called later
	coveredSeq int
	ctx        map[string]value  // what earlier middleware put into the request
	op         *object           // of the route being judged
	again      map[string]string // routes that give the request to the router again, with the path
	notes      []string

	sim    *simulation
	fileOf string
	served []value

	delegating   map[*function]bool
	restCache    map[closureKey][]value
	compareCache map[closureKey][]comparison
	target       *target // the operation being judged, if a route is many
	verdicts     map[verdictKey]verdict
	elsewhere    map[closureKey]bool
	appliedCache map[closureKey]value
	wordsOf      map[*program.Node][]string
	// exactly tells functions apart by all they may do, alike by what they refuse.
	exactly, alike *keys
}

type queued struct {
	v value
}

func newMachine(pkgs []*program.Package) *machine {
	m := &machine{funcs: map[string]*function{}, byPkg: map[string][]*function{}, lits: map[*program.Package][]*function{}, types: map[string]*program.Type{},
		methods: map[string]map[string]*function{}, impls: map[string][]string{}, globals: map[string]value{}, inits: map[string]*program.Node{},
		initPkg: map[*program.Node]*program.Package{}, initing: map[*program.Node]bool{}, made: map[string][]value{},
		onStack: map[*function]int{}, reached: map[*function]bool{}, pkgs: pkgs, limit: maxSteps}
	for _, p := range pkgs {
		all := make([]*function, len(p.Funcs))
		for i, f := range p.Funcs {
			fn := &function{Func: f, pkg: p, size: size(f.Body)}
			all[i] = fn
			if f.Literal {
				continue
			}
			m.byPkg[p.Path] = append(m.byPkg[p.Path], fn)
			if f.Name == p.Path+".init" || f.Name == p.Path+"._" {
				continue
			}
			m.funcs[f.Name] = fn
			if f.Recv != nil {
				i := strings.LastIndexByte(f.Name, '.')
				t, name := f.Name[:i], f.Name[i+1:]
				if m.methods[t] == nil {
					m.methods[t] = map[string]*function{}
				}
				m.methods[t][name] = fn
				m.impls[name] = append(m.impls[name], t)
			}
		}
		m.lits[p] = all
		for _, t := range p.Types {
			m.types[t.Name] = t
		}
		for _, v := range p.Vars {
			m.initPkg[v] = p
			for i := range int(v.N) {
				m.inits[v.K[i].S] = v
			}
		}
	}
	for _, ts := range m.impls {
		sort.Strings(ts)
	}
	m.findRelevant()
	return m
}

func size(n *program.Node) int {
	if n == nil {
		return 0
	}
	s := 1
	if n.Op == program.Const {
		return s // its name is no code
	}
	for _, k := range n.K {
		s += size(k)
	}
	return s
}

// findRelevant marks the functions that touch routing or call one that does:
// the others are not followed while registering unless they are short.
func (m *machine) findRelevant() {
	users := map[string][]*function{}
	writers := map[string][]*function{} // package variable -> functions that assign it
	reads := map[*function][]string{}
	var todo []*function
	mark := func(f *function) {
		if !f.relevant {
			f.relevant = true
			todo = append(todo, f)
		}
	}
	for _, p := range m.pkgs {
		for _, f := range m.lits[p] {
			if f.Body == nil {
				continue
			}
			touches := false
			for _, q := range append(f.Params, f.Results...) {
				touches = touches || routing(q.Type)
			}
			seen := map[string]bool{}
			walk(f.Body, func(n *program.Node) {
				if routing(n.T) || (n.Op == program.Global || n.Op == program.Method) && routing(n.S) {
					touches = true
				}
				if n.Op == program.Field {
					if g := variable(n); g != "" {
						reads[f] = append(reads[f], g)
					}
				}
				switch n.Op {
				case program.Global:
					seen[n.S] = true
				case program.Assign:
					if n.S == ":=" || n.S == "var" {
						break
					}
					for _, l := range n.K[:n.N] {
						t := l.T
						for l.Op == program.Index || l.Op == program.Deref {
							l = l.K[0]
							t = l.T
						}
						if g := variable(l); g != "" && tabular(t) {
							writers[g] = append(writers[g], f)
						}
					}
				case program.Method:
					seen[n.T+"."+n.S] = true
					if t := m.types[n.T]; t != nil && t.Interface != nil {
						for _, impl := range m.impls[n.S] {
							seen[impl+"."+n.S] = true
						}
					}
				case program.Field:
					for _, impl := range m.impls[n.S] {
						seen[impl+"."+n.S] = true
					}
				case program.Lit:
					seen[n.S] = true
				}
			})
			for s := range seen {
				users[s] = append(users[s], f)
				if m.inits[s] == nil && m.funcs[s] == nil {
					reads[f] = append(reads[f], s)
				}
			}
			if touches {
				mark(f)
			}
		}
	}
	for len(todo) > 0 {
		f := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, u := range users[f.Name] {
			mark(u)
		}
		// What a variable that routing reads is set to matters too: paths and
		// tables are often filled in by init functions.
		for _, g := range reads[f] {
			for _, w := range writers[g] {
				mark(w)
			}
		}
	}
}

// variable names a package variable or a field of one, "" if an expression is
// neither.
func variable(n *program.Node) string {
	switch {
	case n.Op == program.Global:
		return n.S
	case n.Op == program.Field && n.K[0].Op == program.Global:
		return n.K[0].S + "." + n.S
	}
	return ""
}

// tabular reports whether a variable of a type may hold paths, handlers or
// tables of them.
func tabular(t string) bool {
	return t == "string" || strings.HasPrefix(t, "[]") || strings.HasPrefix(t, "map[") || strings.HasPrefix(t, "func(")
}

func walk(n *program.Node, f func(*program.Node)) {
	if n == nil {
		return
	}
	f(n)
	for _, k := range n.K {
		walk(k, f)
	}
}

// routing reports whether a type or name belongs to a router library.
func routing(t string) bool {
	if t == "" || !strings.ContainsAny(t, "/.") {
		return false
	}
	if strings.Contains(t, "net/http.ServeMux") || strings.Contains(t, "net/http.Handle") || strings.Contains(t, "net/http.Server") ||
		strings.Contains(t, "net/http.ListenAndServe") || strings.Contains(t, "net/http.StripPrefix") {
		return true
	}
	for _, f := range families {
		if f.id == "http" {
			continue
		}
		for _, p := range f.pkgs {
			if strings.Contains(t, p) {
				return true
			}
		}
	}
	return false
}

// set assigns a local.
func (m *machine) set(e *env, id int32, v value) {
	if id == 0 {
		return
	}
	_, where := e.get(id)
	if where == nil {
		where = e
	}
	m.note(change{e: where, id: id})
	where.vars[id] = v
}

// declare makes a new local in the innermost environment.
func (m *machine) declare(e *env, id int32, v value) {
	if id == 0 {
		return
	}
	m.note(change{e: e, id: id})
	e.vars[id] = v
}

// branch runs f and returns what it changed, undone.
func (m *machine) branch(f func() control) (control, []change) {
	outer := m.log
	var log []change
	m.log = &log
	c := f()
	m.log = outer
	now := make([]change, 0, len(log))
	seen := map[change]bool{}
	for i := len(log) - 1; i >= 0; i-- {
		ch := log[i]
		k := ch.where()
		if !seen[k] {
			seen[k] = true
			k.old, _ = ch.now()
			k.had = true
			now = append(now, k)
		}
		ch.undo()
	}
	return c, now
}

func (m *machine) apply(chs []change) {
	for _, ch := range chs {
		m.note(ch.where())
		ch.set(ch.old)
	}
}

// merge joins the changes of two branches into the environments.
func (m *machine) merge(a, b []change, why []string) {
	got := map[change]value{}
	for _, ch := range b {
		got[ch.where()] = ch.old
	}
	for _, ch := range a {
		k := ch.where()
		other, ok := got[k]
		if !ok {
			other, _ = ch.now()
		}
		delete(got, k)
		k.old = join(other, ch.old, why, m.sim == nil)
		m.apply([]change{k})
	}
	for _, ch := range b {
		k := ch.where()
		if v, ok := got[k]; ok {
			was, _ := ch.now()
			k.old = join(was, v, why, m.sim == nil)
			m.apply([]change{k})
		}
	}
}

// spent counts a step and reports whether there have been too many.
func (m *machine) spent() bool {
	if m.sim != nil {
		m.simSteps++
		m.sim.steps++
		return m.sim.steps > maxSim || m.simSteps > maxSims
	}
	m.steps++
	return m.steps > m.limit
}

// overspent reports whether the program was not followed to its end.
func (m *machine) overspent() bool { return m.steps > m.limit || m.simSteps > maxSims }

func (m *machine) exec(n *program.Node, f *frame) control {
	if n == nil || m.spent() {
		return goOn
	}
	if m.sim != nil && f.top && m.sim.final != nil && n.Op != program.Return && n.Op != program.Block {
		m.sim.wentOn = true
	}
	switch n.Op {
	case program.Block:
		for _, s := range n.K {
			if c := m.exec(s, f); c != goOn {
				return c
			}
		}
	case program.Expr:
		v := m.evalStmt(n.K[0], f)
		if _, ok := v.(stop); ok {
			return stopped
		}
	case program.Assign:
		m.assign(n, f)
	case program.If:
		return m.execIf(n, f)
	case program.For:
		return m.execFor(n, f)
	case program.Range:
		return m.execRange(n, f)
	case program.Switch:
		return m.execSwitch(n, f)
	case program.TypeSwitch:
		return m.execTypeSwitch(n, f)
	case program.Return:
		m.execReturn(n, f)
		return returned
	case program.Go:
		if n.S == "defer" {
			f.defers = append(f.defers, m.deferral(n.K[0], f))
		} else if m.sim == nil {
			m.eval(n.K[0], f)
		}
	case program.Branch:
		switch n.S {
		case "break":
			return broke
		case "continue":
			return continued
		}
	case program.SelectStmt:
		for _, k := range n.K {
			m.maybe(f, nil, func() control { return m.exec(k, f) })
		}
	}
	return goOn
}

// stop is what a call that ends the program returns.
type stop struct{}

// maybe runs code that may or may not run.
func (m *machine) maybe(f *frame, why []string, run func() control) control {
	if m.sim != nil {
		m.sim.unsure++
		defer func() { m.sim.unsure-- }()
	}
	c, chs := m.branch(run)
	m.merge(chs, nil, why)
	return c
}

func (m *machine) execReturn(n *program.Node, f *frame) {
	var v value
	switch len(n.K) {
	case 0:
		if len(f.named) > 0 && f.named[0].ID != 0 {
			t := tuple{}
			for _, p := range f.named {
				x, _ := f.env.get(p.ID)
				t = append(t, x)
			}
			v = t
			if len(t) == 1 {
				v = t[0]
			}
		} else {
			v = nilValue{}
		}
	case 1:
		if m.sim != nil {
			v = m.evalTail(n.K[0], f)
		} else {
			v = m.eval(n.K[0], f)
		}
	default:
		t := make(tuple, len(n.K))
		for i, k := range n.K {
			t[i] = m.eval(k, f)
		}
		v = t
	}
	if m.sim != nil {
		v = m.asFailure(v)
	} else {
		v = m.chosen(v)
	}
	if f.anon {
		v = taint(v)
	}
	if m.sim != nil && f.top {
		m.sim.returns(m, v, m.at(n, f))
	}
	if s := m.sim; s != nil && s.anonymous && !f.top && f.defaults <= len(s.defaults) && slices.Contains(s.unlikely[f.defaults:], true) {
		// What configuration and failures may add counts only if nothing else
		// is returned.
		if f.alt == nil {
			f.alt = v
		} else {
			f.alt = joinReturns(f.alt, v, f.why, false)
		}
		f.why = mergeLabels(f.why, s.whyNow())
		return
	}
	if !f.has {
		f.rets, f.has = v, true
		if m.sim != nil && m.sim.unsure > m.sim.base(f) {
			// Another return may follow; remember why.
			f.why = mergeLabels(f.why, m.sim.whyNow())
		}
		return
	}
	f.rets = joinReturns(f.rets, v, mergeLabels(f.why, m.whyNow()), m.sim == nil)
}

// asFailure turns the program's own errors, returned as the last value, into
// failures; a field that looks like an HTTP status is one.
func (m *machine) asFailure(v value) value {
	t, isTuple := v.(tuple)
	last := v
	if isTuple {
		if len(t) == 0 {
			return v
		}
		last = t[len(t)-1]
	}
	o, ok := last.(*object)
	if !ok {
		return v
	}
	if fn := m.method(o.t, "Error"); fn == nil || len(fn.Params) > 0 {
		return v // a method of that name alone makes no error
	}
	fa := failure{name: lastPart(o.t), anon: m.anonNow(), t: o.t}
	for _, f := range o.f {
		if code, ok := asInt(f); ok && code >= 300 && code < 600 {
			fa.code = code
		}
	}
	if !isTuple {
		return fa
	}
	out := slices.Clone(t)
	out[len(out)-1] = fa
	return out
}

func (m *machine) whyNow() []string {
	if m.sim == nil {
		return nil
	}
	return m.sim.whyNow()
}

func joinReturns(a, b value, why []string, inform bool) value {
	x, ok1 := a.(tuple)
	y, ok2 := b.(tuple)
	if ok1 && ok2 && len(x) == len(y) {
		out := make(tuple, len(x))
		for i := range x {
			out[i] = join(x[i], y[i], why, inform)
		}
		return out
	}
	return join(a, b, why, inform)
}

// taint marks values as due to the request being anonymous.
func taint(v value) value {
	switch x := v.(type) {
	case constant:
		x.anon = true
		return x
	case nilValue:
		return absent{}
	case failure:
		x.anon = true
		return x
	case tuple:
		out := make(tuple, len(x))
		for i := range x {
			out[i] = taint(x[i])
		}
		// A nil error beside values does not mean failure.
		if len(x) > 1 {
			if isNil(x[len(x)-1]) {
				out[len(x)-1] = nilValue{}
			}
		}
		return out
	}
	return v
}

// truth is what is known about a condition.
func truth(v value) (known, val, anon bool) {
	switch x := v.(type) {
	case constant:
		if x.k == 'b' {
			return true, x.s == "true", x.anon
		}
	case absent:
		return true, false, true
	}
	return false, false, false
}

func (m *machine) execIf(n *program.Node, f *frame) control {
	var c1, c2 control
	cond := m.eval(n.K[0], f)
	var els *program.Node
	if len(n.K) > 2 {
		els = n.K[2]
	}
	if ok, val, anon := truth(cond); ok {
		if m.sim == nil {
			if val {
				return m.exec(n.K[1], f)
			}
			return m.exec(els, f)
		}
		body, skipped := n.K[1], els
		if !val {
			body, skipped = els, n.K[1]
		}
		was := f.anon
		f.anon = f.anon || anon
		c := m.simBranch(n, body, f, anon, nil)
		if c == goOn && ends(skipped) {
			f.left = f.left || anon
		} else if c == goOn {
			// What follows would have run anyway.
			f.anon = was || f.left
			if anon {
				m.unassigned(skipped, f)
			}
		}
		if c == goOn && anon {
			m.spare(skipped, f)
		}
		return c
	}
	why := mergeLabels(m.nodeWords(n.K[0]), labels(cond))
	if m.sim != nil {
		m.sim.push(why, n.K[0])
		defer m.sim.pop()
	} else {
		base := len(m.conds)
		m.conds = append(m.conds, conditionOf(n.K[0], f))
		defer func() {
			left := m.leaves(n, f, c1, c2)
			m.conds = append(m.conds[:base], left...)
		}()
	}
	run := func(b *program.Node) func() control {
		return func() control {
			if b == nil {
				return goOn
			}
			defer m.unsureFrom()()
			if m.sim != nil {
				byDefault := zeroTruth(n.K[0]) == (b == n.K[1])
				m.sim.defaults = append(m.sim.defaults, byDefault)
				m.sim.unlikely = append(m.sim.unlikely, !byDefault && !slices.Contains(why, requestLabel))
				if b == n.K[1] && tellsKinds(n.K[0]) {
					m.sim.kinds++
					defer func() { m.sim.kinds-- }()
				}
				if b == n.K[1] && isSwitch(n.K[0]) || !byDefault && configures(n.K[0], cond) {
					m.sim.switches++
					defer func() { m.sim.switches-- }()
				}
				if chosen := freeOf(cond); b == n.K[1] && chosen&canFail != 0 || b != n.K[1] && chosen&canHold != 0 {
					m.sim.avoids++
					defer func() { m.sim.avoids-- }()
				}
				defer func() {
					m.sim.defaults = m.sim.defaults[:len(m.sim.defaults)-1]
					m.sim.unlikely = m.sim.unlikely[:len(m.sim.unlikely)-1]
				}()
				return m.simBranch(n, b, f, false, why)
			}
			return m.exec(b, f)
		}
	}
	var one, two outcome
	if m.sim != nil {
		m.sim.unsure++
		one = m.sim.fork()
	}
	handedOn, refused := 0, 0
	if m.sim != nil {
		handedOn, refused = len(m.sim.passed), len(m.sim.refused)
	}
	var ch1, ch2 []change
	inner := len(m.conds)
	c1, ch1 = m.branch(run(n.K[1]))
	if m.sim == nil {
		m.conds = m.conds[:inner]
		m.conds[inner-1] = m.conds[inner-1].negated()
	}
	if m.sim != nil {
		two = m.sim.fork()
	}
	c2, ch2 = m.branch(run(els))
	if m.sim != nil {
		m.sim.unsure--
		m.sim.meet(one, two)
	}
	switch {
	case jumps(c1) && c2 == goOn || jumps(c2) && c1 == goOn:
		// What a branch that leaves the loop did holds after the loop.
		m.merge(ch1, ch2, why)
	case c1 != goOn && c2 != goOn:
		m.merge(ch1, ch2, why)
		if c1 == c2 || c2 == stopped {
			return c1
		}
		return c2
	case c1 != goOn:
		m.apply(ch2)
		if m.sim != nil && !f.top && tellsKinds(n.K[0]) {
			f.partial = true
		}
		if c1 != stopped {
			f.why = mergeLabels(f.why, why)
		}
		if m.sim != nil && f.top && c1 == returned && len(m.sim.passed) == handedOn && !m.sim.asksPartially(n.K[0]) {
			m.sim.turn(m.nodeWords(n.K[0]), m.at(n, f))
			m.tokenRefused(n, why, refused)
		}
	case c2 != goOn:
		m.apply(ch1)
		if c2 != stopped {
			f.why = mergeLabels(f.why, why)
		}
	default:
		m.merge(ch1, ch2, why)
	}
	if m.sim == nil && (c1 == returned) != (c2 == returned) && !f.fn.relevant {
		return goOn
	}
	return goOn
}

// unassigned marks what code that is not run, because the request is anonymous,
// would have assigned: that it has kept its value is due to that.
func (m *machine) unassigned(skipped *program.Node, f *frame) {
	walk(skipped, func(n *program.Node) {
		if n.Op != program.Assign || n.S != "=" {
			return
		}
		for _, l := range n.K[:n.N] {
			if l.Op != program.Local || l.T == "error" || strings.HasPrefix(l.S, "err") {
				continue
			}
			switch v, _ := f.env.get(l.N); v.(type) {
			case constant, nilValue:
				m.set(f.env, l.N, taint(v))
			}
		}
	})
}

// jumps reports whether control goes on elsewhere in the same function.
func jumps(c control) bool { return c == broke || c == continued }

// ends reports whether a block cannot run through to its end.
func ends(n *program.Node) bool {
	if n == nil {
		return false
	}
	switch n.Op {
	case program.Return:
		return true
	case program.Block:
		return len(n.K) > 0 && ends(n.K[len(n.K)-1])
	case program.If:
		return len(n.K) > 2 && ends(n.K[1]) && ends(n.K[2])
	}
	return false
}

// zeroTruth is what a condition is if everything unknown in it has its zero
// value, as configuration has by default.
func zeroTruth(n *program.Node) bool {
	switch n.Op {
	case program.Unary:
		if n.S == "!" {
			return !zeroTruth(n.K[0])
		}
	case program.Binary:
		switch n.S {
		case "&&":
			return zeroTruth(n.K[0]) && zeroTruth(n.K[1])
		case "||":
			return zeroTruth(n.K[0]) || zeroTruth(n.K[1])
		case "==", "!=":
			zero := func(k *program.Node) bool {
				return k.Op == program.Nil || k.Op == program.Const && (k.S == "" || k.S == "0" || k.S == "false")
			}
			return (zero(n.K[0]) || zero(n.K[1])) == (n.S == "==")
		}
	case program.Const:
		return n.S == "true"
	}
	return false
}

// tellsKinds reports whether a condition tells kinds of credentials apart by how
// they begin.
func tellsKinds(n *program.Node) bool {
	found := false
	walk(n, func(n *program.Node) {
		if n.Op == program.Call && n.K[0].S == "strings.HasPrefix" && len(n.K) == 3 {
			found = found || hasIdentity(nodeWords(n.K[1]))
		}
	})
	return found
}

// asksPartially reports whether a condition asks a function that concerns one
// kind of credentials only.
func (s *simulation) asksPartially(n *program.Node) bool {
	if len(s.partials) == 0 {
		return false
	}
	found := false
	walk(n, func(n *program.Node) {
		found = found || n.Op == program.Call && slices.Contains(s.partials, lastName(n.K[0].S))
	})
	return found
}

// isSwitch reports whether a condition is a field alone, which is off by
// default, or that a field of what is no identity is set.
func isSwitch(n *program.Node) bool {
	switch n.Op {
	case program.Field:
		return true
	case program.Binary:
		if n.S == "!=" && n.K[0].Op == program.Field && (n.K[1].Op == program.Const && (n.K[1].S == "" || n.K[1].S == "0")) {
			return !hasIdentity(nodeWords(n.K[0].K[0]))
		}
		return n.S == "&&" && (isSwitch(n.K[0]) || isSwitch(n.K[1])) || n.S == "||" && isSwitch(n.K[0]) && isSwitch(n.K[1])
	}
	return false
}

// configures reports whether an undecided condition has nothing to do with the
// request, so that configuration decides it.
func configures(n *program.Node, cond value) bool {
	u, ok := cond.(*unknown)
	return ok && !asksPresence(n) && !slices.ContainsFunc(u.labels, func(l string) bool { return l == requestLabel || l == identityLabel || l == derivedLabel })
}

// scope opens a scope for one turn of a loop, so that closures made in it keep
// its variables; the result closes it.
func (f *frame) scope() func() {
	outer := f.env
	f.env = &env{vars: map[int32]value{}, parent: outer}
	return func() { f.env = outer }
}

// makesClosures reports whether code has function literals.
func makesClosures(n *program.Node) bool {
	found := false
	walk(n, func(n *program.Node) { found = found || n.Op == program.Lit })
	return found
}

func (m *machine) execFor(n *program.Node, f *frame) control {
	scoped := makesClosures(n.K[1])
	defer m.keepConditions()()
	for i := 0; i < maxLoop; i++ {
		if n.K[0].Op != program.Nil {
			ok, val, _ := truth(m.eval(n.K[0], f))
			if !ok {
				return m.once(n.K[1], f)
			}
			if !val {
				return goOn
			}
		} else if i > 0 {
			return goOn
		}
		leave := func() {}
		if scoped {
			leave = f.scope()
		}
		c := m.exec(n.K[1], f)
		leave()
		switch c {
		case broke:
			return goOn
		case returned, stopped:
			return c
		}
		if m.spent() {
			return goOn
		}
		m.exec(n.K[2], f)
	}
	return goOn
}

// once runs a loop body whose number of runs is not known.
func (m *machine) once(body *program.Node, f *frame) control {
	c := m.maybe(f, nil, func() control { return m.exec(body, f) })
	if c == stopped {
		return goOn
	}
	return goOn
}

func (m *machine) execRange(n *program.Node, f *frame) control {
	x := m.eval(n.K[2], f)
	bind := func(node *program.Node, v value) {
		if node.Op != program.Nil {
			m.assignTo(node, v, f)
		}
	}
	scoped := makesClosures(n.K[3])
	defer m.keepConditions()()
	run := func(k, v value) (control, bool) {
		if scoped {
			defer f.scope()()
		}
		bind(n.K[0], k)
		bind(n.K[1], v)
		c := m.exec(n.K[3], f)
		return c, c == broke || c == returned || c == stopped
	}
	switch l := x.(type) {
	case *list:
		if m.sim != nil && l.from != "" && !slices.Contains(m.sim.read, l.from) {
			m.sim.read = append(m.sim.read, l.from)
		}
		for i, e := range l.e {
			if i >= maxLoop {
				m.notes = append(m.notes, "a loop over more than 400 entries was cut short")
				break
			}
			if m.spent() {
				return goOn
			}
			if c, end := run(num(i), e); end {
				if c == broke {
					return goOn
				}
				return c
			}
		}
		return goOn
	case *table:
		for i, k := range l.keys {
			if i >= maxLoop || m.spent() {
				break
			}
			if c, end := run(k, l.e[keyOf(k)]); end {
				if c == broke {
					return goOn
				}
				return c
			}
		}
		return goOn
	case constant:
		if k, ok := asInt(l); ok && l.k == 'i' {
			for i := 0; i < k && i < maxLoop; i++ {
				if c, end := run(num(i), nil); end {
					if c == broke {
						return goOn
					}
					return c
				}
			}
			return goOn
		}
	case absent:
		if m.sim != nil {
			m.spare(n.K[3], f)
		}
		return goOn
	case nilValue:
		return goOn
	case union:
		for _, y := range l {
			if ll, ok := y.(*list); ok {
				for i, e := range ll.e {
					run(num(i), e)
				}
			}
		}
		return goOn
	}
	et := elemType(typeOf(x))
	if m.sim == nil {
		// A list that a container for dependencies puts together holds what
		// implements its element type.
		if vs := m.implementers(et); len(vs) > 0 && f.fn.relevant {
			for _, e := range vs {
				m.maybe(f, nil, func() control { c, _ := run(&unknown{t: "int"}, e); return c })
			}
			return goOn
		}
	}
	from := ""
	if u, ok := x.(*unknown); ok {
		from = u.from
	}
	k, v := value(&unknown{}), value(&unknown{t: et, labels: labels(x), from: from})
	if m.sim != nil && m.sim.listed && isSetting(x) {
		if strings.HasPrefix(typeOf(x), "map[") {
			k, v = v, k
		}
		if c, _ := run(k, v); c == returned || c == stopped {
			return c
		}
		return goOn
	}
	if strings.HasPrefix(typeOf(x), "chan ") {
		k, v = v, k
	}
	c := m.maybe(f, nil, func() control { c, _ := run(k, v); return c })
	_ = c
	return goOn
}

func elemType(t string) string {
	switch {
	case strings.HasPrefix(t, "[]"):
		return strings.TrimPrefix(t[2:], "*")
	case strings.HasPrefix(t, "map["):
		depth := 0
		for i := 4; i < len(t); i++ {
			switch t[i] {
			case '[':
				depth++
			case ']':
				if depth == 0 {
					return strings.TrimPrefix(t[i+1:], "*")
				}
				depth--
			}
		}
	case strings.HasPrefix(t, "chan "):
		return strings.TrimPrefix(t[5:], "*")
	}
	return ""
}

func (m *machine) execSwitch(n *program.Node, f *frame) control {
	var tag value
	if n.K[0].Op != program.Nil {
		tag = m.eval(n.K[0], f)
	}
	return m.cases(n, n.K[1:], f, func(c *program.Node) value {
		var out value = boolean(false, false)
		for _, e := range c.K[:c.N] {
			v := m.eval(e, f)
			if tag != nil {
				v = m.compare("==", tag, v)
			}
			ok, val, anon := truth(v)
			if !ok {
				out = &unknown{labels: mergeLabels(m.nodeWords(e), labels(v))}
				continue
			}
			if val {
				return v
			}
			if anon {
				if _, isU := out.(*unknown); !isU {
					out = v
				}
			}
		}
		return out
	})
}

// cases runs the clauses of a switch; match says whether a clause applies.
func (m *machine) cases(n *program.Node, cs []*program.Node, f *frame, match func(*program.Node) value) control {
	var pending [][]change
	var def *program.Node
	ended, all := goOn, true
	unsure := false
	finish := func(body *program.Node, anon bool) control {
		run := func() control {
			if m.sim != nil {
				return m.simBranch(n, body, f, anon && !unsure, nil)
			}
			return m.exec(body, f)
		}
		if !unsure {
			c := run()
			if c == broke {
				return goOn
			}
			return c
		}
		if m.sim != nil {
			m.sim.unsure++
			defer func() { m.sim.unsure-- }()
		}
		c, ch := m.branch(run)
		pending = append(pending, ch)
		return c
	}
	var why []string
	var not []condition // the cases that the default is not
	base := len(m.conds)
	anonNo := false
	for _, c := range cs {
		if c.N < 0 {
			def = c
			continue
		}
		v := match(c)
		ok, val, anon := truth(v)
		body := c.K[len(c.K)-1]
		if ok && !val {
			anonNo = anonNo || anon
			if anon && m.sim != nil {
				m.spare(body, f)
			}
			continue
		}
		if ok && val && anon && m.sim != nil {
			f.anon = true
		}
		if !ok {
			var w []string
			for _, e := range c.K[:c.N] {
				w = mergeLabels(w, m.nodeWords(e))
			}
			why = mergeLabels(m.nodeWords(n.K[0]), w, why, labels(v))
			unsure = true
			if m.sim != nil {
				m.sim.push(why, nil)
			} else {
				is := caseOf(n.K[0], c, f)
				m.conds = append(m.conds, is)
				not = append(not, is.negated())
			}
			r := finish(body, false)
			if m.sim != nil {
				m.sim.pop()
			} else {
				m.conds = m.conds[:base]
			}
			if r == goOn || r == broke || r == continued {
				all = false
			} else {
				ended = r
			}
			continue
		}
		r := finish(body, anon)
		m.mergeAll(pending, why)
		if !unsure {
			return r
		}
		if r == goOn || r == broke || !all {
			return goOn
		}
		return r
	}
	if def != nil {
		if anonNo && m.sim != nil {
			f.anon = true
		}
		m.conds = append(m.conds, not...)
		r := finish(def.K[len(def.K)-1], anonNo)
		m.conds = m.conds[:base]
		m.mergeAll(pending, why)
		if !unsure {
			return r
		}
		if r == goOn || r == broke || !all {
			return goOn
		}
		return r
	}
	m.mergeAll(pending, why)
	_ = ended
	return goOn
}

func (m *machine) mergeAll(pending [][]change, why []string) {
	for _, ch := range pending {
		m.merge(ch, nil, why)
	}
}

func (m *machine) execTypeSwitch(n *program.Node, f *frame) control {
	x := m.eval(n.K[0], f)
	t := typeOf(x)
	exact := false
	if o, ok := x.(*object); ok && m.types[o.t] != nil {
		exact = true
	}
	return m.cases(n, n.K[2:], f, func(c *program.Node) value {
		if c.Line != 0 {
			m.declare(f.env, c.Line, x)
		}
		var out value = boolean(false, false)
		for _, e := range c.K[:c.N] {
			switch {
			case e.Op == program.Nil:
				if isNil(x) {
					return boolean(true, false)
				}
				if _, ok := x.(absent); ok {
					return boolean(true, true)
				}
			case e.T != "" && e.T == t && t != "":
				return boolean(true, false)
			case exact && m.types[e.T] != nil && m.types[e.T].Interface == nil:
			default:
				if _, ok := x.(absent); ok {
					continue
				}
				if _, ok := x.(failure); ok && m.sim != nil {
					out = &unknown{}
					continue
				}
				out = &unknown{}
			}
		}
		if _, ok := x.(absent); ok && c.N > 0 {
			if v, ok := out.(constant); ok && v.s == "false" {
				return boolean(false, true)
			}
		}
		return out
	})
}

func (m *machine) file(f *frame) string {
	if f != nil && f.fn != nil {
		return f.fn.File
	}
	return m.fileOf
}

func (m *machine) at(n *program.Node, f *frame) place { return place{m.file(f), n.Line} }

// ---- assignment

func (m *machine) assign(n *program.Node, f *frame) {
	nl := int(n.N)
	lhs, rhs := n.K[:nl], n.K[nl:]
	switch {
	case n.S == "var":
		for _, l := range lhs {
			m.declareNode(l, m.zero(n.T), f)
		}
	case n.S != "=" && n.S != ":=":
		a, b := m.eval(lhs[0], f), m.eval(rhs[0], f)
		m.assignTo(lhs[0], m.binary(strings.TrimSuffix(n.S, "="), a, b), f)
	case len(rhs) == 1 && nl > 1:
		vs := m.spread(rhs[0], nl, lhs, f)
		for i, l := range lhs {
			m.store(l, vs[i], n.S, f)
		}
	default:
		vs := make([]value, len(rhs))
		for i, r := range rhs {
			vs[i] = m.eval(r, f)
			if c, ok := vs[i].(*closure); ok && c.fn.Literal && lhs[min(i, nl-1)].Op == program.Local && c.fn.Name != "" {
				_ = c
			}
		}
		for i, l := range lhs {
			if i < len(vs) {
				m.store(l, vs[i], n.S, f)
			}
		}
	}
}

func (m *machine) store(l *program.Node, v value, op string, f *frame) {
	if m.sim == nil {
		v = m.chosen(v)
	}
	if t, ok := v.(tuple); ok {
		if len(t) == 0 {
			v = nilValue{}
		} else {
			v = t[0]
		}
	}
	if op == ":=" {
		m.declareNode(l, v, f)
		return
	}
	m.assignTo(l, v, f)
}

func (m *machine) declareNode(l *program.Node, v value, f *frame) {
	if l.Op == program.Local {
		if u, ok := v.(*unknown); ok && u.t == "" && l.T != "" {
			v = u.typed(l.T)
		}
		if _, where := f.env.get(l.N); where != nil && where != f.env {
			m.set(f.env, l.N, v)
			return
		}
		m.declare(f.env, l.N, v)
		return
	}
	m.assignTo(l, v, f)
}

// spread evaluates one expression for several left sides.
func (m *machine) spread(r *program.Node, n int, lhs []*program.Node, f *frame) []value {
	out := make([]value, n)
	v := m.eval(r, f)
	if t, ok := v.(tuple); ok {
		copy(out, t)
		for i := len(t); i < n; i++ {
			out[i] = &unknown{}
		}
		return out
	}
	commaOK := r.Op == program.Index || r.Op == program.Assert || r.Op == program.Unary
	out[0] = v
	for i := 1; i < n; i++ {
		last := i == n-1
		name := ""
		if lhs[i].Op == program.Local {
			name = lhs[i].S
		}
		if has, ok := m.hasKey(r, f); ok {
			out[i] = boolean(has, false)
			continue
		}
		if o, ok := v.(*object); ok && r.Op == program.Assert && o.t != "" && (o.t == r.T || m.types[r.T] != nil && m.types[r.T].Interface != nil && m.implements(o.t, m.types[r.T])) {
			out[i] = boolean(true, false)
			continue
		}
		if fa, ok := v.(failure); ok && r.Op == program.Assert {
			out[i] = boolean(true, fa.anon)
			if fa.t != "" && fa.t == r.T {
				continue
			}
			if !strings.Contains(r.T, "Error") && !strings.Contains(r.T, "error") {
				out[i] = &unknown{}
			}
			continue
		}
		switch x := v.(type) {
		case absent:
			out[i] = absent{}
			if last && !commaOK && (strings.Contains(strings.ToLower(name), "err") || lhs[i].T == "error") {
				out[i] = failure{anon: true}
			} else if last && (commaOK || name == "ok" || lhs[i].T == "bool") {
				out[i] = boolean(false, true)
			}
		case failure:
			out[i] = x
		default:
			switch {
			case commaOK && m.sim == nil && !isUnknown(v) && !isNil(v):
				out[i] = boolean(true, false)
			case commaOK && isNil(v):
				out[i] = boolean(false, false)
			case m.sim == nil && (lhs[i].T == "error" || strings.HasPrefix(name, "err")):
				out[i] = nilValue{}
			default:
				out[i] = &unknown{t: lhs[i].T, labels: labels(v)}
			}
		}
	}
	return out
}

// hasKey says whether a map holds a key, where both are known.
func (m *machine) hasKey(r *program.Node, f *frame) (has, known bool) {
	if r.Op != program.Index {
		return false, false
	}
	x := m.eval(r.K[0], f)
	if q, ok := x.(request); ok && q.kind == "vars" {
		return true, true // the path matched
	}
	t, ok := x.(*table)
	if !ok {
		return false, false
	}
	key := keyOf(m.eval(r.K[1], f))
	if key == "" {
		return false, false
	}
	if _, has = t.e[key]; has {
		return true, true
	}
	for _, k := range t.keys {
		if keyOf(k) == "" {
			return false, false
		}
	}
	return false, len(t.keys) > 0
}

func (m *machine) assignTo(l *program.Node, v value, f *frame) {
	switch l.Op {
	case program.Local:
		if u, ok := v.(*unknown); ok && u.t == "" && l.T != "" {
			v = u.typed(l.T)
		}
		m.set(f.env, l.N, v)
	case program.Global:
		if m.sim == nil {
			if isUnknown(v) && !isUnknown(m.globals[l.S]) {
				return
			}
			m.globals[l.S] = v
		}
	case program.Field:
		x := m.eval(l.K[0], f)
		switch o := x.(type) {
		case request:
			if m.sim != nil && o.kind == "url" && l.S == "Path" && m.sim.unsure == 0 {
				m.sim.rewritten, _ = asString(v)
				if u, ok := v.(*unknown); ok {
					m.sim.rewritten = u.begins
				}
			}
		case *object:
			if m.sim != nil && m.sim.frozen(o) {
				return
			}
			if m.sim != nil {
				if _, ok := o.f[l.S]; !ok {
					o.f[l.S] = m.field(o, l) // what it is, should the branch be undone
				}
				m.note(change{o: o, name: l.S})
			}
			if isUnknown(v) && m.sim == nil && !isUnknown(o.f[l.S]) {
				return
			}
			old, ok := o.f[l.S]
			if ok && m.sim == nil && len(m.conds) > 0 && isNil(v) && !isNil(old) {
				return
			}
			if m.sim == nil && (o.born < m.unsureSince || o.born == packageLevel) && isBool(v) && (!ok || !same(old, v)) {
				v = &unknown{t: "bool", labels: words(l.S)} // set, perhaps
			}
			o.f[l.S] = v
		case *external:
			// A field of a library's value: remember it with its arguments.
			if m.sim == nil && o.called {
				o.args = append(o.args, v)
				if c, ok := v.(*router); ok && strings.HasPrefix(o.t, "net/http.Server") {
					m.serve(c)
				} else if strings.HasPrefix(o.t, "net/http.Server") && l.S == "Handler" {
					m.serve(v)
				}
			}
		case *unknown:
			if o.t == "net/http.Server" && l.S == "Handler" && m.sim == nil {
				m.serve(v)
				return
			}
			// Give a value of a known struct type a body to hold the field.
			if m.types[o.t] != nil {
				ob := &object{t: o.t, f: map[string]value{l.S: v}}
				m.assignTo(l.K[0], ob, f)
			}
		}
	case program.Index:
		x := m.eval(l.K[0], f)
		k := m.eval(l.K[1], f)
		switch o := x.(type) {
		case *table:
			if m.sim == nil {
				o.put(k, v)
			}
		case *list:
			if i, ok := asInt(k); ok && m.sim == nil && i >= 0 && i < len(o.e) {
				o.e[i] = v
			}
		}
	case program.Deref:
		m.assignTo(l.K[0], v, f)
	case program.Addr:
		m.assignTo(l.K[0], v, f)
	}
}

func isBool(v value) bool { c, ok := v.(constant); return ok && c.k == 'b' }

// unsureFrom says that what follows may not run, until the result is called.
func (m *machine) unsureFrom() func() {
	since := m.unsureSince
	if m.sim == nil {
		m.unsureSince = m.steps
	}
	return func() { m.unsureSince = since }
}

// decodes reports whether a library's function fills in what it is given.
func decodes(name string) bool {
	switch w := strings.ToLower(lastName(name)); {
	case strings.Contains(w, "unmarshal"), strings.Contains(w, "decode"), strings.Contains(w, "parse"), strings.Contains(w, "load"), strings.HasPrefix(w, "read"),
		w == "process", w == "mapto", w == "scan", w == "unpack", w == "boolvar", w == "flag", w == "bind", w == "populate", w == "strictmapto", w == "mustload":
		return true
	}
	return false
}

// forget makes the switches of a structure unknown that a file, the environment
// or flags fill in.
func forget(v value, depth int) {
	o, ok := v.(*object)
	if !ok || depth > 4 {
		return
	}
	for name, x := range o.f {
		switch y := x.(type) {
		case constant:
			if y.k == 'b' {
				o.f[name] = &unknown{t: "bool", labels: words(name)}
			}
		case *object:
			forget(y, depth+1)
		case *list:
			for _, e := range y.e {
				forget(e, depth+1)
			}
		case *table:
			for _, e := range y.e {
				forget(e, depth+1)
			}
		}
	}
}

func keyOf(v value) string {
	if c, ok := v.(constant); ok {
		return string(c.k) + c.s
	}
	return ""
}

func (t *table) put(k, v value) {
	key := keyOf(k)
	if key == "" {
		key = "?" + strconv.Itoa(len(t.keys))
	}
	if _, ok := t.e[key]; !ok {
		t.keys = append(t.keys, k)
	}
	t.e[key] = v
}

// zero is the zero value of a type.
func (m *machine) zero(t string) value {
	if strings.HasPrefix(t, "*") {
		if m.sim != nil {
			return nilValue{}
		}
		t = t[1:] // registering, what is declared is made before it is used
	}
	switch {
	case t == "string":
		return str("")
	case t == "bool":
		return boolean(false, false)
	case t == "int" || t == "int64" || t == "uint" || t == "int32" || t == "uint64" || t == "uint32" || t == "int8" || t == "uint8" || t == "int16" || t == "uint16":
		return num(0)
	case t == "error" || strings.HasPrefix(t, "func("):
		return nilValue{}
	case strings.HasPrefix(t, "[]") || t == "encoding/json.RawMessage":
		return &list{t: t}
	case strings.HasPrefix(t, "map["):
		return &table{t: t, e: map[string]value{}}
	case m.types[t] != nil && m.types[t].Interface == nil && m.types[t].Under == "", strings.HasPrefix(t, "struct{"):
		return m.newObject(t)
	}
	if f := routerType(t); f != nil {
		return m.newRouter(f, t, place{})
	}
	if ty := m.types[t]; ty != nil && m.sim != nil {
		switch {
		case ty.Interface != nil:
			return nilValue{}
		case ty.Under == "string" || ty.Under == "bool" || ty.Under == "int" || strings.HasPrefix(ty.Under, "int") || strings.HasPrefix(ty.Under, "uint"):
			return m.zero(ty.Under)
		}
	}
	return &unknown{t: t}
}

// zeroOf is the zero value of a field or result.
func (m *machine) zeroOf(p program.Param) value {
	if p.Ptr {
		return m.zero("*" + p.Type)
	}
	return m.zero(p.Type)
}

// packageLevel is when the values of package variables are born. Their switches
// are turned while the program runs, on and off: what one was last says nothing.
const packageLevel = -1

// newObject makes a value of a struct type of the program.
func (m *machine) newObject(t string) *object {
	o := &object{t: t, f: map[string]value{}, born: m.steps}
	if m.sim != nil {
		o.sim, o.fresh, o.anon, o.unsure = m.sim, true, m.anonNow(), m.sim.unsure
	}
	if m.making > 0 {
		o.born = packageLevel
	}
	if m.sim == nil && t != "" {
		m.made[t] = append(m.made[t], o)
	}
	return o
}

// routerType finds the family a router's type belongs to.
func routerType(t string) *family {
	pkg, typ, name := split(t)
	if typ != "" || pkg == "" {
		return nil
	}
	f := known(pkg)
	if f == nil {
		return nil
	}
	for _, n := range f.types {
		if n == name {
			return f
		}
	}
	return nil
}
