// Package authz defines analyzers that reconstruct a program's routes and
// report those that anybody can reach.
//
// # Analyzer authz
//
// authz: report routes without an authorization guard
//
// A guard is recognised by what it does: an anonymous request is sent, in the
// abstract, through the chain of middleware that really applies to a route, and
// through its handler; if nothing refuses it the route is public. What most routes
// of a group do and one does not is said as evidence, and the policy can declare
// guards by name (New); a name alone makes a route unresolved, never guarded, and
// so does a list of exempt paths that is in no configuration file we were told of.
//
// # Analyzer routes
//
// routes: reconstruct the routes of a program and who can reach them
//
// It reports nothing; its result is the inventory that authz reports on and
// "launchgate routes" prints.
//
// The analyzers work on whole programs: every package exports a compact form of
// its code as a fact, and the package with main puts them together. It imports
// go/analysis and nothing of app.
package authz
