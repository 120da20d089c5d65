package gh

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"

	"github.com/launchgate/launchgate/app/review"
)

// transport is the innermost: every request to GitHub, with whatever credential,
// goes through it. It bounds time and size, names the product, keeps to the
// configured hosts and turns limits into errors that say when to come back.
type transport struct{ app *App }

func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	// A redirect must not carry the token away: ghinstallation adds it to any
	// request, so the host is checked below it.
	if req.URL.Host != t.app.api.Host && req.URL.Host != t.app.upload.Host || req.URL.Scheme != t.app.api.Scheme && req.URL.Scheme != t.app.upload.Scheme {
		if req.Body != nil {
			_ = req.Body.Close() // not sent; nothing to lose
		}
		return nil, &review.Error{Code: review.CodeGitHubRejected, Op: "follow a redirect of GitHub's to", What: req.URL.Host, Do: "check the configured GitHub URL"}
	}
	ctx, cancel := context.WithTimeout(req.Context(), t.app.c.Timeout)
	defer cancel()
	r := req.Clone(ctx)
	r.Header.Set("User-Agent", t.app.c.UserAgent)
	resp, err := t.app.c.Transport.RoundTrip(r)
	if err != nil {
		return nil, t.failed(req, err)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, t.app.c.MaxBody+1))
	err = errors.Join(err, resp.Body.Close())
	if err != nil {
		return nil, t.failed(req, err)
	}
	if int64(len(body)) > t.app.c.MaxBody {
		return nil, &review.Error{Code: review.CodeTooLarge, Op: "read GitHub's answer to", What: req.URL.Path, Do: fmt.Sprintf("it is larger than %d bytes", t.app.c.MaxBody)}
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	resp.Request = req
	if after, limited := limit(resp, body, t.app.c.Clock()); limited {
		return nil, &review.Error{Code: review.CodeRateLimited, Op: "ask GitHub for", What: req.URL.Path, RetryAfter: after,
			Do: fmt.Sprintf("GitHub's rate limit is used up; it is tried again after %s", after.Round(time.Second)), Err: fmt.Errorf("%s", resp.Status)}
	}
	return resp, nil
}

// failed keeps the caller's own cancellation apart from our time-out.
func (t *transport) failed(req *http.Request, err error) error {
	if cause := req.Context().Err(); cause != nil {
		return cause
	}
	return &review.Error{Code: review.CodeGitHubUnavailable, Op: "reach GitHub for", What: req.URL.Path, Do: "check the network between this server and " + req.URL.Host + "; it is tried again", Err: err}
}

// limit reads the three forms of GitHub's rate limits (github-facts §6).
// go-github v60 knows neither 429 nor a limit met while a token is minted.
func limit(resp *http.Response, body []byte, now time.Time) (time.Duration, bool) {
	if resp.StatusCode != http.StatusForbidden && resp.StatusCode != http.StatusTooManyRequests {
		return 0, false
	}
	after := resp.Header.Get("Retry-After")
	used := resp.Header.Get("X-Ratelimit-Remaining") == "0"
	text := strings.ToLower(string(body[:min(len(body), 4096)]))
	if resp.StatusCode == http.StatusForbidden && after == "" && !used && !strings.Contains(text, "secondary rate limit") && !strings.Contains(text, "abuse detection") {
		return 0, false
	}
	if n, err := strconv.Atoi(after); err == nil && n >= 0 {
		return max(time.Duration(n)*time.Second, time.Second), true
	}
	if at, err := http.ParseTime(after); err == nil {
		return max(at.Sub(now), time.Second), true
	}
	if reset, err := strconv.ParseInt(resp.Header.Get("X-Ratelimit-Reset"), 10, 64); used && err == nil {
		// One more second: the header has whole seconds.
		return max(time.Unix(reset, 0).Sub(now)+time.Second, time.Second), true
	}
	return time.Minute, true // "wait at least one minute"
}

// installation is the outermost transport of one installation: it adds the
// token, lets one write at a time through with a pause between two, and keeps
// still while a rate limit lasts.
type installation struct {
	app *App
	id  review.InstallationID

	mu    sync.Mutex
	inner *ghinstallation.Transport
	until time.Time // a rate limit lasts until then

	turn chan struct{} // holds one while nobody writes
	last time.Time     // end of the last write; owned by whoever has the turn
}

func newInstallation(a *App, id review.InstallationID) *installation {
	i := &installation{app: a, id: id, turn: make(chan struct{}, 1)}
	i.turn <- struct{}{}
	i.inner = i.fresh()
	return i
}

func (i *installation) fresh() *ghinstallation.Transport {
	return ghinstallation.NewFromAppsTransport(i.app.jwtTransport(), int64(i.id))
}

// jwtTransport gives every installation its own: ghinstallation v2.10.0 writes
// to the one it is given while it mints.
func (a *App) jwtTransport() *ghinstallation.AppsTransport {
	own, err := ghinstallation.NewAppsTransport(a.base, a.c.AppID, a.c.PrivateKey)
	if err != nil { // New has parsed the same key
		panic(err)
	}
	own.BaseURL = a.jwt.BaseURL
	return own
}

func (i *installation) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := i.limited(req); err != nil {
		return nil, err
	}
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		select {
		case <-i.turn:
		case <-req.Context().Done():
			return nil, req.Context().Err()
		}
		defer func() { i.turn <- struct{}{} }()
		if pause := i.app.c.WriteGap - i.app.c.Clock().Sub(i.last); !i.last.IsZero() && pause > 0 {
			if err := i.app.c.Wait(req.Context(), pause); err != nil {
				return nil, err
			}
		}
		defer func() { i.last = i.app.c.Clock() }()
		if err := i.limited(req); err != nil { // met by the write before
			return nil, err
		}
	}
	i.mu.Lock()
	inner := i.inner
	i.mu.Unlock()
	resp, err := inner.RoundTrip(req)
	if err == nil && resp.StatusCode == http.StatusUnauthorized && (req.Body == nil || req.GetBody != nil) {
		// A token that ended before its time: uninstalled, or revoked. A new one
		// either works or says what is wrong.
		again := req.Clone(req.Context())
		if req.GetBody != nil {
			if again.Body, err = req.GetBody(); err != nil {
				return nil, err
			}
		}
		renewed := i.fresh()
		i.mu.Lock()
		i.inner = renewed
		i.mu.Unlock()
		resp, err = renewed.RoundTrip(again)
	}
	var e *review.Error
	if errors.As(err, &e) && e.Code == review.CodeRateLimited {
		i.mu.Lock()
		if until := i.app.c.Clock().Add(e.RetryAfter); until.After(i.until) {
			i.until = until
		}
		i.mu.Unlock()
	}
	return resp, err
}

// limited refuses a request without asking while a limit lasts: asking on risks
// a ban of the App.
func (i *installation) limited(req *http.Request) error {
	i.mu.Lock()
	left := i.until.Sub(i.app.c.Clock())
	i.mu.Unlock()
	if left <= 0 {
		return nil
	}
	return &review.Error{Code: review.CodeRateLimited, Op: "ask GitHub for", What: req.URL.Path, RetryAfter: left,
		Do: fmt.Sprintf("GitHub's rate limit is used up; it is tried again after %s", left.Round(time.Second))}
}
