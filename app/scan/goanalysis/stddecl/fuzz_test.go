package stddecl_test

import (
	"bytes"
	"go/token"
	"go/types"
	"testing"

	"github.com/launchgate/launchgate/app/scan/goanalysis/stddecl"
)

// FuzzRead reads damaged bundles: an error, never a panic or endless memory.
func FuzzRead(f *testing.F) {
	var b bytes.Buffer
	pkg := types.NewPackage("example.com/p", "p")
	pkg.Scope().Insert(types.NewVar(token.NoPos, pkg, "V", types.Typ[types.Int]))
	pkg.MarkComplete()
	if err := stddecl.Write(&b, "label", token.NewFileSet(), []*types.Package{pkg}, func(string) string { return "" }); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte("launchgate-decl-2\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, entries, err := stddecl.Read(data)
		if err != nil && len(entries) > 0 {
			t.Error("a damaged bundle gives entries")
		}
	})
}
