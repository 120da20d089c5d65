// Package handover lets launchgate-secrets do "launchgate secrets --history", if it
// stands beside launchgate and is of the same build. A program of launchgate's size
// spends 10 ms on initialising its packages, and 5 on collecting what that left, before
// it can look at a push, which takes as long.
//
// It is enough to import this package: it acts when it is initialised. Go initialises
// what can be by import path, and this package, which imports next to nothing and must
// not import more, long before most. Where it is late, only time is lost.
package handover

import (
	"os"
	"syscall"

	"github.com/launchgate/launchgate/cmd/internal/beside"
	"github.com/launchgate/launchgate/cmd/internal/build/stamp"
)

// Program is what the look at a history is handed to.
const Program = "launchgate-secrets"

// from begins the first argument of Program; the build that hands over follows, then
// its path and its arguments.
const from = "--from-build="

// keep is set in the environment of a launchgate that must not hand over.
const keep = "LAUNCHGATE_KEEP"

func init() {
	if os.Getenv(keep) != "" || !takes(os.Args) {
		return
	}
	if exe, err := os.Executable(); err == nil {
		to(exe, stamp.ID(), os.Args, syscall.Exec)
	}
}

// takes reports whether Program can do what args say. Whatever else args ask for, such
// as help or the list of a server's findings, is for launchgate.
func takes(args []string) bool {
	if len(args) < 3 || args[1] != "secrets" {
		return false
	}
	history := false
	for _, a := range args[2:] {
		switch a {
		case "--history":
			history = true
		case "list", "mark", "help", "-h", "--help":
			return false
		}
	}
	return history
}

// to becomes Program, if that can be known to be of the same build. It returns if
// launchgate is to do it itself.
func to(exe, build string, args []string, exec func(string, []string, []string) error) {
	if build == "" {
		return
	}
	if path := beside.Find(exe, Program); path != "" && path != exe {
		timerSlack(patient)
		_ = exec(path, append([]string{path, from + build, exe}, args[1:]...), os.Environ())
		timerSlack(usual)
	}
}

// How late the timers of a program may be, in nanoseconds: of one that waits for its
// worker, as that worker's own (see scan.StartWorker). 0 is what it was before.
const (
	patient = 2_000_000
	usual   = 0
)

// timerSlack says it to the kernel (PR_SET_TIMERSLACK), for the thread that becomes
// another program.
func timerSlack(ns uintptr) {
	const setTimerSlack = 29
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, setTimerSlack, ns, 0) // else it is as it was
}

// Taken returns launchgate's path and arguments, of a Program that it started. One of
// another build becomes launchgate again; Taken returns only if that fails.
func Taken(args []string, build string) (exe string, rest []string, ok bool) {
	return taken(args, build, syscall.Exec)
}

func taken(args []string, build string, exec func(string, []string, []string) error) (exe string, rest []string, ok bool) {
	if len(args) < 4 || len(args[1]) < len(from) || args[1][:len(from)] != from {
		return "", nil, false // called by hand
	}
	exe, rest = args[2], args[3:]
	if args[1] == from+build {
		return exe, rest, true
	}
	_ = exec(exe, append([]string{exe}, rest...), append(os.Environ(), keep+"=1"))
	return "", nil, false
}
