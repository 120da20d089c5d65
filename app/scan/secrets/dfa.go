package secrets

import (
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
// are thousands, most do the same, and each is as large as six of these.
type code struct {
	start uint16
	insts []inst
	kinds []syntax.Inst // what instructions do, wherever they go on
}

// inst is an instruction: out is where it goes on, arg where else a branch does, kind what
// it does, among the program's kinds.
type inst struct{ out, arg, kind uint16 }

func (c *code) kind(pc int) *syntax.Inst { return &c.kinds[c.insts[pc].kind] }

func (p *program) code() *code {
	if p.compiled == nil {
		return decodeCode(p.saved)
	}
	c := &code{start: uint16(p.compiled.Start), insts: make([]inst, len(p.compiled.Inst)), kinds: p.compiled.Inst}
	for pc, in := range p.compiled.Inst {
		c.insts[pc] = inst{out: uint16(in.Out), kind: uint16(pc)} // there are at most maxFollowInsts
		if in.Op == syntax.InstAlt || in.Op == syntax.InstAltMatch {
			c.insts[pc].arg = uint16(in.Arg)
		}
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
var maxStates = 2000

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
	// class is by ASCII byte: those with which every state does the same are of one class.
	class  [utf8.RuneSelf]uint8
	lowest []rune   // of each class
	states []dstate // from firstState on
	byKey  map[uint64]uint32
	start  [4]uint32
	seen   []visit // by instruction
	mark   uint16
	room   *dfaRoom
}

// dfaRoom is memory for several dfas of one goroutine: some have few states, some hundreds.
type dfaRoom struct {
	numbers []uint16
	// stack and next are for step: instructions to go to, and to go on from.
	stack, next []uint16
}

// take returns n numbers, all zero.
func (r *dfaRoom) take(n int) []uint16 {
	if len(r.numbers) < n {
		r.numbers = make([]uint16, max(8<<10, n))
	}
	out := r.numbers[:n:n]
	r.numbers = r.numbers[n:]
	return out
}

// visit says in which step an instruction was gone to last, and in which it was found to
// be gone on from.
type visit struct{ to, from uint16 }

// dstate is a set of instructions to go on from, before assertions, and what
// came before: assertions need both neighbours.
type dstate struct {
	pcs []uint16
	// next is by class; the last is the end of the text. Entries are as step returns
	// them, 0 for not yet known; maxStates keeps them small.
	next []uint16
	prev uint8
	// A state of 64 bytes is found by a shift. The way from a state to the next is all
	// that a byte costs, and a multiplication made it a sixth longer.
	_ uint64
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

func newDFA(p *program, lines bool, room *dfaRoom) *dfa {
	c := p.code()
	d := &dfa{code: c, lines: lines, ordered: prefersShort(c) && !(lines && asksForLines(c)), seen: make([]visit, len(c.insts)), room: room}
	d.classify()
	d.reset()
	return d
}

// classify finds out which bytes no instruction tells apart, nor an assertion.
func (d *dfa) classify() {
	var begins [utf8.RuneSelf + 1]bool // something is other from there on
	only := func(lo, hi rune) {
		if lo < utf8.RuneSelf {
			begins[lo], begins[min(hi, utf8.RuneSelf-1)+1] = true, true
		}
	}
	only(0, utf8.RuneSelf-1)
	for _, word := range [][2]rune{{'\n', '\n'}, {'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}} {
		only(word[0], word[1])
	}
	var last *syntax.Inst // repeated, an instruction stands there many times
	for pc := range d.code.insts {
		kind := d.code.kind(pc)
		if kind == last || kind.Op != syntax.InstRune && kind.Op != syntax.InstRune1 {
			continue
		}
		last = kind
		if len(kind.Rune) == 1 {
			only(kind.Rune[0], kind.Rune[0])
			for r := unicode.SimpleFold(kind.Rune[0]); r != kind.Rune[0]; r = unicode.SimpleFold(r) {
				only(r, r)
			}
			continue
		}
		// They are in order, and outside ASCII there may be hundreds.
		for i := 0; i+1 < len(kind.Rune) && kind.Rune[i] < utf8.RuneSelf; i += 2 {
			only(kind.Rune[i], kind.Rune[i+1])
		}
	}
	for b := range d.class {
		if begins[b] {
			d.lowest = append(d.lowest, rune(b))
		}
		d.class[b] = uint8(len(d.lowest) - 1)
	}
}

// end is the class of the end of the text.
func (d *dfa) end() int { return len(d.lowest) }

// prefersShort reports whether a program has a loop that goes on only where it must
// (*?, {64,}?): followed as far as another match is possible, it may reach the end of
// any text. Other programs have fewer states when these have no order.
func prefersShort(c *code) bool {
	left := 8 * len(c.insts)
	for pc := range c.insts {
		// What is repeated is compiled before the instruction that repeats it, and that
		// before what follows it.
		in := &c.insts[pc]
		if c.kind(pc).Op != syntax.InstAlt || int(in.arg) >= pc || int(in.out) <= pc {
			continue
		}
		// One way through what is repeated shows whether it comes back.
		at := int(in.arg)
		for ; at < pc && left > 0; left-- {
			switch i, op := &c.insts[at], c.kind(at).Op; {
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
	d.byKey = make(map[uint64]uint32)
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
		s = d.intern([]uint16{d.code.start}, kind)
		d.start[kind] = s
	}
	ok := false
	i := from
	for i < len(text) && s != dead {
		b := text[i]
		if b < utf8.RuneSelf {
			c := d.class[b]
			n := uint32(d.states[s-firstState].next[c])
			if n == unknown {
				n = d.step(s, d.lowest[c], int(c))
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
		n := uint32(d.states[s-firstState].next[d.end()])
		if n == unknown {
			n = d.step(s, -1, d.end())
		}
		ok = ok || n&1 != 0
	}
	return ok, i
}

// step computes the state after r, twice its number, plus one when the program
// has matched before r. It remembers it for a class, unless that is -1.
func (d *dfa) step(s uint32, r rune, class int) uint32 {
	st := d.states[s-firstState]
	flags := syntax.EmptyOpContext(sampleRune[st.prev], r)
	if d.lines && (st.prev == prevNewline || st.prev == prevNone) {
		flags |= atLines
	}
	if d.mark++; d.mark == 0 {
		clear(d.seen) // all marks were used
		d.mark = 1
	}
	next, stack := d.room.next[:0], append(d.room.stack[:0], st.pcs...)
	slices.Reverse(stack)
	result, matched := uint32(dead), uint32(0)
	for len(stack) > 0 {
		pc := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if d.seen[pc].to == d.mark {
			continue
		}
		d.seen[pc].to = d.mark
		at := &d.code.insts[pc]
		goesOn := false
		switch kind := &d.code.kinds[at.kind]; kind.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			stack = append(stack, at.arg, at.out)
		case syntax.InstCapture, syntax.InstNop:
			stack = append(stack, at.out)
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(kind.Arg)&^flags == 0 {
				stack = append(stack, at.out)
			}
		case syntax.InstMatch:
			if matched = 1; d.ordered {
				stack = stack[:0]
			}
		case syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			goesOn = r >= 0 && (r != '\n' || kind.Op == syntax.InstRuneAny)
		case syntax.InstRune, syntax.InstRune1:
			goesOn = r >= 0 && kind.MatchRune(r)
		}
		if goesOn && d.seen[at.out].from != d.mark {
			d.seen[at.out].from = d.mark
			next = append(next, at.out)
		}
	}
	d.room.next, d.room.stack = next, stack
	full := false
	if len(next) > 0 {
		full = len(d.states) >= maxStates
		if !d.ordered {
			slices.Sort(next)
		}
		if full {
			d.reset()
		}
		result = d.intern(next, kindOf(r))
	}
	result = result<<1 | matched
	if class >= 0 && !full {
		st.next[class] = uint16(result)
	}
	return result
}

// intern returns the number of a state.
func (d *dfa) intern(pcs []uint16, prev uint8) uint32 {
	key := uint64(prev) + 1
	for _, pc := range pcs {
		key = (key ^ uint64(pc)) * 0x9e3779b97f4a7c15
		key ^= key >> 29
	}
	for ; ; key++ { // two states may have the same
		s, known := d.byKey[key]
		if !known {
			break
		}
		if st := &d.states[s-firstState]; st.prev == prev && slices.Equal(st.pcs, pcs) {
			return s
		}
	}
	st := dstate{pcs: d.room.take(len(pcs)), next: d.room.take(d.end() + 1), prev: prev}
	copy(st.pcs, pcs)
	s := uint32(len(d.states)) + firstState
	d.states = append(d.states, st)
	d.byKey[key] = s
	return s
}
