package eval

import (
	"strconv"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/program"
)

// Expressions as words, and as text for people.

// nodeWords is the function of that name, remembering what it found.
func (m *machine) nodeWords(n *program.Node) []string {
	ws, ok := m.wordsOf[n]
	if !ok {
		if ws = nodeWords(n); m.wordsOf == nil {
			m.wordsOf = map[*program.Node][]string{}
		}
		m.wordsOf[n] = ws
	}
	return ws
}

// nodeWords are the words of the names in an expression.
func nodeWords(n *program.Node) []string {
	var out []string
	depth := 0
	var visit func(n *program.Node)
	visit = func(n *program.Node) {
		if n == nil || depth > 12 || len(out) > maxLabels {
			return
		}
		depth++
		defer func() { depth-- }()
		switch n.Op {
		case program.Local, program.Field, program.Method:
			out = mergeLabels(out, words(n.S))
		case program.Global:
			_, t, name := split(n.S)
			out = mergeLabels(out, words(t), words(name))
		case program.Const:
			if n.T == "string" && len(n.S) < 40 && !strings.HasPrefix(n.S, "/") {
				out = mergeLabels(out, words(n.S))
			}
		case program.Lit, program.Composite:
			if n.Op == program.Composite {
				out = mergeLabels(out, words(lastPart(n.T)))
			}
			return
		}
		for _, k := range n.K {
			visit(k)
		}
	}
	visit(n)
	return out
}

// text writes an expression roughly as source, for reasons shown to people.
func text(n *program.Node) string {
	s := render(n, 0)
	if len(s) > 90 {
		s = s[:87] + "..."
	}
	return s
}

func render(n *program.Node, d int) string {
	if n == nil || d > 8 {
		return "…"
	}
	k := func(i int) string {
		if i < len(n.K) {
			return render(n.K[i], d+1)
		}
		return ""
	}
	switch n.Op {
	case program.Const:
		if n.T == "string" {
			if len(n.S) > 30 {
				return "\"…\""
			}
			return strconv.Quote(n.S)
		}
		return n.S
	case program.Nil:
		return "nil"
	case program.Local:
		return n.S
	case program.Global:
		p := lastPart(n.S)
		return p
	case program.Field, program.Method:
		return k(0) + "." + n.S
	case program.Call:
		var args []string
		for _, a := range n.K[1:] {
			args = append(args, render(a, d+2))
		}
		return k(0) + "(" + strings.Join(args, ", ") + ")"
	case program.Unary:
		return n.S + k(0)
	case program.Binary:
		return k(0) + " " + n.S + " " + k(1)
	case program.Index:
		return k(0) + "[" + k(1) + "]"
	case program.Addr, program.Deref, program.Assert, program.Conv, program.SliceOf:
		return k(0)
	}
	return "…"
}
