package config

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"sort"
	"strings"

	"go.yaml.in/yaml/v3"
)

// decodeStrict decodes one YAML document into out, which may hold defaults, and
// returns every mistake with its line. Aliases are refused: a few bytes of them
// can expand without bound.
func decodeStrict(data []byte, out any) []string {
	var doc yaml.Node
	dec := yaml.NewDecoder(strings.NewReader(string(data)))
	if err := dec.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil // an empty file says nothing, which is not a mistake
		}
		return []string{cleanYAMLError(err)}
	}
	if line := aliasLine(&doc, 0); line != 0 {
		return []string{fmt.Sprintf("line %d: aliases (*name) are not read, write the value out", line)}
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return []string{"the file holds more than one YAML document"}
	}
	strict := yaml.NewDecoder(strings.NewReader(string(data)))
	strict.KnownFields(true)
	err := strict.Decode(out)
	if err == nil {
		return nil
	}
	var typeErr *yaml.TypeError
	if !errors.As(err, &typeErr) {
		return []string{cleanYAMLError(err)}
	}
	known := knownKeys(reflect.TypeOf(out), make(map[reflect.Type]bool))
	var problems []string
	for _, e := range typeErr.Errors {
		problems = append(problems, withNearestKey(e, known))
	}
	return problems
}

// aliasLine returns the line of the first alias, 0 if there is none. Depth is
// bounded because the document is untrusted; deeper than that counts as one.
func aliasLine(n *yaml.Node, depth int) int {
	if n.Kind == yaml.AliasNode || depth > 50 {
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

var unknownField = regexp.MustCompile(`^line (\d+): field (.*) not found in type .*$`)

func withNearestKey(message string, known []string) string {
	m := unknownField.FindStringSubmatch(message)
	if m == nil {
		return message
	}
	s := fmt.Sprintf("line %s: there is no key %q", m[1], m[2])
	if near := nearest(m[2], known); near != "" {
		s += fmt.Sprintf(", did you mean %q?", near)
	}
	return s
}

// knownKeys lists the yaml keys of a struct type and the types below it.
func knownKeys(t reflect.Type, seen map[reflect.Type]bool) []string {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return knownKeys(t.Elem(), seen)
	case reflect.Struct:
	default:
		return nil
	}
	if seen[t] {
		return nil
	}
	seen[t] = true
	var keys []string
	for i := range t.NumField() {
		f := t.Field(i)
		if name, _, _ := strings.Cut(f.Tag.Get("yaml"), ","); name != "" && name != "-" {
			keys = append(keys, name)
			keys = append(keys, knownKeys(f.Type, seen)...)
		}
	}
	sort.Strings(keys)
	return keys
}

// nearest returns the candidate with the smallest edit distance to s, "" when
// even that one is far.
func nearest(s string, candidates []string) string {
	best, bestDistance := "", len(s)/2+1
	for _, c := range candidates {
		if d := editDistance(s, c); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			diagonal = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
