package cors

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strconv"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/launchgate/launchgate/analyzers/internal/callee"
	"github.com/launchgate/launchgate/analyzers/rule"
)

// Analyzer reports CORS configurations that any origin satisfies.
var Analyzer = &analysis.Analyzer{
	Name:       "cors",
	Doc:        "report CORS configurations that any origin satisfies",
	URL:        "https://pkg.go.dev/github.com/launchgate/launchgate/analyzers/cors",
	Run:        run,
	ResultType: rule.ResultType,
}

// library is what one CORS library calls things, and what it does by default.
type library struct {
	pkg    string
	config string // its configuration struct
	// all is the bool field that allows every origin, lists the fields with
	// origins, funcs the fields with a function that decides.
	all         string
	lists       []string
	funcs       []string
	credentials string
	// emptyIsAll: a configuration without origins or function allows all.
	emptyIsAll bool
	// open are functions whose result allows every origin; openBare those that
	// do when called without arguments.
	open, openBare []string
	// reflects: for "*" with credentials the library sends the Origin back
	// instead of "*", which browsers accept.
	reflects bool
}

var libraries = []library{
	{pkg: "github.com/gin-contrib/cors", config: "Config", all: "AllowAllOrigins", lists: []string{"AllowOrigins"}, funcs: []string{"AllowOriginFunc", "AllowOriginWithContextFunc"}, credentials: "AllowCredentials", open: []string{"Default"}},
	{pkg: "github.com/rs/cors", config: "Options", lists: []string{"AllowedOrigins"}, funcs: []string{"AllowOriginFunc", "AllowOriginRequestFunc", "AllowOriginVaryRequestFunc"}, credentials: "AllowCredentials", emptyIsAll: true, open: []string{"Default", "AllowAll"}},
	{pkg: "github.com/rs/cors/wrapper/gin", config: "Options", lists: []string{"AllowedOrigins"}, funcs: []string{"AllowOriginFunc", "AllowOriginRequestFunc", "AllowOriginVaryRequestFunc"}, credentials: "AllowCredentials", emptyIsAll: true, open: []string{"Default", "AllowAll"}},
	{pkg: "github.com/go-chi/cors", config: "Options", lists: []string{"AllowedOrigins"}, funcs: []string{"AllowOriginFunc"}, credentials: "AllowCredentials", emptyIsAll: true, open: []string{"AllowAll"}},
	{pkg: "github.com/labstack/echo/v4/middleware", config: "CORSConfig", lists: []string{"AllowOrigins"}, funcs: []string{"AllowOriginFunc"}, credentials: "AllowCredentials", emptyIsAll: true, openBare: []string{"CORS"}},
	{pkg: "github.com/gofiber/fiber/v2/middleware/cors", config: "Config", lists: []string{"AllowOrigins"}, funcs: []string{"AllowOriginsFunc"}, credentials: "AllowCredentials", emptyIsAll: true, openBare: []string{"New"}},
	{pkg: "github.com/gofiber/fiber/v3/middleware/cors", config: "Config", lists: []string{"AllowOrigins"}, funcs: []string{"AllowOriginsFunc"}, credentials: "AllowCredentials", emptyIsAll: true, openBare: []string{"New"}},
	{pkg: "github.com/hertz-contrib/cors", config: "Config", all: "AllowAllOrigins", lists: []string{"AllowOrigins"}, funcs: []string{"AllowOriginFunc"}, credentials: "AllowCredentials", open: []string{"Default"}},
	{pkg: "github.com/gorilla/handlers", openBare: []string{"CORS"}},
	{pkg: "github.com/gogf/gf/v2/net/ghttp", open: []string{"MiddlewareCORS"}, reflects: true},
}

func run(pass *analysis.Pass) (any, error) {
	out := new(rule.Findings)
	for _, file := range pass.Files {
		if strings.HasSuffix(pass.Fset.File(file.FileStart).Name(), "_test.go") || ast.IsGenerated(file) {
			continue
		}
		for _, decl := range file.Decls {
			c := &checker{pass: pass, out: out, symbol: "package", decl: decl}
			if fn, ok := decl.(*ast.FuncDecl); ok {
				c.symbol = fn.Name.Name
			}
			ast.Inspect(decl, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CompositeLit:
					c.literal(n)
				case *ast.CallExpr:
					c.call(n)
				case *ast.AssignStmt:
					c.assign(n)
				}
				return true
			})
			c.headers()
		}
	}
	return out, nil
}

type checker struct {
	pass   *analysis.Pass
	out    *rule.Findings
	symbol string
	decl   ast.Decl
}

