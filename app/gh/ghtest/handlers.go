package ghtest

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// handler serves one operation. An empty permission asks for the App's JWT, any
// other for an installation token with at least that level.
type handler struct {
	permission, level string
	run               func(*call) reply // called with the server's lock held
}

// handlers are the operations the product uses. The permission of each is the
// one GitHub's "Permissions required for GitHub Apps" names.
var handlers map[string]handler

func init() { // not a literal: listing and handlers refer to each other
	handlers = map[string]handler{
		"apps/get-authenticated":                          {"", "", getApp},
		"apps/list-installations":                         {"", "", listInstallations},
		"apps/get-installation":                           {"", "", getInstallation},
		"apps/get-repo-installation":                      {"", "", getRepoInstallation},
		"apps/create-installation-access-token":           {"", "", mintToken},
		"apps/get-webhook-config-for-app":                 {"", "", getHookConfig},
		"apps/update-webhook-config-for-app":              {"", "", updateHookConfig},
		"apps/list-webhook-deliveries":                    {"", "", listDeliveries},
		"apps/get-webhook-delivery":                       {"", "", getDelivery},
		"apps/redeliver-webhook-delivery":                 {"", "", redeliver},
		"apps/list-repos-accessible-to-installation":      {"metadata", "read", listRepos},
		"apps/revoke-installation-access-token":           {"metadata", "read", revokeToken},
		"rate-limit/get":                                  {"metadata", "read", getRateLimit},
		"repos/get-branch":                                {"contents", "read", getBranch},
		"repos/get-content":                               {"contents", "read", getContent},
		"repos/get-branch-rules":                          {"metadata", "read", func(c *call) reply { return reply{status: http.StatusOK, body: []any{}} }},
		"repos/get-collaborator-permission-level":         {"metadata", "read", getCollaborator},
		"repos/list-pull-requests-associated-with-commit": {"pull_requests", "read", pullsOfCommit},
		"repos/create-commit-status":                      {"statuses", "write", createStatus},
		"checks/create":                                   {"checks", "write", createCheck},
		"checks/update":                                   {"checks", "write", updateCheck},
		"checks/get":                                      {"checks", "read", getCheck},
		"checks/list-annotations":                         {"checks", "read", listAnnotations},
		"checks/list-for-ref":                             {"checks", "read", listChecks},
		"pulls/get":                                       {"pull_requests", "read", getPull},
		"pulls/list-files":                                {"pull_requests", "read", listFiles},
		"pulls/list-reviews":                              {"pull_requests", "read", listReviews},
		"pulls/list-review-comments":                      {"pull_requests", "read", listReviewComments},
		"pulls/create-review":                             {"pull_requests", "write", createReview},
		"pulls/create-review-comment":                     {"pull_requests", "write", createReviewComment},
		"pulls/create-reply-for-review-comment":           {"pull_requests", "write", createReply},
		"pulls/update-review-comment":                     {"pull_requests", "write", updateReviewComment},
		"pulls/delete-review-comment":                     {"pull_requests", "write", deleteReviewComment},
		"pulls/dismiss-review":                            {"pull_requests", "write", dismissReview},
		"issues/create-comment":                           {"pull_requests", "write", createIssueComment},
		"issues/update-comment":                           {"pull_requests", "write", updateIssueComment},
		"issues/list-comments":                            {"pull_requests", "read", listIssueComments},
	}
}

// page cuts a list as per_page and page ask and links to the other pages. wrap,
// when given, makes the body.
func (c *call) page(list []any, wrap func(total int, list []any) any) reply {
	q := c.r.URL.Query()
	number := func(name string, otherwise int) int {
		if n, err := strconv.Atoi(q.Get(name)); err == nil && n > 0 {
			return n
		}
		return otherwise
	}
	per, page := min(number("per_page", 30), 100), number("page", 1)
	last := max(1, (len(list)+per-1)/per)
	from := min((page-1)*per, len(list))
	cut := append([]any{}, list[from:min(from+per, len(list))]...)
	h := http.Header{}
	var links []string
	link := func(n int, rel string) {
		q.Set("page", strconv.Itoa(n))
		u := url.URL{Path: c.r.URL.Path, RawQuery: q.Encode()}
		links = append(links, fmt.Sprintf(`<%s%s>; rel="%s"`, c.s.url, u.String(), rel))
	}
	if page < last {
		link(page+1, "next")
		link(last, "last")
	}
	if page > 1 {
		link(page-1, "prev")
		link(1, "first")
	}
	if links != nil {
		h.Set("Link", strings.Join(links, ", "))
	}
	var body any = cut
	if wrap != nil {
		body = wrap(len(list), cut)
	}
	return reply{status: http.StatusOK, body: body, header: h}
}

