package eval

import (
	"maps"
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/importpath"
)

// family is what there is to know about one router library. Adding a router is
// adding a row; only semantics that no existing row has need code. The steps are
// in CONTRIBUTING.md.
type family struct {
	id    string
	pkgs  []string          // import paths without major version; subpackages with routers are listed
	news  []string          // functions that make a router
	types []string          // types whose methods route; the first is what news make
	verbs map[string]string // method of a router -> operation, see below
	// first: the handler is the first of the handler arguments, middleware
	// follow; else it is the last.
	first bool
	// scope says which routes of a router its middleware covers: "after" those
	// registered later, "all" whatever the order, "prefix" later ones by path.
	scope     string
	rootScope string // of the outermost router, if it differs
	wraps     bool   // middleware take the next handler and return one
	single    bool   // verbs return the route, not the router
}

// The operations of a family's verbs, with the arguments they expect. Handlers
// are those of the family: one, and middleware before or after it.
//
//	GET, POST, …   (path, handlers…) add a route; "any" for every method
//	method         (method or methods, path, handlers…)
//	match          (methods, path, handlers…)
//	many           ("GET POST", "/a /b", handlers…)
//	pattern        ("METHOD host/path", handler), as net/http since Go 1.22
//	routetable     (a route literal or a list of them, options…)
//	static, file   (path, …) serve files; filefs (path, file, files, …)
//	barestatic     the same, without the router's middleware
//	named V        (…, name) as V, without the name
//	use            (middleware…), with a path before them if scope is "prefix"
//	useall         (middleware…) that cover earlier routes too
//	useown         (middleware…) that cover no group of this router
//	group          (prefix, middleware…) returns a router below this one
//	host           (host, middleware…) the same for the requests to a host
//	group0, with   (middleware…) the same without a prefix
//	routefn        (prefix, func(router)) calls the function with a group
//	groupfn        (func(router)) the same without a prefix
//	routechain     (path) returns a router whose methods take no path
//	here           (func(router)) calls the function with this router
//	configure      (func(router)…, or what has a Configure(router)…) the same, of several
//	configurein    (prefix, func(router)…) the same with a group
//	mount          (prefix, handler or router)
//	self           returns this router
//	reset          the same, without the middleware it has from others
//	also           (methods…) its routes answer these, too
//	none           nothing: error pages, and what only tells of it
//	prefix         returns its path
//	serve          starts a server
//
// The rest, "rule" and others, are the peculiarities of one library and are
// described where routerVerb carries them out.
func verbTable(get []string, more map[string]string) map[string]string {
	m := map[string]string{}
	for _, g := range get {
		m[g] = strings.ToUpper(g)
	}
	for k, v := range more {
		m[k] = v
	}
	return m
}

var upper = []string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE"}
var title = []string{"Get", "Post", "Put", "Patch", "Delete", "Head", "Options", "Connect", "Trace"}

// goframeVerbs are those of a goframe server, which are called Bind…, and of a
// group.
func goframeVerbs() map[string]string {
	m := map[string]string{"Group": "goframegroup", "Domain": "host", "Clone": "self", "Use": "use", "BindMiddlewareDefault": "use", "Middleware": "use", "BindMiddleware": "filter",
		"BindHookHandler": "hook", "BindHookHandlerByMap": "self", "Hook": "hook", "BindStatusHandler": "self", "BindStatusHandlerByMap": "self", "BindHandler": "bind *", "BindObject": "bind *", "BindObjectMethod": "bind *",
		"BindObjectRest": "bindrest", "REST": "bindrest", "ALL": "bind *", "ALLMap": "bindmap", "Map": "bindmap", "Bind": "bindmany", "AddStaticPath": "static", "Run": "serve", "Start": "serve"}
	for _, verb := range upper {
		m[verb] = "bind " + verb
	}
	return m
}

