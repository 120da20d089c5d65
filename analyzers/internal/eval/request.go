package eval

import (
	"slices"
	"strconv"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/importpath"
	"github.com/launchgate/launchgate/analyzers/internal/program"
)

// The request, by the types and methods of libraries' contexts.

// requestKind says which part of a request a type is, "" if none.
func requestKind(t string) string {
	switch {
	case t == "net/http.ResponseWriter":
		return "w"
	case t == "net/http.Request":
		return "r"
	case t == "context.Context", t == grpcPkg+".ServerStream":
		return "ctx"
	case t == "connectrpc.com/authn.Request":
		return "r"
	case t == fasthttpPkg+".RequestCtx":
		return "c"
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
	if f := known(pkg); f != nil && f.id == "bunrouter" && typ == "" && name == "Request" {
		return "r"
	}
	if f := known(pkg); f != nil && f.id == goframeID && typ == "" && (name == "Request" || name == "Response") {
		return "c"
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
		case p.Type == grpcPkg+".UnaryServerInfo", p.Type == grpcPkg+".StreamServerInfo":
			out = append(out, m.serverInfo(p.Type))
		case strings.HasPrefix(p.Type, grpcMiddleware) && lastName(p.Type) == "CallMeta":
			out = append(out, m.callMeta(p.Type))
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
	if t == grpcPkg+".UnaryHandler" || t == grpcPkg+".StreamHandler" {
		return true
	}
	pkg, _, name := split(t)
	switch name {
	case "FilterFunc": // beego's
		return known(pkg) != nil && known(pkg).id == beegoID
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

func (m *machine) requestField(r request, n *program.Node) value {
	if r.kind == "session" {
		if n.S == "IsNew" && m.sim != nil {
			if m.sim.anonymous {
				return boolean(true, true)
			}
			return &unknown{t: "bool", labels: []string{"session", identityLabel}}
		}
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
	case "Session":
		if r.kind == "c" {
			return request{"session"}
		}
	case "Middleware":
		if r.kind == "c" {
			return r
		}
	case "Writer", "Response", "Context", "c", "ctx", "Ctx", "GinContext", "EchoContext", "w", "r":
		return request{"c"}
	case "Host": // what callers say it is
		if r.kind == "r" && m.sim != nil {
			return &unknown{t: "string", labels: []string{requestLabel}, sent: harmless}
		}
	case "RequestURI":
		if m.sim != nil {
			return m.requestURI()
		}
	case "Path", "RawPath", "Procedure":
		if m.sim != nil {
			return m.requestPath()
		}
	case "Method":
		if m.sim != nil {
			return m.requestMethodName()
		}
	case "IsClient": // of connect's Spec: an interceptor of a server sees no call that the program makes
		return boolean(false, false)
	case "Body":
		if m.sim != nil && m.sim.signing {
			return &unknown{t: n.T, labels: []string{bodyLabel}}
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
	if m.sim.path == "" || m.sim.target.blind {
		return &unknown{t: "string", labels: []string{"path"}, part: partPath}
	}
	return str(strings.TrimSuffix(m.sim.path, "{$}")) // the pattern's end mark is not part of a path
}

// requestURI is the path with the query behind it.
func (m *machine) requestURI() value {
	v := m.requestPath()
	if c, ok := v.(constant); ok {
		c.uri = true
		return c
	}
	return v
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

// asked is a call of a method of a request: what every question about it needs.
type asked struct {
	r     request
	fun   *program.Node
	name  string // the method's, or that of the method which answers alike
	t     string // what it returns
	first value  // the first argument; nil without one
	c     call
}

// arg is an argument as it is written.
func (q asked) arg(i int) *program.Node {
	if q.c.n != nil && i+1 < len(q.c.n.K) {
		return q.c.n.K[i+1]
	}
	return noNode
}

// key is where a context keeps what the call asks for.
func (q asked) key() string { return contextKey(q.first, q.arg(0)) }

// keyWords are the words of what the call asks for.
func (m *machine) keyWords(q asked) []string {
	return mergeLabels(labels(q.first), m.nodeWords(q.arg(0)))
}

// requestMethod is a method of a router's context or of net/http's request and
// response. The methods' names mean the same in all of them, but for the few
// that tell the parts of a request apart.
func (m *machine) requestMethod(r request, fun *program.Node, c call) value {
	q := asked{r: r, fun: fun, name: fun.S, t: resultType(c), c: c}
	if len(c.args) > 0 {
		q.first = c.args[0]
	}
	if fillsIn(q.name) {
		m.filled(q.name, r, c)
	}
	if r.kind == "session" && strings.HasSuffix(q.name, "Default") && len(c.args) == 2 && !kept(m.keyWords(q)) {
		return m.orDefault(q)
	}
	if r.kind == "session" && strings.HasPrefix(q.name, "Get") {
		q.name = "Value" // of whatever type
		if len(c.args) == 1 {
			return m.ofSession(q.t, m.keyWords(q), q.first, q.arg(0))
		}
	}
	if m.sim.ends && m.endsRequest(q) {
		return nilValue{}
	}
	for _, answer := range []func(asked) (value, bool){
		m.passesOrAborts, m.credentialOf, m.parameterOf, m.partOf, m.gotten, m.responds, m.keeps,
	} {
		if v, ok := answer(q); ok {
			return v
		}
	}
	if code, ok := firstInt(c.args); ok && code >= 400 {
		m.sim.refuse(m, code, c.pos, q.name)
	}
	if ws := words(q.name); hasIdentity(ws) && (fun.T == "" || m.types[fun.T] != nil) {
		return m.identity(q.t, ws)
	}
	return m.unknownResult(c, nil)
}

// orDefault is what a session has under a key, or else what the call names: for
// nobody, where the key is that of an identity.
func (m *machine) orDefault(q asked) value {
	def := second(q.c.args)
	q.name, q.c.args = "Value", q.c.args[:1]
	v := m.left(q)
	if m.sim.middleware && m.sim.anonymous {
		v = m.identity(q.t, []string{"session"})
	}
	if _, gone := v.(absent); gone || isAnon(v) {
		return taint(def)
	}
	return v
}

// isAnon reports whether a value is what it is for lack of an identity.
func isAnon(v value) bool {
	c, ok := v.(constant)
	return ok && c.anon
}

// endsRequest reports whether a call answers the request where every answer
// keeps the handler from running.
func (m *machine) endsRequest(q asked) bool {
	switch q.name {
	case "Redirect", "WriteString", "SetStatus", "JSON", "ServeJSON", "Abort", "CustomAbort", "StopRun", "Body":
		code, ok := firstInt(q.c.args)
		if !ok && q.name == "Abort" && len(q.c.args) > 0 {
			a, _ := asString(q.c.args[0])
			code, _ = strconv.Atoi(a)
		}
		m.abort(code, q.c, q.name)
		return true
	}
	return false
}

// passesOrAborts answers whether the chain goes on: the methods that run the
// next handler, that keep it from running and that ask which it was.
func (m *machine) passesOrAborts(q asked) (value, bool) {
	s, c := m.sim, q.c
	switch q.name {
	case "Next":
		return s.pass(m, next{}, c), true
	case "Abort", "StopExecution":
		m.abort(0, c, q.name)
		return nilValue{}, true
	case "AbortWithStatus", "AbortWithStatusJSON", "AbortWithError", "AbortWithMsg", "AbortWithStatusPureJSON", "StopWithStatus", "StopWithJSON", "StopWithError", "StopWithText":
		code, _ := firstInt(c.args)
		m.abort(code, c, q.name)
		return &unknown{t: q.t}, true
	case "StopRun": // beego; it panics
		return stop{}, true
	case "WriteStatusExit", "WriteExit", "WriteJsonExit", "WriteOverExit", "Exit", "ExitAll": // goframe's, that panic too
		if code, ok := firstInt(c.args); ok && code >= 400 || q.name == "Exit" || q.name == "ExitAll" {
			m.abort(code, c, q.name)
		}
		return stop{}, true
	case "IsAborted", "IsStopped":
		return boolean(s.aborted == 2, false), true
	}
	return nil, false
}

// credentialOf answers what the caller shows to say who it is: a session, a
// cookie or basic authentication.
func (m *machine) credentialOf(q asked) (value, bool) {
	switch q.name {
	case "Session", "GetSession":
		if q.first != nil {
			return m.identity(q.t, mergeLabels([]string{"session"}, labels(q.first))), true
		}
	case "BasicAuth":
		return m.presented("(string, string, bool)", []string{"basic", "auth"}, "user and password", str("of basic authentication")), true
	case "Cookie", "Cookies", "GetCookie", "SignedCookie":
		return m.cookie(q), true
	}
	return nil, false
}

// cookie is one cookie or all of them.
func (m *machine) cookie(q asked) value {
	if q.first == nil && q.name == "Cookies" {
		return m.presented(q.t, []string{"cookie"}, "the", str("cookies"))
	}
	if len(q.c.args) > 1 { // setting one
		return nilValue{}
	}
	ws := m.keyWords(q)
	if slices.ContainsFunc(ws, func(w string) bool {
		return w == "lang" || w == "locale" || w == "theme" || w == "state" || w == "nonce" || w == "redirect"
	}) {
		return m.unknownResult(q.c, nil)
	}
	v := m.presented(q.t, mergeLabels(ws, []string{"cookie"}), "the cookie", q.first)
	if out, ok := v.(tuple); ok && m.sim.anonymous {
		for i := range out {
			if fa, fails := out[i].(failure); fails {
				fa.name = noCookie // as the standard library and all that build on it say
				out[i] = fa
			}
		}
	}
	return v
}

// showsIdentity reports whether a parameter of these words says who is calling.
// To a handler most such words name what is asked for, not who asks.
func (m *machine) showsIdentity(ws []string) bool {
	return m.sim.middleware && presentsIdentity(ws) || strongIdentity(ws)
}

// parameterOf answers what the path, the query or a form carries.
func (m *machine) parameterOf(q asked) (value, bool) {
	switch q.name {
	case "Query", "QueryParam", "FormValue", "PostFormValue", "PostForm", "DefaultQuery", "GetQuery", "URLParam", "QueryParams", "Param", "PathValue", "Params", "DefaultPostForm", "URLParamDefault":
	case "Has":
		ws := m.keyWords(q)
		if (q.r.kind == "query" || q.r.kind == "url") && m.showsIdentity(ws) {
			return m.presented(q.t, ws, "the parameter", q.first), true
		}
		return nil, false
	default:
		return nil, false
	}
	ws := m.keyWords(q)
	ofPath := q.name == "Param" || q.name == "PathValue" || q.name == "Params"
	switch {
	case !ofPath && m.showsIdentity(ws):
		return m.presented(q.t, ws, "the parameter", q.first), true
	case q.r.kind == "url" && q.name == "Query":
		return request{"query"}, true
	case q.first != nil && (ofPath || q.name == "URLParam"):
		return m.param(q.first, q.t), true
	case (q.t == "string" || q.t == "") && q.r.kind != "vars":
		return &unknown{t: q.t, labels: parameterLabels(ws, strings.Contains(q.name, "Query")), sent: parameter}, true
	}
	return &unknown{t: q.t, labels: []string{requestLabel}}, true
}

// partOf answers what is known of every request to the route (its method, its
// path, its operation) and which part of it is at hand.
func (m *machine) partOf(q asked) (value, bool) {
	switch q.name {
	case "Operation":
		if m.op != nil {
			m.sim.usedPath = true // verdicts differ from route to route
			return m.op, true
		}
		if m.operation != "" {
			m.sim.usedPath = true
			return str(m.operation), true
		}
	case "IsGet", "IsPost", "IsPut", "IsPatch", "IsDelete", "IsHead", "IsOptions": // beego
		if method, ok := asString(m.requestMethodName()); ok {
			return boolean(method == strings.ToUpper(q.name[2:]), false), true
		}
		return &unknown{t: "bool", part: partMethod}, true
	case "String", "Redacted":
		if q.r.kind == "url" {
			return m.requestURI(), true
		}
	case "OriginalURL", "RequestURI", "URI":
		return m.requestURI(), true
	case "Path", "FullPath", "EscapedPath":
		return m.requestPath(), true
	case "Method":
		return m.requestMethodName(), true
	case "URL":
		return request{"url"}, true
	case "UserAgent", "Referer", "ContentType", "Hostname", "Host":
		if q.first == nil {
			return &unknown{t: "string", labels: []string{requestLabel}, sent: harmless}, true
		}
	case "Body", "BodyRaw", "GetRawData", "PostBody", "RawBody", "GetBody":
		if m.sim.signing && q.first == nil {
			return m.ofMessage(m.unknownResult(q.c, nil)), true
		}
	case "RequestHeader":
		return request{"hdr"}, true
	case "GetHeader", "GetReqHeaders":
		if q.first != nil {
			return m.header(q.first, q.arg(0), "string"), true
		}
		return request{"hdr"}, true
	case "Header":
		if q.first != nil && len(q.c.args) == 1 {
			return m.header(q.first, q.arg(0), "string"), true
		}
		return request{"hdr"}, true
	case "Peek", "PeekBytes": // fasthttp
		if q.r.kind == "hdr" && q.first != nil {
			return m.header(q.first, q.arg(0), q.t), true
		}
	case "Request", "Req":
		return request{"r"}, true
	case "WithContext":
		return q.r, true
	case "Spec", "Context", "Clone", "Response", "UserContext", "Copy", "Writer", "Unwrap", "Raw", "RequestCtx", "GetReq", "GetCtx", "Res", "Ctx":
		return q.r, true
	}
	return nil, false
}

// gotten answers what is asked for by its key: a header, a parameter or what a
// guard left in the context, each by the part of the request that is asked.
func (m *machine) gotten(q asked) (value, bool) {
	switch q.name {
	case "Get":
		switch q.r.kind {
		case "hdr":
			return m.header(q.first, q.arg(0), q.t), true
		case "query", "url":
			ws := m.keyWords(q)
			if m.showsIdentity(ws) {
				return m.presented(q.t, ws, "the parameter", q.first), true
			}
			return &unknown{t: q.t, labels: parameterLabels(ws, true), sent: parameter}, true
		}
		if strings.Contains(q.fun.T, "fiber") {
			return m.header(q.first, q.arg(0), q.t), true
		}
	case "Value", "GetCtxVar", "MustGet", "GetString", "GetInt", "GetInt64", "GetUint", "GetUint64", "GetBool", "Locals", "UserValue", "Values", "GetStringSlice":
	default:
		return nil, false
	}
	if q.r.kind == "hdr" {
		return m.header(q.first, q.arg(0), q.t), true
	}
	if len(q.c.args) > 1 {
		if q.name == "Locals" || q.name == "Values" {
			m.sim.keep(q.key(), q.c.args[1])
		}
		return &unknown{t: q.t}, true
	}
	if q.name == "Values" && q.first == nil {
		return q.r, true // what it carries, to be asked for
	}
	return m.left(q), true
}

// left is what the context holds under a key: what this guard set, then what
// those before it did, and who is calling where nobody is known to have set it.
func (m *machine) left(q asked) value {
	s, key := m.sim, q.key()
	ws := m.keyWords(q)
	withOK := len(tupleTypes(q.t)) == 2
	if v, ok := m.forged[key]; ok && s.forging && s.sets[key] == nil {
		s.look("what an earlier guard took from there")
		s.opened = s.opened || v.opened
		return forge(q.t, v)
	}
	if pkg := importpath.Unversioned(pkgOf(typeOf(q.first))); isAuthPackage(pkg) && !isSessionPackage(pkg) {
		ws = mergeLabels(ws, []string{"auth"}) // the key of a library that checks credentials
	}
	if v, ok := s.sets[key]; ok && v != nil {
		if withOK {
			return tuple{v, boolean(true, false)}
		}
		return v
	}
	if v, ok := m.ctx[key]; ok && v != nil {
		_, gone := v.(absent)
		s.leans = s.leans || gone && m.given[key]
		if gone && s.inside && m.given[key] {
			return knownIdentity(q.t, ws)
		} else if gone && (s.anonymous || s.forging) {
			return m.identity(q.t, ws)
		} else if gone {
			return m.keptOfCaller(key, q.t, ws)
		}
		if s.anonymous {
			if withOK {
				return tuple{v, boolean(true, true)}
			}
			return v
		}
	}
	if _, known := m.ctx[anyKey]; known && m.ctx[key] == nil && !m.shared[key] || hasIdentity(ws) {
		return carried(m.identity(q.t, ws))
	}
	return carried(m.unknownResult(q.c, nil))
}

// responds answers what is written to the caller, and notes it as a refusal
// where it is one.
func (m *machine) responds(q asked) (value, bool) {
	s, c := m.sim, q.c
	code, ok := firstInt(c.args)
	m.tells(q)
	switch q.name {
	case "String", "Redacted", "JSON", "Status", "SendStatus", "WriteHeader", "NoContent", "HTML", "XML", "IndentedJSON", "PureJSON", "Render", "Blob", "Data", "SecureJSON", "JSONBlob", "StatusCode", "Stream", "AsciiJSON", "YAML", "JSONPretty", "ProtoBuf", "SetStatusCode":
		if ok && code >= 400 {
			s.refuse(m, code, c.pos, q.name)
		} else if ok && code >= 300 && redirectsToLogin(s.location) {
			s.refuse(m, 302, c.pos, "redirects to sign in")
		} else if !ok || code < 300 {
			m.showsFound(c)
		}
		if q.name == "Status" {
			return q.r, true // the answer's body follows
		}
		return nilValue{}, true
	case "Redirect", "RedirectToRoute", "RedirectTo":
		s.redirect(m, c)
		return nilValue{}, true
	case "Write", "WriteString", "Add", "Del", "SetCookie", "SetHeader", "Send", "SendString", "Error":
		if ok && code >= 400 {
			s.refuse(m, code, c.pos, q.name)
		}
		if q.name == "Error" {
			return &unknown{t: q.t}, true
		}
		if strings.HasPrefix(q.name, "Write") || strings.HasPrefix(q.name, "Send") {
			m.showsFound(c)
		}
		return nilValue{}, true
	}
	return nil, false
}

// keeps answers Set: of a header, which says where a redirection goes, or of
// what the handlers after this one find in the context.
func (m *machine) keeps(q asked) (value, bool) {
	if q.name != "Set" && q.name != "SetCtxVar" {
		return nil, false
	}
	s, args := m.sim, q.c.args
	if name, _ := asString(q.first); q.r.kind == "hdr" && strings.EqualFold(name, "Location") && len(args) == 2 {
		s.location = mergeLabels(labels(args[1]), m.nodeWords(q.arg(1)))
		if to, ok := asString(args[1]); ok {
			s.location = words(to)
		}
	}
	if q.r.kind != "c" || strings.Contains(q.fun.T, "fiber") {
		return nilValue{}, true
	}
	s.keep(q.key(), second(args))
	if _, fails := second(args).(failure); fails && s.anonymous && s.sets[q.key()] == nil {
		s.put(q.key(), args[1])
	}
	return nilValue{}, true
}

// kept reports whether a session keeps something of that name for those it does not
// know, too.
func kept(ws []string) bool {
	return slices.ContainsFunc(ws, func(w string) bool {
		switch w {
		case "csrf", "xsrf", "captcha", "flash", "flashes", "state", "nonce", "verifier", "lang", "language", "locale", "theme", "timezone", "redirect", "return", "next", "back", "cart", "basket", "visits", "consent":
			return true
		}
		return false
	})
}

func (m *machine) abort(code int, c call, name string) {
	s := m.sim
	m.fare(func(f *fate) { f.stopped = true })
	if s.unsure == 0 {
		s.aborted = 2
	} else if s.aborted == 0 {
		s.aborted = 1
	}
	s.refuse(m, code, c.pos, name)
}

// noCookie is the error for a cookie that the request does not have.
const noCookie = "http.ErrNoCookie"

func redirectsToLogin(ws []string) bool {
	for _, w := range ws {
		switch w {
		case "login", "signin", "auth", "authenticate", "logon", "sign", "oauth", "oauth2", "sso":
			return true
		}
	}
	return false
}

// IsRequest reports whether a type stands for a request or the answer to it.
func IsRequest(t string) bool { return requestKind(t) != "" && requestKind(t) != "ctx" }

// sameRequest is what a library returns that is given a request, or its context, and
// returns one: the same, with something added.
func (m *machine) sameRequest(v, recv value, c call) value {
	if _, ok := recv.(request); !ok && !m.takesRequest(c.args) {
		return v
	}
	one := func(v value) value {
		if k := requestKind(typeOf(v)); k != "" && isUnknown(v) {
			return request{k}
		}
		return v
	}
	t, ok := v.(tuple)
	if !ok {
		return one(v)
	}
	out := slices.Clone(t)
	for i := range out {
		out[i] = one(out[i])
	}
	return out
}
