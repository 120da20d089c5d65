package scan

import (
	"encoding/json"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/launchgate/launchgate/app/review"
)

// TestAShortMessageIsTheSame: whether a report is written as a whole or as its
// receipt alone, the reader gets the same.
func TestAShortMessageIsTheSame(t *testing.T) {
	receipt := review.ScannerReceipt{Scanner: "test", Version: "1", Counts: []review.Count{{Unit: "files", Looked: 1, Expected: 2}}, Gaps: []review.Gap{{What: "x"}}, Wall: time.Second}
	for _, c := range []struct {
		name  string
		rep   Report
		short bool
	}{
		{"a receipt", Report{Receipt: receipt}, true},
		{"nothing", Report{}, true},
		{"a finding", Report{Receipt: receipt, Head: []review.Finding{{Rule: "test/rule"}}}, false},
		{"no findings, but a list of them", Report{Receipt: receipt, Head: []review.Finding{}}, false},
		{"a rotation", Report{Receipt: receipt, Rotations: []review.Rotation{{Key: "x"}}}, false},
		{"a flow at the base", Report{BaseData: []review.DataFlow{{}}}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			line := lineOf(&c.rep)
			if _, short := line.(receiptLine); short != c.short {
				t.Errorf("written short: %v", short)
			}
			have, err := json.Marshal(line)
			if err != nil {
				t.Fatal(err)
			}
			want, err := json.Marshal(message{Report: &c.rep})
			if err != nil {
				t.Fatal(err)
			}
			if string(have) != string(want) {
				t.Errorf("written\n%s\nnot\n%s", have, want)
			}
		})
	}
	have, _ := json.Marshal(eventLine{Event: &Event{Stage: "s", Done: 1}})
	want, _ := json.Marshal(message{Event: &Event{Stage: "s", Done: 1}})
	if string(have) != string(want) {
		t.Errorf("an event is written %s, not %s", have, want)
	}
}

// TestTheCollectorGoesOnAsUsual after it began late.
func TestTheCollectorGoesOnAsUsual(t *testing.T) {
	now := func() int {
		percent := debug.SetGCPercent(100)
		debug.SetGCPercent(percent)
		return percent
	}
	defer debug.SetGCPercent(now())
	collectLate()
	if late := now(); late <= usualGCPercent {
		t.Fatalf("the collector begins at %d %%", late)
	}
	for n := 0; now() != usualGCPercent; n++ {
		if n == 1000 {
			t.Fatalf("the collector still waits, for %d %%", now())
		}
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
}
