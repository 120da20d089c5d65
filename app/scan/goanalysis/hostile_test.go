package goanalysis_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/tools/go/analysis"

	"github.com/launchgate/launchgate/analyzers/rule"
	"github.com/launchgate/launchgate/app/config"
	"github.com/launchgate/launchgate/app/policy"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan"
	"github.com/launchgate/launchgate/app/scan/goanalysis"
)

// hostile is one repository made to hurt whoever loads it. All of them also
// hold the sound package ok, whose finding must come out whatever the rest does.
type hostile struct {
	name  string
	build func(t *testing.T, dir string)
	// want is text the receipt must hold; gap says that it must be a gap.
	want string
	gap  bool
	// many says that tracing its system calls takes long.
	many bool
}

func write(t *testing.T, dir, name, data string) {
	t.Helper()
	file := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(data), 0o644); err != nil {
		t.Fatal(err)
	}
}

// files is a build that only writes files: name, content, name, content, ….
func files(pairs ...string) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		for i := 0; i < len(pairs); i += 2 {
			write(t, dir, pairs[i], pairs[i+1])
		}
	}
}

const mod = "module example.com/m\n\ngo 1.24\n"

// doubling writes first and then step n times, with $i the step's number and $p
// the one before.
func doubling(first, step string, n int) string {
	var b strings.Builder
	b.WriteString(first)
	for i := 1; i <= n; i++ {
		b.WriteString(strings.NewReplacer("$i", fmt.Sprint(i), "$p", fmt.Sprint(i-1)).Replace(step))
	}
	return b.String()
}

