package eval

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/routes"
)

// What a middleware is, by what becomes of the requests that are sent through it.

// trial is what became of two requests that were sent through a middleware: one of
// nobody and one of somebody known.
type trial struct {
	c           *closure
	name        []string
	gin         bool // returning hands on
	anon, there *simulation
	// sure: nobody's is handed on, whatever is not decided; early: for being
	// nobody's. perhaps: on a condition; open: on one that holds by default;
	// switched: on one of configuration; ahead: before it is refused.
	sure, early, perhaps, open, switched, ahead bool
	granted                                     *passage // where it is for what callers choose to send
	because                                     *refusal // what it is refused by for being nobody's
	role, roleWhy                               string   // what is asked for besides
	// barred is what turns plain callers away, lets what is said to one who is
	// handed on all the same.
	barred, lets *refusal
}

// decide sends requests through a middleware and says what it does to them.
func (m *machine) decide(c *closure, path, method string, wrapper bool) verdict {
	t := m.try(c, path, method, wrapper)
	anon, gin := t.anon, t.gin
	v := verdict{kind: routes.KindOther, usedPath: anon.usedPath || t.there.usedPath, reached: anon.reached, again: anon.again, sets: t.sets(), knows: t.knows(), shares: t.anon.keys, handed: t.there.handed}
	m.access(t, &v)
	t.switchedBy(&v)
	t.flaws(&v)
	m.forging(c, &v, anon, t.there, gin)
	m.asksRole(t, &v)
	m.asksKnown(t, &v, path, method)
	m.exempts(c, &v, anon, gin)
	if v.kind == routes.KindAuth || v.kind == routes.KindRole {
		v.gives = slices.Sorted(maps.Keys(t.there.certain))
	} else if v.kind == routes.KindOther || v.kind == routes.KindParser || v.kind == routes.KindOptional {
		v.answers = anon.answered
	}
	v.reached = m.withMaker(v.reached, c.fn)
	m.avoided(c, &v, anon, gin)
	if len(anon.read) > 0 && v.usedPath && (v.kind == routes.KindAuth || v.kind == routes.KindRole || v.kind == routes.KindOptional || v.kind == routes.KindParser) {
		v.say("which paths it exempts is said by " + strings.Join(anon.read, " and "))
	}
	return v
}

// try sends the two requests through a middleware.
func (m *machine) try(c *closure, path, method string, wrapper bool) *trial {
	ends := endsByAnswering(c)
	t := &trial{c: c, gin: m.ginStyle(c) && !wrapper, name: words(shortName(strings.TrimRight(c.fn.Name, "$0123456789")))}
	t.anon = m.simulate(c, &simulation{anonymous: true, middleware: true, inline: !wrapper, path: path, method: method, ends: ends, handsOn: t.gin})
	t.there = m.simulate(c, &simulation{middleware: true, inline: !wrapper, path: path, method: method, ends: ends, handsOn: t.gin})
	t.handedOn()
	t.turnedAway()
	m.plainly(t, path, method, wrapper)
	t.role, t.roleWhy = m.roleIn(t.there)
	if t.role == "" && !(len(t.there.refused) == 0 && len(t.there.denials) == 0 && slices.ContainsFunc(t.there.passed, func(p passage) bool { return !p.unsure })) {
		// Where every known caller passes, what strangers are refused for is no role.
		t.role, t.roleWhy = m.roleIn(t.anon)
	}
	return t
}

// handedOn says whether nobody's request is handed on.
func (t *trial) handedOn() {
	for i, p := range t.anon.passed {
		if p.unsure {
			t.perhaps = true
			t.open = t.open || p.byDefault
			t.switched = t.switched || p.byDefault && !slices.Contains(p.conds, requestLabel) && !slices.Contains(p.conds, identityLabel)
		} else if p.granted {
			t.granted = &t.anon.passed[i]
		} else {
			t.sure = true
			t.early = t.early || p.anon
		}
	}
	if t.gin {
		// Returning is handing on, unless the request was aborted.
		switch t.anon.aborted {
		case 0, 1:
			t.sure = true
		case 2:
			// What it handed on before it aborted has been answered already.
			t.perhaps = false
			t.ahead = t.sure
		}
		if t.anon.dead {
			t.sure = false
		}
	}
}

