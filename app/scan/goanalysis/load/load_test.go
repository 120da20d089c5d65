package load_test

import (
	"context"
	"fmt"
	"go/types"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/mod/module"
	"golang.org/x/tools/txtar"

	"github.com/launchgate/launchgate/app/scan/goanalysis/declstore"
	"github.com/launchgate/launchgate/app/scan/goanalysis/load"
	"github.com/launchgate/launchgate/app/scan/goanalysis/stddecl"
)

func lay(t *testing.T, archive string) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range txtar.Parse([]byte(archive)).Files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func loadDir(t *testing.T, dir string, opt load.Options) *load.Result {
	t.Helper()
	opt.Dir = dir
	if opt.Embedded == nil {
		opt.Embedded = stddecl.StandardOnly{}
	}
	r, err := load.Load(context.Background(), opt)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// memory hands out module versions from memory and counts how often.
type memory struct {
	mods  map[string]fstest.MapFS // "path@version"
	opens int
}

func (m *memory) Open(mod module.Version, _ string) (fs.FS, load.Origin, error) {
	f, ok := m.mods[mod.String()]
	if !ok {
		return nil, "", fs.ErrNotExist
	}
	m.opens++
	return f, load.FromDownload, nil
}

func (m *memory) GoMod(mod module.Version) ([]byte, error) {
	f, ok := m.mods[mod.String()]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return fs.ReadFile(f, "go.mod")
}

func file(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }

// varType returns the type of a package-level name as text.
func varType(t *testing.T, r *load.Result, pkg, name string) string {
	t.Helper()
	for _, p := range r.Packages {
		if p.PkgPath == pkg {
			if obj := p.Types.Scope().Lookup(name); obj != nil {
				return types.TypeString(obj.Type(), nil)
			}
			return "no " + name
		}
	}
	var have []string
	for _, p := range r.Packages {
		have = append(have, p.PkgPath)
	}
	return fmt.Sprintf("no package %s, only %v", pkg, have)
}

func TestWhereImportsComeFrom(t *testing.T) {
	dep := fstest.MapFS{
		"go.mod":         file("module example.com/dep\n"),
		"dep.go":         file("package dep\n\nimport \"net/http\"\n\ntype T struct{ H http.Handler }\n\nfunc New() *T { undefinedInABody() ; return nil }\n"),
		"dep_windows.go": file("package dep\n\nfunc New() int { return 0 }\n"),
		"sub/sub.go":     file("package other\n\nvar V = 1.5\n"),
	}
	tests := map[string]struct {
		archive, pkg, name, want string
	}{
		"module": {`
-- go.mod --
module example.com/m
go 1.24
require example.com/dep v1.2.3
-- m.go --
package m
import "example.com/dep"
var V = dep.New().H
`, "example.com/m", "V", "net/http.Handler"},
		"package named unlike its path": {`
-- go.mod --
module example.com/m
go 1.24
require example.com/dep v1.2.3
-- m.go --
package m
import "example.com/dep/sub"
var V = other.V
`, "example.com/m", "V", "float64"},
		"vendor before module": {`
-- go.mod --
module example.com/m
go 1.24
require example.com/dep v1.2.3
-- vendor/modules.txt --
# example.com/dep v1.2.3
## explicit
example.com/dep
-- vendor/example.com/dep/dep.go --
package dep
var FromVendor = "x"
-- m.go --
package m
import "example.com/dep"
var V = dep.FromVendor
`, "example.com/m", "V", "string"},
		"replace inside the checkout": {`
-- go.mod --
module example.com/m
go 1.24
require example.com/dep v1.2.3
replace example.com/dep => ./local
-- local/go.mod --
module example.com/dep
-- local/dep.go --
package dep
var Local int8
-- m.go --
package m
import "example.com/dep"
var V = dep.Local
`, "example.com/m", "V", "int8"},
		"replace inside the checkout by a module of another name": {`
-- go.mod --
module example.com/m
go 1.24
require example.com/dep v1.2.3
replace example.com/dep => ./fork
-- fork/go.mod --
module github.com/someone/fork
-- fork/dep.go --
package dep
type T int8
-- m.go --
package m
import "example.com/dep"
var V dep.T
`, "example.com/m", "V", "example.com/dep.T"},
		"replace by another module": {`
-- go.mod --
module example.com/m
go 1.24
require example.com/old v0.1.0
replace example.com/old => example.com/dep v1.2.3
-- m.go --
package m
import old "example.com/old"
var V = old.New()
`, "example.com/m", "V", "*example.com/old.T"},
		"go.work": {`
-- go.work --
go 1.24
use (
	./a
	./b
)
-- a/go.mod --
module example.com/a
go 1.24
-- a/a.go --
package a
import "example.com/b"
var V = b.V
-- b/go.mod --
module example.com/b
go 1.24
-- b/b.go --
package b
var V uint16
`, "example.com/a", "V", "uint16"},
		"go.work below the root": {`
-- backend/go.work --
go 1.24
use (
	./a
	./b
)
-- backend/a/go.mod --
module example.com/a
go 1.24
-- backend/a/a.go --
package a
import "example.com/b"
var V = b.V
-- backend/b/go.mod --
module example.com/b
go 1.24
-- backend/b/b.go --
package b
var V uint16
`, "example.com/a", "V", "uint16"},
		"replace of go.work by another module": {`
-- go.work --
go 1.24
use ./a
replace example.com/old => example.com/dep v1.2.3
-- a/go.mod --
module example.com/a
go 1.24
require example.com/old v0.1.0
-- a/a.go --
package a
import old "example.com/old"
var V = old.New()
`, "example.com/a", "V", "*example.com/old.T"},
		"vendor folder of go.work": {`
-- go.work --
go 1.24
use ./a
-- a/go.mod --
module example.com/a
go 1.24
require example.com/dep v1.2.3
-- vendor/modules.txt --
## workspace
# example.com/dep v1.2.3
## explicit
example.com/dep
-- vendor/example.com/dep/dep.go --
package dep
var FromVendor = "x"
-- a/a.go --
package a
import "example.com/dep"
var V = dep.FromVendor
`, "example.com/a", "V", "string"},
		"replace of another version than is required": {`
-- go.mod --
module example.com/m
go 1.24
require example.com/dep v1.2.3
replace example.com/dep v1.0.0 => ./local
-- local/go.mod --
module example.com/dep
-- local/dep.go --
package dep
func New() int8 { return 0 }
-- m.go --
package m
import "example.com/dep"
var V = dep.New()
`, "example.com/m", "V", "*example.com/dep.T"},
		"nested module": {`
-- go.mod --
module example.com/m
go 1.24
-- tools/go.mod --
module example.com/m/tools
go 1.24
-- tools/t/t.go --
package t
var V complex64
`, "example.com/m/tools/t", "V", "complex64"},
		"no go.mod": {`
-- lib/lib.go --
package lib
var V rune
-- main.go --
package main
import "github.com/someone/thing/lib"
var V = lib.V
`, "github.com/someone/thing", "V", "rune"},
		"selected for linux": {`
-- go.mod --
module example.com/m
go 1.24
-- v_linux.go --
package m
var V int32
-- v_darwin.go --
package m
var V int64
-- v_tag.go --
//go:build !linux || ignore

package m
var V string
-- v_test.go --
package m
var V bool
`, "example.com/m", "V", "int32"},
		"cgo": {`
-- go.mod --
module example.com/m
go 1.24
-- m.go --
package m
// int f(void);
import "C"
func F() int { return int(C.f()) }
var V = F()
`, "example.com/m", "V", "int"},
		"missing": {`
-- go.mod --
module example.com/m
go 1.24
-- m.go --
package m
import "example.com/gone"
var V *gone.Client
func F() { gone.Do(); x, err := gone.Two(); _, _ = x, err }
`, "example.com/m", "V", "*example.com/gone.Client"},
		"old module graph": {`
-- go.mod --
module example.com/m
go 1.15
require example.com/direct v1.0.0
-- m.go --
package m
import "example.com/direct"
var V = direct.V
`, "example.com/m", "V", "*example.com/dep.T"},
	}
	mods := func() *memory {
		return &memory{mods: map[string]fstest.MapFS{
			"example.com/dep@v1.2.3": dep,
			"example.com/direct@v1.0.0": {
				"go.mod":    file("module example.com/direct\nrequire example.com/dep v1.2.3\n"),
				"direct.go": file("package direct\nimport \"example.com/dep\"\nvar V = dep.New()\n"),
			},
		}}
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			dir := lay(t, tc.archive)
			for _, kind := range []string{"from source", "filling a store", "from the store", "from the store without sources"} {
				opt := load.Options{Modules: []load.ModuleSource{mods()}}
				if kind != "from source" {
					s, err := declstore.Open(filepath.Join(dir, ".store"))
					if err != nil {
						t.Fatal(err)
					}
					defer s.Close()
					opt.Store = s
				}
				if kind == "from the store without sources" && name != "old module graph" {
					opt.Modules = nil
				}
				r := loadDir(t, dir, opt)
				if got := varType(t, r, tc.pkg, tc.name); got != tc.want {
					t.Errorf("%s: type %s, want %s", kind, got, tc.want)
				}
			}
		})
	}
}

