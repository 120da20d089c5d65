// Package wrapped logs through loggers of its own.
package wrapped

import (
	"context"
	"log"

	"model"
	"wrapped/logx"
)

type service struct {
	*logx.Logger
	log  *logx.Logger
	sink sink
}

type sink interface{ Write(event string) }

type logSink struct{}

func (logSink) Write(event string) { log.Print(event) }

type nullSink struct{}

func (nullSink) Write(event string) {}

func (s *service) run(ctx context.Context, u model.User) {
	s.log.Infof("sign-in of %s", u.Email)      // want "logs/personal-data"
	s.log.Infof("sign-in of %d", u.ID)         // ok: an id
	s.log.Event("sign-in", "email", u.Email)   // want "logs/personal-data"
	s.log.Event("sign-in", "id", u.ID)         // ok: an id
	s.Infof("pw %s", u.Password)               // want "logs/credential"
	s.log.With("email", u.Email).Event("x")    // want "logs/personal-data"
	logx.Note(u.Password)                      // want "logs/credential"
	logx.Note(u.Role)                          // ok: a role
	logx.Count(u.Password)                     // ok: only its length is logged
	logx.Discard("%s", u.Password)             // ok: it logs nothing
	logx.FromContext(ctx).Infof("%s", u.Email) // want "logs/personal-data"
	s.sink.Write(u.Email)                      // want "logs/personal-data"
	var n nullSink
	n.Write(u.Password) // ok: it logs nothing
	p := log.Printf
	p("%s", u.Email) // want "logs/personal-data"
	each := []func(string, ...any){s.log.Infof}
	for _, f := range each {
		f("%s", u.Password) // want "logs/credential"
	}
}

func debugf(format string, args ...any) { log.Printf("DEBUG "+format, args...) }

func (s *service) debug(u model.User) {
	debugf("%s", u.Email) // want "logs/personal-data"
	debugf("%T", u.Email) // ok: the type only
}
