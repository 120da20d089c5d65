// Package squirrel stands in for github.com/Masterminds/squirrel.
package squirrel

import "database/sql"

// SelectBuilder builds a query.
type SelectBuilder struct{}

// Select begins one.
func Select(columns ...string) SelectBuilder { return SelectBuilder{} }

func (b SelectBuilder) From(from string) SelectBuilder            { return b }
func (b SelectBuilder) Where(pred any, args ...any) SelectBuilder { return b }
func (b SelectBuilder) RunWith(db *sql.DB) SelectBuilder          { return b }
func (b SelectBuilder) QueryRow() *sql.Row                        { return nil }
func (b SelectBuilder) ToSql() (string, []any, error)             { return "", nil, nil }
