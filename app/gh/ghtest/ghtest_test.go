package ghtest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/google/go-github/v60/github"

	"github.com/launchgate/launchgate/app/gh/ghtest"
	"github.com/launchgate/launchgate/app/review"
)

// stage is a repository with an open pull request that changes lines 2 and 20
// of a file and adds another.
type stage struct {
	*ghtest.Server
	app    *ghtest.App
	inst   *ghtest.Installation
	repo   *ghtest.Repo
	number int
	base   review.SHA
	head   review.SHA
	client *github.Client
	tr     *ghinstallation.Transport
}

func lines(from, to int) string {
	var b strings.Builder
	for i := from; i <= to; i++ {
		fmt.Fprintf(&b, "line %d\n", i)
	}
	return b.String()
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func newStage(t *testing.T, o ghtest.Options) *stage {
	t.Helper()
	s := &stage{Server: must[*ghtest.Server](t)(ghtest.NewServer(o))}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	s.app = must[*ghtest.App](t)(s.AddApp(ghtest.AppOptions{}))
	s.inst = s.AddInstallation(s.app, "acme")
	s.repo = must[*ghtest.Repo](t)(s.AddRepo(s.inst, "acme/api", ghtest.Change{Message: "Start", Files: map[string]string{"a.txt": lines(1, 40), "gone.txt": "bye\n"}}))
	s.base = must[review.SHA](t)(s.repo.Branch("main"))
	changed := strings.NewReplacer("line 2\n", "LINE 2\n", "line 20\n", "LINE 20\n").Replace(lines(1, 40))
	s.head = must[review.SHA](t)(s.repo.Commit("feature", "main", ghtest.Change{Message: "Change", Files: map[string]string{"a.txt": changed, "new/b.txt": "one\ntwo\n"}, Delete: []string{"gone.txt"}}))
	s.number = must[int](t)(s.repo.OpenPullRequest(ghtest.PullOptions{Head: "feature", Title: "Change <things>", Body: "Please"}))
	s.client, s.tr = s.newClient(t, s.inst)
	return s
}

func (s *stage) newClient(t *testing.T, inst *ghtest.Installation) (*github.Client, *ghinstallation.Transport) {
	t.Helper()
	tr := must[*ghinstallation.Transport](t)(ghinstallation.New(http.DefaultTransport, s.app.ID, inst.ID, s.app.PEM))
	tr.BaseURL = s.APIURL()
	return must[*github.Client](t)(github.NewClient(&http.Client{Transport: tr}).WithEnterpriseURLs(s.URL(), s.URL())), tr
}

func (s *stage) clean(t *testing.T) {
	t.Helper()
	for _, v := range s.Violations() {
		t.Errorf("violation: %s", v)
	}
}

func status(err error) int {
	var e *github.ErrorResponse
	if errors.As(err, &e) {
		return e.Response.StatusCode
	}
	return 0
}

var ctx = context.Background()

func TestCheckRunFromQueuedToCompleted(t *testing.T) {
	s := newStage(t, ghtest.Options{})
	run, _, err := s.client.Checks.CreateCheckRun(ctx, "acme", "api", github.CreateCheckRunOptions{Name: "launchgate", HeadSHA: string(s.head), Status: github.String("in_progress"), ExternalID: github.String("job-1")})
	if err != nil {
		t.Fatal(err)
	}
	if run.GetStatus() != "in_progress" || len(run.PullRequests) != 1 || run.PullRequests[0].GetNumber() != s.number || run.GetApp().GetID() != s.app.ID {
		t.Errorf("run = %+v", run)
	}
	annotations := func(n int) []*github.CheckRunAnnotation {
		var as []*github.CheckRunAnnotation
		for i := range n {
			as = append(as, &github.CheckRunAnnotation{Path: github.String("a.txt"), StartLine: github.Int(i + 1), EndLine: github.Int(i + 1), AnnotationLevel: github.String("warning"), Message: github.String("m")})
		}
		return as
	}
	update := func(o github.UpdateCheckRunOptions) error {
		o.Name = "launchgate"
		_, _, err := s.client.Checks.UpdateCheckRun(ctx, "acme", "api", run.GetID(), o)
		return err
	}
	out := func(as []*github.CheckRunAnnotation) *github.CheckRunOutput {
		return &github.CheckRunOutput{Title: github.String("t"), Summary: github.String("s"), Annotations: as}
	}
	for range 2 { // annotations append
		if err := update(github.UpdateCheckRunOptions{Status: github.String("in_progress"), Output: out(annotations(50))}); err != nil {
			t.Fatal(err)
		}
	}
	if err := update(github.UpdateCheckRunOptions{Status: github.String("completed"), Conclusion: github.String("failure"), Output: out(nil)}); err != nil {
		t.Fatal(err)
	}
	s.clean(t)
	if err := update(github.UpdateCheckRunOptions{Status: github.String("in_progress")}); status(err) != 422 {
		t.Errorf("a completed run reopened: %v", err)
	}
	if v := s.Violations(); len(v) != 0 {
		t.Errorf("refusing to reopen is behaviour, not a violation: %v", v)
	}
	list, _, err := s.client.Checks.ListCheckRunAnnotations(ctx, "acme", "api", run.GetID(), &github.ListOptions{PerPage: 100})
	if err != nil || len(list) != 100 {
		t.Errorf("%d annotations, %v; want 100", len(list), err)
	}

	second, _, err := s.client.Checks.CreateCheckRun(ctx, "acme", "api", github.CreateCheckRunOptions{Name: "launchgate", HeadSHA: string(s.head)})
	if err != nil {
		t.Fatal(err)
	}
	latest, _, err := s.client.Checks.ListCheckRunsForRef(ctx, "acme", "api", string(s.head), &github.ListCheckRunsOptions{CheckName: github.String("launchgate")})
	if err != nil || latest.GetTotal() != 1 || latest.CheckRuns[0].GetID() != second.GetID() {
		t.Errorf("latest = %+v, %v; want only the second run", latest, err)
	}
	all, _, err := s.client.Checks.ListCheckRunsForRef(ctx, "acme", "api", string(s.head), &github.ListCheckRunsOptions{Filter: github.String("all")})
	if err != nil || all.GetTotal() != 2 {
		t.Errorf("all = %v, %v; want 2", all.GetTotal(), err)
	}
	got := s.repo.CheckRuns(s.head)
	if len(got) != 2 || got[0].Conclusion != "failure" || len(got[0].Annotations) != 100 || got[0].ExternalID != "job-1" {
		t.Errorf("runs = %+v", got)
	}
	if steps := got[0].Statuses; len(steps) != 2 || steps[0].Status != "in_progress" || steps[1].Status != "completed" {
		t.Errorf("statuses = %v", steps)
	}
	s.clean(t)

	if err := update(github.UpdateCheckRunOptions{Output: out(annotations(51))}); status(err) != 422 {
		t.Errorf("51 annotations: %v, want 422", err)
	}
	if err := update(github.UpdateCheckRunOptions{Output: &github.CheckRunOutput{Title: github.String("t"), Summary: github.String(strings.Repeat("x", 65536))}}); status(err) != 422 {
		t.Errorf("a summary of 65,536 characters: %v, want 422", err)
	}
	if v := s.Violations(); len(v) != 2 {
		t.Errorf("%d violations, want the two that break the document: %v", len(v), v)
	}
}

func TestReviewCommentsMustLieInTheDiff(t *testing.T) {
	s := newStage(t, ghtest.Options{})
	at := func(path string, line int, side string) *github.DraftReviewComment {
		return &github.DraftReviewComment{Path: &path, Line: &line, Side: &side, Body: github.String("look")}
	}
	span := func(from, to int) *github.DraftReviewComment {
		c := at("a.txt", to, "RIGHT")
		c.StartLine, c.StartSide = &from, github.String("RIGHT")
		return c
	}
	cases := []struct {
		name     string
		comments []*github.DraftReviewComment
		want     int
	}{
		{"added line", []*github.DraftReviewComment{at("a.txt", 2, "RIGHT")}, 0},
		{"context line", []*github.DraftReviewComment{at("a.txt", 5, "RIGHT")}, 0},
		{"removed line", []*github.DraftReviewComment{at("gone.txt", 1, "LEFT")}, 0},
		{"range in one hunk", []*github.DraftReviewComment{span(1, 4)}, 0},
		{"line between the hunks", []*github.DraftReviewComment{at("a.txt", 10, "RIGHT")}, 422},
		{"removed line on the wrong side", []*github.DraftReviewComment{at("gone.txt", 1, "RIGHT")}, 422},
		{"file outside the diff", []*github.DraftReviewComment{at("c.txt", 1, "RIGHT")}, 422},
		{"range over two hunks", []*github.DraftReviewComment{span(2, 20)}, 422},
		{"range of one line", []*github.DraftReviewComment{span(2, 2)}, 422},
		{"one bad anchor of two refuses both", []*github.DraftReviewComment{at("a.txt", 2, "RIGHT"), at("a.txt", 10, "RIGHT")}, 422},
		{"body too long", []*github.DraftReviewComment{{Path: github.String("a.txt"), Line: github.Int(2), Body: github.String(strings.Repeat("x", 65537))}}, 422},
	}
	want := 0
	for _, c := range cases {
		_, _, err := s.client.PullRequests.CreateReview(ctx, "acme", "api", s.number, &github.PullRequestReviewRequest{CommitID: github.String(string(s.head)), Body: github.String("b"), Event: github.String("COMMENT"), Comments: c.comments})
		if c.want == 0 {
			want += len(c.comments)
		}
		if status(err) != c.want || c.want == 0 && err != nil {
			t.Errorf("%s: %v, want status %d", c.name, err, c.want)
		}
		if got := len(s.repo.ReviewComments(s.number)); got != want {
			t.Errorf("%s: %d comments, want %d", c.name, got, want)
		}
	}
	_, _, err := s.client.PullRequests.CreateReview(ctx, "acme", "api", s.number, &github.PullRequestReviewRequest{Event: github.String("COMMENT")})
	if status(err) != 422 {
		t.Errorf("a review without body: %v, want 422", err)
	}
	s.clean(t)
}

func TestCommentsFollowTheirLineOrBecomeOutdated(t *testing.T) {
	s := newStage(t, ghtest.Options{})
	review := &github.PullRequestReviewRequest{CommitID: github.String(string(s.head)), Body: github.String("b"), Event: github.String("COMMENT"), Comments: []*github.DraftReviewComment{
		{Path: github.String("a.txt"), Line: github.Int(2), Body: github.String("rewritten later")},
		{Path: github.String("a.txt"), Line: github.Int(20), Body: github.String("pushed down")},
	}}
	if _, _, err := s.client.PullRequests.CreateReview(ctx, "acme", "api", s.number, review); err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("line 2\n", "other\n", "line 20\n", "LINE 20\n", "line 10\n", "line 10\nextra\n").Replace(lines(1, 40))
	if _, err := s.repo.Push(s.number, ghtest.Change{Message: "Again", Files: map[string]string{"a.txt": text}}); err != nil {
		t.Fatal(err)
	}
	got, _, err := s.client.PullRequests.ListComments(ctx, "acme", "api", s.number, nil)
	if err != nil || len(got) != 2 {
		t.Fatal(got, err)
	}
	if got[0].Line != nil || got[0].GetOriginalLine() != 2 {
		t.Errorf("rewritten line: line %v, original %d", got[0].Line, got[0].GetOriginalLine())
	}
	if got[1].GetLine() != 21 || got[1].GetOriginalLine() != 20 {
		t.Errorf("moved line: line %d, original %d; want 21 and 20", got[1].GetLine(), got[1].GetOriginalLine())
	}
	s.clean(t)
}

func clone(t *testing.T, url string, refspec string) (string, error) {
	t.Helper()
	dir := t.TempDir()
	run := func(args ...string) (string, error) {
		cmd := exec.Command("git", append([]string{"-C", dir}, args...)...)
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "GIT_TERMINAL_PROMPT=0", "GIT_CONFIG_NOSYSTEM=1"}
		out, err := cmd.CombinedOutput()
		return strings.TrimSpace(string(out)), err
	}
	if out, err := run("init", "-q"); err != nil {
		t.Fatal(out, err)
	}
	if out, err := run("fetch", "-q", url, refspec); err != nil {
		return out, err
	}
	return run("rev-parse", "FETCH_HEAD")
}

