package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/store"
	"github.com/launchgate/launchgate/app/store/storetest"
)

func rotation(key, path string) review.Rotation {
	return review.Rotation{Key: strings.Repeat(key, 64/len(key)), Rule: "secrets/aws-access-token", Severity: review.SeverityCritical, Provider: "Amazon Web Services",
		Commit: review.SHA(strings.Repeat("a", 40)), Path: path, Line: 3, Authored: time.Unix(1700000000, 0).UTC(), Places: 1}
}

func TestHistoryIsKeptWithWhatWasDecided(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		repo := review.Repo{ID: 7, Owner: "acme", Name: "api"}
		if err := errors.Join(db.SaveInstallation(ctx, 9, "acme", false), db.SaveRepositories(ctx, 9, []review.Repo{repo}), db.QueueHistory(ctx, 9, repo)); err != nil {
			t.Fatal(err)
		}
		if list, err := db.HistoriesToLookAt(ctx, "engine 1"); err != nil || len(list) != 1 || list[0].Repo.ID != 7 || list[0].Installation != 9 {
			t.Fatalf("to look at: %+v, %v", list, err)
		}
		before, err := db.BeginHistory(ctx, 9, repo)
		if err != nil || before.History.State != review.HistoryQueued {
			t.Fatalf("before: %+v, %v", before, err)
		}
		if err := db.NoteHistory(ctx, 7, review.HistoryProgress{Commits: 5, Total: 10}); err != nil {
			t.Fatal(err)
		}
		if h, err := db.HistoryOf(ctx, 7); err != nil || h.Progress.Commits != 5 || h.History.State != review.HistoryRunning {
			t.Errorf("on its way: %+v, %v", h, err)
		}

		end := func(state review.HistoryState, rs ...review.Rotation) {
			t.Helper()
			if err := db.EndHistory(ctx, review.History{Repo: repo, State: state, Head: rs[0].Commit, Rotations: rs, Receipt: review.ScannerReceipt{Scanner: "secrets"}}, "engine 1"); err != nil {
				t.Fatal(err)
			}
		}
		paths := func() string {
			t.Helper()
			h, err := db.HistoryOf(ctx, 7)
			if err != nil || h.Secrets != len(h.Rotations) || h.Open != h.History.Open() {
				t.Fatalf("%+v, %v", h, err)
			}
			var out []string
			for _, r := range h.Rotations {
				out = append(out, r.Path+" "+r.State.String())
			}
			return strings.Join(out, ", ")
		}
		end(review.HistoryIncomplete, rotation("01", "a"))
		if list, err := db.HistoriesToLookAt(ctx, "engine 1"); err != nil || len(list) != 1 {
			t.Errorf("after an incomplete look: %+v, %v", list, err)
		}
		end(review.HistoryDone, rotation("01", "a"), rotation("02", "b"))
		if list, err := db.HistoriesToLookAt(ctx, "engine 1"); err != nil || len(list) != 0 {
			t.Errorf("after a complete look: %+v, %v", list, err)
		}
		if list, err := db.HistoriesToLookAt(ctx, "engine 2"); err != nil || len(list) != 1 {
			t.Errorf("with another engine: %+v, %v", list, err)
		}
		if got := paths(); got != "a open, b open" {
			t.Errorf("list: %s", got)
		}

		now := time.Unix(1700000001, 0)
		if key, err := db.MarkSecret(ctx, "01010101", review.Mark{State: review.Rotated, Reason: "rolled", At: now}); err != nil || key != strings.Repeat("01", 32) {
			t.Errorf("mark: %q, %v", key, err)
		}
		for _, bad := range []struct {
			key  string
			mark review.Mark
		}{{"0101", review.Mark{State: review.Rotated}}, {"99999999", review.Mark{}}, {"%%%%%%%%", review.Mark{}}, {"02020202", review.Mark{State: review.FalsePositive}}} {
			if _, err := db.MarkSecret(ctx, bad.key, bad.mark); review.CodeOf(err) != review.CodeBadRequest {
				t.Errorf("mark %q as %s: %v", bad.key, bad.mark.State, err)
			}
		}
		if got := paths(); got != "b open, a rotated" {
			t.Errorf("list after a mark: %s", got)
		}
		if h, err := db.HistoryOf(ctx, repo.ID); err != nil || !h.Rotations[1].Decided.Equal(now) || !h.Rotations[0].Decided.IsZero() {
			t.Errorf("when it was decided: %+v, %v", h.Rotations, err)
		}
		// An incomplete look takes nothing away, a complete one does.
		end(review.HistoryIncomplete, rotation("03", "c"))
		if got := paths(); got != "b open, c open, a rotated" {
			t.Errorf("list after an incomplete look: %s", got)
		}
		end(review.HistoryDone, rotation("01", "a"), rotation("03", "c"))
		if got := paths(); got != "c open, a rotated" {
			t.Errorf("list after a complete look: %s", got)
		}
		if all, err := db.Histories(ctx); err != nil || len(all) != 1 || all[0].Secrets != 2 || all[0].Open != 1 || all[0].Repo.FullName() != "acme/api" {
			t.Errorf("all: %+v, %v", all, err)
		}

		// What was decided outlives the repository, the list does not.
		if err := db.RemoveRepositories(ctx, []review.Repo{repo}); err != nil {
			t.Fatal(err)
		}
		if _, err := db.HistoryOf(ctx, 7); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("a removed repository's history: %v", err)
		}
		end(review.HistoryDone, rotation("01", "a")) // a look that was under way
		if all, err := db.Histories(ctx); err != nil || len(all) != 0 {
			t.Errorf("a look under way brings a removed repository back: %+v, %v", all, err)
		}
		if err := db.QueueHistory(ctx, 9, repo); err != nil {
			t.Fatal(err)
		}
		end(review.HistoryDone, rotation("01", "a"))
		if got := paths(); got != "a rotated" {
			t.Errorf("list of the repository that came back: %s", got)
		}
		if err := db.RemoveInstallation(ctx, 9); err != nil {
			t.Fatal(err)
		}
		if all, err := db.Histories(ctx); err != nil || len(all) != 0 {
			t.Errorf("after the installation is gone: %+v, %v", all, err)
		}
	})
}

