package eval

import (
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/importpath"
	"github.com/launchgate/launchgate/analyzers/internal/program"
	"github.com/launchgate/launchgate/analyzers/routes"
)

// guardFact is what there is to know about one middleware of a library: what it
// does to a request, and which of its settings change that.
type guardFact struct {
	pkg   string // import path without major version; also that of a method's type
	names string // functions or methods, separated by spaces; "" any of the package
	kind  string

	// skip names settings that are functions of the request: true exempts it.
	skip string
	// fail names the function that answers refused requests, where the
	// library leaves the refusing to it: if it hands on, nothing is refused.
	fail string
	// swallow names the flag that lets requests pass whose error fail swallowed;
	// without it fail cannot let anything pass.
	swallow string
	// open names flags that, when true, let requests without an identity pass;
	// closed those that do when false.
	open, closed string
	// demands names flags without which it refuses nobody, methods those it looks
	// at where it lets requests with others pass.
	demands, methods string
	// paths names settings that list the paths it exempts.
	paths string
	// role names settings that make it ask for more than an identity; claims are
	// functions that name what else to ask for.
	role, claims string
	// asks: the function it was given decides, by returning an error.
	asks bool
	// accepts names the settings that look at what a caller presents; "()" is the
	// first function it was made with.
	accepts string
}

const (
	auth   = routes.KindAuth
	role   = routes.KindRole
	parser = routes.KindParser
	other  = routes.KindOther
)

