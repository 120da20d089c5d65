package secrets

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/launchgate/launchgate/app/refs"
	"github.com/launchgate/launchgate/app/review"
)

// batchCommits is how many commits are handed to one git at a time: small
// enough to keep both cores busy to the end and to lose little in a kill, large
// enough to keep neighbouring commits, which share objects, in one process.
const batchCommits = 128

// stretchCommits is how many commits a walk reads at a time before it looks at
// what they change.
var stretchCommits = 32 * batchCommits

// maxHits bounds what one scan keeps. A history with more has other problems,
// and its receipt says that the list is cut.
const maxHits = 20_000

// session is one scan of one repository. It is used by one Scan call.
type session struct {
	repo  repo
	rules *ruleSet
	key   []byte
	tell  func(done, total int)
	refs  []refs.Ref // of the repository, once they were needed
	// tagged are the tags that were looked at.
	tagged map[string]bool
	// allRefs: it is a look at all of them.
	allRefs bool
	// plain leaves out everything that "git log -p" does not show, so that
	// findings can be compared with the gitleaks command.
	plain bool
	// allCores, if set, is called when there is work for all of them.
	allCores func()
	// compareAll: leave no path out before gitleaks does.
	compareAll bool
	// ahead is what was said of the commits of the walk with their list, if anything.
	ahead *ahead
	// configures: one of the commits of the walk changes one of configFiles, or of one
	// it was not asked.
	configures bool
	// leavesOut are those of leftOutPaths that leave a file of this walk out.
	leavesOut map[string]bool

	mu      sync.Mutex
	found   []hit
	held    map[string][]int // what commits hold, by position in found
	covered int              // commits that earlier looks at history covered
	safe    map[string]string
	names   seenTexts // file names
	blobs   seenTexts // files looked at as a whole
	seen    blobCounts
	cut     bool
	// screening is what screening files brought up.
	screening screening
	total     int // commits of the walk
	scanned   atomic.Int64
	screened  atomic.Int64 // what screening a stretch of the walk comes to, in commits
	bytes     atomic.Int64
}

// named is a file git shows no lines of, as it came with a commit.
type named struct {
	path, blob, commit string
	moved              bool // from where an allowlist leaves files out
}

// walkResult is what a walk saw.
type walkResult struct {
	expected int // commits, counted apart from the walk
	scanned  int
	order    map[string]int   // commit -> position
	parents  map[string]bool  // of all its commits
	dates    map[string]dates // of commits
}

// dates are when a commit was written, and when it was made, which is later for one
// that was moved or copied.
type dates struct{ authored, committed time.Time }

// commitHeader is what is read of a commit's header, line by line.
type commitHeader struct {
	tree    string
	parents []string
	dates   dates
	lines   int
}

// note takes the next line. Parents stand after the tree; git takes none elsewhere for
// one. It reads names in capitals, too.
func (h *commitHeader) note(line string) {
	switch word, rest, _ := strings.Cut(line, " "); {
	case word == "tree" && h.lines == 0:
		h.tree = rest
	case word == "parent" && h.lines == 1+len(h.parents):
		h.parents = append(h.parents, strings.ToLower(rest))
	case word == "author":
		h.dates.authored = identDate(rest)
	case word == "committer":
		h.dates.committed = identDate(rest)
	}
	h.lines++
}

// parseCommit reads a commit object.
func parseCommit(data []byte) (h commitHeader, message []byte) {
	head, message, _ := bytes.Cut(data, []byte("\n\n"))
	h.parents = []string{}
	for line := range strings.SplitSeq(string(head), "\n") {
		h.note(line)
	}
	return h, message
}

// ends are what a walk is about: everything that tips reach and old does not. No
// tips: they are not known.
type ends struct {
	tips, old []string
	// recent are commits that earlier walks looked at, some of what old reaches.
	recent map[string]bool
	// fresh: it is not much, so that one git may list commits and what they change at
	// once; new: none of it is likely to be known, so that it may show it, too.
	fresh, new bool
}

