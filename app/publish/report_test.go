package publish_test

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"github.com/launchgate/launchgate/app/publish"
	"github.com/launchgate/launchgate/app/review"
)

func reportSample() []review.History {
	day := func(d int) time.Time { return time.Date(2026, 1, d, 0, 0, 0, 0, time.UTC) }
	rot := func(key, provider, path string, d int, more func(*review.Rotation)) review.Rotation {
		r := review.Rotation{Key: strings.Repeat(key, 64), Rule: "secrets/aws-access-token", Severity: review.SeverityCritical, Provider: provider, Steps: "Make another. Revoke this one.",
			Commit: review.SHA(strings.Repeat(key, 40)), Path: path, Line: 3, Authored: day(d), Places: 1}
		if more != nil {
			more(&r)
		}
		return r
	}
	aws := func(r *review.Rotation) { r.Where = "https://console.aws.amazon.com/iam/home" }
	hs := []review.History{
		{Repo: review.Repo{ID: 1, Owner: "agora", Name: "api"}, State: review.HistoryDone, Finished: day(20), Receipt: review.ScannerReceipt{Counts: []review.Count{{Unit: "commits", Looked: 7, Expected: 7}}},
			Rotations: []review.Rotation{rot("a", "Amazon Web Services", "deploy/a.env", 5, aws), rot("b", "GitHub", "=cmd|x.sh", 6, func(r *review.Rotation) { r.InHead = true })}},
		{Repo: review.Repo{ID: 2, Owner: "agora", Name: "web"}, State: review.HistoryIncomplete, Finished: day(21),
			Receipt:   review.ScannerReceipt{Counts: []review.Count{{Unit: "commits", Looked: 3, Expected: 9}}, Gaps: []review.Gap{{Code: review.CodeScannerTimeout, What: "commits", Why: "no time", Do: "look again"}}},
			Rotations: []review.Rotation{rot("a", "Amazon Web Services", "old.env", 2, aws), rot("c", "Stripe", "", 7, nil)}},
	}
	marks := map[string]review.Mark{strings.Repeat("c", 64): {State: review.FalsePositive, Reason: "a test key | <b>"}}
	for _, h := range hs {
		review.MarkAll(h.Rotations, marks)
	}
	return hs
}

// TestReportIsMadeForWhoRotates: by issuer, one entry for a secret that two
// repositories hold, with where it was first, and honest about what is missing.
func TestReportIsMadeForWhoRotates(t *testing.T) {
	var out bytes.Buffer
	if err := publish.RotationReport(&out, time.Date(2026, 1, 22, 0, 0, 0, 0, time.UTC), reportSample()...); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	for _, want := range []string{
		"Made on 2026-01-22 from the histories of 2 repositories.", "**2 secrets to rotate**, 1 of them still in the newest code", "**Not everything was looked at**",
		"## Amazon Web Services: 1 secret", "Where: <https://console.aws.amazon.com/iam/home>",
		"first in commit `aaaaaaa` of 2026-01-02, `old.env:3`; in `agora/api`, `agora/web`", "only in history, seen 2 times",
		"## GitHub: 1 secret", "still in HEAD, seen 1 time",
		"## Decided already", "- [x] false-positive: a test key", "`(a message)`",
		"- `agora/web`: **not looked at in full** on 2026-01-21", "3 of 9 commits", "**Could not verify:**",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report does not say %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "<b>") || strings.Contains(text, "## Stripe") {
		t.Errorf("a reason's markup, or a decided secret's issuer, is in the list:\n%s", text)
	}

	out.Reset()
	if err := publish.RotationReport(&out, time.Now()); err != nil || !strings.Contains(out.String(), "**No repository was looked at**") {
		t.Errorf("of nothing: %v\n%s", err, out.String())
	}
}

// The older place of a secret may be one where it counts less.
func TestAReportKeepsTheWorstSeverity(t *testing.T) {
	hs := reportSample()
	hs[0].Rotations[0].Severity, hs[1].Rotations[0].Severity = review.SeverityCritical, review.SeverityLow
	var out bytes.Buffer
	if err := publish.RotationReport(&out, time.Now(), hs...); err != nil || !strings.Contains(out.String(), "critical: first in commit `aaaaaaa` of 2026-01-02, `old.env:3`") {
		t.Errorf("%v\n%s", err, out.String())
	}
}

func TestRotationsAsCSVHoldNoFormula(t *testing.T) {
	var out bytes.Buffer
	if err := publish.RotationsCSV(&out, reportSample()...); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil || len(rows) != 5 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	column := make(map[string]int)
	for i, name := range rows[0] {
		column[name] = i
	}
	var paths []string
	for _, r := range rows[1:] {
		paths = append(paths, r[column["repository"]]+" "+r[column["path"]]+" "+r[column["state"]]+" "+r[column["in HEAD"]])
	}
	want := "agora/api '=cmd|x.sh open true\nagora/api deploy/a.env open false\nagora/web old.env open false\nagora/web  false-positive false"
	if got := strings.Join(paths, "\n"); got != want {
		t.Errorf("rows:\n%s\nwant:\n%s", got, want)
	}
}
