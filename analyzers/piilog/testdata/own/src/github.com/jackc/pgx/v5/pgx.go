// Package pgx stands in for github.com/jackc/pgx/v5.
package pgx

import "context"

// Conn is a connection.
type Conn struct{}

func (c *Conn) Query(ctx context.Context, sql string, args ...any) (Rows, error) { return nil, nil }

// Rows are rows.
type Rows interface{ Close() }

// CollectableRow is one.
type CollectableRow interface{ Scan(dest ...any) error }

// RowTo reads one column.
func RowTo[T any](row CollectableRow) (T, error) { var v T; return v, nil }

// CollectRows reads all.
func CollectRows[T any](rows Rows, fn func(CollectableRow) (T, error)) ([]T, error) { return nil, nil }
