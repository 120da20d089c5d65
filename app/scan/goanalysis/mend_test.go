package goanalysis_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan"
	"github.com/launchgate/launchgate/app/scan/goanalysis"
)

// The archives of testdata/mend are programs and the fixes that are offered for
// them. Each fix is made on disk and the program looked at again: it must be
// typed in full as before, the finding gone and no other come.
func TestMends(t *testing.T) {
	names, err := filepath.Glob("testdata/mend/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatal("no archives", err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			ar, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			at := slices.IndexFunc(ar.Files, func(f txtar.File) bool { return f.Name == "want" })
			want := string(ar.Files[at].Data)
			program := &txtar.Archive{Files: slices.Delete(slices.Clone(ar.Files), at, at+1)}
			dir := checkout(t, string(txtar.Format(program)))
			before := looked(t, dir)
			var got strings.Builder
			for _, f := range before.Head {
				fmt.Fprintf(&got, "%s:%d %s\n", f.Place.Path, f.Place.Line, f.Rule)
				for _, fix := range []*review.Fix{f.Fix, f.Alternative} {
					if fix == nil || !fix.Proved {
						continue
					}
					fmt.Fprintf(&got, "  %s\n", fix.Title)
					mended := checkout(t, string(txtar.Format(program)))
					for _, e := range slices.Backward(fix.Edits) {
						edit(t, mended, e, &got)
					}
					after := looked(t, mended)
					if n, m := count(after.Head, f), count(before.Head, f); n != m-1 {
						t.Errorf("%s:%d: after %q the finding is there %d times, before %d times", f.Place.Path, f.Place.Line, fix.Title, n, m)
					}
					for _, g := range after.Head {
						if count(after.Head, g) > count(before.Head, g) {
							t.Errorf("%s:%d: after %q there is something new: %s", f.Place.Path, f.Place.Line, fix.Title, g.Message)
						}
					}
					if a, b := typed(before), typed(after); a != b {
						t.Errorf("%s:%d: after %q: %s; before: %s", f.Place.Path, f.Place.Line, fix.Title, b, a)
					}
				}
			}
			if got.String() == want {
				return
			}
			if *update {
				ar.Files[at].Data = []byte(got.String())
				if err := os.WriteFile(name, txtar.Format(ar), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			t.Errorf("the fixes are others (if they are right, run with -update):\n%s", got.String())
		})
	}
}

func looked(t *testing.T, dir string) scan.Report {
	t.Helper()
	rep, err := goanalysis.Scanner{}.Scan(context.Background(), scan.Request{HeadDir: dir}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !rep.Receipt.Complete() {
		t.Fatalf("not everything could be read: %+v", rep.Receipt.Gaps)
	}
	return rep
}

// typed is what a receipt says of how far the program is typed: 2 of 2 packages.
func typed(rep scan.Report) string {
	for _, n := range rep.Receipt.Notes {
		if s, ok := strings.CutPrefix(n, "packages typed in full: "); ok {
			return s[:strings.IndexByte(s, ';')]
		}
	}
	return "nothing"
}

func count(fs []review.Finding, like review.Finding) int {
	n := 0
	for _, f := range fs {
		if f.Rule == like.Rule && f.Symbol == like.Symbol && f.Key == like.Key && f.Place.Path == like.Place.Path {
			n++
		}
	}
	return n
}

// edit makes one edit on disk and writes what it is.
func edit(t *testing.T, dir string, e review.Edit, w *strings.Builder) {
	t.Helper()
	name := filepath.Join(dir, filepath.FromSlash(e.Path))
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(data), "\n")
	for _, l := range lines[e.StartLine-1 : e.EndLine] {
		fmt.Fprintf(w, "  %s:%d - %s\n", e.Path, e.StartLine, strings.TrimSpace(l))
	}
	for _, l := range strings.SplitAfter(strings.TrimSuffix(e.New, "\n"), "\n") {
		fmt.Fprintf(w, "  + %s\n", strings.TrimSuffix(l, "\n"))
	}
	text := strings.Join(lines[:e.StartLine-1], "") + e.New + strings.Join(lines[e.EndLine:], "")
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// More can be mended than is tried. What a change touches comes first.
func TestFixesOfWhatChangedAreTriedFirst(t *testing.T) {
	var old strings.Builder
	old.WriteString("-- go.mod --\nmodule example.com/shop\n\ngo 1.24\n-- a/a.go --\npackage a\n\nimport \"log\"\n\ntype User struct {\n\tID    int64\n\tEmail string\n}\n\n")
	for i := range 45 {
		fmt.Fprintf(&old, "func F%d(u *User) { log.Printf(\"mail to %%s\", u.Email) }\n", i)
	}
	old.WriteString("-- z/z.go --\npackage z\n\nimport (\n\t\"log\"\n\n\t\"example.com/shop/a\"\n)\n\nfunc Old(u *a.User) { log.Printf(\"mail to %s\", u.Email) }\nfunc New(u *a.User) { log.Printf(\"mail to %s\", u.Email) }\n")
	proved := func(d review.Diff) map[string]bool {
		rep, err := goanalysis.Scanner{}.Scan(context.Background(), scan.Request{HeadDir: checkout(t, old.String()), Diff: d}, nil)
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]bool{}
		for _, f := range rep.Head {
			if f.Fix != nil && f.Fix.Proved {
				out[f.Symbol] = true
			}
		}
		return out
	}
	if got := proved(review.Diff{}); got["New"] || len(got) == 0 {
		t.Fatalf("too few fixes for the bound: %d are proved, New: %v", len(got), got["New"])
	}
	got := proved(review.Diff{Files: []review.FileDiff{{Path: "z/z.go", Hunks: []review.Hunk{{NewStart: 9, Ops: "  +"}}}}})
	if !got["New"] || !got["Old"] || len(got) < 3 {
		t.Errorf("proved: New %v, Old %v, %d in all", got["New"], got["Old"], len(got))
	}
}