// turnedAway finds the refusal that nobody's request meets for being that.
func (t *trial) turnedAway() {
	for i, r := range t.anon.refused {
		if r.anon && (!r.unsure || r.code == 401 || r.code == 403 || r.code == 302) && (t.because == nil || r.code == 401 || r.code == 403) {
			t.because = &t.anon.refused[i]
		}
	}
}

// sets is what the middleware puts into the request.
func (t *trial) sets() map[string]value {
	sets := t.anon.sets
	// What it gives only requests with an identity is the identity.
	for k, identity := range t.there.keys {
		if _, both := t.anon.keys[k]; identity && !both {
			if sets == nil {
				sets = map[string]value{}
			}
			sets[k] = absent{}
		}
	}
	return sets
}

// access decides who can get past.
func (m *machine) access(t *trial, v *verdict) {
	switch {
	case notAuth(t.name) && !hasIdentity(t.name):
		v.why = "limits or protects requests, but does not ask who sends them"
	case !t.sure && t.granted != nil && (t.because != nil || t.anon.topAnon):
		v.kind = routes.KindOptional
		v.why = fmt.Sprintf("lets everybody pass at %s who sends what it looks for there, which is no secret", t.granted.pos)
	case t.ahead:
		v.why = fmt.Sprintf("hands every request on at %s, before it refuses any", t.anon.passed[0].pos)
	case !t.sure && t.open && (t.because != nil || t.anon.topAnon || t.anon.blocked != nil):
		v.kind, v.switched = routes.KindOptional, t.switched
		v.why = "lets everybody pass unless configuration demands otherwise: " + conditions(t.anon)
	case !t.sure && t.because != nil:
		v.kind = routes.KindAuth
		v.refused = t.because.pos
		v.why = "an anonymous request is refused at " + t.because.pos.String() + describe(t.because)
		if t.perhaps {
			v.why += ", unless " + conditions(t.anon)
		}
	case !t.sure && t.anon.topAnon:
		v.kind = routes.KindAuth
		v.refused = t.anon.topPos
		v.why = "an anonymous request ends at " + t.anon.topPos.String()
	case !t.sure && (len(t.anon.passed) == 0 && (len(t.there.passed) > 0 || t.gin && t.there.aborted < 2) || !t.open && t.granted == nil && onlyKnownPass(t.anon, t.there)):
		v.kind = routes.KindAuth
		v.why = "hands on requests with an identity, but none without"
	case !t.sure && t.anon.blocked != nil:
		v.kind = routes.KindAuth
		v.refused = t.anon.blocked.pos
		v.why = "an anonymous request ends there: " + t.anon.blocked.text
	case t.sure && !t.early || t.gin && t.anon.aborted == 1:
		m.mayRefuseStrangers(t, v)
	case t.sure:
		v.kind, v.why = routes.KindOptional, "lets requests without an identity pass"
	case t.perhaps:
		v.why = "refuses some requests, but not for lack of an identity"
		for _, r := range t.anon.refused {
			if r.unsure && !r.avoidable && (r.code == 401 || r.code == 403 && hasIdentity(r.why) || r.code == 302) {
				v.kind, v.refused = routes.KindAuth, r.pos
				v.why = fmt.Sprintf("refuses with %d at %s depending on %s", r.code, r.pos, strings.Join(telling(r.why), ", "))
				break
			}
		}
	default:
		v.why = "never hands a request on"
		// Nor one without an identity: what it answers says whether that is why.
		for _, r := range t.anon.refused {
			if r.code == 401 || r.code == 403 {
				v.kind, v.refused = routes.KindAuth, r.pos
				v.why = fmt.Sprintf("no anonymous request passes; it is refused at %s (%d)", r.pos, r.code)
				break
			}
		}
	}
}

