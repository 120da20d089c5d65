package ghtest

import (
	"fmt"
	"net/http"
	"time"

	"github.com/launchgate/launchgate/app/review"
)

// Review is a pull request review.
type Review struct {
	ID       int64
	Author   string
	Body     string
	State    string // COMMENTED, APPROVED, CHANGES_REQUESTED, PENDING, DISMISSED
	CommitID review.SHA
}

// ReviewComment is a comment on a line, a range or a file of the diff.
type ReviewComment struct {
	ID          int64
	Review      int64
	InReplyTo   int64
	Author      string
	Body        string
	Path        string
	Line        int // in CommitID's diff; 0 for a file comment
	Side        review.Side
	StartLine   int // 0 for a single line
	SubjectType string
	CommitID    review.SHA
	Hunk        string
}

type pullReview struct {
	Review
	pull *pull
	at   time.Time
}

type comment struct {
	ReviewComment
	pull    *pull
	at      time.Time
	updated time.Time
}

// IssueComment is a comment of the conversation.
type IssueComment struct {
	ID     int64
	Author string
	Body   string
}

type issueComment struct {
	IssueComment
	pull    *pull
	at      time.Time
	updated time.Time
}

// Reviews returns the reviews of a pull request, oldest first.
func (r *Repo) Reviews(number int) []Review {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	var out []Review
	for _, rv := range r.reviews {
		if rv.pull.number == number {
			out = append(out, rv.Review)
		}
	}
	return out
}

// ReviewComments returns the comments in the diff, oldest first.
func (r *Repo) ReviewComments(number int) []ReviewComment {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	var out []ReviewComment
	for _, c := range r.comments {
		if c.pull.number == number {
			out = append(out, c.ReviewComment)
		}
	}
	return out
}

// IssueComments returns the comments of the conversation, oldest first.
func (r *Repo) IssueComments(number int) []IssueComment {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	var out []IssueComment
	for _, c := range r.issueNotes {
		if c.pull.number == number {
			out = append(out, c.IssueComment)
		}
	}
	return out
}

// maxComment is the longest body of a comment, in characters.
const maxComment = 65536

type commentInput struct {
	Path        string `json:"path"`
	Body        string `json:"body"`
	CommitID    string `json:"commit_id"`
	Position    *int   `json:"position"`
	Line        *int   `json:"line"`
	Side        string `json:"side"`
	StartLine   *int   `json:"start_line"`
	StartSide   string `json:"start_side"`
	SubjectType string `json:"subject_type"`
	InReplyTo   int64  `json:"in_reply_to"`
}

// place checks an anchor against the real diff and returns what is wrong, in
// GitHub's words, or "".
func place(in commentInput, files []*fileDiff, c *ReviewComment) string {
	if in.Body == "" {
		return "body can't be blank"
	}
	if len([]rune(in.Body)) > maxComment {
		return fmt.Sprintf("body is too long (maximum is %d characters)", maxComment)
	}
	var file *fileDiff
	for _, f := range files {
		if f.Path == in.Path {
			file = f
		}
	}
	if file == nil {
		return "Path could not be resolved"
	}
	c.Path, c.Body, c.SubjectType = in.Path, in.Body, "line"
	if in.SubjectType == "file" {
		if in.Line != nil || in.StartLine != nil {
			return "line is not allowed with subject_type file"
		}
		c.SubjectType = "file"
		return ""
	}
	if in.Position != nil || in.Line == nil {
		return "Line could not be resolved" // positions are being closed down; the product sends lines
	}
	side := review.Right
	if in.Side != "" && side.UnmarshalText([]byte(in.Side)) != nil {
		return "side is not included in the list"
	}
	end := file.find(*in.Line, side)
	if end < 0 {
		return "Line could not be resolved"
	}
	c.Line, c.Side, c.Hunk = *in.Line, side, file.Lines[end].Text
	switch {
	case in.StartLine == nil && in.StartSide == "":
		return ""
	case in.StartLine == nil:
		return "start_line can't be blank"
	case *in.StartLine >= *in.Line && (in.StartSide == "" || in.StartSide == in.Side):
		return "start_line must precede the end line."
	}
	startSide := side
	if in.StartSide != "" && startSide.UnmarshalText([]byte(in.StartSide)) != nil {
		return "start_side is not included in the list"
	}
	start := file.find(*in.StartLine, startSide)
	if start < 0 {
		return "Start line could not be resolved"
	}
	if file.Lines[start].Hunk != file.Lines[end].Hunk {
		return "start_line must be part of the same hunk as the line."
	}
	c.StartLine = *in.StartLine
	return ""
}

