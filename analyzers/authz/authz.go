package authz

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/launchgate/launchgate/analyzers/internal/callee"
	"github.com/launchgate/launchgate/analyzers/rule"
)

// Analyzer reports routes anybody can call.
var Analyzer = &analysis.Analyzer{
	Name:       "authz",
	Doc:        "report handlers without authorization middleware",
	URL:        "https://pkg.go.dev/github.com/launchgate/launchgate/analyzers/authz",
	Run:        run,
	ResultType: rule.ResultType,
	FactTypes:  []analysis.Fact{new(refuses)},
}

const ginPath = "github.com/gin-gonic/gin"

func run(pass *analysis.Pass) (any, error) {
	findGuards(pass)
	out := new(rule.Findings)
	for _, file := range pass.Files {
		if strings.HasSuffix(pass.Fset.File(file.FileStart).Name(), "_test.go") || ast.IsGenerated(file) {
			continue
		}
		for _, decl := range file.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Body != nil {
				w := &walker{pass: pass, out: out, symbol: fn.Name.Name, routers: make(map[types.Object]*router)}
				w.findWrapped(fn.Body)
				ast.Inspect(fn.Body, w.visit)
			}
		}
	}
	return out, nil
}

// router is a gin engine or group, or a ServeMux, with what is attached to it
// at this point of the function.
type router struct {
	prefix string
	// doubtful is set when part of the chain is not known.
	doubtful bool
	guarded  bool
	chain    []link
}

// link is one middleware of a chain.
type link struct {
	name string
	pos  token.Pos
}

func (r *router) with(prefix string) *router {
	return &router{prefix: r.prefix + prefix, doubtful: r.doubtful, guarded: r.guarded, chain: r.chain[:len(r.chain):len(r.chain)]}
}

type walker struct {
	pass    *analysis.Pass
	out     *rule.Findings
	symbol  string
	routers map[types.Object]*router
	// wrapped are muxes that the function hands to a guard as a whole.
	wrapped map[types.Object]verdict
}

func (w *walker) object(e ast.Expr) types.Object {
	id, ok := e.(*ast.Ident)
	if !ok {
		return nil
	}
	if obj := w.pass.TypesInfo.Defs[id]; obj != nil {
		return obj
	}
	return w.pass.TypesInfo.Uses[id]
}

// findWrapped notes muxes that are arguments of a middleware: auth(mux).
func (w *walker) findWrapped(body ast.Node) {
	w.wrapped = make(map[types.Object]verdict)
	ast.Inspect(body, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		for _, a := range call.Args {
			obj := w.object(a)
			if obj == nil || !isMux(obj.Type()) {
				continue
			}
			var v verdict
			if f := calledFunc(w.pass, call); f != nil {
				v = judgeFunc(w.pass, f)
			} else {
				v = byName(types.ExprString(call.Fun), false)
			}
			w.wrapped[obj] = max2(w.wrapped[obj], v)
		}
		return true
	})
}

func isMux(t types.Type) bool {
	pkg, name := callee.Named(t)
	return pkg == "net/http" && name == "ServeMux"
}

func (w *walker) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.AssignStmt:
		for i, l := range n.Lhs {
			if len(n.Lhs) != len(n.Rhs) {
				break
			}
			if obj := w.object(l); obj != nil {
				if r := w.routerOf(n.Rhs[i]); r != nil {
					w.routers[obj] = r
				}
			}
		}
	case *ast.ValueSpec:
		for i, name := range n.Names {
			if i < len(n.Values) {
				if r := w.routerOf(n.Values[i]); r != nil {
					w.routers[w.pass.TypesInfo.Defs[name]] = r
				}
			}
		}
	case *ast.CallExpr:
		w.call(n)
	}
	return true
}

// routerOf returns the router an expression evaluates to, nil if it is none.
func (w *walker) routerOf(e ast.Expr) *router {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return w.routerOf(e.X)
	case *ast.UnaryExpr:
		return w.routerOf(e.X)
	case *ast.Ident:
		obj := w.object(e)
		if obj == nil {
			return nil
		}
		if r, ok := w.routers[obj]; ok {
			return r
		}
		if isRouter(obj.Type()) {
			return &router{doubtful: true} // a parameter or a global
		}
	case *ast.SelectorExpr:
		if t := w.pass.TypesInfo.TypeOf(e); t != nil && isRouter(t) {
			return &router{doubtful: true} // a field: who knows what is attached
		}
	case *ast.CallExpr:
		f, ok := callee.Of(w.pass.TypesInfo, e)
		if !ok {
			return nil
		}
		switch {
		case f.Pkg == ginPath && f.Recv == "" && (f.Name == "New" || f.Name == "Default"):
			return new(router)
		case f.Pkg == "net/http" && f.Recv == "" && f.Name == "NewServeMux":
			return new(router)
		case f.Name == "Group" || f.Name == "Use":
			sel, ok := e.Fun.(*ast.SelectorExpr)
			if !ok {
				return nil
			}
			parent := w.routerOf(sel.X)
			if parent == nil {
				return nil
			}
			if f.Name == "Use" {
				// r.Use(guard).GET(…): the chain of this expression has it; call
				// attaches it to r itself.
				chained := parent.with("")
				w.attach(chained, e.Args)
				return chained
			}
			prefix := ""
			args := e.Args
			if len(args) > 0 {
				prefix = text(w.pass, args[0])
				args = args[1:]
			}
			child := parent.with(prefix)
			w.attach(child, args)
			return child
		}
		if t := w.pass.TypesInfo.TypeOf(e); t != nil && isRouter(t) {
			return &router{doubtful: true}
		}
	}
	return nil
}

