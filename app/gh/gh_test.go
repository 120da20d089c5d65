package gh_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-github/v60/github"

	"github.com/launchgate/launchgate/app/gh"
	"github.com/launchgate/launchgate/app/gh/ghtest"
	"github.com/launchgate/launchgate/app/review"
)

var ctx = context.Background()

// stage is a stand-in GitHub with a pull request, and our App talking to it.
type stage struct {
	*ghtest.Server
	inst   *ghtest.Installation
	repo   *ghtest.Repo
	number int
	head   review.SHA
	app    *gh.App
	client *github.Client
	id     review.InstallationID
	config gh.Config

	mu    sync.Mutex
	now   time.Time
	waits []time.Duration
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{now: time.Now()}
	var err error
	s.Server, err = ghtest.NewServer(ghtest.Options{})
	check(t, err)
	t.Cleanup(func() {
		for _, v := range s.Violations() {
			t.Errorf("violation: %s", v)
		}
		check(t, s.Close())
	})
	app, err := s.AddApp(ghtest.AppOptions{})
	check(t, err)
	s.inst = s.AddInstallation(app, "acme")
	s.id = review.InstallationID(s.inst.ID)
	s.repo, err = s.AddRepo(s.inst, "acme/api", ghtest.Change{Message: "Start", Files: map[string]string{"a.txt": "a\n"}})
	check(t, err)
	s.head, err = s.repo.Commit("feature/x", "main", ghtest.Change{Message: "Change", Files: map[string]string{"a.txt": "b\n"}})
	check(t, err)
	s.number, err = s.repo.OpenPullRequest(ghtest.PullOptions{Head: "feature/x", Title: "T", Draft: true})
	check(t, err)
	s.config = gh.Config{AppID: app.ID, PrivateKey: app.PEM, APIBase: s.URL(), UserAgent: "launchgate/test",
		Clock: s.clock,
		Wait: func(_ context.Context, d time.Duration) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.waits = append(s.waits, d)
			s.now = s.now.Add(d)
			return nil
		}}
	s.connect(t)
	return s
}

func (s *stage) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *stage) connect(t *testing.T) {
	t.Helper()
	var err error
	s.app, err = gh.New(s.config)
	check(t, err)
	s.client, err = s.app.Client(s.id)
	check(t, err)
}

func (s *stage) read() error {
	_, err := gh.ReadPullRequest(ctx, s.client, s.repo.Repo, s.number)
	return err
}

func (s *stage) write() error {
	_, _, err := s.client.Issues.CreateComment(ctx, "acme", "api", s.number, &github.IssueComment{Body: github.String("hello")})
	return gh.MapError("comment on", "acme/api#1", err)
}

func want(t *testing.T, err error, code review.Code, retry time.Duration) *review.Error {
	t.Helper()
	var e *review.Error
	if !errors.As(err, &e) || e.Code != code || e.RetryAfter != retry || e.Op == "" || e.Do == "" {
		t.Fatalf("got %v (%+v), want code %s, retry after %s", err, e, code, retry)
	}
	return e
}

func TestReadPullRequestReadsTheTipOfTheBase(t *testing.T) {
	s := newStage(t)
	tip, err := s.repo.Commit("main", "", ghtest.Change{Message: "Meanwhile", Files: map[string]string{"z": "z"}})
	check(t, err)
	pr, err := gh.ReadPullRequest(ctx, s.client, s.repo.Repo, s.number)
	check(t, err)
	wantTarget := review.Target{Kind: review.KindPullRequest, Repo: s.repo.Repo, PullRequest: s.number, Head: s.head, HeadRef: "refs/pull/1/head", Base: tip, BaseRef: "main", Draft: true}
	if pr.Target != wantTarget || !pr.Open || pr.Merged || pr.HeadRepo != "acme/api" || pr.Title != "T" || pr.StackBase != "" {
		t.Errorf("pull request = %+v\nwant target %+v", pr, wantTarget)
	}
	byCommit, err := gh.PullRequestsForCommit(ctx, s.client, s.repo.Repo, s.head)
	check(t, err)
	if len(byCommit) != 1 || byCommit[0].Target != wantTarget {
		t.Errorf("by commit = %+v", byCommit)
	}
	if none, err := gh.PullRequestsForCommit(ctx, s.client, s.repo.Repo, tip); err != nil || len(none) != 0 {
		t.Errorf("pull requests of the base's tip = %v, %v", none, err)
	}
	for _, r := range s.Requests() {
		if r.UserAgent != "launchgate/test" {
			t.Errorf("%s %s came from %q", r.Method, r.Path, r.UserAgent)
		}
	}
}

