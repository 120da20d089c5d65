package eval

import (
	"maps"
	"slices"
	"strings"
)

// What the standard library makes of lists and maps: copies, parts in another
// order, and the sequences that a loop goes through.

// order says what a loop over a list is given in each turn.
type order uint8

const (
	indexed   order = iota // the index and the value, as of a slice
	singly                 // the value alone
	backwards              // the same as indexed, from the end
)

// sequence carries out a function of package slices or maps, or of what they were
// before they came into the standard library.
func (m *machine) sequence(name string, args []value) (value, bool) {
	name, early := strings.CutPrefix(name, "golang.org/x/exp/")
	fn, ofSlices := strings.CutPrefix(name, "slices.")
	if !ofSlices {
		var ofMaps bool
		if fn, ofMaps = strings.CutPrefix(name, "maps."); !ofMaps {
			return nil, false
		}
	}
	if len(args) == 0 {
		return nil, false
	}
	if ofSlices && fn == "Concat" {
		return concat(args)
	}
	if ofSlices && m.sim != nil && (fn == "ContainsFunc" || fn == "IndexFunc") {
		return m.anyOf(fn, args)
	}
	switch x := args[0].(type) {
	case nilValue: // a list that holds nothing
		if ofSlices {
			return m.ofList(fn, &list{}, args[1:])
		}
	case *unknown:
		if ofSlices && (fn == "Clone" || fn == "Clip" || fn == "Grow") {
			return x, true
		}
	case *list:
		if ofSlices {
			return m.ofList(fn, x, args[1:])
		}
	case *table:
		if !ofSlices {
			v, ok := ofTable(fn, x, args[1:])
			if l, isList := v.(*list); isList && early {
				l.order = indexed // there they are slices
			}
			return v, ok
		}
	}
	return nil, false
}

func (m *machine) ofList(fn string, l *list, more []value) (value, bool) {
	copied := func(o order) *list { return &list{t: l.t, e: slices.Clone(l.e), from: l.from, order: o} }
	switch fn {
	case "Clone", "All", "Grow", "Clip", "Collect", "Sorted", "SortedFunc", "SortedStableFunc":
		return copied(indexed), true
	case "Values":
		return copied(singly), true
	case "Backward":
		out := copied(backwards)
		slices.Reverse(out.e)
		return out, true
	case "Reverse":
		// In place; what a request reorders is no other request's.
		if m.sim == nil {
			slices.Reverse(l.e)
		}
		return nilValue{}, true
	case "Insert":
		if len(more) == 0 {
			return nil, false
		}
		if i, ok := asInt(more[0]); ok && i >= 0 && i <= len(l.e) {
			return &list{t: l.t, e: slices.Insert(slices.Clone(l.e), i, m.chosenAll(more[1:])...), from: l.from}, true
		}
	case "AppendSeq":
		return concat(append([]value{l}, more...))
	}
	return nil, false
}

func ofTable(fn string, t *table, more []value) (value, bool) {
	switch fn {
	case "All", "Clone", "Collect":
		return &table{t: t.t, keys: slices.Clone(t.keys), e: maps.Clone(t.e), at: t.at, from: t.from}, true
	case "Keys":
		return &list{e: slices.Clone(t.keys), from: t.from, order: singly}, true
	case "Values":
		out := &list{from: t.from, order: singly}
		for _, k := range t.keys {
			if v := t.e[keyOf(k)]; v != nil {
				out.e = append(out.e, v)
			}
		}
		return out, true
	case "Copy":
		if len(more) == 1 {
			if from, ok := more[0].(*table); ok {
				for _, k := range from.keys {
					t.put(k, from.e[keyOf(k)])
				}
				return nilValue{}, true
			}
		}
	}
	return nil, false
}

// concat is one list of several, in which what is no list we know counts as one
// of what it holds.
func concat(parts []value) (value, bool) {
	out := &list{}
	known := false
	for _, p := range parts {
		switch x := p.(type) {
		case *list:
			known = true
			if out.t == "" {
				out.t, out.from = x.t, x.from
			}
			out.e = append(out.e, x.e...)
		case nilValue, nil:
		default:
			out.e = append(out.e, p)
		}
	}
	return out, known
}

// maxAsked bounds the elements of which a question is asked.
const maxAsked = 16

// anyOf asks a question of the elements of a list, or of one of those it may have.
func (m *machine) anyOf(fn string, args []value) (value, bool) {
	if len(args) != 2 {
		return nil, false
	}
	asks, ok := args[1].(*closure)
	if !ok {
		return nil, false
	}
	var elems []value
	switch x := args[0].(type) {
	case *list:
		elems = x.e
	case *unknown:
		elems = []value{&unknown{t: strings.TrimPrefix(x.t, "[]"), labels: x.labels, carried: x.carried, each: x.told}}
	}
	if len(elems) == 0 || len(elems) > maxAsked {
		return nil, false
	}
	all, anon := true, false // of the answers no
	var ls []string
	for i, e := range elems {
		v := m.callFunc(asks, call{n: noNode, args: []value{e}})
		known, yes, nobody := truth(v)
		switch {
		case known && yes && fn == "ContainsFunc":
			return boolean(true, nobody), true
		case known && yes && all:
			return num(i), true
		case known && !yes:
			anon = anon || nobody
		default:
			all = false
			ls = mergeLabels(ls, labels(v))
		}
	}
	if _, known := args[0].(*list); all && (known || anon) {
		if fn == "IndexFunc" {
			return constant{k: 'i', s: "-1", anon: anon}, true
		}
		return boolean(false, anon), true
	}
	t := "bool"
	if fn == "IndexFunc" {
		t = "int"
	}
	return &unknown{t: t, labels: ls}, true
}
