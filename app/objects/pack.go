package objects

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"golang.org/x/sys/unix"
)

// pack is a pack with its index of version 2. Both are opened when something is looked
// for in them.
type pack struct {
	path  string // without .pack or .idx
	index *os.File
	data  *os.File
	bad   bool // it cannot be read here
	// fanout says how many names begin with at most a byte.
	fanout [256]uint32
	size   int64 // of the pack
	buf    []byte
}

// Bounds of what is opened: packs, and names in their folders.
const (
	maxPacks = 64
	maxNames = 1 << 16
)

// maxSearched is how many names are read at once to look for one.
const maxSearched = 2048

// list finds out in which folders there are objects, and returns the packs in them.
func (s *Store) list() []*pack {
	if s.listed {
		return s.packs
	}
	s.listed = true
	s.dirs = Folders(s.dir)
	for _, dir := range s.dirs {
		bases, all := packsIn(filepath.Join(dir, "pack"))
		for _, base := range bases[:min(len(bases), maxPacks-len(s.packs))] {
			s.packs = append(s.packs, &pack{path: base})
			bases = bases[1:]
		}
		s.more = s.more || !all || len(bases) > 0
	}
	return s.packs
}

// packsIn returns the packs with an index in a folder, without their endings, and whether
// these are all. git reads one without, too, if an index of several packs knows it.
func packsIn(dir string) (out []string, all bool) {
	f, err := openFile(dir, fs.FileMode.IsDir)
	if err != nil {
		return nil, errors.Is(err, fs.ErrNotExist)
	}
	defer f.Close()
	known := make(map[string]bool)
	var packs []string
	for range maxNames / 256 {
		names, err := f.Readdirnames(256)
		for _, n := range names {
			if base, ok := strings.CutSuffix(n, ".pack"); ok && len(packs) <= maxPacks {
				packs = append(packs, base)
			}
			if base, ok := strings.CutSuffix(n, ".idx"); ok && len(out) <= maxPacks {
				out, known[base] = append(out, filepath.Join(dir, base)), true
			}
		}
		if err != nil {
			slices.Sort(out)
			return out, err == io.EOF && !slices.ContainsFunc(packs, func(base string) bool { return !known[base] })
		}
	}
	return out, false
}

