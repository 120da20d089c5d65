package secrets

import (
	"bytes"
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/zricethezav/gitleaks/v8/config"
	"github.com/zricethezav/gitleaks/v8/report"
)

// minWindowed is the size from which a text is judged in windows. gitleaks'
// expressions take about a second for five megabytes; most of a text that has a match
// somewhere cannot matter to it.
const minWindowed = 128

// windowGap is how near two windows may be before they are made one; clipping to
// whole characters takes less than that.
const windowGap = 16

// ruleWindows are the parts of a text outside of which a rule cannot match.
type ruleWindows struct {
	rule int
	in   []interval
}

// windows returns the windows of each of rules, and those rules of which they cannot
// be said.
//
// Every match of a rule, and every match that would only come to be because a
// window ends where the text does not, contains an anchor, and reaches from it
// no further back than the rule allows and no further on than the
// rest of its expression can be followed. A window covers all that an anchor from
// which the rule can match may reach; and it is widened until no anchor of the rule at
// all is so near to its ends that something it reaches could touch them. So a
// window has exactly the matches of the rule the whole text has there. Each rule has
// windows of its own, or one that reaches far would have all the others judge as much.
func (m *matcher) windows(content []byte, rules []int) (windowed []ruleWindows, rest []int) {
	f := m.f
	rules = slices.Clone(rules)
	slices.Sort(rules)
	rules = slices.Compact(rules)
	if !f.local || slices.ContainsFunc(rules, func(i int) bool { return len(f.rules[i].required) > 0 }) {
		return nil, rules
	}
	clear(m.anchor)
	clear(m.steps)
	for _, i := range rules {
		if r := &f.rules[i]; r.pathOnly || !r.anchored || !r.local || len(r.words) > 0 && !r.keywords {
			rest = append(rest, i)
			continue
		}
		m.anchor[i] = true // here: takes part
		windowed = append(windowed, ruleWindows{rule: i})
	}
	if len(windowed) == 0 {
		return nil, rest
	}
	reached := make([]islands, len(windowed))
	m.each(content, func(p *pattern, end int, at func(int) int) {
		for _, a := range p.anchor {
			if !m.anchor[a.rule] {
				continue
			}
			n, _ := slices.BinarySearchFunc(windowed, int(a.rule), func(w ruleWindows, rule int) int { return w.rule - rule })
			from := at(end - int(a.length))
			ok, to := m.follow(a, content, from)
			// One more byte on each side: assertions look at it.
			r := &f.rules[a.rule]
			reached[n].add(island{interval{r.backFrom(content, from) - 1, to + 1}, ok && r.needs.in(content[from:to])})
		}
	})
	for n := range windowed {
		for _, i := range reached[n] {
			if i.matches {
				windowed[n].in = append(windowed[n].in, clip(content, i.interval))
			}
		}
	}
	return windowed, rest
}

// island is a part of a text that some anchors of a rule reach; matches: the rule can
// match from one of them, with something to report.
type island struct {
	interval
	matches bool
}

// islands are sorted, and further apart than windowGap. Anchors are so many in some
// texts that none is kept.
type islands []island

// add adds what one anchor reaches. Anchors come in about the order in which they
// stand in the text, so that what it touches is at the end or near to it.
func (s *islands) add(i island) {
	after := len(*s)
	for after > 0 && (*s)[after-1].from > i.to+windowGap {
		after--
	}
	first := after
	for first > 0 && (*s)[first-1].to+windowGap >= i.from {
		first--
		other := (*s)[first]
		i = island{interval{min(i.from, other.from), max(i.to, other.to)}, i.matches || other.matches}
	}
	*s = slices.Replace(*s, first, after, i)
}

// withKeywords returns those of rules that gitleaks tries on a text. The filter
// takes a foreign letter for the one it folds to in an expression; gitleaks looks
// for keywords in what strings.ToLower makes of the text, which differs for some.
func (f *filter) withKeywords(content []byte, rules []int) []int {
	lower := strings.ToLower(string(content))
	var out []int
	for _, i := range rules {
		words := f.rules[i].words
		if len(words) == 0 || slices.ContainsFunc(words, func(w string) bool { return strings.Contains(lower, w) }) {
			out = append(out, i)
		}
	}
	return out
}

// backFrom is how far back a match with an anchor at from can reach.
func (r *ruleFilter) backFrom(content []byte, from int) int {
	first := 0
	if r.before >= 0 {
		first = max(from-r.before, 0)
	}
	for from > first && r.lead[content[from-1]] {
		from--
	}
	return from
}

