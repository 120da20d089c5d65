package flow

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/sensitive"
)

// step is one hop of a label, the newest first.
type step struct {
	pos  token.Pos
	file string // where, if pos is in another package
	line int
	note string
	prev *step
	n    int
	cut  bool // hops before this one were left out
}

func (s *step) then(pos token.Pos, note string) *step {
	switch {
	case s == nil:
		return &step{pos: pos, note: note, n: 1}
	case s.pos == pos && pos.IsValid():
		return s
	case s.note == note && s.file == "" && s.prev != nil:
		// Added to the same variable over and over: the last time is enough.
		return &step{pos: pos, note: note, prev: s.prev, n: s.n, cut: s.cut}
	case s.n >= maxSteps:
		// The beginning and the end convince; the middle goes.
		return &step{pos: pos, note: note, prev: s.prev, n: s.n, cut: true}
	}
	return &step{pos: pos, note: note, prev: s, n: s.n + 1, cut: s.cut}
}

func (s *step) list() []*step {
	var out []*step
	for ; s != nil; s = s.prev {
		out = append(out, s)
	}
	slices.Reverse(out)
	return out
}

// first is where the label began.
func (s *step) first() token.Pos {
	if s == nil {
		return token.NoPos
	}
	for s.prev != nil {
		s = s.prev
	}
	return s.pos
}

// port is an input of the function under work: a parameter, the receiver first,
// and the path of parts below it.
type port struct {
	param  int
	path   string // "Profile.Email", "[]"
	global string // "path/to/pkg Name" of a package variable; param is outer then
}

// label says that a value carries a source, or what an input brings.
type label struct {
	src  *Source // nil: in counts
	in   port
	step *step
	err  bool // has been put into an error
	text bool // has been made text by fmt
	thin thin // how little of what the input holds is left
	// format is one more than the input that is the format string a text was made
	// by, 0 for none.
	format int
}

// thin says what has become of a value on its way, as far as that takes away some
// of what it may be: for inputs, of which only the caller knows what they hold.
type thin byte

const (
	cutOut   thin = 1 << iota // a piece of it: no whole request or object any more
	pathName                  // part of a file's path, in which lesser data is none
	quote                     // quoted in an error of the standard library
	filled                    // put where a text has a placeholder, if it has; of all that there could be, what is said of an error is
)

// after is what is left of labels that a thin input brings.
func (t thin) after(ls []label) []label {
	if t == 0 {
		return ls
	}
	out := make([]label, 0, len(ls))
	for _, l := range ls {
		if l.src != nil && (t&cutOut != 0 && (l.src.Kind == Dump || l.src.Kind == Whole) || t&pathName != 0 && l.src.Level != sensitive.High ||
			t&filled != 0 && l.src.Kind != Internal) {
			continue
		}
		if l.src == nil || t&quote != 0 {
			l.thin |= t
		}
		out = append(out, l)
	}
	return out
}

func (l label) same(m label) bool { return l.equal(&m) }

// equal is same for labels that are compared by the thousand.
func (l *label) equal(m *label) bool {
	if l.err != m.err || l.text != m.text || l.thin != m.thin || l.format != m.format || (l.src == nil) != (m.src == nil) {
		return false
	}
	if l.src == nil {
		return l.in == m.in
	}
	return l.src == m.src || l.src.id() == m.src.id()
}

// value is what an expression may carry. Values are immutable.
type value struct {
	labels []label
	parts  map[string]*value // by field, key ("\"name\"") or elem
	refs   []*loc            // what it may point to
	funcs  []*closure
	split  bool      // the pieces of a text
	whole  bool      // a struct as a literal wrote it: what has no part is zero
	sealed bool      // shows itself by a method: labels are what it shows, whatever its parts are
	made   bool      // a map that was made here: it holds what was put there
	quiet  bool      // set to a constant by who declares it: its name says nothing
	clean  bool      // tells nothing of anything sensitive, whatever it is called
	said   bool      // clean because a function says by its name that it took that out
	mixed  bool      // may also be something that nothing is known of
	cut    omissions // what was left out of it
}

// omissions are the bounds that something was left out of a value for. A value keeps
// them until somebody looks at it, who can tell the receipt where that was.
type omissions uint8

const (
	cutLabels omissions = 1 << iota
	cutParts
	cutDepth
	cutPointers
	cutNodes
)

// names lists omissions for the receipt.
func (c omissions) names() []string {
	var out []string
	for i, name := range [...]string{"labels of one value", "parts of one value", "depth of one value", "targets of one pointer", "size of one value"} {
		if c&(1<<i) != 0 {
			out = append(out, name)
		}
	}
	return out
}