// openFile opens what is of a type: to open a pipe would be to wait for who writes.
func openFile(path string, is func(fs.FileMode) bool) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !is(info.Mode()) {
		err = errDamaged
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func (p *pack) close() {
	if p.index != nil {
		p.index.Close()
	}
	if p.data != nil {
		p.data.Close()
	}
}

// indexHeader is how an index of version 2 begins: a magic number and the version.
var indexHeader = []byte{0xff, 't', 'O', 'c', 0, 0, 0, 2}

// Sizes of the parts of an index.
const (
	fanoutBytes = 4 * 256
	namesAt     = 8 + fanoutBytes
	sumsBytes   = 2 * nameBytes // at its end: the pack's, and its own
)

// packHeader is how a pack of version 2 begins, before the number of its objects.
var packHeader = []byte("PACK\x00\x00\x00\x02")

// packHead is how long that is with the number, packTail the checksum at a pack's end.
const (
	packHead = 12
	packTail = nameBytes
)

// opened opens the pack. An index with another is no index: git may have replaced one of
// the two.
func (p *pack) opened() error {
	if p.data != nil {
		return nil
	}
	f, err := openFile(p.path+".pack", fs.FileMode.IsRegular)
	if err != nil {
		return err
	}
	if p.size, err = p.check(f); err != nil {
		f.Close()
		p.bad = true
		return err
	}
	p.data = f
	return nil
}

func (p *pack) check(f *os.File) (size int64, err error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	index, err := p.index.Stat()
	if err != nil {
		return 0, err
	}
	var head [packHead]byte
	var tail, want [packTail]byte
	_, err = f.ReadAt(head[:], 0)
	_, err2 := f.ReadAt(tail[:], info.Size()-packTail)
	_, err3 := p.index.ReadAt(want[:], index.Size()-sumsBytes)
	if err := errors.Join(err, err2, err3); err != nil {
		return 0, err
	}
	if !bytes.Equal(head[:len(packHeader)], packHeader) || binary.BigEndian.Uint32(head[len(packHeader):]) != p.fanout[255] || tail != want {
		return 0, errDamaged
	}
	return info.Size() - packTail, nil
}

// open opens the index.
func (p *pack) open() bool {
	if p.bad || p.index != nil {
		return !p.bad
	}
	p.bad = true
	f, err := openFile(p.path+".idx", fs.FileMode.IsRegular)
	if err != nil {
		return false
	}
	p.index = f
	var head [namesAt]byte
	if _, err := f.ReadAt(head[:], 0); err != nil || !bytes.Equal(head[:8], indexHeader) {
		return false
	}
	for i := range p.fanout {
		p.fanout[i] = binary.BigEndian.Uint32(head[8+4*i:])
		if i > 0 && p.fanout[i] < p.fanout[i-1] {
			return false
		}
	}
	p.bad = false
	return true
}

// find returns where in the pack an object of that name begins.
func (p *pack) find(n name) (int64, bool) {
	if !p.open() {
		return 0, false
	}
	var lo, hi int64
	if n[0] > 0 {
		lo = int64(p.fanout[n[0]-1])
	}
	hi = int64(p.fanout[n[0]])
	for hi-lo > maxSearched {
		var at name
		mid := (lo + hi) / 2
		if _, err := p.index.ReadAt(at[:], namesAt+mid*nameBytes); err != nil {
			return 0, false
		}
		if bytes.Compare(at[:], n[:]) <= 0 {
			lo = mid
		} else {
			hi = mid
		}
	}
	p.buf = slices.Grow(p.buf[:0], int(hi-lo)*nameBytes)[:int(hi-lo)*nameBytes]
	if _, err := p.index.ReadAt(p.buf, namesAt+lo*nameBytes); err != nil {
		return 0, false
	}
	i := sort.Search(int(hi-lo), func(i int) bool { return bytes.Compare(p.buf[i*nameBytes:(i+1)*nameBytes], n[:]) >= 0 })
	if i == int(hi-lo) || !bytes.Equal(p.buf[i*nameBytes:(i+1)*nameBytes], n[:]) {
		return 0, false
	}
	return p.offset(lo + int64(i))
}

// offset returns where the ith object begins: in the table of 31 bits, or in that of 64
// which it leads to.
func (p *pack) offset(i int64) (int64, bool) {
	all := int64(p.fanout[255])
	offsets := namesAt + all*(nameBytes+4) // after the names and the checksums
	var b [8]byte
	if _, err := p.index.ReadAt(b[:4], offsets+4*i); err != nil {
		return 0, false
	}
	at := binary.BigEndian.Uint32(b[:4])
	if at>>31 == 0 {
		return int64(at), true
	}
	if _, err := p.index.ReadAt(b[:], offsets+4*all+8*int64(at&^(1<<31))); err != nil {
		return 0, false
	}
	large := binary.BigEndian.Uint64(b[:])
	return int64(large), large>>63 == 0
}

// Kinds of entries.
const (
	offsetDelta = 6
	nameDelta   = 7
)

var kinds = [8]string{1: Commit, 2: Tree, 3: Blob, 4: Tag}

// entry is how something in a pack begins.
type entry struct {
	kind byte
	size int64 // unpacked
	base int64 // of a delta: where its base begins
	body int64 // where it goes on, compressed
}

// maxHeader is the most that an entry's beginning takes: a size and a distance of ten
// bytes each, or a name.
const maxHeader = 32

// entry reads the beginning of what is at an offset of a pack.
func (p *pack) entry(at int64) (entry, error) {
	if err := p.opened(); err != nil {
		return entry{}, err
	}
	if at < packHead || at >= p.size {
		return entry{}, errDamaged
	}
	var buf [maxHeader]byte
	b := buf[:min(maxHeader, p.size-at)]
	if _, err := p.data.ReadAt(b, at); err != nil {
		return entry{}, err
	}
	e := entry{kind: b[0] >> 4 & 7, size: int64(b[0] & 15)}
	i := 0
	for shift := 4; b[i]&0x80 != 0; shift += 7 {
		if i++; i == len(b) || shift > 52 {
			return entry{}, errDamaged
		}
		e.size |= int64(b[i]&0x7f) << shift
	}
	i++
	switch e.kind {
	case offsetDelta:
		back := int64(-1)
		for more := true; more; i++ {
			if i == len(b) || back > 1<<48 {
				return entry{}, errDamaged
			}
			back = (back+1)<<7 | int64(b[i]&0x7f)
			more = b[i]&0x80 != 0
		}
		e.base = at - back
		if back == 0 || e.base < packHead {
			return entry{}, errDamaged
		}
	case nameDelta:
		if len(b)-i < nameBytes {
			return entry{}, errDamaged
		}
		base, found := p.find(name(b[i : i+nameBytes]))
		if !found || base == at {
			return entry{}, errDamaged
		}
		e.base, i = base, i+nameBytes
	default:
		if kinds[e.kind] == "" {
			return entry{}, errDamaged
		}
	}
	e.body = at + int64(i)
	return e, nil
}

func (e entry) delta() bool { return e.kind == offsetDelta || e.kind == nameDelta }

// Bounds of what is read for one object.
const (
	maxChain    = 4096
	maxUnpacked = 8 << 20 // each thing between an object and what stands for itself
	// entryCost is what it is to look for an entry and to read its beginning.
	entryCost = 16 << 10
)

// spend notes what is to be read or made.
func (s *Store) spend(n int64) error {
	if n > maxUnpacked {
		return errLarge
	}
	if s.spent += n; s.spent > maxSpent {
		return errFar
	}
	return nil
}

// packed reads what is at an offset of a pack: what differs from its base, and what that
// differs from, down to one that stands for itself.
func (s *Store) packed(p *pack, at, limit int64) (*kept, error) {
	deltas, k, err := s.chain(p, at, limit)
	if err != nil {
		return nil, err
	}
	o := k.Object
	for i := len(deltas) - 1; i >= 0; i-- {
		s.delta = slices.Grow(s.delta[:0], int(deltas[i].size))[:deltas[i].size]
		if err := s.body(p, deltas[i], s.delta); err != nil {
			return nil, err
		}
		var out []byte
		if i > 0 {
			out = slices.Grow(s.between[i%2][:0], 1) // some
		}
		data, err := s.patch(out, o.Data, s.delta)
		if err != nil {
			return nil, err
		}
		if o.Data = data; i > 0 {
			s.between[i%2] = data
			continue
		}
		k = s.cache.put(p, at, o)
	}
	if int64(len(o.Data)) > limit {
		return nil, errLarge
	}
	return k, nil
}

// chain returns what is to be made of an object, the last first, to come to what is at an
// offset of a pack.
func (s *Store) chain(p *pack, at, limit int64) (deltas []entry, k *kept, err error) {
	for {
		if k := s.cache.get(p, at); k != nil {
			return deltas, k, s.small(p, deltas, int64(len(k.Data)), limit)
		}
		e, err := p.entry(at)
		if err == nil {
			err = s.spend(entryCost)
		}
		if err == nil && !e.delta() {
			err = s.small(p, deltas, e.size, limit)
		}
		if err == nil {
			err = s.spend(e.size)
		}
		if err != nil {
			return nil, nil, err
		}
		if !e.delta() {
			o := Object{Kind: kinds[e.kind], Data: s.cache.room(int(e.size))[:e.size]}
			if err := s.body(p, e, o.Data); err != nil {
				return nil, nil, err
			}
			return deltas, s.cache.put(p, at, o), nil
		}
		if len(deltas) == maxChain {
			return nil, nil, errFar
		}
		deltas, at = append(deltas, e), e.base
	}
}

// small reports an error if what deltas make of something of a size is larger than limit.
// What differs from what is large mostly is, and need not be unpacked to know it.
func (s *Store) small(p *pack, deltas []entry, size, limit int64) (err error) {
	if size > limit && len(deltas) > 0 {
		size, err = s.patchedSize(p, deltas[0])
	}
	if err == nil && size > limit {
		err = errLarge
	}
	return err
}

// packedInfo says what packed would return.
func (s *Store) packedInfo(p *pack, at int64) (Info, error) {
	size := int64(-1)
	for range maxChain {
		e, err := p.entry(at)
		if err == nil {
			err = s.spend(entryCost)
		}
		if err != nil {
			return Info{}, err
		}
		if !e.delta() {
			if size < 0 {
				size = e.size
			}
			return Info{Kind: kinds[e.kind], Size: size}, nil
		}
		if size < 0 {
			if size, err = s.patchedSize(p, e); err != nil {
				return Info{}, err
			}
		}
		at = e.base
	}
	return Info{}, errDamaged
}

// patchedSize returns the size of what a delta makes.
func (s *Store) patchedSize(p *pack, e entry) (int64, error) {
	if err := s.open(p, e, 1<<10); err != nil {
		return 0, err
	}
	n, err := io.ReadFull(s.unpack, s.header[:min(int64(len(s.header)), e.size)])
	if err != nil {
		return 0, err
	}
	_, rest, ok := number(s.header[:n])
	size, _, ok2 := number(rest)
	if !ok || !ok2 {
		return 0, errDamaged
	}
	return size, nil
}

// body unpacks an entry.
func (s *Store) body(p *pack, e entry, data []byte) error {
	// Text is packed into a third. Of what is not, the rest is read then.
	for _, most := range []int64{e.size/2 + 1<<10, e.size + e.size/512 + 1<<10} {
		err := s.open(p, e, most)
		if err == nil {
			err = s.rest(data)
		}
		if !errors.Is(err, io.ErrUnexpectedEOF) || int64(len(s.file)) < most {
			return err
		}
	}
	return errDamaged
}

// open reads up to so many bytes of an entry, to be unpacked.
func (s *Store) open(p *pack, e entry, most int64) error {
	n := int(min(most, p.size-e.body))
	s.file = slices.Grow(s.file[:0], n)[:n]
	if _, err := p.data.ReadAt(s.file, e.body); err != nil {
		return err
	}
	return s.inflate(s.file)
}

// number reads a number of up to nine bytes, seven bits each, the lowest first.
func number(b []byte) (v int64, rest []byte, ok bool) {
	u, n := binary.Uvarint(b)
	if n <= 0 || n > 9 {
		return 0, nil, false
	}
	return int64(u), b[n:], true
}

// patch makes of base what a delta says, in out's memory if there is any: parts of base
// and new bytes, one after the other.
func (s *Store) patch(out, base, delta []byte) ([]byte, error) {
	from, delta, ok := number(delta)
	if !ok || from != int64(len(base)) {
		return nil, errDamaged
	}
	size, delta, ok := number(delta)
	if !ok {
		return nil, errDamaged
	}
	if err := s.spend(size); err != nil {
		return nil, err
	}
	if out == nil {
		out = s.cache.room(int(size))
	}
	out = slices.Grow(out, int(size))
	for len(delta) > 0 {
		op := delta[0]
		delta = delta[1:]
		if op == 0 {
			return nil, errDamaged
		}
		if op&0x80 == 0 { // so many new bytes
			n := int(op)
			if n > len(delta) || len(out)+n > int(size) {
				return nil, errDamaged
			}
			out, delta = append(out, delta[:n]...), delta[n:]
			continue
		}
		var at, n int
		for i := range 7 {
			if op>>i&1 == 0 {
				continue
			}
			if len(delta) == 0 {
				return nil, errDamaged
			}
			if i < 4 {
				at |= int(delta[0]) << (8 * i)
			} else {
				n |= int(delta[0]) << (8 * (i - 4))
			}
			delta = delta[1:]
		}
		if n == 0 {
			n = 0x10000
		}
		if at+n > len(base) || len(out)+n > int(size) {
			return nil, errDamaged
		}
		out = append(out, base[at:at+n]...)
	}
	if len(out) != int(size) {
		return nil, errDamaged
	}
	return out, nil
}
