package piilog_test

import (
	"testing"

	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/launchgate/launchgate/analyzers/piilog"
)

func TestAnalyzer(t *testing.T) {
	analysistest.Run(t, analysistest.TestData(), piilog.Analyzer, "a", "shop/...")
}
