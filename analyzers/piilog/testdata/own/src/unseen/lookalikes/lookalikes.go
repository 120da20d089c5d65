// Package lookalikes has what stands where a secret could be.
package lookalikes

import (
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"strings"
)

type config struct {
	Password string
	Addr     string
}

func overwritten(password string, c config) {
	c.Password = "[hidden]"
	log.Printf("%+v", c) // ok: overwritten before
	d := config{Addr: c.Addr}
	log.Printf("%+v", d) // ok: the password is not set
	password = strings.Repeat("*", 8)
	log.Println(password) // ok: stars
}

func ifMask(password string, c *config) string {
	cc := *c
	cc.Password = ""
	return fmt.Sprintf("%+v", cc)
}

func useMask(password string, c *config) {
	log.Println(ifMask(password, c))    // ok: the copy is blanked
	log.Println(fmt.Sprintf("%+v", *c)) // want "logs/whole-object"
}

func placeholder() {
	log.Println("password: <hidden>")                  // ok: constant
	log.Printf("token=%s", "REDACTED")                 // ok: constant
	slog.Info("login", "password", "***")              // ok: constant
	slog.Info("login", "token", nil)                   // ok: nil
	slog.Info("reset", "path", "/forgot-password?x=1") // ok: constant
	const apiKey = "your-api-key-here"
	log.Println("usage: export API_KEY=" + apiKey) // ok: constant text
}

func presence(token string) {
	slog.Info("auth", "has_token", token != "") // ok: bool
	slog.Info("auth", "token_len", len(token))  // ok: length
	slog.Info("auth", "token", token)           // want "logs/token"
	state := "absent"
	if token != "" {
		state = "present"
	}
	slog.Info("auth", "token", state) // ok: a constant says whether it is there
	var kind string
	switch {
	case strings.HasPrefix(token, "ghp_"):
		kind = "github"
	default:
		kind = "other"
	}
	log.Println(kind) // ok: constant kind
}

func lookup(token string, users map[string]int) {
	id := users[token]
	log.Println(id) // ok: what the token maps to
	ids := map[string]string{}
	log.Println(ids[token]) // ok: value of the map, not key
}

type repo interface {
	FindByEmail(email string) (int, error)
}

func db(r repo, email string) {
	id, err := r.FindByEmail(email)
	log.Println(id)  // ok: an id
	log.Println(err) // ok: an error of the store
}

type service struct {
	l     *log.Logger
	quiet *slog.Logger
}

func newService() *service {
	return &service{l: log.New(os.Stderr, "", 0), quiet: slog.New(slog.NewTextHandler(io.Discard, nil))}
}

func (s *service) run(password string) {
	s.l.Println(password)            // want "logs/credential"
	s.quiet.Info("x", "p", password) // ok: discarded
}

func guarded(password string) {
	if password = scrub(password); password != "" {
		log.Println(password) // ok: scrubbed
	}
}

func scrub(s string) string {
	if s == "" {
		return ""
	}
	return "xxx"
}

func last4(cardNumber string) {
	log.Println("card ending in " + cardNumber[len(cardNumber)-4:]) // ok: last four
	log.Println(cardNumber)                                         // want "logs/payment"
}

func cond(password string, debug bool) {
	show := "hidden"
	if debug {
		show = password
	}
	log.Println(show) // want "logs/credential"
}

type userRow struct {
	ID    int
	Email string
}

func ids(us []userRow, email string) {
	var out []int
	for _, u := range us {
		out = append(out, u.ID)
		if u.Email == email {
			log.Println("found", u.ID) // ok: id
		}
	}
	log.Println(out)     // ok: ids
	log.Println(len(us)) // ok: count
	var mails []string
	for _, u := range us {
		mails = append(mails, u.Email)
	}
	log.Println(strings.Join(mails, ",")) // want "logs/personal-data"
}

func errIgnore(token string) {
	if _, err := parse(token); err != nil {
		log.Println("parse:", err) // ok: constant error
	}
	if _, err := parse2(token); err != nil {
		log.Println("parse:", err) // want "errors/sensitive"
	}
}

func parse(t string) (int, error) {
	if !strings.Contains(t, ".") {
		return 0, fmt.Errorf("malformed token")
	}
	return len(t), nil
}

func parse2(t string) (int, error) {
	if !strings.Contains(t, ".") {
		return 0, fmt.Errorf("malformed token: %q", t)
	}
	return len(t), nil
}
