package config

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// envPrefix begins the names of our variables: github.app_id is
// LAUNCHGATE_GITHUB_APP_ID.
const envPrefix = "LAUNCHGATE_"

// foreignEnv begins names that look like ours and are not the configuration's:
// credentials of "store fill", our tests, and what Kubernetes sets in every
// container when a Service is called launchgate.
var foreignEnv = []string{"LAUNCHGATE_PROXY_", "LAUNCHGATE_TEST_", "LAUNCHGATE_BENCH_", "LAUNCHGATE_SERVICE_", "LAUNCHGATE_PORT"}

// applyEnv sets what env says and returns every mistake. An unknown variable of
// ours is one: a misspelt limit would else be no limit. Values are never quoted.
func applyEnv(cfg *Server, env []string) []string {
	fields := make(map[string]reflect.Value)
	envFields(reflect.ValueOf(cfg).Elem(), envPrefix, fields)
	var names []string
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)

	var problems []string
	set := make(map[string]bool)
	for _, pair := range env {
		name, value, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, envPrefix) {
			continue
		}
		field, ok := fields[name]
		if !ok {
			if slices.ContainsFunc(foreignEnv, func(p string) bool { return strings.HasPrefix(name, p) }) {
				continue
			}
			text := fmt.Sprintf("there is no variable %s", clip(name))
			if near := Nearest(name, names); near != "" {
				text += ", did you mean " + near + "?"
			}
			problems = append(problems, text)
			continue
		}
		if want := setText(field, value); want != "" {
			problems = append(problems, name+" must be "+want)
		}
		set[name] = true
	}
	// A variable wins over the file's other way of saying the same.
	for name := range set {
		file, isFile := strings.CutSuffix(name, "_FILE")
		other := name + "_FILE"
		if isFile {
			other = file
		}
		if f, ok := fields[other]; ok && !set[other] {
			f.SetZero()
		}
	}
	slices.Sort(problems)
	return problems
}

func envFields(v reflect.Value, prefix string, out map[string]reflect.Value) {
	for i := range v.NumField() {
		name := yamlName(v.Type().Field(i))
		if name == "" {
			continue
		}
		name = prefix + strings.ToUpper(name)
		f := v.Field(i)
		_, isText := f.Addr().Interface().(encoding.TextUnmarshaler)
		if f.Kind() == reflect.Struct && !isText {
			envFields(f, name+"_", out)
			continue
		}
		out[name] = f
	}
}

// setText parses text into a field; it returns "" or what the text must be.
func setText(f reflect.Value, text string) string {
	if u, ok := f.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if u.UnmarshalText([]byte(text)) != nil {
			if f.Type() == reflect.TypeFor[Size]() {
				return "a size such as 512MiB or 2GiB"
			}
			return "debug, info, warn or error"
		}
		return ""
	}
	switch {
	case f.Type() == reflect.TypeFor[time.Duration]():
		d, err := time.ParseDuration(text)
		if err != nil {
			return "a duration such as 90s or 5m"
		}
		f.SetInt(int64(d))
	case f.Kind() == reflect.String:
		f.SetString(text)
	case f.Kind() == reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return "true or false"
		}
		f.SetBool(b)
	case f.CanInt():
		n, err := strconv.ParseInt(text, 10, f.Type().Bits())
		if err != nil {
			return "a whole number"
		}
		f.SetInt(n)
	default: // the only lists are lists of words
		f.SetZero()
		for word := range strings.SplitSeq(text, ",") {
			if word = strings.TrimSpace(word); word != "" {
				f.Set(reflect.Append(f, reflect.ValueOf(word)))
			}
		}
	}
	return ""
}
