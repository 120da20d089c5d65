package cors_test

import (
	"testing"

	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/launchgate/launchgate/analyzers/cors"
)

func TestAnalyzer(t *testing.T) {
	analysistest.Run(t, analysistest.TestData(), cors.Analyzer, "a")
}
