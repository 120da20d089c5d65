package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/launchgate/launchgate/app/gh/ghtest"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/cmd/internal/cli"
)

var regexpAWS = regexp.MustCompile("AKIA[A-Z2-7]{16}")

// TestMain lets the test binary be the worker that the commands start, and
// searches what all workers answered when the tests are through.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "worker" {
		stdout, stderr := recordedWorker()
		os.Exit(run(context.Background(), os.Args[1:], os.Stdin, stdout, stderr))
	}
	if os.Getenv("LAUNCHGATE_TEST_MAIN") != "" {
		os.Unsetenv("LAUNCHGATE_TEST_MAIN")
		main()
	}
	dir, err := workerOutputs()
	if err == nil {
		err = os.MkdirAll(dir, 0o700)
	}
	status := m.Run()
	faults, _, e := searchWorkers(dir)
	for _, f := range faults {
		fmt.Println("--- FAIL:", f)
		status = 1
	}
	if err = errors.Join(err, e, os.RemoveAll(dir)); err != nil {
		fmt.Println("--- FAIL: the workers' outputs could not be searched:", err)
		status = 1
	}
	os.Exit(status)
}

// launchgate calls a command and searches what it says for planted secrets.
func launchgate(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(t.Context(), args, strings.NewReader(""), &out, &errs)
	searchOutput(t, "launchgate "+strings.Join(args, " "), append(out.Bytes(), errs.Bytes()...))
	if regexpAWS.Match(out.Bytes()) || regexpAWS.Match(errs.Bytes()) {
		t.Errorf("launchgate %s prints an AWS key", strings.Join(args, " "))
	}
	return status, out.String(), errs.String()
}

// TestDemo is the whole path: webhook in, check and review out, mended, green.
func TestDemo(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	status, out, errs := launchgate(t, "demo", "--exit")
	if status != 0 {
		t.Fatalf("status %d\n%s\n%s", status, errs, out)
	}
	for _, want := range []string{"in progress", "cloned", "scanning", "published: block", "published: pass", "authz/missing", "cors/reflected-origin", "logs/credential", "logs/personal-data",
		"secrets/aws-access-token", "3 of 3 commits", "Comment on api/members.go:24", "Nothing that blocks"} {
		if !strings.Contains(out, want) {
			t.Errorf("the demo does not print %q", want)
		}
	}
	if key := regexpAWS.FindString(out); key != "" {
		t.Errorf("the demo prints the key %s", key)
	}
}

