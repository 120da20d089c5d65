package secrets

import (
	"encoding/binary"
	"regexp"
	"regexp/syntax"
	"slices"
	"sync"
	"unsafe"

	_ "embed"

	"github.com/zricethezav/gitleaks/v8/config"
)

// Most repositories have no .gitleaks.toml, and most looks are short: at a push. To
// read the default rules, to derive from them what the filter asks and to compile
// them cost more than such a look. So all that follows from them alone is kept in
// saved_rules.go and saved_programs.bin, which a test makes and compares; a rule is
// made when something almost matches it.

// savedRule is a rule of gitleaks' default configuration, or one of ours. Its
// place among savedRules, which are sorted by id, is its number in a filter.
type savedRule struct {
	own                         bool
	id, description, path, expr string
	// plain is the expression as gitleaks has it, if expr finds more than that.
	plain          string
	group          int
	entropy        float64
	keywords, tags []string
	skipReport     bool
	lists          []savedList
	// pathLiterals are those of a pathTest, of path.
	pathLiterals []string
	needs        *savedNeeds
	anchors      []savedAnchor
}

// savedNeeds are needs, the bytes as byteSet.ranges gives them.
type savedNeeds struct {
	secret, some string
	least        int
}

// savedList is an allowlist.
type savedList struct {
	description    string
	all            bool // it takes all of what follows
	commits, paths []string
	target         string
	exprs, stops   []string
}

// savedAnchor is an anchor, and where its program is kept.
type savedAnchor struct {
	literals []string
	before   int
	lead     int // among savedLeads
	program  int // among all programs
}

//go:embed saved_programs.bin
var savedPrograms string

// savedStates is next of the filter's automaton, each number in four bytes, the
// lowest first.
//
//go:embed saved_states.bin
var savedStates string

// numbersIn returns the numbers of savedStates. They are half a megabyte, of which a
// short text needs a few pages: where the machine keeps numbers in the same way, they
// stay where they are.
func numbersIn(s string) []uint32 {
	if binary.NativeEndian.Uint16([]byte{1, 0}) == 1 {
		return unsafe.Slice((*uint32)(unsafe.Pointer(unsafe.StringData(s))), len(s)/4) //nolint:gosec // nothing writes to it, and its length is known
	}
	out := make([]uint32, len(s)/4)
	for i := range out {
		out[i] = binary.LittleEndian.Uint32([]byte(s[4*i : 4*i+4]))
	}
	return out
}

// config returns a rule as a configuration has it, its expressions to be compiled by
// makeReady.
func (s *savedRule) config() config.Rule {
	r := s.rule(embedded.expr)
	for i := range s.lists {
		a := s.lists[i].allowlist(embedded.expr, true)
		embedded.allowlist(a)
		r.Allowlists = append(r.Allowlists, a)
	}
	return r
}

// ready returns a rule for gitleaks to judge by, but for its expression, and the stop
// words that gitleaks is not told.
func (s *savedRule) ready() (config.Rule, stopList) {
	r := s.rule(func(string) *regexp.Regexp { return nil })
	var stops stopList
	for i := range s.lists {
		a := s.lists[i].allowlist(regexp.MustCompile, true)
		if isGeneric(s.id) {
			var words stopList
			if words, a = stopListOf(a, s.lists[i].stops); words != nil && stops != nil {
				panic("two long lists of stop words in rule " + s.id) // covered by a test
			} else if words != nil {
				stops = words
			}
		}
		if a != nil {
			makeUsable(a)
			r.Allowlists = append(r.Allowlists, a)
		}
	}
	return r, stops
}

// rule returns a rule without its allowlists.
func (s *savedRule) rule(compile func(string) *regexp.Regexp) config.Rule {
	r := config.Rule{RuleID: s.id, Description: s.description, SecretGroup: s.group, Entropy: s.entropy, Tags: s.tags, Keywords: slices.Clip(s.keywords), SkipReport: s.skipReport}
	if s.path != "" {
		r.Path = regexp.MustCompile(s.path)
	}
	if s.expr != "" {
		r.Regex = compile(s.expr)
	}
	return r
}

