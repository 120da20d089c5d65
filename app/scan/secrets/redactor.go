package secrets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/launchgate/launchgate/app/scan"
)

// Redactor is a scan.Redactor whose idea of a secret is that of this package: of both
// configurations, the default one and the base's. What the base allows, ignores or
// lists in a baseline is not reported, and is not repeated either.
type Redactor struct {
	// Keep chooses the files of a tree that may be quoted; nil for all, of a tree that
	// holds no others.
	Keep func(path string, size int64) bool
}

// NewRedactor returns a redactor. It may be used concurrently.
func NewRedactor() *Redactor { return &Redactor{} }

// Redact implements scan.Redactor. What looks like a secret is one wherever it stands;
// what is one for the name beside it is known from the files of the trees. For the
// scanner of this package, which takes what it found out of what it says by itself,
// these are not read again.
func (r *Redactor) Redact(ctx context.Context, scanner string, req scan.Request, texts []*string) error {
	if len(texts) == 0 {
		return nil
	}
	all := newKnown(req.FingerprintKey)
	sets := []*ruleSet{defaultRules()}
	if scanner != Name && req.HeadDir != "" {
		custom, err := customRules(req)
		if err != nil {
			return err
		}
		if custom != nil {
			sets = append(sets, custom)
		}
		if err := r.learnTrees(ctx, all, sets, req.HeadDir, req.BaseDir); err != nil {
			return err
		}
	}
	learnTexts(ctx, all, sets, texts)
	if err := context.Cause(ctx); err != nil {
		return err
	}
	with := all.replacer()
	for _, t := range texts {
		*t = with.replace(*t)
	}
	return nil
}

// Texts takes out of each text what looks like a secret. The key is that of the
// installation; nil where there is none. When it fails, nothing of the texts is left.
func (r *Redactor) Texts(ctx context.Context, key []byte, texts []*string) {
	err := r.Redact(ctx, Name, scan.Request{FingerprintKey: key}, texts)
	if err == nil {
		return
	}
	for _, t := range texts {
		*t = redacted
	}
}

// customRules are the rules of the base's .gitleaks.toml, nil if it has none.
func customRules(req scan.Request) (*ruleSet, error) {
	dir := req.BaseDir
	if dir == "" {
		dir = req.HeadDir
	}
	if dir == "" {
		return nil, nil //nolint:nilnil // without trees there is nothing to read
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open the tree: %w", err)
	}
	defer root.Close()
	read := func(path string) ([]byte, error) {
		data, err := root.ReadFile(filepath.FromSlash(path))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return data, err
	}
	data, err := read(configPath)
	if data == nil {
		return nil, err
	}
	return buildRules(rulesInput{own: true, repo: data, read: read})
}

// learnTrees learns the secrets of all files below dirs. A file of two trees is read
// once where one is a link to the other.
func (r *Redactor) learnTrees(ctx context.Context, all *known, sets []*ruleSet, dirs ...string) error {
	type place struct{ dir, path string }
	var files []place
	seen := make(map[string][]os.FileInfo) // by path
	for _, dir := range dirs {
		if dir == "" {
			continue
		}
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && (d.Name() == ".git" || d.Name() == "node_modules"):
				return fs.SkipDir // of a user's own checkout; nothing quotes what is in it
			case !d.Type().IsRegular():
				return nil
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(dir, path)
			if err != nil {
				return err
			}
			if r.Keep != nil && !r.Keep(filepath.ToSlash(rel), info.Size()) {
				return nil
			}
			if slices.ContainsFunc(seen[rel], func(o os.FileInfo) bool { return os.SameFile(o, info) }) {
				return nil
			}
			seen[rel] = append(seen[rel], info)
			files = append(files, place{dir, rel})
			return nil
		})
		if err != nil {
			return fmt.Errorf("list the tree: %w", err)
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for _, f := range files {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return context.Cause(ctx)
			}
			data, err := readRegular(filepath.Join(f.dir, f.path))
			if err != nil {
				return fmt.Errorf("read a file of the tree: %w", err)
			}
			for _, rules := range sets {
				all.learnFile(ctx, rules, filepath.ToSlash(f.path), data)
			}
			return nil
		})
	}
	return g.Wait()
}

func readRegular(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, bigFileBytes+1))
}

