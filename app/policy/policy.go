package policy

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/launchgate/launchgate/app/config"
	"github.com/launchgate/launchgate/app/review"
)

// Decide applies a repository's policy to the findings of a review and returns
// them as they should be shown (severities overridden, suppressed ones gone)
// with the decision. The arguments are not changed.
//
// A finding blocks when the change introduced it, it is not expected, its rule
// is not advisory, and severity and confidence reach the policy's thresholds;
// unknown severity or confidence reaches any. Whatever was not looked at makes
// the verdict CouldNotVerify, whether or not something blocks besides.
func Decide(fs []review.Finding, receipt review.Receipt, pol config.Policy, now time.Time) ([]review.Finding, review.Decision) {
	var shown []review.Finding
	var d review.Decision
	excluded, off := 0, 0
	suppressed := make(map[int]int)
	introduced, existing := 0, 0
	for _, f := range fs {
		rule := pol.Rule(f.Rule)
		if rule.Off {
			off++
			continue
		}
		if matchesAny(pol.Exclude, f.Place.Path) && f.Rule.Family() != "secrets" {
			excluded++
			continue
		}
		if i := suppression(pol.Suppressions, f, now); i >= 0 {
			suppressed[i]++
			continue
		}
		if rule.Severity != review.SeverityUnknown {
			f.Severity = rule.Severity
		}
		if entry, ok := ledgerEntry(pol.PublicRoutes, f); ok {
			f.Severity = review.SeverityInfo
			f.Expected = fmt.Sprintf("in the public-route ledger: %s (%s)", entry.Why, entry.Owner)
		}
		if f.Origin == review.Introduced {
			introduced++
		} else {
			existing++
		}
		if blocks(f, rule, pol) {
			d.Blocking = append(d.Blocking, f.Fingerprint)
		}
		if g, ok := undecided(f, rule); ok {
			d.Gaps = append(d.Gaps, g)
		}
		shown = append(shown, f)
	}

	for _, s := range receipt.Scanners {
		d.Notes = append(d.Notes, s.Warnings...)
	}
	d.Notes = append(d.Notes, notes(pol, excluded, off, suppressed, now)...)
	gaps := openGaps(receipt, pol)
	for _, g := range d.Gaps {
		gaps = append(gaps, g.What+": "+g.Why)
	}
	d.Verdict, d.Title, d.Reasons = verdict(receipt, gaps, len(d.Blocking), introduced, existing)
	return shown, d
}

func blocks(f review.Finding, rule config.RulePolicy, pol config.Policy) bool {
	if f.Origin != review.Introduced || f.Expected != "" || rule.Advisory {
		return false
	}
	severe := f.Severity == review.SeverityUnknown || f.Severity >= pol.Block.Severity
	sure := f.Confidence == review.ConfidenceUnknown || f.Confidence >= pol.Block.Confidence
	return severe && sure
}

// undecided makes a gap of an introduced route that nobody could tell who may
// call: green would say that it was looked at. Routes that were undecided before
// are counted in the receipt.
func undecided(f review.Finding, rule config.RulePolicy) (review.Gap, bool) {
	if f.Rule != "authz/unresolved" || f.Origin != review.Introduced || f.Expected != "" || rule.Advisory {
		return review.Gap{}, false
	}
	what := strings.Join(f.Routes, ", ")
	if len(f.Routes) > 3 {
		what = fmt.Sprintf("%s and %d more routes", strings.Join(f.Routes[:3], ", "), len(f.Routes)-3)
	}
	_, why, ok := strings.Cut(f.Message, ": ")
	if !ok {
		why = f.Message
	}
	return review.Gap{Code: review.CodeRouteUnresolved, What: what, Why: why,
		Do: "name the guard under guards in .github/launchgate.yml on the base branch, list the route in the public-route ledger there if it is meant to be open, or register it with a guard that the code names"}, true
}

// verdict names the outcome. Gaps come first: a title that says how many
// findings block would promise green once they are mended (docs/adr/0003).
func verdict(receipt review.Receipt, gaps []string, blocking, introduced, existing int) (review.Verdict, string, []string) {
	var reasons []string
	if len(receipt.Scanners) == 0 {
		gaps = append([]string{"no scanner ran"}, gaps...)
	}
	reasons = append(reasons, gaps...)
	if blocking > 0 {
		reasons = append(reasons, plural(blocking, "introduced finding blocks", "introduced findings block"))
	}
	switch {
	case len(gaps) > 0:
		title := "Could not verify: " + gaps[0]
		if len(gaps) > 1 {
			title += fmt.Sprintf(" and %d more", len(gaps)-1)
		}
		if blocking > 0 {
			title += "; besides, " + plural(blocking, "finding blocks", "findings block")
		}
		return review.CouldNotVerify, title, reasons
	case blocking > 0:
		return review.Block, plural(blocking, "introduced finding blocks", "introduced findings block"), reasons
	}
	title := "Nothing that blocks"
	if introduced > 0 {
		title += ", " + plural(introduced, "introduced finding below the threshold", "introduced findings below the threshold")
	}
	if existing > 0 {
		title += ", " + plural(existing, "finding was there before", "findings were there before")
	}
	return review.Pass, title, append(reasons, "Everything was looked at and nothing introduced blocks.")
}

