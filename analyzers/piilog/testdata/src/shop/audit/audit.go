package audit

import (
	"fmt"
	"log"
	"log/slog"
)

// Logger forwards to slog.
type Logger struct {
	s      *slog.Logger
	prefix string
}

func (l *Logger) Info(msg string, kv ...any) { l.s.Info(msg, kv...) }

func (l *Logger) Debugf(format string, args ...any) {
	l.s.Debug(l.prefix + fmt.Sprintf(format, args...))
}

// With returns a logger that says more in every line.
func (l *Logger) With(key string, value any) *Logger {
	return &Logger{s: l.s.With(key, value), prefix: l.prefix}
}

// Logf is a function that logs what it is given.
func Logf(format string, args ...any) { log.Printf("shop: "+format, args...) }

// Note is one, too, through another.
func Note(what string) { note(what) }

func note(what string) { log.Print(what) }

// Count does not log what it is given.
func Count(what string) { log.Print(len(what)) }

// Shorten returns what it is given, shorter.
func Shorten(s string) string {
	if len(s) > 10 {
		s = s[:10]
	}
	return s + "…"
}

// Mask returns stars.
func Mask(s string) string { return "***" }

// Fill writes into what it is given.
func Fill(m map[string]string, v string) { m["v"] = v }

// Each calls f.
func Each(list []string, f func(string)) {
	for _, x := range list {
		f(x)
	}
}
