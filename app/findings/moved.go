package findings

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/launchgate/launchgate/app/review"
)

// Source returns the lines of a file at the merge base (review.Left) or at the
// head (review.Right); nil if it cannot be read.
type Source func(side review.Side, path string) []string

// The bounds of what is compared by its text, and how alike two places must be to
// be one that was moved: the line itself and the changed lines around it.
const (
	maxComparisons = 50_000
	windowLines    = 5
	alikeLine      = 0.7
	alikeWindow    = 0.75
)

// Moved returns all, as Compare returned it for base, with what only went
// elsewhere called existing: code that was moved to another file or package,
// whose function or receiver was renamed, or that was taken out into a function.
// A finding of the merge base answers for one of the head only. Where a secret
// stands never mattered, and routes are compared as such (Authz).
//
// Without src nothing is compared by its text.
func Moved(all, base []review.Finding, diff review.Diff, src Source) []review.Finding {
	out := slices.Clone(all)
	m := mover{src: src, lines: newLines(diff), origin: make(map[string]review.FileDiff)}
	for _, f := range diff.Files {
		if f.Status != review.FileDeleted {
			m.origin[f.Path] = f
		}
		if f.OldPath != "" && f.OldPath != f.Path {
			m.renamed = append(m.renamed, f)
		}
	}
	m.gone = unmatched(base, all, m.renamed)
	for i := range out {
		if f := &out[i]; f.Origin == review.Introduced && movable(*f) {
			m.fresh = append(m.fresh, f)
		}
	}
	m.inPlace()
	m.byName()
	m.byText()
	Sort(out)
	return out
}

// movable reports whether a finding is known by the code that it is about.
func movable(f review.Finding) bool {
	family := f.Rule.Family()
	return family != secretsFamily && (family != authzFamily || f.Rule == ruleBelief) && f.Place.Side == review.Right
}

// unmatched are the findings of the merge base that none of the head has the
// identity of.
func unmatched(base, head []review.Finding, renamed []review.FileDiff) []review.Finding {
	path := func(p string) string {
		for _, f := range renamed {
			if f.OldPath == p {
				return f.Path
			}
		}
		return p
	}
	kept := make(map[string]int)
	name := func(f review.Finding) string {
		id := identity(f, path(f.Place.Path))
		return string(id[:])
	}
	for _, f := range head {
		if f.Origin == review.Existing {
			id := identity(f, f.Place.Path)
			kept[string(id[:])]++
		}
	}
	var out []review.Finding
	for _, f := range fold(base) {
		if !movable(f) {
			continue
		}
		if id := name(f); kept[id] > 0 {
			kept[id]--
			continue
		}
		out = append(out, f)
	}
	return out
}

// mover pairs what is new with what is gone.
type mover struct {
	src     Source
	lines   lines
	origin  map[string]review.FileDiff // by the path at the head
	renamed []review.FileDiff
	fresh   []*review.Finding
	gone    []review.Finding
}

// pair calls the findings of fresh and gone that have a key in common one; a key
// of "" has nothing in common with any.
func (m *mover) pair(fresh func(review.Finding) string, gone func(review.Finding) string) {
	waiting := make(map[string][]int)
	for i, f := range m.gone {
		if k := gone(f); k != "" {
			waiting[k] = append(waiting[k], i)
		}
	}
	taken := make([]bool, len(m.gone))
	m.fresh = slices.DeleteFunc(m.fresh, func(f *review.Finding) bool {
		k := fresh(*f)
		list := waiting[k]
		if k == "" || len(list) == 0 {
			return false
		}
		taken[list[0]], waiting[k] = true, list[1:]
		f.Origin = review.Existing
		return true
	})
	m.drop(taken)
}

func (m *mover) drop(taken []bool) {
	left := m.gone[:0]
	for i, f := range m.gone {
		if !taken[i] {
			left = append(left, f)
		}
	}
	m.gone = left
}

// inPlace pairs findings about one line that did not change: the function around
// it got another name.
func (m *mover) inPlace() {
	m.pair(func(f review.Finding) string {
		path, line := m.before(f.Place.Path, f.Place.Line)
		if line == 0 {
			return ""
		}
		return spot(f, path, line)
	}, func(f review.Finding) string { return spot(f, f.Place.Path, f.Place.Line) })
}

func spot(f review.Finding, path string, line int) string {
	return strings.Join([]string{string(f.Rule), path, fmt.Sprint(line)}, "\x00")
}