// openGaps returns one line for everything that should have been looked at,
// was not, and is not accepted by the policy.
func openGaps(receipt review.Receipt, pol config.Policy) []string {
	var open []string
	add := func(scanner string, g review.Gap) {
		if (g.Code == review.CodePackageNotTyped || g.Code == review.CodeTagNotSet) && matchesAny(pol.AllowUnverified, g.What) {
			return
		}
		line := g.What + ": " + g.Why
		if scanner != "" && scanner != g.What {
			line = scanner + ": " + line
		}
		open = append(open, line)
	}
	for _, g := range receipt.Gaps {
		add("", g)
	}
	for _, s := range receipt.Scanners {
		for _, g := range s.Gaps {
			add(s.Scanner, g)
		}
		for _, c := range s.Counts {
			if c.Short() && len(s.Gaps) == 0 {
				open = append(open, fmt.Sprintf("%s: %d of %d %s", s.Scanner, c.Looked, c.Expected, c.Unit))
			}
		}
	}
	return open
}

func suppression(list []config.Suppression, f review.Finding, now time.Time) int {
	for i, s := range list {
		if s.Expired(now) {
			continue
		}
		if s.Fingerprint != "" {
			if s.Fingerprint == f.Fingerprint {
				return i
			}
			continue
		}
		if s.Rule == f.Rule && matchesAny([]string{s.Path}, f.Place.Path) {
			return i
		}
	}
	return -1
}

// StaleLedger returns a note for each entry of the public-route ledger that
// matches no route of a program. routes must be all there are.
func StaleLedger(pol config.Policy, routes []review.Route) []string {
	var out []string
	for _, e := range pol.PublicRoutes {
		// A route for every method is the one an entry for a single method is about,
		// though that entry does not cover it.
		if slices.ContainsFunc(routes, func(r review.Route) bool {
			return e.Matches(r.Method, r.Path) || r.Method == "*" && e.Matches(e.Method, r.Path)
		}) {
			continue
		}
		method := e.Method
		if method == "" {
			method = "*"
		}
		out = append(out, fmt.Sprintf("stale in the public-route ledger: %s %s (%s) matches no route; take it out, or mend its path", method, e.Path, e.Owner))
	}
	return out
}

// InLedger reports whether the public-route ledger has a route.
func InLedger(pol config.Policy, method, path string) bool {
	return slices.ContainsFunc(pol.PublicRoutes, func(e config.PublicRoute) bool { return e.Matches(method, path) })
}

// ledgerEntry finds the entry that covers every route the finding exposes. Only
// findings about who may call a route can be answered by the ledger.
func ledgerEntry(ledger []config.PublicRoute, f review.Finding) (config.PublicRoute, bool) {
	if f.Rule.Family() != "authz" || len(f.Routes) == 0 {
		return config.PublicRoute{}, false
	}
	var last config.PublicRoute
	for _, r := range f.Routes {
		method, pattern, _ := strings.Cut(r, " ")
		found := false
		for _, e := range ledger {
			if e.Matches(method, pattern) {
				last, found = e, true
				break
			}
		}
		if !found {
			return config.PublicRoute{}, false
		}
	}
	return last, true
}

func notes(pol config.Policy, excluded, off int, suppressed map[int]int, now time.Time) []string {
	var out []string
	if excluded > 0 {
		out = append(out, plural(excluded, "finding in an excluded path is left out", "findings in excluded paths are left out"))
	}
	if off > 0 {
		out = append(out, plural(off, "finding of a rule that is switched off is left out", "findings of rules that are switched off are left out"))
	}
	var keys []int
	for i := range suppressed {
		keys = append(keys, i)
	}
	sort.Ints(keys)
	for _, i := range keys {
		s := pol.Suppressions[i]
		out = append(out, fmt.Sprintf("%s suppressed by %s: %s", plural(suppressed[i], "finding is", "findings are"), s.Owner, s.Reason))
	}
	for _, s := range pol.Suppressions {
		if s.Expired(now) {
			out = append(out, fmt.Sprintf("a suppression of %s (%s) has expired: renew it or take it out", s.Owner, s.Reason))
		}
	}
	return out
}

// matchesAny matches slash-separated paths against patterns with * (within a
// segment) and ** (any number of segments). The policy parser has refused
// malformed patterns, so an error here means "does not match".
func matchesAny(patterns []string, p string) bool {
	for _, pattern := range patterns {
		if ok, err := doublestar.Match(pattern, p); ok && err == nil {
			return true
		}
	}
	return false
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
