package privacy_test

import (
	"testing"

	"github.com/launchgate/launchgate/analyzers/internal/callee"
	"github.com/launchgate/launchgate/analyzers/internal/sensitive"
	"github.com/launchgate/launchgate/analyzers/privacy"
	"github.com/launchgate/launchgate/analyzers/rule"
)

func TestFunctionsAreNamedAsPeopleWriteThem(t *testing.T) {
	record := callee.Func{Pkg: "example.com/app/audit", Recv: "Logger", Name: "Record"}
	short := callee.Func{Pkg: "example.com/app/logutil/v2", Name: "Short"}
	for _, tt := range []struct {
		pattern string
		f       callee.Func
		want    bool
	}{
		{"Logger.Record", record, true},
		{"(*Logger).Record", record, true},
		{"audit.Logger.Record", record, true},
		{"audit.Logger", record, true},
		{"Logger", record, true},
		{"Record", record, true},
		{"example.com/app/audit.Logger.Record", record, true},
		{"example.com/app/audit", record, true},
		{"example.com/other/audit.Logger.Record", record, false},
		{"other.Logger.Record", record, false},
		{"Other.Record", record, false},
		{"audit", record, false},
		{"Short", short, true},
		{"logutil.Short", short, true},
		{"example.com/app/logutil.Short", short, true},
		{"logutil.Shorter", short, false},
		{"", short, false},
	} {
		j := privacy.NewJudge(privacy.Settings{SafeLogs: []string{tt.pattern}, Redactors: []string{tt.pattern}})
		if got := j.SafeLog(tt.f); got != tt.want {
			t.Errorf("%q names %v: %v, want %v", tt.pattern, tt.f, got, tt.want)
		}
		if got := j.Sanitizes(tt.f); got != tt.want {
			t.Errorf("as a redactor, %q names %v: %v, want %v", tt.pattern, tt.f, got, tt.want)
		}
	}
}

func TestSeverity(t *testing.T) {
	for _, tt := range []struct {
		name  string
		set   privacy.Settings
		class sensitive.Class
		level string
		want  rule.Severity
		ok    bool
	}{
		{"built in", privacy.Settings{}, sensitive.Contact, sensitive.Medium, rule.Medium, true},
		{"minor is not reported", privacy.Settings{}, sensitive.Device, sensitive.Low, rule.Medium, false},
		{"minor is asked for", privacy.Settings{Minor: true}, sensitive.Identity, sensitive.Low, rule.Medium, true},
		{"raised", privacy.Settings{Severity: map[string]string{"contact": "critical"}}, sensitive.Contact, sensitive.Medium, rule.Critical, true},
		{"off", privacy.Settings{Severity: map[string]string{"contact": "off"}}, sensitive.Contact, sensitive.Medium, privacy.Off, false},
		{"a severity for locations asks for them", privacy.Settings{Severity: map[string]string{"location": "low"}}, sensitive.Device, sensitive.Low, rule.Low, true},
		{"a header is a token", privacy.Settings{Severity: map[string]string{"token": "critical"}}, sensitive.HTTP, sensitive.High, rule.Critical, true},
		{"a severity for identity asks for no user names", privacy.Settings{Severity: map[string]string{"identity": "high"}}, sensitive.Identity, sensitive.Low, rule.High, false},
	} {
		got, ok := privacy.NewJudge(tt.set).Severity(tt.class, tt.level, rule.Medium)
		if got != tt.want || ok != tt.ok {
			t.Errorf("%s: %s %v, want %s %v", tt.name, got, ok, tt.want, tt.ok)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		name string
		set  privacy.Settings
		ok   bool
	}{
		{"empty", privacy.Settings{}, true},
		{"all", privacy.Settings{Types: map[string]string{"Member": "identity"}, Fields: map[string]string{"A.B": "health"}, Names: map[string]string{"x": "government-id"}, Severity: map[string]string{"contact": "off"}}, true},
		{"no such class", privacy.Settings{Names: map[string]string{"x": "gov_id"}}, false},
		{"no such class of a severity", privacy.Settings{Severity: map[string]string{"mail": "low"}}, false},
		{"no such severity", privacy.Settings{Severity: map[string]string{"contact": "loud"}}, false},
	} {
		if err := tt.set.Check(); (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
