package secrets

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

// A git that gathers its answers holds back small ones: it must be asked for more,
// not waited for.
func TestAFedGitAnswersInOrderHoweverLittle(t *testing.T) {
	w := newWork(t)
	for i := range 9 {
		w.write(fmt.Sprintf("%d.txt", i), fmt.Sprint(i))
	}
	w.commit("files")
	next := 0
	take := func() int {
		if next++; next > 9 {
			return -1
		}
		return next - 1
	}
	var got []string
	unread, err := w.repo().feed(context.Background(), take, func(n int) string { return fmt.Sprintf("HEAD:%d.txt\n", n) }, func(n int, br *bufio.Reader) error {
		return readContents(br, 1, func(_ int, _ objectInfo, body io.Reader) error {
			text, err := io.ReadAll(body)
			got = append(got, fmt.Sprintf("%d=%s", n, text))
			return err
		})
	}, "cat-file", "--batch", "--buffer")
	if err != nil || len(unread) > 0 || strings.Join(got, " ") != "0=0 1=1 2=2 3=3 4=4 5=5 6=6 7=7 8=8" {
		t.Errorf("%q, not read %v, %v", got, unread, err)
	}
}

// Whoever cannot read on is told what git was asked for in vain, and no git is left.
func TestAFedGitEndsWithItsReader(t *testing.T) {
	w := newWork(t)
	w.write("a.txt", strings.Repeat("text\n", 1<<20)).commit("a file larger than a pipe")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	enough := errors.New("enough")
	for _, c := range []struct {
		name string
		read func(n int) error
		want error
	}{
		{"an error", func(int) error { return enough }, enough},
		{"a cancelled context", func(int) error { cancel(); return ctx.Err() }, context.Canceled},
	} {
		t.Run(c.name, func(t *testing.T) {
			next := -1
			unread, err := w.repo().feed(ctx, func() int { next++; return next }, func(int) string { return "HEAD:a.txt\n" }, func(n int, br *bufio.Reader) error {
				if n < 2 {
					return readContents(br, 1, func(int, objectInfo, io.Reader) error { return nil })
				}
				return c.read(n)
			}, "cat-file", "--batch", "--buffer")
			if !errors.Is(err, c.want) || len(unread) == 0 || unread[0] != 2 || !slices.IsSorted(unread) {
				t.Errorf("not read %v, %v", unread, err)
			}
			if left := childProcesses(t); left != "" {
				t.Errorf("processes left: %s", left)
			}
		})
	}
}
