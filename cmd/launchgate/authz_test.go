package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/launchgate/launchgate/app/checkout"
	"github.com/launchgate/launchgate/app/pipeline"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan"
	"github.com/launchgate/launchgate/app/scan/goanalysis"
)

var update = flag.Bool("update", false, "write what comes out into the archives of testdata")

// TestAuthzReviews reviews small pull requests: an archive holds the files of
// base/ and head/ and, as want, what must come out of the review. Files that are
// the same on both sides stand in base/ only.
func TestAuthzReviews(t *testing.T) {
	names, err := filepath.Glob("testdata/authz/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	shared, err := txtar.ParseFile("testdata/authz/shared/files.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			t.Parallel()
			ar, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			var want string
			base, head := slices.Clone(shared.Files), []txtar.File(nil)
			for _, f := range ar.Files {
				side, rest, _ := strings.Cut(f.Name, "/")
				switch side {
				case "want":
					want = string(f.Data)
				case "base":
					base = append(base, txtar.File{Name: rest, Data: f.Data})
				case "head":
					head = append(head, txtar.File{Name: rest, Data: f.Data})
				}
			}
			got := outline(reviewFiles(t, base, head))
			if *update {
				ar.Files = append(slices.DeleteFunc(ar.Files, func(f txtar.File) bool { return f.Name == "want" }), txtar.File{Name: "want", Data: []byte(got)})
				if err := os.WriteFile(name, txtar.Format(ar), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// reviewFiles commits two sets of files and reviews the second. The scanner runs
// in this process: what a worker adds has tests of its own.
func reviewFiles(t *testing.T, base, head []txtar.File) review.Outcome {
	t.Helper()
	dir := t.TempDir()
	git := func(args ...string) {
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	git("init", "-q", "-b", "main")
	layCanaries(t, dir)
	for i, files := range [][]txtar.File{base, head} {
		for _, f := range files {
			p := filepath.Join(dir, filepath.FromSlash(f.Name))
			if len(bytes.TrimSpace(f.Data)) == 0 { // a file that the change deletes
				if err := os.Remove(p); err != nil {
					t.Fatal(err)
				}
				continue
			}
			if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(p, f.Data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		git("add", "-A")
		git("commit", "-q", "-m", "c")
		git("branch", []string{"old", "new"}[i])
	}
	ctx := t.Context()
	repo, err := checkout.OpenLocal(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	var commits [2]review.SHA
	for i, rev := range []string{"old", "new"} {
		if commits[i], err = repo.Resolve(ctx, rev); err != nil {
			t.Fatal(err)
		}
	}
	e := &pipeline.Evaluator{
		Run: func(ctx context.Context, req scan.Request, settings map[string]json.RawMessage, progress scan.Progress) []scan.Report {
			req.Settings = settings["code"]
			rep, err := goanalysis.Scanner{}.Scan(ctx, req, progress)
			if err != nil {
				t.Fatal(err)
			}
			return []scan.Report{rep}
		},
		Settings: scannerSettings(goanalysis.Settings{}), ScratchDir: t.TempDir(), FingerprintKey: make([]byte, 32),
		Now: func() time.Time { return time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC) },
	}
	out, err := e.Evaluate(ctx, repo, review.Target{Kind: review.KindLocal, Head: commits[1], Base: commits[0], BaseRef: "old", Run: 1}, silent{})
	if err != nil {
		t.Fatal(err)
	}
	whole, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	searchOutput(t, "the outcome", whole)
	return out
}

type silent struct{}

func (silent) Stage(string)       {}
func (silent) Scanned(scan.Event) {}

// outline writes what of a review these cases are about.
func outline(o review.Outcome) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", o.Decision.Title)
	for _, c := range o.RouteChanges {
		r := c.After
		if r == nil {
			r = c.Before
		}
		fmt.Fprintf(&b, "%s %s: ", c.Change, r.Key())
		if c.Before != nil && c.After != nil {
			fmt.Fprintf(&b, "%s to ", c.Before.Access)
		}
		fmt.Fprintf(&b, "%s", r.Access)
		if len(c.Lost) > 0 {
			fmt.Fprintf(&b, ", lost %s", strings.Join(c.Lost, ", "))
		}
		if len(c.Gained) > 0 {
			fmt.Fprintf(&b, ", gained %s", strings.Join(c.Gained, ", "))
		}
		fmt.Fprintln(&b)
	}
	for _, f := range o.Introduced() {
		if f.Rule.Family() != "authz" {
			continue
		}
		side := ""
		if f.Place.Side == review.Left {
			side = " (deleted)"
		}
		blocks := ""
		if slices.Contains(o.Decision.Blocking, f.Fingerprint) {
			blocks = ", blocks"
		}
		fmt.Fprintf(&b, "%s:%d%s %s, %s%s\n  %s\n  routes: %s\n", f.Place.Path, f.Place.Line, side, f.Rule, f.Severity, blocks, f.Message, strings.Join(f.Routes, ", "))
		if f.Expected != "" {
			fmt.Fprintf(&b, "  expected: %s\n", f.Expected)
		}
	}
	for _, n := range o.Decision.Notes {
		fmt.Fprintf(&b, "note: %s\n", n)
	}
	return b.String()
}
