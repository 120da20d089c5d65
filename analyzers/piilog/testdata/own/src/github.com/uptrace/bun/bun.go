// Package bun stands in for github.com/uptrace/bun.
package bun

import "context"

// DB is a database.
type DB struct{}

func (db *DB) NewSelect() *SelectQuery { return nil }

// SelectQuery is a query.
type SelectQuery struct{}

func (q *SelectQuery) Model(model any) *SelectQuery                      { return q }
func (q *SelectQuery) Column(columns ...string) *SelectQuery             { return q }
func (q *SelectQuery) ColumnExpr(query string, args ...any) *SelectQuery { return q }
func (q *SelectQuery) Where(query string, args ...any) *SelectQuery      { return q }
func (q *SelectQuery) Scan(ctx context.Context, dest ...any) error       { return nil }
