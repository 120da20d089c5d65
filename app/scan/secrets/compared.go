package secrets

import (
	"bytes"

	"github.com/launchgate/launchgate/app/objects"
)

// Some files hold what gitleaks would report, but not in lines that a push changes. To
// know without git which lines those can be, it is enough to know what is the same before
// and after them.

// within returns where in after all lines are that git could show as added when it
// compares it with before, whichever of the smallest differences it finds: git (xdiff)
// leaves out what is the same at the beginning and at the end, and may then move what it
// found up or down over lines that are the same as lines of it.
func within(before, after []byte) interval {
	lo := lineBegin(after, samePrefix(before, after))
	hi := len(after) - sameSuffix(before[min(lo, len(before)):], after[lo:])
	if hi < len(after) && (!endsLine(after, hi) || !endsLine(before, len(before)-(len(after)-hi))) {
		// What is the same begins within a line.
		hi = nextLine(after, hi)
	}
	if lo >= hi {
		return interval{lo, lo} // nothing is added
	}
	inside := lineSet{text: after[lo:hi]}
	for lo > 0 {
		at := lineBegin(after, lo-1)
		if !inside.has(after[at:lo]) {
			break
		}
		lo = at
	}
	for hi < len(after) {
		end := nextLine(after, hi)
		if !inside.has(after[hi:end]) {
			break
		}
		hi = end
	}
	return interval{lo, hi}
}

// lineSet knows which lines a text has. It is mostly asked once or twice.
type lineSet struct {
	text  []byte
	asked int
	lines map[string]bool
}

func (l *lineSet) has(line []byte) bool {
	if l.asked++; l.asked > 4 && l.lines == nil {
		l.lines = make(map[string]bool)
		for one := range bytes.Lines(l.text) {
			l.lines[string(one)] = true
		}
	}
	if l.lines != nil {
		return l.lines[string(line)]
	}
	for one := range bytes.Lines(l.text) {
		if bytes.Equal(one, line) {
			return true
		}
	}
	return false
}

// endsLine reports whether a line of text ends before at.
func endsLine(text []byte, at int) bool { return at == 0 || text[at-1] == '\n' }

// lineBegin returns where the line begins that at is in.
func lineBegin(text []byte, at int) int { return bytes.LastIndexByte(text[:at], '\n') + 1 }

// nextLine returns where the line ends that at is in.
func nextLine(text []byte, at int) int {
	if n := bytes.IndexByte(text[at:], '\n'); n >= 0 {
		return at + n + 1
	}
	return len(text)
}

// comparedBytes is how much of two texts is compared at once.
const comparedBytes = 1 << 10

// samePrefix returns how many bytes two texts begin with that are the same.
func samePrefix(a, b []byte) int {
	n := 0
	for n+comparedBytes <= min(len(a), len(b)) && bytes.Equal(a[n:n+comparedBytes], b[n:n+comparedBytes]) {
		n += comparedBytes
	}
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

// sameSuffix returns how many bytes two texts end with that are the same.
func sameSuffix(a, b []byte) int {
	n := 0
	for n+comparedBytes <= min(len(a), len(b)) && bytes.Equal(a[len(a)-n-comparedBytes:len(a)-n], b[len(b)-n-comparedBytes:len(b)-n]) {
		n += comparedBytes
	}
	for n < min(len(a), len(b)) && a[len(a)-n-1] == b[len(b)-n-1] {
		n++
	}
	return n
}

// within is within for a blob before. It reports false when git would not compare the two
// by lines, or that is not known.
func (r repo) within(before string, after []byte) (interval, bool) {
	o, ok := r.own.Read(before, maxOwnBytes)
	if !ok || o.Kind != objects.Blob || isBinary(o.Data) || hasManyLines(o.Data) {
		return interval{}, false
	}
	return within(o.Data, after), true
}

// maxBefore is with how many others a file is compared.
const maxBefore = 8

// bringing is a commit of a listing and its change that brings a file.
type bringing struct {
	commit int
	change listedChange
}

// noteBringing notes by file what brings it.
func (l *listing) noteBringing() {
	l.bringing = make([][]bringing, len(l.files))
	for n, by := range l.by {
		for _, c := range l.changes[by.from:by.to] {
			if c.brings >= 0 {
				l.bringing[c.brings] = append(l.bringing[c.brings], bringing{n, c})
			}
		}
	}
}

// shownOf returns where in a file of a listing git could show lines, false when that is
// everywhere, or not known without git: a file under a new name may have been another,
// and of a merge git compares with several.
func (s *session) shownOf(l *listing, file int32, content []byte) ([]interval, bool) {
	if l.bringing == nil || len(l.bringing[file]) > maxBefore {
		return nil, false
	}
	var shown []interval
	for _, b := range l.bringing[file] {
		sides := l.sides[b.change.from:b.change.to]
		if b.change.added || len(sides) != 2 || len(l.commits[b.commit].parents) != 1 {
			return nil, false
		}
		in, ok := s.repo.within(l.blobs.list[sides[0]], content)
		if !ok {
			return nil, false
		}
		shown = append(shown, in)
	}
	return shown, true
}

// edited returns where files have lines that were not in the blobs that they were, or
// beside which there were others, of those of which it can be told.
func (r repo) edited(files []named, was map[string]string) map[string][]interval {
	out := make(map[string][]interval)
	for _, f := range files {
		if was[f.path] == "" {
			continue
		}
		o, ok := r.own.Read(f.blob, maxOwnBytes)
		if !ok {
			continue
		}
		if in, ok := r.within(was[f.path], o.Data); ok {
			line := 1 + bytes.Count(o.Data[:in.from], []byte("\n"))
			out[f.path] = []interval{{line - 1, line + 1 + bytes.Count(o.Data[in.from:in.to], []byte("\n"))}}
		}
	}
	return out
}
