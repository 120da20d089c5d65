// Command launchgate-vet runs Launchgate's analyzers by themselves: as a
// multichecker on package patterns, or as go vet -vettool.
package main

import (
	"os"
	"strings"

	"golang.org/x/tools/go/analysis/multichecker"
	"golang.org/x/tools/go/analysis/unitchecker"

	"github.com/launchgate/launchgate/analyzers"
)

func main() {
	// go vet asks for -V=full and -flags, and then names a .cfg file.
	for _, arg := range os.Args[1:] {
		if strings.HasSuffix(arg, ".cfg") || arg == "-V=full" || arg == "-flags" {
			unitchecker.Main(analyzers.All()...)
		}
	}
	multichecker.Main(analyzers.All()...)
}
