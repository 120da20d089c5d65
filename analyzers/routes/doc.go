// Package routes is the route inventory as data: what a route is, who can reach
// it, and how two inventories differ.
//
// It is pure: it imports the standard library only and does no I/O. Its JSON is
// the public format of "launchgate routes".
package routes
