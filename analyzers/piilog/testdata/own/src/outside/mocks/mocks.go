// Package mocks stands in for shop in tests.
package mocks

import (
	"log"

	"outside/shop"
)

// Greet pretends.
func Greet(u shop.User) { log.Print(u.Email) } // ok: for tests
