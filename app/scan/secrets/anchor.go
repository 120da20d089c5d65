package secrets

import (
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// anchor is a place every match of an expression passes through: one of
// literals (folded to lower case), from whose beginning on prog must match.
type anchor struct {
	literals []string
	prog     *program
	// before is the most bytes a match can have before the literal begins; -1
	// when there is no bound.
	before int
	// lead holds the bytes that can stand in a match before the literal.
	lead byteSet
}

// byteSet is a set of bytes.
type byteSet [256]bool

func (s *byteSet) join(o byteSet) {
	for i, in := range o {
		s[i] = s[i] || in
	}
}

// Bounds on what is derived from one expression; beyond them, a part counts as
// not understood, which lets more text through.
const (
	maxLiterals   = 64
	maxLiteralLen = 24
	maxClassRunes = 4
	maxAnchors    = 48
)

// anchorsOf returns the anchors of an expression.
func anchorsOf(expr string) []anchor {
	if saved, ok := savedAnchorsOf(expr); ok {
		return saved
	}
	return deriveAnchors(expr)
}

func parseByteSet(ranges string) (s byteSet) {
	for i := 0; i+1 < len(ranges); i += 2 {
		for b := int(ranges[i]); b <= int(ranges[i+1]); b++ {
			s[b] = true
		}
	}
	return s
}

func (s *byteSet) ranges() string {
	var out []byte
	for b := 0; b < len(s); b++ {
		if s[b] {
			first := b
			for b+1 < len(s) && s[b+1] {
				b++
			}
			out = append(out, byte(first), byte(b))
		}
	}
	return string(out)
}

// deriveAnchors derives anchors from an expression: every match passes through at
// least one of them. It returns nil when there are none.
func deriveAnchors(expr string) []anchor {
	re, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil
	}
	re = re.Simplify()
	best := choose(flatten(nil, re), -1, 0, byteSet{})
	if best == nil {
		return nil
	}
	var out []anchor
	for _, c := range best.parts {
		prog, ok := compileProgram(c.seq)
		if !ok {
			return nil
		}
		out = append(out, anchor{literals: c.literals, prog: prog, before: c.before, lead: c.lead})
	}
	return out
}

// candidate is a set of anchors that together cover an expression.
type candidate struct {
	parts []part
	score float64
}

type part struct {
	literals []string
	seq      []*syntax.Regexp // what must match from the literal's beginning on
	first    int              // where seq begins in that which was to be covered, -1: inside of a part of that
	before   int
	lead     byteSet
}

// flatten spreads concatenations and captures out into a sequence. One or more
// of x is x, then any number of x.
func flatten(out []*syntax.Regexp, re *syntax.Regexp) []*syntax.Regexp {
	switch re.Op {
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			out = flatten(out, sub)
		}
		return out
	case syntax.OpCapture:
		return flatten(out, re.Sub[0])
	case syntax.OpPlus:
		out = flatten(out, re.Sub[0])
		return append(out, &syntax.Regexp{Op: syntax.OpStar, Flags: re.Flags, Sub: re.Sub})
	case syntax.OpEmptyMatch:
		return out
	}
	return append(out, re)
}

// choose returns the best anchors that begin before seq[limit] (anywhere for
// -1), nil when there are none. At most before bytes of a match precede seq, all
// of them in lead.
func choose(seq []*syntax.Regexp, limit, before int, lead byteSet) *candidate {
	if limit < 0 {
		limit = len(seq)
	}
	var best *candidate
	better := func(c *candidate) {
		if c != nil && len(c.parts) <= maxAnchors && (best == nil || c.score > best.score) {
			best = c
		}
	}
	run := 0 // beginning of the run of exact elements before i
	for i := 0; i < limit; i++ {
		lits := exact(seq[i])
		if lits == nil {
			switch {
			case seq[i].Op == syntax.OpAlternate:
				better(chooseBranches(seq, run, i, before, lead))
			case seq[i].Op == syntax.OpLiteral:
				// Too long: its beginning is enough.
				head := *seq[i]
				head.Rune = head.Rune[:min(len(head.Rune), maxLiteralLen)]
				if lits := exact(&head); lits != nil {
					better(&candidate{parts: []part{{literals: lits, seq: seq[i:], first: i, before: sum(before, longestMatch(seq[:i])), lead: leadOf(lead, seq[:i])}}, score: score(lits)})
				}
			}
			run = i + 1
			continue
		}
		if isEmptyWidth(seq[i]) {
			continue
		}
		end := i + 1
		for end < len(seq) {
			more := exact(seq[end])
			if more == nil || len(lits)*len(more) > maxLiterals || longest(lits) >= maxLiteralLen {
				break
			}
			lits = cross(lits, more)
			end++
		}
		// Assertions right before the literal hold where it begins.
		from := i
		for from > 0 && isEmptyWidth(seq[from-1]) {
			from--
		}
		better(&candidate{parts: []part{{literals: lits, seq: seq[from:], first: from, before: sum(before, longestMatch(seq[:from])), lead: leadOf(lead, seq[:from])}}, score: score(lits)})
	}
	return best
}

