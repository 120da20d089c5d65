// Package server is the HTTP face of Launchgate: the webhook, health and
// metrics endpoints and the dashboard, behind the middleware that every request
// passes (security headers, panic recovery, counting, logging).
//
// It may import webhooks, app/dashboard and app/review. It must never log a
// body, a header or a query, show an internal error to a client, or decide
// anything about a delivery.
package server
