// Package instances has small generic functions and types.
package instances

import (
	"cmp"
	"log"
)

type Num interface{ ~int | ~float64 }

func ident[T any](t T) T                         { return t }
func pick[K comparable, V any](m map[K]V, k K) V { return m[k] }
func mapf[A, B any](in []A, f func(A) B) []B {
	var out []B
	for _, a := range in {
		out = append(out, f(a))
	}
	return out
}
func filter[T any](in []T, keep func(T) bool) (out []T) {
	for _, v := range in {
		if keep(v) {
			out = append(out, v)
		}
	}
	return
}
func zeroOf[T any](T) T       { var z T; return z }
func size[T ~string](t T) int { return len(t) }
func ptr[T any](t T) *T       { return &t }
func or[T cmp.Ordered](a, b T) T {
	if a > b {
		return a
	}
	return b
}

type Box[T any] struct{ v T }

func (b *Box[T]) Set(v T) { b.v = v }
func (b Box[T]) Get() T   { return b.v }

type Pair[A, B any] struct {
	L A
	R B
}

func MakePair[A, B any](a A, b B) Pair[A, B] { return Pair[A, B]{a, b} }

type Opt[T any] struct {
	val T
	ok  bool
}

func Some[T any](t T) Opt[T] { return Opt[T]{t, true} }
func (o Opt[T]) OrElse(d T) T {
	if o.ok {
		return o.val
	}
	return d
}
func (o Opt[T]) IsSome() bool { return o.ok }

type Set[T comparable] map[T]struct{}

func (s Set[T]) Add(t T) { s[t] = struct{}{} }

type List[T any] []T

func (l *List[T]) Push(t T) { *l = append(*l, t) }
func (l List[T]) Last() T   { return l[len(l)-1] }

type logT[T any] struct{}

func (logT[T]) Emit(t T) { log.Println(t) }

func use(password, city string, n int) {
	log.Println(ident(password))                                                    // want "logs/credential"
	log.Println(ident[string](password))                                            // want "logs/credential"
	log.Println(ident(city))                                                        // ok: other instance
	log.Println(ident(n))                                                           // ok: number
	log.Println(zeroOf(password))                                                   // ok: zero value
	log.Println(size(password))                                                     // ok: size
	log.Println(*ptr(password))                                                     // want "logs/credential"
	log.Println(or(password, "a"))                                                  // want "logs/credential"
	log.Println(pick(map[string]string{"a": password}, "a"))                        // want "logs/credential"
	log.Println(mapf([]string{password}, func(s string) string { return s + "!" })) // want "logs/credential"
	log.Println(mapf([]string{password}, func(s string) int { return len(s) }))     // ok: lengths
	log.Println(filter([]string{password}, func(s string) bool { return s != "" })) // want "logs/credential"
	var b Box[string]
	log.Println(b.Get()) // ok: empty
	b.Set(password)
	log.Println(b.Get()) // want "logs/credential"
	var b2 Box[string]
	b2.Set(city)
	log.Println(b2.Get()) // ok: other box
	pr := MakePair(city, password)
	log.Println(pr.L) // ok: left
	log.Println(pr.R) // want "logs/credential"
	o := Some(password)
	log.Println(o.IsSome())    // ok: bool
	log.Println(o.OrElse("x")) // want "logs/credential"
	s := Set[string]{}
	s.Add(password)
	log.Println(s) // want "logs/credential"
	var l List[string]
	l.Push(password)
	log.Println(l.Last())                    // want "logs/credential"
	logT[string]{}.Emit(password)            // want "logs/credential"
	log.Println(cmp.Compare(password, city)) // ok: an int
	log.Println(cmp.Or(city, password))      // want "logs/credential"
	log.Println(min(password, city))         // want "logs/credential"
	log.Println(max(len(password), n))       // ok: a length
	f := ident[string]
	log.Println(f(password)) // want "logs/credential"
}
