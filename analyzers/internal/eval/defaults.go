package eval

import (
	"strconv"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/program"
)

// What settings are where nobody sets them: a default in the code says so, of a
// flag, of a key of the configuration, or in the tag of a field.

// preset is a default that code gives to a setting, and where.
type preset struct {
	constant
	at place
}

// byDefault is what a value is where nobody set what it depends on, if code says.
func byDefault(v value) *preset {
	switch x := v.(type) {
	case *unknown:
		return x.def
	case union:
		// What stands in for a setting that is not there or makes no sense.
		var only *preset
		for _, e := range x {
			switch y := e.(type) {
			case constant:
				if only != nil {
					return nil
				}
				only = &preset{constant: y}
			case *unknown, *external:
			default:
				return nil
			}
		}
		return only
	}
	return nil
}

// truthByDefault is what a condition is where nobody configured anything: what
// code says, and else what it is if everything unknown has its zero value.
func truthByDefault(v value, n *program.Node) bool {
	if d := byDefault(v); d != nil && d.k == 'b' {
		return d.s == "true"
	}
	return zeroTruth(undecided(v, n))
}

// byDefaultSaid reports whether code says what a condition is by default.
func byDefaultSaid(v value) bool {
	d := byDefault(v)
	return d != nil && d.k == 'b'
}

// defaulted returns what a condition made of others is by default, if code says
// of one of them.
func (m *machine) defaulted(n *program.Node, a, b value) *preset {
	x, y := byDefault(a), byDefault(b)
	if x == nil && y == nil {
		return nil
	}
	var at place
	for _, p := range []*preset{y, x} {
		if p != nil && p.at.line > 0 {
			at = p.at
		}
	}
	truthOf := func(v value, n *program.Node) bool {
		if known, t, _ := truth(v); known {
			return t
		}
		return truthByDefault(v, n)
	}
	switch n.S {
	case "&&":
		return boolPreset(truthOf(a, n.K[0]) && truthOf(b, n.K[1]), at)
	case "||":
		return boolPreset(truthOf(a, n.K[0]) || truthOf(b, n.K[1]), at)
	case "==", "!=":
		if x != nil {
			a = x.constant
		}
		if y != nil {
			b = y.constant
		}
		if known, t, _ := truth(m.compare(n.S, a, b)); known {
			return boolPreset(t, at)
		}
	}
	return nil
}

func boolPreset(b bool, at place) *preset {
	return &preset{constant: constant{k: 'b', s: strconv.FormatBool(b)}, at: at}
}

// knownBool is a value that is known to be true or false, as a default given there.
func knownBool(v value, at place) *preset {
	if c, ok := v.(constant); ok && c.k == 'b' && !c.anon {
		return &preset{constant: c, at: at}
	}
	return nil
}

// settingRead is what a library reads of the configuration: what the program gives as
// the default of that key or flag. It is nil if the call reads none.
func (m *machine) settingRead(name string, c call) value {
	if c.n == nil {
		return nil
	}
	fn := lastName(name)
	if d, ok := declaredSetting(fn, c.n.K); ok {
		if d.def == nil || len(c.args) < 3 {
			return nil
		}
		u := &unknown{t: kindName(d.def), labels: mergeLabels(words(fn), words(d.key)), def: &preset{constant: *d.def, at: c.pos}}
		if strings.Contains(fn, "Var") {
			// One that is off, and off by default, stays so: what only a flag
			// turns on, as to write a list of the routes, is another program.
			if to := c.n.K[1]; to.Op == program.Addr && m.sim == nil && c.f != nil && (d.def.s == "true" || to.K[0].Op == program.Field) {
				m.put(to.K[0], u, c.f)
			}
			return nilValue{}
		}
		return u
	}
	switch fn {
	case "GetBool", "GetString", "Bool", "String", "MustBool", "MustString":
	default:
		return nil
	}
	if len(c.args) != 1 || !strings.Contains(name, "/") {
		return nil
	}
	key, ok := asString(c.args[0])
	if !ok {
		return nil
	}
	d := m.settingDefault(key)
	if d == nil || d.k == 's' && strings.HasSuffix(fn, "Bool") || d.k == 'b' && strings.HasSuffix(fn, "String") {
		return nil
	}
	u := &unknown{t: kindName(&d.constant), labels: mergeLabels(words(fn), words(key)), def: d}
	if ts := tupleTypes(resultType(c)); len(ts) > 1 {
		return tuple{u, nilValue{}}
	}
	return u
}

func kindName(c *constant) string {
	if c.k == 'b' {
		return "bool"
	}
	return "string"
}

// put sets what a library was given the address of.
func (m *machine) put(to *program.Node, v value, f *frame) {
	switch to.Op {
	case program.Local:
		m.set(f.env, to.N, v)
	case program.Global:
		m.globals[to.S] = v
	case program.Field:
		if o, ok := m.eval(to.K[0], f).(*object); ok {
			o.f[to.S] = v
		}
	}
}

// settingDefault is what the program gives as the default of a key, or nil if it
// says nothing, or different things.
func (m *machine) settingDefault(key string) *preset {
	if m.settings == nil {
		m.findSettings()
	}
	return m.settings[strings.ToLower(key)]
}