func TestGitFetchNeedsATokenForTheRepository(t *testing.T) {
	s := newStage(t, ghtest.Options{})
	other := must[*ghtest.Repo](t)(s.AddRepo(s.inst, "acme/other", ghtest.Change{Message: "x", Files: map[string]string{"x": "x"}}))
	narrow := must[*ghinstallation.Transport](t)(ghinstallation.New(http.DefaultTransport, s.app.ID, s.inst.ID, s.app.PEM))
	narrow.BaseURL = s.APIURL()
	narrow.InstallationTokenOptions = &github.InstallationTokenOptions{RepositoryIDs: []int64{int64(s.repo.ID)}, Permissions: &github.InstallationPermissions{Contents: github.String("read")}}
	token := must[string](t)(narrow.Token(ctx))
	if len(token) < 400 || !strings.HasPrefix(token, "ghs_") || !strings.ContainsAny(token, ".") {
		t.Errorf("a token of %d characters is not in the new form", len(token))
	}
	with := func(repo *ghtest.Repo, user string) string {
		u := must[*url.URL](t)(url.Parse(repo.CloneURL()))
		u.User = url.UserPassword(user, token)
		return u.String()
	}
	ref := fmt.Sprintf("refs/pull/%d/head", s.number)
	if got, err := clone(t, with(s.repo, "x-access-token"), ref); err != nil || got != string(s.head) {
		t.Errorf("fetch of %s: %q, %v; want %s", ref, got, err, s.head)
	}
	if got, err := clone(t, with(s.repo, "x-access-token"), string(s.base)); err != nil || got != string(s.base) {
		t.Errorf("fetch of a commit by name: %q, %v", got, err)
	}
	for name, u := range map[string]string{"no credentials": s.repo.CloneURL(), "wrong user": with(s.repo, "git"), "another repository": with(other, "x-access-token")} {
		if got, err := clone(t, u, "HEAD"); err == nil {
			t.Errorf("%s: fetched %s", name, got)
		}
	}
	client := github.NewClient(&http.Client{Transport: narrow})
	client, _ = client.WithEnterpriseURLs(s.URL(), s.URL())
	_, _, err := client.Checks.CreateCheckRun(ctx, "acme", "api", github.CreateCheckRunOptions{Name: "x", HeadSHA: string(s.head)})
	var e *github.ErrorResponse
	if !errors.As(err, &e) || e.Response.StatusCode != 403 || e.Response.Header.Get("X-Accepted-GitHub-Permissions") != "checks=write" {
		t.Errorf("a token for reading contents made a check run: %v", err)
	}
	s.clean(t)
}

