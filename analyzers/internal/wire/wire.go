// Package wire holds the scalars and the string table that the analyzers' facts
// are written with. A fact is read and written once for every package that
// imports another, and gob's own form of a tree is about ten times as long.
package wire

import (
	"encoding/binary"
	"errors"
)

// Encoder appends to a buffer. The same calls make the same bytes. The zero
// Encoder is ready; it is not safe for concurrent use.
type Encoder struct {
	buf   []byte
	table map[string]uint64
}

// Bytes returns what has been written.
func (e *Encoder) Bytes() []byte { return e.buf }

// Byte writes one byte.
func (e *Encoder) Byte(b byte) { e.buf = append(e.buf, b) }

// Uint writes a number of one to nine bytes; one below zero becomes zero.
func (e *Encoder) Uint(n int) { e.buf = binary.AppendUvarint(e.buf, uint64(max(n, 0))) }

// Int writes a number that may be below zero.
func (e *Encoder) Int(n int) { e.buf = binary.AppendVarint(e.buf, int64(n)) }

// Bits writes flags, the first as the lowest bit.
func (e *Encoder) Bits(flags ...bool) {
	n := 0
	for i, b := range flags {
		if b {
			n |= 1 << i
		}
	}
	e.Uint(n)
}

// Str writes the number of a string seen before, else 0, length and bytes.
func (e *Encoder) Str(s string) {
	if n, ok := e.table[s]; ok {
		e.buf = binary.AppendUvarint(e.buf, n)
		return
	}
	if e.table == nil {
		e.table = map[string]uint64{}
	}
	e.table[s] = uint64(len(e.table) + 1)
	e.Uint(0)
	e.Uint(len(s))
	e.buf = append(e.buf, s...)
}

// Strs writes a list of strings.
func (e *Encoder) Strs(list []string) {
	e.Uint(len(list))
	for _, s := range list {
		e.Str(s)
	}
}

// ErrCorrupt is what Decode returns for bytes that no Encoder wrote.
var ErrCorrupt = errors.New("corrupt fact")

// Decode calls read with a decoder over data. Whatever read panics with becomes
// ErrCorrupt: the methods of a Decoder panic at bytes they cannot read, so that
// the code that rebuilds a tree needs no error handling between its lines.
func Decode(data []byte, read func(*Decoder)) (err error) {
	defer func() {
		if recover() != nil {
			err = ErrCorrupt
		}
	}()
	read(&Decoder{buf: data})
	return nil
}

// Decoder reads what an Encoder wrote. It is used inside Decode only.
type Decoder struct {
	buf   []byte
	table []string
}

// Byte reads one byte.
func (d *Decoder) Byte() byte {
	b := d.buf[0]
	d.buf = d.buf[1:]
	return b
}

// Uint reads a number written by Encoder.Uint.
func (d *Decoder) Uint() int {
	n, w := binary.Uvarint(d.buf)
	if w <= 0 || n > 1<<40 {
		panic(ErrCorrupt)
	}
	d.buf = d.buf[w:]
	return int(n)
}

// Int reads a number written by Encoder.Int.
func (d *Decoder) Int() int {
	n, w := binary.Varint(d.buf)
	if w <= 0 {
		panic(ErrCorrupt)
	}
	d.buf = d.buf[w:]
	return int(n)
}

// Count reads a length. It can never exceed what is left to read, so no corrupt
// fact can ask for more memory than it has bytes.
func (d *Decoder) Count() int {
	n := d.Uint()
	if n > len(d.buf) {
		panic(ErrCorrupt)
	}
	return n
}

// Bits reads flags written by Encoder.Bits into the given variables.
func (d *Decoder) Bits(flags ...*bool) {
	n := d.Uint()
	for i, b := range flags {
		*b = n&(1<<i) != 0
	}
}

// Str reads a string.
func (d *Decoder) Str() string {
	n := d.Uint()
	if n > 0 {
		return d.table[n-1]
	}
	l := d.Count()
	s := string(d.buf[:l])
	d.buf = d.buf[l:]
	d.table = append(d.table, s)
	return s
}

// Strs reads a list of strings; an empty one is nil.
func (d *Decoder) Strs() []string {
	var out []string
	for range d.Count() {
		out = append(out, d.Str())
	}
	return out
}
