package sinks_test

import (
	"fmt"
	"go/token"
	"go/types"
	"os"
	"strings"
	"testing"

	"github.com/launchgate/launchgate/analyzers/internal/callee"
	"github.com/launchgate/launchgate/analyzers/internal/sinks"
	"github.com/launchgate/launchgate/analyzers/internal/sinks/compile"
)

func TestTableIsCompiledFromTheFacts(t *testing.T) {
	want, err := compile.Table(os.DirFS("facts"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("table.txt")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("table.txt is not what the facts compile to; run go generate ./analyzers/internal/sinks")
	}
}

// Every call of the catalogue must be found as it is written there, and each
// that emits something must name an argument.
func TestEveryFactIsFound(t *testing.T) {
	data, err := os.ReadFile("facts/logsinks.tsv")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n")[1:] {
		f := strings.Split(line, "\t")
		fn := callee.Func{Pkg: f[0], Recv: strings.Trim(f[1], "-"), Name: f[2]}
		s, ok := sinks.Lookup(fn)
		if !ok {
			t.Errorf("%v is not found", fn)
			continue
		}
		n++
		if s.Emits() && len(s.Args(8)) == 0 {
			t.Errorf("%v emits nothing of its arguments (%s %s)", fn, f[3], f[5])
		}
	}
	if n != 1399 {
		t.Errorf("%d facts are found, 1399 are in the catalogue", n)
	}
}

func TestLookup(t *testing.T) {
	for _, tt := range []struct {
		pkg, recv, name string
		want            string // style, destination, level; "" for none
	}{
		{"log", "", "Printf", "printf log -"},
		{"log", "Logger", "Fatalln", "println log fatal"},
		{"log/slog", "", "InfoContext", "kv log info"},
		{"golang.org/x/exp/slog", "", "Info", "kv log info"},
		{"go.uber.org/zap", "SugaredLogger", "Debugw", "kv log debug"},
		{"example.com/app/vendor/go.uber.org/zap", "Logger", "Error", "fields log error"},
		{"github.com/Sirupsen/logrus", "Entry", "Warnf", "printf log warn"},
		{"gopkg.in/inconshreveable/log15.v2", "Logger", "Crit", "kv log error"},
		{"github.com/golang/glog", "", "Exitf", "printf log fatal"},
		{"github.com/gofiber/fiber/v4/log", "", "Infow", "kv log info"},
		{"github.com/labstack/echo", "Logger", "Infoj", "map log info"},
		{"github.com/charmbracelet/log/v2", "", "Error", "kv log error"},
		{"charm.land/log/v2", "Logger", "Debug", "kv log debug"},
		{"github.com/rs/zerolog", "Event", "Str", "event_field log -"},
		{"fmt", "", "Println", "stdout_println console -"},
		{"fmt", "", "Fprintf", "writer_printf writer -"},
		{"github.com/getsentry/sentry-go", "Scope", "SetUser", "struct@0 telemetry -"},
		{"go.opentelemetry.io/otel/trace", "Span", "SetAttributes", "with_fields telemetry -"},
		{"gopkg.in/DataDog/dd-trace-go.v1/ddtrace/tracer", "Span", "SetTag", "event_field telemetry -"},
		{"github.com/DataDog/dd-trace-go/v2/ddtrace/tracer", "Span", "SetTag", "event_field telemetry -"},
		{"github.com/newrelic/go-agent/v3/newrelic", "Transaction", "AddAttribute", "event_field telemetry -"},
		{"github.com/bugsnag/bugsnag-go/v2", "", "Notify", "print telemetry -"},
		{"github.com/rollbar/rollbar-go", "", "SetPerson", "with_kv telemetry -"},
		{"github.com/segmentio/analytics-go/v3", "Client", "Enqueue", "struct@0 telemetry -"},
		{"github.com/honeycombio/beeline-go", "", "AddField", "event_field telemetry -"},
		{"fmt", "", "Sprintf", ""},
		{"log", "", "New", "msg@1 log -"},
		{"testing", "T", "Logf", ""},
		{"example.com/log", "", "Printf", ""},
	} {
		s, ok := sinks.Lookup(callee.Func{Pkg: tt.pkg, Recv: tt.recv, Name: tt.name})
		got := ""
		if ok {
			level := s.Level()
			if level == "" {
				level = "-"
			}
			got = fmt.Sprintf("%s %s %s", s.Style, [...]string{"log", "console", "writer", "telemetry"}[s.Dest], level)
		}
		if got != tt.want {
			t.Errorf("Lookup(%s %s.%s) = %q, want %q", tt.pkg, tt.recv, tt.name, got, tt.want)
		}
	}
}