func TestTokensExpireByTheServersClock(t *testing.T) {
	now := time.Now()
	s := newStage(t, ghtest.Options{Clock: func() time.Time { return now }})
	token := must[string](t)(s.tr.Token(ctx))
	get := func(auth string) int {
		req := must[*http.Request](t)(http.NewRequest("GET", s.APIURL()+"/repos/acme/api/pulls/1", nil))
		req.Header.Set("Authorization", auth)
		resp := must[*http.Response](t)(http.DefaultClient.Do(req))
		defer resp.Body.Close()
		_, _ = io.Copy(io.Discard, resp.Body)
		return resp.StatusCode
	}
	if got := get("Bearer " + token); got != 200 {
		t.Errorf("fresh token: %d", got)
	}
	now = now.Add(ghtest.TokenLife)
	if got := get("Bearer " + token); got != 401 {
		t.Errorf("token after an hour: %d, want 401", got)
	}
	if got := get("Bearer x.y.z"); got != 401 {
		t.Errorf("forged JWT: %d, want 401", got)
	}
	s.clean(t)
}

func TestSuspendedAndDeletedInstallations(t *testing.T) {
	s := newStage(t, ghtest.Options{})
	fetch := func() error {
		client, _ := s.newClient(t, s.inst)
		_, _, err := client.PullRequests.Get(ctx, "acme", "api", s.number)
		return err
	}
	if err := fetch(); err != nil {
		t.Fatal(err)
	}
	s.inst.Suspend(true)
	if err := fetch(); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("suspended: %v, want 403", err)
	}
	s.inst.Suspend(false)
	if err := fetch(); err != nil {
		t.Errorf("unsuspended: %v", err)
	}
	s.inst.Delete()
	if err := fetch(); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("deleted: %v, want 404", err)
	}
	s.clean(t)
}

