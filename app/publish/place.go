package publish

import "github.com/launchgate/launchgate/app/review"

// maxSpan is how many lines one comment covers. Longer ranges say no more than
// their first line.
const maxSpan = 100

// commentable says which lines of a diff GitHub accepts review comments on:
// additions and context on the right, deletions on the left (github-facts §5).
type commentable struct {
	right, left map[string]map[int]int // path -> line -> hunk number
	// name is the path GitHub addresses a file by, on both sides: a renamed
	// file has its new one.
	name map[string]string
}

func newCommentable(d review.Diff) commentable {
	c := commentable{right: make(map[string]map[int]int), left: make(map[string]map[int]int), name: make(map[string]string)}
	for _, f := range d.Files {
		right, left := make(map[int]int), make(map[int]int)
		for n, h := range f.Hunks {
			o, w := h.OldStart, h.NewStart
			for _, op := range []byte(h.Ops) {
				switch op {
				case '+':
					right[w] = n
					w++
				case '-':
					left[o] = n
					o++
				default:
					right[w] = n
					o++
					w++
				}
			}
		}
		c.right[f.Path], c.left[f.Path], c.name[f.Path] = right, left, f.Path
	}
	for _, f := range d.Files { // unless another file took the old name
		if _, taken := c.name[f.OldPath]; f.OldPath != "" && !taken {
			c.left[f.OldPath], c.name[f.OldPath] = c.left[f.Path], f.Path
		}
	}
	return c
}

// anchor is where a comment stands.
type anchor struct {
	path        string
	side        review.Side
	first, last int
}

// anchor returns where in the diff a comment about p can stand, and whether it
// can at all. A range must lie within one hunk; where it does not, its first
// line stands for it.
func (c commentable) anchor(p review.Place) (anchor, bool) {
	if p.Commit != "" || p.Line < 1 {
		return anchor{}, false
	}
	lines := c.right[p.Path]
	if p.Side == review.Left {
		lines = c.left[p.Path]
	}
	a := anchor{c.name[p.Path], p.Side, p.Line, max(p.Line, p.EndLine)}
	first, ok := lines[a.first]
	last, whole := lines[a.last]
	if !ok {
		return anchor{}, false
	}
	if !whole || first != last || a.last-a.first >= maxSpan {
		a.last = a.first
	}
	return a, true
}

// suggestable returns where in the diff the one edit of a proved fix stands,
// and whether a one-click suggestion can carry it: a suggestion replaces
// exactly the lines it is commented on, so the edit's lines must be in one hunk
// and touch what the finding is about.
func (c commentable) suggestable(f review.Finding) (anchor, bool) {
	if f.Fix == nil || !f.Fix.Proved || len(f.Fix.Edits) != 1 || f.Place.Side != review.Right || f.Place.Commit != "" {
		return anchor{}, false
	}
	e := f.Fix.Edits[0]
	if e.Path != f.Place.Path || e.EndLine < e.StartLine || e.StartLine > max(f.Place.Line, f.Place.EndLine) || e.EndLine < f.Place.Line || !faithful(e.New) {
		return anchor{}, false
	}
	a, ok := c.anchor(review.Place{Path: e.Path, Line: e.StartLine, EndLine: e.EndLine})
	return a, ok && a.last == e.EndLine
}

// elsewhere returns where in the diff a proved change stands that is not made at
// the finding's own lines, and whether a one-click suggestion there can carry it.
func (c commentable) elsewhere(fix *review.Fix) (anchor, bool) {
	if fix == nil || !fix.Proved || len(fix.Edits) != 1 {
		return anchor{}, false
	}
	e := fix.Edits[0]
	if e.EndLine < e.StartLine || !faithful(e.New) {
		return anchor{}, false
	}
	a, ok := c.anchor(review.Place{Path: e.Path, Line: e.StartLine, EndLine: e.EndLine})
	return a, ok && a.last == e.EndLine
}