func TestADamagedStoreIsRebuilt(t *testing.T) {
	dir := lay(t, `
-- go.mod --
module example.com/m
go 1.24
require example.com/dep v1.0.0
-- m.go --
package m
import "example.com/dep"
var V = dep.V
`)
	src := &memory{mods: map[string]fstest.MapFS{"example.com/dep@v1.0.0": {"dep.go": file("package dep\nvar V uint8\n")}}}
	store := t.TempDir()
	run := func() *declstore.Store {
		s, err := declstore.Open(store)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		r := loadDir(t, dir, load.Options{Store: s, Modules: []load.ModuleSource{src}})
		if got := varType(t, r, "example.com/m", "V"); got != "uint8" {
			t.Errorf("type %s, want uint8", got)
		}
		return s
	}
	run()
	run()
	if src.opens != 1 {
		t.Errorf("the module was opened %d times, want once: the second time the store has it", src.opens)
	}
	err := filepath.WalkDir(store, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			return os.WriteFile(p, []byte("lgstore1 rubbish"), 0o640)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, damaged := run().Stats(); damaged == 0 {
		t.Error("no damage was noticed")
	}
	if src.opens != 2 {
		t.Errorf("the module was opened %d times, want twice: once more after the damage", src.opens)
	}
	if hits, _, damaged := run().Stats(); hits == 0 || damaged != 0 {
		t.Errorf("after the repair: %d hits, %d damaged", hits, damaged)
	}
}

// A newer API than the embedded one leaves what is new untyped and the rest
// right.
func TestNewerThanEmbedded(t *testing.T) {
	r := loadDir(t, lay(t, `
-- go.mod --
module example.com/m
go 1.24
require github.com/gin-gonic/gin v1.99.0
-- m.go --
package m
import "github.com/gin-gonic/gin"

func Old(c *gin.Context) { id := c.Param("id"); c.JSON(200, id) }
func New(c *gin.Context) { c.FromTheFuture(1); x := gin.AlsoNew(); _ = x }
var V = gin.New()
`), load.Options{Embedded: stddecl.Library{}})
	if got := varType(t, r, "example.com/m", "V"); got != "*github.com/gin-gonic/gin.Engine" {
		t.Errorf("V is %s", got)
	}
	p := r.Packages[0]
	if len(p.Typed.Untyped) != 1 || p.Typed.Untyped[0].Name != "New" || !strings.Contains(p.Typed.Untyped[0].Why, "FromTheFuture") {
		t.Errorf("untyped functions %+v, want New for FromTheFuture", p.Typed.Untyped)
	}
	if d := r.Deps[0]; d.Origin != load.FromEmbedded || d.Module.Version != "v1.99.0" || d.StandIn.Version == "" {
		t.Errorf("dependency %+v does not say what stands in for what", d)
	}
}

func TestErrorsStopNothing(t *testing.T) {
	r := loadDir(t, lay(t, `
-- go.mod --
module example.com/m
go 1.24
-- m.go --
package m
func Good(a int) string { return "x" }
func Bad() { undefined(); var x int = "s"; _ = x }
func Good(a int) {}
var V = Good(1)
-- gen.go --
// Code generated by hand. DO NOT EDIT.
package m
`), load.Options{})
	if got := varType(t, r, "example.com/m", "V"); got != "string" {
		t.Errorf("V is %s", got)
	}
	p := r.Packages[0]
	if p.Typed.Funcs != 3 || p.Typed.FuncsTyped != 1 {
		t.Errorf("%d of %d functions typed, want 1 of 3: %+v", p.Typed.FuncsTyped, p.Typed.Funcs, p.Typed.Untyped)
	}
	if !p.Files[0].Generated || p.Files[1].Generated {
		t.Error("generated code is not told from written code")
	}
}

func TestTestFilesOnDemand(t *testing.T) {
	dir := lay(t, `
-- go.mod --
module example.com/m
go 1.24
-- m.go --
package m
func hidden() int { return 1 }
-- export_test.go --
package m
var Hidden = hidden
-- m_test.go --
package m_test
import (
	"testing"
	"example.com/m"
)
var V = m.Hidden()
func TestX(t *testing.T) { t.Log(V) }
`)
	if r := loadDir(t, dir, load.Options{}); len(r.Packages) != 1 {
		t.Errorf("%d packages without tests, want 1", len(r.Packages))
	}
	r := loadDir(t, dir, load.Options{Tests: true})
	if len(r.Packages) != 3 {
		t.Fatalf("%d packages with tests, want 3", len(r.Packages))
	}
	if got := varType(t, r, "example.com/m_test", "V"); got != "int" {
		t.Errorf("V of the external tests is %s, want int", got)
	}
	for _, p := range r.Packages {
		if !p.Typed.Full() || len(p.Errors) > 0 {
			t.Errorf("%s: %v", p.ID, p.Errors)
		}
	}
}

func TestGoWorkSumVouchesForItsModules(t *testing.T) {
	dir := lay(t, `
-- go.work --
go 1.24
use ./a
-- go.work.sum --
example.com/dep v1.2.3 h1:workspace=
-- a/go.mod --
module example.com/a
go 1.24
require example.com/dep v1.2.3
-- a/a.go --
package a
`)
	got, err := load.Requirements(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := []load.Requirement{{Mod: module.Version{Path: "example.com/dep", Version: "v1.2.3"}, Sum: "h1:workspace="}}; !slices.Equal(got, want) {
		t.Errorf("requirements %v, want %v", got, want)
	}
}
