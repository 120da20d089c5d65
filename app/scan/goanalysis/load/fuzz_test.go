package load_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/launchgate/launchgate/app/scan/goanalysis/load"
)

// FuzzReaders feeds rubbish to everything that reads a file of a checkout. The
// loader must come back, with a result, and without having left the checkout. Run
// it with -fuzzminimizetime 5x: two type checkers at once make coverage vary, and
// the fuzzer would spend a minute on each input to make it smaller.
func FuzzReaders(f *testing.F) {
	f.Add("module m\ngo 1.24\nrequire a.b/c v1.0.0\nreplace a.b/c => ../x\n", "go 1.24\nuse (\n.\n../..\n)\n", "a.b/c v1.0.0 h1:x=\n",
		"# a.b/c v1.0.0\n## explicit; go 1.20\na.b/c\n", "//go:build linux && !(a || b)\n\npackage m\nimport \"a.b/c\"\nvar V c.T\n")
	f.Add("module \x00", "use", "", "../..", "package m\nfunc f[T any](x T) { f(&x) }\nvar v = map[string][]func(){\"a\": nil}\n")
	f.Add("module m\nreplace m => m\nignore ./x\n", "", "m v0 h1:\n", "# m\nm\n", "package m\nimport . \"m\"\nimport _ \"C\"\ntype t struct{ t }\n//line /x:1\nfunc (t) f() {\n")
	f.Fuzz(func(t *testing.T, gomod, gowork, gosum, modules, source string) {
		dir := t.TempDir()
		for name, text := range map[string]string{"go.mod": gomod, "go.work": gowork, "go.sum": gosum, "vendor/modules.txt": modules,
			"m.go": source, "vendor/a.b/c/c.go": source, "p/p.go": source} {
			file := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		// Without the standard library, which takes longer to decode than all the rest.
		r, err := load.Load(context.Background(), load.Options{Dir: dir, Limits: load.Limits{
			FileBytes: 1 << 16, TotalBytes: 1 << 18, Files: 10, Entries: 100, Depth: 200}})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range r.Packages {
			if p.Types == nil || p.Typed.ExprsTyped > p.Typed.Exprs || p.Typed.FuncsTyped > p.Typed.Funcs {
				t.Errorf("package %q makes no sense: %+v", p.PkgPath, p.Typed)
			}
		}
	})
}
