package config_test

import (
	"bytes"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/launchgate/launchgate/app/config"
)

func policySchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(config.PolicySchema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("policy.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("policy.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// plain reads YAML the way an editor does before it applies a schema: dates are
// strings there.
func plain(t *testing.T, text string) any {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	retag(&doc)
	var v any
	if err := doc.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func retag(n *yaml.Node) {
	if n.ShortTag() == "!!timestamp" {
		n.Tag = "!!str"
	}
	for _, c := range n.Content {
		retag(c)
	}
}

func TestPolicyExampleHasEveryKeyAndIsValid(t *testing.T) {
	data, err := os.ReadFile("../../docs/policy.example.yml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := config.ParsePolicy("policy.example.yml", data); err != nil {
		t.Error(err)
	}
	if err := policySchema(t).Validate(plain(t, string(data))); err != nil {
		t.Error(err)
	}
	for _, key := range policyKeys(reflect.TypeFor[config.Policy]()) {
		if !strings.Contains(string(data), key+":") {
			t.Errorf("the example does not show %s", key)
		}
		if !strings.Contains(string(config.PolicySchema), `"`+key+`"`) {
			t.Errorf("the schema does not know %s", key)
		}
	}
}

func policyKeys(t reflect.Type) []string {
	for t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	var out []string
	for i := range t.NumField() {
		if key := t.Field(i).Tag.Get("yaml"); key != "" {
			out = append(out, key)
			out = append(out, policyKeys(t.Field(i).Type)...)
		}
	}
	return out
}

// TestSchemaAndParserAgree holds the published schema against what counts.
func TestSchemaAndParserAgree(t *testing.T) {
	schema := policySchema(t)
	tests := []struct {
		yaml string
		ok   bool
	}{
		{"version: 1", true},
		{"version: 2", false},
		{"{}", true},
		{"block: {severity: critical, confidence: low}", true},
		{"block: {severity: unknown}", false},
		{"block: {confidence: critical}", false},
		{"block:", true},
		{"unknown: 1", false},
		{"guards: [{name: RequireOrg}]", true},
		{"guards: [{name: Gateway.RequireStaff, grants: role}]", true},
		{"guards: [{name: auth.Gateway.RequireStaff, grants: authenticated}]", true},
		{"guards: [{name: RequireOrg, grants: everything}]", false},
		{"guards: [{name: 'RequireOrg()'}]", false},
		{"guards: [{grants: role}]", false},
		{"rules: {a/b: {off: true}}", true},
		{"rules: {a/b: {off: true, advisory: true}}", false},
		{"rules: {a/b: {off: true, severity: high}}", false},
		{"rules: {a/b: {advisory: true, severity: high}}", true},
		{"rules: {AB: {off: true}}", false},
		{"rules: {a/b: {of: true}}", false},
		{"rules: {a/b: {off: 1}}", false},
		{"rules: [a/b]", false},
		{"exclude: [a/**, b]", true},
		{"exclude: a", false},
		{"exclude: [/etc]", false},
		{"exclude: ['']", false},
		{"public_routes: [{path: /a, why: b, owner: c}]", true},
		{"public_routes: [{method: get, path: /a, why: b, owner: c}]", true},
		{"public_routes: [{method: any, path: /a, why: b, owner: c}]", true},
		{"public_routes: [{method: '*', path: /a, why: b, owner: c}]", true},
		{"public_routes: [{method: FETCH, path: /a, why: b, owner: c}]", false},
		{"public_routes: [{path: a, why: b, owner: c}]", false},
		{"public_routes: [{path: /a, why: ' ', owner: c}]", false},
		{"public_routes: [{path: /a, owner: c}]", false},
		{"secrets: {forbid_inline_allow: true}", true},
		{"secrets: {forbid_inline_allow: sometimes}", false},
		{"sensitive: {types: {Member: identity}, fields: {Member.Number: government-id}, names: {member_no: contact}}", true},
		{"sensitive: {types: {example.com/app/model.Member: identity}}", true},
		{"sensitive: {types: {Member: person}}", false},
		{"sensitive: {types: {'Member()': identity}}", false},
		{"sensitive: {types: {Member: }}", false},
		{"sensitive: {fields: {Number: identity}}", false},
		{"sensitive: {names: {'1': identity}}", false},
		{"sensitive: {not_sensitive: [team_email], redactors: [logutil.Short, (*audit.Vault).Ref], safe_logs: [example.com/app/audit]}", true},
		{"sensitive: {redactors: ['rm -rf']}", false},
		{"sensitive: {classes: {contact: off, health: critical}}", true},
		{"sensitive: {classes: {contact: loud}}", false},
		{"sensitive: {classes: {mail: low}}", false},
		{"sensitive: {classes: {contact: }}", false},
		{"sensitive: {minor: true}", true},
		{"sensitive: {minor: 1}", false},
		{"sensitive:", true},
		{"suppressions: [{fingerprint: a, reason: b, owner: c, expires: 2027-01-31}]", true},
		{"suppressions: [{rule: a/b, path: c/**, reason: b, owner: c}]", true},
		{"suppressions: [{rule: a/b, reason: b, owner: c}]", false},
		{"suppressions: [{fingerprint: a, rule: a/b, path: c, reason: b, owner: c}]", false},
		{"suppressions: [{fingerprint: a, owner: c}]", false},
		{"suppressions: [{fingerprint: a, reason: b, owner: c, expires: soon}]", false},
		{"suppressions: [{rule: ab, path: c, reason: b, owner: c}]", false},
		{"allow_unverified: [a/**]", true},
		{"allow_unverified: {a: b}", false},
	}
	for _, tt := range tests {
		_, perr := config.ParsePolicy("p", []byte(tt.yaml))
		serr := schema.Validate(plain(t, tt.yaml))
		if (perr == nil) != tt.ok {
			t.Errorf("parser on %s: %v", tt.yaml, perr)
		}
		if (serr == nil) != tt.ok {
			t.Errorf("schema on %s: %v", tt.yaml, serr)
		}
	}
}
