package secrets

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/zricethezav/gitleaks/v8/detect/codec"
	"github.com/zricethezav/gitleaks/v8/report"
)

var allRules = sync.OnceValue(func() *ruleSet {
	rs, err := buildRules(rulesInput{own: true})
	if err != nil {
		panic(err)
	}
	return rs
})

// oddRules are a repository's rules in shapes the filter must not trip over.
var oddRules = sync.OnceValue(func() *ruleSet {
	rs, err := buildRules(rulesInput{own: true, repo: []byte(`
[extend]
useDefault = true
[[rules]]
id = "no-literal"
regex = '''[0-9]{4}-[a-f]{3}-[0-9]{4}'''
[[rules]]
id = "any"
regex = '''(?i)k.{2,4}ß.*?x'''
[[rules]]
id = "anchored"
regex = '''(?m)^start:(\w+)$'''
[[rules]]
id = "text-anchored"
regex = '''\Astart2:(\w+)\z'''
[[rules]]
id = "optional"
regex = '''(?:abc)?(?:def)*[0-9]{3}z{2}'''
[[rules]]
id = "folded"
regex = '''(?i)sks-([a-z]+)'''
keywords = ["SKS"]
[[rules]]
id = "alternatives"
regex = '''(?:one|two(?:three)?|f[ou]ur)-(?:[0-9]+|x)\b'''
[[rules]]
id = "by-path"
path = '''\.pem$'''
[[rules]]
id = "needs-another"
regex = '''user=(\w+)'''
[[rules.required]]
id = "its-pass"
withinLines = 3
[[rules]]
id = "its-pass"
regex = '''pass=(\w+)'''
skipReport = true
keywords = ["zzz-not-there"]
[[rules]]
id = "lines"
regex = '''lines=(\w+)'''
[[rules.allowlists]]
regexTarget = "line"
regexes = ['''ok$''']
`)})
	if err != nil {
		panic(err)
	}
	if len(rs.notes) > 0 {
		panic(rs.notes[0])
	}
	return rs
})

// same fails when the filter and its windows change what gitleaks reports, or when
// screening would.
func same(t *testing.T, rs *ruleSet, content []byte, path string) {
	t.Helper()
	in := text{content: content, path: path, commit: strings.Repeat("a", 40), line: 7}
	with := key(rs.find(context.Background(), in))
	without := key(rs.judge.full().gitleaks.DetectContext(context.Background(), in.fragment()))
	if !slices.Equal(with, without) {
		t.Fatalf("filtered:\n%s\nplain:\n%s\ntext (%d bytes, %s):\n%.3000q", strings.Join(with, "\n"), strings.Join(without, "\n"), len(content), path, content)
	}
	if len(content) <= 4000 {
		checkScreened(t, rs, content, path)
	}
}

func key(fs []report.Finding) []string {
	var out []string
	for _, f := range fs {
		out = append(out, fmt.Sprintf("%s %d:%d-%d %q %q %v", f.RuleID, f.StartLine, f.StartColumn, f.EndLine, f.Secret, f.Match, allowedInline(f)))
	}
	slices.Sort(out)
	return out
}

// TestFilterLosesNothing holds the filter to plain gitleaks on texts that are
// full of what each rule matches, whole, broken, folded and encoded.
func TestFilterLosesNothing(t *testing.T) {
	rounds := 1
	for _, rs := range []*ruleSet{allRules(), oddRules()} {
		rng := rand.New(rand.NewPCG(1, 2))
		found := make(map[string]bool)
		for range rounds {
			for _, id := range rs.judge.defs.whole().OrderedRules {
				content := hostile(rng, rs, id)
				for _, path := range []string{"", "a/b.go", "x.yaml", "x.php", "x.tf", "nuget.config", "k.pem", "k.p12"} {
					if path == "" || rng.IntN(6) == 0 || rs.judge.defs.whole().Rules[id].Path != nil {
						same(t, rs, content, path)
					}
				}
				for _, f := range rs.judge.full().gitleaks.DetectString(string(content)) {
					found[f.RuleID] = true
				}
			}
		}
		if len(found) < len(rs.judge.defs.whole().OrderedRules)*2/3 {
			t.Errorf("the texts made gitleaks report only %d of %d rules: they prove little", len(found), len(rs.judge.defs.whole().OrderedRules))
		}
	}
}

