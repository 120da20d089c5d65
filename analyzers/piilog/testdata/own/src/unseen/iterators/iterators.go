// Package iterators ranges over functions, passes iterators on and drains them.
package iterators

import (
	"iter"
	"log"
	"slices"
)

func seq(l []string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, s := range l {
			if !yield(s) {
				return
			}
		}
	}
}

func seq2(m map[string]string) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		i := 0
		for _, s := range m {
			if !yield(i, s) {
				return
			}
			i++
		}
	}
}

func constSeq(n int) iter.Seq[string] {
	return func(yield func(string) bool) {
		for range n {
			if !yield("x") {
				return
			}
		}
	}
}

func iters(passwords []string, m map[string]string, password string) {
	for s := range seq(passwords) {
		log.Println(s) // want "logs/credential"
	}
	for i, s := range seq2(map[string]string{"a": password}) {
		log.Println(i) // ok: index
		log.Println(s) // want "logs/credential"
	}
	for s := range constSeq(len(password)) {
		log.Println(s) // ok: constant
	}
	for range len(password) {
		log.Println("*") // ok: constant
	}
	for i := range password {
		log.Println(i) // ok: index
	}
	for i := 0; i < len(password); i++ {
		log.Printf("%c", password[i]) // want "logs/credential"
	}
	for _, c := range password {
		log.Printf("%c", c) // want "logs/credential"
	}
	log.Println(slices.Collect(seq(passwords))) // want "logs/credential"
	next, stop := iter.Pull(seq(passwords))
	defer stop()
	v, ok := next()
	log.Println(ok) // ok: bool
	log.Println(v)  // want "logs/credential"
	for i, p := range slices.Backward(passwords) {
		log.Println(i) // ok: index
		log.Println(p) // want "logs/credential"
	}
	for _, c := range slices.Collect(slices.Values(passwords)) {
		log.Println(c) // want "logs/credential"
	}
}

type tree struct {
	l, r *tree
	val  string
}

func (t *tree) All(yield func(string) bool) bool {
	if t == nil {
		return true
	}
	return t.l.All(yield) && yield(t.val) && t.r.All(yield)
}

func (t *tree) Items() iter.Seq[string] { return func(y func(string) bool) { t.All(y) } }

func walk(password string) {
	t := &tree{val: password}
	for v := range t.Items() {
		log.Println(v) // want "logs/credential"
	}
}

func condLoop(password string) {
	for s, i := password, 0; i < 2; i, s = i+1, s[1:] {
		log.Println(s) // want "logs/credential"
	}
}
