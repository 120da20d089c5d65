package secrets

import (
	"bytes"
	"context"
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
			reached[n].add(island{interval{f.rules[a.rule].backFrom(content, from) - 1, to + 1}, ok})
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
// match from one of them.
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
				if touches(d.segments, from, from+len(f.Match)+1) {
					return true
				}
			}
		}
	}
	return ctx.Err() != nil
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
func (rs *ruleSet) judgeWindows(ctx context.Context, t text, windowed []ruleWindows) []report.Finding {
	var out []report.Finding
	for _, r := range windowed {
		if len(r.in) == 0 {
			continue
		}
		d := rs.judge.detector(rs.filter, []int{r.rule}, false, true)
		line, counted := 0, 0
		var whole string // of the last finding's line, where it is
		var at interval
		for _, w := range r.in {
			line += bytes.Count(t.content[counted:w.from], []byte("\n"))
			counted = w.from
			part := t
			part.content, part.line = t.content[w.from:w.to], 0
			for _, f := range d.find(ctx, part) {
				start := w.from + startOf(part.content, f)
				if l := lineOf(t.content, start, start+len(f.Match)); l != at {
					whole, at = string(t.content[l.from:l.to]), l
				}
				f.Line = whole
				f.StartLine += t.line + line
				f.EndLine = f.StartLine + linesAfter(t.content, start, start+len(f.Match))
				if rule, _ := rs.judge.defs.rule(r.rule); !allowedByLine(linewise(rule.Allowlists), f, t) {
					out = append(out, f)
				}
			}
		}
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

// linesAfter is how many lines after the one it begins on gitleaks says a match ends
// (detect.location of v8.30.1): none for one that ends on a last line without a newline.
func linesAfter(content []byte, start, end int) int {
	if end <= start || bytes.IndexByte(content[end:], '\n') < 0 {
		return 0
	}
	return bytes.Count(content[start+1:end], []byte("\n"))
}

// lineOf is where the text is that gitleaks takes for a match's line (detect.location of
// v8.30.1): from the newline before it to the one after it, and from the very
// beginning when a last line lacks its newline.
func lineOf(content []byte, start, end int) interval {
	from := max(bytes.LastIndexByte(content[:start+1], '\n'), 0)
	next := bytes.IndexByte(content[start+1:], '\n')
	if next < 0 {
		if bytes.IndexByte(content, '\n') >= 0 {
			from = 0
		} else {
			return interval{from, len(content)}
		}
		to := end
		for to < len(content) && content[to] != '\n' && content[to] != '\r' {
			to++
		}
		return interval{from, to}
	}
	to := start + 1 + next
	if to < end {
		if more := bytes.IndexByte(content[end:], '\n'); more >= 0 {
			to = end + more
		}
	}
	return interval{from, max(to, end)}
}

// allowedByLine asks allowlists as gitleaks does (detect.checkFindingAllowed).
func allowedByLine(lists []*config.Allowlist, f report.Finding, t text) bool {
	for _, a := range lists {
		inLine := a.RegexAllowed(f.Line)
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
	out := fs[:0:0]
	for _, f := range fs {
		keep := true
		if isGeneric(f.RuleID) {
			for _, g := range fs {
				if f.StartLine == g.StartLine && f.RuleID != g.RuleID && strings.Contains(g.Secret, f.Secret) && !isGeneric(g.RuleID) {
					keep = false
					break
				}
			}
		}
		if keep {
			out = append(out, f)
		}
	}
	return out
}