func TestDeletedForkIsStillRead(t *testing.T) {
	s := newStage(t)
	_, err := s.repo.Commit("theirs", "main", ghtest.Change{Message: "Fork", Files: map[string]string{"f": "f"}})
	check(t, err)
	n, err := s.repo.OpenPullRequest(ghtest.PullOptions{Head: "theirs", Fork: true, Author: "mallory", StackBase: "main"})
	check(t, err)
	pr, err := gh.ReadPullRequest(ctx, s.client, s.repo.Repo, n)
	check(t, err)
	if !pr.Target.Fork || pr.HeadRepo != "mallory/api" || pr.StackBase != "main" {
		t.Errorf("fork = %+v", pr)
	}
	check(t, s.repo.Change(n, ghtest.ChangePull{ForkDeleted: true}))
	pr, err = gh.ReadPullRequest(ctx, s.client, s.repo.Repo, n)
	check(t, err)
	if !pr.Target.Fork || pr.HeadRepo != "" || pr.Target.HeadRef != "refs/pull/2/head" {
		t.Errorf("deleted fork = %+v", pr)
	}
}

func TestAnotherRepositoryUnderTheOldName(t *testing.T) {
	s := newStage(t)
	old := s.repo.Repo
	old.ID++
	_, err := gh.ReadPullRequest(ctx, s.client, old, s.number)
	want(t, err, review.CodeRepoGone, 0)
}

func TestRateLimitsSayWhenToComeBack(t *testing.T) {
	cases := []struct {
		name  string
		fault func(now time.Time) ghtest.Fault
		want  time.Duration
	}{
		{"secondary with retry-after", func(time.Time) ghtest.Fault { return ghtest.SecondaryLimit(37 * time.Second) }, 37 * time.Second},
		{"secondary without", func(time.Time) ghtest.Fault { return ghtest.SecondaryLimit(0) }, time.Minute},
		{"429 with retry-after", func(time.Time) ghtest.Fault { return ghtest.TooManyRequests(5 * time.Second) }, 5 * time.Second},
		{"429 without", func(time.Time) ghtest.Fault { return ghtest.TooManyRequests(0) }, time.Minute},
		{"primary", func(now time.Time) ghtest.Fault { return ghtest.PrimaryLimit(now.Add(10 * time.Minute)) }, 10*time.Minute + time.Second},
	}
	for _, operation := range []string{"pulls/get", "apps/create-installation-access-token"} {
		for _, c := range cases {
			t.Run(operation+"/"+c.name, func(t *testing.T) {
				s := newStage(t)
				s.now = time.Unix(s.now.Unix(), 0)
				f := c.fault(s.now)
				f.Operation = operation
				s.Inject(f)
				want(t, s.read(), review.CodeRateLimited, c.want)
				before := len(s.Requests())
				want(t, s.read(), review.CodeRateLimited, c.want) // keeps still
				if got := len(s.Requests()); got != before {
					t.Errorf("asked %d more times while the limit lasted", got-before)
				}
				s.mu.Lock()
				s.now = s.now.Add(c.want)
				s.mu.Unlock()
				check(t, s.read())
			})
		}
	}
}

