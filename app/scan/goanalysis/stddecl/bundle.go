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

	"github.com/klauspost/compress/zstd"
	"golang.org/x/tools/go/gcexportdata"
)

// magic begins every bundle; its digit is the version of the format.
const magic = "launchgate-decl-1\n"

// maxBundle bounds a bundle once unpacked and window how far back compression
// looks, in bytes.
const (
	maxBundle = 256 << 20
	window    = 16 << 20
)

// Write writes packages as one bundle: a label that says what they are made
// from, then each package's export data, all compressed. Packages are written in
// the order of their paths, so that the same input gives the same bytes.
func Write(w io.Writer, label string, fset *token.FileSet, pkgs []*types.Package) error {
	sort.Slice(pkgs, func(i, j int) bool { return pkgs[i].Path() < pkgs[j].Path() })
	if _, err := io.WriteString(w, magic); err != nil {
		return err
	}
	// A wide window finds what packages repeat of one another.
	z, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithWindowSize(window), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	put := func(b []byte) {
		_, _ = z.Write(binary.AppendUvarint(nil, uint64(len(b)))) // Close reports what went wrong
		_, _ = z.Write(b)
	}
	put([]byte(label))
	put([]byte(fmt.Sprint(len(pkgs))))
	for _, p := range pkgs {
		var data bytes.Buffer
		if err := gcexportdata.Write(&data, fset, p); err != nil {
			return fmt.Errorf("export %s: %w", p.Path(), err)
		}
		put([]byte(p.Path()))
		put(data.Bytes())
	}
	return z.Close()
}

// Entry is one package of a bundle, not yet decoded.
type Entry struct {
	Path string
	Data []byte
}

// Read returns a bundle's label and entries.
func Read(b []byte) (label string, entries []Entry, err error) {
	if !bytes.HasPrefix(b, []byte(magic)) {
		return "", nil, errors.New("not a bundle of declarations")
	}
	z, err := zstd.NewReader(bytes.NewReader(b[len(magic):]), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(window), zstd.WithDecoderMaxMemory(maxBundle))
	if err != nil {
		return "", nil, fmt.Errorf("unpack bundle: %w", err)
	}
	defer z.Close()
	raw, err := io.ReadAll(io.LimitReader(z, maxBundle))
	if err == nil && len(raw) == 0 {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return "", nil, fmt.Errorf("unpack bundle: %w", err)
	}
	next := func() []byte {
		n, k := binary.Uvarint(raw)
		if k <= 0 || n > uint64(len(raw)-k) {
			err, raw = io.ErrUnexpectedEOF, nil
			return nil
		}
		b := raw[k : k+int(n)]
		raw = raw[k+int(n):]
		return b
	}
	label = string(next())
	next() // the count, for people with a hex dump
	for err == nil && len(raw) > 0 {
		p := string(next())
		entries = append(entries, Entry{Path: p, Data: next()})
	}
	return label, entries, err
}

// Decode adds an entry's package to imports and returns it.
func (e Entry) Decode(fset *token.FileSet, imports map[string]*types.Package) (*types.Package, error) {
	return gcexportdata.Read(bufio.NewReader(bytes.NewReader(e.Data)), fset, imports, e.Path)
}