// irisVerbs are those of an iris party and what its MVC adds to or has instead of
// them.
func irisVerbs(more map[string]string) map[string]string {
	m := verbTable(title, map[string]string{"Handle": "method", "HandleFunc": "method", "Any": "any", "Use": "use", "UseFunc": "use", "UseGlobal": "useall", "UseRouter": "useall",
		"UseOnce": "useown", "HandleMany": "many", "Party": "group", "PartyFunc": "routefn", "PartyConfigure": "configurein", "HandleDir": "static", "StaticContent": "file", "Favicon": "favicon",
		"Subdomain": "host", "WildcardSubdomain": "group0", "WWW": "group0", "Configure": "configure", "ConfigureContainer": "configure", "AllowMethods": "also", "Reset": "reset",
		"HandleServer": "mount", "CreateRoutes": "none", "None": "none", "OnErrorCode": "none", "OnAnyErrorCode": "none", "UseError": "none", "Done": "none", "DoneGlobal": "none", "UseResultHandler": "self", "Layout": "self", "SetExecutionRules": "self", "SetRegisterRule": "self", "EnsureStaticBindings": "self", "RegisterDependency": "self"})
	maps.Copy(m, more)
	return m
}

var families = []*family{
	{id: "gin", pkgs: []string{"github.com/gin-gonic/gin", "github.com/cloudwego/hertz/pkg/app/server", "github.com/cloudwego/hertz/pkg/route"},
		news: []string{"New", "Default", "NewEngine"}, types: []string{"Engine", "RouterGroup", "IRouter", "IRoutes", "Hertz"}, scope: "after",
		verbs: verbTable(upper, map[string]string{"Handle": "method", "Any": "any", "Match": "match", "Group": "group", "Use": "use",
			"Static": "static", "StaticFS": "static", "StaticFile": "file", "StaticFileFS": "file", "BasePath": "prefix", "With": "configure", "NoRoute": "none", "NoMethod": "none", "HijackConnHandle": "none",
			// hertz, whose handlers may be named
			"GETEX": "named GET", "POSTEX": "named POST", "PUTEX": "named PUT", "DELETEEX": "named DELETE", "HEADEX": "named HEAD", "AnyEX": "named any", "HandleEX": "named method"})},
	{id: "echo", pkgs: []string{"github.com/labstack/echo"}, news: []string{"New", "NewWithConfig"}, types: []string{"Echo", "Group"}, first: true,
		scope: "after", rootScope: "all", wraps: true,
		verbs: verbTable(upper, map[string]string{"Add": "method", "Any": "any", "Match": "match", "Group": "group", "Use": "use", "Pre": "use",
			"Static": "static", "StaticFS": "static", "File": "file", "FileFS": "filefs", "Start": "serve", "Host": "host", "RouteNotFound": "none", "Reverse": "none", "URI": "none", "URL": "none", "QUERY": "QUERY", "AddRoute": "routetable"})},
	{id: "chi", pkgs: []string{"github.com/go-chi/chi"}, news: []string{"NewRouter", "NewMux"}, types: []string{"Mux", "Router"}, scope: "all", wraps: true,
		verbs: verbTable(title, map[string]string{"Method": "method", "MethodFunc": "method", "Handle": "any", "HandleFunc": "any", "Mount": "mount",
			"Query": "QUERY", "NotFound": "none", "MethodNotAllowed": "none", "Use": "use", "With": "with", "Group": "groupfn", "Route": "routefn"})},
	{id: "mux", pkgs: []string{"github.com/gorilla/mux"}, news: []string{"NewRouter"}, types: []string{"Router", "Route"}, scope: "all", wraps: true,
		verbs: map[string]string{"HandleFunc": "rule", "Handle": "rule", "Path": "rule", "PathPrefix": "ruleprefix", "Methods": "rulemethods",
			"NewRoute": "rule", "Host": "rule0", "Name": "rule0", "Queries": "rule0", "Headers": "rule0", "HeadersRegexp": "rule0", "Schemes": "rule0", "MatcherFunc": "rule0", "BuildVarsFunc": "rule0", "Handler": "rule0", "HandlerFunc": "rule0",
			"StrictSlash": "self", "UseEncodedPath": "self", "SkipClean": "self", "Use": "use"}},
	{id: "routegroup", pkgs: []string{"github.com/go-pkgz/routegroup"}, news: []string{"New", "Mount"}, types: []string{"Bundle"}, scope: "after", rootScope: "all", wraps: true,
		verbs: map[string]string{"HandleFunc": "pattern", "Handle": "pattern", "HandleRoot": "methodroot", "HandleRootFunc": "methodroot", "HandleFiles": "static", "Mount": "group", "Group": "group0",
			"Route": "here", "With": "with", "Use": "use"}},
	{id: "fiber", pkgs: []string{"github.com/gofiber/fiber"}, news: []string{"New"}, types: []string{"App", "Group", "Router", "Register", "Registering"}, scope: "prefix",
		verbs: verbTable(title, map[string]string{"Add": "method", "All": "any", "Use": "use", "Group": "group", "Route": "routefn", "RouteChain": "routechain", "Mount": "mount",
			"Static": "static", "Name": "self", "Domain": "host"})},
	{id: "httprouter", pkgs: []string{"github.com/julienschmidt/httprouter"}, news: []string{"New"}, types: []string{"Router"}, scope: "all",
		verbs: verbTable(upper, map[string]string{"Handle": "method", "Handler": "method", "HandlerFunc": "method", "ServeFiles": "static"})},
	{id: "fasthttp", pkgs: []string{"github.com/fasthttp/router", "github.com/buaazp/fasthttprouter"}, news: []string{"New"}, types: []string{"Router", "Group"}, scope: "all",
		verbs: verbTable(upper, map[string]string{"ANY": "any", "Handle": "method", "Group": "group", "ServeFiles": "static", "ServeFilesCustom": "static", "ServeFS": "static", "Mutable": "self"})},
	{id: "bunrouter", pkgs: []string{"github.com/uptrace/bunrouter"}, news: []string{"New"}, types: []string{"Router", "Group", "CompatRouter", "CompatGroup", "VerboseRouter", "VerboseGroup"}, scope: "after", wraps: true,
		verbs: verbTable(upper, map[string]string{"Handle": "method", "NewGroup": "group", "WithGroup": "routefn", "Use": "with", "WithMiddleware": "with", "Compat": "self", "Verbose": "self"})},
	{id: "httptreemux", pkgs: []string{"github.com/dimfeld/httptreemux"}, news: []string{"New", "NewContextMux"},
		types: []string{"TreeMux", "ContextMux", "Group", "ContextGroup"}, scope: "after", wraps: true,
		verbs: verbTable(upper, map[string]string{"Handle": "method", "Handler": "method", "NewGroup": "group", "NewContextGroup": "group",
			"UsingContext": "self", "Use": "use", "UseHandler": "use"})},
	{id: beegoID, pkgs: []string{"github.com/beego/beego/server/web", "github.com/beego/beego/server/web/context", "github.com/astaxie/beego", "github.com/astaxie/beego/context",
		"github.com/beego/beego", "github.com/beego/beego/context"}, types: []string{"HttpServer", "App", "Namespace"}, scope: "all", verbs: map[string]string{}},
	{id: "iris", pkgs: []string{"github.com/kataras/iris", "github.com/kataras/iris/core/router", "github.com/kataras/iris/context"}, news: []string{"New", "Default"},
		types: []string{"Application", "APIBuilder", "Party", "APIContainer"}, scope: "after", single: true, verbs: irisVerbs(nil)},
	{id: mvcID, pkgs: []string{mvcPkg}, types: []string{"Application", "ControllerActivator", "BeforeActivation", "AfterActivation"}, scope: "after", single: true,
		verbs: irisVerbs(map[string]string{"Handle": "controller", "Router": "self", "Register": "self", "SkipMethods": "skip", "Clone": "controllers",
			"SetName": "self", "SetControllersNoLog": "self", "EnableStructDependents": "self", "HandleError": "self", "SetCustomPathWordFunc": "self"})},
	{id: "go-zero", pkgs: []string{"github.com/zeromicro/go-zero/rest", "github.com/zeromicro/go-zero/rest/router", "github.com/zeromicro/go-zero/rest/httpx"},
		news: []string{"MustNewServer", "NewServer", "NewRouter"}, types: []string{"Server", "Router"}, scope: "all", wraps: true,
		verbs: map[string]string{"AddRoutes": "routetable", "AddRoute": "routetable", "Use": "use", "Handle": "method", "SetNotFoundHandler": "self", "SetNotAllowedHandler": "self",
			"Start": "serve", "StartWithOpts": "serve"}},
	{id: kratosID, pkgs: []string{kratosPkg + "/transport/http", kratosPkg + "/middleware"}, news: []string{"NewServer"}, types: []string{"Server", "Router"}, first: true, scope: "all", wraps: true,
		verbs: verbTable(upper, map[string]string{"Route": "group", "Group": "group", "Handle": "kratoshandle", "HandleFunc": "any", "HandlePrefix": "belowprefix", "HandleHeader": "self", "Use": "select"})},
	{id: goframeID, pkgs: []string{goframePkg + "/net/ghttp", goframePkg + "/frame/g"}, types: []string{"Server", "RouterGroup", "Domain"}, scope: "after", rootScope: "all",
		verbs: goframeVerbs()},
	{id: buffaloID, pkgs: []string{"github.com/gobuffalo/buffalo"}, news: []string{"New"}, types: []string{"App"}, scope: "copied", single: true, wraps: true,
		verbs: verbTable(upper, map[string]string{"ANY": "any", "Group": "group", "Use": "use", "Mount": "mount", "ServeFiles": "barestatic", "Redirect": "redirect", "Resource": "resource",
			"VirtualHost": "host", "Muxer": "self", "Skip": "letoff", "Remove": "remove", "Replace": "replace", "Clear": "clear", "Serve": "serve"})},
	{id: "huma", pkgs: []string{"github.com/danielgtaylor/huma"}, types: []string{"API", "Group"}, scope: "after", wraps: true,
		verbs: map[string]string{"UseMiddleware": "use", "UseModifier": "modify", "UseSimpleModifier": "modify", "Adapter": "self"}},
	{id: "gateway", pkgs: []string{"github.com/grpc-ecosystem/grpc-gateway/runtime"}, news: []string{"NewServeMux"}, types: []string{"ServeMux"}, scope: "all", wraps: true,
		verbs: map[string]string{"Handle": "gateway", "HandlePath": "method"}},
	{id: "connect", pkgs: []string{"connectrpc.com/connect", "github.com/bufbuild/connect-go"}, wraps: true},
	{id: "http", pkgs: []string{"net/http"}, news: []string{"NewServeMux"}, types: []string{"ServeMux"}, scope: "all", wraps: true,
		verbs: map[string]string{"Handle": "pattern", "HandleFunc": "pattern"}},
}

