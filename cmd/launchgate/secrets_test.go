package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/launchgate/launchgate/app/checkout"
	"github.com/launchgate/launchgate/app/scan"
	"github.com/launchgate/launchgate/app/scan/secrets"
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
	var exit exitError
	if !errors.As(err, &exit) || int(exit) != exitBlock {
		t.Fatalf("err = %v\n%s", err, out)
	}
	for _, want := range []string{"1 secret, 1 open", "secrets/aws-access-token  Amazon Web Services", "2026-01-02  a.env:1", "only in history", "https://console.aws.amazon.com/", "2 of 2 commits looked at"} {
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
	if out, _ := call(dir, "--history", "--format", "markdown"); !strings.Contains(out, "| rotated: rolled. |") || !strings.Contains(out, "**0 open**") {
		t.Errorf("as Markdown:\n%s", out)
	}
	if out, _ := call(dir, "--history", "--format", "json"); !json.Valid([]byte(out)) || !strings.Contains(out, `"state": "rotated"`) {
		t.Errorf("as JSON:\n%s", out)
	}
	if out, _ := call(dir, "--history", "--format", "csv"); !strings.Contains(out, ",rotated,rolled,critical,secrets/aws-access-token,Amazon Web Services,https://") || strings.Count(out, "\n") != 2 {
		t.Errorf("as CSV:\n%s", out)
	}
	if _, err := call(dir); err == nil {
		t.Error("a call without --history is accepted")
	}

	// The report to hand on.
	report := filepath.Join(t.TempDir(), "rotate.md")
	if status, out, errs := launchgate(t, "report", dir, "--cache", cache, "-o", report); status != exitPass || out != "" {
		t.Errorf("report: status %d\n%s%s", status, out, errs)
	}
	text, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	searchOutput(t, "the report", text)
	for _, want := range []string{"# Secrets to rotate", "**Nothing is open.**", "- [x] rotated: rolled. `secrets/aws-access-token` of Amazon Web Services", "2 commits were covered by earlier looks"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the report does not say %q:\n%s", want, text)
		}
	}
	if status, _, errs := launchgate(t, "report", dir, "--config", "x.yml"); status != exitUsage || !strings.Contains(errs, "not both") {
		t.Errorf("a folder and a server: status %d, %s", status, errs)
	}
	if status, _, errs := launchgate(t, "report", "--repo", "a/b"); status != exitUsage || !strings.Contains(errs, "--config") {
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
		if status != exitCouldNotVerify || (format == "text" || format == "markdown") && !strings.Contains(out, "No repository was looked at") || out == "" {
			t.Errorf("%s: status %d, %q %s", format, status, out, errs)
		}
	}
	if status, out, _ := launchgate(t, "report", "--config", s.config); status != exitCouldNotVerify || !strings.Contains(out, "No repository was looked at") {
		t.Errorf("report: status %d, %q", status, out)
	}
}

func TestTagsOfAMirrorAreWhereTheScannerLooks(t *testing.T) {
	if want := checkout.HistoryRefs + "/tags"; secrets.TagRefs != want {
		t.Errorf("the scanner looks for tags below %s, mirrors keep them below %s", secrets.TagRefs, want)
	}
}

// The time that is left is told from this scan's own pace: a scan that was
// stopped and goes on at nine of ten is not nearly done because of it.
func TestTimeLeft(t *testing.T) {
	var p pace
	now := time.Unix(1000, 0)
	steps := []struct {
		after time.Duration
		done  int
		want  time.Duration
	}{{0, 900, 0}, {10 * time.Second, 910, 90 * time.Second}, {20 * time.Second, 950, 20 * time.Second}, {40 * time.Second, 1000, 0}}
	for _, s := range steps {
		if got := p.left(scan.Event{Done: s.done, Total: 1000}, now.Add(s.after)); got != s.want {
			t.Errorf("at %d after %s: %s left, want %s", s.done, s.after, got, s.want)
		}
	}
	if got, want := barText(scan.Event{Done: 500, Total: 1000, Bytes: 12_300_000, Found: 4}, 61*time.Second), "[############............] 500 of 1000 commits, 12.3 MB, 4 findings, 1m1s left"; got != want {
		t.Errorf("bar: %q, want %q", got, want)
	}
}

// "-o /dev/null" put a regular file in the device's place.
func TestOutputLeavesPipesAndDevicesInPlace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	got := make(chan string)
	go func() {
		data, _ := os.ReadFile(path)
		got <- string(data)
	}()
	err := writeOutput(nil, path, func(w io.Writer) error {
		_, err := io.WriteString(w, "the list")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if text := <-got; text != "the list" {
		t.Errorf("the pipe got %q", text)
	}
	if info, err := os.Stat(path); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		t.Errorf("the pipe is now %v, %v", info.Mode(), err)
	}
}
