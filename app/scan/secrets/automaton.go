package secrets

import "slices"

// automaton finds any number of literals in one pass over a text (Aho and
// Corasick, "Efficient string matching", 1975), as a dense table over classes
// of bytes. ASCII letters are folded to lower case.
type automaton struct {
	class    [256]uint8
	next     []uint32 // state (a multiple of 1<<shift) + class -> state
	shift    uint
	root     uint32
	firstOut uint32 // states from here on end a literal
	out      [][]int
}

type automatonBuilder struct {
	ids  map[string]int
	list []string
}

func newAutomatonBuilder() *automatonBuilder { return &automatonBuilder{ids: make(map[string]int)} }

// add adds a literal, lower case, and returns its number.
func (b *automatonBuilder) add(s string) int {
	if id, ok := b.ids[s]; ok {
		return id
	}
	id := len(b.list)
	b.ids[s] = id
	b.list = append(b.list, s)
	return id
}

func (b *automatonBuilder) build() automaton {
	var a automaton
	var used [256]bool
	for _, s := range b.list {
		for i := range len(s) {
			used[s[i]] = true
		}
	}
	classes := 1 // class 0: in no literal
	for c, in := range used {
		if in {
			a.class[c] = uint8(classes)
			classes++
		}
	}
	for 1<<a.shift < classes {
		a.shift++
	}

	// The trie, a row a node: where each class leads, 0 for nowhere.
	row := make([]uint32, classes)
	delta := slices.Clone(row)
	out := make([][]int, 1)
	for id, s := range b.list {
		at := 0
		for i := range len(s) {
			edge := at*classes + int(a.class[s[i]])
			if delta[edge] == 0 {
				delta[edge] = uint32(len(out))
				delta, out = append(delta, row...), append(out, nil)
			}
			at = int(delta[edge])
		}
		out[at] = append(out[at], id)
	}
	for c := 'A'; c <= 'Z'; c++ {
		a.class[c] = a.class[c-'A'+'a']
	}

	// Breadth first, so that the row of what a node fails to is complete before
	// its own is.
	fail := make([]uint32, len(out))
	queue := make([]uint32, 1, len(out))
	for n := 0; n < len(queue); n++ {
		at := int(queue[n])
		own, other := delta[at*classes:(at+1)*classes], delta[int(fail[at])*classes:]
		for c, to := range own {
			switch {
			case to != 0:
				if at != 0 {
					fail[to] = other[c]
				}
				out[to] = append(out[to], out[fail[to]]...)
				queue = append(queue, to)
			case at != 0:
				own[c] = other[c]
			}
		}
	}

	// States that end a literal come last: one comparison tells them apart.
	number := make([]uint32, len(out))
	n := uint32(0)
	for i := range out {
		if len(out[i]) == 0 {
			number[i] = n << a.shift
			n++
		}
	}
	a.firstOut = n << a.shift
	for i := range out {
		if len(out[i]) > 0 {
			number[i] = n << a.shift
			a.out = append(a.out, out[i])
			n++
		}
	}
	a.root = number[0]
	a.next = make([]uint32, int(n)<<a.shift)
	for i := range out {
		for c, to := range delta[i*classes : (i+1)*classes] {
			a.next[int(number[i])+c] = number[to]
		}
	}
	return a
}
