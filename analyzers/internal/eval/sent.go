package eval

// What callers send that names nobody protects nothing: they send what it takes.

// sent says what a value is that the caller sends.
type sent uint8

const (
	notSent   sent = iota
	parameter      // anything, or nothing
	harmless       // a header that every client fills in as it likes
)

// free says what anybody can make of a condition.
type free uint8

const (
	canFail free = 1 << iota
	canHold
)

// negated is what they can make of its opposite.
func (f free) negated() free {
	var out free
	if f&canFail != 0 {
		out |= canHold
	}
	if f&canHold != 0 {
		out |= canFail
	}
	return out
}

func freeOf(v value) free {
	if u, ok := v.(*unknown); ok {
		return u.free
	}
	return 0
}

func sentOf(v value) sent {
	if u, ok := v.(*unknown); ok {
		return u.sent
	}
	return notSent
}

// guessed is how long a constant is that one need not know to send it: 1, true, on.
const guessed = 4

// plainWord reports whether a text is a word, which a program writes down where it
// means what it says: development, gateway.
func plainWord(s string) bool {
	for i := range len(s) {
		if c := s[i]; !('a' <= c && c <= 'z') && !('A' <= c && c <= 'Z' && i == 0) {
			return false
		}
	}
	return len(s) <= 12
}

// freedom is what callers can make of a comparison for equality: what they leave
// out is nothing, and something is quickly given. To give what the program
// compares with they must know it, but for headers that say nothing.
func freedom(a, b value) free {
	g := sentOf(a)
	if g == notSent {
		a, b = b, a
		g = sentOf(a)
	}
	s, known := asString(b)
	switch {
	case g == harmless, g == parameter && (known && (len(s) <= guessed || plainWord(s)) || isNil(b)):
		return canFail | canHold
	case g == parameter && known:
		return canFail
	}
	return 0
}

// both is what they can make of two conditions of which either ends the other's
// say: all must hold, or, negated, all must fail.
func both(a, b free) free { return (a|b)&canFail | a&b&canHold }

// conjunction is what they can make of a && b, disjunction of a || b.
func conjunction(a, b free) free { return both(a, b) }

func disjunction(a, b free) free { return both(a.negated(), b.negated()).negated() }
