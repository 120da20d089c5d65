package findings_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/launchgate/launchgate/app/findings"
	"github.com/launchgate/launchgate/app/review"
)

const (
	saveUser = `func (a *API) SaveUser(w http.ResponseWriter, r *http.Request) {
	email := r.FormValue("email")
	if _, err := a.db.Exec("INSERT INTO users (email) VALUES ($1)", email); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError) // FOUND (*API).SaveUser: http.Error error of a.db.Exec
		return
	}
	log.Printf("saved user %s", email) // FOUND (*API).SaveUser: log.Printf r.FormValue
}`
	importFile = `func (a *API) ImportFile(w http.ResponseWriter, r *http.Request) {
	file, header, err := r.FormFile("upload")
	if err != nil {
		http.Error(w, "no file", http.StatusBadRequest)
		return
	}
	defer file.Close()
	for row := range rows(file, header.Size) {
		if err := a.importer.Exec(row.Phone, row.Street); err != nil {
			http.Error(w, "row: "+err.Error(), http.StatusBadGateway) // FOUND (*API).ImportFile: http.Error error of a.importer.Exec
		}
	}
}`
)

// TestMoved shows what counts as the same code in another place. Files are given
// whole at both commits; a comment FOUND marks a finding, with symbol and key.
func TestMoved(t *testing.T) {
	rename := func(s string, pairs ...string) string { return strings.NewReplacer(pairs...).Replace(s) }
	tests := []struct {
		name       string
		base, head map[string]string
		introduced []string // "path: key" of what is new
	}{
		{
			name: "moved to another file",
			base: map[string]string{"api.go": saveUser, "main.go": "func main() {}"},
			head: map[string]string{"users/api.go": saveUser, "main.go": "func main() {}"},
		},
		{
			name: "moved, and its receiver renamed",
			base: map[string]string{"api.go": saveUser},
			head: map[string]string{"users.go": rename(saveUser, "(a *API)", "(h *Users)", "(*API)", "(*Users)", "a.db", "h.db")},
		},
		{
			name: "moved, and one of them added",
			base: map[string]string{"api.go": saveUser},
			head: map[string]string{"users.go": saveUser, "more.go": importFile},
			introduced: []string{
				"more.go: http.Error error of a.importer.Exec",
			},
		},
		{
			name:       "other code instead, with a finding of the same rule",
			base:       map[string]string{"api.go": saveUser},
			head:       map[string]string{"api.go": importFile},
			introduced: []string{"api.go: http.Error error of a.importer.Exec"},
		},
		{
			name: "copied: one of the base answers for one of the head",
			base: map[string]string{"api.go": saveUser},
			head: map[string]string{"api.go": saveUser, "copy.go": rename(saveUser, "SaveUser", "SaveUserToo")},
			introduced: []string{
				"copy.go: http.Error error of a.db.Exec",
				"copy.go: log.Printf r.FormValue",
			},
		},
		{
			name:       "another field is logged where one was",
			base:       map[string]string{"api.go": `log.Printf("saved %s at %s", u.Email, now) // FOUND f: log.Printf u.Email`},
			head:       map[string]string{"api.go": `log.Printf("saved %s at %s", u.Phone, now) // FOUND f: log.Printf u.Phone`},
			introduced: []string{"api.go: log.Printf u.Phone"},
		},
		{
			name: "a secret is known by itself alone",
			base: map[string]string{"a.go": `key := one // FOUND f: secrets one`},
			head: map[string]string{"b.go": `key := one // FOUND f: secrets two`},
			introduced: []string{
				"b.go: secrets two",
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			diff := wholeFiles(tt.base, tt.head)
			base := marked(tt.base)
			src := func(side review.Side, path string) []string {
				files := tt.head
				if side == review.Left {
					files = tt.base
				}
				lines := strings.Split(files[path], "\n")
				for i := range lines {
					lines[i], _, _ = strings.Cut(lines[i], "// FOUND")
				}
				return lines
			}
			var got []string
			for _, f := range findings.Moved(findings.Compare(marked(tt.head), base, diff), base, diff, src) {
				if f.Origin == review.Introduced {
					got = append(got, f.Place.Path+": "+f.Key)
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, tt.introduced) {
				t.Errorf("introduced %q, want %q", got, tt.introduced)
			}
		})
	}
}

// A function that is renamed where it stands changes one line, and not the one
// that a finding is about.
func TestMovedRenamedInPlace(t *testing.T) {
	base := []review.Finding{at("a.go", 14, "response/leak", "Save", "http.Error err")}
	head := []review.Finding{at("a.go", 15, "response/leak", "Store", "http.Error err")}
	diff := review.Diff{Files: []review.FileDiff{{Path: "a.go", OldPath: "a.go", Status: review.FileModified,
		Hunks: []review.Hunk{{OldStart: 8, NewStart: 8, Ops: "  -++  "}}}}}
	if got := findings.Moved(findings.Compare(head, base, diff), base, diff, nil); got[0].Origin != review.Existing {
		t.Errorf("%v", got)
	}
	head[0].Place.Line = 11 // an added line
	if got := findings.Moved(findings.Compare(head, base, diff), base, diff, nil); got[0].Origin != review.Introduced {
		t.Errorf("%v", got)
	}
}

func marked(files map[string]string) []review.Finding {
	var out []review.Finding
	for path, text := range files {
		for i, line := range strings.Split(text, "\n") {
			_, mark, ok := strings.Cut(line, "// FOUND ")
			if !ok {
				continue
			}
			symbol, key, _ := strings.Cut(mark, ": ")
			rule := map[string]review.RuleID{"http.Error": "response/leak", "log.Printf": "logs/personal-data", "secrets": "secrets/key"}[strings.Fields(key)[0]]
			out = append(out, at(path, i+1, rule, symbol, key))
		}
	}
	slices.SortFunc(out, func(a, b review.Finding) int { return strings.Compare(a.Place.Path, b.Place.Path) })
	return out
}

// wholeFiles is a diff in which every file that is not the same is replaced.
func wholeFiles(base, head map[string]string) review.Diff {
	var d review.Diff
	lines := func(s string) int { return strings.Count(s, "\n") + 1 }
	for path, text := range base {
		f := review.FileDiff{Path: path, OldPath: path, Status: review.FileDeleted, Hunks: []review.Hunk{{OldStart: 1, NewStart: 0, Ops: strings.Repeat("-", lines(text))}}}
		if now, ok := head[path]; ok {
			f.Status, f.Hunks[0].NewStart = review.FileModified, 1
			f.Hunks[0].Ops += strings.Repeat("+", lines(now))
			if now == text {
				continue
			}
		}
		d.Files = append(d.Files, f)
	}
	for path, text := range head {
		if _, ok := base[path]; !ok {
			d.Files = append(d.Files, review.FileDiff{Path: path, OldPath: path, Status: review.FileAdded, Hunks: []review.Hunk{{OldStart: 0, NewStart: 1, Ops: strings.Repeat("+", lines(text))}}})
		}
	}
	return d
}
