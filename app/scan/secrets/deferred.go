package secrets

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/zricethezav/gitleaks/v8/config"
)

// deferred are expressions of the embedded rules that no detector has needed
// yet. Most scans judge texts by a handful of the rules, and compiling all of
// them, with the tries of their stop words, is most of what a short scan costs.
// The expression of a rule is an empty Regexp until the rule is made ready, and
// every configuration shares it by its address.
type deferred struct {
	mu    sync.Mutex
	exprs map[*regexp.Regexp]string
	ready map[*config.Allowlist]bool // false: not yet
}

var embedded = deferred{exprs: make(map[*regexp.Regexp]string), ready: make(map[*config.Allowlist]bool)}

func (d *deferred) expr(expr string) *regexp.Regexp {
	d.mu.Lock()
	defer d.mu.Unlock()
	re := new(regexp.Regexp)
	d.exprs[re] = expr
	return re
}

func (d *deferred) allowlist(a *config.Allowlist) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ready[a] = false
}

// exprOf is the expression re stands for, ready or not.
func exprOf(re *regexp.Regexp) string {
	if re == nil {
		return ""
	}
	embedded.mu.Lock()
	defer embedded.mu.Unlock()
	if expr, waits := embedded.exprs[re]; waits {
		return expr
	}
	return re.String()
}

// stopWords are an allowlist's as gitleaks takes them, ready or not.
func stopWords(a *config.Allowlist) []string {
	embedded.mu.Lock()
	defer embedded.mu.Unlock()
	out := make([]string, len(a.StopWords))
	for i, w := range a.StopWords {
		out[i] = strings.ToLower(w)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// makeReady compiles what a rule still lacks, before gitleaks may see it.
func makeReady(r config.Rule) {
	d := &embedded
	d.mu.Lock()
	defer d.mu.Unlock()
	compile := func(re *regexp.Regexp) {
		expr, waits := d.exprs[re]
		if !waits {
			return
		}
		if err := re.UnmarshalText([]byte(expr)); err != nil {
			panic(fmt.Sprintf("rule %q: %v", r.RuleID, err)) // embedded in the binary, covered by a test
		}
		delete(d.exprs, re)
	}
	compile(r.Regex)
	for _, a := range r.Allowlists {
		if done, ours := d.ready[a]; done || !ours {
			continue
		}
		for _, re := range a.Regexes {
			compile(re)
		}
		for _, re := range a.Paths {
			compile(re)
		}
		if err := a.Validate(); err != nil {
			panic(fmt.Sprintf("an allowlist of rule %q: %v", r.RuleID, err)) // likewise
		}
		d.ready[a] = true
	}
}
