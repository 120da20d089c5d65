// Package crm talks to a service by its host.
package crm

import (
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strings"
)

const defaultBase = "https://api.hubapi.com"

type Client struct {
	base string
	http *http.Client
}

func New() *Client { return &Client{base: defaultBase, http: http.DefaultClient} }

func (c *Client) Create(email, lastName string) error {
	body := strings.NewReader(fmt.Sprintf(`{"email":%q,"lastname":%q}`, email, lastName))
	_, err := c.http.Post(c.base+"/crm/v3/objects/contacts", "application/json", body) // want "HubSpot contact email" "HubSpot identity name" "HubSpot used"
	return err
}

func (c *Client) Count() error {
	_, err := c.http.Get(c.base + "/crm/v3/count") // want "HubSpot used"
	return err
}

func Track(ssn string) {
	v := url.Values{}
	v.Set("id", ssn)
	http.PostForm("https://collect.example-tracker.io/v1", v) // want "collect.example-tracker.io government-id ssn"
}

func Inside(email string) {
	http.Post("http://user-service/v1", "text/plain", strings.NewReader(email))
	http.Post("http://localhost:8080/v1", "text/plain", strings.NewReader(email))
	resp, err := http.Get("https://example.com/" + email)
	_, _ = resp, err
}

type event struct{ AuthorEmail, Kind string }

func newEvent(author string) *event { return &event{AuthorEmail: author, Kind: "comment"} }

// Reflected takes an object apart field by field.
func Reflected(userEmail string) {
	form := url.Values{}
	v := reflect.ValueOf(*newEvent(userEmail))
	for i := 0; i < v.NumField(); i++ {
		form.Add(v.Type().Field(i).Name, v.Field(i).String())
	}
	http.Post("https://rest.akismet.com/1.1/comment-check", "application/x-www-form-urlencoded", strings.NewReader(form.Encode())) // want "Akismet contact email" "Akismet used"
}
