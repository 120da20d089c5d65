package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-github/v60/github"
	"github.com/jackc/pgx/v5"

	"github.com/launchgate/launchgate/app/gh"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/store/storetest"
	"github.com/launchgate/launchgate/cmd/internal/cli"
	"github.com/launchgate/launchgate/cmd/internal/scanners"
)

// register holds every secret that any test of this package plants in a
// repository. Everything that comes out of the program in any test is searched
// for all of them: what commands print, what a server writes and says, what each
// worker answers. The searches are in launchgate(), in the clean-up of newServed
// and in TestMain, so that a new test cannot forget them.
var register = struct {
	sync.Mutex
	forms map[string]string // what must not come out -> what it is
}{forms: make(map[string]string)}

// plantOne registers a secret, of which the named part is telling, and returns it.
func plantOne(kind, secret, part string) string {
	register.Lock()
	defer register.Unlock()
	add := func(form, text string) { register.forms[text] = kind + form }
	add("", part)
	add(" backwards", reversed(part))
	add(" in capitals", strings.ToUpper(part))
	add(" in small letters", strings.ToLower(part))
	add(" in hexadecimal", hex.EncodeToString([]byte(part)))
	// Of its three ways to fall on base64's groups of three bytes, the letters
	// that do not depend on what stands beside it.
	for shift := range 3 {
		text := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + part))
		add(" in base64", text[(shift*8+5)/6:len(text)-1])
	}
	return secret
}

func reversed(s string) string {
	b := []byte(s)
	for i := range b[:len(b)/2] {
		b[i], b[len(b)-1-i] = b[len(b)-1-i], b[i]
	}
	return string(b)
}

