package authz

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/launchgate/launchgate/analyzers/internal/callee"
)

// refuses is the fact of a function that can refuse a request, or returns a
// function that can.
type refuses struct{ How string }

// AFact implements analysis.Fact.
func (*refuses) AFact() {}

func (r *refuses) String() string { return "refuses: " + r.How }

// libraryGuards are functions of well-known packages that refuse by themselves.
var libraryGuards = map[callee.Func]bool{
	{Pkg: "github.com/gin-gonic/gin", Name: "BasicAuth"}:                                      true,
	{Pkg: "github.com/gin-gonic/gin", Name: "BasicAuthForRealm"}:                              true,
	{Pkg: "github.com/appleboy/gin-jwt/v2", Recv: "GinJWTMiddleware", Name: "MiddlewareFunc"}: true,
	{Pkg: "github.com/appleboy/gin-jwt/v3", Recv: "GinJWTMiddleware", Name: "MiddlewareFunc"}: true,
	{Pkg: "github.com/gin-contrib/authz", Name: "NewAuthorizer"}:                              true,
	{Pkg: "github.com/auth0/go-jwt-middleware/v2", Recv: "JWTMiddleware", Name: "CheckJWT"}:   true,
	{Pkg: "github.com/clerk/clerk-sdk-go/v2/http", Name: "RequireHeaderAuthorization"}:        true,
	{Pkg: "github.com/supertokens/supertokens-golang/recipe/session", Name: "VerifySession"}:  true,
	{Pkg: "github.com/go-chi/jwtauth/v5", Name: "Authenticator"}:                              true,
	{Pkg: "github.com/go-pkgz/auth/middleware", Recv: "Authenticator", Name: "Auth"}:          true,
	{Pkg: "github.com/go-pkgz/auth/v2/middleware", Recv: "Authenticator", Name: "Auth"}:       true,
}

// findGuards exports a fact for each function of the package that can refuse,
// directly or through functions of the package, until nothing new turns up.
func findGuards(pass *analysis.Pass) {
	type function struct {
		obj  *types.Func
		body *ast.BlockStmt
	}
	var funcs []function
	for _, file := range pass.Files {
		for _, decl := range file.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Body != nil {
				if obj, ok := pass.TypesInfo.Defs[fn.Name].(*types.Func); ok {
					funcs = append(funcs, function{obj, fn.Body})
				}
			}
		}
	}
	known := make(map[*types.Func]bool)
	for changed := true; changed; {
		changed = false
		for _, f := range funcs {
			if known[f.obj] {
				continue
			}
			if how := refusal(pass, f.body); how != "" {
				known[f.obj] = true
				changed = true
				pass.ExportObjectFact(f.obj, &refuses{How: how})
			}
		}
	}
}

// refusal says how a body can refuse a request, "" if it cannot.
func refusal(pass *analysis.Pass, body ast.Node) string {
	how := ""
	ast.Inspect(body, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || how != "" {
			return how == ""
		}
		name := ""
		switch fun := call.Fun.(type) {
		case *ast.SelectorExpr:
			name = fun.Sel.Name
		case *ast.Ident:
			name = fun.Name
		}
		switch name {
		case "AbortWithStatus", "AbortWithStatusJSON", "AbortWithError", "WriteHeader", "Error", "JSON", "String", "Status", "IndentedJSON", "Data", "HTML":
			for _, a := range call.Args {
				if code := status(pass, a); code == 401 || code == 403 {
					how = "answers " + map[int]string{401: "401 Unauthorized", 403: "403 Forbidden"}[code]
				}
			}
		case "Redirect":
			for _, a := range call.Args {
				if s := strings.ToLower(text(pass, a)); strings.Contains(s, "login") || strings.Contains(s, "signin") || strings.Contains(s, "sign-in") {
					how = "redirects to " + text(pass, a)
				}
			}
		}
		if how == "" {
			// Calling a function that makes a guard refuses nothing yet.
			if f := calledFunc(pass, call); f != nil && !isHandler(pass, call) {
				var fact refuses
				if pass.ImportObjectFact(f, &fact) {
					how = "calls " + f.Name() + ", which " + fact.How
				}
			}
		}
		return how == ""
	})
	return how
}

// calledFunc returns the function a call names, nil for closures and the like.
func calledFunc(pass *analysis.Pass, call *ast.CallExpr) *types.Func {
	switch fun := call.Fun.(type) {
	case *ast.Ident:
		f, _ := pass.TypesInfo.Uses[fun].(*types.Func)
		return f
	case *ast.SelectorExpr:
		f, _ := pass.TypesInfo.Uses[fun.Sel].(*types.Func)
		return f
	}
	return nil
}

