package flow

import (
	"reflect"

	"golang.org/x/tools/go/analysis"

	"github.com/launchgate/launchgate/analyzers/privacy"
)

// Base is the analyzer that follows values. Analyzers that judge where values go
// require it, so that each package is interpreted once for all of them.
type Base struct {
	*analysis.Analyzer
	// Judge answers what the repository says of its own data.
	Judge *privacy.Judge
}

// NewBase returns the analyzer for a repository that says something of its own
// data.
func NewBase(set privacy.Settings) *Base {
	judge := privacy.NewJudge(set)
	voc := Vocabulary{Lexicon: judge.Lexicon, Sanitizes: judge.Sanitizes, SafeLog: judge.SafeLog, Cache: new(Cache)}
	return &Base{Judge: judge, Analyzer: &analysis.Analyzer{
		Name:       "dataflow",
		Doc:        "follow sensitive values to where they leave the program",
		URL:        "https://pkg.go.dev/github.com/launchgate/launchgate/analyzers/internal/flow",
		Run:        func(pass *analysis.Pass) (any, error) { return Analyze(pass, voc), nil },
		ResultType: reflect.TypeFor[*Result](),
		FactTypes:  []analysis.Fact{new(Facts)},
	}}
}

// Of returns what was found in the package of pass, which must require b.
func (b *Base) Of(pass *analysis.Pass) *Result { return pass.ResultOf[b.Analyzer].(*Result) }