// allowlist returns an allowlist that still must be validated, without paths if
// these were asked for before.
func (s *savedList) allowlist(compile func(string) *regexp.Regexp, paths bool) *config.Allowlist {
	a := &config.Allowlist{Description: s.description, Commits: s.commits, RegexTarget: s.target, StopWords: s.stops}
	if s.all {
		a.MatchCondition = config.AllowlistMatchAnd
	}
	for _, expr := range s.exprs {
		a.Regexes = append(a.Regexes, compile(expr))
	}
	if paths {
		for _, expr := range s.paths {
			a.Paths = append(a.Paths, compile(expr))
		}
	}
	return a
}

// makeUsable makes an allowlist that gitleaks is asked with. To validate it would
// compile all of it once more, as one expression, and build an automaton of its words;
// without, gitleaks asks for one after the other. Only commits would not be the same.
func makeUsable(a *config.Allowlist) {
	if len(a.Commits) > 0 {
		mustValidate(a)
	}
}

func mustValidate(a *config.Allowlist) {
	if err := a.Validate(); err != nil {
		panic("an allowlist of the default rules: " + err.Error()) // covered by a test
	}
}

// savedConfig returns gitleaks' default configuration, or our own rules and what we
// change of gitleaks', as the files they are in say it.
func savedConfig(own bool) *config.Config {
	cfg := &config.Config{Rules: make(map[string]config.Rule), Keywords: make(map[string]struct{})}
	for i := range savedRules {
		s := &savedRules[i]
		switch {
		case s.own == own && s.plain == "":
			cfg.Rules[s.id] = s.config()
		case s.plain != "" && own:
			cfg.Rules[s.id] = config.Rule{RuleID: s.id, Regex: embedded.expr(s.expr)}
		case s.plain != "":
			as := *s
			as.expr = s.plain
			cfg.Rules[s.id] = as.config()
		default:
			continue
		}
		cfg.OrderedRules = append(cfg.OrderedRules, s.id)
	}
	if !own {
		for i := range savedLists {
			a := savedLists[i].allowlist(regexp.MustCompile, true)
			mustValidate(a)
			cfg.Allowlists = append(cfg.Allowlists, a)
		}
	}
	return cfg
}

// savedDefinitions are the default rules with ours.
func savedDefinitions() definitions {
	type readyRule struct {
		config.Rule
		stops stopList
		whole *regexp.Regexp
	}
	shorts := shortRegexps{short: func(expr string) string {
		_, short := withoutBounds(expr, shortBytes) // a test looked at all of them
		return short
	}}
	var mu sync.Mutex
	ready := make([]*readyRule, len(savedRules))
	return definitions{
		whole: sync.OnceValue(func() *config.Config {
			cfg := cloneConfig(gitleaksDefaults())
			merge(cfg, ownDefaults(), nil)
			return finish(cfg)
		}),
		rule: func(i int, short bool) (config.Rule, stopList) {
			mu.Lock()
			defer mu.Unlock()
			s, r := &savedRules[i], ready[i]
			if r == nil {
				r = new(readyRule)
				r.Rule, r.stops = s.ready()
				ready[i] = r
			}
			out := r.Rule
			if short && s.expr != "" {
				out.Regex = shorts.get(i, s.expr)
			}
			if out.Regex == nil && s.expr != "" {
				if r.whole == nil {
					r.whole = regexp.MustCompile(s.expr)
				}
				out.Regex = r.whole
			}
			return out, r.stops
		},
		expr: func(i int) string { return savedRules[i].expr },
		lists: sync.OnceValue(func() []*config.Allowlist {
			out := make([]*config.Allowlist, len(savedLists))
			for i := range savedLists {
				// Who judges a file asked whether its path is left out.
				out[i] = savedLists[i].allowlist(regexp.MustCompile, savedLists[i].all)
				makeUsable(out[i])
			}
			return out
		}),
	}
}

