package goanalysis

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"

	"github.com/launchgate/launchgate/analyzers/authz"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan/goanalysis/load"
)

// taggedRoutes are the files that would register routes if tags of the program's
// own were set: somebody builds it so, and what is then served was not looked at.
// Which way it is built for production nobody but its owners knows.
func taggedRoutes(files []load.Tagged) []review.Gap {
	var gaps []review.Gap
	for _, f := range files {
		found, err := registrations(f.Source)
		if len(found) == 0 && err == nil {
			continue
		}
		names := found[:min(len(found), maxListed)]
		text := "registers routes: " + strings.Join(names, ", ")
		if n := len(found) - len(names); n > 0 {
			text += fmt.Sprintf(" and %d more", n)
		}
		if err != nil {
			text = "is no Go file that can be read"
		}
		tags := "tag " + f.Tags[0]
		if len(f.Tags) > 1 {
			tags = "tags " + strings.Join(f.Tags, ", ")
		}
		gaps = append(gaps, review.Gap{Code: review.CodeTagNotSet, What: f.Path,
			Why: fmt.Sprintf("it is built only with the %s, not set here, and %s", tags, text),
			Do:  "set the tag under code.tags of the server's configuration if production is built with it, or list the file under allow_unverified in the policy if it is not"})
	}
	return gaps
}

// registrations reads off a file's syntax which routes it seems to register: calls
// with a path on something of a router library that the file imports.
func registrations(src []byte) ([]string, error) {
	file, err := parser.ParseFile(token.NewFileSet(), "", src, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("parse a file that is not built: %w", err)
	}
	var libraries []string
	for _, imp := range file.Imports {
		if p, err := strconv.Unquote(imp.Path.Value); err == nil {
			libraries = append(libraries, p)
		}
	}
	out := comparedPaths(file)
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) < 2 {
			return true
		}
		sel, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || !authz.Registers(libraries, sel.Sel.Name) {
			return true
		}
		for _, arg := range call.Args[:2] { // the method may stand before the path
			lit, ok := arg.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				continue
			}
			if text, err := strconv.Unquote(lit.Value); err == nil && strings.Contains(text, "/") {
				out = append(out, named(sel.Sel.Name, text))
				break
			}
		}
		return true
	})
	return out, nil
}

// named writes a registration as people name routes: "GET /x" where the method is
// that of the call.
func named(method, path string) string {
	switch up := strings.ToUpper(method); up {
	case "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS":
		return up + " " + path
	}
	return path
}

// comparedPaths are the paths that a file compares a request's with, as a handler
// does that answers them itself.
func comparedPaths(file *ast.File) []string {
	var out []string
	path := func(e ast.Expr) bool {
		sel, ok := e.(*ast.SelectorExpr)
		if call, isCall := e.(*ast.CallExpr); isCall {
			sel, ok = call.Fun.(*ast.SelectorExpr)
		}
		return ok && (sel.Sel.Name == "Path" || sel.Sel.Name == "RequestURI")
	}
	add := func(e ast.Expr) {
		lit, ok := e.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return
		}
		if text, err := strconv.Unquote(lit.Value); err == nil && strings.HasPrefix(text, "/") {
			out = append(out, text)
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.BinaryExpr:
			if x.Op == token.EQL && path(x.X) {
				add(x.Y)
			}
		case *ast.CallExpr:
			if sel, ok := x.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "HasPrefix" && len(x.Args) == 2 && path(x.Args[0]) {
				add(x.Args[1])
			}
		case *ast.SwitchStmt:
			if x.Tag == nil || !path(x.Tag) {
				return true
			}
			for _, s := range x.Body.List {
				for _, e := range s.(*ast.CaseClause).List {
					add(e)
				}
			}
		}
		return true
	})
	return out
}
