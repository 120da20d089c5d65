// Package early does what is to be done before other packages are initialised, which
// takes a large program longer than many a command: it has the collector begin late
// (package lategc), unless the environment says how it shall go.
//
// It is enough to import this package. Go initialises what can be by import path, and
// this package, which imports next to nothing, before most.
package early

import (
	"os"

	"github.com/launchgate/launchgate/app/lategc"
)

func init() {
	if os.Getenv("GOGC") == "" {
		lategc.Collect()
	}
}
