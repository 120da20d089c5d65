// Package doubtful has what looks like a secret at first sight and is none, each
// beside what is one.
package doubtful

import (
	"database/sql"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

func errorf(format string, args ...any) { log.Print("E " + fmt.Sprintf(format, args...)) }

type token struct {
	Raw    string
	Secret string
}

func types(t *token, password string, id int) {
	errorf("got %T", t)                    // ok: the type
	errorf("user %d has %T", id, password) // ok: the type
	errorf("user %d has %s", id, password) // want "logs/credential"
	errorf("user %d has %v", id, t)        // want "logs/whole-object"
	errorf("at %p", t)                     // ok: an address
}

func parseSyncToken(body string) string { return strings.TrimSpace(strings.ToLower(body)) }

const nextTokenPrefix = "next-"

func otherTokens(body string, id int) {
	rawToken := parseSyncToken(body)
	log.Print(rawToken) // ok: says how far a client has come
	newToken := nextTokenPrefix + strconv.Itoa(id)
	log.Print(newToken) // ok: says how far a client has come
	token := strings.TrimSpace(body)
	log.Print(token) // want "logs/token"
}

type sftpConn struct{}

func (sftpConn) add(sessionID string) { log.Print(sessionID) } // ok: a number of the protocol

func signIn(sessionID string) { log.Print(sessionID) } // want "logs/token"

func folders(email, password string) {
	dir := filepath.Join("/var/lib", email)
	log.Print(dir) // ok: a folder
	save(dir)
	log.Print(filepath.Join("/var/lib", password)) // want "logs/credential"
}

func save(dir string) { log.Printf("cannot write %s", dir) } // ok: a folder

type store struct{ folder string }

func (s *store) init(email string) { s.folder = filepath.Join("/var", email) }
func (s *store) say()              { log.Print(s.folder) } // ok: a folder

func accounts(email string) {
	var s store
	s.init(email)
	s.say()
}

func databases(dsn, databaseURL string) {
	connectionString := "file:" + databaseURL
	db, err := sql.Open("sqlite3", connectionString)
	log.Print(connectionString, db, err) // ok: a file
	db, err = sql.Open("pgx", dsn)
	log.Print(dsn, db, err) // want "logs/credential"
}

func initTestDB(dsn string) { log.Print(dsn) } // ok: for tests
func initDB(dsn string)     { log.Print(dsn) } // want "logs/credential"

var number = regexp.MustCompile(`<id>(\d+)</id>`)

func pieces(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	log.Print(string(body))      // want "logs/request-dump"
	log.Print(string(body[:20])) // want "logs/request-dump"
	id := number.FindString(string(body))
	log.Print(id) // ok: a number out of it
	text := string(body)
	log.Print(text[strings.Index(text, ">")+1:]) // ok: a piece of it
	d, _ := httputil.DumpRequest(r, false)
	lines := strings.Split(string(d), "\r\n")
	log.Print(lines)      // want "logs/request-dump"
	log.Print(lines[0])   // ok: a line of it
	log.Print(w.Header()) // want "logs/request-dump: the whole header map of the answer"
}

func placeholders(text, password string) {
	for k, v := range map[string]string{"%user%": "ada", "%password%": password} {
		text = strings.ReplaceAll(text, k, v)
	}
	log.Print(text) // ok: nobody knows whether it has that placeholder
}

func domains(email string) {
	parts := strings.Split(email, "@")
	log.Print(parts[len(parts)-1]) // ok: a domain
	log.Print(parts[0])            // want "logs/personal-data"
}

type person struct{ Username, FullName string }

func (p *person) String() string {
	if p.Username != "" {
		return p.Username
	}
	return p.FullName
}

func names(p *person) {
	log.Print(p.String()) // want "logs/personal-data"
}

type Location struct {
	LocStreet string `json:"street"`
	ID        int
}

func spots(l Location) {
	log.Print(l.LocStreet) // ok: nobody lives there
}

type webSession struct {
	ID         string
	SecretHash []byte
}

type bareSession struct{ ID string }

func sessions(w webSession, b bareSession) {
	slog.Info("m", "session_id", w.ID) // ok: the secret is beside it
	slog.Info("m", "session_id", b.ID) // want "logs/token"
}

type result[T any] struct {
	Val T
	Err error
}

func ok[T any](v T) result[T]         { return result[T]{Val: v} }
func fail[T any](err error) result[T] { return result[T]{Err: err} }

func results(password string) {
	r := ok(password)
	log.Print(r.Val) // want "logs/credential"
	log.Print(r.Err) // ok: that of another result
	f := fail[string](fmt.Errorf("no %s", password))
	log.Print(f.Err) // want "errors/sensitive"
}

func lastDigits(phone, cardNumber string) {
	log.Print(phone[len(phone)-2:])                 // ok: two digits
	log.Print("*" + cardNumber[len(cardNumber)-4:]) // ok: four digits
	log.Print(cardNumber[len(cardNumber)-12:])      // want "logs/payment"
	log.Print(phone[2:])                            // want "logs/personal-data"
}

func checkEmail(email string) error {
	if !strings.Contains(email, "@") {
		return fmt.Errorf("%q is no address", email)
	}
	return nil
}

func checks(email string) {
	log.Print(checkEmail(email)) // want "errors/sensitive"
}

type admin struct{ Email, Password string }

func (a admin) checkEmail() error    { return fmt.Errorf("%q is no address", a.Email) }
func (a admin) validate() error      { return a.checkEmail() }
func (a admin) add() error           { return a.validate() }
func (a admin) checkPassword() error { return fmt.Errorf("%q is too short", a.Password) }
func (a admin) change() error        { return a.checkPassword() }
func (a admin) update() error        { return a.change() }

func far(a admin) {
	log.Print(a.add())    // ok: from checks further down
	log.Print(a.update()) // want "errors/sensitive"
}
