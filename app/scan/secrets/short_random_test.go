package secrets

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// boundedExpr makes an expression by chance, full of repeats some of which a text of
// limit bytes cannot exhaust, in all the ways that they nest.
func boundedExpr(rng *rand.Rand, depth, limit int) string {
	atoms := []string{"a", "b", "c", "ab", "[ab]", "[^a]", ".", `\w`, `\W`, "K", "k", "s", "\u212a", "\u017f", "\u0130", "é", "[k-m]", `\n`, " ", `\b`, `\B`, "^", "$", `\A`, `\z`, "(?m:^)", "(?m:$)", `\Qa{1,200}\E`, "", "()", `\x00`, "\ufffd", `[\x{d800}-\x{dfff}]`, `[\x{fffd}]`, `\pL`, `[[:^alpha:]]`}
	var b strings.Builder
	for range 1 + rng.IntN(3) {
		part := atoms[rng.IntN([2]int{7, len(atoms)}[rng.IntN(2)])]
		if depth > 0 && rng.IntN(3) > 0 {
			sub := boundedExpr(rng, depth-1, limit)
			switch rng.IntN(7) {
			case 0, 1:
				part = "(" + sub + ")"
			case 2, 3:
				part = "(?:" + sub + "|" + boundedExpr(rng, depth-1, limit) + ")"
			case 4:
				part = []string{"(?i:", "(?s:", "(?U:", "(?m:", "(?i-s:", "(?P<n" + strconv.Itoa(rng.IntN(1e9)) + ">"}[rng.IntN(6)] + sub + ")"
			default:
				part = "(?:" + sub + ")"
			}
		}
		if rng.IntN(2) == 0 {
			most := limit + rng.IntN(3) - 1
			part += []string{"?", "*", "+", "{2}", "{0,2}", fmt.Sprintf("{0,%d}", most), fmt.Sprintf("{0,%d}", most), fmt.Sprintf("{1,%d}", most), fmt.Sprintf("{2,%d}", most), fmt.Sprintf("{%d}", most), fmt.Sprintf("{%d,}", rng.IntN(3))}[rng.IntN(11)]
			if rng.IntN(2) == 0 {
				part += "?"
			}
		}
		b.WriteString(part)
	}
	return b.String()
}

func boundedText(rng *rand.Rand, limit int) string {
	letters := []string{"a", "a", "a", "b", "b", "c", "k", "K", "s", "\u212a", "\u017f", "\u0130", "é", " ", "\n", "\xff", "\x00", "\ufffd", "-"}
	var b strings.Builder
	few := 1 + rng.IntN(len(letters))
	for b.Len() < limit && rng.IntN(2*limit) > 0 {
		b.WriteString(letters[rng.IntN(few)])
	}
	return b.String()[:min(b.Len(), limit)]
}

// TestShortFormsOfExpressionsByChanceMatchTheSame holds them to package regexp, with
// bounds and texts that are so small that every way through a loop comes about.
func TestShortFormsOfExpressionsByChanceMatchTheSame(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	shorter, matched := 0, 0
	for shorter < 4500 {
		limit := 3 + rng.IntN(6)
		expr := boundedExpr(rng, 1+rng.IntN(3), limit)
		long, err := regexp.Compile(expr)
		if err != nil {
			continue
		}
		short := shortExpr(expr, limit)
		if short == expr {
			continue
		}
		shorter++
		re := regexp.MustCompile(short)
		for range 20 {
			text := boundedText(rng, limit)
			want := long.FindAllStringSubmatchIndex(text, -1)
			if got := re.FindAllStringSubmatchIndex(text, -1); !reflect.DeepEqual(got, want) {
				t.Fatalf("in up to %d bytes, %q\n%q matches %v\n%q matches %v", limit, text, expr, want, short, got)
			}
			matched += len(want)
		}
	}
	if matched < 10_000 {
		t.Errorf("%d matches prove little", matched)
	}
}

func FuzzShortForm(f *testing.F) {
	f.Add(`([a-z]{0,5}?)+9`, "ab9")
	f.Add(`(?U)(?:(a{1,6})|(b)?){2,9}k`, "aabK")
	f.Add("(?i)(?:\u017f{0,4}|\\Qk{1,9}\\E)*$", "s\u017f\xff")
	f.Fuzz(func(t *testing.T, expr, text string) {
		if len(expr) > 80 || len(text) > 30 {
			return
		}
		long, err := regexp.Compile(expr)
		if err != nil {
			return
		}
		short := shortExpr(expr, len(text))
		if short == expr {
			return
		}
		want := long.FindAllStringSubmatchIndex(text, -1)
		if got := regexp.MustCompile(short).FindAllStringSubmatchIndex(text, -1); !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: %q matches %v, %q matches %v", text, expr, want, short, got)
		}
	})
}
