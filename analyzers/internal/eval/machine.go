package eval

import (
	"sort"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/program"
)

// The machine, what it is given and how far it goes.

// Bounds. Each is far above what honest programs need.
const (
	maxSteps    = 6_000_000  // nodes visited while registering
	maxSim      = 60_000     // nodes visited in one simulated request
	maxSims     = 40_000_000 // nodes visited in all simulated requests
	maxCalls    = 90         // depth of calls
	maxRecur    = 3          // the same function on the stack
	maxLoop     = 400        // turns of a loop that counts
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
	outer  *env // what is around the function
	rets   value
	has    bool
	anon   bool     // a branch was decided by the request being anonymous
	left   bool     // known callers have left the function in a branch
	gone   bool     // some known callers may have left it, with another result
	why    []string // words of undecided conditions that lead to a return
	defers []deferral
	// panicking: it ends by a panic that a deferred function may recover from.
	panicking bool
	named     []program.Param
	// under is how many conditions held when it was called; usual says that the
	// first of what it returns is what it returns by default.
	under int
	usual bool
	// asked are the settings that decide what it returns.
	asked    []setting
	alt      value // returned under conditions that do not hold by default
	defaults int
	// skips: of the innermost loop, that this turn may have gone on to the next.
	skips bool
	// Of a simulation: the outermost frame of a handler.
	top bool
	// partial: callers with another kind of credentials have left it.
	partial bool
	// doubt: those with forged ones may have.
	doubt bool
	// fates are how a request fared on those ways through it that have returned.
	fates []fate
	at    place // where it was called
	call  *program.Node
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
	// signSteps are the keys of a session that hold what a step of a sign-in leaves
	// for the next; nil until somebody asks.
	signSteps map[string]bool
	pkgs      []*program.Package

	steps, limit int // while registering
	simSteps     int // of all simulated requests
	seq          int
	depth        int
	onStack      map[*function]int
	refuses      map[*function]bool // whether it may, of those that were looked at
	reached      map[*function]bool
	entries      map[string][]entry // of the lists that files hold, by what they are called
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
	offered []queued // constructors that containers for dependencies may call
	// providers are the constructors that containers for dependencies were given,
	// by what they return, and provided what they returned.
	providers  map[string]*closure
	provided   map[string]value
	kept       []*closure // function literals that were made: one may be called later
	coveredSeq int
	ctx        map[string]value // what earlier middleware put into the request
	known      map[string]value // what it put there of callers it knows
	shared     map[string]bool  // keys under which it put something of everybody
	op         *object          // of the route being judged
	operation  string           // its name, where the library behind it says one
	required   requirement      // of its operation, as generated code says
	given      map[string]bool  // what the guards before it have given every request
	rpcServers []*rpcServer
	routedBy   map[string]serving // libraries that were given routes, by import path
	// setFields are fields that are set outside of builders, handedOut the types
	// of the program that libraries are given values of.
	setFields, handedOut map[string]bool
	// settings are the defaults that the program declares for keys of the
	// configuration, flags those of flags; settingPkgs and flagPkgs the packages
	// that it declares them to.
	settings, flags       map[string]*preset
	settingPkgs, flagPkgs map[string]bool
	// filed are the switches in files that the program reads, by their keys.
	filed map[string]*preset
	// forged is what of it a stranger made up.
	forged   map[string]forged
	handed   []value           // by the guard before a handler, beside the request
	again    map[string]string // routes that give the request to the router again, with the path
	notes    []string          // what the inventory lacks
	waySteps int

	sim    *simulation
	fileOf string
	rows   []row // of the tables being gone through, the innermost last
	served []serving
	// foreignRouters are the routers of libraries of which nothing is known, by what
	// makes them, foreignPrefix is the path before what is being registered there.
	foreignRouters map[*external]*router
	foreignPrefix  string
	foreignUses    []foreignUse
	entrusted      []serving // what libraries are given that may serve it
	defaultAt      place     // where a server is started that has no handler of its own
	defaultVia     []place
	defaultConds   []condition
	// servers are the names of the routers that requests begin at.
	servers map[place]string

	turns        map[string]bool // package variables that handlers assign
	delegating   map[*function]bool
	restCache    map[closureKey][]value
	compareCache map[closureKey][]comparison
	branchCache  map[branchKey][]branch
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
		onStack: map[*function]int{}, refuses: map[*function]bool{}, reached: map[*function]bool{}, entries: map[string][]entry{}, pkgs: pkgs, limit: maxSteps}
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
