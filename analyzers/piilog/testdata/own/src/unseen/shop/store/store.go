// Package store keeps accounts.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"sync"
)

type Account struct {
	ID       int64
	Email    string
	Password string
	Plan     string
	Tags     []string
}

type Repo struct {
	mu    sync.RWMutex
	byID  map[int64]*Account
	db    *sql.DB
	hooks []func(*Account)
}

func New(db *sql.DB) *Repo { return &Repo{byID: map[int64]*Account{}, db: db} }

func (r *Repo) Find(ctx context.Context, id int64) (*Account, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if a, ok := r.byID[id]; ok {
		return a, nil
	}
	a := &Account{}
	err := r.db.QueryRowContext(ctx, "select id, email, password, plan from accounts where id = $1", id).Scan(&a.ID, &a.Email, &a.Password, &a.Plan)
	if err != nil {
		return nil, fmt.Errorf("account %d: %w", id, err)
	}
	return a, nil
}

func (r *Repo) All() iter.Seq2[int64, *Account] {
	return func(yield func(int64, *Account) bool) {
		for id, a := range r.byID {
			if !yield(id, a) {
				return
			}
		}
	}
}

func (r *Repo) Emails() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, a := range r.All() {
			if !yield(a.Email) {
				return
			}
		}
	}
}

func (r *Repo) Plans() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, a := range r.All() {
			if !yield(a.Plan) {
				return
			}
		}
	}
}

func (r *Repo) OnChange(f func(*Account)) { r.hooks = append(r.hooks, f) }

func (r *Repo) Put(a *Account) error {
	if a.Email == "" {
		return errors.New("email missing")
	}
	for _, h := range r.hooks {
		h(a)
	}
	r.byID[a.ID] = a
	return nil
}

// Public gives a copy without what nobody should see.
func (a *Account) Public() Account {
	c := *a
	c.Password, c.Email = "", ""
	return c
}

func (a *Account) Scrub() { *a = Account{ID: a.ID} }

type DuplicateError struct{ Email string }

func (e *DuplicateError) Error() string { return "duplicate account " + e.Email }

type LimitError struct {
	Email string
	Max   int
}

func (e LimitError) Error() string { return fmt.Sprintf("limit of %d reached", e.Max) }

func (r *Repo) Add(a *Account) error {
	for e := range r.Emails() {
		if e == a.Email {
			return &DuplicateError{a.Email}
		}
	}
	if len(r.byID) > 100 {
		return LimitError{a.Email, 100}
	}
	return r.Put(a)
}
