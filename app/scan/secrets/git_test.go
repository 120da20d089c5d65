package secrets

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan"
)

// testKey keys fingerprints in tests.
var testKey = []byte("a key of this test installation!")

// Planted secrets are put together at run time, so that no scanner trips on
// this repository.
func awsKey() string    { return "AKIA" + "Z7QXW4RDM2LKNB5T" }
func awsKey2() string   { return "AKIA" + "Y3HVC6TPN4WJSF2E" }
func githubPAT() string { return "ghp" + "_" + "k3Jq8ZtWmX2vB7nRcY5sLhD4fGpA9eUoT1iK" }
func stripeKey() string { return "sk" + "_live_" + "9aZ3kQ7xW2mR8tVbN4cYpL6s" }
func slackHook() string {
	return "https://hooks.slack" + ".com/services/" + "T0A1B2C3D/B4E5F6G7H/" + "q8WzR3tYv5XcN7mK2pLd9sJf"
}

// work is a repository under construction.
type work struct {
	t   *testing.T
	dir string
	n   int
	// stream is input for git fast-import.
	stream []byte
}

type scanEvent = scan.Event

func newWork(t *testing.T) *work {
	t.Helper()
	w := &work{t: t, dir: t.TempDir()}
	w.git("init", "-q", "-b", "main")
	return w
}

