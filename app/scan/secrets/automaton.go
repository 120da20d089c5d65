package secrets

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

	// The trie. Its rows are made last and once, in their place: every process
	// builds this, and most of the time went into memory for rows on the way.
	nodes := 1
	for _, s := range b.list {
		nodes += len(s)
	}
	trie := make([]trieNode, 1, nodes)
	out := make([][]int, 1, nodes)
	for id, s := range b.list {
		at := uint32(0)
		for i := range len(s) {
			class := a.class[s[i]]
			to := child(trie, at, class)
			if to == 0 {
				to = uint32(len(trie))
				trie, out = append(trie, trieNode{class: class, sibling: trie[at].child}), append(out, nil)
				trie[at].child = to
			}
			at = to
		}
		out[at] = append(out[at], id)
	}
	for c := 'A'; c <= 'Z'; c++ {
		a.class[c] = a.class[c-'A'+'a']
	}

	// Breadth first: what a node fails to is nearer to the root and complete.
	queue := make([]uint32, 1, len(trie))
	for n := 0; n < len(queue); n++ {
		at := queue[n]
		for to := trie[at].child; to != 0; to = trie[to].sibling {
			if at != 0 {
				f := trie[at].fail
				for f != 0 && child(trie, f, trie[to].class) == 0 {
					f = trie[f].fail
				}
				trie[to].fail = child(trie, f, trie[to].class)
			}
			out[to] = append(out[to], out[trie[to].fail]...)
			queue = append(queue, to)
		}
	}

	// States that end a literal come last: one comparison tells them apart.
	number := make([]uint32, len(trie))
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
	// A node goes where what it fails to goes, but where it goes on itself.
	for _, at := range queue {
		row := a.next[number[at]:][:classes]
		if at == 0 {
			for c := range row {
				row[c] = a.root
			}
		} else {
			copy(row, a.next[number[trie[at].fail]:])
		}
		for to := trie[at].child; to != 0; to = trie[to].sibling {
			row[trie[to].class] = number[to]
		}
	}
	return a
}

// trieNode is a node of a trie, by the numbers of others; 0 is the root, and no
// node's child.
type trieNode struct {
	child, sibling, fail uint32
	class                uint8 // of the byte that leads here
}

// child returns where a class leads from a node, 0 for nowhere.
func child(trie []trieNode, at uint32, class uint8) uint32 {
	at = trie[at].child
	for at != 0 && trie[at].class != class {
		at = trie[at].sibling
	}
	return at
}
