package secrets

import (
	"encoding/binary"
	"regexp/syntax"
	"slices"
	"unicode"
	"unicode/utf8"
)

// program is an expression to be matched from a given place on.
type program struct {
	compiled *syntax.Prog // nil: it is saved
	saved    int          // its number
}

// code is a program as a dfa follows it. Of package regexp's instructions, some of which
// are thousands, most do the same, and each is as large as three of these.
type code struct {
	start uint32
	insts []inst
	kinds []syntax.Inst // what instructions do, wherever they go on
}

// inst is an instruction: out is where it goes on, arg where else a branch does, kind what
// it does, among the program's kinds.
type inst struct {
	out, arg uint32
	kind     uint16
}

func (c *code) kind(pc uint32) *syntax.Inst { return &c.kinds[c.insts[pc].kind] }

func (p *program) code() *code {
	if p.compiled == nil {
		return decodeCode(p.saved)
	}
	c := &code{start: uint32(p.compiled.Start), insts: make([]inst, len(p.compiled.Inst)), kinds: p.compiled.Inst}
	for pc, in := range p.compiled.Inst {
		c.insts[pc] = inst{out: in.Out, arg: in.Arg, kind: uint16(pc)} // there are at most maxFollowInsts
	}
	return c
}

// maxFollowInsts bounds the programs that are followed; a rule with a larger
// one has no anchors and goes by its keywords.
const maxFollowInsts = 20_000

func compileProgram(seq []*syntax.Regexp) (*program, bool) {
	re := &syntax.Regexp{Op: syntax.OpConcat, Flags: syntax.Perl, Sub: seq}
	prog, err := syntax.Compile(re.Simplify())
	if err != nil || len(prog.Inst) > maxFollowInsts {
		return nil, false
	}
	return &program{compiled: prog}, true
}

// maxStates bounds a cache of states; when it is full it is begun anew.
const maxStates = 2000

// The states with a meaning of their own.
const (
	unknown = iota // not yet computed
	dead
	firstState
)

// dfa follows a program over text deterministically, building states as they
// are met. It is for one goroutine. Unlike package regexp it only answers
// whether there is a match that begins exactly here, which costs one table
// look-up a byte.
type dfa struct {
	code *code
	// lines: it matches what the program matches in any run of whole lines of the
	// text, whose beginning and end may be the text's for assertions.
	lines bool
	// ordered: a state's instructions are in the order in which package regexp
	// prefers what comes of them, so that nothing is followed that it would prefer
	// less than what has matched.
	ordered bool
	states  []*dstate // from firstState on
	byKey   map[string]uint32
	start   [4]uint32
	seen    []visit // by instruction
	mark    uint32
	stack   []uint32
	runes   []uint32
	key     []byte
}

// visit says in which step an instruction was gone to last, and in which it was found to
// be gone on from.
type visit struct{ to, from uint32 }

// dstate is a set of instructions to go on from, before assertions, and what
// came before: assertions need both neighbours.
type dstate struct {
	pcs  []uint32
	prev uint8
	// next is by ASCII byte; the last is the end of the text. Entries are as
	// step returns them, 0 for not yet known; maxStates keeps them small.
	next [129]uint16
}

// Kinds of neighbours, as assertions tell them apart.
const (
	prevNone uint8 = iota
	prevNewline
	prevWord
	prevOther
)

var sampleRune = [4]rune{-1, '\n', 'a', ' '}

func kindOf(r rune) uint8 {
	switch {
	case r < 0:
		return prevNone
	case r == '\n':
		return prevNewline
	case syntax.IsWordChar(r):
		return prevWord
	}
	return prevOther
}

func newDFA(p *program, lines bool) *dfa {
	c := p.code()
	d := &dfa{code: c, lines: lines, ordered: prefersShort(c) && !(lines && asksForLines(c)), seen: make([]visit, len(c.insts))}
	d.reset()
	return d
}