// sample lays the demo's sample down as a repository with three branches.
func sample(t *testing.T) (dir string, key string) {
	t.Helper()
	dir = t.TempDir()
	git := func(args ...string) {
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	commit := func(archives ...[]byte) {
		for _, a := range archives {
			for name, body := range ghtest.Txtar(a) {
				p := filepath.Join(dir, name)
				if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(p, []byte(body), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
		git("add", "-A")
		git("commit", "-q", "-m", "c")
	}
	key = plantKey()
	git("init", "-q", "-b", "main")
	layCanaries(t, dir)
	commit(sampleBase)
	git("checkout", "-q", "-b", "topic")
	commit(bytes.ReplaceAll(sampleLeak, []byte("@@KEY@@"), []byte(key)))
	git("rm", "-q", "-r", "deploy")
	commit(sampleChange)
	git("checkout", "-q", "-b", "mended", "main")
	commit(sampleChange, sampleFix)
	return dir, key
}

func TestReviewFormatsAndStatus(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	dir, key := sample(t)
	for _, format := range []string{"text", "markdown", "json", "sarif"} {
		status, out, errs := launchgate(t, "review", dir, "--base", "main", "--head", "topic", "--format", format)
		if status != cli.Block {
			t.Errorf("%s: status %d, want %d\n%s", format, status, cli.Block, errs)
		}
		if !strings.Contains(out, "secrets/aws-access-token") || strings.Contains(out+errs, key) || strings.Contains(out+errs, key[4:12]) {
			t.Errorf("%s: the rule is missing or the key is quoted:\n%s", format, out)
		}
		if format == "json" || format == "sarif" {
			if !json.Valid([]byte(out)) {
				t.Errorf("%s is not JSON", format)
			}
		}
		if strings.Contains(out, "\x1b[") {
			t.Errorf("%s has colour though it is no terminal", format)
		}
	}
	if status, out, errs := launchgate(t, "review", dir, "--base", "main", "--head", "mended"); status != cli.Pass {
		t.Errorf("mended: status %d\n%s\n%s", status, out, errs)
	}
}

func TestReviewInALinkedWorkTree(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	dir, _ := sample(t)
	tree := filepath.Join(t.TempDir(), "tree")
	if out, err := exec.Command("git", "-C", dir, "worktree", "add", "-q", tree, "topic").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if status, out, errs := launchgate(t, "review", tree, "--base", "main"); status != cli.Block || !strings.Contains(out, "2 of 2 commits") {
		t.Errorf("status %d\n%s\n%s", status, out, errs)
	}
}

// TestReviewOfAPartialCloneSaysWhatIsMissing: who reviews a clone that lacks a
// file of its history is told so, in git's words and with the way out.
func TestReviewOfAPartialCloneSaysWhatIsMissing(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	dir, _ := sample(t)
	git := func(args ...string) string {
		out, err := exec.Command("git", append([]string{"-C", dir}, args...)...).Output()
		if err != nil {
			t.Fatalf("git %v: %v", args, err)
		}
		return strings.TrimSpace(string(out))
	}
	changed, _, _ := strings.Cut(git("diff", "--name-only", "--diff-filter=M", "main", "topic"), "\n")
	blob := git("rev-parse", "main:"+changed)
	if err := os.Remove(filepath.Join(dir, ".git", "objects", blob[:2], blob[2:])); err != nil {
		t.Fatal(err)
	}
	status, _, errs := launchgate(t, "review", dir, "--base", "main", "--head", "topic")
	if status != cli.CouldNotVerify {
		t.Errorf("status %d, want %d", status, cli.CouldNotVerify)
	}
	for _, want := range []string{string(review.CodeHistoryIncomplete), "git fetch --refetch", "unable to read " + blob} {
		if !strings.Contains(errs, want) {
			t.Errorf("no %q in: %s", want, errs)
		}
	}
}

func TestUsage(t *testing.T) {
	dir, _ := sample(t)
	tests := []struct {
		args []string
		want string
	}{
		{[]string{"revue"}, "unknown command"},
		{[]string{"review", dir, "--format", "xml"}, "unknown format"},
		{[]string{"review", dir, "--base", "none"}, "--base"},
		{[]string{"review", dir, "--head", "none"}, "--head"},
		{[]string{"review", dir, "--nonsense"}, "unknown flag"},
		{[]string{"review", "a", "b"}, "accepts at most 1"},
		{[]string{"explain", "authz/mising"}, "authz/missing"},
		{[]string{"policy", "check", "none.yml"}, "none.yml"},
		{[]string{"review", filepath.Join(dir, "none")}, "there is no such folder"},
		{[]string{"secrtes", dir, "--history"}, `unknown command "secrtes" for "launchgate", did you mean secrets?`},
		{[]string{"secrets", "lst"}, `unknown command "lst" for "launchgate secrets", did you mean list?`},
		{[]string{"secrets", dir}, "say --history"},
		{[]string{"secrets", dir, "--histroy"}, "did you mean --history?"},
		{[]string{"secrets", "mark"}, "See 'launchgate secrets mark --help'."},
		{[]string{"secrets", "list"}, "launchgate secrets DIR --history"},
		{[]string{"secrets", dir, "--history", "-o", filepath.Join(dir, "none", "a.md")}, "there is no folder"},
	}
	for _, tt := range tests {
		if status, _, errs := launchgate(t, tt.args...); status != cli.BadUsage || !strings.Contains(errs, tt.want) {
			t.Errorf("%v: status %d, %q; want %d and %q", tt.args, status, errs, cli.BadUsage, tt.want)
		}
	}
}

func TestEveryRuleIsExplained(t *testing.T) {
	for _, r := range allRules() {
		status, out, errs := launchgate(t, "explain", string(r.ID))
		if status != 0 || !strings.Contains(out, string(r.ID)) {
			t.Errorf("explain %s: status %d, %s", r.ID, status, errs)
		}
		if r.Title == "" || r.What == "" || r.Why == "" || r.Fix == "" || r.Severity == 0 || r.Confidence == 0 || r.Row < 1 || r.Row > 19 {
			t.Errorf("rule %s is not documented in full: %s", r.ID, fmt.Sprintf("%+v", r))
		}
	}
	if status, out, _ := launchgate(t, "rules"); status != 0 || strings.Count(out, "\n") != len(allRules()) {
		t.Errorf("rules: status %d, %d lines for %d rules", status, strings.Count(out, "\n"), len(allRules()))
	}
}

// TestRulePages holds docs/rules against the rules' own documentation; "make
// docs" writes them anew.
func TestRulePages(t *testing.T) {
	dir := t.TempDir()
	if status, _, errs := launchgate(t, "rules", "--write", dir); status != 0 {
		t.Fatal(errs)
	}
	committed := filepath.Join("..", "..", "docs", "rules")
	for _, r := range allRules() {
		name := filepath.FromSlash(string(r.ID)) + ".md"
		want, err1 := os.ReadFile(filepath.Join(dir, name))
		got, err2 := os.ReadFile(filepath.Join(committed, name))
		if err1 != nil || err2 != nil || !bytes.Equal(got, want) {
			t.Errorf("docs/rules/%s is not what rule %s says of itself (%v %v); run make docs", name, r.ID, err1, err2)
		}
	}
	pages, err := filepath.Glob(filepath.Join(committed, "*", "*.md"))
	if err != nil || len(pages) != len(allRules()) {
		t.Errorf("%d pages for %d rules, %v: remove those of rules that are gone", len(pages), len(allRules()), err)
	}
}
