package secrets

import "sort"

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
	type node struct {
		edges map[byte]int
		fail  int
		out   []int
	}
	nodes := []node{{edges: map[byte]int{}}}
	used := make(map[byte]bool)
	for id, s := range b.list {
		at := 0
		for i := range len(s) {
			c := s[i]
			used[c] = true
			to, ok := nodes[at].edges[c]
			if !ok {
				to = len(nodes)
				nodes = append(nodes, node{edges: map[byte]int{}})
				nodes[at].edges[c] = to
			}
			at = to
		}
		nodes[at].out = append(nodes[at].out, id)
	}

	var a automaton
	alphabet := make([]byte, 0, len(used))
	for c := range used {
		alphabet = append(alphabet, c)
	}
	sort.Slice(alphabet, func(i, j int) bool { return alphabet[i] < alphabet[j] })
	for i, c := range alphabet {
		a.class[c] = uint8(i + 1) // class 0: in no literal
	}
	for c := 'A'; c <= 'Z'; c++ {
		a.class[c] = a.class[c-'A'+'a']
	}
	for 1<<a.shift < len(alphabet)+1 {
		a.shift++
	}

	// Breadth first, so that a node's failure link is complete before its own
	// edges are filled in.
	delta := make([][]int, len(nodes))
	queue := []int{0}
	for len(queue) > 0 {
		n := queue[0]
		queue = queue[1:]
		delta[n] = make([]int, len(alphabet)+1)
		for i, c := range alphabet {
			to, ok := nodes[n].edges[c]
			switch {
			case ok && n == 0:
				nodes[to].fail = 0
			case ok:
				nodes[to].fail = delta[nodes[n].fail][i+1]
			case n != 0:
				to = delta[nodes[n].fail][i+1]
			}
			delta[n][i+1] = to
			if ok {
				nodes[to].out = append(nodes[to].out, nodes[nodes[to].fail].out...)
				queue = append(queue, to)
			}
		}
	}

	// States that end a literal come last: one comparison tells them apart.
	number := make([]uint32, len(nodes))
	n := uint32(0)
	for i := range nodes {
		if len(nodes[i].out) == 0 {
			number[i] = n << a.shift
			n++
		}
	}
	a.firstOut = n << a.shift
	for i := range nodes {
		if len(nodes[i].out) > 0 {
			number[i] = n << a.shift
			a.out = append(a.out, nodes[i].out)
			n++
		}
	}
	a.root = number[0]
	a.next = make([]uint32, int(n)<<a.shift)
	for i := range nodes {
		for c, to := range delta[i] {
			a.next[number[i]+uint32(c)] = number[to]
		}
	}
	return a
}
