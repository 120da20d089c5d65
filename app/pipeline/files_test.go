package pipeline_test

import (
	"os"
	"strings"
)

// readLines returns the lines of a file, none if it cannot be read.
func readLines(path string) []string {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	return strings.Split(string(data), "\n")
}
