package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan"
	"github.com/launchgate/launchgate/app/scan/secrets"
)

// builder makes a small history; its first fault sticks.
type builder struct {
	dir string
	err error
}

func (b *builder) git(args ...string) string {
	cmd := exec.Command("git", args...)
	cmd.Dir = b.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent", "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C", "GIT_AUTHOR_NAME=A", "GIT_AUTHOR_EMAIL=a@example.com",
		"GIT_COMMITTER_NAME=A", "GIT_COMMITTER_EMAIL=a@example.com", "GIT_AUTHOR_DATE=2026-01-02T03:04:05Z", "GIT_COMMITTER_DATE=2026-01-02T03:04:05Z"}
	out, err := cmd.CombinedOutput()
	if err != nil && args[0] != "merge" { // a merge is meant to conflict
		b.err = errors.Join(b.err, fmt.Errorf("git %s: %w: %s", strings.Join(args, " "), err, out))
	}
	return strings.TrimSpace(string(out))
}

func (b *builder) commit(path, content string) string {
	if err := os.WriteFile(filepath.Join(b.dir, path), []byte(content), 0o600); err != nil {
		b.err = errors.Join(b.err, err)
	}
	b.git("add", "-A")
	b.git("commit", "-q", "-m", "x")
	return b.git("rev-parse", "HEAD")
}

// cases are histories that tools around gitleaks are known to get wrong. Each
// returns the range to look at.
var cases = []struct {
	name  string
	build func(b *builder, line string) (base, head string)
}{
	{"secret in the conflict resolution of a merge", func(b *builder, line string) (string, string) {
		base := b.commit("a.env", "x=1\n")
		b.git("checkout", "-q", "-b", "side")
		b.commit("a.env", "x=2\n")
		b.git("checkout", "-q", "main")
		b.commit("a.env", "x=3\n")
		b.git("merge", "-q", "side")
		b.commit("a.env", line)
		return base, b.commit("a.env", "x=4\n")
	}},
	{"secret added and removed on the second parent", func(b *builder, line string) (string, string) {
		base := b.commit("a.env", "x=1\n")
		b.git("checkout", "-q", "-b", "side")
		b.commit("b.env", line)
		b.commit("b.env", "x=2\n")
		b.git("checkout", "-q", "main")
		b.commit("c.env", "x=3\n")
		b.git("merge", "-q", "--no-ff", "-m", "merge", "side")
		return base, b.git("rev-parse", "HEAD")
	}},
	{"secret added, then removed", func(b *builder, line string) (string, string) {
		base := b.commit("a.env", "x=1\n")
		b.commit("a.env", line)
		return base, b.commit("a.env", "x=2\n")
	}},
	{"forced push: the old head is no longer there", func(b *builder, line string) (string, string) {
		b.commit("a.env", "x=1\n")
		return strings.Repeat("1", 40), b.commit("a.env", line)
	}},
	{"a range that cannot be", func(b *builder, line string) (string, string) {
		base := b.commit("a.env", line)
		return base, strings.Repeat("2", 40)
	}},
}

// showCases prints what gitleaks says of each case, called on the range and in
// the way its GitHub action calls it, and what we say.
func showCases(gitleaks string) error {
	fmt.Println("| case | gitleaks git --log-opts=base..head | as its action calls it (--no-merges --first-parent) | Launchgate |")
	fmt.Println("|---|---|---|---|")
	for _, c := range cases {
		dir, err := os.MkdirTemp("", "secretsbench-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		b := &builder{dir: dir}
		b.git("init", "-q", "-b", "main")
		// Put together here so that no scanner trips on this repository.
		base, head := c.build(b, "KEY=AKIA"+"Z7QXW4RDM2LKNB5T\n")
		if b.err != nil {
			return b.err
		}
		ours, err := ourAnswer(dir, base, head)
		if err != nil {
			return err
		}
		fmt.Printf("| %s | %s | %s | %s |\n", c.name, theirAnswer(gitleaks, dir, base+".."+head), theirAnswer(gitleaks, dir, "--no-merges --first-parent "+base+".."+head), ours)
	}
	return nil
}

func theirAnswer(gitleaks, dir, opts string) string {
	report := filepath.Join(dir, ".git", "report.json")
	cmd := exec.Command(gitleaks, "git", "--no-banner", "--redact", "--log-level=error", "--report-format=json", "--report-path", report, "--log-opts="+opts, dir)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return err.Error()
	}
	found, err := fingerprints(report)
	if err != nil {
		return fmt.Sprintf("exit %d, no report", cmd.ProcessState.ExitCode())
	}
	return fmt.Sprintf("exit %d, %d found", cmd.ProcessState.ExitCode(), len(found))
}

func ourAnswer(dir, base, head string) (string, error) {
	rep, err := secrets.New().Scan(context.Background(), scan.Request{Kind: review.KindPullRequest, GitDir: filepath.Join(dir, ".git"), Head: review.SHA(head), MergeBase: review.SHA(base),
		FingerprintKey: make([]byte, 32)}, nil)
	if err != nil {
		return "", err
	}
	var out []string
	for _, f := range rep.Head {
		at := fmt.Sprintf("%s:%d", f.Place.Path, f.Place.Line)
		if f.Place.Commit != "" {
			at += " of " + f.Place.Commit.Short()
		}
		out = append(out, fmt.Sprintf("%s at %s", f.Rule, at))
	}
	for _, g := range rep.Receipt.Gaps {
		out = append(out, "could not verify: "+g.Why)
	}
	if len(out) == 0 {
		return "nothing found", nil
	}
	return strings.Join(out, "; "), nil
}
