package secrets

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan"
	"github.com/launchgate/launchgate/app/scan/secrets/client"
)

// look is a look at a repository's whole history.
type look struct {
	cache     string
	sinceLast bool
	told      string // see client.Told
	progress  func(scan.Event)
}

func (w *work) history(o look) scan.Report {
	w.t.Helper()
	rep, err := w.tryHistory(context.Background(), o)
	if err != nil {
		w.t.Fatal(err)
	}
	w.noLeak(rep)
	return rep
}

func (w *work) tryHistory(ctx context.Context, o look) (scan.Report, error) {
	w.t.Helper()
	req := w.request("", w.head())
	req.CacheDir = o.cache
	req.Settings, _ = json.Marshal(Settings{History: &client.HistorySettings{SinceLast: o.sinceLast, Told: o.told}})
	return New().Scan(ctx, req, o.progress)
}

func TestRotationListOfAHistory(t *testing.T) {
	w := newWork(t)
	w.write("a.env", "KEY="+awsKey()+"\n").commit("one")
	w.write("a.env", "x\n").write("b.go", "package b\n\nvar t = \""+githubPAT()+"\"\n").commit("two")
	w.git("checkout", "-q", "-b", "side")
	w.write("c.env", "S="+stripeKey()+"\n").commit("three")
	w.git("checkout", "-q", "main")
	w.git("tag", "-a", "-m", "hook "+slackHook(), "v1")
	cache := t.TempDir()

	h := w.history(look{cache: cache})
	if !h.Receipt.Complete() || len(h.Rotations) != 4 {
		t.Fatalf("%+v", h)
	}
	got := make(map[review.RuleID]review.Rotation)
	for _, r := range h.Rotations {
		got[r.Rule] = r
		if r.State != review.Open || r.Steps == "" || r.Where == "" || r.Authored.Year() != 2026 || len(r.Commit) != 40 {
			t.Errorf("%+v", r)
		}
	}
	if r := got["secrets/aws-access-token"]; r.InHead || r.Provider != "Amazon Web Services" || r.Path != "a.env" || r.Line != 1 {
		t.Errorf("%+v", r)
	}
	if r := got["secrets/github-pat"]; !r.InHead || r.Provider != "GitHub" {
		t.Errorf("%+v", r)
	}
	if r := got["secrets/stripe-access-token"]; r.InHead {
		t.Errorf("a secret of another branch is said to be in HEAD: %+v", r)
	}

	// Nothing is looked at twice, and nothing is forgotten: neither what a
	// tag's message says, nor what a forced push took out of every branch.
	w.git("branch", "-q", "-D", "side")
	again := w.history(look{cache: cache})
	if len(again.Rotations) != 4 {
		t.Errorf("%+v", again.Rotations)
	}
	if c := again.Receipt.Counts[0]; c.Expected != 0 {
		t.Errorf("commits are looked at twice: %+v", c)
	}

	// Only what is new.
	w.write("d.env", "S="+awsKey2()+"\n").commit("four")
	since := w.history(look{cache: cache, sinceLast: true, told: again.Mark})
	if len(since.Rotations) != 1 || since.Rotations[0].Path != "d.env" || since.Receipt.Counts[0].Expected != 1 {
		t.Errorf("%+v", since)
	}
	// What the last list said counts as said only if somebody had it.
	for told, want := range map[string]int{since.Mark: 0, again.Mark: 5, "": 5} {
		if rep := w.history(look{cache: cache, sinceLast: true, told: told}); len(rep.Rotations) != want || rep.Mark != since.Mark {
			t.Errorf("told %q: %d, want %d", told, len(rep.Rotations), want)
		}
	}
	// The cache holds no secret and no key.
	w.noLeak(slurp(t, cache))
}

func TestMarksAreKept(t *testing.T) {
	key := strings.Repeat("ab", 32)
	cache := t.TempDir()
	m := client.OpenMarks(cache)
	if err := m.Set(key, review.Mark{State: review.Rotated, Reason: "rolled", At: time.Unix(0, 0)}); err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]func() error{
		"a false positive without a reason": func() error { return m.Set(key, review.Mark{State: review.FalsePositive}) },
		"a key that is none":                func() error { return m.Set("abc", review.Mark{State: review.Rotated}) },
		"no folder":                         func() error { return client.OpenMarks("").Set(key, review.Mark{State: review.Rotated}) },
	} {
		if err := bad(); review.CodeOf(err) != review.CodeBadRequest {
			t.Errorf("%s is accepted: %v", name, err)
		}
	}
	if all, err := client.OpenMarks(cache).All(); err != nil || len(all) != 1 || all[key].State != review.Rotated || all[key].Reason != "rolled" {
		t.Errorf("%+v, %v", all, err)
	}
}

