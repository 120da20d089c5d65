// Package objects reads a repository's objects from its files (gitrepository-layout(5),
// gitformat-pack(5)), which spares the git process that it takes to ask for them. What
// it returns is what it was asked for: an object's name is the hash of it, and the hash
// of every object is computed, so that what is damaged, or read wrongly here, is none.
// It knows ordinary repositories, and reports false for everything that it does not find
// or does not know, such as names by SHA-256: git is to be asked then.
//
// It writes nothing, and reads with pread: a file that git takes away meanwhile stays
// what it was, and one that becomes shorter is an error and no signal. Who made the
// repository may have meant it badly: what is read and made for one object, and for
// nothing in all, is bounded, and so is what is kept, some 100 MB at most.
package objects

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // the hash that names git's objects
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"sync"

	"github.com/klauspost/compress/flate"
	"golang.org/x/sys/unix"
)

// Kinds of objects.
const (
	Commit = "commit"
	Tree   = "tree"
	Blob   = "blob"
	Tag    = "tag"
)

// Object is an object as it is. Data that is shared must not be changed.
type Object struct {
	Kind   string
	Data   []byte
	Shared bool
}

// Info is what an object says of itself before it is read. That the rest is there, and
// is what the name says, is not looked at.
type Info struct {
	Kind string
	Size int64
}

// nameBytes is the length of a name by SHA-1.
const nameBytes = sha1.Size

type name [nameBytes]byte

// Store reads the objects of one repository; a nil one knows none. It may be used
// concurrently; one reads at a time.
type Store struct {
	dir string // objects

	mu     sync.Mutex
	dirs   []string // dir, and where else objects are
	packs  []*pack
	listed bool
	more   bool // there are packs that are not among them
	cache  cache
	in     bytes.Reader
	unpack io.Reader // flate
	file   []byte    // that is unpacked
	header [64]byte
	// delta and between are for what is unpacked on the way to an object.
	delta   []byte
	between [2][]byte
	// spent is how much was read and made for what is being looked for, wasted how much
	// for what was nothing in the end.
	spent, wasted int64
}

// Bounds of what is spent, in bytes that are read or made: on one object, and on those
// that are damaged, too large or too far from what they differ from. Then all is left to
// git.
const (
	maxSpent  = 256 << 20
	maxWasted = 1 << 30
)

// New returns a reader of the repository in gitDir. Nothing is opened yet.
func New(gitDir string) *Store {
	return &Store{dir: filepath.Join(gitDir, "objects")}
}

// Close closes the files. The store may not be used any more.
func (s *Store) Close() {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.close()
}

func (s *Store) close() {
	for _, p := range s.packs {
		p.close()
	}
	s.dirs, s.packs, s.listed, s.cache = nil, nil, true, cache{}
}

// Read returns the object of that name, given as 40 hexadecimal digits. It reports false
// when there is none of at most limit bytes that can be read here.
func (s *Store) Read(id string, limit int64) (Object, bool) { return s.ReadTo(nil, id, limit) }

