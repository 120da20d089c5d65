// Package mail posts what it is given to whom it is told.
package mail

import (
	"bytes"
	"encoding/json"
	"net/http"

	"gopkg.in/gomail.v2" // want "SMTP server used"
)

// Send writes to somebody.
func Send(rcpt, subject string) {
	m := gomail.NewMessage()
	m.SetHeader("From", "us@example.com")
	m.SetHeader("To", rcpt) // want "SMTP server contact email"
	m.SetHeader("Subject", subject)
	gomail.NewDialer("smtp.example.com", 25, "user", "pw")
}

// PostJSON sends body to url: the callers know where.
func PostJSON(url string, body any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequest("POST", url, bytes.NewReader(b))
	if err != nil {
		return err
	}
	_, err = http.DefaultClient.Do(req)
	return err
}
