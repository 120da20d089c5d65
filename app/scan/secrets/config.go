package secrets

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/pelletier/go-toml/v2"
	"github.com/zricethezav/gitleaks/v8/config"
)

// Limits on a repository's .gitleaks.toml. RE2 has no catastrophic
// backtracking, but its time grows with text times program.
const (
	maxConfigBytes  = 1 << 20
	maxConfigRules  = 2000
	maxProgramInsts = 30_000
)

// The file names a repository speaks to us with, all read from the base.
const (
	configPath   = ".gitleaks.toml"
	ignorePath   = ".gitleaksignore"
	baselinePath = ".gitleaks-baseline.json"
)

// configFiles are what a repository may say about secrets.
var configFiles = []string{configPath, ignorePath, baselinePath}

func isConfig(path string) bool { return slices.Contains(configFiles, path) }

// tomlConfig is gitleaks' configuration file. gitleaks reads it through viper,
// whose state is global and whose extension counter never goes back, so that a
// long-lived process stops extending after two files (gitleaks v8.30.1,
// config.extendDepth); this package reads the same format itself.
type tomlConfig struct {
	Title       string
	Description string
	Extend      struct {
		Path          string
		URL           string
		UseDefault    bool
		DisabledRules []string
	}
	Rules []struct {
		ID          string
		Description string
		Path        string
		Regex       string
		SecretGroup int
		Entropy     float64
		Keywords    []string
		Tags        []string
		AllowList   *tomlAllowlist
		Allowlists  []*tomlAllowlist
		Required    []struct {
			ID            string
			WithinLines   *int
			WithinColumns *int
		}
		SkipReport bool
	}
	AllowList  *tomlAllowlist
	Allowlists []*tomlAllowlist
	MinVersion string
}

type tomlAllowlist struct {
	TargetRules []string
	Description string
	Condition   string
	Commits     []string
	Paths       []string
	RegexTarget string
	Regexes     []string
	StopWords   []string
}

// configError is a fault in a configuration file, at a line when known.
type configError struct {
	file string
	line int
	what string
}

func (e *configError) Error() string {
	if e.line > 0 {
		return fmt.Sprintf("%s:%d: %s", e.file, e.line, e.what)
	}
	return e.file + ": " + e.what
}

// parseConfig reads one file in gitleaks' format, without what it extends.
// Every fault is a *configError.
func parseConfig(file string, data []byte) (*tomlConfig, *config.Config, error) {
	return parse(translator{file: file, data: data})
}

func parse(t translator) (*tomlConfig, *config.Config, error) {
	file, data := t.file, t.data
	if len(data) > maxConfigBytes {
		return nil, nil, &configError{file: file, what: fmt.Sprintf("larger than %d bytes", maxConfigBytes)}
	}
	var tc tomlConfig
	if err := toml.Unmarshal(data, &tc); err != nil {
		e := &configError{file: file, what: "not valid TOML"}
		var de *toml.DecodeError
		if errors.As(err, &de) {
			e.line, _ = de.Position()
			e.what = "not valid TOML: " + strings.TrimPrefix(de.Error(), "toml: ")
		}
		return nil, nil, e
	}
	if len(tc.Rules) > maxConfigRules {
		return nil, nil, &configError{file: file, what: fmt.Sprintf("more than %d rules", maxConfigRules)}
	}
	cfg := t.translate(&tc)
	if t.err != nil {
		return nil, nil, t.err
	}
	return &tc, cfg, nil
}

type translator struct {
	file string
	data []byte
	err  error
}

// fail remembers the first fault, at the line that holds text.
func (t *translator) fail(text, format string, args ...any) {
	if t.err != nil {
		return
	}
	e := &configError{file: t.file, what: fmt.Sprintf(format, args...)}
	if i := bytes.Index(t.data, []byte(text)); text != "" && i >= 0 {
		e.line = bytes.Count(t.data[:i], []byte("\n")) + 1
	}
	t.err = e
}

func (t *translator) compile(where, expr string) *regexp.Regexp {
	re, err := regexp.Compile(expr)
	if err != nil {
		var se *syntax.Error
		reason := "not a valid regular expression"
		if errors.As(err, &se) {
			reason = string(se.Code)
		}
		t.fail(expr, "%s: the regular expression is refused: %s", where, reason)
		return nil
	}
	if n := programSize(expr); n > maxProgramInsts {
		t.fail(expr, "%s: the regular expression is too large (%d instructions, at most %d)", where, n, maxProgramInsts)
		return nil
	}
	return re
}

