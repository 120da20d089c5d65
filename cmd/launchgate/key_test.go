package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/launchgate/launchgate/app/config"
	"github.com/launchgate/launchgate/app/store"
	"github.com/launchgate/launchgate/cmd/internal/cli"
	"github.com/launchgate/launchgate/cmd/internal/keyfile"
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
	var errs bytes.Buffer
	cmd := exec.Command(os.Args[0], "serve", "--config", s.config)
	cmd.Env = append(os.Environ(), "LAUNCHGATE_TEST_MAIN=1")
	cmd.Stderr = &errs
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case err := <-ended:
			if err == nil {
				s.t.Fatalf("the server ended well:\n%s", errs.Bytes())
			}
			return errs.String()
		case <-time.After(50 * time.Millisecond):
		}
		if resp, err := http.Get(s.url + "/readyz"); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				_ = cmd.Process.Kill()
				<-ended
				s.t.Errorf("the server runs:\n%s", errs.Bytes())
				return ""
			}
		}
	}
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
	if err := keyfile.Write(path, keyfile.New()); err != nil {
		t.Fatal(err)
	}
	if errs := s.failsToStart(); !strings.Contains(errs, "not the one this database was made with") {
		t.Errorf("with another key: %s", errs)
	}
	if status, _, errs := launchgate(t, "key", "forget", "--config", s.config); status != cli.BadUsage || !strings.Contains(errs, "--yes") {
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
	old := keyfile.New()
	if err := os.MkdirAll(filepath.Join(s.dir, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	s.plantOldKey(old)
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
	s.plantOldKey(old)
	file := filepath.Join(s.dir, "moved.key")
	if status, out, errs := launchgate(t, "key", "move", file, "--config", s.config); status != 0 || strings.Contains(out+errs, hex.EncodeToString(old)) {
		t.Errorf("move: status %d\n%s%s", status, out, errs)
	}
	if status, _, errs := launchgate(t, "key", "move", file+"2", "--config", s.config); status != cli.BadUsage || !strings.Contains(errs, "does not hold") {
		t.Errorf("moving again: status %d, %s", status, errs)
	}
	if s.databaseHolds(hex.EncodeToString(old)) {
		t.Error("the database still holds the key after the move")
	}
	s.configure("installation_key_file: " + file)
	s.start()
	s.stop()
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a server that is told a key made a file of its own")
	}
}

// TestAMovedKeyIsTheOnlyOneTaken: between 'key move' and the next start, nothing
// but the database knows that there is a key. A server that made a new one
// would take every known secret for a new one, and say nothing.
func TestAMovedKeyIsTheOnlyOneTaken(t *testing.T) {
	s := newServed(t)
	old := keyfile.New()
	if err := os.MkdirAll(filepath.Join(s.dir, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	s.plantOldKey(old)
	file := filepath.Join(s.dir, "moved.key")
	if status, _, errs := launchgate(t, "key", "move", file, "--config", s.config); status != 0 {
		t.Fatal(errs)
	}
	if errs := s.failsToStart(); !strings.Contains(errs, "is gone") {
		t.Errorf("the moved key is not named: %s", errs)
	}
	s.configure("installation_key: " + hex.EncodeToString(keyfile.New()))
	if errs := s.failsToStart(); !strings.Contains(errs, "not the one this database was made with") {
		t.Errorf("with another key: %s", errs)
	}
}

// TestAKeyThatAnEarlierVersionMadeAfterTheMoveIsDropped: going back a version, or
// a replica that was not upgraded, puts a new key into the database. It is not
// the installation's, and must not keep the server from starting for ever.
func TestAKeyThatAnEarlierVersionMadeAfterTheMoveIsDropped(t *testing.T) {
	s := newServed(t)
	s.start()
	s.stop()
	stray := keyfile.New()
	s.plantOldKey(stray)
	s.start()
	s.stop()
	if s.databaseHolds(hex.EncodeToString(stray)) {
		t.Error("the database still holds a key")
	}
	if log, err := os.ReadFile(s.log.Name()); err != nil || !bytes.Contains(log, []byte("earlier version")) {
		t.Errorf("nothing is said of it: %v\n%s", err, log)
	}
}

// TestAKeyThatOthersMayReadIsSaid: no more than said, because a volume's group may
// be set by whoever mounts it.
func TestAKeyThatOthersMayReadIsSaid(t *testing.T) {
	s := newServed(t)
	path := filepath.Join(s.dir, "data", "installation.key")
	s.start()
	s.stop()
	for mode, want := range map[fs.FileMode]bool{0o600: false, 0o644: true} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if err := s.log.Truncate(0); err != nil {
			t.Fatal(err)
		}
		s.start()
		s.stop()
		if log, err := os.ReadFile(s.log.Name()); err != nil || bytes.Contains(log, []byte("others may read")) != want {
			t.Errorf("mode %o: %v\n%s", mode, err, log)
		}
	}
}

// configure adds a line to the server's configuration.
func (s *served) configure(line string) {
	s.t.Helper()
	data, err := os.ReadFile(s.config)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(s.config, append(data, line+"\n"...), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// plantOldKey leaves a key in the database, as earlier versions did.
func (s *served) plantOldKey(key []byte) {
	s.t.Helper()
	s.database(func(ctx context.Context, db *store.DB) error {
		_, err := db.Setting(ctx, settingOldKey, func() string { return hex.EncodeToString(key) })
		return err
	})
	if !s.databaseHolds(hex.EncodeToString(key)) {
		s.t.Fatal("the test's database does not hold the key; it would prove nothing")
	}
}

func TestANewKeyIsWrittenWholeAndOverwritesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "k")
	if err := keyfile.Write(path, keyfile.New()); err != nil {
		t.Fatal(err)
	}
	if status, _, errs := launchgate(t, "key", "new", "-o", path); status == 0 || !strings.Contains(errs, path) {
		t.Errorf("a key was overwritten: %s", errs)
	}
	if status, out, _ := launchgate(t, "key", "new"); status != 0 || len(strings.TrimSpace(out)) != config.KeyDigits {
		t.Errorf("status %d, %d bytes", status, len(out))
	}
	if config.KeyDigits != 2*keyfile.Bytes {
		t.Error("what is made is no key by the configuration")
	}
}
