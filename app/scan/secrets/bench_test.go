package secrets

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
)

// BenchmarkPlainHistory scans the history in LAUNCHGATE_BENCH_REPO; compare
// with the gitleaks command by cmd/secretsbench.
func BenchmarkPlainHistory(b *testing.B) {
	dir := os.Getenv("LAUNCHGATE_BENCH_REPO")
	if dir == "" {
		b.Skip("LAUNCHGATE_BENCH_REPO names no repository")
	}
	for b.Loop() {
		res, err := PlainHistory(context.Background(), dir)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(res.Bytes)/1e6, "looked-at-MB")
	}
}

// BenchmarkAnEditBelowManyMatches: of each match above an edited line it is asked whether it
// gave way to one that went on to that line. To look for the line anew each time took twelve
// seconds.
func BenchmarkAnEditBelowManyMatches(b *testing.B) {
	s := &session{rules: allRules(), key: testKey}
	line := "AKIA" + strings.Repeat("A", 16) + "\nfiller\nfiller\nfiller\n"
	content := []byte(strings.Repeat(line, 3<<20/len(line)) + "x\n")
	last := bytes.Count(content, []byte("\n"))
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		if hs := s.hits(b.Context(), text{content: content, path: "a.go", lines: []interval{{last, last + 1}}}, inTree); len(hs) > 0 {
			b.Fatal("what is found is not what this is about")
		}
	}
}
