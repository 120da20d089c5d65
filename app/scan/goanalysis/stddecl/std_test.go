package stddecl_test

import (
	"go/token"
	"go/types"
	"os"
	"strings"
	"testing"

	"github.com/launchgate/launchgate/app/scan/goanalysis/stddecl"
)

func TestStandardLibraryIsWhole(t *testing.T) {
	pkgs, err := stddecl.Library{}.Standard(token.NewFileSet())
	if err != nil {
		t.Fatal(err)
	}
	for path, names := range map[string][]string{
		"net/http": {"Handler", "ServeMux", "Request", "ListenAndServe", "MethodGet"},
		"log/slog": {"Logger", "Info", "Attr"},
		"context":  {"Context", "WithCancel"},
		"iter":     {"Seq"},
	} {
		p := pkgs[path]
		if p == nil || !p.Complete() {
			t.Errorf("%s: missing or incomplete", path)
			continue
		}
		for _, n := range names {
			if p.Scope().Lookup(n) == nil {
				t.Errorf("%s.%s is missing", path, n)
			}
		}
	}
	// One identity for one type, whichever package mentions it.
	handler := pkgs["net/http"].Scope().Lookup("Handler").Type().Underlying().(*types.Interface)
	server := pkgs["net/http/httptest"].Scope().Lookup("NewServer").Type().(*types.Signature)
	if !types.Identical(server.Params().At(0).Type().Underlying(), handler) {
		t.Error("httptest.NewServer takes another Handler than net/http's")
	}
	if !types.Implements(types.NewPointer(pkgs["net/http"].Scope().Lookup("ServeMux").Type()), handler) {
		t.Error("*ServeMux does not implement Handler")
	}
}

func TestDamagedBundleIsRefused(t *testing.T) {
	for _, b := range []string{"", "junk", "launchgate-decl-2\n", "launchgate-decl-2\n\x01\x02\x03"} {
		if _, entries, err := stddecl.Read([]byte(b)); err == nil {
			t.Errorf("%q gives %d entries and no error", b, len(entries))
		}
	}
}

func TestKnownModulesAreThereInTheVersionsListed(t *testing.T) {
	list, err := os.ReadFile("modules.txt")
	if err != nil {
		t.Fatal(err)
	}
	var lib stddecl.Library
	fset := token.NewFileSet()
	imports, err := lib.Standard(fset)
	if err != nil {
		t.Fatal(err)
	}
	modules := 0
	for line := range strings.Lines(string(list)) {
		f := strings.Fields(line)
		if len(f) == 0 || f[0] == "#" {
			continue
		}
		modules++
		for _, p := range f[2:] {
			path := strings.TrimSuffix(f[0]+"/"+p, "/.")
			v, ok := lib.Module(path)
			if !ok || v.Path != f[0] || v.Version != f[1] {
				t.Errorf("%s: embedded as %v, listed as %s: run go generate", path, v, f[1])
				continue
			}
			if pkg, err := lib.Decode(path, fset, imports); err != nil || len(pkg.Scope().Names()) == 0 {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
	if modules < 40 {
		t.Errorf("only %d modules are listed", modules)
	}
	// Modules mention one another's types and the standard library's: one
	// identity each.
	ctx := types.NewPointer(imports["github.com/gin-gonic/gin"].Scope().Lookup("Context").Type())
	std := imports["context"].Scope().Lookup("Context").Type().Underlying().(*types.Interface)
	if !types.Implements(ctx, std) {
		t.Error("*gin.Context does not implement context.Context")
	}
	cors := imports["github.com/gin-contrib/cors"].Scope().Lookup("Default").Type().(*types.Signature).Results().At(0).Type()
	if !types.Identical(cors, imports["github.com/gin-gonic/gin"].Scope().Lookup("HandlerFunc").Type()) {
		t.Errorf("gin-contrib/cors returns another handler than gin's: %s", cors)
	}
}
