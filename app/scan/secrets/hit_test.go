package secrets

import (
	"strings"
	"testing"
)

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

// TestASecretIsTakenOutOfAName: of secrets that overlap nothing stays, and what is put
// in their place is no place for others.
func TestASecretIsTakenOutOfAName(t *testing.T) {
	for _, c := range []struct {
		name    string
		secrets []string
		want    string
	}{
		{"a/key-of-xyz1.txt", []string{"xyz1"}, "a/key-of-[secret].txt"},
		{"a/xyz1/xyz1.txt", []string{"xyz1", "xyz1"}, "a/[secret]/[secret].txt"},
		{"abcd", []string{"abc", "bcd"}, "[secret]"},
		{"an e", []string{"e", "e", "e", "t"}, "an [secret]"},
		{"a.txt", []string{"", "b"}, "a.txt"},
	} {
		if got := redact(c.name, c.secrets); got != c.want {
			t.Errorf("redact(%q, %q) = %q, want %q", c.name, c.secrets, got, c.want)
		}
	}
}

// TestARuleForALetterIsAskedOfANameOnce: the more often such a rule found one in a
// name, the more often it found it in what had been put there.
func TestARuleForALetterIsAskedOfANameOnce(t *testing.T) {
	s := &session{rules: anyRules([3]string{"e", "[a-t]", "x"}, "", "never", 0), key: testKey}
	if got := s.safeName("here/there/everywhere.txt"); len(got) > 1000 {
		t.Errorf("a name of %d bytes", len(got))
	}
}

// TestATokenThatBeginsLikeAnotherOnItsLineIsFound: in a line that is judged in windows
// both seemed to begin in the same column, as a token does whose rest was decoded.
func TestATokenThatBeginsLikeAnotherOnItsLineIsFound(t *testing.T) {
	s := &session{rules: anyRules([3]string{`tok_[a-z0-9]{20,40}\b`, "x1x", "x2x"}, "", "never", 0), key: testKey}
	for _, between := range []string{" ", strings.Repeat(" - ", 100)} {
		short := "tok_" + strings.Repeat("q7w", 7)
		if got := s.hits(t.Context(), text{content: []byte("a = " + short + between + "b = " + short + "zzz9\n"), path: "a.go"}, inPatch); len(got) != 2 {
			t.Errorf("with %d bytes between them, %d are found", len(between), len(got))
		}
	}
}
