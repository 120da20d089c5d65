package secrets

import (
	"context"
	"fmt"
	"sort"
)

// PlainResult is what PlainHistory found.
type PlainResult struct {
	// Fingerprints are gitleaks' own (commit:file:rule:line), sorted, with
	// repeats.
	Fingerprints []string
	Commits      int
	Bytes        int64 // of the files and patches that were looked at
}

// PlainHistory scans the history of all refs with gitleaks' default rules and
// reports just what "gitleaks git" of the same version reports: no merges, no
// messages, no rules of ours. It exists to be compared with that command; see
// cmd/secretsbench.
func PlainHistory(ctx context.Context, dir string) (PlainResult, error) {
	return plainHistory(ctx, dir, true)
}

func plainHistory(ctx context.Context, dir string, filtered bool) (PlainResult, error) {
	r, err := openRepo(ctx, dir)
	if err != nil {
		return PlainResult{}, err
	}
	defer r.close()
	rules, err := buildRules(rulesInput{})
	if err != nil {
		return PlainResult{}, err
	}
	rules.unfiltered = !filtered
	s := &session{repo: r, rules: rules, key: make([]byte, 32), plain: true}
	res, err := s.walk(ctx, []string{"--all"}, ends{}, nil, nil)
	if err != nil {
		return PlainResult{}, err
	}
	out := PlainResult{Commits: res.scanned, Bytes: s.bytes.Load()}
	for _, h := range s.found {
		if !h.Allowed {
			out.Fingerprints = append(out.Fingerprints, fmt.Sprintf("%s:%s:%s:%d", h.Commit, h.Path, h.Rule, h.Line))
		}
	}
	sort.Strings(out.Fingerprints)
	return out, nil
}
