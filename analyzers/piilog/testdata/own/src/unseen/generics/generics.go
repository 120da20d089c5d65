// Package generics has generic containers.
package generics

import (
	"cmp"
	"errors"
	"fmt"
	"log"
	"slices"
	"strings"
)

type Result[T any] struct {
	Val T
	Err error
}

func Ok[T any](v T) Result[T]         { return Result[T]{Val: v} }
func Fail[T any](err error) Result[T] { return Result[T]{Err: err} }
func Map[T, U any](r Result[T], f func(T) U) Result[U] {
	if r.Err != nil {
		return Fail[U](r.Err)
	}
	return Ok(f(r.Val))
}
func (r Result[T]) Must() T {
	if r.Err != nil {
		panic(r.Err)
	}
	return r.Val
}

type Tree[K cmp.Ordered, V any] struct {
	root *node[K, V]
}
type node[K cmp.Ordered, V any] struct {
	k    K
	v    V
	l, r *node[K, V]
}

func (t *Tree[K, V]) Put(k K, v V) { t.root = put(t.root, k, v) }
func put[K cmp.Ordered, V any](n *node[K, V], k K, v V) *node[K, V] {
	if n == nil {
		return &node[K, V]{k: k, v: v}
	}
	switch c := cmp.Compare(k, n.k); {
	case c < 0:
		n.l = put(n.l, k, v)
	case c > 0:
		n.r = put(n.r, k, v)
	default:
		n.v = v
	}
	return n
}
func (t *Tree[K, V]) Get(k K) (v V, ok bool) {
	for n := t.root; n != nil; {
		switch {
		case k < n.k:
			n = n.l
		case k > n.k:
			n = n.r
		default:
			return n.v, true
		}
	}
	return v, false
}
func (t *Tree[K, V]) Each(f func(K, V)) { each(t.root, f) }
func each[K cmp.Ordered, V any](n *node[K, V], f func(K, V)) {
	if n != nil {
		each(n.l, f)
		f(n.k, n.v)
		each(n.r, f)
	}
}

func Reduce[T, A any](l []T, a A, f func(A, T) A) A {
	for _, x := range l {
		a = f(a, x)
	}
	return a
}

func GroupBy[T any, K comparable](l []T, key func(T) K) map[K][]T {
	m := map[K][]T{}
	for _, x := range l {
		m[key(x)] = append(m[key(x)], x)
	}
	return m
}

type Stack[T any] struct{ items []T }

func (s *Stack[T]) Push(t T) { s.items = append(s.items, t) }
func (s *Stack[T]) Pop() (T, error) {
	var zero T
	if len(s.items) == 0 {
		return zero, errors.New("empty")
	}
	t := s.items[len(s.items)-1]
	s.items = s.items[:len(s.items)-1]
	return t, nil
}

func use(password, city string, passwords []string) {
	r := Map(Ok(password), strings.ToUpper)
	log.Println(r.Val)    // want "logs/credential"
	log.Println(r.Must()) // want "logs/credential"
	n := Map(Ok(password), func(s string) int { return len(s) })
	log.Println(n.Val) // ok: length
	log.Println(n.Err) // ok: no error put there
	f := Fail[string](errors.New("x"))
	log.Println(f.Err) // ok: constant
	var t Tree[string, string]
	t.Put("a", password)
	v, ok := t.Get("a")
	log.Println(ok) // ok: bool
	log.Println(v)  // want "logs/credential"
	t.Each(func(k, v string) {
		log.Println(v) // want "logs/credential"
	})
	var t2 Tree[string, string]
	t2.Put("a", city)
	v2, _ := t2.Get("a")
	log.Println(v2) // ok: other tree
	total := Reduce(passwords, 0, func(a int, s string) int { return a + len(s) })
	log.Println(total) // ok: sum of lengths
	joined := Reduce(passwords, "", func(a, s string) string { return a + s })
	log.Println(joined) // want "logs/credential"
	g := GroupBy(passwords, func(s string) int { return len(s) })
	for k, l := range g {
		log.Println(k) // ok: a length
		log.Println(l) // want "logs/credential"
	}
	var s Stack[string]
	s.Push(password)
	p, err := s.Pop()
	log.Println(err) // ok: constant error
	log.Println(p)   // want "logs/credential"
	idx := slices.IndexFunc(passwords, func(s string) bool { return s == city })
	log.Println(idx)                                                                                // ok: index
	log.Println(slices.MaxFunc(passwords, strings.Compare))                                         // want "logs/credential"
	log.Println(fmt.Sprint(slices.ContainsFunc(passwords, func(s string) bool { return s == "" }))) // ok: bool
}
