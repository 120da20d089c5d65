package authz

import (
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/eval"
	"github.com/launchgate/launchgate/analyzers/internal/program"
	"github.com/launchgate/launchgate/analyzers/routes"
)

// calls answers what a program's functions call, directly or a few calls down.
type calls struct {
	at     map[routes.Place]*program.Func
	byName map[string]*program.Func
}

// maxCallDepth bounds how far down a handler's calls are followed.
const maxCallDepth = 4

func newCalls(pkgs []*program.Package) *calls {
	c := &calls{at: map[routes.Place]*program.Func{}, byName: map[string]*program.Func{}}
	for _, p := range pkgs {
		for _, f := range p.Funcs {
			c.at[routes.Place{File: f.File, Line: int(f.Line)}] = f
			c.byName[f.Name] = f
		}
	}
	return c
}

// any reports whether the function at a place calls one that matches; name is
// qualified: "path.Name" or "path.Type.Name".
func (c *calls) any(handler routes.Symbol, match func(name string) bool) bool {
	f := c.at[routes.Place{File: handler.File, Line: handler.Line}]
	return f != nil && c.search(f, match, 0, map[*program.Func]bool{})
}

func (c *calls) search(f *program.Func, match func(string) bool, depth int, seen map[*program.Func]bool) bool {
	if depth > maxCallDepth || seen[f] {
		return false
	}
	seen[f] = true
	found := false
	var next []*program.Func
	visit(f.Body, func(n *program.Node) {
		name := ""
		switch n.Op {
		case program.Lit:
			name = n.S
		case program.Call:
			switch k := n.K[0]; k.Op {
			case program.Global:
				name = k.S
			case program.Method:
				name = k.T + "." + k.S
			}
			found = found || name != "" && match(name)
		}
		if g := c.byName[name]; g != nil {
			next = append(next, g)
		}
	})
	return found || slices.ContainsFunc(next, func(g *program.Func) bool { return c.search(g, match, depth+1, seen) })
}

func visit(n *program.Node, f func(*program.Node)) {
	if n == nil {
		return
	}
	f(n)
	for _, k := range n.K {
		visit(k, f)
	}
}

// signatureCheck reports whether a function checks the signature of a message:
// the ways of the standard library, of well-known services, and of the program
// itself by name.
func signatureCheck(name string) bool {
	switch name {
	case "crypto/hmac.Equal", "crypto/ed25519.Verify", "crypto/rsa.VerifyPKCS1v15", "crypto/rsa.VerifyPSS", "crypto/ecdsa.Verify", "crypto/ecdsa.VerifyASN1":
		return true
	}
	if eval.VerifiesMessage(name) {
		return true
	}
	ws := wordsOf(name[strings.LastIndexByte(name, '.')+1:])
	has := func(words ...string) bool {
		return slices.ContainsFunc(ws, func(w string) bool { return slices.Contains(words, w) })
	}
	return has("verify", "validate", "check", "valid", "verified") && has("signature", "signatures", "sig", "hmac", "webhook")
}
