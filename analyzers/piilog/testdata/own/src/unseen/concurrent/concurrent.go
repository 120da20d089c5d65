// Package concurrent has channels, goroutines and what they share.
package concurrent

import (
	"context"
	"errors"
	"fmt"
	"log"
	"sync"
	"sync/atomic"
	"time"
)

type event struct {
	kind  string
	token string
	n     int
}

type bus struct {
	mu   sync.Mutex
	subs map[string][]chan event
	last atomic.Pointer[event]
	seen sync.Map
}

func (b *bus) publish(token string) {
	e := event{"login", token, 1}
	b.last.Store(&e)
	b.seen.Store(e.kind, e.token)
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.subs["login"] {
		c <- e
	}
}

func (b *bus) report() {
	if e := b.last.Load(); e != nil {
		log.Println(e.kind, e.n) // ok: kind and number
		log.Println(e.token)     // want "logs/token"
	}
	b.seen.Range(func(k, v any) bool {
		log.Println(v) // want "logs/token"
		return true
	})
	n := 0
	b.seen.Range(func(_, _ any) bool { n++; return true })
	log.Println(n) // ok: count
}

func fan(ctx context.Context, accessTokens []string) {
	in := make(chan string)
	out := make(chan result)
	var wg sync.WaitGroup
	for range 3 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for t := range in {
				out <- result{len(t), check(t)}
			}
		}()
	}
	go func() {
		for _, t := range accessTokens {
			in <- t
		}
		close(in)
		wg.Wait()
		close(out)
	}()
	for r := range out {
		log.Println(r.n)   // ok: length
		log.Println(r.err) // want "errors/sensitive"
	}
}

type result struct {
	n   int
	err error
}

func check(token string) error {
	if len(token) < 10 {
		return fmt.Errorf("token %q too short", token)
	}
	return nil
}

func check2(token string) error {
	switch {
	case token == "":
		return errors.New("token missing")
	case len(token) < 10:
		return fmt.Errorf("token too short: %d", len(token))
	}
	return nil
}

func check2s(accessTokens []string) {
	var errs []error
	for _, t := range accessTokens {
		if err := check2(t); err != nil {
			errs = append(errs, err)
		}
	}
	log.Println(errors.Join(errs...)) // ok: no token in them
}

func check1s(accessTokens []string) {
	var errs []error
	for i, t := range accessTokens {
		if err := check(t); err != nil {
			errs = append(errs, fmt.Errorf("%d: %w", i, err))
		}
	}
	log.Println(errors.Join(errs...)) // want "errors/sensitive"
}

func timeout(password string) {
	done := make(chan error, 1)
	go func() { done <- login(password) }()
	select {
	case err := <-done:
		log.Println(err) // ok: a constant error
	case <-time.After(time.Second):
		log.Println("timeout", time.Second) // ok: constant
	}
}

var errLogin = errors.New("login failed")

func login(password string) error {
	if password != "x" {
		return errLogin
	}
	return nil
}

type once struct {
	o   sync.Once
	key []byte
}

func (o *once) get(secretKey []byte) []byte {
	o.o.Do(func() { o.key = append(o.key, secretKey...) })
	return o.key
}

func useOnce(o *once, secretKey []byte) {
	log.Printf("%x", o.get(secretKey)) // want "logs/credential"
	log.Println(len(o.get(secretKey))) // ok: length
}

func recovered(password string) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case error:
			log.Println(r) // want "errors/sensitive"
		case string:
			log.Println("text")
		}
	}()
	panic(fmt.Errorf("bad %s", password))
}