// commitOf resolves commit_id to a commit of the pull request.
func (c *call) commitOf(p *pull, id string) (review.SHA, *reply) {
	if id == "" {
		return p.head, nil
	}
	sha, err := resolve(c.repo.dir, id)
	if err == nil && sha != p.head {
		_, err = git(c.repo.dir, nil, "merge-base", "--is-ancestor", string(sha), string(p.head))
	}
	if err != nil {
		bad := fail(http.StatusUnprocessableEntity, "Validation Failed", "commit_id is not part of the pull request")
		return "", &bad
	}
	return sha, nil
}

func createReview(c *call) reply {
	p, bad := c.pullOf("pull_number")
	if bad != nil {
		return *bad
	}
	var in struct {
		CommitID string         `json:"commit_id"`
		Body     string         `json:"body"`
		Event    string         `json:"event"`
		Comments []commentInput `json:"comments"`
	}
	if err := c.decode(&in); err != nil {
		return fail(http.StatusBadRequest, "Problems parsing JSON")
	}
	sha, bad := c.commitOf(p, in.CommitID)
	if bad != nil {
		return *bad
	}
	state := map[string]string{"": "PENDING", "COMMENT": "COMMENTED", "APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED"}[in.Event]
	if in.Body == "" && (in.Event == "COMMENT" || in.Event == "REQUEST_CHANGES") {
		return fail(http.StatusUnprocessableEntity, "Unprocessable Entity", "body can't be blank")
	}
	if len([]rune(in.Body)) > maxComment {
		return fail(http.StatusUnprocessableEntity, "Unprocessable Entity", fmt.Sprintf("body is too long (maximum is %d characters)", maxComment))
	}
	files, err := c.s.pullDiff(c.repo, p, sha)
	if err != nil {
		return ok(0, nil, err)
	}
	rv := &pullReview{pull: p, at: c.s.clock().UTC(), Review: Review{ID: c.s.id(), Author: c.author(), Body: in.Body, State: state, CommitID: sha}}
	var made []*comment
	for _, ci := range in.Comments {
		cm := c.newComment(p, sha)
		cm.Review = rv.ID
		if ci.SubjectType != "" || ci.InReplyTo != 0 {
			return fail(http.StatusUnprocessableEntity, "Unprocessable Entity", "a review's comment has no subject_type or in_reply_to")
		}
		if why := place(ci, files, &cm.ReviewComment); why != "" {
			return fail(http.StatusUnprocessableEntity, "Unprocessable Entity", why) // one bad anchor refuses all
		}
		made = append(made, cm)
	}
	c.repo.reviews = append(c.repo.reviews, rv)
	c.repo.comments = append(c.repo.comments, made...)
	return reply{status: http.StatusOK, body: c.s.reviewJSON(c.repo, rv)}
}

func (c *call) author() string { return c.inst.App.opts.Slug + "[bot]" }

func (c *call) newComment(p *pull, sha review.SHA) *comment {
	now := c.s.clock().UTC()
	return &comment{pull: p, at: now, updated: now, ReviewComment: ReviewComment{ID: c.s.id(), Author: c.author(), CommitID: sha}}
}

func createReviewComment(c *call) reply {
	p, bad := c.pullOf("pull_number")
	if bad != nil {
		return *bad
	}
	var in commentInput
	if err := c.decode(&in); err != nil {
		return fail(http.StatusBadRequest, "Problems parsing JSON")
	}
	sha, bad := c.commitOf(p, in.CommitID)
	if bad != nil {
		return detailed(*bad)
	}
	if in.InReplyTo != 0 {
		return c.replyTo(p, fmt.Sprint(in.InReplyTo), in.Body)
	}
	files, err := c.s.pullDiff(c.repo, p, sha)
	if err != nil {
		return ok(0, nil, err)
	}
	cm := c.newComment(p, sha)
	if why := place(in, files, &cm.ReviewComment); why != "" {
		return detailed(fail(http.StatusUnprocessableEntity, "Validation Failed", why))
	}
	rv := &pullReview{pull: p, at: cm.at, Review: Review{ID: c.s.id(), Author: cm.Author, State: "COMMENTED", CommitID: sha}}
	cm.Review = rv.ID
	c.repo.reviews = append(c.repo.reviews, rv)
	c.repo.comments = append(c.repo.comments, cm)
	return reply{status: http.StatusCreated, body: c.s.commentJSON(c.repo, cm)}
}

