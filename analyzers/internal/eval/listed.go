package eval

import (
	"fmt"
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/program"
	"github.com/launchgate/launchgate/analyzers/routes"
)

// A guard may exempt the paths that a setting lists. Where what the setting holds
// is not known, neither is which routes it guards: a request is sent once more as
// if its path were listed, and if that lets it pass, nothing is decided.

// ofPath reports whether a value is the request's path or a piece of it.
func (m *machine) ofPath(v value) bool {
	if m.sim == nil || !m.sim.usedPath {
		return false
	}
	if u, ok := v.(*unknown); ok {
		return u.ofPath
	}
	s, ok := asString(v)
	return ok && strings.HasPrefix(s, "/")
}

// endsFreely reports whether a value is the path of a request whose caller chooses
// its last segment.
func (m *machine) endsFreely(v value) bool {
	s, ok := asString(v)
	if !ok || !m.ofPath(v) || s != m.sim.path {
		return false
	}
	last := s[strings.LastIndexByte(s, '/')+1:]
	return strings.HasPrefix(last, ":") || strings.HasPrefix(last, "*") || strings.HasPrefix(last, "{") && strings.HasSuffix(last, "}") && last != "{$}" && !strings.Contains(last, ":")
}

// isSetting reports whether a value is not known and has nothing to do with the
// request.
func isSetting(v value) bool {
	switch x := v.(type) {
	case *unknown:
		return !x.ofPath && x.part == "" && !slices.ContainsFunc(x.labels, func(l string) bool { return l == requestLabel || l == identityLabel || l == derivedLabel })
	case *external:
		return true
	}
	return false
}

// lists is told that the path is looked up in a setting. It reports whether it is
// to be found there.
func (m *machine) lists(path, setting value) bool {
	if m.sim == nil || !m.ofPath(path) || !isSetting(setting) {
		return false
	}
	name := ""
	if u, ok := setting.(*unknown); ok {
		name = u.from
		if name == "" {
			name = strings.Join(firstN(u.labels, 4), " ")
		}
	}
	if !slices.Contains(m.sim.lists, name) {
		m.sim.lists = append(m.sim.lists, name)
	}
	return m.sim.listed
}

// exempts changes the verdict on a guard that lets a request pass whose path is
// in a list that could not be read.
func (m *machine) exempts(c *closure, v *verdict, s *simulation, gin bool) {
	if v.kind != routes.KindAuth && v.kind != routes.KindRole || len(s.lists) == 0 || s.listed {
		return
	}
	again := *s
	t := m.simulate(c, &simulation{anonymous: true, middleware: true, inline: again.inline, path: again.path, method: again.method, ends: again.ends, listed: true})
	passes := slices.ContainsFunc(t.passed, func(p passage) bool { return !p.unsure }) && t.aborted != 2
	if gin {
		passes = t.aborted == 0 && !t.dead
	}
	if !passes {
		return
	}
	name := ""
	for _, l := range t.lists {
		if l != "" {
			name = l
		}
	}
	if name == "" {
		name = "a setting"
	}
	v.kind = routes.KindUnresolved
	v.why = fmt.Sprintf("lets requests pass whose path %s lists, and what it holds could not be read; others: %s", name, v.why)
}

// List is a list of paths that a configuration file holds, or one of its switches.
type List struct {
	// Key is where it stands in the file, from the outside in.
	Key   []string
	Paths []string
	// Lines are where the paths stand in the file, in the order of Paths; 0 where
	// that is not known.
	Lines []int
	File  string
	// Set: it is a table whose keys are the paths, not a list.
	Set bool
	// Switch is what a switch or a mode is set to; then Lines has its line.
	Switch string
}

// named remembers how the program names a setting whose value is not known, or
// reads it from the files beside the code.
func (m *machine) named(v value, n *program.Node) value {
	u, ok := v.(*unknown)
	if !ok || u.from != "" || u.ofPath || u.part != "" || !tabular(u.t) {
		return v
	}
	name := text(n)
	if v := m.fileList(strings.Split(name, "."), u.t, name); v != nil {
		return v
	}
	c := *u
	c.from = name
	return &c
}

// setByKey is what a library for configuration returns for a key.
func (m *machine) setByKey(name string, c call) value {
	switch lastName(name) {
	case "GetStringSlice", "Strings", "MustStrings", "StringSlice":
	default:
		return nil
	}
	if len(c.args) == 0 || !strings.Contains(name, "/") {
		return nil
	}
	key, ok := asString(c.args[0])
	if !ok {
		return nil
	}
	if v := m.fileList(append([]string{""}, strings.Split(key, ".")...), "[]string", key); v != nil {
		return v
	}
	return &unknown{t: "[]string", labels: words(key), from: key}
}

// fileList is what the files beside the code hold of a setting, nil if none of
// them has it. The first element of a name is the variable that holds the
// configuration; of the rest, either all must be the end of a file's key, or the
// key's all the end of the name. Where several files have it, as for development
// and production, it is all they list: what is exempt in one of them is open.
func (m *machine) fileList(name []string, t, shown string) value {
	if t != "[]string" && t != "map[string]bool" {
		return nil
	}
	if len(name) < 2 {
		return nil
	}
	var paths []value
	var files []string
	var entries []entry
	for _, l := range m.configuration {
		if l.Switch != "" {
			continue
		}
		if !sameSetting(name[1:], l.Key) && !(len(l.Key) > 1 && sameSetting(l.Key, name[1:])) {
			continue
		}
		for i, p := range l.Paths {
			if i < len(l.Lines) && l.Lines[i] > 0 {
				entries = append(entries, entry{p, place{l.File, int32(l.Lines[i])}})
			}
			if !slices.ContainsFunc(paths, func(v value) bool { return same(v, str(p)) }) {
				paths = append(paths, str(p))
			}
		}
		if !slices.Contains(files, l.File) {
			files = append(files, l.File)
		}
	}
	if len(paths) == 0 {
		return nil
	}
	from := shown + " in " + strings.Join(files, ", ")
	m.entries[from] = entries
	if t == "[]string" {
		return &list{t: t, e: paths, from: from}
	}
	tb := &table{t: t, e: map[string]value{}, from: from}
	for _, p := range paths {
		tb.put(p, boolean(true, false))
	}
	return tb
}

// entry is a path that a file lists, and where.
type entry struct {
	path string
	at   place
}

// sameSetting reports whether a name is the end of a key, however it is written.
func sameSetting(name, key []string) bool {
	if len(name) == 0 || len(name) > len(key) {
		return false
	}
	key = key[len(key)-len(name):]
	for i := range name {
		if plainName(name[i]) != plainName(key[i]) {
			return false
		}
	}
	return true
}

func plainName(s string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(s))
}

// looksAt notes that a simulated request is compared with what a file holds.
func (m *machine) looksAt(from string) {
	if m.sim == nil || from == "" || slices.Contains(m.sim.read, from) {
		return
	}
	m.sim.read = append(m.sim.read, from)
	for _, e := range m.entries[from] {
		if strings.HasPrefix(m.sim.path, strings.TrimRight(e.path, "*/")) {
			m.sim.reach(e.at.file, int(e.at.line), int(e.at.line))
		}
	}
}
