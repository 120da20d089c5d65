package objects_test

import (
	"bytes"
	"crypto/sha1"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/launchgate/launchgate/app/objects"
)

func git(t *testing.T, dir string, stdin []byte, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Stdin = dir, bytes.NewReader(stdin)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "GIT_AUTHOR_NAME=A", "GIT_AUTHOR_EMAIL=a@example.com",
		"GIT_COMMITTER_NAME=A", "GIT_COMMITTER_EMAIL=a@example.com")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git %s: %v", strings.Join(args, " "), err)
	}
	return out
}

var once struct {
	sync.Mutex
	history map[string]string // by how it was made
}

func TestMain(m *testing.M) {
	status := m.Run()
	for _, dir := range once.history {
		os.RemoveAll(dir)
	}
	os.Exit(status)
}

// history returns a copy of a repository of its own.
func history(t *testing.T, init ...string) string {
	once.Lock()
	defer once.Unlock()
	how := strings.Join(init, " ")
	if once.history[how] == "" {
		dir, err := os.MkdirTemp("", "history")
		if err != nil {
			t.Fatal(err)
		}
		if once.history == nil {
			once.history = make(map[string]string)
		}
		once.history[how] = dir
		makeHistory(t, dir, init...)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(once.history[how])); err != nil {
		t.Fatal(err)
	}
	return dir
}

// makeHistory makes a repository of objects of all kinds, versions of a few files that
// differ by little among them, each object in a file of its own.
func makeHistory(t *testing.T, dir string, init ...string) {
	git(t, dir, nil, append([]string{"init", "-q", "-b", "main"}, init...)...)
	rng := rand.New(rand.NewPCG(1, 2))
	lines := func(n int) (out []string) {
		for range n {
			out = append(out, fmt.Sprintf("%x line %d", rng.Uint64(), rng.IntN(1000)))
		}
		return out
	}
	var in bytes.Buffer
	data := func(text string) { fmt.Fprintf(&in, "data %d\n%s\n", len(text), text) }
	files := [][]string{lines(3), lines(100), lines(1000)}
	for n := range 40 {
		fmt.Fprintf(&in, "commit refs/heads/main\ncommitter A <a@example.com> %d +0000\n", 1000+n)
		data(fmt.Sprintf("commit %d", n))
		for i, f := range files {
			f[rng.IntN(len(f))] = fmt.Sprintf("changed in %d", n)
			fmt.Fprintf(&in, "M 100644 inline folder/%d\n", i)
			data(strings.Join(f, "\n"))
		}
	}
	fmt.Fprint(&in, "tag v1\nfrom refs/heads/main\ntagger A <a@example.com> 2000 +0000\n")
	data("a tag")
	git(t, dir, in.Bytes(), "-c", "fastimport.unpackLimit=1000", "fast-import", "--quiet")
	git(t, dir, nil, "hash-object", "-w", "--stdin")
	_ = os.RemoveAll(filepath.Join(dir, ".git/hooks"))
}

// each calls visit for each object as git tells it.
func each(t *testing.T, dir string, visit func(id, kind string, data []byte)) (n int) {
	out := git(t, dir, nil, "cat-file", "--batch", "--batch-all-objects", "--unordered")
	for len(out) > 0 {
		head, rest, _ := bytes.Cut(out, []byte("\n"))
		f := strings.Fields(string(head))
		size, err := strconv.Atoi(f[2])
		if err != nil {
			t.Fatal(err)
		}
		visit(f[0], f[1], rest[:size])
		out, n = rest[size+1:], n+1
	}
	return n
}

