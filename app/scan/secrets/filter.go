package secrets

import (
	"bytes"
	"regexp"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/zricethezav/gitleaks/v8/config"
)

// filter answers which rules of a configuration could report anything in a
// text. It is sound: it may name a rule that reports nothing, never the other
// way round. It is derived from the rules alone, see anchor.go:
//
//   - every match of a rule's expression contains one of a few literals
//     (anchors), found for all rules in one pass over the case-folded text;
//   - from an anchor on, the rest of the expression must match, in the text or in
//     some of its lines alone, which an automaton follows for as long as it can
//     (dfa.go);
//   - one of the rule's keywords must be in the text, as gitleaks wants it;
//   - what gitleaks decodes (base64, hex, percent, unicode escapes) is decoded
//     with its own decoder and looked at again.
//
// A rule of which any of this cannot be derived is let through.
type filter struct {
	rules    []ruleFilter // sorted by id
	auto     automaton
	patterns []pattern
	progs    []program
	paths    func() *program // matches the paths that a global allowlist leaves out; nil: ask each
	// pathParts are in every such path, one of them, lower case; nil: not known.
	pathParts []string
	lists     []*config.Allowlist
	local     bool // no global allowlist looks at whole lines
	pool      sync.Pool

	lengths    sync.Once
	longestOne int // see longest

	newlines sync.Map // by rule, see ruleSet.newlines

	byName sync.Once
	names  []*pathTest // of rules about names alone; nil: any name
}

// ruleFilter is what must hold for one rule to report anything.
type ruleFilter struct {
	id       string
	pathOnly bool
	path     *pathTest
	keywords bool     // one of its keywords must be there
	words    []string // its keywords
	anchored bool     // one of its anchors must be there
	required []int    // rules that are needed to judge this one
	// before is the most bytes of a match before its anchor, -1: unbounded.
	before int
	// lead holds the bytes such a match can have there.
	lead *byteSet
	// local: whether a match is reported depends on nothing but the text around
	// it and its lines, so that a window around it can be judged alone.
	local bool
	// byPath: whether it reports something depends on the file's name.
	byPath bool
	// needs is what a finding must have, nil when that is not known.
	needs *needs
}

// pattern is what finding a literal means.
type pattern struct {
	foreign bool    // a letter outside ASCII that case folding takes into it
	keyword []int32 // rules that have it as a keyword
	anchor  []anchorAt
}

type anchorAt struct {
	rule   int32
	prog   int32 // of the filter's
	length int32 // bytes of the literal: where it began
}

// newFilter makes a filter from a configuration whose rules are sorted.
func newFilter(cfg *config.Config) *filter { return filterOf(cfg, anchorsOf) }

// filterOf is newFilter with what says the anchors of an expression.
func filterOf(cfg *config.Config, anchorsOf func(expr string) []anchor) *filter {
	f := &filter{lists: cfg.Allowlists, local: len(linewise(cfg.Allowlists)) == 0}
	f.paths = sync.OnceValue(func() *program { return allowedPaths(cfg.Allowlists) })
	b := newAutomatonBuilder()
	at := func(literal string) *pattern {
		i := b.add(literal)
		for len(f.patterns) <= i {
			f.patterns = append(f.patterns, pattern{})
		}
		return &f.patterns[i]
	}
	for _, s := range [][]byte{dottedI, longS, kelvin} {
		at(string(s)).foreign = true
	}
	index := make(map[string]int)
	for i, id := range cfg.OrderedRules {
		index[id] = i
	}
	for i, id := range cfg.OrderedRules {
		r := cfg.Rules[id]
		rf := ruleFilter{id: id, pathOnly: r.Regex == nil, words: r.Keywords}
		if r.Path != nil {
			rf.path = &pathTest{expr: func() *regexp.Regexp { return r.Path }}
		}
		// A generic rule's finding does not hide another's (gitleaks'
		// detect.filter), so its lines can be looked at afterwards.
		rf.local = len(r.RequiredRules) == 0 && (len(linewise(r.Allowlists)) == 0 || isGeneric(id))
		rf.byPath = r.Path != nil || slices.ContainsFunc(r.Allowlists, func(a *config.Allowlist) bool { return len(a.Paths) > 0 })
		for _, q := range r.RequiredRules {
			if j, ok := index[q.RuleID]; ok {
				rf.required = append(rf.required, j)
			}
		}
		if r.Regex != nil {
			if rf.keywords = usableKeywords(r.Keywords); rf.keywords {
				for _, k := range r.Keywords {
					p := at(strings.ToLower(k))
					p.keyword = append(p.keyword, int32(i))
				}
			}
			for _, a := range anchorsOf(exprOf(r.Regex)) {
				rf.anchor(a.before, &a.lead)
				for _, lit := range a.literals {
					p := at(lit)
					p.anchor = append(p.anchor, anchorAt{rule: int32(i), prog: int32(len(f.progs)), length: int32(len(lit))})
				}
				f.progs = append(f.progs, *a.prog)
			}
			rf.needs = needsOf(r)
		}
		f.rules = append(f.rules, rf)
	}
	f.auto = b.build()
	f.pool.New = func() any { return newMatcher(f) }
	return f
}

