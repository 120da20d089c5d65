package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/pressly/goose/v3"

	"github.com/jackc/pgx/v5/stdlib"
	"modernc.org/sqlite" // registers the driver "sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/launchgate/launchgate/app/review"
)

// ErrNotFound is what the methods that look for one row return when there is
// none.
var ErrNotFound = sql.ErrNoRows

//go:embed migrations/*.sql
var migrations embed.FS

// Config says which database. Exactly one field is set.
type Config struct {
	Path        string // file of an SQLite database, made if absent
	PostgresDSN string
}

// minConns is the least number of connections to PostgreSQL a process may use.
const minConns = 8

// DB is an open database. It may be used concurrently.
type DB struct {
	sqlite *sql.DB       // nil on PostgreSQL
	pool   *pgxpool.Pool // nil on SQLite
	now    func() time.Time
}

// Tx is the port both databases are reached through: SQL with $1 placeholders,
// inside one transaction. Implementations are not safe for concurrent use.
type Tx interface {
	// Exec runs a statement and returns how many rows it touched.
	Exec(ctx context.Context, query string, args ...any) (int64, error)
	// QueryRow scans the only row into dest; no row is sql.ErrNoRows.
	QueryRow(ctx context.Context, dest []any, query string, args ...any) error
	// Query calls scan for each row.
	Query(ctx context.Context, scan func(scan func(dest ...any) error) error, query string, args ...any) error
	// SQL and PGX return the driver's own transaction, nil on the other
	// database; app/jobs hands it to the queue.
	SQL() *sql.Tx
	PGX() pgx.Tx
}

// busyTimeout is how long SQLite waits for other processes.
const busyTimeout = 10 * time.Second

// Open opens a database without touching its schema; see Migrate.
//
// SQLite gets one connection (its writers queue up anyway, and the queue needs
// that), a write-ahead log, full syncs, so that an accepted delivery survives a
// power cut, and transactions that take the write lock at once instead of
// failing halfway.
func Open(ctx context.Context, cfg Config) (*DB, error) {
	switch {
	case cfg.PostgresDSN != "" && cfg.Path != "":
		return nil, &review.Error{Code: review.CodeBadConfig, Op: "open the database", Do: "configure either a data directory or a PostgreSQL DSN, not both"}
	case cfg.PostgresDSN != "":
		pc, err := pgxpool.ParseConfig(cfg.PostgresDSN)
		if err != nil {
			// pgx quotes the DSN, with its password, in parse errors.
			return nil, &review.Error{Code: review.CodeBadConfig, Op: "read the PostgreSQL DSN", Do: "check database.postgres_dsn; it is not shown because it holds a password"}
		}
		// River listens on a connection of its own, migrations hold two; with
		// pgx's default of four, leases would wait for handlers.
		pc.MaxConns = max(pc.MaxConns, minConns)
		pool, err := pgxpool.NewWithConfig(ctx, pc)
		if err == nil {
			if err = pool.Ping(ctx); err != nil {
				pool.Close()
			}
		}
		if err != nil {
			// Unlike parse errors, these name user, database and host only.
			return nil, &review.Error{Code: review.CodeStorageUnavailable, Op: "reach PostgreSQL", Do: "check that the server named in database.postgres_dsn is up and lets this host in", Err: err}
		}
		return &DB{pool: pool, now: time.Now}, nil
	case cfg.Path != "":
		// The file holds findings and names of private repositories. SQLite
		// gives its log the same permissions.
		f, err := os.OpenFile(cfg.Path, os.O_RDWR|os.O_CREATE, 0o600)
		if err == nil {
			err = f.Close()
		}
		if err != nil {
			return nil, &review.Error{Code: review.CodeStorageUnavailable, Op: "open the database", What: cfg.Path, Do: "check that the data directory exists and is writable", Err: err}
		}
		// In this order: the switch to the log may have to wait, too.
		q := url.Values{"_pragma": {fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()), "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)"}, "_txlock": {"immediate"}}
		db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: cfg.Path}).EscapedPath()+"?"+q.Encode())
		if err != nil {
			return nil, fmt.Errorf("open SQLite: %w", err)
		}
		db.SetMaxOpenConns(1)
		if err := openUnlocked(ctx, db); err != nil {
			return nil, errors.Join(&review.Error{Code: review.CodeStorageUnavailable, Op: "open the database", What: cfg.Path, Do: "check that the data directory is writable", Err: err}, db.Close())
		}
		return &DB{sqlite: db, now: time.Now}, nil
	}
	return nil, &review.Error{Code: review.CodeBadConfig, Op: "open the database", Do: "configure a data directory or a PostgreSQL DSN"}
}

// openUnlocked makes the first connection. SQLite answers "busy" at once where
// waiting could be a deadlock, as when two processes switch a new file to its
// log: so this waits in its place.
func openUnlocked(ctx context.Context, db *sql.DB) error {
	const wait, step = 10 * time.Second, 20 * time.Millisecond
	for deadline := time.Now().Add(wait); ; {
		err := db.PingContext(ctx)
		var busy *sqlite.Error
		if err == nil || !errors.As(err, &busy) || busy.Code()&0xff != sqlite3.SQLITE_BUSY || time.Now().After(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(step):
		}
	}
}