// guardFacts are the libraries' guards, and their parsers that are none.
var guardFacts = []guardFact{
	// gin
	{pkg: "github.com/gin-gonic/gin", names: "BasicAuth BasicAuthForRealm BasicAuthForProxy", kind: auth},
	{pkg: "github.com/appleboy/gin-jwt", names: "MiddlewareFunc", kind: auth, open: "DisabledAbort", role: "Authorizator Authorizer"},
	{pkg: "github.com/go-admin-team/go-admin-core/sdk/pkg/jwtauth", names: "MiddlewareFunc", kind: auth, open: "DisabledAbort"},
	{pkg: "github.com/gin-contrib/authz", names: "NewAuthorizer", kind: role},
	{pkg: "github.com/gin-contrib/sessions", kind: parser},

	// echo
	{pkg: "github.com/labstack/echo-jwt", kind: auth, skip: "Skipper", fail: "ErrorHandler", swallow: "ContinueOnIgnoredError"},
	{pkg: "github.com/labstack/echo/middleware", names: "JWT JWTWithConfig KeyAuthWithConfig KeyAuthConfig.ToMiddleware JWTConfig.ToMiddleware", kind: auth,
		skip: "Skipper", fail: "ErrorHandler", swallow: "ContinueOnIgnoredError", accepts: "Validator"},
	{pkg: "github.com/labstack/echo/middleware", names: "KeyAuth BasicAuth", kind: auth, accepts: "()"},
	{pkg: "github.com/labstack/echo/middleware", names: "BasicAuthWithConfig BasicAuthConfig.ToMiddleware", kind: auth, skip: "Skipper", accepts: "Validator"},
	{pkg: "github.com/labstack/echo-contrib/casbin", kind: role, skip: "Skipper"},
	{pkg: "github.com/labstack/echo-contrib/session", kind: parser},

	// chi and net/http
	{pkg: "github.com/go-chi/jwtauth", names: "Verifier Verify", kind: parser},
	{pkg: "github.com/go-chi/jwtauth", names: "Authenticator", kind: auth},
	{pkg: "github.com/go-chi/chi/middleware", names: "BasicAuth", kind: auth},
	{pkg: "github.com/go-chi/oauth", names: "Authorize", kind: auth},
	{pkg: "github.com/casbin/chi-authz", names: "Authorizer", kind: role},
	{pkg: "github.com/auth0/go-jwt-middleware", names: "CheckJWT Handler HandlerWithNext HandlerNext New", kind: auth,
		open: "WithCredentialsOptional CredentialsOptional", paths: "WithExclusionUrls"},
	{pkg: "github.com/clerk/clerk-sdk-go/http", names: "RequireHeaderAuthorization", kind: auth},
	{pkg: "github.com/clerk/clerk-sdk-go/http", names: "WithHeaderAuthorization", kind: parser},
	{pkg: "github.com/clerk/clerk-sdk-go/clerk", names: "RequireSessionV2", kind: auth},
	{pkg: "github.com/clerk/clerk-sdk-go/clerk", names: "WithSession WithSessionV2", kind: parser},
	{pkg: "github.com/go-pkgz/auth", names: "Auth BasicAuth", kind: auth},
	{pkg: "github.com/go-pkgz/auth", names: "AdminOnly RBAC", kind: role},
	{pkg: "github.com/go-pkgz/auth", names: "Trace UpdateUser", kind: parser},
	{pkg: "github.com/go-pkgz/auth/middleware", names: "Auth BasicAuth", kind: auth},
	{pkg: "github.com/go-pkgz/auth/middleware", names: "AdminOnly RBAC", kind: role},
	{pkg: "github.com/go-pkgz/auth/middleware", names: "Trace UpdateUser", kind: parser},
	{pkg: "github.com/go-pkgz/rest", names: "BasicAuth", kind: auth, accepts: "()"},
	{pkg: "github.com/go-pkgz/rest", names: "BasicAuthWithUserPasswd BasicAuthWithBcryptHash BasicAuthWithPrompt", kind: auth},
	{pkg: "github.com/volatiletech/authboss", names: "Middleware Middleware2 MountedMiddleware MountedMiddleware2", kind: auth},
	{pkg: "github.com/volatiletech/authboss", names: "LoadClientStateMiddleware", kind: parser},
	{pkg: "github.com/volatiletech/authboss", names: "ModuleListMiddleware", kind: other},
	{pkg: "github.com/volatiletech/authboss/remember", names: "Middleware", kind: parser},
	{pkg: "github.com/volatiletech/authboss/lock", names: "Middleware", kind: other},
	{pkg: "github.com/volatiletech/authboss/confirm", names: "Middleware", kind: other},
	{pkg: "github.com/volatiletech/authboss/expire", names: "Middleware", kind: other},
	{pkg: "github.com/supertokens/supertokens-golang/recipe/session", names: "VerifySession", kind: auth, closed: "SessionRequired", claims: "OverrideGlobalClaimValidators"},
	{pkg: "github.com/supertokens/supertokens-golang/supertokens", names: "Middleware", kind: other},
	{pkg: "github.com/zitadel/zitadel-go/pkg/http/middleware", names: "RequireAuthorization", kind: auth, role: "WithRole"},
	{pkg: "github.com/zitadel/zitadel-go/pkg/http/middleware", names: "CheckAuthorization", kind: parser},
	{pkg: "github.com/zitadel/zitadel-go/pkg/authentication", names: "RequireAuthentication", kind: auth},
	{pkg: "github.com/zitadel/zitadel-go/pkg/authentication", names: "CheckAuthentication", kind: parser},
	{pkg: "github.com/descope/go-sdk/descope/sdk", names: "AuthenticationMiddleware", kind: auth},
	{pkg: "github.com/descope/go-sdk/descope/gin", names: "AuthenticationMiddleware AuthneticationMiddleware", kind: auth},
	{pkg: "github.com/goji/httpauth", names: "SimpleBasicAuth BasicAuth", kind: auth},
	{pkg: "github.com/abbot/go-http-auth", names: "Wrap JustCheck NewContext", kind: auth},
	{pkg: "github.com/99designs/basicauth-go", kind: auth},
	{pkg: "github.com/alexedwards/scs", kind: parser},

	// fiber
	{pkg: "github.com/gofiber/fiber/middleware/basicauth", names: "New", kind: auth, skip: "Next", fail: "Unauthorized", accepts: "Authorizer"},
	{pkg: "github.com/gofiber/fiber/middleware/keyauth", names: "New", kind: auth, skip: "Next Filter", fail: "ErrorHandler", accepts: "Validator"},
	{pkg: "github.com/gofiber/keyauth", names: "New", kind: auth, skip: "Next Filter", fail: "ErrorHandler", accepts: "Validator"},
	{pkg: "github.com/gofiber/jwt", names: "New", kind: auth, skip: "Filter Next", fail: "ErrorHandler"},
	{pkg: "github.com/gofiber/contrib/jwt", names: "New", kind: auth, skip: "Filter Next", fail: "ErrorHandler"},
	{pkg: "github.com/gofiber/contrib/paseto", names: "New", kind: auth, skip: "Next", fail: "ErrorHandler"},
	{pkg: "github.com/gofiber/contrib/casbin", names: "RequiresPermissions RoutePermission RequiresRoles", kind: role},
	{pkg: "github.com/gofiber/fiber/middleware/session", kind: parser},

	// iris
	{pkg: "github.com/kataras/iris/middleware/jwt", names: "Verify", kind: auth},
	{pkg: "github.com/kataras/iris/middleware/basicauth", names: "New Default Load", kind: auth},
	{pkg: "github.com/kataras/iris/auth", names: "VerifyHandler", kind: auth, claims: "VerifyHandler"},
	{pkg: "github.com/kataras/iris/auth", names: "SigninHandler SignoutHandler SignoutAllHandler RefreshHandler", kind: other},
	{pkg: "github.com/kataras/iris/sessions", kind: parser},
	{pkg: "github.com/iris-contrib/middleware/casbin", names: "ServeHTTP Wrapper", kind: role},
	{pkg: "github.com/iris-contrib/middleware/jwt", names: "Serve", kind: auth, open: "CredentialsOptional"},

	// hertz
	{pkg: "github.com/cloudwego/hertz/pkg/app/middlewares/server/basic_auth", names: "BasicAuth BasicAuthForRealm", kind: auth},
	{pkg: "github.com/hertz-contrib/jwt", names: "MiddlewareFunc", kind: auth, open: "DisabledAbort", role: "Authorizator"},
	{pkg: "github.com/hertz-contrib/keyauth", names: "New", kind: auth, skip: "WithFilter", fail: "WithErrorHandler", accepts: "WithValidator"},
	{pkg: "github.com/hertz-contrib/paseto", names: "New", kind: auth, skip: "WithNext"},
	{pkg: "github.com/hertz-contrib/casbin", names: "RequiresPermissions RequiresRoles", kind: role},
	{pkg: "github.com/hertz-contrib/sessions", kind: parser},

	// beego, go-zero, RPC
	{pkg: "github.com/beego/beego/server/web/filter/auth", names: "Basic NewBasicAuthenticator", kind: auth},
	{pkg: "github.com/astaxie/beego/plugins/auth", names: "Basic NewBasicAuthenticator", kind: auth},
	{pkg: "github.com/beego/beego/server/web/filter/authz", names: "NewAuthorizer", kind: role},
	{pkg: "github.com/astaxie/beego/plugins/authz", names: "NewAuthorizer", kind: role},
	{pkg: "github.com/zeromicro/go-zero/rest", names: "WithJwt WithJwtTransition", kind: auth},
	{pkg: "github.com/zeromicro/go-zero/rest", names: "WithSignature", kind: auth, demands: "Strict", methods: "DELETE GET POST PUT"},
	{pkg: "github.com/go-kratos/kratos/middleware/auth/jwt", names: "Server", kind: auth},
	{pkg: "github.com/gogf/gf-jwt", names: "MiddlewareFunc", kind: auth, open: "DisabledAbort", role: "Authorizator"},
	{pkg: "github.com/gobuffalo/mw-tokenauth", names: "New", kind: auth},
	{pkg: "github.com/gobuffalo/mw-basicauth", names: "Middleware", kind: auth, accepts: "()"},
	{pkg: "connectrpc.com/authn", names: "Wrap", kind: auth, asks: true},
	{pkg: "github.com/grpc-ecosystem/go-grpc-middleware/interceptors/auth", names: "UnaryServerInterceptor StreamServerInterceptor", kind: auth, asks: true},
	{pkg: "github.com/grpc-ecosystem/go-grpc-middleware/auth", names: "UnaryServerInterceptor StreamServerInterceptor", kind: auth, asks: true},
}

