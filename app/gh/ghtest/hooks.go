package ghtest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/launchgate/launchgate/app/review"
)

// Delivery is one webhook request and what came of it.
type Delivery struct {
	ID         int64
	GUID       string // a redelivery repeats it
	Event      string
	Action     string
	Redelivery bool
	At         time.Time
	Duration   time.Duration
	StatusCode int    // 0 when nobody answered
	Status     string // "OK" or what went wrong, as GitHub shows it
	Response   string
	Payload    []byte
	app        *App
	inst       *Installation
	repo       *Repo
}

// deliveryTimeout is how long GitHub waits for an answer.
const deliveryTimeout = 10 * time.Second

// Deliver sends an event with a payload of the caller's making: installation,
// repository and sender are added, everything is sent as JSON and signed. The
// error says that the payload could not be made; an unanswered delivery is one
// with StatusCode 0.
func (s *Server) Deliver(inst *Installation, repo *Repo, event string, payload map[string]any) (*Delivery, error) {
	s.mu.Lock()
	body := map[string]any{"sender": s.userJSON("octocat"), "installation": map[string]any{"id": inst.ID, "node_id": fmt.Sprintf("I_%d", inst.ID)}}
	if repo != nil {
		body["repository"] = s.repoJSON(repo)
	}
	for k, v := range payload {
		body[k] = v
	}
	b, err := s.payload(body)
	d := &Delivery{ID: s.id(), GUID: guid(), Event: event, app: inst.App, inst: inst, repo: repo, Payload: b}
	d.Action, _ = payload["action"].(string)
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return s.send(d)
}

// payload completes what the document has a schema for.
func (s *Server) payload(body map[string]any) ([]byte, error) {
	g, err := generic(body)
	if err != nil {
		return nil, err
	}
	m := g.(map[string]any)
	for field, schema := range map[string]string{"repository": "repository", "pull_request": "pull-request", "check_run": "check-run", "sender": "simple-user"} {
		if have, ok := m[field]; ok {
			m[field] = complete(s.doc.component(schema), have)
		}
	}
	if _, ok := m["action"].(string); ok && m["installation"] != nil && m["check_suite"] == nil && m["repository"] == nil {
		m["installation"] = complete(s.doc.component("installation"), m["installation"])
	}
	return json.Marshal(m)
}

// send posts a delivery and records it.
func (s *Server) send(d *Delivery) (*Delivery, error) {
	s.mu.Lock()
	url, secret := d.app.opts.WebhookURL, d.app.opts.WebhookSecret
	hook := d.app.ID
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), deliveryTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(d.Payload))
	if err != nil || url == "" {
		return nil, fmt.Errorf("deliver %s to %q: %w", d.Event, url, firstError(err, fmt.Errorf("the App has no webhook URL")))
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(d.Payload)
	for k, v := range map[string]string{
		"Content-Type": "application/json", "User-Agent": "GitHub-Hookshot/5717b5a", "X-GitHub-Event": d.Event, "X-GitHub-Delivery": d.GUID,
		"X-Hub-Signature-256": "sha256=" + hex.EncodeToString(mac.Sum(nil)), "X-GitHub-Hook-ID": fmt.Sprint(hook),
		"X-GitHub-Hook-Installation-Target-ID": fmt.Sprint(hook), "X-GitHub-Hook-Installation-Target-Type": "integration",
		"X-GitHub-Enterprise-Host": req.URL.Host, "X-GitHub-Enterprise-Version": "3.16.0",
	} {
		req.Header.Set(k, v)
	}
	start := time.Now()
	resp, err := http.DefaultClient.Do(req)
	d.Duration, d.At = time.Since(start), s.clock().UTC()
	if err != nil {
		d.Status = "failed to connect to host"
		if ctx.Err() != nil {
			d.Status = "timed out"
		}
	} else {
		b, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10)) // what was read is what is shown
		_ = resp.Body.Close()
		d.StatusCode, d.Response, d.Status = resp.StatusCode, string(b), http.StatusText(resp.StatusCode)
		if resp.StatusCode < 300 {
			d.Status = "OK"
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deliveries = append(s.deliveries, d)
	shown := *d
	return &shown, nil
}

// Redeliver sends a delivery again with the same GUID.
func (s *Server) Redeliver(d *Delivery) (*Delivery, error) {
	s.mu.Lock()
	again := *d
	again.ID, again.Redelivery, again.Response, again.StatusCode = s.id(), true, "", 0
	s.mu.Unlock()
	return s.send(&again)
}

// Deliveries returns the deliveries so far, oldest first.
func (s *Server) Deliveries() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Delivery
	for _, d := range s.deliveries {
		out = append(out, *d)
	}
	return out
}