// list lists the commits that revs, which say what e says, select, and how many
// there must be. git counts them in a process of its own, so that a list that ends
// early is noticed; a list that closes by itself needs no such process.
func (s *session) list(ctx context.Context, revs []string, e ends) (list []commit, expected int, err error) {
	switch {
	case e.closes(nil, nil):
		return nil, 0, nil // nothing is new
	case len(e.old) > 0:
		var edge map[string]bool
		if s.ahead == nil && e.fresh && fewCommits > 0 {
			if s.ahead = s.readAhead(ctx, e); s.ahead == nil {
				s.ahead = s.lookAhead(ctx, revs, e.new)
			}
		}
		if s.ahead != nil {
			list = s.ahead.list
			if e.closes(list, nil) {
				return list, len(list), nil
			}
			if expected, err = s.countAhead(ctx, revs); err != nil || expected == len(list) || !s.ahead.own() {
				break
			}
			s.ahead = nil // where dates go backwards, git lists some that earlier looks covered, too
		}
		if list, edge, err = s.repo.commitsAndEdge(ctx, append([]string{"--boundary"}, revs...)); err != nil {
			return nil, 0, err
		}
		if e.closes(list, edge) {
			return list, len(list), nil
		}
		expected, err = s.repo.count(ctx, revs)
	default:
		both, bctx := errgroup.WithContext(ctx)
		both.Go(func() (err error) { expected, err = s.repo.count(bctx, revs); return err })
		both.Go(func() (err error) { list, err = s.repo.commits(bctx, revs); return err })
		err = both.Wait()
	}
	if err == nil && len(list) != expected {
		err = fmt.Errorf("git listed %d of %d commits", len(list), expected)
	}
	return list, expected, err
}

// countAhead has another git count the commits ahead. The parents that the one git
// showed are those in the commits: one that the other does not follow is hidden by a
// shallow clone or a graft.
func (s *session) countAhead(ctx context.Context, revs []string) (int, error) {
	if len(s.ahead.list) == 0 {
		return s.repo.count(ctx, revs) // says so, where a list that is empty says nothing
	}
	list, err := s.repo.commits(ctx, revs)
	if err != nil {
		return 0, err
	}
	followed := make(map[review.SHA][]string, len(list))
	for _, c := range list {
		followed[c.id] = c.parents
	}
	for _, c := range s.ahead.list {
		if parents, listed := followed[c.id]; listed && !slices.Equal(parents, c.parents) {
			return len(list), &missingHistory{commit: c.id}
		}
	}
	return len(list), nil
}

// closes reports whether a list lacks nothing: every tip is in it or old, and so
// is every parent of what is in it, or an earlier walk looked at it, or git says that
// old reaches it. That the parents are those in the commits is checked when they are
// read. A tip that old reaches and does not name, or an annotated tag, leaves it open.
func (e ends) closes(list []commit, edge map[string]bool) bool {
	in := make(map[string]bool, len(list)+len(e.old))
	for _, c := range list {
		if in[string(c.id)] {
			return false
		}
		in[string(c.id)] = true
	}
	for _, id := range e.old {
		in[id] = true
	}
	for _, c := range list {
		for _, p := range c.parents {
			if !in[p] && !edge[p] && !e.recent[p] {
				return false
			}
		}
	}
	return len(e.tips) > 0 && !slices.ContainsFunc(e.tips, func(id string) bool { return !in[id] })
}

// walk looks at every commit that revs, which say what e says, select. Whatever
// could not be looked at is an error; what was seen until then is in s. Of commits
// that known knows, what they hold is taken over; known may be nil.
func (s *session) walk(ctx context.Context, revs []string, e ends, known func(string) ([]hit, bool), done func([]commit)) (walkResult, error) {
	res := walkResult{order: make(map[string]int), dates: make(map[string]dates)}
	list, expected, err := s.list(ctx, revs, e)
	res.expected = expected
	if err != nil {
		return res, err
	}
	if s.ahead != nil {
		s.configures = s.ahead.configures()
	}
	todo := list[:0:0]
	for i, c := range list {
		res.order[string(c.id)] = i
		if known != nil {
			if hs, ok := known(string(c.id)); ok {
				s.add(&res, hs)
				res.scanned++
				s.configures = s.configures || s.ahead == nil
				continue
			}
		}
		todo = append(todo, c)
	}
	if s.allCores != nil && len(todo) > fewCommits {
		s.allCores()
	}
	res.parents = parentsOf(list)
	s.total = len(list)
	s.scanned.Store(int64(res.scanned))
	s.report()
	err = s.stretches(ctx, todo, &res, done)
	res.scanned = int(s.scanned.Load())
	if err != nil {
		return res, err
	}
	if res.scanned != res.expected {
		return res, fmt.Errorf("git showed the changes of %d of %d commits", res.scanned, res.expected)
	}
	return res, nil
}

