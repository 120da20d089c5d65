package a

import (
	"log"
	"net/http"
	"strings"

	gincors "github.com/gin-contrib/cors"
	"github.com/rs/cors"
)

const wildcard = "*"

func gin(origins []string) {
	_ = gincors.Default()                                             // want "cors/any-origin: Default.. lets every origin"
	_ = gincors.New(gincors.Config{AllowAllOrigins: true})            // want "cors/any-origin"
	_ = gincors.New(gincors.Config{AllowOrigins: []string{wildcard}}) // want "cors/any-origin"
	_ = gincors.New(gincors.Config{AllowOrigins: []string{"https://app.example.com"}, AllowCredentials: true})
	_ = gincors.New(gincors.Config{AllowOrigins: origins})
	_ = gincors.New(gincors.Config{
		AllowOriginFunc:  func(origin string) bool { return true }, // want "cors/reflected-origin"
		AllowCredentials: true,
	})
	_ = gincors.New(gincors.Config{AllowOriginFunc: func(string) bool { return true }}) // want "cors/any-origin"
	_ = gincors.New(gincors.Config{
		AllowOriginFunc: func(origin string) bool {
			if origin == "https://app.example.com" {
				return true
			}
			return false
		},
		AllowCredentials: true,
	})
	_ = gincors.New(gincors.Config{AllowOrigins: []string{"null"}, AllowCredentials: true}) // want "cors/reflected-origin"

	c := gincors.DefaultConfig()
	c.AllowAllOrigins = true // want "cors/any-origin"
	d := gincors.DefaultConfig()
	d.AllowAllOrigins = false
	d.AllowOrigins = []string{"https://app.example.com"}
}

func rs() {
	_ = cors.Default()                                          // want "cors/any-origin"
	_ = cors.AllowAll()                                         // want "cors/any-origin"
	_ = cors.New(cors.Options{})                                // want "cors/any-origin: no origin is listed"
	_ = cors.New(cors.Options{AllowedMethods: []string{"GET"}}) // want "cors/any-origin: no origin is listed"
	_ = cors.New(cors.Options{AllowedOrigins: []string{"https://app.example.com"}})
	_ = cors.New(cors.Options{AllowedOrigins: []string{"https://*"}, AllowCredentials: true}) // want "cors/reflected-origin"
}

func star(w http.ResponseWriter) {
	w.Header().Set("Access-Control-Allow-Origin", "*") // want "cors/any-origin"
}

func mirror(w http.ResponseWriter, r *http.Request) {
	origin := r.Header.Get("Origin")
	if origin != "" {
		log.Print(origin)
	}
	w.Header().Set("access-control-allow-origin", origin) // want "cors/reflected-origin"
	w.Header().Set("Access-Control-Allow-Credentials", "true")
}

func mirrorWithout(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin")) // want "cors/any-origin"
}

func weak(w http.ResponseWriter, r *http.Request) {
	origin := r.Header.Get("Origin")
	if strings.Contains(origin, "example.com") {
		w.Header().Set("Access-Control-Allow-Origin", origin) // want "cors/reflected-origin"
		w.Header().Set("Access-Control-Allow-Credentials", "true")
	}
}

var allowed = map[string]bool{"https://app.example.com": true}

func listed(w http.ResponseWriter, r *http.Request) {
	origin := r.Header.Get("Origin")
	if allowed[origin] {
		w.Header().Set("Access-Control-Allow-Origin", origin)
		w.Header().Set("Access-Control-Allow-Credentials", "true")
	}
}

func compared(w http.ResponseWriter, r *http.Request) {
	if origin := r.Header.Get("Origin"); origin == "https://app.example.com" {
		w.Header().Set("Access-Control-Allow-Origin", origin)
	}
}

func fixed(w http.ResponseWriter) {
	w.Header().Set("Access-Control-Allow-Origin", "https://app.example.com")
}
