// Package inert is the wall around a worker that starts no programs. It is a
// package of its own because the tables of system calls that it needs would cost
// the worker that is started for every push, and runs git, a sixth of a millisecond.
//
// It imports nothing of this module.
package inert

import (
	"runtime"

	"github.com/elastic/go-seccomp-bpf"
)

// Make takes away, with seccomp, what a process needs to execute a program, to
// reach a network, to read or steer another process, or to rearrange its own
// walls. Landlock says which files may be executed; it says nothing of a program
// in memory. Signals stay: Go's runtime interrupts its own threads by them.
func Make() string {
	// The filter binds the thread it is loaded on and is copied to all others; so
	// is the promise never to gain privileges that the kernel wants first.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := seccomp.LoadFilter(seccomp.Filter{NoNewPrivs: true, Flag: seccomp.FilterFlagTSync, Policy: seccomp.Policy{
		DefaultAction: seccomp.ActionAllow,
		Syscalls: []seccomp.SyscallGroup{{Action: seccomp.ActionErrno, Names: []string{
			"execve", "execveat", "memfd_create",
			"socket", "socketpair", "connect", "bind", "listen", "accept4",
			"ptrace", "process_vm_readv", "process_vm_writev", "pidfd_open", "kcmp",
			"unshare", "setns", "mount", "umount2", "pivot_root", "chroot", "open_by_handle_at",
			"fsopen", "fsconfig", "fsmount", "fspick", "move_mount", "open_tree",
			"bpf", "perf_event_open", "io_uring_setup", "userfaultfd", "keyctl", "add_key", "request_key",
		}}},
	}})
	if err != nil {
		return "executing programs and opening sockets are not forbidden: " + err.Error()
	}
	return "no program can be executed and no socket opened (seccomp)"
}
