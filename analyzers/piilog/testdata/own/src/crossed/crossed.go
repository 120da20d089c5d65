// Package crossed gives values to another package, which logs them.
package crossed

import (
	"fmt"
	"log"

	"crossed/client"
	"crossed/early"
	"model"
)

type app struct {
	client   *client.Client
	settings *client.Settings
}

func build(a *app, u model.User) {
	a.client = client.New("https://example.com", u.Password)                          // want "logs/credential"
	early.Clients["x"] = client.With(client.Options{Value: u.Password, Region: "eu"}) // want "logs/credential"
	var third client.Settings
	third.Value = u.Password // want "logs/credential"
	a.settings = &third
	early.Settings = &client.Settings{Value: "x", Region: u.Password} // ok: nobody logs the region
}

func shown(u model.User) {
	c := client.NewCode(u.Password)
	log.Print(c) // want "logs/credential"
	s := fmt.Sprintf("%v", c)
	log.Print(s)                      // want "logs/credential"
	log.Print("with " + c.String())   // want "logs/credential"
	log.Print(fmt.Sprint("with ", c)) // want "logs/credential"
	d := client.NewSeal(u.Password)
	log.Print(d)                         // ok: a length
	log.Print(fmt.Sprintf("%s", d))      // ok: a length
	log.Print(fmt.Sprint(d, d.String())) // ok: a length
}
