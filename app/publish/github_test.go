package publish

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-github/v60/github"

	"github.com/launchgate/launchgate/app/gh"
	"github.com/launchgate/launchgate/app/gh/ghtest"
	"github.com/launchgate/launchgate/app/review"
)

var (
	ctx   = context.Background()
	clock = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	key   = []byte("a key for tests")
)

// stage is a stand-in GitHub with a pull request that changes lines 2, 20 and
// 200 of a.go, renames old.go to new.go deleting a line, and adds b.go with 130
// lines.
type stage struct {
	*ghtest.Server
	t      *testing.T
	app    *ghtest.App
	inst   *ghtest.Installation
	repo   *ghtest.Repo
	wire   *wire
	target review.Target
	diff   review.Diff
	github *GitHub
}

// wire counts the requests on their way to GitHub and cuts one of them off:
// before GitHub sees it, or before its answer arrives. So does a kill.
type wire struct {
	n, cut int
	after  bool
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, "/access_tokens") {
		return http.DefaultTransport.RoundTrip(r)
	}
	w.n++
	if w.cut == 0 || w.n < w.cut {
		return http.DefaultTransport.RoundTrip(r)
	}
	if w.n == w.cut && w.after {
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err == nil {
			err = resp.Body.Close()
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, errors.New("cut off")
}

func source(lines int, change map[int]string) string {
	var b strings.Builder
	for i := 1; i <= lines; i++ {
		line, changed := change[i]
		if !changed {
			line = fmt.Sprintf("// line %d\n", i)
		}
		b.WriteString(line)
	}
	return b.String()
}

func newStage(t *testing.T) *stage {
	t.Helper()
	server, err := ghtest.NewServer(ghtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, v := range server.Violations() {
			t.Errorf("violation of GitHub's API: %s", v)
		}
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	app, err := server.AddApp(ghtest.AppOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return (&stage{Server: server, t: t, app: app, inst: server.AddInstallation(app, "acme")}).another("api")
}

// another is the same pull request in another repository of the same GitHub.
func (old *stage) another(name string) *stage {
	t := old.t
	t.Helper()
	s := &stage{Server: old.Server, t: t, app: old.app, inst: old.inst, wire: &wire{}}
	var err error
	check := func() {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	s.repo, err = s.AddRepo(s.inst, "acme/"+name, ghtest.Change{Message: "Start", Files: map[string]string{"a.go": source(300, nil), "old.go": source(30, nil)}})
	check()
	base, err := s.repo.Branch("main")
	check()
	head, err := s.repo.Commit("feature", "main", ghtest.Change{Message: "Change", Delete: []string{"old.go"}, Files: map[string]string{
		"a.go":   source(300, map[int]string{2: "two\n", 20: "twenty\n", 200: "two hundred\n"}),
		"new.go": source(30, map[int]string{7: ""}),
		"b.go":   source(130, nil),
	}})
	check()
	number, err := s.repo.OpenPullRequest(ghtest.PullOptions{Head: "feature", Title: "Change"})
	check()
	s.target = review.Target{Kind: review.KindPullRequest, Repo: review.Repo{ID: 7, Owner: "acme", Name: name}, PullRequest: number,
		Head: head, HeadRef: "refs/pull/1/head", Base: base, BaseRef: "main", MergeBase: base, Run: 1}
	s.diff = gitDiff(t, s.repo.Dir(), base, head)

	s.connect()
	return s
}

// connect starts the product's side anew, as a restart does: what it remembers
// of limits is gone.
func (s *stage) connect() {
	s.t.Helper()
	app, err := gh.New(gh.Config{AppID: s.app.ID, PrivateKey: s.app.PEM, APIBase: s.URL(), Transport: s.wire, Wait: func(context.Context, time.Duration) error { return nil }})
	if err != nil {
		s.t.Fatal(err)
	}
	client, err := app.Client(review.InstallationID(s.inst.ID))
	if err != nil {
		s.t.Fatal(err)
	}
	s.github = &GitHub{Checks: client.Checks, Pulls: client.PullRequests, MapError: gh.MapError, AppID: s.app.ID, Key: key, Rules: sampleRules(),
		RuleURL: func(id review.RuleID) string { return "https://launchgate.example/rules/" + string(id) }, Now: func() time.Time { return clock }}
}

// gitDiff reads what git itself says the change is.
func gitDiff(t *testing.T, dir string, base, head review.SHA) review.Diff {
	t.Helper()
	out, err := exec.Command("git", "-C", dir, "diff", "-M", "-U3", string(base), string(head)).Output()
	if err != nil {
		t.Fatal(err)
	}
	var d review.Diff
	var hunk *review.Hunk
	for line := range strings.Lines(string(out)) {
		var file *review.FileDiff
		if len(d.Files) > 0 {
			file = &d.Files[len(d.Files)-1]
		}
		switch line = strings.TrimSuffix(line, "\n"); {
		case strings.HasPrefix(line, "diff --git a/"):
			from, to, _ := strings.Cut(strings.TrimPrefix(line, "diff --git a/"), " b/")
			d.Files = append(d.Files, review.FileDiff{Path: to, OldPath: from})
			hunk = nil
		case strings.HasPrefix(line, "@@ "):
			at := func(f string) int {
				n, _ := strconv.Atoi(strings.Split(f[1:], ",")[0])
				return n
			}
			f := strings.Fields(line)
			file.Hunks = append(file.Hunks, review.Hunk{OldStart: at(f[1]), NewStart: at(f[2])})
			hunk = &file.Hunks[len(file.Hunks)-1]
		case hunk != nil && line != "" && strings.ContainsRune(" +-", rune(line[0])):
			hunk.Ops += line[:1]
		}
	}
	return d
}

// finding is a grave one, with a fingerprint of its own.
func finding(place review.Place) review.Finding {
	return review.Finding{Rule: "authz/missing", Severity: review.SeverityHigh, Confidence: review.ConfidenceHigh, Place: place, Message: "Nobody asks who is calling",
		Fingerprint: review.Fingerprint(fmt.Sprintf("f%s%d%d", strings.NewReplacer(".", "", "/", "").Replace(place.Path), place.Line, place.Side))}
}

func at(path string, line int) review.Place { return review.Place{Path: path, Line: line} }

// outcome blocks on all of fs.
func (s *stage) outcome(fs ...review.Finding) review.Outcome {
	o := review.Outcome{Target: s.target, Findings: fs, Diff: s.diff, Started: clock, Finished: clock.Add(time.Second),
		Receipt: review.Receipt{Scanners: []review.ScannerReceipt{{Scanner: "code", Counts: []review.Count{{Unit: "packages typed", Looked: 3, Expected: 3}}}}}}
	for _, f := range fs {
		o.Decision.Blocking = append(o.Decision.Blocking, f.Fingerprint)
	}
	o.Decision.Verdict, o.Decision.Title = review.Block, plural(len(fs), "introduced finding blocks", "introduced findings block")
	if len(fs) == 0 {
		o.Decision.Verdict, o.Decision.Title = review.Pass, "Nothing that blocks"
	}
	return o
}

func (s *stage) begin(id int64) int64 {
	s.t.Helper()
	run, err := s.github.Begin(ctx, s.target, id, "https://launchgate.example/reviews/"+fmt.Sprint(id))
	if err != nil {
		s.t.Fatal(err)
	}
	return run
}

func (s *stage) publish(id int64, o review.Outcome) ghtest.CheckRun {
	s.t.Helper()
	run := s.begin(id)
	if err := s.github.Complete(ctx, o, run); err != nil {
		s.t.Fatal(err)
	}
	return s.run()
}

func (s *stage) run() ghtest.CheckRun {
	s.t.Helper()
	run, ok := s.repo.LatestCheck(s.target.Head, CheckName)
	if !ok {
		s.t.Fatal("there is no check run")
	}
	return run
}

func (s *stage) comments() []ghtest.ReviewComment { return s.repo.ReviewComments(s.target.PullRequest) }

func TestVerdictsBecomeConclusions(t *testing.T) {
	stage := newStage(t)
	for i, c := range []struct {
		verdict review.Verdict
		want    string
	}{{review.Pass, "success"}, {review.Block, "failure"}, {review.CouldNotVerify, "failure"}} {
		t.Run(c.verdict.String(), func(t *testing.T) {
			s := stage.another(fmt.Sprint("api-", i))
			o := s.outcome()
			o.Decision.Verdict, o.Decision.Title = c.verdict, "A title"
			run := s.publish(5, o)
			if run.Name != "launchgate" || run.Status != "completed" || run.Conclusion != c.want || run.Title != "A title" || run.ExternalID != "review/5" || run.Summary != Markdown(o, s.github.Rules) {
				t.Errorf("run = %+v", run)
			}
			if len(run.Statuses) != 2 || run.Statuses[0].Status != "in_progress" {
				t.Errorf("statuses = %v, want in_progress and completed", run.Statuses)
			}
			if n := len(s.repo.Reviews(s.target.PullRequest)); n != 0 {
				t.Errorf("%d reviews, though there was nothing to say", n)
			}
		})
	}
}

func TestManyAnnotationsGoInBatchesWhileInProgress(t *testing.T) {
	s := newStage(t)
	var fs []review.Finding
	for i := range 120 {
		fs = append(fs, finding(at("b.go", i+1)))
	}
	run := s.publish(1, s.outcome(fs...))
	if len(run.Annotations) != 120 {
		t.Fatalf("%d annotations, want 120", len(run.Annotations))
	}
	for i, a := range run.Annotations {
		if a.StartLine != i+1 || a.Level != "failure" || a.Path != "b.go" {
			t.Errorf("annotation %d = %+v", i, a)
		}
	}
	if n := s.Count("checks/update"); n != 4 { // 50, 50, 20, completed
		t.Errorf("%d updates, want 4", n)
	}
	if n := len(s.comments()); n != maxComments {
		t.Errorf("%d comments, want %d", n, maxComments)
	}
	if body := s.repo.Reviews(1)[0].Body; !strings.Contains(body, "95 further findings are there only") {
		t.Errorf("the review does not say what it leaves out: %s", body)
	}
}

func TestAnnotationsStandOnLinesOfTheHeadOnly(t *testing.T) {
	s := newStage(t)
	history := finding(at("b.go", 3))
	history.Place.Commit = s.target.Head
	old := finding(at("b.go", 4))
	old.Origin = review.Existing
	low := finding(at("b.go", 5))
	low.Severity, low.Fingerprint = review.SeverityLow, "low"
	medium := finding(at("b.go", 6))
	medium.Severity, medium.Fingerprint = review.SeverityMedium, "medium"
	o := s.outcome(finding(at("a.go", 250)), history, old, finding(review.Place{Path: "a.go", Line: 2, Side: review.Left}), finding(review.Place{Path: "go.mod"}), low, medium)
	o.Decision.Blocking = o.Decision.Blocking[:5]
	var got []string
	for _, a := range s.publish(1, o).Annotations {
		got = append(got, fmt.Sprintf("%s:%d %s", a.Path, a.StartLine, a.Level))
	}
	if want := "[a.go:250 failure b.go:5 notice b.go:6 warning]"; fmt.Sprint(got) != want {
		t.Errorf("annotations %v, want %s", got, want)
	}
}

func TestCommentsStandOnLinesOfTheDiffOnly(t *testing.T) {
	s := newStage(t)
	far := at("a.go", 20)
	far.EndLine = 200 // in another hunk
	within := at("b.go", 10)
	within.EndLine = 12
	minor := finding(at("b.go", 90))
	minor.Severity, minor.Fingerprint = review.SeverityLow, "minor"
	o := s.outcome(
		finding(at("a.go", 2)), finding(at("a.go", 5)), // changed; context
		finding(at("a.go", 6)), finding(at("a.go", 100)), // outside the hunk
		finding(review.Place{Path: "a.go", Line: 20, Side: review.Left}), finding(review.Place{Path: "a.go", Line: 19, Side: review.Left}), // deleted; context
		finding(review.Place{Path: "old.go", Line: 7, Side: review.Left}), // a renamed file
		finding(far), finding(within), finding(at("gone.go", 1)), minor)
	o.Decision.Blocking = o.Decision.Blocking[:len(o.Decision.Blocking)-1]
	s.publish(1, o)
	var got []string
	for _, c := range s.comments() {
		got = append(got, fmt.Sprintf("%s:%d-%d %s", c.Path, c.StartLine, c.Line, c.Side))
	}
	want := []string{"a.go:0-2 RIGHT", "a.go:0-5 RIGHT", "a.go:0-20 LEFT", "new.go:0-7 LEFT", "a.go:0-20 RIGHT", "b.go:10-12 RIGHT"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("comments:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	r := s.repo.Reviews(1)
	if len(r) != 1 || r[0].CommitID != s.target.Head || r[0].State != "COMMENTED" || r[0].Body == "" {
		t.Errorf("reviews = %+v", r)
	}
	summary := s.run().Summary
	for _, place := range []string{"a.go:100", "a.go:6", "gone.go:1", "a.go:19 (deleted line)"} {
		if !strings.Contains(summary, "`"+place+"`, not in the diff |") {
			t.Errorf("the summary does not say that %s has no comment", place)
		}
	}
	if !strings.Contains(summary, "4 findings stand on no line of the diff") {
		t.Errorf("the summary does not count those without a comment:\n%s", summary)
	}
}

func TestFindingsAreCommentedOnOnce(t *testing.T) {
	s := newStage(t)
	one, two := finding(at("a.go", 2)), finding(at("a.go", 20))
	s.publish(1, s.outcome(one))
	s.publish(2, s.outcome(one, two, two)) // a re-run finds more, one of it twice
	if got := s.comments(); len(got) != 2 || got[1].Line != 20 {
		t.Errorf("comments = %+v", got)
	}
	s.publish(3, s.outcome(one, two))
	if n := len(s.repo.Reviews(1)); n != 2 {
		t.Errorf("%d reviews, want 2: the third had nothing new to say", n)
	}
}

func TestOneLineGetsOneComment(t *testing.T) {
	s := newStage(t)
	one, two, three := finding(at("a.go", 2)), finding(at("a.go", 2)), finding(at("a.go", 2))
	two.Fingerprint, two.Message = "fb2", "the second thing"
	three.Fingerprint, three.Message = "fb3", "the third thing"
	s.publish(1, s.outcome(one, two))
	got := s.comments()
	if len(got) != 1 || !strings.Contains(got[0].Body, "the second thing") || strings.Count(got[0].Body, "\n---\n") != 1 {
		t.Fatalf("comments = %+v, want one that says both", got)
	}
	seal := sealer{key, s.target.Repo.ID, s.target.PullRequest}
	if fs := seal.read(got[0].Body); len(fs) != 2 {
		t.Errorf("the comment is about %q, want both findings", fs)
	}
	s.publish(2, s.outcome(one, two, three))
	got = s.comments()
	if len(got) != 2 || strings.Contains(got[1].Body, "the second thing") {
		t.Errorf("comments = %+v, want a second that says only what is new", got)
	}
}

func TestOutdatedCommentsAreSaidAgain(t *testing.T) {
	s := newStage(t)
	f := finding(at("a.go", 20))
	s.publish(1, s.outcome(f))
	head, err := s.repo.Push(1, ghtest.Change{Message: "Rewrite", Files: map[string]string{
		"a.go": source(300, map[int]string{2: "two\n", 20: "another twenty\n", 200: "two hundred\n"})}})
	if err != nil {
		t.Fatal(err)
	}
	s.target.Head, s.diff = head, gitDiff(t, s.repo.Dir(), s.target.Base, head)
	s.publish(2, s.outcome(f))
	if n := len(s.comments()); n != 2 {
		t.Errorf("%d comments, want 2: the first stands on a line that is gone", n)
	}
}

func TestNobodyElseCanForgeAMark(t *testing.T) {
	f := finding(at("a.go", 2))
	mine, other := sealer{key, 7, 1}, sealer{key, 7, 2}
	mark := mine.mark(f)
	if got := mine.read("text\n" + mark + "\n"); !slices.Equal(got, []review.Fingerprint{f.Fingerprint}) {
		t.Errorf("read our own mark as %q", got)
	}
	for name, body := range map[string]string{
		"from another pull request": other.mark(f),
		"with another key":          sealer{[]byte("guess"), 7, 1}.mark(f),
		"with another fingerprint":  strings.Replace(mark, string(f.Fingerprint), "fb", 1),
		"with another rule":         strings.Replace(mark, "authz/missing", "authz/other", 1),
		"quoted in a code span":     code(mark) + "\nand more",
		"quoted in the middle":      mark + "\nand more",
	} {
		if got := mine.read(body); got != nil {
			t.Errorf("a mark %s reads as %q", name, got)
		}
	}
	// A name from the repository that holds a whole mark does not end a comment.
	g := finding(at("a.go", 20))
	g.Message = mark
	body := commentBody([]comment{{finding: g}}, mine, links{})
	if got := mine.read(body); !slices.Equal(got, []review.Fingerprint{g.Fingerprint}) {
		t.Errorf("a comment with a mark in its message reads as %q", got)
	}
}

func TestPeopleWhoCopyAMarkDoNotSilenceUs(t *testing.T) {
	s := newStage(t)
	f := finding(at("a.go", 2))
	seal := sealer{key, s.target.Repo.ID, s.target.PullRequest}
	s.github.Pulls = copied{s.github.Pulls, seal.mark(f)}
	s.publish(1, s.outcome(f))
	if n := len(s.comments()); n != 1 {
		t.Errorf("%d comments, want ours", n)
	}
}

// copied shows a person's comment that carries one of our marks.
type copied struct {
	Pulls
	mark string
}

func (c copied) ListComments(ctx context.Context, owner, repo string, number int, opts *github.PullRequestListCommentsOptions) ([]*github.PullRequestComment, *github.Response, error) {
	list, resp, err := c.Pulls.ListComments(ctx, owner, repo, number, opts)
	return append(list, &github.PullRequestComment{Body: &c.mark, Line: github.Int(2), User: &github.User{Type: github.String("User")}}), resp, err
}

// wrongLines says that a line which is in no hunk were in one.
func wrongLines(d review.Diff) review.Diff {
	d.Files = append([]review.FileDiff{}, d.Files...)
	for i, f := range d.Files {
		if f.Path == "a.go" {
			d.Files[i].Hunks = append([]review.Hunk{{OldStart: 100, NewStart: 100, Ops: "+"}}, f.Hunks...)
		}
	}
	return d
}

func TestARefusedReviewIsPostedCommentByComment(t *testing.T) {
	s := newStage(t)
	o := s.outcome(finding(at("a.go", 2)), finding(at("a.go", 100)), finding(at("a.go", 20)))
	o.Diff = wrongLines(s.diff)
	s.publish(1, o)
	var got []string
	for _, c := range s.comments() {
		got = append(got, fmt.Sprintf("%s %d", c.SubjectType, c.Line))
	}
	if want := "[line 2 file 0 line 20]"; fmt.Sprint(got) != want {
		t.Errorf("comments %v, want %s", got, want)
	}
	if body := s.comments()[1].Body; !strings.HasPrefix(body, "About `a.go:100`.") {
		t.Errorf("the comment on the file does not say which line it is about: %s", body)
	}
	s.publish(2, o)
	if n := len(s.comments()); n != 3 {
		t.Errorf("%d comments after a re-run, want the same 3", n)
	}
}

func TestRefusedCommentsDoNotKeepTheVerdictBack(t *testing.T) {
	for name, fault := range map[string]ghtest.Fault{
		"locked":           {Path: "/pulls/1/", Status: http.StatusForbidden, Message: "issue is locked"},
		"every one is 422": {Path: "/pulls/1/", Status: http.StatusUnprocessableEntity},
		"no permission":    {Path: "/pulls/1/", Status: http.StatusForbidden, Message: "Resource not accessible by integration", Header: map[string]string{"X-Accepted-GitHub-Permissions": "pull_requests=write"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			fault.Operation = ""
			var fs []review.Finding
			for i := range 20 {
				fs = append(fs, finding(at("b.go", i+1)))
			}
			s.Inject(fault)
			run := s.publish(1, s.outcome(fs...))
			if run.Conclusion != "failure" || !strings.Contains(run.Summary, "The comments on lines are missing") {
				t.Errorf("conclusion %q, summary:\n%s", run.Conclusion, run.Summary)
			}
			writes := 0
			for _, r := range s.Requests() {
				if strings.Contains(r.Path, "/pulls/1/") && r.Method == http.MethodPost {
					writes++
				}
			}
			if writes > 1+2*maxRefusals {
				t.Errorf("%d writes were refused: so many can get an App suspended", writes)
			}
		})
	}
}

func TestLimitsAreForTheCallerToWaitOut(t *testing.T) {
	s := newStage(t)
	run := s.begin(1)
	limit := ghtest.SecondaryLimit(time.Minute)
	limit.Operation = "pulls/create-review"
	s.Inject(limit)
	o := s.outcome(finding(at("a.go", 2)))
	err := s.github.Complete(ctx, o, run)
	var e *review.Error
	if !errors.As(err, &e) || e.Code != review.CodeRateLimited || e.RetryAfter < time.Second {
		t.Fatalf("err = %v, want a rate limit with a pause", err)
	}
	if got := s.run(); got.Status != "in_progress" {
		t.Errorf("status %s: a check is completed last", got.Status)
	}
	s.connect()
	if err := s.github.Complete(ctx, o, run); err != nil {
		t.Fatal(err)
	}
	if got := s.run(); got.Conclusion != "failure" || len(got.Annotations) != 1 || len(s.comments()) != 1 {
		t.Errorf("run = %+v", got)
	}
}

func TestAKillAtAnyRequestSaysNothingTwice(t *testing.T) {
	all := func(s *stage) error {
		run, err := s.github.Begin(ctx, s.target, 1, "")
		if err != nil {
			return err
		}
		var fs []review.Finding
		for i := range 70 {
			fs = append(fs, finding(at("b.go", i+1)))
		}
		return s.github.Complete(ctx, s.outcome(fs...), run)
	}
	whole := newStage(t)
	if err := all(whole); err != nil {
		t.Fatal(err)
	}
	requests := whole.wire.n
	if requests < 8 {
		t.Fatalf("%d requests; this test expects one for each step", requests)
	}
	for cut := 1; cut <= requests; cut++ {
		for _, after := range []bool{false, true} {
			s := whole.another(fmt.Sprintf("api-%d-%v", cut, after))
			*s.wire = wire{cut: cut, after: after}
			if err := all(s); err == nil {
				t.Fatalf("cut at %d: no error", cut)
			}
			*s.wire = wire{}
			s.connect()
			if err := all(s); err != nil {
				t.Fatalf("cut at %d (after: %v): resumed: %v", cut, after, err)
			}
			runs := s.repo.CheckRuns(s.target.Head)
			if len(runs) != 1 || runs[0].Conclusion != "failure" || len(runs[0].Annotations) != 70 {
				t.Errorf("cut at %d (after: %v): %d runs, %s, %d annotations", cut, after, len(runs), runs[0].Conclusion, len(runs[0].Annotations))
			}
			seen := make(map[int]bool)
			for _, a := range runs[0].Annotations {
				seen[a.StartLine] = true
			}
			if len(seen) != 70 {
				t.Errorf("cut at %d (after: %v): annotations on %d lines, want 70", cut, after, len(seen))
			}
			if r, c := len(s.repo.Reviews(1)), len(s.comments()); r != 1 || c != maxComments {
				t.Errorf("cut at %d (after: %v): %d reviews, %d comments", cut, after, r, c)
			}
		}
	}
}

func TestARerunIsANewRunOfTheSameName(t *testing.T) {
	s := newStage(t)
	first := s.begin(1)
	if again := s.begin(1); again != first {
		t.Errorf("the same review began twice: %d, %d", first, again)
	}
	if err := s.github.Complete(ctx, s.outcome(finding(at("a.go", 2))), first); err != nil {
		t.Fatal(err)
	}
	s.publish(2, s.outcome())
	runs := s.repo.CheckRuns(s.target.Head)
	if len(runs) != 2 || runs[0].Name != runs[1].Name || runs[0].Conclusion != "failure" || runs[1].Conclusion != "success" {
		t.Errorf("runs = %+v", runs)
	}
}

func TestACompletedRunStaysAsItIs(t *testing.T) {
	s := newStage(t)
	run := s.begin(1)
	if err := s.github.Complete(ctx, s.outcome(), run); err != nil {
		t.Fatal(err)
	}
	e := &review.Error{Code: review.CodeStorageUnavailable, Op: "keep the outcome"}
	for _, err := range []error{s.github.Complete(ctx, s.outcome(finding(at("a.go", 2))), run), s.github.Fail(ctx, s.target, run, e), s.github.Supersede(ctx, s.target, run)} {
		if err != nil {
			t.Error(err)
		}
	}
	if got := s.run(); got.Conclusion != "success" || len(s.comments()) != 0 {
		t.Errorf("a second verdict was published: %+v", got)
	}
}

func TestARunOfAnotherAppIsNotOurs(t *testing.T) {
	s := newStage(t)
	other, err := s.AddApp(ghtest.AppOptions{Slug: "other"})
	if err != nil {
		t.Fatal(err)
	}
	// The other App's run has our name and our external id.
	s.github.AppID = other.ID
	s.begin(1)
	s.github.AppID = s.app.ID
	if len(s.repo.CheckRuns(s.target.Head)) != 1 {
		t.Fatal("want one run")
	}
	s.github.Checks = foreign{s.github.Checks, other.ID}
	s.begin(1)
	if n := len(s.repo.CheckRuns(s.target.Head)); n != 2 {
		t.Errorf("%d runs, want one of our own beside the other App's", n)
	}
}

// foreign shows the runs of a commit as made by another App.
type foreign struct {
	Checks
	app int64
}

func (f foreign) ListCheckRunsForRef(ctx context.Context, owner, repo, ref string, opts *github.ListCheckRunsOptions) (*github.ListCheckRunsResults, *github.Response, error) {
	list, resp, err := f.Checks.ListCheckRunsForRef(ctx, owner, repo, ref, opts)
	for _, run := range list.CheckRuns {
		run.App = &github.App{ID: &f.app}
	}
	return list, resp, err
}

func TestFailSaysWhyAndWhatToDo(t *testing.T) {
	s := newStage(t)
	run := s.begin(1)
	e := &review.Error{Code: review.CodeNoMergeBase, Op: "find the merge base of", What: "@octocat [x](https://evil.example)", Do: "rebase the branch", Err: errors.New("internal: /var/lib/secret")}
	if err := s.github.Fail(ctx, s.target, run, e); err != nil {
		t.Fatal(err)
	}
	got := s.run()
	if got.Conclusion != "failure" || !strings.HasPrefix(got.Title, "Could not verify: find the merge base of") || !strings.Contains(got.Summary, "`no_merge_base`") || !strings.Contains(got.Summary, "rebase the branch") {
		t.Errorf("run = %+v", got)
	}
	if strings.Contains(got.Summary, "/var/lib") || strings.Contains(render(t, got.Summary), "<a ") {
		t.Errorf("the summary shows internals or a link: %s", got.Summary)
	}
}

func TestSupersededRunsAreCancelled(t *testing.T) {
	s := newStage(t)
	if err := s.github.Supersede(ctx, s.target, s.begin(1)); err != nil {
		t.Fatal(err)
	}
	if got := s.run(); got.Conclusion != "cancelled" {
		t.Errorf("conclusion %s, want cancelled: neutral and skipped would satisfy a required check", got.Conclusion)
	}
}

func TestProgressIsThrottled(t *testing.T) {
	s := newStage(t)
	run := s.begin(1)
	now := clock
	s.github.Now = func() time.Time { return now }
	for range 30 {
		if err := s.github.Progress(ctx, s.target, run, "Looking: code, 3 of 9 packages"); err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Second)
	}
	if n := s.Count("checks/update"); n != 3 {
		t.Errorf("%d updates in 30 s, want 3", n)
	}
	if got := s.run(); got.Status != "in_progress" || got.Title != "Looking: code, 3 of 9 packages" {
		t.Errorf("run = %+v", got)
	}
}

func TestMergeGroupsGetACheckAndNoComments(t *testing.T) {
	s := newStage(t)
	s.target.Kind, s.target.PullRequest = review.KindMergeGroup, 0
	run := s.publish(1, s.outcome(finding(at("a.go", 2))))
	if run.Conclusion != "failure" || len(s.repo.Reviews(1)) != 0 {
		t.Errorf("run = %+v", run)
	}
}

func TestHostilePathsAndMessagesArePublished(t *testing.T) {
	s := newStage(t)
	f := finding(at("b.go", 1))
	f.Message = strings.Join(hostile, " ")
	f.Evidence = []review.Step{{Note: strings.Repeat(f.Message, 20), Place: review.Place{Path: f.Message, Line: 1}}}
	f.Routes = hostile
	for i := range 200 {
		f.Evidence = append(f.Evidence, review.Step{Note: strings.Repeat("ä", 5000), Place: at(strings.Repeat("日", 5000), i)})
	}
	empty := finding(at("b.go", 2))
	empty.Message = "\u200b"
	run := s.publish(1, s.outcome(f, empty))
	if len(run.Annotations) != 2 || len(s.comments()) != 2 {
		t.Errorf("%d annotations, %d comments, want 2 and 2", len(run.Annotations), len(s.comments()))
	}
	for _, c := range s.comments() {
		if len(c.Body) > maxCommentBytes {
			t.Errorf("a comment has %d bytes", len(c.Body))
		}
	}
}

func TestReviewIDOfAnExternalID(t *testing.T) {
	for external, want := range map[string]int64{"review/12": 12, "": 0, "review/": 0, "review/12x": 0, "job/12": 0, "review/ 12": 0} {
		if got := ReviewID(external); got != want {
			t.Errorf("ReviewID(%q) = %d, want %d", external, got, want)
		}
	}
}
