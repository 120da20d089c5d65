// Package maps has maps, their keys and what is taken out of them.
package maps

import (
	"log"
	"maps"
	"slices"
)

const keyPW = "password"

func lit(v string) {
	m := map[string]string{"password": v, "city": "x"}
	log.Println(m["password"]) // want "logs/credential"
	log.Println(m[keyPW])      // want "logs/credential"
	log.Println(m["city"])     // ok: other key
	log.Println(m)             // want "logs/credential"
	log.Println(len(m))        // ok: length
	_, ok := m["password"]
	log.Println(ok) // ok: presence
	for k := range m {
		log.Println(k) // ok: keys
	}
	for _, v := range m {
		log.Println(v) // want "logs/credential"
	}
	if pw, ok := m["password"]; ok {
		log.Println(pw) // want "logs/credential"
	}
	delete(m, "password")
	log.Println(m["password"]) // ok: deleted
}

func keyed(token string) {
	m := map[string]int{}
	m[token]++
	for k := range m {
		log.Println(k) // want "logs/token"
	}
	for _, n := range m {
		log.Println(n) // ok: the counts
	}
	log.Println(m[token])                     // ok: a count
	log.Println(slices.Collect(maps.Keys(m))) // want "logs/token"
	clear(m)
	log.Println(m) // ok: cleared
}

func nested(apiKey string) {
	m := map[string]map[string]string{"a": {"b": apiKey}}
	log.Println(m["a"]["b"]) // want "logs/credential"
	log.Println(m["z"]["y"]) // ok: other keys
	ms := map[string][]string{}
	ms["k"] = append(ms["k"], apiKey)
	log.Println(ms["k"][0]) // want "logs/credential"
	c := maps.Clone(ms)
	log.Println(c) // want "logs/credential"
}

func before(apiKey string) {
	m := map[string]string{"a": "b"}
	c := maps.Clone(m)
	m["k"] = apiKey
	log.Println(c) // ok: cloned before
	log.Println(m) // want "logs/credential"
	maps.Copy(c, m)
	log.Println(c) // want "logs/credential"
}

type creds struct{ User, Password string }

func structs(m map[string]creds) {
	log.Println(m["a"].Password) // want "logs/credential"
	for id, c := range m {
		log.Println(id)         // ok: key
		log.Println(c.Password) // want "logs/credential"
	}
}

func status(m map[string]string) {
	log.Println(m["status"])       // ok: harmless key
	log.Println(m["access_token"]) // want "logs/token"
	log.Println(m["token_type"])   // ok: a type
}
