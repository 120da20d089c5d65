// Command vettool is the suite and some of x/tools' analyzers for
// "go vet -vettool", to compare the go command's driver with ours.
package main

import (
	"golang.org/x/tools/go/analysis/unitchecker"

	"github.com/launchgate/launchgate/app/scan/goanalysis/driver/testdata/vettool/suite"
)

func main() { unitchecker.Main(suite.All()...) }
