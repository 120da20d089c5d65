package eval

import (
	"slices"
	"strconv"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/importpath"
	"github.com/launchgate/launchgate/analyzers/internal/program"
	"github.com/launchgate/launchgate/analyzers/routes"
)

// simulation is one request sent through one handler or middleware.
type simulation struct {
	// anonymous: identities are absent; else they are there but unknown.
	anonymous  bool
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
	lists    []string // settings that the path was looked up in
	listed   bool     // it is found in all of them
	read     []string // what was looked at that a file holds
	target   target
	compared []comparison
	calls    []called // of the program, with a part of the request
	location []string // words of a Location header set

	steps    int
	unsure   int
	bases    []int
	whys     []reason
	kinds    int // undecided branches being run that one kind of credentials takes
	switches int // undecided branches being run that a switch turns on
	avoids   int // undecided branches being run that callers choose
	// defaults: of each undecided branch being run, whether it runs if what is
	// unknown has its zero value.
	defaults []bool
	// unlikely: of each of them, whether it runs only if configuration demands
	// it or something fails.
	unlikely []bool

	passed  []passage
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
	floor    int // branches deep at which things count as certain within a branch
	sets     map[string]value
	keys     map[string]bool // every key set, on whatever way: whether to an identity
	returned value
	reached  []routes.Span
	token    *refusal  // of requests whose token is not good
	turned   []refusal // undecided conditions on which the outermost function returns early
}

