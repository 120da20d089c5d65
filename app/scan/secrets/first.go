package secrets

import (
	"context"
	"errors"
	"os/exec"
	"slices"
	"strings"

	"github.com/launchgate/launchgate/app/review"
)

// Commits of one second, such as those of an import, stand in the order in which looks
// came to them, which is another when they are looked at together. What says for certain
// which came first is that one goes back to the other; of those that go back to none of
// the others, the one of the lowest name is as good as any, and always the same.

// maxCompared is of how many pairs of commits git is asked whether one goes back to the
// other, for one secret.
const maxCompared = 32

// settleFirst makes the commit of a rotation the first of those that brought its secret
// at the same time. hits are its places, sorted.
func (s *session) settleFirst(ctx context.Context, rot *review.Rotation, hits []hit) {
	tied := hits[:0:0] // the first place in each
	for _, h := range hits {
		if h.Where == inTag || h.Commit == "" || !h.Date.Equal(hits[0].Date) || !h.Committed.Equal(hits[0].Committed) {
			break
		}
		if n := len(tied); n == 0 || tied[n-1].Commit != h.Commit {
			tied = append(tied, h)
		}
	}
	if len(tied) < 2 {
		return
	}
	lower := slices.DeleteFunc(slices.Clone(tied), func(h hit) bool { return h.Commit >= tied[0].Commit })
	slices.SortFunc(lower, func(a, b hit) int { return strings.Compare(a.Commit, b.Commit) })
	asked := 0
	goesBack := func(h hit) bool { // to another, which was looked at before
		return slices.ContainsFunc(tied, func(to hit) bool {
			if to.Order >= h.Order {
				return false
			}
			asked++
			return asked > maxCompared || s.repo.goesBack(ctx, h.Commit, to.Commit)
		})
	}
	for _, h := range lower {
		if !goesBack(h) {
			rot.Commit, rot.Path, rot.Line = review.SHA(h.Commit), s.safeName(h.Path), h.Line
			return
		}
	}
}

// goesBack reports whether a commit goes back to another, or that cannot be told.
func (r repo) goesBack(ctx context.Context, id, to string) bool {
	_, err := r.output(ctx, 64, nil, "merge-base", "--is-ancestor", to, id)
	var exit *exec.ExitError
	return !errors.As(err, &exit) || exit.ExitCode() != 1
}
