package secrets

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/zricethezav/gitleaks/v8/config"
)

// TestWhatAFindingNeedsIsKnown derives it from rules of which it can be said, and from
// some that only look so.
func TestWhatAFindingNeedsIsKnown(t *testing.T) {
	const letters = `^[a-zA-Z_.-]+$`
	only := func(exprs ...string) []*config.Allowlist {
		a := &config.Allowlist{}
		for _, e := range exprs {
			a.Regexes = append(a.Regexes, regexp.MustCompile(e))
		}
		return []*config.Allowlist{a}
	}
	target := func(what string) []*config.Allowlist {
		lists := only(letters)
		lists[0].RegexTarget = what
		return lists
	}
	and := only(letters)
	and[0].MatchCondition = config.AllowlistMatchAnd
	andMore := only(letters)
	andMore[0].MatchCondition, andMore[0].StopWords = config.AllowlistMatchAnd, []string{"x"}
	for name, c := range map[string]struct {
		expr  string
		group int
		lists []*config.Allowlist
		known bool
	}{
		"as in gitleaks":                      {`(?i)key=([a-z0-9]{8,})(?:["\s]|\\n|$)`, 0, only(letters), true},
		"one of several":                      {`key=([a-z0-9]{8,})(?:\s|$)`, 1, only(`x`, letters), true},
		"of the secret":                       {`key=([a-z0-9]{8,})(?:\s|$)`, 1, target("secret"), true},
		"alone in a list that wants all":      {`key=([a-z0-9]{8,})(?:\s|$)`, 1, and, true},
		"a list that wants more":              {`key=([a-z0-9]{8,})(?:\s|$)`, 1, andMore, false},
		"of the match":                        {`key=([a-z0-9]{8,})(?:\s|$)`, 0, target("match"), false},
		"of the line":                         {`key=([a-z0-9]{8,})(?:\s|$)`, 0, target("line"), false},
		"no list":                             {`key=([a-z0-9]{8,})(?:\s|$)`, 0, nil, false},
		"a list of some lengths":              {`key=([a-z0-9]{8,})(?:\s|$)`, 0, only(`^[a-z]{3,9}$`), false},
		"a list of what begins so":            {`key=([a-z0-9]{8,})(?:\s|$)`, 0, only(`^[a-z]+`), false},
		"a list of lines":                     {`key=([a-z0-9]{8,})(?:\s|$)`, 0, only(`(?m)^[a-z]+$`), false},
		"another group":                       {`key=(a)([a-z0-9]{8,})(?:\s|$)`, 2, only(letters), false},
		"no group":                            {`key=[a-z0-9]{8,}(?:\s|$)`, 0, only(letters), false},
		"a group that may be missing":         {`key=([a-z0-9]{8,})?(?:\s|$)`, 0, only(letters), false},
		"a group that may be empty":           {`key=([a-z0-9]*)(?:\s|$)`, 0, only(letters), false},
		"a group with newlines":               {`key=([a-z0-9\s]{8,})(?:;|$)`, 0, only(letters), false},
		"a group with a literal":              {`key=(live_[a-z0-9]{8,})(?:\s|$)`, 0, only(letters), false},
		"a group that looks around":           {`key=(\b[a-z0-9]{8,})(?:\s|$)`, 0, only(letters), false},
		"no end of the text":                  {`key=([a-z0-9]{8,})(?:\s|;)`, 0, only(letters), false},
		"an end of several newlines":          {`key=([a-z0-9]{8,})(?:\s+|$)`, 0, only(letters), false},
		"an end with more than a newline":     {`key=([a-z0-9]{8,})(?:;\n|$)`, 0, only(letters), false},
		"an end that could be the secret's":   {`key=([a-z0-9;]{8,})(?:[\s;]|$)`, 0, only(letters), false},
		"an end longer than a secret":         {`key=([a-z0-9]{8,})(?:;[a-z]{8}|$)`, 0, only(letters), false},
		"flags before it":                     {`key=([a-z0-9]{8,})(?:\s|$)`, 0, only(`(?i)x`, letters), false},
		"an open quote before it":             {`key=([a-z0-9]{8,})(?:\s|$)`, 0, only(`\Qx`, letters, `\Qx\E`), false},
		"the word's beginning":                {`\bkey=([a-z0-9]{8,})(?:\s|$)`, 0, only(letters), false},
		"a beginning that may be a newline":   {`\s?key=([a-z0-9]{8,})(?:\s|$)`, 0, only(letters), false},
		"a beginning that may be a line's":    {`(?:^|;)key=([a-z0-9]{8,})(?:\s|$)`, 0, only(letters), false},
		"a beginning and a newline within it": {`x?key\s?=([a-z0-9]{8,})(?:\s|$)`, 0, only(letters), true},
	} {
		n := needsOf(config.Rule{RuleID: "x", Regex: regexp.MustCompile(c.expr), SecretGroup: c.group, Allowlists: c.lists})
		if (n != nil) != c.known {
			t.Errorf("%s: known %v, want %v", name, n != nil, c.known)
		}
		if n != nil && (n.least != 8 || n.in([]byte("= abcdefgh;")) || n.in([]byte("= abc1;abcdefgh")) || !n.in([]byte("= abcdefg1;"))) {
			t.Errorf("%s: %+v", name, n)
		}
	}
}

