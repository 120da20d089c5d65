package publish

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/launchgate/launchgate/app/review"
)

// stands says where a secret is.
func stands(r review.Rotation) string {
	if r.InHead {
		return "still in HEAD"
	}
	return "only in history"
}

// firstPlace says where a secret was first.
func firstPlace(r review.Rotation) string {
	switch {
	case r.Path == "" && r.Tag != "":
		return fmt.Sprintf("(message of tag %s)", r.Tag)
	case r.Path == "":
		return "(a message)"
	case r.Line > 0:
		return fmt.Sprintf("%s:%d", r.Path, r.Line)
	}
	return r.Path + " (its name)"
}

// stateOf says what became of a secret, since when and by whom; name makes a name fit for
// the text.
func stateOf(r review.Rotation, name func(string) string) string {
	out := r.State.String()
	if r.State == review.Open {
		return out
	}
	if !r.Decided.IsZero() {
		out += " on " + r.Decided.UTC().Format(time.DateOnly)
	}
	if r.By != "" {
		out += " by " + name(r.By)
	}
	return out
}

// briefName makes a name fit for Markdown.
func briefName(s string) string { return brief(s, 100) }

// partly says at once of a list that there may be more than it holds.
func partly(h review.History) string {
	switch h.State {
	case review.HistoryIncomplete:
		return "; NOT EVERYTHING WAS LOOKED AT, see the end"
	case review.HistoryQueued:
		return "; not looked at yet"
	case review.HistoryRunning:
		return "; being looked at, this is from the look before"
	}
	return ""
}

// looked says how much of something was looked at.
func looked(c review.Count) string {
	if c.Unit == "commits" && c.Looked == 0 && c.Expected == 0 {
		return "no new commits to look at"
	}
	return fmt.Sprintf("%d of %d %s looked at", c.Looked, c.Expected, c.Unit)
}

func authored(r review.Rotation) string {
	if r.Authored.IsZero() {
		return "(no date)"
	}
	return r.Authored.Format(time.DateOnly)
}

// RotationsText writes for a terminal what a repository's history holds and
// where to rotate it.
func RotationsText(w io.Writer, h review.History) error {
	var b strings.Builder
	if h.Repo.Name != "" {
		fmt.Fprintf(&b, "%s: ", terminal(strings.Trim(h.Repo.FullName(), "/")))
	}
	fmt.Fprintf(&b, "%s, %d open%s\n", plural(len(h.Rotations), "secret", "secrets"), h.Open(), partly(h))
	for _, r := range h.Rotations {
		fmt.Fprintf(&b, "\n%s  %s  %s\n", r.Severity, terminal(string(r.Rule)), terminal(r.Provider))
		fmt.Fprintf(&b, "  first   %s  %s  %s\n", r.Commit.Short(), authored(r), terminal(visible(firstPlace(r))))
		fmt.Fprintf(&b, "  now     %s, seen %s\n", stands(r), plural(r.Places, "time", "times"))
		fmt.Fprintf(&b, "  rotate  %s\n", terminal(r.Steps))
		if r.Where != "" {
			fmt.Fprintf(&b, "          %s\n", terminal(r.Where))
		}
		state := stateOf(r, terminal)
		if r.Reason != "" {
			state += ": " + terminal(r.Reason)
		}
		fmt.Fprintf(&b, "  state   %s\n", state)
		fmt.Fprintf(&b, "  key     %s\n", terminal(r.Key))
	}
	b.WriteString("\n")
	for _, c := range h.Receipt.Counts {
		fmt.Fprintf(&b, "%s\n", terminal(looked(c)))
	}
	for _, s := range h.Receipt.Skipped {
		fmt.Fprintf(&b, "skipped: %s: %s\n", terminal(s.What), terminal(s.Why))
	}
	for _, n := range h.Receipt.Warnings {
		fmt.Fprintf(&b, "warning: %s\n", terminal(n))
	}
	for _, n := range h.Receipt.Notes {
		fmt.Fprintf(&b, "note: %s\n", terminal(n))
	}
	for _, g := range h.Receipt.Gaps {
		fmt.Fprintf(&b, "could not verify: %s: %s. %s\n", terminal(g.What), terminal(g.Why), terminal(g.Do))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// RotationsMarkdown writes the same as a section of a report.
func RotationsMarkdown(w io.Writer, h review.History) error {
	var b strings.Builder
	title := "Secrets to rotate"
	if h.Repo.Name != "" {
		title += " in " + code(strings.Trim(h.Repo.FullName(), "/"))
	}
	fmt.Fprintf(&b, "## %s\n\n%s, **%d open**. Whatever was pushed once must be treated as copied.\n", title,
		plural(len(h.Rotations), "secret", "secrets"), h.Open())
	if more := strings.TrimPrefix(partly(h), "; "); more != "" {
		fmt.Fprintf(&b, "**%s.**\n", more)
	}
	if len(h.Rotations) > 0 {
		b.WriteString("\n| state | severity | rule | first commit | now | issued by | rotate |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	}
	for _, r := range h.Rotations {
		state := stateOf(r, briefName)
		if r.State == review.Open {
			state = "**open**"
		}
		if r.Reason != "" {
			state += ": " + sentence(r.Reason, 200)
		}
		steps := sentence(r.Steps, maxCellRunes)
		if r.Where != "" {
			steps += " <" + plain(r.Where, 500) + ">"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s, %s, %s | %s | %s | %s |\n", state, r.Severity, cell(string(r.Rule)), cell(r.Commit.Short()), authored(r), cell(visible(firstPlace(r))),
			stands(r), brief(r.Provider, 100), steps)
	}
	b.WriteString("\n")
	for _, c := range h.Receipt.Counts {
		fmt.Fprintf(&b, "- %s\n", brief(looked(c), 200))
	}
	for _, s := range h.Receipt.Skipped {
		fmt.Fprintf(&b, "- Left out: %s: %s\n", brief(s.What, maxCellRunes), brief(s.Why, maxCellRunes))
	}
	for _, n := range h.Receipt.Warnings {
		fmt.Fprintf(&b, "- **Warning:** %s\n", brief(n, maxCellRunes))
	}
	for _, n := range h.Receipt.Notes {
		fmt.Fprintf(&b, "- %s\n", brief(n, maxCellRunes))
	}
	for _, g := range h.Receipt.Gaps {
		fmt.Fprintf(&b, "- **Could not verify:** %s\n", gapText(g))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// RotationsJSON writes histories for programs.
func RotationsJSON(w io.Writer, hs ...review.History) error {
	list := make([]review.History, len(hs))
	for i, h := range hs {
		if h.Rotations == nil {
			h.Rotations = []review.Rotation{}
		}
		list[i] = h
	}
	return writeJSON(w, "what to rotate as JSON", struct {
		Version   int              `json:"version"`
		Histories []review.History `json:"histories"`
	}{1, list})
}
