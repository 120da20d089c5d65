package secrets

import (
	"bytes"
	"context"
	"slices"
	"sort"
	"strings"

	"github.com/zricethezav/gitleaks/v8/config"
	"github.com/zricethezav/gitleaks/v8/report"
)

// minWindowed is the size from which a text is judged in windows. gitleaks'
// expressions take about a second for five megabytes; most of a large file that
// has a match somewhere cannot matter to it.
const minWindowed = 1 << 10

// windowGap is how near two windows may be before they are made one; clipping to
// whole characters takes less than that.
const windowGap = 16

// windows returns the parts of content outside of which none of the rules can
// match. It reports false when that cannot be said. Afterwards m.foreign says
// whether a keyword may be there only for us, see withKeywords.
//
// Every match of a rule, and every match that would only come to be because a
// window ends where the text does not, contains an anchor, and reaches from it
// no further back than the rule allows and no further on than the
// rest of its expression can be followed. A window covers all that an anchor from
// which the rule can match may reach; and it is widened until no anchor at all
// is so near to its ends that something it reaches could touch them. So a
// window has exactly the matches the whole text has there.
func (m *matcher) windows(content []byte, rules []int) ([]interval, bool) {
	f := m.f
	if !f.local {
		return nil, false
	}
	for _, i := range rules {
		if r := &f.rules[i]; r.pathOnly || !r.anchored || !r.local || r.before < 0 || len(r.words) > 0 && !r.keywords {
			return nil, false
		}
	}
	clear(m.anchor)
	clear(m.steps)
	for _, i := range rules {
		m.anchor[i] = true // here: takes part
	}
	var reach, cores []interval // of all anchors, and of those that can match
	m.each(content, func(p *pattern, end int, at func(int) int) {
		for _, a := range p.anchor {
			if !m.anchor[a.rule] {
				continue
			}
			r := &f.rules[a.rule]
			from := at(end - int(a.length))
			// One more byte on each side: assertions look at it.
			ok, to := m.follow(a, content, from)
			in := interval{r.backFrom(content, from) - 1, to + 1}
			reach = append(reach, in)
			if ok {
				cores = append(cores, in)
			}
		}
	})
	byFrom := func(s []interval) { sort.Slice(s, func(i, j int) bool { return s[i].from < s[j].from }) }
	byFrom(cores)
	// What any anchors reach, merged, are islands; a window is an island with
	// one that can match in it.
	byFrom(reach)
	var out []interval
	for i, k := 0, 0; i < len(reach); {
		island := reach[i]
		for i++; i < len(reach) && reach[i].from <= island.to+windowGap; i++ {
			island.to = max(island.to, reach[i].to)
		}
		for k < len(cores) && cores[k].from < island.from {
			k++
		}
		if k < len(cores) && cores[k].from <= island.to {
			out = append(out, clip(content, island))
		}
	}
	return out, true
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
	first := max(from-r.before, 0)
	for from > first && r.lead[content[from-1]] {
		from--
	}
	return from
}

func size(ws []interval) int {
	n := 0
	for _, w := range ws {
		n += w.to - w.from
	}
	return n
}

// decodesToSomething reports whether gitleaks could report something in a
// decoded text: its windows are judged by themselves, without the allowlists
// that look at lines, and a finding must overlap something decoded. It errs on
// the side of yes.
func (rs *ruleSet) decodesToSomething(ctx context.Context, m *matcher, t text, d decodedText) bool {
	ws, ok := m.windows(d.content, d.rules)
	if !ok {
		return true
	}
	det := rs.judge.detector(rs.filter, d.rules, false, true)
	for _, w := range ws {
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

// judgeWindows runs gitleaks on each window, puts lines back as they are in the
// whole text, and asks the allowlists that look at whole lines.
func (rs *ruleSet) judgeWindows(ctx context.Context, t text, rules []int, windows []interval) []report.Finding {
	d := rs.judge.detector(rs.filter, rules, false, true)
	var out []report.Finding
	line, counted := 0, 0
	for _, w := range windows {
		line += bytes.Count(t.content[counted:w.from], []byte("\n"))
		counted = w.from
		part := t
		part.content, part.line = t.content[w.from:w.to], 0
		for _, f := range d.find(ctx, part) {
			start := w.from + startOf(part.content, f)
			f.Line = lineOf(t.content, start, start+len(f.Match))
			f.StartLine += t.line + line
			f.EndLine += t.line + line
			rule, _ := rs.judge.defs.rule(rs.filter.ruleNamed(f.RuleID))
			if !allowedByLine(linewise(rule.Allowlists), f, t) {
				out = append(out, f)
			}
		}
	}
	return preferSpecific(out)
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

// lineOf is the text gitleaks takes for a match's line (detect.location of
// v8.30.1): from the newline before it to the one after it, and from the very
// beginning when a last line lacks its newline.
func lineOf(content []byte, start, end int) string {
	from := max(bytes.LastIndexByte(content[:start+1], '\n'), 0)
	next := bytes.IndexByte(content[start+1:], '\n')
	if next < 0 {
		if bytes.IndexByte(content, '\n') >= 0 {
			from = 0
		} else {
			return string(content[from:])
		}
		to := end
		for to < len(content) && content[to] != '\n' && content[to] != '\r' {
			to++
		}
		return string(content[from:to])
	}
	to := start + 1 + next
	if to < end {
		if more := bytes.IndexByte(content[end:], '\n'); more >= 0 {
			to = end + more
		}
	}
	return string(content[from:max(to, end)])
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
