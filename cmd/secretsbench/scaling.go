package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// showScaling prints, for each history, the time on the clock and of the processor
// on one core and on two, the same two each time, and the ceiling: how many times
// more two scans that know nothing of each other get done, one on each core, than
// one alone. Cores share memory and caches, and a shared machine has other work, so
// no scan can be expected to exceed it. A process may only use the cores it was
// started on, and git inherits that.
func showScaling(dirs []string, rounds int) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cores, err := usableCores()
	if err != nil {
		return err
	}
	if len(cores) < 2 {
		return fmt.Errorf("there is only %d core to run on", len(cores))
	}
	fmt.Println("| history | wall s, 1 core | wall s, 2 cores | speed-up | ceiling | CPU s, 1 core | CPU s, 2 cores | cores kept busy, of 2 |")
	fmt.Println("|---|---|---|---|---|---|---|---|")
	for _, dir := range dirs {
		var by [2][]cost
		var pairs []cost
		scan := func() *exec.Cmd { return exec.Command(self, "-scan", dir) }
		for range rounds {
			for i := range by {
				c, err := runOn(cores[:i+1], scan())
				if err != nil {
					return fmt.Errorf("%s: %w", dir, err)
				}
				by[i] = append(by[i], c)
			}
			c, err := runApart(cores[:2], scan)
			if err != nil {
				return fmt.Errorf("%s: %w", dir, err)
			}
			pairs = append(pairs, c)
		}
		// The least of each: what others take on a shared machine only adds.
		one, two, pair := least(by[0]), least(by[1]), least(pairs)
		fmt.Printf("| %s | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f |\n", filepath.Base(strings.TrimSuffix(dir, "/")), one.wall.Seconds(), two.wall.Seconds(), one.wall.Seconds()/two.wall.Seconds(),
			2*one.wall.Seconds()/pair.wall.Seconds(), one.cpu.Seconds(), two.cpu.Seconds(), two.cpu.Seconds()/two.wall.Seconds())
	}
	return nil
}

// runApart runs a command on each of cores at the same time, and returns what the
// slowest took.
func runApart(cores []int, command func() *exec.Cmd) (cost, error) {
	costs, errs := make([]cost, len(cores)), make([]error, len(cores))
	var all sync.WaitGroup
	for i, core := range cores {
		all.Go(func() { costs[i], errs[i] = runOn([]int{core}, command()) })
	}
	all.Wait()
	slowest := costs[0]
	for _, c := range costs {
		slowest.wall = max(slowest.wall, c.wall)
	}
	return slowest, errors.Join(errs...)
}

func usableCores() ([]int, error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return nil, fmt.Errorf("ask which cores may be used: %w", err)
	}
	var out []int
	for i := range 1024 {
		if set.IsSet(i) {
			out = append(out, i)
		}
	}
	return out, nil
}

// runOn runs cmd on some cores only.
func runOn(cores []int, cmd *exec.Cmd) (cost, error) {
	var set, before unix.CPUSet
	for _, c := range cores {
		set.Set(c)
	}
	// The cores are a property of the thread that starts the process.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return cost{}, err
	}
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return cost{}, fmt.Errorf("run on cores %v: %w", cores, err)
	}
	defer func() { _ = unix.SchedSetaffinity(0, &before) }()
	cmd.Stderr = os.Stderr
	c, _, err := run(cmd)
	return c, err
}

func least(cs []cost) cost {
	m := cs[0]
	for _, c := range cs {
		m.wall, m.cpu = min(m.wall, c.wall), min(m.cpu, c.cpu)
	}
	return m
}
