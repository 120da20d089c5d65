package gh

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/google/go-github/v60/github"

	"github.com/launchgate/launchgate/app/review"
)

// Config says which App this is and where GitHub is.
type Config struct {
	AppID      int64
	PrivateKey []byte // PEM
	// APIBase is the REST API or, for GitHub Enterprise Server, just the host:
	// "" for github.com, "https://ghes.example" or "https://ghes.example/api/v3".
	// Plain http is for loopback only.
	APIBase    string
	UploadBase string            // the API's host when empty
	Transport  http.RoundTripper // http.DefaultTransport when nil
	UserAgent  string            // "launchgate" when empty
	// Timeout bounds one request with its answer; 30 s when zero.
	Timeout time.Duration
	// WriteGap is the pause between two writes of one installation, one second
	// when zero: GitHub's advice for content-creating requests.
	WriteGap time.Duration
	// MaxBody is the longest answer taken, in bytes; 16 MiB when zero.
	MaxBody int64
	Clock   func() time.Time
	// Wait pauses until d has passed or ctx is done; tests replace it.
	Wait func(ctx context.Context, d time.Duration) error
}

// App is a GitHub App. Its methods may be called concurrently.
type App struct {
	c       Config
	api     *url.URL
	upload  *url.URL
	web     *url.URL
	base    *transport
	jwt     *ghinstallation.AppsTransport
	mu      sync.Mutex
	clients map[review.InstallationID]*github.Client
}

// New checks the configuration; it makes no request.
func New(c Config) (*App, error) {
	bad := func(what, do string, err error) error {
		return &review.Error{Code: review.CodeBadConfig, Op: "set up the GitHub App", What: what, Do: do, Err: err}
	}
	if c.AppID <= 0 {
		return nil, bad("app id", "set the App id that the App's settings page shows", nil)
	}
	if c.Transport == nil {
		c.Transport = http.DefaultTransport
	}
	if c.UserAgent == "" {
		c.UserAgent = "launchgate"
	}
	if c.Timeout == 0 {
		c.Timeout = 30 * time.Second
	}
	if c.WriteGap == 0 {
		c.WriteGap = time.Second
	}
	if c.MaxBody == 0 {
		c.MaxBody = 16 << 20
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Wait == nil {
		c.Wait = wait
	}
	a := &App{c: c, clients: map[review.InstallationID]*github.Client{}}
	var err error
	if a.api, a.web, err = apiURL(c.APIBase); err != nil {
		return nil, bad("API base URL", "set github.url to https://HOST", err)
	}
	a.upload = a.api
	if c.UploadBase != "" {
		if a.upload, err = parseBase(c.UploadBase); err != nil {
			return nil, bad("upload base URL", "set it to https://HOST/api/uploads", err)
		}
	}
	a.base = &transport{app: a}
	if a.jwt, err = ghinstallation.NewAppsTransport(a.base, c.AppID, c.PrivateKey); err != nil {
		// The cause may quote what it was given; the key stays out of errors.
		return nil, bad("private key", "set the App's private key: the whole PEM file that GitHub handed out", nil)
	}
	a.jwt.BaseURL = strings.TrimSuffix(a.api.String(), "/")
	return a, nil
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func parseBase(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil {
		return nil, err
	}
	loopback := u.Hostname() == "127.0.0.1" || u.Hostname() == "::1" || u.Hostname() == "localhost"
	if u.Host == "" || u.User != nil || u.RawQuery != "" || u.Scheme != "https" && !(u.Scheme == "http" && loopback) {
		return nil, fmt.Errorf("%q is not an https URL of a host", u.Redacted())
	}
	u.Path = strings.TrimRight(u.Path, "/") + "/"
	return u, nil
}

// apiURL returns the REST base and the host's web base.
func apiURL(base string) (api, web *url.URL, err error) {
	if base == "" {
		base = "https://api.github.com"
	}
	u, err := parseBase(base)
	if err != nil {
		return nil, nil, err
	}
	host := &url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/"}
	switch {
	case u.Host == "github.com" || u.Host == "www.github.com":
		u.Host, u.Path, host.Host = "api.github.com", "/", "github.com"
	case strings.HasPrefix(u.Host, "api."): // api.github.com, api.TENANT.ghe.com
		host.Host = strings.TrimPrefix(u.Host, "api.")
	case !strings.HasSuffix(u.Path, "/api/v3/"):
		u.Path += "api/v3/"
	}
	return u, host, nil
}

// WebURL is the base of the host's pages, with a trailing slash.
func (a *App) WebURL() string { return a.web.String() }

// CloneURL is where git fetches a repository from. It holds no credential: the
// user is x-access-token, the password a CloneToken.
func (a *App) CloneURL(r review.Repo) string {
	return a.web.JoinPath(r.Owner, r.Name+".git").String()
}

// Client returns the client of one installation. It is made once and shared, so
// that its writes queue up behind each other.
func (a *App) Client(id review.InstallationID) (*github.Client, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c := a.clients[id]; c != nil {
		return c, nil
	}
	c := a.github(newInstallation(a, id))
	a.clients[id] = c
	return c, nil
}

// Forget drops the client of an installation that is gone.
func (a *App) Forget(id review.InstallationID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.clients, id)
}

// github makes a client on a transport. go-github's own memory of rate limits is
// left to it; ours comes first.
func (a *App) github(tr http.RoundTripper) *github.Client {
	c := github.NewClient(&http.Client{Transport: tr})
	c.BaseURL, c.UploadURL, c.UserAgent = a.api, a.upload, a.c.UserAgent
	return c
}

// asApp is a client that speaks as the App itself.
func (a *App) asApp() *github.Client { return a.github(a.jwt) }

// CloneToken mints a token that can read the contents of one repository and
// nothing else. Tokens are opaque and live for an hour.
func (a *App) CloneToken(ctx context.Context, id review.InstallationID, repo review.RepoID) (string, error) {
	read := "read"
	t, _, err := a.asApp().Apps.CreateInstallationToken(ctx, int64(id), &github.InstallationTokenOptions{
		RepositoryIDs: []int64{int64(repo)}, Permissions: &github.InstallationPermissions{Contents: &read}})
	if err != nil {
		what := "repository " + strconv.FormatInt(int64(repo), 10)
		mapped := MapError("mint a clone token for", what, err)
		var e *review.Error
		if statusOf(err) == http.StatusUnprocessableEntity {
			// Both causes are 422 here: the repository left the installation, or
			// contents:read was not granted.
			e = &review.Error{Code: review.CodeRepoGone, Op: "mint a clone token for", What: what, Do: "add the repository to the App's installation and grant it contents: read", Err: err}
			return "", e
		}
		return "", mapped
	}
	return t.GetToken(), nil
}
