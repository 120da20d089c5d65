package golangci

import (
	"fmt"
	"slices"
	"strings"

	"github.com/golangci/plugin-module-register/register"
	"golang.org/x/tools/go/analysis"

	"github.com/launchgate/launchgate/analyzers"
)

// name is what the plugin with every analyzer is called; those with one have it
// as a prefix.
const name = "launchgate"

func init() {
	register.Plugin(name, func(conf any) (register.LinterPlugin, error) {
		set, err := register.DecodeSettings[settings](conf)
		if err != nil {
			return nil, fmt.Errorf("settings of %s: %w", name, err)
		}
		return choose(set.Analyzers)
	})
	for _, a := range analyzers.All() {
		register.Plugin(name+"-"+a.Name, func(any) (register.LinterPlugin, error) { return plugin{a}, nil })
	}
}

// settings are what .golangci.yml may say.
type settings struct {
	// Analyzers to run; none named means all.
	Analyzers []string `json:"analyzers"`
}

type plugin []*analysis.Analyzer

// BuildAnalyzers implements register.LinterPlugin.
func (p plugin) BuildAnalyzers() ([]*analysis.Analyzer, error) { return p, nil }

// GetLoadMode implements register.LinterPlugin.
func (plugin) GetLoadMode() string { return register.LoadModeTypesInfo }

func choose(names []string) (plugin, error) {
	all := analyzers.All()
	if len(names) == 0 {
		return all, nil
	}
	var p plugin
	for _, n := range names {
		i := slices.IndexFunc(all, func(a *analysis.Analyzer) bool { return a.Name == n })
		if i < 0 {
			var known []string
			for _, a := range all {
				known = append(known, a.Name)
			}
			return nil, fmt.Errorf("settings of %s: there is no analyzer %q; there are %s", name, n, strings.Join(known, ", "))
		}
		p = append(p, all[i])
	}
	return p, nil
}
