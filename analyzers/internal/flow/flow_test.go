package flow

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/tools/go/analysis"

	"github.com/launchgate/launchgate/analyzers/internal/callee"
	"github.com/launchgate/launchgate/analyzers/internal/sensitive"
)

// world type-checks packages from source, log being a stub, and analyses them in
// the order they are given.
type world struct {
	fset  *token.FileSet
	pkgs  map[string]*types.Package
	facts map[*types.Package]*Facts
	voc   Vocabulary
}

func newWorld() *world {
	w := &world{fset: token.NewFileSet(), pkgs: map[string]*types.Package{}, facts: map[*types.Package]*Facts{}, voc: Vocabulary{
		Lexicon: sensitive.Builtin(), Sanitizes: func(f callee.Func) bool { return f.Name == "mask" }, SafeLog: func(callee.Func) bool { return false },
	}}
	w.add("log", `package log; func Print(v ...any) {}; func Printf(format string, v ...any) {}
type Logger struct{}; func New(w any, prefix string, flag int) *Logger { return nil }; func (*Logger) Print(v ...any) {}`)
	w.add("net/http", `package http; func Post(url, contentType string, body any) {}`)
	return w
}

func (w *world) Import(path string) (*types.Package, error) {
	if p := w.pkgs[path]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("no package %s", path)
}

func (w *world) add(path, src string) *analysis.Pass {
	file, err := parser.ParseFile(w.fset, path+"/x.go", src, 0)
	if err != nil {
		panic(err)
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{}, Implicits: map[ast.Node]types.Object{}, Instances: map[*ast.Ident]types.Instance{}}
	conf := types.Config{Importer: w, Error: func(error) {}}
	pkg, _ := conf.Check(path, w.fset, []*ast.File{file}, info) //nolint:errcheck // half-typed packages are what this is for
	w.pkgs[path] = pkg
	return &analysis.Pass{Fset: w.fset, Files: []*ast.File{file}, Pkg: pkg, TypesInfo: info, Report: func(analysis.Diagnostic) {},
		ImportPackageFact: func(p *types.Package, fact analysis.Fact) bool {
			f := w.facts[p]
			if f != nil {
				*fact.(*Facts) = *f
			}
			return f != nil
		},
		ExportPackageFact: func(fact analysis.Fact) { w.facts[pkg] = fact.(*Facts) },
	}
}

func (w *world) analyze(path, src string) *Result { return Analyze(w.add(path, src), w.voc) }

// lines writes flows as "line source -> callee".
func lines(w *world, r *Result) string {
	var out []string
	for _, f := range r.Flows {
		line := f.Line
		if f.Pos.IsValid() {
			line = w.fset.Position(f.Pos).Line
		}
		out = append(out, fmt.Sprintf("%d %s -> %s", line, f.Source.Key, f.Name))
	}
	return strings.Join(out, "\n")
}

const library = `package lib
import "log"
type User struct { ID, Email string; Boss *User }
type Client struct{ k string }
func New(apiKey string) *Client { return &Client{k: apiKey} }
func (c *Client) Key() string { return c.k }
func (c *Client) Reset(v string) { c.k = v }
func Say(args ...any) { log.Print(args...) }
func Both(a, b string) (string, string) { return b, a }
func Apply(f func(string), s string) { f(s) }
func store(s string) { log.Print(s) }
func Store(s string) { store(s) }
var Token = readToken()
func readToken() string { return "" + env("x") }
func env(string) string
`

const user = `package user
import ("lib"; "log")
func a(u lib.User, c *lib.Client, password string) {
	lib.Say(u.Email)
	x, y := lib.Both(u.Email, u.ID)
	log.Print(x)
	log.Print(y)
	lib.Apply(func(s string) { log.Print(s) }, u.Email)
	c.Reset(password)
	log.Print(c.Key())
	lib.Store(password)
	log.Print(u.Boss.ID)
}
`