func programSize(expr string) int {
	parsed, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return 0
	}
	prog, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return 0
	}
	return len(prog.Inst)
}

func (t *translator) translate(tc *tomlConfig) *config.Config {
	cfg := &config.Config{
		Title: tc.Title, Description: tc.Description, MinVersion: tc.MinVersion,
		Rules: make(map[string]config.Rule), Keywords: make(map[string]struct{}),
	}
	for _, tr := range tc.Rules {
		where := fmt.Sprintf("rule %q", tr.ID)
		r := config.Rule{
			RuleID: tr.ID, Description: tr.Description, SecretGroup: tr.SecretGroup, Entropy: tr.Entropy,
			Tags: tr.Tags, SkipReport: tr.SkipReport, Keywords: []string{},
		}
		if tr.Path != "" {
			r.Path = t.compile(where, tr.Path)
		}
		if tr.Regex != "" {
			r.Regex = t.compile(where, tr.Regex)
		}
		for _, k := range tr.Keywords {
			r.Keywords = append(r.Keywords, strings.ToLower(k))
		}
		lists := tr.Allowlists
		if tr.AllowList != nil {
			lists = append(lists, tr.AllowList)
		}
		for _, a := range lists {
			if list := t.allowlist(where, a); list != nil {
				r.Allowlists = append(r.Allowlists, list)
			}
		}
		for _, q := range tr.Required {
			r.RequiredRules = append(r.RequiredRules, &config.Required{RuleID: q.ID, WithinLines: q.WithinLines, WithinColumns: q.WithinColumns})
		}
		cfg.OrderedRules = append(cfg.OrderedRules, r.RuleID)
		cfg.Rules[r.RuleID] = r
	}
	lists := tc.Allowlists
	if tc.AllowList != nil {
		lists = append(lists, tc.AllowList)
	}
	for _, a := range lists {
		list := t.allowlist("a global allowlist", a)
		if list == nil {
			continue
		}
		if len(a.TargetRules) == 0 {
			cfg.Allowlists = append(cfg.Allowlists, list)
		}
	}
	return cfg
}

func (t *translator) allowlist(where string, a *tomlAllowlist) *config.Allowlist {
	list := &config.Allowlist{Description: a.Description, Commits: a.Commits, RegexTarget: a.RegexTarget, StopWords: a.StopWords}
	switch strings.ToUpper(a.Condition) {
	case "AND", "&&":
		list.MatchCondition = config.AllowlistMatchAnd
	case "", "OR", "||":
	default:
		t.fail(a.Condition, "%s: unknown condition %q of an allowlist (and, or)", where, a.Condition)
	}
	switch a.RegexTarget {
	case "", "match", "line":
	case "secret":
		list.RegexTarget = ""
	default:
		t.fail(a.RegexTarget, "%s: unknown regexTarget %q of an allowlist (secret, match, line)", where, a.RegexTarget)
	}
	for _, expr := range a.Regexes {
		list.Regexes = append(list.Regexes, t.compile("an allowlist of "+where, expr))
	}
	for _, expr := range a.Paths {
		list.Paths = append(list.Paths, t.compile("an allowlist of "+where, expr))
	}
	if t.err != nil {
		return nil
	}
	if err := list.Validate(); err != nil {
		t.fail("", "an allowlist of %s: %v", where, err)
		return nil
	}
	return list
}

// ruleSet is a set of rules ready to scan with. It is never changed after
// buildRules and may be used concurrently.
type ruleSet struct {
	// hash names the rules: commits scanned under one hash need not be scanned
	// again under it.
	hash  string
	notes []string
	// warnings say which of the repository's files are not used.
	warnings []string
	filter   *filter
	ignore   map[string]struct{} // gitleaks fingerprints
	judge    judge
	// unconfigured: of no file of the repository.
	unconfigured bool
	// byCommit: some allowlist allows what certain commits hold.
	byCommit bool
	// unfiltered has everything judged in full, for tests of the filter.
	unfiltered bool
}

// The rules of gitleaks' default configuration, and ours.
var (
	gitleaksDefaults = sync.OnceValue(func() *config.Config { return savedConfig(false) })
	ownDefaults      = sync.OnceValue(func() *config.Config { return savedConfig(true) })
)

