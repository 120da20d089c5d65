// Command cli is for the terminal.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
)

type user struct{ Email, Password string }

func main() {
	email := flag.String("email", "", "whom to add")
	flag.Parse()
	u := user{Email: *email, Password: os.Getenv("PASSWORD")}
	fmt.Println("added", u.Email)                       // ok: said to who asked
	fmt.Fprintf(os.Stderr, "added %s\n", u.Email)       // ok: said to who asked
	fmt.Printf("%s\n", u.Password)                      // ok: said to who asked
	os.Stdout.WriteString(u.Email)                      // ok: said to who asked
	log.Printf("added %s with %s", u.Email, u.Password) // want "logs/credential" "logs/personal-data"
	if f, err := os.Create("added.log"); err == nil {
		fmt.Fprintln(f, "added", len(u.Email)) // ok: a length
		l := log.New(f, "", 0)
		l.Print(u.Password) // want "logs/credential"
	}
}
