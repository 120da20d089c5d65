// Package declared says of its own data what names do not tell.
package declared

import (
	"log"

	"declared/audit"
	"declared/logutil"
)

type Badge string

type Visit struct {
	ID   int
	Note string
	Code string
}

type Diagnoses struct{ List []string }

func show(v Visit, b Badge, memberNo, teamEmail, email, username, ip, diagnosis string, a *audit.Logger) {
	log.Print(v.Note) // want "logs/health: a note"
	log.Print(v.Code)
	log.Print(b)        // want "logs/personal-data: a badge"
	log.Print(memberNo) // want "logs/government-id: a member no"
	log.Print(teamEmail)
	log.Print(email) // want "logs/personal-data: an email"
	log.Print(logutil.Short(email))
	a.Record("%s", email)
	audit.New().Write(email)
	log.Print(username)  // want "logs/personal-data: a username"
	log.Print(diagnosis) // want "logs/health: a diagnosis"
	password := v.Code
	log.Print(password) // the class is off
}
