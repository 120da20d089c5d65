// Package basics has what log and fmt do with their arguments.
package basics

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log"
	"log/slog"
	"os"
	"strings"

	"model"
)

func verbs(u model.User, password string) {
	log.Printf("%s", u.Email)                             // want "logs/personal-data"
	log.Printf("%v %q", u.ID, password)                   // want "logs/credential"
	log.Printf("%-20s|%5d", password, u.ID)               // want "logs/credential"
	log.Printf("%[2]s %[1]d", u.ID, u.Email)              // want "logs/personal-data"
	log.Printf("%*d %s", 5, u.ID, password)               // want "logs/credential"
	log.Print("pw=", password)                            // want "logs/credential"
	log.Println(u.ID, password)                           // want "logs/credential"
	log.Fatalln("cannot sign in with", password)          // want "logs/credential"
	log.Panicf("%x", password)                            // want "logs/credential"
	log.Output(2, "sign-in with "+password)               // want "logs/credential"
	log.Default().Printf("%s", password)                  // want "logs/credential"
	log.New(os.Stderr, "", 0).Println(password)           // want "logs/credential"
	log.Print(fmt.Sprint("a", fmt.Sprint(password)))      // want "logs/credential"
	log.Printf("%T", password)                            // ok: the type only
	log.Printf("%p", &password)                           // ok: an address
	log.Printf("%d %s %t", u.ID, u.Role, u.EmailVerified) // ok: nothing personal
	log.Printf("%d", len(password))                       // ok: a length
	log.Printf("%t", password == "")                      // ok: a comparison
	log.Printf("%t", strings.Contains(password, "x"))     // ok: a flag
	log.Printf("%s", u.PasswordHash)                      // ok: a hash
	log.Print("password must not be empty")               // ok: a constant
	log.Printf("%s", u.LastLogin)                         // ok: a time
	log.Printf("%d tokens", u.TokenCount)                 // ok: a count
	log.Print(u.Label())                                  // ok: what the method returns is not personal
}

func words(email, password, apiKey, refreshToken, ssn, iban, phoneNo, otp string) {
	log.Print(email)        // want "logs/personal-data"
	log.Print(apiKey)       // want "logs/credential"
	log.Print(refreshToken) // want "logs/token"
	log.Print(ssn)          // want "logs/government-id"
	log.Print(iban)         // want "logs/payment"
	log.Print(phoneNo)      // want "logs/personal-data"
	log.Print(otp)          // want "logs/token"

	tokenType, nextToken, csrfFieldName := "bearer", "abc", "csrf"
	emailVerified, emailTemplate, passwordResetPath := "yes", "welcome.html", "/reset"
	log.Print(tokenType, nextToken, csrfFieldName)             // ok: about tokens
	log.Print(emailVerified, emailTemplate, passwordResetPath) // ok: about mail and passwords
	maxTokens, promptTokens := 4096, 17
	log.Print(maxTokens, promptTokens) // ok: a model's counts
	compass, bypass, secretary, author := "n", "y", "Ann", "Bob"
	log.Print(compass, bypass, secretary, author) // ok: other words
	const passwordField = "password"
	log.Print(passwordField) // ok: the name of a field
	publicKey, keyID, secretName := "pk", "k1", "db-credentials"
	log.Print(publicKey, keyID, secretName) // ok: public, or a name
}

func conversions(password string, u model.User) {
	b := []byte(password)
	log.Printf("%s", b) // want "logs/credential"
	upper := strings.ToUpper(strings.TrimSpace(password))
	log.Print(upper)                                // want "logs/credential"
	log.Print(hex.EncodeToString([]byte(password))) // want "logs/credential"
	type plain string
	log.Print(plain(password))            // want "logs/credential"
	log.Print(password[:len(password)-1]) // want "logs/credential"
	parts := strings.Split(u.Email, "@")
	log.Print(parts[0])                                   // want "logs/personal-data"
	log.Print(strings.Join([]string{"a", password}, ",")) // want "logs/credential"
	log.Print(strings.Replace(password, "a", "b", 1))     // want "logs/credential"
	sum := sha256.Sum256([]byte(password))
	log.Printf("%x", sum)                         // ok: a hash
	log.Print(hex.EncodeToString(sum[:]))         // ok: an encoded hash
	log.Print(strings.Repeat("*", len(password))) // ok: a filler
	log.Print(mask(password))                     // ok: masked
	log.Print(redactEmail(u.Email))               // ok: redacted
	masked := mask(password)
	log.Print("<" + masked + ">") // ok: masked before
	password = mask(password)
	log.Print(password) // ok: overwritten with its mask
}

func mask(s string) string { return "***" }

func redactEmail(s string) string {
	if i := strings.IndexByte(s, '@'); i > 1 {
		return s[:1] + "…" + s[i:]
	}
	return "…"
}

func console(u model.User) {
	fmt.Println(u.Email)                   // want "logs/personal-data"
	fmt.Printf("%s\n", u.Password)         // want "logs/credential"
	fmt.Fprintf(os.Stderr, "%s", u.Email)  // want "logs/personal-data"
	fmt.Fprintln(log.Writer(), u.Password) // want "logs/credential"
	var b strings.Builder
	fmt.Fprintf(&b, "%s", u.Email) // ok: into a builder that goes nowhere
	s := fmt.Sprintf("To: %s", u.Email)
	_ = s // ok: formatted, never logged
}

func structured(u model.User, s model.Session) {
	slog.Info("in", "email", u.Email)                                   // want "logs/personal-data"
	slog.Warn("in", slog.String("token", s.Token))                      // want "logs/token"
	slog.Error("in", "x", u.Password)                                   // want "logs/credential"
	slog.Debug("in", "email", u.Email)                                  // want "logs/personal-data"
	slog.Info("signed in as " + u.Email)                                // want "logs/personal-data"
	slog.Info(fmt.Sprintf("signed in as %s", u.Email))                  // want "logs/personal-data"
	slog.Default().With("email", u.Email).Info("in")                    // want "logs/personal-data"
	slog.Info("in", slog.Group("user", "id", u.ID, "email", u.Email))   // want "logs/personal-data"
	slog.Info("in", slog.Any("who", u.Email))                           // want "logs/personal-data"
	slog.LogAttrs(nil, slog.LevelInfo, "in", slog.String("e", u.Email)) // want "logs/personal-data"
	slog.Info("in", "id", u.ID, "role", u.Role)                         // ok: nothing personal
	slog.Info("in", "email_verified", u.EmailVerified)                  // ok: a flag
	slog.Info("in", "session", s.ID, "expires", s.ExpiresAt)            // ok: an id and a time
	slog.Info("in", "password", "***")                                  // ok: a constant
	slog.Info("in", "email", redactEmail(u.Email))                      // ok: redacted
	slog.Info("in", "token_count", u.TokenCount)                        // ok: a count
	slog.Info("in", "email", len(u.Email))                              // ok: a length
	attrs := []any{slog.Int64("id", u.ID), slog.String("role", u.Role)}
	slog.Info("in", attrs...) // ok: nothing personal
	attrs = append(attrs, slog.String("phone", *u.Phone))
	slog.Info("in", attrs...) // want "logs/personal-data"
}
