package gh

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/google/go-github/v60/github"

	"github.com/launchgate/launchgate/app/review"
)

// statusOf returns the HTTP status an error stands for, 0 when it stands for
// none.
func statusOf(err error) int {
	if resp, _ := responseOf(err); resp != nil { //nolint:bodyclose // go-github has read and closed it
		return resp.StatusCode
	}
	return 0
}

func responseOf(err error) (*http.Response, string) {
	var answer *github.ErrorResponse
	if errors.As(err, &answer) && answer.Response != nil {
		return answer.Response, answer.Message
	}
	var mint *ghinstallation.HTTPError
	if errors.As(err, &mint) && mint.Response != nil {
		b, _ := io.ReadAll(io.LimitReader(mint.Response.Body, 4096)) // already in memory; see transport
		return mint.Response, string(b)
	}
	return nil, ""
}

// MapError turns an error of a call to GitHub into a *review.Error that says
// what was attempted (op), on what, and what the user can do. It is nil for nil
// and for GitHub's 202, which go-github reports as an error. What GitHub wrote
// stays in Err, for the server's own log.
func MapError(op, what string, err error) error {
	var accepted *github.AcceptedError
	if err == nil || errors.As(err, &accepted) {
		return nil
	}
	e := &review.Error{Op: op, What: what, Err: err}
	var known *review.Error
	var primary *github.RateLimitError
	var secondary *github.AbuseRateLimitError
	resp, message := responseOf(err) //nolint:bodyclose // go-github has read and closed it
	var network net.Error
	switch {
	case errors.As(err, &known):
		e.Code, e.Do, e.RetryAfter = known.Code, known.Do, known.RetryAfter
	case errors.Is(err, context.Canceled):
		e.Code, e.Do = review.CodeCancelled, "nothing; it was stopped on purpose"
	case errors.Is(err, context.DeadlineExceeded):
		e.Code, e.Do = review.CodeDeadlineExceeded, "it took longer than it may; it is tried again"
	case errors.As(err, &primary):
		e.Code, e.RetryAfter, e.Do = review.CodeRateLimited, max(time.Until(primary.Rate.Reset.Time), time.Second), "GitHub's rate limit is used up; it is tried again after the limit resets"
	case errors.As(err, &secondary):
		e.Code, e.RetryAfter, e.Do = review.CodeRateLimited, max(secondary.GetRetryAfter(), time.Second), "GitHub asks to slow down; it is tried again later"
	case resp != nil:
		fromStatus(e, resp, message)
	case errors.As(err, &network), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		e.Code, e.Do = review.CodeGitHubUnavailable, "check the network between this server and GitHub; it is tried again"
	default:
		e.Code, e.Do = review.CodeInternal, "look into the server's log"
	}
	return e
}

func fromStatus(e *review.Error, resp *http.Response, message string) {
	path := ""
	if resp.Request != nil && resp.Request.URL != nil {
		path = resp.Request.URL.Path
	}
	aboutInstallation := strings.Contains(path, "/app/installations/") || strings.HasSuffix(path, "/installation")
	message = strings.ToLower(message)
	accepted := resp.Header.Get("X-Accepted-GitHub-Permissions")
	switch code := resp.StatusCode; {
	case code == http.StatusNotFound && aboutInstallation:
		e.Code, e.Do = review.CodeInstallationGone, "install the App again on this account"
	case code == http.StatusForbidden && strings.Contains(message, "suspended"):
		e.Code, e.Do = review.CodeSuspended, "lift the suspension in the settings of the App's installation"
	case code == http.StatusNotFound, code == http.StatusGone, code == http.StatusUnavailableForLegalReasons:
		e.Code, e.Do = review.CodeRepoGone, "check that it still exists and that the App's installation includes the repository"
	case code == http.StatusForbidden && accepted != "":
		e.Code, e.Do = review.CodePermission, "grant the App the permission "+permissions(accepted)+" and accept it in the settings of its installation"
	case code == http.StatusForbidden && strings.Contains(message, "not accessible by integration"):
		e.Code, e.Do = review.CodePermission, "compare the App's permissions with app.yml and accept new ones in the settings of its installation"
	case code == http.StatusUnauthorized:
		e.Code, e.Do = review.CodeBadConfig, "check the App id, its private key and this server's clock"
	case code >= 500:
		e.Code, e.Do = review.CodeGitHubUnavailable, "GitHub answers "+strconv.Itoa(code)+"; it is tried again"
		if n, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && n > 0 {
			e.RetryAfter = time.Duration(n) * time.Second
		}
	default:
		e.Code, e.Do = review.CodeGitHubRejected, "GitHub refused the request with "+strconv.Itoa(code)+"; look into the server's log"
	}
}

// permissions renders "checks=write; contents=read" as GitHub's settings do. The
// header comes from outside: only names and levels pass.
func permissions(header string) string {
	keep := func(c rune) rune {
		if 'a' <= c && c <= 'z' || c == '_' || c == '=' || c == ',' || c == ';' || c == ' ' {
			return c
		}
		return -1
	}
	return strings.ReplaceAll(strings.Map(keep, header), "=", ": ")
}