// factOf finds what is known about a library's function.
func factOf(pkg, typ, name string) *guardFact {
	base := importpath.Unversioned(pkg)
	for i := range guardFacts {
		f := &guardFacts[i]
		if f.pkg != base {
			continue
		}
		if f.names == "" {
			return f
		}
		for n := range strings.SplitSeq(f.names, " ") {
			if n == name || n == typ+"."+name {
				return f
			}
		}
	}
	return nil
}

// anyKey is the key of what a request carries since a library's guard let it pass:
// under which ones is said by the token's claims, or by nobody.
const anyKey = "*"

func (m *machine) judgeLibrary(x *external, path, method string) verdict {
	pkg, typ, name := split(x.name)
	if t := strings.LastIndexByte(name, '.'); t >= 0 {
		typ, name = name[:t], name[t+1:]
	}
	v := verdict{name: libraryName(x.name), kind: routes.KindOther, why: "a library's middleware not known to guard", pos: x.pos}
	if m.judgeValidator(x, &v) || m.judgeSelector(x, &v, path, method) || m.judgeSelected(x, &v, path, method) {
		return v
	}
	if f := factOf(pkg, typ, name); f != nil {
		v.kind, v.why = f.kind, "known to do so in "+pkg
		if f.kind == auth || f.kind == role {
			m.configured(&v, f, x, path, method)
		}
		if v.kind == auth || v.kind == role {
			v.sets = map[string]value{anyKey: absent{}}
		}
		return v
	}
	base := importpath.Unversioned(pkg)
	if namedIn(caches, base, name) && (method == "GET" || method == "HEAD" || method == "*") {
		v.why, v.answers = "answers from a cache", x.pos
		return v
	}
	ws := words(name)
	if namesGuards(lastPart(base)) && !m.isOwn(pkg) && !isSessionPackage(base) {
		v.kind, v.why = routes.KindUnresolved, "it is of a package that is named as one of guards, but nothing is known about it"
	}
	if m.isOwn(pkg) && slices.ContainsFunc(ws, roleWord) { // nobody declares it
		v.kind, v.why = routes.KindUnresolved, "its name says that it guards, but it is not there"
	}
	if isAuthPackage(base) || hasIdentity(ws) && !slices.Contains(ws, "csrf") && !isSessionPackage(base) {
		v.kind, v.why = routes.KindUnresolved, "its name says that it guards, but nothing is known about it"
	}
	return v
}

