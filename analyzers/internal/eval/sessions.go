package eval

import (
	"slices"

	"github.com/launchgate/launchgate/analyzers/internal/importpath"
	"github.com/launchgate/launchgate/analyzers/internal/program"
)

// What a session keeps under a key. Callers cannot make it up, and a new session has
// nothing: what the program left there at the sign-in says who is calling, whatever
// the key is called. What it leaves there for everybody does not: neither what it
// keeps for those it does not know, nor what one step of a sign-in leaves for the
// next.

// ofSession is what a session has under a key of these words.
func (m *machine) ofSession(t string, ws []string, key value, n *program.Node) value {
	if kept(ws) {
		return &unknown{t: t, labels: ws}
	}
	if s := m.sim; !s.middleware && !hasIdentity(ws) {
		if s.named || m.step(sessionKey(key, n)) {
			return &unknown{t: t, labels: ws}
		}
		s.unnamed = true
	}
	return m.identity(t, mergeLabels(ws, []string{"session"}))
}

// asksSignIn reports whether what a handler refuses strangers with says that they
// are to sign in, or is not for what a session lacks under a key whose name says
// nothing: without the first step of an order the second is answered with 400.
func (m *machine) asksSignIn(c *closure, b *refusal, anon *simulation, path, method string) bool {
	if !anon.unnamed || b.code < 300 || b.code == 401 || b.code == 403 || b.code == 302 {
		return true
	}
	return m.simulate(c, &simulation{anonymous: true, named: true, path: path, method: method}).blocked != nil
}

// sessionKey names the key that a value or else the code is, "" if neither says.
func sessionKey(v value, n *program.Node) string {
	if s, ok := asString(v); ok {
		return s
	}
	if n != nil && (n.Op == program.Const || n.Op == program.Global) {
		return n.S
	}
	return ""
}

// step reports whether a key holds what one step of a sign-in leaves for the next,
// as the state of an authorization by another service: every function that reads it
// puts something else into the session that the program did not write down.
func (m *machine) step(key string) bool {
	if key == "" {
		return false
	}
	if m.signSteps == nil {
		m.signSteps = m.findSteps()
	}
	return m.signSteps[key]
}

func (m *machine) findSteps() map[string]bool {
	lasts := map[string]bool{} // a function reads it that signs nobody in
	out := map[string]bool{}
	for _, p := range m.pkgs {
		for _, fn := range p.Funcs {
			read, put := m.sessionUse(fn.Body)
			for k := range read {
				others := slices.DeleteFunc(slices.Clone(put), func(o string) bool { return o == k })
				lasts[k] = lasts[k] || len(others) == 0
				out[k] = true
			}
		}
	}
	for k := range lasts {
		if lasts[k] {
			delete(out, k)
		}
	}
	return out
}

// sessionUse says which keys of a session a function reads, and into which it puts
// what is no constant.
func (m *machine) sessionUse(body *program.Node) (read map[string]bool, put []string) {
	read = map[string]bool{}
	if body == nil {
		return read, nil
	}
	assigned := map[*program.Node]bool{}
	walk(body, func(n *program.Node) {
		switch n.Op {
		case program.Assign:
			for i, l := range n.K[:min(int(n.N), len(n.K))] {
				if !ofValues(l) {
					continue
				}
				assigned[l] = true
				if j := int(n.N) + i; j < len(n.K) && n.K[j].Op != program.Const && n.K[j].Op != program.Nil {
					put = append(put, sessionKey(nil, l.K[1]))
				}
			}
		case program.Index:
			if ofValues(n) && !assigned[n] {
				read[sessionKey(nil, n.K[1])] = true
			}
		case program.Call:
			key, val := m.sessionCall(n)
			switch {
			case key == nil:
			case val == nil:
				read[sessionKey(nil, key)] = true
			case val.Op != program.Const && val.Op != program.Nil:
				put = append(put, sessionKey(nil, key))
			}
		}
	})
	delete(read, "")
	return read, put
}

// ofValues reports whether code is a part of what a session holds in a map.
func ofValues(n *program.Node) bool {
	return n.Op == program.Index && n.K[0].Op == program.Field && n.K[0].S == "Values"
}

// sessionCall is the key that a call of a session's method reads, and what it puts
// there.
func (m *machine) sessionCall(n *program.Node) (key, val *program.Node) {
	on := n.K[0]
	if on.Op != program.Method || on.T != "" && !isSessionPackage(importpath.Unversioned(pkgOf(on.T))) {
		return nil, nil
	}
	args := n.K[1:]
	switch {
	case readsSession(on.S) && (len(args) == 1 || len(args) == 2):
		return args[len(args)-1], nil
	case (on.S == "Set" || on.S == "Put") && (len(args) == 2 || len(args) == 3):
		return args[len(args)-2], args[len(args)-1]
	}
	return nil, nil
}