func guid() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// DeliverPullRequest sends a pull_request event about a pull request as it
// stands: opened, synchronize (with before and after), reopened, edited (with
// changes.base after a retarget), closed, ready_for_review, ….
func (s *Server) DeliverPullRequest(r *Repo, number int, action string) (*Delivery, error) {
	p, err := r.pull(number)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	j, err := s.pullJSON(r, p, true)
	body := map[string]any{"action": action, "number": number, "pull_request": j}
	switch {
	case action == "synchronize":
		body["before"], body["after"] = p.before, p.head
	case action == "edited" && p.previousBase[0] != "":
		body["changes"] = map[string]any{"base": map[string]any{"ref": map[string]any{"from": p.previousBase[0]}, "sha": map[string]any{"from": p.previousBase[1]}}}
	case action == "edited":
		body["changes"] = map[string]any{"title": map[string]any{"from": "before"}}
	}
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return s.Deliver(r.installation, r, "pull_request", body)
}

// DeliverRerequested sends check_run.rerequested for a run: somebody pressed
// "Re-run".
func (s *Server) DeliverRerequested(r *Repo, run int64) (*Delivery, error) {
	s.mu.Lock()
	var body map[string]any
	for _, c := range r.checks {
		if c.ID == run {
			j := s.checkJSON(r, c)
			j["check_suite"] = s.suiteJSON(r, c.Suite, c.app, c.HeadSHA)
			body = map[string]any{"action": "rerequested", "check_run": j}
		}
	}
	s.mu.Unlock()
	if body == nil {
		return nil, fmt.Errorf("%s has no check run %d", r.FullName(), run)
	}
	return s.Deliver(r.installation, r, "check_run", body)
}

func (s *Server) suiteJSON(r *Repo, id int64, app *App, sha review.SHA) map[string]any {
	pulls, branch := []any{}, any(nil)
	for _, p := range r.pulls {
		if p.head == sha && p.state == "open" && !p.opts.Fork {
			pulls, branch = append(pulls, s.pullMinimal(r, p)), p.opts.Head
		}
	}
	return map[string]any{"id": id, "node_id": fmt.Sprintf("CS_%d", id), "head_branch": branch, "head_sha": sha, "status": "queued", "conclusion": nil,
		"before": strings.Repeat("0", 40), "after": sha, "pull_requests": pulls, "app": s.appJSON(app), "created_at": s.clock().UTC(), "updated_at": s.clock().UTC()}
}

// DeliverCheckSuite sends check_suite requested or rerequested for a commit.
func (s *Server) DeliverCheckSuite(r *Repo, sha review.SHA, action string) (*Delivery, error) {
	s.mu.Lock()
	app := r.installation.App
	suite := s.suiteJSON(r, s.suite(r, app, sha), app, sha)
	s.mu.Unlock()
	return s.Deliver(r.installation, r, "check_suite", map[string]any{"action": action, "check_suite": suite})
}

// DeliverMergeGroup sends merge_group checks_requested or destroyed for a group
// head on its queue branch against the tip of base.
func (s *Server) DeliverMergeGroup(r *Repo, head review.SHA, base, action, reason string) (*Delivery, error) {
	tip, err := r.Branch(base)
	if err != nil {
		return nil, err
	}
	body := map[string]any{"action": action, "merge_group": map[string]any{"head_sha": head, "head_ref": "refs/heads/gh-readonly-queue/" + base + "/pr-1-" + string(tip),
		"base_sha": tip, "base_ref": "refs/heads/" + base,
		"head_commit": map[string]any{"id": head, "message": "group", "timestamp": s.clock().UTC(), "tree_id": head}}}
	if reason != "" {
		body["reason"] = reason
	}
	return s.Deliver(r.installation, r, "merge_group", body)
}

// DeliverPush sends a push event for a branch as it stands.
func (s *Server) DeliverPush(r *Repo, branch string, before review.SHA) (*Delivery, error) {
	after, err := r.Branch(branch)
	if err != nil {
		return nil, err
	}
	if before == "" {
		before = review.SHA(strings.Repeat("0", 40))
	}
	return s.Deliver(r.installation, r, "push", map[string]any{"ref": "refs/heads/" + branch, "before": before, "after": after, "created": before.IsZero(), "deleted": false, "forced": false,
		"base_ref": nil, "compare": s.url, "commits": []any{}, "head_commit": map[string]any{"id": after}, "pusher": map[string]any{"name": "octocat"}})
}

// DeliverInstallation sends installation created, deleted, suspend, unsuspend
// or new_permissions_accepted.
func (s *Server) DeliverInstallation(inst *Installation, action string) (*Delivery, error) {
	s.mu.Lock()
	list := s.minimalRepos(inst)
	j := s.installationJSON(inst)
	s.mu.Unlock()
	return s.Deliver(inst, nil, "installation", map[string]any{"action": action, "installation": j, "repositories": list})
}