// namesGuards reports whether a package named so holds guards: auth, authkit.
func namesGuards(name string) bool {
	return hasIdentity(words(name)) || slices.ContainsFunc(words(name), func(w string) bool {
		return strings.HasPrefix(w, "auth") && !strings.HasPrefix(w, "author")
	})
}

// guardLibrary reports whether a package, or one of its subpackages, is known to
// hold guards.
func guardLibrary(pkg string) bool {
	base := importpath.Unversioned(pkg)
	return slices.ContainsFunc(guardFacts, func(f guardFact) bool {
		return f.pkg == base || strings.HasPrefix(f.pkg, base+"/")
	})
}

// libraryName is how a library's function is shown: its package and its name,
// without the version of the one and the type of the other.
func libraryName(q string) string {
	pkg, _, name := split(q)
	pkg = lastPart(importpath.Unversioned(pkg))
	name = lastName(name)
	if pkg == "" {
		return name
	}
	return pkg + "." + name
}

// configured corrects a verdict by the settings the middleware was made with.
func (m *machine) configured(v *verdict, f *guardFact, x *external, path, method string) {
	optional := func(why string) { v.kind, v.why = routes.KindOptional, why }
	for n := range words0(f.skip) {
		fn, ok := m.setting(x, n, 0).(*closure)
		if !ok {
			continue
		}
		s := m.simulate(fn, &simulation{anonymous: true, middleware: true, path: path, method: method})
		v.usedPath = v.usedPath || s.usedPath
		v.reached = append(v.reached, s.reached...)
		switch known, yes, _ := truth(s.returned); {
		case known && yes:
			optional("its " + n + " exempts this request")
			v.exempt = true
			return
		case !known && freeOf(s.returned)&canHold != 0:
			optional("its " + n + " exempts who sends what it looks for, which is no secret")
			return
		case !known && skipsByDefault(fn, s.returned):
			optional("its " + n + " exempts every request unless configuration demands otherwise")
			return
		case !known && !s.usedPath:
			v.why += ", unless its " + n + " exempts the request"
		}
	}
	for n := range words0(f.open) {
		if known, yes, _ := truth(m.setting(x, n, 0)); known && yes {
			optional("it lets requests without an identity pass: " + n + " is set")
			return
		}
	}
	for n := range words0(f.closed) {
		if known, yes, _ := truth(m.setting(x, n, 0)); known && !yes {
			optional("it lets requests without an identity pass: " + n + " is false")
			return
		}
	}
	for n := range words0(f.demands) {
		set := m.setting(x, n, 0)
		switch known, yes, _ := truth(set); {
		case known && yes:
		case known || set == nil && m.written(x):
			optional("it lets requests without an identity pass: " + n + " is not set")
			return
		default:
			v.why += ", if its " + n + " is set"
		}
	}
	if f.methods != "" && !slices.Contains(strings.Fields(f.methods), method) {
		v.usedPath = true
		optional("it lets requests with other methods than " + f.methods + " pass")
		return
	}
	for n := range words0(f.paths) {
		v.usedPath = true
		if slices.Contains(stringsOf(m.setting(x, n, 0)), path) {
			optional("its " + n + " exempts this path")
			v.exempt = true
			return
		}
	}
	if fn, ok := m.setting(x, f.fail, 0).(*closure); ok && f.fail != "" {
		v.reached = append(v.reached, routes.Span{File: fn.fn.File, Line: int(fn.fn.Line), End: int(fn.fn.EndLine)})
	}
	if f.fail != "" && m.failsOpen(f, x, path, method) {
		optional("its " + f.fail + " lets refused requests pass")
		return
	}
	if f.asks {
		fn := m.functionOf(x.recv, 0) // of a method, not the handler it is given
		if fn == nil {
			fn = m.functionOf(x, 0)
		}
		var own []value // what a function of the service is given that is asked instead
		if by := m.override(x); by != nil {
			fn, own, v.usedPath = by, []value{request{"ctx"}, str(m.operation)}, true
		}
		if fn != nil {
			m.askedFunction(v, fn, own, path, method)
			if v.kind == routes.KindOptional {
				return
			}
		}
	}
	for n := range words0(f.accepts) {
		fn, ok := m.setting(x, n, 0).(*closure)
		if n == "()" {
			fn = m.functionOf(x, 0)
			n, ok = "the function it asks", fn != nil
		} else {
			n = "its " + n
		}
		if !ok {
			continue
		}
		v.reached = append(v.reached, routes.Span{File: fn.fn.File, Line: int(fn.fn.Line), End: int(fn.fn.EndLine)})
		if m.acceptsAll(fn, path, method) {
			optional(n + " accepts whatever a caller presents")
			v.exempt = true
			return
		}
	}
	for n := range words0(f.role) {
		if s := m.setting(x, n, 0); s != nil && decidesByRole(s) {
			v.kind, v.why = role, v.why+"; its "+n+" asks for more than an identity"
		}
	}
	for n := range words0(f.claims) {
		if fn, ok := m.setting(x, n, 0).(*closure); ok && slices.ContainsFunc(nodeWords(fn.fn.Body), roleWord) {
			v.kind, v.why = role, v.why+"; its "+n+" asks for more than an identity"
		}
	}
}

