package checkout

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/launchgate/launchgate/app/lazyregexp"
	"github.com/launchgate/launchgate/app/review"
)

// Limits bound what a repository may cost. Zero fields take the default.
type Limits struct {
	// MirrorBytes is the most a mirror may take on disk (default 4 GiB).
	MirrorBytes int64
	// FetchTime bounds one fetch (default 10 minutes).
	FetchTime time.Duration
}

func (l Limits) orDefault() Limits {
	if l.MirrorBytes == 0 {
		l.MirrorBytes = 4 << 30
	}
	if l.FetchTime == 0 {
		l.FetchTime = 10 * time.Minute
	}
	return l
}

// Config says where mirrors live.
type Config struct {
	// Root is a directory of the server's own.
	Root   string
	Limits Limits
}

// Store keeps one bare mirror per repository, fetched incrementally. It may be
// used concurrently and by several processes on one Root.
type Store struct {
	root   string
	home   string
	limits Limits
	mu     sync.Mutex
	// locks holds one token per repository; taking it is the lock, and unlike
	// a mutex it can be given up waiting for.
	locks map[review.RepoID]chan struct{}
}

// New prepares root.
func New(cfg Config) (*Store, error) {
	root, err := filepath.Abs(cfg.Root)
	if err != nil {
		return nil, fmt.Errorf("name of %s: %w", cfg.Root, err)
	}
	home := filepath.Join(root, "home")
	if err := os.MkdirAll(home, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of mirrors: %w", err)
	}
	return &Store{root: root, home: home, limits: cfg.Limits.orDefault(), locks: make(map[review.RepoID]chan struct{})}, nil
}

// Remote is where a repository is fetched from.
type Remote struct {
	ID  review.RepoID
	URL string
	// Token returns a read-only token for this repository; it is asked for at
	// every fetch and never stored.
	Token func(ctx context.Context) (string, error)
}

// auth returns the environment that lets git reach the remote.
func (r Remote) auth(ctx context.Context) ([]string, error) {
	env := networkEnv()
	if r.Token == nil {
		return env, nil
	}
	token, err := r.Token(ctx)
	if err != nil {
		return nil, fmt.Errorf("token to fetch with: %w", err)
	}
	return append(env, authEnv(r.URL, token)...), nil
}

// Fetch brings the named refs ("refs/pull/7/head", "refs/heads/main") and
// commits into the mirror of remote and returns it. Names are checked to be
// harmless; a ref that does not exist on the remote is CodeCheckout.
func (s *Store) Fetch(ctx context.Context, remote Remote, refs []string) (*Repo, error) {
	specs, err := refspecs(refs)
	if err != nil {
		return nil, err
	}
	return s.bring(ctx, remote, specs)
}

// HistoryRefs is where a mirror keeps all branches (below heads) and tags (below
// tags) of its remote, as FetchHistory and FetchTags found them.
const HistoryRefs = "refs/launchgate/history"

const tagSpec = "+refs/tags/*:" + HistoryRefs + "/tags/*"

// FetchTags brings all tags into the mirror of remote.
func (s *Store) FetchTags(ctx context.Context, remote Remote) (*Repo, error) {
	return s.bring(ctx, remote, []string{tagSpec})
}

