// Package filled has objects that are declared empty and whose fields a function that
// nobody reads is given the addresses of.
package filled

import (
	"container/list"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
)

type member struct {
	ID       int64
	Phone    string
	Password string
	Plan     string
}

func declared(rows *sql.Rows) {
	for rows.Next() {
		var m member
		if err := rows.Scan(&m.ID, &m.Phone); err != nil {
			log.Print(err) // ok: says nothing of the row
		}
		log.Print(m.Phone)    // want "logs/personal-data"
		log.Print(m.ID)       // ok: an id
		log.Print(m.Password) // ok: no column was read into it
	}
}

func literal(row *sql.Row) {
	m := member{}
	_ = row.Scan(&m.ID, &m.Plan)
	log.Printf("%v", m) // ok: its secrets are still empty
	_ = row.Scan(&m.ID, &m.Password)
	log.Printf("%v", m) // want "logs/whole-object"
	m.Password = ""
	log.Printf("%v", m) // ok: taken out again
}

func scan(row *sql.Row, m *member) error { return row.Scan(&m.ID, &m.Phone) }

func elsewhere(row *sql.Row) {
	m := new(member)
	_ = scan(row, m)
	log.Print(m.Phone) // want "logs/personal-data"
}

func listed(row *sql.Row) {
	var m member
	into := []any{&m.ID, &m.Phone}
	_ = row.Scan(into...)
	log.Print(m.Phone)    // want "logs/personal-data"
	log.Print(m.Password) // ok: no column was read into it
}

func store(p *string) { *p = "x" }

func known(row *sql.Row) {
	var m member
	store(&m.Password)
	log.Print(m.Password) // ok: what is put there is known
}

func linked(password string) {
	l, m := list.New(), list.New()
	l.PushBack(password)
	m.PushFront("x")
	log.Print(l.Front().Value) // want "logs/credential"
	for e := l.Back(); e != nil; e = e.Prev() {
		log.Print(e.Value) // want "logs/credential"
	}
	log.Print(l.Len())         // ok: how many
	log.Print(m.Front().Value) // ok: another list
}

func expanded() {
	log.Print(os.ExpandEnv("using ${API_TOKEN}"))    // want "logs/token"
	log.Print(os.ExpandEnv("$HOST is up since $UP")) // ok: no secret
}

// What is read into is called something, and what is read from is not known.
func named(r io.Reader, line string, b []byte) {
	var password, city string
	if _, err := fmt.Sscanf(line, "%s %s", &password, &city); err != nil {
		log.Print(err) // ok: says nothing of the line
	}
	log.Print(password) // want "logs/credential"
	log.Print(city)     // ok: a city
	var apiKey, zone string
	_ = json.Unmarshal(b, &apiKey)
	_ = json.Unmarshal(b, &zone)
	log.Print(apiKey) // want "logs/credential"
	log.Print(zone)   // ok: not called anything
	var accessToken string
	_ = json.NewDecoder(r).Decode(&accessToken)
	log.Print(accessToken) // want "logs/token"
	var n, port int
	fmt.Sscan(line, &n, &port)
	log.Print(n, port) // ok: numbers
}
