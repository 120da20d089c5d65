package authz_test

import (
	"testing"

	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/launchgate/launchgate/analyzers/authz"
)

func TestAnalyzer(t *testing.T) {
	analysistest.Run(t, analysistest.TestData(), authz.Analyzer, "a")
}

// TestDeclaredGuards is the same chain with and without a word from the policy.
func TestDeclaredGuards(t *testing.T) {
	_, analyzer := authz.New(authz.Options{Guards: []authz.Guard{{Name: "askGateway"}, {Name: "gateway.Staff", Role: true}, {Name: "mustOwn"}}})
	analysistest.Run(t, analysistest.TestData(), analyzer, "declared")
}
