package ghtest

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/launchgate/launchgate/app/review"
)

// Annotation is one annotation of a check run.
type Annotation struct {
	Path        string `json:"path"`
	StartLine   int    `json:"start_line"`
	EndLine     int    `json:"end_line"`
	StartColumn *int   `json:"start_column"`
	EndColumn   *int   `json:"end_column"`
	Level       string `json:"annotation_level"`
	Title       string `json:"title"`
	Message     string `json:"message"`
	RawDetails  string `json:"raw_details"`
}

// CheckRun is a check run as it stands.
type CheckRun struct {
	ID          int64
	App         int64
	Suite       int64
	Name        string
	HeadSHA     review.SHA
	Status      string
	Conclusion  string
	ExternalID  string
	DetailsURL  string
	Title       string
	Summary     string
	Text        string
	Annotations []Annotation
	Actions     []string // identifiers
	Started     time.Time
	Completed   time.Time
	// Statuses are the statuses it went through, with the time by the server's
	// clock.
	Statuses []StatusChange
}

// StatusChange is one step of a run's life.
type StatusChange struct {
	Status string
	At     time.Time
}

type checkRun struct {
	CheckRun
	app *App
}

// CheckRuns returns the runs of a commit, oldest first.
func (r *Repo) CheckRuns(sha review.SHA) []CheckRun {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	var runs []CheckRun
	for _, c := range r.checks {
		if c.HeadSHA == sha {
			run := c.CheckRun
			run.Annotations = append([]Annotation(nil), c.Annotations...)
			run.Statuses = append([]StatusChange(nil), c.Statuses...)
			runs = append(runs, run)
		}
	}
	return runs
}

// LatestCheck returns the newest run of a name at a commit: the one a required
// check is judged by.
func (r *Repo) LatestCheck(sha review.SHA, name string) (CheckRun, bool) {
	runs := r.CheckRuns(sha)
	for i := len(runs) - 1; i >= 0; i-- {
		if runs[i].Name == name {
			return runs[i], true
		}
	}
	return CheckRun{}, false
}

type checkInput struct {
	Name        *string    `json:"name"`
	HeadSHA     string     `json:"head_sha"`
	DetailsURL  *string    `json:"details_url"`
	ExternalID  *string    `json:"external_id"`
	Status      *string    `json:"status"`
	StartedAt   *time.Time `json:"started_at"`
	Conclusion  *string    `json:"conclusion"`
	CompletedAt *time.Time `json:"completed_at"`
	Output      *struct {
		Title       *string      `json:"title"`
		Summary     string       `json:"summary"`
		Text        *string      `json:"text"`
		Annotations []Annotation `json:"annotations"`
	} `json:"output"`
	Actions []struct {
		Identifier  string `json:"identifier"`
		Description string `json:"description"`
	} `json:"actions"`
}

func createCheck(c *call) reply {
	var in checkInput
	if err := c.decode(&in); err != nil {
		return fail(http.StatusBadRequest, "Problems parsing JSON")
	}
	sha, err := review.ParseSHA(in.HeadSHA)
	if err == nil {
		_, err = resolve(c.repo.dir, in.HeadSHA)
	}
	if err != nil {
		return fail(http.StatusUnprocessableEntity, "No commit found for SHA: "+in.HeadSHA)
	}
	run := &checkRun{app: c.inst.App, CheckRun: CheckRun{ID: c.s.id(), App: c.inst.App.ID, Suite: c.s.suite(c.repo, c.inst.App, sha), Name: *in.Name, HeadSHA: sha, Status: "queued"}}
	if bad := c.s.applyCheck(run, in); bad != nil {
		return *bad
	}
	if len(run.Statuses) == 0 {
		run.Statuses = []StatusChange{{run.Status, c.s.clock()}}
	}
	c.repo.checks = append(c.repo.checks, run)
	return reply{status: http.StatusCreated, body: c.s.checkJSON(c.repo, run)}
}

