package secrets

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/zricethezav/gitleaks/v8/config"
)

// The automaton leaves out just the paths that gitleaks' own expressions leave out:
// those of the default rules, and any that people may write.
func TestPathsAreLeftOutAsByGitleaks(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	parts := []string{"vendor/", "github.com/", "node_modules/", "a/", "B/", "dist/", "go.sum", "go.mod", "x.svg", "é", "\xff", "\n", "key", "tok_", "K\u0130", "app.min.js", "poetry.lock", "gradlew", ".", "-", "lib/python3.9/site-packages/",
		"package-lock.json", "verification-metadata.xml", "jquery.1.2.js", "gitleaks.toml", "Database.refactorlog", " ", "LICENSE", ".PNG", ".ttf"}
	path := func() string {
		var b strings.Builder
		for range 1 + rng.IntN(5) {
			b.WriteString(parts[rng.IntN(len(parts))])
		}
		return b.String()
	}
	compare := func(f *filter, cfg *config.Config, paths int) (allowed int) {
		m := newMatcher(f)
		for range paths {
			p := path()
			want := pathAllowedBy(cfg.Allowlists, p)
			if got := m.pathAllowed(p); got != want {
				t.Fatalf("%q: left out %v, by gitleaks %v", p, got, want)
			}
			if want {
				allowed++
			}
		}
		return allowed
	}
	rules := allRules()
	if rules.filter.pathParts == nil {
		t.Error("what is in every path that is left out is not known")
	}
	for range 20 { // a matcher's first paths are asked for in another way
		compare(rules.filter, rules.judge.defs.whole(), fewPaths)
	}
	if n := compare(rules.filter, rules.judge.defs.whole(), 20_000); n < 5_000 || n > 19_000 {
		t.Errorf("%d of 20000 paths are left out: they prove little", n)
	}
	allowed := 0
	for range 300 {
		cfg := &config.Config{Rules: map[string]config.Rule{}}
		for range 1 + rng.IntN(2) {
			a := &config.Allowlist{}
			for range 1 + rng.IntN(3) {
				if re, err := regexp.Compile(randomExpr(rng, 2)); err == nil {
					a.Paths = append(a.Paths, re)
				}
			}
			if rng.IntN(8) == 0 {
				a.MatchCondition = config.AllowlistMatchAnd // leaves nothing out by its paths alone
			}
			if a.Validate() == nil {
				cfg.Allowlists = append(cfg.Allowlists, a)
			}
		}
		allowed += compare(newFilter(cfg), cfg, 200)
	}
	if allowed < 5_000 || allowed > 55_000 {
		t.Errorf("%d of 60000 paths are left out: they prove little", allowed)
	}
}