// chooseBranches covers each branch of the alternation seq[i] by anchors of its
// own; the exact elements seq[run:i] before it belong to each branch. Those that begin
// where their branch does are one, with the alternation and all that follows: what is
// the same after each of them is followed in the same states.
func chooseBranches(seq []*syntax.Regexp, run, i, before int, lead byteSet) *candidate {
	before, lead = sum(before, longestMatch(seq[:run])), leadOf(lead, seq[:run])
	all := &candidate{}
	together := part{seq: seq[run:], first: run, before: before, lead: lead}
	for n, sub := range seq[i].Sub {
		branch := flatten(slices.Clone(seq[run:i]), sub)
		inside := len(branch)
		c := choose(append(branch, seq[i+1:]...), inside, before, lead)
		if c == nil {
			return nil
		}
		for _, p := range c.parts {
			if p.first == 0 {
				together.literals = append(together.literals, p.literals...)
				continue
			}
			p.first = -1
			all.parts = append(all.parts, p)
		}
		if n == 0 || c.score < all.score {
			all.score = c.score
		}
		if len(all.parts) > maxAnchors {
			return nil
		}
	}
	if len(together.literals) > 0 {
		slices.Sort(together.literals)
		together.literals = slices.Compact(together.literals)
		all.parts = append(all.parts, together)
	}
	return all
}

// exact returns the folded strings an element stands for, nil when they are too
// many or not plain ASCII. Assertions stand for the empty string.
func exact(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		var b strings.Builder
		for _, r := range re.Rune {
			c, ok := fold(r)
			if !ok {
				return nil
			}
			b.WriteByte(c)
		}
		if b.Len() > maxLiteralLen {
			return nil
		}
		return []string{b.String()}
	case syntax.OpCharClass:
		var out []string
		for i := 0; i < len(re.Rune); i += 2 {
			for r := re.Rune[i]; r <= re.Rune[i+1]; r++ {
				if r == '\u017f' || r == '\u212a' {
					continue // text with these is judged in full
				}
				c, ok := fold(r)
				if !ok {
					return nil
				}
				if s := string(c); !slices.Contains(out, s) {
					out = append(out, s)
				}
				if len(out) > maxClassRunes {
					return nil
				}
			}
		}
		return out
	case syntax.OpCapture:
		return exact(re.Sub[0])
	case syntax.OpConcat:
		out := []string{""}
		for _, sub := range re.Sub {
			more := exact(sub)
			if more == nil || len(out)*len(more) > maxLiterals {
				return nil
			}
			out = cross(out, more)
		}
		return out
	case syntax.OpAlternate:
		var out []string
		for _, sub := range re.Sub {
			more := exact(sub)
			if more == nil || len(out)+len(more) > maxLiterals {
				return nil
			}
			out = append(out, more...)
		}
		if slices.Contains(out, "") {
			return nil
		}
		return out
	}
	if isEmptyWidth(re) {
		return []string{""}
	}
	return nil
}

func isEmptyWidth(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return true
	}
	return false
}

// fold returns the byte the automaton sees for an ASCII rune.
func fold(r rune) (byte, bool) {
	switch {
	case r >= 0x80 || r < 0:
		return 0, false
	case 'A' <= r && r <= 'Z':
		return byte(r) + 'a' - 'A', true
	}
	return byte(r), true
}

