// Package settings has flags, files and the environment.
package settings

import (
	"crypto/rand"
	"encoding/hex"
	"flag"
	"log"
	"os"
	"strings"
)

var signingKey = mustKey()

func mustKey() []byte {
	b := make([]byte, 32)
	rand.Read(b)
	return b
}

var (
	adminPassword = flag.String("admin-password", "", "password of the admin")
	verbose       = flag.Bool("v", false, "verbose")
	dbURL         string
)

func init() {
	flag.StringVar(&dbURL, "database-url", "", "")
}

func run() {
	log.Println(*adminPassword)                 // want "logs/credential"
	log.Println(*verbose)                       // ok: bool
	log.Println(dbURL)                          // want "logs/credential"
	log.Printf("%x", signingKey)                // want "logs/credential"
	log.Println(hex.EncodeToString(signingKey)) // want "logs/credential"
	log.Println(len(signingKey))                // ok: length
}

func env() {
	log.Println(os.Getenv("DB_PASSWORD"))   // want "logs/credential"
	log.Println(os.Getenv("HOME"))          // ok: harmless variable
	log.Println(os.Getenv("PASSWORD_FILE")) // ok: a path
	v, ok := os.LookupEnv("GITHUB_TOKEN")
	log.Println(ok)                               // ok: bool
	log.Println(v)                                // want "logs/token"
	log.Println(os.ExpandEnv("tok=${API_TOKEN}")) // want "logs/token"
	log.Println(os.ExpandEnv("$HOME/x"))          // ok: harmless variable
	for _, kv := range os.Environ() {
		k, _, _ := strings.Cut(kv, "=")
		log.Println(k) // ok: names only
	}
	key := "SECRET_KEY"
	log.Println(os.Getenv(key)) // want "logs/credential"
	log.Println(key)            // ok: the name of the variable
	if os.Getenv("API_KEY") == "" {
		log.Println("API_KEY is not set") // ok: constant
	}
	token := getenv("SLACK_TOKEN", "none")
	log.Println(token) // want "logs/token"
	port := getenv("PORT", "80")
	log.Println(port) // ok: a port
}

func getenv(k, def string) string {
	if v := os.Getenv(k); v != "" {
		return v
	}
	return def
}
