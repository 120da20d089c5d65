package secrets

import (
	"context"
	"runtime"
	"strings"
	"testing"
)

// manyTokens are n lines, or parts of one, with a token of a different value each.
func manyTokens(n int, before, after string) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	var b strings.Builder
	state := uint64(1)
	for range n {
		b.WriteString(before + "AKIA")
		for range 16 {
			state = state*6364136223846793005 + 1442695040888963407
			b.WriteByte(letters[state>>59])
		}
		b.WriteString(after)
	}
	return b.String()
}

// TestATextFullOfMatchesIsJudgedInParts: gitleaks compared each match with each line,
// and we each finding with each other: twelve megabytes would have taken hours.
func TestATextFullOfMatchesIsJudgedInParts(t *testing.T) {
	defer func(n int) { partBytes = n }(partBytes)
	partBytes = 200
	low := strings.Repeat("api_key = aaaaaaaaaaaaaaaaaaaa;\n", 40)
	generic := strings.Repeat("api_key = \"kJ8sd7fGh2KlmN3pQr5tUvWx\"\nclient_secret=zQ4Lw9Xv2zQ4Lw9Xv2a\n", 30)
	for name, content := range map[string]string{
		"one token a line":                      manyTokens(60, "k = \"", "\"\n"),
		"all in one line":                       manyTokens(60, "", " "),
		"one line, then others":                 manyTokens(30, "", ";") + "\n" + manyTokens(30, "k=", "\n"),
		"what is too simple to be a secret":     low,
		"generic ones":                          generic,
		"generic ones that others tell more of": manyTokens(40, "secret_key = \"", "\"\r\n") + low + generic,
		"no newline at the end":                 generic + "api_key = \"kJ8sd7fGh2KlmN3pQr5tUvWx\"\r more\r" + manyTokens(3, "k=", ","),
		"letters of many bytes between":         manyTokens(60, "é", "ß"),
		"names that lead up to the next":        strings.Repeat("key=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 40),
		"matches across lines":                  strings.Repeat("password => \n"+"kJ8sd7fGh2KlmN3pQr5tUvWx\n", 30),
		"all allowed, and some not":             strings.Repeat("password = kJ8sd7fGh2KlmN3pQr5tUvWx # gitleaks:allow\npassword = kJ8sd7fGh2KlmN3pQr5tUvWx\n", 20),
	} {
		t.Run(name, func(t *testing.T) {
			same(t, allRules(), []byte(content), "a.yml")
			same(t, oddRules(), []byte(content), "a.yml")
			m := newMatcher(allRules().filter)
			windowed, _ := m.windows([]byte(content), m.ask([]byte(content), "a.yml").rules)
			most := 0
			for _, r := range windowed {
				for _, w := range r.in {
					rule, _ := allRules().judge.defs.rule(r.rule, false)
					for _, p := range parts(rule.Regex, []byte(content), w) {
						most = max(most, p.to-p.from)
					}
				}
			}
			if most > 2*partBytes {
				t.Errorf("%d bytes are judged at once", most)
			}
		})
	}
}

// TestManyTokensInOneLineTakeNoCopiesOfIt: each of them came with a copy of all of
// the line, which took 2 GB and killed the worker. (The race detector makes regexp
// allocate at random, so that this is not for its runs.)
func TestManyTokensInOneLineTakeNoCopiesOfIt(t *testing.T) {
	content := []byte(manyTokens(500, strings.Repeat("x", 400)+"\"", "\";"))
	s := &session{rules: allRules(), key: make([]byte, 32)}
	look := func() int {
		return len(s.hits(context.Background(), text{content: content, path: "a.js", line: 1}, inPatch))
	}
	look() // rules are compiled once
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	found := look()
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; found != 500 || used > 40*uint64(len(content)) {
		t.Errorf("%d findings took %d bytes in a text of %d", found, used, len(content))
	}
}

// TestMoreFindingsThanAreKeptInOneText are not all looked for, and the receipt says so.
func TestMoreFindingsThanAreKeptInOneText(t *testing.T) {
	w := newWork(t)
	base := w.write("x", "x\n").commit("start")
	head := w.write("a.txt", manyTokens(maxHits+5000, "k=", "\n")).commit("many")
	rep := w.scan(base, head)
	if len(rep.Head) == 0 || len(rep.Head) > maxHits || len(rep.Receipt.Gaps) == 0 || !strings.Contains(rep.Receipt.Gaps[0].Why, "the list is cut") {
		t.Errorf("%d findings, gaps %v", len(rep.Head), rep.Receipt.Gaps)
	}
}
