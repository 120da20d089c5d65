// Package scopes has variables of packages and blocks with the same names.
package scopes

import (
	"log"
	"os"
)

var apiKey = os.Getenv("API_KEY")
var banner = "hello"
var derived = "k=" + apiKey
var cp string

func init() { cp = apiKey }

func globals() {
	log.Println(apiKey)  // want "logs/credential"
	log.Println(banner)  // ok: constant
	log.Println(derived) // want "logs/credential"
	log.Println(cp)      // want "logs/credential"
}

func shadow(password string) {
	{
		password := "public"
		_ = password

	}
	log.Println(password) // want "logs/credential"
	if password := len(password); password > 3 {
		log.Println(password) // ok: shadowed by the length
	}
	for password := range 3 {
		log.Println(password) // ok: loop counter
	}
	func(password int) {
		log.Println(password) // ok: an int parameter that shadows
	}(4)
	func(x string) {
		log.Println(x) // want "logs/credential"
	}(password)
}

const password = "password"
const (
	FieldToken = iota
	FieldPassword
)

type alias = string
type Secret string

func consts(s Secret, a alias) {
	log.Println(password)      // ok: constant that names a field
	log.Println(FieldPassword) // ok: iota
	log.Println(FieldToken)    // ok: iota
	log.Println(s)             // want "logs/credential"
	log.Println(string(s))     // want "logs/credential"
	log.Println(len(s))        // ok: length
	log.Println(a)             // ok: nothing sensitive
}

var buf struct{ pw, host string }

func setGlobal(v string) { buf.pw = v; buf.host = "h" }

func readGlobal() {
	log.Println(buf.pw)   // want "logs/credential"
	log.Println(buf.host) // ok: sibling
}

func feed(userPassword string) { setGlobal(userPassword) }

var counter int
var hook = func(s string) { log.Println(s) } // want "logs/credential"

func callHook(userPassword string) { hook(userPassword) }

var reg = map[string]string{}

func register(userPassword string) { reg["a"] = userPassword }
func dump()                        { log.Println(reg) } // want "logs/credential"

var names = map[string]string{}

func registerName() { names["a"] = "b" }
func dumpNames()    { log.Println(names) } // ok: only constants