// anchor notes one of the rule's anchors.
func (r *ruleFilter) anchor(before int, lead *byteSet) {
	if !r.anchored {
		r.anchored, r.before, r.lead = true, before, lead
		return
	}
	r.before = widest(r.before, before)
	both := *r.lead
	both.join(*lead)
	r.lead = &both
}

// usableKeywords reports whether one of a rule's keywords must be in a text, as far
// as we can tell.
func usableKeywords(words []string) bool {
	return len(words) > 0 && !slices.ContainsFunc(words, func(k string) bool {
		k = strings.ToLower(k)
		return k == "" || !isASCII(k)
	})
}

func widest(a, b int) int {
	if a < 0 || b < 0 {
		return -1
	}
	return max(a, b)
}

func linewise(lists []*config.Allowlist) []*config.Allowlist {
	var out []*config.Allowlist
	for _, a := range lists {
		if a.RegexTarget == "line" {
			out = append(out, a)
		}
	}
	return out
}

func isGeneric(id string) bool { return strings.Contains(strings.ToLower(id), "generic") }

// verdict says which rules could report something in a text.
type verdict struct {
	none   bool // none could
	decode bool // something could be found in what gitleaks decodes
	rules  []int
	// unasked are rules that could match, but have no keyword in the text.
	unasked []int
	// foreign: the text has foreign letters.
	foreign bool
	// decoded are the passes of gitleaks' decoder in which something could be
	// found; decode and rules do not take them into account yet.
	decoded []decodedText
}

// decodedText is what one pass of gitleaks' decoder makes of a text.
type decodedText struct {
	content  []byte
	segments []interval // where something was decoded
	rules    []int
}

// matcher is the changing part of a filter, for one goroutine at a time.
type matcher struct {
	f       *filter
	keyword []bool
	anchor  []bool
	dfas    []*dfa // by program
	room    dfaRoom
	steps   []int
	paths   *dfa // filter.paths
	path    []byte
	few     int   // paths that were asked for before paths was made
	foreign bool  // the last text had foreign letters
	letters []int // where these end in it
	folded  []byte
}

func newMatcher(f *filter) *matcher {
	n := len(f.rules)
	return &matcher{f: f, keyword: make([]bool, n), anchor: make([]bool, n), steps: make([]int, n), dfas: make([]*dfa, len(f.progs))}
}

// ask says which rules could report something in content, a file at path.
func (m *matcher) ask(content []byte, path string) verdict {
	if path != "" && m.pathAllowed(path) {
		return verdict{none: true}
	}
	v := verdict{}
	m.look(content, nil)
	v.foreign = m.foreign
	v.rules, v.unasked = m.possible(path, true)
	if decodable(content) {
		// gitleaks decodes in place and looks again, up to its limit; there it
		// reports only what overlaps something decoded.
		raw := content
		for depth := 1; depth <= maxDecodeDepth; depth++ {
			var segments []interval
			if raw, segments = decodeOnce(raw); len(segments) == 0 {
				break
			}
			m.look(raw, segments)
			if rules, _ := m.possible(path, false); len(rules) > 0 {
				v.decoded = append(v.decoded, decodedText{content: raw, segments: segments, rules: rules})
			}
		}
	}
	v.none = len(v.rules) == 0 && len(v.decoded) == 0
	return v
}

// possible returns the rules that the last look leaves possible, with those they
// need, for a file at path; rules about paths alone if asked for. unasked could match, too,
// but have no keyword in the text.
func (m *matcher) possible(path string, pathOnly bool) (out, unasked []int) {
	for i := range m.f.rules {
		r := &m.f.rules[i]
		if r.pathOnly {
			if !pathOnly {
				continue
			}
		} else if r.keywords && !m.keyword[i] {
			if m.anchor[i] {
				unasked = append(unasked, i)
			}
			continue
		} else if r.anchored && !m.anchor[i] {
			continue
		}
		if r.path != nil && !r.path.match(path) {
			continue
		}
		out = append(append(out, i), r.required...)
	}
	return out, unasked
}

