// Command served answers requests: what it prints is kept by whatever runs it.
package main

import (
	"database/sql"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"runtime/debug"
)

type user struct {
	ID              int
	Email, Password string
}

var db *sql.DB

func main() {
	http.HandleFunc("/", handle)
	_ = http.ListenAndServe(":8080", nil)
}

func handle(w http.ResponseWriter, r *http.Request) {
	u := user{Email: r.FormValue("email"), Password: r.FormValue("password")}
	fmt.Println("request of", u.Email) // want "logs/personal-data"
	if err := save(u); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError) // want "response/leak" "errors/sensitive"
		return
	}
	if err := check(u); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest) // ok: written for the client
		return
	}
	_, err := db.Exec("UPDATE users SET seen = 1")
	if errors.Is(err, sql.ErrNoRows) {
		http.Error(w, "no such user", http.StatusNotFound) // ok: a text of our own
		return
	}
	if err != nil {
		fmt.Fprintf(w, "failed: %v", err) // want "response/leak"
		return
	}
	defer func() {
		if p := recover(); p != nil {
			w.Write(debug.Stack())          // want "response/leak"
			log.Printf("%s", debug.Stack()) // ok: for the log
		}
	}()
	w.Write([]byte("hello " + u.Email))  // ok: the client knows its own address
	slog.Debug("done", "email", u.Email) // want "logs/personal-data"
}

func save(u user) error {
	if _, err := db.Exec("INSERT INTO users VALUES (?, ?)", u.Email, u.Password); err != nil {
		return fmt.Errorf("save %s with %s: %w", u.Email, u.Password, err)
	}
	return nil
}

func check(u user) error {
	if len(u.Password) < 12 {
		return fmt.Errorf("a password has at least %d characters", 12)
	}
	return nil
}