// Close closes every connection.
func (db *DB) Close() error {
	if db.pool != nil {
		db.pool.Close()
		return nil
	}
	return db.sqlite.Close()
}

// SQLite returns the connection pool of an SQLite database, nil on PostgreSQL.
func (db *DB) SQLite() *sql.DB { return db.sqlite }

// Pool returns the connection pool of a PostgreSQL database, nil on SQLite.
func (db *DB) Pool() *pgxpool.Pool { return db.pool }

// Ping reports whether the database answers.
func (db *DB) Ping(ctx context.Context) error {
	if db.pool != nil {
		return db.pool.Ping(ctx)
	}
	return db.sqlite.PingContext(ctx)
}

// Migrate brings our own tables up to date. It may be called by several
// replicas at once.
func (db *DB) Migrate(ctx context.Context) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	conn, dialect := db.sqlite, goose.DialectSQLite3
	if db.pool != nil {
		conn, dialect = stdlib.OpenDBFromPool(db.pool), goose.DialectPostgres
		defer conn.Close()
		// One replica migrates at a time; the lock goes with the connection.
		lock, err := db.pool.Acquire(ctx)
		if err != nil {
			return fmt.Errorf("lock the schema: %w", err)
		}
		defer lock.Release()
		if _, err := lock.Exec(ctx, "SELECT pg_advisory_lock(7214905331)"); err != nil {
			return fmt.Errorf("lock the schema: %w", err)
		}
		defer func() {
			// The lock is released with the session at the latest.
			_, _ = lock.Exec(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock(7214905331)")
		}()
	}
	provider, err := goose.NewProvider(dialect, conn, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	_, err = provider.Up(ctx)
	for range 3 {
		// On SQLite nothing keeps two processes from reading the same version:
		// the one that comes second fails, and finds the work done.
		if err == nil || db.pool != nil {
			break
		}
		_, err = provider.Up(ctx)
	}
	if err != nil {
		return fmt.Errorf("migrate the database: %w", err)
	}
	return nil
}

// InTx runs fn in one transaction, committed when fn returns nil.
func (db *DB) InTx(ctx context.Context, fn func(ctx context.Context, tx Tx) error) (err error) {
	if db.pool != nil {
		err := pgx.BeginFunc(ctx, db.pool, func(tx pgx.Tx) error { return fn(ctx, pgTx{tx}) })
		return unavailable(err)
	}
	tx, err := db.sqlite.BeginTx(ctx, nil)
	if err != nil {
		return unavailable(err)
	}
	defer func() {
		if p := recover(); p != nil {
			_ = tx.Rollback() // the panic is what counts
			panic(p)
		}
	}()
	if err := fn(ctx, sqliteTx{tx}); err != nil {
		if rerr := tx.Rollback(); rerr != nil && !errors.Is(rerr, sql.ErrTxDone) {
			err = errors.Join(err, rerr)
		}
		return unavailable(err)
	}
	return unavailable(tx.Commit())
}

// unavailable names errors of the database itself; errors that carry a code
// already, and "no row", pass.
func unavailable(err error) error {
	var e *review.Error
	if err == nil || errors.As(err, &e) || errors.Is(err, sql.ErrNoRows) || errors.Is(err, context.Canceled) {
		return err
	}
	return &review.Error{Code: review.CodeStorageUnavailable, Op: "use the database", Do: "check the database; the server's log has the cause", Err: err}
}

type sqliteTx struct{ tx *sql.Tx }

func (t sqliteTx) SQL() *sql.Tx { return t.tx }
func (t sqliteTx) PGX() pgx.Tx  { return nil }

func (t sqliteTx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	res, err := t.tx.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (t sqliteTx) QueryRow(ctx context.Context, dest []any, query string, args ...any) error {
	return t.tx.QueryRowContext(ctx, query, args...).Scan(dest...)
}

func (t sqliteTx) Query(ctx context.Context, scan func(func(...any) error) error, query string, args ...any) error {
	rows, err := t.tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

type pgTx struct{ tx pgx.Tx }

func (t pgTx) SQL() *sql.Tx { return nil }
func (t pgTx) PGX() pgx.Tx  { return t.tx }

func (t pgTx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	tag, err := t.tx.Exec(ctx, query, args...)
	return tag.RowsAffected(), err
}

func (t pgTx) QueryRow(ctx context.Context, dest []any, query string, args ...any) error {
	err := t.tx.QueryRow(ctx, query, args...).Scan(dest...)
	if errors.Is(err, pgx.ErrNoRows) {
		return sql.ErrNoRows
	}
	return err
}

func (t pgTx) Query(ctx context.Context, scan func(func(...any) error) error, query string, args ...any) error {
	rows, err := t.tx.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}