func cross(a, b []string) []string {
	out := make([]string, 0, len(a)*len(b))
	for _, x := range a {
		for _, y := range b {
			if s := x + y; !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	return out
}

func longest(s []string) int {
	n := 0
	for _, x := range s {
		n = max(n, len(x))
	}
	return n
}

// score estimates in bits how seldom the commonest of some literals occurs by
// chance. Beyond 24 bits more does not help, and the earliest place wins.
func score(lits []string) float64 {
	low := 24.0
	for _, s := range lits {
		bits := 0.0
		for i := range len(s) {
			switch c := s[i]; {
			case strings.IndexByte("etaoinsr \n", c) >= 0:
				bits += 3.2
			case 'a' <= c && c <= 'z':
				bits += 4.7
			case '0' <= c && c <= '9':
				bits += 5
			default:
				bits += 4.5
			}
		}
		low = min(low, bits)
	}
	return low
}

// sum adds two lengths, -1 meaning without bound.
func sum(a, b int) int {
	if a < 0 || b < 0 || a+b > 1<<16 {
		return -1
	}
	return a + b
}

// leadOf adds to lead the bytes that what seq matches can consist of.
func leadOf(lead byteSet, seq []*syntax.Regexp) byteSet {
	for _, re := range seq {
		lead.addOf(re)
	}
	return lead
}

func (s *byteSet) addOf(re *syntax.Regexp) {
	add := func(lo, hi rune) {
		for r := lo; r <= hi && r < utf8.RuneSelf; r++ {
			s[r] = true
		}
		if hi >= utf8.RuneSelf {
			for b := utf8.RuneSelf; b < len(s); b++ {
				s[b] = true
			}
		}
	}
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			add(r, r)
			if re.Flags&syntax.FoldCase != 0 {
				for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
					add(f, f)
				}
			}
		}
	case syntax.OpCharClass:
		for i := 0; i+1 < len(re.Rune); i += 2 {
			add(re.Rune[i], re.Rune[i+1])
		}
	case syntax.OpCapture, syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat, syntax.OpConcat, syntax.OpAlternate:
		for _, sub := range re.Sub {
			s.addOf(sub)
		}
	case syntax.OpEmptyMatch, syntax.OpNoMatch:
	default:
		if !isEmptyWidth(re) {
			add(0, unicode.MaxRune)
		}
	}
}

// longestMatch returns the most bytes a sequence can match, -1 for no bound.
func longestMatch(seq []*syntax.Regexp) int {
	n := 0
	for _, re := range seq {
		n = sum(n, longestOf(re))
	}
	return n
}

func longestOf(re *syntax.Regexp) int {
	switch re.Op {
	case syntax.OpEmptyMatch, syntax.OpNoMatch:
		return 0
	case syntax.OpLiteral:
		n := 0
		for _, r := range re.Rune {
			switch {
			case r >= 0x80:
				n += 4
			case re.Flags&syntax.FoldCase != 0 && (r|0x20 == 'k' || r|0x20 == 's'):
				n += 3 // the Kelvin sign and the long s
			default:
				n++
			}
		}
		return n
	case syntax.OpCharClass:
		if n := len(re.Rune); n > 0 && re.Rune[n-1] < 0x80 {
			return 1
		}
		return 4
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return 4
	case syntax.OpCapture, syntax.OpQuest:
		return longestOf(re.Sub[0])
	case syntax.OpConcat:
		return longestMatch(re.Sub)
	case syntax.OpAlternate:
		n := 0
		for _, sub := range re.Sub {
			m := longestOf(sub)
			if m < 0 {
				return -1
			}
			n = max(n, m)
		}
		return n
	}
	if isEmptyWidth(re) {
		return 0
	}
	return -1
}

// shortestOf returns the fewest characters that an expression can match.
func shortestOf(re *syntax.Regexp) int {
	switch re.Op {
	case syntax.OpLiteral:
		return len(re.Rune)
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return 1
	case syntax.OpCapture, syntax.OpPlus:
		return shortestOf(re.Sub[0])
	case syntax.OpRepeat:
		return re.Min * shortestOf(re.Sub[0]) // a parsed expression repeats nothing more than 1000 times in all
	case syntax.OpConcat:
		n := 0
		for _, sub := range re.Sub {
			n += shortestOf(sub)
		}
		return n
	case syntax.OpAlternate:
		n := shortestOf(re.Sub[0])
		for _, sub := range re.Sub[1:] {
			n = min(n, shortestOf(sub))
		}
		return n
	}
	return 0
}
