package secrets

import (
	"context"
	"encoding/binary"
	"slices"
	"strings"
	"sync"

	"github.com/rs/zerolog"
	"github.com/zricethezav/gitleaks/v8/config"
	"github.com/zricethezav/gitleaks/v8/detect"
	"github.com/zricethezav/gitleaks/v8/logging"
	"github.com/zricethezav/gitleaks/v8/report"
	"github.com/zricethezav/gitleaks/v8/sources"
)

// gitleaks logs through one global logger and quotes secrets at its lower
// levels. It is switched off before anything can run.
func init() { logging.Logger = zerolog.Nop() }

// maxDecodeDepth is the default of the gitleaks command; the library's is 0.
const maxDecodeDepth = 5

// allowMark on a line says that its author means what stands there.
const allowMark = "gitleaks:allow"

// maxDetectors bounds how many combinations of rules get a detector of their
// own; beyond it, texts are judged by all rules.
const maxDetectors = 512

// judge is plain gitleaks. For a text in which only some rules could report
// anything it runs gitleaks with just those: the others would find nothing. It
// may be used concurrently: a detector's rules and automaton are only read, and
// DetectContext collects nothing in it.
type judge struct {
	defs definitions
	full func() *plainDetector // with all rules; seldom needed and dear to make
	mu   *sync.RWMutex
	some map[string]*detector
}

// detector is plain gitleaks with some rules.
type detector struct {
	any func() *plainDetector
	// short is for short texts, nil when there is no other; see shortBytes.
	short func() *plainDetector
}

// find returns what gitleaks reports in t.
func (d *detector) find(ctx context.Context, t text) []report.Finding {
	if d.short != nil && len(t.content) <= shortBytes {
		return d.short().find(ctx, t)
	}
	return d.any().find(ctx, t)
}

// plainDetector is a detector that was made.
type plainDetector struct {
	gitleaks *detect.Detector
	// stops are the stop words that it was not told, by rule.
	stops map[string]stopList
}

func (d *plainDetector) find(ctx context.Context, t text) []report.Finding {
	return dropStopped(d.gitleaks.DetectContext(ctx, t.fragment()), d.stops)
}

// definitions are the rules of a rule set, each made when gitleaks needs it. A
// rule's number is that in the filter.
type definitions struct {
	whole func() *config.Config // all of it
	// rule is one of them, for short texts or for any, but for stop words that gitleaks is
	// not told.
	rule func(n int, short bool) (config.Rule, stopList)
	expr func(n int) string
	// lists are the global allowlists, for texts whose path they do not leave out.
	lists func() []*config.Allowlist
}

func definitionsOf(cfg *config.Config) definitions {
	shorts := shortRegexps{short: func(expr string) string { return shortExpr(expr, shortBytes) }}
	return definitions{
		whole: func() *config.Config { return cfg },
		rule: func(n int, short bool) (config.Rule, stopList) {
			r := cfg.Rules[cfg.OrderedRules[n]]
			if short && r.Regex != nil {
				if re := shorts.get(n, exprOf(r.Regex)); re != nil {
					r.Regex = re
				}
			}
			makeReady(r)
			return r, nil
		},
		expr:  func(n int) string { return exprOf(cfg.Rules[cfg.OrderedRules[n]].Regex) },
		lists: func() []*config.Allowlist { return cfg.Allowlists },
	}
}

func newJudge(defs definitions) judge {
	full := sync.OnceValue(func() *plainDetector {
		cfg := defs.whole()
		for _, r := range cfg.Rules {
			makeReady(r)
		}
		return &plainDetector{gitleaks: newDetector(*cfg, true)}
	})
	return judge{defs: defs, full: full, mu: new(sync.RWMutex), some: make(map[string]*detector)}
}

func newDetector(cfg config.Config, decode bool) *detect.Detector {
	d := detect.NewDetector(cfg)
	if decode {
		d.MaxDecodeDepth = maxDecodeDepth
	}
	// Inline allowances are applied by us, because the base's policy may
	// forbid them and because they are counted.
	d.IgnoreGitleaksAllow = true
	return d
}

