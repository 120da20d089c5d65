package authz_test

import (
	"testing"

	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/launchgate/launchgate/analyzers/authz"
)

func TestAnalyzer(t *testing.T) {
	analysistest.Run(t, analysistest.TestData(), authz.Analyzer, "a")
}