// rulesInput says what a rule set is made of.
type rulesInput struct {
	own      bool   // with Launchgate's own rules
	repo     []byte // the base's .gitleaks.toml, nil for none
	ignore   []byte // the base's .gitleaksignore
	baseline []byte // the base's baseline report
	// read returns a file of the base, for extend.path; nil when there is none.
	read func(path string) ([]byte, error)
}

// defaultRules are those that hold whatever a repository says. They are not to be changed.
var defaultRules = sync.OnceValue(func() *ruleSet {
	rs := &ruleSet{unconfigured: true}
	rs.useDefaults()
	return rs
})

// savedEngine is what looks for secrets under the default rules, one for each process: a
// look, what it says and what is redacted in that share what was compiled.
var savedEngine = sync.OnceValues(func() (*filter, judge) { return newSavedFilter(), newJudge(savedDefinitions()) })

func (rs *ruleSet) useDefaults() {
	rs.hash = savedHash
	rs.filter, rs.judge = savedEngine()
}

// buildRules makes a rule set. What is wrong with the repository's files is not
// an error: the defaults apply and a note says so.
func buildRules(in rulesInput) (*ruleSet, error) {
	rs := &ruleSet{ignore: make(map[string]struct{}), unconfigured: in.repo == nil && in.ignore == nil && in.baseline == nil}
	rs.readIgnore(in.ignore)
	rs.readBaseline(in.baseline)
	if in.own && in.repo == nil {
		rs.useDefaults()
		return rs, nil
	}
	defaults := func() *config.Config {
		cfg := cloneConfig(gitleaksDefaults())
		if in.own {
			merge(cfg, ownDefaults(), nil)
		}
		return cfg
	}
	cfg := defaults()
	if in.repo != nil {
		err := extend(cfg, configPath, in.repo, in.read, 0, rs)
		if err == nil {
			err = secretIDs(cfg, in.repo)
		}
		if err != nil {
			var ce *configError
			if !errors.As(err, &ce) {
				return nil, err
			}
			rs.notes = nil // what the file was said to change, it does not
			rs.warnings = append(rs.warnings, withoutSecrets(ce.Error())+". Until it is mended on the base branch, the default rules apply.")
			cfg = defaults()
		}
	}
	rs.use(cfg)
	return rs, nil
}

// withoutSecrets is what is said of a repository's configuration without the secrets
// in what it quotes.
func withoutSecrets(said string) string {
	var secrets []string
	for _, f := range defaultRules().find(context.Background(), text{content: nameParts(said), line: 1}) {
		secrets = append(secrets, f.Secret)
	}
	return redact(said, secrets)
}

// secretIDs refuses rules whose ids hold a secret: what a rule reports is said, kept
// and stored under its id.
func secretIDs(cfg *config.Config, data []byte) error {
	for id := range cfg.Rules {
		if len(defaultRules().find(context.Background(), text{content: nameParts(id), line: 1})) > 0 {
			line := bytes.Count(data[:max(bytes.Index(data, []byte(id)), 0)], []byte("\n")) + 1
			return &configError{file: configPath, line: line, what: "a rule's id holds what other rules take for a secret"}
		}
	}
	return nil
}

// use makes rs one of the rules of cfg.
func (rs *ruleSet) use(cfg *config.Config) {
	finish(cfg)
	rs.hash, rs.filter, rs.judge = hashRules(cfg), newFilter(cfg), newJudge(definitionsOf(cfg))
	of := func(a *config.Allowlist) bool { return len(a.Commits) > 0 }
	rs.byCommit = slices.ContainsFunc(cfg.Allowlists, of)
	for _, r := range cfg.Rules {
		rs.byCommit = rs.byCommit || slices.ContainsFunc(r.Allowlists, of)
	}
}

// finish puts a configuration's rules in order and gathers their keywords.
func finish(cfg *config.Config) *config.Config {
	sort.Strings(cfg.OrderedRules)
	for _, r := range cfg.Rules {
		for _, k := range r.Keywords {
			cfg.Keywords[k] = struct{}{}
		}
	}
	return cfg
}

