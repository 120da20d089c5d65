package pipeline_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/launchgate/launchgate/app/gh/ghtest"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan"
	"github.com/launchgate/launchgate/app/scan/secrets"
)

// The planted secrets are put together at run time, so that no scanner trips on
// this repository.
func awsKey() string    { return "AKIA" + "Z7QXW4RDM2LKNB5T" }
func githubPAT() string { return "ghp" + "_" + "k3Jq8ZtWmX2vB7nRcY5sLhD4fGpA9eUoT1iK" }
func stripeKey() string { return "sk" + "_live_" + "9aZ3kQ7xW2mR8tVbN4cYpL6s" }
func slackHook() string {
	return "https://hooks.slack" + ".com/services/" + "T0A1B2C3D/B4E5F6G7H/" + "q8WzR3tYv5XcN7mK2pLd9sJf"
}

// quotes returns in which forms text holds a good part of a planted secret.
func quotes(text []byte) (found []string) {
	for kind, secret := range map[string]string{"AWS key": awsKey(), "GitHub token": githubPAT(), "Stripe key": stripeKey(), "Slack hook": slackHook()} {
		part := secret[len(secret)-12:]
		backwards := []byte(part)
		for i := range backwards {
			backwards[i] = part[len(part)-1-i]
		}
		forms := map[string]string{"": part, " backwards": string(backwards), " in hexadecimal": hex.EncodeToString([]byte(part))}
		// Of its three ways to fall on base64's groups of three bytes, the letters
		// that do not depend on what stands beside it.
		for shift := range 3 {
			b64 := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + part))
			forms[fmt.Sprintf(" in base64, %d bytes further on", shift)] = b64[(shift*8+5)/6 : len(b64)-1]
		}
		for form, s := range forms {
			if bytes.Contains(text, []byte(s)) {
				found = append(found, "the "+kind+form)
			}
		}
	}
	return found
}

// lockedBuffer is a log that is written to while it is read.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) text() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.Clone(b.buf.Bytes())
}

// secretsStage is a stage whose scanner is the real one for secrets, and whose log
// keeps everything.
func secretsStage(t *testing.T, files map[string]string) (s *stage, log *lockedBuffer) {
	t.Helper()
	s, log = newStage(t, files), &lockedBuffer{}
	scanner := secrets.New()
	s.service.Rules = scanner.Rules()
	s.service.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s.service.Evaluator.FingerprintKey = []byte("the key of this test installation")
	s.service.Evaluator.CacheDir = filepath.Join(s.data, "cache")
	s.service.Evaluator.ScratchDir = filepath.Join(s.data, "scratch")
	if err := os.Mkdir(s.service.Evaluator.ScratchDir, 0o700); err != nil {
		t.Fatal(err)
	}
	s.scanWith(func(ctx context.Context, req scan.Request) scan.Report {
		rep, err := scanner.Scan(ctx, req, nil)
		if err != nil {
			rep.Receipt.Gaps = append(rep.Receipt.Gaps, review.Gap{Code: review.CodeScannerFailed, What: "secrets", Why: err.Error(), Do: "nothing"})
		}
		return rep
	})
	return s, log
}

// outputs calls visit with everything that was written and said about a commit: the
// data folder, the log, every request to GitHub, every check and comment. Mirrors
// hold the repository itself.
func (s *stage) outputs(log *lockedBuffer, head review.SHA, visit func(where string, text []byte)) {
	s.t.Helper()
	visit("the log", log.text())
	err := filepath.WalkDir(s.data, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		visit(strings.TrimPrefix(path, s.data), data)
		return err
	})
	if err != nil {
		s.t.Error(err)
	}
	for _, r := range s.github.Requests() {
		visit("the request "+r.Operation, fmt.Appendf([]byte(r.Path+"\n"), "%s", r.Body))
	}
	for _, run := range s.repo.CheckRuns(head) {
		visit("a check", fmt.Appendf(nil, "%+v", run))
	}
	for n := 1; s.repo.Head(n) != ""; n++ {
		for _, c := range s.repo.ReviewComments(n) {
			visit("a comment", []byte(c.Body)) // the hunk beside it is GitHub's own
		}
		for _, r := range s.repo.Reviews(n) {
			visit("a review", fmt.Appendf(nil, "%+v", r))
		}
	}
}