// askedFunction corrects a verdict by what the function says that a library asks
// about a caller, with what it is given if that is known.
func (m *machine) askedFunction(v *verdict, fn *closure, args []value, path, method string) {
	if args == nil {
		args = m.argumentsFor(fn.fn)
	}
	s := m.simulateWith(fn, args, &simulation{anonymous: true, middleware: true, path: path, method: method})
	v.usedPath = v.usedPath || s.usedPath
	v.reached = append(v.reached, s.reached...)
	if isNil(lastOf(s.returned)) {
		v.kind, v.why = routes.KindOptional, "the function it asks returns no error for an anonymous request"
		return
	}
	there := m.simulateWith(fn, args, &simulation{middleware: true, path: path, method: method})
	if _, why := m.roleIn(there); why != "" {
		v.kind, v.why = role, v.why+"; asks for "+why
	}
}

// written reports whether a library's middleware was made with a literal of its
// settings, so that those which are not there have their zero value.
func (m *machine) written(x *external) bool {
	return slices.ContainsFunc(x.args, func(a value) bool {
		y, ok := a.(*external)
		return ok && y.called && (len(y.args) == 0 || slices.ContainsFunc(y.args, func(b value) bool { _, ok := b.(fieldArg); return ok }))
	})
}

// acceptsAll reports whether a function that looks at what callers present says
// yes on every way.
func (m *machine) acceptsAll(fn *closure, path, method string) bool {
	s := &simulation{middleware: true, forging: true, path: path, method: method}
	args := m.argumentsFor(fn.fn)
	for i, a := range args {
		if u, ok := a.(*unknown); ok && u.t == "string" {
			args[i] = forged{t: u.t}
		}
	}
	s = m.simulateWith(fn, args, s)
	v := s.returned
	if t, ok := v.(tuple); ok && len(t) > 0 {
		v = t[0]
	}
	known, yes, _ := truth(v)
	return (known && yes || !known && freeOf(v)&canHold != 0) && !s.dead
}