// look notes which keywords are in content, and which rules have an anchor from
// which they could match; within segments only, if there are any.
func (m *matcher) look(content []byte, segments []interval) {
	clear(m.keyword)
	clear(m.anchor)
	clear(m.steps)
	m.each(content, func(p *pattern, end int, at func(int) int) {
		for _, r := range p.keyword {
			m.keyword[r] = true
		}
		for _, a := range p.anchor {
			if m.anchor[a.rule] {
				continue
			}
			from := at(end - int(a.length))
			before := m.f.rules[a.rule].before
			if segments != nil && before >= 0 && segments[len(segments)-1].to < from-before {
				continue
			}
			ok, to := m.follow(a, content, from)
			if ok && segments != nil && before >= 0 && !touches(segments, from-before, to) {
				continue
			}
			m.anchor[a.rule] = ok && m.f.rules[a.rule].needs.in(content[from:to])
		}
	})
}

// touches reports whether from..to overlaps or touches one of the sorted
// intervals.
func touches(segments []interval, from, to int) bool {
	i := sort.Search(len(segments), func(i int) bool { return segments[i].to >= from })
	return i < len(segments) && segments[i].from <= to
}

// each calls visit for every literal in content, with where it ends. Positions
// go through at, which maps them back to content. It reports whether content ends
// in what could be the beginning of a literal.
func (m *matcher) each(content []byte, visit func(p *pattern, end int, at func(int) int)) (open bool) {
	m.letters = m.letters[:0]
	open = m.pass(content, func(i int) int { return i }, visit)
	m.foreign = len(m.letters) > 0
	reach := 3 * (1 + m.f.longest()) // letters of up to three bytes each
	for letters := m.letters; len(letters) > 0; {
		// What one of these letters may be a part of, with the next of them, and so on.
		start := max(letters[0]-reach, 0)
		at, to := start, letters[0]+reach
		var moved []interval // from here in folded on, positions in content are further on by to
		m.folded = m.folded[:0]
		for len(letters) > 0 && letters[0] <= to {
			c, n := foreignLetter(content[:letters[0]])
			m.folded = append(append(m.folded, content[at:letters[0]-n]...), c)
			at, to = letters[0], letters[0]+reach
			moved = append(moved, interval{len(m.folded), at - start - len(m.folded)})
			letters = letters[1:]
		}
		m.folded = append(m.folded, content[at:min(to, len(content))]...)
		more := m.pass(m.folded, func(p int) int {
			i := sort.Search(len(moved), func(i int) bool { return moved[i].from > p })
			if i == 0 {
				return start + p
			}
			return start + p + moved[i-1].to
		}, visit)
		open = open || more && to >= len(content)
	}
	return open
}

// longest is how many bytes a literal has at most.
func (f *filter) longest() int {
	f.lengths.Do(func() {
		for _, p := range f.patterns {
			for _, a := range p.anchor {
				f.longestOne = max(f.longestOne, int(a.length))
			}
			for _, r := range p.keyword {
				for _, w := range f.rules[r].words {
					f.longestOne = max(f.longestOne, len(w))
				}
			}
		}
	})
	return f.longestOne
}

// foreignLetter returns what case folding makes in ASCII of the letter outside it that
// text ends in, and how many bytes that letter has. The Kelvin sign and the long s match
// k and s in a case-insensitive expression, and the dotted capital I becomes i in
// strings.ToLower. Text around one of them is looked at a second time with them
// replaced.
func foreignLetter(text []byte) (folded byte, n int) {
	switch {
	case bytes.HasSuffix(text, dottedI):
		return 'i', len(dottedI)
	case bytes.HasSuffix(text, longS):
		return 's', len(longS)
	}
	return 'k', len(kelvin)
}

var kelvin, longS, dottedI = []byte("\u212a"), []byte("\u017f"), []byte("\u0130")

// pass goes over text once and notes where foreign letters in it end. It reports
// whether it ends in what could be the beginning of a literal.
func (m *matcher) pass(text []byte, at func(int) int, visit func(*pattern, int, func(int) int)) (open bool) {
	a := &m.f.auto
	next, class, firstOut := a.next, &a.class, a.firstOut
	s := a.root
	for i, b := range text {
		s = next[s+uint32(class[b])]
		if s < firstOut {
			continue
		}
		for _, id := range a.out[(s-a.firstOut)>>a.shift] {
			p := &m.f.patterns[id]
			if p.foreign {
				m.letters = append(m.letters, i+1)
				continue
			}
			visit(p, i+1, at)
		}
	}
	return s != a.root
}

// follow reports whether the rule's expression can go on from an anchor, and
// how far a match from there can reach. A rule that costs too much on this text
// is let through.
func (m *matcher) follow(at anchorAt, content []byte, from int) (bool, int) {
	if m.steps[at.rule] > 8*len(content)+1<<16 {
		return true, len(content)
	}
	d := m.dfas[at.prog]
	if d == nil {
		d = newDFA(&m.f.progs[at.prog], true, &m.room)
		m.dfas[at.prog] = d
	}
	ok, to := d.match(content, from)
	m.steps[at.rule] += to - from
	return ok, to
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
