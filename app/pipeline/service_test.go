package pipeline_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/launchgate/launchgate/app/checkout"
	"github.com/launchgate/launchgate/app/gh"
	"github.com/launchgate/launchgate/app/gh/ghtest"
	"github.com/launchgate/launchgate/app/jobs"
	"github.com/launchgate/launchgate/app/pipeline"
	"github.com/launchgate/launchgate/app/publish"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan"
	"github.com/launchgate/launchgate/app/store"
	"github.com/launchgate/launchgate/webhooks"
)

// stage is a server next to the stand-in GitHub: real git, SQLite, River and
// HTTP. Only the scanners are the case's own.
type stage struct {
	t      *testing.T
	github *ghtest.Server
	app    *ghtest.App
	inst   *ghtest.Installation
	repo   *ghtest.Repo
	db     *store.DB
	queue  *jobs.Queue
	// service is what answers the queue's jobs.
	service *pipeline.Service
	// mirrors is the folder of the repositories' mirrors, data that of the database.
	mirrors, data string

	mu   sync.Mutex
	scan func(ctx context.Context, req scan.Request) scan.Report
}

// clean is a scanner that looked at everything and found nothing.
func clean(context.Context, scan.Request) scan.Report {
	return scan.Report{Receipt: review.ScannerReceipt{Scanner: "test", Counts: []review.Count{{Unit: "files", Looked: 1, Expected: 1}}}}
}

// marks reports every line of a .go file that says BAD, at head and base.
func marks(_ context.Context, req scan.Request) scan.Report {
	rep := clean(nil, req)
	find := func(dir string) []review.Finding {
		var out []review.Finding
		files, _ := filepath.Glob(filepath.Join(dir, "*.go"))
		for _, file := range files {
			for i, line := range readLines(file) {
				if strings.Contains(line, "BAD") {
					out = append(out, review.Finding{Rule: "test/bad", Severity: review.SeverityHigh, Confidence: review.ConfidenceHigh, Message: "a bad line",
						Place: review.Place{Path: filepath.Base(file), Line: i + 1}, Key: strings.TrimSpace(line)})
				}
			}
		}
		return out
	}
	rep.Head = find(req.HeadDir)
	if req.BaseDir != "" {
		rep.Base = find(req.BaseDir)
	}
	return rep
}

func newStage(t *testing.T, files map[string]string) *stage {
	t.Helper()
	return newStageWith(t, files, jobs.Config{Workers: 4, RepoSlots: 4}, nil)
}

func newStageWith(t *testing.T, files map[string]string, cfg jobs.Config, historian *pipeline.Historian) *stage {
	t.Helper()
	s := &stage{t: t, scan: marks}
	var err error
	if s.github, err = ghtest.NewServer(ghtest.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.github.Close() })
	if s.app, err = s.github.AddApp(ghtest.AppOptions{Slug: "launchgate", WebhookSecret: "s3"}); err != nil {
		t.Fatal(err)
	}
	s.inst = s.github.AddInstallation(s.app, "acme")
	if s.repo, err = s.github.AddRepo(s.inst, "acme/api", ghtest.Change{Message: "start", Files: files}); err != nil {
		t.Fatal(err)
	}
	app, err := gh.New(gh.Config{AppID: s.app.ID, PrivateKey: s.app.PEM, APIBase: s.github.APIURL(), WriteGap: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	s.data = t.TempDir()
	if s.db, err = store.Open(t.Context(), store.Config{Path: filepath.Join(s.data, "lg.db")}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.db.Close() })
	if err := s.db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := jobs.Migrate(t.Context(), s.db); err != nil {
		t.Fatal(err)
	}
	s.mirrors = t.TempDir()
	checkouts, err := checkout.New(checkout.Config{Root: s.mirrors})
	if err != nil {
		t.Fatal(err)
	}
	service := &pipeline.Service{App: app, Checkouts: checkouts, DB: s.db, Key: []byte("k"), Deadline: 10 * time.Minute, Log: slog.New(slog.DiscardHandler),
		Rules: []review.Rule{{ID: "test/bad", Title: "Bad line", Fix: "Mend it."}},
		Evaluator: &pipeline.Evaluator{ScratchDir: t.TempDir(), FingerprintKey: []byte("k"), Now: time.Now,
			Run: func(ctx context.Context, req scan.Request, _ map[string]json.RawMessage, _ scan.Progress) []scan.Report {
				s.mu.Lock()
				scanner := s.scan
				s.mu.Unlock()
				return []scan.Report{scanner(ctx, req)}
			}}}
	cfg.MaxAttempts, cfg.LeaseTime = 2, 2*time.Second
	service.Historian = historian
	if s.queue, err = jobs.New(s.db, cfg, service); err != nil {
		t.Fatal(err)
	}
	if historian != nil {
		historian.Accept = s.queue.Accept
	}
	s.service = service
	if err := s.queue.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		_ = s.queue.Stop(ctx)
	})
	hook, err := webhooks.New([]byte("s3"), s.queue, nil)
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(hook)
	t.Cleanup(front.Close)
	s.app.SetWebhook(front.URL, "s3")
	t.Cleanup(func() {
		for _, v := range s.github.Violations() {
			t.Errorf("against GitHub's OpenAPI description: %s", v)
		}
	})
	return s
}

