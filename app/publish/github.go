package publish

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/go-github/v60/github"

	"github.com/launchgate/launchgate/app/review"
)

// CheckName is the one name of our check, which a repository makes required.
// Contexts match exactly, so it never changes (github-facts §1).
const CheckName = "launchgate"

// The bounds of GitHub's API (github-facts §1, §5).
const (
	maxAnnotationsPerRequest = 50
	maxAnnotations           = 500 // more are not read by anyone; the summary counts them
	maxComments              = 25
	perPage                  = 100
	maxPages                 = 30
)

// Checks is the part of the Checks API we use; *github.ChecksService has it.
type Checks interface {
	CreateCheckRun(ctx context.Context, owner, repo string, opts github.CreateCheckRunOptions) (*github.CheckRun, *github.Response, error)
	UpdateCheckRun(ctx context.Context, owner, repo string, id int64, opts github.UpdateCheckRunOptions) (*github.CheckRun, *github.Response, error)
	GetCheckRun(ctx context.Context, owner, repo string, id int64) (*github.CheckRun, *github.Response, error)
	ListCheckRunsForRef(ctx context.Context, owner, repo, ref string, opts *github.ListCheckRunsOptions) (*github.ListCheckRunsResults, *github.Response, error)
	ListCheckRunAnnotations(ctx context.Context, owner, repo string, id int64, opts *github.ListOptions) ([]*github.CheckRunAnnotation, *github.Response, error)
}

// Pulls is the part of the Pulls API we use; *github.PullRequestsService has
// it.
type Pulls interface {
	CreateReview(ctx context.Context, owner, repo string, number int, review *github.PullRequestReviewRequest) (*github.PullRequestReview, *github.Response, error)
	ListComments(ctx context.Context, owner, repo string, number int, opts *github.PullRequestListCommentsOptions) ([]*github.PullRequestComment, *github.Response, error)
	CreateComment(ctx context.Context, owner, repo string, number int, comment *github.PullRequestComment) (*github.PullRequestComment, *github.Response, error)
}

// GitHub publishes the reviews of one installation. Its methods are idempotent:
// after a crash the same calls may be made again and nothing is said twice. It
// may be used concurrently for different reviews.
type GitHub struct {
	Checks Checks
	Pulls  Pulls
	// MapError turns an error of the API into a *review.Error.
	MapError func(op, what string, err error) error
	// Key authenticates the markers in our comments.
	Key []byte
	// Rules are the rules by id; RuleURL is a rule's page, nil for none.
	Rules   []review.Rule
	RuleURL func(review.RuleID) string
	Now     func() time.Time
}

func externalID(reviewID int64) string { return fmt.Sprintf("review/%d", reviewID) }

// ReviewID returns the review a check run's external id names, 0 for none of
// ours.
func ReviewID(externalID string) int64 {
	var id int64
	if n, err := fmt.Sscanf(externalID, "review/%d", &id); n != 1 || err != nil {
		return 0
	}
	return id
}

// Begin creates the check run in_progress, or finds the one an earlier attempt
// made for the same review, and returns its id.
func (g *GitHub) Begin(ctx context.Context, t review.Target, reviewID int64, detailsURL string) (int64, error) {
	list, _, err := g.Checks.ListCheckRunsForRef(ctx, t.Repo.Owner, t.Repo.Name, string(t.Head), &github.ListCheckRunsOptions{
		CheckName: github.String(CheckName), Filter: github.String("all"), ListOptions: github.ListOptions{PerPage: perPage}})
	if err != nil {
		return 0, g.MapError("list the check runs of", t.Head.Short(), err)
	}
	for _, run := range list.CheckRuns {
		if run.GetExternalID() == externalID(reviewID) {
			return run.GetID(), nil
		}
	}
	opts := github.CreateCheckRunOptions{
		Name: CheckName, HeadSHA: string(t.Head), ExternalID: github.String(externalID(reviewID)),
		Status: github.String("in_progress"), StartedAt: &github.Timestamp{Time: g.Now().UTC()},
		Output: &github.CheckRunOutput{Title: github.String("Looking"), Summary: github.String("Launchgate is looking at this commit.")},
	}
	if detailsURL != "" {
		opts.DetailsURL = &detailsURL
	}
	run, _, err := g.Checks.CreateCheckRun(ctx, t.Repo.Owner, t.Repo.Name, opts)
	if err != nil {
		return 0, g.MapError("create the check run of", t.Head.Short(), err)
	}
	return run.GetID(), nil
}

