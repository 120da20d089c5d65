// Package decided has code that is never run: a constant or a function that does not
// return decides it.
package decided

import (
	"log"
	"os"
	"runtime"
)

const (
	verbose = false
	level   = 1
	quiet   = level < 2
)

const other = tagged || false

func constants(password string) {
	if verbose {
		log.Print(password) // ok: never
	}
	if level > 3 || verbose {
		log.Print(password) // ok: never
	}
	if verbose && password != "" {
		log.Print(password) // ok: never
	} else if !quiet {
		log.Print(password) // ok: never
	}
	if !verbose {
		log.Print(password) // want "logs/credential"
	}
	if quiet || password == "" {
		log.Print(password) // want "logs/credential"
	}
	v := "x"
	if verbose {
		v = password
	}
	log.Print(v) // ok: never assigned
}

// Under another build tag or on another system it may be so.
func elsewhere(password string) {
	if tagged {
		log.Print(password) // want "logs/credential"
	}
	if other {
		log.Print(password) // want "logs/credential"
	}
	if windows {
		log.Print(password) // want "logs/credential"
	}
	if runtime.GOOS == "plan9" {
		log.Print(password) // want "logs/credential"
	}
}

func exits(password string, n int) {
	v := "x"
	switch n {
	case 0:
		os.Exit(1)
		log.Print(password) // ok: never
	case 1:
		v = password
		os.Exit(1)
	}
	log.Print(v) // ok: whoever assigned has ended
	defer os.Exit(1)
	func() {
		if n > 4 {
			os.Exit(1)
		}
	}()
	log.Print(password) // want "logs/credential"
	go func() { os.Exit(1) }()
	log.Print(password) // want "logs/credential"
	use(func() { panic("x") })
	log.Print(password) // want "logs/credential"
}

var use = func(f func()) {}

// All methods of a logger in a row.
func tried(password string) {
	log.Fatal(password)   // want "logs/credential"
	log.Panicln(password) // want "logs/credential"
	log.Print(password)   // want "logs/credential"
}
