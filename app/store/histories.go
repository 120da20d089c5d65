package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/launchgate/launchgate/app/review"
)

// History is a stored look at a repository's history. Lists carry counts instead
// of rotations.
type History struct {
	review.History
	Installation review.InstallationID
	// Engine names the rules and the engine of the last complete look.
	Engine        string
	Secrets, Open int
}

const historyColumns = `h.repo_id, h.repo_name, h.installation, h.state, h.head, h.engine, h.receipt, h.progress, h.started_ms, h.finished_ms,
	(SELECT COUNT(*) FROM rotations r WHERE r.repo_id = h.repo_id),
	(SELECT COUNT(*) FROM rotations r LEFT JOIN rotation_marks m ON m.key = r.key WHERE r.repo_id = h.repo_id AND COALESCE(m.state, 'open') = 'open')`

func scanHistory(scan func(...any) error) (History, error) {
	var h History
	var id, installation, started, finished int64
	var name, state, head, receipt, progress string
	if err := scan(&id, &name, &installation, &state, &head, &h.Engine, &receipt, &progress, &started, &finished, &h.Secrets, &h.Open); err != nil {
		return History{}, err
	}
	h.Repo = repoOf(id, name)
	h.Installation = review.InstallationID(installation)
	h.History.State, h.Head = review.HistoryState(state), review.SHA(head)
	if err := errors.Join(unmarshal(receipt, &h.Receipt), unmarshal(progress, &h.Progress)); err != nil {
		return History{}, fmt.Errorf("read the history of %s: %w", name, err)
	}
	h.Started, h.Finished = milli(started), milli(finished)
	return h, nil
}

func unmarshal(text string, into any) error {
	if text == "" {
		return nil
	}
	return json.Unmarshal([]byte(text), into)
}

func milli(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

// BeginHistory notes that a repository's history is looked at, and returns what
// the look before came to, without rotations.
func (db *DB) BeginHistory(ctx context.Context, installation review.InstallationID, repo review.Repo) (before History, err error) {
	err = db.InTx(ctx, func(ctx context.Context, tx Tx) error {
		if before, err = findHistory(ctx, tx, repo.ID); err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO histories (repo_id, repo_name, installation, state, head, engine, receipt, progress, started_ms, finished_ms)
			VALUES ($1, $2, $3, $4, '', '', '', '', $5, 0)
			ON CONFLICT (repo_id) DO UPDATE SET repo_name = excluded.repo_name, installation = excluded.installation, state = excluded.state, progress = '', started_ms = excluded.started_ms`,
			int64(repo.ID), clean(repo.FullName()), int64(installation), string(review.HistoryRunning), db.now().UnixMilli())
		return err
	})
	return before, err
}

// QueueHistory notes that a repository's history is going to be looked at.
func (db *DB) QueueHistory(ctx context.Context, installation review.InstallationID, repo review.Repo) error {
	return db.InTx(ctx, func(ctx context.Context, tx Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO histories (repo_id, repo_name, installation, state, head, engine, receipt, progress, started_ms, finished_ms)
			VALUES ($1, $2, $3, $4, '', '', '', '', 0, 0) ON CONFLICT (repo_id) DO NOTHING`,
			int64(repo.ID), clean(repo.FullName()), int64(installation), string(review.HistoryQueued))
		return err
	})
}

// NoteHistory notes how far a look is.
func (db *DB) NoteHistory(ctx context.Context, repo review.RepoID, p review.HistoryProgress) error {
	text, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("encode the progress: %w", err)
	}
	return db.InTx(ctx, func(ctx context.Context, tx Tx) error {
		_, err := tx.Exec(ctx, `UPDATE histories SET progress = $1 WHERE repo_id = $2 AND state = $3`, string(text), int64(repo), string(review.HistoryRunning))
		return err
	})
}

