package shop

import (
	"log"
	"testing"
)

func TestGreet(t *testing.T) {
	u := User{Email: "a@example.org"}
	log.Print(u.Email) // ok: a test
	t.Log(u.Email)     // ok: a test
}
