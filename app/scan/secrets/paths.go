package secrets

import (
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/zricethezav/gitleaks/v8/config"
)

// A history has as many paths as files, and a tenth of a scan went into asking the
// expressions of gitleaks' global allowlist of each. They are followed like those
// of rules, by an automaton, all at once.

// allowedPaths makes the program that matches, from its beginning on, a path that
// one of the allowlists leaves out by itself; nil when there is none.
func allowedPaths(lists []*config.Allowlist) *program {
	either := &syntax.Regexp{Op: syntax.OpAlternate}
	for _, a := range lists {
		if a.MatchCondition != config.AllowlistMatchOr || len(a.Paths) == 0 {
			continue
		}
		// As gitleaks joins them: flags of one hold for those after it.
		var exprs []string
		for _, re := range a.Paths {
			exprs = append(exprs, exprOf(re))
		}
		re, err := syntax.Parse("(?:"+strings.Join(exprs, "|")+")", syntax.Perl)
		if err != nil {
			return nil
		}
		either.Sub = append(either.Sub, re)
	}
	if len(either.Sub) == 0 {
		either.Op = syntax.OpNoMatch
	}
	before := &syntax.Regexp{Op: syntax.OpStar, Flags: syntax.Perl, Sub: []*syntax.Regexp{{Op: syntax.OpAnyChar}}}
	prog, ok := compileProgram([]*syntax.Regexp{before, either})
	if !ok {
		return nil
	}
	return prog
}

// fewPaths is how many paths are asked for without the automaton if their letters
// rule them out: to make it takes longer.
const fewPaths = 500

// lacks reports whether a path is ASCII and has none of the literals, lower case. A
// letter outside ASCII can match as some in it.
func lacks(path string, literals []string) bool {
	if !isASCII(path) {
		return false
	}
	path = strings.ToLower(path)
	return !slices.ContainsFunc(literals, func(l string) bool { return strings.Contains(path, l) })
}

// pathAllowed reports whether a global allowlist leaves a path out.
func (m *matcher) pathAllowed(path string) bool {
	if path == "" {
		return false
	}
	if m.paths == nil {
		if m.few++; m.few <= fewPaths && m.f.pathParts != nil && lacks(path, m.f.pathParts) {
			return false
		}
		prog := m.f.paths()
		if prog == nil {
			return pathAllowedBy(m.f.lists, path)
		}
		m.paths = newDFA(prog, false, &m.room)
	}
	m.path = append(m.path[:0], path...)
	allowed, _ := m.paths.match(m.path, 0)
	return allowed
}

func pathAllowedBy(lists []*config.Allowlist, path string) bool {
	for _, a := range lists {
		if a.MatchCondition == config.AllowlistMatchOr && a.PathAllowed(path) {
			return true
		}
	}
	return false
}

// pathAllowed reports whether a global allowlist leaves a path out.
func (rs *ruleSet) pathAllowed(path string) bool {
	m := rs.filter.pool.Get().(*matcher)
	defer rs.filter.pool.Put(m)
	return m.pathAllowed(path)
}

// reportsName reports whether a rule could report a file for its name alone.
func (f *filter) reportsName(path string) bool {
	f.byName.Do(func() {
		for i := range f.rules {
			if r := &f.rules[i]; r.pathOnly {
				f.names = append(f.names, r.path)
			}
		}
	})
	return slices.ContainsFunc(f.names, func(p *pathTest) bool { return p == nil || p.match(path) })
}

// newlyRuled reports whether a rule that is about files of some names is about one of
// this name and was not about it under another.
func (f *filter) newlyRuled(before, path string) bool {
	return slices.ContainsFunc(f.rules, func(r ruleFilter) bool {
		return r.path != nil && !r.pathOnly && r.path.match(path) && !r.path.match(before)
	})
}