func TestAcrossPackages(t *testing.T) {
	const want = "4 u.Email -> lib.Say\n7 u.Email -> log.Print\n8 u.Email -> log.Print\n10 password -> log.Print"
	run := func(through func(*Facts) *Facts) string {
		w := newWorld()
		w.analyze("lib", library)
		w.facts[w.pkgs["lib"]] = through(w.facts[w.pkgs["lib"]])
		r := w.analyze("user", user)
		var here []Flow
		for _, f := range r.Flows {
			if f.Pos.IsValid() {
				here = append(here, f)
			} else if f.File != "lib/x.go" || f.Line != 11 || f.Symbol != "store" {
				t.Errorf("a flow into another package is said to end at %s:%d in %s, not where the log call is", f.File, f.Line, f.Symbol)
			}
		}
		if len(here) == len(r.Flows) {
			t.Error("the flow through lib.Store was lost")
		}
		return lines(w, &Result{Flows: here})
	}
	if got := run(func(f *Facts) *Facts { return f }); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	// Facts that went through a file say the same.
	got := run(func(f *Facts) *Facts {
		data, err := f.GobEncode()
		if err != nil {
			t.Fatal(err)
		}
		back := new(Facts)
		if err := back.GobDecode(data); err != nil {
			t.Fatal(err)
		}
		again, _ := back.GobEncode()
		if !bytes.Equal(data, again) {
			t.Error("facts are not the same bytes the second time")
		}
		return back
	})
	if got != want {
		t.Errorf("with stored facts: got\n%s\nwant\n%s", got, want)
	}
}

func TestTheSameFactsEveryTime(t *testing.T) {
	var first []byte
	for range 8 {
		w := newWorld()
		w.analyze("lib", library+strings.ReplaceAll(library[strings.Index(library, "func (c"):strings.Index(library, "func Say")], "c *Client", "c *User2")+"type User2 struct{ k string }")
		data, err := w.facts[w.pkgs["lib"]].GobEncode()
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = data
		} else if !bytes.Equal(first, data) {
			t.Fatal("two runs made different facts")
		}
	}
}

// What a value is besides what it carries has a number in a fact; two kinds once
// had the same one.
func TestKindsOfValuesAreWrittenApart(t *testing.T) {
	for _, v := range []*value{clean, sanitized, {sealed: true}, {quiet: true}, {mixed: true}, {}} {
		in := &value{parts: map[string]*value{"a": v, "b": clean}}
		data, err := (&Facts{p: &pkgFacts{globals: map[string]*value{"x": in}}}).GobEncode()
		if err != nil {
			t.Fatal(err)
		}
		var back Facts
		if err := back.GobDecode(data); err != nil {
			t.Errorf("%+v: %v", v, err)
			continue
		}
		if got := back.p.globals["x"].parts["a"]; got.clean != v.clean || got.said != v.said || got.sealed != v.sealed || got.quiet != v.quiet || got.mixed != v.mixed {
			t.Errorf("%+v came back as %+v", v, got)
		}
	}
}

func TestDamagedFactsAreRefused(t *testing.T) {
	w := newWorld()
	w.analyze("lib", library)
	data, err := w.facts[w.pkgs["lib"]].GobEncode()
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for i := range data {
		if new(Facts).GobDecode(data[:i]) != nil { // must not panic or run away
			refused++
		}
		broken := bytes.Clone(data)
		broken[i] ^= 0xff
		_ = new(Facts).GobDecode(broken)
	}
	if refused < len(data)/2 {
		t.Errorf("only %d of %d cut facts were refused", refused, len(data))
	}
}

