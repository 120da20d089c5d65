// Package deferred has what deferred functions see and change.
package deferred

import (
	"errors"
	"fmt"
	"log"
)

func order(password string) {
	s := "x"
	defer log.Println(s) // ok: argument evaluated at the defer
	s = password
	defer log.Println(s) // want "logs/credential"
	defer func() {
		log.Println(s) // ok: see the last assignment
	}()
	s = "end"
}

func late(password string) {
	s := "x"
	defer func() {
		log.Println(s) // want "logs/credential"
	}()
	s = password
}

func arg(password string) {
	s := password
	defer func(v string) {
		log.Println(v) // want "logs/credential"
	}(s)
	s = "x"
}

func rec1(password string) {
	defer func() {
		if r := recover(); r != nil {
			log.Println(r) // want "logs/credential"
		}
	}()
	panic("bad password " + password)
}

func rec2(password string) {
	defer func() {
		if r := recover(); r != nil {
			log.Println(r) // ok: only a constant is panicked
		}
	}()
	if password == "" {
		panic("empty password")
	}
}

type perr struct{ pw string }

func (p perr) Error() string { return "wrong: " + p.pw }

func rec3(password string) {
	defer func() {
		if e, ok := recover().(error); ok {
			log.Println(e) // want "errors/sensitive"
		}
	}()
	panic(perr{password})
}

func goStmt(password string) {
	go log.Println(password)                         // want "logs/credential"
	go func(s string) { log.Println(s) }(password)   // want "logs/credential"
	go func(n int) { log.Println(n) }(len(password)) // ok: length
}

func namedErr(password string) (err error) {
	defer func() {
		if err != nil {
			log.Println(err) // want "errors/sensitive"
		}
	}()
	return fmt.Errorf("password %q rejected", password)
}

func namedErr2(password string) (err error) {
	defer func() {
		if err != nil {
			log.Println(err) // ok: the message is constant
		}
	}()
	if len(password) < 8 {
		return errors.New("password too short")
	}
	return fmt.Errorf("password too short: %d", len(password))
}

func modifies(password string) (out string) {
	defer func() { out = "hidden" }()
	return password
}

func useModifies(password string) {
	log.Println(modifies(password)) // ok: the deferred function overwrites the result
}
