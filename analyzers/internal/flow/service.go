package flow

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"reflect"
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/callee"
	"github.com/launchgate/launchgate/analyzers/internal/sensitive"
	"github.com/launchgate/launchgate/analyzers/internal/sinks"
	"github.com/launchgate/launchgate/analyzers/internal/thirdparty"
	"github.com/launchgate/launchgate/analyzers/internal/words"
)

// Use says that a service of others is used at a place, whatever it is sent.
type Use struct {
	Service  thirdparty.Service
	Via      string // import path or host
	Name     string // of the call, for people
	Symbol   string // the function around it
	Pos, End token.Pos
}

// Datum is one kind of personal data.
type Datum struct {
	Class sensitive.Class
	Term  string // "email"
}

// Data lists the personal data that a source is or, as a whole object, holds.
func (s *Source) Data() []Datum {
	if s.Kind == Whole {
		return s.Held
	}
	if s.Kind != ByName && s.Kind != ByAPI || !s.Class.Personal() || s.Class == sensitive.Contact && s.Level == sensitive.Low {
		return nil // the service's own address is nobody's
	}
	return []Datum{{s.Class, s.Term}}
}

// own reports whether a package belongs to the program under work: a service's
// SDK is no third party to itself.
func (e *engine) own(path string) bool {
	here := e.pass.Pkg.Path()
	if path == here {
		return true
	}
	if m := e.pass.Module; m != nil && m.Path != "" {
		return strings.HasPrefix(path+"/", m.Path+"/")
	}
	a, b := strings.Split(path, "/"), strings.Split(here, "/")
	return len(a) >= 3 && len(b) >= 3 && a[0] == b[0] && a[1] == b[1] && a[2] == b[2]
}

// sdk is the sink of a package that belongs to a service.
func (e *engine) sdk(path string) (Sink, bool) {
	if path == "" || e.own(path) {
		return Sink{}, false
	}
	s, ok := thirdparty.Package(path)
	return Sink{Kind: Service, Who: s.Name, Category: s.Category, Via: sinks.Canonical(path)}, ok
}

// toService notes what a call hands to a service: to its SDK, or to its host.
func (v *invocation) toService() {
	if !v.known {
		return
	}
	f := v.f
	if s, ok := f.e.sdk(v.id.Pkg); ok {
		if setUp.HasAny(words.Split(v.id.Name)) {
			return // what the program signs in with is nobody's data
		}
		for i, a := range v.args {
			f.serve(s, a.val, -1, v.call.Pos(), v.call.End(), v.text)
			if i == 0 && v.id.Pkg == "net/smtp" && v.id.Recv == "" {
				continue // the server
			}
			key := v.id.Name
			if i > 0 {
				if first := f.stringConst(v.args[0].expr); first != "" {
					key = first // SetHeader("To", …)
				}
			}
			// SendMail(addr, auth, from, to, …), and (*Client).SendMail(from, to, …)
			if v.id.Name == "SendMail" && i == map[bool]int{true: 3, false: 1}[v.id.Recv == ""] {
				key = "To"
			}
			f.addressee(s, key, a.expr, a.val, v.call.Pos(), v.call.End(), v.text)
		}
		return
	}
	at, ok := requests[callee.Func{Pkg: sinks.Canonical(v.id.Pkg), Recv: v.id.Recv, Name: v.id.Name}]
	if !ok || at >= len(v.args) {
		return
	}
	s, urlIn, ok := v.host(v.args[at])
	if !ok {
		return
	}
	for _, a := range v.args {
		f.serve(s, a.val, urlIn, v.call.Pos(), v.call.End(), v.text)
	}
	if v.recv != nil && v.id.Recv != "Client" { // a builder carries the body
		f.serve(s, v.recv, urlIn, v.call.Pos(), v.call.End(), v.text)
	}
	f.use(s, v.text, v.call.Pos(), v.call.End())
}

// use notes that a service is used here, whatever it is sent.
func (f *fn) use(s Sink, name string, pos, end token.Pos) {
	if s.Who == "" || f.muted || slices.ContainsFunc(f.e.uses, func(u Use) bool { return u.Pos == pos && u.Service.Name == s.Who }) {
		return
	}
	f.e.uses = append(f.e.uses, Use{Service: thirdparty.Service{Name: s.Who, Category: s.Category}, Via: s.Via, Name: name, Symbol: f.symbol, Pos: pos, End: end})
}