// hostile makes a text around samples of a rule and of some others.
func hostile(rng *rand.Rand, rs *ruleSet, id string) []byte {
	var b bytes.Buffer
	filler := []string{" ", "\n", "\r\n", "x := call(key, token)\n", "é", "\u212a", "\u017fecret = ", "\u0130", "\xff\xfe", "\x00", "password = \"", "api_key: ", "=", "'", "\"", "`", ";",
		strings.Repeat("abcdefgh ", 40), strings.Repeat("0123456789abcdef", 9), "%41", "%zz", "\\u0041\\u0042", "U+0041 U+0042", " gitleaks:allow", "ok", "user=ada ", "pass=hunter", "lines=abc ok\n", "start:abc\n",
		"1234-abc-1234", "123zz", "one-1 ", "k  ß x", strings.Repeat("-", 30)}
	n := 3 + rng.IntN(12)
	for range n {
		switch rng.IntN(4) {
		case 0, 1:
			b.WriteString(filler[rng.IntN(len(filler))])
			if rng.IntN(3) == 0 {
				b.WriteString(strings.Repeat("let a = b.c(d, 1);", rng.IntN(80)))
			}
		case 2:
			other := rs.judge.defs.whole().OrderedRules[rng.IntN(len(rs.judge.defs.whole().OrderedRules))]
			b.WriteString(sample(rng, rs, other))
		default:
			b.WriteString(sample(rng, rs, id))
		}
	}
	if len(rs.judge.defs.whole().Rules[id].Keywords) > 0 && rng.IntN(2) == 0 {
		b.WriteString("\n" + rs.judge.defs.whole().Rules[id].Keywords[0])
	}
	return b.Bytes()
}

// sample makes a string that a rule matches, sometimes spoiled or encoded.
func sample(rng *rand.Rand, rs *ruleSet, id string) string {
	r := rs.judge.defs.whole().Rules[id]
	if r.Regex == nil {
		return ""
	}
	re, err := syntax.Parse(exprOf(r.Regex), syntax.Perl)
	if err != nil {
		return ""
	}
	var b strings.Builder
	generate(rng, &b, re)
	s := b.String()
	switch rng.IntN(10) {
	case 0:
		s = strings.ToUpper(s)
	case 1:
		if len(s) > 2 {
			i := rng.IntN(len(s))
			s = s[:i] + "!" + s[i+1:]
		}
	case 2:
		s = base64.StdEncoding.EncodeToString([]byte(s))
	case 3:
		s = base64.RawURLEncoding.EncodeToString([]byte(" " + s))
	case 4:
		s = hex.EncodeToString([]byte(s))
	case 5:
		s = url.QueryEscape(s)
	case 6:
		s = base64.StdEncoding.EncodeToString([]byte(url.PathEscape(s)))
	}
	if rng.IntN(2) == 0 {
		s = "\n" + s + "\n"
	}
	return s
}

func generate(rng *rand.Rand, b *strings.Builder, re *syntax.Regexp) {
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			b.WriteRune(r)
		}
	case syntax.OpCharClass:
		if len(re.Rune) == 0 {
			return
		}
		for range 20 {
			i := rng.IntN(len(re.Rune)/2) * 2
			lo, hi := re.Rune[i], min(re.Rune[i+1], re.Rune[i]+200)
			r := lo + rune(rng.IntN(int(hi-lo)+1))
			if r >= ' ' && r < 0x7f || re.Rune[len(re.Rune)-1] < ' ' {
				b.WriteRune(r)
				return
			}
		}
		b.WriteRune(re.Rune[0])
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		b.WriteByte(byte('a' + rng.IntN(26)))
	case syntax.OpCapture:
		generate(rng, b, re.Sub[0])
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			generate(rng, b, sub)
		}
	case syntax.OpAlternate:
		generate(rng, b, re.Sub[rng.IntN(len(re.Sub))])
	case syntax.OpQuest:
		if rng.IntN(2) == 0 {
			generate(rng, b, re.Sub[0])
		}
	case syntax.OpStar, syntax.OpPlus, syntax.OpRepeat:
		n := rng.IntN(3)
		if re.Op == syntax.OpPlus {
			n++
		}
		if re.Op == syntax.OpRepeat {
			n = re.Min
			if re.Max > re.Min {
				n += rng.IntN(min(re.Max-re.Min, 6) + 1)
			}
		}
		for range n {
			generate(rng, b, re.Sub[0])
		}
	}
}

