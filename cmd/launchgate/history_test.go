package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/launchgate/launchgate/app/gh/ghtest"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan"
	"github.com/launchgate/launchgate/cmd/internal/cli"
)

// planted are secrets of several kinds, made anew for each test, so that no
// scanner trips on this repository and nothing else can hold them.
type planted struct {
	aws, pat, password, env, inName, inMessage, inTag, pem string
}

func plant() planted {
	tail := func(n int) string {
		s := ""
		for len(s) < n {
			s += randomKeyTail()
		}
		return s[:n]
	}
	lower := strings.ToLower
	p := planted{
		aws: "AKIA" + randomKeyTail(), pat: "ghp" + "_" + tail(18) + lower(tail(18)), password: tail(6) + lower(tail(6)) + "9Z", env: lower(tail(12)) + "Q7w",
		inName: "sk" + "_live_" + tail(12) + lower(tail(12)), inMessage: "AKIA" + randomKeyTail(), inTag: "glpat" + "-" + tail(20),
		pem: "-----BEGIN RSA PRIVATE" + " KEY-----\n" + tail(64) + "\n" + lower(tail(64)) + "\n-----END RSA PRIVATE" + " KEY-----",
	}
	for kind, part := range p.parts() {
		plantOne(kind, part, part)
	}
	return p
}

// plantKey returns a new AWS key.
func plantKey() string {
	key := "AKIA" + randomKeyTail()
	return plantOne("AWS key", key, key[6:18])
}

// parts are texts of which none may be in anything that leaves a worker.
func (p planted) parts() map[string]string {
	pem := strings.Split(p.pem, "\n")
	return map[string]string{"AWS key": p.aws[6:18], "GitHub token": p.pat[8:24], "password in a URL": p.password[:10], "front-end variable": p.env[:10],
		"secret in a file name": p.inName[12:24], "secret in a message": p.inMessage[6:18], "secret in a tag": p.inTag[8:20], "PEM key": pem[1][8:32], "PEM key, second line": pem[2][8:32]}
}

// history commits the planted secrets on main: some stand at the tip, some were
// taken away again.
func (p planted) history(t *testing.T, repo *ghtest.Repo) {
	t.Helper()
	commit := func(message string, files map[string]string, gone ...string) {
		if _, err := repo.Commit("main", "main", ghtest.Change{Message: message, Files: files, Delete: gone}); err != nil {
			t.Fatal(err)
		}
	}
	commit("keys", map[string]string{"deploy/a.env": "KEY=" + p.aws + "\n", "deploy/id.pem": p.pem + "\n"})
	commit("rotate "+p.inMessage, map[string]string{"db.go": "package api\n\nconst dsn = \"postgres://app:" + p.password + "@db.internal:5432/app\"\n", "web/.env": "NEXT_PUBLIC_API_" + "SECRET=" + p.env + "\n"}, "deploy/a.env", "deploy/id.pem")
	commit("dump", map[string]string{"dump-" + p.inName + ".txt": "x\n", "ci.sh": "TOKEN=" + p.pat + "\n"})
	commit("clean", nil, "dump-"+p.inName+".txt")
	cmd := exec.Command("git", "-C", repo.Dir(), "-c", "user.name=a", "-c", "user.email=a@example.com", "tag", "-a", "-m", "deploy with "+p.inTag, "v1", "main")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("tag: %v\n%s", err, out)
	}
}

// want are the rules and places of the planted history's list.
var plantedList = []string{
	"secrets/aws-access-token deploy/a.env only in history", "secrets/private-key deploy/id.pem only in history", "secrets/aws-access-token (message) only in history",
	"secrets/credentials-in-url db.go still in HEAD", "secrets/frontend-public-env web/.env still in HEAD", "secrets/github-pat ci.sh still in HEAD",
	"secrets/stripe-access-token dump-[secret].txt only in history", "secrets/gitlab-pat (message) only in history",
	"secrets/aws-access-token canary/deploy.env still in HEAD", "secrets/private-key canary/id.pem still in HEAD", "secrets/github-pat canary/canary.go still in HEAD",
	"secrets/credentials-in-url canary/canary.go still in HEAD",
}

type histories struct {
	Histories []review.History `json:"histories"`
}