func (c *checker) report(r *rule.Rule, n ast.Node, key, message string, steps ...rule.Step) {
	c.out.Report(c.pass, rule.Finding{Rule: r, Pos: n.Pos(), End: n.End(), Message: message, Symbol: c.symbol, Key: key, Evidence: steps})
}

// literal judges a configuration written as a composite literal.
func (c *checker) literal(lit *ast.CompositeLit) {
	if lit.Type == nil {
		return
	}
	pkg, name := callee.TypeName(c.pass.TypesInfo, lit.Type)
	for _, lib := range libraries {
		if lib.config == "" || name != lib.config || !samePackage(pkg, lib.pkg) {
			continue
		}
		fields := make(map[string]ast.Expr)
		for _, el := range lit.Elts {
			if kv, ok := el.(*ast.KeyValueExpr); ok {
				if id, ok := kv.Key.(*ast.Ident); ok {
					fields[id.Name] = kv.Value
				}
			}
		}
		c.config(lib, lit, fields)
		return
	}
}

// config judges the fields of one configuration.
func (c *checker) config(lib library, lit *ast.CompositeLit, fields map[string]ast.Expr) {
	credentials := isTrue(c.pass, fields[lib.credentials])
	decides := false
	for _, name := range lib.funcs {
		fn, ok := fields[name]
		if !ok {
			continue
		}
		decides = true
		if yes := alwaysYes(c.pass, fn); yes != nil {
			r := &anyOrigin
			message := name + " says yes to every origin"
			if credentials {
				r = &reflected
				message += ", and credentials are allowed: any site can act as the signed-in user"
			}
			c.report(r, fn, lib.pkg+" "+name, message,
				rule.Step{Pos: fn.Pos(), Note: name + " never looks at the origin"}, rule.Step{Pos: yes.Pos(), Note: "and returns true"})
		}
	}
	if lib.all != "" && isTrue(c.pass, fields[lib.all]) {
		c.report(&anyOrigin, fields[lib.all], lib.pkg+" "+lib.all, lib.all+" lets every origin read responses", rule.Step{Pos: fields[lib.all].Pos(), Note: lib.all + " is true"})
	}
	listed := false
	for _, name := range lib.lists {
		list, ok := fields[name]
		if !ok {
			continue
		}
		listed = true
		for _, origin := range stringsIn(c.pass, list) {
			switch o := strings.TrimSpace(origin.text); {
			case o == "*" || o == "http://*" || o == "https://*":
				r, message := &anyOrigin, fmt.Sprintf("%s contains %q: every origin can read responses", name, o)
				if credentials && o != "*" {
					r, message = &reflected, fmt.Sprintf("%s contains %q and credentials are allowed: any site can act as the signed-in user", name, o)
				}
				c.report(r, origin.node, lib.pkg+" "+name, message, rule.Step{Pos: origin.node.Pos(), Note: "the list of origins holds " + o})
			case o == "null" && credentials:
				c.report(&reflected, origin.node, lib.pkg+" null", name+` contains "null" and credentials are allowed: any sandboxed page can act as the signed-in user`,
					rule.Step{Pos: origin.node.Pos(), Note: "a sandboxed iframe has the origin null"})
			}
		}
	}
	if lib.emptyIsAll && !listed && !decides && len(fields) == keyed(lit) {
		c.report(&anyOrigin, lit, lib.pkg+" default", "no origin is listed, which for this library means that every origin can read responses",
			rule.Step{Pos: lit.Pos(), Note: "neither " + strings.Join(append(append([]string{}, lib.lists...), lib.funcs...), " nor ") + " is set"})
	}
}

// keyed counts the elements of a literal, so that one with positional elements
// or spread fields is not taken for an empty one.
func keyed(lit *ast.CompositeLit) int {
	n := 0
	for _, el := range lit.Elts {
		if kv, ok := el.(*ast.KeyValueExpr); ok {
			if _, ok := kv.Key.(*ast.Ident); ok {
				n++
				continue
			}
		}
		return -1
	}
	return n
}

// call judges functions that open everything by themselves.
func (c *checker) call(call *ast.CallExpr) {
	f, ok := callee.Of(c.pass.TypesInfo, call)
	if !ok || f.Recv != "" {
		return
	}
	for _, lib := range libraries {
		if !samePackage(f.Pkg, lib.pkg) {
			continue
		}
		open := contains(lib.open, f.Name) || contains(lib.openBare, f.Name) && len(call.Args) == 0
		if !open {
			continue
		}
		r := &anyOrigin
		if lib.reflects {
			r = &reflected
		}
		c.report(r, call, lib.pkg+" "+f.Name, f.Name+"() lets every origin read responses", rule.Step{Pos: call.Pos(), Note: "the default of " + lib.pkg})
		return
	}
}

