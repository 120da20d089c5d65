// Package gorm stands in for gorm.io/gorm.
package gorm

// DB is a database.
type DB struct{ Error error }

func (db *DB) Table(name string, args ...any) *DB { return db }
func (db *DB) Model(value any) *DB                { return db }
func (db *DB) Select(query any, args ...any) *DB  { return db }
func (db *DB) Where(query any, args ...any) *DB   { return db }
func (db *DB) Raw(sql string, values ...any) *DB  { return db }
func (db *DB) Scan(dest any) *DB                  { return db }
func (db *DB) Pluck(column string, dest any) *DB  { return db }
func (db *DB) Find(dest any, conds ...any) *DB    { return db }
func (db *DB) Take(dest any, conds ...any) *DB    { return db }