// Code whose types are not known goes the same way.
func TestHalfTyped(t *testing.T) {
	w := newWorld()
	r := w.analyze("p", `package p
import ("log"; "gone/away")
type user struct { Email string; away.Base }
func f(u user, x away.Thing) {
	v := away.Do(u.Email)
	log.Print(v)
	m := undefined(u)
	m.Password = x.Password
	log.Print(m.Password)
	s := "to " + u.Email
	log.Print(s)
	log.Print(x.ID)
}`)
	const want = "9 x.Password -> log.Print\n11 u.Email -> log.Print"
	if got := lines(w, r); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Each bound is met by a program that is made for it, and by none a little
// smaller; whoever reads the receipt learns where.
func TestBoundsAreMetAndNamed(t *testing.T) {
	repeat := func(n int, line string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(strings.ReplaceAll(line, "#", strconv.Itoa(i)))
		}
		return b.String()
	}
	for _, test := range []struct {
		bound string // as the receipt says it
		n     int    // enough to meet it
		src   func(n int) string
	}{
		{"deep: nesting", maxNesting, func(n int) string {
			return "func deep(s string) string { return " + strings.Repeat("(s+", n) + "s" + strings.Repeat(")", n) + " }"
		}},
		{"huge: expressions", maxFuel / 2, func(n int) string { return "func huge(a, b string) {\n" + repeat(n, "a, b = b, a\n") + "}" }},
		{"wide: labels of one value", maxLabels + 1, func(n int) string {
			return "type all struct {" + repeat(n, "F#Email string;") + "}\nfunc wide(a all) { log.Print(``" + repeat(n, "+a.F#Email") + ") }"
		}},
		{"wide: parts of one value", maxParts + 1, func(n int) string {
			return "func wide(email string) { m := map[string]string{}\n" + repeat(n, "m[`k#`] = email\n") + "log.Print(m) }"
		}},
		{"deep: depth of one value", maxDepth + 2, func(n int) string {
			var b strings.Builder
			b.WriteString("type n0 struct { Email string }\n")
			for i := 1; i <= n; i++ {
				fmt.Fprintf(&b, "type n%d struct { F%d n%d }\n", i, i, i-1)
			}
			fmt.Fprintf(&b, "func deep(x n%d) string { return x", n)
			for i := n; i > 0; i-- {
				fmt.Fprintf(&b, ".F%d", i)
			}
			return b.String() + ".Email }\n"
		}},
		{"many: targets of one pointer", maxTargets + 1, func(n int) string {
			return "type box struct{ v string }\nfunc many(i int) { p := &box{}\nswitch i {\n" + repeat(n, "case #: p = &box{}\n") + "}\nlog.Print(p) }"
		}},
		{"far: hops of a path", maxSteps, func(n int) string {
			return "func far(u struct{ Email string }) { v0 := u.Email\n" + chain("v", n) + fmt.Sprintf("log.Print(v%d) }", n)
		}},
		{"long: turns of a loop", maxLoops + 1, func(n int) string {
			// Each turn hands the value one variable on.
			var b strings.Builder
			b.WriteString("func long(s string) { var v0" + repeat(n-1, ", w#") + " string\nfor {\nlog.Print(v0)\nv0 = w0\n")
			for i := range n - 2 {
				fmt.Fprintf(&b, "w%d = w%d\n", i, i+1)
			}
			return b.String() + fmt.Sprintf("w%d = s\n} }", n-2)
		}},
		{"round0: calls in a circle", maxRounds + 1, func(n int) string {
			// Each round hands the value one parameter on.
			var b strings.Builder
			params := strings.TrimSuffix(repeat(n, "v#, "), ", ")
			fmt.Fprintf(&b, "func round0(%s string) { log.Print(v0); round0(", params)
			for i := 1; i < n; i++ {
				fmt.Fprintf(&b, "v%d, ", i)
			}
			b.WriteString("v0) }")
			return b.String()
		}},
		{"inner: function literals in each other", maxClosureDepth, func(n int) string {
			return "func inner(s string) { " + strings.Repeat("func() { ", n) + "log.Print(s)" + strings.Repeat(" }()", n) + " }"
		}},
		{"often: calls of a function literal", maxLiteral, func(n int) string {
			return "func often(s string) { f := func(v string) { log.Print(v) }\n" + repeat(n, "f(s)\n") + "}"
		}},
		{"passed: functions passed to functions", maxClosureDepth, func(n int) string {
			var b strings.Builder
			b.WriteString("func call(f func()) { f() }\nfunc passed(s string) { ")
			b.WriteString(strings.Repeat("call(func() { ", n) + "log.Print(s)" + strings.Repeat(" })", n) + " }")
			return b.String()
		}},
		{"holds: variables of one function literal", maxParts + 1, func(n int) string {
			var b strings.Builder
			b.WriteString("func holds(s string) func() string {\n" + repeat(n, "v# := s\n") + "return func() string { return s")
			return b.String() + repeat(n, "+v#") + " } }"
		}},
		{"noisy: sinks of one function", maxEntries, func(n int) string {
			return "func noisy(s string) {\n" + repeat(n, "log.Print(#, s)\n") + "}"
		}},
		{"crowded: values of one kind in one call", maxBeside + 1, func(n int) string {
			return "type all struct {" + repeat(n, "F#Email string;") + "}\nfunc crowded(a all) { log.Print(0" + repeat(n, ",a.F#Email") + ") }"
		}},
		{"asking: calls of function values", maxEntries, func(n int) string {
			return "func asking(s string" + repeat(n, ", f# func(string)") + ") {\n" + repeat(n, "f#(s)\n") + "}"
		}},
		{"Store.Put: implementations", maxImpls, func(n int) string {
			return "type Store interface{ Put(string) }\n" + repeat(n, "type s# struct{}\nfunc (s#) Put(string) {}\n") + "func f(s Store, v string) { s.Put(v) }"
		}},
		{"values passed to interfaces", maxPending, func(n int) string {
			return "type Store interface{ Put(string) }\nfunc env(string) string\nfunc f(s Store) {\n" + repeat(n, "password# := env(``); s.Put(password#)\n") + "}"
		}},
		{"the way back to a logger", maxURLDepth, func(n int) string {
			return "func f(s string) { l0 := log.New(nil, ``, 0)\n" + chain("l", n) + fmt.Sprintf("l%d.Print(s) }", n)
		}},
		{"the way back to a URL", maxURLDepth, func(n int) string {
			return "func g() string\nfunc f(s string) { u0 := g()\n" + chain("u", n) + fmt.Sprintf("http.Post(u%d, ``, s) }", n)
		}},
		{"the way back to a package", maxURLDepth, func(n int) string {
			return "func f(s string) { c0 := away.New()\n" + chain("c", n) + fmt.Sprintf("c%d.Send(s) }", n)
		}},
		{"printed: fields within fields of n6", maxWithin + 2, func(n int) string {
			var b strings.Builder
			b.WriteString("type n0 struct { Email, Password string }\n")
			for i := 1; i <= 6; i++ {
				fmt.Fprintf(&b, "type n%d struct { F n%d }\n", i, max(0, i-1-max(0, 6-n)))
			}
			return b.String() + "func printed(x n6) { log.Print(x) }"
		}},
	} {
		r := newWorld().analyze("p", "package p\nimport (\"log\"; \"net/http\"; \"gone/away\")\n"+test.src(test.n+1))
		if !slices.Contains(r.Bounds, test.bound) {
			t.Errorf("%s: bounds met: %v", test.bound, r.Bounds)
		}
		if r.Work > 3*maxFuel {
			t.Errorf("%s: %d expressions were interpreted, the bound is %d", test.bound, r.Work, maxFuel)
		}
		if r := newWorld().analyze("p", "package p\nimport (\"log\"; \"net/http\"; \"gone/away\")\n"+test.src(test.n/4)); len(r.Bounds) > 0 {
			t.Errorf("%s: a quarter of the program meets %v", test.bound, r.Bounds)
		}
	}
}

