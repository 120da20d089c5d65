package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// showScaling prints, for each history, the time on the clock and of the processor
// on one core and on two, the same two each time. A process may only use the
// cores it was started on, and git inherits that.
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
	fmt.Println("| history | wall s, 1 core | wall s, 2 cores | speed-up | CPU s, 1 core | CPU s, 2 cores | cores kept busy, of 2 |")
	fmt.Println("|---|---|---|---|---|---|---|")
	for _, dir := range dirs {
		var by [2][]cost
		for range rounds {
			for i := range by {
				c, err := runOn(cores[:i+1], exec.Command(self, "-scan", dir))
				if err != nil {
					return fmt.Errorf("%s: %w", dir, err)
				}
				by[i] = append(by[i], c)
			}
		}
		// The least of each: what others take on a shared machine only adds.
		one, two := least(by[0]), least(by[1])
		fmt.Printf("| %s | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f |\n", filepath.Base(strings.TrimSuffix(dir, "/")), one.wall.Seconds(), two.wall.Seconds(), one.wall.Seconds()/two.wall.Seconds(),
			one.cpu.Seconds(), two.cpu.Seconds(), two.cpu.Seconds()/two.wall.Seconds())
	}
	return nil
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
