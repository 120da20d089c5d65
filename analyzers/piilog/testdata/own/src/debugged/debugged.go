// Package debugged logs one value at each level.
package debugged

import (
	"log"
	"log/slog"

	"github.com/rs/zerolog"
	"github.com/sirupsen/logrus"
	"go.uber.org/zap"

	"model"
)

func levels(u model.User, z *zap.Logger, e zerolog.Logger, l *logrus.Logger) {
	log.Print(u.Password)                             // want "logs/credential"
	slog.Info("in", "password", u.Password)           // want "logs/credential"
	slog.Debug("in", "password", u.Password)          // want "logs/credential"
	z.Error("in", zap.String("password", u.Password)) // want "logs/credential"
	z.Debug("in", zap.String("password", u.Password)) // want "logs/credential"
	e.Warn().Str("password", u.Password).Msg("in")    // want "logs/credential"
	e.Debug().Str("password", u.Password).Msg("in")   // want "logs/credential"
	e.Trace().Str("password", u.Password).Msg("in")   // want "logs/credential"
	l.Warnf("in %s", u.Password)                      // want "logs/credential"
	l.Tracef("in %s", u.Password)                     // want "logs/credential"
	l.WithField("password", u.Password).Debug("in")   // want "logs/credential"
	tell(slog.LevelDebug, u.Password)
	debugf("in %s", u.Password) // want "logs/credential"
}

func tell(level slog.Level, s string) { slog.Log(nil, level, "in", "password", s) } // want "logs/credential"

func debugf(format string, args ...any) { log.Printf(format, args...) }

func ids(u model.User, z *zap.Logger, e zerolog.Logger, l *logrus.Logger) {
	log.Print(u.ID)                                       // ok: an id
	slog.Info("in", "password_set", u.Password != "")     // ok: whether
	slog.Debug("in", "password_length", len(u.Password))  // ok: a length
	z.Error("in", zap.Int("id", int(u.ID)))               // ok: an id
	z.Debug("in", zap.String("role", u.Role))             // ok: a role
	e.Warn().Str("role", u.Role).Msg("in")                // ok: a role
	e.Debug().Bool("verified", u.EmailVerified).Msg("in") // ok: whether
	e.Trace().Int("tokens", u.TokenCount).Msg("in")       // ok: a number
	l.Warnf("in %d", u.ID)                                // ok: an id
	l.Tracef("in %T", u.Password)                         // ok: a type
	l.WithField("id", u.ID).Debug("in")                   // ok: an id
	tell(slog.LevelInfo, u.Role)                          // ok: a role
	debugf("in %s", u.Role)                               // ok: a role
}
