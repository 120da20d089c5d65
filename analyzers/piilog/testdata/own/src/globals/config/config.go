// Package config declares what others set.
package config

import (
	"fmt"
	"log"
	"os"
)

// What main fills in.
var (
	Value    string
	Region   string
	Mode     = "production"
	Loaded   string
	Untold   string
	Current  *Settings
	Default  Settings
	Values   = map[string]string{}
	Digested string
	Anything any
)

// Settings are what a server starts with.
type Settings struct {
	Text, Place string
	Inner       Inner
}

// Inner is more of it.
type Inner struct{ Text, Place string }

var kept, gone string

var list []string

// Keep keeps a text for later.
func Keep(s string) { kept = s }

// Forget keeps a text that nobody logs.
func Forget(s string) { gone = s }

// Add keeps one more.
func Add(s string) { list = append(list, s) }

// Show logs what there is: who sets it is told.
func Show() {
	log.Print(Value)                // ok: who sets it is told
	log.Print(Region)               // ok: a place
	log.Print("mode " + Mode)       // ok: who sets it is told
	log.Print(Current.Text)         // ok: who sets it is told
	log.Print(Current.Place)        // ok: a place
	log.Print(Default.Inner.Text)   // ok: who sets it is told
	log.Print(Default.Inner.Place)  // ok: a place
	log.Print(Values["a"])          // ok: who sets it is told
	log.Print(Values["b"])          // ok: a place
	log.Print(len(Untold))          // ok: a length
	log.Print(Digested)             // ok: a digest
	log.Print(kept)                 // ok: who sets it is told
	log.Print(gone == "")           // ok: a comparison
	fmt.Fprintln(os.Stderr, list)   // ok: who sets it is told
	log.Print(fmt.Sprint(Anything)) // ok: who sets it is told
}

// Text is what was loaded.
func Text() string { return Loaded }

// Other is what nobody set to anything.
func Other() string { return Region }
