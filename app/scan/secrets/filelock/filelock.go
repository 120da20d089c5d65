// Package filelock keeps other processes out of what a file is kept for.
package filelock

import (
	"errors"
	"os"
	"syscall"
)

// Lock keeps other processes, and other goroutines of this one, out until unlock
// is called: what another wrote between reading a file and writing it would be lost.
func Lock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() { _ = f.Close() }, nil // closing gives the lock up
}
