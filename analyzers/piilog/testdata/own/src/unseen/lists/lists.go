// Package lists has slices, what shares their elements and what wipes them.
package lists

import "log"

func nested(token string) {
	ss := [][]string{{"a"}, {token}}
	log.Println(ss[1][0]) // want "logs/token"
	for _, s := range ss {
		log.Println(s) // want "logs/token"
	}
	log.Println(len(ss[1])) // ok: length
	log.Println(cap(ss))    // ok: capacity
}

func alias(accessToken string) {
	a := make([]string, 2)
	b := a[1:]
	b[0] = accessToken
	log.Println(a)
}

func appended(refreshToken string) {
	var l []string
	l = append(l, "x")
	log.Println(l) // ok: before the token
	l = append(l, refreshToken)
	log.Println(l) // want "logs/token"
	l2 := append([]string{}, l...)
	log.Println(l2) // want "logs/token"
	l = nil
	log.Println(l) // ok: reset
	l3 := append([]byte("t="), refreshToken...)
	log.Println(string(l3)) // want "logs/token"
}

func copied(apiKey []byte) {
	d := make([]byte, len(apiKey))
	log.Println(d) // ok: not yet copied
	n := copy(d, apiKey)
	log.Println(n)      // ok: the count
	log.Printf("%s", d) // want "logs/credential"
	clear(d)
	log.Printf("%s", d) // ok: zeroed
}

func cut(apiKey string) {
	log.Println(apiKey[2:]) // want "logs/credential"
	k := apiKey[:len(apiKey)-1]
	log.Println(k) // want "logs/credential"
}

func full(password []byte) {
	x := password[1:3:4]
	log.Printf("%x", x) // want "logs/credential"
	for i, c := range password {
		log.Println(i) // ok: index
		_ = c
	}
}

func zero(password []byte) {
	for i := range password {
		password[i] = 0
	}
	log.Println(password) // ok: wiped
}
