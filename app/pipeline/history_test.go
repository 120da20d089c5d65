package pipeline_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/launchgate/launchgate/app/checkout"
	"github.com/launchgate/launchgate/app/config"
	"github.com/launchgate/launchgate/app/gh/ghtest"
	"github.com/launchgate/launchgate/app/jobs"
	"github.com/launchgate/launchgate/app/pipeline"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan"
)

// looks records the looks at history a case asks for.
type looks struct {
	mu    sync.Mutex
	heads []review.SHA
	refs  []string
	look  func(n int) scan.Report
}

func (l *looks) historian() *pipeline.Historian {
	return &pipeline.Historian{Engine: "engine 1", Look: func(_ context.Context, req scan.Request, _ config.Policy, progress scan.Progress) (scan.Report, error) {
		out, err := exec.Command("git", "-c", "safe.directory=*", "--git-dir", req.GitDir, "for-each-ref", "--format=%(refname)", checkout.HistoryRefs).Output()
		l.mu.Lock()
		l.heads = append(l.heads, req.Head)
		l.refs = strings.Fields(strings.ReplaceAll(string(out), checkout.HistoryRefs+"/", ""))
		n := len(l.heads)
		l.mu.Unlock()
		progress(scan.Event{Done: n, Total: 10, Unit: "commits"})
		return l.look(n), err
	}}
}

func (l *looks) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.heads)
}

func whole(n int) scan.Report {
	return scan.Report{Receipt: review.ScannerReceipt{Scanner: "secrets", Counts: []review.Count{{Unit: "commits", Looked: n, Expected: n}}}}
}

