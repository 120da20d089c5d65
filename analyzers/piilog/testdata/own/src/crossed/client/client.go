// Package client holds what others give it.
package client

import (
	"fmt"
	"log"
)

// Client talks to something.
type Client struct {
	key     string
	base    string
	options Options
}

// Options are a client's.
type Options struct{ Value, Region string }

// New returns a client.
func New(base, k string) *Client { return &Client{base: base, key: k} }

// With returns a client with options.
func With(o Options) *Client { return &Client{options: o} }

// Dump says what the client is made of: who gives it a secret logs one.
func (c *Client) Dump() {
	log.Print(c.key)  // ok: who gives it a secret is told
	log.Print(c.base) // ok: an address
}

// Show says what options there are.
func (c *Client) Show() {
	log.Print(c.options.Value)  // ok: who gives it a secret is told
	log.Print(c.options.Region) // ok: a place
}

// Settings are what a server starts with.
type Settings struct{ Value, Region string }

// Tell logs one of them.
func (s *Settings) Tell() { log.Print(s.Value) } // ok: who gives it a secret is told

// Code is shown by its String method.
type Code struct{ digits string }

// NewCode makes one.
func NewCode(s string) Code { return Code{s} }

func (c Code) String() string { return "code " + c.digits }

// Seal hides what it holds.
type Seal struct{ digits string }

// NewSeal makes one.
func NewSeal(s string) Seal { return Seal{s} }

func (s Seal) String() string { return fmt.Sprint(len(s.digits)) }