// TestNothingOfASecretLeavesTheScanner lets the real scanner find secrets in all
// places where there can be one, and searches all that the pipeline makes of it.
func TestNothingOfASecretLeavesTheScanner(t *testing.T) {
	encoded := base64.StdEncoding.EncodeToString([]byte("key=" + stripeKey() + "\n"))
	add := func(name, text string) []ghtest.Change {
		return []ghtest.Change{{Message: "add", Files: map[string]string{name: text}}}
	}
	for _, c := range []struct {
		name       string
		base       map[string]string
		changes    []ghtest.Change
		conclusion string
		says       string // of the place or the reason
	}{
		{"in a file that is still there", nil, add("deploy.env", "AWS="+awsKey()+"\n"), "failure", "deploy.env"},
		{"added, and taken out again", nil, append(add("a.env", "K="+stripeKey()+"\n"), ghtest.Change{Message: "take out", Delete: []string{"a.env"}}), "failure", "a.env"},
		{"in a message and in a name", nil, []ghtest.Change{{Message: "use " + githubPAT() + " for now", Files: map[string]string{"keys/" + awsKey() + ".txt": "x\n"}}}, "failure", "message"},
		{"encoded, beside one that is moved", map[string]string{"old.env": "K=" + awsKey() + "\nx\n"},
			[]ghtest.Change{{Message: "move", Files: map[string]string{"old.env": "x\n", "new.env": "K=" + awsKey() + "\nE=" + encoded + "\nurl = " + slackHook() + "\n"}}}, "failure", "new.env"},
		{"beside a rule that cannot be read", map[string]string{".gitleaks.toml": "[[rules]]\nid = \"x\"\nregex = '''(" + awsKey() + "'''\n"}, add("deploy.env", "AWS="+awsKey()+"\n"), "failure", ".gitleaks.toml"},
		{"in what is said of a rule that cannot be read", map[string]string{".gitleaks.toml": "[[rules]]\nid = \"" + githubPAT() + "\"\nregex = \"(\"\n"}, add("deploy.env", "AWS="+awsKey()+"\n"), "failure", ".gitleaks.toml"},
		{"in a rule's own text", map[string]string{".gitleaks.toml": "[[rules]]\nid = \"" + githubPAT() + "\"\ndescription = \"" + stripeKey() + "\"\nregex = '''" + slackHook() + "'''\n"},
			add("hook.txt", slackHook()+"\n"), "failure", "a rule's id holds"},
		{"in a policy that cannot be read", map[string]string{".github/launchgate.yml": "version: 1\nkey: " + awsKey() + "\n"}, add("b.go", "package a\n"), "success", "launchgate.yml"},
		{"that is allowed on its line", nil, add("t.env", "K="+awsKey()+" # gitleaks:allow\n"), "success", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := map[string]string{"go.mod": goMod}
			for name, text := range c.base {
				files[name] = text
			}
			s, log := secretsStage(t, files)
			from := "main"
			for _, change := range c.changes {
				if _, err := s.repo.Commit("topic", from, change); err != nil {
					t.Fatal(err)
				}
				from = "topic"
			}
			n, err := s.repo.OpenPullRequest(ghtest.PullOptions{Title: "t", Head: "topic", Base: "main"})
			if err != nil {
				t.Fatal(err)
			}
			s.ended(s.deliver(n, "opened"))
			run := s.check(s.repo.Head(n))
			if said := plain(fmt.Sprintf("%+v %+v", run, s.repo.ReviewComments(n))); run.Conclusion != c.conclusion || !strings.Contains(said, c.says) {
				t.Errorf("check: %s, with %q wanted:\n%s", run.Conclusion, c.says, said)
			}
			searched := 0
			s.outputs(log, s.repo.Head(n), func(where string, text []byte) {
				searched++
				for _, what := range quotes(text) {
					t.Errorf("%s quotes %s", where, what)
				}
			})
			if searched < 8 {
				t.Errorf("only %d outputs were searched", searched)
			}
		})
	}
}

// TestTheSearchOfOutputsCanFail: a search that finds nothing must be one that could.
func TestTheSearchOfOutputsCanFail(t *testing.T) {
	s, log := secretsStage(t, map[string]string{"go.mod": goMod})
	inner := s.scan
	s.scanWith(func(ctx context.Context, req scan.Request) scan.Report {
		rep := inner(ctx, req)
		for i := range rep.Head {
			rep.Head[i].Message += " " + awsKey()
		}
		return rep
	})
	n := s.open("topic", "main", map[string]string{"deploy.env": "AWS=" + awsKey() + "\n"})
	s.ended(s.deliver(n, "opened"))
	fmt.Fprintln(log, awsKey())
	if err := os.WriteFile(filepath.Join(s.data, "cache", "left"), []byte(base64.StdEncoding.EncodeToString([]byte(awsKey()))), 0o600); err != nil {
		t.Fatal(err)
	}
	found := make(map[string]bool)
	s.outputs(log, s.repo.Head(n), func(where string, text []byte) {
		if len(quotes(text)) == 0 {
			return
		}
		if strings.HasPrefix(where, "/lg.db") { // or its log
			where = "/lg.db"
		}
		found[where] = true
	})
	for _, where := range []string{"the log", "/cache/left", "/lg.db", "a check", "a comment"} {
		if !found[where] {
			t.Errorf("a secret in %s is not noticed; noticed: %v", where, found)
		}
	}
}
