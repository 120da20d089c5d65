package lategc

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

// TestTheCollectorGoesOnAsUsual after it began late.
func TestTheCollectorGoesOnAsUsual(t *testing.T) {
	now := func() int {
		percent := debug.SetGCPercent(100)
		debug.SetGCPercent(percent)
		return percent
	}
	defer debug.SetGCPercent(now())
	Collect()
	if late := now(); late <= usualGCPercent {
		t.Fatalf("the collector begins at %d %%", late)
	}
	for n := 0; now() != usualGCPercent; n++ {
		if n == 1000 {
			t.Fatalf("the collector still waits, for %d %%", now())
		}
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
}
