// Package flows has values that go ways before they are logged.
package flows

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"strings"
	"sync"

	"model"
)

func assigned(u model.User) {
	a := u.Email
	b := a
	c := "to " + b
	log.Print(c) // want "logs/personal-data"
	var d string
	if u.ID > 0 {
		d = u.Email
	} else {
		d = "nobody"
	}
	log.Print(d) // want "logs/personal-data"
	e := u.Email
	e = "somebody"
	log.Print(e) // ok: overwritten
	f := u.Email
	_ = f
	log.Print("mail sent") // ok: not the value
	if u.Email != "" {
		log.Print("has an address") // ok: only the condition knows
	}
	switch u.Email {
	case "root@example.com":
		log.Print("the administrator") // ok: only the condition knows
	}
}

func builders(u model.User) {
	var sb strings.Builder
	sb.WriteString("user ")
	sb.WriteString(u.Email)
	log.Print(sb.String()) // want "logs/personal-data"
	var buf bytes.Buffer
	fmt.Fprintf(&buf, "pw %s", u.Password)
	log.Print(buf.String()) // want "logs/credential"
	var clean strings.Builder
	clean.WriteString("user ")
	fmt.Fprintf(&clean, "%d", u.ID)
	log.Print(clean.String()) // ok: an id
	raw, _ := json.Marshal(map[string]string{"email": u.Email})
	log.Printf("%s", raw) // want "logs/personal-data"
	enc := base64.StdEncoding.EncodeToString([]byte(u.Password))
	log.Print(enc) // want "logs/credential"
	var out bytes.Buffer
	json.NewEncoder(&out).Encode(map[string]any{"password": u.Password})
	log.Print(out.String()) // want "logs/credential"
}

func containers(u model.User, users []model.User) {
	m := map[string]string{"who": u.Email, "role": u.Role}
	log.Print(m["who"])  // want "logs/personal-data"
	log.Print(m["role"]) // ok: another key
	log.Print(m)         // want "logs/personal-data"
	list := []string{u.Role, u.Email}
	log.Print(list) // want "logs/personal-data"
	var emails []string
	for _, x := range users {
		emails = append(emails, x.Email)
	}
	log.Print(strings.Join(emails, ", ")) // want "logs/personal-data"
	log.Print(len(emails))                // ok: a count
	var ids []int64
	for _, x := range users {
		ids = append(ids, x.ID)
	}
	log.Print(ids) // ok: ids
	ch := make(chan string, 1)
	ch <- u.Password
	log.Print(<-ch) // want "logs/credential"
	roles := make(chan string, 1)
	roles <- u.Role
	log.Print(<-roles) // ok: a role
	arr := [2]string{u.Email, "x"}
	log.Print(arr[0]) // want "logs/personal-data"
	var any1 any = u.Email
	log.Print(any1) // want "logs/personal-data"
	if s, ok := any1.(string); ok {
		log.Print(s) // want "logs/personal-data"
	}
	var sm sync.Map
	sm.Store("k", u.Password)
	v, _ := sm.Load("k")
	log.Print(v) // want "logs/credential"
	counts := map[string]int{}
	counts[u.Email]++
	log.Print(len(counts)) // ok: a count
	for email, n := range counts {
		log.Print(email, n) // want "logs/personal-data"
	}
}

type holder struct {
	secretValue string
	note        string
	inner       struct{ mail string }
}

func fields(u model.User) {
	h := holder{note: u.Email}
	log.Print(h.note) // want "logs/personal-data"
	var g holder
	g.inner.mail = u.Email
	log.Print(g.inner.mail) // want "logs/personal-data"
	p := &holder{}
	p.note = u.Password
	q := p
	log.Print(q.note) // want "logs/credential"
	k := holder{note: u.Role}
	log.Print(k.note) // ok: another instance
	copied := h
	copied.note = "nothing"
	log.Print(copied.note) // ok: overwritten in the copy
}

func closures(u model.User) {
	show := func(s string) { log.Print(s) } // want "logs/personal-data"
	show(u.Email)
	func() {
		log.Print(u.Password) // want "logs/credential"
	}()
	captured := u.Email
	defer func() { log.Print(captured) }() // want "logs/personal-data"
	go func(s string) {
		log.Print(s) // want "logs/credential"
	}(u.Password)
	get := func() string { return u.Email }
	log.Print(get()) // want "logs/personal-data"
	id := func() int64 { return u.ID }
	log.Print(id()) // ok: an id
	f := u.Contact
	log.Print(f()) // want "logs/personal-data"
}

func pick[T any](a, b T, first bool) T {
	if first {
		return a
	}
	return b
}

func mapTo[T, R any](in []T, f func(T) R) []R {
	var out []R
	for _, x := range in {
		out = append(out, f(x))
	}
	return out
}

func generics(u model.User, users []model.User) {
	log.Print(pick(u.Email, "x", true))                                   // want "logs/personal-data"
	log.Print(pick(u.Role, "x", true))                                    // ok: a role
	log.Print(mapTo(users, func(u model.User) string { return u.Email })) // want "logs/personal-data"
	log.Print(mapTo(users, func(u model.User) int64 { return u.ID }))     // ok: ids
}

type ctxKey struct{}

func contexts(ctx context.Context, u model.User) {
	ctx = context.WithValue(ctx, ctxKey{}, u.Email)
	log.Print(ctx.Value(ctxKey{})) // want "logs/personal-data"
	ctx2 := context.WithValue(context.Background(), ctxKey{}, u.ID)
	log.Print(ctx2.Value(ctxKey{})) // ok: an id
}

func results(u model.User) {
	email, id := both(u)
	log.Print(email)             // want "logs/personal-data"
	log.Print(id)                // ok: the other result
	log.Print(named(u))          // want "logs/credential"
	log.Print(twice(u.Email))    // want "logs/personal-data"
	log.Print(constant(u.Email)) // ok: the result does not depend on it
	log.Print(size(u.Password))  // ok: a length
	if err := check(u.Password); err != nil {
		log.Print(err) // ok: the message does not hold it
	}
}

func both(u model.User) (string, int64) { return u.Email, u.ID }
func named(u model.User) (out string)   { out = u.Password; return }
func twice(s string) string             { return once(once(s)) }
func once(s string) string              { return "<" + s + ">" }
func constant(s string) string          { return "user" }
func size(s string) int                 { return len(s) }

var errWrongPassword = errors.New("wrong password")

func check(password string) error {
	if password == "" {
		return errWrongPassword
	}
	if len(password) < 8 {
		return fmt.Errorf("the password has %d characters", len(password))
	}
	return nil
}

func out(dst *string, u model.User) { *dst = u.Email }

func pointers(u *model.User) {
	var s string
	out(&s, *u)
	log.Print(s) // want "logs/personal-data"
	p := &u.Email
	log.Print(*p)              // want "logs/personal-data"
	log.Printf("%s", *u.Phone) // want "logs/personal-data"
}

var lastSeen string

func remember(u model.User) { lastSeen = u.Email }
func recall()               { log.Print(lastSeen) } // want "logs/personal-data"

func recursive(n int, s string) string {
	if n == 0 {
		return s
	}
	return recursive(n-1, s+".")
}

func loops(u model.User) {
	log.Print(recursive(3, u.Email)) // want "logs/personal-data"
	acc := ""
	for i := 0; i < 3; i++ {
		log.Print(acc) // want "logs/personal-data"
		acc += u.Email
	}
	var attrs []slog.Attr
	attrs = append(attrs, slog.String("mail", u.Email))
	slog.LogAttrs(nil, slog.LevelInfo, "x", attrs...) // want "logs/personal-data"
}
