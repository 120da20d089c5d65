package ghtest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v4"
)

// AppOptions are the settings of an App; the zero value is an App with the
// permissions and events the product needs and no webhook.
type AppOptions struct {
	Slug          string            // "launchgate" when empty
	Permissions   map[string]string // DefaultPermissions when nil
	Events        []string
	WebhookURL    string
	WebhookSecret string
}

// DefaultPermissions are those an App asks for when AppOptions says nothing.
func DefaultPermissions() map[string]string {
	return map[string]string{"checks": "write", "pull_requests": "write", "contents": "read", "metadata": "read", "merge_queues": "read", "statuses": "write", "issues": "read"}
}

// App is a GitHub App.
type App struct {
	ID   int64
	PEM  []byte // private key, as GitHub hands it out
	opts AppOptions
	key  *rsa.PrivateKey
	s    *Server
}

// AddApp registers an App with a fresh key.
func (s *Server) AddApp(o AppOptions) (*App, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	if o.Slug == "" {
		o.Slug = "launchgate"
	}
	if o.Permissions == nil {
		o.Permissions = DefaultPermissions()
	}
	if o.Events == nil {
		o.Events = []string{"pull_request", "check_suite", "check_run", "merge_group", "push"}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := &App{ID: s.id(), opts: o, key: key, s: s,
		PEM: pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})}
	s.apps[a.ID] = a
	return a, nil
}

// SetWebhook says where deliveries go, for a product that starts later.
func (a *App) SetWebhook(url, secret string) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	a.opts.WebhookURL, a.opts.WebhookSecret = url, secret
}

// Installation is one account's installation of an App.
type Installation struct {
	ID          int64
	App         *App
	Account     string
	permissions map[string]string
	suspended   time.Time
	deleted     bool
	s           *Server
}

// AddInstallation installs an App on an account with all its permissions.
func (s *Server) AddInstallation(app *App, account string) *Installation {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := &Installation{ID: s.id(), App: app, Account: account, permissions: maps.Clone(app.opts.Permissions), s: s}
	s.installations[i.ID] = i
	return i
}

// SetPermissions replaces what the account granted. Tokens minted earlier lose
// what is gone.
func (i *Installation) SetPermissions(p map[string]string) {
	i.s.mu.Lock()
	defer i.s.mu.Unlock()
	i.permissions = maps.Clone(p)
}

// Suspend suspends the installation or lifts the suspension.
func (i *Installation) Suspend(on bool) {
	i.s.mu.Lock()
	defer i.s.mu.Unlock()
	i.suspended = time.Time{}
	if on {
		i.suspended = i.s.clock()
	}
}

// Delete uninstalls the App; its tokens end.
func (i *Installation) Delete() {
	i.s.mu.Lock()
	defer i.s.mu.Unlock()
	i.deleted = true
}

// token is an installation token.
type token struct {
	label        string
	installation *Installation
	expires      time.Time
	permissions  map[string]string
	repos        []*Repo // nil for all of the installation
	revoked      bool
}

func (t *token) valid(now time.Time) bool {
	return !t.revoked && now.Before(t.expires) && !t.installation.deleted
}

func covers(have, want string) bool {
	rank := []string{"", "read", "write", "admin"}
	return slices.Index(rank, have) >= slices.Index(rank, want)
}

// sees reports whether the token reaches a repository at all.
func (t *token) sees(r *Repo) bool {
	return r.installation == t.installation && (t.repos == nil || slices.Contains(t.repos, r))
}

func (t *token) allows(r *Repo, permission, level string) bool {
	return t.sees(r) && covers(t.permissions[permission], level) && covers(t.installation.permissions[permission], level)
}

// TokenLife is how long an installation token lives.
const TokenLife = time.Hour

