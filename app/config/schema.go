package config

import _ "embed"

// PolicySchema is the JSON Schema of a policy file, for editors and for checks in
// other tools. ParsePolicy says more (lines, near keys, path patterns) and is
// what counts; a test holds the two together.
//
//go:embed policy.schema.json
var PolicySchema []byte
