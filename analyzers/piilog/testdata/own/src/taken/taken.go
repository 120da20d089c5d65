// Package taken takes values out of where they were put, and out of texts.
package taken

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"text/template"
)

func outOfMaps(password string) {
	m := map[string]string{"a": "b", "pw": password}
	log.Print(m) // want "logs/credential"
	delete(m, "pw")
	log.Print(m) // ok: deleted
	byPassword := map[string]int{password: 1}
	for k, n := range byPassword {
		log.Print(k) // want "logs/credential"
		log.Print(n) // ok: a number
	}
	seen := map[string]bool{}
	seen[password] = true
	log.Print(seen) // want "logs/credential"
	clear(seen)
	log.Print(seen) // ok: cleared
}

func outOfTexts(password, token string, err error) {
	var b bytes.Buffer
	b.WriteString(password)
	log.Print(b.String()) // want "logs/credential"
	b.Reset()
	log.Print(b.String())                                                               // ok: reset
	log.Print(strings.ReplaceAll("got "+token, token, "…"))                             // ok: replaced
	log.Print(strings.ReplaceAll("got TOKEN", "TOKEN", token))                          // want "logs/token"
	log.Print(strings.NewReplacer(password, "…", token, "…").Replace(password + token)) // ok: replaced
	log.Print(strings.NewReplacer("PW", password).Replace("PW"))                        // want "logs/credential"
	log.Print(password[0])                                                              // ok: one byte
	var letters []string
	for _, c := range password {
		letters = append(letters, string(c))
	}
	log.Print(letters) // want "logs/credential"
	upper := 0
	for _, c := range password {
		if c >= 'A' && c <= 'Z' {
			upper++
		}
	}
	log.Print(upper) // ok: a number
	_, err = strconv.Atoi(password)
	log.Print(err) // want "errors/sensitive"
	_, err = url.Parse("https://u:" + password + "@host")
	log.Print(err) // want "errors/sensitive"
	_, err = os.Open("/etc/passwd")
	log.Print(err) // ok: a path
	t := template.Must(template.New("").Parse("{{.}}"))
	var out strings.Builder
	_ = t.Execute(&out, password)
	log.Print(out.String()) // want "logs/credential"
}

func outOfPanics(password string) {
	defer func() {
		log.Print(recover()) // want "errors/sensitive"
	}()
	panic(fmt.Errorf("no user with %s", password))
}

func neverRuns(password string) {
	if false {
		log.Print(password) // ok: never runs
	}
	if true {
		password = ""
	}
	log.Print(password) // ok: emptied
}

type key struct{}

func intoContext(ctx context.Context, password string) {
	outOfContext(context.WithValue(ctx, key{}, password))
}

func outOfContext(ctx context.Context) {
	log.Print(ctx.Value(key{}))  // want "logs/credential"
	log.Print(ctx.Value("user")) // ok: nobody has put anything there
}

func outOfRows(ctx context.Context, db *sql.DB) error {
	var a, b, c string
	if err := db.QueryRowContext(ctx, "SELECT u.email, title, count(phone) FROM users u WHERE id = $1", 1).Scan(&a, &b, &c); err != nil {
		return err
	}
	log.Print(a)    // want "logs/personal-data"
	log.Print(b, c) // ok: a title and a number
	rows, err := db.Query("select id, phone from people")
	if err != nil {
		return err
	}
	for rows.Next() {
		var x, y string
		if err := rows.Scan(&x, &y); err != nil {
			log.Print(err) // ok: of the scan
		}
		log.Print(x) // ok: an id
		log.Print(y) // want "logs/personal-data"
	}
	return rows.Err()
}

type forward struct{}

func (forward) Write(p []byte) (int, error) {
	log.Printf("%s", p) // want "logs/credential"
	return len(p), nil
}

func writers(password string) {
	fmt.Fprintf(forward{}, "pw %s", password)
	_, _ = log.Writer().Write([]byte(password))   // want "logs/credential"
	_, _ = io.WriteString(log.Writer(), password) // want "logs/credential"
	_, _ = io.WriteString(io.Discard, password)   // ok: discarded
	log.SetPrefix(password)                       // want "logs/credential"
	log.Print(os.Environ())                       // want "logs/credential"
	for _, e := range os.Environ() {
		log.Print(e) // ok: nobody knows which
	}
}

type zero struct{ user, password, note string }

func zeros(password string) {
	var z zero
	z.note = password
	log.Print(z.note)     // want "logs/credential"
	log.Print(z.password) // ok: never set
	f := zero.shown
	log.Print(f(zero{user: password})) // want "logs/credential"
}

func (z zero) shown() string { return z.user }

func severalWriters(password string) {
	var b bytes.Buffer
	fmt.Fprint(io.MultiWriter(&b, io.Discard), password)
	log.Print(b.String()) // want "logs/credential"
}

func confirmed(passwordConfirmation string, emailConfirmation bool) {
	log.Print(passwordConfirmation) // want "logs/credential"
	log.Print(emailConfirmation)    // ok: a flag
}

func commands(password, path string) {
	cmd := exec.Command("mysqldump", "-p"+password)
	log.Print(cmd.String()) // want "logs/credential"
	log.Print(cmd.Args)     // want "logs/credential"
	cmd = exec.Command("ls", path)
	log.Print(cmd.String()) // ok: a path
}

func requests(c *http.Client, token, path string) {
	_, err := http.Get("https://api.example.org/bot" + token + "/send")
	log.Print(err) // want "errors/sensitive"
	req, err := http.NewRequest(http.MethodGet, "https://example.org/?access_token="+token, nil)
	log.Print(err)     // ok: nothing in it
	log.Print(req.URL) // want "logs/token"
	_, err = c.Do(req)
	log.Print(err) // want "errors/sensitive"
	_, err = http.Get("https://example.org/" + path)
	log.Print(err) // ok: a path
}

func counter(secret string) func() string {
	n := 0
	return func() string { n++; return secret + strconv.Itoa(n) }
}

func greeter(secret string) func(string) {
	return func(path string) {
		log.Print(path)         // ok: a path
		log.Print(path, secret) // want "logs/credential"
	}
}

func returned(secret string) {
	f := counter(secret)
	log.Print(f()) // want "logs/credential"
	g := counter("x")
	log.Print(g()) // ok: a constant
	greeter(secret)("/")
}