func TestObjectsAreWhatGitSays(t *testing.T) {
	for name, pack := range map[string]func(dir string){
		"loose":  func(string) {},
		"packed": func(dir string) { git(t, dir, nil, "repack", "-q", "-a", "-d", "-f", "--depth=50", "--window=50") },
		"bases by name": func(dir string) {
			git(t, dir, nil, "-c", "repack.useDeltaBaseOffset=false", "repack", "-q", "-a", "-d", "-f", "--depth=40")
		},
		"several packs":     func(dir string) { git(t, dir, nil, "repack", "-q", "-a", "-d", "--max-pack-size=1m") },
		"offsets of 64 bit": func(dir string) { repackWide(t, dir) },
		"in another repository": func(dir string) {
			git(t, dir, nil, "repack", "-q", "-a", "-d")
			git(t, dir, nil, "clone", "-q", "--bare", "--shared", ".git", "middle.git")
			if err := os.Rename(filepath.Join(dir, ".git"), filepath.Join(dir, "first.git")); err != nil {
				t.Fatal(err)
			}
			git(t, dir, nil, "init", "-q")
			alternates := map[string]string{"middle.git": filepath.Join(dir, "first.git", "objects"), ".git": "../../middle.git/objects"}
			for repo, other := range alternates {
				if err := os.WriteFile(filepath.Join(dir, repo, "objects/info/alternates"), []byte("# from\n"+other+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		},
		"some of each": func(dir string) {
			git(t, dir, nil, "repack", "-q", "-a", "-d")
			git(t, dir, nil, "commit", "-q", "--allow-empty", "-m", "later")
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := history(t)
			pack(dir)
			s := objects.New(filepath.Join(dir, ".git"))
			defer s.Close()
			n := each(t, dir, func(id, kind string, data []byte) {
				info, ok := s.Info(id)
				if !ok || info.Kind != kind || info.Size != int64(len(data)) {
					t.Errorf("%s: said to be %v, %v; it is a %s of %d bytes", id, info, ok, kind, len(data))
				}
				o, ok := s.Read(id, 1<<20)
				if !ok || o.Kind != kind || !bytes.Equal(o.Data, data) {
					t.Errorf("%s, a %s of %d bytes, was not read (%v) or as a %s of %d", id, kind, len(data), ok, o.Kind, len(o.Data))
				}
				if len(data) > 0 {
					if _, ok := s.Read(id, int64(len(data))-1); ok {
						t.Errorf("%s was read, though it is larger than was asked for", id)
					}
				}
			})
			if n < 200 {
				t.Errorf("only %d objects were compared", n)
			}
			for _, id := range []string{strings.Repeat("ab", 20), strings.Repeat("00", 20), strings.Repeat("ff", 20), "ab", "", "HEAD", strings.Repeat("ab", 32), "zz" + strings.Repeat("ab", 19)} {
				if _, ok := s.Read(id, 1<<20); ok {
					t.Errorf("%q was read", id)
				}
				if _, ok := s.Info(id); ok {
					t.Errorf("something is said of %q", id)
				}
			}
		})
	}
}

// repackWide packs a repository so that its index gives most offsets in 64 bits.
func repackWide(t *testing.T, dir string) {
	git(t, dir, nil, "repack", "-q", "-a", "-d")
	packs, _ := filepath.Glob(filepath.Join(dir, ".git/objects/pack/*.pack"))
	for _, p := range packs {
		idx := strings.TrimSuffix(p, ".pack") + ".idx"
		if err := os.Remove(idx); err != nil {
			t.Fatal(err)
		}
		git(t, dir, nil, "index-pack", "--index-version=2,0x40", "-o", idx, p)
	}
}

// Whatever is wrong with a repository's files, what is read is what was asked for, or
// nothing.
func TestDamagedObjectsAreNotRead(t *testing.T) {
	for _, packed := range []bool{false, true} {
		dir := history(t)
		if packed {
			git(t, dir, nil, "repack", "-q", "-a", "-d", "-f", "--depth=50", "--window=50")
		}
		whole := make(map[string]string)
		each(t, dir, func(id, kind string, data []byte) { whole[id] = kind + string(data) })
		rng := rand.New(rand.NewPCG(3, 4))
		var files []string
		err := filepath.WalkDir(filepath.Join(dir, ".git/objects"), func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		read, unread := 0, 0
		for range 40 {
			path := files[rng.IntN(len(files))]
			data, err := os.ReadFile(path)
			if err != nil || len(data) == 0 {
				continue
			}
			worse := bytes.Clone(data)
			switch rng.IntN(3) {
			case 0:
				worse = worse[:rng.IntN(len(worse))]
			case 1:
				worse[rng.IntN(len(worse))] ^= byte(1 + rng.IntN(255))
			default:
				at := rng.IntN(len(worse))
				for i := at; i < min(len(worse), at+100); i++ {
					worse[i] = byte(rng.Uint32())
				}
			}
			_ = os.Chmod(path, 0o644)
			if err := os.WriteFile(path, worse, 0o644); err != nil {
				t.Fatal(err)
			}
			s := objects.New(filepath.Join(dir, ".git"))
			for id, want := range whole {
				_, _ = s.Info(id)
				switch o, ok := s.Read(id, 1<<20); {
				case !ok:
					unread++
				case o.Kind+string(o.Data) != want:
					t.Errorf("%s is not what was read", id)
				default:
					read++
				}
			}
			s.Close()
			if err := os.WriteFile(path, data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if read == 0 || unread == 0 {
			t.Errorf("packed %v: %d objects were read and %d were not; it is not known what damage does", packed, read, unread)
		}
	}
}

// A file may hold what is an object, but not the one it is named after.
func TestAnotherObjectIsNotRead(t *testing.T) {
	dir := history(t)
	git(t, dir, []byte("one"), "hash-object", "-w", "--stdin")
	one := fmt.Sprintf("%x", sha1.Sum([]byte("blob 3\x00one")))
	two := fmt.Sprintf("%x", sha1.Sum([]byte("blob 3\x00two")))
	path := func(id string) string { return filepath.Join(dir, ".git/objects", id[:2], id[2:]) }
	if err := os.MkdirAll(filepath.Dir(path(two)), 0o755); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path(one))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path(two), data, 0o644); err != nil {
		t.Fatal(err)
	}
	s := objects.New(filepath.Join(dir, ".git"))
	defer s.Close()
	if o, ok := s.Read(one, 100); !ok || string(o.Data) != "one" {
		t.Errorf("%v, %v", o, ok)
	}
	if o, ok := s.Read(two, 100); ok {
		t.Errorf("%v was read", o)
	}
}

func TestOtherNamesAreLeftToGit(t *testing.T) {
	dir := history(t, "--object-format=sha256")
	s := objects.New(filepath.Join(dir, ".git"))
	defer s.Close()
	n := each(t, dir, func(id, _ string, _ []byte) {
		if _, ok := s.Read(id, 1<<20); ok {
			t.Errorf("%s was read", id)
		}
		if _, ok := s.Read(id[:40], 1<<20); ok {
			t.Errorf("%s was read by half of its name", id)
		}
	})
	if n == 0 {
		t.Error("there is nothing to read")
	}
}

// What is too large for its reader is not unpacked to find that out.
func TestALargeObjectIsNotUnpacked(t *testing.T) {
	const size = 6 << 20
	dir := t.TempDir()
	git(t, dir, nil, "init", "-q")
	rng := rand.New(rand.NewPCG(5, 6))
	large := make([]byte, 0, size)
	for len(large) < size {
		large = append(large, fmt.Sprintf("%015x\n", rng.Uint64()>>8)[:16]...)
	}
	var ids []string
	for n := range 3 { // one of them is as it is, and what differs from it is as large
		large[n<<20] = '\n'
		ids = append(ids, strings.TrimSpace(string(git(t, dir, large, "hash-object", "-w", "--stdin"))))
	}
	packed := git(t, dir, []byte(strings.Join(ids, "\n")), "pack-objects", "--window-memory=1g", ".git/objects/pack/pack")
	git(t, dir, nil, "prune-packed")
	s := objects.New(filepath.Join(dir, ".git"))
	defer s.Close()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, id := range ids {
		if o, ok := s.Read(id, 1<<20); ok {
			t.Errorf("%s of %d bytes was read", id, len(o.Data))
		}
		if info, ok := s.Info(id); !ok || info.Size != size {
			t.Errorf("%+v %v of %s in %s", info, ok, id, packed)
		}
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > size {
		t.Errorf("it took %d bytes", n)
	}
	if o, ok := s.Read(ids[0], 8<<20); !ok || len(o.Data) != size {
		t.Error("it is not read by who wants it")
	}
}
