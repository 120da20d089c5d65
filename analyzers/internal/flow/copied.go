package flow

import (
	"go/types"
	"reflect"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/callee"
)

// Libraries that take objects apart by reflection put what a field holds under its
// name: into a map, into the field of that name of another type, into a text and
// out of it again.

// copiers are functions that fill one argument from another, field by field, with
// the tags that rename fields.
var copiers = map[callee.Func]struct {
	from, to int
	tags     []string
}{
	{Pkg: "github.com/mitchellh/mapstructure", Name: "Decode"}: {0, 1, []string{"mapstructure"}}, {Pkg: "github.com/mitchellh/mapstructure", Name: "WeakDecode"}: {0, 1, []string{"mapstructure"}},
	{Pkg: "github.com/go-viper/mapstructure", Name: "Decode"}: {0, 1, []string{"mapstructure"}}, {Pkg: "github.com/go-viper/mapstructure", Name: "WeakDecode"}: {0, 1, []string{"mapstructure"}},
	{Pkg: "github.com/jinzhu/copier", Name: "Copy"}: {1, 0, nil}, {Pkg: "github.com/jinzhu/copier", Name: "CopyWithOption"}: {1, 0, nil},
	{Pkg: "github.com/ulule/deepcopier", Name: "Copy"}: {1, 0, nil}, {Pkg: "dario.cat/mergo", Name: "Merge"}: {1, 0, nil}, {Pkg: "github.com/imdario/mergo", Name: "Merge"}: {1, 0, nil},
	{Pkg: "dario.cat/mergo", Name: "Map"}: {1, 0, nil}, {Pkg: "github.com/imdario/mergo", Name: "Map"}: {1, 0, nil},
}

// mappers make a map of a struct.
var mappers = map[callee.Func]bool{
	{Pkg: "github.com/fatih/structs", Name: "Map"}: true, {Pkg: "github.com/fatih/structs", Name: "Values"}: true, {Pkg: "github.com/fatih/structs", Recv: "Struct", Name: "Map"}: true,
}

// encoded is the part of a text that stands for the object it was made of, its
// fields under the keys they have in it.
const encoded = "{json}"

// copiedFields interprets such calls.
func (v *invocation) copiedFields() ([]*value, bool) {
	f := v.f
	id := v.id
	if i := strings.LastIndex(id.Pkg, "/v"); i > 0 {
		id.Pkg = id.Pkg[:i]
	}
	if mappers[id] && len(v.args) == 1 {
		return []*value{hop(f.underKeys(v.args[0], "structs"), v.call.Pos(), "goes through "+v.text)}, true
	}
	c, ok := copiers[id]
	if !ok || len(v.args) < 2 {
		return nil, false
	}
	from := hop(f.underKeys(v.args[c.from], c.tags...), v.call.Pos(), "is copied by "+v.text)
	f.fill(v.args[c.to], from, c.tags...)
	return all(unknown, v.n), true
}

// fieldKeys are the names a field goes by, in lower case, the one of a tag first.
func fieldKeys(st *types.Struct, i int, tags []string) []string {
	var out []string
	for _, k := range tags {
		if name, _, _ := strings.Cut(reflect.StructTag(st.Tag(i)).Get(k), ","); name == "-" {
			return nil
		} else if name != "" {
			out = append(out, strings.ToLower(name))
		}
	}
	return append(out, strings.ToLower(st.Field(i).Name()))
}

// underKeys is an object with what its fields hold under their names.
func (f *fn) underKeys(a argument, tags ...string) *value {
	v := f.deref(a.val)
	out := &value{}
	for _, l := range a.val.labels {
		if l.src != nil && (l.src.Kind == Whole || l.src.Kind == Dump) {
			out.labels = append(out.labels, l)
		}
	}
	if v.clean {
		return clean
	}
	st := structOf(f.typeOf(a.expr))
	if st == nil {
		for _, k := range sortedKeys(v.parts) {
			if strings.HasPrefix(k, `"`) {
				out = setPart(out, strings.ToLower(k), v.parts[k])
			} else if k == elem {
				out = setPart(out, k, v.parts[k])
			}
		}
		return out
	}
	for i := range st.NumFields() {
		names := fieldKeys(st, i, tags)
		if len(names) == 0 || !st.Field(i).Exported() {
			continue
		}
		if p := part(v, st.Field(i).Name()); p != unknown {
			out = setPart(out, quoted(names[0]), p)
		}
	}
	return out
}

// structOf is the struct that t is or points to.
func structOf(t types.Type) *types.Struct {
	if t == nil {
		return nil
	}
	u := t.Underlying()
	if p, ok := u.(*types.Pointer); ok {
		u = p.Elem().Underlying()
	}
	st, _ := u.(*types.Struct)
	return st
}

// fill puts what stands under names into what an argument points to.
func (f *fn) fill(to argument, from *value, tags ...string) {
	if from.clean || len(from.parts)+len(from.labels) == 0 {
		f.dirty(to.val)
		return
	}
	st := structOf(f.typeOf(to.expr))
	set := func(old *value) *value {
		if old.clean {
			old = unknown
		}
		if st == nil { // a map
			for _, k := range sortedKeys(from.parts) {
				old = setPart(old, k, from.parts[k])
			}
			return withLabels(old, from.labels...)
		}
		for i := range st.NumFields() {
			for _, name := range fieldKeys(st, i, tags) {
				if p := from.parts[quoted(name)]; p != nil && st.Field(i).Exported() {
					old = setPart(old, st.Field(i).Name(), f.narrow(p, st.Field(i).Type()))
					break
				}
			}
		}
		return old
	}
	if len(to.val.refs) > 0 {
		f.storeRefs(to.val.refs, set)
		return
	}
	f.store(to.expr, set)
}

// reflected interprets what package reflect does with one field of an object.
func (v *invocation) reflected() ([]*value, bool) {
	f := v.f
	switch v.id.Name {
	case "ValueOf", "Indirect":
		if len(v.args) == 1 {
			out := &value{labels: v.carry(false)[0].labels}
			of := f.deref(v.args[0].val)
			for _, k := range sortedKeys(of.parts) {
				out = setPart(out, k, of.parts[k])
			}
			return []*value{out}, true
		}
	case "Elem", "Interface", "Addr":
		if v.recv != nil && v.id.Recv == "Value" {
			return []*value{v.recv}, true
		}
	case "FieldByName":
		if name := f.stringConst(v.args[0].expr); name != "" && v.recv != nil && v.id.Recv == "Value" {
			p := part(&value{parts: v.recv.parts}, name)
			if p.clean || told(p) {
				return []*value{p}, true
			}
			if m, ok := f.e.voc.Lexicon.Name(name); ok {
				l := named(ByAPI, m, v.call.Pos(), "the field "+quoted(name), "field "+name)
				f.doubt(l.src)
				p = withLabels(p, l)
			}
			return []*value{p}, true
		}
	}
	return nil, false
}