func TestAWipedSettingIsGoneAndForgottenSecretsAreLookedForAnew(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		for _, name := range []string{"key", "other"} {
			if _, err := db.Setting(ctx, name, func() string { return "v" }); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.WipeSetting(ctx, "key"); err != nil {
			t.Fatal(err)
		}
		if v, err := db.FindSetting(ctx, "key"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("the wiped setting is %q, %v", v, err)
		}
		if v, err := db.FindSetting(ctx, "other"); v != "v" || err != nil {
			t.Errorf("the other setting is %q, %v", v, err)
		}

		repo := review.Repo{ID: 7, Owner: "acme", Name: "api"}
		if _, err := db.BeginHistory(ctx, 9, repo); err != nil {
			t.Fatal(err)
		}
		key := strings.Repeat("ab", 32)
		h := review.History{Repo: repo, State: review.HistoryDone, Rotations: []review.Rotation{{Key: key, Rule: "secrets/x"}}}
		if err := db.EndHistory(ctx, h, "engine"); err != nil {
			t.Fatal(err)
		}
		if got, err := db.MarkSecret(ctx, strings.ToUpper(key[:12]), review.Mark{State: review.Rotated, At: time.Now()}); err != nil || got != key {
			t.Fatalf("a key in capitals: %s, %v", got, err)
		}
		if err := db.ForgetSecrets(ctx); err != nil {
			t.Fatal(err)
		}
		if list, err := db.Histories(ctx); err != nil || len(list) != 0 {
			t.Errorf("still known: %+v, %v", list, err)
		}
		if _, err := db.MarkSecret(ctx, key, review.Mark{State: review.Rotated, At: time.Now()}); err == nil {
			t.Error("a forgotten secret can be marked")
		}
	})
}

