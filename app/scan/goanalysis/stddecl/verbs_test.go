package stddecl_test

import (
	"go/token"
	"go/types"
	"strings"
	"testing"

	"github.com/launchgate/launchgate/analyzers/authz"
	"github.com/launchgate/launchgate/app/scan/goanalysis/stddecl"
)

// routerPackages are those with the routers whose verbs are a table.
var routerPackages = []string{
	"github.com/gin-gonic/gin", "github.com/labstack/echo/v4", "github.com/labstack/echo/v5", "github.com/go-chi/chi/v5", "github.com/gorilla/mux",
	"github.com/gofiber/fiber/v2", "github.com/gofiber/fiber/v3", "github.com/cloudwego/hertz/pkg/route", "github.com/kataras/iris/v12/core/router",
	"github.com/julienschmidt/httprouter", "github.com/zeromicro/go-zero/rest", "github.com/grpc-ecosystem/grpc-gateway/v2/runtime",
}

// TestNoVerbOfARouterIsForgotten goes through the methods of every router that is
// given something which answers requests: each must be in the table of its verbs,
// so that a version which adds one is seen when its declarations are raised.
func TestNoVerbOfARouterIsForgotten(t *testing.T) {
	var lib stddecl.Library
	fset := token.NewFileSet()
	imports, err := lib.Standard(fset)
	if err != nil {
		t.Fatal(err)
	}
	looked := 0
	for _, path := range routerPackages {
		pkg, err := lib.Decode(path, fset, imports)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		for _, name := range pkg.Scope().Names() {
			verbs := authz.RouterVerbs(path, name)
			obj, ok := pkg.Scope().Lookup(name).(*types.TypeName)
			if verbs == nil || !ok {
				continue
			}
			for method := range methods(obj.Type()) {
				looked++
				if _, known := verbs[method.Name()]; !known && answers(method.Signature()) {
					t.Errorf("%s.%s.%s: what it does is not in the table of verbs: func%s", path, name, method.Name(), strings.TrimPrefix(types.TypeString(method.Type(), types.RelativeTo(pkg)), "func"))
				}
			}
		}
	}
	if looked < 300 {
		t.Errorf("only %d methods were looked at", looked)
	}
}

// methods are the exported methods of a type and of what points to it.
func methods(t types.Type) func(func(*types.Func) bool) {
	if !types.IsInterface(t) {
		t = types.NewPointer(t)
	}
	set := types.NewMethodSet(t)
	return func(yield func(*types.Func) bool) {
		for m := range set.Methods() {
			if f := m.Obj().(*types.Func); f.Exported() && !yield(f) {
				return
			}
		}
	}
}

// answers reports whether a method is given something that may answer requests.
func answers(sig *types.Signature) bool {
	for p := range sig.Params().Variables() {
		t := p.Type()
		if s, ok := t.(*types.Slice); ok {
			t = s.Elem()
		}
		text := types.TypeString(t, nil)
		switch {
		case strings.Contains(text, "Handler") && !strings.Contains(text, "ErrorHandler") && !strings.Contains(text, "TLSHandler"), strings.Contains(text, "Middleware"), strings.Contains(text, "http.ResponseWriter") && strings.HasPrefix(text, "func("),
			strings.HasSuffix(text, "rest.Route"), strings.HasSuffix(text, "echo.Route"):
			return true
		}
		if i, ok := t.Underlying().(*types.Interface); ok && i.NumMethods() == 0 && sig.Variadic() && sig.Params().Len() > 1 {
			return true // fiber's handlers may be of several types
		}
	}
	return false
}