// quoted returns what planted secrets text holds.
func quoted(text []byte) (kinds []string) {
	register.Lock()
	defer register.Unlock()
	for form, kind := range register.forms {
		if bytes.Contains(text, []byte(form)) {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// searchOutput fails the test if an output quotes a planted secret.
func searchOutput(t *testing.T, where string, text []byte) {
	t.Helper()
	for _, kind := range quoted(text) {
		t.Errorf("%s quotes the planted %s", where, kind)
	}
}

// canaries are files with secrets that every test's repository has, so that
// every command and every scanner has something it could quote.
var canaries = sync.OnceValue(func() map[string]string {
	p := plant()
	return map[string]string{
		"canary/deploy.env": "AWS_KEY=" + p.aws + "\n",
		"canary/id.pem":     p.pem + "\n",
		"canary/canary.go":  "// Package canary holds what must never come out.\npackage canary\n\nconst token = \"" + p.pat + "\"\n\nconst dsn = \"postgres://app:" + p.password + "@db.internal:5432/app\"\n",
	}
})

// withCanaries adds the canaries to a repository's files.
func withCanaries(files map[string]string) map[string]string {
	for name, text := range canaries() {
		files[name] = text
	}
	return files
}

// layCanaries writes them into a folder.
func layCanaries(t *testing.T, dir string) {
	t.Helper()
	for name, text := range canaries() {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// workerOutputs is where each worker of this test binary leaves a copy of what it
// answered and complained. A worker has no environment, so the folder is beside
// the binary.
func workerOutputs() (string, error) {
	exe, err := os.Executable()
	return filepath.Join(filepath.Dir(exe), filepath.Base(exe)+".outputs"), err
}

// recordedWorker is a worker whose output is kept. The copies are opened before
// it walls itself in.
func recordedWorker() (stdout, stderr io.Writer) {
	stdout, stderr = os.Stdout, os.Stderr
	dir, err := workerOutputs()
	if err == nil {
		var file *os.File
		if file, err = os.Create(filepath.Join(dir, fmt.Sprintf("%d", os.Getpid()))); err == nil {
			return io.MultiWriter(stdout, file), io.MultiWriter(stderr, file)
		}
	}
	fmt.Fprintln(os.Stderr, "the worker's output is not recorded:", err)
	os.Exit(workerNotRecorded)
	return nil, nil
}

const workerNotRecorded = 99

// searchWorkers returns what planted secrets the workers' outputs hold, and how
// many of them were searched.
func searchWorkers(dir string) (faults []string, searched int, err error) {
	files, err := os.ReadDir(dir)
	for _, f := range files {
		data, e := os.ReadFile(filepath.Join(dir, f.Name()))
		if e != nil {
			return faults, searched, e
		}
		searched++
		for _, kind := range quoted(data) {
			faults = append(faults, fmt.Sprintf("worker %s quotes the planted %s", f.Name(), kind))
		}
	}
	return faults, searched, err
}

// outputs calls visit with everything that a server wrote and said: its data
// folder with database, caches and scratch, its database elsewhere, its log, every
// request it sent to GitHub, every check, review and comment. Mirrors hold the
// repository itself.
func (s *served) outputs(visit func(where string, text []byte)) error {
	err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == "mirrors":
			return fs.SkipDir
		case d.IsDir():
			return nil
		}
		data, err := os.ReadFile(path)
		visit(strings.TrimPrefix(path, s.dir), data)
		return err
	})
	if s.dsn != "" {
		err = errors.Join(err, rowsOf(s.dsn, visit))
	}
	for _, r := range s.github.Requests() {
		if r.Operation == "repos/get-branch" {
			r.Path = "" // asks GitHub for a branch by the name that GitHub told
		}
		visit("the request "+r.Operation, fmt.Appendf([]byte(r.Path+"\n"), "%s", r.Body))
	}
	heads := make(map[review.SHA]bool)
	for number := 1; s.repo.Head(number) != ""; number++ {
		heads[s.repo.Head(number)] = true
		for _, c := range s.repo.ReviewComments(number) {
			visit("a comment", []byte(c.Body)) // the hunk beside it is GitHub's own
		}
		for _, r := range s.repo.Reviews(number) {
			visit("a review", fmt.Appendf(nil, "%+v", r))
		}
	}
	if main, err := s.repo.Branch("main"); err == nil {
		heads[main] = true
	}
	for head := range heads {
		for _, run := range s.repo.CheckRuns(head) {
			visit("a check", fmt.Appendf(nil, "%+v", run))
		}
	}
	return err
}

// rowsOf calls visit with every row of every table of a PostgreSQL database.
func rowsOf(dsn string, visit func(where string, text []byte)) error {
	ctx := context.Background() // the test's has ended where it cleans up
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	texts := func(query string) ([]string, error) {
		rows, err := conn.Query(ctx, query)
		if err != nil {
			return nil, err
		}
		return pgx.CollectRows(rows, pgx.RowTo[string])
	}
	tables, err := texts("SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')")
	if err != nil {
		return err
	}
	for _, table := range tables {
		rows, err := texts("SELECT t::text FROM " + table + " t")
		if err != nil {
			return err
		}
		visit("the table "+table, []byte(strings.Join(rows, "\n")))
	}
	return nil
}

// searchOutputs fails the test if anything a server wrote or said quotes any
// secret that was ever planted.
func (s *served) searchOutputs() {
	s.t.Helper()
	if err := s.outputs(func(where string, text []byte) { searchOutput(s.t, where, text) }); err != nil {
		s.t.Error(err)
	}
}

// TestTheSearchForPlantedSecretsCanFail puts a secret into each place that is
// searched, and wants it found in every one.
func TestTheSearchForPlantedSecretsCanFail(t *testing.T) {
	onEachDatabase(t, theSearchForPlantedSecretsCanFail)
}

// onEachDatabase runs a test with a server on each kind of database.
func onEachDatabase(t *testing.T, test func(t *testing.T, s *served)) {
	for name, db := range storetest.Configs(t) {
		t.Run(name, func(t *testing.T) {
			cfg := db(t) // skips where there is none
			s := newServed(t)
			s.use(t, cfg)
			test(t, s)
		})
	}
}

func theSearchForPlantedSecretsCanFail(t *testing.T, s *served) {
	t.Cleanup(func() { s.search = true })
	s.search = false // for what follows is what it would fail on
	secret := plantOne("leak", "AKIA"+"LEAKLEAKLEAKLEAK", "LEAKLEAKLEAK")
	for _, name := range []string{"data/launchgate.db", "data/cache/secrets/x.log", "data/scratch/left"} {
		p := filepath.Join(s.dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte("x "+secret), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	wants := []string{"/data/launchgate.db", "/data/cache/secrets/x.log", "/data/scratch/left", "/server.log", "the request checks/create", "a check"}
	if s.dsn != "" {
		wants = append(wants, "the table public.said", "the table public.raw")
		conn, err := pgx.Connect(t.Context(), s.dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(context.Background())
		for _, query := range []string{"CREATE TABLE said (what text)", "CREATE TABLE raw (what bytea)", "INSERT INTO said VALUES ('x " + secret + "')", "INSERT INTO raw VALUES ('x " + secret + "')"} {
			if _, err := conn.Exec(t.Context(), query); err != nil {
				t.Fatal(err)
			}
		}
	}
	fmt.Fprintf(s.log, "msg=%q\n", secret)
	app, err := gh.New(gh.Config{AppID: s.appID, PrivateKey: s.pem, APIBase: s.github.APIURL(), UserAgent: "test"})
	if err != nil {
		t.Fatal(err)
	}
	client, err := app.Client(review.InstallationID(s.inst.ID))
	if err != nil {
		t.Fatal(err)
	}
	head, err := s.repo.Branch("main")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := client.Checks.CreateCheckRun(t.Context(), "agora", "api", github.CreateCheckRunOptions{Name: "launchgate", HeadSHA: string(head),
		Output: &github.CheckRunOutput{Title: github.String("t"), Summary: github.String("found " + secret)}}); err != nil {
		t.Fatal(err)
	}
	found := make(map[string]bool)
	if err := s.outputs(func(where string, text []byte) {
		if len(quoted(text)) > 0 {
			found[where] = true
		}
	}); err != nil {
		t.Fatal(err)
	}
	for _, where := range wants {
		if !found[where] {
			t.Errorf("a secret in %s is not noticed; noticed: %v", where, found)
		}
	}

	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "1"), []byte("x "+secret), 0o600); err != nil {
		t.Fatal(err)
	}
	if faults, n, err := searchWorkers(dir); len(faults) != 1 || n != 1 || err != nil {
		t.Errorf("a secret in a worker's answer: %v, %v", faults, err)
	}
	part := "LEAKLEAKLEAK"
	for what, text := range map[string]string{"as it is": "a" + part, "backwards": reversed(part), "in hexadecimal": hex.EncodeToString([]byte("ab" + part + "c")),
		"in base64": base64.StdEncoding.EncodeToString([]byte("K=" + part + "\n")), "in base64, further on": base64.URLEncoding.EncodeToString([]byte("KE=" + part + "\n"))} {
		if len(quoted([]byte(text))) == 0 {
			t.Errorf("a secret %s is not noticed", what)
		}
	}
	if kinds := quoted([]byte("nothing of the kind")); len(kinds) > 0 {
		t.Errorf("noticed in nothing: %v", kinds)
	}
	register.Lock()
	defer register.Unlock()
	for form, kind := range register.forms {
		if strings.HasPrefix(kind, "leak") {
			delete(register.forms, form)
		}
	}
}

// TestWorkersAreRecorded: without it, the search of their outputs would find
// nothing in nothing.
func TestWorkersAreRecorded(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	dir, err := workerOutputs()
	if err != nil {
		t.Fatal(err)
	}
	_, before, err := searchWorkers(dir)
	if err != nil {
		t.Fatal(err)
	}
	repo, _ := sample(t)
	if status, _, errs := launchgate(t, "review", repo, "--base", "main", "--head", "topic"); status != cli.Block {
		t.Fatalf("status %d: %s", status, errs)
	}
	if _, after, err := searchWorkers(dir); err != nil || after < before+len(scanners.All()) {
		t.Errorf("%d outputs of workers before a review, %d after, %v", before, after, err)
	}
}
