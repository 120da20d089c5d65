package secrets

import (
	"bufio"
	"context"
	"io"
	"slices"
	"sync"
	"time"
)

// fed is a git that is asked one thing after another and is never idle: while the
// answer to one question is read, it has the next. It is the input of that git.
type fed struct {
	ctx      context.Context
	take     func() int
	question func(int) string

	mu    sync.Mutex
	asked []int         // and not yet read to the end
	more  chan struct{} // something was asked
	begun chan struct{} // an answer is being read
	ended bool          // nothing more will be asked
	text  string        // of the last question, what git has not yet been told
	first bool
}

// aheadWait is how long to wait for us to be done with what git was asked before
// more is asked all the same: a git that gathers its answers may hold back the end
// of one until it has enough of the next.
const aheadWait = 100 * time.Millisecond

// Read implements io.Reader for git.
func (f *fed) Read(p []byte) (int, error) {
	if f.text == "" {
		if !f.first {
			wait := time.NewTimer(aheadWait)
			select {
			case <-f.begun:
			case <-wait.C:
			case <-f.ctx.Done():
			}
			wait.Stop()
		}
		f.first = false
		n := -1
		if f.ctx.Err() == nil {
			n = f.take()
		}
		f.mu.Lock()
		if n < 0 {
			f.ended = true
		} else {
			f.asked = append(f.asked, n)
			f.text = f.question(n)
		}
		f.mu.Unlock()
		select {
		case f.more <- struct{}{}:
		default:
		}
		if n < 0 {
			return 0, io.EOF
		}
	}
	n := copy(p, f.text)
	f.text = f.text[n:]
	return n, nil
}

// next returns the question whose answer comes next, -1 when there is none.
func (f *fed) next() int {
	for {
		f.mu.Lock()
		n, ended := -1, f.ended
		if len(f.asked) > 0 {
			n = f.asked[0]
		}
		f.mu.Unlock()
		if n >= 0 || ended {
			return n
		}
		select {
		case <-f.more:
		case <-f.ctx.Done():
			return -1
		}
	}
}

// feed starts a git with args, asks it the questions that take hands out until it
// hands out a negative one, and has read read each answer. It returns what was
// asked and not read to the end. take is called by another goroutine.
func (r repo) feed(ctx context.Context, take func() int, question func(int) string, read func(int, *bufio.Reader) error, args ...string) (unread []int, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	f := &fed{ctx: ctx, take: take, question: question, first: true, more: make(chan struct{}, 1), begun: make(chan struct{}, 1)}
	err = r.stream(ctx, f, func(rd io.Reader) error {
		br := bufio.NewReaderSize(rd, 256<<10)
		for n := f.next(); n >= 0; n = f.next() {
			select {
			case f.begun <- struct{}{}:
			default:
			}
			if err := read(n, br); err != nil {
				cancel() // what waits to ask more must not keep git's end waiting
				return err
			}
			f.mu.Lock()
			f.asked = f.asked[1:]
			f.mu.Unlock()
		}
		return ctx.Err()
	}, args...)
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.asked), err
}
