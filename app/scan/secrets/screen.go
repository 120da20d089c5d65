package secrets

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/maphash"
	"regexp/syntax"
	"slices"
)

// To have git compare files is most of what a scan costs, and almost always
// gitleaks finds nothing in what is new. So every file that commits bring is first
// screened as a whole, once, however many commits and branches bring it: what git
// shows of a change is always some lines of the new file that follow each other,
// so if gitleaks could report nothing in any such lines of it, no commit needs to
// be shown for its sake, whatever git would compare it with. Only the commits that
// bring another file are shown and judged.

// screener screens files. It is for one goroutine at a time.
//
// Versions of a file share most of their lines. A file is cut into chunks at
// places that its text alone decides, and a chunk in which no rule could match,
// whatever follows it, is not looked at again in another version. Chunks are known
// by a hash under a seed of this process.
type screener struct {
	rules *ruleSet
	m     *matcher
	seed  maphash.Seed
	clean map[uint64]struct{} // chunks
	// judged says of chunks with what surrounds them, and of blocks of lines,
	// whether gitleaks could report something there.
	judged map[uint64]bool
	blocks maphash.Seed // tells blocks from chunks
	begins map[int]bool // rules whose expression asks whether the text begins somewhere
	chunks []int        // where the chunks of the current file end
	buf    []byte

	// left, unless it is nil, is how much may be judged until what almost matches could be
	// something, and is left to git and whoever looks at all that git shows.
	left *int

	// What was seen of the chunk at hand.
	content []byte
	lo, hi  int
	hits    []anchorHit
	again   bool       // it must be looked at in every file
	reach   int        // how far from its anchors rules were followed
	loose   bool       // something could be found that no anchor tells
	only    []interval // of what was decoded: where
}

// anchorHit is an anchor from which a rule can match, with all of the text that
// such a match could reach.
type anchorHit struct {
	rule     int
	at       int
	from, to int
	reports  bool // there may be something to report, and not only a match
}

func (h anchorHit) reportsIn(w interval) bool { return h.reports && h.at >= w.from && h.at < w.to }

// Bounds on what screeners remember and what a chunk is.
const (
	maxRemembered = 1 << 20
	maxChunk      = 4 << 10
	// maxBlockLines is how many lines a possible finding may span to be judged
	// here: gitleaks is asked of each run of them.
	maxBlockLines = 5
)

// screens reports whether files can be screened under these rules: not when one of
// them could match anywhere.
func (rs *ruleSet) screens() bool {
	if rs.unfiltered || !rs.filter.local {
		return false
	}
	for _, r := range rs.filter.rules {
		if !r.pathOnly && !r.anchored && !r.keywords {
			return false
		}
	}
	return true
}

func newScreener(rs *ruleSet) *screener {
	return &screener{rules: rs, m: newMatcher(rs.filter), seed: maphash.MakeSeed(), blocks: maphash.MakeSeed(), clean: make(map[uint64]struct{}), judged: make(map[uint64]bool), begins: make(map[int]bool)}
}

// screened is what is known of a file.
type screened uint8

const (
	// mayHold: gitleaks could report something in some lines of it.
	mayHold screened = iota
	// silentHere: it could not in the lines that git could show.
	silentHere
	// silent: it could not in any run of its lines.
	silent
)

// Bounds on what is judged to know whether git must show a push: git may have to show it
// all the same, and it is judged again then. A line of megabytes takes seconds.
var (
	hastyBytes  = 8 << 20   // of all its files, with what is around what is judged
	hastyAround = 64 << 10  // at once
	hastyFile   = 512 << 10 // of a file of which it is known which lines git could show
)

// screen says what is known of a file at path. shown says where in it git could show
// lines, or false when that is everywhere.
func (k *screener) screen(ctx context.Context, content []byte, path string, shown func() ([]interval, bool)) screened {
	in := func(w interval) bool { return k.could(ctx, content[w.from:w.to], path) }
	whole := interval{0, len(content)}
	large := k.left != nil && len(content) > hastyFile
	if !large && !in(whole) {
		return silent
	}
	if k.left == nil || isBinary(content) {
		return mayHold // a binary file is looked at as a whole, whatever changed
	}
	parts, ok := shown()
	switch {
	case !ok && large && !in(whole):
		return silent
	case !ok || bytesIn(parts) > hastyFile || slices.ContainsFunc(parts, in):
		return mayHold
	}
	return silentHere
}

