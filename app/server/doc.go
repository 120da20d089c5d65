// Package server is the HTTP front of Launchgate: the webhook, health and
// readiness, metrics, and the dashboard, with timeouts, security headers and a
// log that holds neither bodies nor headers nor queries.
//
// It imports app/review, app/dashboard and webhooks at most, and reaches the
// rest through the handlers and functions it is given.
package server