// extend adds a repository's configuration to cfg. The defaults always stay:
// a file that would replace them is added to them, and a note says so.
func extend(cfg *config.Config, file string, data []byte, read func(string) ([]byte, error), depth int, rs *ruleSet) error {
	tc, add, err := parseConfig(file, data)
	if err != nil {
		return err
	}
	if tc.Extend.Path != "" {
		if err := extendFrom(cfg, file, tc.Extend.Path, read, depth, rs); err != nil {
			return err
		}
	} else if !tc.Extend.UseDefault && depth == 0 {
		rs.notes = append(rs.notes, file+" does not extend the default rules; Launchgate keeps them and adds the file's own.")
	}
	if tc.Extend.URL != "" {
		rs.notes = append(rs.notes, file+": extend.url is not followed; nothing is downloaded on a repository's word.")
	}
	for _, id := range tc.Extend.DisabledRules {
		if _, ok := cfg.Rules[id]; !ok {
			rs.notes = append(rs.notes, fmt.Sprintf("%s disables the unknown rule %q.", file, id))
			continue
		}
		delete(cfg.Rules, id)
		cfg.OrderedRules = slices.DeleteFunc(cfg.OrderedRules, func(s string) bool { return s == id })
		rs.notes = append(rs.notes, fmt.Sprintf("%s disables the rule %q.", file, id))
	}
	if said := leftOutBy(add.Allowlists); said != "" {
		rs.notes = append(rs.notes, fmt.Sprintf("%s leaves out of all rules what its allowlists name: %s.", file, said))
	}
	merge(cfg, add, &rs.notes)
	for _, id := range add.OrderedRules {
		r := cfg.Rules[id]
		makeReady(r)
		if err := r.Validate(); err != nil {
			return &configError{file: file, what: err.Error()}
		}
		for _, q := range r.RequiredRules {
			if _, ok := cfg.Rules[q.RuleID]; !ok {
				return &configError{file: file, what: fmt.Sprintf("rule %q requires the unknown rule %q", id, q.RuleID)}
			}
		}
		cfg.Rules[id] = r
	}
	t := translator{file: file, data: data}
	for _, a := range append(slices.Clone(tc.Allowlists), tc.AllowList) {
		if a == nil {
			continue
		}
		for _, id := range a.TargetRules {
			r, ok := cfg.Rules[id]
			if !ok {
				return &configError{file: file, what: fmt.Sprintf("an allowlist targets the unknown rule %q", id)}
			}
			r.Allowlists = append(slices.Clone(r.Allowlists), t.allowlist("a targeted allowlist", a))
			cfg.Rules[id] = r
		}
	}
	return t.err
}

// leftOutBy counts what allowlists for all rules name; "" for nothing.
func leftOutBy(lists []*config.Allowlist) string {
	var paths, exprs, words, commits int
	for _, a := range lists {
		paths, exprs, words, commits = paths+len(a.Paths), exprs+len(a.Regexes), words+len(stopWords(a)), commits+len(a.Commits)
	}
	var said []string
	for _, c := range []struct {
		n    int
		what string
	}{{paths, "paths"}, {exprs, "regular expressions"}, {words, "stop words"}, {commits, "commits"}} {
		if c.n > 0 {
			said = append(said, fmt.Sprintf("%s (%d)", c.what, c.n))
		}
	}
	return strings.Join(said, ", ")
}

func extendFrom(cfg *config.Config, file, path string, read func(string) ([]byte, error), depth int, rs *ruleSet) error {
	if depth >= 2 || read == nil {
		return &configError{file: file, what: "extends more than two files deep"}
	}
	path = strings.TrimPrefix(path, "./")
	if strings.HasPrefix(path, "/") || slices.Contains(strings.Split(path, "/"), "..") {
		return &configError{file: file, what: fmt.Sprintf("extend.path %q leaves the repository", path)}
	}
	data, err := read(path)
	if err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	if data == nil {
		return &configError{file: file, what: fmt.Sprintf("extend.path %q does not exist on the base", path)}
	}
	return extend(cfg, path, data, read, depth+1, rs)
}