// before is where a line of the head that did not change was; 0 if it did.
func (m *mover) before(path string, line int) (string, int) {
	d, changed := m.origin[path]
	if !changed {
		return path, line
	}
	if d.Status == review.FileAdded {
		return "", 0
	}
	old := d.OldPath
	if old == "" {
		old = path
	}
	shift := 0
	for _, h := range d.Hunks {
		was, is := h.OldStart, h.NewStart
		if line < is {
			break
		}
		for _, op := range []byte(h.Ops) {
			switch {
			case op == '-':
				was++
			case op == '+' && is == line:
				return "", 0
			case op == '+':
				is++
			case is == line:
				return old, was
			default:
				was++
				is++
			}
		}
		shift = was - is
	}
	return old, line + shift
}

// byName pairs findings about one thing in one function that stands elsewhere.
func (m *mover) byName() {
	name := func(f review.Finding) string {
		return strings.Join([]string{string(f.Rule), f.Symbol, f.Key}, "\x00")
	}
	m.pair(func(f review.Finding) string {
		if !m.added(f) {
			return ""
		}
		return name(f)
	}, func(f review.Finding) string {
		if !m.deleted(f) {
			return ""
		}
		return name(f)
	})
}

func (m *mover) added(f review.Finding) bool {
	return m.lines.added(review.FileLine{File: f.Place.Path, Line: f.Place.Line})
}

func (m *mover) deleted(f review.Finding) bool {
	return m.lines.deleted(review.FileLine{File: f.Place.Path, Line: f.Place.Line})
}

// byText pairs findings about the same kind of thing in code that is alike, the
// most alike first. Of more than it can compare it pairs none.
func (m *mover) byText() {
	if m.src == nil {
		return
	}
	type match struct {
		fresh, gone int
		alike       float64
	}
	var all []match
	texts, compared := make(map[string]text), 0
	for i, f := range m.fresh {
		if !m.added(*f) {
			continue
		}
		for j, g := range m.gone {
			if f.Rule != g.Rule || said(f.Key) != said(g.Key) || !m.deleted(g) {
				continue
			}
			if compared++; compared > maxComparisons {
				return
			}
			now := m.text(texts, review.Right, f.Place, m.lines.new)
			was := m.text(texts, review.Left, g.Place, m.lines.old)
			if alike := similar(now.window, was.window); alike >= alikeWindow && similar(now.line, was.line) >= alikeLine {
				all = append(all, match{i, j, alike})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b match) int { return cmp.Compare(b.alike, a.alike) })
	taken, paired := make([]bool, len(m.gone)), make([]bool, len(m.fresh))
	for _, p := range all {
		if !paired[p.fresh] && !taken[p.gone] {
			paired[p.fresh], taken[p.gone] = true, true
			m.fresh[p.fresh].Origin = review.Existing
		}
	}
}

// said is what of a key does not depend on how variables are called: the last
// names of what it is made of.
func said(key string) string {
	parts := strings.Fields(key)
	for i, p := range parts {
		parts[i] = p[strings.LastIndexByte(p, '.')+1:]
	}
	return strings.Join(parts, " ")
}

// text is the code about a finding, as words with how often each occurs.
type text struct{ line, window map[string]int }

// text reads a finding's line and those around it that changed with it.
func (m *mover) text(known map[string]text, side review.Side, at review.Place, changed map[string]changedFile) text {
	k := side.String() + "\x00" + spot(review.Finding{}, at.Path, at.Line)
	if t, ok := known[k]; ok {
		return t
	}
	t := text{make(map[string]int), make(map[string]int)}
	all := m.src(side, at.Path)
	for n := max(1, at.Line-windowLines); n <= min(len(all), at.Line+windowLines); n++ {
		if changed[at.Path].block[n] == 0 {
			continue
		}
		count := func(w string) {
			t.window[w]++
			if n == at.Line {
				t.line[w]++
			}
		}
		eachWord(all[n-1], count)
	}
	known[k] = t
	return t
}

// eachWord passes on the words of a line of code, those of its literals too; what
// stands between them is much the same everywhere.
func eachWord(line string, use func(string)) {
	const maxLine = 2000
	for _, w := range strings.FieldsFunc(line[:min(len(line), maxLine)], func(r rune) bool {
		return r < 0x80 && r != '_' && (r < '0' || '9' < r) && (r < 'A' || 'Z' < r) && (r < 'a' || 'z' < r)
	}) {
		use(w)
	}
}

// similar is how much two bags of words have in common, from 0 to 1.
func similar(a, b map[string]int) float64 {
	common, total := 0, 0
	for w, n := range a {
		common += min(n, b[w])
		total += n
	}
	for _, n := range b {
		total += n
	}
	if total == 0 {
		return 0
	}
	return 2 * float64(common) / float64(total)
}
