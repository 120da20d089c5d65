// Package web logs what comes from requests.
package web

import (
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"

	"github.com/gin-gonic/gin"
	"github.com/gofiber/fiber/v2"
	flog "github.com/gofiber/fiber/v2/log"
	"github.com/golang-jwt/jwt/v5"
	"github.com/labstack/echo/v4"
	"golang.org/x/oauth2"
)

type login struct {
	Email    string `json:"email"`
	Password string `json:"password"`
	Remember bool   `json:"remember"`
}

func plain(w http.ResponseWriter, r *http.Request) {
	log.Print(r.Header.Get("Authorization")) // want "logs/token"
	log.Print(r.Header["Cookie"])            // want "logs/token"
	auth := r.Header.Get("authorization")
	log.Printf("auth=%s", auth) // want "logs/token"
	log.Print(r.Header)         // want "logs/request-dump"
	for k, v := range r.Header {
		log.Print(k, v) // want "logs/(request-dump|token)"
	}
	log.Print(r.FormValue("password"))           // want "logs/credential"
	log.Print(r.URL.Query().Get("access_token")) // want "logs/token"
	log.Print(r.PostFormValue("email"))          // want "logs/personal-data"
	_, pw, _ := r.BasicAuth()
	log.Print(pw) // want "logs/credential"
	c, _ := r.Cookie("session")
	log.Print(c.Value) // want "logs/token"
	dump, _ := httputil.DumpRequest(r, true)
	log.Printf("%s", dump) // want "logs/request-dump"
	log.Printf("%+v", r)   // want "logs/request-dump"
	key := os.Getenv("STRIPE_SECRET_KEY")
	log.Print("starting with ", key) // want "logs/credential"
	u, _ := url.Parse("postgres://u@h/db")
	pass, _ := u.User.Password()
	log.Print(pass) // want "logs/credential"

	log.Print(r.Method, r.URL.Path, r.RemoteAddr)        // ok: no secret
	log.Print(r.Header.Get("User-Agent"))                // ok: another header
	log.Print(r.Header.Get("X-Request-ID"))              // ok: another header
	log.Print(len(r.Header))                             // ok: a count
	log.Print(r.FormValue("page"))                       // ok: another value
	log.Print(r.URL.Query().Get("page_token"))           // ok: pagination
	log.Print(os.Getenv("PORT"), os.Getenv("TOKEN_TTL")) // ok: settings
	log.Print(r.Header.Get("Authorization") != "")       // ok: a comparison
	log.Print(u.Redacted())                              // ok: redacted
	theme, _ := r.Cookie("theme")
	log.Print(theme.Name)        // ok: a name
	log.Print(r.PathValue("id")) // ok: an id
	n, _ := io.Copy(io.Discard, r.Body)
	log.Print(n) // ok: a number
}

func gins(c *gin.Context) {
	log.Print(c.GetHeader("Authorization")) // want "logs/token"
	log.Print(c.PostForm("password"))       // want "logs/credential"
	slog.Info("in", "v", c.Query("email"))  // want "logs/personal-data"
	s, _ := c.Cookie("session_id")
	log.Print(s) // want "logs/token"
	var in login
	if err := c.ShouldBindJSON(&in); err != nil {
		log.Print(err) // ok: what is wrong with the JSON
	}
	log.Print(in.Password) // want "logs/credential"
	log.Print(in.Email)    // want "logs/personal-data"
	c.Set("email", in.Email)
	log.Print(c.GetString("email"))           // want "logs/personal-data"
	log.Print(c.Param("id"), c.Query("page")) // ok: no secret
	log.Print(in.Remember)                    // ok: a flag
	log.Print(c.FullPath())                   // ok: a route
}

func echoes(c echo.Context) error {
	c.Logger().Infof("%s", c.FormValue("password"))                  // want "logs/credential"
	c.Logger().Info(c.QueryParam("token"))                           // want "logs/token"
	c.Logger().Errorj(map[string]any{"email": c.FormValue("email")}) // want "logs/personal-data"
	c.Logger().Infof("%s", c.Param("id"))                            // ok: an id
	return nil
}

func fibers(c *fiber.Ctx) error {
	flog.Infow("in", "token", c.Get("Authorization")) // want "logs/token"
	flog.Infof("%s", c.FormValue("password"))         // want "logs/credential"
	log.Print(c.Cookies("session"))                   // want "logs/token"
	flog.Infof("%s", c.Params("id"))                  // ok: an id
	flog.Infof("%s", c.Get("Accept"))                 // ok: another header
	return nil
}

func tokens(t *jwt.Token, key []byte, cfg *oauth2.Config, code string) {
	signed, _ := t.SignedString(key)
	log.Print(signed) // want "logs/token"
	claims := t.Claims.(jwt.MapClaims)
	log.Print(claims["email"]) // want "logs/personal-data"
	log.Print(claims["iss"])   // ok: another claim
	tok, err := cfg.Exchange(nil, code)
	log.Print(tok.AccessToken)  // want "logs/token"
	log.Print(tok.TokenType)    // ok: the kind of token
	log.Print(err)              // ok: an error
	log.Print(t.Valid)          // ok: a flag
	log.Print(cfg.ClientID)     // ok: an id
	log.Print(cfg.ClientSecret) // want "logs/credential"
}
