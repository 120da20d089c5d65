// Package masks has types and functions that mask.
package masks

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log"
	"log/slog"
	"os"
	"strings"
)

type Password string

func (p Password) String() string               { return "[password]" }
func (p Password) MarshalText() ([]byte, error) { return []byte("[password]"), nil }

type Key struct{ raw []byte }

func (k Key) Format(f fmt.State, _ rune) { fmt.Fprint(f, "key") }
func (k Key) Raw() []byte                { return k.raw }

type Login struct {
	User string
	Pass Password
	Key  Key
}

type Session struct {
	ID     int
	Secret string `json:"-"`
	Token  string `json:"token,omitempty"`
}

func (s Session) LogValue() slog.Value {
	return slog.GroupValue(slog.Int("id", s.ID), slog.String("token", s.Token[:3]+"..."))
}

func types(l Login, s Session, p Password, k Key) {
	log.Println(p)              // ok: its String
	log.Printf("%v", p)         // ok: its String
	log.Println(string(p))      // want "logs/credential"
	log.Printf("%s", []byte(p)) // want "logs/credential"
	log.Println(l.Pass)         // ok: its String
	log.Println(k)              // ok: its Format
	log.Printf("%x", k.Raw())   // x
	slog.Info("x", "s", s)      // ok: its LogValue
	log.Println(s.Token)        // want "logs/token"
	log.Printf("%+v", s)        // want "logs/whole-object"
	j, _ := json.Marshal(l)
	log.Println(len(j)) // ok: length
	b, _ := json.Marshal(p)
	log.Println(string(b)) // ok: MarshalText
}

func crypt(secret string, key []byte) {
	block, err := aes.NewCipher(key)
	log.Println(err) // ok: size error
	gcm, _ := cipher.NewGCM(block)
	nonce := make([]byte, gcm.NonceSize())
	ct := gcm.Seal(nil, nonce, []byte(secret), nil)
	log.Println(hex.EncodeToString(ct)) // ok: encrypted
	h := sha256.New()
	h.Write([]byte(secret))
	log.Printf("%x", h.Sum(nil)) // ok: hashed
	log.Println(gcm.Overhead())  // ok: number
	pt, err := gcm.Open(nil, nonce, ct, nil)
	log.Println(err) // ok: error
	_ = pt
}

func mask(s string) string {
	if len(s) <= 4 {
		return "****"
	}
	return strings.Repeat("*", len(s)-4) + s[len(s)-4:]
}

func MaskEmail(e string) string {
	at := strings.IndexByte(e, '@')
	if at < 1 {
		return "***"
	}
	return e[:1] + "***" + e[at:]
}

func hide(m map[string]string) map[string]string {
	out := map[string]string{}
	for k, v := range m {
		switch strings.ToLower(k) {
		case "password", "token":
			out[k] = "***"
		default:
			out[k] = v
		}
	}
	return out
}

func masks(token, email, cardNumber string) {
	log.Println(mask(token))      // ok: masked
	log.Println(MaskEmail(email)) // ok: masked
	log.Println(mask(cardNumber)) // ok: last four
	m := map[string]string{"password": token, "city": "x"}
	log.Println(hide(m)) // ok: the function replaces it
	log.Println(m)       // want "logs/token"
	delete(m, "password")
	log.Println(m) // ok: deleted
	c := strings.ReplaceAll("token="+token, token, "***")
	log.Println(c) // ok: replaced
	r := strings.NewReplacer(token, "[token]")
	log.Println(r.Replace("x " + token)) // ok: replaced
	log.Println(token[:4] + "...")       // ok: prefix
	b := []byte(token)
	for i := range b {
		b[i] = '*'
	}
	log.Println(string(b)) // ok: stars
}

type audit struct{ log *slog.Logger }

func setup() *audit {
	h := slog.NewJSONHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: redact})
	return &audit{slog.New(h)}
}

func redact(_ []string, a slog.Attr) slog.Attr {
	switch a.Key {
	case "password", "token":
		return slog.String(a.Key, "***")
	}
	return a
}

func (a *audit) run(token, email string) {

	a.log.Info("x", "other", email) // want "logs/personal-data"
}

func buffers(password string) {
	var buf bytes.Buffer
	l := log.New(&buf, "", 0)
	l.Println(password) // x // want "logs/credential"
	l2 := log.New(&buf, "", 0)
	l2.Println(len(password)) // ok: length
	log.Println(buf.String())
	buf.Reset()
	log.Println(buf.String()) // ok: reset
}
