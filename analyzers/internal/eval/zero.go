package eval

import (
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/program"
)

// zero is the zero value of a type.
func (m *machine) zero(t string) value {
	if strings.HasPrefix(t, "*") {
		if m.sim != nil {
			return nilValue{}
		}
		t = t[1:] // registering, what is declared is made before it is used
	}
	switch {
	case t == "string":
		return str("")
	case t == "bool":
		return boolean(false, false)
	case t == "int" || t == "int64" || t == "uint" || t == "int32" || t == "uint64" || t == "uint32" || t == "int8" || t == "uint8" || t == "int16" || t == "uint16":
		return num(0)
	case t == "error" || strings.HasPrefix(t, "func("):
		return nilValue{}
	case strings.HasPrefix(t, "[]") || t == "encoding/json.RawMessage":
		return &list{t: t}
	case strings.HasPrefix(t, "map["):
		return &table{t: t, e: map[string]value{}}
	case m.types[t] != nil && m.types[t].Interface == nil && m.types[t].Under == "", strings.HasPrefix(t, "struct{"):
		return m.newObject(t)
	}
	if f := routerType(t); f != nil {
		return m.newRouter(f, t, place{})
	}
	if ty := m.types[t]; ty != nil && m.sim != nil {
		switch {
		case ty.Interface != nil:
			return nilValue{}
		case ty.Under == "string" || ty.Under == "bool" || ty.Under == "int" || strings.HasPrefix(ty.Under, "int") || strings.HasPrefix(ty.Under, "uint"):
			return m.zero(ty.Under)
		}
	}
	return &unknown{t: t}
}

// zeroOf is the zero value of a field or result.
func (m *machine) zeroOf(p program.Param) value {
	if p.Ptr {
		return m.zero("*" + p.Type)
	}
	return m.zero(p.Type)
}

// packageLevel is when the values of package variables are born. Their switches
// are turned while the program runs, on and off: what one was last says nothing.
const packageLevel = -1

// newObject makes a value of a struct type of the program.
func (m *machine) newObject(t string) *object {
	o := &object{t: t, f: map[string]value{}, born: m.steps}
	if m.sim != nil {
		o.sim, o.fresh, o.anon, o.unsure = m.sim, true, m.anonNow(), m.sim.unsure
	}
	if m.making > 0 {
		o.born = packageLevel
	}
	if m.sim == nil && t != "" {
		m.made[t] = append(m.made[t], o)
	}
	return o
}

// routerType finds the family a router's type belongs to.
func routerType(t string) *family {
	pkg, typ, name := split(t)
	if typ != "" || pkg == "" {
		return nil
	}
	f := known(pkg)
	if f == nil {
		return nil
	}
	for _, n := range f.types {
		if n == name {
			return f
		}
	}
	return nil
}