// familyOf finds the family of a package, named without its major version.
var familyOf = func() map[string]*family {
	of := map[string]*family{}
	for _, f := range slices.Backward(families) {
		for _, p := range f.pkgs {
			of[importpath.Unversioned(p)] = f // the first that names it counts
		}
	}
	return of
}()

// known finds the family a package belongs to.
func known(pkg string) *family { return familyOf[importpath.Unversioned(pkg)] }

// Verbs are the operations of the methods of a library's type that routes, nil of
// any other type.
func Verbs(pkg, typ string) map[string]string {
	if f := routerType(pkg + "." + typ); f != nil {
		return f.verbs
	}
	return nil
}

// IsLibrary reports whether a package belongs to a router library.
func IsLibrary(pkg string) bool { return known(pkg) != nil }

// Registers reports whether a method of this name registers routes on what one of
// some packages has, as far as a name can tell.
func Registers(pkgs []string, name string) bool {
	return slices.ContainsFunc(pkgs, func(p string) bool {
		f := known(p)
		if f == nil {
			return false
		}
		switch op := f.verbs[name]; op {
		case "":
			return false
		case "any", "method", "match", "many", "pattern", "static", "file", "rule", "mount":
			return true
		default:
			return op == strings.ToUpper(op)
		}
	})
}

