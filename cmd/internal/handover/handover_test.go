package handover

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestWhatIsHandedOver(t *testing.T) {
	for args, want := range map[string]bool{
		"secrets --history":                         true,
		"secrets ../api --history --since-last":     true,
		"secrets --history --format json -o x.json": true,
		"secrets":                  false, // an error, as ever
		"secrets ../api":           false,
		"secrets list":             false,
		"secrets --history list":   false,
		"secrets mark KEY rotated": false,
		"secrets --history --help": false,
		"secrets --history -h":     false,
		"help secrets --history":   false,
		"review --history":         false,
		"--history":                false,
		"":                         false,
	} {
		if got := takes(append([]string{"launchgate"}, strings.Fields(args)...)); got != want {
			t.Errorf("launchgate %s: handed over %v, want %v", args, got, want)
		}
	}
}

// call is a program that was become.
type call struct {
	path      string
	args, env []string
}

func (c *call) exec(path string, args, env []string) error {
	*c = call{path, args, env}
	return errors.New("as if there were no such program")
}

func TestHandingOver(t *testing.T) {
	exe := filepath.Join(t.TempDir(), "launchgate")
	program := filepath.Join(filepath.Dir(exe), Program)
	args := []string{"launchgate", "secrets", "a b", "--history"}
	if err := os.WriteFile(exe, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	var none call
	to(exe, "this build", args, none.exec)
	if err := os.WriteFile(program, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	to(exe, "", args, none.exec)
	if none.path != "" {
		t.Errorf("handed over to nobody, or by a build that nobody knows: %v", none)
	}

	var c call
	to(exe, "this build", args, c.exec)
	if c.path != program || !slices.Equal(c.env, os.Environ()) {
		t.Fatalf("became %q", c.path)
	}
	var back call
	if from, rest, ok := taken(c.args, "this build", back.exec); !ok || from != exe || !slices.Equal(rest, args[1:]) || back.path != "" {
		t.Errorf("taken %v from %q as %q; became %v", ok, from, rest, back)
	}
	if _, _, ok := taken(c.args, "another build", back.exec); ok || back.path != exe || !slices.Equal(back.args[1:], args[1:]) || !slices.Contains(back.env, keep+"=1") {
		t.Errorf("a program of another build did it (%v), or did not become launchgate: %v", ok, back)
	}
	var unasked call
	if _, _, ok := taken([]string{Program, "secrets", "/bin/true", "--history"}, "", unasked.exec); ok || unasked.path != "" {
		t.Errorf("called by hand: %v, became %v", ok, unasked)
	}
}
