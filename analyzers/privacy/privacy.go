// Package privacy is what a repository says of its own data: which types, fields
// and names are sensitive, which functions take out what is sensitive, which
// logs are guarded, and how much each class matters. The zero Settings say
// nothing; the analyzers then work with what they know themselves.
//
// It imports the packages under analyzers/internal that decide what is
// sensitive, and package rule.
package privacy

import (
	"fmt"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/callee"
	"github.com/launchgate/launchgate/analyzers/internal/sensitive"
	"github.com/launchgate/launchgate/analyzers/internal/sinks"
	"github.com/launchgate/launchgate/analyzers/rule"
)

// Classes are the classes of sensitive data, as users write them.
var Classes = []string{"credential", "token", "government-id", "payment", "health", "contact", "identity", "finance", "location"}

// classes maps the words users write to those of package sensitive.
var classes = map[string]sensitive.Class{
	"credential": sensitive.Credential, "token": sensitive.Token, "government-id": sensitive.GovID, "payment": sensitive.Payment, "health": sensitive.Health,
	"contact": sensitive.Contact, "identity": sensitive.Identity, "finance": sensitive.Finance, "location": sensitive.Device,
}

// ClassName is the word users write for a class.
func ClassName(c sensitive.Class) string {
	if c == sensitive.HTTP {
		return "token"
	}
	for name, have := range classes {
		if have == c {
			return name
		}
	}
	return string(c)
}

// Settings are one repository's. Its JSON form crosses the border to the worker.
type Settings struct {
	// Types, Fields and Names map what is sensitive here to its class. A type is
	// written Type or path/to/package.Type, a field Type.Field or
	// path/to/package.Type.Field, a name in any spelling.
	Types  map[string]string `json:"types,omitempty"`
	Fields map[string]string `json:"fields,omitempty"`
	Names  map[string]string `json:"names,omitempty"`
	// NotSensitive are names that only look sensitive here.
	NotSensitive []string `json:"not_sensitive,omitempty"`
	// Redactors are functions whose result tells nothing of their arguments.
	Redactors []string `json:"redactors,omitempty"`
	// SafeLogs are functions, methods or types that write to a log with access
	// control, such as an audit log: what reaches them is no finding.
	SafeLogs []string `json:"safe_logs,omitempty"`
	// Severity replaces the severity of findings by class; "off" leaves the
	// class out.
	Severity map[string]string `json:"severity,omitempty"`
	// Minor reports what is personal and common in logs too: user names, display
	// names, IP addresses.
	Minor bool `json:"minor,omitempty"`
}

// Off is the severity that leaves a class out.
const Off rule.Severity = "off"

// Check returns what is wrong with settings; nil if nothing is.
func (s Settings) Check() error {
	for what, m := range map[string]map[string]string{"types": s.Types, "fields": s.Fields, "names": s.Names} {
		for k, v := range m {
			if _, ok := classes[v]; !ok {
				return fmt.Errorf("%s: %s is given the class %q, which is none of %s", what, k, v, strings.Join(Classes, ", "))
			}
		}
	}
	for k, v := range s.Severity {
		if _, ok := classes[k]; !ok {
			return fmt.Errorf("severity: there is no class %q; the classes are %s", k, strings.Join(Classes, ", "))
		}
		switch rule.Severity(v) {
		case rule.Info, rule.Low, rule.Medium, rule.High, rule.Critical, Off:
		default:
			return fmt.Errorf("severity: %s is given %q, which is none of off, info, low, medium, high, critical", k, v)
		}
	}
	return nil
}

// Judge answers the analyzers' questions with what is built in and what the
// settings add.
type Judge struct {
	// Lexicon decides what is sensitive.
	Lexicon  *sensitive.Lexicon
	settings Settings
}

// NewJudge returns the judge of settings.
func NewJudge(s Settings) *Judge {
	return &Judge{settings: s, Lexicon: sensitive.New(sensitive.Additions{
		Names: toClasses(s.Names), Fields: toClasses(s.Fields), Types: toClasses(s.Types), NotSensitive: s.NotSensitive,
	})}
}

func toClasses(m map[string]string) map[string]sensitive.Class {
	out := make(map[string]sensitive.Class, len(m))
	for k, v := range m {
		if c, ok := classes[v]; ok {
			out[k] = c
		}
	}
	return out
}

// Sanitizes reports whether the result of f tells nothing of its arguments.
func (j *Judge) Sanitizes(f callee.Func) bool {
	if _, ok := sinks.Sanitize(f); ok {
		return true
	}
	return named(j.settings.Redactors, f)
}

// SafeLog reports whether what f writes is a log with access control.
func (j *Judge) SafeLog(f callee.Func) bool { return named(j.settings.SafeLogs, f) }

// Severity is that of a finding of a class whose own would be own; ok is false
// if such findings are not reported. level is that of the match.
func (j *Judge) Severity(c sensitive.Class, level string, own rule.Severity) (sev rule.Severity, ok bool) {
	if s, set := j.settings.Severity[ClassName(c)]; set {
		return rule.Severity(s), rule.Severity(s) != Off && (level != sensitive.Low || j.settings.Minor || c == sensitive.Device)
	}
	if level == sensitive.Low && !j.settings.Minor {
		return own, false
	}
	return own, true
}

// named reports whether one of the patterns names f: Func, Type.Method,
// pkg.Func, path/to/pkg.Type.Method, or a type or package for all it has.
func named(patterns []string, f callee.Func) bool {
	pkg := sinks.Canonical(f.Pkg)
	base := pkg[strings.LastIndexByte(pkg, '/')+1:]
	for _, p := range patterns {
		p = strings.NewReplacer("(", "", ")", "", "*", "").Replace(p)
		dir := ""
		if i := strings.LastIndexByte(p, '/'); i >= 0 {
			first, rest, ok := strings.Cut(p[i+1:], ".")
			if !ok {
				if sinks.Canonical(p) == pkg {
					return true // a whole package
				}
				continue
			}
			dir, p = sinks.Canonical(p[:i+1]+first), rest
			if dir != pkg {
				continue
			}
		}
		var want []string
		switch {
		case f.Recv == "":
			want = []string{f.Name}
		default:
			want = []string{f.Recv + "." + f.Name, f.Recv, f.Name}
		}
		for _, w := range want {
			if p == w || dir == "" && p == base+"."+w {
				return true
			}
		}
	}
	return false
}
