// Package interfaces has interfaces, type switches and types that show themselves.
package interfaces

import (
	"fmt"
	"io"
	"log"
)

type getter interface{ Value() string }
type named interface{ Label() string }
type full interface {
	getter
	named
}

type sec struct{ s string }

func (s sec) Value() string { return s.s }
func (s sec) Label() string { return "sec" }

type pub struct{}

func (pub) Value() string { return "pub" }
func (pub) Label() string { return "pub" }

func viaIface(secret string) {
	var g getter = sec{secret}
	log.Println(g.Value()) // want "logs/credential"
	var f full = sec{secret}
	log.Println(f.Label()) // ok: constant
	log.Println(f.Value()) // want "logs/credential"
	n := named(f)
	log.Println(n.Label()) // ok: constant
	var p getter = pub{}
	log.Println(p.Value()) // ok: this one is pub
	if s, ok := g.(sec); ok {
		log.Println(s.s) // want "logs/credential"
	}
	if f2, ok := g.(full); ok {
		log.Println(f2.Value()) // want "logs/credential"
	}
	_, ok := g.(pub)
	log.Println(ok) // ok: bool
}

func typeSwitch(password string) {
	var v any = password
	switch x := v.(type) {
	case string:
		log.Println(x) // want "logs/credential"
	case int:
		log.Println(x) // ok: cannot be the password
	case error:
		log.Println("e")
	default:
		log.Printf("%T", x) // ok: type
	}
	switch v.(type) {
	case string:
		log.Println("a string") // ok: constant
	}
	log.Println(v.(string)) // want "logs/credential"
	b := v.(string) + "x"
	log.Println(b) // want "logs/credential"
}

type masked struct{ password string }

func (masked) String() string { return "***" }

type unmasked struct{ password string }

func (u unmasked) String() string { return "pw:" + u.password }

type ptrMasked struct{ password string }

func (*ptrMasked) String() string { return "***" }

func stringers(p string) {
	log.Println(masked{p})      // ok: its String masks
	log.Println(unmasked{p})    // want "logs/credential"
	log.Println(&ptrMasked{p})  // ok: the pointer has String
	log.Println(ptrMasked{p})   // want "logs/whole-object"
	log.Printf("%v", masked{p}) // ok: String
	var s fmt.Stringer = unmasked{p}
	log.Println(s.String()) // want "logs/credential"
}

type fm struct{ password string }

func (f fm) Format(st fmt.State, verb rune) { io.WriteString(st, "[hidden]") }

func formatter(p string) {
	log.Printf("%+v", fm{p}) // ok: Format hides
}

type sink interface{ Put(string) }
type logSink struct{}
type nullSink struct{}

func (logSink) Put(s string)  { log.Println(s) }
func (nullSink) Put(s string) {}

func put(k sink, password string) { k.Put(password) } // want "logs/credential"

type embIface struct{ getter }

func emb(secret string) {
	e := embIface{sec{secret}}
	log.Println(e.Value()) // want "logs/credential"
	e.getter = pub{}
	log.Println(e.Value()) // ok: replaced by pub
}
