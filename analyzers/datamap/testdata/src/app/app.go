// Package app gives data of its customers away, and keeps some.
package app

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/s3"  // want "AWS S3 used"
	openai "github.com/sashabaranov/go-openai" // want "OpenAI used"
	"github.com/stripe/stripe-go/v82"          // want "Stripe used"
	"github.com/twilio/twilio-go"              // want "Twilio used"

	"app/crm"
	"app/mail"
)

type Customer struct {
	ID        int64
	Email     string
	Phone     string
	FirstName string
	SSN       string
	Verified  bool
}

func pay(c Customer) {
	stripe.Key = "sk"
	p := &stripe.CustomerParams{
		Email: stripe.String(c.Email), // want "Stripe contact email"
	}
	p.Phone = stripe.String(c.Phone) // want "Stripe contact phone number" "Stripe contact phone number"
	stripe.NewCustomer(p)            // want "Stripe contact email" "Stripe contact phone number"
}

func ask(client *openai.Client, c Customer) {
	prompt := fmt.Sprintf("Write to %s", c.FirstName)
	client.CreateChatCompletion(openai.Request{Messages: []openai.Message{{Role: "user", Content: prompt}}}) // want "OpenAI identity name" "OpenAI identity name"
	client.CreateChatCompletion(openai.Request{Messages: []openai.Message{{Role: "user", Content: fmt.Sprint(c.ID, c.Verified)}}})
}

func text(c Customer, owner string) {
	p := &twilio.CreateMessageParams{}
	p.SetTo(owner) // want "Twilio contact phone number"
	p.SetBody("hi")
}

func keep(client *s3.Client, c Customer) {
	client.PutObject(&s3.PutObjectInput{Body: []byte("report")})
	mail.Send(c.Email, "hello")
}

func tell(c Customer) {
	mail.PostJSON("https://api.intercom.io/contacts", c) // want "Intercom used"
	mail.PostJSON("http://localhost:9000/x", c)
	crm.New().Create(c.Email, "x")
}
