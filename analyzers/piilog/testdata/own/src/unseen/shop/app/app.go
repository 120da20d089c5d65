// Package app ranges over, copies and logs what other packages give it.
package app

import (
	"context"
	"errors"
	"fmt"
	"log"
	"maps"
	"slices"
	"strings"

	"unseen/shop/logx"
	"unseen/shop/store"
)

func iterate(r *store.Repo) {
	for id, a := range r.All() {
		log.Println(id)         // ok: the id
		log.Println(a.Plan)     // ok: plan
		log.Println(a.Password) // want "logs/credential"
	}
	for e := range r.Emails() {
		log.Println(e) // want "logs/personal-data"
	}
	for p := range r.Plans() {
		log.Println(p) // ok: plans
	}
	all := slices.Collect(r.Emails())
	log.Println(len(all))                                     // ok: count
	log.Println(all)                                          // want "logs/personal-data"
	log.Println(strings.Join(slices.Sorted(r.Emails()), ",")) // want "logs/personal-data"
	log.Println(slices.Collect(r.Plans()))                    // ok: plans
	byID := maps.Collect(r.All())
	log.Println(len(byID)) // ok: count
	for _, a := range byID {
		log.Println(a.Email) // want "logs/personal-data"
		log.Println(a.ID)    // ok: id
	}
}

func load(ctx context.Context, r *store.Repo) {
	a, err := r.Find(ctx, 3)
	if err != nil {
		log.Println(err) // ok: number and error of the database
		return
	}
	log.Printf("%+v", a)          // want "logs/whole-object"
	log.Printf("%+v", a.Public()) // ok: the copy is blanked
	p := a.Public()
	log.Println(p.Password) // ok: blanked
	log.Println(p.Plan)     // ok: plan
	log.Println(a.Password) // want "logs/credential"
	a.Scrub()
	log.Printf("%+v", *a) // ok: only the id is left
}

func add(r *store.Repo, a *store.Account) {
	err := r.Add(a)
	var dup *store.DuplicateError
	if errors.As(err, &dup) {
		log.Println(dup.Email)   // want "logs/personal-data"
		log.Println("duplicate") // ok: constant
		return
	}
	var lim store.LimitError
	if errors.As(err, &lim) {
		log.Println(lim.Max) // ok: number

	}
}

func addErr(r *store.Repo, a *store.Account) {
	if err := r.Add(a); err != nil {
		log.Println(err) // want "logs/personal-data"
	}
}

func hooks(r *store.Repo) {
	r.OnChange(func(a *store.Account) {
		log.Println(a.ID)    // ok: id
		log.Println(a.Email) // want "logs/personal-data"
	})
	r.OnChange(audit)
}

func audit(a *store.Account) { log.Println("changed", a.Plan) } // ok: plan

func fields(l *logx.Logger, token, city string) {
	l.Log("x", logx.F("t", token))        // want "logs/token"
	l.Log("x", logx.F("c", city))         // ok: city
	l.Log("x", logx.Len("t", token))      // ok: length
	l.Log("x", logx.Masked("t", token))   // ok: masked
	l.Keys("x", logx.F("t", token))       // ok: only the keys are logged
	l.With(logx.F("t", token)).Log("x")   // want "logs/token"
	l.With(logx.Len("t", token)).Log("x") // ok: length
	fs := []logx.Field{logx.F("a", 1)}
	l.Log("x", fs...) // ok: number
	fs = append(fs, logx.F("t", token))
	l.Log("x", fs...) // want "logs/token"
	for _, f := range fs {
		log.Println(f.Key) // ok: keys
	}
	logx.Default().Log(token) // want "logs/token"
}

func ctxLogger(ctx context.Context, token string) {
	logx.From(ctx).Info("x", "t", token)                  // want "logs/token"
	logx.From(ctx).Info("x", "n", len(token))             // ok: length
	ctx = logx.Into(ctx, logx.From(ctx).With("t", token)) // want "logs/token"
	logx.From(ctx).Info("x")                              // ok: reported where it is attached
}

func traced(token string) (err error) {
	defer logx.Trace("traced")(&err)
	return fmt.Errorf("bad token %s", token)
}

func counted(token string) (err error) {
	defer logx.Count("counted")(&err) // ok: a bool
	return fmt.Errorf("bad token %s", token)
}