// newSavedFilter is newFilter for the default rules with ours.
func newSavedFilter() *filter {
	f := &filter{rules: make([]ruleFilter, len(savedRules)), patterns: savedPatterns, progs: make([]program, savedPathsProgram), pathParts: savedPathParts, local: savedLocal}
	f.paths = sync.OnceValue(func() *program { return &program{saved: savedPathsProgram} })
	leads := make([]byteSet, len(savedLeads))
	for i, ranges := range savedLeads {
		leads[i] = parseByteSet(ranges)
	}
	for i := range savedRules {
		s, r := &savedRules[i], &f.rules[i]
		*r = ruleFilter{id: s.id, pathOnly: s.expr == "", words: s.keywords}
		if s.path != "" {
			r.path = newPathTest(s.pathLiterals, s.path)
		}
		lines := false
		for k := range s.lists {
			lines = lines || s.lists[k].target == "line"
			r.byPath = r.byPath || len(s.lists[k].paths) > 0
		}
		r.local, r.byPath = !lines || isGeneric(s.id), r.byPath || s.path != ""
		if s.expr == "" {
			continue
		}
		r.keywords = usableKeywords(s.keywords)
		if n := s.needs; n != nil {
			r.needs = &needs{parseByteSet(n.secret), parseByteSet(n.some), n.least}
		}
		for k := range s.anchors {
			a := &s.anchors[k]
			r.anchor(a.before, &leads[a.lead])
			f.progs[a.program].saved = a.program
		}
	}
	f.auto = savedAutomaton
	f.auto.next = numbersIn(savedStates)
	f.pool.New = func() any { return newMatcher(f) }
	return f
}

// savedAnchorsOf returns the anchors of an expression of the default rules, which
// spares their derivation where a repository's configuration adds to them.
func savedAnchorsOf(expr string) ([]anchor, bool) {
	i, ok := savedExprs()[expr]
	if !ok {
		return nil, false
	}
	saved := savedRules[i].anchors
	out := make([]anchor, len(saved))
	for k, s := range saved {
		out[k] = anchor{literals: s.literals, before: s.before, lead: parseByteSet(savedLeads[s.lead]), prog: &program{saved: s.program}}
	}
	return out, true
}

var savedExprs = sync.OnceValue(func() map[string]int {
	out := make(map[string]int, len(savedRules))
	for i := range savedRules {
		if savedRules[i].expr != "" {
			out[savedRules[i].expr] = i
		}
	}
	return out
})

// pathTest is an expression that a path may match. It is compiled only when a path
// has one of the literals that every match contains; it is a matter of course
// that most paths have none.
type pathTest struct {
	literals []string // lower case; nil: not known
	expr     func() *regexp.Regexp
}

func newPathTest(literals []string, expr string) *pathTest {
	return &pathTest{literals: literals, expr: sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })}
}

func (p *pathTest) match(path string) bool {
	if p.literals != nil && lacks(path, p.literals) {
		return false
	}
	return p.expr().MatchString(path)
}

// A saved program is the number of its instructions, the first of them, and for
// each what it does, as a number of savedInsts, with where it goes on, counted
// from itself. All programs follow a table of where they begin.

// decodeCode returns a saved program.
func decodeCode(n int) *code {
	at := 4*(savedPathsProgram+1) + int(binary.LittleEndian.Uint32([]byte(savedPrograms[4*n:4*n+4])))
	next := func() int {
		var v uint64
		for shift := 0; ; shift += 7 {
			c := savedPrograms[at]
			at++
			v |= uint64(c&0x7f) << shift
			if c < 0x80 {
				return int(v)
			}
		}
	}
	signed := func() int {
		v := next()
		return v>>1 ^ -(v & 1)
	}
	c := &code{insts: make([]inst, next()), kinds: savedInsts}
	c.start = uint16(next())
	for pc := range c.insts {
		in := &c.insts[pc]
		in.kind = uint16(next())
		in.out = uint16(pc + signed())
		if op := savedInsts[in.kind].Op; op == syntax.InstAlt || op == syntax.InstAltMatch {
			in.arg = uint16(pc + signed())
		}
	}
	return c
}
