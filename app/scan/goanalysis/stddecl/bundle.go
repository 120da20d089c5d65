package stddecl

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"go/token"
	"go/types"
	"io"
	"sort"
	"sync"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/tools/go/gcexportdata"
)

// magic begins every bundle; its digit is the version of the format.
const magic = "launchgate-decl-2\n"

// maxBundle bounds what one frame unpacks to and window how far back its
// compression looks, in bytes.
const (
	maxBundle = 256 << 20
	window    = 16 << 20
)

// Write writes packages as one bundle: a label that says what they are made
// from, an index, and their export data in compressed frames, one for each group
// of packages, so that a reader unpacks only what it is asked for. Groups and the
// packages in them are in the order of their names: the same input gives the same
// bytes.
func Write(w io.Writer, label string, fset *token.FileSet, pkgs []*types.Package, group func(path string) string) error {
	sort.Slice(pkgs, func(i, j int) bool {
		if a, b := group(pkgs[i].Path()), group(pkgs[j].Path()); a != b {
			return a < b
		}
		return pkgs[i].Path() < pkgs[j].Path()
	})
	// A wide window finds what packages repeat of one another.
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithWindowSize(window), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	index, frames := appendBytes(nil, []byte(label)), []byte(nil)
	for len(pkgs) > 0 {
		n := 1
		for n < len(pkgs) && group(pkgs[n].Path()) == group(pkgs[0].Path()) {
			n++
		}
		var raw, list []byte
		for _, p := range pkgs[:n] {
			var data bytes.Buffer
			if err := gcexportdata.Write(&data, fset, p); err != nil {
				return fmt.Errorf("export %s: %w", p.Path(), err)
			}
			list = binary.AppendUvarint(appendBytes(list, []byte(p.Path())), uint64(data.Len()))
			raw = append(raw, data.Bytes()...)
		}
		frame := z.EncodeAll(raw, nil)
		index = binary.AppendUvarint(binary.AppendUvarint(index, uint64(n)), uint64(len(frame)))
		index = append(index, list...)
		frames = append(frames, frame...)
		pkgs = pkgs[n:]
	}
	out := appendBytes([]byte(magic), z.EncodeAll(index, nil))
	_, err = w.Write(append(out, frames...))
	return err
}

func appendBytes(to, b []byte) []byte {
	return append(binary.AppendUvarint(to, uint64(len(b))), b...)
}

// Entry is one package of a bundle, not yet decoded.
type Entry struct {
	Path     string
	frame    *frame
	from, to int // its part of the frame
}

// frame is a compressed group of packages, unpacked when one of them is needed.
type frame struct {
	packed []byte
	once   sync.Once
	raw    []byte
	err    error
}

func (f *frame) unpack() ([]byte, error) {
	f.once.Do(func() { f.raw, f.err = unpack(f.packed) })
	return f.raw, f.err
}

func unpack(b []byte) ([]byte, error) {
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(window), zstd.WithDecoderMaxMemory(maxBundle))
	if err != nil {
		return nil, fmt.Errorf("unpack bundle: %w", err)
	}
	defer z.Close()
	raw, err := z.DecodeAll(b, nil)
	if err != nil {
		return nil, fmt.Errorf("unpack bundle: %w", err)
	}
	return raw, nil
}

// reader takes a bundle's index apart. After damage it returns zeros and err is
// set.
type reader struct {
	b   []byte
	err error
}

func (r *reader) number() int {
	n, k := binary.Uvarint(r.b)
	if k <= 0 || n > maxBundle {
		r.b, r.err = nil, io.ErrUnexpectedEOF
		return 0
	}
	r.b = r.b[k:]
	return int(n)
}

func (r *reader) bytes(n int) []byte {
	if n > len(r.b) {
		r.b, r.err = nil, io.ErrUnexpectedEOF
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

// Read returns a bundle's label and entries.
func Read(b []byte) (label string, entries []Entry, err error) {
	if !bytes.HasPrefix(b, []byte(magic)) {
		return "", nil, errors.New("not a bundle of declarations")
	}
	file := &reader{b: b[len(magic):]}
	packed := file.bytes(file.number())
	if file.err != nil {
		return "", nil, fmt.Errorf("read bundle: %w", file.err)
	}
	raw, err := unpack(packed)
	if err != nil {
		return "", nil, err
	}
	index := &reader{b: raw}
	label = string(index.bytes(index.number()))
	for len(index.b) > 0 {
		n := index.number()
		f := &frame{packed: file.bytes(index.number())}
		at := 0
		for ; n > 0 && index.err == nil; n-- {
			e := Entry{Path: string(index.bytes(index.number())), frame: f, from: at}
			at += index.number()
			e.to = at
			entries = append(entries, e)
		}
	}
	if err := errors.Join(file.err, index.err); err != nil {
		return "", nil, fmt.Errorf("read bundle: %w", err)
	}
	return label, entries, nil
}

// Decode adds an entry's package to imports and returns it.
func (e Entry) Decode(fset *token.FileSet, imports map[string]*types.Package) (*types.Package, error) {
	raw, err := e.frame.unpack()
	if err != nil {
		return nil, err
	}
	if e.from < 0 || e.from > e.to || e.to > len(raw) {
		return nil, fmt.Errorf("read bundle: %s: %w", e.Path, io.ErrUnexpectedEOF)
	}
	return gcexportdata.Read(bufio.NewReader(bytes.NewReader(raw[e.from:e.to])), fset, imports, e.Path)
}
