package eval

import (
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/importpath"
	"github.com/launchgate/launchgate/analyzers/internal/program"
)

// Structures that a library fills in from flags, the environment or a file: what
// their fields are where nobody sets them, and what they are called there.

// taggedField is the field of a type of the program that a library made: what its
// tag says of it.
func (m *machine) taggedField(t, name string) (*preset, []setting) {
	if ty := m.types[t]; ty != nil {
		if i := slices.IndexFunc(ty.Fields, func(f program.Param) bool { return f.Name == name }); i >= 0 {
			return tagged(ty, ty.Fields[i])
		}
	}
	return nil, nil
}

// tagged is what the tag of a field says of it: its default, and what people call
// it who set it.
func tagged(ty *program.Type, f program.Param) (*preset, []setting) {
	if f.Type != "bool" && f.Type != "string" {
		return nil, nil
	}
	return settingOf(ty, f, setting{name: tagName(f.Tag)}, nil)
}

// tagName is how people call what sets a field, "" if its tag does not say.
func tagName(t program.Tag) string {
	switch {
	case t.Flag != "":
		return flagName(t.Flag, false)
	case t.Env != "":
		return "env " + t.Env
	}
	return ""
}

// settingOf is a field that is set as a setting: with the default of its tag, or
// else with the one that is given.
func settingOf(ty *program.Type, f program.Param, s setting, def *preset) (*preset, []setting) {
	if d := tagDefault(f); d != nil {
		def = &preset{constant: *d, at: place{ty.File, f.Line}}
	}
	if def == nil {
		if s.name == "" {
			return nil, nil
		}
		return nil, []setting{s}
	}
	if s.name == "" {
		s.name = def.name
	}
	d := *def
	d.name = s.name
	return &d, nil
}

// tagDefault is the default that the tag of a field says.
func tagDefault(f program.Param) *constant {
	if f.Tag.Default == "" {
		return nil
	}
	switch f.Type {
	case "bool":
		return &constant{k: 'b', s: boolText(f.Tag.Default)}
	case "string":
		return &constant{k: 's', s: f.Tag.Default}
	}
	return nil
}

func boolText(s string) string {
	switch s {
	case "true", "1", "TRUE", "True", "t", "T", "yes", "on":
		return "true"
	}
	return "false"
}

// filler is a library's function that fills in a structure.
type filler struct {
	// keyed: by the keys of a file; declared: the program has given these defaults;
	// flags: by flags named after the fields, separated by dashes or not.
	keyed, declared, flags, dashes bool
	// at is the key below which it reads.
	at []string
}

// fillerOf is how a library's function fills in what it is given, by the library.
func (m *machine) fillerOf(name string, args []value) filler {
	pkg := importpath.Unversioned(pkgOf(name))
	fn := lastName(name)
	switch pkg {
	case "github.com/alecthomas/kong":
		return filler{flags: true, dashes: true}
	case "github.com/alexflint/go-arg":
		return filler{flags: true}
	}
	var f filler
	low := strings.ToLower(fn)
	f.keyed = strings.Contains(low, "unmarshal") || strings.Contains(low, "decode") || strings.Contains(low, "readconfig")
	if strings.Contains(fn, "Unmarshal") && strings.Contains(pkg, ".") && m.readsSettings(pkg) {
		f.declared = true
		if key, ok := asString(firstOf(args)); ok && key != "" {
			f.at = strings.Split(key, ".")
		}
	}
	return f
}

func firstOf(args []value) value {
	if len(args) == 0 {
		return nil
	}
	return args[0]
}

// fill makes the switches of a structure unknown that a file, the environment or
// flags fill in, with what they are where nobody sets them.
func (m *machine) fill(v value, by filler, path []string, depth int) {
	if depth > 4 {
		return
	}
	switch x := v.(type) {
	case *object:
		m.fillFields(x, by, path, depth)
	case *list:
		for _, e := range x.e {
			m.fill(e, by, path, depth+1)
		}
	case *table:
		for _, e := range x.e {
			m.fill(e, by, path, depth+1)
		}
	}
}