// elem is the part of a value that stands for all elements of a slice, map,
// channel or pointer without a known target.
const elem = "[]"

// keyed is the part of a map that stands for its keys.
const keyed = "{}"

// isField reports whether a part is a field of a struct.
func isField(name string) bool {
	return name != elem && name != keyed && !strings.HasPrefix(name, `"`) && name != "ctx" && !strings.HasPrefix(name, "ctx ") && !strings.HasPrefix(name, "()") && name != encoded
}

var (
	unknown   = &value{}
	clean     = &value{clean: true}
	sanitized = &value{clean: true, said: true}
)

// nothing is what is made of a clean value.
func (v *value) nothing() *value {
	if v.said {
		return sanitized
	}
	return clean
}

// loc is a place of memory: a variable, or what an expression allocates.
type loc struct {
	name   string
	typ    types.Type
	obj    types.Object
	shared bool // written by more than one function: never overwritten
}

// closure is a function value: a literal, or a function or method with its
// receiver.
type closure struct {
	lit   *ast.FuncLit
	fn    *types.Func
	recv  *value
	yield *gathered // neither: what an iterator is given
	// env is what a literal that was returned has captured, symbol the function
	// it stands in: nil where the literal is at home.
	env    map[types.Object]*value
	symbol string
}

// with is c with what another call has captured for the same literal.
func (c *closure) with(d *closure, depth int, left *int) *closure {
	out := *d
	out.env = make(map[types.Object]*value, len(d.env))
	for obj, v := range d.env {
		out.env[obj] = joinDepth(c.env[obj], v, depth, left)
	}
	return &out
}

func withLabels(v *value, ls ...label) *value {
	if len(ls) == 0 {
		return v
	}
	w := *v
	w.clean = false
	var cut omissions
	w.labels, cut = addLabels(slices.Clip(v.labels), ls)
	w.cut |= cut
	return &w
}

// addLabels returns what either has, and whether that was too much.
func addLabels(have, more []label) ([]label, omissions) {
	if len(more) > 0 && len(have) >= len(more) && &have[0] == &more[0] {
		return have, 0 // it is where they came from
	}
next:
	for i := range more {
		l := &more[i]
		for j := range have {
			if l.equal(&have[j]) {
				continue next
			}
		}
		if len(have) >= maxLabels {
			return have, cutLabels
		}
		have = append(have, *l)
	}
	return have, 0
}

// setPart returns v with one part replaced.
func setPart(v *value, name string, p *value) *value {
	left := maxNodes
	p = fitted(p, &left)
	w := *v
	w.whole = w.whole || v.clean && isField(name) // the other fields stay what they were: zero
	w.made = w.made || v.clean
	w.clean = false
	w.parts = make(map[string]*value, len(v.parts)+1)
	for k, x := range v.parts {
		w.parts[k] = x
	}
	if _, ok := w.parts[name]; !ok && len(w.parts) >= maxParts {
		name = elem // it is among the others, nobody knows where
		w.cut |= cutParts
		if old := w.parts[elem]; old != nil {
			p = join(old, p)
		}
	}
	w.parts[name] = p
	return &w
}

// join returns what either may carry.
func join(a, b *value) *value {
	left := maxNodes
	return joinDepth(a, b, 0, &left)
}