// merge adds add's rules and allowlists to cfg, as gitleaks extends: a rule of
// a known id changes that rule.
func merge(cfg, add *config.Config, notes *[]string) {
	for _, id := range add.OrderedRules {
		r := add.Rules[id]
		base, known := cfg.Rules[id]
		if !known {
			cfg.OrderedRules = append(cfg.OrderedRules, id)
			cfg.Rules[id] = r
			continue
		}
		if notes != nil && (r.Regex != nil || r.Path != nil) {
			*notes = append(*notes, fmt.Sprintf("%s changes what the rule %q finds.", configPath, id))
		}
		if r.Description != "" {
			base.Description = r.Description
		}
		if r.Entropy != 0 {
			base.Entropy = r.Entropy
		}
		if r.SecretGroup != 0 {
			base.SecretGroup = r.SecretGroup
		}
		if r.Regex != nil {
			base.Regex = r.Regex
		}
		if r.Path != nil {
			base.Path = r.Path
		}
		base.Tags = append(slices.Clone(base.Tags), r.Tags...)
		base.Keywords = append(slices.Clone(base.Keywords), r.Keywords...)
		base.Allowlists = append(slices.Clone(base.Allowlists), r.Allowlists...)
		cfg.Rules[id] = base
	}
	cfg.Allowlists = append(slices.Clone(cfg.Allowlists), add.Allowlists...)
}

func cloneConfig(c *config.Config) *config.Config {
	out := *c
	out.Rules = make(map[string]config.Rule, len(c.Rules))
	for id, r := range c.Rules {
		out.Rules[id] = r
	}
	out.Keywords = make(map[string]struct{}, len(c.Keywords))
	out.OrderedRules = slices.Clone(c.OrderedRules)
	out.Allowlists = slices.Clone(c.Allowlists)
	return &out
}

// readIgnore reads .gitleaksignore: file:rule:line or commit:file:rule:line.
func (rs *ruleSet) readIgnore(data []byte) {
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if n := strings.Count(line, ":"); n != 2 && n != 3 {
			rs.warnings = append(rs.warnings, fmt.Sprintf("%s:%d is not of the form file:rule:line or commit:file:rule:line.", ignorePath, i+1))
			continue
		}
		rs.ignore[strings.ReplaceAll(line, `\`, "/")] = struct{}{}
	}
}

// readBaseline reads a report of "gitleaks git --report-format json": what it
// lists is known. Only fingerprints are taken from it.
func (rs *ruleSet) readBaseline(data []byte) {
	if data == nil {
		return
	}
	var known []struct{ Fingerprint string }
	if err := json.Unmarshal(data, &known); err != nil {
		rs.warnings = append(rs.warnings, baselinePath+" is not a gitleaks report in JSON; it is not used.")
		return
	}
	for _, k := range known {
		if k.Fingerprint != "" {
			rs.ignore[k.Fingerprint] = struct{}{}
		}
	}
}

// engineVersion changes whenever this package may find more or less with the
// same rules, so that stored results are not trusted any longer.
const engineVersion = "launchgate-secrets/6 gitleaks/8.30.1"

// Engine names this version's engine and default rules; it changes when more or
// less may be found in a repository without a configuration of its own.
func Engine() string {
	return savedHash
}

// hashRules names everything that decides what is found in a commit.
func hashRules(cfg *config.Config) string {
	h := sha256.New()
	write := func(parts ...string) {
		for _, p := range parts {
			fmt.Fprintf(h, "%d:%s", len(p), p)
		}
	}
	write(engineVersion)
	lists := func(ls []*config.Allowlist) {
		for _, a := range ls {
			write("allow", a.MatchCondition.String(), a.RegexTarget)
			for _, set := range [][]string{sorted(a.Commits), stopWords(a)} {
				write(fmt.Sprint(len(set)))
				write(set...)
			}
			for _, set := range [][]*regexp.Regexp{a.Paths, a.Regexes} {
				write(fmt.Sprint(len(set)))
				for _, re := range set {
					write(exprOf(re))
				}
			}
		}
	}
	lists(cfg.Allowlists)
	for _, id := range cfg.OrderedRules {
		r := cfg.Rules[id]
		write("rule", id, exprOf(r.Regex), exprOf(r.Path), fmt.Sprint(r.SecretGroup, r.Entropy, r.SkipReport))
		write(r.Keywords...)
		lists(r.Allowlists)
		for _, q := range r.RequiredRules {
			write("required", q.RuleID, fmt.Sprint(intOf(q.WithinLines), intOf(q.WithinColumns)))
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

func intOf(p *int) int {
	if p == nil {
		return -1
	}
	return *p
}

func sorted(s []string) []string {
	s = slices.Clone(s)
	slices.Sort(s)
	return s
}
