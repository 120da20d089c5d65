package config_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/launchgate/launchgate/app/config"
	"github.com/launchgate/launchgate/app/review"
)

func TestParsePolicyNamesEveryMistake(t *testing.T) {
	tests := []struct {
		name, yaml string
		want       []string
	}{
		{"unknown key with a near one", "version: 1\npublic_route: []\n", []string{`line 2: there is no key "public_route", did you mean "public_routes"?`}},
		{"two mistakes at once", "version: 2\npublic_routes:\n  - path: x\n", []string{"version is 2", "entry 1 needs a path"}},
		{"not YAML", "version: [\n", []string{"line"}},
		{"alias", "version: 1\nexclude: &a [x]\nguards: *a\n", []string{"line 3: aliases"}},
		{"wrong severity", "version: 1\nblock: {severity: terrible}\n", []string{"terrible"}},
		{"bad date", "version: 1\nsuppressions: [{fingerprint: a, reason: b, owner: c, expires: soon}]\n", []string{"soon"}},
		{"second document", "version: 1\n---\nversion: 1\n", []string{"more than one"}},
		{"too large", strings.Repeat("#", config.MaxPolicyBytes+1), []string{"bytes"}},
		{"absolute exclude", "version: 1\nexclude: [/etc]\n", []string{"exclude"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := config.ParsePolicy("launchgate.yml", []byte(tt.yaml))
			var e *review.Error
			if !errors.As(err, &e) || e.Code != review.CodeBadPolicy {
				t.Fatalf("error = %v, want one with code %s", err, review.CodeBadPolicy)
			}
			for _, want := range tt.want {
				if !strings.Contains(e.Public(), want) {
					t.Errorf("message %q lacks %q", e.Public(), want)
				}
			}
		})
	}
}

func TestParsePolicyEmptyFileIsTheDefault(t *testing.T) {
	pol, err := config.ParsePolicy("launchgate.yml", nil)
	if err != nil || pol.Block != config.DefaultPolicy().Block {
		t.Errorf("policy %+v, error %v", pol, err)
	}
}

func FuzzParsePolicy(f *testing.F) {
	f.Add([]byte("version: 1\nexclude: [a]\n"))
	f.Add([]byte("a: &x [*x]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		pol, err := config.ParsePolicy("p", data)
		if err == nil && pol.Version != 1 {
			t.Errorf("accepted version %d", pol.Version)
		}
	})
}
