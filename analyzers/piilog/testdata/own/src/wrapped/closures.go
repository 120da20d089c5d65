package wrapped

import (
	"fmt"
	"log"

	"model"
)

// A function literal that is there to log is as good as a named one: who calls it
// is who logs.
func closures(u model.User, debug bool) {
	logf := func(format string, args ...any) {
		if debug {
			log.Printf("closures: "+format, args...) // ok: its callers log
		}
	}
	logf("signed in: %s", u.Email) // want "logs/personal-data"
	logf("signed in: %d", u.ID)    // ok: an id
	logf("has one: %t", u.Password != "")

	warn := func(args ...any) {
		log.Println(fmt.Sprint(args...)) // ok: its callers log
	}
	warn("refused", u.Password) // want "logs/credential"
	warn("refused", u.ID)       // ok: an id

	logEvent := func(what, detail string) {
		logf("%s: %s", what, detail) // ok: its callers log
	}
	logEvent("sign-in", u.Email) // want "logs/personal-data"

	own := func(args ...any) {
		log.Print(u.Email, args) // want "logs/personal-data"
	}
	own("x")

	each := func(f model.User) {
		log.Print(f.Email) // want "logs/personal-data"
	}
	each(u)
}
