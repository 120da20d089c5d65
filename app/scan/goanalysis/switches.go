package goanalysis

import (
	"bytes"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"go.yaml.in/yaml/v3"

	"github.com/launchgate/launchgate/analyzers/authz"
)

// Switches of configuration files: what is on, off or called by the word of a mode.
// Other values stay in the file, as they may be secrets. Whether the program reads
// the file at all is for the analyzer to find out.

// maySwitch reports whether a file may hold a switch and is small enough to be one
// that people write.
func maySwitch(data []byte) bool {
	return len(data) > 0 && len(data) <= maxSwitchBytes
}

func switchesIn(ext, name string, data []byte) []authz.List {
	var out []authz.List
	add := func(key []string, value string, line int) {
		v := switchValue(value)
		if ext == ".env" && authz.IsMode(value) {
			v = value // the program gets the very text
		}
		if v != "" && len(out) < maxSwitches && len(key) > 0 && len(key) <= maxSwitchKey {
			out = append(out, authz.List{Key: slices.Clone(key), Switch: v, Lines: []int{line}, File: name})
		}
	}
	switch ext {
	case ".env":
		for i, line := range strings.Split(string(data), "\n") {
			key, value, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "export "), "=")
			if ok && !strings.HasPrefix(key, "#") {
				add([]string{strings.TrimSpace(key)}, unquoted(value), i+1)
			}
		}
	case ".toml":
		tomlSwitches(data, add)
	default: // JSON too is YAML
		var doc yaml.Node
		if yaml.NewDecoder(bytes.NewReader(data)).Decode(&doc) == nil {
			yamlSwitches(&doc, nil, add)
		}
	}
	return out
}

// switchValue is a value as the analyzer is told of it, "" for one that is no
// switch.
func switchValue(s string) string {
	switch strings.ToLower(s) {
	case "true", "yes", "on":
		return "true"
	case "false", "no", "off":
		return "false"
	}
	if authz.IsMode(s) {
		return s
	}
	return ""
}

func unquoted(s string) string {
	s = strings.TrimSpace(s)
	if len(s) >= 2 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		return s[1 : len(s)-1]
	}
	s, _, _ = strings.Cut(s, " #")
	return strings.TrimSpace(s)
}

// yamlSwitches walks a document. Aliases and lists are not followed.
func yamlSwitches(n *yaml.Node, key []string, add func([]string, string, int)) {
	if len(key) > maxSwitchKey {
		return
	}
	switch n.Kind {
	case yaml.DocumentNode:
		for _, c := range n.Content {
			yamlSwitches(c, key, add)
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			yamlSwitches(n.Content[i+1], append(slices.Clip(key), n.Content[i].Value), add)
		}
	case yaml.ScalarNode:
		add(key, n.Value, n.Line)
	}
}

// tomlSwitches walks the lines of a document that is one: the decoder does not say
// where a value stands.
func tomlSwitches(data []byte, add func([]string, string, int)) {
	var doc map[string]any
	if toml.Unmarshal(data, &doc) != nil {
		return
	}
	var table []string
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "["); ok {
			name, _, _ = strings.Cut(name, "]")
			table = nil
			if !strings.HasPrefix(name, "[") { // not a list of tables
				table = tomlKey(name)
			}
			continue
		}
		k, v, ok := strings.Cut(line, "=")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		key := append(slices.Clip(table), tomlKey(k)...)
		if holds(doc, key) {
			add(key, unquoted(v), i+1)
		}
	}
}

func tomlKey(s string) []string {
	var out []string
	for part := range strings.SplitSeq(s, ".") {
		out = append(out, strings.Trim(strings.TrimSpace(part), `"'`))
	}
	return out
}

// holds reports whether a document has a switch or a text under a key.
func holds(doc map[string]any, key []string) bool {
	for i, k := range key {
		v, ok := doc[k]
		if !ok {
			return false
		}
		if i == len(key)-1 {
			switch v.(type) {
			case bool, string:
				return true
			}
			return false
		}
		if doc, ok = v.(map[string]any); !ok {
			return false
		}
	}
	return false
}