// assign judges config.AllowAllOrigins = true and its like.
func (c *checker) assign(as *ast.AssignStmt) {
	if len(as.Lhs) != len(as.Rhs) {
		return
	}
	for i, l := range as.Lhs {
		sel, ok := l.(*ast.SelectorExpr)
		if !ok {
			continue
		}
		t := c.pass.TypesInfo.TypeOf(sel.X)
		if t == nil {
			continue
		}
		pkg, name := callee.Named(t)
		for _, lib := range libraries {
			if lib.config == "" || name != lib.config || !samePackage(pkg, lib.pkg) || sel.Sel.Name == lib.credentials {
				continue
			}
			lib.emptyIsAll = false
			fields := map[string]ast.Expr{sel.Sel.Name: as.Rhs[i]}
			if c.setsTrue(sel.X, lib.credentials) {
				fields[lib.credentials] = ast.NewIdent("true")
			}
			c.config(lib, nil, fields)
		}
	}
}

// setsTrue reports whether the declaration assigns true to field of the same
// variable.
func (c *checker) setsTrue(x ast.Expr, field string) bool {
	want := types.ExprString(x)
	found := false
	ast.Inspect(c.decl, func(n ast.Node) bool {
		if as, ok := n.(*ast.AssignStmt); ok && len(as.Lhs) == len(as.Rhs) {
			for i, l := range as.Lhs {
				if sel, ok := l.(*ast.SelectorExpr); ok && sel.Sel.Name == field && types.ExprString(sel.X) == want && isTrue(c.pass, as.Rhs[i]) {
					found = true
				}
			}
		}
		return !found
	})
	return found
}

const (
	allowOrigin      = "access-control-allow-origin"
	allowCredentials = "access-control-allow-credentials"
)

// headers judges headers set by hand anywhere in the declaration.
func (c *checker) headers() {
	type set struct {
		call  *ast.CallExpr
		value ast.Expr
	}
	var origins []set
	credentials := false
	ast.Inspect(c.decl, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) < 2 {
			return true
		}
		sel, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || !contains([]string{"Set", "Add", "Header", "SetHeader", "SetResponseHeader"}, sel.Sel.Name) {
			return true
		}
		switch strings.ToLower(text(c.pass, call.Args[0])) {
		case allowOrigin:
			origins = append(origins, set{call, call.Args[1]})
		case allowCredentials:
			credentials = credentials || text(c.pass, call.Args[1]) == "true"
		}
		return true
	})
	for _, o := range origins {
		if text(c.pass, o.value) == "*" {
			c.report(&anyOrigin, o.call, "header *", "Access-Control-Allow-Origin is *: every origin can read responses", rule.Step{Pos: o.value.Pos(), Note: "the header is set to *"})
			continue
		}
		from := c.requestOrigin(o.value)
		if from == nil || c.checked(o.value, from) {
			continue
		}
		steps := []rule.Step{{Pos: from.Pos(), Note: "the request's Origin header is read"}, {Pos: o.value.Pos(), Note: "and sent back without a check"}}
		if credentials {
			c.report(&reflected, o.call, "header reflected", "the Origin header is sent back unchecked and credentials are allowed: any site can act as the signed-in user", steps...)
		} else {
			c.report(&anyOrigin, o.call, "header reflected", "the Origin header is sent back unchecked: every origin can read responses", steps...)
		}
	}
}

// requestOrigin returns where e reads the request's Origin header, following
// one local variable; nil if it does not.
func (c *checker) requestOrigin(e ast.Expr) ast.Expr {
	if call, ok := e.(*ast.CallExpr); ok && len(call.Args) >= 1 && strings.EqualFold(text(c.pass, call.Args[0]), "Origin") {
		return call
	}
	id, ok := e.(*ast.Ident)
	if !ok {
		return nil
	}
	obj := c.pass.TypesInfo.Uses[id]
	var from ast.Expr
	ast.Inspect(c.decl, func(n ast.Node) bool {
		as, ok := n.(*ast.AssignStmt)
		if !ok || len(as.Lhs) != len(as.Rhs) {
			return true
		}
		for i, l := range as.Lhs {
			lid, ok := l.(*ast.Ident)
			if !ok || lid.Name != id.Name || obj != nil && c.pass.TypesInfo.Defs[lid] != obj && c.pass.TypesInfo.Uses[lid] != obj {
				continue
			}
			if call, ok := as.Rhs[i].(*ast.CallExpr); ok && len(call.Args) >= 1 && strings.EqualFold(text(c.pass, call.Args[0]), "Origin") {
				from = call
			}
		}
		return true
	})
	return from
}

