package objects

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
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

// maxPacks bounds the packs that are opened.
const maxPacks = 64

// maxSearched is how many names are read at once to look for one.
const maxSearched = 2048

// maxAlternates bounds the folders of other repositories that objects are looked for in.
const maxAlternates = 8

// list finds out in which folders there are objects, and returns the packs in them.
func (s *Store) list() []*pack {
	if s.listed {
		return s.packs
	}
	s.listed = true
	s.dirs = []string{s.dir}
	for i := 0; i < len(s.dirs); i++ {
		more, _ := os.ReadFile(filepath.Join(s.dirs[i], "info", "alternates")) // none, or git knows
		for line := range strings.Lines(string(more)) {
			if line = strings.TrimSuffix(line, "\n"); line == "" || line[0] == '#' || line[0] == '"' {
				continue
			}
			if !filepath.IsAbs(line) {
				line = filepath.Join(s.dirs[i], line)
			}
			if len(s.dirs) <= maxAlternates && !slices.Contains(s.dirs, line) {
				s.dirs = append(s.dirs, line)
			}
		}
		entries, _ := os.ReadDir(filepath.Join(s.dirs[i], "pack")) // as above
		for _, e := range entries {
			if base, ok := strings.CutSuffix(e.Name(), ".idx"); ok && len(s.packs) < maxPacks {
				s.packs = append(s.packs, &pack{path: filepath.Join(s.dirs[i], "pack", base)})
			}
		}
	}
	return s.packs
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
)

// open opens the index.
func (p *pack) open() bool {
	if p.bad || p.index != nil {
		return !p.bad
	}
	p.bad = true
	f, err := os.Open(p.path + ".idx")
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
	if p.data == nil {
		f, err := os.Open(p.path + ".pack")
		if err != nil {
			return entry{}, err
		}
		info, err := f.Stat()
		if err != nil {
			f.Close()
			return entry{}, err
		}
		p.data, p.size = f, info.Size()
	}
	if at < 12 || at >= p.size {
		return entry{}, errDamaged
	}
	var buf [maxHeader]byte
	n, err := p.data.ReadAt(buf[:], at)
	if err != nil && err != io.EOF {
		return entry{}, err
	}
	b := buf[:n]
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
		if back == 0 || e.base < 12 {
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
	maxUnpacked = 64 << 20 // also of each thing between an object and what stands for itself
)

// packed reads what is at an offset of a pack: what differs from its base, and what that
// differs from, down to one that stands for itself.
func (s *Store) packed(p *pack, at, limit int64) (Object, error) {
	var deltas []entry
	o, first, size := Object{}, at, int64(0)
	for {
		known, ok := s.cache.get(p, at)
		if ok {
			o = known
			break
		}
		e, err := p.entry(at)
		if err != nil {
			return o, err
		}
		if size += e.size; size > maxUnpacked || len(deltas) > maxChain {
			return o, errLarge
		}
		// What differs from something large mostly is large, and need not be read here.
		if !e.delta() && e.size > limit && (len(deltas) == 0 || e.size/2 > limit) {
			return o, errLarge
		}
		if !e.delta() {
			o = Object{Kind: kinds[e.kind], Data: make([]byte, e.size)}
			if err := s.body(p, e, o.Data); err != nil {
				return o, err
			}
			s.cache.put(p, at, o)
			break
		}
		deltas, at = append(deltas, e), e.base
	}
	for i := len(deltas) - 1; i >= 0; i-- {
		s.delta = slices.Grow(s.delta[:0], int(deltas[i].size))[:deltas[i].size]
		if err := s.body(p, deltas[i], s.delta); err != nil {
			return o, err
		}
		var out []byte
		if i > 0 {
			out = s.between[i%2][:0]
		}
		data, err := patch(out, o.Data, s.delta)
		if err != nil {
			return o, err
		}
		if o.Data = data; i > 0 {
			s.between[i%2] = data
			continue
		}
		s.cache.put(p, first, o)
	}
	if int64(len(o.Data)) > limit {
		return o, errLarge
	}
	o.Shared = true
	return o, nil
}

// packedInfo says what packed would return.
func (s *Store) packedInfo(p *pack, at int64) (Info, error) {
	size := int64(-1)
	for range maxChain {
		e, err := p.entry(at)
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

// number reads a number of seven bits a byte, the lowest first.
func number(b []byte) (n int64, rest []byte, ok bool) {
	for i, shift := 0, 0; i < len(b) && shift <= 56; i, shift = i+1, shift+7 {
		n |= int64(b[i]&0x7f) << shift
		if b[i]&0x80 == 0 {
			return n, b[i+1:], true
		}
	}
	return 0, nil, false
}

// patch makes of base what a delta says, in out's memory if it is enough: parts of base
// and new bytes, one after the other.
func patch(out, base, delta []byte) ([]byte, error) {
	from, delta, ok := number(delta)
	if !ok || from != int64(len(base)) {
		return nil, errDamaged
	}
	size, delta, ok := number(delta)
	if !ok {
		return nil, errDamaged
	}
	if size > maxUnpacked {
		return nil, errLarge
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

// maxCached is how much is kept of what was unpacked, for what differs from it.
const maxCached = 32 << 20

// cache keeps what was unpacked.
type cache struct {
	objects map[cacheKey]Object
	bytes   int
}

type cacheKey struct {
	pack *pack
	at   int64
}

func (c *cache) get(p *pack, at int64) (Object, bool) {
	o, ok := c.objects[cacheKey{p, at}]
	return o, ok
}

func (c *cache) put(p *pack, at int64, o Object) {
	if len(o.Data) > maxCached/4 {
		return
	}
	if c.bytes += len(o.Data); c.objects == nil || c.bytes > maxCached {
		c.objects, c.bytes = make(map[cacheKey]Object), len(o.Data)
	}
	c.objects[cacheKey{p, at}] = o
}
