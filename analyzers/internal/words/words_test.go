package words_test

import (
	"strings"
	"testing"

	"github.com/launchgate/launchgate/analyzers/internal/words"
)

func TestSplit(t *testing.T) {
	for name, want := range map[string]string{
		"userEmailAddress": "user email address", "user_email_address": "user email address", "X-Api-Key": "x api key", "user.email": "user email",
		"APIKey": "api key", "userAPIKey": "user api key", "HTTPServer": "http server", "userIDs": "user ids", "IDs": "ids", "SSN": "ssn", "userSSN": "user ssn",
		"oauth2Token": "oauth2 token", "OAuth2Token": "o auth2 token", "line1": "line1", "addressLine2": "address line2", "sha256Sum": "sha256 sum",
		"password": "password", "PASSWORD": "password", "_pwd_": "pwd", "": "", "…": "", "телефон": "телефон", "DOB": "dob", "iOSVersion": "i os version",
		"e-mail": "e mail", "jwtToken": "jwt token", "JWTs": "jwts", "HTTPSURLs": "httpsurls",
	} {
		if got := strings.Join(words.Split(name), " "); got != want {
			t.Errorf("Split(%q) = %q, want %q", name, got, want)
		}
	}
}
