package secrets

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"sync"
)

// Most texts that gitleaks is asked of are a line or two. Its rules allow for up to 50
// characters here and 150 there, which package regexp compiles into as many
// instructions, too many for its faster ways to match. In a short text nothing can be
// repeated so often: there, an expression without these bounds is the same, and a third
// as large.

// shortBytes is up to how many bytes a text is short, as most lines are.
const shortBytes = 128

// shortExpr returns an expression that matches the same as expr, with the same groups, in
// any text of at most limit bytes, or expr.
func shortExpr(expr string, limit int) string {
	re, short := withoutBounds(expr, limit)
	if short == expr {
		return expr
	}
	// Package syntax says what an expression is in words that it may understand otherwise.
	if again, err := syntax.Parse(short, syntax.Perl); err != nil || !sameProgram(again, re) {
		return expr
	}
	return short
}

// maxShortRunes is of how many characters and ends of ranges an expression is made that
// is said anew: \pL has thirteen hundred, which are ten kilobytes of text.
const maxShortRunes = 10_000

// withoutBounds is shortExpr of which nobody looked whether its text comes to the same.
func withoutBounds(expr string, limit int) (*syntax.Regexp, string) {
	re, err := syntax.Parse(expr, syntax.Perl)
	if err != nil || runesOf(re) > maxShortRunes || !unbound(re, limit) {
		return re, expr
	}
	return re, re.String()
}

func runesOf(re *syntax.Regexp) int {
	n := len(re.Rune)
	for _, sub := range re.Sub {
		n += runesOf(sub)
	}
	return n
}

// sameProgram reports whether two expressions are compiled to the same.
func sameProgram(a, b *syntax.Regexp) bool {
	x, err := syntax.Compile(a.Simplify())
	if err != nil {
		return false
	}
	y, err := syntax.Compile(b.Simplify())
	return err == nil && x.Start == y.Start && x.NumCap == y.NumCap && slices.EqualFunc(x.Inst, y.Inst, func(i, j syntax.Inst) bool {
		return i.Op == j.Op && i.Out == j.Out && i.Arg == j.Arg && slices.Equal(i.Rune, j.Rune)
	})
}

// unbound takes upper bounds away that a text of at most limit bytes cannot reach, and
// reports whether there were any.
func unbound(re *syntax.Regexp, limit int) bool {
	found := false
	switch {
	case isLoop(re) && shortestOf(re.Sub[0]) == 0:
		// Where a loop comes round without a character, package regexp goes to no
		// instruction a second time. Without its bounds, what is repeated in there is one
		// instruction instead of many, and ([a-z]{0,200}?)+9 has other groups.
		return false
	case re.Op == syntax.OpRepeat && re.Max >= limit && shortestOf(re.Sub[0]) > 0:
		// What may match nothing may be repeated any number of times.
		re.Max, found = -1, true
	}
	for _, sub := range re.Sub {
		found = unbound(sub, limit) || found
	}
	return found
}

// isLoop reports whether an expression repeats something without bound.
func isLoop(re *syntax.Regexp) bool {
	return re.Op == syntax.OpStar || re.Op == syntax.OpPlus || re.Op == syntax.OpRepeat && re.Max < 0
}

// shortRegexps are the expressions of rules for short texts, each compiled once.
type shortRegexps struct {
	short func(expr string) string
	mu    sync.Mutex
	of    map[int]*regexp.Regexp
}

// get returns that of the nth rule, whose expression is expr; nil when that one is as
// good.
func (s *shortRegexps) get(n int, expr string) *regexp.Regexp {
	s.mu.Lock()
	defer s.mu.Unlock()
	re, known := s.of[n]
	if !known {
		if short := s.short(expr); short != expr {
			re = regexp.MustCompile(short) // it parses
		}
		if s.of == nil {
			s.of = make(map[int]*regexp.Regexp)
		}
		s.of[n] = re
	}
	return re
}