// FetchHistory brings all branches and tags into the mirror of remote. It
// returns the tip of the default branch, "" when the repository is empty.
func (s *Store) FetchHistory(ctx context.Context, remote Remote) (*Repo, review.SHA, error) {
	repo, err := s.bring(ctx, remote, []string{"+refs/heads/*:" + HistoryRefs + "/heads/*", tagSpec})
	if err != nil {
		return nil, "", err
	}
	auth, err := remote.auth(ctx)
	if err != nil {
		return nil, "", err
	}
	out, err := repo.git.network(ctx, 1<<16, auth, "ls-remote", "--quiet", "--symref", remote.URL, "HEAD")
	if err != nil {
		return nil, "", err
	}
	branch := ""
	for line := range strings.Lines(string(out)) {
		if ref, ok := strings.CutPrefix(line, "ref: refs/heads/"); ok {
			branch, _, _ = strings.Cut(ref, "\t")
		}
	}
	refs, err := repo.git.output(ctx, 64<<20, "for-each-ref", "--format=%(objectname) %(refname)", HistoryRefs+"/heads")
	if err != nil {
		return nil, "", err
	}
	// Of a repository whose default branch does not exist any branch will do.
	var head review.SHA
	for line := range strings.Lines(string(refs)) {
		id, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name == HistoryRefs+"/heads/"+branch || head == "" {
			if head, err = review.ParseSHA(id); err != nil {
				return nil, "", fmt.Errorf("git for-each-ref: %w", err)
			}
		}
	}
	return repo, head, nil
}

// bring runs the one fetch of specs into the mirror of remote.
func (s *Store) bring(ctx context.Context, remote Remote, specs []string) (*Repo, error) {
	unlock, err := s.lock(ctx, remote.ID)
	if err != nil {
		return nil, err
	}
	defer unlock()

	g := s.mirror(remote.ID)
	dir := g.path
	if err := s.ensure(ctx, g); err != nil {
		return nil, err
	}
	before := dirSize(dir)
	err = s.fetch(ctx, g, remote, specs)
	if err != nil && context.Cause(ctx) == nil && s.worthRenewing(ctx, g, before, err) {
		if err := os.RemoveAll(dir); err != nil {
			return nil, fmt.Errorf("remove the mirror: %w", err)
		}
		if err := s.ensure(ctx, g); err != nil {
			return nil, err
		}
		err = s.fetch(ctx, g, remote, specs)
	}
	if err != nil {
		// A stopped fetch leaves what it had received so far.
		removeLeftovers(dir)
		return nil, err
	}
	s.pack(ctx, g)
	return &Repo{git: g}, nil
}

// worthRenewing reports whether a fetch that failed may succeed into a new
// mirror, which holds nothing of its own: a kill in the middle of a fetch can
// leave one that git no longer reads, and one that was grown over years of
// forced pushes can be larger than the repository.
func (s *Store) worthRenewing(ctx context.Context, g gitDir, before int64, err error) bool {
	switch review.CodeOf(err) {
	case review.CodeTooLarge:
		return before > s.limits.MirrorBytes/2
	case review.CodeCheckout:
		return s.damaged(ctx, g)
	}
	return false
}

// Renew removes the mirror of a repository if objects of its history are missing
// or damaged, so that the next fetch makes a new one, and reports whether a fetch
// would help: also when somebody else renewed it after since, when the caller
// began to read. A fetch alone cannot mend such a mirror: git asks for nothing
// that its refs say is there.
func (s *Store) Renew(ctx context.Context, id review.RepoID, since time.Time) (bool, error) {
	unlock, err := s.lock(ctx, id)
	if err != nil {
		return false, err
	}
	defer unlock()
	g := s.mirror(id)
	// HEAD is written when a mirror is made, and never again.
	switch made, err := os.Stat(filepath.Join(g.path, "HEAD")); {
	case errors.Is(err, fs.ErrNotExist):
		return true, nil
	case err == nil && made.ModTime().After(since):
		return true, nil
	}
	if ok, err := s.sound(ctx, g); ok || err != nil {
		return false, err
	}
	if err := os.RemoveAll(g.path); err != nil {
		return false, fmt.Errorf("remove the damaged mirror: %w", err)
	}
	return true, nil
}

// sound reports whether every object of a mirror is there and is what its name
// says.
func (s *Store) sound(ctx context.Context, g gitDir) (bool, error) {
	args := []string{"fsck", "--no-dangling", "--no-progress"}
	// Missing objects are told without reading files, which most are.
	if _, err := g.output(ctx, 1<<16, append(args, "--connectivity-only")...); err != nil {
		return false, context.Cause(ctx)
	}
	_, err := g.output(ctx, 1<<16, args...)
	if cause := context.Cause(ctx); cause != nil {
		return false, cause
	}
	// Old histories hold objects that are not as git would write them today
	// ("error in commit ..."); a new clone has them, too.
	return err == nil || !fsckDamage().MatchString(fmt.Sprint(errors.Unwrap(err))), nil
}

