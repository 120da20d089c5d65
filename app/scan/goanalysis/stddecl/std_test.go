package stddecl_test

import (
	"go/token"
	"go/types"
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
	for _, b := range []string{"", "junk", "launchgate-decl-1\n", "launchgate-decl-1\n\x01\x02\x03"} {
		if _, entries, err := stddecl.Read([]byte(b)); err == nil {
			t.Errorf("%q gives %d entries and no error", b, len(entries))
		}
	}
}