func TestWritesAreOneAtATimeWithAPauseBetween(t *testing.T) {
	s := newStage(t)
	check(t, s.write())
	if len(s.waits) != 0 {
		t.Errorf("the first write waited %v", s.waits)
	}
	check(t, s.read())
	if len(s.waits) != 0 {
		t.Errorf("a read waited %v", s.waits)
	}
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if err := s.write(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if fmt.Sprint(s.waits) != "[1s 1s 1s]" {
		t.Errorf("waits = %v, want one second before each", s.waits)
	}
	if got := len(s.repo.IssueComments(s.number)); got != 4 {
		t.Errorf("%d comments, want 4", got)
	}
	if n := s.Count("apps/create-installation-access-token"); n != 1 {
		t.Errorf("%d tokens minted for one installation, want 1", n)
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	cases := []struct {
		name  string
		spoil func(*stage)
		call  func(*stage) error
		code  review.Code
		do    string
	}{
		{"deleted installation", func(s *stage) { s.inst.Delete() }, (*stage).read, review.CodeInstallationGone, "install the App"},
		{"suspended installation", func(s *stage) { s.inst.Suspend(true) }, (*stage).read, review.CodeSuspended, "suspension"},
		{"deleted repository", func(s *stage) { s.repo.SetGone(404) }, (*stage).read, review.CodeRepoGone, "includes the repository"},
		{"repository gone", func(s *stage) { s.repo.SetGone(410) }, (*stage).read, review.CodeRepoGone, ""},
		{"legal reasons", func(s *stage) { s.repo.SetGone(451) }, (*stage).read, review.CodeRepoGone, ""},
		{"missing permission", func(s *stage) {
			s.inst.SetPermissions(map[string]string{"contents": "read", "pull_requests": "read", "metadata": "read"})
		}, (*stage).write, review.CodePermission, "pull_requests: write"},
		{"502", func(s *stage) { s.Inject(ghtest.Fault{Status: 502, Operation: "pulls/get"}) }, (*stage).read, review.CodeGitHubUnavailable, "502"},
		{"502 while minting", func(s *stage) { s.Inject(ghtest.Fault{Status: 502, Path: "access_tokens"}) }, (*stage).read, review.CodeGitHubUnavailable, "502"},
		{"dropped connection", func(s *stage) { s.Inject(ghtest.Fault{Drop: true}) }, (*stage).read, review.CodeGitHubUnavailable, "network"},
		{"422", func(*stage) {}, func(s *stage) error {
			_, _, err := s.client.PullRequests.CreateReview(ctx, "acme", "api", s.number, &github.PullRequestReviewRequest{Event: github.String("COMMENT")})
			return gh.MapError("review", "acme/api#1", err)
		}, review.CodeGitHubRejected, "422"},
	}
	for _, c := range cases {
		for _, cached := range []bool{false, true} { // with a token from before, too
			if cached && c.name == "502 while minting" {
				continue // nothing is minted then
			}
			t.Run(fmt.Sprintf("%s/cached=%t", c.name, cached), func(t *testing.T) {
				s := newStage(t)
				if cached {
					check(t, s.read())
				}
				c.spoil(s)
				e := want(t, c.call(s), c.code, 0)
				if !strings.Contains(e.Do, c.do) {
					t.Errorf("do = %q, want it to name %q", e.Do, c.do)
				}
			})
		}
	}
}

func TestATimeoutIsNotTheCallersCancellation(t *testing.T) {
	s := newStage(t)
	s.config.Timeout = 20 * time.Millisecond
	s.connect(t)
	s.Inject(ghtest.Fault{Delay: time.Hour})
	want(t, s.read(), review.CodeGitHubUnavailable, 0)
	gone, cancel := context.WithCancel(ctx)
	cancel()
	_, err := gh.ReadPullRequest(gone, s.client, s.repo.Repo, s.number)
	want(t, err, review.CodeCancelled, 0)
}

func TestAHugeAnswerIsRefused(t *testing.T) {
	s := newStage(t)
	s.config.MaxBody = 3000
	s.connect(t)
	want(t, s.read(), review.CodeTooLarge, 0)
}

func TestTheTokenStaysOnItsHost(t *testing.T) {
	asked := make(chan string, 8)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked <- r.Header.Get("Authorization") }))
	defer elsewhere.Close()
	s := newStage(t)
	s.Inject(ghtest.Fault{Status: 302, Operation: "pulls/get", Header: map[string]string{"Location": elsewhere.URL + "/steal"}})
	want(t, s.read(), review.CodeGitHubRejected, 0)
	select {
	case got := <-asked:
		t.Errorf("a redirect reached the other host with %d characters of authorization", len(got))
	default:
	}
}

func TestCloneTokenReadsOneRepository(t *testing.T) {
	s := newStage(t)
	other, err := s.AddRepo(s.inst, "acme/other", ghtest.Change{Message: "x", Files: map[string]string{"x": "x"}})
	check(t, err)
	token, err := s.app.CloneToken(ctx, s.id, s.repo.ID)
	check(t, err)
	fetch := func(repo review.Repo) error {
		// The header comes from the environment, as in package checkout.
		req, err := http.NewRequest("GET", s.app.CloneURL(repo), nil)
		check(t, err)
		req.SetBasicAuth("x-access-token", token)
		cmd := exec.Command("git", "ls-remote", s.app.CloneURL(repo), "refs/pull/1/head")
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "GIT_TERMINAL_PROMPT=0", "GIT_CONFIG_COUNT=1",
			"GIT_CONFIG_KEY_0=http.extraHeader", "GIT_CONFIG_VALUE_0=Authorization: " + req.Header.Get("Authorization")}
		out, err := cmd.CombinedOutput()
		if err == nil && !bytes.Contains(out, []byte(s.head)) {
			err = fmt.Errorf("%s", out)
		}
		return err
	}
	check(t, fetch(s.repo.Repo))
	if err := fetch(other.Repo); err == nil {
		t.Error("the token reads another repository")
	}
	req, err := http.NewRequest("GET", s.APIURL()+"/repos/acme/api/pulls/1", nil)
	check(t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	check(t, err)
	_, _ = io.Copy(io.Discard, resp.Body)
	check(t, resp.Body.Close())
	if resp.StatusCode != 403 {
		t.Errorf("the token reads pull requests: %d", resp.StatusCode)
	}
	_, err = s.app.CloneToken(ctx, s.id, s.repo.ID+100)
	want(t, err, review.CodeRepoGone, 0)
	s.inst.Delete()
	_, err = s.app.CloneToken(ctx, s.id, s.repo.ID)
	want(t, err, review.CodeInstallationGone, 0)
}

