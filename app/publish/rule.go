package publish

import (
	"fmt"
	"strings"

	"github.com/launchgate/launchgate/app/review"
)

// RuleMarkdown returns a rule's page. Its texts are ours, not a repository's,
// and are Markdown already.
func RuleMarkdown(r review.Rule) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n`%s` · severity %s · confidence %s · launch checklist row %d", r.Title, r.ID, r.Severity, r.Confidence, r.Row)
	if r.Since != "" {
		fmt.Fprintf(&b, " · since %s", r.Since)
	}
	b.WriteString("\n")
	section := func(title, body string) {
		if body != "" {
			fmt.Fprintf(&b, "\n## %s\n\n%s\n", title, strings.TrimSpace(body))
		}
	}
	block := func(title, src string) {
		if src != "" {
			info := "go"
			if r.ID.Family() == "deploy" || r.ID.Family() == "secrets" {
				info = ""
			}
			fmt.Fprintf(&b, "\n## %s\n\n%s", title, fenced(info, strings.Trim(src, "\n")))
		}
	}
	section("What is reported", r.What)
	section("Why it matters", r.Why)
	block("Reported", r.Bad)
	block("Mended", r.Good)
	section("How to mend it", r.Fix)
	section("If it is meant", r.Suppress)
	if len(r.References) > 0 {
		section("References", "- "+strings.Join(r.References, "\n- "))
	}
	return b.String()
}

// RuleText returns a rule's page for a terminal.
func RuleText(r review.Rule, opt TextOptions) string {
	p := painter{opt.Colour} // the texts are ours
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s  severity %s, confidence %s, launch checklist row %d\n", p.bold(r.Title), r.ID, r.Severity, r.Confidence, r.Row)
	section := func(title, body string) {
		if body != "" {
			fmt.Fprintf(&b, "\n%s\n%s\n", p.bold(title), wrap(strings.TrimSpace(body), "  ", opt.width()))
		}
	}
	block := func(title, src string) {
		if src != "" {
			fmt.Fprintf(&b, "\n%s\n    %s\n", p.bold(title), strings.ReplaceAll(strings.Trim(src, "\n"), "\n", "\n    "))
		}
	}
	section("What is reported", r.What)
	section("Why it matters", r.Why)
	block("Reported", r.Bad)
	block("Mended", r.Good)
	section("How to mend it", r.Fix)
	section("If it is meant", r.Suppress)
	for i, ref := range r.References {
		if i == 0 {
			fmt.Fprintf(&b, "\n%s\n", p.bold("References"))
		}
		fmt.Fprintf(&b, "  %s\n", ref)
	}
	return b.String()
}
