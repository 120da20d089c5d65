package eval

import (
	"slices"
	"strconv"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/importpath"
	"github.com/launchgate/launchgate/analyzers/internal/program"
)

// What settings are where nobody sets them: a default in the code says so, of a
// flag, of a key of the configuration, or in the tag of a field.

// preset is a default that code gives to a setting, and where; name is what the
// setting is called.
type preset struct {
	constant
	at   place
	name string
	// file is the file beside the code that says so, with the line.
	file string
}

// setting is the setting that a default is of.
func (p *preset) setting() setting { return setting{name: p.name, def: &p.constant, file: p.file} }

// byDefault is what a value is where nobody set what it depends on, if code says.
func byDefault(v value) *preset {
	switch x := v.(type) {
	case *unknown:
		return x.def
	case union:
		// Of what branches leave that which is taken by default comes first.
		if c, ok := x[0].(constant); ok && (c.k == 'b' || c.k == 's') {
			return &preset{constant: c}
		}
		if u, ok := x[0].(*unknown); ok && u.def != nil {
			return u.def
		}
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
	if x == nil && y == nil || isForged(a) || isForged(b) {
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
		def := &preset{constant: *d.def, at: place{c.pos.file, max(c.pos.line, d.line)}, name: flagName(d.key, strings.HasPrefix(name, "flag."))}
		u := &unknown{t: kindName(d.def), labels: mergeLabels(words(fn), words(d.key)), def: def}
		if strings.Contains(fn, "Var") {
			if to := c.n.K[1]; to.Op == program.Addr && m.sim == nil && c.f != nil {
				m.put(to.K[0], u, c.f)
			}
			return nilValue{}
		}
		return u
	}
	return m.keyRead(fn, name, c)
}

// keyRead is what a library for configuration returns for a key, or for a flag by
// its name.
func (m *machine) keyRead(fn, name string, c call) value {
	switch fn {
	case "GetBool", "GetString", "Bool", "String", "MustBool", "MustString", "IsSet", "Exists":
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
	isBool := !strings.HasSuffix(fn, "String")
	d := m.defaultRead(pkgOf(name), key)
	if f := m.fileDefault(key, map[bool]string{true: "bool", false: "string"}[isBool]); f != nil && (d == nil || !strings.HasPrefix(d.name, "flag ")) {
		d = f
	}
	if fn == "IsSet" || fn == "Exists" || d != nil && (d.k == 'b') != isBool {
		d = nil
	}
	u := &unknown{t: "string", labels: mergeLabels(words(fn), words(key)), def: d}
	if isBool {
		u.t = "bool"
	}
	ts := tupleTypes(resultType(c))
	if d == nil {
		if !m.readsSettings(pkgOf(name)) || len(ts) > 1 {
			return nil
		}
		_, declared := m.settings[strings.ToLower(key)]
		u.set = []setting{{name: "key " + key, contested: declared}}
	}
	if len(ts) > 1 {
		return tuple{u, nilValue{}}
	}
	return u
}

// readsSettings reports whether a package is one of those that read configuration
// by keys: the program gives defaults or files to some function of it, or of a
// part of it.
func (m *machine) readsSettings(pkg string) bool {
	if m.settings == nil {
		m.findSettings()
	}
	return m.settingPkgs[importpath.Unversioned(pkg)] || m.settingPkgs[""]
}

// flagName is how people write a flag.
func flagName(key string, standard bool) string {
	if standard {
		return "flag -" + key
	}
	return "flag --" + key
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

// defaultRead is the default of what a function of a package reads by a name: of a
// flag where that is where flags are declared, of a key anywhere else.
func (m *machine) defaultRead(pkg, name string) *preset {
	key := m.settingDefault(name)
	flag := m.flags[strings.ToLower(name)]
	if pkg = importpath.Unversioned(pkg); flag != nil && (m.flagPkgs[pkg] || !m.settingPkgs[pkg]) {
		return flag
	}
	return key
}

// findSettings finds the defaults of keys and flags that the program declares,
// wherever: what declares them often runs when what reads them is made.
func (m *machine) findSettings() {
	m.settings, m.settingPkgs = map[string]*preset{}, map[string]bool{}
	m.flags, m.flagPkgs = map[string]*preset{}, map[string]bool{}
	d := declarations{m: m, bound: map[string]string{}, wrappers: map[string]wrapper{}}
	for _, p := range m.pkgs {
		for _, fn := range m.lits[p] {
			d.wrapper(fn)
		}
	}
	for _, p := range m.pkgs {
		for _, fn := range m.lits[p] {
			d.file = fn.File
			walk(fn.Body, d.find)
		}
		for _, v := range p.Vars {
			d.file = v.T
			walk(v, d.find)
		}
	}
	if d.allBound {
		for name := range m.flags {
			d.bound[name] = name
		}
	}
	for key, flag := range d.bound {
		if _, ok := m.settings[key]; !ok && m.flags[flag] != nil {
			m.settings[key] = m.flags[flag]
		}
	}
}

// declarations gathers the defaults that a program declares.
type declarations struct {
	m    *machine
	file string
	// bound are the flags that keys get their values of, wrappers the program's
	// own functions that give keys defaults.
	bound    map[string]string
	allBound bool // keys named as flags do
	wrappers map[string]wrapper
}

// wrapper is a function that gives a key a default: which of its parameters say
// so, -1 for its receiver.
type wrapper struct{ key, def int }

// wrapper notes a function that hands what it is given on to SetDefault.
func (d *declarations) wrapper(fn *function) {
	if fn.Literal || fn.size > maxReckon {
		return
	}
	param := func(n *program.Node) (int, bool) {
		for (n.Op == program.Conv || n.Op == program.Call && n.K[0].Op == program.Global && n.K[0].S == "string") && len(n.K) > 0 {
			n = n.K[len(n.K)-1]
		}
		if n.Op != program.Local || n.N == 0 {
			return 0, false
		}
		if fn.Recv != nil && fn.Recv.ID == n.N {
			return -1, true
		}
		i := slices.IndexFunc(fn.Params, func(p program.Param) bool { return p.ID == n.N })
		return i, i >= 0
	}
	walk(fn.Body, func(n *program.Node) {
		if n.Op != program.Call || calledName(n) != "SetDefault" || len(n.K) != 3 {
			return
		}
		key, ok1 := param(n.K[1])
		def, ok2 := param(n.K[2])
		if ok1 && ok2 {
			d.wrappers[fn.Name] = wrapper{key, def}
		}
	})
}

// wrapped adds what a call of such a function says.
func (d *declarations) wrapped(n *program.Node) {
	fun := n.K[0]
	name := fun.S
	if fun.Op == program.Method {
		name = bareType(fun.T) + "." + fun.S
	}
	w, ok := d.wrappers[name]
	if !ok || max(w.key, w.def)+1 >= len(n.K) {
		return
	}
	at := func(i int) *program.Node {
		if i < 0 && len(fun.K) > 0 {
			return fun.K[0]
		}
		return n.K[i+1]
	}
	if key, ok := stringConst(at(w.key)); ok {
		flatten(key, at(w.def), ".", n.Line, d.addKey)
	}
}

// add notes a default. Where the program says different things of one name
// nothing is known.
func (d *declarations) add(to map[string]*preset, key, name string, def *constant, line int32) {
	key = strings.ToLower(key)
	if was, ok := to[key]; def == nil || ok && (was == nil || was.constant != *def) {
		to[key] = nil
		return
	}
	to[key] = &preset{constant: *def, at: place{d.file, line}, name: name}
}

func (d *declarations) addKey(key string, def *constant, line int32) {
	d.add(d.m.settings, key, "key "+key, def, line)
}

func (d *declarations) find(n *program.Node) {
	switch n.Op {
	case program.Call:
		d.call(n)
	case program.Composite:
		if key, def, line, ok := flagLiteral(n); ok {
			d.m.flagPkgs[importpath.Unversioned(pkgOf(n.T))] = true
			d.add(d.m.flags, key, flagName(key, false), def, line)
		}
	}
}

func (d *declarations) call(n *program.Node) {
	d.wrapped(n)
	fn := calledName(n)
	switch fn {
	case "SetDefault", "ReadInConfig", "SetConfigName", "SetConfigFile", "AutomaticEnv", "BindPFlag", "BindPFlags", "BindEnv", "Provider":
		d.m.settingPkgs[importpath.Unversioned(calledPkg(n))] = true
	}
	switch fn {
	case "SetDefault":
		if len(n.K) == 3 {
			if key, ok := stringConst(n.K[1]); ok {
				flatten(key, n.K[2], ".", n.Line, d.addKey)
			}
		}
	case "Provider": // koanf's, from a map
		pkg, _, _ := strings.Cut(calledPkg(n), "/providers/")
		d.m.settingPkgs[importpath.Unversioned(pkg)] = true
		if len(n.K) == 3 && n.K[1].Op == program.Composite && strings.HasPrefix(n.K[1].T, "map[") {
			delim, _ := stringConst(n.K[2])
			flatten("", n.K[1], delim, n.Line, d.addKey)
		}
	case "BindPFlag": // viper's: the key has the flag's default
		if len(n.K) == 3 && n.K[2].Op == program.Call && calledName(n.K[2]) == "Lookup" && len(n.K[2].K) == 2 {
			key, ok1 := stringConst(n.K[1])
			flag, ok2 := stringConst(n.K[2].K[1])
			if ok1 && ok2 {
				d.bound[strings.ToLower(key)] = strings.ToLower(flag)
			}
		}
	case "BindPFlags":
		d.allBound = true
	default:
		if s, ok := declaredSetting(fn, n.K); ok {
			d.m.flagPkgs[importpath.Unversioned(calledPkg(n))] = true
			d.add(d.m.flags, s.key, flagName(s.key, calledPkg(n) == "flag"), s.def, max(n.Line, s.line))
		}
	}
}

// flagLiteral is a flag of a library that declares them as literals, as urfave/cli
// does, with its default and where that stands.
func flagLiteral(n *program.Node) (key string, def *constant, line int32, ok bool) {
	isBool := strings.HasSuffix(n.T, ".BoolFlag")
	if !isBool && !strings.HasSuffix(n.T, ".StringFlag") {
		return "", nil, 0, false
	}
	def, line = &constant{k: 's'}, n.Line
	if isBool {
		def = &constant{k: 'b', s: "false"}
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
	return key, def, line, key != ""
}

// destination sets the variable that the literal of a flag names.
func (m *machine) destination(n *program.Node, f *frame) {
	key, def, line, ok := flagLiteral(n)
	if !ok || def == nil {
		return
	}
	for _, kv := range n.K {
		if kv.Op == program.KV && kv.K[0].S == "Destination" && kv.K[1].Op == program.Addr {
			p := &preset{constant: *def, at: place{m.file(f), line}, name: flagName(key, false)}
			m.put(kv.K[1].K[0], &unknown{t: kindName(def), labels: words(key), def: p}, f)
		}
	}
}

// calledPkg is the package of the function or method that a call names, "" if it
// is not known.
func calledPkg(n *program.Node) string {
	switch fun := n.K[0]; fun.Op {
	case program.Global:
		return pkgOf(fun.S)
	case program.Method:
		return pkgOf(fun.T + "." + fun.S)
	}
	return ""
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
	key  string
	def  *constant
	line int32 // of the default
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
	return declared{key, d, args[len(args)-2].Line}, true
}

// flatten lists the settings of a map of defaults by the keys they are read by.
func flatten(key string, n *program.Node, delim string, line int32, add func(string, *constant, int32)) {
	if n.Op != program.Composite || !strings.HasPrefix(n.T, "map[") && n.T != "" {
		add(key, constantOf(n), max(line, n.Line))
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
