package secrets

import "github.com/launchgate/launchgate/app/scan/secrets/filelock"

// lock keeps other processes, and other goroutines of this one, out of the store of
// scanned commits.
func lock(path string) (unlock func(), err error) { return filelock.Lock(path) }