// fuzzedBytes bounds fuzzed texts: gitleaks asks every rule of them, and a fuzzer that
// is run a few times a minute finds nothing.
const fuzzedBytes = 1200

// FuzzFilterLosesNothing begins with a few lines of what each rule matches.
func FuzzFilterLosesNothing(f *testing.F) {
	rng := rand.New(rand.NewPCG(3, 4))
	for i, id := range allRules().judge.defs.whole().OrderedRules {
		content := hostile(rng, allRules(), id)
		from := rng.IntN(max(1, len(content)-fuzzedBytes/3))
		f.Add(content[from:min(len(content), from+fuzzedBytes/3)], []string{"a/b.go", "x.yaml", ""}[i%3], i%4 == 0)
	}
	f.Add([]byte("\u017fecret = \"abc\"\n"+strings.Repeat("x", fuzzedBytes-100)), "x.yaml", true)
	f.Fuzz(func(t *testing.T, content []byte, path string, odd bool) {
		if len(content) > fuzzedBytes {
			return
		}
		rules := allRules()
		if odd {
			rules = oddRules()
		}
		same(t, rules, content, path)
	})
}

func FuzzDecoderIsGitleaks(f *testing.F) {
	for _, s := range []string{"%41%42 %7A\n%00", "\\u0041\\\\u0042\\\\\\u0043", "U+0041 U+0042\nU+0043", "abcU+0041 ", strings.Repeat("41", 20) + "ghij" + strings.Repeat("QUJD", 6) + "==",
		"QUJDREVGR0hJSktM", "a%41QUJDREVGR0hJSktM", "x" + strings.Repeat("61", 16), "----------------", "%4%41", "\xffU+0041",
		strings.Repeat("let a = b.c(d, 1);\n", 70) + "QUJDREVGR0hJSktM\n" + strings.Repeat("let a = b.c(d, 1);\n", 70) + "a%41QUJDREVGR0hJSktM"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		wantText, wantSegments := codec.NewDecoder().Decode(string(in), nil)
		got, segments := decodeOnce(in)
		if string(got) != wantText || len(segments) != len(wantSegments) {
			t.Fatalf("decoded %q to %q with %d segments, gitleaks to %q with %d", in, got, len(segments), wantText, len(wantSegments))
		}
		if len(wantSegments) > 0 && !decodable(in) {
			t.Fatalf("%q is called undecodable", in)
		}
	})
}

// FuzzFollow holds the automaton to package regexp.
func FuzzFollow(f *testing.F) {
	f.Add("a+b", []byte("aab"))
	f.Add(`\bk[a-z]{2,4}$`, []byte("key"))
	f.Add(`(?i)k(?:é|\n)*?\B.`, []byte("K\u212a\xff"))
	f.Add(`k[\s\S]{3,}?K(?: B)?-`, []byte("k\n123K BK-45\nK-K B-"))
	f.Add(`k(?:a*?b|ab*?$|.+?\z)`, []byte("kaab\nbb\n"))
	f.Add(`ka*b*?`, []byte("kaaabb\nkaaa"))
	f.Add(`k(?:[ab]ab*|a)d*?`, []byte("kaabb"))
	f.Fuzz(func(t *testing.T, expr string, text []byte) {
		re, err := syntax.Parse(expr, syntax.Perl)
		if err != nil || len(expr) > 60 || len(text) > 500 {
			return
		}
		p, ok := compileProgram(flatten(nil, re.Simplify()))
		if !ok {
			return
		}
		whole, err := regexp.Compile(`\A(?:` + expr + `)`)
		if err != nil {
			return // an open \Q swallows the parenthesis
		}
		followsFromAnywhere(t, p, expr, text)
		want := whole.FindIndex(text)
		got, to := newDFA(p, false, new(dfaRoom)).match(text, 0)
		if got != (want != nil) || got && want[1] > to {
			t.Fatalf("%q on %q: %v, reaching %d, want %d", expr, text, got, to, want)
		}
		if to < len(text) {
			for _, rest := range []string{" ", "\n", "k", "K-", "ab\n"} {
				if has := whole.FindIndex(append(slices.Clip(text[:to]), rest...)); !slices.Equal(has, want) {
					t.Fatalf("%q on %q: %d, and %d when %q follows %d bytes: it reaches further than said", expr, text, want, has, rest, to)
				}
			}
		}
		got, to = newDFA(p, true, new(dfaRoom)).match(text, 0)
		for end := 0; end < len(text); {
			if n := bytes.IndexByte(text[end:], '\n'); n >= 0 {
				end += n + 1
			} else {
				end = len(text)
			}
			if want := whole.FindIndex(text[:end]); want != nil && (!got || want[1] > to) {
				t.Fatalf("%q on the lines %q of %q: %v, reaching %d, want %d", expr, text[:end], text, got, to, want)
			}
		}
	})
}