func hostiles() []hostile {
	return []hostile{
		{name: "replace leaves the checkout", want: "leaves the checkout", build: files(
			"go.mod", mod+"require example.com/x v1.0.0\nreplace example.com/x => ../../../../etc\n",
			"x.go", "package m\nimport _ \"example.com/x\"\n")},
		{name: "replace with an absolute path", want: "leaves the checkout", build: files(
			"go.mod", mod+"require example.com/x v1.0.0\nreplace example.com/x => /etc\n",
			"x.go", "package m\nimport _ \"example.com/x\"\n")},
		{name: "go.work uses a folder outside", want: "leaves the checkout", build: files(
			"go.mod", mod, "go.work", "go 1.24\nuse .\nuse ../..\nuse /etc\n")},
		{name: "go.work replaces with a folder outside", want: "leaves the checkout", build: files(
			"go.mod", mod, "go.work", "go 1.24\nuse .\nreplace example.com/x => ../../x\n")},
		{name: "symbolic link to a file outside", want: "symbolic link", gap: true, build: func(t *testing.T, dir string) {
			must(t, os.Symlink("/etc/passwd", filepath.Join(dir, "passwd.go")))
		}},
		{name: "symbolic link to a folder outside", build: func(t *testing.T, dir string) {
			must(t, os.Symlink("/", filepath.Join(dir, "all")))
			write(t, dir, "x/x.go", "package x\nimport _ \"example.com/m/all/etc\"\n")
		}},
		{name: "symbolic link as go.mod", want: "symbolic link", gap: true, build: func(t *testing.T, dir string) {
			must(t, os.MkdirAll(filepath.Join(dir, "n"), 0o755))
			must(t, os.Symlink("/etc/passwd", filepath.Join(dir, "n", "go.mod")))
		}},
		{name: "pipe", want: "pipe", build: func(t *testing.T, dir string) {
			must(t, syscall.Mkfifo(filepath.Join(dir, "pipe.go"), 0o644))
			must(t, syscall.Mkfifo(filepath.Join(dir, "go.sum"), 0o644))
		}},
		{name: "folder called like a file", build: func(t *testing.T, dir string) {
			must(t, os.MkdirAll(filepath.Join(dir, "x.go", "go.mod"), 0o755))
		}},
		{name: "toolchain line and a language from the future", want: "newer than", build: files(
			"go.mod", "module example.com/m\n\ngo 1.99\n\ntoolchain go1.99.9-evil\n")},
		{name: "expression 100,000 brackets deep", want: "deep", gap: true, build: func(t *testing.T, dir string) {
			write(t, dir, "deep/x.go", "package deep\nvar x = "+strings.Repeat("(", 100_000)+"1"+strings.Repeat(")", 100_000)+"\n")
		}},
		{name: "chain of 100,000 operators", want: "deep", gap: true, build: func(t *testing.T, dir string) {
			write(t, dir, "deep/x.go", "package deep\nvar x = 1"+strings.Repeat("+1", 100_000)+"\n")
		}},
		{name: "chain of 100,000 prefix operators", want: "deep", gap: true, build: func(t *testing.T, dir string) {
			write(t, dir, "deep/x.go", "package deep\nvar x = "+strings.Repeat("- ", 100_000)+"1\n")
		}},
		{name: "100,000 selectors", want: "deep", gap: true, build: func(t *testing.T, dir string) {
			write(t, dir, "deep/x.go", "package deep\nvar x = a"+strings.Repeat(".a", 100_000)+"\n")
		}},
		{name: "ladder of 20,000 else-ifs", want: "deep", gap: true, build: func(t *testing.T, dir string) {
			write(t, dir, "deep/x.go", "package deep\nfunc f(a int) {\nif a == 0 {}"+strings.Repeat(" else if a == 1 {}", 20_000)+"\n}\n")
		}},
		{name: "huge constant", want: "package example.com/m/big is typed in part", build: files(
			"big/x.go", "package big\nconst a = 1 << 1000000000\nconst b = \"x\"\nvar c [1 << 62]int\n")},
		{name: "constants that double", build: func(t *testing.T, dir string) {
			write(t, dir, "big/x.go", "package big\n"+doubling("const c0 = \"0123456789\"\n", "const c$i = c$p + c$p\n", 24))
		}},
		{name: "constants that multiply", build: func(t *testing.T, dir string) {
			write(t, dir, "big/x.go", "package big\n"+doubling("const c0 = 12345678901\n", "const c$i = c$p * c$p\n", 60))
		}},
		{name: "generic functions that instantiate for ever", build: files(
			"big/x.go", "package big\ntype b[A any] struct{ a A }\nfunc f[A any](n int) { if n > 0 { f[b[A]](n-1) } }\nfunc g() { f[int](9) }\n")},
		{name: "generic type that contains itself", build: files(
			"big/x.go", "package big\ntype t[A any] struct { a *t[t[A]] }\nvar x t[int]\ntype u [len(v)]u\nvar v u\ntype w struct{ w }\n")},
		{name: "file of 200 MB", want: "larger than", gap: true, build: func(t *testing.T, dir string) {
			write(t, dir, "big/x.go", "package big\n")
			must(t, os.Truncate(filepath.Join(dir, "big", "x.go"), 200<<20))
		}},
		{name: "go.sum with a million lines", many: true, build: func(t *testing.T, dir string) {
			var b bytes.Buffer
			for i := range 200_000 { // 16 MB: at the limit
				fmt.Fprintf(&b, "example.com/x%d v1.0.0 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", i)
			}
			write(t, dir, "go.sum", b.String()+b.String()+b.String()+b.String()+b.String())
		}, want: "go.sum: not read: larger than"},
		{name: "go.mod of 20 MB", want: "larger than", gap: true, build: func(t *testing.T, dir string) {
			write(t, dir, "n/go.mod", "module n\n"+strings.Repeat("// x\n", 4<<20))
			write(t, dir, "n/n.go", "package n\n")
		}},
		{name: "go.mod that is rubbish", want: "cannot be parsed", build: files("n/go.mod", "\x00\xff(((", "n/n.go", "package n\n")},
		{name: "module paths that climb", build: files(
			"n/go.mod", "module ../../../etc\n", "n/n.go", "package n\nimport _ \"../../../etc/x\"\n",
			"o/go.mod", "module /etc\n", "o/o.go", "package o\nimport (\n_ \"/etc/passwd\"\n_ \"a/../b\"\n_ \"\\x00\"\n_ \"\"\n)\n")},
		{name: "import cycle", want: "import cycle", build: files(
			"a/a.go", "package a\nimport \"example.com/m/b\"\nvar X = b.X\n", "b/b.go", "package b\nimport \"example.com/m/c\"\nvar X = c.X\n",
			"c/c.go", "package c\nimport \"example.com/m/a\"\nvar X = a.X\n")},
		{name: "package that imports itself", want: "import cycle", build: files("a/a.go", "package a\nimport \"example.com/m/a\"\nvar X = a.X\n")},
		{name: "invalid UTF-8", want: "syntax error", gap: true, build: files("a/a.go", "package a\nvar x = \"\xff\xfe\"\nvar \xff = 1\n")},
		{name: "NUL bytes", want: "syntax error", gap: true, build: files("a/a.go", "package a\nvar x\x00 = 1\n")},
		{name: "paths that collide but for case", build: files(
			"Case/a.go", "package c\nvar X = 1\n", "case/a.go", "package c\nvar X = 1\n", "case/A.go", "package c\nvar X = 2\n")},
		{name: "vendor/modules.txt with paths that climb", want: "no import path", build: files(
			"vendor/modules.txt", "# /etc v1.0.0 => ../../..\n## explicit\n/etc/passwd\n../../etc\nexample.com/x\n",
			"a/a.go", "package a\nimport _ \"example.com/x\"\n")},
		{name: "cgo that asks for a compiler plug-in", build: files(
			"a/a.go", "package a\n// #cgo CFLAGS: -fplugin=./evil.so\n// #include \"/etc/passwd\"\nimport \"C\"\nfunc F() { C.system(nil) }\n", "a/evil.so", "x")},
		{name: "generate, embed and linkname", build: files(
			"a/a.go", "package a\nimport _ \"embed\"\n//go:generate sh -c 'touch /tmp/launchgate-was-here'\n//go:embed ../../../../etc/passwd\nvar S string\n//go:linkname f runtime.exit\nfunc f(int)\n")},
		{name: "line directives", build: files("a/a.go", "package a\n//line /etc/passwd:1\nfunc F() {}\n/*line ../../../x.go:9:9*/func G() {}\n")},
		{name: "declared twice", want: "redeclared", build: files("a/a.go", "package a\nfunc F() {}\nfunc F() {}\ntype T int\ntype T string\nfunc (T) M() {}\nfunc (T) M() {}\nfunc (U) M() {}\n")},
		{name: "two packages in one folder", want: "holds packages", build: files("a/a.go", "package a\n", "a/b.go", "package b\nfunc F() {}\n", "a/c.go", "package a\n")},
		{name: "build constraint 10,000 brackets deep", build: func(t *testing.T, dir string) {
			write(t, dir, "a/a.go", "//go:build "+strings.Repeat("(", 10_000)+"linux"+strings.Repeat(")", 10_000)+"\n\npackage a\n")
		}, want: "build constraints exclude"},
		{name: "300 folders deep", build: func(t *testing.T, dir string) { write(t, dir, strings.Repeat("d/", 300)+"x.go", "package d\n") }},
		{name: "2,000 packages", many: true, build: func(t *testing.T, dir string) {
			for i := range 2000 {
				write(t, dir, fmt.Sprintf("p/p%d/x.go", i), "package p\n")
			}
		}},
		{name: "struct with 20,000 fields", build: func(t *testing.T, dir string) {
			write(t, dir, "a/a.go", "package a\ntype T struct {\n"+doubling("", "F$i int\n", 20_000)+"}\n")
		}},
		{name: "chain of 500 types", build: func(t *testing.T, dir string) {
			write(t, dir, "a/a.go", "package a\n"+doubling("type t0 int\n", "type t$i struct{ t$p }\n", 500)+"var x = t500{}.t499\n")
		}},
		{name: "chain of 20,000 variables", build: func(t *testing.T, dir string) {
			write(t, dir, "a/a.go", "package a\n"+doubling("var v0 = 1\n", "var v$i = v$p\n", 20_000))
		}},
		{name: "names that are not names", want: "is not Go", gap: true, build: files("a/a.go", "package _\n", "b/b.go", "package b\nimport . \"unsafe\"\nimport fmt2 \"fm\\x74\"\nvar _ = Sizeof(fmt2.Sprint())\n")},
		{name: "vendor/modules.txt with 500,000 lines of rubbish", want: "more remarks", many: true, build: func(t *testing.T, dir string) {
			write(t, dir, "vendor/modules.txt", strings.Repeat("/etc/../passwd\n", 500_000))
		}},
		{name: "10,000 replaces that leave the checkout", want: "more remarks", build: func(t *testing.T, dir string) {
			write(t, dir, "go.mod", mod+doubling("", "replace example.com/x$i => ../../x$i\n", 10_000))
		}},
		{name: "100,000 requirements and 5,000 imports of them", want: "no declarations at hand", many: true, build: func(t *testing.T, dir string) {
			write(t, dir, "go.mod", mod+"require (\n"+doubling("", "\texample.com/x$i v1.0.0\n", 100_000)+")\n")
			write(t, dir, "a/a.go", "package a\nimport (\n"+doubling("", "\t_ \"example.com/x$i/y\"\n", 5_000)+")\n")
		}},
		{name: "40 modules with a go.sum of 2 MB", want: "more than 67108864 bytes of module files", gap: true, many: true, build: func(t *testing.T, dir string) {
			sum := strings.Repeat("example.com/x v1.0.0 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", 30_000)
			for i := range 40 {
				write(t, dir, fmt.Sprintf("m%d/go.mod", i), fmt.Sprintf("module example.com/m%d\n\ngo 1.24\n", i))
				write(t, dir, fmt.Sprintf("m%d/m.go", i), "package m\n")
				write(t, dir, fmt.Sprintf("m%d/go.sum", i), sum)
			}
		}},
		{name: "5,000 imports that are used and missing", want: "no declarations at hand", build: func(t *testing.T, dir string) {
			write(t, dir, "a/a.go", "package a\nimport (\n"+doubling("", "\tx$i \"example.com/x$i\"\n", 5_000)+")\n"+
				doubling("", "func f$i() { x$i.Do(x$p.T{}) }\n", 5_000))
		}},
		{name: "names of a megabyte", want: "is typed in part", build: func(t *testing.T, dir string) {
			long := strings.Repeat("n", 1<<20)
			write(t, dir, "a/a.go", "package a\nimport x \"example.com/"+long+"\"\nfunc "+long+"() { x."+long+"(); undefined"+long+"() }\n")
			write(t, dir, "p/p.go", "package "+long+"\nimport \"fmt\"\nfunc F"+long+"() { fmt.Println() }\n")
		}},
		{name: "syntax error in a name of a megabyte", want: "syntax error", gap: true, build: func(t *testing.T, dir string) {
			write(t, dir, "a/a.go", "package a\nfunc ( "+strings.Repeat("n", 1<<20)+"\n")
		}},
		{name: "3,000 packages in one folder", want: "holds packages", many: true, build: func(t *testing.T, dir string) {
			for i := range 3000 {
				write(t, dir, fmt.Sprintf("a/f%d.go", i), fmt.Sprintf("package p%d\n", i))
			}
		}},
		{name: "100,000 functions with an error each", want: "is typed in part", build: func(t *testing.T, dir string) {
			write(t, dir, "a/a.go", "package a\n"+doubling("", "func f$i() { u$i() }\n", 100_000))
		}},
		{name: "go.mod that requires itself and replaces itself", build: files(
			"n/go.mod", "module example.com/n\ngo 1.24\nrequire example.com/n v1.0.0\nreplace example.com/n => ../n\n", "n/n.go", "package n\nimport _ \"example.com/n\"\n"),
			want: "import cycle"},
		{name: "go.work that uses itself and a module twice", build: files("go.work", "go 1.24\nuse .\nuse ./.\nuse ./n/..\n")},
		{name: "no module, no package clause", want: "syntax error", gap: true, build: files("a/a.go", "func main() {}\n")},
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// build lays out a hostile repository beside a sound package.
func (h hostile) lay(t *testing.T, dir string) {
	write(t, dir, "go.mod", mod)
	write(t, dir, "ok/ok.go", "package ok\n\nimport \"fmt\"\n\nfunc Say() { fmt.Println() }\n")
	h.build(t, dir)
}

// TestHostileRepositories scans each of them in a real worker with the whole
// suite, within limits, and judges the receipt as a review would. With -v it
// prints what became of each as a table.
func TestHostileRepositories(t *testing.T) {
	limits := scan.Limits{Wall: time.Minute, CPU: 30 * time.Second, MemoryBytes: 1 << 30, FileBytes: 1 << 20, OutputBytes: 8 << 20}
	for _, h := range hostiles() {
		t.Run(h.name, func(t *testing.T) {
			dir := t.TempDir()
			h.lay(t, dir)
			rep := inWorkerOf(t, "whole", wholeSuite(), dir, goanalysis.Settings{}, limits)
			text := receiptText(rep)
			if !strings.Contains(text, h.want) {
				t.Errorf("the receipt does not say %q:\n%s", h.want, clip(text))
			}
			if gap := len(rep.Receipt.Gaps) > 0; gap != h.gap {
				t.Errorf("gap %v, want %v:\n%s", gap, h.gap, clip(text))
			}
			found := false
			for _, f := range rep.Head {
				found = found || f.Place.Path == "ok/ok.go"
				if strings.HasPrefix(f.Place.Path, "/") || strings.Contains(f.Place.Path, "..") {
					t.Errorf("finding outside the checkout: %s", f.Place.Path)
				}
			}
			if !found {
				t.Errorf("the sound package beside it was lost:\n%s", clip(text))
			}
			want := review.Pass
			if h.gap {
				want = review.CouldNotVerify
			}
			_, decision := policy.Decide(nil, review.Receipt{Scanners: []review.ScannerReceipt{rep.Receipt}}, config.DefaultPolicy(), time.Now())
			if decision.Verdict != want {
				t.Errorf("verdict %s, want %s", decision.Verdict, want)
			}
			if rep.Receipt.CPU > limits.CPU || rep.Receipt.PeakBytes > limits.MemoryBytes {
				t.Errorf("%s of CPU time and %d MiB, more than the limits", rep.Receipt.CPU, rep.Receipt.PeakBytes>>20)
			}
			t.Logf("| %s | %.2f | %d | %s | %s |", h.name, rep.Receipt.CPU.Seconds(), rep.Receipt.PeakBytes>>20, said(rep.Receipt, h.want), decision.Verdict)
		})
	}
}

// said returns the line of a receipt that speaks of what was wrong.
func said(r review.ScannerReceipt, want string) string {
	var lines []string
	for _, g := range r.Gaps {
		lines = append(lines, g.What+": "+g.Why)
	}
	for _, s := range r.Skipped {
		lines = append(lines, s.What+": "+s.Why)
	}
	lines = append(lines, r.Notes...)
	for _, l := range lines {
		if want != "" && strings.Contains(l, want) {
			if len(l) > 160 {
				l = l[:160] + "…"
			}
			return l
		}
	}
	if len(lines) > 0 && len(r.Counts) == 0 {
		return lines[0]
	}
	return fmt.Sprintf("%d of %d packages analysed", r.Counts[0].Looked, r.Counts[0].Expected)
}

func receiptText(rep scan.Report) string {
	b, _ := json.Marshal(rep.Receipt)
	return string(b)
}

func clip(s string) string {
	if len(s) > 2000 {
		return s[:2000] + "…"
	}
	return s
}

// TestNothingIsExecutedOrReadOutside scans every hostile repository in a process
// whose system calls are recorded.
func TestNothingIsExecutedOrReadOutside(t *testing.T) {
	if root := os.Getenv("LAUNCHGATE_TEST_SCAN"); root != "" {
		scanAll(t, root)
		return
	}
	strace, err := exec.LookPath("strace")
	if err != nil && os.Getenv("CI") == "" {
		t.Skip("strace is not installed")
	} else if err != nil {
		t.Fatal("strace is not installed; in CI this must not be skipped")
	}
	if testing.Short() {
		t.Skip("tracing system calls takes seconds")
	}
	root := t.TempDir()
	for i, h := range hostiles() {
		if !h.many {
			h.lay(t, filepath.Join(root, fmt.Sprintf("r%02d", i)))
		}
	}
	log := filepath.Join(t.TempDir(), "trace")
	cmd := exec.Command(strace, "-f", "-qq", "-o", log, "-e", "trace=execve,execveat,open,openat,openat2,connect,socket,fork,vfork,clone3,clone", "--",
		os.Args[0], "-test.run", "^TestNothingIsExecutedOrReadOutside$")
	cmd.Env = append(os.Environ(), "LAUNCHGATE_TEST_SCAN="+root)
	if out, err := cmd.CombinedOutput(); err != nil {
		if strings.Contains(string(out), "ptrace") {
			t.Skipf("strace may not trace here: %s", out)
		}
		t.Fatalf("scan under strace: %v\n%s", err, clip(string(out)))
	}
	checkTrace(t, log, root)
}

func scanAll(t *testing.T, root string) {
	dirs, err := os.ReadDir(root)
	must(t, err)
	for _, d := range dirs {
		raw, _ := json.Marshal(goanalysis.Settings{})
		s := goanalysis.Scanner{Suite: []*analysis.Analyzer{printer}, RuleSet: []rule.Rule{printRule}}
		if _, err := s.Scan(context.Background(), scan.Request{HeadDir: filepath.Join(root, d.Name()), Settings: raw}, nil); err != nil {
			t.Errorf("%s: %v", d.Name(), err)
		}
	}
}

var openCall = regexp.MustCompile(`open(?:at2?)?\((?:AT_FDCWD|-?\d+), "((?:[^"\\]|\\.)*)"`)

// checkTrace reads strace's log: one execve (the test itself), no sockets, and
// absolute paths only below the checkouts and what every Go process reads.
func checkTrace(t *testing.T, log, root string) {
	f, err := os.Open(log)
	must(t, err)
	defer f.Close()
	execs := 0
	outside := map[string]bool{}
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		line := s.Text()
		switch {
		case strings.Contains(line, "execve"):
			execs++
		case strings.Contains(line, "connect(") || strings.Contains(line, "socket("):
			outside[line] = true
		}
		if m := openCall.FindStringSubmatch(line); m != nil {
			p := m[1]
			if strings.HasPrefix(p, "/") && !strings.HasPrefix(p, root) && !strings.HasPrefix(p, "/sys/") && !strings.HasPrefix(p, "/proc/") &&
				!strings.HasPrefix(p, "/dev/null") && !strings.HasPrefix(p, "/etc/ld.so") && !strings.HasPrefix(p, "/lib") && !strings.HasPrefix(p, "/usr/lib") &&
				!strings.HasPrefix(p, "/usr/share/zoneinfo") && !strings.HasPrefix(p, "/etc/localtime") && p != os.Args[0] {
				outside[p] = true
			}
			if strings.Contains(p, "..") {
				outside[p] = true
			}
		}
	}
	must(t, s.Err())
	if execs != 1 {
		t.Errorf("%d programs were executed, want the test alone", execs)
	}
	if len(outside) > 0 {
		var list []string
		for p := range outside {
			list = append(list, p)
		}
		sort.Strings(list)
		t.Errorf("reached outside the checkout: %q", list)
	}
	if _, err := os.Stat("/tmp/launchgate-was-here"); err == nil {
		t.Error("a generate directive was executed")
	}
}
