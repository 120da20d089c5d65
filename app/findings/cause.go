package findings

import "github.com/launchgate/launchgate/app/review"

// cause finds the line of the diff that changed who can reach a route, from the
// lines that decide about it: those where its guards were attached, where it is
// registered, the groups and calls that lead there, and the guards' own code. It
// returns the line of the registration and false if the diff touches none.
func (a authz) cause(e exposure) (review.Place, bool) {
	after, before := *e.after, review.Route{}
	if e.before != nil {
		before = *e.before
	}
	// A guard that is still there but does less: where it is attached under a
	// condition now, else its own code.
	for _, l := range e.lost {
		if l.head == nil {
			continue
		}
		if l.head.If != l.base.If && a.lines.added(l.head.Attached) {
			return right(l.head.Attached), true
		}
		if a.lines.added(l.head.FlawAt) {
			return right(l.head.FlawAt), true
		}
		if p, ok := a.inCode(l); ok {
			return p, true
		}
		// What it is made with: a flag, a setting, a function it asks.
		if n := a.lines.addedIn(attachment(*l.head)); n > 0 {
			return right(review.FileLine{File: l.head.Attached.File, Line: n}), true
		}
		if n := a.lines.deletedIn(attachment(l.base)); n > 0 {
			return a.left(review.FileLine{File: l.base.Attached.File, Line: n}), true
		}
	}
	// A guard that was moved below the routes it covered.
	for _, l := range e.lost {
		for _, g := range after.Late {
			if l.head == nil && g.Name == l.base.Name && a.lines.added(g.Attached) {
				return right(g.Attached), true
			}
		}
	}
	// A guard that is gone with the line that attached it.
	for _, l := range e.lost {
		if l.head == nil && a.lines.deleted(l.base.Attached) {
			if a.kept[attached{l.base.Name, l.base.Attached}] && a.lines.added(after.Registered) {
				return right(after.Registered), true // others of its routes got it elsewhere
			}
			return a.replacement(l.base.Attached, before, after), true
		}
	}
	// One that is gone from a call of several lines.
	for _, l := range e.lost {
		if n := a.lines.deletedIn(attachment(l.base)); l.head == nil && n > 0 {
			return a.left(review.FileLine{File: l.base.Attached.File, Line: n}), true
		}
	}
	// A handler's own check that is gone, with the handler still there.
	for _, l := range e.lost {
		if l.head == nil && l.base.Name == before.Handler.Func {
			l.head = &review.Guard{Reached: []review.Lines{{File: after.Handler.File, Line: after.Handler.Line, End: after.Handler.Line}}}
			if p, ok := a.inCode(l); ok {
				return p, true
			}
		}
	}
	// A function that makes the guard and now hands out something else: what was
	// put into it.
	for _, l := range e.lost {
		for _, s := range l.base.Reached {
			if n := a.lines.insertedIn(s); l.head == nil && n > 0 {
				return review.Place{Path: a.lines.old[s.File].path, Line: n}, true
			}
		}
	}
	// The route went elsewhere: its own line, then those that lead to it.
	if a.lines.added(after.Registered) {
		return right(after.Registered), true
	}
	for _, p := range after.Through {
		if a.lines.added(p) {
			return right(p), true
		}
	}
	// Something on the way to the guard or the route is gone.
	var gone []review.FileLine
	for _, l := range e.lost {
		gone = append(gone, l.base.Through...)
	}
	gone = append(append(gone, before.Registered), before.Through...)
	for _, p := range gone {
		if a.lines.deleted(p) {
			return a.left(p), true
		}
	}
	// What makes the guard makes none for this route any more.
	for _, l := range e.lost {
		for _, s := range l.base.Reached {
			if p, ok := a.changedIn(s); ok && l.head == nil {
				return p, true
			}
		}
	}
	if e.before == nil && after.Handler.File != "" && a.lines.added(review.FileLine{File: after.Handler.File, Line: after.Handler.Line}) {
		return review.Place{Path: after.Handler.File, Line: after.Handler.Line}, true
	}
	return right(after.Registered), false
}

// inCode finds the line that changed what a guard does: the refusal that is gone,
// else what is new in the code that the verdict rests on, else what is gone of it.
func (a authz) inCode(l loss) (review.Place, bool) {
	if a.lines.deleted(l.base.Refused) && !a.lines.deleted(l.base.Attached) {
		return a.replacement(l.base.Refused, review.Route{}, review.Route{Registered: l.head.Refused}), true
	}
	for _, s := range l.head.Reached {
		if n := a.lines.addedIn(s); n > 0 {
			return review.Place{Path: s.File, Line: n}, true
		}
	}
	for _, s := range l.base.Reached {
		if n := a.lines.deletedIn(s); n > 0 {
			return a.left(review.FileLine{File: s.File, Line: n}), true
		}
	}
	return review.Place{}, false
}