// chain hands a value from one of n variables to the next.
func chain(name string, n int) string {
	var b strings.Builder
	for i := 1; i <= n; i++ {
		fmt.Fprintf(&b, "%s%d := %s%d\n", name, i, name, i-1)
	}
	return b.String()
}

// program writes n functions that call each other, pass values through loops,
// structs and closures, and log them.
func program(n int) string {
	var b strings.Builder
	b.WriteString("package p\nimport \"log\"\ntype user struct{ ID, Email, Password string; next *user }\nfunc f0(u *user, s string) string { return s }\n")
	for i := 1; i <= n; i++ {
		fmt.Fprintf(&b, `
func f%d(u *user, s string) string {
	parts := map[string]string{"a": s, "b": u.ID}
	for i := 0; i < 3; i++ {
		if i > 1 { parts["c"] = f%d(u.next, parts["a"]) } else { u.Password = s }
	}
	show := func(x string) { log.Print(x, parts["b"]) }
	show(f%d(u, u.Email))
	return parts["c"] + f%d(u, s)
}
`, i, i-1, i/2, i-1)
	}
	return b.String()
}

// The work grows with the code, not with its square: calls are answered by
// summaries, however deep they go.
func TestWorkIsLinear(t *testing.T) {
	small := newWorld().analyze("p", program(200)).Work
	large := newWorld().analyze("p", program(800)).Work
	if large > 5*small {
		t.Errorf("four times the code took %.1f times the work", float64(large)/float64(small))
	}
}

// A call whose callee hands large values back costs what copying and joining them
// costs: http2 was interpreted for minutes within the bound on expressions.
func TestLargeValuesCountAsWork(t *testing.T) {
	work := func(groups, calls int) int {
		var b strings.Builder
		b.WriteString("package p\ntype leaf struct{ A, B, C, D, E, F, G, H string }\ntype big struct {")
		for i := range groups {
			fmt.Fprintf(&b, "G%d leaf; ", i)
		}
		b.WriteString("}\nfunc pick(n int, a, b, c big) big { if n == 1 { return a }; if n == 2 { return b }; return c }\nfunc use(n int, s, u, v string) {\n")
		for _, x := range []string{"s", "u", "v"} {
			fmt.Fprintf(&b, "big%s := big{", x)
			for i := range groups {
				fmt.Fprintf(&b, "G%d: leaf{%[2]s, %[2]s, %[2]s, %[2]s, %[2]s, %[2]s, %[2]s, %[2]s}, ", i, x)
			}
			b.WriteString("}\n")
		}
		b.WriteString(strings.Repeat("_ = pick(n, bigs, bigu, bigv)\n", calls) + "}\n")
		return newWorld().analyze("p", b.String()).Work
	}
	each := func(groups int) int { return (work(groups, 101) - work(groups, 1)) / 100 }
	if small, large := each(1), each(30); large < 4*small {
		t.Errorf("a call that hands back values of 270 parts counts as %d, one of 9 as %d", large, small)
	}
}

