package flow

import (
	"encoding/binary"
	"errors"

	"github.com/launchgate/launchgate/analyzers/internal/callee"
	"github.com/launchgate/launchgate/analyzers/internal/sensitive"
	"github.com/launchgate/launchgate/analyzers/internal/sinks"
)

// GobEncode writes the facts with a string table: the same facts make the same
// bytes.
func (f *Facts) GobEncode() ([]byte, error) {
	e := &encoder{index: map[string]uint64{}, srcs: map[*Source]uint64{}, steps: map[*step]uint64{}}
	p := f.p
	if p == nil {
		p = &pkgFacts{}
	}
	e.uint(len(p.funcs))
	for _, k := range sortedKeys(p.funcs) {
		e.str(k)
		e.summary(p.funcs[k])
	}
	e.uint(len(p.globals))
	for _, k := range sortedKeys(p.globals) {
		e.str(k)
		e.value(p.globals[k])
	}
	e.uint(len(p.pending))
	for _, q := range p.pending {
		e.str(q.method)
		e.uint(q.input)
		e.bits(q.err)
		e.source(q.src)
		e.chain(q.step)
	}
	return e.buf, nil
}

type encoder struct {
	buf   []byte
	index map[string]uint64
	srcs  map[*Source]uint64
	steps map[*step]uint64
}

func (e *encoder) uint(n int) { e.buf = binary.AppendUvarint(e.buf, uint64(max(n, 0))) }

// str writes a number for a string seen before, else 0, length and bytes.
func (e *encoder) str(s string) {
	if n, ok := e.index[s]; ok {
		e.buf = binary.AppendUvarint(e.buf, n)
		return
	}
	e.index[s] = uint64(len(e.index) + 1)
	e.uint(0)
	e.uint(len(s))
	e.buf = append(e.buf, s...)
}

func (e *encoder) bits(bs ...bool) {
	n := 0
	for i, b := range bs {
		if b {
			n |= 1 << i
		}
	}
	e.uint(n)
}

func (e *encoder) source(s *Source) {
	if s == nil {
		e.uint(0)
		return
	}
	if n, ok := e.srcs[s]; ok {
		e.buf = binary.AppendUvarint(e.buf, n+1)
		return
	}
	e.srcs[s] = uint64(len(e.srcs) + 1)
	e.uint(1)
	e.uint(int(s.Kind))
	e.bits(s.digits, s.foreign, s.local, s.Weak)
	e.uint(s.line)
	for _, x := range []string{string(s.Class), s.Level, s.What, s.Term, s.Key, s.JSON, s.Type, s.file} {
		e.str(x)
	}
	e.uint(len(s.Shown))
	for _, m := range s.Shown {
		e.str(m)
	}
	e.uint(len(s.Held))
	for _, d := range s.Held {
		e.str(string(d.Class))
		e.str(d.Term)
	}
}

func (e *encoder) chain(s *step) {
	if s == nil {
		e.uint(0)
		return
	}
	if n, ok := e.steps[s]; ok {
		e.buf = binary.AppendUvarint(e.buf, n+1)
		return
	}
	e.uint(1)
	e.str(s.file)
	e.uint(s.line)
	e.str(s.note)
	e.uint(s.n)
	e.chain(s.prev)
	e.steps[s] = uint64(len(e.steps) + 1)
}

func (e *encoder) value(v *value) {
	if v == nil || v == unknown {
		e.uint(0)
		return
	}
	if v.clean {
		e.uint(1)
		return
	}
	e.uint(2)
	e.uint(len(v.labels))
	for _, l := range v.labels {
		e.source(l.src)
		e.uint(l.in.param)
		e.str(l.in.path)
		e.bits(l.err, l.text)
		e.chain(l.step)
	}
	e.uint(len(v.parts))
	for _, k := range sortedKeys(v.parts) {
		e.str(k)
		e.value(v.parts[k])
	}
}

func (e *encoder) summary(s *summary) {
	e.bits(s.method, s.variadic)
	e.uint(s.inputs)
	e.uint(len(s.results))
	for _, r := range s.results {
		e.value(r)
	}
	e.uint(len(s.effects))
	for _, i := range sortedInts(s.effects) {
		e.uint(i)
		e.value(s.effects[i])
	}
	e.uint(len(s.sinks))
	for _, u := range s.sinks {
		e.uint(u.in.param)
		e.str(u.in.path)
		e.bits(u.debug, u.err, u.kv, u.wrapper, u.sink.JSON, u.sink.Stdout, u.text)
		e.uint(int(u.sink.Kind))
		e.uint(u.format + 1)
		e.uint(u.key + 1)
		e.uint(u.url)
		e.uint(u.line)
		for _, x := range []string{u.sink.call.Func.Pkg, u.sink.call.Func.Recv, u.sink.call.Func.Name, u.sink.Who, u.sink.Category, u.sink.Via, u.name, u.symbol, u.file} {
			e.str(x)
		}
		e.chain(u.step)
		e.uint(len(u.told))
		for _, t := range u.told {
			e.str(t)
		}
	}
	e.uint(len(s.calls))
	for _, c := range s.calls {
		e.uint(c.in.param)
		e.str(c.in.path)
		e.uint(len(c.args))
		for _, a := range c.args {
			e.value(a)
		}
	}
}

var errCorrupt = errors.New("flow fact: corrupt")