// Complete uploads the annotations, posts the review, and completes the check
// run last.
func (g *GitHub) Complete(ctx context.Context, o review.Outcome, checkRun int64) error {
	t := o.Target
	run, _, err := g.Checks.GetCheckRun(ctx, t.Repo.Owner, t.Repo.Name, checkRun)
	if err != nil {
		return g.MapError("read the check run of", t.Head.Short(), err)
	}
	if run.GetStatus() == "completed" {
		return nil
	}
	summary := Markdown(o, g.Rules)
	if err := g.annotate(ctx, o, checkRun, summary); err != nil {
		return err
	}
	if t.Kind == review.KindPullRequest && t.PullRequest > 0 {
		if err := g.comment(ctx, o); err != nil {
			return err
		}
	}
	conclusion := "failure"
	if o.Decision.Verdict == review.Pass {
		conclusion = "success"
	}
	return g.end(ctx, t, checkRun, conclusion, Title(o), summary)
}

// Fail completes the check run as a failure that says why nothing could be
// verified.
func (g *GitHub) Fail(ctx context.Context, t review.Target, checkRun int64, e *review.Error) error {
	summary := "## Could not verify\n\n" + sentence(text(e.Public())) + "\n\nThis is red because nothing was verified, not because something was found.\n"
	return g.end(ctx, t, checkRun, "failure", plain("Could not verify: "+e.Op+" "+e.What, 200), summary)
}

// Supersede completes the check run as cancelled, which does not satisfy a
// required check: a newer commit or base is looked at instead.
func (g *GitHub) Supersede(ctx context.Context, t review.Target, checkRun int64) error {
	return g.end(ctx, t, checkRun, "cancelled", "Superseded", "A newer commit, or another base, is looked at instead. Ask for a re-run if this one is wanted.")
}

func (g *GitHub) end(ctx context.Context, t review.Target, checkRun int64, conclusion, title, summary string) error {
	_, _, err := g.Checks.UpdateCheckRun(ctx, t.Repo.Owner, t.Repo.Name, checkRun, github.UpdateCheckRunOptions{
		Name: CheckName, Status: github.String("completed"), Conclusion: &conclusion, CompletedAt: &github.Timestamp{Time: g.Now().UTC()},
		Output: &github.CheckRunOutput{Title: &title, Summary: &summary},
	})
	if err != nil {
		return g.MapError("complete the check run of", t.Head.Short(), err)
	}
	return nil
}

// annotate uploads the annotations that are not there yet: each request appends
// and none can be taken away, and the order is always the same, so the number
// that is there says where to go on.
func (g *GitHub) annotate(ctx context.Context, o review.Outcome, checkRun int64, summary string) error {
	t := o.Target
	all := annotations(o)
	if len(all) == 0 {
		return nil
	}
	uploaded := 0
	for page := 1; page > 0 && page <= maxPages; {
		list, resp, err := g.Checks.ListCheckRunAnnotations(ctx, t.Repo.Owner, t.Repo.Name, checkRun, &github.ListOptions{Page: page, PerPage: perPage})
		if err != nil {
			return g.MapError("list the annotations of", t.Head.Short(), err)
		}
		uploaded += len(list)
		page = resp.NextPage
	}
	title := "Writing down what was found"
	for rest := all[min(uploaded, len(all)):]; len(rest) > 0; {
		n := min(maxAnnotationsPerRequest, len(rest))
		_, _, err := g.Checks.UpdateCheckRun(ctx, t.Repo.Owner, t.Repo.Name, checkRun, github.UpdateCheckRunOptions{
			Name: CheckName, Status: github.String("in_progress"),
			Output: &github.CheckRunOutput{Title: &title, Summary: &summary, Annotations: rest[:n]},
		})
		if err != nil {
			return g.MapError("annotate", t.Head.Short(), err)
		}
		rest = rest[n:]
	}
	return nil
}

// annotations turns the introduced findings that stand in a file of the head
// into annotations.
func annotations(o review.Outcome) []*github.CheckRunAnnotation {
	blocking := blockingSet(o)
	var out []*github.CheckRunAnnotation
	for _, f := range o.Introduced() {
		if f.Place.Side != review.Right || f.Place.Commit != "" || f.Place.Line < 1 || f.Place.Path == "" {
			continue
		}
		if len(out) == maxAnnotations {
			break
		}
		level := "notice"
		switch {
		case blocking[f.Fingerprint]:
			level = "failure"
		case f.Severity >= review.SeverityMedium:
			level = "warning"
		}
		var details strings.Builder
		for i, e := range f.Evidence {
			if i == 50 {
				break
			}
			fmt.Fprintf(&details, "%d. %s (%s)\n", i+1, plain(e.Note, 500), plain(where(e.Place), 300))
		}
		a := &github.CheckRunAnnotation{
			Path: github.String(f.Place.Path), StartLine: github.Int(f.Place.Line), EndLine: github.Int(max(f.Place.Line, f.Place.EndLine)),
			AnnotationLevel: &level, Title: github.String(plain(string(f.Rule), 255)), Message: github.String(plain(f.Message, 4000)),
		}
		if details.Len() > 0 {
			a.RawDetails = github.String(details.String())
		}
		out = append(out, a)
	}
	return out
}