func bytesIn(parts []interval) (n int) {
	for _, w := range parts {
		n += w.to - w.from
	}
	return n
}

// could reports whether gitleaks could report anything in any run of lines of a
// file at path. It errs on the side of yes.
func (k *screener) could(ctx context.Context, content []byte, path string) bool {
	if isBinary(content) {
		return true // git will say that it is binary, and it is looked at as such
	}
	if len(k.clean) > maxRemembered {
		clear(k.clean)
	}
	if len(k.judged) > maxRemembered {
		clear(k.judged)
	}
	clear(k.m.steps)
	k.content = content
	k.chunks = k.chunks[:0]
	for at := 0; at < len(content); {
		at = chunkEnd(content, at)
		k.chunks = append(k.chunks, at)
	}
	lo := 0
	for i, hi := range k.chunks {
		sum := maphash.Bytes(k.seed, content[lo:hi])
		if _, clean := k.clean[sum]; !clean {
			switch found := k.chunk(i, lo, hi); {
			case found || k.loose:
				return true
			case k.reports():
				if k.decodedBefore(i) || k.near(ctx, i, path) {
					return true
				}
			case !k.again:
				k.clean[sum] = struct{}{}
			}
		}
		lo = hi
	}
	return false
}

// firstBytes is how much of a file git looks at for a NUL to call it binary.
const firstBytes = 8000

// isBinary reports whether git calls a file binary.
func isBinary(content []byte) bool {
	return bytes.IndexByte(content[:min(len(content), firstBytes)], 0) >= 0
}

// chunkEnd returns where the chunk that begins at lo ends: after a line that is
// chosen by its own text, so that an edit changes the chunks around it only.
func chunkEnd(content []byte, lo int) int {
	for at := lo; ; {
		n := bytes.IndexByte(content[at:], '\n')
		if n < 0 {
			return len(content)
		}
		line := content[at : at+n]
		at += n + 1
		if at-lo >= maxChunk {
			return at
		}
		if n >= 8 {
			v := (binary.LittleEndian.Uint64(line[n-8:]) ^ uint64(n)) * 0x9e3779b97f4a7c15
			if v>>60 == 0 {
				return at
			}
		}
	}
}

// chunk looks at chunk i. It reports whether something could be found in what
// gitleaks decodes there; k says the rest.
func (k *screener) chunk(i, lo, hi int) bool {
	k.look(k.content[lo:hi], lo, hi, nil)
	// A rule that was followed into later chunks may go on in what they decode to,
	// where it is dead in what they are.
	end := hi
	for i++; k.again && i < len(k.chunks) && end < k.reach; i++ {
		end = k.chunks[i]
	}
	text := k.content[lo:end]
	if !decodable(text) {
		return false
	}
	// Everything gitleaks decodes lies within a line, so that chunks can be
	// decoded by themselves, but for code points, which may be lines apart.
	content, hits, again, loose := k.content, k.hits, k.again, k.loose
	defer func() { k.content, k.lo, k.hi, k.hits, k.again, k.loose = content, lo, hi, hits, again, loose }()
	k.hits = nil
	raw := text
	for range maxDecodeDepth {
		if hasCodePoints(raw) {
			return true
		}
		var segments []interval
		if raw, segments = decodeOnce(raw); len(segments) == 0 {
			return false
		}
		k.content = raw
		if k.look(raw, 0, len(raw), segments); k.reports() || k.again || k.loose {
			return true
		}
	}
	return false
}

// look finds the anchors in text, which is content[lo:hi]; those that touch only,
// if there is any.
func (k *screener) look(text []byte, lo, hi int, only []interval) {
	k.lo, k.hi, k.only = lo, hi, only
	k.hits, k.again, k.reach, k.loose = k.hits[:0], false, 0, false
	if open := k.m.each(text, k.visit); open {
		k.loose = true // a literal may go on in the next chunk
	}
}

// reports reports whether there may be something to report of what was seen.
func (k *screener) reports() bool {
	return slices.ContainsFunc(k.hits, func(h anchorHit) bool { return h.reports })
}

func hasCodePoints(text []byte) bool {
	for rest, i := text, bytes.Index(text, []byte("U+")); i >= 0; i = bytes.Index(rest, []byte("U+")) {
		if rest = rest[i+2:]; fourHex(rest) {
			return true
		}
	}
	return false
}

