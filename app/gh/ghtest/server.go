package ghtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/launchgate/launchgate/app/review"
)

// Options are the settings of a Server; the zero value works.
type Options struct {
	Addr  string           // loopback address to listen on, "127.0.0.1:0" when empty
	Dir   string           // where bare repositories live; a temporary folder, removed by Close, when empty
	Clock func() time.Time // time.Now when nil; tokens expire by it
}

// Server is the stand-in. Its methods may be called concurrently.
type Server struct {
	doc     *document
	dir     string
	ownDir  bool
	clock   func() time.Time
	http    *http.Server
	url     string
	stopped chan struct{}

	mu            sync.Mutex
	nextID        int64
	apps          map[int64]*App
	installations map[int64]*Installation
	repos         []*Repo
	tokens        map[string]*token
	deliveries    []*Delivery
	faults        []*Fault
	requests      []Request
	violations    []string
}

// Request is one request to the REST API or to git, as a test looks at it. It
// never holds a credential.
type Request struct {
	Time         time.Time
	Method       string
	Path         string // below the API's base; for git the path on the host
	Operation    string // operation id of the OpenAPI document, "git/upload-pack", "" when unknown
	Status       int
	Installation int64  // whose token was used, 0 for the App's JWT or none
	Token        string // "app", "#3" for the third token minted, ""
	UserAgent    string
	Body         []byte // of a request to the REST API
}

// NewServer starts a server. Close it.
func NewServer(o Options) (*Server, error) {
	doc, err := loadDocument()
	if err != nil {
		return nil, err
	}
	s := &Server{doc: doc, dir: o.Dir, clock: o.Clock, nextID: 1000, stopped: make(chan struct{}),
		apps: map[int64]*App{}, installations: map[int64]*Installation{}, tokens: map[string]*token{}}
	if s.clock == nil {
		s.clock = time.Now
	}
	if s.dir == "" {
		if s.dir, err = os.MkdirTemp("", "ghtest-"); err != nil {
			return nil, err
		}
		s.ownDir = true
	}
	addr := o.Addr
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	if host, _, err := net.SplitHostPort(addr); err != nil || !isLoopback(host) {
		return nil, fmt.Errorf("listen on %q: the stand-in GitHub listens on loopback only", addr)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	s.url = "http://" + l.Addr().String()
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		defer close(s.stopped)
		_ = s.http.Serve(l) // ends with ErrServerClosed
	}()
	return s, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// URL is the base URL of the host: pages and git below it, REST at /api/v3.
func (s *Server) URL() string { return s.url }

// APIURL is the base URL of the REST API.
func (s *Server) APIURL() string { return s.url + "/api/v3" }

// Close ends the server and removes a folder it made.
func (s *Server) Close() error {
	err := s.http.Close()
	<-s.stopped
	if s.ownDir {
		err = firstError(err, os.RemoveAll(s.dir))
	}
	return err
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// Violations returns what broke the OpenAPI document so far, in order.
func (s *Server) Violations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.violations...)
}

// Requests returns the requests so far, in order of their ends.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

// Count returns how often an operation was called, by its id ("checks/create").
func (s *Server) Count(operation string) int {
	n := 0
	for _, r := range s.Requests() {
		if r.Operation == operation {
			n++
		}
	}
	return n
}

func (s *Server) id() int64 { s.nextID++; return s.nextID }

func (s *Server) violate(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.violations = append(s.violations, fmt.Sprintf(format, args...))
}

// ServeHTTP implements http.Handler: REST, git and pages on one host.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if path, ok := strings.CutPrefix(r.URL.EscapedPath(), "/api/v3"); ok {
		s.serveAPI(w, r, path)
		return
	}
	for _, service := range []string{"info/refs", "git-upload-pack", "git-receive-pack"} {
		if path, ok := strings.CutSuffix(r.URL.Path, "/"+service); ok {
			s.serveGitRepo(w, r, strings.Trim(path, "/"), service)
			return
		}
	}
	s.servePage(w, r)
}

// reply is an answer of the REST API before it is written.
type reply struct {
	status int
	body   any // marshalled to JSON and completed; nil for none
	header http.Header
}

