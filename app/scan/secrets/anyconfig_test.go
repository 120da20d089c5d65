package secrets

import (
	"fmt"
	"math/rand/v2"
	"regexp/syntax"
	"strings"
	"testing"
)

// A configuration the filter has never seen is made of three expressions, a
// keyword, a text for allowlists, and switches for everything else.
const (
	withKeyword = 1 << iota
	withGroup
	withPath
	withLineAllowlist
	withGlobalLineAllowlist
	withEntropy
	withStopWord
	withRequired
	withGlobalPath
	withAnd
	withGenericName
	switches = iota
)

// anyRules makes a rule set of a stranger's configuration alone; nil when
// gitleaks would not take it.
func anyRules(exprs [3]string, keyword, allow string, with uint) *ruleSet {
	on := func(w uint) bool { return with&w != 0 }
	var tc tomlConfig
	tc.Rules = append(tc.Rules, make([]struct {
		ID          string
		Description string
		Path        string
		Regex       string
		SecretGroup int
		Entropy     float64
		Keywords    []string
		Tags        []string
		AllowList   *tomlAllowlist
		Allowlists  []*tomlAllowlist
		Required    []struct {
			ID            string
			WithinLines   *int
			WithinColumns *int
		}
		SkipReport bool
	}, len(exprs))...)
	for i, expr := range exprs {
		r := &tc.Rules[i]
		r.ID, r.Regex = fmt.Sprintf("rule-%d", i), expr
		if on(withKeyword) && i != 1 {
			r.Keywords = []string{keyword}
		}
		if on(withEntropy) && i == 0 {
			r.Entropy = 2.5
		}
		if on(withGroup) && i == 1 {
			r.SecretGroup = 1
		}
		if on(withLineAllowlist) && i != 1 {
			r.Allowlists = append(r.Allowlists, &tomlAllowlist{RegexTarget: "line", Regexes: []string{allow}})
		}
		if on(withStopWord) && i == 2 {
			a := &tomlAllowlist{StopWords: []string{keyword}, Regexes: []string{allow}, RegexTarget: "match"}
			if on(withAnd) {
				a.Condition = "AND"
			}
			r.Allowlists = append(r.Allowlists, a)
		}
	}
	if on(withGenericName) {
		tc.Rules[0].ID = "generic-rule"
	}
	if on(withPath) {
		tc.Rules[1].Path = `\.(?:go|ya?ml)$`
	}
	if on(withRequired) {
		lines := 2
		tc.Rules[2].Required = append(tc.Rules[2].Required, struct {
			ID            string
			WithinLines   *int
			WithinColumns *int
		}{ID: "rule-1", WithinLines: &lines})
	}
	if on(withGlobalLineAllowlist) {
		tc.Allowlists = append(tc.Allowlists, &tomlAllowlist{RegexTarget: "line", Regexes: []string{allow}})
	}
	if on(withGlobalPath) {
		tc.Allowlists = append(tc.Allowlists, &tomlAllowlist{Paths: []string{`^vendor/`}})
	}
	tr := translator{file: "any"}
	cfg := tr.translate(&tc)
	if tr.err != nil {
		return nil
	}
	for _, id := range cfg.OrderedRules {
		r := cfg.Rules[id]
		if r.Validate() != nil {
			return nil
		}
		cfg.Rules[id] = r
		for _, k := range r.Keywords {
			cfg.Keywords[k] = struct{}{}
		}
	}
	rs := &ruleSet{}
	rs.use(cfg)
	return rs
}

var anyPaths = []string{"", "a/b.go", "x.yaml", "vendor/x.go", "notes.txt"}

// TestFilterLosesNothingOfAnyConfiguration holds the filter to plain gitleaks on
// configurations made by chance.
func TestFilterLosesNothingOfAnyConfiguration(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	configs, reported := 0, 0
	for configs < 60 {
		var exprs [3]string
		for i := range exprs {
			exprs[i] = randomExpr(rng, 3)
		}
		keyword := []string{"key", "K\u0130x", "s", "\u212aey", "a-b", "tok"}[rng.IntN(6)]
		rs := anyRules(exprs, keyword, randomExpr(rng, 1), uint(rng.IntN(1<<switches)))
		if rs == nil {
			continue
		}
		configs++
		for range 4 {
			content := hostile(rng, rs, rs.judge.defs.whole().OrderedRules[rng.IntN(3)])
			path := anyPaths[rng.IntN(len(anyPaths))]
			same(t, rs, content, path)
			reported += len(rs.judge.full().gitleaks.DetectString(string(content)))
		}
	}
	if reported < 80 {
		t.Errorf("gitleaks reported %d findings in all: the texts prove little", reported)
	}
}

// randomExpr makes an expression by chance, of the shapes people write and of
// some they do not.
func randomExpr(rng *rand.Rand, depth int) string {
	atoms := []string{"key", "tok_", "K", "s", "ab", `\b`, `\B`, "^", "$", `\A`, `\z`, `(?m:^)`, `[0-9]{3}`, `[a-f0-9]{4,8}`, `\w+`, `.`, `.*?`, `\s*[=:]\s*`, `["']?`, "é", "\u017f", "\u212a", "[k-m]", `[^\n]{1,5}`, "x{2,3}", `[A-Z]`, `(?i:secret)`, `\d`, "-", "://"}
	var b strings.Builder
	for range 1 + rng.IntN(4) {
		var part string
		if depth == 0 || rng.IntN(3) > 0 {
			part = atoms[rng.IntN(len(atoms))]
		} else {
			switch rng.IntN(5) {
			case 0:
				part = "(" + randomExpr(rng, depth-1) + ")"
			case 1:
				part = "(?:" + randomExpr(rng, depth-1) + "|" + randomExpr(rng, depth-1) + ")"
			case 2:
				part = "(?:" + randomExpr(rng, depth-1) + ")" + []string{"?", "*", "+", "{2}", "{0,2}", "*?", "{0,130}?", "{1,150}"}[rng.IntN(8)]
			case 3:
				part = "(?i:" + randomExpr(rng, depth-1) + ")"
			default:
				part = "(?s:" + randomExpr(rng, depth-1) + ")"
			}
		}
		b.WriteString(part)
	}
	return b.String()
}

func FuzzFilterOfAnyConfiguration(f *testing.F) {
	f.Add("key=(\\w+)", "tok_[0-9]{3}", "(?i)secret.{0,4}x", "key", "ok$", uint(withKeyword|withLineAllowlist), []byte("key=abc\ntok_123 SECRET  x ok\n"), "a.go")
	f.Add(`\Aab`, `b\z`, `(?m)^\s*k`, "\u212a", "^x", uint(withGroup|withRequired|withGenericName), []byte("ab\n k\u212ab"), "")
	f.Fuzz(func(t *testing.T, a, b, c, keyword, allow string, with uint, content []byte, path string) {
		if len(a)+len(b)+len(c)+len(allow) > 150 || len(keyword) > 20 || len(content) > 3000 {
			return
		}
		for _, expr := range []string{a, b, c, allow} {
			re, err := syntax.Parse(expr, syntax.Perl)
			if err != nil || re.Op == syntax.OpEmptyMatch {
				return
			}
		}
		rs := anyRules([3]string{a, b, c}, keyword, allow, with)
		if rs == nil {
			return
		}
		same(t, rs, content, path)
	})
}
