package store

import "os"

type User struct {
	ID, Name, Email, Password string
	Phone                     *string
}

type Client struct {
	endpoint string
	k        string
}

func New() *Client { return &Client{endpoint: "x", k: os.Getenv("API_KEY")} }

// Describe tells everything.
func (c *Client) Describe() string { return c.endpoint + "?" + c.k }

// Where tells nothing.
func (c *Client) Where() string { return c.endpoint }

type Sender interface{ Send(to, text string) }

var Default = os.Getenv("SMTP_PASSWORD")
