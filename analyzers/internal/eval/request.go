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
	case t == "context.Context":
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
		if ws := mergeLabels(labels(first), m.nodeWords(arg(0))); s.middleware && len(c.args) == 1 && !kept(ws) {
			return m.identity(t, mergeLabels(ws, []string{"session"}))
		}
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
	case "IsGet", "IsPost", "IsPut", "IsPatch", "IsDelete", "IsHead", "IsOptions": // beego
		if method, ok := asString(m.requestMethodName()); ok {
			return boolean(method == strings.ToUpper(name[2:]), false)
		}
		return &unknown{t: "bool", part: partMethod}
	case "StopRun": // beego; it panics
		return stop{}
	case "IsAborted", "IsStopped":
		return boolean(s.aborted == 2, false)
	case "String", "Redacted":
		if r.kind == "url" {
			return m.requestURI()
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
		s.redirect(m, c)
		return nilValue{}
	case "UserAgent", "Referer", "ContentType":
		if first == nil {
			return &unknown{t: "string", labels: []string{requestLabel}, sent: harmless}
		}
	case "GetHeader", "GetReqHeaders":
		if first != nil {
			return m.header(first, arg(0), "string")
		}
		return request{"hdr"}
	case "BasicAuth":
		return m.presented("(string, string, bool)", []string{"basic", "auth"}, "user and password", str("of basic authentication"))
	case "Cookie", "Cookies", "GetCookie", "SignedCookie":
		if first == nil {
			if name == "Cookies" {
				return m.presented(t, []string{"cookie"}, "the", str("cookies"))
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
		v := m.presented(t, mergeLabels(ws, []string{"cookie"}), "the cookie", first)
		if out, ok := v.(tuple); ok && s.anonymous {
			for i := range out {
				if fa, fails := out[i].(failure); fails {
					fa.name = noCookie // as the standard library and all that build on it say
					out[i] = fa
				}
			}
		}
		return v
	case "Query", "QueryParam", "FormValue", "PostFormValue", "PostForm", "DefaultQuery", "GetQuery", "URLParam", "QueryParams", "Param", "PathValue", "Params", "DefaultPostForm", "URLParamDefault":
		ws := mergeLabels(labels(first), m.nodeWords(arg(0)))
		if (s.middleware && presentsIdentity(ws) || strongIdentity(ws)) && name != "Param" && name != "PathValue" && name != "Params" {
			return m.presented(t, ws, "the parameter", first)
		}
		if r.kind == "url" && name == "Query" {
			return request{"query"}
		}
		if first != nil && (name == "Param" || name == "PathValue" || name == "Params" || name == "URLParam") {
			return m.param(first, t)
		}
		if (t == "string" || t == "") && r.kind != "vars" {
			return &unknown{t: t, labels: parameterLabels(ws, strings.Contains(name, "Query")), sent: parameter}
		}
		return &unknown{t: t, labels: []string{requestLabel}}
	case "Peek", "PeekBytes": // fasthttp
		if r.kind == "hdr" && first != nil {
			return m.header(first, arg(0), t)
		}
	case "Has":
		ws := mergeLabels(labels(first), m.nodeWords(arg(0)))
		if (r.kind == "query" || r.kind == "url") && (s.middleware && presentsIdentity(ws) || strongIdentity(ws)) {
			return m.presented(t, ws, "the parameter", first)
		}
	case "Get":
		switch r.kind {
		case "hdr":
			return m.header(first, arg(0), t)
		case "query", "url":
			ws := mergeLabels(labels(first), m.nodeWords(arg(0)))
			if s.middleware && presentsIdentity(ws) || strongIdentity(ws) {
				return m.presented(t, ws, "the parameter", first)
			}
			return &unknown{t: t, labels: parameterLabels(ws, true), sent: parameter}
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
		if v, ok := m.forged[contextKey(first, arg(0))]; ok && s.forging && s.sets[contextKey(first, arg(0))] == nil {
			s.look("what an earlier guard took from there")
			s.opened = s.opened || v.opened
			return forge(t, v)
		}
		if pkg := importpath.Unversioned(pkgOf(typeOf(first))); isAuthPackage(pkg) && !isSessionPackage(pkg) {
			ws = mergeLabels(ws, []string{"auth"}) // the key of a library that checks credentials
		}
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
		if _, known := m.ctx[anyKey]; known && m.ctx[contextKey(first, arg(0))] == nil || hasIdentity(ws) {
			return carried(m.identity(t, ws))
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
	case "Hostname", "Host":
		if first == nil {
			return &unknown{t: "string", labels: []string{requestLabel}, sent: harmless}
		}
	case "OriginalURL", "RequestURI", "URI":
		return m.requestURI()
	case "Path", "FullPath", "EscapedPath":
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
