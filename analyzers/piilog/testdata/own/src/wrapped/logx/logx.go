// Package logx is a project's own logger in front of others.
package logx

import (
	"context"
	"fmt"
	"log"
	"log/slog"
)

// Logger carries a prefix.
type Logger struct {
	prefix string
	base   *slog.Logger
}

// Infof formats and logs.
func (l *Logger) Infof(format string, args ...any) { log.Printf(l.prefix+format, args...) }

// Event logs a message with keys and values.
func (l *Logger) Event(msg string, kv ...any) { l.base.Info(msg, kv...) }

// With returns a logger that repeats kv.
func (l *Logger) With(kv ...any) *Logger { return &Logger{l.prefix, l.base.With(kv...)} }

// Note logs what it is given, three calls deep.
func Note(s string) { first(s) }

func first(s string)  { second("note: " + s) }
func second(s string) { third(fmt.Sprint(s)) }
func third(s string)  { log.Output(1, s) }

// Count logs a number about what it is given.
func Count(s string) { log.Print(len(s)) }

// Discard looks like a log call and is none.
func Discard(format string, args ...any) {}

// FromContext is how handlers get their logger.
func FromContext(ctx context.Context) *Logger { return &Logger{} }