// detector returns a detector with only some rules, that decodes or does not.
// With bare it asks neither for keywords nor for whole lines: both may reach
// out of a window.
func (j judge) detector(f *filter, rules []int, decode, bare bool) *detector {
	rules = slices.Clone(rules)
	slices.Sort(rules)
	rules = slices.Compact(rules)
	key := make([]byte, 0, 2*len(rules)+2)
	if decode {
		key = append(key, 'd')
	}
	if bare {
		key = append(key, 'b')
	}
	for _, i := range rules {
		key = binary.LittleEndian.AppendUint16(key, uint16(i))
	}
	j.mu.RLock()
	d, n := j.some[string(key)], len(j.some)
	j.mu.RUnlock()
	if d != nil {
		return d
	}
	if n >= maxDetectors && decode && !bare {
		return &detector{any: j.full}
	}
	make := func(short bool) func() *plainDetector {
		return sync.OnceValue(func() *plainDetector { return j.make(rules, decode, bare, short) })
	}
	if d = (&detector{any: make(false)}); !decode { // what is decoded is shorter, too, but nobody says so
		d.short = make(true)
	}
	if n < maxDetectors {
		j.mu.Lock()
		j.some[string(key)] = d
		j.mu.Unlock()
	}
	return d
}

// make makes a detector.
func (j judge) make(rules []int, decode, bare, short bool) *plainDetector {
	d := &plainDetector{stops: make(map[string]stopList)}
	cfg := config.Config{Rules: make(map[string]config.Rule), Keywords: make(map[string]struct{}), Allowlists: j.defs.lists()}
	for _, i := range rules {
		r, stops := j.defs.rule(i, short)
		if stops != nil {
			d.stops[r.RuleID] = stops
		}
		if bare {
			r.Keywords = nil
			r.Allowlists = slices.DeleteFunc(slices.Clone(r.Allowlists), func(a *config.Allowlist) bool { return a.RegexTarget == "line" })
		}
		cfg.Rules[r.RuleID] = r
		for _, k := range r.Keywords {
			cfg.Keywords[k] = struct{}{}
		}
	}
	d.gitleaks = newDetector(cfg, decode)
	return d
}

// text is something to look for secrets in.
type text struct {
	content []byte
	path    string // "" for commit messages and tags
	commit  string
	line    int // of the first line of content
	// lines, unless nil, are all lines, counted from 1, in which content differs from
	// one of which it is known what it holds: nothing that matters. What is found
	// beside them need not be told.
	lines []interval
}

func (t text) fragment() detect.Fragment { //nolint:staticcheck // what v8 takes; v9 renames it
	//nolint:staticcheck // as above
	return detect.Fragment(sources.Fragment{Raw: string(t.content), FilePath: t.path, CommitSHA: t.commit, StartLine: t.line})
}

// find returns what gitleaks reports in t, the filter first.
func (rs *ruleSet) find(ctx context.Context, t text) []report.Finding {
	if rs.unfiltered {
		return rs.judge.full().find(ctx, t)
	}
	m := rs.filter.pool.Get().(*matcher)
	defer rs.filter.pool.Put(m)
	v := m.ask(t.content, t.path)
	if v.none {
		return nil
	}
	for _, d := range v.decoded {
		if v.decode || rs.decodesToSomething(ctx, m, t, d) {
			v.decode = true
			v.rules = append(v.rules, d.rules...)
		}
	}
	if len(v.rules) == 0 {
		return nil
	}
	if v.decode || len(t.content) < minWindowed {
		return rs.judge.detector(rs.filter, v.rules, v.decode, false).find(ctx, t)
	}
	windowed, rest := m.windows(t.content, v.rules)
	if v.foreign {
		tried := rs.filter.withKeywords(t.content, v.rules)
		windowed = slices.DeleteFunc(windowed, func(r ruleWindows) bool { return !slices.Contains(tried, r.rule) })
	}
	if t.lines != nil && len(rest) == 0 {
		if hid, others := m.windows(t.content, v.unasked); len(others) == 0 {
			windowed = rs.touchingLines(t.content, windowed, hid, t.lines)
		}
	}
	found := rs.judgeWindows(ctx, t, windowed)
	if len(rest) > 0 {
		found = append(found, rs.judge.detector(rs.filter, rest, false, false).find(ctx, t)...)
	}
	return preferSpecific(found)
}

// allowedInline reports whether the finding's line carries the mark.
func allowedInline(f report.Finding) bool { return strings.Contains(f.Line, allowMark) }
