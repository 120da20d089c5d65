package program

import (
	"go/ast"
	"reflect"
	"strconv"
	"strings"
)

// Tag is what the tag of a field says to the libraries that fill in a structure.
type Tag struct {
	// Default is what the field is where nobody sets it: envDefault is
	// caarlos0/env's, env-default cleanenv's, default that of kong, envconfig,
	// creasty/defaults and others.
	Default string
	// Env is the variable of the environment, Key the key of a file, Flag the
	// flag that sets it.
	Env, Key, Flag string
	// Meta is all of the tag of an embedded Meta: goframe's describes the route that
	// the structure is the input of.
	Meta string
}

func (t Tag) isZero() bool { return t == Tag{} }

// tagOf reads a field's tag.
func tagOf(lit *ast.BasicLit) Tag {
	if lit == nil {
		return Tag{}
	}
	s, err := strconv.Unquote(lit.Value)
	if err != nil {
		return Tag{}
	}
	st := reflect.StructTag(s)
	t := Tag{Default: defaultOf(st)}
	for _, key := range []string{"env", "envconfig", "envvar"} {
		if name := first(st.Get(key)); name != "" && name != "-" && t.Env == "" {
			t.Env = name
		}
	}
	for _, key := range []string{"mapstructure", "koanf", "yaml", "toml", "json", "ini"} {
		v, ok := st.Lookup(key)
		if !ok {
			continue
		}
		name := first(v)
		if name == "" && (strings.Contains(v, "squash") || strings.Contains(v, "inline")) {
			name = Inline
		}
		if name != "" {
			t.Key = name
			break
		}
	}
	if name := st.Get("long"); name != "" {
		t.Flag = name
	}
	for opt := range strings.SplitSeq(st.Get("arg"), ",") {
		if name, ok := strings.CutPrefix(strings.TrimSpace(opt), "--"); ok {
			t.Flag = name
		} else if name, ok := strings.CutPrefix(strings.TrimSpace(opt), "env:"); ok {
			t.Env = name
		}
	}
	return t
}

// Inline is the key of a field whose own fields stand beside it in a file.
const Inline = "."

// first is what stands before the options of a tag.
func first(v string) string {
	name, _, _ := strings.Cut(v, ",")
	return strings.TrimSpace(name)
}

func defaultOf(st reflect.StructTag) string {
	for _, key := range []string{"envDefault", "env-default", "default"} {
		if v, ok := st.Lookup(key); ok {
			return v
		}
	}
	// go-flags' and envconfig's of sethvargo: env:"AUTH, default=true".
	for opt := range strings.SplitSeq(st.Get("env"), ",") {
		if v, ok := strings.CutPrefix(strings.TrimSpace(opt), "default="); ok {
			return v
		}
	}
	return ""
}

// metaOf is the tag of an embedded field that is called Meta.
func metaOf(name string, lit *ast.BasicLit) Tag {
	if lit == nil || name != "Meta" {
		return Tag{}
	}
	s, _ := strconv.Unquote(lit.Value)
	return Tag{Meta: s}
}
