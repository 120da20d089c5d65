// Package encodings has readers, writers and encodings.
package encodings

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/csv"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"io"
	"log"
	"os"
	"strings"
	"sync"
	"sync/atomic"
)

func readers(password string) {
	b, err := io.ReadAll(strings.NewReader(password))
	log.Println(err)       // ok: io error
	log.Println(string(b)) // want "logs/credential"
	var buf bytes.Buffer
	n, _ := io.Copy(&buf, strings.NewReader(password))
	log.Println(n)                         // ok: count
	log.Println(buf.String())              // want "logs/credential"
	io.WriteString(log.Writer(), password) // want "logs/credential"
	mr := io.MultiReader(strings.NewReader("a"), strings.NewReader(password))
	b2, _ := io.ReadAll(mr)
	log.Println(string(b2)) // want "logs/credential"
	var t bytes.Buffer
	tr := io.TeeReader(strings.NewReader(password), &t)
	io.ReadAll(tr)
	log.Println(t.String()) // want "logs/credential"
	lr := io.LimitReader(strings.NewReader(password), 3)
	b3, _ := io.ReadAll(lr)
	log.Println(string(b3)) // want "logs/credential"
	pr, pw := io.Pipe()
	go func() { io.WriteString(pw, password); pw.Close() }()
	b4, _ := io.ReadAll(pr)
	log.Println(string(b4)) // want "logs/credential"
}

func discard(password string) {
	l := log.New(io.Discard, "", 0)
	l.Println(password) // ok: discarded
	l2 := log.New(os.Stderr, "", 0)
	l2.Println(password) // want "logs/credential"
	l3 := log.New(&bytes.Buffer{}, "", 0)
	l3.Println(len(password)) // ok: length
	l.SetOutput(io.Discard)
}

func files(token string) {
	b, err := os.ReadFile("/run/secrets/db_password")
	log.Println(err)       // ok: a path error
	log.Println(string(b)) // want "logs/credential"
	c, _ := os.ReadFile("/etc/hostname")
	log.Println(string(c)) // ok: harmless file
	os.WriteFile("/tmp/x", []byte(token), 0o600)
	_, err = os.Open("/tmp/" + "x")
	log.Println(err) // ok: a path error
}

type login struct {
	User     string `json:"user"`
	Password string `json:"password"`
	Remember bool   `json:"remember"`
}

type hiddenJSON struct {
	ID       int    `json:"id"`
	Password string `json:"-"`
}

func jsons(body []byte, l login, h hiddenJSON) {
	b, err := json.Marshal(l)
	log.Println(err)       // ok: marshal error
	log.Println(string(b)) // want "logs/whole-object"
	log.Println(len(b))    // ok: length
	b, _ = json.Marshal(h)
	log.Println(string(b)) // ok: the tag hides it
	log.Printf("%+v", h)   // want "logs/whole-object"
	var in login
	if err := json.Unmarshal(body, &in); err != nil {
		log.Println(err) // ok: a decoding error
	}
	log.Println(in.Remember) // ok: bool
	log.Println(in.Password) // want "logs/credential"
	var buf bytes.Buffer
	json.NewEncoder(&buf).Encode(l)
	log.Println(buf.String()) // want "logs/whole-object"
	ind, _ := json.MarshalIndent(map[string]any{"password": l.Password}, "", " ")
	log.Println(string(ind))                // want "logs/credential"
	json.NewEncoder(log.Writer()).Encode(l) // want "logs/whole-object"
	x, _ := xml.Marshal(l)
	log.Println(string(x)) // want "logs/whole-object"
	var m map[string]any
	json.Unmarshal(body, &m)
	log.Println(m["password"]) // want "logs/credential"
	log.Println(m["count"])    // ok: harmless key
	var raw struct {
		Auth struct {
			Token string `json:"token"`
			Kind  string `json:"kind"`
		} `json:"auth"`
	}
	json.NewDecoder(bytes.NewReader(body)).Decode(&raw)
	log.Println(raw.Auth.Token) // want "logs/token"
	log.Println(raw.Auth.Kind)  // ok: kind
	rm := json.RawMessage(`{"a":1}`)
	log.Println(string(rm)) // ok: constant
}

func encs(password string, apiKey []byte) {
	log.Println(base64.StdEncoding.EncodeToString([]byte(password))) // want "logs/credential"
	d, _ := base64.StdEncoding.DecodeString(password)
	log.Println(string(d))                   // want "logs/credential"
	log.Println(hex.EncodeToString(apiKey))  // want "logs/credential"
	log.Println(hex.Dump(apiKey))            // want "logs/credential"
	log.Println(hex.EncodedLen(len(apiKey))) // ok: length
	dst := make([]byte, 64)
	hex.Encode(dst, apiKey)
	log.Println(string(dst)) // want "logs/credential"
	var buf bytes.Buffer
	w := csv.NewWriter(&buf)
	w.Write([]string{"a", password})
	w.Flush()
	log.Println(buf.String()) // want "logs/credential"
	var g bytes.Buffer
	gob.NewEncoder(&g).Encode(login{Password: password})
	var back login
	gob.NewDecoder(&g).Decode(&back)
	log.Println(back.Password) // want "logs/credential"
	e := base64.NewEncoder(base64.URLEncoding, &buf)
	e.Write(apiKey)
	e.Close()
	log.Println(buf.String()) // want "logs/credential"
}

type ctxKey struct{}
type otherKey struct{}

func ctxs(ctx context.Context, token string) {
	ctx = context.WithValue(ctx, ctxKey{}, token)
	log.Println(ctx.Value(ctxKey{})) // want "logs/token"
	ctx2 := context.WithValue(ctx, otherKey{}, "x")
	log.Println(ctx2.Value(otherKey{}))        // ok: other key
	log.Println(ctx2.Value(ctxKey{}).(string)) // want "logs/token"
	log.Println(ctx.Err())                     // ok: context error
	d, ok := ctx.Deadline()
	log.Println(d, ok) // ok: time
	c3, cancel := context.WithCancelCause(ctx)
	cancel(nil)
	log.Println(context.Cause(c3)) // ok: nil cause
}

var cache sync.Map
var current atomic.Pointer[string]
var last atomic.Value
var pool = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func syncs(token string) {
	cache.Store("t", token)
	v, ok := cache.Load("t")
	log.Println(ok) // ok: bool
	log.Println(v)  // want "logs/token"
	cache.Range(func(k, v any) bool {
		log.Println(v) // want "logs/token"
		return true
	})
	current.Store(&token)
	log.Println(*current.Load()) // want "logs/token"
	last.Store(token)
	log.Println(last.Load()) // want "logs/token"
	get := sync.OnceValue(func() string { return token })
	log.Println(get()) // want "logs/token"
	n := sync.OnceValue(func() int { return len(token) })
	log.Println(n()) // ok: length
	var once sync.Once
	var got string
	once.Do(func() { got = token })
	log.Println(got) // want "logs/token"
	b := pool.Get().(*bytes.Buffer)
	b.Reset()
	b.WriteString("x")
	log.Println(b.String()) // ok: reset buffer of a pool
}
