// Package trackers tells error trackers, traces and analytics about people.
package trackers

import (
	"context"
	"errors"
	"fmt"

	"github.com/bugsnag/bugsnag-go/v2"
	"github.com/honeycombio/beeline-go"
	"github.com/newrelic/go-agent/v3/newrelic"
	"github.com/rollbar/rollbar-go"
	"github.com/segmentio/analytics-go/v3"
	"gopkg.in/DataDog/dd-trace-go.v1/ddtrace/tracer"

	"model"
)

func datadog(u model.User) {
	span := tracer.StartSpan("sign-in")
	span.SetTag("email", u.Email)            // want "thirdparty/personal-data"
	span.SetTag("user.id", u.ID)             // ok: an id
	span.SetTag("verified", u.EmailVerified) // ok: a flag
}

func segment(c analytics.Client, u model.User) {
	c.Enqueue(analytics.Identify{UserId: "7", Traits: analytics.Traits{"email": u.Email}}) // want "thirdparty/personal-data"
	analytics.NewTraits().SetEmail(u.Email)                                                // want "thirdparty/personal-data"
	c.Enqueue(analytics.Identify{UserId: "7", Traits: analytics.Traits{"role": u.Role}})   // ok: a role
}

func errorTrackers(u model.User) {
	rollbar.Error("no mail to ", u.Email)                // want "thirdparty/personal-data"
	rollbar.SetPerson("7", "", u.Email)                  // want "thirdparty/personal-data"
	rollbar.Info("user ", u.ID)                          // ok: an id
	bugsnag.Notify(fmt.Errorf("no mail to %s", u.Email)) // want "thirdparty/personal-data"
	m := bugsnag.MetaData{}
	m.Add("user", "phone", u.Phone)                     // want "thirdparty/personal-data"
	m.Add("user", "role", u.Role)                       // ok: a role
	bugsnag.Notify(errors.New("password reset failed")) // ok: a constant
}

func apm(ctx context.Context, txn *newrelic.Transaction, u model.User) {
	txn.AddAttribute("email", u.Email)                // want "thirdparty/personal-data"
	txn.NoticeError(fmt.Errorf("pw %s", u.Password))  // want "thirdparty/personal-data"
	txn.AddAttribute("id", u.ID)                      // ok: an id
	beeline.AddField(ctx, "app.email", u.Email)       // want "thirdparty/personal-data"
	beeline.AddField(ctx, "app.tokens", u.TokenCount) // ok: a count
}
