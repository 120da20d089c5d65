package publish

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/go-github/v60/github"

	"github.com/launchgate/launchgate/app/review"
)

// CheckName is the one name of our check, which a repository makes required.
// Contexts match exactly, so it never changes (github-facts §1).
const CheckName = "launchgate"

// The bounds of GitHub's API (github-facts §1, §5), and our own.
const (
	maxAnnotationsPerRequest = 50
	maxAnnotations           = 500 // more are not read by anyone; the summary counts them
	maxRawDetails            = 60_000
	maxComments              = 25 // on one pull request at one time, the gravest first
	maxRefusals              = 3  // comments refused in a row after which no more are tried
	perPage                  = 100
	maxPages                 = 30
	progressEvery            = 10 * time.Second // writes are paced and counted (github-facts §6)
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
	// AppID, when set, is our App: a check run of the same name that another
	// App made is not taken for ours.
	AppID int64
	// Key authenticates the marks in our comments.
	Key []byte
	// Rules are the rules by id; RuleURL is a rule's page, nil for none.
	Rules   []review.Rule
	RuleURL func(review.RuleID) string
	// WebURL is where GitHub's pages are, for links to commits; "" for none.
	WebURL string
	Now    func() time.Time

	mu       sync.Mutex
	progress time.Time // when Progress last said something
}

func (g *GitHub) links(t review.Target) links { return linksTo(g.WebURL, t, g.RuleURL) }

func externalID(reviewID int64) string { return fmt.Sprintf("review/%d", reviewID) }

// ReviewID returns the review a check run's external id names, 0 for none of
// ours.
func ReviewID(external string) int64 {
	var id int64
	if n, err := fmt.Sscanf(external, "review/%d", &id); n != 1 || err != nil || externalID(id) != external {
		return 0
	}
	return id
}