func (s *Server) userJSON(login string) map[string]any {
	kind := "User"
	if strings.HasSuffix(login, "[bot]") {
		kind = "Bot"
	}
	id := int64(0) // the same login always has the same id
	for _, b := range []byte(login) {
		id = (id*31 + int64(b)) % 1_000_000_007
	}
	return map[string]any{"login": login, "id": id, "node_id": fmt.Sprintf("U_%d", id), "type": kind, "html_url": s.url + "/" + login, "url": s.APIURL() + "/users/" + login, "avatar_url": s.url + "/avatar"}
}

func (s *Server) repoJSON(r *Repo) map[string]any {
	visibility := "public"
	if r.Private {
		visibility = "private"
	}
	return map[string]any{"id": r.ID, "node_id": fmt.Sprintf("R_%d", r.ID), "name": r.Name, "full_name": r.FullName(), "owner": s.userJSON(r.Owner), "private": r.Private, "visibility": visibility,
		"default_branch": r.DefaultBranch, "html_url": s.url + "/" + r.FullName(), "clone_url": r.CloneURL(), "url": s.APIURL() + "/repos/" + r.FullName(), "fork": false}
}

func (s *Server) appJSON(a *App) map[string]any {
	return map[string]any{"id": a.ID, "slug": a.opts.Slug, "node_id": fmt.Sprintf("A_%d", a.ID), "client_id": fmt.Sprintf("Iv1.%d", a.ID), "owner": s.userJSON("launchgate-owner"), "name": a.opts.Slug,
		"description": nil, "html_url": s.url + "/apps/" + a.opts.Slug, "external_url": s.url, "permissions": a.opts.Permissions, "events": a.opts.Events}
}

func (s *Server) installationJSON(i *Installation) map[string]any {
	return map[string]any{"id": i.ID, "app_id": i.App.ID, "app_slug": i.App.opts.Slug, "account": s.userJSON(i.Account), "target_type": "Organization", "repository_selection": "selected",
		"permissions": i.permissions, "events": i.App.opts.Events, "suspended_at": orNilTime(i.suspended), "suspended_by": nil, "html_url": s.url + "/settings/installations/" + fmt.Sprint(i.ID)}
}

func getApp(c *call) reply { return reply{status: http.StatusOK, body: c.s.appJSON(c.app)} }

// installation finds the installation of a call made with the App's JWT.
func (s *Server) installation(c *call) *Installation {
	for id, i := range s.installations {
		if fmt.Sprint(id) == c.params["installation_id"] && i.App == c.app && !i.deleted {
			return i
		}
	}
	return nil
}

func getInstallation(c *call) reply {
	i := c.s.installation(c)
	if i == nil {
		return fail(http.StatusNotFound, "Not Found")
	}
	return reply{status: http.StatusOK, body: c.s.installationJSON(i)}
}

func getRepoInstallation(c *call) reply {
	if c.repo.installation.deleted {
		return fail(http.StatusNotFound, "Not Found")
	}
	return reply{status: http.StatusOK, body: c.s.installationJSON(c.repo.installation)}
}

func listInstallations(c *call) reply {
	var list []any
	for id := int64(0); id <= c.s.nextID; id++ { // in order of creation
		if i := c.s.installations[id]; i != nil && i.App == c.app && !i.deleted {
			list = append(list, c.s.installationJSON(i))
		}
	}
	return c.page(list, nil)
}

func listRepos(c *call) reply {
	var list []any
	for _, r := range c.s.repos {
		if c.token.sees(r) && r.goneStatus == 0 {
			list = append(list, c.s.repoJSON(r))
		}
	}
	return c.page(list, func(total int, list []any) any { return map[string]any{"total_count": total, "repositories": list} })
}

