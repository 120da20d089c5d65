// Command gen compiles the facts about log calls into the embedded table of
// package sinks. Run it with "go generate" in that package.
package main

import (
	"fmt"
	"os"

	"github.com/launchgate/launchgate/analyzers/internal/sinks/compile"
)

func main() {
	table, err := compile.Table(os.DirFS("facts"))
	if err == nil {
		err = os.WriteFile("table.txt", []byte(table), 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "compile the table of log calls:", err)
		os.Exit(1)
	}
}