func blockingSet(o review.Outcome) map[review.Fingerprint]bool {
	set := make(map[review.Fingerprint]bool)
	for _, f := range o.Decision.Blocking {
		set[f] = true
	}
	return set
}

// comment posts one review with the comments that are not on the pull request
// yet. When GitHub refuses the review, which it does as a whole for one bad
// line, the comments are posted one by one, then on the file; what still does
// not stick stands in the check's summary anyway.
func (g *GitHub) comment(ctx context.Context, o review.Outcome) error {
	t := o.Target
	comments, err := g.newComments(ctx, o)
	if err != nil || len(comments) == 0 {
		return err
	}
	body := fmt.Sprintf("%s. The check %s has the whole picture.", text(Title(o)), code(CheckName))
	_, _, err = g.Pulls.CreateReview(ctx, t.Repo.Owner, t.Repo.Name, t.PullRequest, &github.PullRequestReviewRequest{
		CommitID: github.String(string(t.Head)), Body: &body, Event: github.String("COMMENT"), Comments: comments})
	if err == nil {
		return nil
	}
	if !isUnprocessable(err) {
		return g.MapError("post the review of", t.Head.Short(), err)
	}
	for _, c := range comments {
		single := &github.PullRequestComment{Body: c.Body, CommitID: github.String(string(t.Head)), Path: c.Path, Line: c.Line, Side: c.Side, StartLine: c.StartLine, StartSide: c.StartSide}
		_, _, err := g.Pulls.CreateComment(ctx, t.Repo.Owner, t.Repo.Name, t.PullRequest, single)
		if isUnprocessable(err) {
			onFile := &github.PullRequestComment{Body: c.Body, CommitID: github.String(string(t.Head)), Path: c.Path, SubjectType: github.String("file")}
			_, _, err = g.Pulls.CreateComment(ctx, t.Repo.Owner, t.Repo.Name, t.PullRequest, onFile)
		}
		if err != nil && !isUnprocessable(err) {
			return g.MapError("post a comment on", t.Head.Short(), err)
		}
	}
	return nil
}

func isUnprocessable(err error) bool {
	var resp *github.ErrorResponse
	return errors.As(err, &resp) && resp.Response != nil && resp.Response.StatusCode == http.StatusUnprocessableEntity
}

// newComments builds the comments for findings that deserve one, have a line in
// the diff, and are not commented on yet.
func (g *GitHub) newComments(ctx context.Context, o review.Outcome) ([]*github.DraftReviewComment, error) {
	blocking := blockingSet(o)
	lines := newCommentable(o.Diff)
	rules := make(map[review.RuleID]review.Rule)
	for _, r := range g.Rules {
		rules[r.ID] = r
	}
	type placed struct {
		f           review.Finding
		first, last int
	}
	var want []placed
	for _, f := range o.Introduced() {
		if !blocking[f.Fingerprint] && (f.Severity < review.SeverityMedium || f.Confidence == review.ConfidenceLow || f.Expected != "") {
			continue
		}
		if first, last, ok := lines.span(f.Place); ok {
			want = append(want, placed{f, first, last})
		}
	}
	if len(want) == 0 {
		return nil, nil
	}
	said, err := g.commented(ctx, o.Target)
	if err != nil {
		return nil, err
	}
	var out []*github.DraftReviewComment
	for _, p := range want {
		if said[p.f.Fingerprint] || len(out) == maxComments {
			continue
		}
		c := &github.DraftReviewComment{
			Path: github.String(p.f.Place.Path), Line: github.Int(p.last), Side: github.String(p.f.Place.Side.String()),
			Body: github.String(commentBody(p.f, rules[p.f.Rule], blocking[p.f.Fingerprint], g.Key, g.RuleURL)),
		}
		if p.first != p.last { // on single lines these two cause 422
			c.StartLine, c.StartSide = github.Int(p.first), c.Side
		}
		out = append(out, c)
	}
	return out, nil
}

// commented returns the findings that our own comments on the pull request
// already name at a line that is still in the diff.
func (g *GitHub) commented(ctx context.Context, t review.Target) (map[review.Fingerprint]bool, error) {
	said := make(map[review.Fingerprint]bool)
	opts := &github.PullRequestListCommentsOptions{ListOptions: github.ListOptions{Page: 1, PerPage: perPage}}
	for opts.Page > 0 && opts.Page <= maxPages {
		list, resp, err := g.Pulls.ListComments(ctx, t.Repo.Owner, t.Repo.Name, t.PullRequest, opts)
		if err != nil {
			return nil, g.MapError("list the comments of pull request", fmt.Sprint(t.PullRequest), err)
		}
		for _, c := range list {
			if c.Line == nil && c.GetSubjectType() != "file" {
				continue // outdated: the line it stood on is gone
			}
			for _, f := range markedFingerprints(c.GetBody(), g.Key) {
				said[f] = true
			}
		}
		opts.Page = resp.NextPage
	}
	return said, nil
}