func TestArgs(t *testing.T) {
	roles := [...]string{"value", "message", "operand", "pair", "keyed", "field", "err", "map", "closure"}
	for _, tt := range []struct {
		pkg, recv, name string
		n               int
		want            string
	}{
		{"log", "", "Printf", 3, "message0 operand1%0 operand2%1"},
		{"log", "", "Println", 2, "value0 value1"},
		{"log/slog", "", "Info", 4, "message0 pair1 pair2 pair3"},
		{"log/slog", "", "InfoContext", 4, "message1 pair2 pair3"},
		{"log/slog", "", "String", 2, "keyed1=0"},
		{"go.uber.org/zap", "Logger", "Info", 3, "message0 field1 field2"},
		{"go.uber.org/zap", "", "Any", 2, "keyed1=0"},
		{"go.uber.org/zap", "", "Error", 1, "value0"},
		{"github.com/go-logr/logr", "Logger", "Error", 4, "err0 message1 pair2 pair3"},
		{"github.com/sirupsen/logrus", "", "WithFields", 1, "map0"},
		{"github.com/sirupsen/logrus", "", "WithError", 1, "err0"},
		{"github.com/sirupsen/logrus", "Logger", "InfoFn", 1, "closure0"},
		{"github.com/rs/zerolog", "Event", "Msgf", 2, "message0 operand1%0"},
		{"github.com/go-kit/log", "Logger", "Log", 2, "pair0 pair1"},
		{"github.com/golang/glog", "", "InfoContextDepthf", 4, "message2 operand3%0"},
		{"log", "", "Print", 0, ""},
	} {
		s, ok := sinks.Lookup(callee.Func{Pkg: tt.pkg, Recv: tt.recv, Name: tt.name})
		if !ok {
			t.Errorf("%s.%s is not found", tt.pkg, tt.name)
			continue
		}
		var got []string
		for _, a := range s.Args(tt.n) {
			w := fmt.Sprintf("%s%d", roles[a.Role], a.Index)
			if a.Key >= 0 {
				w += fmt.Sprintf("=%d", a.Key)
			}
			if a.Verb >= 0 {
				w += fmt.Sprintf("%%%d", a.Verb)
			}
			got = append(got, w)
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s.%s of %d: %q, want %q", tt.pkg, tt.name, tt.n, strings.Join(got, " "), tt.want)
		}
	}
}

func TestGuess(t *testing.T) {
	str, anything := types.Typ[types.String], types.NewInterfaceType(nil, nil)
	sig := func(variadic bool, ts ...types.Type) *types.Signature {
		var vs []*types.Var
		for _, x := range ts {
			vs = append(vs, types.NewParam(token.NoPos, nil, "", x))
		}
		return types.NewSignatureType(nil, nil, nil, types.NewTuple(vs...), nil, variadic)
	}
	ctx := types.NewInterfaceType([]*types.Func{types.NewFunc(token.NoPos, nil, "Done", sig(false))}, nil)
	anys := types.NewSlice(anything)
	field := types.NewNamed(types.NewTypeName(token.NoPos, nil, "Field", nil), types.NewStruct(nil, nil), nil)
	for _, tt := range []struct {
		recv, name string
		sig        *types.Signature
		want       string
	}{
		{"Logger", "Infof", sig(true, str, anys), "printf 0 1.."},
		{"appLogger", "Info", sig(true, str, anys), "kv -1 0 msg;1.. kv"},
		{"Logger", "Info", sig(true, anys), "print -1 0.."},
		{"Logger", "InfoContext", sig(true, ctx, str, anys), "kv -1 1 msg;2.. kv"},
		{"Log", "Errorf", nil, "printf 0 1.."},
		{"ZapLogger", "Info", sig(true, str, types.NewSlice(field)), "fields -1 0 msg;1.. fields"},
		{"AuditLog", "Warn", sig(false, str, types.NewMap(str, anything)), "map -1 0 msg;1"},
		{"Logger", "Error", sig(false, str), "print -1 0.."},
		{"Catalog", "Error", sig(false, str), ""},
		{"Dialog", "Info", sig(true, str, anys), ""},
		{"Logger", "SetLevel", sig(false, str), ""},
		{"BlogPost", "Print", sig(true, anys), ""},
	} {
		s, ok := sinks.Guess(callee.Func{Pkg: "example.com/app", Recv: tt.recv, Name: tt.name}, tt.sig)
		got := ""
		if ok {
			got = sinks.Describe(s)
		}
		if got != tt.want {
			t.Errorf("Guess(%s.%s) = %q, want %q", tt.recv, tt.name, got, tt.want)
		}
	}
}