func updateCheck(c *call) reply {
	run, bad := c.check()
	if bad != nil {
		return *bad
	}
	var in checkInput
	if err := c.decode(&in); err != nil {
		return fail(http.StatusBadRequest, "Problems parsing JSON")
	}
	if run.app != c.inst.App {
		return fail(http.StatusForbidden, "Invalid app_id `"+fmt.Sprint(c.inst.App.ID)+"` - check run can only be modified by the GitHub App that created it.")
	}
	if bad := c.s.applyCheck(run, in); bad != nil {
		return *bad
	}
	return reply{status: http.StatusOK, body: c.s.checkJSON(c.repo, run)}
}

// applyCheck changes a run, or nothing when the input is refused.
func (s *Server) applyCheck(run *checkRun, in checkInput) *reply {
	refuse := func(format string, args ...any) *reply {
		r := fail(http.StatusUnprocessableEntity, "Invalid request.", fmt.Sprintf(format, args...))
		return &r
	}
	status := run.Status
	if in.Status != nil {
		status = *in.Status
	}
	if in.Conclusion != nil {
		if in.Status != nil && status != "completed" {
			return refuse("A conclusion requires the status completed.")
		}
		status = "completed"
	}
	switch {
	case run.Status == "completed" && status != "completed":
		return refuse("A completed check run cannot be reopened; create a new one.")
	case status == "completed" && in.Conclusion == nil && run.Conclusion == "":
		return refuse("conclusion is required when status is completed.")
	case in.Conclusion != nil && *in.Conclusion == "stale":
		return refuse("Only GitHub can set the conclusion stale.")
	}
	if in.DetailsURL != nil {
		if u, err := url.Parse(*in.DetailsURL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return refuse("details_url must use http or https.")
		}
	}
	for _, a := range in.Actions {
		if len([]rune(a.Description)) > 40 {
			return refuse("description of an action is longer than 40 characters")
		}
	}
	if in.Output != nil {
		for i, a := range in.Output.Annotations {
			switch {
			case len([]rune(a.Title)) > 255:
				return refuse("annotation %d: title is longer than 255 characters", i)
			case len(a.Message) > 64<<10 || len(a.RawDetails) > 64<<10:
				return refuse("annotation %d: message or raw_details is longer than 64 KB", i)
			case a.Message == "":
				return refuse("annotation %d: message is empty", i)
			case a.StartLine < 1 || a.EndLine < a.StartLine:
				return refuse("annotation %d: lines %d to %d", i, a.StartLine, a.EndLine)
			case a.StartLine != a.EndLine && (a.StartColumn != nil || a.EndColumn != nil):
				return refuse("annotation %d: columns need start_line and end_line to be the same", i)
			case a.Path == "" || strings.HasPrefix(a.Path, "/") || strings.Contains(a.Path, "../"):
				return refuse("annotation %d: path %q", i, a.Path)
			}
		}
	}
	if status != run.Status || len(run.Statuses) == 0 {
		run.Statuses = append(run.Statuses, StatusChange{status, s.clock()})
	}
	run.Status = status
	set := func(to *string, from *string) {
		if from != nil {
			*to = *from
		}
	}
	set(&run.Name, in.Name)
	set(&run.DetailsURL, in.DetailsURL)
	set(&run.ExternalID, in.ExternalID)
	set(&run.Conclusion, in.Conclusion)
	if in.StartedAt != nil {
		run.Started = *in.StartedAt
	}
	if in.CompletedAt != nil {
		run.Completed = *in.CompletedAt
	} else if status == "completed" && run.Completed.IsZero() {
		run.Completed = s.clock().UTC()
	}
	if in.Output != nil {
		set(&run.Title, in.Output.Title)
		run.Summary = in.Output.Summary
		set(&run.Text, in.Output.Text)
		run.Annotations = append(run.Annotations, in.Output.Annotations...) // they only ever grow
	}
	if in.Actions != nil {
		run.Actions = nil
		for _, a := range in.Actions {
			run.Actions = append(run.Actions, a.Identifier)
		}
	}
	return nil
}

