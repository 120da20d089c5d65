package secrets

import (
	"context"

	"github.com/launchgate/launchgate/app/refs"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan"
)

// A look at a history of which all but a push was looked at needs to know which rules
// apply, and what is new. Mostly a repository says nothing about secrets, before and
// after the push; then the git that shows what is new says all of it, and no other has
// to be started.

// resume begins a look at history where an earlier one ended, under the default rules,
// and looks at what is new. It returns nil, and has done nothing, when there is
// anything else to it.
func (s *session) resume(ctx context.Context, req scan.Request, hs HistorySettings) *beginning {
	named, ok := refs.Read(s.repo.dir)
	if !ok || req.CacheDir == "" {
		return nil
	}
	rules := defaultRules()
	st, err := openStore(req.CacheDir, s.repo, rules, s.key)
	if err != nil || len(st.tips) == 0 || len(st.done) > 0 || st.at == nil || !st.at.Unconfigured {
		return nil
	}
	tips := hs.tipsOf(named, req.Head)
	b := &beginning{st: st, tips: tips, old: st.tips, new: true}
	fresh := without(tips, st.tips)
	if len(fresh) > maxNewTips {
		return nil
	}
	// Both fail if the repository does not hold one of the old tips.
	s.rules, s.refs = rules, named
	s.ahead = s.readAhead(ctx, ends{tips: tips, old: st.tips, recent: st.recentSet()})
	if s.ahead == nil && len(fresh) > 0 {
		s.ahead = s.lookAhead(ctx, append(fresh, negated(st.tips)...), true)
	}
	if s.ahead != nil && s.stillUnconfigured(ctx, st, req.Head) {
		return b
	}
	s.rules, s.refs, s.ahead = nil, nil, nil
	return nil
}

// stillUnconfigured reports whether the tree of head says as little about secrets as
// that of the commit where the last look left off.
func (s *session) stillUnconfigured(ctx context.Context, st *store, head review.SHA) bool {
	// What no commit ever brought, none has; merges are listed with what none of their
	// parents has.
	if st.silent {
		return !s.ahead.configures()
	}
	touched := false
	if s.ahead.between(st.at.Commit, head, func(c change) { touched = touched || isConfig(c.path) }) {
		return !touched
	}
	rules, err := loadRules(ctx, s.repo, head)
	return err == nil && rules.unconfigured
}
