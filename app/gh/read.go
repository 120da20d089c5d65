package gh

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/go-github/v60/github"

	"github.com/launchgate/launchgate/app/review"
)

// PullRequest is a pull request as it stands now.
type PullRequest struct {
	// Target is what to review. Installation, MergeBase, JudgeBase and Run are
	// the caller's.
	Target review.Target
	Title  string // untrusted
	Author string
	Open   bool
	Merged bool
	Draft  bool
	URL    string
	// HeadRepo is the full name of the repository the head lives in, "" when
	// that fork was deleted: the head is then still under refs/pull/N/head.
	HeadRepo string
	// StackBase is set for stacked pull requests: required checks are judged
	// against this branch whatever Target.BaseRef says (github-facts §5).
	StackBase string
}

// pullJSON adds the field that go-github v60 lacks.
type pullJSON struct {
	github.PullRequest
	Stack *struct {
		Base struct {
			Ref string `json:"ref"`
		} `json:"base"`
	} `json:"stack"`
}

func (p *pullJSON) domain(repo review.Repo) (PullRequest, error) {
	head, err := review.ParseSHA(p.GetHead().GetSHA())
	if err != nil {
		return PullRequest{}, fmt.Errorf("head of pull request %d: %w", p.GetNumber(), err)
	}
	base, err := review.ParseSHA(p.GetBase().GetSHA())
	if err != nil {
		return PullRequest{}, fmt.Errorf("base of pull request %d: %w", p.GetNumber(), err)
	}
	if r := p.GetBase().GetRepo(); r.GetID() != 0 {
		repo = Repo(r)
	}
	out := PullRequest{Title: p.GetTitle(), Author: p.GetUser().GetLogin(), Open: p.GetState() == "open", Merged: p.GetMerged() || !p.GetMergedAt().IsZero(), Draft: p.GetDraft(), URL: p.GetHTMLURL(),
		Target: review.Target{Kind: review.KindPullRequest, Repo: repo, PullRequest: p.GetNumber(), Head: head, HeadRef: fmt.Sprintf("refs/pull/%d/head", p.GetNumber()),
			Base: base, BaseRef: p.GetBase().GetRef(), Draft: p.GetDraft(), Fork: p.GetHead().GetRepo().GetID() != int64(repo.ID)}}
	out.HeadRepo = p.GetHead().GetRepo().GetFullName()
	if p.Stack != nil {
		out.StackBase = p.Stack.Base.Ref
	}
	return out, nil
}

// Repo turns go-github's repository into ours.
func Repo(r *github.Repository) review.Repo {
	owner, name, _ := strings.Cut(r.GetFullName(), "/")
	return review.Repo{ID: review.RepoID(r.GetID()), Owner: owner, Name: name, DefaultBranch: r.GetDefaultBranch(), Private: r.GetPrivate()}
}

// ReadPullRequest reads a pull request and the tip of its base branch. base.sha
// of a pull request lags behind its branch, so the tip is read on its own.
func ReadPullRequest(ctx context.Context, c *github.Client, repo review.Repo, number int) (PullRequest, error) {
	what := fmt.Sprintf("%s#%d", repo.FullName(), number)
	const op = "read pull request"
	req, err := c.NewRequest("GET", fmt.Sprintf("repos/%s/%s/pulls/%d", repo.Owner, repo.Name, number), nil)
	if err != nil {
		return PullRequest{}, MapError(op, what, err)
	}
	var raw pullJSON
	if _, err := c.Do(ctx, req, &raw); err != nil {
		return PullRequest{}, MapError(op, what, err)
	}
	if got := raw.GetBase().GetRepo().GetID(); repo.ID != 0 && got != int64(repo.ID) {
		return PullRequest{}, &review.Error{Code: review.CodeRepoGone, Op: op, What: what, Do: "another repository has this name now; the one that was meant is gone or renamed"}
	}
	pr, err := raw.domain(repo)
	if err != nil {
		return PullRequest{}, MapError(op, what, err)
	}
	tip, err := BranchTip(ctx, c, pr.Target.Repo, pr.Target.BaseRef)
	if err != nil {
		return PullRequest{}, err
	}
	pr.Target.Base = tip
	return pr, nil
}

// BranchTip reads the commit a branch is at.
func BranchTip(ctx context.Context, c *github.Client, repo review.Repo, branch string) (review.SHA, error) {
	what := repo.FullName() + " " + branch
	b, _, err := c.Repositories.GetBranch(ctx, repo.Owner, repo.Name, branch, 3)
	if err != nil {
		return "", MapError("read branch", what, err)
	}
	sha, err := review.ParseSHA(b.GetCommit().GetSHA())
	return sha, MapError("read branch", what, err)
}

// BranchProtected reports whether a branch is protected: not everybody who can
// push to the repository can push to it.
func BranchProtected(ctx context.Context, c *github.Client, repo review.Repo, branch string) (bool, error) {
	b, _, err := c.Repositories.GetBranch(ctx, repo.Owner, repo.Name, branch, 3)
	if err != nil {
		return false, MapError("read branch", repo.FullName()+" "+branch, err)
	}
	return b.GetProtected(), nil
}

