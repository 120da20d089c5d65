package findings

import (
	"fmt"

	"github.com/launchgate/launchgate/app/review"
)

// servedNow makes of a finding about a route that was as open before what a change
// introduced, where the route was not registered by default then and is now: who
// turns a switch on, or drops the condition, puts it before everybody.
func (a authz) servedNow(f review.Finding) (review.Finding, bool) {
	if f.Rule.Family() != authzFamily || f.Origin != review.Existing || len(f.Routes) != 1 {
		return f, false
	}
	p := a.pairs[f.Routes[0]]
	if p.before == nil || p.after == nil || !p.before.Off || p.after.Off || openness(p.after.Access) < openness(review.Unresolved) {
		return f, false
	}
	before := p.before.If
	if p.before.Settings != "" {
		before += " (" + p.before.Settings + ")"
	}
	f.Origin = review.Introduced
	f.Message += fmt.Sprintf("; it is registered by default now, before only if %s", before)
	f.Key += " by default"
	f.Fingerprint = a.fingerprint(f)
	if at, ok := a.defaultChanged(p); ok {
		f.Place = at
	}
	return f, true
}

// defaultChanged finds the line of the diff that changed what a route's condition
// is by default.
func (a authz) defaultChanged(p pair) (review.Place, bool) {
	for _, d := range p.after.Defaults {
		if a.lines.added(d) {
			return right(d), true
		}
	}
	for _, d := range p.before.Defaults {
		if a.lines.deleted(d) {
			return a.left(d), true
		}
	}
	return a.cause(exposure{pair: p})
}
