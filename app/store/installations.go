package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/launchgate/launchgate/app/review"
)

// SaveInstallation inserts or updates an installation.
func (db *DB) SaveInstallation(ctx context.Context, id review.InstallationID, account string, suspended bool) error {
	return db.InTx(ctx, func(ctx context.Context, tx Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO installations (id, account, suspended) VALUES ($1, $2, $3)
			ON CONFLICT (id) DO UPDATE SET account = excluded.account, suspended = excluded.suspended`, int64(id), account, flag(suspended))
		return err
	})
}

// RemoveInstallation forgets an installation, its repositories and what their
// history holds.
func (db *DB) RemoveInstallation(ctx context.Context, id review.InstallationID) error {
	return db.InTx(ctx, func(ctx context.Context, tx Tx) error {
		_, err1 := tx.Exec(ctx, `DELETE FROM rotations WHERE repo_id IN (SELECT repo_id FROM histories WHERE installation = $1)`, int64(id))
		_, err2 := tx.Exec(ctx, `DELETE FROM histories WHERE installation = $1`, int64(id))
		_, err3 := tx.Exec(ctx, `DELETE FROM repositories WHERE installation = $1`, int64(id))
		_, err4 := tx.Exec(ctx, `DELETE FROM installations WHERE id = $1`, int64(id))
		return errors.Join(err1, err2, err3, err4)
	})
}

// SaveRepositories inserts or updates repositories of an installation.
func (db *DB) SaveRepositories(ctx context.Context, installation review.InstallationID, repos []review.Repo) error {
	return db.InTx(ctx, func(ctx context.Context, tx Tx) error {
		for _, r := range repos {
			if _, err := tx.Exec(ctx, `INSERT INTO repositories (id, installation, owner, name, default_branch, private) VALUES ($1, $2, $3, $4, $5, $6)
				ON CONFLICT (id) DO UPDATE SET installation = excluded.installation, owner = excluded.owner, name = excluded.name, default_branch = excluded.default_branch, private = excluded.private`,
				int64(r.ID), int64(installation), r.Owner, r.Name, r.DefaultBranch, flag(r.Private)); err != nil {
				return fmt.Errorf("save repository %d: %w", r.ID, err)
			}
		}
		return nil
	})
}

// RemoveRepositories forgets repositories.
func (db *DB) RemoveRepositories(ctx context.Context, repos []review.Repo) error {
	return db.InTx(ctx, func(ctx context.Context, tx Tx) error {
		for _, r := range repos {
			if _, err := tx.Exec(ctx, `DELETE FROM repositories WHERE id = $1`, int64(r.ID)); err != nil {
				return fmt.Errorf("remove repository %d: %w", r.ID, err)
			}
			if err := forgetHistory(ctx, tx, r.ID); err != nil {
				return fmt.Errorf("forget the history of repository %d: %w", r.ID, err)
			}
		}
		return nil
	})
}

// Repositories returns the repositories of an installation, by name.
func (db *DB) Repositories(ctx context.Context, installation review.InstallationID) ([]review.Repo, error) {
	var out []review.Repo
	err := db.InTx(ctx, func(ctx context.Context, tx Tx) error {
		return tx.Query(ctx, func(scan func(...any) error) error {
			var r review.Repo
			var id, private int64
			if err := scan(&id, &r.Owner, &r.Name, &r.DefaultBranch, &private); err != nil {
				return err
			}
			r.ID, r.Private = review.RepoID(id), private != 0
			out = append(out, r)
			return nil
		}, `SELECT id, owner, name, default_branch, private FROM repositories WHERE installation = $1 ORDER BY owner, name`, int64(installation))
	})
	return out, err
}

// Setting returns a value that belongs to this database, making it with create
// the first time. All replicas see the same value.
func (db *DB) Setting(ctx context.Context, name string, create func() string) (value string, err error) {
	err = db.InTx(ctx, func(ctx context.Context, tx Tx) error {
		err := tx.QueryRow(ctx, []any{&value}, `SELECT value FROM settings WHERE name = $1`, name)
		if err == nil || !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`, name, create()); err != nil {
			return err
		}
		return tx.QueryRow(ctx, []any{&value}, `SELECT value FROM settings WHERE name = $1`, name)
	})
	return value, err
}

