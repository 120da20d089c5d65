package eval

import (
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/importpath"
	"github.com/launchgate/launchgate/analyzers/internal/program"
)

// Containers for dependencies are given constructors and call them, when
// somebody needs what they return, with what other constructors return.

// isContainer reports whether a package is such a container.
func isContainer(pkg string) bool {
	switch importpath.Unversioned(pkg) {
	case "go.uber.org/fx", "go.uber.org/dig", "github.com/samber/do", "github.com/google/wire":
		return true
	}
	return false
}

// container carries out what a container's functions do; ok is false if the
// function is none of them.
func (m *machine) container(pkg, fn string, c call) (value, bool) {
	if !isContainer(pkg) {
		return nil, false
	}
	switch fn {
	case "Provide", "ProvideValue", "ProvideNamed", "Supply", "Decorate", "Replace", "NewSet": // wire's sets are called by what it generates, if that is there
		for _, a := range c.args {
			m.offer(a)
		}
	case "Invoke", "MustInvoke", "InvokeNamed", "MustInvokeNamed":
		for _, cl := range closuresIn(c.args) {
			m.queue = append(m.queue, queued{v: cl})
		}
		if len(closuresIn(c.args)) == 0 {
			v := m.provide(c.of)
			switch {
			case v == nil:
				return nil, false
			case strings.HasPrefix(fn, "Must"):
				return v, true
			}
			return tuple{v, nilValue{}}, true
		}
	case "Annotate", "Module", "Options", "New", "As", "ParamTags", "ResultTags", "OnStart", "OnStop", "Private", "WithLogger", "Annotated", "Build", "Bind", "Struct", "Value", "InterfaceValue", "FieldsOf":
	default:
		return nil, false
	}
	ex := &external{name: pkg + "." + fn, args: c.args, called: true, pos: c.pos, t: resultType(c)}
	if ex.t == "error" {
		return nilValue{}, true
	}
	return ex, true
}

// offer remembers a constructor, or a value itself, for those who need what it
// returns.
func (m *machine) offer(v value) {
	switch x := v.(type) {
	case *closure:
		if len(x.fn.Results) == 0 {
			return
		}
		if m.providers == nil {
			m.providers = map[string]*closure{}
		}
		for _, r := range x.fn.Results {
			if m.providers[r.Type] == nil && r.Type != "error" {
				m.providers[r.Type] = x
			}
		}
		if x.fn.relevant {
			m.offered = append(m.offered, queued{v: x})
		}
	case *object:
		if m.provided == nil {
			m.provided = map[string]value{}
		}
		m.provided[x.t] = x
	case *external:
		for _, a := range x.args {
			switch a := a.(type) {
			case *closure, *external:
				m.offer(a)
			case fieldArg: // of an fx.Annotated
				m.offer(a.v)
			}
		}
	}
}

// closuresIn are the functions among arguments, also annotated ones.
func closuresIn(args []value) []*closure {
	var out []*closure
	for _, a := range args {
		switch x := a.(type) {
		case *closure:
			out = append(out, x)
		case *external:
			if isContainer(pkgOf(x.name)) && lastName(x.name) == "Annotate" {
				out = append(out, closuresIn(x.args)...)
			}
		}
	}
	return out
}

// provide is what a container hands to those who need a value of a type, nil if
// it has none.
func (m *machine) provide(t string) value {
	if len(m.providers) == 0 && len(m.provided) == 0 {
		return nil
	}
	if v, ok := m.provided[t]; ok {
		return v // nil while it is being made
	}
	if m.provided == nil {
		m.provided = map[string]value{}
	}
	made, cl := t, m.providers[t]
	if cl == nil {
		if made = m.providedAs(t); made == "" {
			return nil
		}
		if v, ok := m.provided[made]; ok {
			return v
		}
		cl = m.providers[made]
	}
	m.provided[t], m.provided[made] = nil, nil
	v := m.callFunc(cl, call{n: &program.Node{}, args: m.guess(cl)})
	for i, r := range cl.fn.Results {
		if r.Type != made {
			continue
		}
		if parts, ok := v.(tuple); ok && i < len(parts) {
			v = parts[i]
		}
		break
	}
	if isUnknown(v) || isNil(v) {
		return nil
	}
	m.provided[t], m.provided[made] = v, v
	return v
}

// providedAs is the type that a container makes and that implements an interface
// of the program, "" if it makes none or several.
func (m *machine) providedAs(t string) string {
	ty := m.types[t]
	if ty == nil || len(ty.Interface) == 0 {
		return ""
	}
	var found []string
	for made := range m.providers {
		if m.types[made] != nil && m.types[made].Interface == nil && !slices.ContainsFunc(ty.Interface, func(need string) bool { return need != "" && m.method(made, need) == nil }) {
			found = append(found, made)
		}
	}
	if len(found) != 1 {
		return ""
	}
	return found[0]
}

// parameters is the struct that a container fills in for a function that takes
// what it needs as one, nil if a type is none.
func (m *machine) parameters(t string) value {
	ty := m.types[t]
	if ty == nil || len(m.providers) == 0 || !slices.ContainsFunc(ty.Fields, func(f program.Param) bool {
		return f.Name == "In" && isContainer(pkgOf(f.Type))
	}) {
		return nil
	}
	o := m.newObject(t)
	for _, f := range ty.Fields {
		if v := m.provide(f.Type); v != nil {
			o.f[f.Name] = v
		}
	}
	return o
}