// decodesToSomething reports whether gitleaks could report something in a
// decoded text: its windows are judged by themselves, without the allowlists
// that look at lines, and a finding must overlap something decoded. It errs on
// the side of yes.
func (rs *ruleSet) decodesToSomething(ctx context.Context, m *matcher, t text, d decodedText) bool {
	windowed, rest := m.windows(d.content, d.rules)
	if len(rest) > 0 {
		return true
	}
	for _, r := range windowed {
		det := rs.judge.detector(rs.filter, []int{r.rule}, false, true)
		for _, w := range r.in {
			if !touches(d.segments, w.from, w.to+1) {
				continue // nor does anything in it
			}
			part := t
			part.content, part.line = d.content[w.from:w.to], 0
			for _, f := range det.find(ctx, part) {
				from := w.from + startOf(part.content, f)
				if touches(d.segments, from, endOf(d.content, from, f)+1) {
					return true
				}
			}
		}
	}
	return ctx.Err() != nil
}

// endOf returns where the match of a finding ends that begins at from, with all newlines
// that gitleaks may have cut off from it.
func endOf(content []byte, from int, f report.Finding) int {
	newlines := func() {
		for from < len(content) && content[from] == '\n' {
			from++
		}
	}
	newlines()
	from += len(f.Match)
	newlines()
	return from
}

// clip widens an interval to whole characters and cuts it to the text.
func clip(content []byte, w interval) interval {
	w.from, w.to = max(w.from-1, 0), min(w.to+1, len(content))
	for n := 0; n < 4 && w.from > 0 && content[w.from]&0xc0 == 0x80; n++ {
		w.from--
	}
	for n := 0; n < 4 && w.to < len(content) && content[w.to]&0xc0 == 0x80; n++ {
		w.to++
	}
	return w
}

// judgeWindows runs gitleaks with each rule on each of the rule's windows, puts lines
// back as they are in the whole text, and asks the allowlists that look at whole lines.
// It stops when it has more than a scan keeps.
func (rs *ruleSet) judgeWindows(ctx context.Context, t text, windowed []ruleWindows) []report.Finding {
	var out []report.Finding
	var lines *lineFinder // once there is something to find the line of
	for _, r := range windowed {
		if len(r.in) == 0 {
			continue
		}
		short := !slices.ContainsFunc(r.in, func(w interval) bool { return w.to-w.from > shortBytes })
		rule, _ := rs.judge.defs.rule(r.rule, short)
		allowed := lineAllowlists{lists: linewise(rule.Allowlists)}
		d := rs.judge.detector(rs.filter, []int{r.rule}, false, true)
		line, counted := 0, 0
		for _, whole := range r.in {
			for _, w := range parts(rule.Regex, t.content, whole) {
				line += bytes.Count(t.content[counted:w.from], []byte("\n"))
				counted = w.from
				part := t
				part.content, part.line = t.content[w.from:w.to], 0
				for _, f := range d.find(ctx, part) {
					if lines == nil {
						lines = newLineFinder(t.content)
					}
					start := w.from + startOf(part.content, f)
					end := start + len(f.Match)
					f.Line = lines.of(start, end)
					f.StartLine += t.line + line
					f.EndLine = f.StartLine + lines.after(start, end)
					f.StartColumn = start - lines.from + 1 // see startOf
					if !allowed.allow(f, t) {
						out = append(out, f)
					}
				}
				if len(out) > maxHits {
					return out
				}
			}
		}
	}
	return out
}

// partBytes is up to which size a window is judged at once. gitleaks compares each
// match in a text with each of its lines, and each generic finding with all others: a
// file of megabytes that is one match after another would take hours.
var partBytes = 64 << 10

// parts cuts a window between two matches of its rule's expression, again and again,
// where the parts have the matches that the window has; if one has not, it is left
// whole.
func parts(re *regexp.Regexp, content []byte, w interval) []interval {
	if w.to-w.from <= partBytes {
		return []interval{w}
	}
	matches := re.FindAllIndex(content[w.from:w.to], -1)
	var out []interval
	first := 0
	for i, m := range matches {
		if i+1 < len(matches) && matches[i+1][1]-matches[first][0] <= partBytes {
			continue
		}
		part := clip(content, interval{w.from + matches[first][0], w.from + m[1]})
		part = interval{max(part.from, w.from), min(part.to, w.to)}
		if !slices.EqualFunc(re.FindAllIndex(content[part.from:part.to], -1), matches[first:i+1], func(a, b []int) bool {
			return part.from+a[0] == w.from+b[0] && part.from+a[1] == w.from+b[1]
		}) {
			return []interval{w}
		}
		out, first = append(out, part), i+1
	}
	return out
}