// Begin creates the check run in_progress, or finds the one an earlier attempt
// made for the same review, and returns its id. A re-run is another review and
// so gets a new run of the same name: completed runs do not reopen.
func (g *GitHub) Begin(ctx context.Context, t review.Target, reviewID int64, detailsURL string) (int64, error) {
	list := &github.ListCheckRunsOptions{CheckName: github.String(CheckName), Filter: github.String("all"), ListOptions: github.ListOptions{Page: 1, PerPage: perPage}}
	if g.AppID != 0 {
		list.AppID = &g.AppID
	}
	for list.Page > 0 && list.Page <= maxPages {
		runs, resp, err := g.Checks.ListCheckRunsForRef(ctx, t.Repo.Owner, t.Repo.Name, string(t.Head), list)
		if err != nil {
			return 0, g.MapError("list the check runs of", t.Head.Short(), err)
		}
		for _, run := range runs.CheckRuns {
			if run.GetExternalID() == externalID(reviewID) && run.GetName() == CheckName && (g.AppID == 0 || run.GetApp().GetID() == g.AppID) {
				return run.GetID(), nil
			}
		}
		list.Page = resp.NextPage
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

// Progress shows title on a check run that is in progress. It says something at
// most every ten seconds and drops the rest: each update counts against
// GitHub's limits. It must not be called once Complete, Fail or Supersede was.
func (g *GitHub) Progress(ctx context.Context, t review.Target, checkRun int64, title string) error {
	g.mu.Lock()
	now := g.Now()
	early := now.Sub(g.progress) < progressEvery
	if !early {
		g.progress = now
	}
	g.mu.Unlock()
	if early {
		return nil
	}
	return g.update(ctx, "show the progress of", t, checkRun, plain(title, maxTitle), "Launchgate is looking at this commit.", nil)
}

// Complete uploads the annotations, posts the review, and completes the check
// run last. The verdict does not wait for what GitHub refuses for good: an
// annotation or a comment that is refused is said in the summary, where every
// finding stands anyway.
func (g *GitHub) Complete(ctx context.Context, o review.Outcome, checkRun int64) error {
	t := o.Target
	if done, err := g.completed(ctx, t, checkRun); done || err != nil {
		return err
	}
	refused, err := g.annotate(ctx, o, checkRun)
	if err != nil {
		return err
	}
	if t.Kind == review.KindPullRequest && t.PullRequest > 0 {
		err := g.comment(ctx, o)
		switch review.CodeOf(err) {
		case "":
		case review.CodeGitHubRejected, review.CodePermission, review.CodeRepoGone:
			refused = append(refused, "The comments on lines are missing: "+publicText(err))
		default: // a limit, or GitHub is away: tried again
			return err
		}
	}
	o.Decision.Notes = append(refused, o.Decision.Notes...)
	conclusion := "failure"
	if o.Decision.Verdict == review.Pass {
		conclusion = "success"
	}
	return g.end(ctx, t, checkRun, conclusion, Title(o), markdown(o, g.Rules, g.links(t)))
}

// Fail completes the check run as a failure that says why nothing could be
// verified. A run that is completed stays as it is.
func (g *GitHub) Fail(ctx context.Context, t review.Target, checkRun int64, e *review.Error) error {
	if done, err := g.completed(ctx, t, checkRun); done || err != nil {
		return err
	}
	what := strings.TrimSpace(e.Op + " " + e.What)
	var b strings.Builder
	fmt.Fprintf(&b, "## Could not verify\n\nThis did not work: %s (%s).\n", brief(what, 1000), code(string(e.Code)))
	if e.Do != "" {
		fmt.Fprintf(&b, "\n**What to do:** %s\n", sentence(e.Do, 1000))
	}
	b.WriteString("\nThe check is red because nothing was verified, not because something was found. Once the cause is gone, re-run it.\n")
	return g.end(ctx, t, checkRun, "failure", plain("Could not verify: "+what, maxTitle), b.String())
}

// Supersede completes the check run as cancelled, which does not satisfy a
// required check: a newer commit or base is looked at instead. A run that is
// completed stays as it is.
func (g *GitHub) Supersede(ctx context.Context, t review.Target, checkRun int64) error {
	if done, err := g.completed(ctx, t, checkRun); done || err != nil {
		return err
	}
	return g.end(ctx, t, checkRun, "cancelled", "Superseded", "A newer commit, or another base, is looked at instead. Ask for a re-run if this one is wanted.")
}

// completed reports whether the run has its conclusion already.
func (g *GitHub) completed(ctx context.Context, t review.Target, checkRun int64) (bool, error) {
	run, _, err := g.Checks.GetCheckRun(ctx, t.Repo.Owner, t.Repo.Name, checkRun)
	if err != nil {
		return false, g.MapError("read the check run of", t.Head.Short(), err)
	}
	return run.GetStatus() == "completed", nil
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

// update changes a run that stays in progress. Name is always sent: v60
// serialises it even when it is empty.
func (g *GitHub) update(ctx context.Context, op string, t review.Target, checkRun int64, title, summary string, add []*github.CheckRunAnnotation) error {
	_, _, err := g.Checks.UpdateCheckRun(ctx, t.Repo.Owner, t.Repo.Name, checkRun, github.UpdateCheckRunOptions{
		Name: CheckName, Status: github.String("in_progress"),
		Output: &github.CheckRunOutput{Title: &title, Summary: &summary, Annotations: add},
	})
	if err != nil {
		return g.MapError(op, t.Head.Short(), err)
	}
	return nil
}

// annotate uploads the annotations that are not there yet: each request appends
// and none can be taken away. It returns what is to be said about those that
// GitHub refused.
func (g *GitHub) annotate(ctx context.Context, o review.Outcome, checkRun int64) (refused []string, err error) {
	all := annotations(o, g.Rules)
	if len(all) == 0 {
		return nil, nil
	}
	there, err := g.annotated(ctx, o.Target, checkRun)
	if err != nil {
		return nil, err
	}
	var rest []*github.CheckRunAnnotation
	for _, a := range all {
		if id := identify(a); there[id] > 0 {
			there[id]--
		} else {
			rest = append(rest, a)
		}
	}
	missing := 0
	for len(rest) > 0 {
		n := min(maxAnnotationsPerRequest, len(rest))
		err := g.update(ctx, "annotate", o.Target, checkRun, "Writing down what was found", "Launchgate has looked at this commit and writes down what it found.", rest[:n])
		switch {
		case review.CodeOf(err) == review.CodeGitHubRejected:
			missing += n
		case err != nil:
			return nil, err
		}
		rest = rest[n:]
	}
	if missing > 0 {
		refused = append(refused, "GitHub refused "+plural(missing, "annotation", "annotations")+"; what they say is all here.")
	}
	return refused, nil
}

// annotation identifies an annotation among those of a run.
type annotation struct {
	path, title, message string
	start, end           int
}

func identify(a *github.CheckRunAnnotation) annotation {
	return annotation{a.GetPath(), a.GetTitle(), strings.TrimSpace(a.GetMessage()), a.GetStartLine(), a.GetEndLine()}
}

// annotated counts the annotations that a run has.
func (g *GitHub) annotated(ctx context.Context, t review.Target, checkRun int64) (map[annotation]int, error) {
	there := make(map[annotation]int)
	for page := 1; page > 0 && page <= maxPages; {
		list, resp, err := g.Checks.ListCheckRunAnnotations(ctx, t.Repo.Owner, t.Repo.Name, checkRun, &github.ListOptions{Page: page, PerPage: perPage})
		if err != nil {
			return nil, g.MapError("list the annotations of", t.Head.Short(), err)
		}
		for _, a := range list {
			there[identify(a)]++
		}
		page = resp.NextPage
	}
	return there, nil
}

// annotations turns the introduced findings that stand in a file of the head
// into annotations.
func annotations(o review.Outcome, known []review.Rule) []*github.CheckRunAnnotation {
	blocking := blockingSet(o)
	rules := rulesByID(known)
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
		case f.Severity >= review.SeverityMedium || f.Severity == review.SeverityUnknown:
			level = "warning"
		}
		var details strings.Builder
		for i, e := range f.Evidence {
			line := fmt.Sprintf("%d. %s (%s)\n", i+1, plain(e.Note, 500), plain(where(e.Place), 300))
			if details.Len()+len(line) > maxRawDetails {
				break
			}
			details.WriteString(line)
		}
		message := plain(f.Message, 4000)
		if fix := rules[f.Rule].Fix; fix != "" && (f.Fix == nil || !f.Fix.Proved) { // only the first have a comment as well
			message = strings.TrimRight(message, ". ") + ". " + plain(fix, 2000)
		}
		if message == "" { // GitHub refuses an empty one
			message = string(f.Rule)
		}
		a := &github.CheckRunAnnotation{
			Path: github.String(f.Place.Path), StartLine: github.Int(f.Place.Line), EndLine: github.Int(max(f.Place.Line, f.Place.EndLine)),
			AnnotationLevel: &level, Title: github.String(plain(string(f.Rule), 200)), Message: &message,
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

// placed is what there is to say at one place of the diff: one GitHub comment.
type placed struct {
	about []comment
	at    anchor
}

// comment posts one review with the comments that are not on the pull request
// yet. When GitHub refuses the review, which it does as a whole for one bad
// line, the comments are posted one by one, then on the file; what still does
// not stick stands in the check's summary anyway.
func (g *GitHub) comment(ctx context.Context, o review.Outcome) error {
	t := o.Target
	want := g.comments(o)
	if len(want) == 0 {
		return nil
	}
	seal := sealer{g.Key, t.Repo.ID, t.PullRequest}
	said, err := g.commented(ctx, t, seal)
	if err != nil {
		return err
	}
	var say []placed
	for _, p := range want[:min(len(want), maxComments)] {
		p.about = slices.DeleteFunc(p.about, func(c comment) bool { return said[c.finding.Fingerprint] })
		if len(p.about) > 0 {
			say = append(say, p)
		}
	}
	if len(say) == 0 {
		return nil
	}
	drafts := make([]*github.DraftReviewComment, 0, len(say))
	for _, c := range say {
		d := &github.DraftReviewComment{Path: github.String(c.at.path), Line: github.Int(c.at.last), Side: github.String(c.at.side.String()), Body: github.String(commentBody(c.about, seal, g.links(t)))}
		if c.at.first != c.at.last { // on single lines these two cause 422
			d.StartLine, d.StartSide = github.Int(c.at.first), d.Side
		}
		drafts = append(drafts, d)
	}
	unsaid := 0
	for _, p := range want[min(len(want), maxComments):] {
		unsaid += len(p.about)
	}
	body := reviewBody(o, len(say), unsaid)
	_, _, err = g.Pulls.CreateReview(ctx, t.Repo.Owner, t.Repo.Name, t.PullRequest, &github.PullRequestReviewRequest{
		CommitID: github.String(string(t.Head)), Body: &body, Event: github.String("COMMENT"), Comments: drafts})
	if isUnprocessable(err) {
		return g.oneByOne(ctx, t, seal, say, drafts)
	}
	if err != nil {
		return g.MapError("post the review of", t.Head.Short(), err)
	}
	return nil
}

// reviewBody is what a review says above its comments; GitHub wants some.
func reviewBody(o review.Outcome, comments, more int) string {
	body := fmt.Sprintf("%s %s on the lines concerned; the check %s has the whole picture.", sentence(Title(o), maxTitle), plural(comments, "comment", "comments"), code(CheckName))
	if more > 0 {
		body += fmt.Sprintf(" %s there only.", plural(more, "further finding is", "further findings are"))
	}
	return body
}

// oneByOne posts each comment for itself, on its line or else on its file.
func (g *GitHub) oneByOne(ctx context.Context, t review.Target, seal sealer, say []placed, drafts []*github.DraftReviewComment) error {
	refusals := 0
	for i, d := range drafts {
		single := &github.PullRequestComment{Body: d.Body, CommitID: github.String(string(t.Head)), Path: d.Path, Line: d.Line, Side: d.Side, StartLine: d.StartLine, StartSide: d.StartSide}
		_, _, err := g.Pulls.CreateComment(ctx, t.Repo.Owner, t.Repo.Name, t.PullRequest, single)
		if isUnprocessable(err) {
			about := slices.Clone(say[i].about)
			for j := range about {
				about[j].suggest = false // a file has no lines to replace
			}
			body := fmt.Sprintf("About %s.\n\n%s", code(where(about[0].finding.Place)), commentBody(about, seal, g.links(t)))
			onFile := &github.PullRequestComment{Body: &body, CommitID: github.String(string(t.Head)), Path: d.Path, SubjectType: github.String("file")}
			_, _, err = g.Pulls.CreateComment(ctx, t.Repo.Owner, t.Repo.Name, t.PullRequest, onFile)
		}
		switch {
		case isUnprocessable(err):
			// Repeated refusals can get an App suspended (github-facts §6).
			if refusals++; refusals == maxRefusals {
				return g.MapError("post a comment on", t.Head.Short(), err)
			}
		case err != nil:
			return g.MapError("post a comment on", t.Head.Short(), err)
		default:
			refusals = 0
		}
	}
	return nil
}

func isUnprocessable(err error) bool {
	var resp *github.ErrorResponse
	return errors.As(err, &resp) && resp.Response != nil && resp.Response.StatusCode == http.StatusUnprocessableEntity
}

// publicText returns the part of err that a reader may see.
func publicText(err error) string {
	var e *review.Error
	if errors.As(err, &e) {
		return e.Public()
	}
	return "the server's log has the cause"
}

// comments returns what deserves a comment and has a line in the diff, by place:
// what blocks first, then in order of the outcome, each fingerprint once. Only
// the first of several one-click fixes of the same lines is offered as such.
func (g *GitHub) comments(o review.Outcome) []placed {
	blocking := blockingSet(o)
	lines := newCommentable(o.Diff)
	rules := rulesByID(g.Rules)
	seen := make(map[review.Fingerprint]bool)
	var first, then []comment
	var asides []placed
	places := make(map[review.Fingerprint]anchor)
	closed := closedRoutes(o.Routes)
	for _, f := range o.Introduced() {
		blocks := blocking[f.Fingerprint]
		minor := f.Severity != review.SeverityUnknown && f.Severity < review.SeverityMedium || f.Confidence == review.ConfidenceLow || f.Expected != ""
		if f.Rule == "authz/unresolved" && len(o.Decision.Gaps) > 0 {
			minor = false // it is what makes the check red
		}
		if seen[f.Fingerprint] || !blocks && minor {
			continue
		}
		at, suggest := lines.suggestable(f)
		if !suggest {
			var ok bool
			if at, ok = lines.anchor(f.Place); !ok {
				continue
			}
		}
		seen[f.Fingerprint] = true
		places[f.Fingerprint] = at
		c := comment{finding: f, rule: rules[f.Rule], blocking: blocks, suggest: suggest,
			open: !slices.ContainsFunc(f.Routes, func(key string) bool { return closed[key] })}
		for _, fix := range []*review.Fix{f.Fix, f.Alternative} {
			if there, ok := lines.elsewhere(fix); ok && !(suggest && fix == f.Fix) && f.Place.Side == review.Right && f.Place.Commit == "" {
				c.button = fix
				asides = append(asides, placed{[]comment{{finding: f, rule: c.rule, aside: fix, suggest: true}}, there})
				break
			}
		}
		if blocks {
			first = append(first, c)
		} else {
			then = append(then, c)
		}
	}
	var out []placed
	index, length := make(map[anchor]int), make(map[anchor]int)
	for _, c := range append(first, then...) {
		at := places[c.finding.Fingerprint]
		size := len(c.say(g.links(o.Target)))
		if i, ok := index[at]; ok && length[at]+size <= maxJoined {
			c.suggest = c.suggest && !slices.ContainsFunc(out[i].about, func(o comment) bool { return o.suggest })
			out[i].about = append(out[i].about, c)
			length[at] += size
			continue
		}
		index[at], length[at] = len(out), size
		out = append(out, placed{[]comment{c}, at})
	}
	for _, a := range asides {
		if _, taken := index[a.at]; taken || len(out) >= maxComments {
			// Enough is said there: the change is written out where it is needed.
			for i := range out {
				for j, c := range out[i].about {
					if c.button == a.about[0].aside {
						out[i].about[j].button = nil
					}
				}
			}
			continue
		}
		index[a.at] = len(out)
		out = append(out, a)
	}
	return out
}

// commented returns the findings that our own comments on the pull request
// already name at a line that is still in the diff. Comments of people do not
// count, whatever mark they copied.
func (g *GitHub) commented(ctx context.Context, t review.Target, seal sealer) (map[review.Fingerprint]bool, error) {
	said := make(map[review.Fingerprint]bool)
	opts := &github.PullRequestListCommentsOptions{ListOptions: github.ListOptions{Page: 1, PerPage: perPage}}
	for opts.Page > 0 && opts.Page <= maxPages {
		list, resp, err := g.Pulls.ListComments(ctx, t.Repo.Owner, t.Repo.Name, t.PullRequest, opts)
		if err != nil {
			return nil, g.MapError("list the comments of pull request", fmt.Sprint(t.PullRequest), err)
		}
		for _, c := range list {
			outdated := c.Line == nil && !strings.EqualFold(c.GetSubjectType(), "file")
			if outdated || c.GetUser().GetType() != "Bot" {
				continue
			}
			for _, f := range seal.read(c.GetBody()) {
				said[f] = true
			}
		}
		opts.Page = resp.NextPage
	}
	return said, nil
}
