package sensitive_test

import (
	"testing"

	"github.com/launchgate/launchgate/analyzers/internal/sensitive"
)

func TestName(t *testing.T) {
	tests := map[string]sensitive.Class{
		"password": sensitive.Credential, "userPassword": sensitive.Credential, "user_password": sensitive.Credential, "PASSWORD": sensitive.Credential,
		"apiKey": sensitive.Credential, "APIKey": sensitive.Credential, "clientSecret": sensitive.Credential, "dbPass": sensitive.Credential,
		"accessToken": sensitive.Token, "refresh_token": sensitive.Token, "token": sensitive.Token, "jwt": sensitive.Token, "sessionID": sensitive.Token, "otp": sensitive.Token,
		"email": sensitive.Contact, "Email": sensitive.Contact, "emailAddress": sensitive.Contact, "phoneNumber": sensitive.Contact,
		"firstName": sensitive.Identity, "dateOfBirth": sensitive.Identity, "ssn": sensitive.GovID, "cardNumber": sensitive.Payment, "iban": sensitive.Payment, "diagnosis": sensitive.Health,
		// What looks sensitive and is not.
		"passwordHash": "", "hashedPassword": "", "compass": "", "bypass": "", "secretary": "", "passenger": "", "emailVerified": "", "emailCount": "", "isEmail": "",
		"tokenType": "", "nextToken": "", "page_token": "", "maxTokens": "", "tokenizer": "", "passwordLength": "", "errPassword": "", "passwordResetURL": "",
		"userID": "", "secretName": "", "author": "", "authority": "", "publicKey": "", "keyboard": "", "primaryKey": "", "cacheKey": "", "passed": "", "id": "", "name": "",
		"emailTemplate": "", "tokenExpiry": "", "pan": "", "patient": "", "": "",
	}
	for name, want := range tests {
		if got, _ := sensitive.Name(name); got.Class != want {
			t.Errorf("Name(%q) = %q, want %q", name, got.Class, want)
		}
	}
}

func TestHeader(t *testing.T) {
	for name, want := range map[string]bool{"Authorization": true, "cookie": true, "X-Api-Key": true, "Content-Type": false, "User-Agent": false} {
		if _, got := sensitive.Header(name); got != want {
			t.Errorf("Header(%q) = %v, want %v", name, got, want)
		}
	}
}