// changedIn is the first change to a piece of code of the base: the line that took
// the place of a deleted one, else that one.
func (a authz) changedIn(s review.Lines) (review.Place, bool) {
	n := a.lines.deletedIn(s)
	if n == 0 {
		return review.Place{}, false
	}
	old := a.lines.old[s.File]
	now := 0
	for line, block := range a.lines.new[old.path].block {
		if block == old.block[n] && (now == 0 || line < now) {
			now = line
		}
	}
	if now > 0 {
		return review.Place{Path: old.path, Line: now}, true
	}
	return a.left(review.FileLine{File: s.File, Line: n}), true
}

// attached is a guard and the line that put it into a chain.
type attached struct {
	name string
	at   review.FileLine
}

// attachment is the code that puts a guard into the chain, with what it is made
// with.
func attachment(g review.Guard) review.Lines {
	return review.Lines{File: g.Attached.File, Line: g.Attached.Line, End: max(g.Attached.Line, g.AttachedEnd)}
}

// replacement returns where to speak about a deleted line: on the line that took
// its place, if that is where the route or what is left of its guards stand now,
// else on the deleted line itself.
func (a authz) replacement(gone review.FileLine, before, after review.Route) review.Place {
	standing := append([]review.FileLine{after.Registered}, after.Through...)
	for _, g := range before.Guards {
		if g.Attached != gone {
			continue
		}
		for _, h := range after.Guards {
			if h.Name == g.Name {
				standing = append(standing, h.Attached)
			}
		}
	}
	for _, p := range standing {
		if a.lines.replaces(gone, p) {
			return right(p)
		}
	}
	return a.left(gone)
}

func right(p review.FileLine) review.Place { return review.Place{Path: p.File, Line: p.Line} }

// left is a deleted line. GitHub addresses a renamed file by its new name on both
// sides.
func (a authz) left(p review.FileLine) review.Place {
	f := a.lines.old[p.File]
	return review.Place{Path: f.path, Line: p.Line, Side: review.Left}
}

// lines says which lines a diff added and deleted.
type lines struct {
	old, new map[string]changedFile // by the name on that side
}

// changedFile is one side of a changed file: the number of the block of changes
// that each changed line is in.
type changedFile struct {
	path  string // at the head
	block map[int]int
	// inserted: on the old side, what was put before a line that stayed, by the
	// first of its lines at the head.
	inserted map[int]int
}

func newLines(d review.Diff) lines {
	out := lines{old: make(map[string]changedFile), new: make(map[string]changedFile)}
	for _, f := range d.Files {
		o, n := changedFile{path: f.Path, block: make(map[int]int), inserted: make(map[int]int)}, changedFile{path: f.Path, block: make(map[int]int)}
		block := 0
		for _, h := range f.Hunks {
			was, is := h.OldStart, h.NewStart
			inside := false
			for _, op := range []byte(h.Ops) {
				if op != ' ' && !inside {
					block++
				}
				inside = op != ' '
				switch op {
				case '+':
					n.block[is] = block
					if o.inserted[was] == 0 {
						o.inserted[was] = is
					}
					is++
				case '-':
					o.block[was] = block
					was++
				default:
					was++
					is++
				}
			}
		}
		name := f.OldPath
		if name == "" {
			name = f.Path
		}
		out.old[name], out.new[f.Path] = o, n
	}
	return out
}

func (l lines) added(p review.FileLine) bool   { return l.new[p.File].block[p.Line] > 0 }
func (l lines) deleted(p review.FileLine) bool { return l.old[p.File].block[p.Line] > 0 }

// replaces reports whether a new line stands in the same block of changes as a
// deleted one.
func (l lines) replaces(gone, now review.FileLine) bool {
	o, n := l.old[gone.File], l.new[now.File]
	return o.path == n.path && o.path != "" && o.block[gone.Line] > 0 && o.block[gone.Line] == n.block[now.Line]
}

func (l lines) addedIn(s review.Lines) int   { return firstIn(l.new[s.File].block, s) }
func (l lines) deletedIn(s review.Lines) int { return firstIn(l.old[s.File].block, s) }

// insertedIn finds the first new line that was put into a piece of the old code,
// behind its first line.
func (l lines) insertedIn(s review.Lines) int {
	at := firstIn(l.old[s.File].inserted, review.Lines{Line: s.Line + 1, End: s.End})
	return l.old[s.File].inserted[at]
}

func firstIn(changed map[int]int, s review.Lines) int {
	best := 0
	for n := range changed {
		if s.Line <= n && n <= s.End && (best == 0 || n < best) {
			best = n
		}
	}
	return best
}
