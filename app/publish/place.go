package publish

import "github.com/launchgate/launchgate/app/review"

// commentable says which lines of a diff GitHub accepts review comments on:
// additions and context on the right, deletions on the left (github-facts §5).
type commentable struct {
	right, left map[string]map[int]int // path -> line -> hunk number
}

func newCommentable(d review.Diff) commentable {
	c := commentable{right: make(map[string]map[int]int), left: make(map[string]map[int]int)}
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
		c.right[f.Path] = right
		// GitHub addresses both sides of a renamed file by its new path.
		c.left[f.Path] = left
		if f.OldPath != "" && f.OldPath != f.Path {
			c.left[f.OldPath] = left
		}
	}
	return c
}

// span returns the lines first..last of p that can carry one comment, and
// whether any can: a range must lie within one hunk, else its last line stands
// for it.
func (c commentable) span(p review.Place) (first, last int, ok bool) {
	if p.Commit != "" || p.Line < 1 {
		return 0, 0, false
	}
	lines := c.right[p.Path]
	if p.Side == review.Left {
		lines = c.left[p.Path]
	}
	first, last = p.Line, max(p.Line, p.EndLine)
	h1, ok1 := lines[first]
	h2, ok2 := lines[last]
	switch {
	case ok1 && ok2 && h1 == h2 && last-first < 100:
		return first, last, true
	case ok1:
		return first, first, true
	}
	return 0, 0, false
}
