// Package bareword has what one word alone speaks for.
package bareword

import (
	"errors"
	"fmt"
	"log"
)

type grid interface{ SquareToken() string }

type account struct{ Email, Password string }

func squares(g grid, previewToken string) {
	t := g.SquareToken()
	log.Print("square ", t)             // the name of a place on the map
	log.Print("preview ", previewToken) // want "logs/token: a token .the parameter previewToken."
}

type session interface{ IssueToken() string }

func signIn(s session, token string) {
	log.Print(token) // want "logs/token: a token .the parameter token."
	t := s.IssueToken()
	log.Print(t) // want "logs/token: a token .from s.IssueToken."
}

func (a account) check() error {
	if a.Email == "" {
		return errors.New("no e-mail")
	}
	return fmt.Errorf("%q is no e-mail address", a.Email)
}

func (a account) match() error { return fmt.Errorf("%q does not match", a.Password) }

func save(a account) {
	if err := a.check(); err != nil {
		log.Print(err) // want "errors/sensitive: an email"
	}
	if err := a.match(); err != nil {
		log.Print(err) // want "errors/sensitive: a password"
	}
}

func logins(form map[string]string, email string) {
	username := form["email"]
	log.Print("sign in ", username) // want "logs/personal-data"
	mail := email
	log.Println("mail to", mail) // want "logs/personal-data"
}
