// Package functions has functions as values, methods and closures.
package functions

import "log"

type handler func(string)

func (h handler) do(s string) { h(s) }

func id(s string) string                { return s }
func first(a, b string) string          { return a }
func both(a, b string) (string, string) { return a, b }
func lenOf(s string) int                { return len(s) }
func constant(s string) string          { return "fixed" }

func calls(password, city string) {
	log.Println(id(password))          // want "logs/credential"
	log.Println(first(password, city)) // want "logs/credential"
	log.Println(first(city, password)) // ok: the second is dropped
	a, b := both(city, password)
	log.Println(a)                    // ok: first result
	log.Println(b)                    // want "logs/credential"
	log.Println(both(city, password)) // want "logs/credential"
	log.Println(lenOf(password))      // ok: length
	log.Println(constant(password))   // ok: constant
}

func print(s string) { log.Println(s) }

func values(password string) {
	f := print
	f(password) // want "logs/credential"
	handler(func(s string) {
		log.Println(s) // want "logs/credential"
	}).do(password)
	g := id
	log.Println(g(password)) // want "logs/credential"
	fs := []func(string) string{id}
	log.Println(fs[0](password)) // want "logs/credential"
	ms := map[string]func(string) string{"a": constant}
	log.Println(ms["a"](password)) // ok: the map's only function returns a constant
}

func closure(password string) {
	f := func() { log.Println(password) } // want "logs/credential"
	f()
	s := "none"
	g := func() { s = password }
	log.Println(s) // ok: not yet called
	g()
	log.Println(s) // want "logs/credential"
	h := func() string { return password }
	log.Println(h()) // want "logs/credential"
	k := func() int { return len(password) }
	log.Println(k()) // ok: length
}

func curry(password string) {
	add := func(a string) func(string) string {
		return func(b string) string { return a + b }
	}
	log.Println(add("x")(password)) // want "logs/credential"
	log.Println(add(password)("y")) // want "logs/credential"
	log.Println(add("x")("y"))      // ok: other call of the same closure
}

func iife(password string) {
	v := func(s string) string { return "p=" + s }(password)
	log.Println(v) // want "logs/credential"
}

type T struct{ s string }

func (t T) get() string   { return t.s }
func (t *T) set(s string) { t.s = s }
func (t T) log()          { log.Println(t.s) } // want "logs/credential"

func methods(password string) {
	t := T{password}
	log.Println(t.get()) // want "logs/credential"
	mv := t.get
	log.Println(mv())         // want "logs/credential"
	log.Println(T.get(t))     // want "logs/credential"
	log.Println((*T).get(&t)) // want "logs/credential"
	t.log()                   // want "logs/credential"
	var u T
	set := u.set
	log.Println(u.get()) // ok: before
	set(password)
	log.Println(u.get()) // want "logs/credential"
	(*T).set(&u, "z")
	log.Println(u.get()) // ok: overwritten through the method expression
	bound := T{"q"}.get
	log.Println(bound()) // ok: bound to another receiver
}

func variadic(parts ...string) string { return parts[len(parts)-1] }
func count(parts ...string) int       { return len(parts) }
func emit(parts ...any)               { log.Println(parts...) }

func variadics(password string) {
	log.Println(variadic("a", password)) // want "logs/credential"
	log.Println(count("a", password))    // ok: count
	emit("x", password)                  // want "logs/credential"
	l := []string{password}
	log.Println(variadic(l...)) // want "logs/credential"
}

func named(password string) (res string, err error) {
	defer func() { log.Println(res) }() // want "logs/credential"
	res = password
	return
}

func naked(password string) (a, b string) {
	a = "x"
	b = password
	return
}

func useNaked(password string) {
	a, b := naked(password)
	log.Println(a) // ok: first
	log.Println(b) // want "logs/credential"
}

func rec(n int, password string) string {
	if n == 0 {
		return password
	}
	return rec(n-1, password)
}

func useRec(password string) {
	log.Println(rec(3, password)) // want "logs/credential"
}
func even(n int, s string) string {
	if n == 0 {
		return "even"
	}
	return odd(n-1, s)
}
func odd(n int, s string) string {
	if n == 0 {
		return s
	}
	return even(n-1, s)
}
func useMutual(password string) {
	log.Println(even(3, password)) // want "logs/credential"
}
