package load

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestWithoutBodies(t *testing.T) {
	tests := map[string]struct{ src, want string }{
		"function":                {"func f() int { return 1 }", "func f() int {          }"},
		"lines stay":              {"func f() {\n\tg()\n}\nvar x = 1", "func f() {\n    \n}\nvar x = 1"},
		"braces in strings":       {"func f() { g(\"}\", '}', `}`) /* } */ } // }\nvar x = T{a}", "func f() {                          } // }\nvar x = T{ }"},
		"struct in a signature":   {"func f(a struct{ b int }) interface{ M() } { g() }", "func f(a struct{ b int }) interface{ M() } {     }"},
		"no body":                 {"func f()\ntype t struct { a int }", "func f()\ntype t struct { a int }"},
		"types stay":              {"type (\n\tt struct{ a struct{ b int } }\n\tu interface { M() }\n)", "type (\n\tt struct{ a struct{ b int } }\n\tu interface { M() }\n)"},
		"length of an array":      {"var x, y = [...]int{1, 2}, []int{3}\nvar z = []int{3}", "var x, y = [...]int{1, 2}, []int{3}\nvar z = []int{ }"},
		"length over lines":       {"var x = [...]struct {\n\ta int\n}{\n\t{1},\n}", "var x = [...]struct {\n\ta int\n}{\n\t{1},\n}"},
		"group of variables":      {"var (\n\ta = [...]int{1}\n\tb = map[string]T{\"x\": {1}}\n)", "var (\n\ta = [...]int{1}\n\tb = map[string]T{        }\n)"},
		"function in a variable":  {"var f = func(a struct{ x int }) { g() }", "var f = func(a struct{ x int }) {     }"},
		"literal in an argument":  {"var x = f([]int{1}, struct{ a int }{2})", "var x = f([]int{ }, struct{ a int }{ })"},
		"signature over lines":    {"func f(\n\ta int,\n) (\n\tb int,\n) { g() }", "func f(\n\ta int,\n) (\n\tb int,\n) {     }"},
		"constraint":              {"func f[T interface{ ~int }](a T) { g() }", "func f[T interface{ ~int }](a T) {     }"},
		"never closed":            {"func f() { g(", "func f() { g("},
		"comment before the type": {"type t struct /* { */ { a int }", "type t struct /* { */ { a int }"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			src := []byte(tc.src)
			if got := string(withoutBodies(src)); got != tc.want {
				t.Errorf("got\n%s\nwant\n%s", got, tc.want)
			}
			if string(src) != tc.src {
				t.Error("the source was changed")
			}
		})
	}
}

// outline lists what of a file's declarations matters to those who import it. It
// is false if the file does not parse.
func outline(name string, src []byte) (string, bool) {
	f, err := parser.ParseFile(token.NewFileSet(), name, src, parser.SkipObjectResolution)
	if err != nil {
		return "", false
	}
	var b strings.Builder
	for _, d := range f.Decls {
		ast.Inspect(d, func(n ast.Node) bool {
			switch n := n.(type) {
			case nil:
				b.WriteByte(')')
				return true
			case *ast.BlockStmt:
				return false
			case *ast.CompositeLit:
				if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.VAR {
					if a, ok := n.Type.(*ast.ArrayType); ok && n.Type != nil {
						if _, ok := a.Len.(*ast.Ellipsis); ok {
							fmt.Fprintf(&b, "[%d elements]", len(n.Elts))
						}
					}
					if n.Type != nil {
						ast.Inspect(n.Type, func(m ast.Node) bool { fmt.Fprintf(&b, "%T ", m); return true })
					}
					return false
				}
			case *ast.Ident:
				b.WriteString(n.Name)
			case *ast.BasicLit:
				b.WriteString(n.Value)
			}
			fmt.Fprintf(&b, "(%T ", n)
			return true
		})
		b.WriteByte('\n')
	}
	return b.String(), true
}

func sameOutline(t *testing.T, name string, src []byte) bool {
	t.Helper()
	want, ok := outline(name, src)
	if !ok {
		return false
	}
	short := withoutBodies(src)
	if len(short) != len(src) || strings.Count(string(short), "\n") != strings.Count(string(src), "\n") {
		t.Errorf("%s: its lines moved", name)
	}
	if got, ok := outline(name, short); !ok || got != want {
		t.Errorf("%s: other declarations without bodies (parses: %v)\n%.400s", name, ok, short)
	}
	return true
}

func TestWithoutBodiesKeepsTheStandardLibrarysDeclarations(t *testing.T) {
	n := 0
	for _, pkg := range []string{"net/http", "go/types", "reflect", "runtime", "unicode", "text/template/parse", "crypto/tls", "slices", "encoding/json", "go/printer"} {
		names, err := filepath.Glob(filepath.Join(runtime.GOROOT(), "src", pkg, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			src, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if sameOutline(t, name, src) {
				n++
			}
		}
	}
	if n < 100 {
		t.Skipf("only %d files of the standard library's source are here", n)
	}
}

// FuzzWithoutBodies looks for sources that parse and declare something else, or
// nothing any more, without their bodies.
func FuzzWithoutBodies(f *testing.F) {
	f.Add("func f(a struct{ b int }) { if x := (T{}); x == y { return } }\nvar v = [...]T{{1}, {2}}\nvar w = map[string][]int{\"}\": {1}}")
	f.Add("func (r *T[A]) m() (x, y int) { for range []int{1} { '{'; `}`; /* } */ } }\nvar (\n\ta = f(func() T { return T{} })\n\tb, c = 1, struct{}{}\n)")
	f.Add("type t interface { M(struct{}) }\nfunc\nf()\nvar x = interface{}(nil)\nvar g = []func(){func() {}}")
	f.Fuzz(func(t *testing.T, src string) {
		if len(src) < 4096 {
			sameOutline(t, "x.go", []byte("package p\n"+src))
		}
	})
}
