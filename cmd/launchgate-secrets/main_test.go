package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/launchgate/launchgate/app/scan"
	"github.com/launchgate/launchgate/app/scan/secrets"
)

// TestMain is launchgate as well: its worker, and what is called when this program is
// of another build.
func TestMain(m *testing.M) {
	switch {
	case len(os.Args) == 3 && os.Args[1] == "worker":
		os.Exit(scan.WorkerMain(context.Background(), os.Args[2], []scan.Scanner{secrets.New()}, nil, secrets.NewRedactor(), os.Stdin, os.Stdout))
	case len(os.Args) > 1 && os.Args[1] == "secrets":
		fmt.Println("launchgate does it:", os.Args[1:])
		os.Exit(7)
	}
	os.Exit(m.Run())
}

func TestALookAtAHistory(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "launchgate-secrets")
	if out, err := exec.Command("go", "build", "-ldflags", "-X github.com/launchgate/launchgate/cmd/internal/build/stamp.Sources=these", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	repo := filepath.Join(dir, "repo")
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", repo, "-c", "user.name=A", "-c", "user.email=a@example.com"}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git: %v\n%s", err, out)
		}
	}
	if err := os.Mkdir(repo, 0o700); err != nil {
		t.Fatal(err)
	}
	git("init", "-q")
	secret := "AKIA" + strings.Join([]string{"Q7Q7", "Q7ZX", "3M5R", "TW2C"}, "")
	if err := os.WriteFile(filepath.Join(repo, "a.env"), []byte("K="+secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	git("add", ".")
	git("commit", "-q", "-m", "x")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	these := "--from-build=these " + runtime.Version()
	for _, c := range []struct {
		name   string
		args   []string
		status int
		says   string
	}{
		{"a list that cannot be written", []string{these, self, "secrets", repo, "--history", "-o", "/dev/full"}, 2, "no space left"},
		{"a list for a folder that is not there", []string{these, self, "secrets", repo, "--history", "-o", filepath.Join(dir, "none", "list")}, 64, "there is no folder"},
		{"what is new since a list that nobody had", []string{these, self, "secrets", repo, "--history", "--since-last"}, 1, "1 secret, 1 open"},
		{"by launchgate of the same build", []string{these, self, "secrets", repo, "--history"}, 1, "1 secret, 1 open"},
		{"again", []string{these, self, "secrets", repo, "--history", "--since-last"}, 0, "no new commits to look at"},
		{"a call that makes no sense", []string{these, self, "secrets", repo, "--history", "--format", "xml"}, 64, `unknown format "xml"`},
		{"by launchgate of another build", []string{"--from-build=those", self, "secrets", repo, "--history"}, 7, "launchgate does it: [secrets " + repo + " --history]"},
		{"by hand", []string{"secrets", repo, "--history"}, 64, "launchgate starts this program"},
		{"by launchgate version", nil, 0, "these " + runtime.Version() + "\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := exec.Command(program, c.args...)
			cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+filepath.Join(dir, "cache"))
			out, _ := cmd.CombinedOutput()
			if status := cmd.ProcessState.ExitCode(); status != c.status || !strings.Contains(string(out), c.says) {
				t.Errorf("status %d, want %d and %q:\n%s", status, c.status, c.says, out)
			}
			if strings.Contains(string(out), secret[4:]) {
				t.Error("the secret is repeated")
			}
		})
	}
}
