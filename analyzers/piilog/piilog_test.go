package piilog_test

import (
	"testing"

	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/launchgate/launchgate/analyzers/piilog"
	"github.com/launchgate/launchgate/analyzers/privacy"
	"github.com/launchgate/launchgate/analyzers/rule"
)

func TestAnalyzer(t *testing.T) {
	analysistest.Run(t, analysistest.TestData(), piilog.Analyzer, "a", "shop/...")
}

// What a repository says of its own data goes before what names tell.
func TestDeclared(t *testing.T) {
	an := piilog.New(privacy.Settings{
		Types:        map[string]string{"Badge": "identity"},
		Fields:       map[string]string{"Visit.Note": "health"},
		Names:        map[string]string{"member_no": "government-id"},
		NotSensitive: []string{"team_email"},
		Redactors:    []string{"logutil.Short"},
		SafeLogs:     []string{"audit.Logger", "audit.Recorder"},
		Severity:     map[string]string{"health": "critical", "contact": "low", "credential": "off"},
		Minor:        true,
	})
	want := map[string]rule.Severity{"logs/health": rule.Critical, "logs/government-id": rule.High}
	for _, res := range analysistest.Run(t, analysistest.TestData(), an, "declared") {
		for _, f := range res.Result.(*rule.Findings).List {
			if w := want[f.Rule.ID]; w != "" && f.Severity != w {
				t.Errorf("%s has the severity %s, want %s", f.Message, f.Severity, w)
			}
			if f.Rule.ID == "logs/personal-data" && f.Key == "log.Print email" && f.Severity != rule.Low {
				t.Errorf("%s has the severity %s, want low, as the class contact has", f.Message, f.Severity)
			}
		}
	}
}

func TestFixes(t *testing.T) {
	analysistest.RunWithSuggestedFixes(t, analysistest.TestData(), piilog.Analyzer, "mend", "mendown")
}

// A word that means many things does not stop a merge, nor does an address in an
// error; a secret does.
func TestWeakEvidenceDoesNotBlock(t *testing.T) {
	type verdict struct {
		severity   rule.Severity
		confidence rule.Confidence
	}
	want := map[string]verdict{
		"logs/token log.Print previewToken":        {rule.Medium, rule.Unsure},
		"logs/token log.Print token":               {rule.Medium, rule.Likely},
		"logs/token log.Print s.IssueToken":        {rule.Medium, rule.Likely},
		"errors/sensitive log.Print a.Email":       {rule.Low, rule.Likely},
		"logs/personal-data log.Print value email": {rule.Low, rule.Likely}, // serves as a user name
		"logs/personal-data log.Println email":     {rule.Medium, rule.Likely},
		"errors/sensitive log.Print a.Password":    {rule.High, rule.Likely},
	}
	for _, res := range analysistest.Run(t, analysistest.TestData(), piilog.Analyzer, "bareword") {
		for _, f := range res.Result.(*rule.Findings).List {
			name := f.Rule.ID + " " + f.Key
			if got := (verdict{f.Severity, f.Confidence}); got != want[name] {
				t.Errorf("%s: %s has %v, want %v", name, f.Message, got, want[name])
			}
			delete(want, name)
		}
	}
	for name := range want {
		t.Errorf("not reported: %s", name)
	}
}
