package flow

import (
	"fmt"

	"github.com/launchgate/launchgate/analyzers/internal/callee"
	"github.com/launchgate/launchgate/analyzers/internal/sensitive"
	"github.com/launchgate/launchgate/analyzers/internal/sinks"
	"github.com/launchgate/launchgate/analyzers/internal/wire"
)

// GobEncode writes the facts with a string table: the same facts make the same
// bytes.
func (f *Facts) GobEncode() ([]byte, error) {
	e := &encoder{srcs: map[*Source]int{}, steps: map[*step]int{}}
	p := f.p
	if p == nil {
		p = &pkgFacts{}
	}
	e.Uint(len(p.funcs))
	for _, k := range sortedKeys(p.funcs) {
		e.Str(k)
		e.summary(p.funcs[k])
	}
	e.values(p.globals)
	e.Uint(len(p.pending))
	for _, q := range p.pending {
		e.Str(q.method)
		e.Uint(q.input)
		e.Bits(q.err)
		e.source(q.src)
		e.chain(q.step)
	}
	e.values(p.written)
	e.Uint(len(p.outside))
	for _, u := range p.outside {
		e.use(u)
	}
	e.values(p.fields)
	e.Strs(sortedKeys(p.mixed))
	return e.Bytes(), nil
}

type encoder struct {
	wire.Encoder
	srcs  map[*Source]int
	steps map[*step]int
}

func (e *encoder) source(s *Source) {
	if s == nil {
		e.Uint(0)
		return
	}
	if n, ok := e.srcs[s]; ok {
		e.Uint(n + 1)
		return
	}
	e.srcs[s] = len(e.srcs) + 1
	e.Uint(1)
	e.Uint(int(s.Kind))
	e.Bits(s.digits, s.foreign, s.local, s.Weak, s.Login)
	e.Uint(s.line)
	for _, x := range []string{string(s.Class), s.Level, s.What, s.Term, s.Key, s.JSON, s.Type, s.file} {
		e.Str(x)
	}
	e.Strs(s.Shown)
	e.Uint(len(s.Held))
	for _, d := range s.Held {
		e.Str(string(d.Class))
		e.Str(d.Term)
	}
}

func (e *encoder) chain(s *step) {
	if s == nil {
		e.Uint(0)
		return
	}
	if n, ok := e.steps[s]; ok {
		e.Uint(n + 1)
		return
	}
	e.Uint(1)
	e.Str(s.file)
	e.Uint(s.line)
	e.Str(s.note)
	e.Uint(s.n)
	e.chain(s.prev)
	e.steps[s] = len(e.steps) + 1
}

func (e *encoder) value(v *value) {
	if v == nil || v == unknown {
		e.Uint(0)
		return
	}
	if v.clean {
		e.Uint(map[bool]int{false: 1, true: 6}[v.said])
		return
	}
	switch {
	case v.sealed:
		e.Uint(3)
	case v.quiet:
		e.Uint(4)
	case v.mixed:
		e.Uint(5)
	default:
		e.Uint(2)
	}
	e.Uint(len(v.labels))
	for _, l := range v.labels {
		e.source(l.src)
		e.Uint(l.in.param)
		e.Str(l.in.path)
		e.Str(l.in.global)
		e.Bits(l.err, l.text)
		e.Uint(int(l.thin))
		e.Uint(l.format)
		e.chain(l.step)
	}
	e.values(v.parts)
}

func (e *encoder) values(vs map[string]*value) {
	e.Uint(len(vs))
	for _, k := range sortedKeys(vs) {
		e.Str(k)
		e.value(vs[k])
	}
}

func (e *encoder) summary(s *summary) {
	e.Bits(s.method, s.variadic)
	e.Uint(s.inputs)
	e.Uint(len(s.results))
	for _, r := range s.results {
		e.value(r)
	}
	e.Uint(len(s.effects))
	for _, i := range sortedInts(s.effects) {
		e.Uint(i)
		e.value(s.effects[i])
	}
	e.values(s.globals)
	e.Uint(len(s.sinks))
	for _, u := range s.sinks {
		e.use(u)
	}
	e.Uint(len(s.calls))
	for _, c := range s.calls {
		e.Uint(c.in.param)
		e.Str(c.in.path)
		e.Str(c.in.global)
		e.Uint(len(c.args))
		for _, a := range c.args {
			e.value(a)
		}
	}
}

func (e *encoder) use(u *sinkUse) {
	e.Uint(u.in.param)
	e.Str(u.in.path)
	e.Str(u.in.global)
	e.Bits(u.debug, u.err, u.kv, u.wrapper, u.sink.JSON, u.sink.Stdout, u.text, u.held, u.sink.Text)
	e.Uint(int(u.thin))
	e.Uint(int(u.sink.Kind))
	e.Uint(u.format + 1)
	e.Uint(u.key + 1)
	e.Uint(u.url)
	e.Uint(u.line)
	for _, x := range []string{u.sink.call.Func.Pkg, u.sink.call.Func.Recv, u.sink.call.Func.Name, u.sink.Who, u.sink.Category, u.sink.Via, u.name, u.symbol, u.file} {
		e.Str(x)
	}
	e.chain(u.step)
	e.Strs(u.told)
}

