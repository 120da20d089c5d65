// Package libs logs through the loggers people use.
package libs

import (
	charm "github.com/charmbracelet/log"
	kit "github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/go-logr/logr"
	"github.com/golang/glog"
	"github.com/hashicorp/go-hclog"
	"github.com/rs/zerolog"
	zlog "github.com/rs/zerolog/log"
	"github.com/sirupsen/logrus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"k8s.io/klog/v2"

	"model"
)

func zaps(logger *zap.Logger, sugar *zap.SugaredLogger, u model.User) {
	logger.Info("in", zap.String("email", u.Email))             // want "logs/personal-data"
	logger.Info("in", zap.String("who", u.Email))               // want "logs/personal-data"
	logger.Warn("in", zap.Stringp("phone", u.Phone))            // want "logs/personal-data"
	logger.Info("signed in: " + u.Email)                        // want "logs/personal-data"
	logger.With(zap.String("token", u.Password)).Info("in")     // want "logs/(token|credential)"
	logger.Info("in", zap.ByteString("pw", []byte(u.Password))) // want "logs/credential"
	fields := []zap.Field{zap.Int("n", 1), zap.String("e", u.Email)}
	logger.Info("in", fields...)                                   // want "logs/personal-data"
	sugar.Infow("in", "email", u.Email, "id", u.ID)                // want "logs/personal-data"
	sugar.Infof("in %s", u.Email)                                  // want "logs/personal-data"
	sugar.With("email", u.Email).Info("in")                        // want "logs/personal-data"
	zap.L().Debug("in", zap.String("password", u.Password))        // want "logs/credential"
	zap.S().Errorw("in", "err", u.Password)                        // want "logs/credential"
	logger.Info("in", zap.Bool("email_verified", u.EmailVerified)) // ok: a flag
	logger.Info("in", zap.Int("token_count", u.TokenCount))        // ok: a count
	logger.Info("in", zap.Int("password_length", len(u.Password))) // ok: a length
	logger.Named("email").Info("sent")                             // ok: the logger's name
	sugar.Infow("in", "id", u.ID, "role", u.Role)                  // ok: nothing personal
	logger.Info("in", zap.Any("user", masked(u)))                  // ok: masks itself
}

type maskedUser struct{ id int64 }

func (m maskedUser) MarshalLogObject(e zapcore.ObjectEncoder) error {
	e.AddString("kind", "user")
	return nil
}

func masked(u model.User) maskedUser { return maskedUser{u.ID} }

func zerologs(logger zerolog.Logger, u model.User) {
	zlog.Info().Str("email", u.Email).Msg("in")               // want "logs/personal-data"
	logger.Info().Str("id", "7").Str("pw", u.Password).Send() // want "logs/credential"
	logger.Error().Msgf("no such user %s", u.Email)           // want "logs/personal-data"
	zlog.Printf("%s", u.Password)                             // want "logs/credential"
	e := logger.Info()
	e = e.Str("who", u.Email) // want "logs/personal-data"
	e.Msg("in")
	logger.Info().Dict("u", zerolog.Dict().Str("email", u.Email)).Send() // want "logs/personal-data"
	child := logger.With().Str("email", u.Email).Logger()                // want "logs/personal-data"
	child.Info().Msg("in")
	logger.Info().Msg("hello " + u.Email)                       // want "logs/personal-data"
	logger.Info().Bytes("b", []byte(u.Password)).Send()         // want "logs/credential"
	logger.Info().Int("token_count", u.TokenCount).Msg("in")    // ok: a count
	logger.Info().Bool("has_password", u.Password != "").Send() // ok: a comparison
	logger.Info().Type("email", u.Email).Send()                 // ok: the type only
	logger.Info().Str("role", u.Role).Msg("password changed")   // ok: a constant
}

func logruses(l *logrus.Logger, u model.User) {
	logrus.WithField("email", u.Email).Info("in")                             // want "logs/personal-data"
	logrus.WithFields(logrus.Fields{"id": u.ID, "pw": u.Password}).Info("in") // want "logs/credential"
	l.WithField("id", u.ID).Errorf("%s", u.Email)                             // want "logs/personal-data"
	logrus.Infof("%d %s", u.ID, u.Password)                                   // want "logs/credential"
	l.Tracef("%s", u.Password)                                                // want "logs/credential"
	l.InfoFn(func() []any { return []any{u.Email} })                          // want "logs/personal-data"
	entry := logrus.WithField("session", u.ID)
	entry.WithField("phone", u.Phone).Info("in") // want "logs/personal-data"
	var fl logrus.FieldLogger = l
	fl.Infof("%s", u.Email) // want "logs/personal-data"
	f := logrus.Fields{}
	f["who"] = u.Email
	l.WithFields(f).Info("in")                                         // want "logs/personal-data"
	l.WithFields(logrus.Fields{"id": u.ID, "role": u.Role}).Info("in") // ok: nothing personal
	logrus.Warnln("invalid password for", u.ID)                        // ok: an id
	logrus.WithField("email_count", 3).Info("in")                      // ok: a count
}

func others(h hclog.Logger, k kit.Logger, r logr.Logger, u model.User) {
	glog.Infof("%s", u.Email)                                 // want "logs/personal-data"
	glog.V(2).Infof("%s", u.Password)                         // want "logs/credential"
	glog.Errorln("bad password", u.Password)                  // want "logs/credential"
	klog.InfoS("in", "email", u.Email)                        // want "logs/personal-data"
	klog.ErrorS(nil, "in", "pw", u.Password)                  // want "logs/credential"
	r.Info("in", "email", u.Email)                            // want "logs/personal-data"
	r.WithValues("email", u.Email).Info("in")                 // want "logs/personal-data"
	r.V(1).Info("in", "x", u.Password)                        // want "logs/credential"
	level.Info(k).Log("msg", "in", "email", u.Email)          // want "logs/personal-data"
	kit.With(k, "email", u.Email).Log("msg", "in")            // want "logs/personal-data"
	h.Info("in", "email", u.Email)                            // want "logs/personal-data"
	h.With("token", u.Password).Debug("in")                   // want "logs/(token|credential)"
	charm.Info("in", "email", u.Email)                        // want "logs/personal-data"
	charm.Infof("%s", u.Password)                             // want "logs/credential"
	charm.With("email", u.Email).Warn("in")                   // want "logs/personal-data"
	glog.Info("user ", u.ID)                                  // ok: an id
	klog.Infof("%d", u.TokenCount)                            // ok: a count
	r.Info("password reset", "user", u.ID)                    // ok: an id
	level.Error(k).Log("msg", "wrong password", "user", u.ID) // ok: an id
	h.Error("token expired", "session", u.ID)                 // ok: an id
	charm.Info("in", "role", u.Role)                          // ok: a role
}

type appLogger interface {
	Infof(format string, args ...any)
	Info(msg string, kv ...any)
}

type catalog interface{ Info(msg string, kv ...any) }

func unseen(l appLogger, c catalog, u model.User) {
	l.Infof("%s", u.Email)            // want "logs/personal-data"
	l.Info("in", "email", u.Email)    // want "logs/personal-data"
	l.Infof("%d", u.ID)               // ok: an id
	c.Info("entry", "email", u.Email) // ok: a catalogue is no log
}