func TestHonours(t *testing.T) {
	for _, tt := range []struct {
		pkg, recv, name, method string
		want                    bool
	}{
		{"log", "", "Println", "String", true},
		{"log", "", "Println", "LogValue", false},
		{"fmt", "", "Printf", "MarshalJSON", false},
		{"log/slog", "", "Info", "LogValue", true},
		{"go.uber.org/zap", "", "Any", "MarshalJSON", true},
		{"go.uber.org/zap", "SugaredLogger", "Infof", "MarshalJSON", true},
		{"github.com/rs/zerolog", "Event", "Object", "MarshalZerologObject", true},
		{"github.com/op/go-logging", "Logger", "Infof", "Redacted", true},
	} {
		s, ok := sinks.Lookup(callee.Func{Pkg: tt.pkg, Recv: tt.recv, Name: tt.name})
		if !ok || s.Honours(tt.method) != tt.want {
			t.Errorf("%s.%s honours %s: %v (found %v), want %v", tt.pkg, tt.name, tt.method, s.Honours(tt.method), ok, tt.want)
		}
	}
}

func TestSanitize(t *testing.T) {
	for _, tt := range []struct {
		pkg, recv, name string
		want            bool
	}{
		{"example.com/app", "", "redact", true},
		{"example.com/app", "", "MaskEmail", true},
		{"example.com/app", "", "hashPassword", true},
		{"example.com/app", "User", "MaskedPhone", true},
		{"example.com/app", "", "getLast4", true},
		{"example.com/app", "Redactor", "Apply", true},
		{"example.com/mask", "", "Email", true},
		{"crypto/sha256", "", "Sum256", true},
		{"crypto/hmac", "", "New", true},
		{"golang.org/x/crypto/bcrypt", "", "GenerateFromPassword", true},
		{"golang.org/x/crypto/argon2", "", "IDKey", true},
		{"net/url", "URL", "Redacted", true},
		{"strings", "", "Repeat", true},
		{"k8s.io/klog/v2", "", "KObj", true},
		// What looks like one and is none.
		{"encoding/json", "", "Marshal", false},
		{"encoding/base64", "Encoding", "EncodeToString", false},
		{"encoding/hex", "", "EncodeToString", false},
		{"net/url", "", "QueryEscape", false},
		{"strconv", "", "Quote", false},
		{"html", "", "EscapeString", false},
		{"strings", "", "TrimSpace", false},
		{"fmt", "", "Sprintf", false},
		{"example.com/app", "", "unmask", false},
		{"example.com/app", "", "decryptToken", false},
		{"example.com/app", "", "EncryptionKey", false},
		{"example.com/app", "", "formatEmail", false},
		{"example.com/app", "HashStore", "Password", false},
		{"example.com/app", "", "subnetMask", false},
		{"example.com/app", "", "stripPrefix", false},
	} {
		if _, got := sinks.Sanitize(callee.Func{Pkg: tt.pkg, Recv: tt.recv, Name: tt.name}); got != tt.want {
			t.Errorf("Sanitize(%s %s.%s) = %v, want %v", tt.pkg, tt.recv, tt.name, got, tt.want)
		}
	}
}