func (s *stage) scanWith(f func(context.Context, scan.Request) scan.Report) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scan = f
}

// open commits files on a branch and opens a pull request for it.
func (s *stage) open(branch, base string, files map[string]string) int {
	s.t.Helper()
	if _, err := s.repo.Commit(branch, base, ghtest.Change{Message: "change", Files: files}); err != nil {
		s.t.Fatal(err)
	}
	n, err := s.repo.OpenPullRequest(ghtest.PullOptions{Title: "t", Head: branch, Base: base})
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

// deliver sends a pull_request event and returns the delivery.
func (s *stage) deliver(n int, action string) *ghtest.Delivery {
	s.t.Helper()
	d, err := s.github.DeliverPullRequest(s.repo, n, action)
	if err != nil {
		s.t.Fatal(err)
	}
	if d.StatusCode != 202 {
		s.t.Fatalf("the delivery was answered %d: %s", d.StatusCode, d.Response)
	}
	return d
}

// ended waits for a delivery to end.
func (s *stage) ended(d *ghtest.Delivery) (state, reason string) {
	s.t.Helper()
	// Until the test's own time is over: on a busy machine a large pull request
	// takes more than any time one would choose.
	for {
		list, err := s.db.RecentDeliveries(s.t.Context(), 100)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, x := range list {
			if x.GUID == d.GUID && x.State != store.DeliveryQueued {
				return x.State, x.Reason
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (s *stage) check(sha review.SHA) ghtest.CheckRun {
	s.t.Helper()
	run, ok := s.repo.LatestCheck(sha, publish.CheckName)
	if !ok {
		s.t.Fatalf("no check on %s", sha.Short())
	}
	return run
}

const goMod = "module example.com/api\n\ngo 1.24\n"

func TestAPullRequestIsJudgedByWhatItBrings(t *testing.T) {
	s := newStage(t, map[string]string{"go.mod": goMod, "a.go": "package a\n\n// BAD old\n"})
	n := s.open("topic", "main", map[string]string{"a.go": "package a\n\n// moved\n\n// BAD old\n", "b.go": "package a\n\n// BAD new\n"})
	s.ended(s.deliver(n, "opened"))
	run := s.check(s.repo.Head(n))
	if run.Status != "completed" || run.Conclusion != "failure" || !strings.Contains(run.Title, "1 introduced finding blocks") {
		t.Errorf("check: %s %s %q", run.Status, run.Conclusion, run.Title)
	}
	if len(run.Annotations) != 1 || run.Annotations[0].Path != "b.go" {
		t.Errorf("annotations: %+v, want the new line only", run.Annotations)
	}
	comments := s.repo.ReviewComments(n)
	if len(comments) != 1 || comments[0].Path != "b.go" || comments[0].Line != 3 {
		t.Errorf("comments: %+v", comments)
	}
	if _, err := s.repo.Push(n, ghtest.Change{Message: "mend", Files: map[string]string{"b.go": "package a\n\n// good\n"}}); err != nil {
		t.Fatal(err)
	}
	s.ended(s.deliver(n, "synchronize"))
	if run := s.check(s.repo.Head(n)); run.Conclusion != "success" {
		t.Errorf("mended: %s %q\n%s", run.Conclusion, run.Title, run.Summary)
	}
	if got := len(s.repo.Reviews(n)); got != 1 {
		t.Errorf("%d reviews, want one: a clean commit needs none", got)
	}
}

func TestARedeliveryPublishesNothingTwice(t *testing.T) {
	s := newStage(t, map[string]string{"go.mod": goMod})
	n := s.open("topic", "main", map[string]string{"b.go": "package a\n\n// BAD\n"})
	d := s.deliver(n, "opened")
	s.ended(d)
	again, err := s.github.Redeliver(d)
	if err != nil || again.StatusCode != 200 {
		t.Errorf("redelivery: %+v, %v; want 200: it was completed", again, err)
	}
	s.ended(s.deliver(n, "reopened")) // another delivery about the same pair
	if runs := s.repo.CheckRuns(s.repo.Head(n)); len(runs) != 1 {
		t.Errorf("%d check runs, want 1", len(runs))
	}
	if c := s.repo.ReviewComments(n); len(c) != 1 {
		t.Errorf("%d comments, want 1", len(c))
	}
}

func TestARerunIsANewRunOfTheSameName(t *testing.T) {
	s := newStage(t, map[string]string{"go.mod": goMod})
	n := s.open("topic", "main", map[string]string{"b.go": "package a\n\n// BAD\n"})
	s.ended(s.deliver(n, "opened"))
	first := s.check(s.repo.Head(n))
	s.scanWith(clean)
	d, err := s.github.DeliverRerequested(s.repo, first.ID)
	if err != nil {
		t.Fatal(err)
	}
	s.ended(d)
	second := s.check(s.repo.Head(n))
	if second.ID == first.ID || second.Name != first.Name || second.Conclusion != "success" || first.Conclusion != "failure" {
		t.Errorf("first %d %s, second %d %s", first.ID, first.Conclusion, second.ID, second.Conclusion)
	}
	if c := s.repo.ReviewComments(n); len(c) != 1 {
		t.Errorf("%d comments, want the one of the first run", len(c))
	}
}

// TestRerunAllNamesNoCheckRun: "Re-run all" comes as check_suite.rerequested,
// which names a commit only. A baseline, which has no check run, is none of it.
func TestRerunAllNamesNoCheckRun(t *testing.T) {
	s := newStage(t, map[string]string{"go.mod": goMod})
	s.scanWith(clean)
	push, err := s.github.DeliverPush(s.repo, "main", "")
	if err != nil {
		t.Fatal(err)
	}
	s.ended(push)
	n := s.open("topic", "main", map[string]string{"b.go": "package a\n"})
	s.ended(s.deliver(n, "opened"))
	d, err := s.github.DeliverCheckSuite(s.repo, s.repo.Head(n), "rerequested")
	if err != nil {
		t.Fatal(err)
	}
	if state, reason := s.ended(d); state != store.DeliveryDone {
		t.Errorf("the delivery ended %s: %s", state, reason)
	}
	if runs := s.repo.CheckRuns(s.repo.Head(n)); len(runs) != 2 || runs[1].Conclusion != "success" {
		t.Errorf("check runs: %+v, want a second one", runs)
	}
}

func TestANewerCommitStopsTheOlderReview(t *testing.T) {
	s := newStage(t, map[string]string{"go.mod": goMod})
	n := s.open("topic", "main", map[string]string{"b.go": "package a\n"})
	began, stopped := make(chan struct{}), make(chan error, 1)
	s.scanWith(func(ctx context.Context, req scan.Request) scan.Report {
		close(began)
		<-ctx.Done()
		stopped <- context.Cause(ctx)
		return clean(ctx, req)
	})
	old := s.repo.Head(n)
	first := s.deliver(n, "opened")
	<-began
	s.scanWith(clean)
	if _, err := s.repo.Push(n, ghtest.Change{Message: "more", Files: map[string]string{"c.go": "package a\n"}}); err != nil {
		t.Fatal(err)
	}
	s.ended(s.deliver(n, "synchronize"))
	if cause := <-stopped; review.CodeOf(cause) != review.CodeSuperseded {
		t.Errorf("the older review's work was stopped with %v", cause)
	}
	if state, reason := s.ended(first); state != store.DeliveryDone || !strings.Contains(reason, "superseded") {
		t.Errorf("the older delivery ended %s: %s", state, reason)
	}
	if run := s.check(old); run.Status != "completed" || run.Conclusion != "cancelled" {
		t.Errorf("older check: %s %s", run.Status, run.Conclusion)
	}
	if run := s.check(s.repo.Head(n)); run.Conclusion != "success" {
		t.Errorf("newer check: %s", run.Conclusion)
	}
}

// TestACommitCannotBeWhitewashedThroughAnotherBase opens a second pull request
// with the same head into a branch that already holds the bad line.
func TestACommitCannotBeWhitewashedThroughAnotherBase(t *testing.T) {
	s := newStage(t, map[string]string{"go.mod": goMod})
	bad := map[string]string{"b.go": "package a\n\n// BAD\n"}
	if _, err := s.repo.Commit("cover", "main", ghtest.Change{Message: "cover", Files: bad}); err != nil {
		t.Fatal(err)
	}
	n := s.open("topic", "cover", map[string]string{"c.go": "package a\n"})
	s.ended(s.deliver(n, "opened"))
	run := s.check(s.repo.Head(n))
	if run.Conclusion != "failure" || !strings.Contains(run.Summary, "default branch") {
		t.Errorf("check on the commit: %s %q\n%s", run.Conclusion, run.Title, run.Summary)
	}
}

func TestWhatWasNotLookedAtIsRed(t *testing.T) {
	s := newStage(t, map[string]string{"go.mod": goMod})
	n := s.open("topic", "main", map[string]string{"b.go": "package a\n"})
	s.scanWith(func(context.Context, scan.Request) scan.Report {
		return scan.Report{Receipt: review.ScannerReceipt{Scanner: "test", Gaps: []review.Gap{{Code: review.CodeScannerMemory, What: "test", Why: "it needed more than 2048 MiB of memory", Do: "raise limits.worker_memory"}}}}
	})
	s.ended(s.deliver(n, "opened"))
	run := s.check(s.repo.Head(n))
	if run.Conclusion != "failure" || !strings.HasPrefix(run.Title, "Could not verify") || !strings.Contains(run.Summary, "worker") {
		t.Errorf("check: %s %q\n%s", run.Conclusion, run.Title, run.Summary)
	}
}

func TestBadInputEndsWithAReadableReason(t *testing.T) {
	tests := []struct {
		name   string
		break_ func(*stage)
		reason string
	}{
		{"suspended installation", func(s *stage) { s.inst.Suspend(true) }, "suspended"},
		{"installation gone", func(s *stage) { s.inst.Delete() }, "installation"},
		{"repository gone", func(s *stage) { s.repo.SetGone(404) }, "repository"},
		{"missing permission", func(s *stage) {
			p := ghtest.DefaultPermissions()
			delete(p, "checks")
			s.inst.SetPermissions(p)
		}, "checks"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStage(t, map[string]string{"go.mod": goMod})
			n := s.open("topic", "main", map[string]string{"b.go": "package a\n"})
			tt.break_(s)
			state, reason := s.ended(s.deliverRaw(n))
			if state != store.DeliveryFailed || !strings.Contains(strings.ToLower(reason), tt.reason) {
				t.Errorf("ended %s: %q, want a reason that names %q", state, reason, tt.reason)
			}
		})
	}
}

// deliverRaw sends the event for a head that nothing was said about yet.
func (s *stage) deliverRaw(n int) *ghtest.Delivery {
	s.t.Helper()
	if _, err := s.repo.Push(n, ghtest.Change{Message: "again", Files: map[string]string{"again.go": "package a\n"}}); err != nil {
		s.t.Fatal(err)
	}
	return s.deliver(n, "synchronize")
}

// TestAMirrorThatLostObjectsHeals: what a disk fault took from the mirror, or
// spoiled in it, is fetched again within the review, and the verdict is the right
// one.
func TestAMirrorThatLostObjectsHeals(t *testing.T) {
	for name, harm := range map[string]func(file string) error{
		"gone": os.Remove,
		"damaged": func(file string) error {
			return errors.Join(os.Chmod(file, 0o600), os.WriteFile(file, []byte("no object"), 0o600))
		},
		"emptied": func(file string) error { return errors.Join(os.Chmod(file, 0o600), os.Truncate(file, 0)) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, map[string]string{"go.mod": goMod, "a.go": "package a\n"})
			n := s.open("topic", "main", map[string]string{"a.go": "package a\n\nvar X int\n"})
			s.ended(s.deliver(n, "opened"))
			head := s.repo.Head(n)
			git := func(args ...string) (string, error) {
				out, err := exec.Command("git", append([]string{"--git-dir=" + filepath.Join(s.mirrors, fmt.Sprint(s.repo.ID)+".git")}, args...)...).CombinedOutput()
				return strings.TrimSpace(string(out)), err
			}
			blob, err := git("rev-parse", string(head)+":a.go")
			if err != nil {
				t.Fatalf("%v: %s", err, blob)
			}
			object, err := git("rev-parse", "--git-path", "objects/"+blob[:2]+"/"+blob[2:])
			if err != nil {
				t.Fatalf("%v: %s", err, object)
			}
			if err := harm(object); err != nil {
				t.Fatal(err)
			}
			d, err := s.github.DeliverRerequested(s.repo, s.check(head).ID)
			if err != nil {
				t.Fatal(err)
			}
			s.ended(d)
			run := s.check(head)
			if run.Conclusion != "success" {
				t.Errorf("check: %s %q\n%s", run.Conclusion, run.Title, run.Summary)
			}
			if out, err := git("cat-file", "blob", blob); err != nil {
				t.Errorf("the mirror still lacks the file: %v %s", err, out)
			}
		})
	}
}

func TestTruthfulVerdictsOnOddRepositories(t *testing.T) {
	t.Run("no merge base", func(t *testing.T) {
		// GitHub opens no such pull request, but a forced push makes one.
		s := newStage(t, map[string]string{"go.mod": goMod})
		n := s.open("topic", "main", map[string]string{"b.go": "package a\n"})
		if _, err := s.repo.Commit("alone", "", ghtest.Change{Message: "alone", Files: map[string]string{"x.go": "package x\n"}}); err != nil {
			t.Fatal(err)
		}
		if err := s.repo.SetBranch("topic", "refs/heads/alone"); err != nil {
			t.Fatal(err)
		}
		s.ended(s.deliver(n, "synchronize"))
		if run := s.check(s.repo.Head(n)); run.Conclusion != "failure" || !strings.Contains(run.Summary, "history") {
			t.Errorf("check: %s %q\n%s", run.Conclusion, run.Title, run.Summary)
		}
	})
	t.Run("not Go", func(t *testing.T) {
		s := newStage(t, map[string]string{"README.md": "# hello\n"})
		n := s.open("topic", "main", map[string]string{"README.md": "# hello you\n"})
		s.ended(s.deliver(n, "opened"))
		if run := s.check(s.repo.Head(n)); run.Conclusion != "success" {
			t.Errorf("check: %s %q", run.Conclusion, run.Title)
		}
	})
	t.Run("broken policy", func(t *testing.T) {
		s := newStage(t, map[string]string{"go.mod": goMod, ".github/launchgate.yml": "version: 1\nblok: {}\n"})
		n := s.open("topic", "main", map[string]string{"b.go": "package a\n\n// BAD\n"})
		s.ended(s.deliver(n, "opened"))
		run := s.check(s.repo.Head(n))
		if run.Conclusion != "failure" || !strings.Contains(plain(run.Summary), "line 2") {
			t.Errorf("check: %s\n%s", run.Conclusion, run.Summary)
		}
	})
	t.Run("a pull request cannot change its judge", func(t *testing.T) {
		s := newStage(t, map[string]string{"go.mod": goMod})
		n := s.open("topic", "main", map[string]string{"b.go": "package a\n\n// BAD\n", ".github/launchgate.yml": "version: 1\nrules: {test/bad: {off: true}}\n"})
		s.ended(s.deliver(n, "opened"))
		if run := s.check(s.repo.Head(n)); run.Conclusion != "failure" {
			t.Errorf("check: %s", run.Conclusion)
		}
	})
	t.Run("3,000 changed files", func(t *testing.T) {
		s := newStage(t, map[string]string{"go.mod": goMod})
		files := make(map[string]string)
		for i := range 3000 {
			files[fmt.Sprintf("f%04d.go", i)] = "package a\n\n// BAD\n"
		}
		n := s.open("topic", "main", files)
		s.ended(s.deliver(n, "opened"))
		run := s.check(s.repo.Head(n))
		if run.Conclusion != "failure" || !strings.Contains(run.Title, "3000") || len(run.Summary) > 65535 || !strings.Contains(run.Summary, "more rows") {
			t.Errorf("check: %s %q, summary of %d bytes", run.Conclusion, run.Title, len(run.Summary))
		}
	})
}

// plain takes the invisible joiners out of rendered text.
func plain(s string) string { return strings.ReplaceAll(s, "\u2060", "") }

func TestAMergeGroupIsCheckedUnderTheSameName(t *testing.T) {
	s := newStage(t, map[string]string{"go.mod": goMod})
	head, err := s.repo.Commit("gh-readonly-queue/main/pr-1-x", "main", ghtest.Change{Message: "group", Files: map[string]string{"b.go": "package a\n\n// BAD\n"}})
	if err != nil {
		t.Fatal(err)
	}
	d, err := s.github.DeliverMergeGroup(s.repo, head, "main", "checks_requested", "")
	if err != nil {
		t.Fatal(err)
	}
	if state, reason := s.ended(d); state != store.DeliveryDone {
		t.Fatalf("ended %s: %s", state, reason)
	}
	if run := s.check(head); run.Conclusion != "failure" || run.Name != publish.CheckName {
		t.Errorf("check: %s %s", run.Name, run.Conclusion)
	}
}

func TestAForksHeadIsReadFromTheBaseRepository(t *testing.T) {
	s := newStage(t, map[string]string{"go.mod": goMod})
	if _, err := s.repo.Commit("fork-topic", "main", ghtest.Change{Message: "from a fork", Files: map[string]string{"b.go": "package a\n\n// BAD\n"}}); err != nil {
		t.Fatal(err)
	}
	n, err := s.repo.OpenPullRequest(ghtest.PullOptions{Title: "t", Head: "fork-topic", Base: "main", Fork: true})
	if err != nil {
		t.Fatal(err)
	}
	var forked bool
	s.scanWith(func(ctx context.Context, req scan.Request) scan.Report {
		forked = req.Fork
		return marks(ctx, req)
	})
	s.ended(s.deliver(n, "opened"))
	if run := s.check(s.repo.Head(n)); run.Conclusion != "failure" || !forked {
		t.Errorf("check: %s, told that it is a fork: %v", run.Conclusion, forked)
	}
}

func TestABaselineIsKeptAndSaysNothing(t *testing.T) {
	s := newStage(t, map[string]string{"go.mod": goMod, "a.go": "package a\n\n// BAD\n"})
	before, err := s.repo.Branch("main")
	if err != nil {
		t.Fatal(err)
	}
	head, err := s.repo.Commit("main", "main", ghtest.Change{Message: "merge", Files: map[string]string{"b.go": "package a\n"}})
	if err != nil {
		t.Fatal(err)
	}
	d, err := s.github.DeliverPush(s.repo, "main", before)
	if err != nil {
		t.Fatal(err)
	}
	if state, reason := s.ended(d); state != store.DeliveryDone {
		t.Fatalf("ended %s: %s", state, reason)
	}
	if runs := s.repo.CheckRuns(head); len(runs) != 0 {
		t.Errorf("%d check runs, want none", len(runs))
	}
	list, err := s.db.RecentReviews(t.Context(), 1)
	if err != nil || len(list) != 1 || list[0].State != store.ReviewPublished {
		t.Errorf("reviews: %+v, %v", list, err)
	}
}