// split takes a qualified name "path.Name" or "path.Type.Name" apart.
func split(q string) (pkg, typ, name string) {
	i := strings.LastIndexByte(q, '/')
	j := strings.IndexByte(q[i+1:], '.')
	if j < 0 {
		return "", "", q
	}
	j += i + 1
	pkg, rest := q[:j], q[j+1:]
	// gopkg.in/yaml.v3.Name: the package's own last element has a dot.
	if strings.HasPrefix(rest, "v") && len(rest) > 2 && rest[1] >= '0' && rest[1] <= '9' {
		if k := strings.IndexByte(rest, '.'); k > 0 {
			pkg, rest = pkg+"."+rest[:k], rest[k+1:]
		}
	}
	if k := strings.IndexByte(rest, '.'); k >= 0 {
		return pkg, rest[:k], rest[k+1:]
	}
	return pkg, "", rest
}

// router is a router, a group or a mounted part of one.
type router struct {
	in       string // the function it is made in
	fam      *family
	t        string
	parents  []edge
	mws      []middleware
	created  int
	pos      place
	via      []place
	name     string
	isRoot   bool
	pathless bool     // its methods take no path: it stands for one
	mods     []value  // functions that change an operation before it is added
	methods  []string // what its routes answer that name no method themselves
	also     []string // methods that its routes answer besides their own
	lost     string   // why neither their paths nor their guards are known
	servedBy []peeled
	conds    []condition // under which it is made
	ctl      *activation // the controller whose methods it registers
	procs    []selected  // middleware that handlers ask for, as those of kratos
	off      []letOff    // middleware that handlers of it are let off
	without  []value     // middleware of the routers above that do not cover it
}

