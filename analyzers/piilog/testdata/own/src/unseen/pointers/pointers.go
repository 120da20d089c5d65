// Package pointers has what is written and emptied behind addresses.
package pointers

import "log"

func pp(password string) {
	p := &password
	q := &p
	log.Println(**q) // want "logs/credential"
	log.Println(*p)  // want "logs/credential"
	var s string
	ps := &s
	*ps = password
	log.Println(s) // want "logs/credential"
	*ps = ""
	log.Println(s) // ok: overwritten through the pointer
	n := new(string)
	*n = password
	log.Println(*n)       // want "logs/credential"
	log.Println(p == nil) // ok: comparison
}

func fill(dst *string, v string) { *dst = v }

func out(password string) {
	var got string
	log.Println(got) // ok: before
	fill(&got, password)
	log.Println(got) // want "logs/credential"
	var other string
	fill(&other, "x")
	log.Println(other) // ok: other call
}

func reset(s *string) { *s = "" }

func gone(apiToken string) {
	reset(&apiToken)
	log.Println(apiToken) // ok: reset by the callee
}

type node struct {
	v    string
	next *node
}

func list(password string) {
	n := &node{v: "a", next: &node{v: password}}
	for ; n != nil; n = n.next {
		log.Println(n.v) // want "logs/credential"
	}
}

func addr(password string) {
	log.Println(&password) // ok: prints an address
}