var fsckDamage = lazyregexp.New(`(?m)(^|: )(error|fatal): `)

func (s *Store) mirror(id review.RepoID) gitDir {
	return gitDir{path: filepath.Join(s.root, strconv.FormatInt(int64(id), 10)+".git"), home: s.home}
}

// How many packs, and objects in one of the 256 folders of single objects, a
// mirror may have before they are put together: every look-up asks each pack.
const (
	maxPacks = 50
	maxLoose = 27 // git's own measure, 6,700 in all
)

// pack puts together what many fetches brought. What no ref holds any more is
// kept, because a review under way may read it. Failing does no harm: the next
// fetch tries again.
func (s *Store) pack(ctx context.Context, g gitDir) {
	objects := filepath.Join(g.path, "objects")
	packs, err := filepath.Glob(filepath.Join(objects, "pack", "*.pack"))
	loose, looseErr := filepath.Glob(filepath.Join(objects, "17", "*"))
	if err != nil || looseErr != nil || len(packs) <= maxPacks && len(loose) <= maxLoose {
		return
	}
	_, _ = g.output(ctx, 1<<16, "pack-refs", "--all")
	_, _ = g.output(ctx, 1<<16, "repack", "-a", "-d", "-k", "-q")
}

func refspecs(refs []string) ([]string, error) {
	var specs []string
	for _, ref := range refs {
		if _, err := review.ParseSHA(ref); err == nil {
			specs = append(specs, "+"+ref+":refs/launchgate/commits/"+ref)
			continue
		}
		if !strings.HasPrefix(ref, "refs/") || !harmlessRef(ref) {
			return nil, &review.Error{Code: review.CodeBadRequest, Op: "fetch a ref", What: strconv.Quote(ref), Do: "its name is not one that git accepts"}
		}
		specs = append(specs, "+"+ref+":"+mirrorRef(ref))
	}
	return specs, nil
}

// mirrorRef names a remote's ref in the mirror. The name is flat: when a branch
// "release" goes and "release/1" comes, git could not keep both as they are.
func mirrorRef(ref string) string {
	sum := sha256.Sum256([]byte(ref))
	return "refs/launchgate/refs/" + hex.EncodeToString(sum[:])
}

// harmlessRef is git check-ref-format, and no glob.
func harmlessRef(ref string) bool {
	if strings.ContainsAny(ref, " ~^:?*[\\\x7f") || strings.Contains(ref, "..") || strings.Contains(ref, "@{") ||
		strings.Contains(ref, "//") || strings.HasSuffix(ref, "/") || strings.HasSuffix(ref, ".") || len(ref) > 1000 {
		return false
	}
	for _, c := range []byte(ref) {
		if c < 0x20 {
			return false
		}
	}
	for _, part := range strings.Split(ref, "/") {
		if strings.HasPrefix(part, ".") || strings.HasPrefix(part, "-") || strings.HasSuffix(part, ".lock") {
			return false
		}
	}
	return true
}

func (s *Store) ensure(ctx context.Context, g gitDir) error {
	if _, err := os.Stat(filepath.Join(g.path, "HEAD")); err == nil {
		return nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("look for the mirror: %w", err)
	}
	if err := os.RemoveAll(g.path); err != nil {
		return fmt.Errorf("remove a half-made mirror: %w", err)
	}
	init := gitDir{home: s.home}
	if _, err := init.output(ctx, 1<<16, "init", "--quiet", "--bare", "--template=", g.path); err != nil {
		return fmt.Errorf("make the mirror: %w", err)
	}
	return nil
}

