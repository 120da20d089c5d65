package secrets

import "testing"

// TestMadeUpCredentialsAreUsualThere: what is found there by its shape alone does
// not block.
func TestMadeUpCredentialsAreUsualThere(t *testing.T) {
	tests := map[string]bool{
		"":                                false,
		"cmd/server/main.go":              false,
		"testing.go":                      false,
		"latest/config.yml":               false,
		"internal/store/store_test.go":    true,
		"web/login.spec.ts":               true,
		"pkg/db/fixtures/tokens.yml":      true,
		"testing/api/collection.json":     true,
		"e2e/login.env":                   true,
		"internal/mock/token.go":          true,
		"web/__mocks__/session.ts":        true,
		"mockup/config.yml":               false,
		"internal/Testdata/key.pem":       true,
		"examples/quickstart/config.toml": true,
	}
	for path, want := range tests {
		if got := isTestPath(path); got != want {
			t.Errorf("isTestPath(%q) = %v, want %v", path, got, want)
		}
	}
}
