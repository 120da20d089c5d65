package config

import (
	"bytes"
	"encoding"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"
	"go.yaml.in/yaml/v3"
)

// maxDepth bounds how deeply a document may be nested: it is untrusted, and no
// configuration of ours is nested deeper than five levels.
const maxDepth = 50

// decodeStrict decodes one YAML document into out, which may hold defaults, and
// returns every mistake with its line, and the document's root so that later
// mistakes can be given a line too (nil for an empty file). Aliases are refused:
// a few bytes of them can expand without bound.
func decodeStrict(data []byte, out any) (*yaml.Node, []string) {
	var doc yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(data))
	if err := dec.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil // an empty file says nothing, which is not a mistake
		}
		return nil, []string{cleanYAMLError(err)}
	}
	if line := aliasLine(&doc, 0); line != 0 {
		return nil, []string{fmt.Sprintf("line %d: aliases (*name) are not read, write the value out", line)}
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, []string{"the file holds more than one YAML document"}
	}
	root := doc.Content[0]
	var c checker
	c.findHomes(reflect.TypeOf(out).Elem())
	c.check(root, reflect.TypeOf(out).Elem(), "")
	if len(c.problems) > 0 {
		return root, c.problems
	}
	// The checker is ours and could be wrong, so the decoder stays strict.
	strict := yaml.NewDecoder(bytes.NewReader(data))
	strict.KnownFields(true)
	if err := strict.Decode(out); err != nil {
		return root, []string{cleanYAMLError(err)}
	}
	return root, nil
}

// aliasLine returns the line of the first alias, 0 if there is none. Deeper than
// maxDepth counts as one.
func aliasLine(n *yaml.Node, depth int) int {
	if n.Kind == yaml.AliasNode || depth > maxDepth {
		return max(n.Line, 1)
	}
	for _, c := range n.Content {
		if line := aliasLine(c, depth+1); line != 0 {
			return line
		}
	}
	return 0
}

func cleanYAMLError(err error) string { return strings.TrimPrefix(err.Error(), "yaml: ") }

// checker compares a document with the type it is to be decoded into. It does
// so before the decoder, which stops at the first mistake of some kinds, names
// Go types in its messages and can quote a value that is a secret.
type checker struct {
	problems []string
	homes    map[string]string // where the keys of sections belong
}

// findHomes notes the sections of the root: a key at the wrong level is a
// common slip.
func (c *checker) findHomes(root reflect.Type) {
	c.homes = make(map[string]string)
	for i := range root.NumField() {
		section := root.Field(i)
		if section.Type.Kind() != reflect.Struct {
			continue
		}
		for j := range section.Type.NumField() {
			if name := yamlName(section.Type.Field(j)); name != "" {
				c.homes[name] = yamlName(section)
			}
		}
	}
}

func (c *checker) add(n *yaml.Node, path, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if path != "" {
		text = path + " " + text
	}
	c.problems = append(c.problems, fmt.Sprintf("line %d: %s", n.Line, text))
}

func (c *checker) check(n *yaml.Node, t reflect.Type, path string) {
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" {
		return // says nothing, so the default stays
	}
	if reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		if n.Kind != yaml.ScalarNode {
			c.add(n, path, "must be a single value")
		} else if err := reflect.New(t).Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(n.Value)); err != nil {
			c.add(n, path, "is wrong: %v", err)
		}
		return
	}
	switch {
	case t == reflect.TypeFor[time.Duration]():
		if _, err := time.ParseDuration(n.Value); n.Kind != yaml.ScalarNode || err != nil {
			c.add(n, path, "must be a duration such as 90s or 5m")
		}
	case t.Kind() == reflect.Struct:
		c.checkStruct(n, t, path)
	case t.Kind() == reflect.Map:
		c.eachPair(n, path, func(key, value *yaml.Node) {
			c.check(value, t.Elem(), join(path, key.Value))
		})
	case t.Kind() == reflect.Slice:
		if n.Kind != yaml.SequenceNode {
			c.add(n, path, "must be a list")
			return
		}
		for i, item := range n.Content {
			c.check(item, t.Elem(), fmt.Sprintf("%s[%d]", path, i+1))
		}
	default:
		if n.Kind != yaml.ScalarNode || n.Decode(reflect.New(t).Interface()) != nil {
			c.add(n, path, "must be %s", map[reflect.Kind]string{reflect.Bool: "true or false", reflect.String: "text"}[t.Kind()]+wholeNumber(t))
		}
	}
}

func wholeNumber(t reflect.Type) string {
	if t.Kind() == reflect.Int || t.Kind() == reflect.Int64 {
		return "a whole number"
	}
	return ""
}

func (c *checker) checkStruct(n *yaml.Node, t reflect.Type, path string) {
	fields := make(map[string]reflect.Type)
	var names []string
	for i := range t.NumField() {
		f := t.Field(i)
		if name := yamlName(f); name != "" {
			fields[name] = f.Type
			names = append(names, name)
		}
	}
	c.eachPair(n, path, func(key, value *yaml.Node) {
		ft, ok := fields[key.Value]
		if ok {
			c.check(value, ft, join(path, key.Value))
			return
		}
		text := fmt.Sprintf("there is no key %q", clip(key.Value))
		if path != "" {
			text += " in " + path
		}
		if home := c.homes[key.Value]; home != "" {
			text += fmt.Sprintf("; it belongs under %s", home)
		} else if near := Nearest(key.Value, names); near != "" {
			text += fmt.Sprintf(", did you mean %q?", near)
		}
		c.add(key, "", "%s", text)
	})
}

// eachPair calls fn for every pair of a mapping, whose keys must be different.
func (c *checker) eachPair(n *yaml.Node, path string, fn func(key, value *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		if path == "" {
			path = "the file"
		}
		c.add(n, path, "must be a list of keys and values")
		return
	}
	seen := make(map[string]int)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if first, twice := seen[key.Value]; twice {
			c.add(key, path, "has the key %q twice, first in line %d", clip(key.Value), first)
			continue
		}
		seen[key.Value] = key.Line
		fn(key, value)
	}
}

func join(path, key string) string {
	if path == "" {
		return clip(key)
	}
	return path + "." + clip(key)
}

// clip bounds what a message quotes of a file.
func clip(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// yamlName returns the key of a struct field, "" if it has none.
func yamlName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	if name == "-" {
		return ""
	}
	return name
}

// lineOf returns the line of what path leads to, or of the nearest thing above
// it that is there: keys are strings, positions in lists ints.
func lineOf(root *yaml.Node, path ...any) int {
	if root == nil {
		return 1
	}
	n, line := root, root.Line
	for _, step := range path {
		i := -1
		switch step := step.(type) {
		case string:
			if n.Kind == yaml.MappingNode {
				i = slices.IndexFunc(n.Content, func(k *yaml.Node) bool { return k.Value == step })
				if i >= 0 {
					line = n.Content[i].Line
					i++
				}
			}
		case int:
			if n.Kind == yaml.SequenceNode && step < len(n.Content) {
				i = step
				line = n.Content[i].Line
			}
		}
		if i < 0 || i >= len(n.Content) {
			return line
		}
		n = n.Content[i]
	}
	return line
}

// Nearest returns the candidate somebody who wrote s probably meant: one that
// begins with it, or the one the fewest edits away; "" when even that is far.
func Nearest(s string, candidates []string) string {
	for _, c := range candidates {
		if len(s) > 2 && strings.HasPrefix(c, s) {
			return c
		}
	}
	best, bestDistance := "", min(len(s), 60)/2+1
	for _, c := range candidates {
		if d := levenshtein.ComputeDistance(clip(s), c); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}
