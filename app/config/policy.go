package config

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/launchgate/launchgate/app/lazyregexp"
	"github.com/launchgate/launchgate/app/review"
)

// MaxPolicyBytes is the largest policy file that is read.
const MaxPolicyBytes = 64 << 10

// Policy is what a repository wants of its reviews. It comes from the base
// branch, so a pull request cannot change its own judge, and is still treated
// as untrusted: anyone with write access can edit it.
type Policy struct {
	Version int `yaml:"version"`
	// Block says which introduced findings block.
	Block Block `yaml:"block"`
	// Rules overrides single rules, by id.
	Rules map[review.RuleID]RulePolicy `yaml:"rules"`
	// Exclude are path patterns (*, **) whose code findings are left out.
	Exclude []string `yaml:"exclude"`
	// PublicRoutes is the public-route ledger.
	PublicRoutes []PublicRoute `yaml:"public_routes"`
	// Guards are functions that guard routes and are not recognised by what they
	// do.
	Guards []GuardPolicy `yaml:"guards"`
	// Secrets refines the secrets scanner.
	Secrets SecretsPolicy `yaml:"secrets"`
	// Sensitive says what is sensitive here, and what is done about it.
	Sensitive SensitivePolicy `yaml:"sensitive"`
	// Suppressions are findings that are meant, with reason, owner and expiry.
	Suppressions []Suppression `yaml:"suppressions"`
	// AllowUnverified are patterns of package paths that need not be typed for a
	// pass, and of files that register routes under build tags that are not set.
	AllowUnverified []string `yaml:"allow_unverified"`
}

// Block is the threshold of the gate.
type Block struct {
	Severity   review.Severity   `yaml:"severity"`
	Confidence review.Confidence `yaml:"confidence"`
}

// RulePolicy overrides one rule.
type RulePolicy struct {
	// Off leaves the rule's findings out; the check says how many.
	Off bool `yaml:"off"`
	// Advisory shows findings and never blocks on them.
	Advisory bool `yaml:"advisory"`
	// Severity replaces the rule's severity when set.
	Severity review.Severity `yaml:"severity"`
}

// PublicRoute is one entry of the public-route ledger.
type PublicRoute struct {
	Method string `yaml:"method"` // "*", ANY or empty for any
	Path   string `yaml:"path"`
	Why    string `yaml:"why"`
	Owner  string `yaml:"owner"`
}

// GuardPolicy declares a function to be a guard.
type GuardPolicy struct {
	// Name is the function's name as "launchgate routes" shows it.
	Name   string `yaml:"name"`
	Grants Grants `yaml:"grants"`
}

// Grants is what passing a guard shows of a caller.
type Grants string

// The grants; empty is GrantsAuthenticated.
const (
	GrantsAuthenticated Grants = "authenticated"
	GrantsRole          Grants = "role"
)

// guardName is the form of a guard's name: a function, or a method with its
// type, perhaps behind a package.
var guardName = lazyregexp.New(`^[\pL_][\pL\p{Nd}_]*(\.[\pL_][\pL\p{Nd}_]*){0,2}$`)

// Matches reports whether the entry covers a route. Parameters match whatever
// their name and the router's way of writing them.
func (p PublicRoute) Matches(method, pattern string) bool {
	if !p.AnyMethod() && !strings.EqualFold(p.Method, method) {
		return false
	}
	return review.CanonicalPath(p.Path) == review.CanonicalPath(pattern)
}

// AnyMethod reports whether the entry is for every method, as routers write it too.
func (p PublicRoute) AnyMethod() bool {
	return p.Method == "" || p.Method == "*" || strings.EqualFold(p.Method, "ANY")
}

// name is what the entry is about, as far as it says.
func (p PublicRoute) name() string {
	switch {
	case p.Path == "":
		return "without a path"
	case p.AnyMethod():
		return p.Path
	}
	return p.Method + " " + p.Path
}

// lacks says what the entry has to have and does not.
func (p PublicRoute) lacks() []string {
	var out []string
	if !strings.HasPrefix(p.Path, "/") {
		out = append(out, "a path that begins with / (as \"launchgate routes\" shows it)")
	}
	if blank(p.Why) {
		out = append(out, "a why (what makes it right that anybody may call it)")
	}
	if blank(p.Owner) {
		out = append(out, "an owner (who answers for that)")
	}
	return out
}

// SecretsPolicy refines the secrets scanner.
type SecretsPolicy struct {
	// ForbidInlineAllow ignores gitleaks:allow comments.
	ForbidInlineAllow bool `yaml:"forbid_inline_allow"`
}

// Suppression says that a finding is meant. Either Fingerprint, or Rule and
// Path, name it.
type Suppression struct {
	Fingerprint review.Fingerprint `yaml:"fingerprint"`
	Rule        review.RuleID      `yaml:"rule"`
	Path        string             `yaml:"path"`
	Reason      string             `yaml:"reason"`
	Owner       string             `yaml:"owner"`
	Expires     Date               `yaml:"expires"`
}

// Expired reports whether the suppression no longer holds. It holds through the
// whole day it names, in UTC.
func (s Suppression) Expired(now time.Time) bool {
	return !s.Expires.IsZero() && !now.Before(s.Expires.AddDate(0, 0, 1))
}

// Date is a day, written 2006-01-02.
type Date struct{ time.Time }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Date) UnmarshalText(b []byte) error {
	t, err := time.Parse(time.DateOnly, string(b))
	if err != nil {
		return fmt.Errorf("%q is not a date of the form 2006-01-02", b)
	}
	d.Time = t
	return nil
}