// edge attaches a router below another.
type edge struct {
	to     *router
	prefix string
	wraps  []middleware // around this attachment only
	seq    int
	group  bool // shares to's middleware by the family's rule, else by mounting
	// whole: a mount that leaves the request's path as it is, so that the
	// prefixes of the groups it is mounted in are no part of what is below.
	whole  bool
	bare   bool    // without the middleware of to
	around bool    // made around to, so that serving one is serving the other
	live   bool    // what to's middleware cover is decided when a route is added
	via    []place // of a mount: where, and the calls that led there
	rec    *record // and what registers it
}

type middleware struct {
	v      value
	pos    place
	end    int32 // the last line of what attaches it, function literals left out
	via    []place
	seq    int
	prefix string
	conds  []condition
	own    bool // of the router's own routes, not of those of the groups below it
}

// rule is a gorilla route under construction.
type ruleBuilder struct {
	r       *router
	path    string
	pre     bool
	methods []string
	h       value
	rec     *record
	pos     place
}

// record is one registration.
type record struct {
	r       *router
	method  string
	path    string
	handler value
	mws     []middleware
	pos     place
	via     []place
	seq     int
	conds   []condition
	op      *object // the description of the operation, where the library has one
	static  bool
	subtree bool
	// served: it stands for a handler that is served below no router; lost is why
	// it is not known which routes that has, where it is not.
	served bool
	lost   string
	// unclear is why its method, its guards or what it adds are not known.
	unclear string
	// branch: it stands for what a function answers itself before a router.
	branch *branch
	// inChain: a middleware answers it, so that what comes after that does not
	// guard it.
	inChain bool
	// foreign: a library got it of which nothing is known.
	foreign string
	fulls   []string // its paths from outside
}
