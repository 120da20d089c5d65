// Package structs has fields, embedded structs, copies and instances.
package structs

import "log"

type base struct{ Password string }

type mid struct {
	base
	Name string
}

type top struct {
	*mid
	N int
}

func embedded(t top, m mid) {
	log.Println(t.Password)          // want "logs/credential"
	log.Println(t.mid.base.Password) // want "logs/credential"
	log.Println(t.N)                 // ok: sibling
	log.Println(m.Password)          // want "logs/credential"
	log.Printf("%+v", m)             // want "logs/whole-object"
	log.Println(m.Name)              // ok: a bare name of something unknown
}

type box struct {
	A, B string
	in   *box
}

func fields(secret string) {
	x := box{A: secret}
	log.Println(x.A) // want "logs/credential"
	log.Println(x.B) // ok: sibling
	y := x
	x.A = "none"
	log.Println(x.A) // ok: overwritten
	log.Println(y.A) // want "logs/credential"
	z := &box{B: "b"}
	z.in = &y
	log.Println(z.in.A) // want "logs/credential"
	log.Println(z.in.B) // ok: sibling in depth
	log.Println(z.B)    // ok: other field
	q := box{"a", secret, nil}
	log.Println(q.B) // want "logs/credential"
	log.Println(q.A) // ok: first of unkeyed literal
}

func instances(secret string) {
	a, b := &box{}, &box{}
	a.A = secret
	log.Println(b.A) // ok: other instance
	log.Println(a.A) // want "logs/credential"
	*b = *a
	log.Println(b.A) // want "logs/credential"
	*a = box{}
	log.Println(a.A) // ok: zeroed through the pointer
}

func anon(secret string) {
	v := struct {
		X string
		Y int
	}{secret, 3}
	log.Println(v.Y) // ok: number
	log.Println(v.X) // want "logs/credential"
	log.Println(v)   // want "logs/credential"
}

type cfg struct {
	DBPassword string
	Host       string
	Port       int
}

func whole(c cfg, pc *cfg) {
	log.Println(c)              // want "logs/whole-object"
	log.Printf("%+v", pc)       // want "logs/whole-object"
	log.Println(c.Host, c.Port) // ok: other fields
	log.Printf("%T", c)         // ok: the type
	log.Printf("%p", pc)        // ok: an address
	log.Println(c == cfg{})     // ok: comparison
}

func swapStruct(secret string) {
	a, b := box{A: secret}, box{A: "x"}
	a, b = b, a
	log.Println(b.A) // want "logs/credential"
	log.Println(a.A) // ok: swapped away
}
