// Package written has secrets that stand in the code: constants, first values,
// defaults of flags, functions that only hold the place of one.
package written

import (
	"flag"
	"log"
	"log/slog"
)

const (
	adminPassword  = "hunter" + "2"
	tokenField     = "token"
	accessToken    = "access_token"
	passwordError  = "the password is too short"
	sessionCookie  = "sid"
	passwordPrompt = "Password:"
)

type grant string

const passwordGrant grant = "password"

type account struct {
	Name     string
	Password string
}

var (
	apiKey = flag.String("api-key", "", "the key")
	addr   = flag.String("addr", ":80", "where to listen")
)

func constants() {
	log.Print(adminPassword)           // want "logs/credential"
	log.Print("with " + adminPassword) // want "logs/credential"
	log.Print(tokenField, accessToken) // ok: what a token is read under
	log.Print(passwordError)           // ok: a message
	log.Print(sessionCookie)           // ok: the name of a cookie
	log.Print(passwordPrompt)          // ok: a prompt
	log.Print(passwordGrant)           // ok: one of an enumeration
	log.Print(*apiKey)                 // want "logs/credential"
	log.Print(*addr)                   // ok: where to listen
	log.Print(apiKey)                  // ok: an address
}

func firstValues() {
	password := "P@ssw0rd"
	log.Print(password) // want "logs/credential"
	key := []byte("5e884898da28047151d0e56f8dc62927")
	secretKey := []byte("5e884898da28047151d0e56f8dc62927")
	log.Print(key)       // ok: nobody knows of what
	log.Print(secretKey) // want "logs/credential"
	email := "ada@example.org"
	log.Print(email) // want "logs/personal-data"
	card := account{Name: "ada", Password: "hunter2"}
	log.Print(card.Password) // want "logs/credential"
	log.Print(card)          // want "logs/whole-object"
	var pwd string
	log.Print(pwd) // want "logs/credential"
}

func laterValues(in account) {
	in.Password = "***"
	log.Print(in) // ok: masked
	in.Password = "[redacted]"
	log.Print(in.Password) // ok: masked
	password := "P@ssw0rd"
	password = "hidden"
	log.Print(password) // ok: overwritten
	password = ""
	log.Print(password) // ok: emptied
	safe := account{Name: in.Name, Password: "xxxxx"}
	log.Print(safe) // ok: masked
	var token string
	token = "none"
	log.Print(token) // ok: stands where there is no token
}

func getPassword() string           { return "" }
func fetchToken() (string, error)   { return "", nil }
func find(id int) *account          { return nil }
func maskedPassword() string        { return "***" }
func (account) String2() string     { return "an account" }
func passwordHint() (string, error) { return "the name of a dog", nil }

func placeholders() {
	log.Print(getPassword()) // want "logs/credential"
	token, err := fetchToken()
	log.Print(token)               // want "logs/token"
	log.Print(err)                 // ok: an error
	log.Print(find(7).Password)    // want "logs/credential"
	log.Print(find(7))             // want "logs/whole-object"
	log.Print(find(7).Name)        // ok: a name
	log.Print(maskedPassword())    // ok: masked
	log.Print(account{}.String2()) // ok: what it says
	hint, _ := passwordHint()
	log.Print(hint) // ok: about a password
}

type user struct {
	ID, Email, Gender string
}

func literals() {
	u := user{ID: "1", Email: "ada@example.org", Gender: "female"}
	log.Print(u.Email)  // want "logs/personal-data"
	log.Print(u.Gender) // want "logs/personal-data"
	log.Print(u.ID)     // ok: an id
	v := user{Email: "***", Gender: "[redacted]"}
	log.Print(v.Email, v.Gender, v) // ok: masked
	logged := map[string]string{"password": "hunter2!"}
	log.Print(logged) // want "logs/credential"
	rules := map[string]string{"password": "required", "email": "must be an address"}
	log.Print(rules) // ok: what is asked of them
	secrets := []string{"s3cr3t-1", "s3cr3t-2"}
	log.Print(secrets)                     // want "logs/credential"
	slog.Info("m", "password", "hunter2!") // want "logs/credential"
	slog.Info("m", "token", "expired")     // ok: a word
	slog.Info("m", "auth", "password")     // ok: a word
}
