package sinks

import "strings"

// Rendering is how a call turns a struct into text, which decides what of it is
// seen.
type Rendering uint8

// The renderings.
const (
	// Fmt prints every field, exported or not, whatever its tags.
	Fmt Rendering = iota
	// JSON prints exported fields that json:"-" does not hide.
	JSON
	// Either is one of the two, depending on how the logger was set up.
	Either
)

// shows says for one library how it renders values and which methods of a type
// it asks first.
type shows struct {
	rendering Rendering
	methods   []string
}

var (
	fmtMethods  = []string{"Format", "String", "Error", "GoString"}
	jsonMethods = []string{"MarshalJSON", "MarshalText"}
)

// byLibrary, by prefix of the canonical path. Facts: log/slog resolves LogValuer
// in every handler, TextHandler then asks MarshalText and fmt, JSONHandler
// encoding/json; zap.Any picks ObjectMarshaler, error and Stringer and encodes
// the rest as JSON; zerolog's Interface and Any are JSON; klog and logr ask
// MarshalLog.
var byLibrary = []struct {
	prefix string
	shows
}{
	{"log/slog", shows{Either, []string{"LogValue", "MarshalText", "MarshalJSON", "String", "Format"}}},
	{"go.uber.org/zap", shows{JSON, append([]string{"MarshalLogObject", "MarshalLogArray", "String", "Error"}, jsonMethods...)}},
	{"github.com/rs/zerolog", shows{JSON, append([]string{"MarshalZerologObject", "MarshalZerologArray", "String", "Error"}, jsonMethods...)}},
	{"github.com/phuslu/log", shows{JSON, append([]string{"MarshalObject", "String", "Error"}, jsonMethods...)}},
	{"github.com/sirupsen/logrus", shows{Either, append(append([]string{}, fmtMethods...), jsonMethods...)}},
	{"github.com/apex/log", shows{Either, append(append([]string{}, fmtMethods...), jsonMethods...)}},
	{"github.com/go-logr/logr", shows{Either, append([]string{"MarshalLog", "String", "Error"}, jsonMethods...)}},
	{"k8s.io/klog", shows{Either, append([]string{"MarshalLog", "String", "Error", "Format"}, jsonMethods...)}},
	{"github.com/op/go-logging", shows{Fmt, append([]string{"Redacted"}, fmtMethods...)}},
	{"github.com/zeromicro/go-zero/core/logx", shows{Either, append([]string{"MaskSensitive", "String", "Error"}, jsonMethods...)}},
	{"github.com/hashicorp/go-hclog", shows{Either, append(append([]string{}, fmtMethods...), jsonMethods...)}},
	{"github.com/charmbracelet/log", shows{Either, append(append([]string{}, fmtMethods...), jsonMethods...)}},
	{"github.com/go-kit/", shows{Either, append(append([]string{}, fmtMethods...), jsonMethods...)}},
	{"github.com/getsentry/sentry-go", shows{JSON, append([]string{"String", "Error"}, jsonMethods...)}},
	{"github.com/segmentio/analytics-go", shows{JSON, jsonMethods}},
	{"github.com/posthog/posthog-go", shows{JSON, jsonMethods}},
}

func (s Sink) shows() shows {
	// printf-like calls of any library go through fmt
	formatted := s.Format >= 0 || s.Style == "print" || s.Style == "println" || strings.HasPrefix(string(s.Style), "std")
	path := Canonical(s.Func.Pkg)
	for _, l := range byLibrary {
		if strings.HasPrefix(path, l.prefix) {
			if formatted {
				return shows{Fmt, append(fmtMethods[:len(fmtMethods):len(fmtMethods)], l.methods...)}
			}
			return l.shows
		}
	}
	return shows{Fmt, fmtMethods}
}

// Rendering says how the call turns a struct into text.
func (s Sink) Rendering() Rendering { return s.shows().rendering }

// Honours reports whether the call lets a method of the value (String, LogValue,
// MarshalJSON, …) decide what is shown.
func (s Sink) Honours(method string) bool {
	for _, m := range s.shows().methods {
		if m == method {
			return true
		}
	}
	return false
}
