// Package scanners is the registry of scanners, for the programs that run them.
package scanners

import (
	"github.com/launchgate/launchgate/app/scan"
	"github.com/launchgate/launchgate/app/scan/goanalysis"
	"github.com/launchgate/launchgate/app/scan/readiness"
	"github.com/launchgate/launchgate/app/scan/secrets"
)

// All returns every scanner, in the order of the receipt.
func All() []scan.Scanner {
	return []scan.Scanner{goanalysis.Scanner{}, secrets.New(), readiness.Scanner{}}
}
