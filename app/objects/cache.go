package objects

import "slices"

// Bounds of what is kept of what was unpacked, for what differs from it: bytes of small
// things, and of large ones, of which the last few are kept however large they are. And of
// the memory of what was large: pieces, and bytes.
const (
	maxSmall   = 16 << 20
	maxLarge   = 512 << 10
	fewLarge   = 2
	largeBytes = 8 << 10
	maxSpare   = 16
	maxIdle    = 16 << 20
)

// keptCost is what it takes to keep something, whatever its size.
const keptCost = 256

// cache keeps what was unpacked. Versions of a large file are unpacked one after the other,
// and new memory costs more than to unpack them: the kernel is asked for each page. So that
// of what is not needed any more is for the next.
type cache struct {
	at    map[place]*kept
	named map[name]*kept
	small int // bytes
	large []*kept
	held  int      // bytes of large
	spare [][]byte // the memory of what was large
	idle  int      // bytes of spare
}

// place is where in a pack something begins.
type place struct {
	pack *pack
	at   int64
}

// kept is something that was unpacked. Its memory may become another's if it is large.
type kept struct {
	Object
	place place
	name  *name // that it was asked for by, and is its; nil: not yet
}

func (k *kept) large() bool { return cap(k.Data) >= largeBytes }

func (c *cache) get(p *pack, at int64) *kept {
	k := c.at[place{p, at}]
	c.use(k)
	return k
}

// of returns the object of a name.
func (c *cache) of(n name) *kept {
	k := c.named[n]
	c.use(k)
	return k
}

// use notes that something is needed now.
func (c *cache) use(k *kept) {
	if k == nil || !k.large() {
		return
	}
	if i := slices.Index(c.large, k); i >= 0 {
		c.large = append(slices.Delete(c.large, i, i+1), k)
	}
}

// called notes the name of something.
func (c *cache) called(k *kept, n name) {
	k.name = &n
	if c.at[k.place] == k {
		c.named[n] = k
	}
}

func (c *cache) put(p *pack, at int64, o Object) *kept {
	k := &kept{Object: o, place: place{p, at}}
	size := 0
	if !k.large() {
		size = len(o.Data) + keptCost
	}
	if c.at == nil || c.small+size > maxSmall {
		c.at, c.named, c.small = make(map[place]*kept), make(map[name]*kept), 0
		for _, l := range c.large {
			c.keep(l)
		}
	}
	c.small += size
	if c.keep(k); !k.large() {
		return k
	}
	c.large = append(c.large, k)
	for c.held += cap(o.Data); c.held > maxLarge && len(c.large) > fewLarge; {
		old := c.large[0]
		c.large = slices.Delete(c.large, 0, 1)
		c.held -= cap(old.Data)
		delete(c.at, old.place)
		if old.name != nil && c.named[*old.name] == old {
			delete(c.named, *old.name)
		}
		c.spare = append(c.spare, old.Data[:0])
		for c.idle += cap(old.Data); len(c.spare) > maxSpare || c.idle > maxIdle; {
			c.take(0)
		}
	}
	return k
}

// take takes a piece of memory away from what is spare.
func (c *cache) take(i int) []byte {
	b := c.spare[i]
	c.spare = slices.Delete(c.spare, i, i+1)
	c.idle -= cap(b)
	return b
}

func (c *cache) keep(k *kept) {
	c.at[k.place] = k
	if k.name != nil {
		c.named[*k.name] = k
	}
}

// room returns memory for so many bytes.
func (c *cache) room(n int) []byte {
	if n < largeBytes {
		return make([]byte, 0, n)
	}
	for i, b := range c.spare {
		if cap(b) >= n && cap(b)/4 <= n {
			return c.take(i)
		}
	}
	return make([]byte, 0, (n+n/16+largeBytes)/largeBytes*largeBytes) // for the next version, too
}