// telemetry is a call into the SDK of a service that watches the program: what
// the tables do not know of it takes all its arguments there.
func (v *invocation) telemetry() (Sink, bool) {
	s, ok := v.f.e.sdk(v.id.Pkg)
	if !ok || !(thirdparty.Service{Category: s.Category}).Telemetry() || setUp.HasAny(words.Split(v.id.Name)) || len(v.args) == 0 {
		return Sink{}, false
	}
	return Sink{Kind: ThirdParty, Who: s.Who, args: []int{-1}}, true
}

// foreign names the method that is called on a value of unknown type, if it is
// known which package the value comes from: that of a log, an error tracker or
// another service whose code is not there.
func (e *engine) foreign(recv ast.Expr, name string) (callee.Func, bool) {
	pkg := e.origin(recv, 0)
	if pkg == "" || e.own(pkg) {
		return callee.Func{}, false
	}
	if f, ok := sinks.Method(pkg, name); ok {
		return f, true
	}
	_, ok := e.sdk(pkg)
	return callee.Func{Pkg: pkg, Recv: "?", Name: name}, ok
}

// origin is the package whose function a value comes from, "" if it cannot be
// told.
func (e *engine) origin(x ast.Expr, depth int) string {
	if depth > maxURLDepth {
		e.met("the way back to a package")
		return ""
	}
	switch x := ast.Unparen(x).(type) {
	case *ast.CallExpr:
		if id, ok := callee.Of(e.pass.TypesInfo, x); ok {
			return id.Pkg
		}
		switch fun := ast.Unparen(x.Fun).(type) {
		case *ast.SelectorExpr:
			return e.origin(fun.X, depth+1)
		case *ast.Ident: // dial := smtp.Dial; c, err := dial(host)
			return e.defined(e.pass.TypesInfo.Uses[fun], depth, e.origin)
		}
	case *ast.Ident:
		return e.defined(e.pass.TypesInfo.Uses[x], depth, e.origin)
	case *ast.SelectorExpr:
		if pkg := callee.Package(e.pass.TypesInfo, x.X); pkg != "" {
			return pkg // a package's variable
		}
		return e.defined(e.pass.TypesInfo.Uses[x.Sel], depth, e.origin)
	case *ast.UnaryExpr:
		return e.origin(x.X, depth+1)
	case *ast.CompositeLit:
		if x.Type != nil {
			pkg, _ := callee.TypeName(e.pass.TypesInfo, x.Type)
			return pkg
		}
	}
	return ""
}

// defined is the first answer that read gives of what a variable or field of the
// package is set to, "" if there is none.
func (e *engine) defined(obj types.Object, depth int, read func(x ast.Expr, depth int) string) string {
	if obj == nil || !e.follow(obj) {
		return ""
	}
	defer delete(e.following, obj)
	for _, x := range e.definitions()[obj] {
		if text := read(x, depth+1); text != "" {
			return text
		}
	}
	return ""
}

// setUp are words of calls that make a connection to a service or sign in to it.
var setUp = words.NewSet("client dialer auth username password credentials config session connection transport mailer init setup configure webhook verify construct")

// recipientWords are names of calls, fields and headers that say who gets a
// message.
var recipientWords = words.NewSet("to cc bcc rcpt recipient recipients addressee destination")

// beneath is what the parts of a value carry, also of one that is sensitive as a
// whole: for whoever takes it apart.
func (f *fn) beneath(v *value) []label {
	c := collector{f: f, all: true}
	c.from(v)
	return c.out
}

// addressee notes that a service of mail or text messages is told whom to write
// to: an address, whatever the value is called.
func (f *fn) addressee(s Sink, key string, x ast.Expr, val *value, pos, end token.Pos, name string) {
	var m sensitive.Match
	switch s.Category {
	case "e-mail", "marketing":
		m = sensitive.Match{Class: sensitive.Contact, Term: "email", Level: sensitive.Medium}
	case "sms":
		m = sensitive.Match{Class: sensitive.Contact, Term: "phone number", Level: sensitive.Medium}
	default:
		return
	}
	if ws := words.Split(key); len(ws) == 0 || len(ws) > 3 || !recipientWords.HasAny(ws) || ws[0] == "reply" {
		return
	}
	// Whatever Sanitized() does to a mail: it is sent to somebody's address.
	if tv, ok := f.info.Types[x]; ok && tv.Value != nil || val.clean && !val.said || told(val) {
		return
	}
	l := named(ByAPI, m, x.Pos(), "the recipient of a message", "recipient")
	f.report(l, s, false, place{pos: pos, end: end, symbol: f.symbol, name: name}, l.step.then(pos, "is sent to "+s.Who+" by "+name))
}

