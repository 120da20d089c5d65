package findings_test

import (
	"reflect"
	"testing"

	"github.com/launchgate/launchgate/app/findings"
	"github.com/launchgate/launchgate/app/review"
)

func at(path string, line int, rule review.RuleID, symbol, key string) review.Finding {
	return review.Finding{Rule: rule, Severity: review.SeverityHigh, Place: review.Place{Path: path, Line: line}, Symbol: symbol, Key: key}
}

// origins maps "path:line" to origin, so that a case reads as a table.
func origins(fs []review.Finding) map[string]review.Origin {
	m := make(map[string]review.Origin)
	for _, f := range fs {
		m[f.Place.Path+":"+string(rune('0'+f.Place.Line/10))+string(rune('0'+f.Place.Line%10))] = f.Origin
	}
	return m
}

func TestCompare(t *testing.T) {
	const authz, aws = review.RuleID("authz/missing"), review.RuleID("secrets/aws-access-token")
	tests := []struct {
		name       string
		head, base []review.Finding
		diff       review.Diff
		want       map[string]review.Origin
	}{
		{
			name: "nothing at the merge base: introduced",
			head: []review.Finding{at("a.go", 10, authz, "main", "GET /x")},
			want: map[string]review.Origin{"a.go:10": review.Introduced},
		},
		{
			name: "moved within its file: existing",
			head: []review.Finding{at("a.go", 42, authz, "main", "GET /x")},
			base: []review.Finding{at("a.go", 10, authz, "main", "GET /x")},
			want: map[string]review.Origin{"a.go:42": review.Existing},
		},
		{
			name: "file renamed: existing",
			head: []review.Finding{at("b.go", 10, authz, "main", "GET /x")},
			base: []review.Finding{at("a.go", 10, authz, "main", "GET /x")},
			diff: review.Diff{Files: []review.FileDiff{{Path: "b.go", OldPath: "a.go", Status: review.FileRenamed}}},
			want: map[string]review.Origin{"b.go:10": review.Existing},
		},
		{
			name: "another route in the same function: introduced",
			head: []review.Finding{at("a.go", 10, authz, "main", "GET /x"), at("a.go", 11, authz, "main", "GET /y")},
			base: []review.Finding{at("a.go", 10, authz, "main", "GET /x")},
			want: map[string]review.Origin{"a.go:10": review.Existing, "a.go:11": review.Introduced},
		},
		{
			name: "a second copy above the first: the one on the added line is new",
			head: []review.Finding{at("a.go", 10, authz, "main", "k"), at("a.go", 20, authz, "main", "k")},
			base: []review.Finding{at("a.go", 10, authz, "main", "k")},
			diff: review.Diff{Files: []review.FileDiff{{Path: "a.go", OldPath: "a.go", Status: review.FileModified,
				Hunks: []review.Hunk{{OldStart: 9, NewStart: 9, Ops: " + "}}}}},
			want: map[string]review.Origin{"a.go:10": review.Introduced, "a.go:20": review.Existing},
		},
		{
			name: "a secret copied to another file: existing, it has leaked already",
			head: []review.Finding{at("a.env", 1, aws, "", "hmac"), at("b.env", 2, aws, "", "hmac")},
			base: []review.Finding{at("old.env", 7, aws, "", "hmac")},
			want: map[string]review.Origin{"a.env:01": review.Existing, "b.env:02": review.Existing},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := findings.Compare(tt.head, tt.base, tt.diff)
			if !reflect.DeepEqual(origins(got), tt.want) {
				t.Errorf("origins = %v, want %v", origins(got), tt.want)
			}
			seen := make(map[review.Fingerprint]bool)
			for _, f := range got {
				if f.Fingerprint == "" || seen[f.Fingerprint] {
					t.Errorf("fingerprint %q of %+v is empty or not unique", f.Fingerprint, f.Place)
				}
				seen[f.Fingerprint] = true
			}
		})
	}
}

func TestCompareKeepsFingerprintAcrossLineMoves(t *testing.T) {
	before := findings.Compare([]review.Finding{at("a.go", 10, "authz/missing", "main", "GET /x")}, nil, review.Diff{})
	after := findings.Compare([]review.Finding{at("a.go", 99, "authz/missing", "main", "GET /x")}, nil, review.Diff{})
	if before[0].Fingerprint != after[0].Fingerprint {
		t.Errorf("fingerprint changed from %s to %s when the line moved", before[0].Fingerprint, after[0].Fingerprint)
	}
}

func TestCompareFoldsRepeats(t *testing.T) {
	f := at("a.env", 3, "secrets/aws-access-token", "", "hmac")
	if got := findings.Compare([]review.Finding{f, f}, nil, review.Diff{}); len(got) != 1 {
		t.Errorf("%d findings from two exact repeats, want 1", len(got))
	}
}

func TestCompareTellsTwoSecretsOnOneLineApart(t *testing.T) {
	one, two := at("a.env", 1, "secrets/aws-access-token", "", "one"), at("a.env", 1, "secrets/aws-access-token", "", "two")
	got := findings.Compare([]review.Finding{one, two}, []review.Finding{one}, review.Diff{})
	if len(got) != 2 || got[0].Key != "two" || got[0].Origin != review.Introduced || got[1].Origin != review.Existing {
		t.Errorf("got %+v, want the second introduced and the first existing", got)
	}
}
