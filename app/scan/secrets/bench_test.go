package secrets

import (
	"context"
	"os"
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
