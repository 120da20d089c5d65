package secrets

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/launchgate/launchgate/app/refs"
)

// refs lists every ref of the repository. Those of an ordinary repository are read
// from its files, which spares the process that is a tenth of a look at a push; git
// is asked of whatever is not quite ordinary.
func (r repo) refs(ctx context.Context) ([]refs.Ref, error) {
	if list, ok := refs.Read(r.dir); ok {
		return list, nil
	}
	complaint := tailBuffer{limit: 16 << 20}
	r.complaint = &complaint
	out, err := r.output(ctx, 256<<20, nil, "for-each-ref", "--format=%(objecttype) %(objectname) %(refname)")
	if err != nil {
		return nil, err
	}
	var list []refs.Ref
	for line := range strings.Lines(string(out)) {
		line, ended := strings.CutSuffix(line, "\n")
		f := strings.SplitN(line, " ", 3)
		if !ended || len(f) != 3 {
			return nil, fmt.Errorf("git for-each-ref ended in mid-line, after %d refs", len(list))
		}
		list = append(list, refs.Ref{Kind: f[0], ID: f[1], Name: f[2]})
	}
	// git leaves out a ref whose file is damaged, as a power cut leaves it, and ends as if
	// there were none; and one that names another that is gone, which is as it should be.
	for line := range strings.Lines(complaint.buf.String()) {
		if _, name, ok := strings.Cut(line, "ignoring broken ref "); ok {
			list = append(list, refs.Ref{Kind: broken, Name: strings.TrimSpace(name)})
		}
	}
	return list, nil
}

// broken is the kind of a ref of which git does not know what it points at.
const broken = "broken"

// whole fails if one of the refs that are wanted is broken.
func whole(list []refs.Ref, wanted func(name string) bool) error {
	for _, r := range list {
		if r.Kind == broken && wanted(r.Name) {
			return &gitError{op: "for-each-ref", err: errors.New("a ref is broken"), stderr: "nothing says what " + r.Name + " points at"}
		}
	}
	return nil
}