// authenticate finds out who calls. Only the manifest conversion needs nobody.
func (s *Server) authenticate(c *call) *reply {
	scheme, credential, _ := strings.Cut(c.r.Header.Get("Authorization"), " ")
	bad := fail(http.StatusUnauthorized, "Bad credentials")
	if !strings.EqualFold(scheme, "bearer") && !strings.EqualFold(scheme, "token") {
		bad = fail(http.StatusUnauthorized, "Requires authentication")
		return &bad
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if strings.HasPrefix(credential, "ghs_") {
		t := s.tokens[credential]
		if t == nil || !t.valid(s.clock()) {
			return &bad
		}
		if !t.installation.suspended.IsZero() {
			bad = fail(http.StatusForbidden, "This installation has been suspended")
			return &bad
		}
		c.token, c.inst = t, t.installation
		return nil
	}
	app, err := s.verifyJWT(credential)
	if err != nil {
		bad = fail(http.StatusUnauthorized, err.Error())
		return &bad
	}
	c.app = app
	return nil
}

// verifyJWT checks an App's token as GitHub does: RS256 by the App's key, made
// by the issuer, not older than it says and not for longer than ten minutes.
func (s *Server) verifyJWT(raw string) (*App, error) {
	claims := &jwt.RegisteredClaims{}
	var app *App
	p := jwt.NewParser(jwt.WithValidMethods([]string{"RS256"}), jwt.WithoutClaimsValidation())
	_, err := p.ParseWithClaims(raw, claims, func(*jwt.Token) (any, error) {
		for id, a := range s.apps {
			if claims.Issuer == fmt.Sprint(id) {
				app = a
				return &a.key.PublicKey, nil
			}
		}
		return nil, fmt.Errorf("no App %q", claims.Issuer)
	})
	if err != nil {
		return nil, fmt.Errorf("A JSON web token could not be decoded")
	}
	now := s.clock()
	switch {
	case claims.ExpiresAt == nil || claims.IssuedAt == nil:
		return nil, fmt.Errorf("Missing 'exp' or 'iat' claim in assertion")
	case claims.ExpiresAt.After(now.Add(10 * time.Minute)):
		return nil, fmt.Errorf("'Expiration time' claim ('exp') is too far in the future")
	case !claims.ExpiresAt.After(now):
		return nil, fmt.Errorf("'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires")
	case claims.IssuedAt.After(now.Add(time.Minute)):
		return nil, fmt.Errorf("'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued")
	}
	return app, nil
}

// authorise checks the kind of credential, the repository and the permission.
func (s *Server) authorise(c *call, h handler) *reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	var bad reply
	switch {
	case h.permission == "" && c.app == nil:
		bad = fail(http.StatusUnauthorized, "A JSON web token could not be decoded")
		return &bad
	case h.permission == "":
		if owner := c.params["owner"]; owner != "" {
			c.repo = s.repo(owner + "/" + c.params["repo"])
			if c.repo == nil || c.repo.installation.App != c.app {
				bad = fail(http.StatusNotFound, "Not Found")
				return &bad
			}
		}
		return nil
	case c.inst == nil:
		bad = fail(http.StatusForbidden, "Resource not accessible by integration")
		return &bad
	case c.params["owner"] == "":
		return nil
	}
	repo := s.repo(c.params["owner"] + "/" + c.params["repo"])
	switch {
	case repo == nil || repo.Private && !c.token.sees(repo):
		bad = fail(http.StatusNotFound, "Not Found")
		return &bad
	case repo.goneStatus != 0:
		bad = fail(repo.goneStatus, http.StatusText(repo.goneStatus))
		return &bad
	}
	c.repo = repo
	if !c.token.allows(repo, h.permission, h.level) && (h.level != "read" || repo.Private) {
		bad = fail(http.StatusForbidden, "Resource not accessible by integration")
		bad.header.Set("X-Accepted-GitHub-Permissions", h.permission+"="+h.level)
		return &bad
	}
	return nil
}

func mintToken(c *call) reply {
	inst := c.s.installation(c)
	if inst == nil {
		return fail(http.StatusNotFound, "Not Found")
	}
	if !inst.suspended.IsZero() {
		return fail(http.StatusForbidden, "This installation has been suspended")
	}
	var in struct {
		Repositories  []string          `json:"repositories"`
		RepositoryIDs []int64           `json:"repository_ids"`
		Permissions   map[string]string `json:"permissions"`
	}
	if err := c.decode(&in); err != nil {
		return fail(http.StatusBadRequest, "Problems parsing JSON")
	}
	t := &token{installation: inst, expires: c.s.clock().Add(TokenLife).UTC().Truncate(time.Second), permissions: maps.Clone(inst.permissions)}
	for _, r := range c.s.repos {
		if r.installation == inst && (slices.Contains(in.RepositoryIDs, int64(r.ID)) || slices.Contains(in.Repositories, r.Name)) && r.goneStatus == 0 {
			t.repos = append(t.repos, r)
		}
	}
	if want := len(in.Repositories) + len(in.RepositoryIDs); want > 500 || len(t.repos) < want {
		return fail(http.StatusUnprocessableEntity, "There is at least one repository that does not exist or is not accessible to the parent installation.")
	}
	if in.Permissions != nil {
		t.permissions = map[string]string{"metadata": "read"}
		for name, level := range in.Permissions {
			if !covers(inst.permissions[name], level) {
				return fail(http.StatusUnprocessableEntity, "The permissions requested are not granted to this installation.")
			}
			t.permissions[name] = level
		}
	}
	t.label = fmt.Sprintf("#%d", len(c.s.tokens)+1)
	// The form since April 2026: opaque, long, with dots and dashes.
	noise := make([]byte, 360)
	_, _ = rand.Read(noise) // never fails
	b64 := base64.RawURLEncoding.EncodeToString(noise)
	raw := fmt.Sprintf("ghs_%d_%s.%s.%s", inst.App.ID, b64[:36], b64[36:400], b64[400:])
	c.s.tokens[raw] = t
	out := map[string]any{"token": raw, "expires_at": t.expires, "permissions": t.permissions, "repository_selection": "all"}
	if t.repos != nil {
		list := []any{}
		for _, r := range t.repos {
			list = append(list, c.s.repoJSON(r))
		}
		out["repository_selection"], out["repositories"] = "selected", list
	}
	return reply{status: http.StatusCreated, body: out}
}
