package publish

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/launchgate/launchgate/app/review"
)

// entry is one secret of a report with every repository whose history holds it.
type entry struct {
	review.Rotation // as it was found first
	repos           []string
	rules           []review.RuleID
	places          int
}

// entries gathers the secrets of histories by key: who rotates one has to know
// every place it is used in. The order is that of review.MarkAll, overall.
func entries(hs []review.History) []*entry {
	byKey := make(map[string]*entry)
	var rs []review.Rotation
	marks := make(map[string]review.Mark)
	for _, h := range hs {
		for _, r := range h.Rotations {
			e := byKey[r.Key]
			if e == nil {
				e = &entry{Rotation: r}
				byKey[r.Key] = e
			}
			inHead, severity := e.InHead || r.InHead, max(e.Severity, r.Severity)
			if r.Authored.Before(e.Authored) {
				e.Rotation = r
			}
			e.InHead, e.Severity = inHead, severity
			if name := strings.Trim(h.Repo.FullName(), "/"); name != "" && !slices.Contains(e.repos, name) {
				e.repos = append(e.repos, name)
			}
			if !slices.Contains(e.rules, r.Rule) {
				e.rules = append(e.rules, r.Rule)
			}
			e.places += r.Places
			marks[r.Key] = review.Mark{State: r.State, Reason: r.Reason, At: r.Decided, By: r.By}
		}
	}
	for _, e := range byKey {
		rs = append(rs, e.Rotation)
	}
	sort.Slice(rs, func(i, j int) bool { return rs[i].Key < rs[j].Key })
	review.MarkAll(rs, marks)
	out := make([]*entry, len(rs))
	for i, r := range rs {
		out[i] = byKey[r.Key]
		out[i].State, out[i].Reason, out[i].Decided, out[i].By = r.State, r.Reason, r.Decided, r.By
	}
	return out
}

