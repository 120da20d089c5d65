package publish

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/launchgate/launchgate/app/review"
)

var update = flag.Bool("update", false, "write what is rendered into testdata")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; go test -update writes it", err)
	}
	if got != string(want) {
		t.Errorf("%s differs; look at it with go test -update and git diff. Got:\n%s", path, got)
	}
}

func TestGolden(t *testing.T) {
	rules := sampleRules()
	write := func(f func(*bytes.Buffer) error) string {
		t.Helper()
		var b bytes.Buffer
		if err := f(&b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	for name, o := range map[string]review.Outcome{"block": sample(), "unverified": unverified(), "pass": clean()} {
		golden(t, name+".md", Markdown(o, rules))
		golden(t, name+".txt", write(func(b *bytes.Buffer) error { return Text(b, o, TextOptions{}) }))
	}
	golden(t, "block.ansi", write(func(b *bytes.Buffer) error { return Text(b, sample(), TextOptions{Colour: true, Width: 60}) }))
	golden(t, "block.json", write(func(b *bytes.Buffer) error { return JSON(b, sample()) }))
	golden(t, "unverified.sarif", write(func(b *bytes.Buffer) error { return SARIF(b, unverified(), rules, "0.1.0") }))
	golden(t, "rule.md", RuleMarkdown(rules[0]))
	golden(t, "rule.txt", RuleText(rules[0], TextOptions{}))

	g := &GitHub{Rules: rules, Key: key, WebURL: "https://github.example", RuleURL: func(id review.RuleID) string { return "https://launchgate.example/rules/" + string(id) }}
	var comments strings.Builder
	for _, c := range g.comments(sample()) {
		fmt.Fprintf(&comments, "== %s:%d-%d %s\n%s\n", c.at.path, c.at.first, c.at.last, c.at.side, commentBody(c.about, sealer{key, 7, 12}, g.links(sample().Target)))
	}
	golden(t, "comments.md", comments.String())
}

// huge is as much as a hostile or hopeless pull request can bring.
func huge(n int, name string) review.Outcome {
	o := unverified()
	o.Findings, o.Decision.Blocking, o.RouteChanges, o.Routes = nil, nil, nil, nil
	for i := range n {
		f := finding(review.Place{Path: fmt.Sprintf("%s/%d.go", name, i), Line: i + 1})
		f.Message = strings.Repeat(name+" ", 20)
		f.Evidence = []review.Step{{Place: f.Place, Note: f.Message}, {Place: f.Place, Note: name}}
		o.Findings = append(o.Findings, f)
		o.Decision.Blocking = append(o.Decision.Blocking, f.Fingerprint)
		r := review.Route{Method: "GET", Path: "/" + name, Access: review.Public, Reason: name}
		o.Routes = append(o.Routes, r)
		o.RouteChanges = append(o.RouteChanges, review.RouteChange{Change: "added", After: &r, Lost: []string{name, name}})
		o.Receipt.Gaps = append(o.Receipt.Gaps, review.Gap{Code: review.CodeFileUnreadable, What: name, Why: f.Message, Do: name})
		o.Receipt.Notes = append(o.Receipt.Notes, f.Message)
		o.Decision.Notes = append(o.Decision.Notes, f.Message)
		s := &o.Receipt.Scanners[i%2]
		s.Skipped = append(s.Skipped, review.Skip{What: name, Why: f.Message})
		s.Protections = append(s.Protections, fmt.Sprint(name, i))
	}
	return o
}

var folded = regexp.MustCompile(`<summary>\d+ more changes?</summary>`)

var details = regexp.MustCompile(`</?details>`)

// checkWhole checks that a summary fits and that nothing in it is left open.
func checkWhole(t *testing.T, name, summary string) {
	t.Helper()
	if len(summary) > maxSummaryBytes || utf8.RuneCountInString(summary) > 65_535 || !utf8.ValidString(summary) {
		t.Errorf("%s: %d bytes", name, len(summary))
	}
	if !strings.Contains(summary, "### What was looked at") || !strings.HasSuffix(summary, " in all.\n") {
		t.Errorf("%s: the receipt is not whole: …%s", name, summary[max(0, len(summary)-300):])
	}
	html := render(t, summary)
	bare := span.ReplaceAllString(html, "")
	if opened, closed := strings.Count(bare, "<details>"), strings.Count(bare, "</details>"); opened != closed || opened > 2 {
		t.Errorf("%s: %d details opened, %d closed", name, opened, closed)
	}
	for row := range strings.SplitSeq(html, "<tr>") {
		if n := strings.Count(row, "<td>"); n != 0 && n != 4 {
			t.Errorf("%s: a row of %d cells: %s", name, n, row)
		}
	}
	if i := strings.Index(html, "|"); i >= 0 && !strings.Contains(name, "|") {
		t.Errorf("%s: a table is broken at %q", name, html[i:min(len(html), i+200)])
	}
	allowed := strings.NewReplacer("<span>$</span>", "", "<summary>Evidence</summary>", "", "<summary>Another way</summary>", "").Replace(folded.ReplaceAllString(details.ReplaceAllString(html, ""), ""))
	for _, found := range tag.FindAllString(allowed, -1) {
		switch strings.Trim(found, "</>") {
		case "p", "h2", "h3", "ul", "ol", "li", "strong", "em", "code", "table", "thead", "tbody", "tr", "td", "th":
		default:
			t.Errorf("%s: %s in the rendered summary", name, found)
		}
	}
}

func TestSummariesFitWhateverThereIsToSay(t *testing.T) {
	for _, name := range []string{"short", strings.Repeat("long-", 100), "日本語", "$$$$", "@a#1<b>`", "|\\|"} {
		for _, n := range []int{1, 30, 300} {
			o := huge(n, name)
			for _, v := range []review.Verdict{review.Pass, review.Block, review.CouldNotVerify} {
				o.Decision.Verdict = v
				checkWhole(t, fmt.Sprintf("%d times %.20s, %s", n, name, v), Markdown(o, sampleRules()))
			}
		}
	}
	summary := Markdown(huge(5000, "file"), nil)
	checkWhole(t, "5000 findings", summary)
	m := regexp.MustCompile(`(\d+) more rows are left out here`).FindAllString(summary, -1)
	if len(m) != 2 { // routes and findings
		t.Errorf("what is left out is not counted: %v", m)
	}
	if rows := strings.Count(summary, "Nobody asks") + strings.Count(summary, "| `authz/missing` |"); rows < 30 {
		t.Errorf("only %d of 5000 findings are shown", rows)
	}
}

func TestHostileNamesInEveryField(t *testing.T) {
	for _, name := range hostile {
		o := huge(2, name)
		summary := Markdown(o, sampleRules())
		checkWhole(t, name+"|", summary)
		shownText := shown(span.ReplaceAllString(render(t, summary), "CODE"))
		if found := live.FindString(strings.NewReplacer("merge base", "").Replace(shownText)); found != "" && !strings.Contains("authz/missing", found) {
			t.Errorf("%q: %q is live in the summary", name, found)
		}
		for _, colour := range []bool{false, true} {
			var b bytes.Buffer
			if err := Text(&b, o, TextOptions{Colour: colour}); err != nil {
				t.Fatal(err)
			}
			ours := regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(b.String(), "")
			if strings.ContainsFunc(ours, func(r rune) bool { return r != '\n' && invisible(r) }) {
				t.Errorf("%q: the terminal text has characters that act: %q", name, ours)
			}
		}
		f := o.Findings[0]
		f.Routes, f.Expected = []string{name}, name
		body := commentBody([]comment{{finding: f, rule: sampleRules()[1], blocking: true}}, sealer{key, 1, 1}, links{})
		html := render(t, strings.TrimSuffix(body, sealer{key, 1, 1}.mark(f)))
		if found := tag.FindString(regexp.MustCompile(`</?(p|ol|li|strong|code|sub|pre|code class="language-yaml")>|<span>\$</span>`).ReplaceAllString(html, "")); found != "" {
			t.Errorf("%q: %s in the rendered comment:\n%s", name, found, body)
		}
	}
}

func TestEmptyOutcomesAreNotAPass(t *testing.T) {
	var o review.Outcome
	if got := Markdown(o, nil); !strings.HasPrefix(got, "## Could not verify") || !strings.Contains(got, "none ran") {
		t.Errorf("an empty outcome reads:\n%s", got)
	}
	var b bytes.Buffer
	if err := Text(&b, o, TextOptions{}); err != nil || !strings.HasPrefix(b.String(), "COULD NOT VERIFY") {
		t.Errorf("an empty outcome reads: %v\n%s", err, b.String())
	}
}

func TestAcceptedGapsAreNotHidden(t *testing.T) {
	o := clean()
	o.Receipt.Scanners[1].Gaps = unverified().Receipt.Scanners[1].Gaps
	if got := Markdown(o, nil); strings.Contains(got, "Everything was looked at") || !strings.Contains(got, "internal/billing") {
		t.Errorf("a pass with a gap that the policy accepts reads:\n%s", got)
	}
}

func TestSuggestionsReplaceExactlyTheCommentedLines(t *testing.T) {
	diff := review.Diff{Files: []review.FileDiff{{Path: "a.go", OldPath: "a.go", Hunks: []review.Hunk{{OldStart: 10, NewStart: 10, Ops: "   +++   "}}}}}
	edit := func(from, to int, text string) *review.Fix {
		return &review.Fix{Title: "Mend it", Proved: true, Edits: []review.Edit{{Path: "a.go", StartLine: from, EndLine: to, New: text}}}
	}
	unproved := edit(13, 13, "x\n")
	unproved.Proved = false
	elsewhere := edit(13, 13, "x\n")
	elsewhere.Edits[0].Path = "b.go"
	two := edit(13, 13, "x\n")
	two.Edits = append(two.Edits, review.Edit{Path: "a.go", StartLine: 1, EndLine: 1, New: "y\n"})
	for _, c := range []struct {
		name        string
		place       review.Place
		fix         *review.Fix
		first, last int
		suggests    bool
		aside       bool // another comment offers it
	}{
		{"the line itself", at("a.go", 13), edit(13, 13, "x\n"), 13, 13, true, false},
		{"a wider range in the hunk", at("a.go", 13), edit(12, 15, "x\n"), 12, 15, true, false},
		{"a range that leaves the hunk", at("a.go", 13), edit(13, 30, "x\n"), 13, 13, false, false},
		{"other lines", at("a.go", 13), edit(15, 15, "x\n"), 13, 13, false, true},
		{"another file", at("a.go", 13), elsewhere, 13, 13, false, false},
		{"two edits", at("a.go", 13), two, 13, 13, false, false},
		{"not proved", at("a.go", 13), unproved, 13, 13, false, false},
		{"text that would change on its way", at("a.go", 13), edit(13, 13, "x\u202e\n"), 13, 13, false, false},
		{"a deletion", at("a.go", 13), edit(13, 13, ""), 13, 13, true, false},
		{"a deleted line", review.Place{Path: "a.go", Line: 13, Side: review.Left}, edit(13, 13, "x\n"), 0, 0, false, false},
	} {
		f := finding(c.place)
		f.Fix = c.fix
		g := &GitHub{Rules: sampleRules()}
		got := g.comments(review.Outcome{Findings: []review.Finding{f}, Decision: review.Decision{Blocking: []review.Fingerprint{f.Fingerprint}}, Diff: diff})
		if c.first == 0 {
			if len(got) != 0 {
				t.Errorf("%s: commented on", c.name)
			}
			continue
		}
		if c.aside {
			if len(got) != 2 || !strings.Contains(commentBody(got[1].about, sealer{}, links{}), "```suggestion\n") || strings.Contains(commentBody(got[1].about, sealer{}, links{}), "<!--") || !strings.Contains(commentBody(got[0].about, sealer{}, links{}), "stands as a suggestion at line 15") {
				t.Errorf("%s: %+v, want a second comment that offers it and bears no mark", c.name, got)
			}
			continue
		}
		if len(got) != 1 || got[0].at.first != c.first || got[0].at.last != c.last {
			t.Errorf("%s: at %+v, want %d to %d", c.name, got, c.first, c.last)
			continue
		}
		if suggests := strings.Contains(commentBody(got[0].about, sealer{}, links{}), "```suggestion\n"); suggests != c.suggests {
			t.Errorf("%s: suggests: %v, want %v", c.name, suggests, c.suggests)
		}
	}
}

func TestTextFitsTheTerminal(t *testing.T) {
	o := sample()
	o.Findings[0].Message = strings.Repeat("日本語 words ", 30)
	var b bytes.Buffer
	if err := Text(&b, o, TextOptions{Width: 50}); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(b.String()) {
		if strings.Contains(line, "日本語") && columns(strings.TrimSuffix(line, "\n")) > 50 {
			t.Errorf("%d columns: %s", columns(line), line)
		}
	}
}
