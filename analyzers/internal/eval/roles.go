package eval

import (
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/program"
)

// What of a refusal says that more than being known is asked for.

// telling picks the words that say what a refusal depends on.
func telling(ws []string) []string {
	var out []string
	for _, w := range ws {
		if identityWord(w) || roleWord(w) {
			out = append(out, w)
		}
	}
	if len(out) == 0 {
		out = ws
	}
	return firstN(out, 4)
}

// roleWord: the word names more than being known.
func roleWord(w string) bool {
	switch w {
	case "role", "roles", "admin", "isadmin", "administrator", "perm", "perms", "permission", "permissions", "scope", "scopes", "acl", "rbac", "casbin", "enforce", "enforcer", "owner", "privilege", "privileges", "superuser", "superadmin",
		"staff", "moderator", "rights", "grant", "grants", "capability", "capabilities", "membership", "authorities", "authority", "can", "policy", "abilities", "ability", "allowed":
		return true
	}
	return false
}

// nearWords is how many of the words that led to a refusal are about the
// condition itself rather than about what led to it.
const nearWords = 12

// roleIn looks for refusals that depend on a role.
func (m *machine) roleIn(s *simulation) (word, why string) {
	refused := slices.Concat(s.refused, s.denials)
	if s.middleware {
		hides(refused)
	}
	return roleOf(refused)
}

// hides takes for refusals what tells known callers that there is nothing, where
// nothing but what they are leads there: whoever may not see a part of the program
// shall not learn of it.
func hides(refused []refusal) {
	for i, r := range refused {
		if r.code == 404 && r.asked != nil && slices.Contains(r.why, identityLabel) && slices.ContainsFunc(nodeWords(r.asked), roleWord) {
			refused[i].code = 403
		}
	}
}

func roleOf(refused []refusal) (word, why string) {
	for _, r := range refused {
		if r.code != 300 && !r.keepsOut() || r.code == 404 && !r.sought || r.partial {
			continue
		}
		if !r.sought && slices.Contains(r.why, relatedLabel) {
			continue // whose a record is, a handler asks of everybody
		}
		if r.sought && r.code != 401 {
			return "membership", "membership at " + r.pos.String()
		}
		ws := firstN(r.why, nearWords) // the nearest names come first
		present := r.asked != nil && isSentinel(r.asked)
		if r.code == 401 && r.asked != nil {
			// It says that the credentials are wrong. What the functions are called
			// that look them up says nothing of a role.
			ws = nodeWords(r.asked)
		}
		for _, w := range ws {
			if roleWord(w) && !(present && w == "owner") && !r.onlyFilled(w) {
				return w, w + " at " + r.pos.String()
			}
		}
		if w := r.standing(); w != "" && !r.anon {
			return w, w + " at " + r.pos.String()
		}
	}
	return "", ""
}

// onlyFilled reports whether a word is in the condition of a refusal only where it names
// what a call fills in: that says what is learnt, not what is asked for.
func (r *refusal) onlyFilled(w string) bool {
	if r.asked == nil || r.weighed {
		return false
	}
	filled, other := false, false
	var visit func(n *program.Node, in bool)
	visit = func(n *program.Node, in bool) {
		switch n.Op {
		case program.Const:
			if strings.Contains(n.S, " ") {
				break // a query names the columns that are filled in
			}
			fallthrough
		case program.Local, program.Global, program.Field, program.Method:
			if slices.Contains(words(lastName(n.S)), w) {
				filled, other = filled || in, other || !in
			}
		}
		for i, k := range n.K {
			visit(k, in || n.Op == program.Call && i > 0 && k.Op == program.Addr)
		}
	}
	visit(r.asked, false)
	return filled && !other
}

// isSentinel reports whether a condition compares something with a constant that
// stands for none of its kind.
func isSentinel(n *program.Node) bool {
	if n.Op != program.Binary || n.S != "==" && n.S != "!=" && n.S != "<" && n.S != "<=" {
		return false
	}
	none := func(k *program.Node) bool {
		if k.Op == program.Unary && k.S == "-" {
			return k.K[0].Op == program.Const
		}
		return isZero(k) || k.Op == program.Const && k.S == "-1"
	}
	return none(n.K[0]) || none(n.K[1]) || n.S == "<" && n.K[1].Op == program.Const && n.K[1].S == "1" && isNumber(n.K[0])
}

// isNumber reports whether an expression is named as the number of a record, of which
// the first is 1.
func isNumber(n *program.Node) bool {
	ws := words(lastName(n.S))
	return len(ws) > 0 && (ws[len(ws)-1] == "id" || ws[len(ws)-1] == "uid")
}

// asksMore says what a handler asks of callers that are known, "" if no more than that.
func (m *machine) asksMore(there *simulation, barred *refusal) string {
	if barred == nil && there.weighs {
		barred = there.refusesSome()
	}
	if barred != nil {
		return "more than being known at " + barred.pos.String() + describe(barred)
	}
	if there.weighs {
		return "" // what it asks of the caller keeps nobody out
	}
	_, why := m.roleIn(there)
	return why
}

// namedRole is the role that a guard is named after, if it also refuses callers
// it knows.
func namedRole(c *closure, there *simulation) (word, why string) {
	i := slices.IndexFunc(there.refused, func(r refusal) bool { return r.unsure && !r.partial && !r.ofNobody() })
	if i < 0 {
		return "", ""
	}
	names := []string{strings.TrimRight(c.fn.Name, "$0123456789")}
	for _, x := range there.inlined {
		names = append(names, strings.TrimRight(x.Name, "$0123456789"))
	}
	for _, n := range names {
		for _, w := range words(lastName(n)) {
			switch w {
			case "rbac", "casbin", "role", "roles", "admin", "permission", "permissions", "perm", "perms", "superuser", "superadmin", "acl", "owner":
				return w, w + ", as " + shortName(n) + " is named, and refuses known callers at " + there.refused[i].pos.String()
			}
		}
	}
	return "", ""
}
