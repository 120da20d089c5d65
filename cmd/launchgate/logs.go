package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/launchgate/launchgate/app/scan/secrets"
)

// quietLog is a log that repeats no secret. What is logged may quote names of a
// repository: of its branches, in what git says of them, or of its files.
type quietLog struct {
	slog.Handler
	redactor *secrets.Redactor
}

func newQuietLog(h slog.Handler) slog.Handler { return quietLog{h, secrets.NewRedactor()} }

// Handle implements slog.Handler.
func (q quietLog) Handle(ctx context.Context, r slog.Record) error {
	attrs := make([]slog.Attr, 0, r.NumAttrs())
	r.Attrs(func(a slog.Attr) bool {
		attrs = append(attrs, a)
		return true
	})
	quiet := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	quiet.AddAttrs(q.redact(ctx, &quiet.Message, attrs)...)
	return q.Handler.Handle(ctx, quiet)
}

// WithAttrs implements slog.Handler.
func (q quietLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	none := ""
	return quietLog{q.Handler.WithAttrs(q.redact(context.Background(), &none, attrs)), q.redactor}
}

// WithGroup implements slog.Handler.
func (q quietLog) WithGroup(name string) slog.Handler {
	return quietLog{q.Handler.WithGroup(name), q.redactor}
}

// redact takes secrets out of a message and returns its attributes without any.
func (q quietLog) redact(ctx context.Context, message *string, attrs []slog.Attr) []slog.Attr {
	texts := []*string{message}
	out := make([]slog.Attr, len(attrs))
	var put []func()
	for i, a := range attrs {
		out[i] = a
		say, ok := said(a.Value)
		if !ok {
			continue
		}
		texts = append(texts, &say)
		put = append(put, func() { out[i].Value = slog.StringValue(say) })
	}
	q.redactor.Texts(ctx, nil, texts)
	for _, p := range put {
		p()
	}
	return out
}

// said returns what a value says, false for one in which nothing can be quoted.
func said(v slog.Value) (string, bool) {
	switch v = v.Resolve(); v.Kind() {
	case slog.KindString:
		return v.String(), true
	case slog.KindAny, slog.KindGroup:
		if err, ok := v.Any().(error); ok {
			return err.Error(), true
		}
		return fmt.Sprint(v.Any()), true
	}
	return "", false
}
