package review

import (
	"errors"
	"fmt"
	"time"
)

// Code is a stable, machine-readable reason why something ended early. Every
// code has a readable explanation; internal error text never reaches a user.
type Code string

// The codes.
const (
	CodeInternal           Code = "internal"
	CodeBadRequest         Code = "bad_request"
	CodeBadConfig          Code = "bad_config"
	CodeBadPolicy          Code = "bad_policy"
	CodeInstallationGone   Code = "installation_gone"
	CodeSuspended          Code = "installation_suspended"
	CodePermission         Code = "permission_missing"
	CodeRepoGone           Code = "repository_gone"
	CodePullRequestClosed  Code = "pull_request_closed"
	CodeSuperseded         Code = "superseded"
	CodeCancelled          Code = "cancelled"
	CodeRateLimited        Code = "rate_limited"
	CodeGitHubUnavailable  Code = "github_unavailable"
	CodeGitHubRejected     Code = "github_rejected"
	CodeCheckout           Code = "checkout_failed"
	CodeTooLarge           Code = "too_large"
	CodeNoMergeBase        Code = "no_merge_base"
	CodeHistoryIncomplete  Code = "history_incomplete"
	CodeScannerFailed      Code = "scanner_failed"
	CodeScannerTimeout     Code = "scanner_timeout"
	CodeScannerMemory      Code = "scanner_out_of_memory"
	CodeScannerKilled      Code = "scanner_killed"
	CodePackageNotTyped    Code = "package_not_typed"
	CodeRouteUnresolved    Code = "route_unresolved"
	CodeTagNotSet          Code = "build_tag_not_set"
	CodeFileUnreadable     Code = "file_unreadable"
	CodeDeadlineExceeded   Code = "deadline_exceeded"
	CodeStorageUnavailable Code = "storage_unavailable"
)

// Error is an error whose end the caller decides by its Code. Op says what was
// attempted, What on what, Do what the user can do; all three are safe to show.
// Err is the cause, for the server's own log only.
type Error struct {
	Code Code
	Op   string
	What string
	Do   string
	// RetryAfter, when positive, asks to try again no sooner.
	RetryAfter time.Duration
	Err        error
}

// Error implements error, for logs; use Public for people.
func (e *Error) Error() string {
	s := e.Public()
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Public returns the text that may be shown to a user: no internal cause.
func (e *Error) Public() string {
	s := e.Op
	if e.What != "" {
		s += " " + e.What
	}
	s = fmt.Sprintf("%s (%s)", s, e.Code)
	if e.Do != "" {
		s += ": " + e.Do
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// CodeOf returns the code of the first *Error in err's chain, CodeInternal for
// any other error and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return CodeInternal
}

// Retryable reports whether trying the same again later can help. Errors
// without a code are retried: they are not understood, so they are not final.
func Retryable(err error) bool {
	switch CodeOf(err) {
	case "", CodeBadRequest, CodeBadConfig, CodeBadPolicy, CodeInstallationGone, CodeSuspended, CodePermission,
		CodeRepoGone, CodePullRequestClosed, CodeSuperseded, CodeCancelled, CodeTooLarge, CodeNoMergeBase:
		return false
	}
	return true
}
