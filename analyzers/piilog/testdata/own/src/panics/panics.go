// Package panics gives up, and what it says then is logged.
package panics

import (
	"errors"
	"fmt"
	"log"
	"os"

	"model"
)

func connect() {
	dsn := os.Getenv("DATABASE_URL")
	if dsn == "" {
		panic("DATABASE_URL is not set") // ok: the name of a variable
	}
	panic("cannot connect to " + dsn) // want "logs/credential"
}

func formatted(u model.User) {
	if u.ID == 0 {
		panic(fmt.Sprintf("no id: %s", u.Email)) // want "logs/personal-data"
	}
	panic(fmt.Sprintf("bad user %d", u.ID)) // ok: an id
}

func failed(u model.User) {
	panic(fmt.Errorf("password %q is too short", u.Password)) // want "errors/sensitive"
}

func plain() {
	panic(errors.New("password is too short")) // ok: a message
}

func must(s string) {
	panic("must not be: " + s) // want "logs/personal-data"
}

func calls(u model.User) {
	must(u.Email)
	must(fmt.Sprint(len(u.Password))) // ok: a length
}

func recovered(u model.User) {
	defer func() {
		if r := recover(); r != nil {
			log.Print("recovered") // ok: nothing of it
		}
	}()
	panic(u.Password) // ok: it is recovered, and not logged
}

func recoveredAndLogged(u model.User) {
	defer func() {
		if r := recover(); r != nil {
			log.Print(r) // want "logs/credential"
		}
	}()
	panic(u.Password) // ok: it is logged where it is recovered
}

func indexed(u model.User) {
	log.Printf("%[2]d", u.Password, u.ID)                // ok: the format picks the id
	log.Printf("%[1]T of %[2]d", u.Password, u.ID)       // ok: a type
	log.Printf("%[1]T %[1]v", u.Password)                // want "logs/credential"
	log.Printf("%[2]s for %[1]d", u.ID, u.Password)      // want "logs/credential"
	log.Printf("%[2]*[1]d", u.ID, 8)                     // ok: an id
	log.Printf("%*s|%p", 8, u.Email, &u)                 // want "logs/personal-data"
	log.Print(fmt.Sprintf("%[2]d", u.Password, u.ID))    // ok: the format picks the id
	log.Print(fmt.Sprintf("%[2]s %[1]d", u.ID, u.Email)) // want "logs/personal-data"
}