// followsFromAnywhere compares one automaton, with room for many states and for few,
// with package regexp at each character of a text.
func followsFromAnywhere(t *testing.T, p *program, expr string, text []byte) {
	t.Helper()
	defer func(n int) { maxStates = n }(maxStates)
	room := new(dfaRoom)
	many, few := newDFA(p, false, room), newDFA(p, false, room)
	starts := []int{0}
	for i := 0; i < len(text) && len(starts) < 12; {
		_, size := utf8.DecodeRune(text[i:])
		i += size
		starts = append(starts, i)
	}
	for n, from := range starts {
		// From there on, and what is before it is seen.
		re, err := regexp.Compile(fmt.Sprintf(`\A(?s:.{%d})(?:%s)`, n, expr))
		if err != nil {
			return
		}
		want := re.FindIndex(text)
		for i, d := range []*dfa{many, few} {
			maxStates = []int{2000, 2}[i]
			if got, to := d.match(text, from); got != (want != nil) || got && want[1] > to {
				t.Fatalf("%q on %q from %d, with at most %d states: %v, reaching %d, want %d", expr, text, from, maxStates, got, to, want)
			}
		}
	}
}

// TestAnchorsCoverTheDefaultRules fails when a new version of gitleaks brings
// rules the filter cannot follow: they are let through, but cost time.
func TestAnchorsCoverTheDefaultRules(t *testing.T) {
	var open []string
	for _, r := range allRules().filter.rules {
		if !r.anchored && !r.pathOnly {
			open = append(open, r.id)
		}
	}
	if want := []string{"sourcegraph-access-token"}; !slices.Equal(open, want) {
		t.Errorf("rules without anchors: %v, want %v", open, want)
	}
}

// TestOneForeignLetterMakesGitleaksReadAWholeBundle: highlighters carry tables of
// letters, and a long s or Kelvin sign in one had megabytes judged as a whole.
func TestOneForeignLetterMakesGitleaksReadAWholeBundle(t *testing.T) {
	rs := allRules()
	secret := strings.Repeat("Zq4Lw9Xv2", 3)
	for name, assignment := range map[string]string{
		"a keyword in ASCII":                     "token = \"" + secret + "\";",
		"a keyword only by the Kelvin sign":      "to\u212aen = \"" + secret + "\";",
		"no keyword for gitleaks, by the long s": "\u017fecret = \"" + secret + "\";",
	} {
		t.Run(name, func(t *testing.T) {
			filler := strings.Repeat("let a = b.c(d, 1);\n", 400)
			content := []byte(filler + "var letters = \"\u212a\u017f\u0130\";\n" + assignment + "\n" + filler)
			m := newMatcher(rs.filter)
			v := m.ask(content, "bundle.js")
			windowed, rest := m.windows(content, v.rules)
			if n := windowBytesOf(windowed); len(rest) > 0 || n == 0 || n > 500 {
				t.Errorf("windows of %d of %d bytes, without those of rules %d", n, len(content), rest)
			}
			same(t, rs, content, "bundle.js")
		})
	}
}

func windowBytesOf(windowed []ruleWindows) int {
	n := 0
	for _, r := range windowed {
		for _, w := range r.in {
			n += w.to - w.from
		}
	}
	return n
}

