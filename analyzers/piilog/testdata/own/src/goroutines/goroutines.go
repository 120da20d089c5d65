// Package goroutines sends values to those who were there before.
package goroutines

import (
	"log"

	"model"
)

type worker struct {
	notes  chan string
	places chan string
	done   chan struct{}
}

func (w *worker) run() {
	for {
		select {
		case s := <-w.notes:
			log.Print(s) // want "logs/credential"
		case s := <-w.places:
			log.Print(s) // ok: a place
		case <-w.done:
			return
		}
	}
}

func start(u model.User) {
	w := &worker{notes: make(chan string), places: make(chan string)}
	go w.run()
	w.notes <- u.Password
	w.places <- "here"
}

func inline(u model.User) {
	ch, lengths := make(chan string), make(chan int)
	go func() {
		for s := range ch {
			log.Print(s) // want "logs/personal-data"
		}
	}()
	go func() {
		for n := range lengths {
			log.Print(n) // ok: a length
		}
	}()
	ch <- u.Email
	lengths <- len(u.Password)
}

func forever(users chan model.User) {
	ch := make(chan string)
	go listen(ch)
	for {
		u := <-users
		ch <- *u.Phone
	}
}

func listen(ch chan string) {
	for s := range ch {
		log.Print(s) // want "logs/personal-data"
	}
}

func other(u model.User) {
	ch := make(chan string)
	go func() {
		s := <-ch
		log.Print(len(s)) // ok: a length
	}()
	ch <- u.Password
}

func byCallee(u model.User) {
	ch := make(chan string, 1)
	go func() {
		log.Print(<-ch) // want "logs/credential"
	}()
	fill(ch, u)
}

func fill(ch chan string, u model.User) { ch <- u.Password }

func replaced(u model.User) {
	ch := make(chan string, 1)
	go func() {
		log.Print(<-ch) // ok: another channel
	}()
	secrets := make(chan string, 1)
	secrets <- u.Password
	ch <- "here"
}

type queue struct {
	names  chan string
	counts chan int
	others chan string
}

func newQueue() *queue {
	q := &queue{names: make(chan string), counts: make(chan int), others: make(chan string)}
	go q.run()
	return q
}

func (q *queue) run() {
	for {
		select {
		case s := <-q.names:
			log.Print(s) // want "logs/credential"
		case n := <-q.counts:
			log.Print(n) // ok: a number
		case s := <-q.others:
			log.Print(s) // ok: a greeting
		}
	}
}

func (q *queue) put(u model.User) {
	q.names <- u.Password
	q.counts <- len(u.Password)
	q.others <- "hello"
}
