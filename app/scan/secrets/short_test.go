package secrets

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// In a text of up to so many bytes, the short form of each rule's expression matches the
// same, with the same groups.
func TestShortExpressionsMatchTheSame(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	shorter, matched := 0, 0
	for name, rs := range map[string]*ruleSet{"default": allRules(), "odd": oddRules()} {
		whole := rs.judge.defs.whole()
		for n, id := range whole.OrderedRules {
			expr := exprOf(whole.Rules[id].Regex)
			short := shortExpr(expr, shortBytes)
			if short == expr {
				continue
			}
			shorter++
			long, re := regexp.MustCompile(expr), regexp.MustCompile(short)
			for range 40 {
				text := sample(rng, rs, id)
				if rng.IntN(3) == 0 {
					text = almost(rng, rs, id)
				}
				if rng.IntN(2) == 0 {
					text += strings.Repeat(" "+text[rng.IntN(len(text)+1):], 1+rng.IntN(3))
				}
				text = text[max(0, len(text)-shortBytes):]
				want := long.FindAllStringSubmatchIndex(text, -1)
				if got := re.FindAllStringSubmatchIndex(text, -1); !reflect.DeepEqual(got, want) {
					t.Fatalf("%s rule %d, %s: in %q\n%s\nmatches %v\n%s\nmatches %v", name, n, id, text, expr, want, short, got)
				}
				matched += len(want)
			}
		}
	}
	if shorter < 20 || matched < 200 {
		t.Errorf("%d expressions became shorter, and matched %d times: that proves little", shorter, matched)
	}
}

// A loop that comes round without a character goes on with the next round of what is
// repeated lazily in it when that is bounded, and with the same one when it is not.
func TestARepeatWithoutBoundInALoopThatMayMatchNothingHasOtherGroups(t *testing.T) {
	for _, expr := range []string{`([a-z]{0,200}?)+9`, `([a-z]{0,200}?)*9`, `(?:k?([a-z]{0,200}?)){1,}9`, `(?:(x)|([a-z]{0,130}?)-?)+9`} {
		short := shortExpr(expr, shortBytes)
		for _, text := range []string{"ab9", "xkabk9", "abc-d9"} {
			want, got := regexp.MustCompile(expr).FindAllStringSubmatchIndex(text, -1), regexp.MustCompile(short).FindAllStringSubmatchIndex(text, -1)
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s in %q: %v; as %s: %v", expr, text, want, short, got)
			}
		}
	}
}

// Those of the default rules are not compared when they are used.
func TestShortExpressionsOfTheDefaultRulesAreUnderstood(t *testing.T) {
	for i := range savedRules {
		s := &savedRules[i]
		if _, short := withoutBounds(s.expr, shortBytes); short != shortExpr(s.expr, shortBytes) {
			t.Errorf("%s: %s is understood otherwise", s.id, short)
		}
	}
}

func TestBoundsThatAreOutOfReach(t *testing.T) {
	for _, c := range []struct{ expr, want string }{
		{`a{1,200}`, `a{1,}`},
		{`a{1,128}`, `a{1,}`},
		{`a{1,127}`, ``},
		{`(?i)k[\w.]{10,150}?(x|[a-z]{3,300})$`, ``},
		{`(ab|c){0,400}`, `(?:(ab|c))*`},
		{`(?:a*){0,400}`, ``}, // nothing can be repeated any number of times
		{`(?:a|){2,400}`, ``},
		{`(?:^a?){2,400}`, ``},
		{`[`, ``},
		{`abc`, ``},
	} {
		got := shortExpr(c.expr, shortBytes)
		if c.want == "" && c.expr[0] != '(' || strings.Contains(c.expr, "a*") || strings.Contains(c.expr, "a|") || strings.Contains(c.expr, "a?") {
			if got != c.expr {
				t.Errorf("%s became %s", c.expr, got)
			}
			continue
		}
		if got == c.expr || strings.Contains(got, "00}") || strings.Contains(got, "50}") || strings.Contains(got, "128}") {
			t.Errorf("%s stayed %s", c.expr, got)
		}
		for _, text := range []string{"", "a", strings.Repeat("a", shortBytes), strings.Repeat("ab", shortBytes/2), "k" + strings.Repeat("w.", 40) + "xxx", "abcabab"} {
			if a, b := fmt.Sprint(regexp.MustCompile(c.expr).FindAllStringSubmatchIndex(text, -1)), fmt.Sprint(regexp.MustCompile(got).FindAllStringSubmatchIndex(text, -1)); a != b {
				t.Errorf("%s in %q: %s, %s: %s", c.expr, text, a, got, b)
			}
		}
	}
}

// A class like \pL is ten kilobytes when it is written out: of an expression of thirty
// kilobytes that had two and a half gigabytes made, where to compile it takes a twentieth.
func TestAllocatedForAnExpressionThatWouldBeLongWrittenOut(t *testing.T) {
	for _, expr := range []string{`k[a-z]{0,140}` + strings.Repeat(`\pL`, 1000), `k[a-z]{0,140}` + strings.Repeat(`\pL{150}`, 40)} {
		compiled := allocated(func() { regexp.MustCompile(expr) })
		if said := allocated(func() { shortExpr(expr, shortBytes) }); said > 3*compiled {
			t.Errorf("%.40s: %d bytes, to compile it takes %d", expr, said, compiled)
		}
	}
}

func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
