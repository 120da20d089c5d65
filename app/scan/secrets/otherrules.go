package secrets

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/launchgate/launchgate/app/refs"
)

// Under new rules everything is looked at anew, and an update of Launchgate brings new
// rules. What looks under other rules covered and no ref reaches any more is then looked
// at, too, as long as the repository holds it: neither a forced push nor an update takes
// anything back.

// maxOtherRules is of how many other sets of rules what they covered is looked at.
const maxOtherRules = 16

// otherRules returns the stores of the same repository under other rules, the last that
// was written first, if there was no look under these. What is wrong with one of them is
// for looks under those rules.
func (st *store) otherRules() []*store {
	if len(st.tips) > 0 {
		return nil
	}
	paths, err := filepath.Glob(filepath.Join(filepath.Dir(filepath.Dir(st.path)), "*", filepath.Base(st.path)))
	if err != nil || st.path == "" {
		return nil
	}
	written := make(map[string]int64)
	for _, p := range paths {
		if info, err := os.Stat(p); err == nil && p != st.path {
			written[p] = info.ModTime().UnixNano()
		}
	}
	paths = sortedKeys(written)
	slices.SortStableFunc(paths, func(a, b string) int { return int(max(-1, min(1, written[b]-written[a]))) })
	var out []*store
	for _, p := range paths[:min(len(paths), maxOtherRules)] {
		other := &store{path: p, key: st.key}
		if other.read() == nil && len(other.tips) > 0 {
			out = append(out, other)
		}
	}
	return out
}

// underOtherRules looks at what only looks under other rules covered. It returns the tips
// that it added to what the walk of res reached.
func (s *session) underOtherRules(ctx context.Context, st *store, others []*store, tips []string, res *walkResult) (more []string, err error) {
	if more, err = s.unreached(ctx, others, tips); err != nil {
		return nil, err
	}
	if len(more) > 0 {
		found, seen := len(s.found), s.configures
		s.ahead, s.covered = nil, st.covered+len(res.order)
		known := func(id string) ([]hit, bool) {
			if _, again := res.order[id]; again {
				return nil, true // where dates go backwards, git may list it for both
			}
			return st.known(id)
		}
		gone, err := s.walk(ctx, append(slices.Clone(more), negated(tips)...), ends{tips: more, old: tips}, known, s.rememberInAll(st))
		s.covered, s.configures = st.covered, s.configures || seen
		switch {
		case err == nil:
			res.append(gone)
			for _, id := range more {
				s.refs = append(s.refs, refs.Ref{ID: id, Name: "refs/tags/of other rules"}) // if it is a tag
			}
		case ctx.Err() != nil:
			return nil, err
		default:
			// Parts of what no ref reaches may be gone, and nobody misses them.
			s.found, more = s.found[:found], nil
			for id := range gone.order {
				delete(s.held, id)
			}
		}
	}
	return more, nil
}

// unreached returns those tips of other stores that the repository holds and that are
// not among tips.
func (s *session) unreached(ctx context.Context, others []*store, tips []string) ([]string, error) {
	ids := make(map[string]bool)
	for _, other := range others {
		for _, id := range without(other.tips, tips) {
			ids[id] = true
		}
	}
	return s.repo.present(ctx, sortedKeys(ids))
}

// append adds what another walk saw, as if it had come after this one.
func (res *walkResult) append(more walkResult) {
	ids := sortedKeys(more.order)
	slices.SortFunc(ids, func(a, b string) int { return more.order[a] - more.order[b] })
	for _, id := range ids {
		if _, again := res.order[id]; !again {
			res.order[id] = len(res.order)
		}
	}
	for id := range more.parents {
		res.parents[id] = true
	}
	for id, d := range more.dates {
		res.dates[id] = d
	}
	res.scanned, res.expected = res.scanned+more.scanned, res.expected+more.expected
}

// adopt takes over what stores of other rules say of commits and tags that are gone from
// the repository, if both are the rules of some version of Launchgate: those of the
// repository's own were changed for a reason, and nobody can tell what they would say.
func (s *session) adopt(st *store, others []*store, res *walkResult) {
	if !s.rules.unconfigured {
		return
	}
	var kept []hit
	for _, other := range others {
		if other.at == nil || !other.at.Unconfigured {
			continue
		}
		for _, holder := range sortedKeys(other.held) {
			if _, walked := res.order[holder]; walked || s.tagged[holder] || st.held[holder] {
				continue
			}
			for _, h := range other.hits[holder] {
				if _, still := ruleInfos()[h.Rule]; still && !s.rules.pathAllowed(h.scannedPath()) {
					kept = append(kept, h)
					st.held[holder] = true
				}
			}
		}
	}
	st.hold(nil, kept)
}

// sayOtherRules says that more than what refs reach was looked at.
func sayOtherRules(n int) string {
	return fmt.Sprintf("%d commits that no branch or tag reaches any more were looked at, too: looks under other rules had covered them.", n)
}