// status returns an HTTP status constant, 0 for anything else. It knows
// net/http's names even when nothing is typed.
func status(pass *analysis.Pass, e ast.Expr) int {
	if tv, ok := pass.TypesInfo.Types[e]; ok && tv.Value != nil && tv.Value.Kind() == constant.Int {
		if n, ok := constant.Int64Val(tv.Value); ok {
			return int(n)
		}
	}
	if sel, ok := e.(*ast.SelectorExpr); ok {
		switch sel.Sel.Name {
		case "StatusUnauthorized":
			return 401
		case "StatusForbidden":
			return 403
		}
	}
	return 0
}

func text(pass *analysis.Pass, e ast.Expr) string {
	if tv, ok := pass.TypesInfo.Types[e]; ok && tv.Value != nil && tv.Value.Kind() == constant.String {
		return constant.StringVal(tv.Value)
	}
	if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
		return strings.Trim(lit.Value, "\"`")
	}
	return ""
}

// verdict is what a middleware or handler expression does.
type verdict int

const (
	passes  verdict = iota // cannot refuse
	guards                 // can refuse
	unknown                // cannot be looked into, and may be a guard
)

// judge looks at one middleware or handler expression.
func judge(pass *analysis.Pass, e ast.Expr) verdict {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return judge(pass, e.X)
	case *ast.FuncLit:
		if refusal(pass, e.Body) != "" {
			return guards
		}
		return passes
	case *ast.Ident, *ast.SelectorExpr:
		var id *ast.Ident
		if sel, ok := e.(*ast.SelectorExpr); ok {
			id = sel.Sel
		} else {
			id = e.(*ast.Ident)
		}
		if f, ok := pass.TypesInfo.Uses[id].(*types.Func); ok {
			return judgeFunc(pass, f)
		}
		return byName(id.Name, true)
	case *ast.CallExpr:
		if tv, ok := pass.TypesInfo.Types[e.Fun]; ok && tv.IsType() && len(e.Args) == 1 {
			return judge(pass, e.Args[0]) // http.HandlerFunc(f)
		}
		if f, ok := callee.Of(pass.TypesInfo, e); ok && libraryGuards[f] {
			return guards
		}
		var v verdict
		if f := calledFunc(pass, e); f != nil {
			v = judgeFunc(pass, f)
		} else {
			v = byName(types.ExprString(e.Fun), false)
		}
		// A wrapper lets what it wraps decide: logging(auth(h)).
		for _, a := range e.Args {
			if isHandler(pass, a) {
				v = max2(v, judge(pass, a))
			}
		}
		return v
	}
	return unknown
}

// max2 orders what a chain is by its strongest element: a guard decides, then
// doubt.
func max2(a, b verdict) verdict {
	if a == guards || b == guards {
		return guards
	}
	if a == unknown || b == unknown {
		return unknown
	}
	return passes
}

func judgeFunc(pass *analysis.Pass, f *types.Func) verdict {
	// CORS middleware refuses origins, not people.
	if strings.Contains(strings.ToLower(f.Name()), "cors") || f.Pkg() != nil && strings.Contains(f.Pkg().Path(), "/cors") {
		return passes
	}
	var fact refuses
	if pass.ImportObjectFact(f, &fact) {
		return guards
	}
	if f.Pkg() == pass.Pkg && pass.Pkg != nil {
		return passes // its body was looked at
	}
	return byName(f.Name(), false)
}

// guardWords in a name are weak evidence: enough for doubt, never for safety.
var guardWords = []string{"auth", "login", "session", "token", "jwt", "require", "protect", "guard", "permission", "role", "acl", "rbac", "secure", "signature", "verify", "apikey", "admin", "csrf", "casbin", "must", "ensure", "check", "only", "allow"}

func byName(name string, variable bool) verdict {
	if variable {
		return unknown // a variable can hold anything
	}
	lower := strings.ToLower(name)
	for _, w := range guardWords {
		if strings.Contains(lower, w) {
			return unknown
		}
	}
	return passes
}

// isHandler reports whether an argument can be a handler or middleware.
func isHandler(pass *analysis.Pass, e ast.Expr) bool {
	t := pass.TypesInfo.TypeOf(e)
	if t == nil {
		return false
	}
	if _, ok := t.Underlying().(*types.Signature); ok {
		return true
	}
	pkg, name := callee.Named(t)
	return pkg == "net/http" && (name == "Handler" || name == "HandlerFunc") || name == "HandlerFunc"
}