// requests are calls that send or make a request, with the argument that is its
// URL.
var requests = func() map[callee.Func]int {
	m := map[callee.Func]int{
		{Pkg: "net/http", Name: "NewRequest"}: 1, {Pkg: "net/http", Name: "NewRequestWithContext"}: 2,
		{Pkg: "github.com/hashicorp/go-retryablehttp", Name: "NewRequest"}: 1, {Pkg: "github.com/hashicorp/go-retryablehttp", Name: "NewRequestWithContext"}: 2,
		{Pkg: "github.com/hashicorp/go-retryablehttp", Name: "Post"}: 0, {Pkg: "github.com/hashicorp/go-retryablehttp", Recv: "Client", Name: "Post"}: 0,
		{Pkg: "golang.org/x/net/context/ctxhttp", Name: "Post"}: 2, {Pkg: "golang.org/x/net/context/ctxhttp", Name: "PostForm"}: 2, {Pkg: "golang.org/x/net/context/ctxhttp", Name: "Get"}: 2,
		{Pkg: "github.com/valyala/fasthttp", Name: "Post"}: 1, {Pkg: "github.com/valyala/fasthttp", Name: "Get"}: 1,
		{Pkg: "github.com/gorilla/websocket", Recv: "Dialer", Name: "Dial"}: 0,
	}
	for _, recv := range []string{"", "Client"} {
		for _, name := range []string{"Get", "Head", "Post", "PostForm"} {
			m[callee.Func{Pkg: "net/http", Recv: recv, Name: name}] = 0
		}
	}
	for _, pkg := range []string{"github.com/go-resty/resty", "resty.dev/resty", "resty.dev", "github.com/imroc/req"} {
		for _, name := range []string{"Get", "Head", "Post", "Put", "Patch", "Delete"} {
			m[callee.Func{Pkg: pkg, Recv: "Request", Name: name}] = 0
			m[callee.Func{Pkg: pkg, Name: name}] = 0
		}
		m[callee.Func{Pkg: pkg, Recv: "Request", Name: "Execute"}] = 1
	}
	return m
}()

// host finds out where a request goes. If the URL is an input of the function
// under work, the caller knows: urlIn is its number and the sink has no name yet.
func (v *invocation) host(url argument) (s Sink, urlIn int, ok bool) {
	s = Sink{Kind: Service}
	if text := v.f.e.urlText(url.expr, 0); text != "" {
		return s.at(text, -1)
	}
	for _, l := range url.val.labels {
		if l.src == nil && l.in.path == "" && l.in.global == "" {
			return s, l.in.param, true
		}
	}
	if svc, host := v.f.e.onlyService(url.expr.Pos()); host != "" {
		s.Who, s.Category, s.Via = svc.Name, svc.Category, host
		return s, -1, true
	}
	return Sink{}, -1, false
}

// at names the service behind a URL.
func (s Sink) at(url string, urlIn int) (Sink, int, bool) {
	svc, host, ok := thirdparty.URL(url)
	s.Who, s.Category, s.Via = svc.Name, svc.Category, host
	return s, urlIn, ok
}

// serve notes that a value goes to a service.
func (f *fn) serve(s Sink, val *value, urlIn int, pos, end token.Pos, name string) {
	if val == nil || val.clean {
		return
	}
	note := "is sent to a service by " + name
	if s.Who != "" {
		note = "is sent to " + s.Who + " by " + name
	}
	// A service's own types hold what was put into them, not all they could.
	if slices.ContainsFunc(val.labels, func(l label) bool { return l.src != nil && l.src.foreign }) {
		w := *val
		w.labels = slices.DeleteFunc(slices.Clone(val.labels), func(l label) bool { return l.src != nil && l.src.foreign })
		val = &w
	}
	for _, l := range f.collect(val) {
		st := l.step.then(pos, note)
		if l.src != nil {
			f.report(l, s, false, place{pos: pos, end: end, symbol: f.symbol, name: name}, st)
			continue
		}
		f.addSink(&sinkUse{in: l.in, sink: s, name: name, err: l.err, symbol: f.symbol, pos: pos, end: end, step: st, format: -1, key: -1, url: urlIn + 1})
	}
}

