// Package telemetry tells others about people.
package telemetry

import (
	"fmt"

	"github.com/MindscapeHQ/raygun4go"
	"github.com/getsentry/sentry-go"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"model"
)

func report(span trace.Span, u model.User) {
	sentry.CaptureMessage("no mail to " + u.Email)                // want "thirdparty/personal-data"
	sentry.CaptureException(fmt.Errorf("no mail to %s", u.Email)) // want "thirdparty/personal-data"
	sentry.ConfigureScope(func(s *sentry.Scope) {
		s.SetUser(sentry.User{ID: "7", Email: u.Email}) // want "thirdparty/personal-data"
		s.SetTag("email", u.Email)                      // want "thirdparty/personal-data"
		s.SetTag("role", u.Role)                        // ok: a role
		s.SetUser(sentry.User{ID: "7"})                 // ok: an id
	})
	span.SetAttributes(attribute.String("user.email", u.Email))                             // want "thirdparty/personal-data"
	span.SetAttributes(attribute.Int("id", int(u.ID)), attribute.String("phone", *u.Phone)) // want "thirdparty/personal-data"
	span.RecordError(fmt.Errorf("pw %s", u.Password))                                       // want "thirdparty/personal-data"
	span.SetAttributes(attribute.Bool("email_verified", u.EmailVerified))                   // ok: a flag
	span.SetAttributes(attribute.Int("user.id", int(u.ID)))                                 // ok: an id
	sentry.CaptureMessage("password reset failed")                                          // ok: a constant
	sentry.CaptureException(fmt.Errorf("user %d", u.ID))                                    // ok: an id
}

func unlisted(c *raygun4go.Client, u model.User) {
	c.SetUser(u.Email)                            // want "thirdparty/personal-data"
	c.SetTags(map[string]string{"mail": u.Email}) // want "thirdparty/personal-data"
	c.SetVersion(u.Role)                          // ok: a role
	raygun4go.New("app", "api-key")               // ok: constants
}