func createReply(c *call) reply {
	p, bad := c.pullOf("pull_number")
	if bad != nil {
		return *bad
	}
	var in struct {
		Body string `json:"body"`
	}
	if err := c.decode(&in); err != nil {
		return fail(http.StatusBadRequest, "Problems parsing JSON")
	}
	return c.replyTo(p, c.params["comment_id"], in.Body)
}

func (c *call) replyTo(p *pull, id, body string) reply {
	top, bad := c.comment(id)
	if bad != nil {
		return *bad
	}
	if top.InReplyTo != 0 || top.pull != p || body == "" {
		return fail(http.StatusUnprocessableEntity, "Validation Failed", "replies go to the first comment of a thread and have a body")
	}
	cm := c.newComment(p, top.CommitID)
	cm.Path, cm.Line, cm.Side, cm.SubjectType, cm.Review, cm.InReplyTo, cm.Body = top.Path, top.Line, top.Side, top.SubjectType, top.Review, top.ID, body
	c.repo.comments = append(c.repo.comments, cm)
	return reply{status: http.StatusCreated, body: c.s.commentJSON(c.repo, cm)}
}

func (c *call) comment(id string) (*comment, *reply) {
	for _, cm := range c.repo.comments {
		if fmt.Sprint(cm.ID) == id {
			return cm, nil
		}
	}
	bad := fail(http.StatusNotFound, "Not Found")
	return nil, &bad
}

func updateReviewComment(c *call) reply {
	cm, bad := c.comment(c.params["comment_id"])
	if bad != nil {
		return *bad
	}
	var in struct {
		Body string `json:"body"`
	}
	if err := c.decode(&in); err != nil {
		return fail(http.StatusBadRequest, "Problems parsing JSON")
	}
	if len([]rune(in.Body)) > maxComment || in.Body == "" {
		return fail(http.StatusUnprocessableEntity, "Validation Failed", "body is blank or too long")
	}
	cm.Body, cm.updated = in.Body, c.s.clock().UTC()
	return reply{status: http.StatusOK, body: c.s.commentJSON(c.repo, cm)}
}

func deleteReviewComment(c *call) reply {
	cm, bad := c.comment(c.params["comment_id"])
	if bad != nil {
		return *bad
	}
	for i, other := range c.repo.comments {
		if other == cm {
			c.repo.comments = append(c.repo.comments[:i:i], c.repo.comments[i+1:]...)
			break
		}
	}
	return reply{status: http.StatusNoContent}
}

func dismissReview(c *call) reply {
	for _, rv := range c.repo.reviews {
		if fmt.Sprint(rv.ID) == c.params["review_id"] {
			if rv.State != "APPROVED" && rv.State != "CHANGES_REQUESTED" {
				return fail(http.StatusUnprocessableEntity, "Can not dismiss a commented pull request review")
			}
			rv.State = "DISMISSED"
			return reply{status: http.StatusOK, body: c.s.reviewJSON(c.repo, rv)}
		}
	}
	return fail(http.StatusNotFound, "Not Found")
}

func listReviews(c *call) reply {
	p, bad := c.pullOf("pull_number")
	if bad != nil {
		return *bad
	}
	var list []any
	for _, rv := range c.repo.reviews {
		if rv.pull == p {
			list = append(list, c.s.reviewJSON(c.repo, rv))
		}
	}
	return c.page(list, nil)
}

func listReviewComments(c *call) reply {
	p, bad := c.pullOf("pull_number")
	if bad != nil {
		return *bad
	}
	var list []any
	for _, cm := range c.repo.comments {
		if cm.pull == p {
			list = append(list, c.s.commentJSON(c.repo, cm))
		}
	}
	return c.page(list, nil)
}

func (s *Server) reviewJSON(r *Repo, rv *pullReview) map[string]any {
	html := fmt.Sprintf("%s#pullrequestreview-%d", r.PullURL(rv.pull.number), rv.ID)
	api := fmt.Sprintf("%s/repos/%s/pulls/%d", s.APIURL(), r.FullName(), rv.pull.number)
	return map[string]any{"id": rv.ID, "node_id": fmt.Sprintf("PRR_%d", rv.ID), "user": s.userJSON(rv.Author), "body": rv.Body, "state": rv.State, "commit_id": rv.CommitID,
		"html_url": html, "pull_request_url": api, "submitted_at": rv.at, "author_association": "NONE",
		"_links": map[string]any{"html": map[string]any{"href": html}, "pull_request": map[string]any{"href": api}}}
}

