// Package eval reconstructs a program's routes by interpreting it abstractly:
// from main and the init functions it follows routers, groups, middleware and
// handlers as values through functions, fields, slices and closures, and it
// finds out what a guard does by sending an anonymous request through it.
//
// Nothing of the program is executed; every loop and recursion is bounded, and
// what is not understood becomes an unknown value that keeps the reason. It
// imports package program only and does no I/O.
//
// Where to read: machine.go has the bounds and what a machine keeps; interp.go
// and the files it leads to (decide.go for conditions, branch.go for what
// undecided ones change, loops.go, switches.go, assign.go, returns.go) carry out
// statements, expr.go and call.go expressions on the values of values.go.
// routers.go, register.go, described.go and beego.go are what libraries' routers
// do, guards.go their guards. simulate.go sends one request through a function,
// with request.go, identity.go and library.go for what the request is and
// refusal.go for how it fares. result.go puts routes together, dispatch.go takes
// apart those that are many, and judge.go says who can reach one.
package eval