func (s *Server) minimalRepos(inst *Installation) []any {
	list := []any{}
	for _, r := range s.repos {
		if r.installation == inst {
			list = append(list, map[string]any{"id": r.ID, "node_id": fmt.Sprintf("R_%d", r.ID), "name": r.Name, "full_name": r.FullName(), "private": r.Private})
		}
	}
	return list
}

// DeliverRepositories sends installation_repositories added or removed for one
// repository.
func (s *Server) DeliverRepositories(r *Repo, action string) (*Delivery, error) {
	s.mu.Lock()
	one := map[string]any{"id": r.ID, "node_id": fmt.Sprintf("R_%d", r.ID), "name": r.Name, "full_name": r.FullName(), "private": r.Private}
	body := map[string]any{"action": action, "installation": s.installationJSON(r.installation), "repository_selection": "selected", "repositories_added": []any{}, "repositories_removed": []any{}}
	body["repositories_"+action] = []any{one}
	s.mu.Unlock()
	return s.Deliver(r.installation, nil, "installation_repositories", body)
}

// DeliverPing sends the ping that follows a configured webhook. An App's ping
// carries no installation.
func (s *Server) DeliverPing(app *App) (*Delivery, error) {
	s.mu.Lock()
	b, err := json.Marshal(map[string]any{"zen": "Keep it logically awesome.", "hook_id": app.ID,
		"hook": map[string]any{"type": "App", "id": app.ID, "app_id": app.ID, "name": "web", "active": true, "events": app.opts.Events, "config": map[string]any{"content_type": "json", "url": app.opts.WebhookURL, "insecure_ssl": "0"}}})
	d := &Delivery{ID: s.id(), GUID: guid(), Event: "ping", app: app, Payload: b}
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return s.send(d)
}

func (d *Delivery) json() map[string]any {
	out := map[string]any{"id": d.ID, "guid": d.GUID, "delivered_at": d.At, "redelivery": d.Redelivery, "duration": d.Duration.Seconds(), "status": d.Status, "status_code": d.StatusCode,
		"event": d.Event, "action": orNil(d.Action), "installation_id": nil, "repository_id": nil, "throttled_at": nil}
	if d.inst != nil {
		out["installation_id"] = d.inst.ID
	}
	if d.repo != nil {
		out["repository_id"] = d.repo.ID
	}
	return out
}

func listDeliveries(c *call) reply {
	q := c.r.URL.Query()
	per := 30
	if _, err := fmt.Sscan(q.Get("per_page"), &per); q.Get("per_page") != "" && err != nil {
		return fail(http.StatusBadRequest, "per_page is not a number")
	}
	var list []any
	h := http.Header{}
	for i := len(c.s.deliveries) - 1; i >= 0; i-- { // newest first, cursor = last id seen
		d := c.s.deliveries[i]
		if cursor := q.Get("cursor"); cursor != "" && fmt.Sprintf("%020s", fmt.Sprint(d.ID)) >= fmt.Sprintf("%020s", cursor) {
			continue
		}
		failed := d.StatusCode >= 400 && d.StatusCode <= 599 // a time-out is neither, as reported
		if d.app != c.app || q.Get("status") == "failure" && !failed || q.Get("status") == "success" && d.Status != "OK" {
			continue
		}
		if len(list) == per {
			last := list[len(list)-1].(map[string]any)["id"]
			q.Set("cursor", fmt.Sprint(last))
			h.Set("Link", fmt.Sprintf(`<%s/app/hook/deliveries?%s>; rel="next"`, c.s.APIURL(), q.Encode()))
			break
		}
		list = append(list, d.json())
	}
	if list == nil {
		list = []any{}
	}
	return reply{status: http.StatusOK, body: list, header: h}
}

func (c *call) delivery() *Delivery {
	for _, d := range c.s.deliveries {
		if d.app == c.app && fmt.Sprint(d.ID) == c.params["delivery_id"] {
			return d
		}
	}
	return nil
}

func getDelivery(c *call) reply {
	d := c.delivery()
	if d == nil {
		return fail(http.StatusNotFound, "Not Found")
	}
	out := d.json()
	out["request"] = map[string]any{"headers": map[string]any{"X-GitHub-Delivery": d.GUID}, "payload": json.RawMessage(d.Payload)}
	out["response"] = map[string]any{"headers": map[string]any{}, "payload": d.Response}
	return reply{status: http.StatusOK, body: out}
}

func redeliver(c *call) reply {
	d := c.delivery()
	if d == nil {
		return fail(http.StatusNotFound, "Not Found")
	}
	// GitHub answers first and delivers then; the receiver may call back while
	// it handles the delivery.
	go func() { _, _ = c.s.Redeliver(d) }() // the outcome is in Deliveries
	return reply{status: http.StatusAccepted, body: map[string]any{}}
}