func parentsOf(list []commit) map[string]bool {
	out := make(map[string]bool, len(list))
	for _, c := range list {
		for _, p := range c.parents {
			out[p] = true
		}
	}
	return out
}

// stretches looks at the commits of a walk a stretch at a time, so that there is
// something to show and to keep from the beginning on. What the next changes is
// listed meanwhile: no core is idle where one stretch ends.
func (s *session) stretches(ctx context.Context, todo []commit, res *walkResult, done func([]commit)) error {
	ctx, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	defer all.Wait()
	defer cancel()
	begin := func(part []commit) chan stretch {
		begun := make(chan stretch, 1)
		all.Go(func() { begun <- s.begin(ctx, part, res) })
		return begun
	}
	size := min(firstStretch, stretchCommits)
	var next chan stretch
	for len(todo) > 0 {
		n := min(size, len(todo))
		begun := next
		if next, todo = begin(todo[:n:n]), todo[n:]; begun == nil {
			continue
		}
		started := time.Now()
		st := <-begun
		if err := s.finish(ctx, st, res, done); err != nil {
			return err
		}
		size = stretchSize(len(st.todo), time.Since(started))
	}
	if next == nil {
		return nil
	}
	return s.finish(ctx, <-next, res, done)
}

// firstStretch is how many commits tell how long a stretch takes.
const firstStretch = 16 * batchCommits

// stretchTime is how long a stretch should take at most: what a kill costs, and how
// long nothing is seen to move.
const stretchTime = 3 * time.Second

// stretchSize is how many commits a stretch may have when one of n took so long.
func stretchSize(n int, took time.Duration) int {
	could := stretchCommits
	if took > 0 {
		could = int(min(int64(stretchCommits), int64(n)*int64(stretchTime)/int64(took)))
	}
	return max(could, min(batchCommits, stretchCommits))
}

// stretch is some of a walk's commits with what they change; many: too much to be
// kept at once.
type stretch struct {
	todo   []commit
	listed *listing
	many   bool
	err    error
}

// begin looks at the objects of some commits and lists what they change.
func (s *session) begin(ctx context.Context, todo []commit, res *walkResult) stretch {
	st := stretch{todo: todo}
	both, ctx := errgroup.WithContext(ctx)
	if len(todo) > 1 {
		both.Go(func() error { return s.readCommits(ctx, todo, res) })
	} else if st.err = s.readCommits(ctx, todo, res); st.err != nil {
		return st // the names of one may be looked at as they are listed, and get its date
	}
	both.Go(func() (err error) {
		st.listed, err = s.listing(ctx, s.compared(todo), res)
		if st.many = errors.Is(err, errManyChanges); st.many {
			return nil
		}
		return err
	})
	st.err = both.Wait()
	return st
}

// finish looks at the names of files in a stretch and at what its commits change.
func (s *session) finish(ctx context.Context, st stretch, res *walkResult, done func([]commit)) error {
	switch {
	case st.err != nil:
		return st.err
	case st.many:
		return s.halves(ctx, st.todo, res, done)
	}
	return s.changes(ctx, st.todo, st.listed, res, done)
}

// compared are those of commits that git compares with their parents.
func (s *session) compared(todo []commit) []commit {
	if !s.plain {
		return todo
	}
	return slices.DeleteFunc(slices.Clone(todo), func(c commit) bool { return len(c.parents) > 1 })
}