func (w *work) git(args ...string) string {
	w.t.Helper()
	out, err := w.try(args...)
	if err != nil {
		w.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func (w *work) try(args ...string) (string, error) {
	w.n++
	cmd := exec.Command("git", args...)
	cmd.Dir = w.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent", "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C",
		"GIT_AUTHOR_NAME=A", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=A", "GIT_COMMITTER_EMAIL=a@example.com",
		"GIT_AUTHOR_DATE=2026-01-02T03:04:05Z", "GIT_COMMITTER_DATE=2026-01-02T03:04:05Z"}
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// write writes path with lines.
func (w *work) write(path, content string) *work {
	w.t.Helper()
	full := filepath.Join(w.dir, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(content), 0o644); err != nil {
		w.t.Fatal(err)
	}
	return w
}

// commit commits everything and returns its id.
func (w *work) commit(message string) review.SHA {
	w.t.Helper()
	w.git("add", "-A")
	w.git("commit", "-q", "--allow-empty", "-m", message)
	return w.head()
}

func (w *work) head() review.SHA { w.t.Helper(); return review.SHA(w.git("rev-parse", "HEAD")) }

// scan scans base..head.
func (w *work) scan(base, head review.SHA) scan.Report {
	w.t.Helper()
	rep, err := New().Scan(context.Background(), w.request(base, head), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	w.noLeak(rep)
	return rep
}

func (w *work) request(base, head review.SHA) scan.Request {
	kind := review.KindPullRequest
	if base == "" {
		kind = review.KindBaseline
	}
	return scan.Request{Kind: kind, GitDir: filepath.Join(w.dir, ".git"), Head: head, MergeBase: base, FingerprintKey: testKey}
}

// repo opens the repository until the end of the test.
func (w *work) repo() repo {
	w.t.Helper()
	r, err := openRepo(context.Background(), w.dir)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(r.close)
	return r
}

// noLeak fails when a planted secret, or a good part of one, is in what leaves
// the scanner.
func (w *work) noLeak(rep any) {
	w.t.Helper()
	b, err := json.Marshal(rep)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, s := range []string{awsKey(), awsKey2(), githubPAT(), stripeKey(), slackHook()} {
		if part := s[len(s)-12:]; strings.Contains(string(b), part) {
			w.t.Errorf("the report repeats a secret: …%s…", part)
		}
	}
}

// rules returns "rule path:line" or "rule path:line@commit" for each finding.
func show(fs []review.Finding) []string {
	var out []string
	for _, f := range fs {
		s := string(f.Rule) + " " + f.Place.Path
		if f.Place.Line > 0 {
			s += ":" + itoa(f.Place.Line)
		}
		if f.Place.Commit != "" {
			s += "@" + f.Place.Commit.Short()
		}
		out = append(out, s)
	}
	return out
}

func itoa(n int) string {
	b, _ := json.Marshal(n)
	return string(b)
}

func want(t *testing.T, got []review.Finding, lines ...string) {
	t.Helper()
	g := show(got)
	if strings.Join(sorted(g), "\n") != strings.Join(sorted(lines), "\n") {
		t.Errorf("findings:\n  %s\nwant:\n  %s", strings.Join(sorted(g), "\n  "), strings.Join(sorted(lines), "\n  "))
	}
}

func complete(t *testing.T, rep scan.Report, commits int) {
	t.Helper()
	if !rep.Receipt.Complete() {
		t.Errorf("receipt is not complete: %+v", rep.Receipt)
	}
	if c := rep.Receipt.Counts[0]; c.Unit != "commits" || c.Looked != commits || c.Expected != commits {
		t.Errorf("receipt counts %+v, want %d commits", c, commits)
	}
}

// TestOneGitListsWhatTwoDo compares a list of commits with their changes, in one,
// with the list and the changes as two gits give them, whatever the repository's
// configuration says.
func TestOneGitListsWhatTwoDo(t *testing.T) {
	w := newWork(t)
	start := w.write("a.txt", "a\nb\nc\n").write("conf/b.env", "x\n").commit("start")
	w.git("checkout", "-q", "-b", "side")
	w.write("a.txt", "a\nside\nc\n").write("e\tf \"g\".env", "y\n").commit("on the side")
	w.git("checkout", "-q", "main")
	w.write("a.txt", "a\nmain\nc\n").commit("on main")
	w.git("mv", "conf/b.env", "conf/moved.env")
	w.commit("moves")
	if _, err := w.try("merge", "-q", "-m", "merge", "side"); err == nil {
		t.Fatal("the merge has no conflict")
	}
	w.write("a.txt", "a\nresolved\nc\n").commit("merge")
	w.git("rm", "-q", "a.txt")
	w.commit("removes")
	w.git("commit", "-q", "--allow-empty", "-m", "nothing")
	w.git("checkout", "-q", "--orphan", "other")
	w.commit("another beginning")
	for _, kv := range []string{"log.showRoot=false", "log.diffMerges=first-parent", "log.follow=true", "log.decorate=full", "log.showSignature=true", "log.mailmap=true", "log.abbrevCommit=true", "format.pretty=fuller", "diff.renames=copies",
		"diff.orderFile=/nowhere", "diff.noprefix=true", "diff.relative=true", "diff.ignoreSubmodules=all", "diff.external=/bin/false", "diff.statGraphWidth=1", "core.abbrev=4", "color.ui=always", "color.diff=always", "notes.displayRef=*", "i18n.logOutputEncoding=UTF-16"} {
		key, value, _ := strings.Cut(kv, "=")
		w.git("config", key, value)
	}
	r, err := openRepo(t.Context(), w.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	for _, revs := range [][]string{{"--all"}, {"--all", "^" + string(start)}, {"refs/heads/main", "^" + string(start)}, {"refs/heads/other"}} {
		s := &session{repo: r, rules: allRules(), key: testKey}
		one := s.lookAhead(t.Context(), revs, false)
		if one == nil {
			t.Fatalf("%v: nothing", revs)
		}
		list2, err := r.commits(t.Context(), revs)
		if err != nil {
			t.Fatal(err)
		}
		var changes2 []change
		if err := s.listed(t.Context(), idsOf(list2), append(slices.Clone(rawArgs), "--stdin"), func(c change) { changes2 = append(changes2, c) }); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(one.list, list2) || !reflect.DeepEqual(one.changes, changes2) {
			t.Errorf("%v:\none git lists %+v\ntwo list   %v, %+v", revs, one, list2, changes2)
		}
		if len(changes2) == 0 {
			t.Errorf("%v: no changes: nothing is compared", revs)
		}
		few := fewCommits
		fewCommits = len(list2) - 1
		if s.lookAhead(t.Context(), revs, false) != nil {
			t.Errorf("%v: %d commits are said to be all but one", revs, len(list2))
		}
		fewCommits = few
	}
}
