// Package reader knows the variables, and not who sets them.
package reader

import (
	"log"

	"globals/config"
	"globals/store"
)

// Show logs what is there.
func Show() {
	log.Printf("text %s", config.Text())   // ok: who sets it is told
	log.Printf("other %s", config.Other()) // ok: a place
	log.Print(store.Latest.Note)           // ok: who sets it is told
	log.Print(store.Latest.Place)          // ok: a place
	v := store.Handed
	tell(v)
}

func tell(s string) {
	log.Print(s) // ok: who sets it is told
}
