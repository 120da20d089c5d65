package goanalysis_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan/goanalysis"
)

// effectAccess is what a route is with one middleware, or one check, of an effect.
var effectAccess = map[string]review.Access{
	"rejects":  review.Authenticated,
	"authz":    review.Role,
	"parses":   review.Public,
	"optional": review.Public,
	"none":     review.Public,
}

// routerOf are the programs around a row: how each router is made and served, and
// how it is given a route with a middleware.
var routerOf = map[string]struct{ imports, made, route string }{
	"gin":     {`"github.com/gin-gonic/gin"`, "gr := gin.New(); go gr.Run()", `gr.GET("%s", %s, func(c *gin.Context) {})`},
	"echo":    {`"github.com/labstack/echo/v4"`, `er := echo.New(); go er.Start(":1")`, `er.GET("%s", func(c echo.Context) error { return nil }, %s)`},
	"echo5":   {`echo5 "github.com/labstack/echo/v5"`, `er5 := echo5.New(); go er5.Start(":1")`, `er5.GET("%s", func(c *echo5.Context) error { return nil }, %s)`},
	"fiber":   {`"github.com/gofiber/fiber/v2"`, `fr := fiber.New(); go fr.Listen(":1")`, `fr.Get("%s", %s, func(c *fiber.Ctx) error { return nil })`},
	"fiber3":  {`fiber3 "github.com/gofiber/fiber/v3"`, `fr3 := fiber3.New(); go fr3.Listen(":1")`, `fr3.Get("%s", %s, func(c fiber3.Ctx) error { return nil })`},
	"iris":    {`"github.com/kataras/iris/v12"`, `ir := iris.New(); go ir.Listen(":1")`, `ir.Get("%s", %s, func(c iris.Context) {})`},
	"go-zero": {`"github.com/zeromicro/go-zero/rest"`, `zr := rest.MustNewServer(rest.RestConf{}); go zr.Start()`, `zr.AddRoutes([]rest.Route{{Method: "GET", Path: "%s", Handler: h}}, %s)`},
	"beego":   {"", "go web.Run()", `web.Get("%[1]s", func(c *context2.Context) {}); web.InsertFilter("%[1]s", web.BeforeRouter, %[2]s)`},
	"wrap":    {"", `mux := http.NewServeMux(); go http.ListenAndServe(":1", mux)`, `mux.Handle("GET %s", (%s)(http.HandlerFunc(h)))`},
	"handler": {"", `mux := http.NewServeMux(); go http.ListenAndServe(":1", mux)`, `mux.Handle("GET %s", %s)`},
	"call":    {"", `mux := http.NewServeMux(); go http.ListenAndServe(":1", mux)`, `mux.HandleFunc("GET %s", func(w http.ResponseWriter, r *http.Request) { %s })`},
}

// TestEveryAuthLibraryIsKnown puts each guard, parser and check that the catalogue
// of libraries names before a route, and looks at who reaches it: with the
// embedded declarations of well-known modules, and with none.
func TestEveryAuthLibraryIsKnown(t *testing.T) {
	data, err := os.ReadFile("testdata/auth.tsv")
	if err != nil {
		t.Fatal(err)
	}
	type row struct{ line, path, effect string }
	var rows []row
	packages := map[string][]string{} // a program for each router
	made := map[string]string{}
	imports := map[string]map[string]bool{}
	for line := range strings.Lines(string(data)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if strings.HasPrefix(line, "#") || len(f) != 5 {
			continue
		}
		router, ok := routerOf[f[2]]
		if _, known := effectAccess[f[1]]; !ok || !known {
			t.Fatalf("no program can be made of %q", line)
		}
		at := fmt.Sprintf("/%s/%d", f[0], len(rows))
		alias := fmt.Sprintf("p%d", len(rows))
		rows = append(rows, row{line, at, f[1]})
		expr := strings.ReplaceAll(strings.ReplaceAll(f[4], "$", alias), "(H)", "(h)")
		expr = strings.ReplaceAll(expr, ", H)", ", h)")
		if imports[f[2]] == nil {
			imports[f[2]] = map[string]bool{`"net/http"`: true}
		}
		for _, add := range append(others(expr), router.imports, alias+` "`+f[3]+`"`) {
			imports[f[2]][add] = true
		}
		made[f[2]] = router.made
		packages[f[2]] = append(packages[f[2]], fmt.Sprintf(router.route, at, expr))
	}
	ar := &txtar.Archive{}
	for name, lines := range packages {
		var b strings.Builder
		b.WriteString("package main\n\nimport (\n")
		for imp := range imports[name] {
			b.WriteString("\t" + imp + "\n")
		}
		if name == "beego" {
			b.WriteString("\t\"github.com/beego/beego/v2/server/web\"\n\tcontext2 \"github.com/beego/beego/v2/server/web/context\"\n")
		}
		b.WriteString(`)

type claims struct{}

var (
	key    = []byte("from configuration")
	secret = string(key)
	no     = false
	store  any
)

func h(w http.ResponseWriter, r *http.Request) {}

func bearer(r *http.Request) string { return r.Header.Get("Authorization") }

func main() {
` + made[name] + "\n" + strings.Join(lines, "\n") + "\n}\n")
		ar.Files = append(ar.Files, txtar.File{Name: name + "/main.go", Data: []byte(b.String())})
	}
	dir := t.TempDir()
	writeProgram(t, dir, ar)
	for _, from := range []goanalysis.Sources{goanalysis.SourcesEmbedded, goanalysis.SourcesVendor} {
		got := map[string]review.Route{}
		for _, r := range scanRoutes(t, dir, from).Routes {
			got[r.Path] = r
		}
		for _, r := range rows {
			x, ok := got[r.path]
			switch {
			case !ok:
				t.Errorf("%s: no route comes out of %s", from, r.line)
			case x.Access != effectAccess[r.effect]:
				t.Errorf("%s: the route is %v, with %v, for %s", from, x.Access, x.Guards, r.line)
			}
		}
	}
}

var otherPackages = regexp.MustCompile(`\b(context|sessmodels|authorization|echo|fiber|echo5|fiber3)\.`)

// others are the imports of what an expression names beside its own package.
func others(expr string) []string {
	var out []string
	for _, m := range otherPackages.FindAllStringSubmatch(expr, -1) {
		switch m[1] {
		case "context":
			out = append(out, `"context"`)
		case "sessmodels":
			out = append(out, `"github.com/supertokens/supertokens-golang/recipe/session/sessmodels"`)
		case "authorization":
			out = append(out, `"github.com/zitadel/zitadel-go/v3/pkg/authorization"`)
		}
	}
	return out
}
