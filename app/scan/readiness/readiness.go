package readiness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"sort"

	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan"
)

// Name is this scanner's name.
const Name = "readiness"

// maxFile is the most that is read of one file; configuration written by people
// is far smaller.
const maxFile = 1 << 20

// Scanner implements scan.Scanner for deployment configuration. Its zero value
// is ready.
type Scanner struct{}

var _ scan.Scanner = Scanner{}

// Name implements scan.Scanner.
func (Scanner) Name() string { return Name }

// Rules implements scan.Scanner.
func (Scanner) Rules() []review.Rule { return slices.Clone(rules) }

// RepeatsNoValues implements scan.Reticent.
func (Scanner) RepeatsNoValues() bool { return true }

// Scan implements scan.Scanner.
func (Scanner) Scan(ctx context.Context, req scan.Request, progress scan.Progress) (scan.Report, error) {
	if progress == nil {
		progress = func(scan.Event) {}
	}
	head, err := look(ctx, req.HeadDir, progress)
	if err != nil {
		return scan.Report{}, err
	}
	rep := scan.Report{Head: head.findings, Receipt: review.ScannerReceipt{
		Scanner: Name,
		Counts:  []review.Count{{Unit: "deployment files read", Looked: head.read, Expected: head.read + len(head.gaps)}},
		Gaps:    head.gaps,
		Notes:   head.notes,
	}}
	if req.BaseDir == "" {
		return rep, nil
	}
	base, err := look(ctx, req.BaseDir, func(scan.Event) {})
	if err != nil {
		return scan.Report{}, err
	}
	rep.Base = base.findings
	// What cannot be read at the base is no gap: a finding there would only
	// have made one of the head's "existing".
	for _, g := range base.gaps {
		rep.Receipt.Notes = append(rep.Receipt.Notes, "merge base: "+g.What+": "+g.Why)
	}
	return rep, nil
}

// sight is what was seen of one tree.
type sight struct {
	findings []review.Finding
	read     int
	gaps     []review.Gap
	notes    []string
}

// look reads one tree.
func look(ctx context.Context, dir string, progress scan.Progress) (*sight, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, &review.Error{Code: review.CodeScannerFailed, Op: "open the tree", Do: "look at the server's log", Err: err}
	}
	defer root.Close()
	var files []candidate
	err = fs.WalkDir(root.FS(), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("list the tree: %w", err)
		}
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		if c := classify(p); d.Type().IsRegular() && c.form != formNone {
			files = append(files, c)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	s := new(sight)
	for i, c := range files {
		if cause := context.Cause(ctx); cause != nil {
			return nil, cause
		}
		progress(scan.Event{Scanner: Name, Stage: "scanning", Done: i, Total: len(files), Unit: "files"})
		s.file(root, c)
	}
	progress(scan.Event{Scanner: Name, Stage: "scanning", Done: len(files), Total: len(files), Unit: "files"})
	sort.SliceStable(s.findings, func(i, j int) bool {
		a, b := s.findings[i].Place, s.findings[j].Place
		return a.Path < b.Path || a.Path == b.Path && a.Line < b.Line
	})
	for i := range s.findings {
		s.findings[i].Scanner = Name
	}
	return s, nil
}

// file reads one file. Whatever keeps it from being read is a gap.
func (s *sight) file(root *os.Root, c candidate) {
	data, err := readFile(root, c.path)
	if err != nil {
		if c.sure == review.ConfidenceUnknown {
			// A large YAML file without a telling name is data.
			return
		}
		why := "it could not be read"
		if errors.Is(err, errTooLarge) {
			why = fmt.Sprintf("it is larger than the %d KiB that are read of a configuration file", maxFile>>10)
		}
		s.gaps = append(s.gaps, review.Gap{Code: review.CodeFileUnreadable, What: c.path, Why: why, Do: "split the file, or rename it if it is not configuration"})
		return
	}
	if c.sure == review.ConfidenceUnknown {
		if !manifest().Match(data) {
			return
		}
		c.sure = review.ConfidenceMedium
	}
	s.read++
	switch c.form {
	case formDockerfile:
		all := stages(string(data))
		if len(all) == 0 {
			s.notes = append(s.notes, c.path+": has no FROM, so it builds nothing")
			return
		}
		s.findings = append(s.findings, checkUser(c.path, all)...)
		s.findings = append(s.findings, checkStart(c.path, all)...)
		s.findings = append(s.findings, checkSettings(c, dockerSettings(all))...)
	case formYAML:
		settings, err := yamlSettings(data)
		if err != nil {
			settings = templateSettings(data)
			s.notes = append(s.notes, c.path+": is a template or not well-formed, and was read line by line")
		}
		s.findings = append(s.findings, checkSettings(c, settings)...)
	case formEnv:
		s.findings = append(s.findings, checkSettings(c, lineSettings(data, false))...)
	case formTOML:
		s.findings = append(s.findings, checkSettings(c, lineSettings(data, true))...)
	case formProcfile:
		s.findings = append(s.findings, checkSettings(c, procfileSettings(data))...)
	}
}

var errTooLarge = errors.New("file is too large")

func readFile(root *os.Root, name string) ([]byte, error) {
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var b bytes.Buffer
	if n, err := io.CopyN(&b, f, maxFile+1); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	} else if n > maxFile {
		return nil, errTooLarge
	}
	return b.Bytes(), nil
}