// startOf is where a finding's match begins, from the line and column gitleaks
// gives (detect.location): columns count from the newline before the line.
func startOf(content []byte, f report.Finding) int {
	newline := 0
	for n, i := 0, -1; n < f.StartLine; n++ {
		i += 1 + bytes.IndexByte(content[i+1:], '\n')
		newline = i
	}
	return newline + f.StartColumn - 1
}

// lineFinder finds the lines of matches in a text. It remembers the last, for some
// texts are one line of megabytes with thousands of matches.
type lineFinder struct {
	content string
	last    int // the last newline, -1 for none
	// The last line: from its first newline, or 0, to the next, -1 for none.
	from, next int
	// The next carriage return, or the end, for any place from seen on.
	seen, cr int
}

func newLineFinder(content []byte) *lineFinder {
	return &lineFinder{content: string(content), last: bytes.LastIndexByte(content, '\n'), from: len(content), seen: len(content)}
}

// after is how many lines after the one it begins on gitleaks says a match ends
// (detect.location of v8.30.1): none for one that ends on a last line without a newline.
func (l *lineFinder) after(start, end int) int {
	if end <= start || l.last < end {
		return 0
	}
	return strings.Count(l.content[start+1:end], "\n")
}

// of is the text gitleaks takes for a match's line (detect.location of
// v8.30.1): from the newline before it to the one after it, and from the very
// beginning when a last line lacks its newline.
func (l *lineFinder) of(start, end int) string {
	if start < l.from || l.next >= 0 && start >= l.next {
		l.from, l.next = max(strings.LastIndexByte(l.content[:start+1], '\n'), 0), -1
		if n := strings.IndexByte(l.content[start+1:], '\n'); n >= 0 {
			l.next = start + 1 + n
		}
	}
	switch {
	case l.next >= 0 && l.next < end:
		to := l.next
		if more := strings.IndexByte(l.content[end:], '\n'); more >= 0 {
			to = end + more
		}
		return l.content[l.from:max(to, end)]
	case l.next >= 0:
		return l.content[l.from:l.next]
	case l.last < 0:
		return l.content[l.from:]
	}
	if end < l.seen || end > l.cr {
		l.seen, l.cr = end, len(l.content)
		if n := strings.IndexByte(l.content[end:], '\r'); n >= 0 {
			l.cr = end + n
		}
	}
	return l.content[:l.cr]
}

// lineAllowlists are a rule's allowlists that look at whole lines. What they say of a
// line is remembered, as lineFinder remembers the line.
type lineAllowlists struct {
	lists []*config.Allowlist
	line  string
	says  []bool // by list, of line
}

// allow asks the allowlists as gitleaks does (detect.checkFindingAllowed).
func (l *lineAllowlists) allow(f report.Finding, t text) bool {
	if len(l.says) == 0 || l.line != f.Line {
		l.line, l.says = f.Line, l.says[:0]
		for _, a := range l.lists {
			l.says = append(l.says, a.RegexAllowed(f.Line))
		}
	}
	for i, a := range l.lists {
		inLine := l.says[i]
		stop, _ := a.ContainsStopWord(f.Secret)
		commit, _ := a.CommitAllowed(t.commit)
		path := a.PathAllowed(t.path)
		if a.MatchCondition != config.AllowlistMatchAnd {
			if inLine || stop || commit || path {
				return true
			}
			continue
		}
		all := len(a.Regexes) == 0 || inLine
		all = all && (len(a.StopWords) == 0 || stop)
		all = all && (len(a.Commits) == 0 || commit) && (len(a.Paths) == 0 || path)
		if all {
			return true
		}
	}
	return false
}

// preferSpecific drops a generic finding when another rule reports it on the
// same line: what gitleaks does within one text (detect.filter), done again
// across windows.
func preferSpecific(fs []report.Finding) []report.Finding {
	specific := make(map[int][]string) // secrets by line
	for _, f := range fs {
		if !isGeneric(f.RuleID) {
			specific[f.StartLine] = append(specific[f.StartLine], f.Secret)
		}
	}
	return slices.DeleteFunc(fs, func(f report.Finding) bool {
		return isGeneric(f.RuleID) && slices.ContainsFunc(specific[f.StartLine], func(s string) bool { return strings.Contains(s, f.Secret) })
	})
}
