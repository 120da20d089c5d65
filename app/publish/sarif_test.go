package publish

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/launchgate/launchgate/app/review"
)

// checkSARIF holds a log to what SARIF 2.1.0 and GitHub's upload ask for.
func checkSARIF(t *testing.T, o review.Outcome) map[string]any {
	t.Helper()
	var b bytes.Buffer
	if err := SARIF(&b, o, sampleRules(), "0.1.0"); err != nil {
		t.Fatal(err)
	}
	var log struct {
		Schema  string `json:"$schema"`
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct {
					Name, Version string
					Rules         []struct {
						ID   string
						Help struct{ Text, Markdown string }
					}
				}
			}
			Invocations []struct {
				ExecutionSuccessful        bool
				ToolExecutionNotifications []struct {
					Level   string
					Message struct{ Text string }
				}
			}
			Results []json.RawMessage
		}
	}
	if err := json.Unmarshal(b.Bytes(), &log); err != nil {
		t.Fatal(err)
	}
	if log.Version != "2.1.0" || log.Schema == "" || len(log.Runs) != 1 {
		t.Fatalf("version %q, schema %q, %d runs", log.Version, log.Schema, len(log.Runs))
	}
	run := log.Runs[0]
	if run.Tool.Driver.Name == "" || run.Tool.Driver.Version != "0.1.0" {
		t.Errorf("driver = %+v", run.Tool.Driver)
	}
	for _, r := range run.Tool.Driver.Rules {
		if r.ID == "" || r.Help.Text == "" || r.Help.Markdown == "" {
			t.Errorf("rule %q has no help", r.ID)
		}
	}
	unverified := o.Decision.Verdict == review.CouldNotVerify
	if len(run.Invocations) != 1 || run.Invocations[0].ExecutionSuccessful == unverified || unverified && len(run.Invocations[0].ToolExecutionNotifications) == 0 {
		t.Errorf("invocations = %+v", run.Invocations)
	}
	if len(run.Results) != len(o.Findings) {
		t.Errorf("%d results of %d findings", len(run.Results), len(o.Findings))
	}
	type location struct {
		PhysicalLocation struct {
			ArtifactLocation struct{ URI string }
			Region           *struct{ StartLine, EndLine int }
		}
	}
	for _, raw := range run.Results {
		var r struct {
			RuleID              string
			RuleIndex           *int
			Level               string
			Message             struct{ Text string }
			Locations           []location
			RelatedLocations    []location
			PartialFingerprints map[string]string
			BaselineState       string
			CodeFlows           []struct {
				ThreadFlows []struct {
					Locations []struct{ Location location }
				}
			}
		}
		if err := json.Unmarshal(raw, &r); err != nil {
			t.Fatal(err)
		}
		if r.RuleIndex != nil && run.Tool.Driver.Rules[*r.RuleIndex].ID != r.RuleID {
			t.Errorf("%s has the index of %s", r.RuleID, run.Tool.Driver.Rules[*r.RuleIndex].ID)
		}
		if r.Message.Text == "" || len(r.Locations) != 1 || r.PartialFingerprints["launchgate/v1"] == "" {
			t.Errorf("result = %s", raw)
		}
		switch r.Level {
		case "note", "warning", "error":
		default:
			t.Errorf("level %q", r.Level)
		}
		switch r.BaselineState {
		case "new", "unchanged":
		default:
			t.Errorf("baselineState %q", r.BaselineState)
		}
		places := append(r.Locations, r.RelatedLocations...)
		for _, c := range r.CodeFlows {
			for _, l := range c.ThreadFlows[0].Locations {
				places = append(places, l.Location)
			}
		}
		for _, l := range places {
			u, err := url.Parse(l.PhysicalLocation.ArtifactLocation.URI)
			if err != nil || u.IsAbs() || u.Host != "" || strings.HasPrefix(u.Path, "/") {
				t.Errorf("location %+v is no relative reference: %v", l, err)
			}
			if g := l.PhysicalLocation.Region; g != nil && (g.StartLine < 1 || g.EndLine < g.StartLine) {
				t.Errorf("region %+v", *g)
			}
		}
	}
	var any map[string]any
	if err := json.Unmarshal(b.Bytes(), &any); err != nil {
		t.Fatal(err)
	}
	return any
}

func TestSARIFIsWellFormed(t *testing.T) {
	for _, o := range []review.Outcome{sample(), unverified(), clean()} {
		checkSARIF(t, o)
	}
	for _, name := range hostile {
		checkSARIF(t, huge(2, name))
	}
	empty := review.Outcome{Decision: review.Decision{Reasons: []string{"the review was stopped"}}}
	checkSARIF(t, empty)
}

func TestJSONSaysNothingATerminalActsOn(t *testing.T) {
	o := huge(1, strings.Join(hostile, " "))
	var b bytes.Buffer
	if err := JSON(&b, o); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsFunc(b.String(), func(r rune) bool { return r != '\n' && invisible(r) }) {
		t.Error("control or invisible characters in the JSON")
	}
	var back struct {
		Version  int
		Findings []review.Finding
	}
	if err := json.Unmarshal(b.Bytes(), &back); err != nil || back.Version != 1 || len(back.Findings) != 1 {
		t.Fatalf("%v, %+v", err, back)
	}
	if want := strings.ToValidUTF8(o.Findings[0].Message, "\ufffd"); strings.ReplaceAll(back.Findings[0].Message, "\ufffd\ufffd", "\ufffd") != want {
		t.Error("the message does not come back as it was")
	}
}