// visit is told of a literal in the chunk.
func (k *screener) visit(p *pattern, end int, at func(int) int) {
	f := k.m.f
	for _, r := range p.keyword {
		k.loose = k.loose || !f.rules[r].anchored
	}
	for _, a := range p.anchor {
		from := k.lo + at(end-int(a.length))
		ok, to := k.m.follow(a, k.content, from)
		r := &f.rules[a.rule]
		if k.only != nil && r.before >= 0 && !touches(k.only, from-r.before, to) {
			continue
		}
		// At the end of the text the rest of the expression may go on; up to the
		// end of the chunk it is dead for certain only when there is more.
		if to > k.hi || to == len(k.content) {
			k.again = true
		}
		k.reach = max(k.reach, to)
		if ok {
			h := anchorHit{rule: int(a.rule), at: from, from: -1, to: to, reports: r.needs.in(k.content[from:to])}
			if r.before >= 0 {
				h.from = r.backFrom(k.content, from)
			}
			k.hits = append(k.hits, h)
		}
	}
}

// decodedBefore reports whether a match from an anchor in chunk i could begin in what
// gitleaks decodes in the chunks before: what is between them is the same in the
// decoded text.
func (k *screener) decodedBefore(i int) bool {
	begin := func(i int) int {
		if i == 0 {
			return 0
		}
		return k.chunks[i-1]
	}
	for _, h := range k.hits {
		if !h.reports || h.from < 0 || h.from >= k.lo {
			continue
		}
		first := i
		for first > 0 && begin(first) >= h.from {
			first--
		}
		if decodable(k.content[begin(first):k.lo]) {
			return true
		}
	}
	return false
}

// near judges chunk i, in which rules could match, with the chunks beside it.
func (k *screener) near(ctx context.Context, i int, path string) bool {
	own := interval{k.lo, k.hi}
	around := own
	if i > 0 {
		around.from = 0
		if i > 1 {
			around.from = k.chunks[i-2]
		}
	}
	if i+1 < len(k.chunks) {
		around.to = k.chunks[i+1]
	}
	key := k.key(k.seed, path, own, around)
	found, known := k.judged[key]
	if known {
		return found
	}
	if k.left != nil {
		n := around.to - around.from
		if n > hastyAround || n > *k.left {
			return true
		}
		*k.left -= n
	}
	found, lasting := k.judgeAround(ctx, own, around, path)
	if lasting {
		k.judged[key] = found
	}
	return found
}

// key names own in the text around it, and whether the file begins and ends there.
func (k *screener) key(seed maphash.Seed, path string, own, around interval) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	maphash.WriteComparable(&h, [2]int{own.from - around.from, own.to - around.from})
	maphash.WriteComparable(&h, [2]bool{around.from == 0, around.to == len(k.content)})
	_, _ = h.WriteString(path)
	_ = h.WriteByte(0)
	_, _ = h.Write(k.content[around.from:around.to])
	return h.Sum64()
}

// judgeAround asks gitleaks of every run of lines around each place in own at which
// a rule could match. It also reports whether that depends on nothing but the text
// around.
//
// Lines that a match from some anchor could touch, and lines between them, are a
// block. A match in a run of lines of the file lies within one block, and its rule
// looks at nothing outside of it but whether the text begins and ends there. So what
// gitleaks finds in a run is what it finds in the parts of blocks that the run has,
// with more text before and after them or without. Matches of which nothing is reported are
// in blocks, too, for they take away from what others could match, but by themselves are none.
func (k *screener) judgeAround(ctx context.Context, own, around interval, path string) (found, lasting bool) {
	// The chunks beside are looked at again: what reaches here from there counts.
	k.look(k.content[around.from:around.to], around.from, around.to, nil)
	f := k.m.f
	hits := k.hits[:0]
	for _, h := range k.hits {
		r := &f.rules[h.rule]
		if r.path != nil && !r.path.match(path) {
			continue
		}
		if !r.local || h.from < 0 {
			return true, false
		}
		hits = append(hits, h)
	}
	slices.SortFunc(hits, func(a, b anchorHit) int { return a.from - b.from })
	for n := 0; n < len(hits); {
		block := k.lines(hits[n])
		inside := hits[n].reportsIn(own)
		first := n
		for n++; n < len(hits) && hits[n].from < block.to; n++ {
			block.to = max(block.to, k.lines(hits[n]).to)
			inside = inside || hits[n].reportsIn(own)
		}
		if !inside {
			continue // there is nothing to it, or it is judged with its own chunk
		}
		if block.from <= around.from && around.from > 0 || block.to >= around.to && around.to < len(k.content) {
			return true, false
		}
		if k.judgeBlock(ctx, block, hits[first:n], path) {
			return true, ctx.Err() == nil
		}
	}
	return false, ctx.Err() == nil
}