func TestEveryDeliveryIsSignedAndParses(t *testing.T) {
	s := newStage(t, ghtest.Options{})
	const secret = "It's a Secret to Everybody"
	var parsed []string
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := github.ValidatePayload(r, []byte(secret))
		if err == nil {
			var ev any
			if ev, err = github.ParseWebHook(github.WebHookType(r), body); err == nil {
				parsed = append(parsed, fmt.Sprintf("%T", ev))
				if e, ok := ev.(*github.PullRequestEvent); ok && (e.GetPullRequest().GetHead().GetSHA() == "" || e.GetInstallation().GetID() != s.inst.ID || e.GetRepo().GetFullName() != "acme/api") {
					err = fmt.Errorf("incomplete payload")
				}
			}
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	defer hook.Close()
	s.app.SetWebhook(hook.URL, secret)
	run, _, err := s.client.Checks.CreateCheckRun(ctx, "acme", "api", github.CreateCheckRunOptions{Name: "launchgate", HeadSHA: string(s.head)})
	if err != nil {
		t.Fatal(err)
	}
	send := func(d *ghtest.Delivery, err error) {
		t.Helper()
		if err != nil || d.StatusCode != 202 || d.Status != "OK" {
			t.Errorf("delivery %+v, %v", d, err)
		}
	}
	for _, action := range []string{"opened", "synchronize", "edited", "closed"} {
		send(s.DeliverPullRequest(s.repo, s.number, action))
	}
	send(s.DeliverRerequested(s.repo, run.GetID()))
	send(s.DeliverCheckSuite(s.repo, s.head, "requested"))
	send(s.DeliverMergeGroup(s.repo, s.head, "main", "checks_requested", ""))
	send(s.DeliverPush(s.repo, "main", s.base))
	send(s.DeliverInstallation(s.inst, "created"))
	send(s.DeliverRepositories(s.repo, "added"))
	send(s.DeliverPing(s.app))
	if len(parsed) != 11 {
		t.Errorf("parsed %v", parsed)
	}
	d := s.Deliveries()
	again := must[*ghtest.Delivery](t)(s.Redeliver(&d[0]))
	if again.GUID != d[0].GUID || !again.Redelivery || again.ID == d[0].ID {
		t.Errorf("redelivery %+v", again)
	}

	app := github.NewClient(&http.Client{Transport: s.appTransport(t)})
	app, _ = app.WithEnterpriseURLs(s.URL(), s.URL())
	list, resp, err := app.Apps.ListHookDeliveries(ctx, &github.ListCursorOptions{PerPage: 5})
	if err != nil || len(list) != 5 || list[0].GetID() != again.ID || resp.Cursor == "" {
		t.Fatalf("list = %d deliveries, cursor %q, %v", len(list), resp.Cursor, err)
	}
	rest, _, err := app.Apps.ListHookDeliveries(ctx, &github.ListCursorOptions{PerPage: 50, Cursor: resp.Cursor})
	if err != nil || len(rest) != 7 {
		t.Errorf("rest = %d deliveries, %v; want 7", len(rest), err)
	}
	s.clean(t)
}

func (s *stage) appTransport(t *testing.T) http.RoundTripper {
	tr := must[*ghinstallation.AppsTransport](t)(ghinstallation.NewAppsTransport(http.DefaultTransport, s.app.ID, s.app.PEM))
	tr.BaseURL = s.APIURL()
	return tr
}

func TestAMisspeltFieldIsAViolation(t *testing.T) {
	s := newStage(t, ghtest.Options{})
	req := must[*http.Request](t)(s.client.NewRequest("POST", "repos/acme/api/check-runs", map[string]any{"name": "x", "head_sha": s.head, "sumary": "typo"}))
	if _, err := s.client.Do(ctx, req, nil); status(err) != 422 {
		t.Errorf("%v, want 422", err)
	}
	if v := s.Violations(); len(v) != 1 || !strings.Contains(v[0], "sumary") {
		t.Errorf("violations = %v", v)
	}
}

// The document gives these operations no body: kin-openapi would let any pass.
func TestABodyThatIsNotDocumentedIsAViolation(t *testing.T) {
	s := newStage(t, ghtest.Options{})
	req := must[*http.Request](t)(s.client.NewRequest("GET", "repos/acme/api/branches/main", map[string]any{"name": "x"}))
	if _, err := s.client.Do(ctx, req, nil); status(err) != 422 {
		t.Errorf("%v, want 422", err)
	}
	if v := s.Violations(); len(v) != 1 || !strings.Contains(v[0], "a request body is not documented") {
		t.Errorf("violations = %v", v)
	}
	req = must[*http.Request](t)(s.client.NewRequest("GET", "repos/acme/api/branches/main", nil))
	if _, err := s.client.Do(ctx, req, nil); err != nil || len(s.Violations()) != 1 {
		t.Errorf("without a body: %v, %v", err, s.Violations())
	}
}

func TestForkHeadLivesOnlyUnderRefsPull(t *testing.T) {
	s := newStage(t, ghtest.Options{})
	if _, err := s.repo.Commit("theirs", "main", ghtest.Change{Message: "Fork", Files: map[string]string{"f": "f\n"}}); err != nil {
		t.Fatal(err)
	}
	n := must[int](t)(s.repo.OpenPullRequest(ghtest.PullOptions{Head: "theirs", Fork: true, Author: "mallory"}))
	if _, err := s.repo.Branch("theirs"); err == nil {
		t.Error("the fork's branch is in the base repository")
	}
	head := must[review.SHA](t)(s.repo.Push(n, ghtest.Change{Message: "More", Files: map[string]string{"f": "g\n"}}))
	pr, _, err := s.client.PullRequests.Get(ctx, "acme", "api", n)
	if err != nil || pr.GetHead().GetSHA() != string(head) || pr.GetHead().GetRepo().GetID() == int64(s.repo.ID) || pr.GetHead().GetUser().GetLogin() != "mallory" {
		t.Errorf("fork: %v %v", pr, err)
	}
	if err := s.repo.Change(n, ghtest.ChangePull{ForkDeleted: true}); err != nil {
		t.Fatal(err)
	}
	if pr, _, err = s.client.PullRequests.Get(ctx, "acme", "api", n); err != nil || pr.GetHead().Repo != nil {
		t.Errorf("deleted fork: %v %v", pr, err)
	}
	s.clean(t)
}

func TestReadingOperations(t *testing.T) {
	s := newStage(t, ghtest.Options{})
	files, _, err := s.client.PullRequests.ListFiles(ctx, "acme", "api", s.number, nil)
	if err != nil || len(files) != 3 || files[0].GetFilename() != "a.txt" || files[1].GetStatus() != "removed" || !strings.Contains(files[2].GetPatch(), "+two") {
		t.Errorf("files = %v, %v", files, err)
	}
	pulls, _, err := s.client.PullRequests.ListPullRequestsWithCommit(ctx, "acme", "api", string(s.head), nil)
	if err != nil || len(pulls) != 1 || pulls[0].GetNumber() != s.number {
		t.Errorf("pulls = %v, %v", pulls, err)
	}
	b, _, err := s.client.Repositories.GetBranch(ctx, "acme", "api", "main", 1)
	if err != nil || b.GetCommit().GetSHA() != string(s.base) {
		t.Errorf("branch = %v, %v", b, err)
	}
	f, _, _, err := s.client.Repositories.GetContents(ctx, "acme", "api", "gone.txt", &github.RepositoryContentGetOptions{Ref: "main"})
	if text, _ := f.GetContent(); err != nil || text != "bye\n" {
		t.Errorf("contents = %q, %v", text, err)
	}
	if _, _, err := s.client.Issues.CreateComment(ctx, "acme", "api", s.number, &github.IssueComment{Body: github.String("hello")}); err != nil {
		t.Error(err)
	}
	if notes := s.repo.IssueComments(s.number); len(notes) != 1 || notes[0].Author != "launchgate[bot]" {
		t.Errorf("notes = %v", notes)
	}
	s.clean(t)
}

func TestListenOnLoopbackOnly(t *testing.T) {
	if s, err := ghtest.NewServer(ghtest.Options{Addr: "0.0.0.0:0"}); err == nil {
		_ = s.Close()
		t.Error("listens on every interface")
	}
}

func TestATreeCanBeImported(t *testing.T) {
	s := newStage(t, ghtest.Options{})
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x.txt"), []byte("x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	files := must[map[string]string](t)(ghtest.Tree(dir))
	repo := must[*ghtest.Repo](t)(s.AddRepo(s.inst, "acme/tree", ghtest.Change{Message: "x", Files: files}))
	copied := must[*ghtest.Repo](t)(s.ImportRepo(s.inst, "acme/copy", repo.Dir(), "main"))
	a, b := must[review.SHA](t)(repo.Branch("main")), must[review.SHA](t)(copied.Branch("main"))
	if a != b {
		t.Errorf("imported %s, want %s", b, a)
	}
}