// TestNothingIsMissedForWhatItNeeds holds texts full of places where keys of any kind
// almost match to plain gitleaks.
func TestNothingIsMissedForWhatItNeeds(t *testing.T) {
	own, err := buildRules(rulesInput{own: true, repo: []byte(needyConfig)})
	if err != nil {
		t.Fatal(err)
	}
	pieces := []string{"key", "Key", "token", "api", "secret", "auth", "pass\u212aey", "to\u212aen", "acce\u017fs", "zz", "kk", "=", ": ", " = ", ",", "\"", "'", " ", "\n", "\n\n", "\r\n", "\\n", ";", "==",
		"answer.accepted", "abcdefghijklmnop", "q9Zx2Wv5Rk7Lm3Tp", "9", "+", "/", "x-y_z", "A1", "\u017f", "é", "%71%39Zx2Wv5Rk7Lm3Tp", "cTlaeDJXdjVSazdMbTNUcA==", "key=", "key: \"", "zz=", "kk\n=\n"}
	for name, rs := range map[string]*ruleSet{"default": allRules(), "configured": own} {
		t.Run(name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(9, 8))
			found, spared := 0, 0
			for range 6000 {
				var b strings.Builder
				for range 2 + rng.IntN(14) {
					b.WriteString(pieces[rng.IntN(len(pieces))])
				}
				content := []byte(b.String())
				same(t, rs, content, "a.go")
				found += len(rs.find(t.Context(), text{content: content, path: "a.go"}))
				m := newMatcher(rs.filter)
				m.each(content, func(p *pattern, end int, at func(int) int) {
					for _, a := range p.anchor {
						from := at(end - int(a.length))
						if ok, to := m.follow(a, content, from); ok && !rs.filter.rules[a.rule].needs.in(content[from:to]) {
							spared++
						}
					}
				})
			}
			if found < 200 || spared < 100 {
				t.Errorf("%d found, %d matches spared: they prove little", found, spared)
			}
		})
	}
}

// TestASecretIsMissedThatOnlySeemsAllowed: what gitleaks reports is not always what the
// rule's group took where it matched, nor is an allowlist's expression always asked as it
// is written.
func TestASecretIsMissedThatOnlySeemsAllowed(t *testing.T) {
	var branches []string
	for i := range 60 {
		if i < 45 {
			branches = append(branches, fmt.Sprintf("[%c-%c]lit%02d[g-z0-9]{0,9}", 'a'+i%9, 'n'+i/9, i))
		} else {
			branches = append(branches, fmt.Sprintf("%cb[0-9][0-9][0-9]xy[g-z0-9]{3}", 'a'+i-45))
		}
	}
	for name, c := range map[string]struct {
		expr    string
		allowed []string
		text    string
	}{
		"the match alone has a longer one":              {`x[a-z0-9]*?key([a-z0-9]{5,}[;,!|.]|[a-z]{5,})(?:[;,!|.]|$)`, []string{`^[a-z;,!|.]+$`}, "xkeyabc1keyabcde;?"},
		"a flag holds for the next expression, too":     {`key=([A-Za-z0-9]{5,})(?:;|$)`, []string{`(?i)foo`, `^[^a-f]+$`}, "key=ABCDEFGH;"},
		"a quote goes on in the next expression":        {`key=([A-Za-z0-9]{5,})(?:;|$)`, []string{`\Qabc`, `^[a-z]+$`, `\Qx\E`}, "key=abcdefgh;"},
		"it begins before the literal that is followed": {`k(` + strings.Join(branches, "|") + `)(?:;|$)`, []string{`^[b-z0-9]+$`}, "kalit09zzz;"},
	} {
		t.Run(name, func(t *testing.T) {
			rs, err := buildRules(rulesInput{own: true, repo: fmt.Appendf(nil, "[[rules]]\nid = 'x'\nregex = '''%s'''\n[[rules.allowlists]]\nregexes = ['''%s''']", c.expr, strings.Join(c.allowed, "''', '''"))})
			if err != nil {
				t.Fatal(err)
			}
			if len(rs.judge.full().gitleaks.DetectString(c.text)) != 1 {
				t.Errorf("gitleaks reports nothing in %q", c.text)
			}
			same(t, rs, []byte(c.text), "a.go")
		})
	}
}

// needyConfig has rules whose secrets must have something, with what makes that hard.
const needyConfig = `
[extend]
useDefault = true

[[rules]]
id = "needy"
regex = '''[k-m.]{0,9}?kk(?:[\w.]{0,9})\s{0,3}=\s{0,3}([\w.=-]{5,}|[a-z][a-z+/]{6,}={0,2})(?:[\s"';]|\\[nr]|$)'''
keywords = ["kk"]
[[rules.allowlists]]
regexes = ['''^[a-zA-Z_.-]+$''']

[[rules]]
id = "needy-without-newline"
regex = '''(?i)zz[a-z]{0,4}?=("?[a-z0-9\x60]{3,9})(?:\s|$)'''
keywords = ["zz"]
[[rules.allowlists]]
condition = "AND"
regexes = ['''^[a-z]+$''']
`
