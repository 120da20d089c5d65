package sinks

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"

	"github.com/launchgate/launchgate/analyzers/internal/callee"
	"github.com/launchgate/launchgate/analyzers/internal/importpath"
)

//go:embed table.txt
var tableFile string

// Style is how a call takes what it logs: "printf", "kv", "fields", …; the
// words of facts/logsinks.tsv.
type Style string

// Destination is where a call puts values.
type Destination uint8

// The destinations.
const (
	Log       Destination = iota // a log
	Console                      // the process's standard output
	Writer                       // the writer it is given; a sink only if that is a log
	Telemetry                    // an error tracker, trace or analytics service of somebody else
)

// Sink is what is known of one call.
type Sink struct {
	Func   callee.Func // as in the table
	Style  Style
	Dest   Destination
	Format int // index of the format string, -1 for none
	args   string
}

// Role is what a call does with an argument.
type Role uint8

// The roles.
const (
	Value   Role = iota // is rendered
	Message             // is the message or the format string: a constant in clean code
	Operand             // is rendered by verb number Verb of the format string
	Pair                // one of alternating keys and values; a key that is a field of its own takes no value
	Keyed               // is rendered under the key that argument Key is
	Field               // is a field made by a constructor
	Err                 // is an error whose text is rendered
	Map                 // is a map whose keys name its values
	Closure             // is a function whose result is rendered
)

// Arg is one logged argument of a call. Indexes are zero-based and do not count
// the receiver.
type Arg struct {
	Role  Role
	Index int
	Key   int // for Keyed, else -1
	Verb  int // for Operand, else -1
}

type table struct {
	exact, canonical map[callee.Func]Sink
	methods          map[callee.Func]Sink // by canonical package and name
}

var load = sync.OnceValue(func() table {
	t := table{exact: make(map[callee.Func]Sink), canonical: make(map[callee.Func]Sink), methods: make(map[callee.Func]Sink)}
	pkg := ""
	for _, line := range strings.Split(tableFile, "\n") {
		if p, ok := strings.CutPrefix(line, "pkg "); ok {
			pkg = p
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) != 5 {
			continue
		}
		for _, name := range strings.Fields(f[4]) {
			s := Sink{Func: callee.Func{Pkg: pkg, Recv: strings.Trim(f[0], "-*"), Name: name}, Style: Style(f[1]), Format: -1, args: f[3]}
			if n, err := strconv.Atoi(f[2]); err == nil {
				s.Format = n
			}
			s.Dest = destination(s)
			t.exact[s.Func] = s
			c := s.Func
			c.Pkg = Canonical(pkg)
			if _, ok := t.canonical[c]; !ok {
				t.canonical[c] = s
			}
			if m := (callee.Func{Pkg: c.Pkg, Name: name}); c.Recv != "" {
				if _, ok := t.methods[m]; !ok {
					t.methods[m] = s
				}
			}
		}
	}
	return t
})

// Lookup finds what is known of a function. Other major versions of a library,
// its old import paths and vendored copies count as the library.
func Lookup(f callee.Func) (Sink, bool) {
	t := load()
	if s, ok := t.exact[f]; ok {
		return s, true
	}
	f.Pkg = Canonical(f.Pkg)
	s, ok := t.canonical[f]
	return s, ok
}

// Method finds a method of that name of any type of a package: for code whose
// dependencies are not there, where a value's package is known and its type is
// not.
func Method(pkg, name string) (callee.Func, bool) {
	s, ok := load().methods[callee.Func{Pkg: Canonical(pkg), Name: name}]
	return s.Func, ok
}

// renamed are libraries that moved, by canonical path of then and now.
var renamed = map[string]string{
	"golang.org/x/exp/slog":                "log/slog",
	"github.com/Sirupsen/logrus":           "github.com/sirupsen/logrus",
	"gopkg.in/sirupsen/logrus":             "github.com/sirupsen/logrus",
	"gopkg.in/Sirupsen/logrus":             "github.com/sirupsen/logrus",
	"gopkg.in/inconshreveable/log15":       "github.com/inconshreveable/log15",
	"github.com/uber-go/zap":               "go.uber.org/zap",
	"gopkg.in/apex/log":                    "github.com/apex/log",
	"gopkg.in/op/go-logging":               "github.com/op/go-logging",
	"charm.land/log":                       "github.com/charmbracelet/log",
	"github.com/astaxie/beego/core/logs":   "github.com/beego/beego/core/logs",
	"gopkg.in/DataDog/dd-trace-go/ddtrace": "github.com/DataDog/dd-trace-go/ddtrace",
	"gopkg.in/segmentio/analytics-go":      "github.com/segmentio/analytics-go",
	"github.com/asim/go-micro/logger":      "go-micro.dev/logger",
	"github.com/micro/go-micro/logger":     "go-micro.dev/logger",
	"github.com/micro/go-micro/util/log":   "go-micro.dev/logger",
	"gopkg.in/airbrake/gobrake":            "github.com/airbrake/gobrake",
	"gopkg.in/bugsnag/bugsnag-go":          "github.com/bugsnag/bugsnag-go",
	"gopkg.in/cihub/seelog":                "github.com/cihub/seelog",
}

