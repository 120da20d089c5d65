// Package analyzers is the registry of every check on Go code: which analyzers
// run and which rules they report.
//
// It imports its own sub-packages and go/analysis, never anything of app, so
// that the same checks run under go vet and golangci-lint.
package analyzers

import (
	"slices"

	"golang.org/x/tools/go/analysis"

	"github.com/launchgate/launchgate/analyzers/authz"
	"github.com/launchgate/launchgate/analyzers/cors"
	"github.com/launchgate/launchgate/analyzers/datamap"
	"github.com/launchgate/launchgate/analyzers/internal/flow"
	"github.com/launchgate/launchgate/analyzers/piilog"
	"github.com/launchgate/launchgate/analyzers/privacy"
	"github.com/launchgate/launchgate/analyzers/rule"
)

// Options say what the suite cannot see in the code.
type Options struct {
	// Guards are functions that are declared to be guards, by name.
	Guards []authz.Guard
	// Lists are lists of paths in configuration files, which guards may exempt.
	Lists []authz.List
	// Privacy is what is declared about the program's own data.
	Privacy privacy.Settings
}

// All returns the analyzers of the suite, in the order they are documented.
func All() []*analysis.Analyzer { return Suite(Options{}) }

// Inventory is the part of a suite that lists a program's routes.
func Inventory(opt Options) []*analysis.Analyzer {
	inventory, _ := access(opt)
	return []*analysis.Analyzer{inventory}
}

func access(opt Options) (inventory, findings *analysis.Analyzer) {
	if len(opt.Guards) > 0 || len(opt.Lists) > 0 {
		return authz.New(authz.Options{Guards: opt.Guards, Lists: opt.Lists})
	}
	return authz.Routes, authz.Analyzer
}

// Suite is All for a program about which something is declared.
func Suite(opt Options) []*analysis.Analyzer {
	inventory, findings := access(opt)
	values := flow.NewBase(opt.Privacy)
	return []*analysis.Analyzer{inventory, findings, cors.Analyzer, piilog.On(values), datamap.On(values)}
}

// Rules returns every rule the analyzers can report.
func Rules() []rule.Rule {
	return slices.Concat(authz.Rules(), cors.Rules(), piilog.Rules())
}
