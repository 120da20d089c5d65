// Package shop has code that is looked at beside code that is not.
package shop

import "log"

// User is a person.
type User struct{ Email string }

func greet(u User) { log.Print(u.Email) } // want "logs/personal-data"