// joinDepth joins what stands at depth of a value; left is how many values the
// outermost may still hold.
func joinDepth(a, b *value, depth int, left *int) *value {
	var same *value
	switch {
	case a == nil && b == nil:
		return nil
	case a == b || b == nil:
		same = a
	case a == nil:
		same = b
	case a.clean:
		same = onlyClean(b, a)
	case b.clean:
		same = onlyClean(a, b)
	case b == unknown:
		same = mixed(a)
	case a == unknown:
		same = mixed(b)
	}
	if same != nil {
		if depth == 0 {
			return same
		}
		return fitted(same, left)
	}
	*left--
	w := &value{refs: a.refs, funcs: a.funcs, sealed: a.sealed && b.sealed, whole: a.whole && b.whole, made: a.made && b.made, quiet: a.quiet && b.quiet, mixed: a.mixed || b.mixed, cut: a.cut | b.cut}
	var cut omissions
	w.labels, cut = addLabels(slices.Clip(a.labels), b.labels)
	w.cut |= cut
	for _, r := range b.refs {
		if slices.Contains(w.refs, r) {
			continue
		}
		if len(w.refs) >= maxTargets {
			w.cut |= cutPointers
			break
		}
		w.refs = append(slices.Clip(w.refs), r)
	}
	for _, f := range b.funcs {
		i := slices.IndexFunc(w.funcs, func(g *closure) bool { return g.lit == f.lit && g.fn == f.fn && g.yield == f.yield })
		switch {
		case i < 0 && len(w.funcs) >= maxTargets:
			w.cut |= cutPointers
		case i < 0:
			w.funcs = append(slices.Clip(w.funcs), f)
		case w.funcs[i] != f && f.env != nil && depth < maxDepth:
			w.funcs = slices.Clone(w.funcs)
			w.funcs[i] = w.funcs[i].with(f, depth+1, left)
		}
	}
	if len(a.parts)+len(b.parts) > 0 && *left <= 0 {
		w.cut |= cutNodes
	} else if len(a.parts)+len(b.parts) > 0 && depth >= maxDepth+2 {
		w.cut |= cutDepth
		w.labels, cut = addLabels(w.labels, beneath(beneath(nil, a), b))
		w.cut |= cut
	} else if len(a.parts)+len(b.parts) > 0 {
		w.parts = make(map[string]*value, len(a.parts))
		for _, k := range sortedKeys(a.parts) {
			w.parts[k] = joinDepth(a.parts[k], derived(b, k), depth+1, left)
		}
		for _, k := range sortedKeys(b.parts) {
			y := b.parts[k]
			if w.parts[k] != nil {
				continue
			}
			if len(w.parts) >= maxParts {
				w.cut |= cutParts
				w.parts[elem] = joinDepth(w.parts[elem], y, depth+1, left)
				continue
			}
			w.parts[k] = joinDepth(derived(a, k), y, depth+1, left)
		}
	}
	return w
}

// mixed is v, or something that nothing is known of. That counts where v is an
// input: a caller who passes something clean makes no more than that of it.
func mixed(v *value) *value {
	if v.mixed || !slices.ContainsFunc(v.labels, func(l label) bool { return l.src == nil }) {
		return v
	}
	w := *v
	w.mixed = true
	return &w
}

// fitted is v, without its parts where they are more than a value may still hold.
func fitted(v *value, left *int) *value {
	n := nodes(v, *left)
	if n <= *left {
		*left -= n
		return v
	}
	*left = 0
	w := *v
	w.parts = nil
	w.cut |= cutNodes
	return &w
}

// nodes counts a value and the parts beneath it, as far as limit and one more.
func nodes(v *value, limit int) int {
	n := 1
	if v == nil || v == unknown {
		return n
	}
	for _, p := range v.parts {
		if n > limit {
			break
		}
		n += nodes(p, limit-n)
	}
	return n
}

// beneath is what the parts of a value carry.
func beneath(out []label, v *value) []label {
	for _, k := range sortedKeys(v.parts) {
		out = beneath(append(out, v.parts[k].labels...), v.parts[k])
	}
	return out
}

// onlyClean joins a value with a clean one: what is clean on one branch only is
// not clean.
func onlyClean(v, c *value) *value {
	if v.clean || len(v.labels)+len(v.parts)+len(v.refs)+len(v.funcs) > 0 {
		return v
	}
	if len(c.parts) > 0 {
		return c
	}
	return v
}

// derived is the part of v under name, nil if nothing is known of it.
func derived(v *value, name string) *value {
	if p := v.parts[name]; p != nil {
		return p
	}
	if v.clean {
		return v.nothing()
	}
	if strings.HasPrefix(name, `"`) { // one key of a map
		if p := v.parts[elem]; p != nil {
			return p
		}
	}
	if v.whole && isField(name) {
		return clean
	}
	var ls []label
	var cut omissions
	for _, l := range v.labels {
		if below, ok := l.below(name); ok {
			ls = append(ls, below)
		} else if l.src == nil {
			cut = cutDepth
		}
	}
	if len(ls) == 0 && cut == 0 {
		return nil
	}
	return &value{labels: ls, cut: cut, quiet: v.quiet}
}

// below is what a label on a value means for one of its parts.
func (l label) below(name string) (label, bool) {
	if l.src != nil {
		// The fields of an object speak for themselves; what a container
		// carries, its elements carry.
		field := name != elem && !strings.HasPrefix(name, `"`)
		return l, !field && l.src.Kind != Whole && (l.src.Kind != Dump || l.src.Type == "Header") && l.src.Term != environment
	}
	if strings.HasPrefix(name, `"`) && (l.in.global == "" || strings.Contains(name, ".")) {
		name = elem
	}
	path := joinPath(l.in.path, name)
	if strings.Count(path, ".") >= maxDepth {
		// Further along a list, or round a circle, is as good as here.
		if path = rounded(path); strings.Count(path, ".") >= maxDepth {
			return l, false
		}
	}
	l.in.path = path
	return l, true
}

