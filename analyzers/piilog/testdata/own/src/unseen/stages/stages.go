// Package stages has what goes through several constructs in a row.
package stages

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"strings"
	"text/template"
)

type Stage func(string) string

func Chain(ss ...Stage) Stage {
	return func(in string) string {
		for _, s := range ss {
			in = s(in)
		}
		return in
	}
}

func upper(s string) string { return strings.ToUpper(s) }
func stars(s string) string { return strings.Repeat("*", len(s)) }
func trim(s string) string  { return strings.TrimSpace(s) }

func stages(password string) {
	log.Println(Chain(trim, upper)(password)) // want "logs/credential"
	c := Chain(upper)
	log.Println(c("hello"))  // ok: constant
	log.Println(c(password)) // want "logs/credential"
}

type Opt func(*client)

type client struct {
	base  string
	token string
	ua    string
}

func WithToken(t string) Opt { return func(c *client) { c.token = t } }
func WithUA(u string) Opt    { return func(c *client) { c.ua = u } }

func NewClient(base string, opts ...Opt) *client {
	c := &client{base: base}
	for _, o := range opts {
		o(c)
	}
	return c
}

func clients(v string, accessToken string) {
	c := NewClient("https://x.example", WithToken(accessToken), WithUA("me"))
	log.Println(c.base)  // ok: address
	log.Println(c.ua)    // ok: user agent
	log.Println(c.token) // want "logs/token"
	log.Printf("%+v", c) // want "logs/whole-object"
	d := *c
	d.token = ""
	log.Printf("%+v", d) // ok: blanked copy
}

func (c *client) url(path string) string {
	q := url.Values{}
	q.Set("access_token", c.token)
	q.Set("page", "1")
	return c.base + path + "?" + q.Encode()
}

func (c *client) get(path string) {
	u := c.url(path)
	log.Println("GET", path) // ok: path
	log.Println("GET", u)    // want "logs/token"
	req, err := http.NewRequest("GET", u, nil)
	if err != nil {
		return
	}
	log.Println(req.URL.Path) // ok: path
	log.Println(req.URL.Host) // ok: host
	log.Println(req.URL)      // want "logs/token"

	safe := *req.URL
	safe.RawQuery = ""
	log.Println(safe.String()) // ok: query removed
}

func encode(secret string) {
	var buf bytes.Buffer
	gz := gzip.NewWriter(&buf)
	io.WriteString(gz, secret)
	gz.Close()
	log.Println(buf.Len()) // ok: length
	b64 := base64.StdEncoding.EncodeToString([]byte(secret))
	j, _ := json.Marshal(map[string]string{"v": b64})
	log.Println(string(j)) // want "logs/credential"
	var m map[string]string
	json.Unmarshal(j, &m)
	log.Println(m["v"]) // want "logs/credential"
	d, _ := base64.StdEncoding.DecodeString(m["v"])
	log.Println(string(d))                                  // want "logs/credential"
	log.Println(base64.StdEncoding.EncodedLen(len(secret))) // ok: length
}

func lines(r io.Reader, apiKey string) {
	pr, pw := io.Pipe()
	go func() {
		fmt.Fprintln(pw, "key", apiKey)
		pw.Close()
	}()
	sc := bufio.NewScanner(pr)
	n := 0
	for sc.Scan() {
		n++
		log.Println(sc.Text()) // want "logs/credential"
	}
	log.Println(n) // ok: count
}

var tpl = template.Must(template.New("m").Parse("hello {{.Name}}"))

type mail struct{ Name, ResetToken string }

func render(m mail) {
	var sb strings.Builder
	if err := tpl.Execute(&sb, struct{ T string }{m.ResetToken}); err != nil {
		log.Println(err) // ok: template error
	}
	log.Println(sb.String()) // want "logs/token"
	log.Println(sb.Len())    // ok: length
}

type field struct{ name, value string }

func parse(body string) []field {
	var out []field
	for _, kv := range strings.Split(body, "&") {
		k, v, _ := strings.Cut(kv, "=")
		out = append(out, field{k, v})
	}
	return out
}

func form(requestBody, password string) {
	for _, f := range parse("password=" + password) {
		log.Println(f.name, len(f.value)) // x // want "logs/credential"
		log.Println(f.value)              // want "logs/credential"
	}
}