// GobDecode reads what GobEncode wrote.
func (f *Facts) GobDecode(data []byte) (err error) {
	defer func() {
		if recover() != nil { // an index out of range: the fact is not ours
			err = errCorrupt
		}
	}()
	d := &decoder{buf: data}
	p := &pkgFacts{funcs: map[string]*summary{}, globals: map[string]*value{}}
	for range d.count() {
		k := d.str()
		p.funcs[k] = d.summary()
	}
	for range d.count() {
		k := d.str()
		p.globals[k] = d.value(0)
	}
	for range d.count() {
		q := &pending{method: d.str(), input: d.uint(), err: d.uint() == 1}
		if q.src = d.source(); q.src == nil {
			panic(errCorrupt)
		}
		q.step = d.chain(0)
		p.pending = append(p.pending, q)
	}
	f.p = p
	return nil
}

type decoder struct {
	buf   []byte
	table []string
	srcs  []*Source
	steps []*step
}

func (d *decoder) uint() int {
	n, w := binary.Uvarint(d.buf)
	if w <= 0 || n > 1<<40 {
		panic(errCorrupt)
	}
	d.buf = d.buf[w:]
	return int(n)
}

// count is a length; it can never exceed what is left to read.
func (d *decoder) count() int {
	n := d.uint()
	if n > len(d.buf) {
		panic(errCorrupt)
	}
	return n
}

func (d *decoder) str() string {
	n := d.uint()
	if n > 0 {
		return d.table[n-1]
	}
	l := d.count()
	s := string(d.buf[:l])
	d.buf = d.buf[l:]
	d.table = append(d.table, s)
	return s
}

func (d *decoder) source() *Source {
	n := d.uint()
	if n == 0 {
		return nil
	}
	if n > 1 {
		return d.srcs[n-2]
	}
	s := &Source{}
	d.srcs = append(d.srcs, s)
	s.Kind = Kind(d.uint())
	bits := d.uint()
	s.digits, s.foreign, s.local, s.Weak = bits&1 != 0, bits&2 != 0, bits&4 != 0, bits&8 != 0
	s.line = d.uint()
	s.Class = sensitive.Class(d.str())
	for _, x := range []*string{&s.Level, &s.What, &s.Term, &s.Key, &s.JSON, &s.Type, &s.file} {
		*x = d.str()
	}
	for range d.count() {
		s.Shown = append(s.Shown, d.str())
	}
	for range d.count() {
		s.Held = append(s.Held, Datum{sensitive.Class(d.str()), d.str()})
	}
	return s
}

func (d *decoder) chain(depth int) *step {
	n := d.uint()
	if n == 0 {
		return nil
	}
	if n > 1 {
		return d.steps[n-2]
	}
	if depth > 4*maxSteps {
		panic(errCorrupt)
	}
	s := &step{file: d.str(), line: d.uint(), note: d.str(), n: d.uint()}
	s.prev = d.chain(depth + 1)
	d.steps = append(d.steps, s)
	return s
}

func (d *decoder) value(depth int) *value {
	if depth > 4*maxDepth {
		panic(errCorrupt)
	}
	switch d.uint() {
	case 0:
		return unknown
	case 1:
		return clean
	}
	v := &value{}
	for range d.count() {
		l := label{src: d.source()}
		l.in.param, l.in.path = d.uint(), d.str()
		b := d.uint()
		l.err, l.text = b&1 != 0, b&2 != 0
		l.step = d.chain(0)
		v.labels = append(v.labels, l)
	}
	n := d.count()
	if n > 0 {
		v.parts = make(map[string]*value, n)
	}
	for range n {
		k := d.str()
		v.parts[k] = d.value(depth + 1)
	}
	return v
}

func (d *decoder) summary() *summary {
	s := &summary{}
	b := d.uint()
	s.method, s.variadic = b&1 != 0, b&2 != 0
	s.inputs = d.uint()
	for range d.count() {
		s.results = append(s.results, d.value(0))
	}
	for range d.count() {
		if s.effects == nil {
			s.effects = map[int]*value{}
		}
		i := d.uint()
		s.effects[i] = d.value(0)
	}
	for range d.count() {
		u := &sinkUse{}
		u.in.param, u.in.path = d.uint(), d.str()
		b := d.uint()
		u.debug, u.err, u.kv, u.wrapper, u.sink.JSON, u.sink.Stdout, u.text = b&1 != 0, b&2 != 0, b&4 != 0, b&8 != 0, b&16 != 0, b&32 != 0, b&64 != 0
		u.sink.Kind = SinkKind(d.uint())
		u.format = d.uint() - 1
		u.key = d.uint() - 1
		u.url = d.uint()
		u.line = d.uint()
		var id callee.Func
		for _, x := range []*string{&id.Pkg, &id.Recv, &id.Name, &u.sink.Who, &u.sink.Category, &u.sink.Via, &u.name, &u.symbol, &u.file} {
			*x = d.str()
		}
		if s, ok := sinks.Lookup(id); ok {
			u.sink.call = s
		} else {
			u.sink.call.Func = id
		}
		u.step = d.chain(0)
		for range d.count() {
			u.told = append(u.told, d.str())
		}
		s.sinks = append(s.sinks, u)
	}
	for range d.count() {
		c := &callUse{}
		c.in.param, c.in.path = d.uint(), d.str()
		for range d.count() {
			c.args = append(c.args, d.value(0))
		}
		s.calls = append(s.calls, c)
	}
	return s
}
