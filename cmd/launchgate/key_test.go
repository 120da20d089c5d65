package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/launchgate/launchgate/app/config"
	"github.com/launchgate/launchgate/app/store"
)

// databaseHolds reports whether any file of the server's database holds text.
func (s *served) databaseHolds(text string) bool {
	s.t.Helper()
	files, err := filepath.Glob(filepath.Join(s.dir, "data", "launchgate.db*"))
	if err != nil || len(files) == 0 {
		s.t.Fatalf("no database: %v, %v", files, err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			s.t.Fatal(err)
		}
		if bytes.Contains(data, []byte(text)) {
			return true
		}
	}
	return false
}

func (s *served) database(use func(ctx context.Context, db *store.DB) error) {
	s.t.Helper()
	if err := withDatabase(s.t.Context(), s.config, use); err != nil {
		s.t.Fatal(err)
	}
}

// failsToStart starts the server and returns what it says when it gives up.
func (s *served) failsToStart() string {
	s.t.Helper()
	status, out, errs := launchgate(s.t, "serve", "--config", s.config)
	if status == 0 {
		s.t.Fatalf("the server ran:\n%s%s", out, errs)
	}
	return errs
}

// TestTheKeyIsNotInTheDatabase: whoever steals the database holds fingerprints
// of secrets and nothing to test a guess with.
func TestTheKeyIsNotInTheDatabase(t *testing.T) {
	s := newServed(t)
	s.start()
	s.stop()
	path := filepath.Join(s.dir, "data", "installation.key")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the key's file has mode %o", info.Mode().Perm())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	key, ok := config.DecodeKey(text)
	if !ok {
		t.Fatal("the file holds no key")
	}
	for what, form := range map[string]string{"the key": hex.EncodeToString(key), "the key's bytes": string(key), "the key of fingerprints": hex.EncodeToString(derive(key, "fingerprints"))} {
		if s.databaseHolds(form) {
			t.Errorf("the database holds %s", what)
		}
	}

	s.start() // again, with the same
	s.stop()
	if again, err := os.ReadFile(path); err != nil || !bytes.Equal(again, text) {
		t.Errorf("the key changed: %v", err)
	}
	if err := os.Rename(path, path+".copy"); err != nil {
		t.Fatal(err)
	}
	if errs := s.failsToStart(); !strings.Contains(errs, "is gone") || !strings.Contains(errs, "launchgate key forget") {
		t.Errorf("without the key: %s", errs)
	}
	if err := writeKey(path, newKey()); err != nil {
		t.Fatal(err)
	}
	if errs := s.failsToStart(); !strings.Contains(errs, "not the one this database was made with") {
		t.Errorf("with another key: %s", errs)
	}
	if status, _, errs := launchgate(t, "key", "forget", "--config", s.config); status != exitUsage || !strings.Contains(errs, "--yes") {
		t.Errorf("forgetting without meaning it: status %d, %s", status, errs)
	}
	if status, _, errs := launchgate(t, "key", "forget", "--yes", "--config", s.config); status != 0 {
		t.Errorf("forgetting: status %d, %s", status, errs)
	}
	s.start()
	s.stop()
}

// TestAKeyInTheDatabaseMovesOut takes over what earlier versions left.
func TestAKeyInTheDatabaseMovesOut(t *testing.T) {
	s := newServed(t)
	old := newKey()
	plant := func() {
		s.database(func(ctx context.Context, db *store.DB) error {
			_, err := db.Setting(ctx, settingOldKey, func() string { return hex.EncodeToString(old) })
			return err
		})
		if !s.databaseHolds(hex.EncodeToString(old)) {
			t.Fatal("the test's database does not hold the key; it would prove nothing")
		}
	}
	if err := os.MkdirAll(filepath.Join(s.dir, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	plant()
	s.start()
	if s.databaseHolds(hex.EncodeToString(old)) {
		t.Error("the database still holds the key while the server runs")
	}
	s.stop()
	if s.databaseHolds(hex.EncodeToString(old)) {
		t.Error("the database still holds the key")
	}
	path := filepath.Join(s.dir, "data", "installation.key")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if key, _ := config.DecodeKey(text); !bytes.Equal(key, old) {
		t.Error("the file holds another key; everything decided about secrets would be lost")
	}

	// By hand, as with PostgreSQL, into a file that is then named.
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	plant()
	file := filepath.Join(s.dir, "moved.key")
	if status, out, errs := launchgate(t, "key", "move", file, "--config", s.config); status != 0 || strings.Contains(out+errs, hex.EncodeToString(old)) {
		t.Errorf("move: status %d\n%s%s", status, out, errs)
	}
	if status, _, errs := launchgate(t, "key", "move", file+"2", "--config", s.config); status != exitUsage || !strings.Contains(errs, "holds no key") {
		t.Errorf("moving again: status %d, %s", status, errs)
	}
	if s.databaseHolds(hex.EncodeToString(old)) {
		t.Error("the database still holds the key after the move")
	}
	data, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.config, append(data, "installation_key_file: "+file+"\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	s.start()
	s.stop()
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a server that is told a key made a file of its own")
	}
}

func TestAKeyIsMadeOnceByManyAndOverwritesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "k")
	var wg sync.WaitGroup
	keys := make([]string, 16)
	for i := range keys {
		wg.Go(func() {
			key, err := readOrMakeKey(path, localKeyBytes, newKey)
			if err != nil {
				t.Error(err)
			}
			keys[i] = string(key)
		})
	}
	wg.Wait()
	for _, k := range keys {
		if k != keys[0] {
			t.Fatal("two processes hold different keys")
		}
	}
	if status, _, errs := launchgate(t, "key", "new", "-o", path); status == 0 || !strings.Contains(errs, path) {
		t.Errorf("a key was overwritten: %s", errs)
	}
	if status, out, _ := launchgate(t, "key", "new"); status != 0 || len(strings.TrimSpace(out)) != config.KeyDigits {
		t.Errorf("status %d, %d bytes", status, len(out))
	}
	if err := os.WriteFile(path, []byte("a passphrase\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readOrMakeKey(path, localKeyBytes, newKey); err == nil {
		t.Error("a passphrase is taken for a key")
	}
}
