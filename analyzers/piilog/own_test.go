package piilog_test

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/launchgate/launchgate/analyzers/piilog"
	"github.com/launchgate/launchgate/analyzers/rule"
)

// The cases under testdata/own are ours, written from the documentation of the
// libraries: a line that must be found has a want, one that must not says why
// behind "ok:".
func TestOwnCases(t *testing.T) {
	dir, err := filepath.Abs("testdata/own")
	if err != nil {
		t.Fatal(err)
	}
	analysistest.Run(t, dir, piilog.Analyzer, "basics", "everyway", "crossed/...", "rows", "cli", "served", "outside/...", "flows", "wrapped", "libs", "web", "objects", "errs", "telemetry", "trackers", "nasty", "written", "taken", "doubtful", "inplace", "globals/...", "panics", "goroutines", "handlers/...", "queries/...", "reflected", "filled", "decided")
}

// The cases under testdata/own/src/unseen were written from the specification of the
// language and the documentation of the standard library, construct by construct,
// before anybody looked at what the engine makes of them.
func TestUnseenCases(t *testing.T) {
	dir, err := filepath.Abs("testdata/own")
	if err != nil {
		t.Fatal(err)
	}
	analysistest.Run(t, dir, piilog.Analyzer, "unseen/...")
}

// Half of what there is to know is what must not be reported.
func TestOwnCasesAreAsManyNegativeAsPositive(t *testing.T) {
	var found, clean int
	err := filepath.WalkDir("testdata/own/src", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		lines := bufio.NewScanner(bytes.NewReader(data))
		for lines.Scan() {
			switch line := lines.Text(); {
			case strings.Contains(line, "// want "):
				found++
			case strings.Contains(line, "// ok: "):
				clean++
			}
		}
		return lines.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	if found < 75 || clean < 75 || clean < found {
		t.Errorf("%d lines must be found and %d must not; at least 75 of each are wanted, and as many clean ones", found, clean)
	}
}

// A chain says once at which level it logs, and not where the value stands.
func TestChainsForDebuggingAreOneSeverityLower(t *testing.T) {
	dir, err := filepath.Abs("testdata/own")
	if err != nil {
		t.Fatal(err)
	}
	want := []rule.Severity{rule.High, rule.Medium, rule.Medium, rule.High, rule.Medium}
	for _, res := range analysistest.Run(t, dir, piilog.Analyzer, "chains") {
		list := res.Result.(*rule.Findings).List
		if len(list) != len(want) {
			t.Fatalf("%d findings, want %d", len(list), len(want))
		}
		for i, f := range list {
			if f.Severity != want[i] {
				t.Errorf("%d: %s has the severity %s, want %s", i, f.Message, f.Severity, want[i])
			}
		}
	}
}

// What is logged for debugging counts one severity less.
func TestDebugIsOneSeverityLower(t *testing.T) {
	dir, err := filepath.Abs("testdata/own")
	if err != nil {
		t.Fatal(err)
	}
	for _, res := range analysistest.Run(t, dir, piilog.Analyzer, "debugged") {
		data, err := os.ReadFile("testdata/own/src/debugged/debugged.go")
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(data), "\n")
		for _, f := range res.Result.(*rule.Findings).List {
			line := lines[res.Pass.Fset.Position(f.Pos).Line-1]
			want := rule.High
			if strings.Contains(line, "Debug") || strings.Contains(line, "Trace") || strings.Contains(line, "debugf") {
				want = rule.Medium
			}
			if f.Severity != want {
				t.Errorf("%s: severity %s, want %s", strings.TrimSpace(line), f.Severity, want)
			}
		}
	}
}
