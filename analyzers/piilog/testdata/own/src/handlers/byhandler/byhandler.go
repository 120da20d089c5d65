// Package byhandler says once how it logs.
package byhandler

import (
	"log/slog"
	"os"

	"model"
)

type holder struct {
	ID    string
	Owner *model.User
}

func setUp() {
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, nil)))
}

func objects(h holder) {
	setUp()
	slog.Info("u", "holder", h)              // ok: text prints the address
	slog.Default().Info("u", "holder", h)    // ok: text prints the address
	slog.Info("u", slog.Group("g", "h", h))  // ok: text prints the address
	slog.Info("u", "owner", h.Owner)         // want "logs/whole-object"
	slog.Info("u", "mail", h.Owner.Email)    // want "logs/personal-data"
	slog.With("a", 1).Info("u", "holder", h) // ok: text prints the address
}