// turn notes that the outermost function returns early on an undecided condition
// without handing the request on, whatever it answers.
func (s *simulation) turn(why []string, p place) {
	if len(s.turned) < 20 {
		s.turned = append(s.turned, refusal{unsure: true, why: why, pos: p})
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
	// byDefault: it happens if unknown configuration has its zero values.
	byDefault bool
}

// setting notes that the request gets a value, perhaps, and whether that is, or
// depends on, the caller's identity.
func (s *simulation) setting(key string, v value) {
	if s.keys == nil {
		s.keys = map[string]bool{}
	}
	s.keys[key] = s.keys[key] || slices.Contains(labels(v), identityLabel) || slices.Contains(s.whyNow(), identityLabel)
}

// identityLabel marks values that were read where a caller's identity would be.
const (
	identityLabel = "identity"
	// requestLabel marks other values of the request: what they are by default
	// says nothing.
	requestLabel = "request"
	// derivedLabel marks what a function made of the request.
	derivedLabel = "made of the request"
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
}

func (s *simulation) base(f *frame) int {
	if len(s.bases) == 0 {
		return 0
	}
	return s.bases[len(s.bases)-1]
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

// frozen: simulations must not change the program's own values.
func (s *simulation) frozen(o *object) bool { return o.sim != s }

// partly reports whether what is being run concerns one kind of credentials only.
func (m *machine) partly() bool {
	if m.sim.kinds > 0 {
		return true
	}
	return slices.ContainsFunc(m.stack, func(f *frame) bool { return f.partial })
}

func (m *machine) anonNow() bool {
	for i := len(m.stack) - 1; i >= 0; i-- {
		if m.stack[i].anon {
			return true
		}
	}
	return false
}

func (s *simulation) refuse(m *machine, code int, p place, what string) {
	if len(s.refused) > 60 {
		return
	}
	r := refusal{code: code, unsure: s.unsure > 0, anon: m.anonNow(), why: m.whyHere(), pos: p, text: what, switched: s.switches > 0, avoidable: s.avoids > 0, asked: s.asked(), partial: m.partly()}
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
		s.final = &r
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
	for _, x := range o.f {
		if code, ok := asInt(x); ok && (code == 401 || code == 403) {
			return code
		}
	}
	return 0
}

// strongIdentity reports whether the name of a form field or parameter can only
// be that of an identity: others may be a user's name or the token of a mail.
func strongIdentity(ws []string) bool {
	has := func(w string) bool { return slices.Contains(ws, w) }
	return has("jwt") || has("apikey") || has("bearer") || has("session") ||
		(has("access") || has("auth")) && (has("token") || has("key")) || has("api") && (has("key") || has("token"))
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
	case *object, *list, *table, failure, absent, *external, constant, nilValue:
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

// contextKey names a key of a request's values.
func contextKey(v value, n *program.Node) string {
	if s, ok := asString(v); ok {
		return s
	}
	if o, ok := v.(*object); ok {
		return o.t
	}
	if n != nil {
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
func (s *simulation) returns(m *machine, v value, at place) {
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
		r := refusal{code: code, unsure: s.unsure > 0, anon: fa.anon, why: mergeLabels(m.whyHere(), words(fa.name)), text: "returns an error", pos: at, switched: s.switches > 0, avoidable: s.avoids > 0, asked: s.asked()}
		s.refused = append(s.refused, r)
		s.decide(r)
		if fa.anon && s.unsure <= s.floor && s.blocked == nil {
			s.blocked = &s.refused[len(s.refused)-1]
		}
	}
}

func (s *simulation) pass(m *machine, v value, c call) value {
	if s.dead {
		return nilValue{}
	}
	if x, ok := v.(*external); ok && s.middleware {
		if k := m.judgeLibrary(x, s.path, s.method).kind; k == routes.KindAuth || k == routes.KindRole {
			if s.anonymous {
				m.abort(401, c, lastPart(x.name))
			}
			return nilValue{}
		}
	}
	if len(s.passed) < 40 {
		s.passed = append(s.passed, passage{v: v, unsure: s.unsure > 0, anon: m.anonNow(), conds: s.whyNow(), pos: c.pos,
			byDefault: !slices.Contains(s.defaults, false)})
	}
	if s.aborted == 2 && s.unsure == 0 && s.middleware {
		s.passed = s.passed[:len(s.passed)-1]
	}
	return nilValue{}
}

// simBranch runs a branch of a simulated request and notes whether the request
// ends there because it is anonymous.
func (m *machine) simBranch(n, body *program.Node, f *frame, anon bool, why []string) control {
	s := m.sim
	before := len(s.refused)
	aborted := s.aborted
	c := m.exec(body, f)
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
		case request, absent, next, failure, *closure:
			return true
		case *object:
			if x.fresh && x.anon && x.sim == m.sim {
				return true
			}
			n := 0
			for _, v := range x.f {
				switch v.(type) {
				case request, absent, next:
					return true
				}
				if n++; n > 30 {
					break
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
		}
		return false
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

// requestKind says which part of a request a type is, "" if none.
func requestKind(t string) string {
	switch {
	case t == "net/http.ResponseWriter":
		return "w"
	case t == "net/http.Request":
		return "r"
	case t == "context.Context":
		return "ctx"
	}
	if strings.HasPrefix(t, "func(") || strings.HasPrefix(t, "[]") || strings.HasPrefix(t, "map[") {
		return ""
	}
	if i := strings.IndexByte(t, '['); i > 0 {
		t = t[:i]
	}
	pkg, typ, name := split(t)
	if f := known(pkg); f != nil && f.id == "connect" && typ == "" {
		switch name {
		case "Request", "AnyRequest", "StreamingHandlerConn":
			return "r"
		}
		return ""
	}
	if typ == "" && pkg != "" && (name == "Context" || name == "Ctx" || name == "RequestContext") {
		if known(pkg) != nil || strings.HasPrefix(pkg, "github.com/cloudwego/hertz") {
			return "c"
		}
	}
	return ""
}

// ownContext reports whether a type of the program stands for a request.
func (m *machine) ownContext(t string) bool {
	ty := m.types[t]
	if ty == nil {
		return false
	}
	name := lastName(t)
	if !strings.HasSuffix(name, "Context") && !strings.HasSuffix(name, "Ctx") && name != "context" && name != "ctx" {
		return false
	}
	return true
}

// argumentsFor makes the arguments a handler is called with.
func (m *machine) argumentsFor(fn *function) []value {
	var out []value
	for _, p := range fn.Params {
		k := requestKind(p.Type)
		switch {
		case k != "":
			out = append(out, request{k})
		case p.Type == "map[string]string" && len(out) > 0:
			out = append(out, request{"vars"}) // the path's, beside a request
		case m.ownContext(p.Type):
			ty := m.types[p.Type]
			if ty.Interface == nil && ty.Under == "" {
				o := &object{t: p.Type, f: map[string]value{}}
				for _, fl := range ty.Fields {
					if k := requestKind(fl.Type); k != "" {
						o.f[fl.Name] = request{k}
					}
				}
				out = append(out, o)
			} else {
				out = append(out, request{"c"})
			}
		case isNextType(p.Type), takesOnlyRequest(p.Type):
			out = append(out, next{})
		default:
			out = append(out, &unknown{t: p.Type, labels: words(p.Name)})
		}
	}
	return out
}

func isNextType(t string) bool {
	if t == "net/http.Handler" || t == "net/http.HandlerFunc" {
		return true
	}
	pkg, _, name := split(t)
	switch name {
	case "HandlerFunc", "Handler", "Handle":
		return known(pkg) != nil
	case "UnaryFunc", "StreamingHandlerFunc": // connect
		return known(pkg) != nil
	}
	return false
}

// takesOnlyRequest reports whether a type is that of a function whose one
// parameter is the request, as the rest of the chain is handed to some
// libraries' middleware.
func takesOnlyRequest(t string) bool {
	in, ok := strings.CutPrefix(t, "func(")
	if !ok {
		return false
	}
	in, ok = strings.CutSuffix(in, ")")
	if !ok || strings.ContainsAny(in, ",()") {
		return false
	}
	fields := strings.Fields(in)
	return len(fields) > 0 && requestKind(strings.TrimPrefix(fields[len(fields)-1], "*")) == "c"
}

// identityWord: the word names something only a known caller has.
func identityWord(w string) bool {
	switch w {
	case "auth", "authorization", "authenticate", "authenticated", "authentication", "authn", "authz", "authorize", "authorized", "authorizer", "token", "tokens", "jwt", "bearer", "session", "sessions", "sess", "sid",
		"user", "users", "uid", "userid", "username", "account", "claims", "claim", "identity", "principal", "login", "logged", "loggedin", "cookie", "credential", "credentials",
		"apikey", "secret", "subject", "admin", "role", "roles", "owner", "caller", "viewer", "member", "actor", "me", "perm", "perms", "permission", "permissions", "signature", "passport", "accesstoken", "signin":
		return true
	}
	return false
}

// hasIdentity reports whether words name an identity. A token against forged
// requests is none: everybody gets one.
func hasIdentity(ws []string) bool {
	return slices.ContainsFunc(ws, identityWord) && !slices.Contains(ws, "csrf") && !slices.Contains(ws, "xsrf")
}

// presentsIdentity reports whether a header or parameter of a name is what
// callers identify themselves by; there, unlike in code, a key is one.
func presentsIdentity(ws []string) bool { return hasIdentity(ws) || slices.Contains(ws, "key") }

// harmlessHeader: the header is no identity.
func harmlessHeader(s string) bool {
	switch strings.ToLower(s) {
	case "content-type", "accept", "origin", "user-agent", "host", "range", "referer", "accept-language", "accept-encoding", "if-none-match", "if-modified-since", "content-length", "connection", "upgrade",
		"x-forwarded-for", "x-real-ip", "x-forwarded-proto", "x-forwarded-host", "x-request-id", "x-requested-with", "access-control-request-method", "access-control-request-headers", "x-http-method-override", "cf-connecting-ip":
		return true
	}
	return false
}

// header is the value of a request header.
func (m *machine) header(k value, node *program.Node, t string) value {
	name, ok := asString(k)
	ws := words(name)
	if !ok {
		ws = mergeLabels(labels(k), m.nodeWords(node))
	}
	if ok && harmlessHeader(name) {
		return &unknown{t: "string", labels: []string{requestLabel}, sent: harmless}
	}
	if presentsIdentity(ws) {
		return m.identity(t, ws)
	}
	return &unknown{t: "string", labels: []string{requestLabel}, sent: parameter}
}

// identity is what is read where a caller's identity would be.
func (m *machine) identity(t string, ws []string) value {
	if m.sim.anonymous {
		return m.absentOf(t)
	}
	ls := mergeLabels(ws, []string{identityLabel})
	ts := tupleTypes(t)
	if len(ts) > 1 {
		out := tuple{}
		for _, x := range ts {
			out = append(out, &unknown{t: x, labels: ls})
		}
		return out
	}
	return &unknown{t: t, labels: ls}
}

func (m *machine) absentOf(t string) value {
	ts := tupleTypes(t)
	one := func(t string) value {
		switch t {
		case "error":
			return failure{anon: true}
		case "bool":
			return boolean(false, true)
		case "int":
			return constant{k: 'i', s: "0", anon: true}
		}
		return absent{t: t}
	}
	switch len(ts) {
	case 0:
		return absent{}
	case 1:
		return one(ts[0])
	}
	out := tuple{}
	for _, x := range ts {
		out = append(out, one(x))
	}
	return out
}

func (m *machine) anonResult(c call) value { return m.absentOf(resultType(c)) }

func (m *machine) requestField(r request, n *program.Node) value {
	if r.kind == "session" {
		return r
	}
	switch n.S {
	case "Request", "Req":
		return request{"r"}
	case "Header", "Headers":
		return request{"hdr"}
	case "Form", "PostForm":
		return request{"query"}
	case "URL":
		return request{"url"}
	case "Input", "Output":
		if r.kind == "c" {
			return r
		}
	case "Writer", "Response", "Context", "c", "ctx", "Ctx", "GinContext", "EchoContext", "w", "r":
		return request{"c"}
	case "Path", "RequestURI", "RawPath", "Procedure":
		if m.sim != nil {
			return m.requestPath()
		}
	case "Method":
		if m.sim != nil {
			return m.requestMethodName()
		}
	case "TLS":
		return &unknown{labels: mergeLabels(words(n.S), []string{requestLabel})}
	case "Keys":
		return request{"hdr"}
	}
	if f := n.T; f != "" && m.types[f] != nil && m.sim != nil {
		return &unknown{t: f, labels: words(n.S)}
	}
	if k := requestKind(n.T); k != "" {
		return request{k}
	}
	if m.sim != nil && hasIdentity(words(n.S)) && !strings.Contains(n.T, "func(") {
		return m.identity(n.T, words(n.S))
	}
	return &unknown{t: n.T, labels: words(n.S)}
}

func (m *machine) requestPath() value {
	m.sim.usedPath = true
	if m.sim.path == "" {
		return &unknown{t: "string", labels: []string{"path"}, part: partPath}
	}
	return str(strings.TrimSuffix(m.sim.path, "{$}")) // the pattern's end mark is not part of a path
}

func (m *machine) requestMethodName() value {
	m.sim.usedPath = true
	if m.sim.method == "" || m.sim.method == "*" || m.sim.method == "ANY" {
		return &unknown{t: "string", labels: []string{"method"}, part: partMethod}
	}
	return str(m.sim.method)
}

func firstInt(args []value) (int, bool) {
	for _, a := range args {
		if n, ok := asInt(a); ok && n >= 100 && n < 600 {
			return n, true
		}
	}
	return 0, false
}

// noNode stands for an argument that is not there.
var noNode = &program.Node{}

// argWords are the words of a call's arguments.
func (m *machine) argWords(c call) []string {
	var out []string
	for i, a := range c.args {
		out = mergeLabels(out, labels(a))
		if path, ok := asString(a); ok {
			out = mergeLabels(out, words(path))
		}
		if c.n != nil && i+1 < len(c.n.K) {
			walk(c.n.K[i+1], func(n *program.Node) {
				if n.Op == program.Const && n.T == "string" && strings.HasPrefix(n.S, "/") {
					out = mergeLabels(out, words(n.S))
				}
			})
		}
		if c.n != nil && i+1 < len(c.n.K) {
			out = mergeLabels(out, m.nodeWords(c.n.K[i+1]))
		}
	}
	return out
}

// requestMethod is a method of a router's context or of net/http's request and
// response.
func (m *machine) requestMethod(r request, fun *program.Node, c call) value {
	s := m.sim
	t := resultType(c)
	name := fun.S
	arg := func(i int) *program.Node {
		if c.n != nil && i+1 < len(c.n.K) {
			return c.n.K[i+1]
		}
		return noNode
	}
	var first value
	if len(c.args) > 0 {
		first = c.args[0]
	}
	if fillsIn(name) {
		m.filled(name, c)
	}
	if r.kind == "session" && strings.HasPrefix(name, "Get") {
		name = "Value" // of whatever type
	}
	if s.ends {
		switch name {
		case "Redirect", "WriteString", "SetStatus", "JSON", "ServeJSON", "Abort", "CustomAbort", "StopRun", "Body":
			code, ok := firstInt(c.args)
			if !ok && name == "Abort" && len(c.args) > 0 {
				a, _ := asString(c.args[0])
				code, _ = strconv.Atoi(a)
			}
			m.abort(code, c, name)
			return nilValue{}
		}
	}
	switch name {
	case "Session", "GetSession":
		if first != nil {
			return m.identity(t, mergeLabels([]string{"session"}, labels(first)))
		}
	case "Operation":
		if m.op != nil {
			s.usedPath = true // verdicts differ from route to route
			return m.op
		}
	case "Spec":
		return r
	case "RequestHeader":
		return request{"hdr"}
	case "Next":
		return s.pass(m, next{}, c)
	case "Abort", "StopExecution":
		m.abort(0, c, name)
		return nilValue{}
	case "AbortWithStatus", "AbortWithStatusJSON", "AbortWithError", "AbortWithMsg", "AbortWithStatusPureJSON", "StopWithStatus", "StopWithJSON", "StopWithError", "StopWithText":
		code, _ := firstInt(c.args)
		m.abort(code, c, name)
		return &unknown{t: t}
	case "IsAborted", "IsStopped":
		return boolean(s.aborted == 2, false)
	case "String", "Redacted":
		if r.kind == "url" {
			return m.requestPath()
		}
		fallthrough
	case "JSON", "Status", "SendStatus", "WriteHeader", "NoContent", "HTML", "XML", "IndentedJSON", "PureJSON", "Render", "Blob", "Data", "SecureJSON", "JSONBlob", "StatusCode", "Stream", "AsciiJSON", "YAML", "JSONPretty", "ProtoBuf", "SetStatusCode":
		if code, ok := firstInt(c.args); ok && code >= 400 {
			s.refuse(m, code, c.pos, name)
		} else if ok && code >= 300 && redirectsToLogin(s.location) {
			s.refuse(m, 302, c.pos, "redirects to sign in")
		}
		if name == "Status" || name == "Response" {
			return r
		}
		return nilValue{}
	case "Redirect", "RedirectToRoute":
		ws := m.argWords(c)
		if redirectsToLogin(ws) {
			s.refuse(m, 302, c.pos, "redirects to sign in")
		} else {
			s.refuse(m, 300, c.pos, "redirects")
		}
		return nilValue{}
	case "GetHeader", "GetReqHeaders":
		if first != nil {
			return m.header(first, arg(0), "string")
		}
		return request{"hdr"}
	case "BasicAuth":
		return m.identity("(string, string, bool)", []string{"basic", "auth"})
	case "Cookie", "Cookies", "GetCookie", "SignedCookie":
		if first == nil {
			if name == "Cookies" {
				return m.identity(t, []string{"cookie"})
			}
		}
		ws := mergeLabels(labels(first), m.nodeWords(arg(0)))
		if len(c.args) > 1 { // setting one
			return nilValue{}
		}
		if slices.ContainsFunc(ws, func(w string) bool {
			return w == "lang" || w == "locale" || w == "theme" || w == "state" || w == "nonce" || w == "redirect"
		}) {
			return m.unknownResult(c, nil)
		}
		return m.identity(t, ws)
	case "Query", "QueryParam", "FormValue", "PostFormValue", "PostForm", "DefaultQuery", "GetQuery", "URLParam", "QueryParams", "Param", "PathValue", "Params", "DefaultPostForm", "URLParamDefault":
		ws := mergeLabels(labels(first), m.nodeWords(arg(0)))
		if (s.middleware && presentsIdentity(ws) || strongIdentity(ws)) && name != "Param" && name != "PathValue" && name != "Params" {
			return m.identity(t, ws)
		}
		if r.kind == "url" && name == "Query" {
			return request{"query"}
		}
		if first != nil && (name == "Param" || name == "PathValue" || name == "Params" || name == "URLParam") {
			return m.param(first, t)
		}
		if (t == "string" || t == "") && r.kind != "vars" {
			return &unknown{t: t, labels: []string{requestLabel}, sent: parameter}
		}
		return &unknown{t: t, labels: []string{requestLabel}}
	case "Get":
		switch r.kind {
		case "hdr":
			return m.header(first, arg(0), t)
		case "query", "url":
			ws := mergeLabels(labels(first), m.nodeWords(arg(0)))
			if s.middleware && presentsIdentity(ws) || strongIdentity(ws) {
				return m.identity(t, ws)
			}
			return &unknown{t: t, labels: []string{requestLabel}, sent: parameter}
		}
		if strings.Contains(fun.T, "fiber") {
			return m.header(first, arg(0), t)
		}
		fallthrough
	case "Value", "MustGet", "GetString", "GetInt", "GetInt64", "GetUint", "GetUint64", "GetBool", "Locals", "UserValue", "Values", "GetStringSlice":
		if r.kind == "hdr" {
			return m.header(first, arg(0), t)
		}
		if len(c.args) > 1 {
			if name == "Locals" || name == "Values" {
				s.setting(contextKey(first, arg(0)), second(c.args))
				if s.unsure == 0 {
					s.put(contextKey(first, arg(0)), c.args[1])
				}
			}
			return &unknown{t: t}
		}
		if name == "Values" && first == nil {
			return r // what it carries, to be asked for
		}
		ws := mergeLabels(labels(first), m.nodeWords(arg(0)))
		if v, ok := s.sets[contextKey(first, arg(0))]; ok && v != nil {
			if len(tupleTypes(t)) == 2 {
				return tuple{v, boolean(true, false)}
			}
			return v
		}
		if v, ok := m.ctx[contextKey(first, arg(0))]; ok && v != nil {
			if _, gone := v.(absent); gone {
				return m.identity(t, ws)
			}
			if s.anonymous {
				if len(tupleTypes(t)) == 2 {
					return tuple{v, boolean(true, true)}
				}
				return v
			}
		}
		if hasIdentity(ws) {
			return m.identity(t, ws)
		}
		return carried(m.unknownResult(c, nil))
	case "Context", "WithContext", "Clone", "Request", "Response", "UserContext", "Copy", "Writer", "Unwrap", "Raw", "RequestCtx", "GetReq", "GetCtx", "Req", "Res", "Ctx":
		if name == "Request" || name == "Req" || name == "WithContext" && r.kind == "r" {
			return request{"r"}
		}
		return r
	case "Header":
		if first != nil && len(c.args) == 1 {
			return m.header(first, arg(0), "string")
		}
		return request{"hdr"}
	case "Path", "FullPath", "OriginalURL", "RequestURI", "EscapedPath", "URI":
		return m.requestPath()
	case "Method":
		return m.requestMethodName()
	case "URL":
		return request{"url"}
	case "Set":
		if name, _ := asString(first); r.kind == "hdr" && strings.EqualFold(name, "Location") && len(c.args) == 2 {
			s.location = mergeLabels(labels(c.args[1]), m.nodeWords(arg(1)))
			if to, ok := asString(c.args[1]); ok {
				s.location = words(to)
			}
		}
		if r.kind != "c" || strings.Contains(fun.T, "fiber") {
			return nilValue{}
		}
		s.setting(contextKey(first, arg(0)), second(c.args))
		_, fails := second(c.args).(failure)
		if len(c.args) == 2 && (s.unsure == 0 || fails && s.anonymous && s.sets[contextKey(first, arg(0))] == nil) {
			s.put(contextKey(first, arg(0)), c.args[1])
		}
		return nilValue{}
	case "Write", "WriteString", "Add", "Del", "SetCookie", "SetHeader", "Send", "SendString", "Error":
		if code, ok := firstInt(c.args); ok && code >= 400 {
			s.refuse(m, code, c.pos, name)
		}
		if name == "Error" {
			return &unknown{t: t}
		}
		return nilValue{}
	}
	if code, ok := firstInt(c.args); ok && code >= 400 {
		s.refuse(m, code, c.pos, name)
	}
	if hasIdentity(words(name)) && (fun.T == "" || m.types[fun.T] != nil) {
		return m.identity(t, words(name))
	}
	return m.unknownResult(c, nil)
}

func (m *machine) abort(code int, c call, name string) {
	s := m.sim
	if s.unsure == 0 {
		s.aborted = 2
	} else if s.aborted == 0 {
		s.aborted = 1
	}
	s.refuse(m, code, c.pos, name)
}

func redirectsToLogin(ws []string) bool {
	for _, w := range ws {
		switch w {
		case "login", "signin", "auth", "authenticate", "logon", "sign", "oauth", "oauth2", "sso", "install", "setup":
			return true
		}
	}
	return false
}

// simExternal is a call out of the program during a simulated request.
func (m *machine) simExternal(name string, recv value, c call) value {
	s := m.sim
	m.filled(name, c)
	pkg, typ, fn := split(name)
	t := resultType(c)
	switch name {
	case "net/http.Error":
		if code, ok := firstInt(c.args); ok && code >= 400 {
			s.refuse(m, code, c.pos, "http.Error")
		}
		return tuple{}
	case "net/http.Redirect":
		ws := m.argWords(c)
		if redirectsToLogin(ws) {
			s.refuse(m, 302, c.pos, "redirects to sign in")
		} else {
			s.refuse(m, 300, c.pos, "redirects")
		}
		return tuple{}
	case "net/http.StripPrefix":
		if len(c.args) == 2 {
			p, _ := asString(c.args[0])
			return &wrapped{mw: &external{name: name, pos: c.pos}, inner: c.args[1], pos: c.pos, strip: p}
		}
	case "net/http.HandlerFunc":
		if len(c.args) > 0 {
			return c.args[0]
		}
	case "errors.Is", "errors.As":
		if len(c.args) == 2 {
			if fa, ok := c.args[0].(failure); ok {
				if fb, ok := c.args[1].(failure); ok && fa.name != "" && fb.name != "" {
					return boolean(fa.name == fb.name, fa.anon)
				}
				return &unknown{t: "bool", labels: mergeLabels(words(fa.name), []string{identityLabel}, m.argWords(c))}
			}
			if isNil(c.args[0]) {
				return boolean(false, false)
			}
		}
	case "context.WithValue":
		if len(c.args) == 3 && c.n != nil && len(c.n.K) > 2 {
			s.setting(contextKey(c.args[1], c.n.K[2]), c.args[2])
		}
		if len(c.args) == 3 && s.unsure == 0 && c.n != nil && len(c.n.K) > 2 {
			s.put(contextKey(c.args[1], c.n.K[2]), c.args[2])
		}
		return request{"ctx"}
	case "github.com/gorilla/mux.Vars":
		return request{"vars"}
	case "context.WithTimeout", "context.WithCancel":
		if len(c.args) > 0 {
			if t := tupleTypes(t); len(t) > 1 {
				return tuple{request{"ctx"}, &unknown{}}
			}
			return request{"ctx"}
		}
	case "crypto/subtle.ConstantTimeCompare":
		for _, a := range c.args {
			if _, ok := a.(absent); ok {
				return constant{k: 'i', s: "0", anon: true}
			}
		}
		if len(c.args) == 2 {
			a, ok1 := asString(c.args[0])
			b, ok2 := asString(c.args[1])
			if ok1 && ok2 { // both stand in the program
				if a == b {
					return num(1)
				}
				return num(0)
			}
		}
	case "os.Exit", "log.Fatal", "log.Fatalf":
		return stop{}
	}
	base := importpath.Unversioned(pkg)
	switch base + "." + fn {
	case "google.golang.org/grpc/metadata.FromIncomingContext":
		return tuple{request{"hdr"}, boolean(true, false)}
	case "github.com/grpc-ecosystem/grpc-gateway/runtime.AnnotateIncomingContext":
		return tuple{request{"ctx"}, nilValue{}}
	case "google.golang.org/grpc.NewContextWithServerTransportStream":
		return request{"ctx"}
	}
	if v, ok := m.rpcError(base, fn, c); ok {
		return v
	}
	switch base {
	case "github.com/go-chi/chi":
		if fn == "URLParam" && len(c.args) == 2 {
			return m.param(c.args[1], "string")
		}
	case "github.com/labstack/echo", "github.com/gofiber/fiber":
		if fn == "NewHTTPError" || fn == "NewError" {
			code, _ := firstInt(c.args)
			if code >= 400 {
				s.refuse(m, code, c.pos, fn)
			}
			return failure{code: code, anon: m.anonNow(), name: fn}
		}
	case "log", "log/slog", "fmt", "github.com/sirupsen/logrus", "go.uber.org/zap", "github.com/rs/zerolog", "github.com/rs/zerolog/log", "time":
		if fn != "Sscanf" && fn != "Sscan" {
			return m.unknownResult(c, nil)
		}
	}
	if isSessionPackage(base) {
		switch fn {
		case "Default", "DefaultMany", "Get", "New", "GetSession", "Start":
			if typ == "" || !s.anonymous || len(c.args) > 1 || m.takesRequest(c.args) {
				ts := tupleTypes(t)
				if len(ts) == 2 {
					return tuple{request{"session"}, nilValue{}}
				}
				if len(ts) == 1 && !strings.Contains(ts[0], "interface") && ts[0] != "any" {
					return request{"session"}
				}
				if len(ts) == 0 && fn == "Start" {
					return request{"session"} // returned alone, whatever its type
				}
			}
		}
	}
	if r, ok := recv.(request); ok && r.kind == "session" {
		return m.identity(t, []string{"session"})
	}
	if code, ok := firstInt(c.args); ok && code >= 400 && code < 600 && (m.takesRequest(c.args) || m.holdsRequest(recv)) {
		s.refuse(m, code, c.pos, fn)
	} else if m.takesRequest(c.args) {
		for _, a := range c.args {
			if code := statusOf(a); code != 0 {
				s.refuse(m, code, c.pos, fn)
				break
			}
		}
	}
	anon := false
	for _, a := range append([]value{recv}, c.args...) {
		switch x := a.(type) {
		case absent:
			anon = true
		case failure:
			anon = anon || x.anon && typ != "" && fn != "Error"
		}
	}
	if anon && s.anonymous {
		return m.absentOf(t)
	}
	for _, a := range c.args {
		if _, ok := a.(next); ok {
			// A library's middleware around the rest.
			return &wrapped{mw: &external{name: name, pos: c.pos}, inner: a, pos: c.pos}
		}
	}
	if len(c.args) == 2 && (fn == "Get" || fn == "GetOk" || fn == "Value") && m.takesRequest(c.args[:1]) {
		// What the request carries under a key, by a library's own function.
		if ws := labels(c.args[1]); hasIdentity(ws) {
			return m.identity(t, ws)
		}
	}
	if m.takesRequest(c.args) {
		ws := mergeLabels(words(fn), words(lastPart(pkg)))
		if hasIdentity(ws) && !strings.HasPrefix(name, "unknown.") || isAuthPackage(base) {
			return m.identity(t, ws)
		}
	}
	return m.unknownResult(c, nil)
}

func (m *machine) holdsRequest(v value) bool {
	switch x := v.(type) {
	case request:
		return true
	case *object:
		for _, f := range x.f {
			if _, ok := f.(request); ok {
				return true
			}
		}
	}
	return false
}

func isSessionPackage(p string) bool {
	switch p {
	case "github.com/gorilla/sessions", "github.com/gin-contrib/sessions", "github.com/labstack/echo-contrib/session", "github.com/gofiber/fiber/middleware/session", "github.com/alexedwards/scs":
		return true
	}
	return strings.HasSuffix(p, "/sessions") || strings.HasSuffix(p, "/session")
}

func isAuthPackage(p string) bool {
	for _, s := range []string{"jwt", "oidc", "casbin", "firebase.google.com/go/auth", "clerk", "go-pkgz/auth", "jwtauth", "authboss", "paseto", "session"} {
		if strings.Contains(p, s) {
			return true
		}
	}
	return false
}

// libraryGlobal is a well-known variable of a library.
func libraryGlobal(pkg, name string) value {
	switch importpath.Unversioned(pkg) {
	case "google.golang.org/grpc/codes":
		switch name {
		case "Unauthenticated":
			return num(16)
		case "PermissionDenied":
			return num(7)
		}
	case "connectrpc.com/connect", "github.com/bufbuild/connect-go":
		switch name {
		case "CodeUnauthenticated":
			return num(16)
		case "CodePermissionDenied":
			return num(7)
		}
	case "net/http":
		switch name {
		case "ErrNoCookie":
			return &external{name: "net/http.ErrNoCookie", t: "error"}
		}
		if strings.HasPrefix(name, "Method") && len(name) > 6 {
			return str(strings.ToUpper(name[6:]))
		}
	case "github.com/labstack/echo", "github.com/gofiber/fiber":
		switch name {
		case "ErrUnauthorized":
			return failure{code: 401, name: "unauthorized"}
		case "ErrForbidden":
			return failure{code: 403, name: "forbidden"}
		case "ErrNotFound":
			return failure{code: 404, name: "not found"}
		case "ErrBadRequest":
			return failure{code: 400, name: "bad request"}
		}
		for _, k := range title {
			if name == k || name == strings.ToUpper(k) || name == "Method"+k {
				return str(strings.ToUpper(k))
			}
		}
	}
	switch name { // every router calls them so
	case "StatusUnauthorized":
		return num(401)
	case "StatusForbidden":
		return num(403)
	}
	return nil
}

// run simulates a request.
func (m *machine) simulate(cl *closure, s *simulation) *simulation {
	args := m.argumentsFor(cl.fn)
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
	f := &frame{fn: cl.fn, env: &env{vars: map[int32]value{}, parent: cl.env}, top: true}
	m.bind(f, cl, args)
	s.returned = m.run(f, call{n: &program.Node{}})
	m.sim, m.log, m.conds, m.depth, m.stack, m.onStack = sim, log, conds, depth, stack, onStack
	return s
}