// RotationReport writes a report to hand on: what is to be rotated, issuer by
// issuer, with where and how; what was decided already; and what was looked at.
// now is when it is made.
func RotationReport(w io.Writer, now time.Time, hs ...review.History) error {
	list := entries(hs)
	open, inHead := 0, 0
	var issuers []string
	byIssuer := make(map[string][]*entry)
	var decided []*entry
	for _, e := range list {
		if e.State != review.Open {
			decided = append(decided, e)
			continue
		}
		open++
		if e.InHead {
			inHead++
		}
		if byIssuer[e.Provider] == nil {
			issuers = append(issuers, e.Provider)
		}
		byIssuer[e.Provider] = append(byIssuer[e.Provider], e)
	}

	var b strings.Builder
	fmt.Fprintf(&b, "# Secrets to rotate\n\nMade on %s from %s.\n\n", now.UTC().Format(time.DateOnly), choose(len(hs), "the history of one repository", fmt.Sprintf("the histories of %d repositories", len(hs))))
	switch {
	case len(hs) == 0:
		b.WriteString("**No repository was looked at**, so nothing can be said.\n")
	case open == 0 && whole(hs):
		b.WriteString("**Nothing is open.** Every commit of every branch and tag was looked at.\n")
	default:
		fmt.Fprintf(&b, "**%s to rotate**, %d of them still in the newest code. Whatever was pushed once must be treated as copied: taking it out of the code, or out of history, takes it out of nobody's hands. Issue a new one, deploy it, then revoke the old one, and tick it off here and with `launchgate secrets mark KEY rotated`.\n",
			plural(open, "secret", "secrets"), inHead)
		if !whole(hs) {
			b.WriteString("\n**Not everything was looked at**; there may be more. See the end.\n")
		}
	}
	for _, issuer := range issuers {
		es := byIssuer[issuer]
		fmt.Fprintf(&b, "\n## %s: %s\n\n", brief(strings.ToUpper(issuer[:min(1, len(issuer))])+issuer[min(1, len(issuer)):], 100), plural(len(es), "secret", "secrets"))
		for i, e := range es {
			if i == 0 || e.Steps != es[i-1].Steps || e.Where != es[i-1].Where {
				fmt.Fprintf(&b, "%s", sentence(e.Steps, maxCellRunes))
				if e.Where != "" {
					fmt.Fprintf(&b, " Where: <%s>", plain(e.Where, 500))
				}
				b.WriteString("\n\n")
			}
			fmt.Fprintf(&b, "- [ ] %s, %s: %s\n", code(joinRules(e.rules)), e.Severity, firstSeen(e))
			fmt.Fprintf(&b, "  %s, seen %s. Key %s\n", stands(e.Rotation), plural(e.places, "time", "times"), code(e.Key))
		}
	}
	if len(decided) > 0 {
		b.WriteString("\n## Decided already\n\n")
		for _, e := range decided {
			fmt.Fprintf(&b, "- [x] %s", stateOf(e.Rotation, briefName))
			if e.Reason != "" {
				fmt.Fprintf(&b, ": %s", sentence(e.Reason, 200))
			} else {
				b.WriteString(".")
			}
			fmt.Fprintf(&b, " %s of %s: %s. Key %s\n", code(joinRules(e.rules)), brief(e.Provider, 100), firstSeen(e), code(e.Key))
		}
	}
	b.WriteString("\n## What was looked at\n\n")
	for _, h := range hs {
		name := strings.Trim(h.Repo.FullName(), "/")
		if name == "" {
			name = "the repository"
		}
		fmt.Fprintf(&b, "- %s: %s\n", code(name), historyState(h))
		for _, c := range h.Receipt.Counts {
			fmt.Fprintf(&b, "  - %s\n", brief(looked(c), 200))
		}
		for _, s := range h.Receipt.Skipped {
			fmt.Fprintf(&b, "  - Left out: %s: %s\n", brief(s.What, maxCellRunes), brief(s.Why, maxCellRunes))
		}
		for _, n := range slices.Concat(h.Receipt.Warnings, h.Receipt.Notes) {
			fmt.Fprintf(&b, "  - %s\n", brief(n, maxCellRunes))
		}
		for _, g := range h.Receipt.Gaps {
			fmt.Fprintf(&b, "  - **Could not verify:** %s\n", gapText(g))
		}
	}
	b.WriteString("\nNo secret is in this report, nor anything that could be tested against one: a key is a fingerprint under a key of the installation.\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func whole(hs []review.History) bool {
	return !slices.ContainsFunc(hs, func(h review.History) bool { return h.State != review.HistoryDone })
}

func joinRules(ids []review.RuleID) string {
	parts := make([]string, len(ids))
	for i, id := range ids {
		parts[i] = string(id)
	}
	return strings.Join(parts, ", ")
}

func firstSeen(e *entry) string {
	text := fmt.Sprintf("first in commit %s of %s, %s", code(e.Commit.Short()), authored(e.Rotation), code(visible(firstPlace(e.Rotation))))
	if len(e.repos) > 0 {
		names := make([]string, len(e.repos))
		for i, r := range e.repos {
			names[i] = code(r)
		}
		text += "; in " + strings.Join(names, ", ")
	}
	return text
}

func historyState(h review.History) string {
	when := ""
	if !h.Finished.IsZero() {
		when = " on " + h.Finished.UTC().Format(time.DateOnly)
	}
	switch h.State {
	case review.HistoryDone:
		return "looked at" + when
	case review.HistoryQueued:
		return "not looked at yet"
	case review.HistoryRunning:
		return "being looked at; this is from the look before"
	}
	return "**not looked at in full**" + when
}

func date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

// RotationsCSV writes one row for each secret of each history, for a spreadsheet
// or a ticket system.
func RotationsCSV(w io.Writer, hs ...review.History) error {
	out := csv.NewWriter(w)
	rows := [][]string{{"repository", "state", "reason", "severity", "rule", "issuer", "rotate at", "how", "first commit", "authored", "path", "line", "in HEAD", "times seen", "key", "decided", "tag", "decided by"}}
	for _, h := range hs {
		for _, r := range h.Rotations {
			line := ""
			if r.Line > 0 {
				line = strconv.Itoa(r.Line)
			}
			rows = append(rows, []string{strings.Trim(h.Repo.FullName(), "/"), r.State.String(), r.Reason, r.Severity.String(), string(r.Rule), r.Provider, r.Where, r.Steps, string(r.Commit), authored(r),
				visible(r.Path), line, strconv.FormatBool(r.InHead), strconv.Itoa(r.Places), r.Key, date(r.Decided), visible(r.Tag), r.By})
		}
	}
	for _, row := range rows {
		for i, cell := range row {
			row[i] = plain(cell, 2000)
			// What a spreadsheet would take for a formula is text.
			if row[i] != "" && strings.ContainsRune("=+-@\t\r", rune(row[i][0])) {
				row[i] = "'" + row[i]
			}
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}
