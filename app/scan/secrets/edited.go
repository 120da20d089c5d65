package secrets

import (
	"bytes"
	"regexp/syntax"
	"slices"
	"sort"
	"strings"

	"github.com/launchgate/launchgate/app/review"
)

// Where old secrets are known, files that change are looked at as a whole, for one of
// them may have come or gone. Of most files it is known that they held none; then what
// gitleaks finds around lines that are still what they were, it found before. So only
// what touches other lines is judged.

// edit is what a commit does to a file that stays: hunks, the ranges of lines that
// differ, in their order.
type edit struct {
	plain bool // it is the same file with other lines, not one that is new or not text
	hunks []editHunk
}

// editHunk are lines of a file, from from to before to and counted from 1, that others
// replace. Either may be none, before line from.
type editHunk struct{ old, new interval }

// maxEditHunks bounds the hunks that are kept of all commits ahead.
const maxEditHunks = 1 << 14

func editHunkOf(old, new span) editHunk {
	return editHunk{old.interval(), new.interval()}
}

// interval returns the lines of a span. One of no lines begins after the line it names.
func (s span) interval() interval {
	if s.lines == 0 {
		return interval{s.start + 1, s.start + 1}
	}
	return interval{s.start, s.start + s.lines}
}

// after returns where lines of the old file, which mostly are what differed before the
// edit, are after it, and what it changes itself. Where lines only went, what is beside
// them counts.
func (e edit) after(lines []interval) []interval {
	out := make([]interval, 0, len(lines)+len(e.hunks))
	for _, w := range lines {
		out = append(out, interval{e.place(w.from, false), e.place(w.to-1, true) + 1})
	}
	for _, h := range e.hunks {
		w := h.new
		if w.from == w.to {
			w = interval{w.from - 1, w.to + 1}
		}
		out = append(out, w)
	}
	return joined(out)
}

// place returns where a line is after an edit: of one that is replaced, where what
// replaces it begins or ends.
func (e edit) place(line int, end bool) int {
	n := sort.Search(len(e.hunks), func(i int) bool { return e.hunks[i].old.to > line }) // the first not before it
	switch {
	case n < len(e.hunks) && e.hunks[n].old.from <= line && end:
		return e.hunks[n].new.to - 1
	case n < len(e.hunks) && e.hunks[n].old.from <= line:
		return e.hunks[n].new.from
	case n == 0:
		return line
	}
	return line + e.hunks[n-1].new.to - e.hunks[n-1].old.to
}

// edited returns by path which lines of files differ between the trees of two commits
// with a line between them, of files that are in both and of which it can be told.
func (a *ahead) edited(from, to review.SHA) map[string][]interval {
	on, ok := a.line(from, to)
	if !ok || a.edits == nil {
		return nil
	}
	out, unknown := make(map[string][]interval), make(map[string]bool)
	for _, c := range a.changes {
		if !on[c.commit] || unknown[c.path] {
			continue
		}
		e := a.edits[named{path: c.path, commit: c.commit}]
		if e == nil || !e.plain {
			unknown[c.path] = true
			delete(out, c.path)
			continue
		}
		out[c.path] = e.after(out[c.path])
	}
	return out
}