// prefersShort reports whether a program has a loop that goes on only where it must
// (*?, {64,}?): followed as far as another match is possible, it may reach the end of
// any text. Other programs have fewer states when these have no order.
func prefersShort(c *code) bool {
	left := 8 * len(c.insts)
	for pc := range c.insts {
		// What is repeated is compiled before the instruction that repeats it, and that
		// before what follows it.
		in := &c.insts[pc]
		if c.kind(uint32(pc)).Op != syntax.InstAlt || int(in.arg) >= pc || int(in.out) <= pc {
			continue
		}
		// One way through what is repeated shows whether it comes back.
		at := int(in.arg)
		for ; at < pc && left > 0; left-- {
			switch i, op := &c.insts[at], c.kind(uint32(at)).Op; {
			case op == syntax.InstMatch || op == syntax.InstFail:
				left = 0
			case (op == syntax.InstAlt || op == syntax.InstAltMatch) && int(i.arg) > at:
				at = int(i.arg) // on from an inner loop
			default:
				at = int(i.out)
			}
		}
		if at == pc {
			return true
		}
	}
	return false
}

// asksForLines reports whether a program asks for what is otherwise in some of a
// text's lines alone.
func asksForLines(c *code) bool {
	return slices.ContainsFunc(c.insts, func(in inst) bool {
		kind := &c.kinds[in.kind]
		return kind.Op == syntax.InstEmptyWidth && syntax.EmptyOp(kind.Arg)&atLines != 0
	})
}

// atLines is what may hold at the beginning of a line when a text begins or ends
// there.
const atLines = syntax.EmptyBeginText | syntax.EmptyEndText | syntax.EmptyEndLine | syntax.EmptyNoWordBoundary

func (d *dfa) reset() {
	d.states = d.states[:0]
	d.byKey = make(map[string]uint32)
	d.start = [4]uint32{}
}

// match reports whether the program matches a text that begins at from, and a
// place that no match that begins there and that package regexp could report reaches
// beyond, nor asks what is there. The program is followed for as long as a longer match
// is possible, or one that is preferred.
func (d *dfa) match(text []byte, from int) (bool, int) {
	prev := rune(-1)
	if from > 0 {
		prev, _ = utf8.DecodeLastRune(text[:from])
	}
	kind := kindOf(prev)
	s := d.start[kind]
	if s == unknown {
		s = d.intern([]uint32{d.code.start}, kind)
		d.start[kind] = s
	}
	ok := false
	i := from
	for i < len(text) && s != dead {
		st := d.states[s-firstState]
		b := text[i]
		if b < utf8.RuneSelf {
			n := uint32(st.next[b])
			if n == unknown {
				n = d.step(s, rune(b), int(b))
			}
			s = n >> 1
			ok = ok || n&1 != 0
			i++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		n := d.step(s, r, -1)
		s = n >> 1
		ok = ok || n&1 != 0
		i += size
	}
	if s != dead && i == len(text) {
		n := uint32(d.states[s-firstState].next[128])
		if n == unknown {
			n = d.step(s, -1, 128)
		}
		ok = ok || n&1 != 0
	}
	return ok, i
}

// step computes the state after r, twice its number, plus one when the program
// has matched before r. It remembers it at slot (-1: nowhere) and wherever else it is
// seen to be the same.
func (d *dfa) step(s uint32, r rune, slot int) uint32 {
	st := d.states[s-firstState]
	like := alike(r)
	flags := syntax.EmptyOpContext(sampleRune[st.prev], r)
	if d.lines && (st.prev == prevNewline || st.prev == prevNone) {
		flags |= atLines
	}
	d.mark++
	d.runes = d.runes[:0]
	d.stack = append(d.stack[:0], st.pcs...)
	slices.Reverse(d.stack)
	result, matched := uint32(dead), uint32(0)
	for len(d.stack) > 0 {
		pc := d.stack[len(d.stack)-1]
		d.stack = d.stack[:len(d.stack)-1]
		if d.seen[pc].to == d.mark {
			continue
		}
		d.seen[pc].to = d.mark
		at := &d.code.insts[pc]
		goesOn := false
		switch kind := &d.code.kinds[at.kind]; kind.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			d.stack = append(d.stack, at.arg, at.out)
		case syntax.InstCapture, syntax.InstNop:
			d.stack = append(d.stack, at.out)
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(kind.Arg)&^flags == 0 {
				d.stack = append(d.stack, at.out)
			}
		case syntax.InstMatch:
			if matched = 1; d.ordered {
				d.stack = d.stack[:0]
			}
		case syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			goesOn = r >= 0 && (r != '\n' || kind.Op == syntax.InstRuneAny)
		case syntax.InstRune, syntax.InstRune1:
			goesOn = r >= 0 && like.matches(kind, r)
		}
		if goesOn && d.seen[at.out].from != d.mark {
			d.seen[at.out].from = d.mark
			d.runes = append(d.runes, at.out)
		}
	}
	full := false
	if len(d.runes) > 0 {
		full = len(d.states) >= maxStates
		pcs := slices.Clone(d.runes)
		if !d.ordered {
			slices.Sort(pcs)
		}
		if full {
			d.reset()
		}
		result = d.intern(pcs, kindOf(r))
	}
	result = result<<1 | matched
	if slot >= 0 && !full {
		st.next[slot] = uint16(result)
		for b := like.lo; b <= like.hi; b++ {
			st.next[b] = uint16(result)
		}
	}
	return result
}