// GobDecode reads what GobEncode wrote.
func (f *Facts) GobDecode(data []byte) error {
	if err := wire.Decode(data, func(d *wire.Decoder) { f.p = (&decoder{Decoder: d}).facts() }); err != nil {
		return fmt.Errorf("flow: %w", err)
	}
	return nil
}

type decoder struct {
	*wire.Decoder
	srcs  []*Source
	steps []*step
}

func (d *decoder) facts() *pkgFacts {
	p := &pkgFacts{funcs: map[string]*summary{}}
	for range d.Count() {
		k := d.Str()
		p.funcs[k] = d.summary()
	}
	p.globals = d.values(0)
	for range d.Count() {
		q := &pending{method: d.Str(), input: d.Uint()}
		d.Bits(&q.err)
		if q.src = d.source(); q.src == nil {
			panic(wire.ErrCorrupt)
		}
		q.step = d.chain(0)
		p.pending = append(p.pending, q)
	}
	p.written = d.values(0)
	for range d.Count() {
		p.outside = append(p.outside, d.use())
	}
	p.fields = d.values(0)
	for _, key := range d.Strs() {
		if p.mixed == nil {
			p.mixed = map[string]bool{}
		}
		p.mixed[key] = true
	}
	return p
}

func (d *decoder) source() *Source {
	n := d.Uint()
	if n == 0 {
		return nil
	}
	if n > 1 {
		return d.srcs[n-2]
	}
	s := &Source{}
	d.srcs = append(d.srcs, s)
	s.Kind = Kind(d.Uint())
	d.Bits(&s.digits, &s.foreign, &s.local, &s.Weak, &s.Login)
	s.line = d.Uint()
	s.Class = sensitive.Class(d.Str())
	for _, x := range []*string{&s.Level, &s.What, &s.Term, &s.Key, &s.JSON, &s.Type, &s.file} {
		*x = d.Str()
	}
	s.Shown = d.Strs()
	for range d.Count() {
		s.Held = append(s.Held, Datum{sensitive.Class(d.Str()), d.Str()})
	}
	return s
}

func (d *decoder) chain(depth int) *step {
	n := d.Uint()
	if n == 0 {
		return nil
	}
	if n > 1 {
		return d.steps[n-2]
	}
	if depth > 4*maxSteps {
		panic(wire.ErrCorrupt)
	}
	s := &step{file: d.Str(), line: d.Uint(), note: d.Str(), n: d.Uint()}
	s.prev = d.chain(depth + 1)
	d.steps = append(d.steps, s)
	return s
}

func (d *decoder) value(depth int) *value {
	if depth > 4*maxDepth {
		panic(wire.ErrCorrupt)
	}
	kind := d.Uint()
	switch kind {
	case 0:
		return unknown
	case 1:
		return clean
	case 6:
		return sanitized
	}
	v := &value{sealed: kind == 3, quiet: kind == 4, mixed: kind == 5}
	for range d.Count() {
		l := label{src: d.source()}
		l.in.param, l.in.path, l.in.global = d.Uint(), d.Str(), d.Str()
		d.Bits(&l.err, &l.text)
		l.thin, l.format = thin(d.Uint()), d.Uint()
		l.step = d.chain(0)
		v.labels = append(v.labels, l)
	}
	v.parts = d.values(depth + 1)
	return v
}

// values reads what values of the encoder wrote; none is nil.
func (d *decoder) values(depth int) map[string]*value {
	n := d.Count()
	if n == 0 {
		return nil
	}
	vs := make(map[string]*value, n)
	for range n {
		k := d.Str()
		vs[k] = d.value(depth)
	}
	return vs
}

func (d *decoder) summary() *summary {
	s := &summary{}
	d.Bits(&s.method, &s.variadic)
	s.inputs = d.Uint()
	for range d.Count() {
		s.results = append(s.results, d.value(0))
	}
	for range d.Count() {
		if s.effects == nil {
			s.effects = map[int]*value{}
		}
		i := d.Uint()
		s.effects[i] = d.value(0)
	}
	s.globals = d.values(0)
	for range d.Count() {
		s.sinks = append(s.sinks, d.use())
	}
	for range d.Count() {
		c := &callUse{}
		c.in.param, c.in.path, c.in.global = d.Uint(), d.Str(), d.Str()
		for range d.Count() {
			c.args = append(c.args, d.value(0))
		}
		s.calls = append(s.calls, c)
	}
	return s
}

func (d *decoder) use() *sinkUse {
	u := &sinkUse{}
	u.in.param, u.in.path, u.in.global = d.Uint(), d.Str(), d.Str()
	d.Bits(&u.debug, &u.err, &u.kv, &u.wrapper, &u.sink.JSON, &u.sink.Stdout, &u.text, &u.held, &u.sink.Text)
	u.thin = thin(d.Uint())
	u.sink.Kind = SinkKind(d.Uint())
	u.format = d.Uint() - 1
	u.key = d.Uint() - 1
	u.url = d.Uint()
	u.line = d.Uint()
	var id callee.Func
	for _, x := range []*string{&id.Pkg, &id.Recv, &id.Name, &u.sink.Who, &u.sink.Category, &u.sink.Via, &u.name, &u.symbol, &u.file} {
		*x = d.Str()
	}
	if s, ok := sinks.Lookup(id); ok {
		u.sink.call = s
	} else {
		u.sink.call.Func = id
	}
	u.step = d.chain(0)
	u.told = d.Strs()
	return u
}