// fail is an error answer in GitHub's form.
func fail(status int, message string, details ...string) reply {
	body := map[string]any{"message": message, "documentation_url": "https://docs.github.com/rest", "status": fmt.Sprint(status)}
	if len(details) > 0 {
		errs := []any{}
		for _, d := range details {
			errs = append(errs, d)
		}
		body["errors"] = errs
	}
	return reply{status: status, body: body, header: http.Header{}}
}

// detailed turns the details of an error answer into the objects that the
// document wants where it says validation-error and not validation-error-simple.
func detailed(r reply) reply {
	body, _ := r.body.(map[string]any)
	details, _ := body["errors"].([]any)
	for i, d := range details {
		details[i] = map[string]any{"resource": "PullRequestReviewComment", "code": "custom", "message": d}
	}
	return r
}

// call is one authenticated request to an operation.
type call struct {
	s      *Server
	op     *operation
	r      *http.Request
	params map[string]string
	body   []byte
	app    *App          // with a JWT
	inst   *Installation // with an installation token
	token  *token
	repo   *Repo // of {owner}/{repo}
	raw    bool  // a media type other than JSON was answered
}

// decode reads the body into v. The document has vouched for its types.
func (c *call) decode(v any) error {
	if len(c.body) == 0 {
		return nil
	}
	return json.Unmarshal(c.body, v)
}

// maxBody is far above any request the product makes.
const maxBody = 8 << 20

func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request, path string) {
	entry := Request{Time: s.clock(), Method: r.Method, Path: path, UserAgent: r.UserAgent()}
	defer func() {
		s.mu.Lock()
		s.requests = append(s.requests, entry)
		s.mu.Unlock()
	}()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "body too large", http.StatusRequestEntityTooLarge)
		return
	}
	entry.Body = body
	r.Body = io.NopCloser(bytes.NewReader(body))
	c := &call{s: s, r: r, body: body}
	c.op, c.params = s.doc.find(r.Method, path)
	if c.op != nil {
		entry.Operation = c.op.id
	}

	var out reply
	if f := s.takeFault(entry); f != nil {
		var done bool
		if out, done = f.play(w, r, s.clock()); done {
			entry.Status = out.status
			return
		}
		if out.status != 0 {
			// A fault speaks for machinery in front of the API: the document
			// does not describe it.
			entry.Status = out.status
			writeJSON(w, out, s.url)
			return
		}
	}
	switch {
	case c.op == nil:
		s.violate("%s %s: no such operation in the OpenAPI subset", r.Method, path)
		out = fail(http.StatusNotFound, "Not Found")
	case r.UserAgent() == "":
		out = fail(http.StatusForbidden, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header")
	default:
		out = s.answer(c, &entry)
	}
	entry.Status = out.status
	if c.raw {
		return
	}
	if c.op != nil && out.body != nil {
		g, err := generic(out.body)
		if err == nil && out.status < 300 {
			g = complete(c.op.responseSchema(out.status), g)
		}
		out.body = g
		b, merr := json.Marshal(g)
		if err = firstError(err, merr); err == nil {
			err = c.op.checkResponse(r, c.params, out.status, http.Header{"Content-Type": {"application/json"}}, b)
		}
		if err != nil {
			s.violate("response %s %d: %v", c.op.id, out.status, err)
			out = fail(http.StatusInternalServerError, "the stand-in's answer violates the OpenAPI document")
			entry.Status = out.status
		}
	}
	writeJSON(w, out, s.url)
}

