// Package objects logs structs as a whole.
package objects

import (
	"encoding/json"
	"fmt"
	"log"
	"log/slog"

	zlog "github.com/rs/zerolog/log"
	"go.uber.org/zap"

	"model"
)

type creds struct{ user, password string }

type wrapper struct {
	ID    int
	Creds creds
}

type byPointer struct {
	ID    int
	Creds *creds
}

type settings struct {
	Port   int
	APIKey string `json:"-"`
}

type tagged struct {
	ID   string
	Code string `pii:"email"`
	Note string `log:"-"`
}

type safeTag struct {
	Email string `pii:"false"`
}

type config struct {
	Host string
	Port int
	DSN  string
}

type event struct {
	Kind  string
	Count int
}

func whole(u model.User, c creds, w wrapper, p byPointer, s settings, cfg config, e event, card model.Card, pat model.Patient) {
	log.Printf("%+v", c)                       // want "logs/whole-object"
	log.Printf("%v", w)                        // want "logs/whole-object"
	log.Println(card)                          // want "logs/whole-object"
	log.Printf("%+v", &cfg)                    // want "logs/whole-object"
	slog.Info("cfg", "config", cfg)            // want "logs/whole-object"
	log.Printf("%v", []creds{c})               // want "logs/whole-object"
	zlog.Info().Interface("card", card).Send() // want "logs/whole-object"
	zap.L().Info("x", zap.Any("patient", pat)) // want "logs/whole-object"
	raw, _ := json.Marshal(card)
	log.Printf("%s", raw)              // want "logs/whole-object"
	log.Print(fmt.Sprintf("%+v", pat)) // want "logs/whole-object"
	log.Printf("%+v", s)               // want "logs/whole-object"

	log.Printf("%+v", e)                 // ok: nothing sensitive in it
	log.Printf("%+v", p)                 // ok: a pointer inside prints as an address
	zap.L().Info("x", zap.Any("s", s))   // ok: JSON leaves it out
	zlog.Info().Interface("s", s).Send() // ok: JSON leaves it out
	log.Printf("%T", c)                  // ok: the type only
	log.Print(card.Brand, card.Last4)    // ok: the harmless parts
	log.Printf("%d", card.ID)            // ok: an id
	log.Print(cfg.Host, cfg.Port)        // ok: the harmless parts
	c = creds{user: "x", password: "***"}
	log.Printf("%+v", c) // ok: overwritten with a mask
}

func tags(t tagged, s safeTag) {
	log.Print(t.Code)  // want "logs/personal-data"
	log.Print(t.Note)  // want "logs/personal-data"
	log.Print(t.ID)    // ok: an id
	log.Print(s.Email) // ok: declared not to be personal
}

func printers(shy model.Shy, loud model.Loud) {
	log.Print(shy)                  // ok: prints itself without the secret
	log.Printf("%v %+v", shy, &shy) // ok: prints itself without the secret
	slog.Info("x", "shy", shy)      // ok: LogValue leaves it out
	log.Print(loud)                 // want "logs/(credential|whole-object)"
	log.Print(loud.String())        // want "logs/credential"
	log.Print(shy.ID)               // ok: an id
	log.Print(shy.Secret)           // want "logs/credential"
}

func numbers(u model.User, p model.Patient, c model.Card) {
	log.Print(p.SSN)       // want "logs/government-id"
	log.Print(p.Diagnosis) // want "logs/health"
	log.Print(c.CVV)       // want "logs/payment"
	log.Print(u.DOB)       // want "logs/personal-data"
	log.Print(p.Insurer)   // ok: a company
	log.Print(c.Brand)     // ok: a brand
}

type order struct {
	cardNumber int64
	amount     int64
	pin        int
}

func money(o order, salary int) {
	log.Print(o.cardNumber) // want "logs/payment"
	log.Print(salary)       // want "logs/personal-data"
	log.Print(o.amount)     // ok: an amount
	log.Print(o.pin)        // ok: the pin of a chip, or an index
}
