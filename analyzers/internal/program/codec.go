package program

import (
	"encoding/binary"
	"errors"
)

// GobEncode writes the package with a string table, which is about a tenth of
// what gob would make of the tree.
func (p *Package) GobEncode() ([]byte, error) {
	e := &encoder{index: map[string]uint64{}}
	e.str(p.Path)
	e.str(p.Name)
	e.uint(uint64(len(p.Imports)))
	for _, s := range p.Imports {
		e.str(s)
	}
	e.uint(uint64(len(p.Types)))
	for _, t := range p.Types {
		e.str(t.Name)
		e.str(t.Under)
		e.params(t.Fields)
		e.strs(t.Embedded)
		e.strs(t.Interface)
	}
	e.uint(uint64(len(p.Funcs)))
	for _, f := range p.Funcs {
		e.str(f.Name)
		if f.Recv != nil {
			e.params([]Param{*f.Recv})
		} else {
			e.params(nil)
		}
		e.params(f.Params)
		e.params(f.Results)
		flags := uint64(0)
		for i, b := range []bool{f.Variadic, f.Test, f.Literal} {
			if b {
				flags |= 1 << i
			}
		}
		e.uint(flags)
		e.str(f.File)
		e.uint(uint64(f.Line))
		e.uint(uint64(f.EndLine))
		e.node(f.Body)
	}
	e.uint(uint64(len(p.Vars)))
	for _, v := range p.Vars {
		e.node(v)
	}
	return e.buf, nil
}

type encoder struct {
	buf   []byte
	index map[string]uint64
}

func (e *encoder) uint(n uint64) { e.buf = binary.AppendUvarint(e.buf, n) }

// str writes a number for a string seen before, else 0, length and bytes.
func (e *encoder) str(s string) {
	if n, ok := e.index[s]; ok {
		e.uint(n)
		return
	}
	e.index[s] = uint64(len(e.index) + 1)
	e.uint(0)
	e.uint(uint64(len(s)))
	e.buf = append(e.buf, s...)
}

func (e *encoder) strs(s []string) {
	e.uint(uint64(len(s)))
	for _, x := range s {
		e.str(x)
	}
}

func (e *encoder) params(ps []Param) {
	e.uint(uint64(len(ps)))
	for _, p := range ps {
		e.str(p.Name)
		id := uint64(p.ID) << 1
		if p.Ptr {
			id |= 1
		}
		e.uint(id)
		e.str(p.Type)
	}
}

func (e *encoder) node(n *Node) {
	if n == nil {
		e.buf = append(e.buf, 255)
		return
	}
	e.buf = append(e.buf, byte(n.Op))
	e.buf = binary.AppendVarint(e.buf, int64(n.N))
	e.uint(uint64(n.Line))
	e.str(n.S)
	e.str(n.T)
	e.uint(uint64(len(n.K)))
	for _, k := range n.K {
		e.node(k)
	}
}

var errCorrupt = errors.New("program fact: corrupt")

// GobDecode reads what GobEncode wrote.
func (p *Package) GobDecode(data []byte) (err error) {
	defer func() {
		if recover() != nil { // an index out of range: the fact is not ours
			err = errCorrupt
		}
	}()
	d := &decoder{buf: data}
	p.Path, p.Name = d.str(), d.str()
	p.Imports = d.strs()
	for range d.count() {
		t := &Type{Name: d.str(), Under: d.str(), Fields: d.params(), Embedded: d.strs(), Interface: d.strs()}
		p.Types = append(p.Types, t)
	}
	for range d.count() {
		f := &Func{Name: d.str()}
		if r := d.params(); len(r) > 0 {
			f.Recv = &r[0]
		}
		f.Params, f.Results = d.params(), d.params()
		flags := d.uint()
		f.Variadic, f.Test, f.Literal = flags&1 != 0, flags&2 != 0, flags&4 != 0
		f.File = d.str()
		f.Line, f.EndLine = int32(d.uint()), int32(d.uint())
		f.Body = d.node(0)
		p.Funcs = append(p.Funcs, f)
	}
	for range d.count() {
		p.Vars = append(p.Vars, d.node(0))
	}
	return d.err
}

type decoder struct {
	buf   []byte
	table []string
	err   error
}

func (d *decoder) uint() uint64 {
	n, w := binary.Uvarint(d.buf)
	if w <= 0 {
		panic(errCorrupt)
	}
	d.buf = d.buf[w:]
	return n
}

// count is a length; it can never exceed what is left to read.
func (d *decoder) count() int {
	n := d.uint()
	if n > uint64(len(d.buf)) {
		panic(errCorrupt)
	}
	return int(n)
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

func (d *decoder) strs() []string {
	var out []string
	for range d.count() {
		out = append(out, d.str())
	}
	return out
}

func (d *decoder) params() []Param {
	var out []Param
	for range d.count() {
		p := Param{Name: d.str()}
		id := d.uint()
		p.ID, p.Ptr, p.Type = int32(id>>1), id&1 != 0, d.str()
		out = append(out, p)
	}
	return out
}

func (d *decoder) node(depth int) *Node {
	if depth > maxDepth+8 {
		panic(errCorrupt)
	}
	op := d.buf[0]
	d.buf = d.buf[1:]
	if op == 255 {
		return nil
	}
	v, w := binary.Varint(d.buf)
	if w <= 0 {
		panic(errCorrupt)
	}
	d.buf = d.buf[w:]
	n := &Node{Op: Op(op), N: int32(v), Line: int32(d.uint()), S: d.str(), T: d.str()}
	k := d.count()
	if k > 0 {
		n.K = make([]*Node, k)
		for i := range n.K {
			n.K[i] = d.node(depth + 1)
		}
	}
	return n
}
