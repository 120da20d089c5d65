// Package sqlx stands in for github.com/jmoiron/sqlx.
package sqlx

import "context"

// Queryer runs queries.
type Queryer interface{ Close() error }

// DB is a database.
type DB struct{}

func (db *DB) Close() error                                     { return nil }
func (db *DB) Get(dest any, query string, args ...any) error    { return nil }
func (db *DB) Select(dest any, query string, args ...any) error { return nil }
func (db *DB) SelectContext(ctx context.Context, dest any, query string, args ...any) error {
	return nil
}
func (db *DB) QueryRowx(query string, args ...any) *Row { return nil }

// Row is a row.
type Row struct{}

func (r *Row) StructScan(dest any) error { return nil }
func (r *Row) Scan(dest ...any) error    { return nil }

// Get reads one row.
func Get(q Queryer, dest any, query string, args ...any) error { return nil }
