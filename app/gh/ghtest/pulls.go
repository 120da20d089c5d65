package ghtest

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/launchgate/launchgate/app/review"
)

// PullOptions describe a pull request to open.
type PullOptions struct {
	Title, Body string
	Head        string // branch
	Base        string // branch, "main" when empty
	Author      string // "octocat" when empty
	Draft       bool
	StackBase   string // branch at the bottom of a stack; the pull request is its second
	// Fork makes the head live in a fork of Author's: the branch leaves the
	// repository and only refs/pull/N/head stays, as on GitHub.
	Fork bool
}

type pull struct {
	id           int64
	number       int
	opts         PullOptions
	base         string
	head         review.SHA
	state        string
	merged       bool
	forkDeleted  bool
	mergeCommit  review.SHA
	before       review.SHA // head before the last push
	created      time.Time
	updated      time.Time
	previousBase [2]string // ref and SHA before the last retarget
}

func (p *pull) ref() string { return fmt.Sprintf("refs/pull/%d/head", p.number) }

// OpenPullRequest opens a pull request and returns its number.
func (r *Repo) OpenPullRequest(o PullOptions) (int, error) {
	if o.Base == "" {
		o.Base = "main"
	}
	if o.Author == "" {
		o.Author = "octocat"
	}
	head, err := resolve(r.dir, "refs/heads/"+o.Head)
	if err != nil {
		return 0, fmt.Errorf("head %q: %w", o.Head, err)
	}
	base, err := resolve(r.dir, "refs/heads/"+o.Base)
	if err != nil {
		return 0, fmt.Errorf("base %q: %w", o.Base, err)
	}
	if _, err := git(r.dir, nil, "merge-base", string(base), string(head)); err != nil {
		return 0, fmt.Errorf("%s and %s have entirely different commit histories", o.Base, o.Head)
	}
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	now := r.s.clock().UTC()
	p := &pull{id: r.s.id(), number: len(r.pulls) + 1, opts: o, base: o.Base, head: head, state: "open", created: now, updated: now}
	if _, err := git(r.dir, nil, "update-ref", p.ref(), string(head)); err != nil {
		return 0, err
	}
	if o.Fork {
		if _, err := git(r.dir, nil, "update-ref", "-d", "refs/heads/"+o.Head); err != nil {
			return 0, err
		}
	}
	r.pulls = append(r.pulls, p)
	return p.number, nil
}

// Push writes a commit on a pull request's head, wherever that lives.
func (r *Repo) Push(number int, c Change) (review.SHA, error) {
	p, err := r.pull(number)
	if err != nil {
		return "", err
	}
	if p.opts.Fork {
		return r.commitOn(p.ref(), "", c)
	}
	return r.commitOn("refs/heads/"+p.opts.Head, "", c)
}

// moved lets open pull requests follow their head.
func (r *Repo) moved(ref string, sha review.SHA) error {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	for _, p := range r.pulls {
		if p.state != "open" || ref != p.ref() && (p.opts.Fork || ref != "refs/heads/"+p.opts.Head) {
			continue
		}
		p.before, p.head, p.updated = p.head, sha, r.s.clock().UTC()
		if _, err := git(r.dir, nil, "update-ref", p.ref(), string(sha)); err != nil {
			return err
		}
	}
	return nil
}

func (r *Repo) pull(number int) (*pull, error) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	if number < 1 || number > len(r.pulls) {
		return nil, fmt.Errorf("%s has no pull request %d", r.FullName(), number)
	}
	return r.pulls[number-1], nil
}

// ChangePull edits a pull request; nil fields stay.
type ChangePull struct {
	Title       *string
	Base        *string // retarget: deliver "edited" afterwards
	Draft       *bool
	Close       bool
	Merge       bool // a merge commit on the base, state closed
	ForkDeleted bool // head.repo becomes null
}

