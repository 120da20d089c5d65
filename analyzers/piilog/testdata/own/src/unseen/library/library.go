// Package library has hashes, templates, expressions, rows and lists.
package library

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/hex"
	htemplate "html/template"
	"log"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"sort"
	"text/template"
	"time"
)

func hashes(password string, signingKey []byte) {
	s := sha256.Sum256([]byte(password))
	log.Printf("%x", s) // ok: hashed
	h := hmac.New(sha256.New, signingKey)
	h.Write([]byte(password))
	log.Println(hex.EncodeToString(h.Sum(nil))) // ok: mac
	m := md5.Sum([]byte(password))
	log.Println(hex.EncodeToString(m[:]))                                 // ok: digest
	log.Println(subtle.ConstantTimeCompare([]byte(password), signingKey)) // ok: 0 or 1
	log.Println(hmac.Equal(signingKey, nil))                              // ok: bool
	log.Printf("%x", signingKey)                                          // want "logs/credential"
}

func keys(privateKey *rsa.PrivateKey) {
	log.Println(privateKey.PublicKey) // ok: public half
	log.Println(privateKey.Size())    // ok: size
	log.Println(privateKey.D)
	log.Println(privateKey) // want "logs/credential"
}

func tmpl(password string) {
	t := template.Must(template.New("x").Parse("{{.}}"))
	var b bytes.Buffer
	t.Execute(&b, password)
	log.Println(b.String()) // want "logs/credential"
	log.Println(t.Name())   // ok: name of the template
	ht := htemplate.Must(htemplate.New("y").Parse("{{.P}}"))
	var hb bytes.Buffer
	err := ht.Execute(&hb, map[string]string{"P": password})
	log.Println(err)                                  // ok: template error
	log.Println(hb.String())                          // want "logs/credential"
	log.Println(htemplate.HTMLEscapeString(password)) // want "logs/credential"
}

var re = regexp.MustCompile(`\d`)

func regex(password string) {
	log.Println(re.MatchString(password)) // ok: bool
	log.Println(re.FindString(password))  // want "logs/credential"
	log.Println(re.ReplaceAllString(password, "x"))
	log.Println(re.FindAllString(password, -1))                                              // want "logs/credential"
	log.Println(re.FindStringIndex(password))                                                // ok: positions
	log.Println(re.FindStringSubmatch(password)[1])                                          // want "logs/credential"
	log.Println(regexp.QuoteMeta(password))                                                  // want "logs/credential"
	log.Println(re.String())                                                                 // ok: the pattern
	log.Println(re.ReplaceAllStringFunc(password, func(s string) string { return s + "_" })) // want "logs/credential"
	log.Println(re.NumSubexp())                                                              // ok: count
}

func times(tokenExpiry time.Time, passwordChangedAt time.Time, token string) {
	log.Println(tokenExpiry)             // ok: a time
	log.Println(passwordChangedAt)       // ok: a time
	log.Println(time.Since(tokenExpiry)) // ok: duration
	t, err := time.Parse(time.RFC3339, "x")
	log.Println(t, err) // ok: a time
	_ = token
}

func dbs(db *sql.DB, id int) {
	var hash, email string
	var pw sql.NullString
	row := db.QueryRow("select email, password from users where id = ?", id)
	if err := row.Scan(&email, &pw); err != nil {
		log.Println(err) // ok: db error
	}
	log.Println(email)     // want "logs/personal-data"
	log.Println(pw.String) // want "logs/credential"
	log.Println(pw.Valid)  // ok: bool
	var n int
	db.QueryRow("select count(*) from users where email = ?", email).Scan(&n)
	log.Println(n) // ok: count
	res, _ := db.Exec("update users set password = ? where id = ?", "x", id)
	rows, _ := res.RowsAffected()
	log.Println(rows) // ok: count
	_ = hash
	var tok string
	db.QueryRow("select token from sessions limit 1").Scan(&tok)
	log.Println(tok) // want "logs/token"
	var city string
	db.QueryRow("select city from shops").Scan(&city)
	log.Println(city) // ok: a shop's city
	q := "select * from users where password = ?"
	log.Println(q) // ok: query text with a placeholder
}

func refl(password string) {
	v := reflect.ValueOf(password)
	log.Println(v.Kind())                         // ok: kind
	log.Println(v.Len())                          // ok: length
	log.Println(v.Interface())                    // want "logs/credential"
	log.Println(v.String())                       // want "logs/credential"
	log.Println(reflect.TypeOf(password))         // ok: type
	log.Println(reflect.DeepEqual(password, "x")) // ok: bool
	p := reflect.New(v.Type()).Elem()
	p.Set(v)
	log.Println(p.Interface()) // want "logs/credential"
}

func sorts(passwords []string, password string) {
	sort.Strings(passwords)
	log.Println(passwords)                       // want "logs/credential"
	log.Println(slices.Contains(passwords, "x")) // ok: bool
	log.Println(slices.Index(passwords, "x"))    // ok: index
	log.Println(slices.Max(passwords))           // want "logs/credential"
	c := slices.Clone(passwords)
	log.Println(c) // want "logs/credential"
	c = slices.Insert([]string{"a"}, 0, password)
	log.Println(c) // want "logs/credential"
	c = slices.Delete(c, 0, len(c))
	log.Println(len(c)) // ok: length
	i := sort.Search(len(passwords), func(i int) bool { return passwords[i] > "m" })
	log.Println(i) // ok: index
	idx, found := slices.BinarySearch(passwords, "a")
	log.Println(idx, found)                              // ok: index
	log.Println(slices.Concat([]string{"a"}, passwords)) // want "logs/credential"
	log.Println(slices.Repeat([]string{password}, 2))    // want "logs/credential"
	x := slices.IndexFunc(passwords, func(s string) bool { return s == "" })
	log.Println(x) // ok: index
	for ch := range slices.Chunk(passwords, 2) {
		log.Println(ch) // want "logs/credential"
	}
	log.Println(filepath.Base("/etc/password.txt")) // ok: constant path
}
