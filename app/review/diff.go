package review

// FileStatus says what a diff did to a file.
type FileStatus string

// The file statuses.
const (
	FileAdded    FileStatus = "added"
	FileModified FileStatus = "modified"
	FileDeleted  FileStatus = "deleted"
	FileRenamed  FileStatus = "renamed"
)

// Hunk is one hunk of a unified diff. Ops has one byte a line, in order: ' '
// context, '+' addition, '-' deletion.
type Hunk struct {
	OldStart int    `json:"old_start"`
	NewStart int    `json:"new_start"`
	Ops      string `json:"ops"`
}

// FileDiff is the change of one file between merge base and head.
type FileDiff struct {
	Path    string     `json:"path"`     // at the head; for deletions at the merge base
	OldPath string     `json:"old_path"` // differs from Path for renames
	Status  FileStatus `json:"status"`
	Binary  bool       `json:"binary,omitempty"`
	Hunks   []Hunk     `json:"hunks,omitempty"` // with three lines of context, as GitHub shows them
}

// Diff is the change between merge base and head, as GitHub shows it.
type Diff struct {
	Files []FileDiff `json:"files"`
}