// checked reports whether the origin is looked at before it is sent back: it is
// compared with something other than "", looked up, ranged over, or given to a
// function that is not the header call itself.
func (c *checker) checked(value, from ast.Expr) bool {
	name := types.ExprString(value)
	found := false
	ast.Inspect(c.decl, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			if n.Op == token.EQL || n.Op == token.NEQ {
				x, y := types.ExprString(n.X), types.ExprString(n.Y)
				if (x == name && y != `""`) || (y == name && x != `""`) {
					found = true
				}
			}
		case *ast.IndexExpr:
			found = found || types.ExprString(n.Index) == name
		case *ast.SwitchStmt:
			found = found || n.Tag != nil && types.ExprString(n.Tag) == name
		case *ast.CallExpr:
			if ast.Node(n) == ast.Node(from) || setsHeader(n) {
				return true
			}
			for _, a := range n.Args {
				found = found || types.ExprString(a) == name && looksLikeCheck(n)
			}
		}
		return !found
	})
	return found
}

func setsHeader(call *ast.CallExpr) bool {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	return ok && contains([]string{"Set", "Add", "Header", "SetHeader", "Del"}, sel.Sel.Name)
}

// looksLikeCheck leaves out calls that only print, and comparisons that an
// attacker's domain passes.
func looksLikeCheck(call *ast.CallExpr) bool {
	name := types.ExprString(call.Fun)
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		name = name[i+1:]
	}
	for _, prefix := range []string{"Print", "Debug", "Info", "Warn", "Error", "Log", "String", "Sprint"} {
		if strings.HasPrefix(name, prefix) {
			return false
		}
	}
	return name != "HasPrefix" && !(name == "Contains" && strings.HasPrefix(types.ExprString(call.Fun), "strings."))
}

// alwaysYes returns the "return true" of a function literal that has no other
// return, nil for anything else.
func alwaysYes(pass *analysis.Pass, e ast.Expr) *ast.ReturnStmt {
	lit, ok := e.(*ast.FuncLit)
	if !ok {
		return nil
	}
	var yes *ast.ReturnStmt
	only := true
	ast.Inspect(lit.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return n == lit
		case *ast.ReturnStmt:
			if len(n.Results) > 0 && isTrue(pass, n.Results[0]) {
				yes = n
			} else {
				only = false
			}
		}
		return true
	})
	if !only {
		return nil
	}
	return yes
}

func isTrue(pass *analysis.Pass, e ast.Expr) bool {
	if e == nil {
		return false
	}
	if tv, ok := pass.TypesInfo.Types[e]; ok && tv.Value != nil && tv.Value.Kind() == constant.Bool {
		return constant.BoolVal(tv.Value)
	}
	id, ok := e.(*ast.Ident)
	return ok && id.Name == "true"
}

type textNode struct {
	text string
	node ast.Expr
}

// stringsIn returns the constant strings of a list literal, or of a constant
// that holds a comma-separated list.
func stringsIn(pass *analysis.Pass, e ast.Expr) []textNode {
	if lit, ok := e.(*ast.CompositeLit); ok {
		var out []textNode
		for _, el := range lit.Elts {
			if s := text(pass, el); s != "" {
				out = append(out, textNode{s, el})
			}
		}
		return out
	}
	var out []textNode
	for _, s := range strings.Split(text(pass, e), ",") {
		out = append(out, textNode{s, e})
	}
	return out
}

// text returns the constant string e is, "" for none.
func text(pass *analysis.Pass, e ast.Expr) string {
	if tv, ok := pass.TypesInfo.Types[e]; ok && tv.Value != nil && tv.Value.Kind() == constant.String {
		return constant.StringVal(tv.Value)
	}
	if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
		if s, err := strconv.Unquote(lit.Value); err == nil {
			return s
		}
	}
	if sel, ok := e.(*ast.SelectorExpr); ok {
		// echo.HeaderAccessControlAllowOrigin and fiber's of the same name,
		// when their package is not at hand
		switch sel.Sel.Name {
		case "HeaderAccessControlAllowOrigin":
			return allowOrigin
		case "HeaderAccessControlAllowCredentials":
			return allowCredentials
		case "HeaderOrigin":
			return "Origin"
		}
	}
	return ""
}

// samePackage accepts other major versions of a library.
func samePackage(path, want string) bool {
	return path == want || strings.HasPrefix(want, "github.com/labstack/echo/") && strings.HasPrefix(path, "github.com/labstack/echo") && strings.HasSuffix(path, "/middleware") && path != "github.com/labstack/echo/v5/middleware"
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