// currentLine is the line of the comment at the pull request's head, 0 when the
// comment is outdated.
func (r *Repo) currentLine(cm *comment) int {
	if cm.Line == 0 || cm.CommitID == cm.pull.head || cm.Side == review.Left {
		return cm.Line
	}
	return moveLine(r.dir, string(cm.CommitID), string(cm.pull.head), cm.Path, cm.Line)
}

func (s *Server) commentJSON(r *Repo, cm *comment) map[string]any {
	html := fmt.Sprintf("%s#discussion_r%d", r.PullURL(cm.pull.number), cm.ID)
	out := map[string]any{"id": cm.ID, "node_id": fmt.Sprintf("PRRC_%d", cm.ID), "url": fmt.Sprintf("%s/repos/%s/pulls/comments/%d", s.APIURL(), r.FullName(), cm.ID),
		"pull_request_review_id": cm.Review, "diff_hunk": cm.Hunk, "path": cm.Path, "commit_id": cm.pull.head, "original_commit_id": cm.CommitID, "user": s.userJSON(cm.Author),
		"body": cm.Body, "created_at": cm.at, "updated_at": cm.updated, "html_url": html, "side": cm.Side, "subject_type": cm.SubjectType, "author_association": "NONE",
		"pull_request_url": fmt.Sprintf("%s/repos/%s/pulls/%d", s.APIURL(), r.FullName(), cm.pull.number)}
	if cm.Line > 0 {
		out["original_line"] = cm.Line
		// GitHub sends null for an outdated comment; the document wants an
		// integer or nothing.
		if now := r.currentLine(cm); now > 0 {
			out["line"] = now
			if cm.StartLine > 0 {
				out["start_line"], out["start_side"] = now-(cm.Line-cm.StartLine), cm.Side
			}
		}
	}
	if cm.StartLine > 0 {
		out["original_start_line"] = cm.StartLine
	}
	if cm.InReplyTo > 0 {
		out["in_reply_to_id"] = cm.InReplyTo
	}
	return out
}

func createIssueComment(c *call) reply {
	p, bad := c.pullOf("issue_number")
	if bad != nil {
		return *bad
	}
	var in struct {
		Body string `json:"body"`
	}
	if err := c.decode(&in); err != nil {
		return fail(http.StatusBadRequest, "Problems parsing JSON")
	}
	if len([]rune(in.Body)) > maxComment || in.Body == "" {
		return fail(http.StatusUnprocessableEntity, "Validation Failed", "body is blank or too long")
	}
	now := c.s.clock().UTC()
	n := &issueComment{pull: p, at: now, updated: now, IssueComment: IssueComment{ID: c.s.id(), Author: c.author(), Body: in.Body}}
	c.repo.issueNotes = append(c.repo.issueNotes, n)
	return reply{status: http.StatusCreated, body: c.s.issueCommentJSON(c.repo, n)}
}

func listIssueComments(c *call) reply {
	p, bad := c.pullOf("issue_number")
	if bad != nil {
		return *bad
	}
	var list []any
	for _, n := range c.repo.issueNotes {
		if n.pull == p {
			list = append(list, c.s.issueCommentJSON(c.repo, n))
		}
	}
	return c.page(list, nil)
}

func updateIssueComment(c *call) reply {
	for _, n := range c.repo.issueNotes {
		if fmt.Sprint(n.ID) != c.params["comment_id"] {
			continue
		}
		var in struct {
			Body string `json:"body"`
		}
		if err := c.decode(&in); err != nil {
			return fail(http.StatusBadRequest, "Problems parsing JSON")
		}
		n.Body, n.updated = in.Body, c.s.clock().UTC()
		return reply{status: http.StatusOK, body: c.s.issueCommentJSON(c.repo, n)}
	}
	return fail(http.StatusNotFound, "Not Found")
}

func (s *Server) issueCommentJSON(r *Repo, n *issueComment) map[string]any {
	return map[string]any{"id": n.ID, "node_id": fmt.Sprintf("IC_%d", n.ID), "body": n.Body, "user": s.userJSON(n.Author), "created_at": n.at, "updated_at": n.updated, "author_association": "NONE",
		"url":       fmt.Sprintf("%s/repos/%s/issues/comments/%d", s.APIURL(), r.FullName(), n.ID),
		"html_url":  fmt.Sprintf("%s#issuecomment-%d", r.PullURL(n.pull.number), n.ID),
		"issue_url": fmt.Sprintf("%s/repos/%s/issues/%d", s.APIURL(), r.FullName(), n.pull.number)}
}
