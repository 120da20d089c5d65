// Package early uses what it is given.
package early

import "crossed/client"

// Clients and Settings are for all.
var (
	Clients  = map[string]*client.Client{}
	Settings *client.Settings
)

// Use makes a client talk.
func Use(c *client.Client) {
	c.Dump()
	c.Show()
}

// All makes all talk.
func All() {
	for _, c := range Clients {
		Use(c)
	}
	Settings.Tell()
}
