package secrets

import (
	"context"
	"strings"

	"github.com/launchgate/launchgate/app/refs"
)

// ref is what a name points at. kind is "" while it is not known.
type ref struct{ kind, id, name string }

// refs lists every ref of the repository. Those of an ordinary repository are read
// from its files, which spares the process that is a tenth of a look at a push; git
// is asked of whatever is not quite ordinary.
func (r repo) refs(ctx context.Context) ([]ref, error) {
	if list, ok := readRefs(r.dir); ok {
		return list, nil
	}
	out, err := r.output(ctx, 256<<20, nil, "for-each-ref", "--format=%(objecttype) %(objectname) %(refname)")
	if err != nil {
		return nil, err
	}
	var list []ref
	for line := range strings.Lines(string(out)) {
		if f := strings.SplitN(strings.TrimSuffix(line, "\n"), " ", 3); len(f) == 3 {
			list = append(list, ref{f[0], f[1], f[2]})
		}
	}
	return list, nil
}

// readRefs reads the refs from a repository's files.
func readRefs(dir string) ([]ref, bool) {
	read, ok := refs.Read(dir)
	list := make([]ref, len(read))
	for i, r := range read {
		list[i] = ref{r.Kind, r.ID, r.Name}
	}
	return list, ok
}