func (m *machine) fillFields(o *object, by filler, path []string, depth int) {
	ty := m.types[o.t]
	if ty == nil {
		for name, x := range o.f {
			m.fillField(o, program.Param{Name: name}, x, nil, by, path)
		}
		return
	}
	for _, f := range ty.Fields {
		x := o.f[f.Name]
		at := path
		if f.Tag.Key != program.Inline && !slices.Contains(ty.Embedded, f.Name) || f.Tag.Key != "" && f.Tag.Key != program.Inline {
			key := f.Tag.Key
			if key == "" {
				key = f.Name
			}
			at = append(slices.Clip(path), strings.ToLower(key))
		}
		if in := m.types[f.Type]; x == nil && in != nil && in.Interface == nil && in.Under == "" && f.Type != o.t && m.holdsSwitches(in, by, at, depth) {
			x = m.newObject(f.Type)
			o.f[f.Name] = x
		}
		switch y := x.(type) {
		case *object, *list, *table:
			m.fill(y, by, at, depth+1)
		default:
			m.fillField(o, f, x, ty, by, at)
		}
	}
}

// holdsSwitches reports whether something is known of the fields of a structure
// that is not there before it is filled in.
func (m *machine) holdsSwitches(ty *program.Type, by filler, at []string, depth int) bool {
	if depth >= 4 {
		return false
	}
	return by.flags || slices.ContainsFunc(ty.Fields, func(f program.Param) bool {
		in := m.types[f.Type]
		return f.Tag.Default != "" || f.Tag.Env != "" || by.keyed && f.Type == "bool" || in != nil && in != ty && in.Interface == nil && m.holdsSwitches(in, by, at, depth+1)
	})
}

// fillField makes one field what somebody may set.
func (m *machine) fillField(o *object, f program.Param, x value, ty *program.Type, by filler, at []string) {
	c, isConst := x.(constant)
	if isConst && c.k == 's' && c.s != "" && !strings.HasPrefix(c.s, "/") && f.Type == "string" {
		// Unless somebody sets it, it is what the literal says.
		u := &unknown{t: "string", labels: words(f.Name), set: []setting{{name: fieldName(f, by, at)}}}
		o.f[f.Name] = union{c, u}
		return
	}
	if isConst && c.k != 'b' || x == nil && f.Type != "bool" && f.Type != "string" {
		return
	}
	if u, ok := x.(*unknown); x != nil && !isConst && (!ok || u.def != nil || u.set != nil || f.Type != "bool") {
		return
	}
	var def *preset
	if isConst {
		def = knownBool(c, o.switches[f.Name])
	}
	s := setting{name: tagName(f.Tag)}
	switch {
	case by.flags:
		s.name = flagName(fieldFlag(f, by.dashes), false)
		if def == nil && f.Type == "bool" {
			def = &preset{constant: constant{k: 'b', s: "false"}}
			if ty != nil {
				def.at = place{ty.File, f.Line}
			}
		}
	case by.keyed && len(at) > 0:
		key := strings.Join(append(slices.Clip(by.at), at...), ".")
		if s.name == "" {
			s.name = "key " + key
		}
		if d := m.settingDefault(key); by.declared && d != nil && kindName(&d.constant) == f.Type {
			def = d
			if d.name != "" {
				s.name = d.name
			}
		}
	}
	if ty == nil {
		ty = &program.Type{}
	}
	d, set := settingOf(ty, f, s, def)
	if in := m.filedField(f, s, by, at); in != nil {
		d, set = in, nil
	}
	if x == nil && d == nil && set == nil {
		return
	}
	t := f.Type
	if isConst {
		t = "bool"
	}
	o.f[f.Name] = &unknown{t: t, labels: words(f.Name), def: d, set: set}
}

// filedField is what a file that the program reads sets a field to.
func (m *machine) filedField(f program.Param, s setting, by filler, at []string) *preset {
	kind := f.Type
	if kind != "string" {
		kind = "bool"
	}
	var in *preset
	if env, ok := strings.CutPrefix(s.name, "env "); ok {
		in = m.fileDefault(env, kind)
	}
	if in == nil && by.keyed && len(at) > 0 {
		in = m.fileDefault(strings.Join(append(slices.Clip(by.at), at...), "."), kind)
	}
	if in == nil || s.name == "" {
		return in
	}
	named := *in
	named.name = s.name
	return &named
}

// fieldName is what people call what sets a field, "" if that is not known.
func fieldName(f program.Param, by filler, at []string) string {
	switch name := tagName(f.Tag); {
	case by.flags:
		return flagName(fieldFlag(f, by.dashes), false)
	case name == "" && by.keyed && len(at) > 0:
		return "key " + strings.Join(append(slices.Clip(by.at), at...), ".")
	default:
		return name
	}
}

// fieldFlag is the flag that a library names after a field.
func fieldFlag(f program.Param, dashes bool) string {
	if f.Tag.Flag != "" {
		return f.Tag.Flag
	}
	ws := words(f.Name)
	if dashes {
		return strings.Join(ws, "-")
	}
	return strings.Join(ws, "")
}
