package goanalysis

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/launchgate/launchgate/app/scan"
)

// marks name, in files of the scratch folder, the packages under work, so that
// whoever starts the worker can tell what it died on. It also watches how long
// each takes.
type marks struct {
	dir   string
	limit time.Duration

	mu      sync.Mutex
	current map[string]work
}

type work struct {
	pkg     string
	started time.Time
}

const markPrefix = "launchgate-working-"

// newMarks keeps marks in TMPDIR if that is a worker's own folder.
func newMarks(limit time.Duration) *marks {
	m := &marks{limit: limit, current: map[string]work{}}
	if dir := os.Getenv("TMPDIR"); strings.HasPrefix(filepath.Base(dir), "worker-") {
		m.dir = dir
	}
	return m
}

// working returns a callback for one stage ("typing", "scanning").
func (m *marks) working(stage string) func(slot int, pkg string) {
	return func(slot int, pkg string) {
		name := fmt.Sprintf("%s%s-%d", markPrefix, stage, slot)
		m.mu.Lock()
		if pkg == "" {
			delete(m.current, name)
		} else {
			m.current[name] = work{pkg, time.Now()}
		}
		m.mu.Unlock()
		if m.dir == "" {
			return
		}
		// Without a mark a crash costs the whole scan instead of one package.
		if pkg == "" {
			_ = os.Remove(filepath.Join(m.dir, name))
		} else {
			_ = os.WriteFile(filepath.Join(m.dir, name), []byte(pkg), 0o600)
		}
	}
}

// late returns a package that has taken longer than it may, or "".
func (m *marks) late() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, w := range m.current {
		if time.Since(w.started) > m.limit {
			return w.pkg
		}
	}
	return ""
}

var _ scan.Salvager = Scanner{}

// Salvage implements scan.Salvager. If several packages were under work it asks
// for a run that takes one at a time; once the culprit is known, it is left out.
func (Scanner) Salvage(scratch string, req scan.Request) (scan.Request, bool) {
	set, err := readSettings(req.Settings)
	if err != nil {
		return req, false
	}
	names, err := filepath.Glob(filepath.Join(scratch, markPrefix+"*"))
	if err != nil || len(names) == 0 {
		return req, false
	}
	var culprits []string
	for _, n := range names {
		// The mark was written by a process that read hostile input: it is a
		// folder's name at most, and ends up nowhere but in settings.
		if b, err := os.ReadFile(n); err == nil && len(b) > 0 && len(b) < 4096 {
			culprits = append(culprits, string(b))
		}
	}
	set.Skip = maps.Clone(set.Skip)
	if set.Skip == nil {
		set.Skip = map[string]string{}
	}
	switch {
	case len(culprits) == 0:
		return req, false
	case len(culprits) > 1 && !set.Serial:
		set.Serial = true
	default:
		for _, c := range culprits {
			if set.Skip[c] != "" {
				return req, false
			}
			set.Skip[c] = "the worker died while it looked at this package (stack, memory or time used up); the rest was looked at without it"
		}
	}
	raw, err := json.Marshal(set)
	if err != nil {
		return req, false
	}
	req.Settings = raw
	return req, true
}
