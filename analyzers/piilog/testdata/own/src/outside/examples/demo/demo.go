// Package demo shows how shop is used.
package demo

import (
	"log"

	"outside/shop"
)

// Show shows it.
func Show(u shop.User) { log.Print(u.Email) } // ok: an example
