package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/launchgate/launchgate/app/lazyregexp"
	"github.com/launchgate/launchgate/app/review"
)

// SensitivePolicy is what a repository says of its own data, for the rules on
// logs, errors and third parties and for the data map.
type SensitivePolicy struct {
	// Types, Fields and Names are sensitive besides what is recognised, each with
	// its class: a type is written Type or path/to/package.Type, a field
	// Type.Field, a name in any spelling.
	Types  map[string]DataClass `yaml:"types"`
	Fields map[string]DataClass `yaml:"fields"`
	Names  map[string]DataClass `yaml:"names"`
	// NotSensitive are names that only look sensitive here.
	NotSensitive []string `yaml:"not_sensitive"`
	// Redactors are functions whose result tells nothing of their arguments.
	Redactors []string `yaml:"redactors"`
	// SafeLogs are functions, methods or types that write to a log with access
	// control, such as an audit log.
	SafeLogs []string `yaml:"safe_logs"`
	// Classes gives the findings of a class another severity.
	Classes map[string]ClassSeverity `yaml:"classes"`
	// Minor reports user names, display names and IP addresses in logs too.
	Minor bool `yaml:"minor"`
}

// DataClass is a class of sensitive data.
type DataClass string

// DataClasses are the classes there are.
var DataClasses = []DataClass{"credential", "token", "government-id", "payment", "health", "contact", "identity", "finance", "location"}

// UnmarshalText implements encoding.TextUnmarshaler.
func (c *DataClass) UnmarshalText(b []byte) error {
	if !slices.Contains(DataClasses, DataClass(b)) {
		return fmt.Errorf("%q is no class of data; the classes are %s", clip(string(b)), classNames())
	}
	*c = DataClass(b)
	return nil
}

func classNames() string {
	var names []string
	for _, c := range DataClasses {
		names = append(names, string(c))
	}
	return strings.Join(names, ", ")
}

// ClassSeverity is a severity, or "off".
type ClassSeverity string

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *ClassSeverity) UnmarshalText(b []byte) error {
	var sev review.Severity
	if string(b) != "off" && (sev.UnmarshalText(b) != nil || sev == review.SeverityUnknown) {
		return fmt.Errorf("%q must be off, info, low, medium, high or critical", clip(string(b)))
	}
	*s = ClassSeverity(b)
	return nil
}

// typeName, fieldName and funcName are how Go code is named in a policy, with or
// without the package before it. They are compiled when a policy is first read:
// letters of every script make them dear, and most processes read none.
var (
	typeName  = lazyregexp.New(`^([\pL\pN._~/-]+\.)?[\pL_][\pL\p{Nd}_]*$`)
	fieldName = lazyregexp.New(`^([\pL\pN._~/-]+\.)?[\pL_][\pL\p{Nd}_]*\.[\pL_][\pL\p{Nd}_]*$`)
	dataName  = lazyregexp.New(`^[\pL_][\pL\p{Nd} ._-]*$`)
	funcName  = lazyregexp.New(`^[\pL\pN._~/()*-]+$`)
)

// problems returns what is wrong in a well-formed section.
func (s SensitivePolicy) problems(add func(path []any, format string, args ...any)) {
	for _, part := range []struct {
		key  string
		of   map[string]DataClass
		form func() *regexp.Regexp
		want string
	}{
		{"types", s.Types, typeName, "a type, such as Member or example.com/app/model.Member"},
		{"fields", s.Fields, fieldName, "a field with its type, such as Member.Number"},
		{"names", s.Names, dataName, "a name"},
	} {
		for _, k := range slices.Sorted(maps.Keys(part.of)) {
			if len(k) > 300 || !part.form().MatchString(k) {
				add([]any{"sensitive", part.key, k}, "sensitive.%s: %q is not the name of %s", part.key, clip(k), part.want)
			}
			if part.of[k] == "" {
				add([]any{"sensitive", part.key, k}, "sensitive.%s: %q has no class; the classes are %s", part.key, clip(k), classNames())
			}
		}
	}
	for i, n := range s.NotSensitive {
		if len(n) > 300 || !dataName().MatchString(n) {
			add([]any{"sensitive", "not_sensitive", i}, "sensitive.not_sensitive: %q is not a name", clip(n))
		}
	}
	for _, part := range []struct {
		key string
		of  []string
	}{{"redactors", s.Redactors}, {"safe_logs", s.SafeLogs}} {
		for i, f := range part.of {
			if len(f) > 300 || !funcName().MatchString(f) {
				add([]any{"sensitive", part.key, i}, "sensitive.%s: %q is not a function, method or type, such as audit.Logger or logutil.Short", part.key, clip(f))
			}
		}
	}
	for _, c := range slices.Sorted(maps.Keys(s.Classes)) {
		if !slices.Contains(DataClasses, DataClass(c)) {
			add([]any{"sensitive", "classes", c}, "sensitive.classes: %q is no class of data; the classes are %s", clip(c), classNames())
		}
		if s.Classes[c] == "" {
			add([]any{"sensitive", "classes", c}, "sensitive.classes: %q has no severity; off, info, low, medium, high or critical", clip(c))
		}
	}
}