// EndHistory records what a look came to. The list of a complete look takes the
// place of the one before; an incomplete one only adds to it. A repository that
// was removed meanwhile is left alone.
func (db *DB) EndHistory(ctx context.Context, h review.History, engine string) error {
	receipt, err1 := json.Marshal(h.Receipt)
	progress, err2 := json.Marshal(h.Progress)
	if err := errors.Join(err1, err2); err != nil {
		return fmt.Errorf("encode the history: %w", err)
	}
	if h.State != review.HistoryDone {
		engine = ""
	}
	return db.InTx(ctx, func(ctx context.Context, tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE histories SET state = $1, head = $2, engine = $3, receipt = $4, progress = $5, finished_ms = $6 WHERE repo_id = $7`,
			string(h.State), string(h.Head), engine, clean(string(receipt)), string(progress), db.now().UnixMilli(), int64(h.Repo.ID))
		if err != nil || n == 0 {
			return err
		}
		if h.State == review.HistoryDone {
			if _, err := tx.Exec(ctx, `DELETE FROM rotations WHERE repo_id = $1`, int64(h.Repo.ID)); err != nil {
				return fmt.Errorf("replace the list: %w", err)
			}
		}
		for _, r := range h.Rotations {
			r.State, r.Reason, r.By = review.Open, "", "" // marks are kept apart
			text, err := json.Marshal(r)
			if err != nil {
				return fmt.Errorf("encode what to rotate: %w", err)
			}
			if _, err := tx.Exec(ctx, `INSERT INTO rotations (repo_id, key, rule, rotation) VALUES ($1, $2, $3, $4)
				ON CONFLICT (repo_id, key, rule) DO UPDATE SET rotation = excluded.rotation`, int64(h.Repo.ID), r.Key, string(r.Rule), clean(string(text))); err != nil {
				return fmt.Errorf("save what to rotate: %w", err)
			}
		}
		return nil
	})
}

func findHistory(ctx context.Context, tx Tx, repo review.RepoID) (h History, err error) {
	found := false
	err = tx.Query(ctx, func(scan func(...any) error) error {
		found = true
		h, err = scanHistory(scan)
		return err
	}, `SELECT `+historyColumns+` FROM histories h WHERE h.repo_id = $1`, int64(repo))
	if err == nil && !found {
		err = ErrNotFound
	}
	return h, err
}

// Histories returns the looks at all repositories, by name, without rotations.
func (db *DB) Histories(ctx context.Context) (out []History, err error) {
	err = db.InTx(ctx, func(ctx context.Context, tx Tx) error {
		return tx.Query(ctx, func(scan func(...any) error) error {
			h, err := scanHistory(scan)
			out = append(out, h)
			return err
		}, `SELECT `+historyColumns+` FROM histories h ORDER BY h.repo_name`)
	})
	return out, err
}

// HistoryOf returns the look at one repository with what to rotate, marked and
// sorted; ErrNotFound if there was none.
func (db *DB) HistoryOf(ctx context.Context, repo review.RepoID) (h History, err error) {
	err = db.InTx(ctx, func(ctx context.Context, tx Tx) error {
		if h, err = findHistory(ctx, tx, repo); err != nil {
			return err
		}
		marks := make(map[string]review.Mark)
		err := tx.Query(ctx, func(scan func(...any) error) error {
			var key, rotation, state, reason, by string
			var at int64
			if err := scan(&key, &rotation, &state, &reason, &at, &by); err != nil {
				return err
			}
			var r review.Rotation
			var m review.Mark
			if err := errors.Join(json.Unmarshal([]byte(rotation), &r), m.State.UnmarshalText([]byte(state))); err != nil {
				return fmt.Errorf("read what to rotate: %w", err)
			}
			m.Reason, m.By = reason, by
			if at > 0 {
				m.At = time.UnixMilli(at).UTC()
			}
			marks[key] = m
			h.Rotations = append(h.Rotations, r)
			return nil
		}, `SELECT r.key, r.rotation, COALESCE(m.state, 'open'), COALESCE(m.reason, ''), COALESCE(m.at_ms, 0), COALESCE(m.marked_by, '') FROM rotations r LEFT JOIN rotation_marks m ON m.key = r.key WHERE r.repo_id = $1`, int64(repo))
		review.MarkAll(h.Rotations, marks)
		return err
	})
	return h, err
}

// isKey reports whether s can be a key, or its beginning.
func isKey(s string) bool {
	return 8 <= len(s) && len(s) <= 64 && strings.Trim(s, "0123456789abcdef") == ""
}

// MarkSecret records what somebody decided about the one secret whose key begins
// with short, in every repository, and returns the key.
func (db *DB) MarkSecret(ctx context.Context, short string, m review.Mark) (key string, err error) {
	if err := m.Check(); err != nil {
		return "", err
	}
	err = db.InTx(ctx, func(ctx context.Context, tx Tx) error {
		var known []review.Rotation
		if short = strings.ToLower(short); isKey(short) {
			err := tx.Query(ctx, func(scan func(...any) error) error {
				var r review.Rotation
				err := scan(&r.Key)
				known = append(known, r)
				return err
			}, `SELECT DISTINCT key FROM rotations WHERE key LIKE $1`, short+"%")
			if err != nil {
				return err
			}
		}
		if key, err = review.FindKey(known, short); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO rotation_marks (key, state, reason, at_ms, marked_by) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (key) DO UPDATE SET state = excluded.state, reason = excluded.reason, at_ms = excluded.at_ms, marked_by = excluded.marked_by`,
			key, m.State.String(), clean(m.Reason), m.At.UnixMilli(), clean(m.By))
		return err
	})
	return key, err
}

