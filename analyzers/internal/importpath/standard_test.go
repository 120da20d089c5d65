package importpath_test

import (
	"go/build"
	"os"
	"path/filepath"
	"testing"

	"github.com/launchgate/launchgate/analyzers/internal/importpath"
)

// TestStandardWithoutBeingTold: of a program built with -trimpath every package was
// taken for one of the standard library, and nothing was reported.
func TestStandardWithoutBeingTold(t *testing.T) {
	root := build.Default.GOROOT
	defer func() { build.Default.GOROOT = root }()
	dir := t.TempDir()
	file := func(name string) string {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	file("go/src/runtime/runtime2.go")
	for _, told := range []string{filepath.Join(dir, "go"), ""} {
		build.Default.GOROOT = told
		for _, c := range []struct {
			pkg, file string
			want      bool
		}{
			{"net/http", file("go/src/net/http/server.go"), true},
			{"vendor/golang.org/x/net/idna", file("go/src/vendor/golang.org/x/net/idna/idna.go"), true},
			{"example.com/shop", file("shop/main.go"), false},
			{"a", file("testdata/src/a/a.go"), false},
		} {
			if got := importpath.Standard(c.pkg, c.file); got != c.want {
				t.Errorf("told %q: Standard(%q) = %v, want %v", told, c.pkg, got, c.want)
			}
		}
	}
}