// hosted is a use of a service inside a callee whose URL this call brings; nil if
// it brings none.
func (v *invocation) hosted(s *summary, use *sinkUse) *sinkUse {
	x := v.inputExpr(s, use.url-1)
	if x == nil {
		return nil
	}
	u := *use
	if text := v.f.e.urlText(x, 0); text != "" {
		var ok bool
		if u.sink, _, ok = u.sink.at(text, -1); !ok {
			return nil
		}
		u.url = 0
		v.f.use(u.sink, v.text, v.call.Pos(), v.call.End())
		return &u
	}
	for _, a := range v.args {
		if a.expr != x {
			continue
		}
		for _, l := range a.val.labels {
			if l.src == nil && l.in.path == "" && l.in.global == "" {
				u.url = l.in.param + 1
				return &u
			}
		}
	}
	return nil
}

// urlText is the beginning of the URL that an expression is, "" if it cannot be
// told. Constants are no values to the engine, so it is read from the syntax:
// from what variables and fields of the package are set to.
func (e *engine) urlText(x ast.Expr, depth int) string {
	if x == nil {
		return ""
	}
	if depth > maxURLDepth {
		e.met("the way back to a URL")
		return ""
	}
	x = ast.Unparen(x)
	if tv, ok := e.pass.TypesInfo.Types[x]; ok && tv.Value != nil && tv.Value.Kind() == constant.String {
		return constant.StringVal(tv.Value)
	}
	switch x := x.(type) {
	case *ast.BinaryExpr:
		if x.Op == token.ADD {
			left := e.urlText(x.X, depth+1)
			if left != "" && !strings.Contains(strings.TrimPrefix(strings.TrimPrefix(left, "https://"), "http://"), "/") {
				return left + e.urlText(x.Y, depth+1)
			}
			return left
		}
	case *ast.CallExpr:
		id, ok := callee.Of(e.pass.TypesInfo, x)
		if !ok {
			return ""
		}
		switch {
		case id.Pkg == "fmt" && id.Name == "Sprintf" && len(x.Args) > 0:
			format := e.urlText(x.Args[0], depth+1)
			if rest, ok := strings.CutPrefix(format, "%s"); ok && len(x.Args) > 1 {
				if base := e.urlText(x.Args[1], depth+1); base != "" {
					return base + rest
				}
				return ""
			}
			return format
		case id.Pkg == "strings" && strings.HasPrefix(id.Name, "Trim") && len(x.Args) > 0, id.Pkg == "net/url" && (id.Name == "JoinPath" || id.Name == "Parse") && len(x.Args) > 0,
			id.Pkg == "net/url" && id.Name == "MustParse" && len(x.Args) > 0:
			return e.urlText(x.Args[0], depth+1)
		case id.Pkg == "net/url" && id.Recv == "URL":
			if sel, ok := ast.Unparen(x.Fun).(*ast.SelectorExpr); ok {
				return e.urlText(sel.X, depth+1)
			}
		}
	case *ast.Ident:
		return e.defined(e.pass.TypesInfo.Uses[x], depth, e.urlText)
	case *ast.SelectorExpr:
		return e.defined(e.pass.TypesInfo.Uses[x.Sel], depth, e.urlText)
	case *ast.UnaryExpr:
		return e.urlText(x.X, depth+1)
	}
	return ""
}

// follow reports whether the definitions of a variable are not being followed
// already: url = url + "/more" says no more than the rest does.
func (e *engine) follow(obj types.Object) bool {
	if e.following[obj] {
		return false
	}
	if e.following == nil {
		e.following = map[types.Object]bool{}
	}
	e.following[obj] = true
	return true
}

