package thirdparty_test

import (
	"testing"

	"github.com/launchgate/launchgate/analyzers/internal/thirdparty"
)

func TestPackage(t *testing.T) {
	for path, want := range map[string]string{
		"github.com/stripe/stripe-go/v82/customer":           "Stripe payment",
		"example.com/app/vendor/github.com/stripe/stripe-go": "Stripe payment",
		"github.com/sashabaranov/go-openai":                  "OpenAI ai",
		"github.com/aws/aws-sdk-go-v2/service/s3/types":      "AWS S3 storage",
		"github.com/aws/aws-sdk-go-v2/service/sesv2":         "Amazon SES e-mail",
		"gopkg.in/gomail.v2":                                 "SMTP server e-mail",
		"github.com/somebody/gomail":                         "SMTP server e-mail",
		"github.com/somebody/sentry-go":                      "Sentry error tracking",
		"github.com/somebody/client":                         "",
		"net/smtp":                                           "SMTP server e-mail",
		"github.com/getsentry/sentry-go":                     "Sentry error tracking",
		"go.opentelemetry.io/otel/attribute":                 "OpenTelemetry tracing",
		"gopkg.in/DataDog/dd-trace-go.v1/ddtrace/tracer":     "Datadog tracing",
		"github.com/twilio/twilio-go/rest/api/v2010":         "Twilio sms",
		"firebase.google.com/go/v4/messaging":                "Firebase Cloud Messaging push",
		"github.com/newrelic/go-agent/v3/newrelic":           "New Relic tracing",
		"github.com/segmentio/analytics-go/v3":               "Segment analytics",
		"github.com/rollbar/rollbar-go":                      "Rollbar error tracking",
		"github.com/gin-gonic/gin":                           "",
		"net/http":                                           "",
		"github.com/stripe":                                  "",
		"github.com/aws/aws-sdk-go-v2/config":                "",
		"":                                                   "",
	} {
		got := ""
		if s, ok := thirdparty.Package(path); ok {
			got = s.Name + " " + s.Category
		}
		if got != want {
			t.Errorf("Package(%q) = %q, want %q", path, got, want)
		}
	}
}

func TestURL(t *testing.T) {
	for url, want := range map[string]string{
		"https://api.openai.com/v1/chat/completions":      "OpenAI",
		"https://API.Stripe.com/v1/customers":             "Stripe",
		"https://o123.ingest.sentry.io/api/1/envelope/":   "Sentry",
		"https://hooks.slack.com/services/T/B/x":          "Slack",
		"https://%s.zendesk.com/api/v2/tickets.json":      "Zendesk",
		"https://api.mailgun.net":                         "Mailgun",
		"https://collector.tracking-company.io/v1/people": "collector.tracking-company.io",
		"https://user:pw@api.hubapi.com:443/crm":          "HubSpot",
		"https://www.google.com/recaptcha/api/siteverify": "reCAPTCHA",
		"http://localhost:8080/hook":                      "",
		"http://127.0.0.1/x":                              "",
		"http://10.0.0.3/x":                               "",
		"http://user-service/x":                           "",
		"http://billing.default.svc.cluster.local/x":      "",
		"https://example.com/x":                           "",
		"https://api.example.org/x":                       "",
		"https://%s/path":                                 "",
		"https://api.":                                    "",
		"https://schema.org/Person":                       "",
		"ftp://api.openai.com/":                           "",
		"postgres://u:p@db.internal/x":                    "",
		"not a url":                                       "",
	} {
		got := ""
		if s, _, ok := thirdparty.URL(url); ok {
			got = s.Name
		}
		if got != want {
			t.Errorf("URL(%q) = %q, want %q", url, got, want)
		}
	}
}

func TestEveryServiceCanBeRecognised(t *testing.T) {
	names := make(map[string]bool)
	for _, s := range thirdparty.All() {
		if names[s.Name] {
			t.Errorf("%s is in the table twice", s.Name)
		}
		names[s.Name] = true
		if s.Category == "" {
			t.Errorf("%s has no category", s.Name)
		}
	}
	if len(names) < 150 {
		t.Errorf("only %d services are read from the table", len(names))
	}
}
