package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/launchgate/launchgate/app/gh/ghtest"
	"github.com/launchgate/launchgate/app/publish"
	"github.com/launchgate/launchgate/app/store"
)

// served is a real "launchgate serve" process next to the stand-in GitHub.
type served struct {
	t      *testing.T
	github *ghtest.Server
	inst   *ghtest.Installation
	repo   *ghtest.Repo
	dir    string
	dsn    string // of its database, "" if that is in dir
	config string
	url    string
	cmd    *exec.Cmd
	log    *os.File
	appID  int64
	pem    []byte
	// search is switched off by the test of the search itself.
	search bool
}

func newServed(t *testing.T) *served {
	t.Helper()
	dir := t.TempDir()
	github, err := ghtest.NewServer(ghtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = github.Close() })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	app, err := github.AddApp(ghtest.AppOptions{Slug: "launchgate", WebhookURL: "http://" + address + "/webhook", WebhookSecret: "a long secret of the webhook"})
	if err != nil {
		t.Fatal(err)
	}
	inst := github.AddInstallation(app, "agora")
	repo, err := github.AddRepo(inst, "agora/api", ghtest.Change{Message: "start", Files: withCanaries(ghtest.Txtar(sampleBase))})
	if err != nil {
		t.Fatal(err)
	}
	s := &served{t: t, github: github, inst: inst, repo: repo, dir: dir, appID: app.ID, pem: app.PEM, search: true, url: "http://" + address, config: filepath.Join(dir, "launchgate.yml")}
	key := filepath.Join(dir, "key.pem")
	text := fmt.Sprintf("listen: %s\ndata_dir: %s\ngithub:\n  url: %s\n  app_id: %d\n  private_key_file: %s\n  webhook_secret: a long secret of the webhook\n", address, filepath.Join(dir, "data"), github.URL(), app.ID, key)
	if err := os.WriteFile(key, app.PEM, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if s.log, err = os.Create(filepath.Join(dir, "server.log")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if s.search {
			s.searchOutputs()
		}
		_ = s.log.Close()
	})
	return s
}

// use has the server keep what it knows in a database.
func (s *served) use(t *testing.T, db store.Config) {
	t.Helper()
	if s.dsn = db.PostgresDSN; s.dsn == "" {
		return // in its data folder
	}
	f, err := os.OpenFile(s.config, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = fmt.Fprintf(f, "database:\n  postgres_dsn: %q\ninstallation_key: %s\n", s.dsn, strings.Repeat("5e", 32))
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

func (s *served) start() {
	s.t.Helper()
	s.cmd = exec.Command(os.Args[0], "serve", "--config", s.config)
	s.cmd.Env = append(os.Environ(), "LAUNCHGATE_TEST_MAIN=1")
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	for range 200 {
		if resp, err := http.Get(s.url + "/readyz"); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	logged, _ := os.ReadFile(s.log.Name())
	s.t.Fatalf("the server did not get ready within 10 s:\n%s", logged)
}

// check waits until the newest check of the pull request's head is in one of
// the states.
func (s *served) check(number int, status string) ghtest.CheckRun {
	s.t.Helper()
	for range 3000 {
		if run, ok := s.repo.LatestCheck(s.repo.Head(number), publish.CheckName); ok && run.Status == status {
			return run
		}
		time.Sleep(10 * time.Millisecond)
	}
	logged, _ := os.ReadFile(s.log.Name())
	s.t.Fatalf("no check %s within 30 s:\n%s", status, logged)
	return ghtest.CheckRun{}
}

// TestAKilledServersReviewIsTakenUpAgain kills a real server in the middle of a
// review, starts it again, and looks at everything it leaves behind.
func TestAKilledServersReviewIsTakenUpAgain(t *testing.T) {
	s := newServed(t)
	s.start()
	key := plantKey()
	if _, err := s.repo.Commit("topic", "main", ghtest.Change{Message: "leak", Files: ghtest.Txtar(bytes.ReplaceAll(sampleLeak, []byte("@@KEY@@"), []byte(key)))}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.repo.Commit("topic", "topic", ghtest.Change{Message: "change", Files: ghtest.Txtar(sampleChange)}); err != nil {
		t.Fatal(err)
	}
	number, err := s.repo.OpenPullRequest(ghtest.PullOptions{Title: "t", Head: "topic", Base: "main"})
	if err != nil {
		t.Fatal(err)
	}
	if d, err := s.github.DeliverPullRequest(s.repo, number, "opened"); err != nil || d.StatusCode != http.StatusAccepted {
		t.Fatalf("delivery: %+v, %v", d, err)
	}
	s.check(number, "in_progress")
	if err := s.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = s.cmd.Wait()
	killed := time.Now()
	if run := s.check(number, "in_progress"); run.Conclusion != "" {
		t.Fatalf("the review ended before the kill: %s", run.Conclusion)
	}

	s.start()
	run := s.check(number, "completed")
	t.Logf("completed %s after the kill", time.Since(killed).Round(100*time.Millisecond))
	if run.Conclusion != "failure" || !strings.Contains(run.Title, "6 introduced findings block") {
		t.Errorf("check: %s %q", run.Conclusion, run.Title)
	}
	if runs := s.repo.CheckRuns(s.repo.Head(number)); len(runs) != 1 {
		t.Errorf("%d check runs, want the one that was in progress", len(runs))
	}
	comments := len(s.repo.ReviewComments(number))
	if comments != 5 { // two of the findings are about one place
		t.Errorf("%d comments, want 5", comments)
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("the server did not stop cleanly: %v", err)
	}
	for _, v := range s.github.Violations() {
		t.Errorf("against GitHub's OpenAPI description: %s", v)
	}
}

func TestDoctorAndMistakenConfiguration(t *testing.T) {
	s := newServed(t)
	status, out, errs := launchgate(t, "doctor", "--config", s.config)
	if status != 0 || !strings.Contains(out, "knows this App") || strings.Contains(out, "PROBLEM") {
		t.Errorf("doctor: status %d\n%s%s", status, out, errs)
	}
	bad := filepath.Join(s.dir, "bad.yml")
	if err := os.WriteFile(bad, []byte("listn: :8080\ngithub:\n  app_id: -1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	status, _, errs = launchgate(t, "serve", "--config", bad)
	if status == 0 || !strings.Contains(errs, `did you mean "listen"`) {
		t.Errorf("serve with a mistake: status %d, %s", status, errs)
	}
}