// environment is the term for all variables of the environment at once: one of
// them says nothing before its name is known.
const environment = "environment variables"

// rounded leaves out of a path what it ends with twice. It is asked for every
// label of a deep value, so it makes no lists of names.
func rounded(path string) string {
	for i := strings.LastIndexByte(path, '.'); i >= 0; i = strings.LastIndexByte(path[:i], '.') {
		rest, again := path[:i], path[i+1:]
		if len(rest) < len(again) {
			break
		}
		if before, ok := strings.CutSuffix(rest, again); ok && (before == "" || strings.HasSuffix(before, ".")) {
			return rest
		}
	}
	return path
}

func joinPath(a, b string) string {
	if a == "" {
		return b
	}
	if b == "" {
		return a
	}
	return a + "." + b
}

// part reads one part of v.
func part(v *value, name string) *value {
	if p := derived(v, name); p != nil {
		return p
	}
	return unknown
}

// elements reads all elements of v, whatever their key.
func elements(v *value) *value {
	out := derived(v, elem)
	for _, k := range sortedKeys(v.parts) {
		if k != elem && strings.HasPrefix(k, `"`) {
			out = join(out, v.parts[k])
		}
	}
	if out == nil {
		return unknown
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// hop returns v with a step added to the path of everything it carries.
func hop(v *value, pos token.Pos, note string) *value { return hopDepth(v, pos, note, 0) }

func hopDepth(v *value, pos token.Pos, note string, depth int) *value {
	if v == nil || v.clean || len(v.labels) == 0 && len(v.parts) == 0 || depth > maxDepth {
		return v
	}
	w := *v
	if len(v.labels) > 0 {
		w.labels = slices.Clone(v.labels)
		for i := range w.labels {
			w.labels[i].step = w.labels[i].step.then(pos, note)
		}
	}
	if len(v.parts) > 0 {
		w.parts = make(map[string]*value, len(v.parts))
		for k, p := range v.parts {
			w.parts[k] = hopDepth(p, pos, note, depth+1)
		}
	}
	return &w
}

// state says what each place may hold. A state is a layer over its parent; while
// layers over it exist a parent does not change.
type state struct {
	parent *state
	m      map[*loc]*value
	dead   bool // control does not get here
	depth  int
}

func (s *state) get(l *loc) *value {
	for ; s != nil; s = s.parent {
		if v, ok := s.m[l]; ok {
			return v
		}
	}
	return nil
}

func (s *state) set(l *loc, v *value) {
	if l.shared {
		v = join(s.get(l), v)
	}
	if s.m == nil {
		s.m = make(map[*loc]*value)
	}
	s.m[l] = v
}

func (s *state) fork() *state { return &state{parent: s, dead: s.dead, depth: s.depth + 1} }

// merge makes s, whose layers are branches, what any live branch leaves behind.
// It reports whether anything s held before has changed.
func (s *state) merge(branches ...*state) (changed bool) {
	var live []*state
	for _, b := range branches {
		if b != nil && !b.dead {
			live = append(live, b)
		}
	}
	if len(live) == 0 {
		s.dead = true
		return false
	}
	s.dead = false
	if len(live) == 1 && live[0] == s {
		return false
	}
	touched := make(map[*loc]bool)
	for _, b := range live {
		for l := b; l != nil && l != s; l = l.parent {
			for k := range l.m {
				touched[k] = true
			}
		}
	}
	news := make(map[*loc]*value, len(touched))
	for k := range touched {
		var v *value
		for _, b := range live {
			v = join(v, b.get(k))
		}
		news[k] = v
	}
	for k, v := range news {
		if old := s.get(k); old != v && weight(v) != weight(old) {
			changed = true
		}
		if s.m == nil {
			s.m = make(map[*loc]*value)
		}
		s.m[k] = v
	}
	return changed
}

// weight counts what a value carries, to see whether a loop still adds to it.
func weight(v *value) int {
	if v == nil {
		return 0
	}
	n := len(v.labels) + len(v.refs) + len(v.funcs)
	for _, p := range v.parts {
		n += weight(p)
	}
	return n
}
