package a

import (
	"crypto/sha256"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httputil"

	zlog "github.com/rs/zerolog/log"
	"github.com/sirupsen/logrus"
	"go.uber.org/zap"
)

type user struct {
	ID, Email, Password, PasswordHash string
	EmailVerified                     bool
	TokenCount                        int
}

type account struct{ ID, APIKey string }

func (a account) String() string { return a.ID }

type form struct{ Email, Password string }

type profile struct{ Name, Secret string }

func standard(u user, p profile) {
	log.Printf("sign-in of %s", u.Email)           // want "logs/personal-data: an email .u.Email. reaches the log"
	log.Println("password", u.Password)            // want "logs/credential: a password .u.Password."
	log.Print("hello " + u.Password)               // want "logs/credential"
	log.Fatalf("%s", fmt.Sprintf("<%s>", u.Email)) // want "logs/personal-data"
	log.Printf("%s and %s", u.Email, u.Password)   // want "logs/personal-data" "logs/credential"
	log.Printf("%+v", p)                           // want "logs/whole-object: a whole profile, whose field Secret"

	msg := "mail to " + u.Email
	log.Print(msg) // want "logs/personal-data"

	secret := u.Password
	log.Printf("%s", secret) // want "logs/credential"
}

func clean(u user, a account, password string) {
	log.Printf("user %s", u.ID)
	log.Printf("%t %d", u.EmailVerified, u.TokenCount)
	log.Printf("%s", u.PasswordHash)
	log.Printf("%d", len(u.Password))
	log.Printf("%t", u.Password == "")
	log.Printf("%T %p", password, &password)
	log.Printf("%x", sha256.Sum256([]byte(password)))
	log.Printf("%s", mask(u.Email))
	log.Print("invalid password")
	log.Println(a)
	log.Printf("%s", errPassword)
	token := mask(u.Password)
	log.Print(token)
	const tokenHeader = "X-Token"
	log.Print(tokenHeader)
}

var errPassword = fmt.Errorf("wrong password")

func mask(s string) string { return "***" }

func structured(u user, r *http.Request) {
	slog.Info("in", "email", u.Email) // want "logs/personal-data"
	slog.Info("in", "email", mask(u.Email))
	slog.Info("in", "user_id", u.ID, "password", u.ID)      // want "logs/credential"
	slog.Info("in", slog.String("token", r.FormValue("x"))) // want "logs/token"
	slog.Debug("in", "email", u.Email)                      // want "logs/personal-data"
	slog.With("email", u.Email).Info("x")                   // want "logs/personal-data"
	slog.Info("in", "next_token", "x", "count", u.TokenCount)
	zap.L().Info("in", zap.String("email", u.Email), zap.Int("n", 1)) // want "logs/personal-data"
	zap.L().Sugar().Infow("in", "password", u.Password)               // want "logs/credential"
	zap.L().Sugar().Debugf("%v", u.Email)                             // want "logs/personal-data"
	zlog.Info().Str("email", u.Email).Msg("in")                       // want "logs/personal-data"
	logrus.WithFields(logrus.Fields{"ssn": u.ID}).Info("in")          // want "logs/government-id"
	logrus.WithField("email", u.Email).Info("in")                     // want "logs/personal-data"
	logrus.Infof("%s", u.ID)
}

func requests(r *http.Request) {
	log.Printf("%v", r.Header)               // want "logs/request-dump"
	log.Print(r.Header.Get("Authorization")) // want "logs/token"
	log.Print(r.Header.Get("User-Agent"))
	log.Print(r.FormValue("password")) // want "logs/credential"
	dump, _ := httputil.DumpRequest(r, true)
	log.Printf("%s", dump) // want "logs/request-dump"
	log.Print(r)           // want "logs/request-dump"
	log.Print(r.URL.Path, r.Method)
}

type appLogger interface {
	Infof(format string, args ...any)
}

type server struct{ logger appLogger }

func (s server) own(u user) {
	s.logger.Infof("mail %s", u.Email) // want "logs/personal-data"
	s.logger.Infof("user %s", u.ID)
}