// FindSetting returns a value that belongs to this database, or ErrNotFound.
func (db *DB) FindSetting(ctx context.Context, name string) (value string, err error) {
	err = db.InTx(ctx, func(ctx context.Context, tx Tx) error {
		return tx.QueryRow(ctx, []any{&value}, `SELECT value FROM settings WHERE name = $1`, name)
	})
	return value, err
}

// WipeSetting deletes a value such that the database's files do not hold it any
// more. Backups made before do.
func (db *DB) WipeSetting(ctx context.Context, name string) error {
	const text = `DELETE FROM settings WHERE name = $1`
	if db.pool != nil {
		_, err := db.pool.Exec(ctx, text, name)
		if err == nil {
			// A plain VACUUM forgets where the row was, and leaves its bytes.
			_, err = db.pool.Exec(ctx, `VACUUM FULL settings`)
		}
		return unavailable(err)
	}
	// There is one connection, so the pragma holds for the statement after it.
	for _, step := range []struct {
		text string
		args []any
	}{{`PRAGMA secure_delete = ON`, nil}, {text, []any{name}}} {
		if _, err := db.sqlite.ExecContext(ctx, step.text, step.args...); err != nil {
			return unavailable(err)
		}
	}
	return db.emptyLog(ctx)
}

// logTries is how often SQLite is asked to empty its log, logPause apart.
const (
	logTries = 20
	logPause = 100 * time.Millisecond
)

// emptyLog has SQLite move its log into the database and truncate it, because it
// holds pages as they were. Somebody who reads the database keeps it from that, which
// is no error to SQLite but a row that says so.
func (db *DB) emptyLog(ctx context.Context) error {
	for range logTries {
		busy, err := db.tryToEmptyLog(ctx)
		if err != nil || !busy {
			return unavailable(err)
		}
		select {
		case <-ctx.Done():
			return unavailable(context.Cause(ctx))
		case <-time.After(logPause):
		}
	}
	return &review.Error{Code: review.CodeStorageUnavailable, Op: "empty the database's log", What: "what was deleted still stands in it, because another program reads the database",
		Do: "end that program; the log is emptied when the last one that has the database open closes it"}
}

// tryToEmptyLog is one try, for which SQLite does not wait as it would: longer than
// anybody has patience. Nobody else gets the one connection meanwhile, which would
// fail them at once.
func (db *DB) tryToEmptyLog(ctx context.Context) (busy bool, err error) {
	conn, err := db.sqlite.Conn(ctx)
	if err != nil {
		return false, err
	}
	defer conn.Close()
	wait := func(d time.Duration) error {
		// Nobody may give up between the two: the connection would never wait again.
		_, err := conn.ExecContext(context.WithoutCancel(ctx), fmt.Sprintf(`PRAGMA busy_timeout = %d`, d.Milliseconds()))
		return err
	}
	if err := wait(0); err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, wait(busyTimeout)) }()
	var pages, moved int
	err = conn.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &pages, &moved)
	return busy, err
}

// ForgetSecrets forgets every fingerprint of a secret, and what was decided about
// it: they are worth nothing without the key they were made with. Histories are
// looked at anew. Reviews stay; their fingerprints match nothing any more.
func (db *DB) ForgetSecrets(ctx context.Context) error {
	return db.InTx(ctx, func(ctx context.Context, tx Tx) error {
		for _, text := range []string{`DELETE FROM rotations`, `DELETE FROM rotation_marks`, `DELETE FROM histories`, `DELETE FROM settings WHERE name IN ('key', 'key_check')`,
			`DELETE FROM deliveries WHERE guid LIKE 'history-%' AND state <> 'queued'`} {
			if _, err := tx.Exec(ctx, text); err != nil {
				return err
			}
		}
		return nil
	})
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func repoOf(id int64, fullName string) review.Repo {
	owner, name, _ := strings.Cut(fullName, "/")
	return review.Repo{ID: review.RepoID(id), Owner: owner, Name: name}
}