// BenchmarkAnalyze reports the CPU time for each function at three sizes; it is
// the same at each.
func BenchmarkAnalyze(b *testing.B) {
	for _, n := range []int{250, 500, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			src := program(n)
			var spent time.Duration
			for b.Loop() {
				w := newWorld()
				pass := w.add("p", src)
				runtime.GC()
				before := cpu()
				Analyze(pass, w.voc)
				spent += cpu() - before
			}
			b.ReportMetric(float64(spent.Microseconds())/float64(b.N*n), "cpu-µs/func")
		})
	}
}

func cpu() time.Duration {
	var ru syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &ru) != nil {
		return 0
	}
	return time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
}

// A service passes a value to an interface; what implements it is known only in
// main. The flow is found there, and once.
func TestInterfaceImplementedElsewhere(t *testing.T) {
	for _, test := range []struct{ name, infra, main, want string }{
		{"wired in main", `import "log"`, "main", "3 u.Email -> log.Print"},
		{"the implementation imports the service", `import ("log"; "service"); var _ service.Mailer = Smtp{}`, "wire", ""},
	} {
		w := newWorld()
		w.analyze("service", `package service
type User struct{ Email, ID string }
type Mailer interface { Send(id, to string) }
type S struct{ m Mailer }
func (s *S) Welcome(u User) { s.send(u.ID, u.Email) }
func (s *S) send(id, to string) { s.m.Send(id, to) }
`)
		infra := w.analyze("infra", "package infra\n"+test.infra+"\ntype Smtp struct{}; func (Smtp) Send(id, to string) { log.Print(id, \"x\", to) }")
		r := w.analyze("cmd", "package "+test.main+"\nimport (\"service\"; \"infra\")\nvar s = service.S{}\nvar m service.Mailer = infra.Smtp{}\n")
		if got := lines(w, r); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
		if got := len(infra.Flows) + len(r.Flows); got != 1 {
			t.Errorf("%s: found %d times", test.name, got)
		}
	}
}

// Who gets a message is an address, also where the library that sends it is not
// at hand and the variable has any name.
func TestRecipientsOfMailWithoutTheLibrary(t *testing.T) {
	w := newWorld()
	w.add("net/smtp", `package smtp; type Client struct{}; func Dial(addr string) (*Client, error) { return nil, nil }; func (c *Client) Mail(from string) error { return nil }; func (c *Client) Rcpt(to string) error { return nil }`)
	r := w.analyze("p", `package p
import ("net/smtp"; "github.com/jordan-wright/email"; gomail "gopkg.in/gomail.v2"; mail "github.com/wneessen/go-mail"; smtps "github.com/emersion/go-smtp")
func a(x string) { m := gomail.NewMessage(); m.SetHeader("To", x); m.SetHeader("Subject", x) }
func b(x string) { e := email.NewEmail(); e.To = []string{x}; e.Subject = x }
func c(x string) { c, _ := smtp.Dial("host"); c.Mail(x); c.Rcpt(x) }
func d(x string) { m := mail.NewMsg(); m.To(x); m.ReplyTo(x) }
func e(list addresses) error {
	dial := smtps.Dial
	if len(list) > 1 { dial = func(addr string) (*smtps.Client, error) { return smtps.DialTLS(addr, nil) } }
	c, err := dial("host")
	if err != nil { return err }
	for _, addr := range list.texts() { if err = c.Rcpt(addr, nil); err != nil { return err } }
	return nil
}
type addresses []address
type address string
type message struct { To addresses; ID string }
func (m *message) Sanitized() *message { if m.ID == "" { m.ID = "x" }; return m }
func g(c *smtp.Client, m *message) { m = m.Sanitized(); for _, a := range m.To.texts() { c.Rcpt(a) } }
func h(c *smtp.Client) { to := "root@localhost"; c.Rcpt(to) }
func (l addresses) texts() []string { out := make([]string, len(l)); for i, a := range l { out[i] = string(a) }; return out }
`)
	var got []string
	for _, f := range r.Flows {
		got = append(got, fmt.Sprintf("%d %s %s", w.fset.Position(f.Pos).Line, f.Source.Term, f.Name))
	}
	if want := "3 email m.SetHeader, 4 email e.To, 5 email c.Rcpt, 6 email m.To, 12 email c.Rcpt, 19 email c.Rcpt"; strings.Join(got, ", ") != want {
		t.Errorf("got %s, want %s", strings.Join(got, ", "), want)
	}
}
