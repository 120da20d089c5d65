package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/launchgate/launchgate/app/checkout"
	"github.com/launchgate/launchgate/app/scan/secrets"
	"github.com/launchgate/launchgate/cmd/internal/cli"
)

// TestSecretsHistoryCommand lists a secret that only history holds, without
// repeating it, and takes note that it was rotated.
func TestSecretsHistoryCommand(t *testing.T) {
	secret := plantKey()
	dir, cache := t.TempDir(), t.TempDir()
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent", "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=A", "GIT_AUTHOR_EMAIL=a@example.com",
			"GIT_COMMITTER_NAME=A", "GIT_COMMITTER_EMAIL=a@example.com", "GIT_AUTHOR_DATE=2026-01-02T03:04:05Z", "GIT_COMMITTER_DATE=2026-01-02T03:04:05Z"}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	git("init", "-q", "-b", "main")
	for _, content := range []string{"K=" + secret + "\n", "K=\n"} {
		if err := os.WriteFile(filepath.Join(dir, "a.env"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		git("add", "a.env")
		git("commit", "-q", "-m", "x")
	}
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	call := func(args ...string) (string, error) {
		t.Helper()
		cmd := newSecretsCommand()
		cmd.SilenceUsage, cmd.SilenceErrors = true, true
		var out, errs bytes.Buffer
		cmd.SetOut(&out)
		cmd.SetErr(&errs)
		cmd.SetArgs(append(args, "--cache", cache))
		err := cmd.Execute()
		if all := out.String() + errs.String(); strings.Contains(all, secret[4:]) {
			t.Errorf("the secret is repeated: %s", all)
		}
		return out.String(), err
	}

	out, err := call(dir, "--history")
	var exit cli.Exit
	if !errors.As(err, &exit) || int(exit) != cli.Block {
		t.Fatalf("err = %v\n%s", err, out)
	}
	for _, want := range []string{"1 secret, 1 open", "secrets/aws-access-token  Amazon Web Services", "2026-01-02  a.env:1", "only in history", "https://console.aws.amazon.com/", "2 of 2 commits looked at"} {
		if !strings.Contains(out, want) {
			t.Errorf("the list does not say %q:\n%s", want, out)
		}
	}
	_, key, _ := strings.Cut(out, "  key     ")
	key, _, _ = strings.Cut(key, "\n")
	on := "rotated on " + time.Now().UTC().Format(time.DateOnly) + " by ana"
	if out, err := call("mark", key[:10], "rotated", "--reason", "rolled", "--by", "ana"); err != nil {
		t.Fatalf("mark: %v\n%s", err, out)
	}
	if out, err := call(dir, "--history"); err != nil || !strings.Contains(out, on+": rolled") {
		t.Errorf("after rotation: %v\n%s", err, out)
	}
	if out, _ := call(dir, "--history", "--format", "markdown"); !strings.Contains(out, "| "+on+": rolled. |") || !strings.Contains(out, "**0 open**") {
		t.Errorf("as Markdown:\n%s", out)
	}
	if out, _ := call(dir, "--history", "--format", "json"); !json.Valid([]byte(out)) || !strings.Contains(out, `"state": "rotated"`) {
		t.Errorf("as JSON:\n%s", out)
	}
	if out, _ := call(dir, "--history", "--format", "csv"); !strings.Contains(out, ",rotated,rolled,critical,secrets/aws-access-token,Amazon Web Services,https://") || strings.Count(out, "\n") != 2 {
		t.Errorf("as CSV:\n%s", out)
	}
	if out, err := call(dir, "--history", "--since-last"); err != nil || !strings.Contains(out, "no new commits to look at") || !strings.Contains(out, "Only what no list has shown yet is listed") {
		t.Errorf("with nothing new: %v\n%s", err, out)
	}
	if out, err := call("mark", strings.Repeat("12", 32), "rotated"); err == nil {
		t.Errorf("a key that nobody was shown is marked: %s", out)
	}
	if _, err := call(dir); err == nil {
		t.Error("a call without --history is accepted")
	}

	// The report to hand on.
	report := filepath.Join(t.TempDir(), "rotate.md")
	if status, out, errs := launchgate(t, "report", dir, "--cache", cache, "-o", report); status != cli.Pass || out != "" {
		t.Errorf("report: status %d\n%s%s", status, out, errs)
	}
	text, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	searchOutput(t, "the report", text)
	for _, want := range []string{"# Secrets to rotate", "**Nothing is open.**", "- [x] " + on + ": rolled. `secrets/aws-access-token` of Amazon Web Services", "2 commits were covered by earlier looks"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the report does not say %q:\n%s", want, text)
		}
	}
	if status, _, errs := launchgate(t, "report", dir, "--config", "x.yml"); status != cli.BadUsage || !strings.Contains(errs, "not both") {
		t.Errorf("a folder and a server: status %d, %s", status, errs)
	}
	if status, _, errs := launchgate(t, "report", "--repo", "a/b"); status != cli.BadUsage || !strings.Contains(errs, "--config") {
		t.Errorf("a repository of no server: status %d, %s", status, errs)
	}
}

