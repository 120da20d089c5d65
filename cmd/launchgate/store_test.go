package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A server runs for years: neither declarations nor downloaded modules may fill
// its disk.
func TestTheCacheDoesNotGrowForEver(t *testing.T) {
	cache := t.TempDir()
	long := time.Now().Add(-time.Hour)
	for _, part := range []string{"code", "modules"} {
		for name, age := range map[string]time.Duration{"used last": 0, "old": time.Hour} {
			file := filepath.Join(cache, part, name)
			if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, make([]byte, 1000), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(file, long, long.Add(-age)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n, err := trimCache(cache, 1500); n != 2 || err != nil {
		t.Errorf("removed %d, %v, want the older of each two", n, err)
	}
	for _, part := range []string{"code", "modules"} {
		if _, err := os.Stat(filepath.Join(cache, part, "used last")); err != nil {
			t.Error(err)
		}
	}
}