// lines returns the lines that a match from an anchor could touch.
func (k *screener) lines(h anchorHit) interval {
	return interval{lineBegin(k.content, h.from), nextLine(k.content, min(max(h.to-1, h.at), len(k.content)))}
}

// judgeBlock asks gitleaks of every run of lines of a block with one of its
// anchors.
func (k *screener) judgeBlock(ctx context.Context, block interval, hits []anchorHit, path string) bool {
	lines := k.content[block.from:block.to]
	f := k.m.f
	var rules []int
	byPath := false
	for _, h := range hits {
		byPath = byPath || f.rules[h.rule].byPath
		rules = append(rules, h.rule)
	}
	if !byPath {
		path = ""
	}
	key := k.key(k.blocks, path, block, block)
	found, known := k.judged[key]
	if known {
		return found
	}
	starts := []int{0}
	for i, c := range lines[:len(lines)-1] {
		if c == '\n' {
			starts = append(starts, i+1)
		}
	}
	if len(starts) > maxBlockLines {
		return true
	}
	ends := append(slices.Clone(starts[1:]), len(lines))
	for a := range starts {
		for b := a; b < len(ends) && !found; b++ {
			found = k.judgeRun(ctx, block.from+starts[a], block.from+ends[b], hits, rules, path)
		}
	}
	found = found || ctx.Err() != nil
	k.judged[key] = found
	return found
}

// judgeRun asks gitleaks of a run of lines as it is, and where it matters with more
// before and after it.
func (k *screener) judgeRun(ctx context.Context, from, to int, hits []anchorHit, rules []int, path string) bool {
	within, begins, goesOn := false, false, false
	for _, h := range hits {
		if h.at >= from && h.at < to {
			within = within || h.reports
			begins = begins || from > 0 && k.asksForBeginning(h.rule)
			goesOn = goesOn || h.to > to
		}
	}
	if !within {
		return false
	}
	run := k.content[from:to]
	// Judged together, or each rule where it can match.
	if len(run) < minWindowed {
		det := k.rules.judge.detector(k.m.f, rules, false, true)
		return k.judgeWindow(ctx, det, run, interval{0, len(run)}, path, begins, goesOn)
	}
	windowed, rest := k.m.windows(run, rules)
	if len(rest) > 0 {
		return true
	}
	for _, r := range windowed {
		for _, w := range r.in {
			if k.judgeWindow(ctx, k.rules.judge.detector(k.m.f, []int{r.rule}, false, true), run, w, path, begins, goesOn) {
				return true
			}
		}
	}
	return false
}

// judgeWindow asks gitleaks of a part of a run.
func (k *screener) judgeWindow(ctx context.Context, det *detector, run []byte, w interval, path string, begins, goesOn bool) bool {
	before, after := []string{""}, []string{""}
	if begins && w.from == 0 {
		before = append(before, "\n")
	}
	// What dies within the run never asks whether the text ends after it.
	if goesOn && w.to == len(run) {
		after = append(after, "\n")
	}
	for _, b := range before {
		for _, a := range after {
			// Of no commit and no line: what depends on them only takes findings away.
			if len(det.find(ctx, text{path: path, content: []byte(b + string(run[w.from:w.to]) + a)})) > 0 {
				return true
			}
		}
	}
	return false
}

// asksForBeginning reports whether a rule's expression asks whether the text begins
// somewhere.
func (k *screener) asksForBeginning(rule int) bool {
	asks, known := k.begins[rule]
	if !known {
		re, err := syntax.Parse(k.rules.judge.defs.expr(rule), syntax.Perl)
		asks = err != nil || hasBeginning(re)
		k.begins[rule] = asks
	}
	return asks
}

func hasBeginning(re *syntax.Regexp) bool {
	return re.Op == syntax.OpBeginText || slices.ContainsFunc(re.Sub, hasBeginning)
}
