// Package compile turns the facts about log calls into the compact table that
// package sinks embeds.
package compile

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// row is one call; calls that differ in name alone share a line of the table.
type row struct{ pkg, recv, style, format, args, name string }

func (r row) group() string {
	return strings.Join([]string{r.recv, r.style, r.format, r.args}, "\t")
}

// Table compiles the facts in dir (logsinks.tsv and more.txt). A call that is
// given twice and differently is an error: nobody could tell which one counts.
func Table(dir fs.FS) (string, error) {
	rows, err := catalogue(dir)
	if err != nil {
		return "", err
	}
	more, err := additions(dir)
	if err != nil {
		return "", err
	}
	type key struct{ pkg, recv, name string }
	seen := make(map[key]row)
	packages := make(map[string]map[string][]string)
	for _, r := range append(rows, more...) {
		k := key{r.pkg, r.recv, r.name}
		if old, ok := seen[k]; ok {
			if old != r {
				return "", fmt.Errorf("%s %s.%s is given twice, as %q and as %q", r.pkg, r.recv, r.name, old.group(), r.group())
			}
			continue
		}
		seen[k] = r
		if packages[r.pkg] == nil {
			packages[r.pkg] = make(map[string][]string)
		}
		packages[r.pkg][r.group()] = append(packages[r.pkg][r.group()], r.name)
	}
	var b strings.Builder
	b.WriteString("# Compiled from facts by go generate; change the facts, not this file.\n# pkg PATH, then receiver, style, format argument, logged arguments, names.\n")
	for _, pkg := range sorted(packages) {
		fmt.Fprintf(&b, "pkg %s\n", pkg)
		for _, group := range sorted(packages[pkg]) {
			names := packages[pkg][group]
			slices.Sort(names)
			fmt.Fprintf(&b, "%s\t%s\n", group, strings.Join(names, " "))
		}
	}
	return b.String(), nil
}

func sorted[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func catalogue(dir fs.FS) ([]row, error) {
	data, err := fs.ReadFile(dir, "logsinks.tsv")
	if err != nil {
		return nil, err
	}
	var rows []row
	for i, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) != 7 {
			return nil, fmt.Errorf("logsinks.tsv line %d has %d columns, not 7", i+1, len(f))
		}
		rows = append(rows, row{pkg: f[0], recv: f[1], name: f[2], style: f[3], format: orDash(f[4]), args: f[5]})
	}
	return rows, nil
}

func additions(dir fs.FS) ([]row, error) {
	data, err := fs.ReadFile(dir, "more.txt")
	if err != nil {
		return nil, err
	}
	var rows []row
	pkg := ""
	for i, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		if p, ok := strings.CutPrefix(line, "pkg "); ok {
			pkg = p
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) != 5 || pkg == "" {
			return nil, fmt.Errorf("more.txt line %d has %d columns, not 5, or stands before a pkg", i+1, len(f))
		}
		for _, name := range strings.Fields(f[4]) {
			rows = append(rows, row{pkg: pkg, recv: f[0], name: name, style: f[1], format: orDash(f[2]), args: f[3]})
		}
	}
	return rows, nil
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
