// Package handlers logs objects that hold others by pointer: JSON prints what a
// pointer points to, fmt prints its address.
package handlers

import (
	"fmt"
	"log/slog"
	"os"

	"github.com/sirupsen/logrus"

	"model"
)

type holder struct {
	ID    string
	Owner *model.User
}

type hiding struct {
	ID    string
	Owner *model.User `json:"-"`
}

type private struct{ owner *model.User }

var (
	asJSON = slog.New(slog.NewJSONHandler(os.Stderr, nil))
	asText = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelInfo}))
)

type service struct{ log *slog.Logger }

func newService() *service { return &service{log: slog.New(slog.NewTextHandler(os.Stderr, nil))} }

func objects(h holder, hid hiding, p private) {
	slog.Info("u", "holder", h)            // want "logs/whole-object"
	slog.Info("u", slog.Any("holder", &h)) // want "logs/whole-object"
	asJSON.Info("u", "holder", h)          // want "logs/whole-object"
	asJSON.With("a", 1).Warn("u", "h", h)  // want "logs/whole-object"
	logrus.WithField("h", h).Info("u")     // want "logs/whole-object"

	asText.Info("u", "holder", h)             // ok: text prints the address
	asText.With("a", 1).Warn("u", "h", h)     // ok: text prints the address
	newService().log.Info("u", "h", h)        // ok: text prints the address
	slog.Info("u", "holder", hid)             // ok: JSON leaves it out
	asJSON.Info("u", "holder", p)             // ok: JSON does not see it
	slog.Info("u", "id", h.ID)                // ok: an id
	slog.Info(fmt.Sprintf("holder %+v", h))   // ok: fmt prints the address
	logrus.Infof("holder %+v", h)             // ok: fmt prints the address
	h.Owner = nil                             //
	slog.Info("u", "holder", h)               // ok: nobody in it
	asJSON.Info("u", slog.Group("g", "h", h)) // ok: nobody in it
}
