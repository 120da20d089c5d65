package flow

import (
	"slices"
)

// collect returns everything a value carries when it is used whole.
func (f *fn) collect(v *value) []label {
	c := collector{f: f}
	c.from(v)
	return c.out
}

// collector gathers what a value carries, each place of memory once: objects may
// point to each other in a circle.
type collector struct {
	f    *fn
	out  []label
	seen []*loc
	// all says that the parts of what is sensitive as a whole count, too, and the
	// whole does not: for whoever takes it apart.
	all bool
}

func (c *collector) from(v *value) {
	if v == nil || v.clean {
		return
	}
	c.f.left(v)
	if c.all {
		c.out = c.f.add(c.out, contents(v.labels))
	} else {
		c.out = c.f.add(c.out, v.labels)
		for _, l := range v.labels {
			if l.src != nil && l.src.Kind == Whole {
				return // its parts are what makes it sensitive
			}
		}
		if v.sealed {
			return
		}
	}
	for _, r := range v.refs {
		if !slices.Contains(c.seen, r) {
			c.seen = append(c.seen, r)
			c.from(c.f.cur.get(r))
		}
	}
	for _, k := range sortedKeys(v.parts) {
		if k != yielded(0) && k != yielded(1) {
			c.from(v.parts[k])
		}
	}
}

// flatten omissions a value that is nested too deep.
func (f *fn) flatten(v *value) *value {
	if v == nil {
		return unknown
	}
	if len(v.parts) == 0 || nesting(v) <= maxDepth+1 {
		return v
	}
	return f.cut(v, 0)
}

func nesting(v *value) int {
	n := 0
	for _, p := range v.parts {
		n = max(n, nesting(p)+1)
	}
	return n
}

func (f *fn) cut(v *value, depth int) *value {
	if len(v.parts) == 0 {
		return v
	}
	w := *v
	if depth > maxDepth {
		f.meet("depth of one value")
		w.labels, w.parts = f.collect(v), nil
		return &w
	}
	w.parts = make(map[string]*value, len(v.parts))
	for k, p := range v.parts {
		w.parts[k] = f.cut(p, depth+1)
	}
	return &w
}
