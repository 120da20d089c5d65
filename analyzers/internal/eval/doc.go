// Package eval reconstructs a program's routes by interpreting it abstractly:
// from main and the init functions it follows routers, groups, middleware and
// handlers as values through functions, fields, slices and closures, and it
// finds out what a guard does by sending an anonymous request through it.
//
// Nothing of the program is executed; every loop and recursion is bounded, and
// what is not understood becomes an unknown value that keeps the reason. It
// imports package program only and does no I/O.
package eval
