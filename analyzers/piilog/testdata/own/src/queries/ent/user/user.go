// Package user names the columns of users.
package user

// The columns.
const (
	FieldID    = "id"
	FieldEmail = "email"
	FieldPlan  = "plan"
)
