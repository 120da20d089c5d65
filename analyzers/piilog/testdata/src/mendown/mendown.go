package mendown

import "log"

type user struct{ ID, Email string }

func maskEmail(s string) string { return s[:1] + "***" }

func in(u user) {
	log.Printf("in: %s", u.Email) // want "logs/personal-data"
	log.Print(maskEmail(u.Email))
}
