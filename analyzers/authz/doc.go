// Package authz defines an analyzer that reports routes anybody can call.
//
// # Analyzer authz
//
// authz: report handlers without authorization middleware
//
// It follows routers of gin and net/http through the variables of a function,
// collects the middleware that applies to each route in the order it was
// attached, and asks of each whether it can refuse a request: a function whose
// body, or one it calls, answers 401 or 403, aborts, or redirects to a login
// page is a guard, whatever it is called. A handler that refuses by itself is
// guarded, too.
//
// A route whose chain is not wholly known (a router that came in as a parameter,
// middleware that cannot be looked into but is named like a guard) is not
// reported. Routes that are usually meant to be public (login, health, static
// files and so on) are reported with low severity and the reason.
package authz