// Change edits a pull request.
func (r *Repo) Change(number int, c ChangePull) error {
	p, err := r.pull(number)
	if err != nil {
		return err
	}
	var merged review.SHA
	if c.Merge {
		files, err := treeFiles(r.dir, p.head)
		if err != nil {
			return err
		}
		// The stage merges by taking the head's tree: pull requests here do
		// not compete.
		if merged, err = r.commitOn("refs/heads/"+p.base, "", Change{Message: fmt.Sprintf("Merge pull request #%d", number), Files: files, Replace: true}, p.head); err != nil {
			return err
		}
	}
	old, err := resolve(r.dir, "refs/heads/"+p.base)
	if err != nil {
		return err
	}
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	if c.Title != nil {
		p.opts.Title = *c.Title
	}
	if c.Base != nil {
		p.previousBase = [2]string{p.base, string(old)}
		p.base = *c.Base
	}
	if c.Draft != nil {
		p.opts.Draft = *c.Draft
	}
	if c.Close || c.Merge {
		p.state = "closed"
	}
	if c.Merge {
		p.merged, p.mergeCommit = true, merged
	}
	p.forkDeleted = p.forkDeleted || c.ForkDeleted
	p.updated = r.s.clock().UTC()
	return nil
}

func treeFiles(dir string, sha review.SHA) (map[string]string, error) {
	out, err := git(dir, nil, "ls-tree", "-r", "-z", "--name-only", string(sha))
	if err != nil {
		return nil, err
	}
	files := map[string]string{}
	for _, path := range strings.FieldsFunc(string(out), func(c rune) bool { return c == 0 }) {
		b, err := git(dir, nil, "cat-file", "blob", string(sha)+":"+path)
		if err != nil {
			return nil, err
		}
		files[path] = string(b)
	}
	return files, nil
}

// Head returns the head of a pull request.
func (r *Repo) Head(number int) review.SHA {
	p, err := r.pull(number)
	if err != nil {
		return ""
	}
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	return p.head
}

// pullJSON is a pull request as the API and webhooks show it, without what
// complete fills in. It is called with the server's lock held.
func (s *Server) pullJSON(r *Repo, p *pull, full bool) (map[string]any, error) {
	base, err := resolve(r.dir, "refs/heads/"+p.base)
	if err != nil {
		return nil, err
	}
	repo := s.repoJSON(r)
	headOwner, headRepo := r.Owner, any(repo)
	if p.opts.Fork {
		headOwner = p.opts.Author
		fork := s.repoJSON(r)
		fork["id"], fork["fork"], fork["full_name"], fork["owner"] = int64(r.ID)+1_000_000, true, headOwner+"/"+r.Name, s.userJSON(headOwner)
		headRepo = fork
		if p.forkDeleted {
			headRepo = nil
		}
	}
	url := fmt.Sprintf("%s/repos/%s/pulls/%d", s.APIURL(), r.FullName(), p.number)
	out := map[string]any{
		"id": p.id, "node_id": fmt.Sprintf("PR_%d", p.id), "number": p.number, "state": p.state, "title": p.opts.Title, "body": p.opts.Body, "draft": p.opts.Draft,
		"user": s.userJSON(p.opts.Author), "author_association": "CONTRIBUTOR", "url": url, "html_url": r.PullURL(p.number),
		"created_at": p.created, "updated_at": p.updated, "closed_at": nil, "merged_at": nil, "merge_commit_sha": nil, "assignee": nil, "milestone": nil, "auto_merge": nil,
		"head": map[string]any{"ref": p.opts.Head, "sha": p.head, "label": headOwner + ":" + p.opts.Head, "repo": headRepo, "user": s.userJSON(headOwner)},
		"base": map[string]any{"ref": p.base, "sha": base, "label": r.Owner + ":" + p.base, "repo": repo, "user": s.userJSON(r.Owner)},
	}
	if p.state == "closed" {
		out["closed_at"] = p.updated
	}
	if p.merged {
		out["merged_at"], out["merge_commit_sha"] = p.updated, p.mergeCommit
	}
	if p.opts.StackBase != "" {
		bottom, err := resolve(r.dir, "refs/heads/"+p.opts.StackBase)
		if err != nil {
			return nil, err
		}
		out["stack"] = map[string]any{"base": map[string]any{"ref": p.opts.StackBase, "sha": bottom}, "size": 2, "position": 2}
	}
	if !full {
		return out, nil
	}
	files, err := s.pullDiff(r, p, p.head)
	if err != nil {
		return nil, err
	}
	added, removed := 0, 0
	for _, f := range files {
		added, removed = added+f.Added, removed+f.Removed
	}
	commits, err := git(r.dir, nil, "rev-list", "--count", string(base)+".."+string(p.head))
	if err != nil {
		return nil, err
	}
	var n int
	if _, err := fmt.Sscan(string(commits), &n); err != nil {
		return nil, err
	}
	out["merged"], out["merged_by"], out["mergeable"], out["mergeable_state"] = p.merged, nil, nil, "unknown"
	out["additions"], out["deletions"], out["changed_files"], out["commits"] = added, removed, len(files), n
	return out, nil
}

