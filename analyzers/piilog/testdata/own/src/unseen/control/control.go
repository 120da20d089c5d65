// Package control has states, recursion, characters and visitors.
package control

import (
	"errors"
	"log"
	"strings"
)

type state int

const (
	idle state = iota
	login
	done
)

func (s state) String() string { return [...]string{"idle", "login", "done"}[s] }

func machine(steps []string, password string) {
	cur, held := idle, ""
loop:
	for i, st := range steps {
		switch {
		case st == "login" && cur == idle:
			cur, held = login, password
			continue loop
		case st == "logout":
			held = ""
			log.Println(held) // ok: just emptied
		case st == "end":
			break loop
		default:
			log.Println(i, cur) // ok: state
		}
	}
	log.Println(cur)  // ok: state
	log.Println(held) // want "logs/credential"
}

func retry(password string) (err error) {
	for n := range 3 {
		if err = try(password); err == nil {
			return nil
		}
		log.Println("attempt", n, err) // ok: constant error
	}
	return
}

func try(password string) error {
	if strings.HasPrefix(password, "x") {
		return errors.New("refused")
	}
	return nil
}

func swap(a, b *string) { *a, *b = *b, *a }

func swapped(password string) {
	other := "x"
	swap(&password, &other)
	log.Println(other) // want "logs/credential"
}

func pick(ok bool, password, fallback string) string {
	if ok {
		return fallback
	}
	return strings.ToLower(password)
}

func picks(password string) {
	log.Println(pick(true, password, "f")) // want "logs/credential"
	v := pick(true, "", "f")
	log.Println(v) // ok: constants only
	s := func() (r string) {
		defer func() { r = strings.ToUpper(r) }()
		return password
	}()
	log.Println(s) // want "logs/credential"
	t := func() (r string) {
		defer func() {
			if recover() != nil {
				r = "failed"
			}
		}()
		return "done"
	}()
	log.Println(t) // ok: constants
}

func chars(password string) {
	out := make([]byte, 0, len(password))
	for i := len(password) - 1; i >= 0; i-- {
		out = append(out, password[i])
	}
	log.Println(string(out)) // want "logs/credential"
	upper, digits := 0, 0
	for _, r := range password {
		switch {
		case r >= 'A' && r <= 'Z':
			upper++
		case r >= '0' && r <= '9':
			digits++
		}
	}
	log.Println(upper, digits) // ok: counts
	hasUpper := false
	for _, r := range password {
		hasUpper = hasUpper || r < 'a'
	}
	log.Println(hasUpper) // ok: bool
	score := 0
	if strings.ContainsAny(password, "!?") {
		score += 2
	}
	score += len(password)
	log.Println("strength", score) // ok: a number
}

type visitor interface{ visit(n ast) }
type ast interface{ accept(v visitor) }
type leaf struct{ token string }
type list struct{ items []ast }

func (l leaf) accept(v visitor) { v.visit(l) }
func (l list) accept(v visitor) {
	for _, i := range l.items {
		i.accept(v)
	}
}

type counter struct{ n int }

func (c *counter) visit(ast) { c.n++ }

func count(items []ast) {
	c := &counter{}
	list{items}.accept(c)
	log.Println(c.n) // ok: count
}

type printer struct{}

func (printer) visit(n ast) {
	if l, ok := n.(leaf); ok {
		log.Println(l.token) // want "logs/token"
	}
}

func show(accessToken string) {
	list{[]ast{leaf{accessToken}}}.accept(printer{})
}