func writeJSON(w http.ResponseWriter, out reply, url string) {
	h := w.Header()
	h.Set("X-Github-Request-Id", "STAND-IN")
	h.Set("X-Ratelimit-Limit", "5000")
	h.Set("X-Ratelimit-Remaining", "4999")
	h.Set("X-Ratelimit-Resource", "core")
	for k, v := range out.header {
		h[k] = v
	}
	if out.body == nil {
		w.WriteHeader(out.status)
		return
	}
	h.Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(out.status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(out.body) // the client has gone; nobody to tell
}

// answer authenticates, authorises, validates and runs the handler.
func (s *Server) answer(c *call, entry *Request) reply {
	if bad := s.authenticate(c); bad != nil {
		return *bad
	}
	if c.inst != nil {
		entry.Installation, entry.Token = c.inst.ID, c.token.label
	} else if c.app != nil {
		entry.Token = "app"
	}
	h, ok := handlers[c.op.id]
	if !ok {
		s.violate("%s: the stand-in does not model this operation", c.op.id)
		return fail(http.StatusNotImplemented, "the stand-in does not model "+c.op.id)
	}
	if bad := s.authorise(c, h); bad != nil {
		return *bad
	}
	if len(c.body) == 0 || string(bytes.TrimSpace(c.body)) == "null" {
		c.body = nil
		c.r.Body, c.r.ContentLength = http.NoBody, 0
	}
	if err := c.op.checkRequest(c.r, c.params); err != nil {
		s.violate("request %s: %v", c.op.id, err)
		return fail(http.StatusUnprocessableEntity, "Validation Failed", err.Error())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return h.run(c)
}

// serveGitRepo answers the smart HTTP requests of one repository.
func (s *Server) serveGitRepo(w http.ResponseWriter, r *http.Request, name, service string) {
	entry := Request{Time: s.clock(), Method: r.Method, Path: r.URL.Path, Operation: "git/upload-pack", UserAgent: r.UserAgent()}
	defer func() {
		s.mu.Lock()
		s.requests = append(s.requests, entry)
		s.mu.Unlock()
	}()
	if f := s.takeFault(entry); f != nil {
		out, done := f.play(w, r, s.clock())
		if done || out.status != 0 {
			entry.Status = out.status
			if !done {
				http.Error(w, http.StatusText(out.status), out.status)
			}
			return
		}
	}
	if service == "git-receive-pack" || r.URL.Query().Get("service") == "git-receive-pack" {
		entry.Status = http.StatusForbidden
		http.Error(w, "pushing is not supported", entry.Status)
		return
	}
	if service == "info/refs" && r.URL.Query().Get("service") != "git-upload-pack" {
		entry.Status = http.StatusForbidden
		http.Error(w, "dumb HTTP is not supported", entry.Status)
		return
	}
	user, password, given := r.BasicAuth()
	s.mu.Lock()
	repo := s.repo(strings.TrimSuffix(name, ".git"))
	var dir string
	status := http.StatusOK
	t := s.tokens[password]
	switch {
	case given && (user != "x-access-token" || t == nil || !t.valid(s.clock())):
		status = http.StatusUnauthorized
	case repo == nil || repo.goneStatus != 0:
		status = http.StatusNotFound
		if !given {
			status = http.StatusUnauthorized
		}
	case given && !t.allows(repo, "contents", "read") && repo.Private:
		status = http.StatusNotFound
	case given && t.permissions["contents"] == "":
		status = http.StatusForbidden
	case !given && repo.Private:
		status = http.StatusUnauthorized
	default:
		dir = repo.dir
	}
	if given && t != nil {
		entry.Installation, entry.Token = t.installation.ID, t.label
	}
	s.mu.Unlock()
	entry.Status = status
	switch status {
	case http.StatusOK:
		serveGit(w, r, dir, service)
	case http.StatusUnauthorized:
		w.Header().Set("Www-Authenticate", `Basic realm="GitHub"`)
		http.Error(w, "Invalid username or token.", status)
	default:
		http.Error(w, "Repository not found.", status)
	}
}

// repo finds a repository by owner/name, without regard to case.
func (s *Server) repo(full string) *Repo {
	for _, r := range s.repos {
		if strings.EqualFold(r.FullName(), full) {
			return r
		}
	}
	return nil
}

// Repo is a repository. Its methods may be called concurrently.
type Repo struct {
	review.Repo
	s            *Server
	dir          string
	goneStatus   int
	installation *Installation
	pulls        []*pull
	checks       []*checkRun
	statuses     []CommitStatus
	comments     []*comment
	reviews      []*pullReview
	issueNotes   []*issueComment
}

// AddRepo makes a repository that an installation may see, with a first commit
// on its default branch "main" unless first has neither message nor files.
func (s *Server) AddRepo(inst *Installation, fullName string, first Change) (*Repo, error) {
	owner, name, ok := strings.Cut(fullName, "/")
	if !ok || strings.ContainsAny(name, `/\`) || strings.HasPrefix(name, ".") {
		return nil, fmt.Errorf("repository name %q is not OWNER/NAME", fullName)
	}
	s.mu.Lock()
	r := &Repo{s: s, installation: inst, Repo: review.Repo{ID: review.RepoID(s.id()), Owner: owner, Name: name, DefaultBranch: "main", Private: true}}
	s.mu.Unlock()
	r.dir = filepath.Join(s.dir, fmt.Sprintf("%d.git", r.ID))
	if err := initBare(r.dir, r.DefaultBranch); err != nil {
		return nil, err
	}
	if first.Message != "" || len(first.Files) > 0 {
		if _, err := commit(r.dir, "refs/heads/"+r.DefaultBranch, nil, first, s.clock()); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.repos = append(s.repos, r)
	return r, nil
}

// ImportRepo makes a repository from an existing local one: all its branches,
// with the default branch named.
func (s *Server) ImportRepo(inst *Installation, fullName, dir, defaultBranch string) (*Repo, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	r, err := s.AddRepo(inst, fullName, Change{})
	if err != nil {
		return nil, err
	}
	if _, err := git(r.dir, nil, "fetch", "-q", "--no-tags", abs, "+refs/heads/*:refs/heads/*"); err != nil {
		return nil, err
	}
	if _, err := git(r.dir, nil, "symbolic-ref", "HEAD", "refs/heads/"+defaultBranch); err != nil {
		return nil, err
	}
	r.DefaultBranch = defaultBranch
	return r, nil
}

// SetPrivate changes the visibility; repositories start private.
func (r *Repo) SetPrivate(private bool) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	r.Private = private
}

// SetGone makes every request about the repository answer status: 404 as for a
// deleted one, 410, 451; 0 brings it back.
func (r *Repo) SetGone(status int) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	r.goneStatus = status
}

// Rename gives the repository a new name; its id stays.
func (r *Repo) Rename(name string) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	r.Name = name
}

// Branch returns the tip of a branch.
func (r *Repo) Branch(name string) (review.SHA, error) { return resolve(r.dir, "refs/heads/"+name) }

// CloneURL is the URL git fetches from.
func (r *Repo) CloneURL() string { return r.s.url + "/" + r.FullName() + ".git" }

// PullURL is the page of a pull request.
func (r *Repo) PullURL(number int) string {
	return fmt.Sprintf("%s/%s/pull/%d", r.s.url, r.FullName(), number)
}

// Dir is the bare repository on disk.
func (r *Repo) Dir() string { return r.dir }

// Commit writes a commit on a branch. When the branch does not exist it starts
// at from (a branch or an object name; "" for an unrelated first commit). Open
// pull requests from that branch move along, as on GitHub.
func (r *Repo) Commit(branch, from string, c Change) (review.SHA, error) {
	ref := "refs/heads/" + branch
	return r.commitOn(ref, from, c)
}

func (r *Repo) commitOn(ref, from string, c Change, merged ...review.SHA) (review.SHA, error) {
	var parents []review.SHA
	tip, err := resolve(r.dir, ref)
	if err != nil && from != "" {
		if tip, err = resolve(r.dir, from); err != nil {
			return "", fmt.Errorf("start %s at %s: %w", ref, from, err)
		}
	}
	if tip != "" {
		parents = append(parents, tip)
	}
	sha, err := commit(r.dir, ref, append(parents, merged...), c, r.s.clock())
	if err != nil {
		return "", err
	}
	return sha, r.moved(ref, sha)
}

// Merge writes a merge commit of other into a branch with the given content.
func (r *Repo) Merge(branch, other string, c Change) (review.SHA, error) {
	sha, err := resolve(r.dir, other)
	if err != nil {
		return "", err
	}
	return r.commitOn("refs/heads/"+branch, "", c, sha)
}

// SetBranch moves a branch to any commit, as a forced push does.
func (r *Repo) SetBranch(branch, to string) error {
	sha, err := resolve(r.dir, to)
	if err != nil {
		return err
	}
	ref := "refs/heads/" + branch
	if _, err := git(r.dir, nil, "update-ref", ref, string(sha)); err != nil {
		return err
	}
	return r.moved(ref, sha)
}
