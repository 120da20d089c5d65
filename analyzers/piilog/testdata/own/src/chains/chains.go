// Package chains logs in chains of calls, some for debugging.
package chains

import (
	"github.com/rs/zerolog/log"
	"github.com/sirupsen/logrus"
)

func chains(password string) {
	log.Info().Str("k", password).Msg("m")                  // want "logs/credential"
	log.Debug().Str("k", password).Msg("m")                 // want "logs/credential"
	logrus.WithField("k", password).Debugf("m")             // want "logs/credential"
	logrus.WithField("k", password).Warn("m")               // want "logs/credential"
	logrus.WithFields(logrus.Fields{"k": password}).Trace() // want "logs/credential"
}
