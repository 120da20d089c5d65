package mend

import (
	"log/slog"

	"github.com/rs/zerolog/log"
	"go.uber.org/zap"
)

type user struct{ ID, Email string }

func in(u user) {
	slog.Info("in", "id", u.ID, "email", u.Email)                        // want "logs/personal-data"
	slog.Info("in", "email", u.Email, "id", u.ID)                        // want "logs/personal-data"
	slog.Info("in", slog.String("email", u.Email), slog.Int("n", 1))     // want "logs/personal-data"
	zap.L().Info("in", zap.String("id", u.ID), zap.String("m", u.Email)) // want "logs/personal-data"
	log.Info().Str("id", u.ID).Str("email", u.Email).Msg("in")           // want "logs/personal-data"
	slog.Info("in " + u.Email)                                           // want "logs/personal-data"
}