// TestAKeyInALargeTestIsNoReasonToJudgeAllOfIt: a test with a private key in it was
// judged from the key on to its end, by each rule that almost matches somewhere, which
// took seconds.
func TestAKeyInALargeTestIsNoReasonToJudgeAllOfIt(t *testing.T) {
	rs := allRules()
	const begin, end = "-----BEGIN RSA PRIVATE " + "KEY-----", "-----END RSA PRIVATE " + "KEY-----"
	key := "const k = `" + begin + "\n" + strings.Repeat("MIIEpAIBAAKCAQEAq9Zx2Wv5Rk7Lm3Tp\n", 10) + end + "`\n"
	filler := strings.Repeat("let a = b.c(d, 1);\n", 500)
	token := "token = \"" + strings.Repeat("Zq4Lw9Xv2", 3) + "\"\n"
	for _, c := range []struct {
		name, text string
		most       int
	}{
		{"a key", key + filler, 1000},
		{"a key that has no end", begin + "\n" + filler + token + filler, 500},
		{"a key, and what another rule reports", token + filler + key + filler + token, 1500},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMatcher(rs.filter)
			v := m.ask([]byte(c.text), "a.yml")
			windowed, rest := m.windows([]byte(c.text), v.rules)
			if n := windowBytesOf(windowed); len(rest) > 0 || n == 0 || n > c.most {
				t.Errorf("windows of %d of %d bytes, without those of rules %d", n, len(c.text), rest)
			}
			same(t, rs, []byte(c.text), "a.yml")
		})
	}
}

// TestAFindingEndsOnTheLineOnWhichGitleaksEndsIt, wherever the part of a text that
// gitleaks is asked about ends.
func TestAFindingEndsOnTheLineOnWhichGitleaksEndsIt(t *testing.T) {
	filler := strings.Repeat("let a = b.c(d, 1);\n", 200)
	for _, match := range []string{"password => \n" + githubPAT(), "my_token =\n\"Zq4Lw9Xv2Zq4Lw9Xv2aB\"", "-----BEGIN RSA PRIVATE" + " KEY-----\n" + strings.Repeat("Zq4Lw9Xv2", 9) + "\n-----END RSA PRIVATE" + " KEY-----"} {
		for _, after := range []string{"", "\n", ";\n", ";\n" + filler, "\n" + filler, "; " + strings.Repeat("x", 400), " # " + strings.Repeat("x", 90) + "\nmore\n"} {
			same(t, allRules(), []byte(filler+match+after), "a.go")
		}
	}
}

// TestAMatchIsMissedThatReachesWhatIsDecodedWithNewlines: gitleaks cuts newlines off a
// match when it has seen that they touch what it decoded.
func TestAMatchIsMissedThatReachesWhatIsDecodedWithNewlines(t *testing.T) {
	rs, err := buildRules(rulesInput{own: true, repo: []byte("[[rules]]\nid = 'x'\nregex = '''\\n*key=(\\w+)\\n+\\b'''\n")})
	if err != nil {
		t.Fatal(err)
	}
	for _, content := range []string{"key=abc\n\n\n%61bc", "\n\n\nkey=abc\n%61bc", "key=abc\n\n\nabc %61"} {
		same(t, rs, []byte(content), "a.go")
	}
}

// TestTextAroundForeignLettersIsReadAsIfAllWereFolded: only what is near to one of them
// is read again.
func TestTextAroundForeignLettersIsReadAsIfAllWereFolded(t *testing.T) {
	f := allRules().filter
	m := newMatcher(f)
	rng := rand.New(rand.NewPCG(21, 22))
	fold := strings.NewReplacer("\u212a", "k", "\u017f", "s", "\u0130", "i")
	pieces := []string{"to\u212aen", "\u017fecret", "ap\u0130", "key", "A\u212aIA", "\u017f\u017f", "\xc4", "\xe2\x84", "\u0130\u0131", "日本", "password", " = ", "\n"}
	seen := 0
	for range 200 {
		var b strings.Builder
		for range rng.IntN(20) {
			b.WriteString(pieces[rng.IntN(len(pieces))])
			b.WriteString(strings.Repeat("é.", rng.IntN(3)*rng.IntN(150)))
		}
		got, want := make(map[int32]bool), make(map[int32]bool)
		note := func(in map[int32]bool) func(*pattern, int, func(int) int) {
			return func(p *pattern, _ int, _ func(int) int) {
				for _, r := range p.keyword {
					in[r] = true
				}
				for _, a := range p.anchor {
					in[1000+a.rule] = true
				}
			}
		}
		m.each([]byte(b.String()), note(got))
		m.pass([]byte(b.String()), nil, note(want))
		m.pass([]byte(fold.Replace(b.String())), nil, note(want))
		if !maps.Equal(got, want) {
			t.Fatalf("%q: %v, want %v", b.String(), got, want)
		}
		seen += len(want)
	}
	if seen < 500 {
		t.Errorf("%d literals in all: that proves little", seen)
	}
}
