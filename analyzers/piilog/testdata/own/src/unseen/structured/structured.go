// Package structured has log/slog.
package structured

import (
	"context"
	"log"
	"log/slog"
	"os"
)

type Secret string

func (Secret) LogValue() slog.Value { return slog.StringValue("***") }

type User struct {
	ID       int
	Email    string
	Password string
}

func (u User) LogValue() slog.Value { return slog.GroupValue(slog.Int("id", u.ID)) }

type Person struct {
	ID    int
	Email string
}

func (p Person) LogValue() slog.Value {
	return slog.GroupValue(slog.Int("id", p.ID), slog.String("email", p.Email))
}

func all(ctx context.Context, token, email string, u User, p Person, s Secret) {
	slog.Info("x", "t", token)                                    // want "logs/token"
	slog.Info(token)                                              // want "logs/token"
	slog.InfoContext(ctx, "x", slog.String("t", token))           // want "logs/token"
	slog.LogAttrs(ctx, slog.LevelInfo, "x", slog.Any("t", token)) // want "logs/token"
	slog.Log(ctx, slog.LevelDebug, "x", "t", token)               // want "logs/token"
	slog.Info("x", slog.Group("g", slog.String("t", token)))      // want "logs/token"
	slog.Info("x", slog.Group("g", "n", len(token)))              // ok: length
	slog.With("t", token).Info("x")                               // want "logs/token"
	l := slog.Default().With("id", u.ID)
	l.Info("x")                            // ok: id
	l = l.With(slog.String("mail", email)) // want "logs/personal-data"
	slog.Info("x", "u", u)                 // ok: LogValue shows the id
	slog.Info("x", "p", p)                 // want "logs/personal-data"
	slog.Info("x", "s", s)                 // ok: LogValue
	slog.Info("x", "s", string(s))         // want "logs/credential"
	log.Println(s)                         // want "logs/credential"
	log.Println(u)                         // want "logs/whole-object"
	attrs := []any{"a", 1}
	slog.Info("x", attrs...) // ok: no secret yet
	attrs = append(attrs, "t", token)
	slog.Info("x", attrs...) // want "logs/token"
	as := []slog.Attr{slog.Int("n", 1), {Key: "t", Value: slog.StringValue(token)}}
	slog.LogAttrs(ctx, slog.LevelInfo, "x", as...) // want "logs/token"
	v := slog.AnyValue(token)
	slog.Info("x", "v", v)                         // want "logs/token"
	slog.Info("x", "v", slog.IntValue(len(token))) // ok: length
	h := slog.NewJSONHandler(os.Stdout, nil)
	slog.New(h).Info("x", "t", token)                                     // want "logs/token"
	slog.New(slog.DiscardHandler).Info("x", "t", token)                   // ok: discarded
	slog.New(h.WithAttrs([]slog.Attr{slog.String("t", token)})).Info("x") // want "logs/token"
	slog.New(h).WithGroup("g").Info("x", "t", token)                      // want "logs/token"
	slog.Info("x", "email_verified", true)                                // ok: bool constant
	slog.Info("x", slog.Bool("t", token != ""))                           // ok: bool
	slog.Info("x", slog.Int("len", len(email)))                           // ok: length
	slog.SetDefault(slog.New(h))
	slog.NewLogLogger(h, slog.LevelInfo).Println(token) // want "logs/token"
}

type handler struct{ slog.Handler }

func (h handler) Handle(ctx context.Context, r slog.Record) error {
	if t, ok := ctx.Value("token").(string); ok {
		r.AddAttrs(slog.String("token", t)) // want "logs/token"
	}
	return h.Handler.Handle(ctx, r)
}

type lazy struct{ token string }

func (l lazy) LogValue() slog.Value { return slog.StringValue(l.token) }

func lz(token string) {
	slog.Info("x", "l", lz2(token)) // want "logs/token"
}
func lz2(t string) slog.LogValuer { return lazy{t} }