// runeRange is a range of ASCII that a program does the same with; none: lo > hi.
type runeRange struct{ lo, hi rune }

// alike returns the characters around r that assertions do not tell from it.
func alike(r rune) runeRange {
	switch {
	case r < 0 || r >= utf8.RuneSelf:
		return runeRange{0, -1}
	case r == '\n' || r == '_':
		return runeRange{r, r}
	}
	bounds := [...]rune{0, '\n', '\n' + 1, '0', '9' + 1, 'A', 'Z' + 1, '_', '_' + 1, 'a', 'z' + 1, utf8.RuneSelf}
	n := 0
	for bounds[n+1] <= r {
		n++
	}
	return runeRange{bounds[n], bounds[n+1] - 1}
}

// matches is inst.MatchRune, and narrows the range to characters of which it is the
// same.
func (l *runeRange) matches(inst *syntax.Inst, r rune) bool {
	if l.lo > l.hi {
		return inst.MatchRune(r)
	}
	if len(inst.Rune) == 1 {
		if inst.MatchRune(r) {
			l.lo, l.hi = r, r
			return true
		}
		one := inst.Rune[0]
		l.without(one, one, r)
		if syntax.Flags(inst.Arg)&syntax.FoldCase != 0 {
			for other := unicode.SimpleFold(one); other != one; other = unicode.SimpleFold(other) {
				l.without(other, other, r)
			}
		}
		return false
	}
	for i := 0; i+1 < len(inst.Rune); i += 2 {
		lo, hi := inst.Rune[i], inst.Rune[i+1]
		if lo <= r && r <= hi {
			l.lo, l.hi = max(l.lo, lo), min(l.hi, hi)
			return true
		}
		l.without(lo, hi, r)
		if lo > r {
			break
		}
	}
	return false
}

// without takes away what a range that r is not in reaches from r.
func (l *runeRange) without(lo, hi, r rune) {
	if hi < r {
		l.lo = max(l.lo, hi+1)
	} else {
		l.hi = min(l.hi, lo-1)
	}
}

// intern returns the number of a state.
func (d *dfa) intern(pcs []uint32, prev uint8) uint32 {
	d.key = append(d.key[:0], prev)
	for _, pc := range pcs {
		d.key = binary.LittleEndian.AppendUint32(d.key, pc)
	}
	if s, ok := d.byKey[string(d.key)]; ok {
		return s
	}
	s := uint32(len(d.states)) + firstState
	d.states = append(d.states, &dstate{pcs: pcs, prev: prev})
	d.byKey[string(d.key)] = s
	return s
}