// awaitHistory waits until the repository's history is in a state after so many
// looks.
func (s *stage) awaitHistory(l *looks, state review.HistoryState, n int) {
	s.t.Helper()
	for range 400 {
		if h, err := s.db.HistoryOf(s.t.Context(), s.repo.ID); err == nil && h.History.State == state && l.count() == n {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	h, err := s.db.HistoryOf(s.t.Context(), s.repo.ID)
	s.t.Fatalf("not %s after %d looks within 20 s: %d looks, %+v, %v", state, n, l.count(), h, err)
}

// TestHistoryIsLookedAtInTheBackground holds a look up and has a pull request
// reviewed meanwhile, with one worker and one slot for the repository.
func TestHistoryIsLookedAtInTheBackground(t *testing.T) {
	release := make(chan struct{})
	l := &looks{look: func(int) scan.Report { <-release; return whole(3) }}
	s := newStageWith(t, map[string]string{"go.mod": goMod}, jobs.Config{Workers: 1, RepoSlots: 1}, l.historian())
	if _, err := s.repo.Commit("side", "main", ghtest.Change{Message: "side"}); err != nil {
		t.Fatal(err)
	}
	if d, err := s.github.DeliverInstallation(s.inst, "created"); err != nil || d.StatusCode != 202 {
		t.Fatalf("%+v, %v", d, err)
	}
	s.awaitHistory(l, review.HistoryRunning, 1)
	n := s.open("topic", "main", map[string]string{"b.go": "package a\n"})
	s.ended(s.deliver(n, "opened"))
	if run := s.check(s.repo.Head(n)); run.Status != "completed" || run.Conclusion != "success" {
		t.Errorf("the review waits for the history: %s %s", run.Status, run.Conclusion)
	}
	close(release)
	s.awaitHistory(l, review.HistoryDone, 1)
	main, err := s.repo.Branch("main")
	if err != nil {
		t.Fatal(err)
	}
	if l.heads[0] != main || strings.Join(l.refs, " ") != "heads/main heads/side" {
		t.Errorf("looked at %s of %v, want %s of both branches", l.heads[0].Short(), l.refs, main.Short())
	}

	// A push to the default branch looks at what is new; the same engine has
	// nothing to catch up with, another one looks anew.
	if d, err := s.github.DeliverPush(s.repo, "main", ""); err != nil || d.StatusCode != 202 {
		t.Fatalf("%+v, %v", d, err)
	}
	s.awaitHistory(l, review.HistoryDone, 2)
	if n, err := s.service.CatchUp(t.Context()); err != nil || n != 0 {
		t.Errorf("%d histories to catch up with, %v", n, err)
	}
	s.service.Historian.Engine = "engine 2"
	if n, err := s.service.CatchUp(t.Context()); err != nil || n != 1 {
		t.Errorf("%d histories to catch up with after an update, %v", n, err)
	}
	s.awaitHistory(l, review.HistoryDone, 3)
}

// TestAFloodOfPushesIsLookedAtOnce: pushes that come while a history is looked at
// are one look, at all of them.
func TestAFloodOfPushesIsLookedAtOnce(t *testing.T) {
	release := make(chan struct{})
	l := &looks{look: func(int) scan.Report { <-release; return whole(3) }}
	s := newStageWith(t, map[string]string{"go.mod": goMod}, jobs.Config{}, l.historian())
	push := func(branch string) *ghtest.Delivery {
		t.Helper()
		if _, err := s.repo.Commit(branch, "main", ghtest.Change{Message: branch}); err != nil {
			t.Fatal(err)
		}
		d, err := s.github.DeliverPush(s.repo, branch, "")
		if err != nil || d.StatusCode != 202 {
			t.Fatalf("%+v, %v", d, err)
		}
		return d
	}
	push("first")
	s.awaitHistory(l, review.HistoryRunning, 1)
	var flood []*ghtest.Delivery
	for i := range 5 {
		flood = append(flood, push(fmt.Sprint("b", i)))
	}
	close(release)
	for _, d := range flood {
		s.ended(d)
	}
	s.awaitHistory(l, review.HistoryDone, 2)
	if want := "heads/b0 heads/b1 heads/b2 heads/b3 heads/b4 heads/first heads/main"; strings.Join(l.refs, " ") != want {
		t.Errorf("looked at %v, want %s", l.refs, want)
	}
}

// TestAHistoryWhoseMirrorLostObjectsIsLookedAtAgain: no review may come that would
// notice.
func TestAHistoryWhoseMirrorLostObjectsIsLookedAtAgain(t *testing.T) {
	l := new(looks)
	s := newStageWith(t, map[string]string{"go.mod": goMod}, jobs.Config{}, l.historian())
	l.look = func(n int) scan.Report {
		if n > 1 {
			return whole(1)
		}
		objects, err := filepath.Glob(filepath.Join(s.mirrors, fmt.Sprint(s.repo.ID)+".git", "objects", "??", "*"))
		if err != nil || len(objects) == 0 {
			t.Errorf("no single objects in the mirror: %v", err)
		}
		for _, o := range objects {
			if err := os.Remove(o); err != nil {
				t.Error(err)
			}
		}
		return scan.Report{Receipt: review.ScannerReceipt{Scanner: "secrets", Gaps: []review.Gap{{Code: review.CodeHistoryIncomplete, What: "commits"}}}}
	}
	if _, err := s.github.DeliverRepositories(s.repo, "added"); err != nil {
		t.Fatal(err)
	}
	s.awaitHistory(l, review.HistoryDone, 2)
}

// A look that runs out of time goes on as long as it gets on, and no longer.
func TestALongHistoryIsLookedAtInSeveralGoes(t *testing.T) {
	short := func(looked int) scan.Report {
		rep := whole(9)
		rep.Receipt.Counts[0].Looked = looked
		rep.Receipt.Gaps = []review.Gap{{Code: review.CodeScannerTimeout, What: "commits"}}
		return rep
	}
	for _, tt := range []struct {
		name  string
		looks []scan.Report
		state review.HistoryState
	}{
		{"it ends", []scan.Report{short(3), short(6), whole(9)}, review.HistoryDone},
		{"it is stuck", []scan.Report{short(3), short(3)}, review.HistoryIncomplete},
		{"it cannot be read", []scan.Report{{Receipt: review.ScannerReceipt{Scanner: "secrets", Gaps: []review.Gap{{Code: review.CodeHistoryIncomplete, What: "commits"}}}}}, review.HistoryIncomplete},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := &looks{look: func(n int) scan.Report { return tt.looks[min(n, len(tt.looks))-1] }}
			s := newStageWith(t, map[string]string{"go.mod": goMod}, jobs.Config{}, l.historian())
			if _, err := s.github.DeliverRepositories(s.repo, "added"); err != nil {
				t.Fatal(err)
			}
			s.awaitHistory(l, tt.state, len(tt.looks))
			for range 30 {
				time.Sleep(50 * time.Millisecond)
			}
			if l.count() != len(tt.looks) {
				t.Errorf("%d looks, want %d", l.count(), len(tt.looks))
			}
		})
	}
}

func TestARepositoryThatIsGoneLeavesAReason(t *testing.T) {
	l := &looks{look: whole}
	s := newStageWith(t, map[string]string{"go.mod": goMod}, jobs.Config{}, l.historian())
	s.repo.SetGone(404)
	if _, err := s.github.DeliverRepositories(s.repo, "added"); err != nil {
		t.Fatal(err)
	}
	s.awaitHistory(l, review.HistoryIncomplete, 0)
	h, err := s.db.HistoryOf(t.Context(), s.repo.ID)
	if err != nil || len(h.Receipt.Gaps) != 1 || h.Receipt.Gaps[0].Do == "" {
		t.Errorf("%+v, %v", h, err)
	}
}
