package publish

import (
	"fmt"
	"strings"

	"github.com/launchgate/launchgate/app/review"
)

func rulesByID(rules []review.Rule) map[review.RuleID]review.Rule {
	out := make(map[review.RuleID]review.Rule, len(rules))
	for _, r := range rules {
		out[r.ID] = r
	}
	return out
}

// found writes the findings: those the change brings with their evidence, which
// of them no comment can stand on, and how many were there before. A baseline
// has nothing to compare with and shows all it found.
func found(s *sheet, o review.Outcome, rules []review.Rule, to links) {
	known := rulesByID(rules)
	blocking := blockingSet(o)
	baseline := o.Target.Base == ""
	show := o.Introduced()
	if baseline {
		show = o.Findings
	}
	inDiff := func(p review.Place) bool { return p.Commit == "" }
	if len(o.Diff.Files) > 0 {
		lines := newCommentable(o.Diff)
		inDiff = func(p review.Place) bool { _, ok := lines.anchor(p); return ok }
	}
	var silent []review.Finding // no comment says more of them
	beyond := 0
	for _, f := range show {
		switch {
		case o.Target.Kind != review.KindPullRequest:
			silent = append(silent, f)
		case !inDiff(f.Place):
			beyond++
			silent = append(silent, f)
		}
	}
	if len(show) > 0 {
		s.write("\n### Findings" + map[bool]string{false: " this change brings"}[baseline] + "\n\n")
		s.table("| severity | rule | where | what |\n| --- | --- | --- | --- |\n", len(show), func(i int) string {
			f := show[i]
			weight := f.Severity.String()
			if blocking[f.Fingerprint] {
				weight = "**" + weight + "**, blocks"
			}
			at := inCell(to.place(f.Place))
			if o.Target.Kind == review.KindPullRequest && !inDiff(f.Place) {
				at += ", not in the diff"
			}
			what := to.said(f, maxCellRunes)
			if t := known[f.Rule].Title; t != "" {
				what = "**" + brief(t, 100) + ".** " + what
			}
			if f.Expected != "" {
				what += " *Probably meant: " + sentence(f.Expected, 200) + "*"
			}
			return fmt.Sprintf("| %s | %s | %s | %s |\n", weight, cell(string(f.Rule)), at, what)
		})
	}
	if beyond > 0 {
		s.write(fmt.Sprintf("\n%s on no line of the diff and so %s no comment; what is said here is all.\n", plural(beyond, "finding stands", "findings stand"), choose(beyond, "has", "have")))
	}
	s.limit = mendShare
	mend(s, silent, known, to)
	s.limit = evidenceShare
	evidence(s, show, to)
	if n := len(o.Findings) - len(show); n > 0 {
		s.write(fmt.Sprintf("\n%s before this change and %s not count against it.\n", plural(n, "finding was there", "findings were there"), choose(n, "does", "do")))
	}
	if len(o.Decision.Notes) > 0 {
		s.write("\n")
		s.rows(len(o.Decision.Notes), "- %d more notes\n", func(i int) string { return "- " + sentence(o.Decision.Notes[i], 1000) + "\n" })
	}
}

// maxNamed is how many fingerprints of one rule are named.
const maxNamed = 20

// mend says once for each rule how to mend what no comment is about, and, to
// whoever means it, how to say so: with the fingerprints, which stand nowhere else.
func mend(s *sheet, fs []review.Finding, rules map[review.RuleID]review.Rule, to links) {
	var order []review.RuleID
	of := make(map[review.RuleID][]review.Finding)
	for _, f := range fs {
		if rules[f.Rule].Fix == "" {
			continue
		}
		if len(of[f.Rule]) == 0 {
			order = append(order, f.Rule)
		}
		of[f.Rule] = append(of[f.Rule], f)
	}
	if len(order) == 0 {
		return
	}
	s.write("\n### How to mend " + choose(len(fs), "it", "them") + "\n\n")
	s.rows(len(order), "- %d more rules\n", func(i int) string {
		r := rules[order[i]]
		out := fmt.Sprintf("- %s: %s", code(string(r.ID)), strings.TrimSpace(r.Fix))
		if r.Suppress != "" {
			out += "\n\n  *If it is meant:* " + strings.TrimSpace(r.Suppress)
		}
		var names []string
		for n, f := range of[r.ID] {
			if n == maxNamed {
				names = append(names, fmt.Sprintf("%d more", len(of[r.ID])-n))
				break
			}
			if f.Fingerprint != "" {
				names = append(names, code(string(f.Fingerprint))+" ("+to.place(f.Place)+")")
			}
		}
		if len(names) > 0 {
			out += fmt.Sprintf("\n\n  %s: %s.", choose(len(names), "Fingerprint", "Fingerprints"), strings.Join(names, ", "))
		}
		return out + "\n"
	})
}

// evidence writes the paths of the findings that have one.
func evidence(s *sheet, fs []review.Finding, to links) {
	const open, end = "\n<details><summary>Evidence</summary>\n\n", "</details>\n"
	var with []review.Finding
	for _, f := range fs {
		if len(f.Evidence) > 0 {
			with = append(with, f)
		}
	}
	one := func(i int) string {
		opens := ""
		if n := len(with[i].Routes); n > 3 { // fewer stand in the message
			opens = "Routes: " + codes(with[i].Routes, maxRoutes) + ".\n\n"
		}
		return fmt.Sprintf("%s at %s:\n\n%s\n%s", code(string(with[i].Rule)), to.place(with[i].Place), steps(with[i].Evidence, to), opens)
	}
	if len(with) == 0 || !s.fits(open+one(0)+end) {
		return
	}
	s.WriteString(open)
	s.limit -= len(end)
	s.rows(len(with), "The paths of %d more findings are left out here.\n\n", one)
	s.limit += len(end)
	s.WriteString(end)
}

func steps(list []review.Step, to links) string {
	var b strings.Builder
	for i, e := range list {
		if i == maxEvidenceSteps {
			fmt.Fprintf(&b, "%d. %s\n", i+1, plural(len(list)-i, "more step", "more steps"))
			break
		}
		at := ""
		if e.Place.Path != "" || e.Place.Commit != "" {
			at = " (" + to.place(e.Place) + ")"
		}
		fmt.Fprintf(&b, "%d. %s%s\n", i+1, brief(e.Note, maxCellRunes), at)
	}
	return b.String()
}

// where writes a place as path:line, with the commit for what lives in history.
func where(p review.Place) string {
	s := visible(p.Path)
	switch {
	case p.Path == "" && p.Commit != "":
		s = message(p)
	case p.Line > 0:
		s += fmt.Sprintf(":%d", p.Line)
	}
	if p.Commit != "" {
		s += " in commit " + p.Commit.Short()
	}
	if p.Side == review.Left {
		s += " (deleted line)"
	}
	return s
}

// message names a place in a message.
func message(p review.Place) string {
	if p.Line > 0 {
		return fmt.Sprintf("line %d of a message", p.Line)
	}
	return "a message"
}
