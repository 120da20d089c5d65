package eval

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/importpath"
	"github.com/launchgate/launchgate/analyzers/internal/program"
)

// Switches in configuration files beside the code. A file that the program names
// is what it runs with where nobody replaces it: what a switch is set to there is
// its default. One that is only an example, or that nobody reads, says nothing.

// fileDefault is what a file that the program reads sets a key to, nil if none
// does, or several do differently.
func (m *machine) fileDefault(key, kind string) *preset {
	if m.filed == nil {
		m.findFiled()
	}
	d := m.filed[strings.ToLower(key)]
	if d == nil || kindName(&d.constant) == kind {
		return d
	}
	if kind != "bool" {
		return nil
	}
	on := *d // of a file of variables, where all are texts
	switch on.k = 'b'; d.s {
	case "true", "on", "yes":
		on.s = "true"
	case "false", "off", "no":
		on.s = "false"
	default:
		return nil
	}
	return &on
}

func (m *machine) findFiled() {
	m.filed = map[string]*preset{}
	if !slices.ContainsFunc(m.configuration, func(l List) bool { return l.Switch != "" }) {
		return
	}
	read := m.filesRead()
	for _, l := range m.configuration {
		if l.Switch == "" || len(l.Key) == 0 || !read.has(l.File) {
			continue
		}
		c := constant{k: 's', s: l.Switch}
		if (l.Switch == "true" || l.Switch == "false") && !isEnvFile(l.File) {
			c.k = 'b'
		}
		line := 0
		if len(l.Lines) > 0 {
			line = l.Lines[0]
		}
		at := place{l.File, int32(line)}
		p := &preset{constant: c, at: at, file: l.File}
		if line > 0 {
			p.file += ":" + strconv.Itoa(line)
		}
		key := strings.ToLower(strings.Join(l.Key, "."))
		p.name = "key " + key
		if isEnvFile(l.File) {
			p.name = "env " + l.Key[0]
		}
		if was, ok := m.filed[key]; ok && (was == nil || was.constant != c) {
			m.filed[key] = nil // development and production, for one
			continue
		}
		m.filed[key] = p
	}
}

func isEnvFile(name string) bool { return strings.HasSuffix(name, ".env") }

// readFiles are the names that a program has for the files it reads.
type readFiles struct{ full, stems []string }

// has reports whether the program reads a file of the checkout, by its name.
func (r readFiles) has(file string) bool {
	if exampleFile(path.Base(file)) {
		return false
	}
	matches := func(name, file string) bool {
		return file == name || strings.HasSuffix(file, "/"+name) && (strings.Contains(name, "/") || strings.Count(file, "/") <= 2)
	}
	return slices.ContainsFunc(r.full, func(n string) bool { return matches(n, file) }) ||
		slices.ContainsFunc(r.stems, func(n string) bool { return matches(n, strings.TrimSuffix(file, path.Ext(file))) })
}

// exampleFile reports whether a file is named as one to copy, or for tests.
func exampleFile(base string) bool {
	return slices.ContainsFunc(words(base), func(w string) bool {
		switch w {
		case "example", "examples", "sample", "dist", "template", "tmpl", "test", "tests", "testing", "mock", "ci":
			return true
		}
		return false
	})
}

// filesRead finds the names of configuration files that stand in the program.
func (m *machine) filesRead() readFiles {
	var out readFiles
	add := func(to *[]string, name string) {
		name = path.Clean(name)
		for strings.HasPrefix(name, "../") {
			name = name[3:]
		}
		if name != "." && !strings.HasPrefix(name, "/") && !slices.Contains(*to, name) {
			*to = append(*to, name)
		}
	}
	find := func(n *program.Node) {
		switch n.Op {
		case program.Const:
			if n.T == "string" && configFile(n.S) {
				add(&out.full, n.S)
			}
		case program.Call:
			switch fn := calledName(n); fn {
			case "SetConfigName": // viper's: without what it ends with
				if len(n.K) == 2 {
					if name, ok := stringConst(n.K[1]); ok {
						add(&out.stems, name)
					}
				}
			case "Load", "Overload", "Read":
				if len(n.K) == 1 && importpath.Unversioned(calledPkg(n)) == "github.com/joho/godotenv" {
					add(&out.full, ".env")
				}
			}
		}
	}
	for _, p := range m.pkgs {
		for _, fn := range m.lits[p] {
			walk(fn.Body, find)
		}
		for _, v := range p.Vars {
			walk(v, find)
		}
	}
	return out
}

// configFile reports whether a text is the name of a configuration file.
func configFile(s string) bool {
	if len(s) > 100 || strings.ContainsAny(s, " %*{}\n\t:") {
		return false
	}
	switch path.Ext(s) {
	case ".yaml", ".yml", ".toml", ".json", ".env":
		return strings.Trim(path.Base(s), ".") != strings.Trim(path.Ext(s), ".") || s == ".env" || strings.HasSuffix(s, "/.env")
	}
	return false
}
