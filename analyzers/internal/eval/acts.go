package eval

import (
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/importpath"
)

// A check that comes after the deed refuses nothing.

// changes notes a call that deletes or changes what the caller names, before
// anybody was refused.
func (m *machine) changes(name string, recv value, c call) {
	s := m.sim
	if s == nil || s.middleware || s.act != "" || s.unsure > 0 || s.dead || s.blocked != nil || s.final != nil || !s.anonymous {
		return
	}
	if _, ok := recv.(request); ok || !changing(lastName(name)) {
		return
	}
	pkg, _, _ := split(name)
	if known(pkg) != nil || isSessionPackage(importpath.Unversioned(pkg)) {
		return
	}
	if m.takesRequest(c.args) || !slices.ContainsFunc(c.args, func(v value) bool {
		u, ok := v.(*unknown)
		return ok && slices.Contains(u.labels, requestLabel) && !hasIdentity(u.labels)
	}) {
		return
	}
	s.act, s.acted = lastName(name), c.pos
}

// changing reports whether a function is named after a deed that a stranger must
// not do.
func changing(name string) bool {
	ws := words(name)
	if len(ws) == 0 {
		return false
	}
	switch ws[0] {
	case "delete", "remove", "destroy", "drop", "purge", "truncate", "update", "upsert", "insert", "create", "save", "exec", "transfer", "pay", "refund", "approve", "publish", "rename":
		return !strings.Contains(strings.ToLower(name), "log") && !slices.Contains(ws, "attempt") && !slices.Contains(ws, "session") && !slices.Contains(ws, "context")
	}
	return false
}
