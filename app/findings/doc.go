// Package findings decides what two sets of findings have to do with each
// other: it gives each finding its fingerprint, folds repeats together, and
// says which findings of the head were introduced and which already stood at
// the merge base. It compares two route inventories (RouteChanges) and turns
// findings about single routes into what the change did to them, one for each
// cause (Authz); docs/adr/0012 says how.
//
// It is pure: no I/O, no clock; the same input gives the same bytes. It imports
// app/review only.
package findings
