package objects

import (
	"bytes"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Bounds of the folders of other repositories that are looked into, and of the file that
// names them.
const (
	maxFolders        = 32
	maxAlternatesFile = 1 << 20
)

// Folders returns the folders that hold objects of a repository: its own, and those that
// it borrows from, which may borrow in turn (gitrepository-layout(5), info/alternates).
// Those that do not exist may be among them.
func Folders(objects string) []string {
	dirs := []string{objects}
	for i := 0; i < len(dirs); i++ {
		for line := range strings.Lines(alternates(dirs[i])) {
			line = strings.TrimSuffix(line, "\n")
			if line == "" || line[0] == '#' {
				continue
			}
			if line[0] == '"' {
				var err error
				if line, err = strconv.Unquote(line); err != nil {
					continue // git knows
				}
			}
			if !filepath.IsAbs(line) {
				line = filepath.Join(dirs[i], line)
			}
			if len(dirs) < maxFolders && !slices.Contains(dirs, line) {
				dirs = append(dirs, line)
			}
		}
	}
	return dirs
}

// alternates returns what is said in a folder of objects of where others are.
func alternates(dir string) string {
	f, err := openFile(filepath.Join(dir, "info", "alternates"), fs.FileMode.IsRegular)
	if err != nil {
		return "" // it borrows from nobody, or git knows
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxAlternatesFile))
	if err != nil {
		return ""
	}
	if len(text) == maxAlternatesFile {
		text = text[:bytes.LastIndexByte(text, '\n')+1] // no half of a name
	}
	return string(text)
}
