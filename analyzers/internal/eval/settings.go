package eval

import (
	"slices"
	"strconv"
	"strings"
)

// What conditions depend on, as the people know it who configure the program: a
// flag, a variable of the environment, a key of the configuration.

// setting is such a thing, with what it is where nobody sets it.
type setting struct {
	// name is what it is called, "flag -auth" or "env AUTH"; "" where only its
	// default is known.
	name string
	def  *constant
	// contested: the program says different things of its default.
	contested bool
	// file is where a file beside the code sets it, with the line.
	file string
}

// String says what is known of a setting: "flag -auth, default false".
func (s setting) String() string {
	var said string
	switch {
	case s.def != nil && s.shown() == "":
		said = "set by default"
	case s.file != "" && s.def != nil:
		said = s.shown() + " in " + s.file
	case s.def != nil:
		said = "default " + s.shown()
	case s.contested:
		said = "default not known"
	default:
		said = "unset by default"
	}
	if s.name == "" {
		return said
	}
	return s.name + ", " + said
}

// text is a constant as it is written in source.
func (c constant) text() string {
	switch {
	case c.k != 's':
		return c.s
	case len(c.s) > 30:
		return `"…"`
	}
	return strconv.Quote(c.s)
}

// shown is the default of a setting as people may read it. Of a text only a word
// is that tells modes apart, and none that may be a secret.
func (s setting) shown() string {
	if s.def.k != 's' || s.def.s == "" {
		return s.def.text()
	}
	if !IsMode(s.def.s) || slices.ContainsFunc(words(strings.TrimPrefix(s.name, "key ")), secretWord) {
		return ""
	}
	return s.def.text()
}

// IsMode reports whether a text is a word as modes are called by.
func IsMode(s string) bool {
	return s != "" && len(s) <= 12 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz-_") == ""
}

func secretWord(w string) bool {
	switch w {
	case "secret", "secrets", "password", "passwd", "pass", "pwd", "passphrase", "token", "key", "apikey", "credential", "credentials", "salt", "pin", "dsn":
		return true
	}
	return false
}

// maxSettings bounds the settings that are said of one condition.
const maxSettings = 3

// settingsOf are the settings that a value was made of.
func settingsOf(v value) []setting { return settingsIn(v, 0) }

func settingsIn(v value, depth int) []setting {
	if depth > 4 {
		return nil
	}
	switch x := v.(type) {
	case *unknown:
		if x.set == nil && x.def != nil && (x.def.name != "" || x.def.at.line > 0) {
			return []setting{x.def.setting()}
		}
		return x.set
	case *external:
		if s, ok := environment(x.name, x.args); ok {
			return []setting{s}
		}
		// What the standard library makes of a text.
		if x.called && !strings.Contains(pkgOf(x.name), ".") {
			return settingsOfAll(x.args, depth+1)
		}
	case tuple:
		if len(x) > 0 {
			return settingsIn(x[0], depth+1)
		}
	case union:
		out := settingsOfAll(x, depth+1)
		d := byDefault(x)
		if d != nil && len(out) == 1 && (out[0].def == nil || out[0].def.k == d.k) {
			out = []setting{{name: out[0].name, def: &d.constant, file: d.file}}
		}
		return slices.DeleteFunc(slices.Clone(out), func(s setting) bool { return s.name == "" && s.def == nil })
	}
	return nil
}

func settingsOfAll(vs []value, depth int) []setting {
	var out []setting
	for _, v := range vs {
		out = mergeSettings(out, settingsIn(v, depth))
	}
	return out
}

// mergeSettings puts lists of settings into one; it leaves those it is given as
// they are.
func mergeSettings(a, b []setting) []setting {
	for _, s := range b {
		if len(a) < maxSettings && !slices.ContainsFunc(a, func(t setting) bool { return t.String() == s.String() }) {
			a = append(slices.Clip(a), s)
		}
	}
	return a
}

// settingsAsked are the settings that conditions ask for.
func settingsAsked(cs []condition) []setting {
	var out []setting
	for _, c := range cs {
		out = mergeSettings(out, c.set)
	}
	return out
}

// settingsText is what is known of the settings that conditions ask for.
func settingsText(cs []condition) string {
	return strings.Trim(inBrackets(settingsAsked(cs)), " ()")
}

// inBrackets lists settings as they are shown behind a condition.
func inBrackets(set []setting) string {
	if len(set) == 0 {
		return ""
	}
	var out []string
	for _, s := range set {
		out = append(out, s.String())
	}
	return " (" + strings.Join(out, "; ") + ")"
}

// environment is the variable that a function of package os reads.
func environment(name string, args []value) (setting, bool) {
	if name != "os.Getenv" && name != "os.LookupEnv" && name != "syscall.Getenv" || len(args) == 0 {
		return setting{}, false
	}
	key, ok := asString(args[0])
	if !ok || key == "" {
		return setting{}, false
	}
	return setting{name: "env " + key}, true
}

// decidedBy marks constants of which settings decide which it is as made of them.
func decidedBy(v value, by []setting) value {
	u, ok := v.(union)
	if !ok || len(by) == 0 || len(u) >= maxUnion {
		return v
	}
	for _, e := range u {
		if c, ok := e.(constant); !ok || c.k != 's' && c.k != 'b' {
			return v
		}
	}
	t := kindName(&constant{k: u[0].(constant).k})
	var set []setting
	for _, s := range by {
		if s.def == nil || s.def.s == "" && strings.HasPrefix(s.name, "env ") {
			s = setting{name: s.name} // where it is unset, what stands in for it counts
		}
		set = mergeSettings(set, []setting{s})
	}
	return append(slices.Clip(u), &unknown{t: t, set: set})
}

// envFile is what a file of variables that the program reads sets one to.
func (m *machine) envFile(name string) *preset {
	key := strings.TrimPrefix(name, "env ")
	if m.filed == nil {
		m.findFiled()
	}
	d := m.filed[strings.ToLower(key)]
	if d == nil || !strings.HasPrefix(d.name, "env ") {
		return nil
	}
	as := *d
	as.k = 's' // to the program it is a text
	return &as
}

// parseError is the error of a library's function: nothing fails while routes are
// registered, but for what takes a setting apart that nobody may have set.
func (m *machine) parseError(name string, c call) value {
	if strings.HasPrefix(name, "strconv.Parse") || name == "strconv.Atoi" {
		if set := settingsOfAll(c.args, 1); len(set) > 0 && set[0].def == nil {
			return &unknown{t: "error", labels: []string{"err"}, set: set}
		}
	}
	return nilValue{}
}

// madeOf marks what a library's function returned as made of settings: that of the
// environment which it reads, or those that it was given.
func (m *machine) madeOf(v value, name string, args []value) value {
	u, ok := v.(*unknown)
	if !ok || u.set != nil || u.def != nil {
		return v
	}
	var set []setting
	if s, ok := environment(name, args); ok {
		w := *u
		w.set, w.def = []setting{s}, &preset{constant: constant{k: 's'}, name: s.name}
		if in := m.envFile(s.name); in != nil {
			w.def = in
			w.set = []setting{in.setting()}
		}
		return &w
	} else if !strings.Contains(pkgOf(name), ".") {
		set = settingsOfAll(args, 1)
	}
	if len(set) == 0 {
		return v
	}
	w := *u
	w.set = set
	return &w
}
