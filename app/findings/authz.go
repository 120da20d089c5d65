package findings

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/launchgate/launchgate/app/review"
)

// minAlike is how many routes make a habit of the project.
const minAlike = 4

// The rules of the family that this package knows by name.
const (
	authzFamily   = "authz"
	ruleMissing   = review.RuleID("authz/missing")
	ruleLost      = review.RuleID("authz/lost-guard")
	ruleOptional  = review.RuleID("authz/optional-guard")
	ruleOrder     = review.RuleID("authz/order")
	ruleRole      = review.RuleID("authz/role-missing")
	ruleUndecided = review.RuleID("authz/unresolved")
	ruleAbort     = review.RuleID("authz/abort-missing")
	ruleBelief    = review.RuleID("authz/unverified")
)

// AuthzInput is what Authz compares.
type AuthzInput struct {
	Findings   []review.Finding // with fingerprints and origins, as Compare returns them
	Base, Head []review.Route
	Diff       review.Diff
	// Meant reports whether a route is in the public-route ledger: those are told
	// apart from the others that the same line exposes.
	Meant func(method, path string) bool
}

// Authz makes of findings about single routes what a change did to them: one
// finding for each cause, at the line of the diff that did it, with every route
// that it exposes. What was as open at the merge base is existing, wherever it
// was registered then; a route that was less open lost a guard.
func Authz(in AuthzInput) []review.Finding {
	a := authz{AuthzInput: in, lines: newLines(in.Diff), pairs: make(map[string]pair), used: make(map[review.Fingerprint]bool)}
	var exposed []exposure
	var overtaken []overtaking
	opening := make(map[string][]int) // those of exposed that are more open than they were, by route
	pairs := pairRoutes(in.Base, in.Head, in.Diff)
	a.kept = kept(pairs)
	for _, p := range pairs {
		if p.after == nil {
			continue
		}
		// Of several registrations of one route the one that opened most speaks.
		if old, ok := a.pairs[p.after.Key()]; !ok || opened(p) > opened(old) {
			a.pairs[p.after.Key()] = p
		}
		overtaken = append(overtaken, a.overtaken(p)...)
		if e, ok := a.exposure(p); ok {
			if e.opens() {
				opening[p.after.Key()] = append(opening[p.after.Key()], len(exposed))
			}
			exposed = append(exposed, e)
		}
	}
	for _, f := range in.Findings {
		a.used[f.Fingerprint] = true
	}
	fooled := make(map[string]bool) // the routes a guard of which verifies nothing any more
	for _, e := range exposed {
		if e.believes() {
			fooled[e.after.Key()] = true
		}
	}
	out := make([]review.Finding, 0, len(in.Findings))
	var loose []review.Finding
	for _, f := range in.Findings {
		if f.Rule == ruleBelief && f.Origin == review.Introduced {
			// Said as what the change did, where it did that.
			if slices.ContainsFunc(f.Routes, func(key string) bool { return !fooled[key] }) {
				out = append(out, f)
			}
			continue
		}
		if g, ok := a.servedNow(f); ok {
			loose = append(loose, g)
			continue
		}
		if f.Rule.Family() != authzFamily || f.Origin != review.Introduced || len(f.Routes) != 1 {
			out = append(out, f)
			continue
		}
		p := a.pairs[f.Routes[0]]
		switch {
		case p.after != nil && p.before != nil && openTo(p.before) >= openTo(p.after) && f.Rule != ruleRole,
			p.after != nil && p.before != nil && f.Rule == ruleRole && p.before.Access == p.after.Access && signature(*p.before) == signature(*p.after):
			f.Origin = review.Existing
			out = append(out, f)
		case len(opening[f.Routes[0]]) > 0:
			// A finding about a route as it is goes to the exposure of that route.
			for _, i := range opening[f.Routes[0]] {
				exposed[i].said = &f
			}
		default:
			if n := a.alike(p); f.Rule == ruleOptional && n >= minAlike {
				// Whether that guard is on was decided for all of them, before.
				f.Severity = min(f.Severity, review.SeverityLow)
				f.Message += fmt.Sprintf("; so it was for %d routes before this change", n)
			}
			if n := a.chosen(p); f.Rule == ruleMissing && n >= minAlike {
				f.Severity = min(f.Severity, review.SeverityLow)
				f.Message += fmt.Sprintf("; %s; so it was for %d routes before this change", p.after.Reason, n)
			}
			loose = append(loose, f)
		}
	}
	out = append(out, a.fold(loose)...)
	out = append(out, a.lostGuards(exposed)...)
	out = append(out, a.overtakings(overtaken)...)
	Sort(out)
	return out
}

