package jobs_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/launchgate/launchgate/app/jobs"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/store"
	"github.com/launchgate/launchgate/app/store/storetest"
)

// TestMain lets the test binary be a worker process, see spawn.
func TestMain(m *testing.M) {
	if mode := os.Getenv("JOBS_TEST_MODE"); mode != "" {
		if err := work(mode, os.Getenv("JOBS_TEST_STORE"), os.Getenv("JOBS_TEST_FILE")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func work(mode, spec, file string) error {
	var cfg store.Config
	if err := json.Unmarshal([]byte(spec), &cfg); err != nil {
		return err
	}
	ctx := context.Background()
	db, err := store.Open(ctx, cfg)
	if err != nil {
		return err
	}
	returned := make(chan struct{})
	q, err := jobs.New(db, jobs.Config{LeaseTime: leaseTime}, handler(func(_ context.Context, j jobs.Job) error {
		fmt.Println("working", j.Delivery)
		switch mode {
		case "hang":
			select {}
		case "die":
			os.Exit(7)
		case "until": // until the file exists, whatever the context says
			for _, err := os.Stat(file); err != nil; _, err = os.Stat(file) {
				time.Sleep(10 * time.Millisecond)
			}
			close(returned)
		case "drain":
			time.Sleep(30 * time.Millisecond)
		}
		return nil
	}))
	if err != nil {
		return err
	}
	if err := q.Start(ctx); err != nil {
		return err
	}
	if mode != "until" {
		select {}
	}
	<-returned
	// Stop returns when River has written how the attempt ended.
	err = q.Stop(ctx)
	fmt.Println("stopped")
	return err
}

const leaseTime = 2 * time.Second

type process struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines *bufio.Scanner
}

// spawn starts this test binary as a worker process on the database; it is
// killed with the test.
func spawn(t *testing.T, cfg store.Config, mode, file string) *process {
	t.Helper()
	spec, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "JOBS_TEST_MODE="+mode, "JOBS_TEST_STORE="+string(spec), "JOBS_TEST_FILE="+file)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended by itself
		_ = cmd.Wait()
	})
	return &process{t, cmd, bufio.NewScanner(out)}
}

func (p *process) hear(want string) {
	p.t.Helper()
	if !p.lines.Scan() || p.lines.Text() != want {
		p.t.Fatalf("the worker said %q, want %q (%v)", p.lines.Text(), want, p.lines.Err())
	}
}

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// stop stops the process at a moment at which it does not hold the database: SQLite has
// one writer at a time, and a sleeping one would keep out everybody.
func (p *process) stop(db *store.DB) {
	p.t.Helper()
	var err error
	for range 20 {
		p.signal(syscall.SIGSTOP)
		p.stopped()
		ctx, cancel := context.WithTimeout(p.t.Context(), time.Second)
		err = db.InTx(ctx, func(context.Context, store.Tx) error { return nil })
		cancel()
		if err == nil {
			return
		}
		p.signal(syscall.SIGCONT)
		time.Sleep(10 * time.Millisecond)
	}
	p.t.Fatalf("it always holds the database: %v", err)
}

// stopped waits until the process has stopped: a signal is sent before all of its threads
// are, and one of them may yet begin to write.
func (p *process) stopped() {
	p.t.Helper()
	for {
		var status syscall.WaitStatus
		_, err := syscall.Wait4(p.cmd.Process.Pid, &status, syscall.WUNTRACED, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			p.t.Fatal(err)
		case status.Stopped():
			return
		case status.Exited(), status.Signaled():
			p.t.Fatal("the process ended")
		}
	}
}

func openMigrated(t *testing.T, cfg store.Config) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := errors.Join(db.Migrate(t.Context()), jobs.Migrate(t.Context(), db)); err != nil {
		t.Fatal(err)
	}
	return db
}