func (s *served) list(t *testing.T) (h histories, status int) {
	t.Helper()
	status, out, errs := launchgate(t, "secrets", "list", "--config", s.config, "--format", "json")
	if err := json.Unmarshal([]byte(out), &h); err != nil {
		t.Fatalf("status %d: %v\n%s%s", status, err, out, errs)
	}
	return h, status
}

// TestInstallationHasItsHistoryLookedAt installs the App on a repository whose
// history holds secrets, and follows the list: on the dashboard, on the command
// line, through a restart with what was decided, and after a push.
func TestInstallationHasItsHistoryLookedAt(t *testing.T) {
	onEachDatabase(t, installationHasItsHistoryLookedAt)
}

func installationHasItsHistoryLookedAt(t *testing.T, s *served) {
	p := plant()
	p.history(t, s.repo)
	config, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.config, append(config, "dashboard:\n  enabled: true\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	s.start()
	if d, err := s.github.DeliverInstallation(s.inst, "created"); err != nil || d.StatusCode != http.StatusAccepted {
		t.Fatalf("delivery: %+v, %v", d, err)
	}
	await := func(secrets int) (h review.History, status int) {
		t.Helper()
		for range 300 {
			var all histories
			if all, status = s.list(t); len(all.Histories) == 1 && all.Histories[0].State == review.HistoryDone && len(all.Histories[0].Rotations) == secrets {
				return all.Histories[0], status
			}
			time.Sleep(100 * time.Millisecond)
		}
		all, _ := s.list(t)
		logged, _ := os.ReadFile(s.log.Name())
		t.Fatalf("no complete list of %d secrets within 30 s: %+v\n%s", secrets, all, logged)
		return h, 0
	}
	h, status := await(len(plantedList))
	if status != cli.Block {
		t.Errorf("status %d with open secrets", status)
	}
	var got []string
	for _, r := range h.Rotations {
		place := r.Path
		if place == "" {
			place = "(message)"
		}
		stands := "only in history"
		if r.InHead {
			stands = "still in HEAD"
		}
		got = append(got, fmt.Sprintf("%s %s %s", r.Rule, place, stands))
		if r.Commit == "" || r.Authored.IsZero() || r.Steps == "" || r.Provider == "" {
			t.Errorf("incomplete: %+v", r)
		}
	}
	for _, want := range plantedList {
		if n := strings.Count("\n"+strings.Join(got, "\n")+"\n", "\n"+want+"\n"); n != 1 {
			t.Errorf("%q is listed %d times in\n%s", want, n, strings.Join(got, "\n"))
		}
	}
	if status, out, _ := launchgate(t, "secrets", "list", "--config", s.config, "--repo", "agora/api", "--format", "markdown"); status != cli.Block || !strings.Contains(out, "**12 open**") {
		t.Errorf("as Markdown: status %d\n%s", status, out)
	}

	page := func(path string, wants ...string) {
		t.Helper()
		resp, err := http.Get(s.url + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		searchOutput(t, "the page "+path, body)
		for _, want := range wants {
			if !strings.Contains(string(body), want) {
				t.Errorf("%s does not say %q:\n%s", path, want, body)
			}
		}
	}
	page("/secrets", "agora/api", "12 to rotate")
	of := fmt.Sprintf("/secrets/%d", s.repo.ID)
	page(of, "12 secrets in history, 12 open", "Amazon Web Services", "https://console.aws.amazon.com/iam/home", "only in history", "still in HEAD", "dump-[secret].txt", "5</b> of 5 commits")

	// What was decided is kept, through a restart and the next look.
	for key, state := range map[string][]string{h.Rotations[0].Key[:12]: {"rotated"}, h.Rotations[1].Key: {"false-positive", "--reason", "a test key", "--by", "Ana | Dev"}} {
		if status, out, errs := launchgate(t, append([]string{"secrets", "mark", key, "--config", s.config}, state...)...); status != 0 {
			t.Errorf("mark: status %d\n%s%s", status, out, errs)
		}
	}
	if status, _, errs := launchgate(t, "secrets", "mark", "12345678", "rotated", "--config", s.config); status != cli.BadUsage || !strings.Contains(errs, "take a key from the list") {
		t.Errorf("marking an unknown secret: status %d, %s", status, errs)
	}
	s.stop()
	s.start()
	more := plant()
	if _, err := s.repo.Commit("main", "main", ghtest.Change{Message: "again", Files: map[string]string{"new.env": "K=" + more.aws + "\n"}}); err != nil {
		t.Fatal(err)
	}
	if d, err := s.github.DeliverPush(s.repo, "main", ""); err != nil || d.StatusCode != http.StatusAccepted {
		t.Fatalf("delivery: %+v, %v", d, err)
	}
	h, _ = await(len(plantedList) + 1)
	if h.Open() != len(plantedList)-1 || h.Receipt.Counts[0].Expected != 1 {
		t.Errorf("%d open, %+v looked at; want %d and only the new commit", h.Open(), h.Receipt.Counts, len(plantedList)-1)
	}
	// Nor does a push to a branch without a pull request wait for anything.
	if _, err := s.repo.Commit("side", "main", ghtest.Change{Message: "aside", Files: map[string]string{"side.env": "K=" + plantKey() + "\n"}}); err != nil {
		t.Fatal(err)
	}
	if d, err := s.github.DeliverPush(s.repo, "side", ""); err != nil || d.StatusCode != http.StatusAccepted {
		t.Fatalf("delivery: %+v, %v", d, err)
	}
	if h, _ = await(len(plantedList) + 2); h.Receipt.Counts[0].Expected != 1 {
		t.Errorf("%+v looked at; want only the new commit", h.Receipt.Counts)
	}
	page(of, "14 secrets in history, 12 open", "a test key", "rotated", "false-positive", "by <bdi>Ana | Dev</bdi>")
	page("/secrets", "12 to rotate")
	if status, out, errs := launchgate(t, "report", "--config", s.config, "--repo", "agora/api"); status != cli.Block || !strings.Contains(out, "**12 secrets to rotate**, 6 of them still in the newest code") ||
		!strings.Contains(out, "## Amazon Web Services: ") || !strings.Contains(out, "Where: <https://console.aws.amazon.com/") || !strings.Contains(out, "- [x] false-positive on "+time.Now().UTC().Format(time.DateOnly)+` by Ana \| Dev: a test key.`) {
		t.Errorf("report: status %d\n%s%s", status, out, errs)
	}
	page("/deliveries", "Look for secrets in all of history")
	s.stop()
	for _, v := range s.github.Violations() {
		t.Errorf("against GitHub's OpenAPI description: %s", v)
	}
}

func (s *served) stop() {
	s.t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	if err := s.cmd.Wait(); err != nil {
		s.t.Errorf("the server did not stop cleanly: %v", err)
	}
}

// TestNothingRepeatsASecret plants secrets of every kind in a pull request and
// greps everything that comes out for them: the server's side, and each format
// of the command line.
func TestNothingRepeatsASecret(t *testing.T) {
	onEachDatabase(t, nothingRepeatsASecret)
}

func nothingRepeatsASecret(t *testing.T, s *served) {
	t.Setenv("HOME", t.TempDir())
	p := plant()
	s.start()
	if _, err := s.repo.Commit("topic", "main", ghtest.Change{Message: "start"}); err != nil {
		t.Fatal(err)
	}
	files := map[string]string{"deploy/a.env": "KEY=" + p.aws + "\nTOKEN=" + p.pat + "\n", "deploy/id.pem": p.pem + "\n", "web/.env": "NEXT_PUBLIC_API_" + "SECRET=" + p.env + "\n",
		"db.go": "package api\n\nconst dsn = \"postgres://app:" + p.password + "@db.internal:5432/app\"\n", "dump-" + p.inName + ".txt": "x\n"}
	if _, err := s.repo.Commit("topic", "main", ghtest.Change{Message: "use " + p.inMessage, Files: files}); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("git", "-C", s.repo.Dir(), "-c", "user.name=a", "-c", "user.email=a@example.com", "tag", "-a", "-m", "deploy with "+p.inTag, "v1", "topic").CombinedOutput(); err != nil {
		t.Fatalf("tag: %v\n%s", err, out)
	}
	number, err := s.repo.OpenPullRequest(ghtest.PullOptions{Title: "t", Head: "topic", Base: "main"})
	if err != nil {
		t.Fatal(err)
	}
	if d, err := s.github.DeliverPullRequest(s.repo, number, "opened"); err != nil || d.StatusCode != http.StatusAccepted {
		t.Fatalf("delivery: %+v, %v", d, err)
	}
	run := s.check(number, "completed")
	for _, rule := range []string{"aws-access-token", "github-pat", "private-key", "frontend-public-env", "credentials-in-url", "stripe-access-token", "gitlab-pat"} {
		if !strings.Contains(run.Summary, "secrets/"+rule) {
			t.Errorf("the check does not name secrets/%s:\n%s", rule, run.Summary)
		}
	}
	if comments := s.repo.ReviewComments(number); len(comments) == 0 {
		t.Error("no secret got a comment on its line")
	}
	for _, args := range [][]string{{"review", s.repo.Dir(), "--base", "main", "--head", "topic", "--format", "text"}, {"review", s.repo.Dir(), "--base", "main", "--head", "topic", "--format", "markdown"},
		{"review", s.repo.Dir(), "--base", "main", "--head", "topic", "--format", "json"}, {"review", s.repo.Dir(), "--base", "main", "--head", "topic", "--format", "sarif"},
		{"secrets", s.repo.Dir(), "--history"}, {"secrets", s.repo.Dir(), "--history", "--format", "json"}} {
		_, stdout, stderr := launchgate(t, args...)
		if !strings.Contains(stdout, "secrets/aws-access-token") {
			t.Errorf("%v does not report the key:\n%s%s", args, stdout, stderr)
		}
	}
	home := os.Getenv("HOME")
	searched := 0
	err = filepath.WalkDir(home, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		searched++
		searchOutput(t, path, data)
		return err
	})
	if err != nil || searched == 0 {
		t.Errorf("%d files in the user's folder were searched, %v", searched, err)
	}
	s.stop()
}

// TestACrashedWorkerRepeatsNoSecret brings a worker that holds secrets down in
// the way that makes Go print the most, and greps what it printed.
func TestACrashedWorkerRepeatsNoSecret(t *testing.T) {
	s := newServed(t)
	p := plant()
	p.history(t, s.repo)
	// Enough of the same for the worker to be busy when the signal comes.
	dir := s.repo.Dir()
	var stream bytes.Buffer
	for i := range 4000 {
		content := fmt.Sprintf("K%d=%s\nT=%s\n%s\n", i, p.aws, p.pat, p.pem)
		fmt.Fprintf(&stream, "commit refs/heads/many\ncommitter A <a@example.com> %d +0000\ndata 1\nx\nM 100644 inline f%d\ndata %d\n%s\n", 1767322000+i, i%9, len(content), content)
	}
	load := exec.Command("git", "-C", dir, "fast-import", "--quiet")
	load.Stdin = &stream
	if out, err := load.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	head, err := s.repo.Branch("many")
	if err != nil {
		t.Fatal(err)
	}
	scratch := t.TempDir()
	request, err := json.Marshal(map[string]any{"scratch": scratch, "limits": scan.Limits{}, "request": scan.Request{Kind: review.KindBaseline, GitDir: dir, Head: head, FingerprintKey: bytes.Repeat([]byte("k"), 32)}})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "worker", "secrets")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + scratch, "GOTRACEBACK=crash"}
	cmd.Dir = scratch
	cmd.Stdin = bytes.NewReader(request)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// The first event says that commits are being looked at.
	first := make([]byte, 4096)
	n, err := stdout.Read(first)
	if err != nil {
		t.Fatal(err)
	}
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", cmd.Process.Pid))
	if err != nil && !os.IsPermission(err) {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(limits)) {
		if strings.HasPrefix(line, "Max core file size") && strings.Join(strings.Fields(line)[4:6], " ") != "0 0" {
			t.Errorf("a worker may leave a core dump: %s", line)
		}
	}
	if err := cmd.Process.Signal(syscall.SIGQUIT); err != nil {
		t.Fatal(err)
	}
	rest, _ := io.ReadAll(stdout)
	_ = cmd.Wait()
	if !strings.Contains(stderr.String(), "SIGQUIT") {
		t.Fatalf("the worker did not crash:\n%s", stderr.String())
	}
	searchOutput(t, "the crash", stderr.Bytes())
	searchOutput(t, "the worker's answer", append(first[:n:n], rest...))
	err = filepath.WalkDir(scratch, func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasPrefix(d.Name(), "core") {
			t.Errorf("a core dump: %s", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