// touchingLines returns those windows of a text in which a rule may find another thing
// than it did when only lines were not there yet:
//   - those that touch one of lines, or that a match could reach which began in what was
//     there instead and took away from them;
//   - those that begin or end on a line of such a window, for of what is found on a line
//     some gives way to other;
//   - those on a line from which what they gave way to could go on to one of lines, which
//     of what is generic is all above such a line;
//   - those that have no keyword of their rule, for which it is asked for in the whole text.
//
// hid are windows of rules that have no keyword in the text: it may have been in what was
// there instead, and what they found have hidden other.
func (rs *ruleSet) touchingLines(content []byte, windowed, hid []ruleWindows, lines []interval) []ruleWindows {
	type window struct {
		rule  int // in windowed, or after these in hid
		in    interval
		lines interval
		keep  bool
	}
	var all []window
	last := bytes.LastIndexByte(content, '\n') + 1 // of a last line without an end, gitleaks' line is the whole text
	for n, r := range slices.Concat(windowed, hid) {
		if len(r.in) == 0 {
			continue
		}
		line, counted, reach := 1, 0, rs.newlines(r.rule)
		hides := isGeneric(rs.filter.rules[r.rule].id) // behind what ends anywhere after it
		for _, w := range r.in {
			line += bytes.Count(content[counted:w.from], []byte("\n"))
			counted = w.from
			at := interval{line, line + bytes.Count(content[w.from:w.to], []byte("\n")) + 1}
			keep := w.to > last && last < len(content) || len(rs.filter.withKeywords(content[w.from:w.to], []int{r.rule})) == 0 ||
				slices.ContainsFunc(lines, func(l interval) bool {
					return (hides || l.from < at.to) && (reach < 0 || at.from < l.to+reach)
				})
			all = append(all, window{n, w, at, keep})
		}
	}
	slices.SortStableFunc(all, func(a, b window) int { return a.lines.from - b.lines.from })
	out := make([]ruleWindows, len(windowed))
	for n, r := range windowed {
		out[n].rule = r.rule
	}
	var g *givenWay // once it is asked
	for n := 0; n < len(all); {
		// Windows that share lines, each with the one before.
		end, keep, to := all[n].lines.to, false, 0
		first := n
		for ; n < len(all) && all[n].lines.from < end; n++ {
			end, keep, to = max(end, all[n].lines.to), keep || all[n].keep, max(to, all[n].in.to)
		}
		if !keep {
			if g == nil {
				g = rs.givenWay(content, lines)
				defer rs.filter.pool.Put(g.m)
			}
			keep = g.from(interval{lineBegin(content, all[first].in.from), nextLine(content, to)}, end)
		}
		for _, w := range all[first:n] {
			if keep && w.rule < len(windowed) {
				out[w.rule].in = append(out[w.rule].in, w.in)
			}
		}
	}
	return out
}

// givenWay tells of parts of a text whether what could be found there may have given way
// to a match that began there and went on to edited lines.
type givenWay struct {
	m       *matcher
	content []byte
	edited  []editedLine // in their order
}

// editedLine is a line that is edited, and where it begins.
type editedLine struct{ line, at int }

func (rs *ruleSet) givenWay(content []byte, lines []interval) *givenWay {
	g := &givenWay{m: rs.filter.pool.Get().(*matcher), content: content}
	clear(g.m.steps) // of all that is asked
	for _, l := range lines {
		g.edited = append(g.edited, editedLine{line: l.from})
	}
	slices.SortFunc(g.edited, func(a, b editedLine) int { return a.line - b.line })
	line, at := 1, 0
	for n := range g.edited {
		for ; line < g.edited[n].line && at < len(content); line++ {
			at = nextLine(content, at)
		}
		g.edited[n].at = at
	}
	return g
}

// from reports whether it may be so of a part of the text, which is lines of it up to before
// line next, all of which are not edited: of a private key that had an end, for one. Up to
// the first edited line that match was what its expression still follows.
func (g *givenWay) from(part interval, next int) bool {
	n, _ := slices.BinarySearchFunc(g.edited, next, func(l editedLine, line int) int { return l.line - line })
	if n == len(g.edited) {
		return false
	}
	found := false
	g.m.each(g.content[part.from:part.to], func(p *pattern, end int, at func(int) int) {
		for _, a := range p.anchor {
			if !found {
				_, reached := g.m.follow(a, g.content, part.from+at(end-int(a.length)))
				found = reached > g.edited[n].at || reached == len(g.content)
			}
		}
	})
	return found
}

// newlines returns how many newlines a match of a rule has at most, -1 for no bound.
func (rs *ruleSet) newlines(rule int) int {
	if n, known := rs.filter.newlines.Load(rule); known {
		return n.(int)
	}
	n := -1
	if re, err := syntax.Parse(rs.judge.defs.expr(rule), syntax.Perl); err == nil {
		n = newlinesOf(re)
	}
	rs.filter.newlines.Store(rule, n)
	return n
}

func newlinesOf(re *syntax.Regexp) int {
	most := 0
	for _, sub := range re.Sub {
		n := newlinesOf(sub)
		if re.Op == syntax.OpAlternate && n >= 0 && most >= 0 {
			most = max(most, n)
		} else {
			most = sum(most, n)
		}
	}
	switch re.Op {
	case syntax.OpStar, syntax.OpPlus, syntax.OpRepeat:
		if most == 0 || re.Op == syntax.OpRepeat && re.Max >= 0 {
			return sum(0, most*max(re.Max, 0))
		}
		return -1
	case syntax.OpLiteral:
		return strings.Count(string(re.Rune), "\n")
	case syntax.OpCharClass, syntax.OpAnyChar:
		var in byteSet
		if in.addOf(re); in['\n'] {
			return 1
		}
	}
	return most
}
