// Package beside finds programs that stand beside launchgate and do one thing of it.
//
// It imports next to nothing, for package handover, which is done before most
// packages are initialised.
package beside

import (
	"os"
	"syscall"
)

// Find returns the program of that name in the folder of exe, "" where there is none,
// or one that others than the owner of exe may have put there: in a folder such as
// /tmp anybody can add a file.
func Find(exe, name string) string {
	dir := len(exe)
	for dir > 0 && exe[dir-1] != '/' {
		dir--
	}
	path := exe[:dir] + name
	own, err := os.Stat(exe)
	if err != nil {
		return ""
	}
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() || info.Mode()&0o111 == 0 || info.Mode()&0o022&^own.Mode() != 0 {
		return ""
	}
	a, ok := own.Sys().(*syscall.Stat_t)
	b, ok2 := info.Sys().(*syscall.Stat_t)
	if !ok || !ok2 || b.Uid != a.Uid && b.Uid != 0 {
		return ""
	}
	return path
}
