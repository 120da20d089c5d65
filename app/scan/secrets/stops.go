package secrets

import (
	"slices"
	"strings"

	"github.com/zricethezav/gitleaks/v8/config"
	"github.com/zricethezav/gitleaks/v8/report"
)

// gitleaks' generic rule leaves out findings with one of fifteen hundred words in
// them. It asks for each word where nobody made it an automaton of them, and to make
// one takes as long as to look at a push. So we ask: a generic finding hides no other
// (gitleaks' detect.filter), so that it is all the same when it is left out.

// fewStops is up to how many words gitleaks is left to ask for itself.
const fewStops = 64

// stopList are words of which one in a secret means that it is none: sorted, in
// lower case, and none begins with another.
type stopList []string

// stopListOf returns those of an allowlist that need not be asked with the rest of
// it, and the allowlist without them, nil if nothing is left of it.
func stopListOf(a *config.Allowlist, sorted []string) (stopList, *config.Allowlist) {
	if a.MatchCondition != config.AllowlistMatchOr || len(sorted) <= fewStops || sorted[0] == "" {
		return nil, a
	}
	words := make(stopList, 0, len(sorted))
	for _, w := range sorted {
		// Sorted, what begins with a word follows it.
		if n := len(words); n == 0 || !strings.HasPrefix(w, words[n-1]) {
			words = append(words, w)
		}
	}
	rest := *a
	if rest.StopWords = nil; len(rest.Regexes)+len(rest.Paths)+len(rest.Commits) == 0 {
		return words, nil
	}
	return words, &rest
}

// in reports whether one of the words is in a secret, as gitleaks does
// (config.Allowlist.ContainsStopWord).
func (s stopList) in(secret string) bool {
	secret = strings.ToLower(secret)
	for i := range len(secret) {
		// Between a word and what begins with it there are only words that begin
		// with it, and there are none.
		n, found := slices.BinarySearch(s, secret[i:])
		if found || n > 0 && strings.HasPrefix(secret[i:], s[n-1]) {
			return true
		}
	}
	return false
}

// dropStopped drops the findings with one of their rule's stop words.
func dropStopped(fs []report.Finding, stops map[string]stopList) []report.Finding {
	if len(stops) == 0 {
		return fs
	}
	return slices.DeleteFunc(fs, func(f report.Finding) bool { return stops[f.RuleID].in(f.Secret) })
}