// fetch runs one git fetch and stops it when the mirror outgrows its limit.
func (s *Store) fetch(ctx context.Context, g gitDir, remote Remote, specs []string) error {
	ctx, cancel := context.WithTimeout(ctx, s.limits.FetchTime)
	defer cancel()
	auth, err := remote.auth(ctx)
	if err != nil {
		return err
	}
	removeLeftovers(g.path)
	args := []string{"fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--no-recurse-submodules"}
	if strings.Contains(specs[0], "*") {
		// What is gone makes room for names that could not stand beside it.
		args = append(args, "--prune")
	}
	args = append(append(args, remote.URL), specs...)
	cmd := g.command(ctx, auth, args...)
	var stderr tail
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		return gitError(ctx, "fetch", err, "")
	}
	done := make(chan struct{})
	watched := make(chan bool, 1)
	go func() { watched <- s.watch(g.path, done, cmd.Cancel) }()
	err = cmd.Wait()
	close(done)
	if <-watched {
		return &review.Error{Code: review.CodeTooLarge, Op: "fetch the repository", What: fmt.Sprintf("which takes more than %d MiB", s.limits.MirrorBytes>>20),
			Do: "raise limits.mirror_bytes in the server's configuration"}
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &review.Error{Code: review.CodeDeadlineExceeded, Op: "fetch the repository", What: fmt.Sprintf("within %s", s.limits.FetchTime),
			Do: "raise limits.fetch_time in the server's configuration", Err: err}
	}
	return gitError(ctx, "fetch", err, stderr.String())
}

// watch polls the size of dir until done and kills through kill when it grows
// beyond the limit; it reports whether it did.
func (s *Store) watch(dir string, done <-chan struct{}, kill func() error) bool {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return dirSize(dir) > s.limits.MirrorBytes
		case <-tick.C:
			if dirSize(dir) > s.limits.MirrorBytes {
				// The group may just have ended by itself; it is gone either way.
				_ = kill()
				<-done
				return true
			}
		}
	}
}

func dirSize(dir string) int64 {
	var n int64
	// Files come and go while git works; what cannot be read counts as nothing.
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if info, err := d.Info(); err == nil {
				n += info.Size()
			}
		}
		return nil
	})
	return n
}

// removeLeftovers takes away what a killed git left: locks, packs half
// received, quarantined objects. The caller holds the repository's lock, so no
// git writes in dir. What cannot be removed makes git say so.
func removeLeftovers(dir string) {
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
		case d.IsDir() && (strings.HasPrefix(d.Name(), "tmp_") || strings.HasPrefix(d.Name(), "incoming-")):
			_ = os.RemoveAll(path)
			return fs.SkipDir
		case d.Type().IsRegular() && (strings.HasSuffix(path, ".lock") || strings.HasPrefix(d.Name(), "tmp_")):
			_ = os.Remove(path)
		}
		return nil //nolint:nilerr // what cannot be read is not a leftover of ours
	})
}

// damaged reports whether git cannot walk the mirror's history.
func (s *Store) damaged(ctx context.Context, g gitDir) bool {
	_, err := g.output(ctx, 1<<16, "rev-list", "--all", "--quiet")
	return err != nil
}

// lock serialises fetches of one repository, in this process and others.
func (s *Store) lock(ctx context.Context, id review.RepoID) (func(), error) {
	s.mu.Lock()
	m := s.locks[id]
	if m == nil {
		m = make(chan struct{}, 1)
		s.locks[id] = m
	}
	s.mu.Unlock()
	select {
	case m <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	f, err := os.OpenFile(filepath.Join(s.root, strconv.FormatInt(int64(id), 10)+".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		<-m
		return nil, fmt.Errorf("open the mirror's lock: %w", err)
	}
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { f.Close(); <-m }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			f.Close()
			<-m
			return nil, fmt.Errorf("lock the mirror: %w", err)
		}
		select {
		case <-ctx.Done():
			f.Close()
			<-m
			return nil, context.Cause(ctx)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
