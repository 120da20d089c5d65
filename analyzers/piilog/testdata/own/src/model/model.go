// Package model holds the records the cases are about.
package model

import (
	"fmt"
	"log/slog"
	"time"
)

// User is a person with a login.
type User struct {
	ID            int64
	Name          string
	Email         string
	EmailVerified bool
	Password      string `json:"-"`
	PasswordHash  string
	Phone         *string
	DOB           time.Time
	Role          string
	TokenCount    int
	LastLogin     time.Time
}

// Patient is a person with a record.
type Patient struct {
	ID        string
	SSN       string
	Diagnosis string
	Insurer   string
}

// Card is a means of payment.
type Card struct {
	ID     string
	Number string
	CVV    string
	Brand  string
	Last4  string
}

// Session is a login.
type Session struct {
	ID        int64
	Token     string
	ExpiresAt time.Time
}

// Shy prints itself without its secret, whoever prints it.
type Shy struct{ ID, Secret string }

func (s Shy) String() string             { return "shy " + s.ID }
func (s Shy) GoString() string           { return s.String() }
func (s Shy) Format(f fmt.State, _ rune) { fmt.Fprint(f, s.String()) }
func (s Shy) LogValue() slog.Value       { return slog.StringValue(s.String()) }
func (s Shy) MarshalJSON() ([]byte, error) {
	return []byte(`"` + s.ID + `"`), nil
}

// Loud has a String method that tells all.
type Loud struct{ ID, Secret string }

func (l Loud) String() string { return l.ID + " " + l.Secret }

// Label is a String method that names the class only.
func (u User) Label() string { return fmt.Sprintf("user %d (%s)", u.ID, u.Role) }

// Contact is a method that gives the address.
func (u *User) Contact() string { return u.Email }