// PullRequestsForCommit lists the open pull requests whose head is the commit,
// in order of their numbers. Their Target.Base is as listed; read the one you
// review with ReadPullRequest.
func PullRequestsForCommit(ctx context.Context, c *github.Client, repo review.Repo, sha review.SHA) ([]PullRequest, error) {
	what := repo.FullName() + "@" + sha.Short()
	var out []PullRequest
	err := pages(func(o github.ListOptions) (*github.Response, error) {
		list, resp, err := c.PullRequests.ListPullRequestsWithCommit(ctx, repo.Owner, repo.Name, string(sha), &o)
		for _, p := range list {
			pr, perr := (&pullJSON{PullRequest: *p}).domain(repo)
			if perr != nil {
				return resp, perr
			}
			if pr.Open && pr.Target.Head == sha {
				out = append(out, pr)
			}
		}
		return resp, err
	})
	slices.SortFunc(out, func(a, b PullRequest) int { return a.Target.PullRequest - b.Target.PullRequest })
	return out, MapError("list pull requests of commit", what, err)
}

// Repositories lists what the installation of a client may see.
func Repositories(ctx context.Context, c *github.Client) ([]review.Repo, error) {
	var out []review.Repo
	err := pages(func(o github.ListOptions) (*github.Response, error) {
		list, resp, err := c.Apps.ListRepos(ctx, &o)
		if err == nil {
			for _, r := range list.Repositories {
				out = append(out, Repo(r))
			}
		}
		return resp, err
	})
	return out, MapError("list the repositories of", "the installation", err)
}

// pages calls get for every page.
func pages(get func(github.ListOptions) (*github.Response, error)) error {
	o := github.ListOptions{PerPage: 100}
	for {
		resp, err := get(o)
		if err != nil || resp.NextPage == 0 {
			return err
		}
		o.Page = resp.NextPage
	}
}

// Installation is one account's installation of the App.
type Installation struct {
	ID          review.InstallationID
	Account     string
	Suspended   bool
	Permissions map[string]string // what the account granted, which may lag behind what the App asks for
}

// installationJSON is decoded by hand: go-github v60 drops merge_queues.
type installationJSON struct {
	ID      int64 `json:"id"`
	Account struct {
		Login string `json:"login"`
	} `json:"account"`
	SuspendedAt *time.Time        `json:"suspended_at"`
	Permissions map[string]string `json:"permissions"`
}

// Installations lists the App's installations.
func (a *App) Installations(ctx context.Context) ([]Installation, error) {
	c := a.asApp()
	var out []Installation
	err := pages(func(o github.ListOptions) (*github.Response, error) {
		req, err := c.NewRequest("GET", fmt.Sprintf("app/installations?per_page=%d&page=%d", o.PerPage, max(o.Page, 1)), nil)
		if err != nil {
			return nil, err
		}
		var list []installationJSON
		resp, err := c.Do(ctx, req, &list)
		for _, i := range list {
			out = append(out, Installation{ID: review.InstallationID(i.ID), Account: i.Account.Login, Suspended: i.SuspendedAt != nil, Permissions: i.Permissions})
		}
		return resp, err
	})
	return out, MapError("list the installations of", "the App", err)
}

// NeededPermissions are the permissions without which a review cannot be done;
// app.yml asks for them and more.
func NeededPermissions() map[string]string {
	return map[string]string{"checks": "write", "pull_requests": "write", "contents": "read", "metadata": "read"}
}

// Missing returns which of the needed permissions ("checks: write") are not
// among those granted, in order of their names.
func Missing(needed, granted map[string]string) []string {
	rank := []string{"", "read", "write", "admin"}
	var out []string
	for name, level := range needed {
		if slices.Index(rank, granted[name]) < slices.Index(rank, level) {
			out = append(out, name+": "+level)
		}
	}
	slices.Sort(out)
	return out
}

// Check asks GitHub who the App is and compares its permissions with the needed
// ones. The slug is returned with any error but that of the question itself.
func (a *App) Check(ctx context.Context, needed map[string]string) (slug string, err error) {
	c := a.asApp()
	req, err := c.NewRequest("GET", "app", nil)
	if err != nil {
		return "", MapError("ask GitHub about", "the App", err)
	}
	var app struct {
		Slug        string            `json:"slug"`
		Permissions map[string]string `json:"permissions"`
	}
	if _, err := c.Do(ctx, req, &app); err != nil {
		return "", MapError("ask GitHub about", "the App", err)
	}
	if missing := Missing(needed, app.Permissions); len(missing) > 0 {
		return app.Slug, &review.Error{Code: review.CodePermission, Op: "check the permissions of", What: "the App " + app.Slug, Do: "grant " + strings.Join(missing, ", ") + " in the App's settings and accept them in its installations"}
	}
	return app.Slug, nil
}