// suite returns the id of an App's check suite for a commit.
func (s *Server) suite(r *Repo, app *App, sha review.SHA) int64 {
	for _, c := range r.checks {
		if c.app == app && c.HeadSHA == sha {
			return c.Suite
		}
	}
	return s.id()
}

func (c *call) check() (*checkRun, *reply) {
	for _, run := range c.repo.checks {
		if fmt.Sprint(run.ID) == c.params["check_run_id"] {
			return run, nil
		}
	}
	bad := fail(http.StatusNotFound, "Not Found")
	return nil, &bad
}

func getCheck(c *call) reply {
	run, bad := c.check()
	if bad != nil {
		return *bad
	}
	return reply{status: http.StatusOK, body: c.s.checkJSON(c.repo, run)}
}

func listAnnotations(c *call) reply {
	run, bad := c.check()
	if bad != nil {
		return *bad
	}
	var list []any
	for _, a := range run.Annotations {
		list = append(list, a)
	}
	return c.page(list, nil)
}

func listChecks(c *call) reply {
	sha, err := resolve(c.repo.dir, c.params["ref"])
	if err != nil {
		return fail(http.StatusUnprocessableEntity, "No commit found for SHA: "+c.params["ref"])
	}
	q := c.r.URL.Query()
	seen := map[string]bool{}
	var list []any
	for i := len(c.repo.checks) - 1; i >= 0; i-- { // newest first
		run := c.repo.checks[i]
		key := fmt.Sprint(run.app.ID, run.Name)
		switch {
		case run.HeadSHA != sha,
			q.Get("check_name") != "" && q.Get("check_name") != run.Name,
			q.Get("app_id") != "" && q.Get("app_id") != fmt.Sprint(run.app.ID),
			q.Get("filter") != "all" && seen[key]:
			continue
		}
		seen[key] = true
		if q.Get("status") != "" && q.Get("status") != run.Status {
			continue
		}
		list = append(list, c.s.checkJSON(c.repo, run))
	}
	return c.page(list, func(total int, list []any) any { return map[string]any{"total_count": total, "check_runs": list} })
}

func (s *Server) checkJSON(r *Repo, run *checkRun) map[string]any {
	base := fmt.Sprintf("%s/repos/%s/check-runs/%d", s.APIURL(), r.FullName(), run.ID)
	pulls := []any{}
	for _, p := range r.pulls {
		if p.head == run.HeadSHA && p.state == "open" && !p.opts.Fork { // forks are not seen by the Checks API
			pulls = append(pulls, s.pullMinimal(r, p))
		}
	}
	return map[string]any{
		"id": run.ID, "node_id": fmt.Sprintf("CR_%d", run.ID), "head_sha": run.HeadSHA, "name": run.Name, "url": base, "html_url": fmt.Sprintf("%s/%s/runs/%d", s.url, r.FullName(), run.ID),
		"details_url": orNil(run.DetailsURL), "external_id": run.ExternalID, "status": run.Status, "conclusion": orNil(run.Conclusion),
		"started_at": orNilTime(run.Started), "completed_at": orNilTime(run.Completed),
		"output":      map[string]any{"title": orNil(run.Title), "summary": orNil(run.Summary), "text": orNil(run.Text), "annotations_count": len(run.Annotations), "annotations_url": base + "/annotations"},
		"check_suite": map[string]any{"id": run.Suite}, "app": s.appJSON(run.app), "pull_requests": pulls,
	}
}

func (s *Server) pullMinimal(r *Repo, p *pull) map[string]any {
	repo := map[string]any{"id": r.ID, "name": r.Name, "url": s.APIURL() + "/repos/" + r.FullName()}
	base, _ := resolve(r.dir, "refs/heads/"+p.base) // a deleted base leaves the SHA empty
	return map[string]any{"id": p.id, "number": p.number, "url": fmt.Sprintf("%s/repos/%s/pulls/%d", s.APIURL(), r.FullName(), p.number),
		"head": map[string]any{"ref": p.opts.Head, "sha": p.head, "repo": repo}, "base": map[string]any{"ref": p.base, "sha": base, "repo": repo}}
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func orNilTime(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}