func acceptOnly(t *testing.T, db *store.DB) *jobs.Queue {
	t.Helper()
	q, err := jobs.New(db, jobs.Config{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// A worker that was stopped for longer than its lease, say by a paused virtual
// machine, wakes when its job has another worker. It must not end that one's.
func TestAWorkerThatWakesTooLateChangesNothing(t *testing.T) {
	for name, config := range storetest.Configs(t) {
		t.Run(name, func(t *testing.T) {
			cfg := config(t)
			db := openMigrated(t, cfg)
			accept(t, acceptOnly(t, db), delivery("g", 7))
			file := filepath.Join(t.TempDir(), "go-on")
			sleeper := spawn(t, cfg, "until", file)
			sleeper.hear("working g")
			sleeper.stop(db)

			taken, release := make(chan jobs.Job, 1), make(chan struct{})
			start(t, db, jobs.Config{}, func(_ context.Context, j jobs.Job) error {
				taken <- j
				<-release
				return nil
			})
			job := <-taken
			if job.Crashes != 1 || job.Attempt != 1 {
				t.Errorf("taken over as %+v", job)
			}
			if err := os.WriteFile(file, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			sleeper.signal(syscall.SIGCONT)
			sleeper.hear("stopped")

			if got := column[string](t, db, `SELECT state FROM deliveries WHERE guid = 'g'`); got != store.DeliveryQueued {
				t.Errorf("the late worker set the delivery to %s", got)
			}
			if got := column[string](t, db, fmt.Sprintf(`SELECT CAST(state AS TEXT) FROM river_job WHERE id = %d`, job.ID)); got != "running" {
				t.Errorf("the late worker set its successor's job to %s", got)
			}
			if got := column[int64](t, db, `SELECT COUNT(*) FROM leases`); got != 1 {
				t.Errorf("%d leases, want the successor's", got)
			}
			close(release)
			if state, reason := ended(t, db, "g"); state != store.DeliveryDone {
				t.Errorf("ended %s: %s", state, reason)
			}
			if len(taken) != 0 {
				t.Error("the delivery was answered once more")
			}
		})
	}
}

// What kills every worker is given up, readably.
func TestADeliveryThatKillsItsWorkersIsGivenUp(t *testing.T) {
	cfg := storetest.SQLite(t)
	db := openMigrated(t, cfg)
	accept(t, acceptOnly(t, db), delivery("g", 7))
	// The queue that looks after the dead has no free slot itself: its only
	// worker is busy with another delivery.
	release := make(chan struct{})
	busy := make(chan struct{}, 8)
	deaths := 0
	for ; deaths < 10; deaths++ {
		if column[string](t, db, `SELECT state FROM deliveries WHERE guid = 'g'`) != store.DeliveryQueued {
			break
		}
		victim := spawn(t, cfg, "die", "")
		victim.hear("working g")
		_ = victim.cmd.Wait()
		if deaths == 0 {
			accept(t, acceptOnly(t, db), delivery("other", 8))
			start(t, db, jobs.Config{Workers: 1, LeaseTime: 400 * time.Millisecond}, func(_ context.Context, j jobs.Job) error {
				busy <- struct{}{}
				<-release
				return nil
			})
			<-busy
		}
		id := column[int64](t, db, `SELECT job_id FROM deliveries WHERE guid = 'g'`)
		wait(t, "the dead worker's job to be replaced", func() bool {
			return column[int64](t, db, fmt.Sprintf(`SELECT COUNT(*) FROM river_job WHERE id = %d AND state = 'running'`, id)) == 0
		})
	}
	close(release)
	state, reason := ended(t, db, "g")
	if state != store.DeliveryFailed || !strings.Contains(reason, "workers died") {
		t.Errorf("ended %s: %s", state, reason)
	}
	if deaths != 6 {
		t.Errorf("it took %d workers, want 6", deaths)
	}
}

// Two worker processes and this one share a PostgreSQL database: every delivery
// is answered once.
func TestProcessesShareTheWork(t *testing.T) {
	cfg := storetest.Postgres(t)
	db := openMigrated(t, cfg)
	q := acceptOnly(t, db)
	const n = 60
	for i := range n {
		accept(t, q, delivery(fmt.Sprint("g", i), review.RepoID(i%12+1)))
	}
	heard := make(chan string)
	for range 2 {
		p := spawn(t, cfg, "drain", "")
		go func() {
			for p.lines.Scan() {
				heard <- fmt.Sprint(p.cmd.Process.Pid, " ", p.lines.Text())
			}
		}()
	}
	by, times := map[string]int{}, map[string]int{}
	for range n {
		pid, rest, _ := strings.Cut(<-heard, " ")
		by[pid]++
		times[rest]++
	}
	for i := range n {
		if state, reason := ended(t, db, fmt.Sprint("g", i)); state != store.DeliveryDone {
			t.Errorf("g%d ended %s: %s", i, state, reason)
		}
	}
	if len(by) != 2 || len(times) != n {
		t.Errorf("by process %v; %d different deliveries of %d", by, len(times), n)
	}
}

func column[T any](t *testing.T, db *store.DB, query string) (v T) {
	t.Helper()
	err := db.InTx(t.Context(), func(ctx context.Context, tx store.Tx) error { return tx.QueryRow(ctx, []any{&v}, query) })
	if err != nil {
		t.Fatal(query, err)
	}
	return v
}

func execute(t *testing.T, db *store.DB, query string) {
	t.Helper()
	err := db.InTx(t.Context(), func(ctx context.Context, tx store.Tx) error {
		n, err := tx.Exec(ctx, query)
		if err == nil && strings.HasPrefix(query, "UPDATE") && n != 1 {
			err = fmt.Errorf("%d rows", n)
		}
		return err
	})
	if err != nil {
		t.Fatal(query, err)
	}
}

// wait polls until it is so; 30 s are the bound of the product itself.
func wait(t *testing.T, what string, so func() bool) {
	t.Helper()
	for range 1500 {
		if so() {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("waited 30 s for %s", what)
}