// mayRefuseStrangers decides who can get past a middleware that hands nobody's
// request on, where it refuses some under conditions that could not be decided.
func (m *machine) mayRefuseStrangers(t *trial, v *verdict) {
	for _, r := range t.anon.refused {
		if r.unsure && !r.switched && !r.avoidable && (r.code == 401 || r.code == 403 || r.code == 302 || r.code == 0) && (r.code == 401 || hasIdentity(r.why)) {
			v.kind, v.refused = routes.KindAuth, r.pos
			v.why = fmt.Sprintf("refuses with %d at %s depending on %s", r.code, r.pos, strings.Join(telling(r.why), ", "))
			break
		}
	}
	if v.kind == routes.KindAuth {
		if i := slices.IndexFunc(t.anon.passed, func(p passage) bool { return p.off }); i >= 0 {
			v.kind, v.switched = routes.KindOptional, true
			v.why = "lets everybody pass at " + t.anon.passed[i].pos.String() + " unless configuration demands otherwise; then it " + v.why
		}
	}
	if v.kind == routes.KindOther {
		m.refusesNobody(t, v)
	}
}

// refusesNobody says what a middleware is for that every stranger gets past.
func (m *machine) refusesNobody(t *trial, v *verdict) {
	v.why = "hands every request on"
	if i := slices.IndexFunc(t.anon.refused, func(r refusal) bool { return r.switched && (r.code == 401 || r.code == 403 || r.code == 302) }); i >= 0 {
		v.kind, v.switched = routes.KindOptional, true
		v.why = "hands every request on unless configuration demands otherwise; then it refuses some at " + t.anon.refused[i].pos.String()
	}
	if v.kind == routes.KindOptional {
		// said already
	} else if i := slices.IndexFunc(t.anon.refused, func(r refusal) bool { return r.avoidable && (r.code == 401 || r.code == 403) }); i >= 0 {
		v.why = "refuses at " + t.anon.refused[i].pos.String() + " what every caller can do otherwise"
	} else if len(t.there.refused) > 0 && hasIdentity(t.there.refused[0].why) {
		v.kind, v.why = routes.KindOptional, "refuses a wrong identity, but lets requests without one pass"
	} else if m.readsIdentity(t.name) {
		v.kind, v.why = routes.KindParser, "learns who the caller is, but refuses nobody"
	}
	if v.usedPath && m.refusesElsewhere(t.c) {
		v.kind, v.why, v.exempt = routes.KindOptional, "lets requests to this path pass", true
	}
}

// answers says what a refusal answers.
func answers(r *refusal) string {
	if r.code == 302 {
		return "redirects to sign in"
	}
	return fmt.Sprintf("answers %d", r.code)
}

// flaws finds answers that end nothing: the request goes on all the same.
func (t *trial) flaws(v *verdict) {
	if t.gin && t.anon.aborted == 0 && !t.anon.dead && v.kind != routes.KindRole {
		// Whatever it answered, the rest of the chain answers too.
		if r := unaborted(t.anon, t.because); r != nil {
			v.kind, v.flaw, v.flawAt = routes.KindOther, routes.FlawAbort, r.pos
			v.why = fmt.Sprintf("%s at %s but does not abort, so the request goes on to the handler", answers(r), r.pos)
		}
	}
	if !t.gin && t.sure && t.because != nil && !t.because.unsure && (t.because.code == 401 || t.because.code == 403 || t.because.code == 302) {
		v.kind, v.flaw, v.flawAt = routes.KindOther, routes.FlawAbort, t.because.pos
		v.why = fmt.Sprintf("%s at %s and hands the request on all the same", answers(t.because), t.because.pos)
	}
	if t.gin && v.kind == routes.KindAuth && t.there.aborted == 0 && !t.there.dead {
		// It turns strangers away, and of those it knows nobody.
		if r := unaborted(t.there, nil); r != nil && t.role != "" {
			t.role, v.flaw, v.flawAt = "", routes.FlawAbort, r.pos
			v.why += fmt.Sprintf("; answers %d at %s but does not abort, so every known caller's request goes on to the handler", r.code, r.pos)
		}
	}
}

