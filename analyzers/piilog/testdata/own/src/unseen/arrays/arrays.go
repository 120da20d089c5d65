// Package arrays has arrays, their elements and copies.
package arrays

import "log"

type row [3]string

func arrays(password, city string) {
	var a [2]string
	a[0] = password
	log.Println(a[0])   // want "logs/credential"
	log.Println(a)      // want "logs/credential"
	log.Println(len(a)) // ok: length
	b := [...]string{1: password, 0: city}
	log.Println(b[1]) // want "logs/credential"
	log.Println(b[0]) // ok: constant index, other element
	c := a
	c[0] = "x"
	log.Println(c[0]) // ok: the copy's element is overwritten
	log.Println(a[0]) // want "logs/credential"
	p := &a
	log.Println(p[0]) // want "logs/credential"
	s := a[:]
	log.Println(s) // want "logs/credential"
	r := row{city, city, city}
	r[2] = password
	log.Println(r[2]) // want "logs/credential"
	for i := range r {
		log.Println(r[i]) // want "logs/credential"
	}
	for i := range r {
		log.Println(i) // ok: the index
	}
	m := [2][2]string{{city, password}, {city, city}}
	log.Println(m[0][1]) // want "logs/credential"
	log.Println(m[1][0]) // ok: other row
}

func before(password string) {
	a := [1]string{"none"}
	b := a
	a[0] = password
	log.Println(b) // ok: copied before the store
	log.Println(a) // want "logs/credential"
}

func eq(password, other string) {
	a := [1]string{password}
	log.Println(a == [1]string{other}) // ok: a comparison
}
