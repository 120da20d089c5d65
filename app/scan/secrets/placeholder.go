package secrets

import (
	"encoding/base64"
	"regexp"
	"strings"
	"sync"
	"unicode"

	"github.com/zricethezav/gitleaks/v8/report"
)

// What no expression can say of what a rule of ours finds is asked here: whether two
// parts of it are the same, and what stands encoded in it. It is asked of rules only
// whose findings never hide one of gitleaks' generic rule, which ends a value where
// no address and no header does.

// isPlaceholder reports whether what a rule of ours found opens nothing: a login
// whose password is its name, or a word in an address that only a network of
// containers knows.
func isPlaceholder(f report.Finding) bool {
	switch f.RuleID {
	case "credentials-in-url", "credentials-in-mysql-dsn":
		return placeholderLogin(f.Match, f.Secret)
	case "authorization-header":
		return basicHeader().MatchString(f.Match) && placeholderBasic(f.Secret)
	}
	return false
}

var (
	basicHeader = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)[\s"'\x60]basic[ \t]{1,3}[A-Za-z0-9+/]*={0,2}$`) })
	// loginParts are the user and the server of what both rules find.
	loginParts = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?:://|^)([^\s:/@]*):.*@(?:tcp|unix)?[46]?\(?([A-Za-z0-9_.\[\]-]*)`)
	})
)

// placeholderLogin looks at user:password@server.
func placeholderLogin(address, password string) bool {
	parts := loginParts().FindStringSubmatch(address)
	if parts == nil {
		return false
	}
	user, server := parts[1], parts[2]
	if strings.EqualFold(user, password) {
		return true
	}
	// A server without a domain is a container beside the program, and a password
	// without a digit or a capital what it is made with for an afternoon.
	return !strings.ContainsAny(server, ".:[") && strings.IndexFunc(password, func(r rune) bool { return !unicode.IsLower(r) }) < 0
}

// placeholderBasic looks at what stands behind "Basic".
func placeholderBasic(encoded string) bool {
	plain, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(encoded, "="))
	if err != nil {
		return false
	}
	user, password, ok := strings.Cut(string(plain), ":")
	if !ok || !isASCII(string(plain)) {
		return true // no login
	}
	lower := strings.ToLower(password)
	if lower == "" || strings.EqualFold(user, password) {
		return true
	}
	for _, word := range []string{"pass", "secret", "test", "example", "changeme", "your", "xxxx", "1234"} {
		if strings.Contains(lower, word) {
			return true
		}
	}
	return false
}