// asksRole makes a guard one that asks for a role, where it does.
func (m *machine) asksRole(t *trial, v *verdict) {
	if v.credulous && v.kind == routes.KindAuth && t.role == "" {
		t.role, t.roleWhy = m.roleIn(t.anon)
	}
	if t.role == "" && !t.gin {
		t.role, t.roleWhy = roleOf(t.there.turned)
	}
	t.weighsPlain(v)
	if t.role == "" && v.kind == routes.KindAuth && v.flaw == "" {
		t.role, t.roleWhy = namedRole(t.c, t.there)
	}
	if v.kind == routes.KindAuth && t.role != "" {
		v.kind = routes.KindRole
		v.why += "; asks for " + t.roleWhy
	}
	if v.kind == routes.KindOptional || v.kind == routes.KindOther {
		v.asksKnown = m.rolesOfKnown(t, v)
		if b := t.barred; v.asksKnown == "" && b != nil && !b.unsure && !t.early && v.flaw == "" && !notAuth(t.name) {
			v.asksKnown = "more than being known at " + b.pos.String() + describe(b)
		}
	}
}

// rolesOfKnown says what a middleware asks of callers who are known by then, though
// it may let strangers pass, too: what their role may do is looked up somewhere, and
// so is what those may do who have none.
func (m *machine) rolesOfKnown(t *trial, v *verdict) string {
	if t.role == "" || v.flaw != "" || notAuth(t.name) || slices.ContainsFunc(t.there.passed, func(p passage) bool { return !p.unsure }) || t.gin && t.there.aborted == 0 {
		return ""
	}
	for _, r := range t.there.refused {
		if r.code != 403 || !r.unsure || r.switched || r.avoidable || !slices.Contains(r.why, identityLabel) {
			continue
		}
		if w, why := roleOf([]refusal{r}); w != "" {
			return why
		}
	}
	return ""
}

// switchedBy says of a guard which switches of the configuration decide whether it
// guards.
func (t *trial) switchedBy(v *verdict) {
	var passes, refuses []condition
	for _, p := range t.anon.passed {
		if p.unsure && len(p.under) > 0 && passes == nil {
			passes = p.under
		}
	}
	for _, r := range t.anon.refused {
		if len(r.under) > 0 && (r.code == 401 || r.code == 403 || r.code == 302) && refuses == nil {
			refuses = r.under
		}
	}
	guards := v.kind == routes.KindAuth || v.kind == routes.KindRole
	switch {
	case guards && passes != nil:
		v.say("lets everybody pass if " + allOf(passes))
	case guards && refuses != nil:
		v.say("guards only if " + allOf(refuses))
	case v.kind != routes.KindOptional || !v.switched:
	case len(passes) == 1:
		v.switchedOff(passes[0].negated().String())
	case passes != nil:
		v.switchedOff("not (" + allBare(passes) + ")" + inBrackets(settingsAsked(passes)))
	case refuses != nil:
		v.switchedOff(allOf(refuses))
	}
}

// switchedOff says of a guard what it takes that it guards.
func (v *verdict) switchedOff(takes string) {
	v.why = "guards only if " + takes + ", which by default is not so"
	v.say("guards only if " + takes)
}

// say adds to what is said of the route.
func (v *verdict) say(s string) {
	if v.note != "" {
		s = v.note + "; " + s
	}
	v.note = s
}
