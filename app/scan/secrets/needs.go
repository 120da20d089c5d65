package secrets

import (
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/zricethezav/gitleaks/v8/config"
)

// Nearly all that almost matches in code is of a rule for keys of any kind, such as
// "Key: answer.accepted", and gitleaks reports none of it: what it takes for the secret
// consists of nothing but letters, which an allowlist of the rule says is none. So a place
// where a rule matches matters only if it has what the rule's findings must have.

// needs is what the secret in every finding of a rule must have.
type needs struct {
	secret byteSet // it consists of these
	some   byteSet // one of these is in it
	least  int     // so many bytes it has at least
}

// maxNeeds is up to which length a text is asked for what a rule needs.
const maxNeeds = 4 << 10

// in reports whether a text could hold such a secret.
func (n *needs) in(text []byte) bool {
	if n == nil || len(text) > maxNeeds {
		return true
	}
	run, some := 0, false
	for _, b := range text {
		if !n.secret[b] {
			run, some = 0, false
			continue
		}
		run++
		if some = some || n.some[b]; some && run >= n.least {
			return true
		}
	}
	return false
}

// needsOf derives it from a rule, nil if nothing can be said. It takes gitleaks' way
// (detect.detectRule of v8.30.1) from a match to the secret: newlines at its ends are cut
// off, the expression is asked again, and what its group holds is the secret. Only where
// that finds the group again, whatever was around it, it is known of what the secret
// consists.
func needsOf(r config.Rule) *needs {
	i := slices.IndexFunc(r.Allowlists, func(a *config.Allowlist) bool { return allowedAlone(a) != nil })
	if i < 0 || r.Regex == nil || r.SecretGroup > 1 {
		return nil
	}
	re, err := syntax.Parse(exprOf(r.Regex), syntax.Perl)
	if err != nil || re.MaxCap() != 1 {
		return nil
	}
	re = re.Simplify()
	if re.Op != syntax.OpConcat {
		return nil
	}
	at := slices.IndexFunc(re.Sub, func(sub *syntax.Regexp) bool { return sub.Op == syntax.OpCapture })
	if at < 0 || at != len(re.Sub)-2 {
		return nil
	}
	before, group := re.Sub[:at], re.Sub[at]
	n := &needs{least: shortestOf(group)}
	n.secret.addOf(group)
	// No anchor may be in the group: what a match reaches from one holds all of it.
	if n.least == 0 || n.secret['\n'] || hasLiteral(group) || asserts(group) || slices.ContainsFunc(before, asserts) || beginsWith(before, '\n') || !n.endedBy(re.Sub[at+1]) {
		return nil
	}
	n.some = n.secret
	for b, allowed := range allowedAlone(r.Allowlists[i]) {
		n.some[b] = n.some[b] && !allowed
	}
	return n
}

// allowedAlone returns the bytes of which an allowlist says that a secret is none if it has no
// others, nil when it says no such thing.
func allowedAlone(a *config.Allowlist) *byteSet {
	if a.RegexTarget != "" && a.RegexTarget != "secret" {
		return nil
	}
	if a.MatchCondition == config.AllowlistMatchAnd && len(a.Regexes)+len(a.Paths)+len(a.Commits)+len(a.StopWords) > 1 {
		return nil
	}
	for _, r := range a.Regexes {
		expr := exprOf(r)
		// gitleaks joins them, and what is quoted or flagged goes on in the next.
		if strings.Contains(expr, `\Q`) || strings.Contains(strings.ReplaceAll(expr, "(?:", ""), "(?") {
			return nil
		}
		if !strings.HasPrefix(expr, "^[") {
			continue
		}
		re, err := syntax.Parse(expr, syntax.Perl)
		if err != nil || re.Op != syntax.OpConcat || len(re.Sub) != 3 || re.Sub[0].Op != syntax.OpBeginText || re.Sub[2].Op != syntax.OpEndText {
			continue
		}
		if many := re.Sub[1]; many.Op == syntax.OpPlus && many.Sub[0].Op == syntax.OpCharClass {
			out := new(byteSet)
			out.addOf(many.Sub[0])
			clear(out[0x80:]) // of these it may be some characters only
			return out
		}
	}
	return nil
}

// endedBy reports whether what follows a secret may be missing where a text ends, has no
// newline in it but one alone, and is never taken for the end of a secret where the match
// alone is asked again: the same group is found then.
func (n *needs) endedBy(re *syntax.Regexp) bool {
	if re.Op != syntax.OpAlternate {
		return false
	}
	end := false
	for _, sub := range re.Sub {
		if sub.Op == syntax.OpEndText {
			end = true
			continue
		}
		var in byteSet
		if in.addOf(sub); sub.Op != syntax.OpCharClass && in['\n'] {
			return false
		}
		// A secret that ended where it ends would hold all of it.
		if length := longestOf(sub); asserts(sub) || length < 0 || length > n.least || !n.excludes(sub) {
			return false
		}
	}
	return end
}

// excludes reports whether in all that an expression matches is something that no secret
// holds.
func (n *needs) excludes(re *syntax.Regexp) bool {
	switch {
	case re.Op == syntax.OpConcat:
		return slices.ContainsFunc(re.Sub, n.excludes)
	case re.Op == syntax.OpLiteral && len(re.Rune) > 1:
		return slices.ContainsFunc(re.Rune, func(r rune) bool {
			return n.excludes(&syntax.Regexp{Op: syntax.OpLiteral, Flags: re.Flags, Rune: []rune{r}})
		})
	case re.Op != syntax.OpLiteral && re.Op != syntax.OpCharClass:
		return false
	}
	var in byteSet
	in.addOf(re)
	for b := range in {
		if in[b] && n.secret[b] {
			return false
		}
	}
	return true
}

// hasLiteral reports whether an anchor could begin in an expression.
func hasLiteral(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpCapture, syntax.OpConcat, syntax.OpPlus, syntax.OpAlternate:
		return slices.ContainsFunc(re.Sub, hasLiteral)
	}
	return re.Op == syntax.OpLiteral || exact(re) != nil
}

// asserts reports whether an expression looks at what is around what it matches.
func asserts(re *syntax.Regexp) bool { return isEmptyWidth(re) || slices.ContainsFunc(re.Sub, asserts) }

// beginsWith reports whether what a sequence matches could begin with a byte.
func beginsWith(seq []*syntax.Regexp, b byte) bool {
	for _, re := range seq {
		var in byteSet
		if in.addOf(re); in[b] {
			return true
		}
		if shortestOf(re) > 0 {
			return false
		}
	}
	return true
}
