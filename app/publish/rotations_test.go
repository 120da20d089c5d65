package publish

import (
	"strings"
	"testing"
	"time"

	"github.com/launchgate/launchgate/app/review"
)

func lists(t *testing.T, h review.History) map[string]string {
	t.Helper()
	out := make(map[string]string)
	var text, md, csv strings.Builder
	for name, err := range map[string]error{"text": RotationsText(&text, h), "markdown": RotationsMarkdown(&md, h), "csv": RotationsCSV(&csv, h)} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	out["text"], out["markdown"], out["csv"] = text.String(), md.String(), csv.String()
	return out
}

// The first line of a list that is not whole said "0 secrets, 0 open", and only the
// last that nothing had been looked at.
func TestAListThatIsNotWholeSaysSoAtOnce(t *testing.T) {
	h := review.History{State: review.HistoryIncomplete, Receipt: review.ScannerReceipt{Counts: []review.Count{{Unit: "commits", Expected: 2}},
		Gaps: []review.Gap{{What: "commits", Why: "the history is cut off", Do: "fetch it"}}}}
	got := lists(t, h)
	if first, _, _ := strings.Cut(got["text"], "\n"); first != "0 secrets, 0 open; NOT EVERYTHING WAS LOOKED AT, see the end" {
		t.Errorf("text begins %q", first)
	}
	if !strings.Contains(got["markdown"], "**NOT EVERYTHING WAS LOOKED AT, see the end.**") {
		t.Errorf("markdown:\n%s", got["markdown"])
	}
	h = review.History{State: review.HistoryDone, Receipt: review.ScannerReceipt{Counts: []review.Count{{Unit: "commits"}, {Unit: "annotated tags", Looked: 1, Expected: 1}}}}
	got = lists(t, h)
	if want := "0 secrets, 0 open\n\nno new commits to look at\n1 of 1 annotated tags looked at\n"; got["text"] != want {
		t.Errorf("a look at nothing new reads\n%s\nwant\n%s", got["text"], want)
	}
}

func TestAListNamesTheTagAndWhoDecidedWhen(t *testing.T) {
	h := review.History{State: review.HistoryDone, Rotations: []review.Rotation{
		{Key: "aa", Rule: "secrets/gitlab-pat", Tag: "v1.0|\u202e", State: review.Rotated, Reason: "rolled", Decided: time.Unix(1_700_000_000, 0), By: "ana|\u202e\n"},
		{Key: "bb", Rule: "secrets/gitlab-pat", Path: "a\u202eb.env", Line: 1},
	}}
	for format, wants := range map[string][]string{
		"text":     {`(message of tag v1.0|\u{202e})`, "state   rotated on 2023-11-14 by ana|: rolled\n", "state   open\n"},
		"markdown": {"`(message of tag v1.0\\|\\u{202e})`", `| rotated on 2023-11-14 by ana\|: rolled. |`},
		"csv":      {"aa,2023-11-14,v1.0|\\u{202e},ana|\n", `,a\u{202e}b.env,1,`},
	} {
		got := lists(t, h)[format]
		for _, want := range wants {
			if !strings.Contains(got, want) {
				t.Errorf("%s lacks %q:\n%s", format, want, got)
			}
		}
	}
}