// pullDiff is the diff of a pull request at one of its commits.
func (s *Server) pullDiff(r *Repo, p *pull, head review.SHA) ([]*fileDiff, error) {
	base, err := resolve(r.dir, "refs/heads/"+p.base)
	if err != nil {
		return nil, err
	}
	if p.merged { // the base holds the head by now
		if base, err = resolve(r.dir, string(p.mergeCommit)+"^1"); err != nil {
			return nil, err
		}
	}
	return diff(r.dir, base, head)
}

// pullOf finds the pull request a call is about.
func (c *call) pullOf(param string) (*pull, *reply) {
	var n int
	if _, err := fmt.Sscan(c.params[param], &n); err != nil || n < 1 || n > len(c.repo.pulls) {
		bad := fail(http.StatusNotFound, "Not Found")
		return nil, &bad
	}
	return c.repo.pulls[n-1], nil
}

func getPull(c *call) reply {
	p, bad := c.pullOf("pull_number")
	if bad != nil {
		return *bad
	}
	out, err := c.s.pullJSON(c.repo, p, true)
	return ok(http.StatusOK, out, err)
}

// ok answers with a body, or with 500 where the stage itself failed.
func ok(status int, body any, err error) reply {
	if err != nil {
		return fail(http.StatusInternalServerError, err.Error())
	}
	return reply{status: status, body: body}
}

func listFiles(c *call) reply {
	p, bad := c.pullOf("pull_number")
	if bad != nil {
		return *bad
	}
	files, err := c.s.pullDiff(c.repo, p, p.head)
	if err != nil {
		return ok(0, nil, err)
	}
	if len(files) > 3000 {
		files = files[:3000] // what GitHub lists at most
	}
	var list []any
	for _, f := range files {
		e := map[string]any{"sha": f.Blob, "filename": f.Path, "status": f.Status, "additions": f.Added, "deletions": f.Removed, "changes": f.Added + f.Removed}
		if f.Patch != "" {
			e["patch"] = f.Patch
		}
		if f.OldPath != "" {
			e["previous_filename"] = f.OldPath
		}
		list = append(list, e)
	}
	return c.page(list, nil)
}

func pullsOfCommit(c *call) reply {
	sha, err := resolve(c.repo.dir, c.params["commit_sha"])
	if err != nil {
		return fail(http.StatusUnprocessableEntity, "No commit found for SHA: "+c.params["commit_sha"])
	}
	var list []any
	for _, p := range c.repo.pulls {
		if p.state != "open" && !p.merged {
			continue
		}
		base, err := resolve(c.repo.dir, "refs/heads/"+p.base)
		if err != nil {
			return ok(0, nil, err)
		}
		if p.head != sha {
			if _, err := git(c.repo.dir, nil, "merge-base", "--is-ancestor", string(sha), string(p.head)); err != nil {
				continue
			}
			if _, err := git(c.repo.dir, nil, "merge-base", "--is-ancestor", string(sha), string(base)); err == nil {
				continue
			}
		}
		j, err := c.s.pullJSON(c.repo, p, false)
		if err != nil {
			return ok(0, nil, err)
		}
		list = append(list, j)
	}
	return c.page(list, nil)
}
