package golangci_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/golangci/plugin-module-register/register"
	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/launchgate/launchgate/analyzers"
	_ "github.com/launchgate/launchgate/analyzers/golangci"
)

// build makes a plugin's analyzers as golangci-lint does.
func build(t *testing.T, name string, conf any) []*analysis.Analyzer {
	t.Helper()
	newPlugin, err := register.GetPlugin(name)
	if err != nil {
		t.Fatal(err)
	}
	p, err := newPlugin(conf)
	if err != nil {
		t.Fatal(err)
	}
	if mode := p.GetLoadMode(); mode != register.LoadModeTypesInfo {
		t.Errorf("%s is loaded with %q; its analyzers need types", name, mode)
	}
	as, err := p.BuildAnalyzers()
	if err != nil {
		t.Fatal(err)
	}
	if err := analysis.Validate(as); err != nil {
		t.Error(err)
	}
	return as
}

func TestPluginHasEveryAnalyzer(t *testing.T) {
	if got, want := len(build(t, "launchgate", nil)), len(analyzers.All()); got != want {
		t.Errorf("%d analyzers, want %d", got, want)
	}
}

// TestEachAnalyzerIsAPlugin runs every analyzer that has cases, through its own
// plugin, over those cases.
func TestEachAnalyzerIsAPlugin(t *testing.T) {
	ran := 0
	for _, a := range analyzers.All() {
		as := build(t, "launchgate-"+a.Name, nil)
		if len(as) != 1 || as[0].Name != a.Name {
			t.Fatalf("launchgate-%s has %v", a.Name, as)
		}
		if a.URL == "" {
			t.Errorf("%s has no URL", a.Name)
		}
		if a.Name == "authz" || a.Name == "cors" {
			dir, err := filepath.Abs(filepath.Join("..", a.Name, "testdata"))
			if err != nil {
				t.Fatal(err)
			}
			analysistest.Run(t, dir, as[0], "a")
			ran++
		}
	}
	if ran != 2 {
		t.Errorf("%d analyzers ran over cases, want 2", ran)
	}
}

func TestSettingsChooseAnalyzers(t *testing.T) {
	as := build(t, "launchgate", map[string]any{"analyzers": []string{"cors"}})
	if len(as) != 1 || as[0].Name != "cors" {
		t.Errorf("asked for cors, got %v", as)
	}
	newPlugin, err := register.GetPlugin("launchgate")
	if err != nil {
		t.Fatal(err)
	}
	for _, conf := range []any{map[string]any{"analyzers": []string{"crs"}}, map[string]any{"analyser": "cors"}} {
		if _, err := newPlugin(conf); err == nil || !strings.Contains(err.Error(), "launchgate") {
			t.Errorf("%v: error %v, want one that names the plugin", conf, err)
		}
	}
}
