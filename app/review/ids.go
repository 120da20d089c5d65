package review

import (
	"fmt"
	"strings"
)

// SHA is a git object name: 40 (SHA-1) or 64 (SHA-256) lower-case hexadecimal
// digits. The zero value means "none".
type SHA string

// ParseSHA checks that s is a full object name. It never accepts revision
// expressions, so a parsed SHA can be put on a git command line.
func ParseSHA(s string) (SHA, error) {
	if len(s) != 40 && len(s) != 64 {
		return "", fmt.Errorf("object name has %d characters, want 40 or 64", len(s))
	}
	for _, c := range []byte(s) {
		if !('0' <= c && c <= '9' || 'a' <= c && c <= 'f') {
			return "", fmt.Errorf("object name %q is not lower-case hexadecimal", s)
		}
	}
	return SHA(s), nil
}

// Short returns the first seven digits, as GitHub shows them.
func (s SHA) Short() string {
	if len(s) < 7 {
		return string(s)
	}
	return string(s[:7])
}

// IsZero reports whether s is unset or git's all-zero name, which webhooks send
// for a branch that was created or deleted.
func (s SHA) IsZero() bool { return strings.Trim(string(s), "0") == "" }

// RuleID names a rule for ever, as family/name: "authz/missing".
type RuleID string

// ParseRuleID checks the form family/name, lower-case letters, digits and
// dashes.
func ParseRuleID(s string) (RuleID, error) {
	family, name, ok := strings.Cut(s, "/")
	if !ok || !isSlug(family) || !isSlug(name) {
		return "", fmt.Errorf("rule id %q is not of the form family/name", s)
	}
	return RuleID(s), nil
}

// Family returns the part before the slash.
func (r RuleID) Family() string {
	family, _, _ := strings.Cut(string(r), "/")
	return family
}

func isSlug(s string) bool {
	if s == "" {
		return false
	}
	for _, c := range []byte(s) {
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-') {
			return false
		}
	}
	return true
}

// Fingerprint identifies a finding across commits: it survives line moves and
// a rebase. It is computed by app/findings from meaning, never from a secret's
// text.
type Fingerprint string

// RepoID is GitHub's numeric repository id. Rows are keyed by it because names
// change (github-facts §8).
type RepoID int64

// InstallationID is GitHub's numeric id of one installation of the App.
type InstallationID int64
