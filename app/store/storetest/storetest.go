// Package storetest runs a test on every database the store supports: SQLite
// always, PostgreSQL when its server programs are installed (in CI their
// absence is a failure). It is for tests only.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/launchgate/launchgate/app/store"
)

// Each runs fn as a subtest on an empty, migrated database of each kind.
func Each(t *testing.T, fn func(t *testing.T, db *store.DB)) {
	t.Run("sqlite", func(t *testing.T) { fn(t, open(t, SQLite(t))) })
	t.Run("postgres", func(t *testing.T) { fn(t, open(t, Postgres(t))) })
}

// Configs returns one configuration for each kind, for tests that start
// processes of their own.
func Configs(t *testing.T) map[string]func(*testing.T) store.Config {
	return map[string]func(*testing.T) store.Config{"sqlite": SQLite, "postgres": Postgres}
}

func open(t *testing.T, cfg store.Config) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

// SQLite names a new database file.
func SQLite(t *testing.T) store.Config {
	return store.Config{Path: filepath.Join(t.TempDir(), "launchgate.db")}
}

// Postgres names a new, empty database on a private server that this test
// binary starts once, or on the server LAUNCHGATE_TEST_POSTGRES_DSN names.
func Postgres(t *testing.T) store.Config {
	t.Helper()
	admin := os.Getenv("LAUNCHGATE_TEST_POSTGRES_DSN")
	if admin == "" {
		server.once.Do(func() { server.dsn, server.err = startServer() })
		if errors.Is(server.err, errNotInstalled) && os.Getenv("CI") == "" {
			t.Skip("PostgreSQL's server programs are not installed; the SQLite leg ran")
		}
		if server.err != nil {
			t.Fatal(server.err)
		}
		admin = server.dsn
	}
	name := fmt.Sprintf("launchgate_test_%d_%d", os.Getpid(), time.Now().UnixNano())
	conn, err := pgx.Connect(t.Context(), admin)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(admin)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return store.Config{PostgresDSN: u.String()}
}

var errNotInstalled = errors.New("PostgreSQL's server programs are not installed; install the package postgresql")

var server struct {
	once   sync.Once
	dsn    string
	err    error
	keeper *exec.Cmd // keeps its pipe from being closed by the garbage collector
}

// startServer makes a cluster in a temporary folder and starts it on a unix
// socket. PostgreSQL refuses to run as root, so as root it runs as the system's
// postgres user. Server and folder go with this process, however it ends: a
// shell holds the other end of a pipe and cleans up when that closes.
func startServer() (string, error) {
	bins, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil || len(bins) == 0 {
		return "", errNotInstalled
	}
	bin := bins[len(bins)-1]
	dir, err := os.MkdirTemp("", "launchgate-pg-")
	if err != nil {
		return "", err
	}
	attr := &syscall.SysProcAttr{Setpgid: true} // an interrupt of the tests is not the shell's
	if os.Geteuid() == 0 {
		u, err := user.Lookup("postgres")
		if err != nil {
			return "", fmt.Errorf("PostgreSQL does not run as root: %w", err)
		}
		uid, err1 := strconv.Atoi(u.Uid)
		gid, err2 := strconv.Atoi(u.Gid)
		if err := errors.Join(err1, err2, os.Chown(dir, uid, gid)); err != nil {
			return "", err
		}
		attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	data := filepath.Join(dir, "data")
	const script = `cd "$1" || exit 1
"$2/initdb" -D "$3" -U launchgate -A trust -E UTF8 --no-sync >initdb.log 2>&1 &&
"$2/postgres" -D "$3" -k "$1" -c listen_addresses= -c fsync=off -c max_connections=200 >server.log 2>&1 &
cat >/dev/null
"$2/pg_ctl" stop -D "$3" -m immediate -s
wait
rm -rf "$1"`
	keeper := exec.Command("/bin/sh", "-c", script, "sh", dir, bin, data)
	keeper.SysProcAttr = attr
	// Never closed on purpose: the end of this process closes it.
	if _, err := keeper.StdinPipe(); err != nil {
		return "", err
	}
	if err := keeper.Start(); err != nil {
		return "", fmt.Errorf("start PostgreSQL: %w", err)
	}
	server.keeper = keeper
	dsn := (&url.URL{Scheme: "postgres", User: url.User("launchgate"), Path: "/postgres", RawQuery: url.Values{"host": {dir}}.Encode()}).String()
	for range 600 {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		conn, err := pgx.Connect(ctx, dsn)
		cancel()
		if err == nil {
			return dsn, conn.Close(context.Background())
		}
		time.Sleep(50 * time.Millisecond)
	}
	log1, _ := os.ReadFile(filepath.Join(dir, "initdb.log"))
	log2, _ := os.ReadFile(filepath.Join(dir, "server.log"))
	return "", fmt.Errorf("PostgreSQL did not come up within 30 s\n%s\n%s", log1, log2)
}
