package shop

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"

	"shop/audit"
	"shop/store"
)

// Wrappers of other packages are sinks for their callers.
func wrappers(l *audit.Logger, u store.User) {
	l.Info("in", "email", u.Email) // want "logs/personal-data: an email .u.Email. reaches the log through l.Info"
	l.Info("in", "id", u.ID)
	l.Info("in", "password", u.ID) // want "logs/credential: a password .logged as .password.. reaches the log through l.Info"
	l.Debugf("%s", u.Email)        // want "logs/personal-data"
	l.With("password", u.ID)       // want "logs/credential"
	audit.Logf("%s", u.Password)   // want "logs/credential"
	audit.Note(u.Email)            // want "logs/personal-data"
	audit.Note(audit.Mask(u.Email))
	audit.Count(u.Email)
	log.Print(audit.Shorten(u.Email)) // want "logs/personal-data"
	log.Print(audit.Mask(u.Email))
}

// What other packages return.
func results() {
	c := store.New()
	log.Print(c.Describe()) // want "logs/credential: an api key"
	log.Print(c.Where())
	log.Print(store.Default) // want "logs/credential: .*smtp|logs/credential"
}

// Effects on arguments.
func effects(u store.User) {
	m := map[string]string{}
	audit.Fill(m, u.Password)
	log.Print(m) // want "logs/credential"

	n := map[string]string{}
	audit.Fill(n, u.ID)
	log.Print(n)
}

// Callbacks.
func callbacks(users []store.User) {
	var mails []string
	for _, u := range users {
		mails = append(mails, u.Email)
	}
	audit.Each(mails, func(s string) {
		log.Print(s) // want "logs/personal-data"
	})
	audit.Each([]string{"a"}, func(s string) { log.Print(s) })
	print := func(s string) { log.Print(s) }
	print(users[0].Email) // want "logs/personal-data"
}

type login struct{ ID, Password string }

// Overwriting cleans.
func overwritten(u, v store.User, in string) {
	s := u.Email
	s = "none"
	log.Print(s)

	l := login{ID: u.ID, Password: u.Password}
	log.Printf("%+v", l) // want "logs/whole-object"
	l.Password = ""
	log.Printf("%+v", l)

	t := in
	if in == "" {
		t = v.Password
	}
	log.Print(t) // want "logs/credential"
}

func whole(u *store.User) {
	log.Printf("%+v", u) // want "logs/whole-object"
	log.Print(u.ID)
	var x any = *u
	log.Print(x) // want "logs/whole-object"
	b, _ := json.Marshal(u)
	log.Printf("%s", b)                         // want "logs/whole-object"
	log.Print(map[string]any{"user": u})        // want "logs/whole-object"
	slog.Info("in", slog.Any("user", u))        // want "logs/whole-object"
	slog.Info("in", slog.Group("g", "user", u)) // want "logs/whole-object"
}

// Builders.
func builders(u store.User) {
	var sb strings.Builder
	sb.WriteString("mail ")
	sb.WriteString(u.Email)
	log.Print(sb.String()) // want "logs/personal-data"

	var buf bytes.Buffer
	fmt.Fprintf(&buf, "%s", u.Email)
	log.Print(buf.String()) // want "logs/personal-data"

	out := new(bytes.Buffer)
	_ = json.NewEncoder(out).Encode(map[string]string{"x": u.Password})
	log.Print(out.String()) // want "logs/credential"

	parts := []string{"a", u.Email}
	log.Print(strings.Join(parts, ",")) // want "logs/personal-data"

	var clean strings.Builder
	clean.WriteString(u.ID)
	log.Print(clean.String())
}

// Errors.
var errWrong = errors.New("wrong password")

func inErrors(u store.User) error {
	err := fmt.Errorf("sign in with %s: %w", u.Password, errWrong)
	log.Print(err) // want "errors/sensitive: a password .u.Password. is put into an error that reaches the log"
	log.Print(errWrong)
	if err := check(u.Password); err != nil {
		log.Print(err) // want "errors/sensitive"
	}
	_, err = os.Open(u.ID)
	log.Print(err)
	return errors.Join(err, errWrong)
}

func check(p string) error { return fmt.Errorf("bad password %q", p) }

func handler(w http.ResponseWriter, r *http.Request) {
	if _, err := os.ReadFile("config"); err != nil {
		http.Error(w, err.Error(), 500) // want "response/leak: the text of an error of os"
		return
	}
	if err := check(r.FormValue("password")); err != nil {
		http.Error(w, err.Error(), 400) // want "errors/sensitive: .* is sent to the client by http.Error"
		http.Error(w, "bad password", 400)
	}
	log.Print(r.FormValue("page"), r.URL.Path)
	log.Print(r.Header.Get("Authorization")) // want "logs/token"
	for k, v := range r.Header {
		log.Print(k, v) // want "logs/request-dump"
	}
}

// Contexts.
type ctxKey struct{}

func contexts(ctx context.Context, u store.User) {
	ctx = context.WithValue(ctx, ctxKey{}, u.Email)
	log.Print(ctx.Value(ctxKey{})) // want "logs/personal-data"
}

// Channels, goroutines, defer.
func concurrent(u store.User) {
	ch := make(chan string, 1)
	ch <- u.Email
	go func() {
		log.Print(<-ch) // want "logs/personal-data"
	}()
	var mu sync.Mutex
	mu.Lock()
	defer mu.Unlock()
	msg := "start"
	defer func() { log.Print(msg) }() // want "logs/credential"
	msg = u.Password
	go log.Print(u.Email)    // want "logs/personal-data"
	defer log.Print(u.Email) // want "logs/personal-data"
}

// Interfaces.
type mailer struct{}

func (mailer) Send(to, text string) {
	log.Printf("to %s", to) // want "logs/personal-data: an email .u.Email."
}

func viaInterface(s store.Sender, u store.User) { s.Send(u.Email, "hi") }

// Method values, generics, embedding.
type base struct{ Secret string }

type derived struct {
	base
	N int
}

func (b *base) show() { log.Print(b.Secret) } // want "logs/credential"

func pick[T any](a, b T) T { return b }

func more(d derived, u store.User) {
	f := log.Print
	f(u.Email)                    // want "logs/personal-data"
	log.Print(pick("x", u.Email)) // want "logs/personal-data"
	log.Print(d.Secret)           // want "logs/credential"
	log.Print(d.N)
	d.show()
	if u.Phone != nil {
		log.Print(*u.Phone) // want "logs/personal-data"
	}
}

// Fields keep what was put into them.
type session struct{ raw, id string }

func newSession(cookie string) *session { return &session{raw: cookie, id: "s"} }

func (s *session) dump()  { log.Print(s.raw) } // want "logs/token"
func (s *session) label() { log.Print(s.id) }

func start(r *http.Request) {
	c, _ := r.Cookie("sid")
	newSession(c.Value).dump()
}

// Loops.
func loops(u store.User) {
	a, b, c := "", "", ""
	for i := 0; i < 3; i++ {
		log.Print(c) // want "logs/credential"
		c = b
		b = a
		a = u.Password
	}
}

func recursive(n int, s string) string {
	if n == 0 {
		return s
	}
	return recursive(n-1, "x"+s)
}

func useRecursive(u store.User) {
	log.Print(recursive(3, u.Email)) // want "logs/personal-data"
	log.Print(recursive(3, u.ID))
}