// skipsByDefault reports whether a function that exempts requests by configuration
// alone does so where nobody wrote any.
func skipsByDefault(fn *closure, v value) bool {
	body := fn.fn.Body
	if body == nil || len(body.K) != 1 || body.K[0].Op != program.Return || len(body.K[0].K) != 1 {
		return false
	}
	cond := body.K[0].K[0]
	return configures(cond, v) && truthByDefault(v, cond)
}

// decidesByRole reports whether a setting narrows who passes. A function of the
// program does if what it decides by speaks of a role: many only check that
// there is an identity at all.
func decidesByRole(v value) bool {
	c, ok := v.(*closure)
	if !ok || c.fn.Body == nil {
		return true
	}
	found := false
	walk(c.fn.Body, func(n *program.Node) {
		var by *program.Node
		switch {
		case (n.Op == program.If || n.Op == program.Switch) && len(n.K) > 0:
			by = n.K[0]
		case n.Op == program.Case, n.Op == program.Return:
			by = n
		default:
			return
		}
		found = found || slices.ContainsFunc(nodeWords(by), roleWord)
	})
	return found
}

func words0(s string) func(func(string) bool) { return strings.FieldsSeq(s) }

func lastOf(v value) value {
	if t, ok := v.(tuple); ok && len(t) > 0 {
		return t[len(t)-1]
	}
	return v
}

// failsOpen reports whether the function that should answer refused requests
// hands them on instead.
func (m *machine) failsOpen(f *guardFact, x *external, path, method string) bool {
	fn, ok := m.setting(x, f.fail, 0).(*closure)
	if !ok {
		return false
	}
	args := m.argumentsFor(fn.fn)
	for i, p := range fn.fn.Params {
		if p.Type == "error" {
			args[i] = failure{name: noCredential}
		}
	}
	s := m.simulateWith(fn, args, &simulation{anonymous: true, middleware: true, path: path, method: method})
	if f.swallow == "" {
		return len(s.passed) > 0 && !s.passed[0].unsure
	}
	if known, yes, _ := truth(m.setting(x, f.swallow, 0)); !known || !yes {
		return false
	}
	return isNil(s.returned)
}

// noCredential is the error of libraries' guards for a request that shows nothing.
const noCredential = "no credential"

// setting is the value of a setting a library's middleware was made with: a
// field of a literal or the argument of an option, of it or of what made it.
// nil if it was not given.
func (m *machine) setting(v value, name string, depth int) value {
	if fa, ok := v.(fieldArg); ok {
		v = fa.v // options within options
	}
	x, ok := v.(*external)
	if !ok || depth > 4 {
		if u, isUnion := v.(union); isUnion && depth <= 4 {
			for _, y := range u {
				if s := m.setting(y, name, depth+1); s != nil {
					return s
				}
			}
		}
		if l, isList := v.(*list); isList && depth <= 4 {
			for _, y := range l.e {
				if s := m.setting(y, name, depth+1); s != nil {
					return s
				}
			}
		}
		return nil
	}
	if s := x.field(name); s != nil {
		return s
	}
	if lastName(x.name) == name && len(x.args) > 0 {
		return x.args[0]
	}
	for _, a := range x.args {
		if s := m.setting(a, name, depth+1); s != nil {
			return s
		}
	}
	if x.recv != nil {
		return m.setting(x.recv, name, depth+1)
	}
	return nil
}

// functionOf is the first function of the program a library's value was made
// with.
func (m *machine) functionOf(v value, depth int) *closure {
	x, ok := v.(*external)
	if !ok || depth > 4 {
		return nil
	}
	for _, a := range x.args {
		switch y := a.(type) {
		case *closure:
			return y
		case *external:
			if fn := m.functionOf(y, depth+1); fn != nil {
				return fn
			}
		}
	}
	return m.functionOf(x.recv, depth+1)
}