// findSettings finds the defaults of keys and flags that the program declares,
// wherever: what declares them often runs when what reads them is made.
func (m *machine) findSettings() {
	m.settings = map[string]*preset{}
	file := ""
	add := func(key string, d *constant, line int32) {
		key = strings.ToLower(key)
		if was, ok := m.settings[key]; d == nil || ok && (was == nil || was.constant != *d) {
			m.settings[key] = nil
			return
		}
		m.settings[key] = &preset{constant: *d, at: place{file, line}}
	}
	find := func(n *program.Node) {
		switch n.Op {
		case program.Call:
			switch fn := calledName(n); fn {
			case "SetDefault":
				if len(n.K) == 3 {
					if key, ok := stringConst(n.K[1]); ok {
						flatten(key, n.K[2], ".", n.Line, add)
					}
				}
			case "Provider": // koanf's, from a map
				if len(n.K) == 3 && n.K[1].Op == program.Composite && strings.HasPrefix(n.K[1].T, "map[") {
					delim, _ := stringConst(n.K[2])
					flatten("", n.K[1], delim, n.Line, add)
				}
			default:
				if d, ok := declaredSetting(fn, n.K); ok {
					add(d.key, d.def, n.Line)
				}
			}
		case program.Composite:
			if !strings.HasSuffix(n.T, ".BoolFlag") && !strings.HasSuffix(n.T, ".StringFlag") {
				return
			}
			key, def, line := "", &constant{k: 'b', s: "false"}, n.Line
			if strings.HasSuffix(n.T, ".StringFlag") {
				def = &constant{k: 's'}
			}
			for _, kv := range n.K {
				if kv.Op != program.KV {
					continue
				}
				switch kv.K[0].S {
				case "Name":
					key, _ = stringConst(kv.K[1])
				case "Value":
					def = constantOf(kv.K[1])
					line = max(line, kv.Line)
				}
			}
			if key != "" {
				add(key, def, line)
			}
		}
	}
	for _, p := range m.pkgs {
		for _, fn := range m.lits[p] {
			file = fn.File
			walk(fn.Body, find)
		}
		for _, v := range p.Vars {
			file = v.T
			walk(v, find)
		}
	}
}

// calledName is the last part of what a call names.
func calledName(n *program.Node) string {
	switch fun := n.K[0]; fun.Op {
	case program.Global, program.Method, program.Field:
		return lastName(fun.S)
	}
	return ""
}

// declared is a flag with its default; def is nil if that is not known.
type declared struct {
	key string
	def *constant
}

// declaredSetting reads a call that declares a flag, as the standard library and
// those that followed it have them: [variable,] name, [shorthand,] default, usage.
func declaredSetting(fn string, call []*program.Node) (declared, bool) {
	rest, isBool := strings.CutPrefix(fn, "Bool")
	if !isBool {
		var ok bool
		if rest, ok = strings.CutPrefix(fn, "String"); !ok {
			return declared{}, false
		}
	}
	args := call[1:]
	want := 3
	switch rest {
	case "":
	case "P":
		want = 4
	case "Var":
		want = 4
	case "VarP":
		want = 5
	default:
		return declared{}, false
	}
	if len(args) != want {
		return declared{}, false
	}
	if strings.HasPrefix(rest, "Var") {
		args = args[1:]
	}
	key, ok := stringConst(args[0])
	if !ok {
		return declared{}, false
	}
	d := constantOf(args[len(args)-2])
	if d != nil && (d.k == 'b') != isBool {
		return declared{}, false
	}
	return declared{key, d}, true
}

// flatten lists the settings of a map of defaults by the keys they are read by.
func flatten(key string, n *program.Node, delim string, line int32, add func(string, *constant, int32)) {
	if n.Op != program.Composite || !strings.HasPrefix(n.T, "map[") && n.T != "" {
		add(key, constantOf(n), line)
		return
	}
	for _, kv := range n.K {
		if kv.Op != program.KV {
			continue
		}
		if k, ok := stringConst(kv.K[0]); ok {
			if key != "" {
				k = key + delim + k
			}
			flatten(k, kv.K[1], delim, max(line, kv.Line), add)
		}
	}
}

func stringConst(n *program.Node) (string, bool) {
	return n.S, n.Op == program.Const && n.T == "string"
}

// constantOf is a string or bool that stands in the code, or nil.
func constantOf(n *program.Node) *constant {
	if n.Op == program.Const {
		switch n.T {
		case "string":
			return &constant{k: 's', s: n.S}
		case "bool":
			return &constant{k: 'b', s: n.S}
		}
	}
	return nil
}

// tagged is the default that the tag of a field says, for a library that fills
// in the structure.
func tagged(p program.Param) *preset {
	if p.Default == "" {
		return nil
	}
	switch p.Type {
	case "bool":
		return boolPreset(p.Default == "true" || p.Default == "1" || p.Default == "TRUE" || p.Default == "True" || p.Default == "t", place{})
	case "string":
		return &preset{constant: constant{k: 's', s: p.Default}}
	}
	return nil
}

// taggedField is the same of the field of a type of the program that a library made.
func (m *machine) taggedField(t, name string) *preset {
	ty := m.types[t]
	if ty == nil {
		return nil
	}
	for _, f := range ty.Fields {
		if f.Name == name {
			return tagged(f)
		}
	}
	return nil
}
