package datamap_test

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/launchgate/launchgate/analyzers/datamap"
)

// told reports the map as diagnostics, which the cases expect.
var told = &analysis.Analyzer{
	Name: "told", Doc: "report the data map", Requires: []*analysis.Analyzer{datamap.Analyzer},
	Run: func(pass *analysis.Pass) (any, error) {
		for _, f := range pass.ResultOf[datamap.Analyzer].(*datamap.Result).Flows {
			text := f.Service + " used"
			if f.Class != "" {
				text = fmt.Sprintf("%s %s %s", f.Service, f.Class, f.What)
			}
			if f.Pos.IsValid() {
				pass.Reportf(f.Pos, "%s", text)
			} else {
				elsewhere = append(elsewhere, fmt.Sprintf("%s at %s:%d", text, f.File[strings.LastIndexByte(f.File, '/')+1:], f.Line))
			}
		}
		return nil, nil
	},
}

var elsewhere []string

// noFacts takes no notice of facts, which are the engine's business.
type noFacts struct{ *testing.T }

func (n noFacts) Errorf(format string, args ...any) {
	if s := fmt.Sprintf(format, args...); !strings.Contains(s, "unexpected fact") {
		n.T.Errorf("%s", s)
	}
}

func TestAnalyzer(t *testing.T) {
	elsewhere = nil
	analysistest.Run(noFacts{t}, analysistest.TestData(), told, "app", "app/crm", "app/mail")
	// What a function is given by another package leaves where it leaves.
	for _, want := range []string{"SMTP server contact email at mail.go:16", "Intercom contact email at mail.go:27", "Intercom government-id ssn at mail.go:27", "HubSpot contact email at crm.go:23"} {
		if !strings.Contains(strings.Join(elsewhere, "\n"), want) {
			t.Errorf("%q is not found; found are\n%s", want, strings.Join(elsewhere, "\n"))
		}
	}
}
