// Package logx wraps loggers.
package logx

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
)

type Level int

type Field struct {
	Key string
	Val any
}

func F(k string, v any) Field         { return Field{k, v} }
func Len(k string, v string) Field    { return Field{k, len(v)} }
func Masked(k string, v string) Field { return Field{k, "***"} }

type Logger struct {
	w      io.Writer
	fields []Field
}

var std = &Logger{w: os.Stderr}
var null = &Logger{w: io.Discard}

func Default() *Logger { return std }
func Null() *Logger    { return null }

func (l *Logger) With(fs ...Field) *Logger {
	return &Logger{w: l.w, fields: append(append([]Field{}, l.fields...), fs...)}
}

func (l *Logger) Log(msg string, fs ...Field) {
	for _, f := range append(l.fields, fs...) {
		msg += fmt.Sprintf(" %s=%v", f.Key, f.Val)
	}
	log.Println(msg)
}

func (l *Logger) Keys(msg string, fs ...Field) {
	for _, f := range fs {
		msg += " " + f.Key
	}
	log.Println(msg)
}

type ctxKey struct{}

func Into(ctx context.Context, l *slog.Logger) context.Context {
	return context.WithValue(ctx, ctxKey{}, l)
}
func From(ctx context.Context) *slog.Logger {
	if l, ok := ctx.Value(ctxKey{}).(*slog.Logger); ok {
		return l
	}
	return slog.Default()
}

func Trace(name string) func(*error) {
	log.Println("enter", name)
	return func(err *error) {
		if *err != nil {
			log.Println("leave", name, *err)
		}
	}
}

func Count(name string) func(*error) {
	return func(err *error) { log.Println(name, *err != nil) }
}