// Canonical writes an import path as importpath.Unversioned does, under the name
// the library has today.
func Canonical(path string) string {
	path = importpath.Unversioned(path)
	if now, ok := renamed[path]; ok {
		return now
	}
	return path
}

// telemetry are the packages that send what they get to somebody else.
var telemetry = []string{
	"github.com/getsentry/", "go.opentelemetry.io/otel", "go.opencensus.io/trace", "github.com/opentracing/opentracing-go", "github.com/DataDog/", "gopkg.in/DataDog/",
	"github.com/rollbar/", "github.com/bugsnag/", "github.com/honeybadger-io/", "github.com/airbrake/", "github.com/newrelic/", "github.com/segmentio/analytics-go",
	"gopkg.in/segmentio/", "github.com/posthog/", "github.com/dukex/mixpanel", "github.com/mixpanel/", "github.com/amplitude/", "github.com/honeycombio/", "go.elastic.co/apm",
}

func destination(s Sink) Destination {
	switch {
	case strings.HasPrefix(string(s.Style), "stdout_"):
		return Console
	case strings.HasPrefix(string(s.Style), "writer_"):
		return Writer
	}
	for _, p := range telemetry {
		if strings.HasPrefix(s.Func.Pkg, p) {
			return Telemetry
		}
	}
	return Log
}

// Emits reports whether the call puts out what it is given, now or when its
// chain ends. What only makes a field, names a logger or gives a request's bytes
// emits nothing by itself.
func (s Sink) Emits() bool {
	switch s.Style {
	case "ctor", "ctor_value", "name", "source_dump":
		return false
	}
	return s.Style != ""
}

// Constructs reports whether the call makes a field for a later call.
func (s Sink) Constructs() bool { return s.Style == "ctor" || s.Style == "ctor_value" }

// Carries reports whether the call returns a logger that repeats what it is
// given with every later call.
func (s Sink) Carries() bool { return strings.HasPrefix(string(s.Style), "with_") }

// Level is the level a call logs at: trace, debug, info, warn, error, fatal, or
// "" when its name does not say.
func (s Sink) Level() string { return levelOf(s.Func.Name) }

func levelOf(name string) string {
	lower := strings.ToLower(name)
	for _, l := range [...][2]string{
		{"trace", "trace"}, {"debug", "debug"}, {"verbose", "debug"}, {"info", "info"}, {"notice", "info"}, {"warn", "warn"}, {"error", "error"},
		{"err", "error"}, {"crit", "error"}, {"alert", "error"}, {"emerg", "error"}, {"dpanic", "error"}, {"fatal", "fatal"}, {"exit", "fatal"}, {"panic", "fatal"},
	} {
		if strings.HasPrefix(lower, l[0]) || strings.HasPrefix(lower, "ctx"+l[0]) {
			return l[1]
		}
	}
	return ""
}

// Args lists which of n arguments the call puts out, and how.
func (s Sink) Args(n int) []Arg {
	var out []Arg
	add := func(role Role, i, key, verb int) {
		if i < n {
			out = append(out, Arg{Role: role, Index: i, Key: key, Verb: verb})
		}
	}
	if s.Format >= 0 {
		add(Message, s.Format, -1, -1)
	}
	for _, part := range strings.Split(s.args, ";") {
		f := strings.Fields(part)
		if len(f) == 0 {
			continue
		}
		from, open := strings.CutSuffix(f[0], "..")
		first, err := strconv.Atoi(from)
		if err != nil {
			continue
		}
		last := first
		if open {
			last = n - 1
		}
		word := ""
		if len(f) > 1 {
			word = f[1]
		}
		for i := first; i <= last; i++ {
			switch {
			case word == "key":
			case word == "kv":
				add(Pair, i, -1, -1)
			case word == "fields":
				add(Field, i, -1, -1)
			case word == "err", s.Style == "with_err":
				add(Err, i, -1, -1)
			case word == "msg", strings.HasPrefix(string(s.Style), "msg@"):
				add(Message, i, -1, -1)
			case word == "val" && first > 0:
				add(Keyed, i, first-1, -1)
			case s.Format >= 0:
				add(Operand, i, -1, i-s.Format-1)
			case s.Style == "map", s.Style == "with_map":
				add(Map, i, -1, -1)
			case s.Style == "closure":
				add(Closure, i, -1, -1)
			case s.Style == "with_kv":
				add(Pair, i, -1, -1)
			case s.Style == "with_fields":
				add(Field, i, -1, -1)
			default:
				add(Value, i, -1, -1)
			}
		}
	}
	return out
}