// TestAWipedSettingIsInNoFileOfPostgreSQL: a DELETE leaves the row in its
// page, and a plain VACUUM only forgets where it was.
func TestAWipedSettingIsInNoFileOfPostgreSQL(t *testing.T) {
	cfg := storetest.Postgres(t)
	db, err := store.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	value := strings.Repeat("5e", 32)
	for _, name := range []string{"other", "key"} {
		if _, err := db.Setting(t.Context(), name, func() string { return value }); err != nil {
			t.Fatal(err)
		}
		value = strings.Repeat("7d", 32) // the key's, which comes last
	}
	conn, err := pgx.Connect(t.Context(), cfg.PostgresDSN)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	holds := func() (found bool) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), "CHECKPOINT"); err != nil {
			t.Fatal(err)
		}
		if err := conn.QueryRow(t.Context(), `SELECT position($1::bytea IN pg_read_binary_file(pg_relation_filepath('settings'))) > 0`, []byte(value)).Scan(&found); err != nil {
			t.Fatal(err)
		}
		return found
	}
	if !holds() {
		t.Fatal("the test does not see the value while it is there")
	}
	if err := db.WipeSetting(t.Context(), "key"); err != nil {
		t.Fatal(err)
	}
	if holds() {
		t.Error("the table's file still holds the wiped value")
	}
}

// TestAKeyThatAReaderKeepsInTheLogIsNotSaidToBeWiped: SQLite says of a log that it
// could not empty in a row, which nobody read.
func TestAKeyThatAReaderKeepsInTheLogIsNotSaidToBeWiped(t *testing.T) {
	path := filepath.Join(t.TempDir(), "launchgate.db")
	db, err := store.Open(t.Context(), store.Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	value := strings.Repeat("7d", 32)
	holds := func() bool {
		t.Helper()
		for _, name := range []string{path, path + "-wal"} {
			if data, err := os.ReadFile(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Fatal(err)
			} else if bytes.Contains(data, []byte(value)) {
				return true
			}
		}
		return false
	}
	if _, err := db.Setting(t.Context(), "key", func() string { return value }); err != nil || !holds() {
		t.Fatalf("the test does not see the value while it is there: %v", err)
	}
	reader, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	tx, err := reader.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := tx.QueryRow(`SELECT count(*) FROM settings`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	if err := db.WipeSetting(t.Context(), "key"); review.CodeOf(err) != review.CodeStorageUnavailable || !holds() {
		t.Errorf("while another program reads: %v", err)
	}
	// Others go on meanwhile, and wait for a third program that writes.
	wiped := make(chan error, 1)
	go func() { wiped <- db.WipeSetting(t.Context(), "nothing") }()
	time.Sleep(3 * 50 * time.Millisecond) // it has deleted, and tries to empty the log
	writer, err := reader.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	if _, err := writer.ExecContext(t.Context(), `PRAGMA busy_timeout = 10000; BEGIN IMMEDIATE`); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(300*time.Millisecond, func() { _, _ = writer.ExecContext(context.Background(), `ROLLBACK`) })
	if _, err := db.Setting(t.Context(), "third", func() string { return "x" }); err != nil {
		t.Errorf("while the log could not be emptied, it did not wait for another program that writes: %v", err)
	}
	if err := <-wiped; review.CodeOf(err) != review.CodeStorageUnavailable {
		t.Errorf("wiped while another program reads: %v", err)
	}
	// Whoever gives up meanwhile leaves a connection that waits for others as before.
	soon, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := db.WipeSetting(soon, "key"); err == nil {
		t.Error("wiped while another program reads")
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if _, err := reader.ExecContext(t.Context(), `CREATE TABLE other (x)`); err != nil {
		t.Fatal(err)
	}
	if tx, err = reader.BeginTx(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(`INSERT INTO other VALUES (1)`); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(100*time.Millisecond, func() { _ = tx.Rollback() })
	if _, err := db.Setting(t.Context(), "other", func() string { return "x" }); err != nil {
		t.Errorf("it did not wait for another program that writes: %v", err)
	}
	if err := db.WipeSetting(t.Context(), "key"); err != nil || holds() {
		t.Errorf("afterwards: %v", err)
	}
}