// definitions says what the variables and fields of the package are set to.
func (e *engine) definitions() map[types.Object][]ast.Expr {
	if e.defs != nil {
		return e.defs
	}
	e.defs, e.outputs = make(map[types.Object][]ast.Expr), make(map[types.Object][]ast.Expr)
	info := e.pass.TypesInfo
	set := func(lhs, rhs ast.Expr) {
		var id *ast.Ident
		switch x := ast.Unparen(lhs).(type) {
		case *ast.Ident:
			id = x
		case *ast.SelectorExpr:
			id = x.Sel
		default:
			return
		}
		obj := info.Defs[id]
		if obj == nil {
			obj = info.Uses[id]
		}
		if obj != nil {
			e.defs[obj] = append(e.defs[obj], rhs)
		}
	}
	for _, file := range e.pass.Files {
		if strings.HasSuffix(e.pass.Fset.File(file.FileStart).Name(), "_test.go") {
			continue
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				for i, l := range n.Lhs {
					if len(n.Lhs) == len(n.Rhs) {
						set(l, n.Rhs[i])
					} else if i == 0 {
						set(l, n.Rhs[0]) // u, err := url.Parse(…)
					}
				}
			case *ast.ValueSpec:
				for i, id := range n.Names {
					if len(n.Names) == len(n.Values) {
						set(id, n.Values[i])
					} else if i == 0 && len(n.Values) == 1 {
						set(id, n.Values[0])
					}
				}
			case *ast.KeyValueExpr:
				if id, ok := n.Key.(*ast.Ident); ok {
					if obj, ok := info.Uses[id].(*types.Var); ok && obj.IsField() {
						set(id, n.Value)
					}
				}
			case *ast.CallExpr: // logger.SetOutput(io.Discard)
				sel, ok := ast.Unparen(n.Fun).(*ast.SelectorExpr)
				if !ok || len(n.Args) != 1 || sel.Sel.Name != "SetOutput" && sel.Sel.Name != "SetHandler" {
					return true
				}
				var id *ast.Ident
				switch x := ast.Unparen(sel.X).(type) {
				case *ast.Ident:
					id = x
				case *ast.SelectorExpr:
					id = x.Sel
				}
				if obj, ok := info.Uses[id].(*types.Var); ok {
					e.outputs[obj] = append(e.outputs[obj], n.Args[0])
				}
			case *ast.Field:
				if n.Tag == nil {
					return true
				}
				tag := reflect.StructTag(strings.Trim(n.Tag.Value, "`"))
				for _, key := range [...]string{"envDefault", "default", "env-default"} {
					if v, ok := tag.Lookup(key); ok && strings.Contains(v, "://") {
						for _, id := range n.Names {
							set(id, &ast.BasicLit{Kind: token.STRING, Value: v})
						}
					}
				}
			}
			return true
		})
	}
	return e.defs
}

// onlyService is the one service of others whose API a file names in its
// strings: where a request goes whose URL cannot be followed. host is empty if
// there is none or more than one.
func (e *engine) onlyService(pos token.Pos) (svc thirdparty.Service, host string) {
	for _, file := range e.pass.Files {
		if file.FileStart > pos || pos >= file.FileEnd {
			continue
		}
		if sole, ok := e.only[file]; ok {
			return sole.svc, sole.host
		}
		several := false
		ast.Inspect(file, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING || len(lit.Value) > 300 {
				return true
			}
			text := strings.Trim(lit.Value, "\"`")
			s, h, ok := thirdparty.URL(text)
			if !ok || s.Category == "other" || !looksLikeAPI(h, text) {
				return true
			}
			several = several || host != "" && svc != s
			svc, host = s, h
			return true
		})
		if several {
			svc, host = thirdparty.Service{}, ""
		}
		if e.only == nil {
			e.only = make(map[*ast.File]soleService)
		}
		e.only[file] = soleService{svc, host}
		return svc, host
	}
	return thirdparty.Service{}, ""
}

type soleService struct {
	svc  thirdparty.Service
	host string
}

// looksLikeAPI tells addresses that programs talk to from links for people.
func looksLikeAPI(host, url string) bool {
	for _, p := range []string{"api.", "hooks.", "graph.", "hook.", "smtp.", "rest.", "connect.", "fcm.", "events.", "notify."} {
		if strings.HasPrefix(host, p) {
			return true
		}
	}
	return strings.Contains(url, "/api") || strings.Contains(url, "/v1") || strings.Contains(url, "/v2") || strings.Contains(host, "api")
}