// learnFile learns the secrets of a file, also of one that an allowlist leaves out for
// its path, and those that Go code puts together.
func (k *known) learnFile(ctx context.Context, rules *ruleSet, path string, data []byte) {
	k.learn(ctx, rules, text{content: data, path: path, line: 1}, nil)
	if rules.pathAllowed(path) {
		k.learn(ctx, rules, text{content: data, line: 1}, nil)
	}
	if strings.HasSuffix(path, ".go") {
		if joined := joinLiterals(data); joined != nil {
			k.learn(ctx, rules, text{content: joined, path: path, line: 1}, nil)
		}
	}
}

// learnTexts learns what looks like a secret in the texts themselves. Rules that need a
// telling name beside a secret are not asked: what stands beside what in a message is
// chance.
func learnTexts(ctx context.Context, all *known, sets []*ruleSet, texts []*string) {
	var b strings.Builder
	seen := make(map[string]bool, len(texts))
	for _, t := range texts {
		if len(*t) < shortText || seen[*t] {
			continue
		}
		seen[*t] = true
		b.WriteString(*t)
		b.WriteByte('\n')
		b.WriteString(strings.Map(wordsOnly, *t))
		b.WriteByte('\n')
	}
	if b.Len() == 0 {
		return
	}
	for _, rules := range sets {
		all.learn(ctx, rules, text{content: []byte(b.String()), line: 1}, isGeneric)
	}
}

// wordsOnly lays a text out for rules that want a secret to end at a space.
func wordsOnly(r rune) rune {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '_', r == '-', r == '.', r == '+', r == '=', r == '~':
		return r
	}
	return '\n'
}

// learn learns what rules find in t, but for those that skip names.
func (k *known) learn(ctx context.Context, rules *ruleSet, t text, skip func(rule string) bool) {
	for _, f := range rules.find(ctx, t) {
		if f.Secret == "" || skip != nil && skip(f.RuleID) {
			continue
		}
		k.add(f.Secret)
		if slices.ContainsFunc(f.Tags, func(tag string) bool { return strings.HasPrefix(tag, "decoded:") }) {
			for _, run := range encodedRuns(linesOf(t, f.StartLine, f.EndLine)) {
				k.addAs(run, f.Secret)
			}
		}
	}
}

// linesOf returns the lines of a finding, and one on either side: gitleaks counts those
// of decoded texts loosely.
func linesOf(t text, from, to int) string {
	lines := strings.Split(string(t.content), "\n")
	from, to = max(from-t.line-1, 0), min(to-t.line+2, len(lines))
	if from >= to {
		return ""
	}
	return strings.Join(lines[from:to], "\n")
}

// shortestRun is how long what is encoded must be to hide a secret.
const shortestRun = 16

// encodedRuns returns what may be an encoding in a text.
func encodedRuns(s string) []string {
	var out []string
	for _, run := range strings.FieldsFunc(s, func(r rune) bool { return wordsOnly(r) == '\n' && r != '/' && r != '%' || r == '.' }) {
		if len(run) >= shortestRun {
			out = append(out, run)
		}
	}
	return out
}

// joinLiterals returns Go source with string literals joined that it adds up, nil if it
// adds up none.
func joinLiterals(src []byte) []byte {
	var out []byte
	last := 0
	for i := 0; i < len(src); i++ {
		q := src[i]
		if q != '"' && q != '`' {
			continue
		}
		j := skipSpace(src, i+1)
		if j >= len(src) || src[j] != '+' {
			continue
		}
		j = skipSpace(src, j+1)
		if j >= len(src) || src[j] != '"' && src[j] != '`' {
			continue
		}
		out = append(out, src[last:i]...)
		last, i = j+1, j
	}
	if out == nil {
		return nil
	}
	return append(out, src[last:]...)
}

func skipSpace(src []byte, i int) int {
	for i < len(src) && (src[i] == ' ' || src[i] == '\t' || src[i] == '\n' || src[i] == '\r') {
		i++
	}
	return i
}

// known are secrets that must not be repeated. Its methods but replacer may be used
// concurrently.
type known struct {
	key  []byte
	mu   sync.Mutex
	says map[string]string // what is to be taken out -> what is said in its place
}

func newKnown(key []byte) *known { return &known{key: key, says: make(map[string]string)} }

func (k *known) add(secret string) { k.addAs(secret, secret) }
