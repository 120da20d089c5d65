// Command wire puts everything together.
package main

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"os"

	"globals/config"
	"globals/reader"
	"globals/store"
	"model"
)

func main() {
	config.Value = os.Getenv("DB_PASSWORD")                                              // want "logs/credential"
	config.Region = os.Getenv("REGION")                                                  // ok: a place
	config.Mode = os.Getenv("API_TOKEN")                                                 // want "logs/token"
	config.Loaded = os.Getenv("DB_PASSWORD")                                             // want "logs/credential"
	config.Untold = os.Getenv("DB_PASSWORD")                                             // ok: only its length is logged
	config.Digested = fmt.Sprintf("%x", sha256.Sum256([]byte(os.Getenv("DB_PASSWORD")))) // ok: a digest
	config.Show()
	reader.Show()
	_ = http.ListenAndServe(":8080", nil)
}

func fill(u model.User) {
	config.Current = &config.Settings{Text: u.Password, Place: "here"} // want "logs/credential"
	config.Default.Inner.Text = u.Password                             // want "logs/credential"
	config.Values["a"] = u.Password                                    // want "logs/credential"
	config.Values["c"] = u.Password                                    // ok: nobody logs it
	config.Anything = u.Email                                          // want "logs/personal-data"
	config.Keep(u.Password)                                            // want "logs/credential"
	config.Forget(u.Password)                                          // ok: it is only compared
	config.Add(u.Password)                                             // want "logs/credential"
	store.Put(store.Record{Note: u.Password, Place: "here"})           // want "logs/credential"
	store.Handed = u.Password                                          // want "logs/credential"
	store.Handed = ""
}