func TestRepositoriesAndInstallationsAreReadToTheLastPage(t *testing.T) {
	s := newStage(t)
	for i := range 100 {
		_, err := s.AddRepo(s.inst, fmt.Sprintf("acme/r%d", i), ghtest.Change{})
		check(t, err)
	}
	repos, err := gh.Repositories(ctx, s.client)
	check(t, err)
	if len(repos) != 101 || repos[0] != s.repo.Repo {
		t.Errorf("%d repositories, first %+v", len(repos), repos[0])
	}
	s.inst.Suspend(true)
	list, err := s.app.Installations(ctx)
	check(t, err)
	if len(list) != 1 || !list[0].Suspended || list[0].Account != "acme" || list[0].Permissions["merge_queues"] != "read" {
		t.Errorf("installations = %+v", list)
	}
}

func TestStartUpNamesMissingPermissions(t *testing.T) {
	s := newStage(t)
	slug, err := s.app.Check(ctx, gh.NeededPermissions())
	check(t, err)
	if slug != "launchgate" {
		t.Errorf("slug = %q", slug)
	}
	_, err = s.app.Check(ctx, map[string]string{"checks": "write", "administration": "read", "contents": "write"})
	if e := want(t, err, review.CodePermission, 0); !strings.Contains(e.Do, "administration: read, contents: write") || strings.Contains(e.Do, "checks") {
		t.Errorf("do = %q", e.Do)
	}
}

func TestNewRefusesABadConfiguration(t *testing.T) {
	s := newStage(t)
	good := s.config
	for name, change := range map[string]func(*gh.Config){
		"no id":       func(c *gh.Config) { c.AppID = 0 },
		"no key":      func(c *gh.Config) { c.PrivateKey = nil },
		"plain http":  func(c *gh.Config) { c.APIBase = "http://ghes.example" },
		"credentials": func(c *gh.Config) { c.APIBase = "https://user:pw@ghes.example" },
		"not a URL":   func(c *gh.Config) { c.APIBase = "ghes.example" },
	} {
		c := good
		change(&c)
		_, err := gh.New(c)
		if review.CodeOf(err) != review.CodeBadConfig || strings.Contains(err.Error(), "pw") {
			t.Errorf("%s: %v", name, err)
		}
	}
	c := good
	c.PrivateKey = []byte("-----BEGIN nonsense")
	if _, err := gh.New(c); err == nil || strings.Contains(err.Error(), "nonsense") {
		t.Errorf("a broken key: %v", err)
	}
	repo := review.Repo{Owner: "o", Name: "n"}
	for base, clone := range map[string]string{
		"":                            "https://github.com/o/n.git",
		"https://github.com":          "https://github.com/o/n.git",
		"https://api.github.com/":     "https://github.com/o/n.git",
		"https://ghes.example":        "https://ghes.example/o/n.git",
		"https://ghes.example/api/v3": "https://ghes.example/o/n.git",
		"https://api.acme.ghe.com":    "https://acme.ghe.com/o/n.git",
	} {
		c := good
		c.APIBase = base
		a, err := gh.New(c)
		check(t, err)
		if got := a.CloneURL(repo); got != clone {
			t.Errorf("%q: clone from %s, want %s", base, got, clone)
		}
	}
}

func TestMapErrorKeepsWhatIsNoError(t *testing.T) {
	if err := gh.MapError("x", "y", nil); err != nil {
		t.Error(err)
	}
	if err := gh.MapError("redeliver", "1", &github.AcceptedError{}); err != nil {
		t.Errorf("202 is not an error: %v", err)
	}
	if code := review.CodeOf(gh.MapError("x", "y", errors.New("odd"))); code != review.CodeInternal {
		t.Errorf("code = %s", code)
	}
}

func TestMergedAndRetargetedPullRequests(t *testing.T) {
	s := newStage(t)
	before, err := s.repo.Commit("release", "main", ghtest.Change{Message: "Release", Files: map[string]string{"r": "r"}})
	check(t, err)
	base := "release"
	check(t, s.repo.Change(s.number, ghtest.ChangePull{Base: &base}))
	pr, err := gh.ReadPullRequest(ctx, s.client, s.repo.Repo, s.number)
	check(t, err)
	if pr.Target.BaseRef != "release" || pr.Target.Base != before {
		t.Errorf("retargeted = %+v", pr.Target)
	}
	check(t, s.repo.Change(s.number, ghtest.ChangePull{Merge: true}))
	pr, err = gh.ReadPullRequest(ctx, s.client, s.repo.Repo, s.number)
	check(t, err)
	tip, err := s.repo.Branch("release")
	check(t, err)
	if pr.Open || !pr.Merged || pr.Target.Base != tip || tip == before {
		t.Errorf("merged = %+v, base was %s and is %s", pr, before, tip)
	}
}