type authz struct {
	AuthzInput
	lines lines
	pairs map[string]pair // by the head's route
	used  map[review.Fingerprint]bool
	kept  map[attached]bool // the guards that other routes of theirs still have
}

// kept are the guards that routes have which they had, by where they were attached.
func kept(pairs []pair) map[attached]bool {
	out := make(map[attached]bool)
	for _, p := range pairs {
		if p.before == nil || p.after == nil {
			continue
		}
		for _, g := range p.before.Guards {
			if g.Refuses() && slices.ContainsFunc(p.after.Guards, func(h review.Guard) bool { return h.Name == g.Name && h.Refuses() }) {
				out[attached{g.Name, g.Attached}] = true
			}
		}
	}
	return out
}

// alike counts the routes of the base behind the very guard that configuration
// has to turn on and that is all that a new route has.
func (a authz) alike(p pair) int {
	if p.after == nil || p.before != nil {
		return 0
	}
	most := 0
	for _, g := range p.after.Guards {
		if !g.Switched {
			continue
		}
		n := 0
		for _, r := range a.Base {
			if slices.ContainsFunc(r.Guards, func(h review.Guard) bool {
				return h.Switched && h.Name == g.Name && h.File == g.File && (g.If == "" || h.Why == g.Why)
			}) {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

// chosen counts the routes of the base that are open where a new one is because of
// what configuration chooses, which has a guarded version of all of them.
func (a authz) chosen(p pair) int {
	if p.after == nil || p.before != nil || !strings.Contains(p.after.Reason, "registered here only if") {
		return 0
	}
	n := 0
	for _, r := range a.Base {
		if r.Access == review.Public && r.Reason == p.after.Reason {
			n++
		}
	}
	return n
}

// fingerprint tells a finding apart from every other: two servers made in one
// file may have the same routes, and what suppresses a finding about one must not
// hide the other.
func (a authz) fingerprint(f review.Finding) review.Fingerprint {
	for id, n := identity(f, f.Place.Path), 0; ; n++ {
		if fp := fingerprint(id, n); !a.used[fp] {
			a.used[fp] = true
			return fp
		}
	}
}

// opened is by how much a pair is more open than it was; a new route is as much
// more open as it is open.
func opened(p pair) int {
	if p.before == nil {
		return openTo(p.after)
	}
	return openTo(p.after) - openTo(p.before)
}

// exposure is one route that a change opened to more people.
type exposure struct {
	pair
	lost  []loss
	at    review.Place
	found bool // at is a line of the diff
	// said is what the analyzer found about the route as it is now.
	said *review.Finding
}

// exposure judges a pair. A route that could not be decided is none: that is
// said as such.
func (a authz) exposure(p pair) (exposure, bool) {
	if p.before == nil || p.after.Access == review.Unresolved || p.before.Access == review.Unresolved || p.before.Access == review.Public && !signed(p.before) {
		return exposure{}, false
	}
	e := exposure{pair: p}
	more := openTo(p.after) > openTo(p.before)
	for _, l := range compareChains(*p.before, *p.after).lost {
		if !l.base.Refuses() {
			continue
		}
		// A handler's own check besides a guard that stays is belt and braces.
		if !more && l.base.Kind == review.GuardAuthentication && l.base.Name == p.before.Handler.Func {
			continue
		}
		e.lost = append(e.lost, l)
	}
	if !more && len(e.lost) == 0 {
		return exposure{}, false
	}
	sort.SliceStable(e.lost, func(i, j int) bool { return strength(e.lost[i].base) > strength(e.lost[j].base) })
	e.at, e.found = a.cause(e)
	return e, true
}

// refusing are the losses of guards that turned requests away.
func refusing(list []loss) []loss {
	return slices.DeleteFunc(slices.Clone(list), func(l loss) bool { return !l.base.Refuses() })
}

// rule says what kind of exposure it is: why the route is open now, if that is
// known, else that it lost a guard.
func (e exposure) rule() review.RuleID {
	for _, l := range e.lost {
		if l.head != nil && l.head.FlawAt.Line > 0 {
			return ruleAbort
		}
		if l.head != nil && (l.head.Kind == "optional" && !l.head.Exempt || l.head.If != "" && l.base.If == "" && l.head.Kind == l.base.Kind) {
			return ruleOptional
		}
	}
	if e.said != nil && e.said.Rule != ruleOptional && e.said.Rule != ruleMissing && e.said.Rule != ruleRole && e.said.Rule != ruleUndecided {
		return e.said.Rule
	}
	return ruleLost
}

func (e exposure) severity() review.Severity {
	switch {
	case e.likely():
		return review.SeverityMedium
	case e.opens() || e.believes():
		return review.SeverityHigh
	case slices.ContainsFunc(e.lost, func(l loss) bool { return l.base.Kind == review.GuardRole || l.head != nil || namesRole(l.base.Name) }):
		return review.SeverityMedium
	}
	return review.SeverityLow
}

// lostGuards makes one finding of the exposures that have one cause. Routes that
// lost a guard and are as closed as before stand in it only where nothing worse
// does.
func (a authz) lostGuards(list []exposure) []review.Finding {
	type cause struct {
		at       review.Place
		meant    bool
		expected bool
		gone     string // where no line of the diff says how: the guard
	}
	groups := make(map[cause][]exposure)
	var order []cause
	seen := make(map[string]bool)
	for _, e := range list {
		c := cause{at: e.at, meant: a.meant(e.after.Key()), expected: e.likely()}
		if !e.found && len(e.lost) > 0 {
			g := e.lost[0].base
			c.at, c.gone = review.Place{}, fmt.Sprintf("%s\x00%s\x00%s", g.Name, g.File, g.Attached.File)
		}
		k := fmt.Sprintf("%v\x00%s\x00%s", c, e.after.Key(), strings.Join(lostNames(e.lost), ","))
		if seen[k] {
			continue // a package that belongs to several programs
		}
		seen[k] = true
		if _, ok := groups[c]; !ok {
			order = append(order, c)
		}
		groups[c] = append(groups[c], e)
	}
	// A route in the ledger or as open as one expects is told apart; one that is
	// as closed as before is not worth a finding beside the one it shares a cause
	// with.
	var out []review.Finding
	for _, c := range order {
		g := groups[c]
		sort.SliceStable(g, func(i, j int) bool {
			if x, y := openness(g[i].after.Access), openness(g[j].after.Access); x != y {
				return x > y
			}
			return routeLess(*g[i].after, *g[j].after)
		})
		var opened, closed []exposure
		for _, e := range g {
			if e.opens() || e.believes() {
				opened = append(opened, e)
			} else {
				closed = append(closed, e)
			}
		}
		if len(opened) == 0 {
			opened, closed = closed, nil
		}
		at := c.at
		if c.gone != "" {
			at = opened[0].at
		}
		out = append(out, a.lostGuard(at, opened, closed))
	}
	return out
}

// lostGuard is the finding about one cause.
func (a authz) lostGuard(at review.Place, opened, closed []exposure) review.Finding {
	var all []loss
	f := review.Finding{Rule: opened[0].rule(), Confidence: review.ConfidenceHigh, Scanner: "code", Place: at}
	found, listed := false, make(map[string]bool)
	for _, e := range opened {
		all, found = append(all, e.lost...), found || e.found
		f.Severity = max(f.Severity, e.severity())
		if key := e.after.Key(); !listed[key] {
			listed[key] = true
			f.Routes = append(f.Routes, key)
		}
	}
	if !found {
		// The routes did change, but no line of the diff says how: what is
		// understood of one of the two versions may be at fault.
		f.Confidence = review.ConfidenceMedium
	}
	names := lostNames(all)
	f.Message = lostMessage(opened, lostLabels(all))
	if opened[0].likely() {
		// It was guarded until now, so its name alone does not excuse it.
		f.Message += fmt.Sprintf(" (such routes are often meant to be: %s)", opened[0].after.Expected)
	}
	if len(closed) > 0 {
		f.Message += fmt.Sprintf("; %s lost it too and other guards remain", count(len(closed), "route", "routes"))
	}
	f.Symbol, f.Key = strings.Join(names, ", "), strings.Join(f.Routes, ", ")
	f.Evidence = lostEvidence(append(slices.Clone(opened), closed...))
	f.Fingerprint = a.fingerprint(f)
	return f
}

// likely reports whether the route is of a kind that is often public.
func (e exposure) likely() bool {
	return e.opens() && e.after.Access == review.Public && e.after.Expected != ""
}

func (e exposure) opens() bool { return openTo(e.after) > openTo(e.before) }

// believes reports whether a guard of the route verified what is sent, and does
// so no more, or none of those does that the route has instead.
func (e exposure) believes() bool {
	return slices.ContainsFunc(e.lost, func(l loss) bool { return l.head != nil && l.head.Believes && !l.base.Believes }) ||
		len(verifying(*e.before)) > 0 && len(verifying(*e.after)) == 0 && len(believing(*e.after)) > 0
}

// verifying and believing are the guards of a route that look into what they are
// sent, and those that take it for true.
func verifying(r review.Route) []string {
	return guardsOf(r, func(g review.Guard) bool { return g.Refuses() && !g.Believes })
}

func believing(r review.Route) []string {
	return guardsOf(r, func(g review.Guard) bool { return g.Refuses() && g.Believes })
}

func guardsOf(r review.Route, is func(review.Guard) bool) []string {
	var out []string
	for _, g := range r.Guards {
		if is(g) && !slices.Contains(out, g.Label()) {
			out = append(out, g.Label())
		}
	}
	return out
}

func (a authz) meant(key string) bool {
	method, path, _ := strings.Cut(key, " ")
	return a.Meant != nil && a.Meant(method, path)
}

func lostNames(list []loss) []string {
	return lostAs(list, func(g review.Guard) string { return g.Name })
}

// lostLabels are the same as people read them; lines are no part of what a
// finding is known by.
func lostLabels(list []loss) []string { return lostAs(list, review.Guard.Label) }

func lostAs(list []loss, name func(review.Guard) string) []string {
	var out []string
	for _, l := range list {
		if n := name(l.base); !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

func routeLess(a, b review.Route) bool {
	if a.Path != b.Path {
		return a.Path < b.Path
	}
	return a.Method < b.Method
}

// lostMessage says in one sentence what happened to the routes of one cause.
func lostMessage(g []exposure, names []string) string {
	first := g[0]
	what := first.after.Key()
	if len(g) > 1 {
		what = fmt.Sprintf("%d routes (%s)", len(g), someRoutes(g, 3))
	}
	guards := strings.Join(names, " and ")
	verb := func(one, many string) string {
		if len(names) == 1 {
			return guards + " " + one
		}
		return guards + " " + many
	}
	now := nowOpen(g)
	if len(names) == 0 {
		return what + ": " + now + "; before, it was " + first.before.Access.String()
	}
	l := first.lost[0]
	inside := l.base.Name == first.before.Handler.Func
	switch {
	case inside && l.head != nil:
		return fmt.Sprintf("the check inside %s lets more requests pass than before, %s: %s", guards, what, now)
	case inside:
		return fmt.Sprintf("the check inside %s is gone, on which %s rested: %s", guards, what, now)
	case l.head != nil && l.head.FlawAt.Line > 0:
		return fmt.Sprintf("%s at %s:%d and lets the request go on all the same, on %s: %s", verb("answers", "answer"), l.head.FlawAt.File, l.head.FlawAt.Line, what, now)
	case l.head != nil && l.head.If != l.base.If:
		before := "always"
		if l.base.If != "" {
			before = "only if " + l.base.If
		}
		if !first.opens() {
			return fmt.Sprintf("%s to %s only if %s; before, %s", verb("applies", "apply"), what, l.head.If, before)
		}
		return fmt.Sprintf("%s to %s only if %s; before, %s: %s", verb("applies", "apply"), what, l.head.If, before, now)
	case l.head != nil && l.base.Kind == review.GuardRole && l.head.Kind == review.GuardAuthentication:
		return fmt.Sprintf("%s for a login where there was a role to have, on %s: %s", verb("asks", "ask"), what, now)
	case l.head != nil && l.head.Believes:
		return fmt.Sprintf("%s %s: %s", verb("no longer guards", "no longer guard"), what, nowDoes(l, len(g) > 1, len(names) > 1))
	case l.head != nil:
		return fmt.Sprintf("%s %s: %s; %s", verb("no longer guards", "no longer guard"), what, nowDoes(l, len(g) > 1, len(names) > 1), now)
	case review.CanonicalPath(first.before.Path) != review.CanonicalPath(first.after.Path):
		return fmt.Sprintf("%s not apply to %s, as when the handler was at %s: %s", verb("does", "do"), what, first.before.Key(), now)
	}
	return fmt.Sprintf("%s to %s: %s", verb("no longer applies", "no longer apply"), what, now)
}

// nowDoes says what a guard does that does less than it did. Why is a predicate
// with the guard as its subject, or a sentence of its own.
func nowDoes(l loss, many, byName bool) string {
	why := l.head.Why
	if many {
		why = strings.NewReplacer("this path", "these paths", "this request", "these requests").Replace(why)
	}
	first, _, _ := strings.Cut(why, " ")
	switch {
	case first == "its" || first == "an" || first == "no" || first == "the":
		return "now " + why
	case byName:
		return l.base.Label() + " now " + why
	}
	return "it now " + why
}

// nowOpen says who can call the routes of one cause now.
func nowOpen(g []exposure) string {
	public, login := 0, 0
	for _, e := range g {
		switch {
		case e.opens() && e.after.Access == review.Public:
			public++
		case e.opens():
			login++
		}
	}
	them := "it"
	if len(g) > 1 {
		them = "them"
	}
	switch {
	case public == len(g):
		return "anybody can call " + them + " now"
	case login == len(g):
		return "whoever is signed in can call " + them + " now, whatever their role"
	case public+login > 0:
		return fmt.Sprintf("anybody can call %d of them now, whoever is signed in the others", public)
	case g[0].believes() && len(verifying(*g[0].after)) == 0:
		left := believing(*g[0].after)
		return strings.Join(left, " and ") + " " + chooseVerb(len(left), "stands", "stand") + " there, and " + chooseVerb(len(left), "takes", "take") + " whatever is sent for true"
	case g[0].after.Access == review.Role:
		return "other guards still ask for a role"
	}
	return "other guards still ask for a login"
}

func chooseVerb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func someRoutes(g []exposure, n int) string {
	var names []string
	for i, e := range g {
		if i == n {
			names = append(names, fmt.Sprintf("%d more", len(g)-i))
			break
		}
		names = append(names, e.after.Key())
	}
	return strings.Join(names, ", ")
}

// lostEvidence shows where each guard was, what it does now, and the routes.
func lostEvidence(g []exposure) []review.Step {
	var out []review.Step
	add := func(p review.FileLine, side review.Side, note string) {
		if s := (review.Step{Place: review.Place{Path: p.File, Line: p.Line, Side: side}, Note: note}); p.File != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	for _, l := range g[0].lost {
		add(l.base.Attached, review.Left, fmt.Sprintf("before, %s applied here: %s", l.base.Label(), l.base.Why))
		if l.head != nil {
			add(l.head.Attached, review.Right, fmt.Sprintf("now: %s", l.head.Why))
		}
	}
	for i, e := range g {
		if i == 10 {
			out = append(out, review.Step{Note: fmt.Sprintf("%d more routes", len(g)-i)})
			break
		}
		add(e.after.Registered, review.Right, fmt.Sprintf("%s is registered here and is %s now", e.after.Key(), e.after.Access))
	}
	return out
}

// fold moves findings to the lines of the diff that brought them and makes one of
// those that share a line.
func (a authz) fold(list []review.Finding) []review.Finding {
	type cause struct {
		rule     review.RuleID
		path     string
		line     int
		side     review.Side
		severity review.Severity
		sure     review.Confidence
		expected bool
		meant    bool
	}
	groups := make(map[cause][]review.Finding)
	var order []cause
	for _, f := range list {
		if p := a.pairs[f.Routes[0]]; p.after != nil && !a.lines.added(review.FileLine{File: f.Place.Path, Line: f.Place.Line}) {
			e := exposure{pair: p}
			if f.Rule == ruleUndecided && p.before != nil {
				e.lost = refusing(compareChains(*p.before, *p.after).lost)
			}
			if at, ok := a.cause(e); ok {
				f.Place = at
			}
		}
		if p := a.pairs[f.Routes[0]]; f.Rule == ruleUndecided && p.before != nil && p.before.Access != review.Public {
			f.Message += fmt.Sprintf("; before, it was %s", p.before.Access)
		}
		c := cause{f.Rule, f.Place.Path, f.Place.Line, f.Place.Side, f.Severity, f.Confidence, f.Expected != "", a.meant(f.Routes[0])}
		if _, ok := groups[c]; !ok {
			order = append(order, c)
		}
		groups[c] = append(groups[c], f)
	}
	var out []review.Finding
	for _, c := range order {
		g := groups[c]
		f := g[0]
		if len(g) > 1 {
			f.Routes, f.Evidence = nil, slices.Clone(f.Evidence)
			listed := make(map[string]bool)
			for _, o := range g {
				if key := o.Routes[0]; !listed[key] {
					listed[key] = true
					f.Routes = append(f.Routes, key)
				}
			}
			if n := len(f.Routes) - 1; n > 0 && f.Rule == ruleUndecided {
				_, why, _ := strings.Cut(f.Message, ": ")
				f.Message = fmt.Sprintf("%d routes (%s): %s", n+1, andMore(f.Routes, 3), strings.Replace(why, "protects it", "protects them", 1))
				f.Key = strings.Join(f.Routes, ", ")
				f.Fingerprint = a.fingerprint(f)
			} else if n > 0 {
				f.Message += fmt.Sprintf(". The same line does this for %s", andMore(f.Routes[1:], 5))
				f.Key = strings.Join(f.Routes, ", ")
				f.Fingerprint = a.fingerprint(f)
			}
		}
		out = append(out, f)
	}
	return out
}

func andMore(list []string, n int) string {
	if len(list) > n {
		return fmt.Sprintf("%s and %s", strings.Join(list[:n], ", "), count(len(list)-n, "more route", "more routes"))
	}
	return strings.Join(list, ", ")
}
