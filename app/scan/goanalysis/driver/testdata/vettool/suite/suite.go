// Package suite is what both drivers run: Launchgate's analyzers and some of
// x/tools' that need types, sizes, SSA and facts. None may depend on test files:
// the go command analyses a package together with them, we do not.
package suite

import (
	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/assign"
	"golang.org/x/tools/go/analysis/passes/composite"
	"golang.org/x/tools/go/analysis/passes/copylock"
	"golang.org/x/tools/go/analysis/passes/fieldalignment"
	"golang.org/x/tools/go/analysis/passes/lostcancel"
	"golang.org/x/tools/go/analysis/passes/nilness"
	"golang.org/x/tools/go/analysis/passes/printf"
	"golang.org/x/tools/go/analysis/passes/stringintconv"
	"golang.org/x/tools/go/analysis/passes/structtag"
	"golang.org/x/tools/go/analysis/passes/unusedwrite"

	"github.com/launchgate/launchgate/analyzers"
)

// All returns them.
func All() []*analysis.Analyzer {
	return append([]*analysis.Analyzer{assign.Analyzer, composite.Analyzer, copylock.Analyzer, fieldalignment.Analyzer, lostcancel.Analyzer,
		nilness.Analyzer, printf.Analyzer, stringintconv.Analyzer, structtag.Analyzer, unusedwrite.Analyzer}, analyzers.All()...)
}