// On the command line a key had to be given with all of its 64 digits, and a mistyped
// one was noted all the same.
func TestTheBeginningOfAListedKeyIsEnough(t *testing.T) {
	keys := []string{strings.Repeat("ab", 32), "abababab" + strings.Repeat("cd", 28)}
	m := client.OpenMarks(t.TempDir())
	if _, err := m.Find(keys[0]); review.CodeOf(err) != review.CodeBadRequest {
		t.Errorf("a key that was never listed is found: %v", err)
	}
	for range 2 {
		if err := m.Listed([]review.Rotation{{Key: keys[0]}, {Key: keys[1]}}); err != nil {
			t.Fatal(err)
		}
	}
	for short, want := range map[string]string{"ABABABABABAB": keys[0], "ababababcd": keys[1], keys[1]: keys[1], "abababab": "", "ababab": "", "ababababff": ""} {
		if got, err := m.Find(short); got != want || (want == "") != (review.CodeOf(err) == review.CodeBadRequest) {
			t.Errorf("%s: %q, %v; want %q", short, got, err, want)
		}
	}
}

func slurp(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(p)
		b.WriteString(p)
		b.Write(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestStoppedScanGoesOnWhereItStopped(t *testing.T) {
	w := newWork(t)
	for i := range 3 * batchCommits {
		w.fast(fmt.Sprintf("f%d.txt", i%7), fmt.Sprintf("line %d\n", i))
	}
	w.flush()
	w.git("reset", "-q", "--hard", "main")
	cache := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	_, err := w.tryHistory(ctx, look{cache: cache, progress: func(e scan.Event) {
		if e.Done >= batchCommits {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("err = %v", err)
	}
	r := w.repo()
	head := w.head()
	rules, err := loadRules(context.Background(), r, head)
	if err != nil {
		t.Fatal(err)
	}
	st, err := openStore(cache, r, rules, testKey)
	if err != nil || len(st.done) < batchCommits {
		t.Fatalf("%d commits are remembered after a stop, %v", len(st.done), err)
	}
	// A torn last line counts for nothing.
	f, err := os.OpenFile(st.path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(f, "%032d {\"c\":[%q", 0, head)
	f.Close()
	var begun sync.Once // events come from several goroutines
	least := -1
	h := w.history(look{cache: cache, progress: func(e scan.Event) {
		begun.Do(func() { least = e.Done })
	}})
	if least < batchCommits || !h.Receipt.Complete() || h.Receipt.Counts[0].Looked != 3*batchCommits {
		t.Errorf("went on at %d; %+v", least, h.Receipt)
	}
}

// fast queues a commit for git fast-import; flush makes them.
func (w *work) fast(path, content string) {
	w.stream = append(w.stream, fmt.Sprintf("commit refs/heads/main\ncommitter A <a@example.com> %d +0000\ndata 1\nx\nM 100644 inline %s\ndata %d\n%s\n", 1767322000+len(w.stream), path, len(content), content)...)
}

func (w *work) flush() {
	w.t.Helper()
	path := filepath.Join(w.t.TempDir(), "stream")
	if err := os.WriteFile(path, w.stream, 0o600); err != nil {
		w.t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		w.t.Fatal(err)
	}
	defer f.Close()
	r := w.repo()
	if _, err := r.output(context.Background(), 1<<20, f, "fast-import", "--quiet"); err != nil {
		w.t.Fatal(err)
	}
}

func TestPullRequestCommitsAreNotScannedTwice(t *testing.T) {
	w := newWork(t)
	base := w.write("a.go", "package a\n").commit("start")
	w.write("b.go", "package a\n").commit("clean")
	w.write("b.env", "K="+awsKey()+"\n").commit("dirty")
	w.git("rm", "-q", "b.env")
	head := w.commit("gone")
	req := w.request(base, head)
	req.CacheDir = t.TempDir()
	var want string
	for i := range 2 {
		rep, err := New().Scan(context.Background(), req, nil)
		if err != nil {
			t.Fatal(err)
		}
		complete(t, rep, 3)
		if got := strings.Join(show(rep.Head), "\n"); i == 0 {
			want = got
		} else if got != want || got == "" {
			t.Errorf("second time %s, first %s", got, want)
		}
	}
	r := w.repo()
	rules, _ := loadRules(context.Background(), r, base)
	st, err := openStore(req.CacheDir, r, rules, testKey)
	if err != nil || len(st.done) != 3 || len(st.hits) != 1 {
		t.Errorf("store: %v %v %v", st.done, st.hits, err)
	}
	other, err := openStore(req.CacheDir, r, rules, []byte("the key of another installation."))
	if err != nil || len(other.done) != 0 {
		t.Error("lines under another key are believed")
	}
}

func TestManyScansAtOnceLeaveNothingBehind(t *testing.T) {
	w := newWork(t)
	for i := range 2 * batchCommits {
		w.fast("x.env", fmt.Sprintf("KEY%d=%s\n", i, awsKey()))
	}
	w.flush()
	head := review.SHA(w.git("rev-parse", "refs/heads/main"))
	New().Rules()
	before := runtime.NumGoroutine()
	cache := t.TempDir()
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			req := w.request("", head)
			req.CacheDir = cache
			rep, err := New().Scan(ctx, req, func(e scanEvent) {
				if i%2 == 1 {
					cancel()
				}
			})
			if i%2 == 1 {
				if err == nil && rep.Receipt.Complete() && len(rep.Head) == 0 {
					t.Error("a cancelled scan is a clean one")
				}
			} else if err != nil || len(rep.Head) == 0 {
				t.Errorf("scan %d: %v", i, err)
			}
		}()
	}
	wg.Wait()
	for range 100 {
		if runtime.NumGoroutine() <= before {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("%d goroutines before, %d after", before, n)
	}
	if left := childProcesses(t); left != "" {
		t.Errorf("processes left: %s", left)
	}
}

// childProcesses names this process's children that still run.
func childProcesses(t *testing.T) string {
	t.Helper()
	tasks, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil || len(tasks) == 0 {
		t.Skip("no /proc to look for processes in")
	}
	var all strings.Builder
	for _, p := range tasks {
		b, _ := os.ReadFile(p)
		all.Write(b)
	}
	var left []string
	for _, pid := range strings.Fields(all.String()) {
		line, _ := os.ReadFile("/proc/" + pid + "/cmdline")
		left = append(left, pid+" "+strings.ReplaceAll(string(line), "\x00", " "))
	}
	return strings.Join(left, "\n")
}

// TestTwoMarksAtOnceAreBothKept: each reads all decisions and writes them back,
// so one could be lost.
func TestTwoMarksAtOnceAreBothKept(t *testing.T) {
	m := client.OpenMarks(t.TempDir())
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			if err := m.Set(fmt.Sprintf("%064X", i+10), review.Mark{State: review.Rotated}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	all, err := m.All()
	if err != nil || len(all) != 32 {
		t.Errorf("%d of 32 decisions are kept, %v", len(all), err)
	}
	if _, ok := all[fmt.Sprintf("%064x", 10)]; !ok {
		t.Error("a key in capitals is kept as another key")
	}
}

// TestATagThatAToolPutAsideIsLookedAt: filter-branch keeps the tags that it replaces
// under refs/original.
func TestATagThatAToolPutAsideIsLookedAt(t *testing.T) {
	for _, packed := range []bool{false, true} {
		w := newWork(t)
		w.write("a.txt", "a\n").commit("start")
		cache := t.TempDir()
		w.history(look{cache: cache})
		w.git("tag", "-a", "-m", "deploy with "+githubPAT(), "v1")
		w.git("update-ref", "refs/original/refs/tags/v1", "refs/tags/v1")
		w.git("update-ref", "-d", "refs/tags/v1")
		if packed {
			w.git("pack-refs", "--all")
		}
		for _, dir := range []string{t.TempDir(), cache, cache} {
			if rep := w.history(look{cache: dir}); len(rep.Rotations) != 1 || !rep.Receipt.Complete() {
				t.Errorf("packed %v: %+v", packed, rep)
			}
		}
	}
}

// TestASecretInTheNameOfOneFileOfManyHasItsDate: the names of a commit with more files
// than are kept are looked at as they are listed, which may be before the commit was
// read.
func TestASecretInTheNameOfOneFileOfManyHasItsDate(t *testing.T) {
	defer func(n int) { maxListed = n }(maxListed)
	maxListed = 2
	w := newWork(t)
	w.write("a", "1\n").write("b", "2\n").write(awsKey()+".txt", "3\n").commit("three files")
	rep := w.history(look{})
	if len(rep.Rotations) != 1 || rep.Rotations[0].Authored.IsZero() {
		t.Errorf("to rotate: %+v", rep.Rotations)
	}
}

// TestNamesOfMegabytesAreNotKept: a folder with a long name costs a pack nothing, and
// each file in it had that name kept.
func TestNamesOfMegabytesAreNotKept(t *testing.T) {
	defer func(n int) { maxListedBytes = n }(maxListedBytes)
	maxListedBytes = 1000
	w := newWork(t)
	w.write("x", "x\n").commit("start")
	folder := strings.Repeat("d", 200) + "/"
	for n := range 4 { // fit together
		w.write(fmt.Sprint(folder, n), "1\n")
	}
	w.commit("four")
	for n := range 8 { // do not
		w.write(fmt.Sprint(folder, "more", n), "2\n")
	}
	w.write(folder+"z.env", "K="+awsKey()+"\n").commit("nine")
	rep := w.history(look{})
	complete(t, rep, 3)
	if len(rep.Rotations) != 1 || rep.Rotations[0].Path != folder+"z.env" {
		t.Errorf("to rotate: %+v", rep.Rotations)
	}
	list, err := w.repo().commits(context.Background(), []string{"--all"})
	if err != nil {
		t.Fatal(err)
	}
	s := &session{repo: w.repo(), rules: allRules(), key: testKey}
	if _, err := s.listing(context.Background(), list, &walkResult{}); !errors.Is(err, errManyChanges) {
		t.Errorf("all are listed at once: %v", err)
	}
	if l, err := s.listing(context.Background(), list[2:], &walkResult{}); err != nil || !l.full || len(l.changes) > 0 {
		t.Errorf("of the last commit %d changes are kept, %v", len(l.changes), err)
	}
}