// "secrets list" printed nothing and ended with 0 when nobody had looked yet,
// which reads as "nothing open".
func TestAListOfNoRepositorySaysSo(t *testing.T) {
	s := newServed(t)
	s.start()
	s.stop()
	for _, format := range []string{"text", "markdown", "csv", "json"} {
		status, out, errs := launchgate(t, "secrets", "list", "--config", s.config, "--format", format)
		if status != cli.CouldNotVerify || (format == "text" || format == "markdown") && !strings.Contains(out, "No repository was looked at") || out == "" {
			t.Errorf("%s: status %d, %q %s", format, status, out, errs)
		}
	}
	if status, out, _ := launchgate(t, "report", "--config", s.config); status != cli.CouldNotVerify || !strings.Contains(out, "No repository was looked at") {
		t.Errorf("report: status %d, %q", status, out)
	}
}

func TestTagsOfAMirrorAreWhereTheScannerLooks(t *testing.T) {
	if want := checkout.HistoryRefs + "/tags"; secrets.TagRefs != want {
		t.Errorf("the scanner looks for tags below %s, mirrors keep them below %s", secrets.TagRefs, want)
	}
}

// What a developer was told, a line of .gitleaksignore on the base branch, changed
// nothing for a branch that had left the base before: only the policy was read from the
// base's tip.
func TestWhatTheBaseIgnoresHoldsForBranchesThatLeftItBefore(t *testing.T) {
	secret := plantKey()
	dir := t.TempDir()
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=a", "-c", "user.email=a@example.com"}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	commit := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		git("add", name)
		git("commit", "-q", "-m", name)
	}
	git("init", "-q", "-b", "main")
	commit("go.mod", "module example.com/m\n\ngo 1.24\n")
	git("checkout", "-q", "-b", "topic")
	commit("x.env", "A=1\nK="+secret+"\n")
	commit("x.env", "A=1\n")
	review := func() (int, string) {
		status, out, errs := launchgate(t, "review", dir, "--base", "main", "--head", "topic")
		return status, out + errs
	}
	if status, out := review(); status != cli.Block || !strings.Contains(out, "(https://console.aws.amazon.com/") {
		t.Fatalf("status %d\n%s", status, out)
	}
	git("checkout", "-q", "main")
	commit(".gitleaksignore", "x.env:aws-access-token:2\n")
	if status, out := review(); status != cli.Pass {
		t.Errorf("status %d\n%s", status, out)
	}
	// The branch's own list is a stranger's.
	git("rm", "-q", ".gitleaksignore")
	git("commit", "-q", "-m", "not ignored")
	git("checkout", "-q", "topic")
	commit(".gitleaksignore", "x.env:aws-access-token:2\n")
	if status, out := review(); status != cli.Block {
		t.Errorf("a branch ignores its own secret: status %d\n%s", status, out)
	}
}