func isRouter(t types.Type) bool {
	pkg, name := callee.Named(t)
	return pkg == ginPath && (name == "Engine" || name == "RouterGroup" || name == "IRouter" || name == "IRoutes") || isMux(t)
}

func (w *walker) attach(r *router, middleware []ast.Expr) {
	for _, m := range middleware {
		r.chain = append(r.chain, link{types.ExprString(m), m.Pos()})
		switch judge(w.pass, m) {
		case guards:
			r.guarded = true
		case unknown:
			r.doubtful = true
		}
	}
}

var ginMethods = map[string]string{"GET": "GET", "POST": "POST", "PUT": "PUT", "PATCH": "PATCH", "DELETE": "DELETE", "HEAD": "HEAD", "OPTIONS": "OPTIONS", "Any": "*"}

func (w *walker) call(call *ast.CallExpr) {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return
	}
	f, known := callee.Of(w.pass.TypesInfo, call)
	if !known {
		return
	}
	if f.Pkg == "net/http" && (f.Name == "HandleFunc" || f.Name == "Handle") && len(call.Args) == 2 {
		w.mux(call, sel, f)
		return
	}
	r := w.routerOf(sel.X)
	if r == nil || f.Pkg != ginPath {
		return
	}
	switch {
	case f.Name == "Use":
		w.attach(r, call.Args)
	case ginMethods[f.Name] != "" && len(call.Args) >= 2:
		w.route(call, r, ginMethods[f.Name], text(w.pass, call.Args[0]), call.Args[1:])
	case f.Name == "Handle" && len(call.Args) >= 3:
		w.route(call, r, text(w.pass, call.Args[0]), text(w.pass, call.Args[1]), call.Args[2:])
	}
}

// mux judges a registration on a ServeMux; the default one is the package's.
func (w *walker) mux(call *ast.CallExpr, sel *ast.SelectorExpr, f callee.Func) {
	r := new(router)
	if f.Recv == "ServeMux" {
		if r = w.routerOf(sel.X); r == nil {
			return
		}
		if obj := w.object(sel.X); obj != nil {
			switch w.wrapped[obj] {
			case guards:
				return
			case unknown:
				return
			}
		}
	}
	method, path := "*", text(w.pass, call.Args[0])
	if m, p, ok := strings.Cut(path, " "); ok {
		method, path = m, strings.TrimSpace(p)
	}
	if i := strings.IndexByte(path, '/'); i > 0 {
		path = path[i:] // a pattern may begin with a host
	}
	w.route(call, r, method, path, call.Args[1:])
}

func (w *walker) route(call *ast.CallExpr, r *router, method, path string, handlers []ast.Expr) {
	if r.guarded || r.doubtful || call.Ellipsis.IsValid() || path == "" && r.prefix == "" {
		return
	}
	own := &router{chain: r.chain[:len(r.chain):len(r.chain)]}
	w.attach(own, handlers)
	if own.guarded || own.doubtful {
		return
	}
	full := join(r.prefix, path)
	name := method + " " + full
	handler := handlers[len(handlers)-1]
	steps := []rule.Step{{Pos: call.Pos(), Note: name + " is registered here"}}
	for _, l := range own.chain[:len(own.chain)-1] {
		steps = append(steps, rule.Step{Pos: l.pos, Note: l.name + " applies to it and cannot refuse a request"})
	}
	steps = append(steps, rule.Step{Pos: handler.Pos(), Note: "the handler " + handlerName(handler) + " does not refuse one either"})
	finding := rule.Finding{
		Rule: &missing, Pos: call.Pos(), End: call.End(), Symbol: w.symbol, Key: name, Routes: []string{name}, Evidence: steps,
		Message: fmt.Sprintf("%s can be called by anybody: nothing in its chain can refuse a request", name),
	}
	if reason := expected(full); reason != "" {
		finding.Expected, finding.Severity = reason, rule.Low
	}
	w.out.Report(w.pass, finding)
}

func handlerName(e ast.Expr) string {
	if _, ok := e.(*ast.FuncLit); ok {
		return "(a function literal)"
	}
	if call, ok := e.(*ast.CallExpr); ok {
		return types.ExprString(call.Fun)
	}
	return types.ExprString(e)
}

func join(prefix, path string) string {
	full := strings.TrimSuffix(prefix, "/") + "/" + strings.TrimPrefix(path, "/")
	if full != "/" && path == "" {
		full = strings.TrimSuffix(full, "/")
	}
	return full
}