// halves looks at what commits change that together change too much to be kept.
func (s *session) halves(ctx context.Context, todo []commit, res *walkResult, done func([]commit)) error {
	for _, part := range [][]commit{todo[:len(todo)/2], todo[len(todo)/2:]} {
		l, err := s.listing(ctx, s.compared(part), res)
		if errors.Is(err, errManyChanges) {
			err = s.halves(ctx, part, res, done)
		} else if err == nil {
			err = s.changes(ctx, part, l, res, done)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// changes looks at what the commits of a listing change.
func (s *session) changes(ctx context.Context, todo []commit, l *listing, res *walkResult, done func([]commit)) error {
	s.lookAtListing(ctx, l, res)
	ahead := s.ahead != nil && s.ahead.shown && !s.compareAll
	var show showing
	var err error
	if ahead {
		show = s.toShowAgain(l)
	} else if show, err = s.toShow(ctx, l); err != nil {
		return err
	}
	shown, rest := todo[:0:0], todo[:0:0]
	for _, c := range todo {
		if show.shows(string(c.id)) {
			shown = append(shown, c)
		} else {
			rest = append(rest, c)
		}
	}
	if ahead {
		if err := s.addAhead(ctx, rest, res); err != nil {
			return err
		}
	}
	if done != nil && len(rest) > 0 {
		done(rest)
	}
	s.screened.Store(0)
	s.scanned.Add(int64(len(rest)))
	s.report()
	big, err := s.bigFiles(ctx, shown, show, l)
	if err != nil {
		return err
	}
	return s.patches(ctx, shown, show, big, res, done)
}

func (s *session) report() {
	if s.tell != nil {
		s.tell(int(s.scanned.Load()), s.total)
	}
}

// readCommits reads the commit objects themselves: their messages, and their
// parents as written. A parent that the walk did not see as one is hidden by a
// shallow clone or a graft: history is missing.
func (s *session) readCommits(ctx context.Context, todo []commit, res *walkResult) error {
	ids := make([]string, 0, len(todo))
	byID := make(map[string]commit, len(todo))
	for _, c := range todo {
		if s.takeRead(string(c.id), res) {
			continue
		}
		ids = append(ids, string(c.id))
		byID[string(c.id)] = c
	}
	return s.repo.objects(ctx, ids, bigFileBytes, func(o object) error {
		c, ok := byID[o.id]
		if !ok || o.kind != "commit" {
			return fmt.Errorf("git answered %s %s for a commit", o.kind, o.id)
		}
		header, message := parseCommit(o.data)
		s.mu.Lock()
		res.dates[o.id] = header.dates
		s.mu.Unlock()
		if !slices.Equal(header.parents, c.parents) {
			return &missingHistory{commit: c.id}
		}
		if !s.plain {
			s.add(res, s.hits(ctx, text{content: message, commit: o.id, line: 1}, inMessage))
		}
		return ctx.Err()
	})
}

// takeRead takes over what was seen of a commit that was read whole, with its parents
// as written, when commits were listed.
func (s *session) takeRead(id string, res *walkResult) bool {
	if s.ahead == nil {
		return false
	}
	c, read := s.ahead.read[id]
	if !read {
		return false
	}
	s.mu.Lock()
	res.dates[id] = c.dates
	s.mu.Unlock()
	if !s.plain {
		s.add(res, c.hits)
	}
	return true
}

// missingHistory is a commit whose parents are not there.
type missingHistory struct{ commit review.SHA }

func (e *missingHistory) Error() string {
	return fmt.Sprintf("the history is cut off at commit %s (shallow clone or graft)", e.commit.Short())
}

// lastDate is the last that can be told: JSON has no year 10000.
const lastDate = 253402300799

// identDate is when someone did something, zero when that is not said, or is before or
// after all that git or we can tell: whoever writes a commit by hand writes any number.
func identDate(ident string) time.Time {
	f := strings.Fields(ident[strings.LastIndexByte(ident, '>')+1:])
	if len(f) == 0 {
		return time.Time{}
	}
	sec, err := strconv.ParseInt(f[0], 10, 64)
	if err != nil || sec < 0 || sec > lastDate {
		return time.Time{}
	}
	return time.Unix(sec, 0).UTC()
}

// cutList notes that there is more than is kept.
func (s *session) cutList() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cut = true
}

// gather adds hits to a list that is added to a walk later, as many as are kept.
func (s *session) gather(list, more []hit) []hit {
	if room := maxHits - len(list); len(more) > room {
		s.cutList()
		more = more[:room]
	}
	return append(list, more...)
}

func (s *session) add(res *walkResult, hs []hit) {
	if len(hs) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held == nil {
		s.held = make(map[string][]int)
	}
	for _, h := range hs {
		if n, walked := res.order[h.Commit]; walked && h.Where != inTag {
			h.Order = s.covered + n
		}
		if d, read := res.dates[h.Commit]; read && h.Where != inTag {
			h.Date, h.Committed = d.authored, d.committed
		}
		if len(s.found) >= maxHits {
			s.cut = true
			continue
		}
		if h.Where != inTag { // tags are looked at each time
			s.held[h.Commit] = append(s.held[h.Commit], len(s.found))
		}
		s.found = append(s.found, h)
	}
}
