// Package errs puts secrets into errors.
package errs

import (
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"

	"model"
)

type badLogin struct{ password string }

func (e *badLogin) Error() string { return "bad password: " + e.password }

type quietError struct{ password string }

func (e *quietError) Error() string { return "bad password" }

func wrap(u model.User) error  { return fmt.Errorf("no account for %s", u.Email) }
func typed(p string) error     { return &badLogin{p} }
func quiet(p string) error     { return &quietError{p} }
func plain(u model.User) error { return fmt.Errorf("no account %d", u.ID) }
func join(p string) error      { return errors.Join(errors.New("x"), errors.New("pw "+p)) }

func handle(w http.ResponseWriter, u model.User) {
	if err := wrap(u); err != nil {
		log.Print(err) // want "(errors/sensitive|logs/personal-data)"
	}
	if err := wrap(u); err != nil {
		slog.Error("failed", "err", fmt.Errorf("handle: %w", err)) // want "(errors/sensitive|logs/personal-data)"
	}
	log.Print(typed(u.Password)) // want "(errors/sensitive|logs/credential)"
	log.Print(join(u.Password))  // want "(errors/sensitive|logs/credential)"
	log.Print(quiet(u.Password)) // ok: the message does not hold it
	log.Print(plain(u))          // ok: an id
	if err := errors.New("wrong password"); err != nil {
		log.Print(err) // ok: a constant
	}
	var ErrInvalidToken = errors.New("invalid token")
	log.Print(ErrInvalidToken) // ok: a constant
	if errors.Is(wrap(u), ErrInvalidToken) {
		log.Print("invalid token") // ok: a constant
	}
}
