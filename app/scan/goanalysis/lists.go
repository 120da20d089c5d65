package goanalysis

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"sort"
	"strings"
	"syscall"

	"github.com/pelletier/go-toml/v2"
	"go.yaml.in/yaml/v3"

	"github.com/launchgate/launchgate/analyzers/authz"
)

// A guard may exempt the paths that a configuration file lists, so which routes
// it guards is only known with the file. Only lists of paths are read, and a file
// that cannot be read is left out: then the routes of such a guard are unresolved.

// Bounds of what is read of a checkout.
const (
	maxSwitchFiles = 100
	maxSwitchBytes = 16 << 10
	maxSwitches    = 2_000
	maxSwitchKey   = 6 // parts of a key
	maxListFiles   = 200
	maxListBytes   = 64 << 10
	maxListEntries = 500_000 // of folders
	maxListDepth   = 30
	maxLists       = 1_000
)

// configuration reads the lists of paths and the switches in a checkout's
// configuration files.
func configuration(dir string) []authz.List {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil
	}
	defer root.Close()
	var out []authz.List
	entries, files, switches := 0, 0, 0
	_ = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			if d != nil && d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if entries++; entries > maxListEntries || files > maxListFiles || len(out) > maxLists {
			return fs.SkipAll
		}
		base := path.Base(name)
		if d.IsDir() {
			if name != "." && (base[0] == '.' || base[0] == '_' || base == "testdata" || base == "node_modules" || base == "vendor") {
				return fs.SkipDir
			}
			return nil
		}
		ext := path.Ext(base)
		if !d.Type().IsRegular() || ext != ".toml" && ext != ".yaml" && ext != ".yml" && ext != ".json" && ext != ".env" {
			return nil
		}
		data := readList(root, name)
		if switches < maxSwitchFiles && strings.Count(name, "/") < maxSwitchKey && maySwitch(data) {
			switches++
			out = append(out, switchesIn(ext, name, data)...)
		}
		if ext == ".env" || !mayListPaths(data) {
			return nil
		}
		files++
		for _, l := range listsIn(ext, data) {
			l.File, l.Lines = name, linesOf(data, l)
			out = append(out, l)
		}
		return nil
	})
	return out
}

func readList(root *os.Root, name string) []byte {
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return nil
	}
	defer f.Close()
	if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() || st.Size() > maxListBytes {
		return nil
	}
	data, err := io.ReadAll(io.LimitReader(f, maxListBytes))
	if err != nil {
		return nil
	}
	return data
}

// mayListPaths reports whether some line could be an element of such a list: most
// files have none and need not be parsed.
func mayListPaths(data []byte) bool {
	for _, s := range []string{`"/`, `'/`, "- /"} {
		if bytes.Contains(data, []byte(s)) {
			return true
		}
	}
	return false
}

func listsIn(ext string, data []byte) []authz.List {
	var out []authz.List
	if ext == ".toml" {
		var doc map[string]any
		if toml.Unmarshal(data, &doc) == nil {
			listsOf(doc, nil, &out)
		}
		return out
	}
	for dec := yaml.NewDecoder(bytes.NewReader(data)); ; { // JSON too is YAML
		var doc yaml.Node
		if err := dec.Decode(&doc); err != nil {
			if !errors.Is(err, io.EOF) {
				return nil
			}
			return out
		}
		for _, n := range doc.Content {
			listsOf(plainYAML(n, 0), nil, &out)
		}
	}
}

// linesOf finds where the paths of a list stand in its file: the first line below
// the list's name that has the path as a whole. It is only used to point there.
func linesOf(data []byte, l authz.List) []int {
	lines := strings.Split(string(data), "\n")
	begin := 0
	for i, s := range lines {
		if strings.Contains(s, l.Key[len(l.Key)-1]) {
			begin = i
			break
		}
	}
	out := make([]int, len(l.Paths))
	for n, p := range l.Paths {
		for i, s := range lines[begin:] {
			if _, after, ok := strings.Cut(s+" ", p); ok && strings.ContainsAny(after[:1], " \t\r\"':,]}") {
				out[n] = begin + i + 1
				break
			}
		}
	}
	return out
}

// plainYAML turns nodes into maps, slices and scalars. Aliases are not followed.
func plainYAML(n *yaml.Node, depth int) any {
	if depth > maxListDepth {
		return nil
	}
	switch n.Kind {
	case yaml.ScalarNode:
		// A program that asks for a bool gets one of all these.
		switch strings.ToLower(n.Value) {
		case "true", "yes", "on", "y":
			return true
		case "false", "no", "off", "n":
			return false
		}
		return n.Value
	case yaml.SequenceNode:
		out := make([]any, 0, len(n.Content))
		for _, c := range n.Content {
			out = append(out, plainYAML(c, depth+1))
		}
		return out
	case yaml.MappingNode:
		out := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			out[n.Content[i].Value] = plainYAML(n.Content[i+1], depth+1)
		}
		return out
	}
	return nil
}

func listsOf(v any, key []string, out *[]authz.List) {
	if len(key) > maxListDepth || len(*out) > maxLists {
		return
	}
	add := func(paths []string, set bool) {
		if len(paths) > 0 && len(key) > 0 {
			*out = append(*out, authz.List{Key: slices.Clone(key), Paths: paths, Set: set})
		}
	}
	switch x := v.(type) {
	case []any:
		var paths []string
		for _, e := range x {
			s, ok := e.(string)
			if !ok || !strings.HasPrefix(s, "/") {
				return
			}
			paths = append(paths, s)
		}
		add(paths, false)
	case map[string]any:
		var paths, names []string
		_, part := x["<<"] // the rest stands elsewhere
		for k, e := range x {
			part = part || e == nil && strings.HasPrefix(k, "/")
			if on, ok := e.(bool); ok && on && strings.HasPrefix(k, "/") {
				paths = append(paths, k)
			}
			names = append(names, k)
		}
		sort.Strings(paths)
		sort.Strings(names)
		if !part {
			add(paths, true)
		}
		for _, k := range names {
			listsOf(x[k], append(key, k), out)
		}
	}
}

// digest names what lists hold, "" for none.
func digest(lists []authz.List) string {
	if len(lists) == 0 {
		return ""
	}
	data, err := json.Marshal(lists)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
