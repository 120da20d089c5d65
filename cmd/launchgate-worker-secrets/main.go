// Command launchgate-worker-secrets is launchgate-worker for the secrets scanner:
// the analyzers have nothing to do with it, nor it and the archives and templates
// that gitleaks brings with them.
package main

import (
	"github.com/launchgate/launchgate/app/scan/secrets"
	"github.com/launchgate/launchgate/cmd/internal/worker"
)

func main() { worker.Main(nil, secrets.New()) }
