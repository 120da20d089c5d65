// Package inplace has sanitizers that change what they are given, and loggers that
// are known by nothing but their names.
package inplace

import (
	"errors"
	"fmt"
	"io"
	"log"
	"regexp"
)

type account struct{ ID, Password, Email string }

func sanitizePtr(*account)        {}
func external(a *account)         { a.ID = "x" }
func (a *account) sanitize()      { a.Password, a.Email = "", "" }
func (a *account) clearPassword() { a.Password = "" }
func redactAll(m map[string]string) {
	for k := range m {
		m[k] = "x"
	}
}

func sanitizers(a, c account, b, d *account, m map[string]string, password string, ok bool) {
	sanitizePtr(&a)
	log.Print(a) // ok: sanitized
	b.sanitize()
	log.Print(b)          // ok: sanitized
	log.Print(b.Password) // ok: sanitized
	c.clearPassword()
	log.Print(c.Password) // ok: emptied
	log.Print(c.Email)    // want "logs/personal-data"
	external(d)
	log.Print(d) // want "logs/whole-object"
	if ok {
		sanitizePtr(d)
	}
	log.Print(d) // want "logs/whole-object"
	m["pw"] = password
	log.Print(m) // want "logs/credential"
	redactAll(m)
	log.Print(m)                                                        // ok: redacted
	log.Print(regexp.MustCompile(`\w`).ReplaceAllString(password, "*")) // ok: masked
	log.Print(regexp.MustCompile(`\s`).ReplaceAllString(password, "y")) // want "logs/credential"
}

// Logger has no implementation here.
type Logger interface {
	Infof(format string, args ...any)
	WithField(key string, value any) Logger
}

type notifier interface{ Info(user, text string) }

type service struct {
	log   Logger
	logf  func(format string, args ...any)
	build func(format string, args ...any) string
	n     notifier
}

var (
	tracef func(format string, args ...any)
	debugf = func(format string, args ...any) {}
)

func loggers(s *service, password string, n int) {
	s.log.Infof("%s", password)        // want "logs/credential"
	s.log.Infof("%d", n)               // ok: a number
	s.log.WithField("p", password)     // want "logs/credential"
	s.log.WithField("n", n).Infof("x") // ok: a number
	s.logf("%s", password)             // want "logs/credential"
	s.logf("%d", n)                    // ok: a number
	_ = s.build("%s", password)        // ok: makes text
	s.n.Info("ada", password)          // ok: for a user
	tracef("%s", password)             // want "logs/credential"
	debugf("%s", password)             // ok: does nothing
	println("x", password)             // want "logs/credential"
	println(n)                         // ok: a number
}

type failure struct{ text string }

func (f *failure) Error() string { return f.text }

func wrapped(password string) {
	err := fmt.Errorf("x: %w", &failure{"no " + password})
	var f *failure
	if errors.As(err, &f) {
		log.Print(f) // want "errors/sensitive"
	}
	if errors.Is(err, io.EOF) {
		log.Print("eof") // ok: a word
	}
	r, w := io.Pipe()
	go func() { fmt.Fprint(w, password) }()
	text, err := io.ReadAll(r)
	log.Print(string(text)) // want "logs/credential"
	log.Print(err)          // ok: of reading
}
