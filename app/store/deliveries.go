package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/launchgate/launchgate/app/review"
)

// The states of a delivery.
const (
	DeliveryQueued = "queued"
	DeliveryDone   = "done"
	DeliveryFailed = "failed"
)

// Delivery is a stored delivery.
type Delivery struct {
	review.Delivery
	State    string
	JobID    int64
	Reason   string // readable; why it failed or what came of it
	Finished time.Time
}

// FindDelivery returns the delivery with this GUID; ok is false if there is
// none.
func FindDelivery(ctx context.Context, tx Tx, guid string) (d Delivery, ok bool, err error) {
	var received, finished int64
	var intent string
	err = tx.QueryRow(ctx, []any{&d.GUID, &d.Event, &d.Action, &intent, &received, &d.State, &d.JobID, &d.Reason, &finished},
		`SELECT guid, event, action, intent, received_ms, state, job_id, reason, finished_ms FROM deliveries WHERE guid = $1`, guid)
	if errors.Is(err, sql.ErrNoRows) {
		return Delivery{}, false, nil
	}
	if err != nil {
		return Delivery{}, false, fmt.Errorf("find delivery: %w", err)
	}
	if err := json.Unmarshal([]byte(intent), &d.Intent); err != nil {
		return Delivery{}, false, fmt.Errorf("read the intent of delivery %s: %w", guid, err)
	}
	d.Received, d.Finished = time.UnixMilli(received), time.UnixMilli(finished)
	return d, true, nil
}

// SaveDelivery inserts a delivery, or replaces one that is to be queued again.
func SaveDelivery(ctx context.Context, tx Tx, d Delivery) error {
	intent, err := json.Marshal(d.Intent)
	if err != nil {
		return fmt.Errorf("encode the intent: %w", err)
	}
	var finished int64
	if d.State != DeliveryQueued {
		finished = d.Received.UnixMilli() // asked for nothing
	}
	_, err = tx.Exec(ctx, `INSERT INTO deliveries (guid, event, action, intent, repo_id, repo_name, received_ms, state, job_id, reason, finished_ms)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (guid) DO UPDATE SET intent = excluded.intent, state = excluded.state, job_id = excluded.job_id, reason = excluded.reason, finished_ms = excluded.finished_ms, tries = 0, crashes = 0`,
		d.GUID, clean(d.Event), clean(d.Action), clean(string(intent)), int64(d.Intent.Repo.ID), clean(d.Intent.Repo.FullName()), d.Received.UnixMilli(), d.State, d.JobID, clean(d.Reason), finished)
	if err != nil {
		return fmt.Errorf("save delivery: %w", err)
	}
	return nil
}

// EndDelivery records what came of a delivery.
func (db *DB) EndDelivery(ctx context.Context, guid, state, reason string) error {
	return db.InTx(ctx, func(ctx context.Context, tx Tx) error {
		_, err := tx.Exec(ctx, `UPDATE deliveries SET state = $1, reason = $2, finished_ms = $3 WHERE guid = $4`, state, clean(reason), db.now().UnixMilli(), guid)
		return err
	})
}

// EndDeliveryOf records what came of a delivery, or with DeliveryQueued why it
// is not over, on behalf of the job that is to answer it. It returns 0 when that
// is another job by now, or the delivery has ended.
func EndDeliveryOf(ctx context.Context, tx Tx, guid string, job int64, state, reason string, finished int64) (int64, error) {
	n, err := tx.Exec(ctx, `UPDATE deliveries SET state = $1, reason = $2, finished_ms = $3 WHERE guid = $4 AND job_id = $5 AND state = 'queued'`, state, clean(reason), finished, guid, job)
	if err != nil {
		return 0, fmt.Errorf("record the end of delivery %s: %w", guid, err)
	}
	return n, nil
}

// Prune forgets what nobody asks for any more: deliveries that ended before
// deliveriesBefore (GitHub redelivers for three days) and the outcomes of
// reviews that ended before outcomesBefore. The reviews themselves stay, because
// they are what keeps a verdict from being published twice.
func (db *DB) Prune(ctx context.Context, deliveriesBefore, outcomesBefore time.Time) error {
	return db.InTx(ctx, func(ctx context.Context, tx Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM deliveries WHERE state <> 'queued' AND received_ms < $1 AND finished_ms < $1`, deliveriesBefore.UnixMilli()); err != nil {
			return fmt.Errorf("prune deliveries: %w", err)
		}
		if _, err := tx.Exec(ctx, `UPDATE reviews SET outcome = '' WHERE outcome <> '' AND finished_ms < $1 AND kind <> $2`, outcomesBefore.UnixMilli(), review.KindBaseline.String()); err != nil {
			return fmt.Errorf("prune outcomes: %w", err)
		}
		return nil
	})
}

// clean makes text from a pull request storable: PostgreSQL refuses NUL and
// invalid UTF-8, and a file name must not keep a verdict from being recorded.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// RecentDeliveries returns the newest deliveries, at most limit.
func (db *DB) RecentDeliveries(ctx context.Context, limit int) ([]Delivery, error) {
	var out []Delivery
	err := db.InTx(ctx, func(ctx context.Context, tx Tx) error {
		return tx.Query(ctx, func(scan func(...any) error) error {
			var d Delivery
			var received, finished int64
			var repo, intent string
			if err := scan(&d.GUID, &d.Event, &d.Action, &repo, &intent, &received, &d.State, &d.Reason, &finished); err != nil {
				return err
			}
			if err := json.Unmarshal([]byte(intent), &d.Intent); err != nil {
				return fmt.Errorf("read the intent of delivery %s: %w", d.GUID, err)
			}
			d.Received, d.Finished = time.UnixMilli(received), time.UnixMilli(finished)
			out = append(out, d)
			return nil
		}, `SELECT guid, event, action, repo_name, intent, received_ms, state, reason, finished_ms FROM deliveries ORDER BY received_ms DESC LIMIT $1`, limit)
	})
	return out, err
}
