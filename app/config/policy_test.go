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
		{"two mistakes at once", "version: 2\npublic_routes:\n  - path: x\n", []string{"version is 2", "entry 1 (x) needs a path", "a why (what", "an owner (who"}},
		{"a public route without an owner", "version: 1\npublic_routes:\n  - {method: GET, path: /a, why: b}\n", []string{"line 3: public_routes: entry 1 (GET /a) needs an owner (who answers for that)."}},
		{"not YAML", "version: [\n", []string{"line"}},
		{"alias", "version: 1\nexclude: &a [x]\nallow_unverified: *a\n", []string{"line 3: aliases"}},
		{"wrong severity", "version: 1\nblock: {severity: terrible}\n", []string{"terrible"}},
		{"bad date", "version: 1\nsuppressions: [{fingerprint: a, reason: b, owner: c, expires: soon}]\n", []string{"soon"}},
		{"second document", "version: 1\n---\nversion: 1\n", []string{"more than one"}},
		{"too large", strings.Repeat("#", config.MaxPolicyBytes+1), []string{"bytes"}},
		{"a key at the wrong level", "version: 1\nseverity: high\n", []string{`line 2: there is no key "severity"; it belongs under block`}},
		{"lines inside lists", "version: 1\npublic_routes:\n  - {path: /a, why: b, owner: c}\n  - path: b\n    method: FETCH\nsuppressions:\n  - reason: x\n", []string{
			"line 4: public_routes: entry 2 (FETCH b) needs a path", `line 5: public_routes: entry 2 has the method "FETCH"`, "line 7: suppressions: entry 1 needs a fingerprint", "line 7: suppressions: entry 1 needs a reason and an owner"}},
		{"all wrong types at once", "exclude: x\nblock: {severity: loud}\nsecrets: {forbid_inline_allow: 3}\n", []string{"line 1: exclude must be a list", "line 2: block.severity is wrong", "line 3: secrets.forbid_inline_allow must be true or false"}},
		{"unknown threshold opens nothing", "block: {severity: unknown}\n", []string{"line 1: block.severity is unknown"}},
		{"deep nesting", "exclude: " + strings.Repeat("[", 1000) + strings.Repeat("]", 1000), []string{"line 1"}},
		{"the same rule twice", "rules:\n  a/b: {off: true}\n  a/b: {off: false}\n", []string{"line 3: rules has the key \"a/b\" twice, first in line 2"}},
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
