// Package eval reconstructs a program's routes by interpreting it abstractly:
// from main and the init functions it follows routers, groups, middleware and
// handlers as values through functions, fields, slices and closures, and it
// finds out what a guard does by sending requests through it: of nobody, of
// somebody known, of somebody known who has no rights, and with a credential that
// is made up.
//
// Nothing of the program is executed; every loop and recursion is bounded, and
// what is not understood becomes an unknown value that keeps the reason. It
// imports package program only and does no I/O.
//
// Where to read: machine.go has the bounds and what a machine keeps; interp.go
// and the files it leads to (decide.go for conditions, branch.go for what
// undecided ones change, loops.go, switches.go, assign.go, returns.go) carry out
// statements, expr.go and call.go expressions on the values of values.go.
// routers.go is what there is to know of libraries' routers, register.go, verbs.go,
// rules.go, tables.go and made.go what they do, and files named after a library
// (beego.go, goframe.go) or a kind of them (described.go, rpc.go) what only those
// do; guards.go is their guards; served.go and ownrouter.go what a program's own
// does, ownbranch.go, by the fates of fate.go, what stands before a router answers
// itself, and junction.go where that stands. foreign.go and defaultmux.go are what
// libraries serve that no table of routers describes. simulate.go sends one request
// through a function, with request.go, identity.go and library.go for what the request
// is and refusal.go for how it fares; sessions.go says what of a session is a login,
// caller.go what guards keep of who is calling, forged.go sends one with a made-up
// credential, messages.go one signed as a webhook's is, weighed.go sees what is asked
// of a known caller, standing.go sends one of a caller without rights, and trial.go
// says what a middleware is by all that.
// defaults.go and configured.go are what settings are where nobody sets them,
// settings.go how people know them, condition.go what is said of what depends on
// them. result.go puts routes together, alternatives.go those of which there is one or
// the other, dispatch.go takes apart those that are many, and judge.go says who can
// reach one, with handler.go for what a handler itself asks, signsin.go for those that
// ask for nothing because they sign callers in, and roles.go for when a refusal is one
// of a role.
package eval