// LaterHistoryWaits reports whether a job that was queued after this one looks at
// the same repository's history. It will fetch what this one would, and more.
func (db *DB) LaterHistoryWaits(ctx context.Context, repo review.RepoID, job int64) (waits bool, err error) {
	err = db.InTx(ctx, func(ctx context.Context, tx Tx) error {
		return tx.Query(ctx, func(scan func(...any) error) error {
			var text string
			if err := scan(&text); err != nil {
				return err
			}
			var in review.Intent
			if err := json.Unmarshal([]byte(text), &in); err != nil {
				return fmt.Errorf("read the intent of a delivery: %w", err)
			}
			waits = waits || in.Kind == review.IntentHistory
			return nil
		}, `SELECT intent FROM deliveries WHERE repo_id = $1 AND state = 'queued' AND job_id > $2`, int64(repo), job)
	})
	return waits, err
}

// HistoriesToLookAt returns the repositories, with their installation, whose
// history was never looked at in full by this engine.
func (db *DB) HistoriesToLookAt(ctx context.Context, engine string) (out []review.Intent, err error) {
	err = db.InTx(ctx, func(ctx context.Context, tx Tx) error {
		return tx.Query(ctx, func(scan func(...any) error) error {
			in := review.Intent{Kind: review.IntentHistory}
			var id, installation, private int64
			if err := scan(&id, &installation, &in.Repo.Owner, &in.Repo.Name, &in.Repo.DefaultBranch, &private); err != nil {
				return err
			}
			in.Repo.ID, in.Installation, in.Repo.Private = review.RepoID(id), review.InstallationID(installation), private != 0
			out = append(out, in)
			return nil
		}, `SELECT r.id, r.installation, r.owner, r.name, r.default_branch, r.private FROM repositories r
			JOIN installations i ON i.id = r.installation AND i.suspended = 0
			LEFT JOIN histories h ON h.repo_id = r.id WHERE h.engine IS NULL OR h.engine <> $1 ORDER BY r.id`, engine)
	})
	return out, err
}

// forgetHistory forgets what a repository's history holds; what was decided
// about secrets stays.
func forgetHistory(ctx context.Context, tx Tx, repo review.RepoID) error {
	_, err1 := tx.Exec(ctx, `DELETE FROM rotations WHERE repo_id = $1`, int64(repo))
	_, err2 := tx.Exec(ctx, `DELETE FROM histories WHERE repo_id = $1`, int64(repo))
	return errors.Join(err1, err2)
}
