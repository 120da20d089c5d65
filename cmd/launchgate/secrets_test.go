package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestSecretsHistoryCommand lists a secret that only history holds, without
// repeating it, and takes note that it was rotated.
func TestSecretsHistoryCommand(t *testing.T) {
	secret := "AKIA" + "Z7QXW4RDM2LKNB5T"
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
		var out bytes.Buffer
		cmd.SetOut(&out)
		cmd.SetErr(&out)
		cmd.SetArgs(append(args, "--cache", cache))
		err := cmd.Execute()
		if strings.Contains(out.String(), secret[4:]) {
			t.Errorf("the secret is repeated: %s", out.String())
		}
		return out.String(), err
	}

	out, err := call(dir, "--history")
	var exit exitError
	if !errors.As(err, &exit) || int(exit) != exitBlock {
		t.Fatalf("err = %v\n%s", err, out)
	}
	for _, want := range []string{"1 secrets, 1 open", "secrets/aws-access-token  Amazon Web Services", "2026-01-02  a.env:1", "only in history", "https://console.aws.amazon.com/", "2 of 2 commits looked at"} {
		if !strings.Contains(out, want) {
			t.Errorf("the list does not say %q:\n%s", want, out)
		}
	}
	_, key, _ := strings.Cut(out, "  key     ")
	key, _, _ = strings.Cut(key, "\n")
	if out, err := call("mark", key, "rotated", "--reason", "rolled"); err != nil {
		t.Fatalf("mark: %v\n%s", err, out)
	}
	if out, err := call(dir, "--history"); err != nil || !strings.Contains(out, "rotated: rolled") {
		t.Errorf("after rotation: %v\n%s", err, out)
	}
	if _, err := call(dir); err == nil {
		t.Error("a call without --history is accepted")
	}
}
