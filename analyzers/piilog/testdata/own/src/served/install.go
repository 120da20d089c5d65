package main

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
)

// install is run once by whoever sets the program up.
func install() {
	b := make([]byte, 12)
	_, _ = rand.Read(b)
	password := hex.EncodeToString(b)
	fmt.Printf("\n\033[31mchange it after signing in\033[0m\nadmin: \033[32m%s\033[0m\n", password) // ok: colours are for a terminal
	fmt.Printf("admin: %s\n", password)                                                             // want "logs/credential"
}

type printer struct{ debug bool }

// line is a logger of our own that paints its lines.
func (p printer) line(level, text string) {
	fmt.Printf("\033[36m%s\033[0m %s\n", level, text) // want "logs/credential"
}

func note(args ...any) {
	fmt.Println(append([]any{"\x1b[33m"}, args...)...)
}

func reset(w http.ResponseWriter, r *http.Request) {
	password := r.FormValue("password")
	printer{}.line("info", "reset to "+password)
	note("reset to", password)                             // want "logs/credential"
	fmt.Printf("\033[36mreset\033[0m to %s\n", password)   // want "logs/credential"
	fmt.Printf("\033[36mreset\033[0m %d\n", len(password)) // ok: a length
}