func revokeToken(c *call) reply {
	c.token.revoked = true
	return reply{status: http.StatusNoContent}
}

func getRateLimit(c *call) reply {
	rate := map[string]any{"limit": 5000, "remaining": 4999, "used": 1, "reset": c.s.clock().Add(time.Hour).Unix()}
	return reply{status: http.StatusOK, body: map[string]any{"rate": rate, "resources": map[string]any{"core": rate, "search": rate}}}
}

func getBranch(c *call) reply {
	sha, err := resolve(c.repo.dir, "refs/heads/"+c.params["branch"])
	if err != nil {
		return fail(http.StatusNotFound, "Branch not found")
	}
	return reply{status: http.StatusOK, body: map[string]any{"name": c.params["branch"], "commit": map[string]any{"sha": sha}, "protected": false}}
}

func getContent(c *call) reply {
	ref := c.r.URL.Query().Get("ref")
	if ref == "" {
		ref = "refs/heads/" + c.repo.DefaultBranch
	}
	sha, err := resolve(c.repo.dir, ref)
	if err != nil {
		return fail(http.StatusNotFound, "No commit found for the ref "+ref)
	}
	path := strings.Trim(c.params["path"], "/")
	blob, err := git(c.repo.dir, nil, "rev-parse", "--verify", "--quiet", string(sha)+":"+path)
	if err != nil {
		return fail(http.StatusNotFound, "Not Found")
	}
	name := strings.TrimSpace(string(blob))
	b, err := git(c.repo.dir, nil, "cat-file", "blob", name)
	if err != nil { // a folder: the product reads files only
		return fail(http.StatusNotImplemented, "the stand-in does not list folders")
	}
	return reply{status: http.StatusOK, body: map[string]any{"type": "file", "name": path[strings.LastIndex(path, "/")+1:], "path": path, "sha": name, "size": len(b), "encoding": "base64",
		"content": base64.StdEncoding.EncodeToString(b)}}
}

func getCollaborator(c *call) reply {
	level := "read"
	if c.params["username"] == c.repo.Owner {
		level = "admin"
	}
	return reply{status: http.StatusOK, body: map[string]any{"permission": level, "role_name": level, "user": c.s.userJSON(c.params["username"])}}
}

// CommitStatus is a commit status.
type CommitStatus struct {
	SHA         string `json:"-"`
	State       string `json:"state"`
	Context     string `json:"context"`
	Description string `json:"description"`
	TargetURL   string `json:"target_url"`
}

// Statuses returns the commit statuses posted so far, oldest first.
func (r *Repo) Statuses() []CommitStatus {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	return append([]CommitStatus(nil), r.statuses...)
}

func createStatus(c *call) reply {
	st := CommitStatus{SHA: c.params["sha"], Context: "default"}
	if err := c.decode(&st); err != nil {
		return fail(http.StatusBadRequest, "Problems parsing JSON")
	}
	if _, err := resolve(c.repo.dir, st.SHA); err != nil {
		return fail(http.StatusUnprocessableEntity, "No commit found for SHA: "+st.SHA)
	}
	c.repo.statuses = append(c.repo.statuses, st)
	return reply{status: http.StatusCreated, body: map[string]any{"id": c.s.id(), "state": st.State, "context": st.Context, "description": orNil(st.Description), "target_url": orNil(st.TargetURL), "creator": c.s.userJSON(c.author())}}
}

func getHookConfig(c *call) reply {
	return reply{status: http.StatusOK, body: map[string]any{"url": c.app.opts.WebhookURL, "content_type": "json", "insecure_ssl": "0", "secret": "********"}}
}

func updateHookConfig(c *call) reply {
	var in struct {
		URL    *string `json:"url"`
		Secret *string `json:"secret"`
	}
	if err := c.decode(&in); err != nil {
		return fail(http.StatusBadRequest, "Problems parsing JSON")
	}
	if in.URL != nil {
		c.app.opts.WebhookURL = *in.URL
	}
	if in.Secret != nil {
		c.app.opts.WebhookSecret = *in.Secret
	}
	return getHookConfig(c)
}