// DefaultPolicy is the policy of a repository that has none: introduced
// findings of at least medium severity and medium confidence block.
func DefaultPolicy() Policy {
	return Policy{Version: 1, Block: Block{Severity: review.SeverityMedium, Confidence: review.ConfidenceMedium}}
}

// Rule returns the overrides of one rule; the zero value overrides nothing.
func (p Policy) Rule(id review.RuleID) RulePolicy { return p.Rules[id] }

// ParsePolicy reads a policy file; name is used in messages. Its error is a
// *review.Error with CodeBadPolicy that lists every mistake with its line.
func ParsePolicy(name string, data []byte) (Policy, error) {
	pol := DefaultPolicy()
	var problems []string
	if len(data) > MaxPolicyBytes {
		problems = append(problems, fmt.Sprintf("the file has %d bytes, %d are the most that is read", len(data), MaxPolicyBytes))
	} else if root, wrong := decodeStrict(data, &pol); len(wrong) > 0 {
		problems = wrong
	} else {
		problems = pol.problems(func(path ...any) int { return lineOf(root, path...) })
	}
	if len(problems) > 0 {
		return Policy{}, &review.Error{Code: review.CodeBadPolicy, Op: "read the policy", What: name, Do: strings.Join(problems, "; ") + "."}
	}
	return pol, nil
}

// problems returns what is wrong with a policy that is well-formed, with the
// line of each, in the order of the fields.
func (p Policy) problems(lineOf func(path ...any) int) []string {
	var out []string
	add := func(path []any, format string, args ...any) {
		out = append(out, fmt.Sprintf("line %d: %s", lineOf(path...), fmt.Sprintf(format, args...)))
	}
	at := func(path ...any) []any { return path }
	if p.Version != 1 {
		add(at("version"), "version is %d, this Launchgate reads version 1", p.Version)
	}
	if p.Block.Severity == review.SeverityUnknown {
		add(at("block", "severity"), "block.severity is unknown; it must be info, low, medium, high or critical")
	}
	if p.Block.Confidence == review.ConfidenceUnknown {
		add(at("block", "confidence"), "block.confidence is unknown; it must be low, medium or high")
	}
	for _, id := range slices.Sorted(maps.Keys(p.Rules)) {
		r := p.Rules[id]
		if _, err := review.ParseRuleID(string(id)); err != nil {
			add(at("rules", string(id)), "rules: %q is not of the form family/name", clip(string(id)))
		}
		if r.Off && (r.Advisory || r.Severity != review.SeverityUnknown) {
			add(at("rules", string(id)), "rules: %s is off, so advisory or severity say nothing", clip(string(id)))
		}
	}
	for _, list := range []struct {
		name     string
		patterns []string
	}{{"exclude", p.Exclude}, {"allow_unverified", p.AllowUnverified}} {
		for i, pattern := range list.patterns {
			if pattern == "" || !doublestar.ValidatePattern(pattern) || path.IsAbs(pattern) {
				add(at(list.name, i), "%s: %q is not a pattern of paths relative to the repository", list.name, clip(pattern))
			}
		}
	}
	for i, r := range p.PublicRoutes {
		if lacks := r.lacks(); len(lacks) > 0 {
			add(at("public_routes", i), "public_routes: entry %d (%s) needs %s", i+1, clip(r.name()), strings.Join(lacks, ", "))
		}
		if !isMethod(r.Method) {
			add(at("public_routes", i, "method"), "public_routes: entry %d has the method %q, which is none of HTTP's; for all of them write * or leave it out", i+1, clip(r.Method))
		}
	}
	for i, g := range p.Guards {
		if len(g.Name) > 200 || !guardName().MatchString(g.Name) {
			add(at("guards", i), "guards: entry %d needs a name as \"launchgate routes\" shows it, such as RequireOrg or Auth.Require", i+1)
		}
		if g.Grants != "" && g.Grants != GrantsAuthenticated && g.Grants != GrantsRole {
			add(at("guards", i, "grants"), "guards: entry %d grants %q; it must be authenticated or role", i+1, clip(string(g.Grants)))
		}
	}
	p.Sensitive.problems(add)
	for i, s := range p.Suppressions {
		if s.Fingerprint == "" && (s.Rule == "" || s.Path == "") {
			add(at("suppressions", i), "suppressions: entry %d needs a fingerprint, or a rule and a path", i+1)
		}
		if s.Fingerprint != "" && (s.Rule != "" || s.Path != "") {
			add(at("suppressions", i), "suppressions: entry %d has a fingerprint, so rule and path say nothing", i+1)
		}
		if s.Path != "" && (!doublestar.ValidatePattern(s.Path) || path.IsAbs(s.Path)) {
			add(at("suppressions", i, "path"), "suppressions: entry %d has a malformed path pattern", i+1)
		}
		if s.Rule != "" {
			if _, err := review.ParseRuleID(string(s.Rule)); err != nil {
				add(at("suppressions", i, "rule"), "suppressions: entry %d: %q is not of the form family/name", i+1, clip(string(s.Rule)))
			}
		}
		if blank(s.Reason) || blank(s.Owner) {
			add(at("suppressions", i), "suppressions: entry %d needs a reason and an owner", i+1)
		}
	}
	return out
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }

// isMethod reports whether a ledger entry may name this method.
func isMethod(s string) bool {
	switch strings.ToUpper(s) {
	case "", "*", "ANY", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE":
		return true
	}
	return false
}