// ReadTo is Read that may use the memory of buf for what it returns.
func (s *Store) ReadTo(buf []byte, id string, limit int64) (Object, bool) {
	n, ok := parse(id)
	if !ok || s == nil {
		return Object{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	packs := s.list()
	s.spent = 0
	if k := s.cache.of(n); k != nil && int64(len(k.Data)) <= limit {
		return k.to(buf), true
	}
	for _, dir := range s.dirs {
		if o, err := s.loose(buf, dir, id, limit); err == nil && o.is(n) {
			return o, true
		}
	}
	for i, p := range packs {
		at, found := p.find(n)
		if !found {
			continue
		}
		k, err := s.packed(p, at, limit)
		if err != nil {
			continue
		}
		if k.name == nil && k.is(n) {
			s.cache.called(k, n)
		}
		if k.name != nil && *k.name == n {
			packs[0], packs[i] = packs[i], packs[0] // what is read next is mostly there, too
			return k.to(buf), true
		}
	}
	s.waste()
	return Object{}, false
}

// to returns the object for a caller: what is large is copied.
func (k *kept) to(buf []byte) Object {
	if !k.large() {
		return Object{Kind: k.Kind, Data: k.Data, Shared: true}
	}
	return Object{Kind: k.Kind, Data: append(buf[:0], k.Data...)}
}

// waste notes that all was for nothing.
func (s *Store) waste() {
	if s.wasted += s.spent; s.wasted > maxWasted {
		s.close()
	}
}

// Info returns what is said of the object of that name. It reports false when two say
// what is not the same, of which git may believe another.
func (s *Store) Info(id string) (Info, bool) {
	n, ok := parse(id)
	if !ok || s == nil {
		return Info{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	packs := s.list()
	s.spent = 0
	var said []Info
	var wrong error
	for _, dir := range s.dirs {
		switch info, err := s.looseInfo(dir, id); {
		case err == nil:
			said = append(said, info)
		case !errors.Is(err, fs.ErrNotExist):
			wrong = err
		}
	}
	for _, p := range packs {
		at, found := p.find(n)
		if p.bad {
			wrong = errDamaged // git may find the object in it
		}
		if found {
			info, err := s.packedInfo(p, at)
			if said = append(said, info); err != nil {
				wrong = err
			}
		}
	}
	if s.more || wrong != nil || len(said) == 0 || slices.ContainsFunc(said, func(i Info) bool { return i != said[0] }) {
		s.waste()
		return Info{}, false
	}
	return said[0], true
}

func parse(id string) (name, bool) {
	var n name
	if len(id) != hex.EncodedLen(nameBytes) {
		return n, false
	}
	for _, c := range []byte(id) {
		if c >= 'A' && c <= 'F' { // git knows the object by another spelling
			return n, false
		}
	}
	_, err := hex.Decode(n[:], []byte(id))
	return n, err == nil
}

// is reports whether o has that name.
func (o Object) is(n name) bool {
	h := sha1.New() //nolint:gosec // as above
	head := append(make([]byte, 0, 32), o.Kind...)
	head = strconv.AppendInt(append(head, ' '), int64(len(o.Data)), 10)
	h.Write(append(head, 0))
	h.Write(o.Data)
	var sum name
	return name(h.Sum(sum[:0])) == n
}

var errDamaged = errors.New("an object that is not understood")

// errLarge is an object that is larger than is wanted, errFar one that too much must be
// read for.
var (
	errLarge = errors.New("a large object")
	errFar   = errors.New("an object that much must be read for")
)

// loose reads an object that has a file of its own.
func (s *Store) loose(buf []byte, dir, id string, limit int64) (Object, error) {
	info, err := s.openLoose(dir, id, limit+limit/512+1<<10, true) // zlib adds no more than that
	if err != nil {
		return Object{}, err
	}
	if info.Size > limit {
		return Object{}, errLarge
	}
	o := Object{Kind: info.Kind, Data: slices.Grow(buf[:0], int(info.Size))[:info.Size]}
	return o, s.rest(o.Data)
}

// looseInfo reads what such a file begins with.
func (s *Store) looseInfo(dir, id string) (Info, error) { return s.openLoose(dir, id, 1<<10, false) }

// openLoose reads up to limit bytes of an object's own file, which may have more if not
// all is wanted, and unpacks "KIND SIZE" and a NUL.
func (s *Store) openLoose(dir, id string, limit int64, all bool) (Info, error) {
	// Package os would ask the kernel to tell when there is more to read, and see to it
	// that the file is closed: as much work again as to read it.
	fd, err := unix.Open(dir+"/"+id[:2]+"/"+id[2:], unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return Info{}, err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return Info{}, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return Info{}, errDamaged
	}
	if all && st.Size > limit {
		return Info{}, errLarge
	}
	size := int(min(limit, st.Size))
	s.file = slices.Grow(s.file[:0], size)
	for len(s.file) < size {
		n, err := unix.Read(fd, s.file[len(s.file):size])
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return Info{}, err
		}
		if n == 0 {
			break
		}
		s.file = s.file[:len(s.file)+n]
	}
	s.spent += int64(len(s.file))
	return s.looseHeader(s.file)
}

func (s *Store) looseHeader(file []byte) (Info, error) {
	if err := s.inflate(file); err != nil {
		return Info{}, err
	}
	n := 0
	for ; ; n++ {
		if n == len(s.header) {
			return Info{}, errDamaged
		}
		if _, err := io.ReadFull(s.unpack, s.header[n:n+1]); err != nil {
			return Info{}, err
		}
		if s.header[n] == 0 {
			break
		}
	}
	kind, digits, ok := bytes.Cut(s.header[:n], []byte(" "))
	size, err := strconv.ParseInt(string(digits), 10, 64)
	if !ok || err != nil || size < 0 || strconv.FormatInt(size, 10) != string(digits) {
		return Info{}, errDamaged
	}
	switch k := string(kind); k {
	case Commit, Tree, Blob, Tag:
		return Info{Kind: k, Size: size}, nil
	}
	return Info{}, errDamaged
}

// inflate makes unpack read what is compressed at the beginning of data (RFC 1950). The
// checksum at its end is not looked at: the name of what comes out is one.
func (s *Store) inflate(data []byte) error {
	if len(data) < 2 || data[0]&0x0f != 8 || data[1]&0x20 != 0 || (int(data[0])<<8|int(data[1]))%31 != 0 {
		return errDamaged
	}
	s.in.Reset(data[2:])
	if s.unpack == nil {
		s.unpack = flate.NewReader(&s.in)
		return nil
	}
	return s.unpack.(flate.Resetter).Reset(&s.in, nil)
}

// rest reads what is compressed up to its end, which must fill data.
func (s *Store) rest(data []byte) error {
	if _, err := io.ReadFull(s.unpack, data); err != nil {
		return err
	}
	if n, err := io.ReadFull(s.unpack, s.header[:1]); n != 0 || err != io.EOF {
		return errDamaged
	}
	return nil
}
