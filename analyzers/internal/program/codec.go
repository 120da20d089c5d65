package program

import (
	"fmt"

	"github.com/launchgate/launchgate/analyzers/internal/wire"
)

// GobEncode writes the package with a string table, which is about a tenth of
// what gob would make of the tree.
func (p *Package) GobEncode() ([]byte, error) {
	e := &encoder{}
	e.Str(p.Path)
	e.Str(p.Name)
	e.Strs(p.Imports)
	e.Uint(len(p.Types))
	for _, t := range p.Types {
		e.Str(t.Name)
		e.Str(t.Under)
		e.params(t.Fields)
		e.Strs(t.Embedded)
		e.Strs(t.Interface)
		e.Str(t.File)
	}
	e.Uint(len(p.Funcs))
	for _, f := range p.Funcs {
		e.Str(f.Name)
		if f.Recv != nil {
			e.params([]Param{*f.Recv})
		} else {
			e.params(nil)
		}
		e.params(f.Params)
		e.params(f.Results)
		e.Bits(f.Variadic, f.Test, f.Literal)
		e.Str(f.File)
		e.Uint(int(f.Line))
		e.Uint(int(f.EndLine))
		e.node(f.Body)
	}
	e.Uint(len(p.Vars))
	for _, v := range p.Vars {
		e.node(v)
	}
	return e.Bytes(), nil
}

type encoder struct{ wire.Encoder }

func (e *encoder) params(ps []Param) {
	e.Uint(len(ps))
	for _, p := range ps {
		e.Str(p.Name)
		e.Int(int(p.ID))
		e.Bits(p.Ptr)
		e.Str(p.Type)
		e.Bits(!p.Tag.isZero())
		if !p.Tag.isZero() {
			e.Str(p.Tag.Default)
			e.Str(p.Tag.Env)
			e.Str(p.Tag.Key)
			e.Str(p.Tag.Flag)
			e.Str(p.Tag.Meta)
		}
		e.Uint(int(p.Line))
	}
}

func (e *encoder) node(n *Node) {
	if n == nil {
		e.Byte(255)
		return
	}
	e.Byte(byte(n.Op))
	e.Int(int(n.N))
	e.Uint(int(n.Line))
	e.Str(n.S)
	e.Str(n.T)
	e.Uint(len(n.K))
	for _, k := range n.K {
		e.node(k)
	}
}

// GobDecode reads what GobEncode wrote.
func (p *Package) GobDecode(data []byte) error {
	if err := wire.Decode(data, func(d *wire.Decoder) { p.decode(&decoder{d}) }); err != nil {
		return fmt.Errorf("program: %w", err)
	}
	return nil
}

func (p *Package) decode(d *decoder) {
	p.Path, p.Name = d.Str(), d.Str()
	p.Imports = d.Strs()
	for range d.Count() {
		t := &Type{Name: d.Str(), Under: d.Str(), Fields: d.params(), Embedded: d.Strs(), Interface: d.Strs(), File: d.Str()}
		p.Types = append(p.Types, t)
	}
	for range d.Count() {
		f := &Func{Name: d.Str()}
		if r := d.params(); len(r) > 0 {
			f.Recv = &r[0]
		}
		f.Params, f.Results = d.params(), d.params()
		d.Bits(&f.Variadic, &f.Test, &f.Literal)
		f.File = d.Str()
		f.Line, f.EndLine = int32(d.Uint()), int32(d.Uint())
		f.Body = d.node(0)
		p.Funcs = append(p.Funcs, f)
	}
	for range d.Count() {
		p.Vars = append(p.Vars, d.node(0))
	}
}

type decoder struct{ *wire.Decoder }

func (d *decoder) params() []Param {
	var out []Param
	for range d.Count() {
		p := Param{Name: d.Str(), ID: int32(d.Int())}
		d.Bits(&p.Ptr)
		p.Type = d.Str()
		tagged := false
		if d.Bits(&tagged); tagged {
			p.Tag = Tag{Default: d.Str(), Env: d.Str(), Key: d.Str(), Flag: d.Str(), Meta: d.Str()}
		}
		p.Line = int32(d.Uint())
		out = append(out, p)
	}
	return out
}

func (d *decoder) node(depth int) *Node {
	if depth > maxDepth+8 {
		panic(wire.ErrCorrupt)
	}
	op := d.Byte()
	if op == 255 {
		return nil
	}
	n := &Node{Op: Op(op), N: int32(d.Int()), Line: int32(d.Uint()), S: d.Str(), T: d.Str()}
	k := d.Count()
	if k > 0 {
		n.K = make([]*Node, k)
		for i := range n.K {
			n.K[i] = d.node(depth + 1)
		}
	}
	return n
}
